"""The last digits of many solutions at once, where the published figures need more than an oracle certifies.

`coopetition.oracles.solve_many` finds and certifies; its slopes are differences of fourth order, whose rounding leaves
up to 4e-7 in the levels of TR-1's power form, where the objective is flat: payoffs are right to 1e-13, levels to seven
digits. TR-1 tables nine, and its rubric has edges (a share of exactly .5) that they decide. Here Newton's method goes
on from the oracle's solution on slopes by differences of eighth order, still of nothing but what the kernel pays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Objectives at levels: (B, m, N) -> (B, m, N), m profiles a game.
Values = Callable[[Array], Array]
#: Offsets of the stencil, in steps, and weights of the first and second derivative.
OFFSETS = np.arange(-4.0, 5.0)
FIRST = np.array([3.0, -32.0, 168.0, -672.0, 0.0, 672.0, -168.0, 32.0, -3.0]) / 840.0
SECOND = np.array([-9.0, 128.0, -1008.0, 8064.0, -14350.0, 8064.0, -1008.0, 128.0, -9.0]) / 5040.0
WIDTH = len(OFFSETS)
#: Step as a part of the level, and the least as a part of the box.
STEP, LEAST_STEP = 0.018, 1e-5
#: Steps at most, and how far from the oracle's solution they may lead, as a part of the box: further is no last digit.
MOST_STEPS, REACH = 5, 1e-5
#: A level this near to an end of its box, as a part of it, stays there.
AT_END = 1e-9


def stencil_size(n: int) -> int:
    """Profiles a game that one Newton step asks for: nine an agent, four a pair."""
    return WIDTH * n + 2 * n * (n - 1)


def slopes(values: Values, levels: Array, upper: Array) -> tuple[Array, Array]:
    """Own slopes (B, N), and their derivatives (B, N, N) in everybody's level.

    Others stay exactly where they are, at an end of their box too; an agent's own stencil is moved inside of it.
    """
    count, n = levels.shape
    step = np.minimum(STEP * levels, np.maximum((upper - levels) / 4.0, LEAST_STEP * upper))
    step = np.maximum(step, 1e-8 * upper)  # at 0 too
    centre = np.clip(levels, 4.0 * step, upper - 4.0 * step)
    table = np.repeat(levels[:, None], stencil_size(n), axis=1)
    for i in range(n):
        table[:, WIDTH * i : WIDTH * (i + 1), i] = centre[:, i, None] + OFFSETS * step[:, i, None]
    pairs = [(i, j) for i in range(n) for j in range(i)]
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    for k, (i, j) in enumerate(pairs):
        where = slice(WIDTH * n + 4 * k, WIDTH * n + 4 * (k + 1))
        table[:, where, i] = centre[:, i, None] + signs[:, 0] * step[:, i, None]
        table[:, where, j] = centre[:, j, None] + signs[:, 1] * step[:, j, None]
    found = values(table)
    slope, change = np.empty((count, n)), np.empty((count, n, n))
    for i in range(n):
        own = found[:, WIDTH * i : WIDTH * (i + 1), i]
        slope[:, i] = own @ FIRST / step[:, i]
        change[:, i, i] = own @ SECOND / step[:, i] ** 2
    for k, (i, j) in enumerate(pairs):
        corners = found[:, WIDTH * n + 4 * k : WIDTH * n + 4 * (k + 1)]
        mixed = (signs.prod(axis=1)[:, None] * corners).sum(axis=1) / (4.0 * step[:, i] * step[:, j])[:, None]
        change[:, i, j], change[:, j, i] = mixed[:, i], mixed[:, j]
    return slope, change


def sharpened(values: Values, levels: Array, upper: Array) -> tuple[Array, Array]:
    """Solutions with more digits, and their residuals; a game that gains nothing by it keeps its solution.

    Parameters
    ----------
    values : callable
        Objectives of all agents at profiles (B, m, N), in one call.
    levels : ndarray, shape (B, N)
        Certified solutions. Who is at an end of its box stays there.
    upper : ndarray, shape (B, N)
        The boxes [0, upper].

    Returns
    -------
    levels : ndarray, shape (B, N)
    residual : ndarray, shape (B,)
        Largest |a - clip(a + slope)| over agents, in levels.
    """
    held = (levels <= AT_END * upper) | (levels >= (1.0 - AT_END) * upper)
    # Digits that the oracle does not certify go first, so that equal players start, and end, equal.
    decimals = np.where(levels > 0.0, 6 - np.floor(np.log10(np.maximum(levels, 1e-300))), 0.0)
    best, here = levels.copy(), np.where(held, levels, np.round(levels * 10.0**decimals) / 10.0**decimals)
    least = np.full(len(levels), np.inf)
    for step in range(MOST_STEPS + 1):
        slope, change = slopes(values, here, upper)
        residual = np.abs(here - np.clip(here + slope, 0.0, upper)).max(axis=1)
        near = np.abs(here - levels).max(axis=1) <= REACH * upper.max(axis=1)
        better = near & (residual < least)
        best[better], least[better] = here[better], residual[better]
        if step == MOST_STEPS or not better.any():
            break
        matrix = np.where(held[:, :, None] | held[:, None, :], np.eye(levels.shape[1]), change)
        matrix[~(np.abs(np.linalg.det(matrix)) > 1e-300)] = np.eye(levels.shape[1])
        moved = np.linalg.solve(matrix, np.where(held, 0.0, -slope)[..., None])[..., 0]
        here = np.clip(here + moved, 0.0, upper)
    return best, least
