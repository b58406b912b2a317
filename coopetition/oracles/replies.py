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

from coopetition.oracles.solution import Certificate
from coopetition.oracles.stage import Array, Objective, StageGame

#: Grid points per agent, cells that are refined, points per refined cell, and rounds at most.
POINTS, CELLS, INNER, ROUNDS = 257, 3, 17, 14
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
    rows = np.arange(len(who))
    high = stage.upper[who]
    grid = np.linspace(0.0, 1.0, points)[None, :] * high[:, None]
    # The corners of the game that a grid may miss: what others expect, and the level that is judged.
    grid = np.concatenate([grid, stage.game.baseline[who, None], profile[who, None]], axis=1)
    grid.sort(axis=1)
    values = _own_values(stage, profile, objective, who, grid)
    own_place = np.argmax(grid == profile[who, None], axis=1)
    own = values[rows, own_place]
    best_level, best_value = profile[who].copy(), own.copy()
    place = values.argmax(axis=1)
    _keep_best(grid, values, best_level, best_value)

    # Cells around the best local maxima of the grid.
    before = np.concatenate([np.full((len(who), 1), -np.inf), values[:, :-1]], axis=1)
    after = np.concatenate([values[:, 1:], np.full((len(who), 1), -np.inf)], axis=1)
    peak = np.where((values >= before) & (values >= after), values, -np.inf)
    peak[rows, place] = np.inf
    cells = min(CELLS, int(np.isfinite(peak).sum(axis=1).max()) + 1)
    chosen = np.argsort(-peak, axis=1, kind="stable")[:, :cells]
    last = grid.shape[1] - 1
    low = np.take_along_axis(grid, np.maximum(chosen - 1, 0), axis=1)
    top = np.take_along_axis(grid, np.minimum(chosen + 1, last), axis=1)
    inner = np.linspace(0.0, 1.0, INNER)
    scale = _LEVEL * (1.0 + np.abs(values).max())
    for _ in range(ROUNDS):
        fine = low[..., None] + (top - low)[..., None] * inner
        found = _own_values(stage, profile, objective, who, fine.reshape(len(who), -1)).reshape(fine.shape)
        _keep_best(fine.reshape(len(who), -1), found.reshape(len(who), -1), best_level, best_value)
        middle = found.argmax(axis=2)[..., None]
        peak_value = np.take_along_axis(found, middle, axis=2)[..., 0]
        left = np.maximum(middle - 1, 0)
        right = np.minimum(middle + 1, INNER - 1)
        ends = np.minimum(np.take_along_axis(found, left, 2), np.take_along_axis(found, right, 2))[..., 0]
        low, top = np.take_along_axis(fine, left, 2)[..., 0], np.take_along_axis(fine, right, 2)[..., 0]
        if np.all(peak_value - ends <= scale):
            break
    return best_level, best_value, own


def _own_values(stage: StageGame, profile: Array, objective: Objective, who: NDArray[np.int64], levels: Array) -> Array:
    """Objective of agent who[m] where it alone plays levels[m, k]: (M, K)."""
    count = levels.shape[1]
    table = np.repeat(profile[None], levels.size, axis=0).reshape(*levels.shape, stage.n)
    rows = np.arange(len(who))
    table[rows, :, who] = levels
    values = objective(*stage.evaluate(table.reshape(-1, stage.n))).reshape(len(who), count, -1)
    return np.ascontiguousarray(values[rows, :, who])


def _keep_best(levels: Array, values: Array, best_level: Array, best_value: Array) -> None:
    place = values.argmax(axis=1)[:, None]
    value = np.take_along_axis(values, place, 1)[:, 0]
    better = value > best_value
    best_level[better] = np.take_along_axis(levels, place, 1)[better, 0]
    best_value[better] = value[better]


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
