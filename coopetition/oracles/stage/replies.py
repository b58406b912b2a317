"""Global best replies in one dimension, and the certificate that rests on them.

U_i as a function of the own level a_i need not be concave, nor continuous: a reputation tier or the threshold of
loyalty makes it jump. So each agent's best reply is searched on a dense grid of [0, e_i], all agents and all points in
one kernel call, and then in shrinking grids around the best cells. SciPy's bounded scalar search does one cell of one
agent at a time and assumes no jump; the shrinking grids do all cells of all agents in one call each and close in on
the attained side of a jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.stage.game import Array, Objective, StageGame
from coopetition.oracles.stage.solution import Certificate

#: Grid points per agent, cells that are refined, points per refined cell, and rounds at most.
POINTS, CELLS, INNER, ROUNDS = 257, 3, 33, 12
_INNER_GRID = np.linspace(0.0, 1.0, INNER)
#: A cell is closed when nothing is left to gain in it, as a part of the largest absolute value.
_LEVEL = 1e-13


def best_replies(
    stage: StageGame,
    profile: Array,
    objective: Objective,
    agents: NDArray[np.int64] | None = None,
    points: int = POINTS,
) -> tuple[Array, Array, Array]:
    """Each agent's global best reply to the others' levels in `profile`.

    Parameters
    ----------
    profile : ndarray (N,)
        Levels.
    agents : ndarray (M,) of int, optional
        Whose replies; everybody's by default.
    points : int
        Grid points on [0, e_i].

    Returns
    -------
    replies : ndarray (M,)
        Best levels found; the own level in `profile` where nothing is better.
    values : ndarray (M,)
        Objective there.
    own : ndarray (M,)
        Objective at `profile`.
    """
    n = stage.n
    who = np.arange(n) if agents is None else np.asarray(agents)
    if stage.axes > 1:
        from coopetition.oracles.stage.blocks import joint_replies

        return joint_replies(stage, profile, objective, who, points)
    rows = np.arange(len(who))
    high = stage.upper[who]
    grid = np.linspace(0.0, 1.0, points)[None, :] * high[:, None]
    # The corners of the game that a grid may miss: what others expect, and the level that is judged.
    grid = np.concatenate([grid, stage.baseline[who, None], profile[who, None]], axis=1)
    grid.sort(axis=1)
    values = _own_values(stage, profile, objective, who, grid)
    own_place = np.argmax(grid == profile[who, None], axis=1)
    own = values[rows, own_place]
    place = values.argmax(axis=1)
    best_level, best_value = grid[rows, place], values[rows, place]
    level = best_value <= own
    best_level[level], best_value[level] = profile[who][level], own[level]

    # Cells around the best local maxima of the grid.
    inside = values[:, 1:-1]
    peak = np.full(values.shape, -np.inf)
    peak[:, 1:-1] = np.where((inside >= values[:, :-2]) & (inside > values[:, 2:]), inside, -np.inf)
    peak[:, 0] = np.where(values[:, 0] > values[:, 1], values[:, 0], -np.inf)
    peak[:, -1] = np.where(values[:, -1] >= values[:, -2], values[:, -1], -np.inf)
    peak[rows, place] = np.inf
    cells = min(CELLS, int((peak > -np.inf).sum(axis=1).max()))
    chosen = place[:, None] if cells == 1 else np.argsort(-peak, axis=1, kind="stable")[:, :cells]
    last = grid.shape[1] - 1
    whose = np.repeat(rows, cells)
    chosen = chosen.reshape(-1)
    low, top = grid[whose, np.maximum(chosen - 1, 0)], grid[whose, np.minimum(chosen + 1, last)]
    every = np.arange(len(whose))
    scale = _LEVEL * (1.0 + max(float(values.max()), -float(values.min())))
    for _ in range(ROUNDS):
        fine = low[:, None] + (top - low)[:, None] * _INNER_GRID
        found = _own_values(stage, profile, objective, who, fine.reshape(len(who), -1)).reshape(fine.shape)
        middle = found.argmax(axis=1)
        height = found[every, middle]
        for k in range(cells):  # one agent's cells one after the other, so that the best of them is kept
            mine = slice(k, None, cells)
            better = height[mine] > best_value
            if better.any():
                best_level[better] = fine[every[mine], middle[mine]][better]
                best_value[better] = height[mine][better]
        left, right = np.maximum(middle - 1, 0), np.minimum(middle + 1, INNER - 1)
        flat = height - np.minimum(found[every, left], found[every, right]) <= scale
        if flat.all():
            break
        low, top = fine[every, left], fine[every, right]
    return best_level, best_value, own


def _own_values(stage: StageGame, profile: Array, objective: Objective, who: NDArray[np.int64], levels: Array) -> Array:
    """Objective of agent who[m] where it alone plays levels[m, k]: (M, K)."""
    count = levels.shape[1]
    table = np.repeat(profile[None], levels.size, axis=0).reshape(*levels.shape, stage.n)
    rows = np.arange(len(who))
    table[rows, :, who] = levels
    values = objective(*stage.evaluate(table.reshape(-1, stage.n))).reshape(len(who), count, -1)
    return np.ascontiguousarray(values[rows, :, who])


def deviation_certificate(stage: StageGame, profile: Array, objective: Objective, points: int = POINTS) -> Certificate:
    """epsilon = max_i [max over a_i of objective_i(a_i, a_-i) - objective_i(a)], the inner maximum global.

    Parameters
    ----------
    profile : ndarray (N,)
        Levels.
    points : int
        Grid points per agent.
    """
    replies, values, own = best_replies(stage, profile, objective, points=points)
    gains = np.maximum(values - own, 0.0)
    return Certificate("deviation", float(gains.max()), gains, replies, points)
