"""Best replies in two dimensions: an agent whose action is a rate and an intensity moves both together.

Where one of the two alone gains nothing, both together may: cooperation pays more for who does not compete. So a
certificate of such a game searches the whole rectangle of each agent: a dense grid, and shrinking grids around its best
cells, all points of a round in one kernel call. `coopetition.oracles.stage.game.StageGame` says how coordinates lie.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.stage.game import Array, Objective, StageGame

#: Cells that are refined, points of a refining grid in each dimension, and rounds at most. A round keeps two cells to
#: either side of the best point, since a ridge may run across the axes.
CELLS, INNER, ROUNDS = 4, 17, 24
#: A cell is closed when nothing is left to gain in it, as a part of the largest absolute value.
_LEVEL = 1e-14
#: Profiles of one kernel call at most.
_MOST = 1 << 17


def block_values(
    stage: StageGame, profiles: Array, objective: Objective, agent: int, blocks: Array, whose: int
) -> Array:
    """An agent's objective where `agent` alone plays blocks[p, q] in profile p: (P, Q).

    Parameters
    ----------
    profiles : ndarray (P, M)
        Coordinates of all agents.
    blocks : ndarray (P, Q, 2)
        Levels and intensities of the agent that moves.
    whose : int
        The agent whose objective it is.
    """
    count, tried = blocks.shape[:2]
    own = stage.block(agent)
    values = np.empty((count, tried))
    step = max(1, _MOST // tried)
    for first in range(0, count, step):
        part = slice(first, first + step)
        table = np.repeat(profiles[part], tried, axis=0)
        table[:, own] = blocks[part].reshape(-1, stage.axes)
        values[part] = objective(*stage.evaluate(table))[:, stage.block(whose).start].reshape(-1, tried)
    return values


def best_blocks(
    stage: StageGame,
    profiles: Array,
    objective: Objective,
    agent: int,
    *,
    points: int,
    cells: int = CELLS,
    rounds: int = ROUNDS,
    least: bool = False,
    whose: int | None = None,
) -> tuple[Array, Array]:
    """The global best level and intensity of an agent in each of P profiles.

    Parameters
    ----------
    profiles : ndarray (P, M)
        Coordinates of all agents.
    points : int
        Grid points of the level; half as many of the intensity.
    cells, rounds : int
        Cells of the grid that are refined, and rounds of that at most.
    least : bool
        Whether the least value is looked for: what a threat does.
    whose : int, optional
        The agent whose objective counts; the one that moves by default.

    Returns
    -------
    blocks : ndarray (P, 2)
    values : ndarray (P,)
        The objective there.
    """
    count, own = len(profiles), stage.block(agent)
    upper = stage.upper[own]
    judged = agent if whose is None else whose
    sign = -1.0 if least else 1.0

    def values_of(tried: Array) -> Array:
        return sign * block_values(stage, profiles, objective, agent, tried, judged)

    lines = [np.linspace(0.0, upper[0], points), np.linspace(0.0, upper[1], points // 2 + 1)]
    lines[0] = np.unique(np.append(lines[0], stage.baseline[own.start]))
    sizes = [len(line) for line in lines]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    values = values_of(np.repeat(grid[None], count, axis=0)).reshape(count, *sizes)
    peaks = np.where(_peaks(values), values, -np.inf).reshape(count, -1)
    chosen = np.argpartition(-peaks, min(cells, peaks.shape[1] - 1), axis=1)[:, :cells]
    rows = np.arange(count)
    top = values.reshape(count, -1).argmax(axis=1)
    best, height = grid[top], values.reshape(count, -1)[rows, top]
    places = np.stack(np.unravel_index(chosen, sizes), axis=-1)  # (P, C, 2)
    low = np.stack([lines[k][np.maximum(places[..., k] - 1, 0)] for k in range(2)], axis=-1)
    high = np.stack([lines[k][np.minimum(places[..., k] + 1, sizes[k] - 1)] for k in range(2)], axis=-1)
    unit = np.linspace(0.0, 1.0, INNER)
    inner = np.stack(np.meshgrid(unit, unit, indexing="ij"), axis=-1).reshape(-1, 2)
    scale = _LEVEL * (1.0 + np.abs(values).max())
    for _ in range(rounds):
        fine = low[:, :, None] + (high - low)[:, :, None] * inner
        found = values_of(fine.reshape(count, -1, 2)).reshape(count, cells, -1)
        middle = found.argmax(axis=2)
        tallest = np.take_along_axis(found, middle[..., None], axis=2)[..., 0]
        winner = tallest.argmax(axis=1)
        better = tallest[rows, winner] > height
        best[better] = fine[rows, winner, middle[rows, winner]][better]
        height[better] = tallest[rows, winner][better]
        if (tallest - found.min(axis=2)).max() <= scale:
            break
        place = np.stack(np.unravel_index(middle, (INNER, INNER)), axis=-1)
        size = (high - low) / (INNER - 1)
        low, high = low + size * np.maximum(place - 2, 0), low + size * np.minimum(place + 2, INNER - 1)
    return best, sign * height


def _peaks(values: Array) -> NDArray[np.bool_]:
    """Which points of grids (P, A, B) are no lower than their eight neighbours."""
    wide = np.pad(values, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    first, second = values.shape[1:]
    peak = np.ones(values.shape, dtype=bool)
    for i in range(3):
        for j in range(3):
            if (i, j) != (1, 1):
                peak &= values >= wide[:, i : i + first, j : j + second]
    return peak


def joint_replies(
    stage: StageGame, profile: Array, objective: Objective, coordinates: NDArray[np.int64], points: int
) -> tuple[Array, Array, Array]:
    """What `best_replies` gives, coordinate by coordinate: each the part of its agent's best reply in both together."""
    own = objective(*stage.evaluate(profile[None]))[0]
    replies, values = profile.copy(), own.copy()
    for agent in np.unique(stage.owner[coordinates]):
        blocks, found = best_blocks(stage, profile[None], objective, int(agent), points=points)
        if found[0] > own[stage.block(agent).start]:
            replies[stage.block(agent)], values[stage.block(agent)] = blocks[0], found[0]
    return replies[coordinates], values[coordinates], own[coordinates]


def commitments(stage: StageGame, agent: int, points: int) -> Array:
    """A grid of an agent's levels and intensities, (Q, 2)."""
    upper = stage.upper[stage.block(agent)]
    lines = [np.linspace(0.0, upper[0], points), np.linspace(0.0, upper[1], points // 2 + 1)]
    lines[0] = np.unique(np.append(lines[0], stage.baseline[stage.block(agent).start]))
    return np.asarray(np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2))


def between(stage: StageGame, agent: int, points: int) -> Array:
    """The middles of the cells of such a grid."""
    upper = stage.upper[stage.block(agent)]
    lines = [(np.arange(count - 1) + 0.5) / (count - 1) * top for count, top in zip(
        (points, points // 2 + 1), upper, strict=True)]  # fmt: skip
    return np.asarray(np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2))


def closing_in(
    values_of: Callable[[Array], Array], start: Array, size: Array, upper: Array, *, inner: int = 9, rounds: int = 40
) -> tuple[Array, float]:
    """Maximise a function of blocks (Q, 2) -> (Q,) around a start, by grids that follow the best point and shrink.

    Parameters
    ----------
    start, size, upper : ndarray (2,)
        Where, how far to either side, and the box.
    """
    unit = np.linspace(-1.0, 1.0, inner)
    moves = np.stack(np.meshgrid(unit, unit, indexing="ij"), axis=-1).reshape(-1, 2)
    best, height = start.copy(), float(values_of(start[None])[0])
    for _ in range(rounds):
        tried = np.clip(best + moves * size, 0.0, upper)
        found = values_of(tried)
        k = int(found.argmax())
        if found[k] > height:
            best, height = tried[k], float(found[k])
        size = 0.5 * size
        if np.all(size <= 1e-10 * upper):
            break
    return best, height
