"""Whole episodes as functions of action sequences, evaluated by batched rollouts in the kernel.

A sequence is open-loop: levels (T, N), played whatever happens. Values are sums over the episode of what the reward
mode pays; an episode that ends early pays nothing from then on, so values jump where a sequence lets trust
collapse. The searches of this file therefore start from many sequences, structured ones that keep the game alive
among them, climb with SciPy (L-BFGS-B, all finite differences in one rollout), and then try single replacements of
each action, which no gradient needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from coopetition.batching.batch import Batch, Snapshot, compiled_policy
from coopetition.games.game import Game
from coopetition.oracles.equilibrium import equilibrium
from coopetition.oracles.optimum import social_optimum
from coopetition.oracles.stage import Array, Objective, StageGame, as_game, symmetry_groups

#: Copies a rollout at most; difference step, in rates; shortest improvement that a search goes on for, relative.
MOST_COPIES, STEP, ENOUGH = 4096, 2e-5, 1e-9


class Episode:
    """Episodes of one game from one starting state.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or environment
        See `coopetition.oracles.stage.as_game`.
    objective : str or array_like (N, N), optional
        The reward mode whose returns count: "private", "integrated", "cooperative" or a matrix; the game's own by
        default.
    state : mapping, optional
        Named parts of the starting state, as the option of ``reset``.

    Attributes
    ----------
    horizon, n : int
        Steps T and agents N.
    rollouts : int
        Episodes played so far.
    """

    def __init__(self, game_or_id: Any, objective: Any = None, state: Mapping[str, Any] | None = None) -> None:
        self.game: Game = as_game(game_or_id, objective)
        if self.game.action_scale != "unit":
            mode = self.game.reward_mode if self.game.mutuality is None else self.game.mutuality
            self.game = Game(self.game.parameters, mode, self.game.observation)
        self.horizon, self.n = self.game.horizon, self.game.n
        self.start = dict(state or {})
        self.game.state_vector(self.start)  # refuses what is not a state before any work is done
        self.rollouts = 0
        self._batches: dict[tuple[int, bool], tuple[Batch, Snapshot]] = {}
        self._solved: dict[str, Array] = {}

    def batch(self, copies: int, observe: bool = False) -> Batch:
        """A batch of so many copies at the start of their episodes."""
        key = (copies, observe)
        if key not in self._batches:
            if len(self._batches) >= 8:
                self._batches.pop(next(iter(self._batches)))
            fresh = Batch(self.game, copies, autoreset="disabled", observe=observe)
            fresh.reset(seed=0, options=self.start)
            self._batches[key] = (fresh, fresh.snapshot())
        batch, snapshot = self._batches[key]
        batch.restore(snapshot)
        return batch

    def returns(self, rates: Array) -> Array:
        """Returns (K, N) of sequences of rates (K, T, N)."""
        return self.against(["actions"] * self.n, rates)

    def against(self, names: Sequence[str], rates: Array) -> Array:
        """The same, where agents whose name is not "actions" play a compiled policy."""
        count = len(rates)
        result = np.empty((count, self.n))
        for first in range(0, count, MOST_COPIES):
            part = rates[first : first + MOST_COPIES]
            size = len(part)
            played = self.batch(size).rollout(list(names), self.horizon, actions=part.transpose(1, 0, 2))
            result[first : first + size] = played.returns
        self.rollouts += count
        return result

    def stage(self) -> StageGame:
        """The stage game at the start."""
        return StageGame(self.game, self.start)

    def key_rates(self, agents: Sequence[int], optimum: bool = True) -> list[float]:
        """Rates at which something changes for these agents: none, what is expected, the stage solutions, all.

        Parameters
        ----------
        agents : sequence of int
            Whose.
        optimum : bool
            Whether the stage optimum is among them, whose global search takes ten times as long as the equilibria do.
        """
        stage = self.stage()
        own = Objective(stage, "private")
        if "nash" not in self._solved:
            self._solved["nash"] = equilibrium(stage, own, "nash", strict=False).actions
            utilities = Objective(stage, "integrated")
            self._solved["coopetitive"] = equilibrium(stage, utilities, "coopetitive", strict=False).actions
        if optimum and "optimum" not in self._solved:
            self._solved["optimum"] = social_optimum(stage, own, strict=False).actions
        names = ("nash", "coopetitive", "optimum") if optimum else ("nash", "coopetitive")
        rates = [self.game.baseline_rate, *[self._solved[name] / self.game.endowment for name in names]]
        found = np.array(rates)[:, list(agents)].reshape(-1)
        return sorted({0.0, 0.5, 1.0, *(round(float(rate), 12) for rate in found)})

    def replacement_gain(
        self, value: Callable[[Array], Array], point: Array, height: float, replacements: Sequence[float]
    ) -> float:
        """What replacing single actions of a rate vector (M,) still gains: a check of an optimum."""
        return max(_replace(value, point, height, replacements, passes=1)[1] - height, 0.0)

    def groups(self) -> NDArray[np.int64]:
        """Agents that may be exchanged, from the stage game at the start (numbers from 0)."""
        stage = self.stage()
        by_payoff = symmetry_groups(stage, Objective(stage, "private"))
        by_utility = symmetry_groups(stage, Objective(stage, "integrated"))
        return np.unique(by_payoff * self.n + by_utility, return_inverse=True)[1].astype(np.int64)

    def levels(self, rates: Array) -> Array:
        """Rates as levels."""
        return np.asarray(rates * self.game.endowment)

    def rates(self, levels: Any, name: str = "actions") -> Array:
        """A sequence of levels (T, N), checked, as rates.

        Raises
        ------
        ValueError
            A wrong shape, or a level that is not finite or out of the box.
        """
        table = np.asarray(levels, dtype=np.float64)
        if table.shape != (self.horizon, self.n):
            raise ValueError(f"{name} have shape {table.shape}, expected {(self.horizon, self.n)}")
        rates = table / self.game.endowment
        if not np.all(np.isfinite(rates)) or rates.min() < 0.0 or rates.max() > 1.0 + 1e-12:
            raise ValueError(f"{name} must be finite levels in [0, e_i]")
        return np.minimum(rates, 1.0)


def switching_sequences(horizon: int, early: Sequence[float], late: Sequence[float]) -> Array:
    """Sequences (K, T) that play one rate and then another: build something up first, or spend it in the last steps."""
    few = (1, 2, 3, 4, 5, 6, 7, 10, 15, 20, 30, horizon // 2)
    switches = sorted({k for first in few for k in (first, horizon - first) if 1 <= k < horizon})
    pairs = [(first, last) for first in early for last in late if first != last]
    rows = np.array([np.repeat([first, last], [k, horizon - k]) for first, last in pairs for k in switches])
    return rows.reshape(-1, horizon).astype(np.float64)


def search(
    value: Callable[[Array], Array],
    starts: Array,
    replacements: Sequence[float],
    *,
    climbs: int = 3,
    rounds: int = 4,
    iterations: int = 60,
) -> tuple[Array, float]:
    """Maximise a function of rate vectors (K, M) -> (K,) over [0, 1]^M.

    Parameters
    ----------
    value : callable
        Many vectors at once.
    starts : ndarray (S, M)
        All are evaluated; the best `climbs` that differ are climbed.
    replacements : sequence of float
        Rates that are tried in every single place.
    rounds : int
        Rounds of climbing and replacing, for the best.
    iterations : int
        Of L-BFGS-B a round.

    Returns
    -------
    point : ndarray (M,)
    height : float
        Never less than the best start's.
    """
    heights = value(starts)
    if not np.all(np.isfinite(heights)):
        raise ValueError("an episode's value is not finite")
    order = np.argsort(-heights, kind="stable")
    chosen: list[int] = []
    for k in order[: 50 * climbs]:
        if all(np.abs(starts[k] - starts[other]).max() > 1e-3 for other in chosen):
            chosen.append(int(k))
        if len(chosen) >= climbs:
            break
    best, height = starts[order[0]].copy(), float(heights[order[0]])
    for place, k in enumerate(chosen):
        point, reached = _climb(value, starts[k], float(heights[k]), iterations)
        if reached > height or place == 0:
            best, height = (point, reached) if reached >= height else (best, height)
    for _ in range(rounds):
        before = height
        best, height = _replace(value, best, height, replacements)
        if height <= before + ENOUGH * (1.0 + abs(before)):
            break
        point, reached = _climb(value, best, height, iterations)
        if reached > height:
            best, height = point, reached
    return best, height


def _climb(value: Callable[[Array], Array], start: Array, height: float, iterations: int) -> tuple[Array, float]:
    """L-BFGS-B from a start, keeping the best point it ever evaluated."""
    size = len(start)
    index = np.arange(size)
    best: tuple[Array, float] = (start.copy(), height)
    scale = 1.0 + abs(height)

    def negative(x: Array) -> tuple[float, Array]:
        nonlocal best
        x = np.clip(x, 0.0, 1.0)
        high, low = np.minimum(x + STEP, 1.0), np.maximum(x - STEP, 0.0)
        table = np.repeat(x[None], 2 * size + 1, axis=0)
        table[index, index] = high
        table[size + index, index] = low
        values = value(table)
        if values[-1] > best[1]:
            best = (x.copy(), float(values[-1]))
        slope = (values[:size] - values[size:-1]) / (high - low)
        # Next to a collapse a difference is a jump, not a slope: leave such an action to the replacements.
        slope[np.abs(slope) > 0.01 * scale / STEP] = 0.0
        return -float(values[-1]) / scale, -slope / scale

    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": 1e-13, "gtol": 1e-10, "maxcor": 20}
    minimize(negative, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * size, options=options)
    return best


def _replace(
    value: Callable[[Array], Array], start: Array, height: float, replacements: Sequence[float], passes: int = 6
) -> tuple[Array, float]:
    """Replace single actions by other rates or shift them, best first, as long as that helps."""
    size = len(start)
    shifts = (-0.05, -0.005, -0.0005, 0.0005, 0.005, 0.05)
    options = len(replacements) + len(shifts)
    best = start.copy()
    for _ in range(passes):
        table = np.repeat(best[None], size * options, axis=0).reshape(size, options, size)
        index = np.arange(size)
        table[index, : len(replacements), index] = np.asarray(replacements)
        table[index, len(replacements) :, index] = np.clip(best[:, None] + np.array(shifts), 0.0, 1.0)
        flat = table.reshape(-1, size)
        gains = (value(flat) - height).reshape(size, options)
        top = gains.max(axis=1)
        if top.max() <= ENOUGH * (1.0 + abs(height)):
            break
        # The best replacements together, then fewer of them: singly they help, jointly they may not.
        order = np.argsort(-top)
        helpful = int((top > ENOUGH * (1.0 + abs(height))).sum())
        trials = []
        for count in sorted({1, 2, 4, 8, 16, 32, 64, helpful}):
            if count <= helpful:
                trial = best.copy()
                places = order[:count]
                trial[places] = table[places, gains[places].argmax(axis=1), places]
                trials.append(trial)
        found = value(np.array(trials))
        best, height = trials[int(found.argmax())], float(found.max())
    return best, height


def checked_name(name: str) -> str:
    """A name that the kernel plays, or a ValueError that names those it does."""
    compiled_policy(name)
    return name
