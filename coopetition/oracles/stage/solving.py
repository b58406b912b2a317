"""`solve` and `equilibria`: one entrance to every concept of the stage game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.games.checks import choose, nearest
from coopetition.oracles.stage.equilibrium import equilibrium, reply_dynamics, starting_profiles
from coopetition.oracles.stage.first_order import first_order_point, natural_residual
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.pareto_front import Frontier
from coopetition.oracles.stage.registry import CONCEPTS
from coopetition.oracles.stage.registry import concept as registered
from coopetition.oracles.stage.replies import POINTS, deviation_certificate
from coopetition.oracles.stage.solution import Certificate, NotConverged, Solution, tolerance_of
from coopetition.oracles.stage.stability import RosenReport, rosen_condition, spectral_radius
from coopetition.oracles.stage.uniqueness import Uniqueness, uniqueness

#: Concepts that speak of what agents give; where an action has an intensity too, it is zero.
OF_LEVELS = ("kantian",)


def solve(
    env_or_id: Any,
    concept: str = "nash",
    state: Mapping[str, Any] | Array | None = None,
    objective: Any = None,
    *,
    strict: bool = True,
    **options: Any,
) -> Any:
    """Solve the stage game of an environment at a state.

    Parameters
    ----------
    env_or_id : str, Parameters, Game or environment
        Which game; the id's defaults, or whatever parameters the object has.
    concept : str
        A registered concept: "nash", "coopetitive", "social_optimum", "stackelberg", "bargaining", "pareto_front",
        "maximin", "kantian", or one of `register_concept`.
    state : mapping or ndarray (rows,), optional
        Named parts of the state, such as ``{"trust": 0.9}``, or a whole state vector; at reset by default.
    objective : str or array_like (N, N), optional
        "private", "integrated", "cooperative", "interdependence" (w = D, without trust), or weights on payoffs. By
        default payoffs, and utilities for "coopetitive".
    strict : bool
        Raise `NotConverged` when the certificate fails, instead of returning the best point.
    **options
        ``welfare`` and ``disagreement`` (social_optimum), ``leader`` and ``leader_objective`` (stackelberg),
        ``solution`` and ``disagreement`` (bargaining), ``points`` (pareto_front), ``start``, ``starts``, ``seed``,
        ``tolerance``.

    Returns
    -------
    Solution
        Or a `Frontier`, for "pareto_front".

    Raises
    ------
    ValueError
        An unknown concept, objective, state, leader or welfare; a value out of its domain.
    TypeError
        An option that the concept does not have.
    NotConverged
        No certified solution was found.

    Examples
    --------
    >>> found = solve("PublicGoods-v0", "nash")
    >>> float(found.actions.max()), found.certificate.epsilon
    (0.0, 0.0)
    """
    chosen = registered(concept)
    for name in options:
        if name not in chosen.options:
            listed = ", ".join(sorted(chosen.options)) or "none"
            raise TypeError(f"{concept} has no option {name!r}{nearest(name, chosen.options)}; options: {listed}")
    stage = StageGame(env_or_id, state, rates_only=concept in OF_LEVELS)
    goal = Objective(stage, chosen.objective if objective is None else objective)
    if options.get("start") is not None:
        options["start"] = stage.checked_levels(options["start"])
    if chosen.takes_strict:
        options["strict"] = strict
    found = chosen.function(stage, goal, **options)
    if not isinstance(found, Solution | Frontier):
        raise TypeError(f"the concept {concept!r} returned {type(found).__name__}, not a Solution or a Frontier")
    found = stage.by_agent(found)
    if strict and not found.converged:
        raise NotConverged(found, found.epsilon)
    return found


def certify(
    env_or_id: Any,
    actions: Any,
    objective: Any = "private",
    state: Mapping[str, Any] | Array | None = None,
    *,
    points: int = POINTS,
) -> Certificate:
    """How much somebody gains by leaving a profile: a Nash-type certificate for any actions.

    Parameters
    ----------
    actions : array_like (N,)
        Levels; (N, 2) with intensities, which deviations move too, where an action has two numbers.
    points : int
        Grid points per agent before refinement; more make a finer net.

    Raises
    ------
    ValueError
        Actions out of the box or not finite.
    """
    stage = StageGame(env_or_id, state)
    found = deviation_certificate(stage, stage.checked_levels(actions), Objective(stage, objective), points)
    certificate: Certificate = stage.by_agent(found)
    return certificate


@dataclass(frozen=True, eq=False)
class EquilibriumSet:
    """All distinct equilibria that a multi-start found.

    Attributes
    ----------
    solutions : tuple of Solution
        Certified, in the order of their total payoff, the best first; each has ``values["spectral_radius"]`` of its
        best-response map and ``values["stable"]``.
    uniqueness : Uniqueness
        Proven, not refuted by so many samples, or refuted, and why.
    rosen : RosenReport
        Samples of diagonal strict concavity; they can refute it, and prove nothing.
    starts : int
        Starts tried.
    """

    solutions: tuple[Solution, ...]
    uniqueness: Uniqueness
    rosen: RosenReport
    starts: int

    def __len__(self) -> int:
        return len(self.solutions)

    def __iter__(self) -> Any:
        return iter(self.solutions)

    def __getitem__(self, k: int) -> Solution:
        return self.solutions[k]


def equilibria(
    env_or_id: Any,
    concept: str = "nash",
    state: Mapping[str, Any] | Array | None = None,
    objective: Any = None,
    *,
    starts: int = 24,
    seed: int = 0,
    tolerance: float | None = None,
    distance: float = 1e-3,
    strict: bool = True,
) -> EquilibriumSet:
    """All distinct equilibria that a multi-start finds, with stability and Rosen's condition.

    Parameters
    ----------
    concept : {"nash", "coopetitive"}
        Which objective, unless `objective` says.
    starts : int
        Starting profiles: structured ones first, then random; each is followed to the first-order conditions and by
        best replies.
    distance : float
        Profiles closer than this part of the endowments are one.

    Raises
    ------
    NotConverged
        None was found, unless `strict` is False (then the set is empty).
    """
    choose("concept", concept, ("nash", "coopetitive"))
    stage = StageGame(env_or_id, state)
    goal = Objective(stage, CONCEPTS[concept] if objective is None else objective)
    groups = symmetry_groups(stage, goal)
    allowed = tolerance_of(stage, goal, tolerance)
    first = equilibrium(stage, goal, concept, strict=False, tolerance=tolerance, seed=seed)
    found = [first.actions] if first.converged else []
    profiles = list(starting_profiles(stage, starts, seed))[:starts]
    for start in profiles:
        ends = [first_order_point(stage, start, goal)[0], reply_dynamics(stage, start, goal, allowed)]
        if len(np.unique(groups)) < stage.n:
            ends.append(first_order_point(stage, start, goal, groups)[0])
        for end in ends:
            known = any(np.abs((end - other) / stage.upper).max() < distance for other in found)
            if not known and deviation_certificate(stage, end, goal).epsilon <= allowed:
                found.append(end)
    if not found and strict:
        raise NotConverged(first, first.certificate.epsilon)
    solutions = []
    for actions in found:
        payoffs, utilities = stage.evaluate(actions[None])
        radius = spectral_radius(stage, actions, goal)
        solutions.append(
            Solution(
                stage.game.id,
                stage.game.agents,
                concept,
                goal.name,
                actions,
                payoffs[0],
                utilities[0],
                True,
                natural_residual(stage, actions, goal),
                deviation_certificate(stage, actions, goal),
                {"method": "multi-start", "starts": len(profiles)},
                {"spectral_radius": radius, "stable": bool(radius < 1.0)},
            )
        )
    solutions.sort(key=lambda solution: -float(solution.payoffs.sum()))
    rosen = rosen_condition(stage, goal)
    verdict = uniqueness(stage, goal, found, rosen)
    return EquilibriumSet(tuple(stage.by_agent(one) for one in solutions), verdict, rosen, len(profiles))
