"""Equilibria of many smooth games at once: Newton's method on first-order conditions that the kernel answers.

Nothing of a payoff is written here: slopes and curvatures are differences of eighth order of what the kernel pays, all
games and all points of a stencil in one call. It is meant for games in which each agent's objective is smooth and
concave in its own level, as TR-1's is; the certificate says whether a point is an equilibrium, however it was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Objectives at levels: (B, m, N) -> (B, m, N), m profiles a game.
Values = Callable[[Array], Array]
#: Offsets of the stencil, in steps, and weights of the first and second derivative.
OFFSETS = np.array([-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0])
FIRST = np.array([3.0, -32.0, 168.0, -672.0, 672.0, -168.0, 32.0, -3.0]) / 840.0
SECOND = np.array([-9.0, 128.0, -1008.0, 8064.0, 8064.0, -1008.0, 128.0, -9.0]) / 5040.0
CENTRE = -205.0 / 72.0
WIDTH = len(OFFSETS)
#: Step as a part of the level, and the least as a part of the box.
STEP, LEAST_STEP = 0.018, 1e-5
#: The lower end of the search, as a part of the box: levels are searched by their logarithms.
FLOOR = 1e-7
MOST_STEPS = 60


@dataclass(frozen=True)
class Found:
    """Points of B games.

    Attributes
    ----------
    levels : ndarray, shape (B, N)
    residual : ndarray, shape (B,)
        Largest |a - clip(a + slope)| over agents, in levels.
    epsilon : ndarray, shape (B,)
        The most that an agent gains by another level on a grid of its whole box.
    """

    levels: Array
    residual: Array
    epsilon: Array


def stencil_size(n: int) -> int:
    """Profiles a game that one Newton step asks for: the point, eight an agent, four a pair."""
    return 1 + WIDTH * n + 2 * n * (n - 1)


def slopes(values: Values, levels: Array, upper: Array) -> tuple[Array, Array]:
    """Own slopes (B, N), and their derivatives (B, N, N) in everybody's level."""
    count, n = levels.shape
    step = np.minimum(STEP * levels, np.maximum((upper - levels) / 4.0, LEAST_STEP * upper))
    centre = np.clip(levels, 4.0 * step, upper - 4.0 * step)
    table = np.repeat(centre[:, None], stencil_size(n), axis=1)
    for i in range(n):
        table[:, 1 + WIDTH * i : 1 + WIDTH * (i + 1), i] += OFFSETS * step[:, i, None]
    pairs = [(i, j) for i in range(n) for j in range(i)]
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    for k, (i, j) in enumerate(pairs):
        where = slice(1 + WIDTH * n + 4 * k, 5 + WIDTH * n + 4 * k)
        table[:, where, i] += signs[:, 0] * step[:, i, None]
        table[:, where, j] += signs[:, 1] * step[:, j, None]
    found = values(table)
    slope, change = np.empty((count, n)), np.empty((count, n, n))
    for i in range(n):
        own = found[:, 1 + WIDTH * i : 1 + WIDTH * (i + 1), i]
        slope[:, i] = own @ FIRST / step[:, i]
        change[:, i, i] = (own @ SECOND + CENTRE * found[:, 0, i]) / step[:, i] ** 2
    for k, (i, j) in enumerate(pairs):
        corners = found[:, 1 + WIDTH * n + 4 * k : 5 + WIDTH * n + 4 * k]
        mixed = (signs.prod(axis=1)[:, None] * corners).sum(axis=1) / (4.0 * step[:, i] * step[:, j])[:, None]
        change[:, i, j], change[:, j, i] = mixed[:, i], mixed[:, j]
    return slope, change


def smooth_equilibria(values: Values, upper: Array, start: Array | None = None) -> Found:
    """Solve B games.

    Parameters
    ----------
    values : callable
        Objectives of all agents at profiles (B, m, N), in one call.
    upper : ndarray, shape (B, N)
        The boxes [0, upper].
    start : ndarray, shape (B, N), optional
        A fifth of the box by default.

    Returns
    -------
    Found
    """
    low, high = np.log(FLOOR * upper), np.log(upper)
    x = np.log(0.2 * upper if start is None else np.clip(start, FLOOR * upper, upper))
    for _ in range(MOST_STEPS):
        levels = np.exp(x)
        slope, change = slopes(values, levels, upper)
        held = ((x <= low) & (slope < 0.0)) | ((x >= high) & (slope > 0.0))
        # In logarithms, the slope divided by the level: concave objectives stay so, and steps are even.
        matrix = change * levels[:, None, :]
        # Where an objective is not concave, its agent goes up or down by itself.
        bent = np.einsum("kii->ki", change) >= 0.0
        matrix = np.where((held | bent)[:, :, None], -np.eye(x.shape[1]), matrix)
        slope = np.where(bent, 2.0 * np.sign(slope), slope)
        step = np.linalg.solve(matrix, np.where(held, 0.0, -slope)[..., None])[..., 0]
        moved = np.clip(x + np.clip(step, -1.5, 1.5), low, high)
        change_of_x = np.abs(moved - x).max()
        x = moved
        if change_of_x < 1e-11:
            break
    levels = np.exp(x)
    slope = slopes(values, levels, upper)[0]
    residual = np.abs(levels - np.clip(levels + slope, 0.0, upper)).max(axis=1)
    return Found(levels, residual, regrets(values, levels, upper))


def regrets(values: Values, levels: Array, upper: Array, points: int = 24) -> Array:
    """The most that an agent gains by another level: a geometric grid of its box, its ends, and its neighbourhood."""
    count, n = levels.shape
    size = stencil_size(n)
    grid = np.concatenate([[0.0, 1.0], np.geomspace(1e-4, 1.0, points)])
    here = None
    gain = np.zeros(count)
    for i in range(n):
        near = levels[:, i, None] * (1.0 + np.array([-1e-2, -1e-3, -1e-4, 1e-4, 1e-3, 1e-2]))
        tried = np.concatenate([np.minimum(near, upper[:, i, None]), grid * upper[:, i, None]], axis=1)
        for first in range(0, tried.shape[1], size - 1):
            part = tried[:, first : first + size - 1]
            table = np.repeat(levels[:, None], size, axis=1)
            table[:, 1 : 1 + part.shape[1], i] = part
            found = values(table)
            here = found[:, 0] if here is None else here
            gain = np.maximum(gain, found[:, :, i].max(axis=1) - here[:, i])
    return gain
