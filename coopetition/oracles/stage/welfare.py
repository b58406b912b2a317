"""Welfare of profiles, and the search for its maximum.

Starts are screened by the kernel in one call, the best of them climbed by SciPy (L-BFGS-B), and then every coordinate
is searched globally: an optimum that a single jump would improve does not pass.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from coopetition.oracles.stage.first_order import first_order_point
from coopetition.oracles.stage.game import Array, Objective, StageGame, difference_table, slopes, symmetry_groups
from coopetition.oracles.stage.replies import POINTS, deviation_certificate
from coopetition.oracles.stage.solution import Certificate, tolerance_of

#: Searches end this near to a bound, as a share of the box, without reaching it.
NEAR = 1e-9
#: Screened profiles beside the structured ones, and how many of the best are climbed.
SCREENED, CLIMBED = 256, 4


class WelfareObjective(Objective):
    """The same welfare for everybody, so that an optimum is an equilibrium of the game of common interest.

    Parameters
    ----------
    stage : StageGame
        The game.
    welfare : {"utilitarian", "nash", "egalitarian"}
        What is maximised. "nash" is the sum of logarithms of the gains; minus infinity where one is not positive.
    disagreement : ndarray (N,), optional
        Payoffs that "nash" compares with.
    base : Objective
        Whose column per agent is added up: payoffs, for the published concepts.
    """

    def __init__(self, stage: StageGame, welfare: str, base: Objective, disagreement: Array | None = None) -> None:
        self.name = welfare
        self.matrix = None
        self._axes = stage.axes
        self.key = (welfare, base.key, None if disagreement is None else disagreement.tobytes())
        self.base, self.disagreement = base, disagreement

    def welfare(self, payoffs: Array, utilities: Array) -> Array:
        """Welfare (B,)."""
        values = self.base(payoffs, utilities)
        if self._axes > 1:  # an agent counts once
            values = values[:, :: self._axes]
        if self.name == "utilitarian":
            return np.asarray(values.sum(axis=1))
        if self.name == "egalitarian":
            return np.asarray(values.min(axis=1))
        assert self.disagreement is not None
        gains = values - self.disagreement[:: self._axes]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.maximum(gains, 0.0)).sum(axis=1)
        return np.asarray(logs)

    def __call__(self, payoffs: Array, utilities: Array) -> Array:
        """Welfare, once per agent: (B, N)."""
        return np.repeat(self.welfare(payoffs, utilities)[:, None], payoffs.shape[1], axis=1)


def screened_profiles(stage: StageGame, objective: Objective, count: int = SCREENED, seed: int = 0) -> Array:
    """Profiles (K, N) worth screening: the diagonal, corners, what is expected, and a Sobol set.

    The Sobol points are doubled in the space of the symmetry groups, where optima of symmetric games mostly lie.
    """
    n = stage.n
    groups = symmetry_groups(stage, objective) if n > 2 else np.arange(n)
    kinds = int(groups.max()) + 1
    diagonal = np.linspace(0.0, 1.0, 65)[:, None] * np.ones(n)
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * min(kinds, 6))).reshape(min(kinds, 6), -1).T
    if kinds > 6:
        corners = np.concatenate([np.eye(kinds), 1.0 - np.eye(kinds)])
    sobol = qmc.Sobol(min(kinds, 64), seed=seed).random(count)
    if kinds > 64:
        sobol = np.random.default_rng(seed).uniform(size=(count, kinds))
    parts = [diagonal, corners[:, groups], sobol[:, groups]]
    if kinds < n:
        parts.append(np.random.default_rng(seed).uniform(size=(count, n)))
    return np.concatenate([np.concatenate(parts) * stage.upper, stage.baseline[None]])


def climb(stage: StageGame, function: Callable[[Array], Array], start: Array, groups: NDArray[np.int64]) -> Array:
    """Maximise a function of profiles (B, N) -> (B,) from a start by L-BFGS-B, differences in one call.

    Agents of one group move together where they start together: a symmetric point's gradient is symmetric.
    """
    if np.any(start != start[np.unique(groups, return_index=True)[1]][groups]):
        groups = np.arange(stage.n)
    first = np.unique(groups, return_index=True)[1]
    upper, count = stage.upper[first], len(first)

    def negative(rates: Array) -> tuple[float, Array]:
        point = np.clip(rates, 0.0, 1.0) * upper
        places, weights = difference_table(point, upper)
        table = np.repeat(point[None], 5 * count + 1, axis=0)
        index = np.arange(count)
        moved = table[:-1].reshape(count, 5, count)
        moved[index, :, index] = places
        values = function(table[:, groups])
        with np.errstate(invalid="ignore"):  # welfare may be minus infinity where somebody loses
            slope = (values[:-1].reshape(count, 5) * weights).sum(axis=1) * upper
        if not np.isfinite(values[-1]):
            return 1e12, np.zeros(count)
        return -float(values[-1]), -np.nan_to_num(slope, posinf=0.0, neginf=0.0)

    options = {"maxiter": 200, "ftol": 1e-15, "gtol": 1e-9}
    bounds = [(0.0, 1.0)] * count
    found = minimize(negative, start[first] / upper, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray((np.clip(found.x, 0.0, 1.0) * upper)[groups])


def maximise(
    stage: StageGame, objective: WelfareObjective, *, start: Array | None = None, seed: int = 0
) -> tuple[Array, Certificate]:
    """The best profile found for a welfare, with its certificate.

    Parameters
    ----------
    start : ndarray (N,), optional
        A profile that is climbed too.
    """

    def welfare(profiles: Array) -> Array:
        return objective.welfare(*stage.evaluate(profiles))

    table = screened_profiles(stage, objective, seed=seed)
    groups = symmetry_groups(stage, objective)
    if start is not None:
        table = np.concatenate([start[None], table])
    values = welfare(table)
    chosen: list[int] = [0] if start is not None else []
    for k in np.argsort(-values, kind="stable"):
        # Starts that lie together climb the same hill.
        if all(np.abs(table[k] - table[other]).max() > 0.1 * stage.upper.max() for other in chosen):
            chosen.append(int(k))
        if len(chosen) >= CLIMBED:
            break
    ends = [climb(stage, welfare, table[k], groups) for k in chosen] + [table[k] for k in chosen]
    # L-BFGS-B stops where values are equal to rounding; the first-order conditions tell points apart more finely.
    for point in ends[:2]:
        sharper, success = first_order_point(stage, point, objective, _kept(groups, point))
        if success:
            ends.append(sharper)
    ends_table = np.array(ends)
    heights = welfare(ends_table)
    best = ends_table[_tallest(heights, len(chosen) * 2)]
    for _ in range(20):
        certificate = deviation_certificate(stage, best, objective)
        if certificate.epsilon <= 0.01 * tolerance_of(stage, objective.base):
            break
        own = stage.block(stage.owner[int(certificate.gains.argmax())])
        moved = best.copy()
        moved[own] = certificate.replies[own]
        climbed = climb(stage, welfare, moved, groups)
        pair = np.array([moved, climbed])
        best = pair[welfare(pair).argmax()]
    best = _on_bounds(stage, welfare, best)
    certificate = deviation_certificate(stage, best, objective)
    slope = slopes(stage, best, objective)[0]
    projected = float(np.abs(np.clip(best + slope, 0.0, stage.upper) - best).max())
    details = {"projected_gradient": projected, "best_of_starts": float(values.max()), "starts": len(table)}
    return best, Certificate("optimum", certificate.epsilon, certificate.gains, certificate.replies, POINTS, details)


def _on_bounds(stage: StageGame, welfare: Callable[[Array], Array], point: Array) -> Array:
    """The point with what lies within rounding of a bound put on it, if welfare is no less there."""
    share = point / stage.upper
    snapped = np.where(share < NEAR, 0.0, np.where(share > 1.0 - NEAR, stage.upper, point))
    there, here = welfare(np.array([snapped, point]))
    return snapped if there >= here else point


def _kept(groups: NDArray[np.int64], point: Array) -> NDArray[np.int64] | None:
    """The groups, if the point keeps them together."""
    return groups if np.all(point == point[np.unique(groups, return_index=True)[1]][groups]) else None


def _tallest(heights: Array, sharp: int) -> int:
    """Index of the highest point; one sharpened by first-order conditions wins among equals to rounding."""
    heights = np.where(np.isfinite(heights), heights, -np.inf)
    top = float(heights.max())
    equal = np.flatnonzero(heights >= top - 1e-11 * (1.0 + abs(top)))
    return int(equal[-1] if equal[-1] >= sharp else heights.argmax())
