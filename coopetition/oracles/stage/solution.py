"""What every solver of the stage game returns: one frozen `Solution`, its `Certificate`, and `NotConverged`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopetition.oracles.stage.game import Array, Objective, StageGame


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays as lists, NumPy numbers as Python's, NaN and infinities as None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


#: Gain that counts as none, as a part of the game's scale: of a deviation, and where constraints bind.
RELATIVE, RELATIVE_CONSTRAINED = 1e-9, 1e-8


def scale_of(stage: StageGame, objective: Objective) -> float:
    """How much is at stake in the box, in payoff: the largest range of an agent's objective over corners and middles.

    A gain is small or large beside this. Adding a constant to payoffs does not change it, nor does a unit.
    """
    key = ("scale", objective.key)
    if key not in stage.kept:
        n = stage.n
        common = np.array([0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0])[:, None] * np.ones(n)
        alone = np.concatenate([np.eye(n), 1.0 - np.eye(n)])
        table = np.concatenate([np.concatenate([common, alone]) * stage.upper, stage.baseline[None]])
        spread = np.ptp(objective(*stage.evaluate(table)), axis=0)
        stage.kept[key] = float(spread[np.isfinite(spread)].max(initial=0.0)) or 1.0
    return float(stage.kept[key])


def tolerance_of(
    stage: StageGame, objective: Objective, tolerance: float | None = None, relative: float = RELATIVE
) -> float:
    """The gain that counts as none, in payoff: what was asked for, or a part of the game's scale."""
    return relative * scale_of(stage, objective) if tolerance is None else float(tolerance)


@dataclass(frozen=True, eq=False)
class Certificate:
    """Evidence for a solution that anyone can recompute from its actions alone.

    Attributes
    ----------
    kind : {"deviation", "optimum", "commitment", "security", "scaling"}, or a registered concept's own
        What was checked.
    epsilon : float
        The largest gain found, in payoff: of a unilateral deviation (Nash-type concepts, leader included), or of
        moving any one coordinate of an optimum, searched globally in that one dimension. Zero is perfect.
    gains : ndarray (N,)
        The same for each agent, or coordinate.
    replies : ndarray (N,)
        The level at which each gain is had; (N, 2) where an action has two numbers.
    points : int
        Grid points per dimension, before refinement.
    details : dict
        What the concept adds: for an optimum ``projected_gradient`` and ``best_of_starts``.
    """

    kind: str
    epsilon: float
    gains: Array
    replies: Array
    points: int
    details: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


@dataclass(frozen=True, eq=False)
class Solution:
    """A solution of a stage game.

    Attributes
    ----------
    environment : str
        Id of the environment.
    agents : tuple of str
        Names, in index order.
    concept : str
        Such as "nash".
    objective : str
        What agents, or the planner, maximise.
    actions : ndarray (N,)
        Levels a_i in [0, e_i]; (N, 2) with intensities in [0, 1] where an action has two numbers.
    payoffs, utilities : ndarray (N,)
        pi and U at `actions`, from the environment's kernel.
    converged : bool
        Whether the certificate holds.
    residual : float
        Natural residual max |a - clip(a + gradient)| of the first-order conditions; it stays positive at a jump or a
        kink, where the certificate speaks alone.
    certificate : Certificate
        The evidence.
    solver : dict
        Method, starts, evaluations of the kernel, seconds.
    values : dict
        What the concept adds, such as the disagreement point of a bargain.
    """

    environment: str
    agents: tuple[str, ...]
    concept: str
    objective: str
    actions: Array
    payoffs: Array
    utilities: Array
    converged: bool
    residual: float
    certificate: Certificate
    solver: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def epsilon(self) -> float:
        """The certificate's epsilon, in payoff."""
        return self.certificate.epsilon

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        result = {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "certificate"}
        return {**result, "certificate": self.certificate.to_dict()}


class NotConverged(RuntimeError):
    """No solution with a certificate was found; it carries the best point, which is not one.

    Attributes
    ----------
    best : Solution
        The best point found, with ``converged`` False.
    epsilon : float
        Its certificate's epsilon, in payoff.
    """

    def __init__(self, best: Any, epsilon: float, why: str = "") -> None:
        self.best = best
        self.epsilon = float(epsilon)
        concept = getattr(best, "concept", "solution")
        where = getattr(best, "environment", "the game")
        super().__init__(
            f"no {concept} of {where} was found: at the best point somebody still gains {self.epsilon:.3g}"
            f"{'; ' + why if why else ''} (strict=False returns that point)"
        )


def concluded(
    stage: StageGame,
    concept: str,
    objective: Objective,
    levels: Array,
    certificate: Certificate,
    *,
    method: str,
    began: float,
    evaluated: int,
    values: dict[str, Any],
    strict: bool,
    tolerance: float | None,
) -> Solution:
    """The solution at levels (N,) whose residual is the certificate's epsilon, as where constraints bind.

    Parameters
    ----------
    began, evaluated : float, int
        `time.perf_counter` and the stage's evaluations before anything was solved.

    Raises
    ------
    NotConverged
        With `strict`, where the certificate does not hold.
    """
    payoffs, utilities = stage.evaluate(levels[None])
    spent = {"evaluations": stage.evaluations - evaluated, "seconds": time.perf_counter() - began}
    solution = Solution(
        stage.game.id,
        stage.game.agents,
        concept,
        objective.name,
        levels,
        payoffs[0],
        utilities[0],
        certificate.epsilon <= tolerance_of(stage, objective, tolerance, RELATIVE_CONSTRAINED),
        certificate.epsilon,
        certificate,
        {"method": method, **spent},
        values,
    )
    if strict and not solution.converged:
        raise NotConverged(stage.by_agent(solution), certificate.epsilon)
    return solution
