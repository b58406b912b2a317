"""Moves between sequences: what a local search tries, and what "converged" is said of.

A sequence is a table (T, R) of rates in [0, 1], a column for each role; agents that play alike share one. Moves are
made in tables (K, T, R) and evaluated by batched rollouts, thousands at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.stage.game import Array

Value = Callable[[Array], Array]

#: Lengths of the blocks that are set to one rate, and of the windows that are shifted by a step.
BLOCKS, WINDOWS = (1, 2, 3, 4, 5, 6, 8, 12, 20, 40), (2, 3, 5, 8, 13, 21, 34, 55)
#: How far apart two steps may be that are set together; what single steps are moved by.
APART, SHIFTS = 4, (-0.05, -0.005, -0.0005, 0.0005, 0.005, 0.05)
#: Sequences a call of the value function at most, and how many of the best moves are kept to be combined.
CHUNK, KEPT = 4096, 48
#: What all other steps are moved by where one step is traded for them.
TRADED = (-0.02, -0.005, -0.001, -0.0002, 0.0002, 0.001, 0.005, 0.02)
#: The families of moves, as results name them; those of one agent's replies.
NEIGHBOURHOOD = ("single steps", "blocks", "shifts", "pairs of steps")
CHEAP = NEIGHBOURHOOD[:3]
OF_REPLIES = (*CHEAP, "trades")


@dataclass
class Best:
    """The best sequences seen so far.

    Attributes
    ----------
    most : int
        How many are kept.
    tables : ndarray (M, T, R)
    heights : ndarray (M,)
        In falling order.
    """

    most: int = KEPT
    tables: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))
    heights: Array = field(default_factory=lambda: np.zeros(0))

    def see(self, value: Value, tables: Array) -> Array:
        """Evaluate sequences (K, T, R) and keep the best: heights (K,)."""
        heights = np.concatenate([value(tables[first : first + CHUNK]) for first in range(0, len(tables), CHUNK)])
        if not np.all(np.isfinite(heights)):
            raise ValueError("an episode's value is not finite")
        top = np.argsort(-heights, kind="stable")[: self.most]
        joined = np.concatenate([self.heights, heights[top]])
        everything = tables[top] if not len(self.tables) else np.concatenate([self.tables, tables[top]])
        order = np.argsort(-joined, kind="stable")[: self.most]
        self.tables, self.heights = everything[order], joined[order]
        return heights

    def apart(self, count: int, cells: int = 4) -> tuple[Array, Array]:
        """The best `count` that differ from each other in at least so many cells: tables and heights."""
        chosen: list[int] = []
        for k in range(len(self.heights)):
            if all((np.abs(self.tables[k] - self.tables[other]) > 1e-3).sum() >= cells for other in chosen):
                chosen.append(k)
            if len(chosen) >= count:
                break
        return self.tables[chosen], self.heights[chosen]


def casts(roles: int) -> list[NDArray[np.int64]]:
    """Who moves together: each role alone, and all of them."""
    alone = [np.array([role]) for role in range(roles)]
    return alone if roles == 1 else [*alone, np.arange(roles)]


def single_steps(point: Array, palette: Sequence[float]) -> Iterator[Array]:
    """Each step of each role at every rate of the palette, and moved a little."""
    horizon, roles = point.shape
    steps = np.arange(horizon)
    for role in range(roles):
        for rate in palette:
            table = np.repeat(point[None], horizon, axis=0)
            table[steps, steps, role] = rate
            yield table
        for shift in SHIFTS:
            table = np.repeat(point[None], horizon, axis=0)
            table[steps, steps, role] = np.clip(point[:, role] + shift, 0.0, 1.0)
            yield table


def main_rates(point: Array, palette: Sequence[float], most: int = 3) -> list[float]:
    """The rates of the palette that a sequence plays most, for moves that would be too many with all."""
    played = [int((np.abs(point - rate) < 0.01).sum()) for rate in palette]
    order = np.argsort(-np.array(played), kind="stable")[:most]
    return sorted(float(palette[k]) for k in order)


def pairs_of_steps(point: Array, palette: Sequence[float]) -> Iterator[Array]:
    """Any two steps exchanged, and two steps close to each other set to two rates."""
    horizon, roles = point.shape
    main = main_rates(point, palette)
    first, second = np.triu_indices(horizon, 1)
    for who in casts(roles):
        differ = np.any(point[first][:, who] != point[second][:, who], axis=1)
        one, other = first[differ], second[differ]
        for begin in range(0, len(one), CHUNK):
            a, b = one[begin : begin + CHUNK], other[begin : begin + CHUNK]
            table = np.repeat(point[None], len(a), axis=0)
            rows = np.arange(len(a))[:, None]
            table[rows, a[:, None], who], table[rows, b[:, None], who] = point[b][:, who], point[a][:, who]
            yield table
        for apart in range(1, min(APART, horizon - 1) + 1):
            a = np.arange(horizon - apart)
            rows = a[:, None]
            for early in main:
                for late in main:
                    table = np.repeat(point[None], len(a), axis=0)
                    table[rows, rows, who], table[rows, rows + apart, who] = early, late
                    yield table
    for one_role in range(roles):  # two roles at one step
        for other_role in range(one_role + 1, roles):
            steps = np.arange(horizon)
            for early in main:
                for late in main:
                    table = np.repeat(point[None], horizon, axis=0)
                    table[steps, steps, one_role], table[steps, steps, other_role] = early, late
                    yield table


def blocks(point: Array, palette: Sequence[float]) -> Iterator[Array]:
    """Every block of steps, of one role or of all, at one rate."""
    horizon, roles = point.shape
    steps = np.arange(horizon)
    for length in BLOCKS:
        if length > horizon:
            break
        starts = np.arange(horizon - length + 1)
        inside = (steps >= starts[:, None]) & (steps < starts[:, None] + length)
        for who in casts(roles):
            if length == 1 and len(who) == 1:
                continue  # a single step
            for rate in palette:
                mask = np.zeros((len(starts), horizon, roles), dtype=np.bool_)
                mask[:, :, who] = inside[:, :, None]
                yield np.where(mask, rate, point)


def shifts(point: Array) -> Iterator[Array]:
    """Every window of steps, of one role or of all, a step earlier or later."""
    horizon, roles = point.shape
    steps = np.arange(horizon)
    for length in sorted({min(window, horizon) for window in (*WINDOWS, horizon)}):
        starts = np.arange(horizon - length + 1)
        inside = (steps >= starts[:, None]) & (steps < starts[:, None] + length)
        for who in casts(roles):
            for by in (-1, 1):
                source = np.clip(steps - by * inside, 0, horizon - 1)
                table = np.repeat(point[None], len(starts), axis=0)
                table[:, :, who] = point[source][:, :, who]
                yield table


def trades(point: Array, palette: Sequence[float]) -> Iterator[Array]:
    """Every step of each role at every rate of the palette, and all its other steps moved a little to make up for it.

    Where a game goes on as long as trust stays above a threshold, good play lies on the edge: nothing can be spent in
    one step that is not earned in others.
    """
    horizon, roles = point.shape
    steps = np.arange(horizon)
    for role in range(roles):
        for by in TRADED:
            moved = point.copy()
            moved[:, role] = np.where(
                (point[:, role] > 0.0) & (point[:, role] < 1.0), np.clip(point[:, role] + by, 0.0, 1.0), point[:, role]
            )
            for rate in palette:
                table = np.repeat(moved[None], horizon, axis=0)
                table[steps, steps, role] = rate
                yield table


def family(name: str, point: Array, palette: Sequence[float]) -> Iterator[Array]:
    """The moves of one family of `NEIGHBOURHOOD` or `OF_REPLIES`."""
    if name == "single steps":
        return single_steps(point, palette)
    if name == "pairs of steps":
        return pairs_of_steps(point, palette)
    if name == "trades":
        return trades(point, palette)
    return blocks(point, palette) if name == "blocks" else shifts(point)


def gathered(tables: Iterator[Array]) -> Iterator[Array]:
    """The same tables in parts of about a chunk."""
    part: list[Array] = []
    size = 0
    for table in tables:
        part.append(table)
        size += len(table)
        if size >= CHUNK:
            yield np.concatenate(part)
            part, size = [], 0
    if part:
        yield np.concatenate(part)


def neighbours(
    value: Value, point: Array, height: float, palette: Sequence[float], names: Sequence[str] = NEIGHBOURHOOD
) -> tuple[Best, dict[str, float]]:
    """Look at a sequence's neighbours: the best of them, and the gain of each family's best move."""
    best, gains = Best(), {}
    for name in names:
        top = height
        for part in gathered(family(name, point, palette)):
            top = max(top, float(best.see(value, part).max()))
        gains[name] = top - height
    return best, gains


def combined(value: Value, point: Array, height: float, best: Best) -> tuple[Array, float]:
    """The best moves together, as many as help: singly they gain, jointly they may not."""
    helpful = best.tables[best.heights > height]
    if not len(helpful):
        return point, height
    trials, current = [], point.copy()
    touched = np.zeros(point.shape, dtype=np.bool_)
    for table in helpful:
        changed = table != point
        if (changed & touched).any():
            continue
        current = np.where(changed, table, current)
        touched |= changed
        trials.append(current)
    found = value(np.array(trials))
    k = int(found.argmax())
    return (trials[k], float(found[k])) if found[k] >= best.heights[0] else (best.tables[0], float(best.heights[0]))


def descend(
    value: Value,
    point: Array,
    height: float,
    palette: Sequence[float],
    *,
    passes: int,
    enough: float,
    names: Sequence[str] = CHEAP,
    pairs: bool = True,
) -> tuple[Array, float]:
    """Take the best moves as long as they gain.

    Parameters
    ----------
    passes : int
        Looks at most; pairs are only looked at where nothing else gains.
    names : sequence of str
        The families that are always looked at.
    enough : float
        A gain that counts as none.
    """
    for _ in range(passes):
        best, _ = neighbours(value, point, height, palette, names)
        if best.heights[0] - height <= enough:
            if not pairs:
                break
            best, _ = neighbours(value, point, height, palette, ("pairs of steps",))
            if not len(best.heights) or best.heights[0] - height <= enough:
                break
        point, height = combined(value, point, height, best)
    return point, height
