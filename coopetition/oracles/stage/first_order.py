"""First-order conditions of a game on a box, as a variational inequality, solved by SciPy's `least_squares`.

A point a solves it when a = P(a + g(a)), with g_i agent i's derivative of its own objective and P the projection on
the box. The unknown is z with a = P(z) (Robinson's normal map, Math. Oper. Res. 17, 1992): its residual
z - P(z) - g(P(z)) is defined on all of R^N, so Levenberg-Marquardt needs no bounds, and finds corners exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from coopetition.oracles.stage.game import Array, Objective, StageGame, difference_table, gradients

#: Step of the differences of gradients, as a part of the endowment.
_STEP = 2e-4
#: Evaluations of the residual at most, and its tolerances.
_MOST, _TOLERANCE = 60, 1e-9


def natural_residual(stage: StageGame, profile: Array, objective: Objective) -> float:
    """max_i |a_i - clip(a_i + g_i(a), 0, e_i)|, in levels."""
    slope = gradients(stage, profile[None], objective)[0]
    return float(np.abs(profile - np.clip(profile + slope, 0.0, stage.upper)).max())


def first_order_point(
    stage: StageGame,
    start: Array,
    objective: Objective,
    groups: NDArray[np.int64] | None = None,
    free: NDArray[np.bool_] | None = None,
    most: int = _MOST,
) -> tuple[Array, bool]:
    """Solve the first-order conditions from a start.

    Parameters
    ----------
    start : ndarray (N,)
        Levels.
    groups : ndarray (N,) of int, optional
        Agents of one group play the same level; everybody alone by default.
    free : ndarray (N,) of bool, optional
        Agents that move; the others are held at `start`. Excludes `groups`.
    most : int
        Evaluations of the residual and its derivative at most; each takes 5 N (2 N + 1) profiles.

    Returns
    -------
    profile : ndarray (N,)
        Levels in the box.
    success : bool
        Whether the residual vanished.
    """
    n = stage.n
    if free is not None:
        speakers = np.flatnonzero(free)
        spread = np.zeros((n, len(speakers)))
        spread[speakers, np.arange(len(speakers))] = 1.0
        fixed = np.where(free, 0.0, start)
    else:
        groups = np.arange(n) if groups is None else groups
        speakers = np.unique(groups, return_index=True)[1]
        spread = (groups[:, None] == groups[speakers][None, :]).astype(np.float64)
        fixed = np.zeros(n)
    upper = stage.upper[speakers]
    plain = free is None and len(speakers) == n  # everybody moves alone

    def own(points: Array) -> Array:
        profiles = points if plain else np.minimum(np.maximum(points, 0.0), upper) @ spread.T + fixed
        return _own_gradients(stage, profiles, objective, speakers)

    count = len(upper)
    index = np.arange(count)
    kept: dict[bytes, Array] = {}

    def residual(z: Array) -> Array:
        if not np.all(np.isfinite(z)):  # a singular step: MINPACK backs off from a large residual
            return np.full(count, 1e9)
        inside = np.minimum(np.maximum(z, 0.0), upper)
        # MINPACK asks for the derivative where it has just been: both come from one kernel call.
        step = np.minimum(_STEP * upper, np.maximum(0.02 * inside, 1e-8 * upper))
        forward = np.where(inside + step > upper, -step, step)
        backward = np.where((inside - step < 0.0) | (inside + step > upper), 0.0, -step)
        table = np.repeat(inside[None], 2 * count + 1, axis=0)
        table[index, index] += forward
        table[count + index, index] += backward
        slope = own(table)
        change = (slope[:count] - slope[count:-1]) / (forward - backward)[:, None]
        moving = (z >= 0.0) & (z <= upper)
        derivative = -change.T * moving
        derivative[index, index] += 1.0 - moving
        kept.clear()
        kept[z.tobytes()] = derivative
        return z - inside - slope[-1]

    def jacobian(z: Array) -> Array:
        key = z.tobytes()
        if key not in kept:
            residual(z)
        return kept.get(key, np.eye(count))

    found = least_squares(
        residual,
        np.asarray(start, dtype=np.float64)[speakers],
        jac=jacobian,
        method="lm",
        xtol=_TOLERANCE,
        ftol=_TOLERANCE,
        gtol=_TOLERANCE,
        max_nfev=most,
    )
    if not np.all(np.isfinite(found.x)):
        return np.asarray(start, dtype=np.float64), False
    profile = spread @ np.clip(found.x, 0.0, upper) + fixed
    return profile, bool(np.abs(found.fun).max() < 1e-7)


def _own_gradients(stage: StageGame, profiles: Array, objective: Objective, speakers: NDArray[np.int64]) -> Array:
    """Derivatives (P, S) of the speakers' objectives in their own levels, at profiles (P, N)."""
    count, n = profiles.shape
    places, weights = difference_table(profiles[:, speakers], stage.upper[speakers])
    who = len(speakers)
    table = np.repeat(profiles, 5 * who, axis=0).reshape(count, who, 5, n)
    rows = np.arange(who)
    table[:, rows, :, speakers] = places.swapaxes(0, 1)
    values = objective(*stage.evaluate(table.reshape(-1, n))).reshape(count, who, 5, n)
    own = values[:, rows, :, speakers].swapaxes(0, 1)
    return np.asarray((own * weights).sum(axis=2))
