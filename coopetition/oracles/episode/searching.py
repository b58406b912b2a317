"""Search for the best sequences: structured ones first, then climbs, evolution and local moves.

Good play of trust is often not constant: it *pulses*, a few steps of everything and a few of what is expected, and no
gradient leads there. So a search looks, in this order, at the sequences it is given, at pulses of two rates, at pulses
that follow one another (`composed`), climbs from the best of them by finite differences (L-BFGS-B; `climbing`), jumps
to where the gradient's sign points, evolves blocks from coarse to fine (SciPy's differential evolution), anneals a
population of sequences by moves of blocks, and takes the best move of a whole neighbourhood as long as one gains.
Everything is evaluated by batched rollouts; a search is deterministic given its seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from coopetition.oracles.episode.climbing import ENOUGH, climb
from coopetition.oracles.episode.moves import CHEAP, Best, Value, descend
from coopetition.oracles.episode.starts import CONSTANTS, FINE, switching_sequences
from coopetition.oracles.stage.game import Array

#: Steps on and off of the first pulses, and the longest of those that are put together.
DUTIES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 3), (2, 3), (3, 2), (1, 4), (4, 1), (4, 4), (6, 6))
#: Rates that pulses are made of, beside what the game marks.
COARSE = tuple(round(0.1 * k, 1) for k in range(11))


@dataclass(frozen=True)
class Effort:
    """How much a search does.

    Attributes
    ----------
    longest : int
        Steps on and off of composed pulses at most.
    beam, rounds : int
        Sequences that pulses are put into, and rounds of it at most.
    most : int
        Sequences a round at most, for a horizon of 100.
    climbs, iterations : int
        Starts that are climbed, iterations of each.
    generations : int
        Of differential evolution, for each grid of blocks.
    chains, steps : int
        Of annealing.
    passes : int
        Looks at the neighbourhood.
    sweeps : int
        Rounds of each agent improving its own sequence.
    pairs : bool
        Whether pairs of steps are moved, and each agent's own sequence by blocks and shifts too.
    """

    longest: int = 6
    beam: int = 4
    rounds: int = 4
    most: int = 24_000
    climbs: int = 3
    iterations: int = 40
    generations: int = 30
    chains: int = 64
    steps: int = 500
    passes: int = 30
    sweeps: int = 3
    pairs: bool = True


EFFORTS = {
    "quick": Effort(4, 2, 2, 6_000, 1, 12, 8, 32, 150, 3, 1, pairs=False),
    "default": Effort(),
    "thorough": Effort(8, 8, 8, 120_000, 6, 150, 100, 256, 3000, 100, 20),
}


def search_sequences(
    value: Value, starts: Array, marks: Sequence[float], effort: Effort, *, seed: int = 0
) -> tuple[Array, float]:
    """The best sequence (T, R) of rates that is found, and its value.

    Parameters
    ----------
    value : callable
        Of sequences (K, T, R): (K,).
    starts : ndarray (K, T, R)
        Where to begin; all are evaluated.
    marks : sequence of float
        Rates at which something changes.
    """
    _, horizon, roles = starts.shape
    best = Best()
    best.see(value, starts)
    first, first_height = best.tables[0], float(best.heights[0])
    pairs = _pulses(value, best, horizon, roles, marks)
    _compose(value, best, pairs, effort)
    enough = ENOUGH * (1.0 + abs(float(best.heights[0])))
    points, heights = best.apart(effort.climbs)
    if not any(np.array_equal(first, point) for point in points):
        points, heights = np.concatenate([points, first[None]]), np.append(heights, first_height)
    for point, height in zip(points, heights, strict=True):
        found, reached, slope = climb(value, point, float(height), effort.iterations)
        best.see(value, np.concatenate([found[None], bang_bang(found, slope, sorted({0.0, 1.0, *marks}))]))
    _evolve(value, best, effort, seed)
    palette = palette_of(best.tables[:4], marks)
    _anneal(value, best, palette, effort, seed)
    point, height = best.tables[0], float(best.heights[0])
    for _ in range(1 + effort.passes // 10):
        before = height
        palette = palette_of(point[None], marks)
        point, height = descend(value, point, height, palette, passes=effort.passes, enough=enough, pairs=effort.pairs)
        found, reached, _ = climb(value, point, height, effort.iterations)
        if reached > height:
            point, height = found, reached
        if height - before <= enough:
            break
    return point, height


def improve(
    value: Value, own: Array, marks: Sequence[float], effort: Effort, *, widely: bool, names: Sequence[str] = CHEAP
) -> tuple[Array, float]:
    """One agent's better sequence (T, 1), from its own: constants, switches and pulses if it looks widely; then climbs
    and moves.

    Parameters
    ----------
    names : sequence of str
        Families of moves that are made.

    Returns
    -------
    point : ndarray (T, 1)
    height : float
        Never less than that of its own.
    """
    horizon = len(own)
    best = Best()
    best.see(value, own[None])
    if widely:
        rows = switching_sequences(horizon, sorted({*marks, *FINE}), sorted(marks))
        best.see(value, np.concatenate([CONSTANTS[:, None] * np.ones(horizon), rows])[:, :, None])
        _pulses(value, best, horizon, 1, marks)
    begin = [own] if np.array_equal(best.tables[0], own) else [own, best.tables[0]]
    for start in begin:
        point, reached = start, float(value(start[None])[0])
        for _ in range(3):
            before = reached
            point, reached, _ = climb(value, point, reached, effort.iterations)
            palette = palette_of(point[None], marks)
            enough = ENOUGH * (1.0 + abs(reached))
            point, reached = descend(
                value, point, reached, palette, passes=effort.passes, enough=enough, names=names, pairs=False
            )
            if reached - before <= enough:
                break
        best.see(value, point[None])
    return best.tables[0], float(best.heights[0])


def bang_bang(point: Array, slope: Array, rates: Sequence[float]) -> Array:
    """Sequences (K, T, R) that go where the gradient's sign points: all steps, or those where it is steep."""
    steep = np.abs(slope)
    tables = []
    for part in (1.0, 0.5, 0.25, 0.1):
        moved = steep >= np.quantile(steep, 1.0 - part)
        for low in [rate for rate in rates if rate < 1.0]:
            tables.append(np.where(moved, np.where(slope > 0.0, 1.0, low), point))
    return np.array(tables)


def palette_of(tables: Array, marks: Sequence[float], most: int = 5) -> list[float]:
    """The rates that some sequences mostly play, with none and all; marks where there is room for more."""
    rates, counts = np.unique(np.round(tables, 4), return_counts=True)
    chosen = [0.0, 1.0, *rates[np.argsort(-counts, kind="stable")][:3].tolist(), *marks]
    kept: list[float] = []
    for rate in chosen:
        if all(abs(rate - other) > 0.02 for other in kept):
            kept.append(float(rate))
    return sorted(kept[:most])


def _pulses(value: Value, best: Best, horizon: int, roles: int, marks: Sequence[float]) -> list[tuple[float, float]]:
    """See pulses of two rates, all roles together and in turn, and name the best pairs of rates."""
    rates: list[float] = []
    for rate in (*marks, *COARSE):
        if all(abs(rate - other) > 0.02 for other in rates):
            rates.append(float(rate))
    rates = sorted(rates)[:: max(1, len(rates) // 14)]
    pairs = [(one, other) for one in rates for other in rates if one != other]
    rows = np.array([np.resize([one] * on + [other] * off, horizon) for one, other in pairs for on, off in DUTIES])
    heights = [best.see(value, np.repeat(rows[:, :, None], roles, axis=2))]
    if roles > 1:  # every other role at the other rate
        turned = np.array(
            [np.resize([other] * on + [one] * off, horizon) for one, other in pairs for on, off in DUTIES]
        )
        odd = np.arange(roles) % 2 == 1
        heights.append(best.see(value, np.where(odd, turned[:, :, None], rows[:, :, None])))
    top = np.max(heights, axis=0)
    named: list[tuple[float, float]] = []
    for k in np.argsort(-top, kind="stable"):
        one, other = sorted(pairs[int(k) // len(DUTIES)])
        if (one, other) not in named:
            named.append((one, other))
        if len(named) == 3:
            break
    return named


def patterns(horizon: int, pairs: Sequence[tuple[float, float]], longest: int) -> Array:
    """Pulses (K, T) of these pairs of rates, high first and low first, and constants."""
    rows = []
    for low, high in pairs:
        for on in range(1, longest + 1):
            for off in range(1, longest + 1):
                rows.append(np.resize([high] * on + [low] * off, horizon))
                rows.append(np.resize([low] * off + [high] * on, horizon))
    rows += [np.full(horizon, rate) for rate in sorted({rate for pair in pairs for rate in pair})]
    return np.unique(np.array(rows), axis=0)


def _compose(value: Value, best: Best, pairs: list[tuple[float, float]], effort: Effort) -> None:
    """Put pulses behind the beginnings of the best sequences, of all roles or of one, as long as that gains."""
    _, horizon, roles = best.tables.shape
    rows = patterns(horizon, pairs, effort.longest)
    most = int(effort.most * min(1.0, 100.0 / horizon))
    casts = [np.arange(roles)] if roles == 1 else [np.arange(roles), *[np.array([role]) for role in range(roles)]]
    seen: set[bytes] = set()
    for turn in range(effort.rounds):
        before = float(best.heights[0])
        who = casts[0] if turn == 0 or roles == 1 else None
        tables, _ = best.apart(effort.beam)
        fresh = [table for table in tables if (table.tobytes() not in seen) or who is None]
        if not fresh:
            break
        options = casts if who is None else [who]
        stride = max(1, -(-len(fresh) * len(options) * len(rows) * horizon // most))
        for table in fresh:
            seen.add(table.tobytes())
            for cast in options:
                for begin in range(turn % stride, horizon, stride):
                    trials = np.repeat(table[None], len(rows), axis=0)
                    trials[:, begin:, cast] = rows[:, : horizon - begin, None]
                    best.see(value, trials)
        if turn > 0 and float(best.heights[0]) - before <= 1e-6 * (1.0 + abs(before)):
            break


def _evolve(value: Value, best: Best, effort: Effort, seed: int) -> None:
    """Differential evolution of blocks of steps, on finer and finer grids, each from the best of the one before."""
    _, horizon, roles = best.tables.shape
    rng = np.random.default_rng(seed)
    for pieces in (4, 8, 16):
        if pieces > horizon or effort.generations < 1:
            break
        edges = np.arange(horizon) * pieces // horizon
        centres = np.array([int(np.flatnonzero(edges == piece)[0]) for piece in range(pieces)])

        def loss(points: Array, edges: NDArray[np.int64] = edges, pieces: int = pieces) -> Array:
            tables = points.T.reshape(-1, pieces, roles)[:, edges]
            return -best.see(value, tables)

        size = pieces * roles
        count = min(max(4 * size, 24), 96)
        known = np.stack([table[centres].reshape(-1) for table in best.tables[: count // 4]])
        population = rng.uniform(size=(count, size))
        population[: len(known)] = known
        population[len(known) : count // 2] = np.clip(
            known[rng.integers(len(known), size=count // 2 - len(known))]
            + rng.normal(0.0, 0.1, size=(count // 2 - len(known), size)),
            0.0,
            1.0,
        )
        differential_evolution(
            loss,
            [(0.0, 1.0)] * size,
            init=population,
            vectorized=True,
            updating="deferred",
            polish=False,
            maxiter=effort.generations,
            seed=seed,
            tol=0.0,
        )


def _anneal(value: Value, best: Best, palette: Sequence[float], effort: Effort, seed: int) -> None:
    """Anneal a population of sequences: blocks set to a rate, windows shifted, stretches moved a little."""
    rng = np.random.default_rng(seed + 1)
    _, horizon, roles = best.tables.shape
    chains, steps = effort.chains, effort.steps
    pick = np.resize(np.arange(min(len(best.tables), 16)), chains)
    now, heights = best.tables[pick].copy(), best.heights[pick].copy()
    scale = 1.0 + abs(float(best.heights[0]))
    rates = np.asarray(palette)
    time = np.arange(horizon)
    for step in range(steps):
        warmth = scale * 1e-3 * 0.01 ** (step / steps)
        kind = rng.random(chains)
        first = rng.integers(0, horizon, size=chains)[:, None]
        last = first + np.minimum(rng.geometric(np.where(kind < 0.3, 0.06, 0.25)), horizon)[:, None]
        inside = (time >= first) & (time < last)
        who = rng.integers(0, 2 * roles, size=chains)[:, None]  # half of the moves are of all roles
        mask = inside[:, :, None] & ((who == np.arange(roles)) | (who >= roles))[:, None, :]
        source = np.clip(time - np.where(inside, rng.choice([-2, -1, 1, 2], size=chains)[:, None], 0), 0, horizon - 1)
        shifted = np.take_along_axis(now, source[:, :, None], axis=1)
        moved = np.clip(now + rng.normal(0.0, 0.1, size=chains)[:, None, None], 0.0, 1.0)
        change = np.where((kind > 0.9)[:, None, None], moved, rng.choice(rates, size=chains)[:, None, None])
        change = np.where((kind < 0.3)[:, None, None], shifted, change)
        trials = np.where(mask, change, now)
        found = best.see(value, trials)
        taken = rng.random(chains) < np.exp(np.minimum((found - heights) / warmth, 0.0))
        now[taken], heights[taken] = trials[taken], found[taken]
        if step % 100 == 99:  # the worst quarter starts again from the best
            order = np.argsort(-heights, kind="stable")
            quarter = chains // 4
            now[order[-quarter:]], heights[order[-quarter:]] = now[order[:quarter]], heights[order[:quarter]]
