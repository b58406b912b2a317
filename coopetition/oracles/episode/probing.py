"""Replies to policies that look: what a probing sequence shows a policy to answer, and what can be made of it.

Against a policy that watches, each candidate is an episode of its own that it sees, so there can be hundreds and not
hundreds of thousands. Three looks are made. The first plays constants, sequences that switch once, pulses, and spends
what was built up in the last steps; what the others answered to the constants shows their thresholds, the rates at
which their answer jumps. The second puts these rates into the beginnings and the ends of the best sequences, and into
pulses. The third moves the best of all a little, as a whole and in its parts. So, for a few batched episodes, a grim
trigger is kept contented until the end, a threshold met exactly, a generous policy taken advantage of now and then, and
a graduated one as far as it is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from coopetition.oracles.episode.moves import Best
from coopetition.oracles.stage.game import Array

#: Values (K,) of rate sequences (K, T), and what the others played on average against each.
Probe = Callable[[Array], tuple[Array, Array]]
#: Rates that are held; those that first pulses are made of; steps on and off; last and first steps that differ.
HELD = np.arange(41) / 40.0
_COARSE = (0.0, 0.3, 0.5, 1.0)
_DUTIES = ((1, 1), (2, 1), (1, 2), (3, 1), (1, 3), (5, 1), (1, 5))
_ENDS = (1, 2, 3, 5, 8, 12, 20, 30)
#: A jump of the others' mean answer between neighbouring rates that shows a threshold; how many are used.
_JUMP, _THRESHOLDS = 0.02, 4


def probe(
    value: Probe, own: Array, marks: Sequence[float], given: Sequence[Array], looks: int = 3
) -> tuple[Array, float]:
    """The best reply (T,) of three looks, and its value.

    Parameters
    ----------
    value : callable
        See `Probe`.
    own : ndarray (T,)
        What the agent's own policy plays: one of the candidates.
    marks : sequence of float
        Rates at which the game changes for the agent.
    given : sequence of ndarray (T,)
        Further candidates.
    looks : int
        How many.
    """
    horizon = len(own)
    best = Best(most=24)

    def see(rows: Array) -> Array:
        heights, answers = value(rows)
        known = iter([heights])
        best.see(lambda _: next(known), rows[:, :, None])
        return answers

    held = np.unique(np.concatenate([HELD, np.asarray(marks, dtype=np.float64)]))
    first = [held[:, None] * np.ones(horizon), own[None], *[row[None] for row in given], *_simple(horizon, marks)]
    rows = np.concatenate(first)
    if looks == 1:
        rows = rows[:: max(1, len(rows) // 400)]
    answers = see(rows)[: len(held)]
    shown = thresholds(held, answers)
    if looks > 1:
        see(_built_on(best.apart(3, cells=2)[0][:, :, 0], sorted({0.0, 1.0, *shown, *_most(marks)})))
    for _ in range(looks - 2):
        see(_moved(best.apart(4, cells=1)[0][:, :, 0], shown))
    return best.tables[0, :, 0], float(best.heights[0])


def thresholds(held: Array, answers: Array) -> list[float]:
    """Rates from which the others answer more (or less) than to the rate before: the largest jumps first."""
    jumps = np.abs(np.diff(answers))
    usual = float(np.median(jumps))
    order = np.argsort(-jumps, kind="stable")[:_THRESHOLDS]
    found: list[float] = []
    for k in order:
        if jumps[k] > _JUMP + 2.0 * usual:
            found += [float(held[k + 1]), float(held[k])]
    return found


def _most(marks: Sequence[float], most: int = 4) -> list[float]:
    return [float(rate) for rate in np.asarray(sorted(marks))[:: max(1, len(marks) // most)]][:most]


def _simple(horizon: int, marks: Sequence[float]) -> list[Array]:
    """Pulses of a few rates, and those and some more rates held to the last steps."""
    rates = sorted({*_COARSE, *_most(marks, 2)})
    pulses = [np.resize([a] * on + [b] * off, horizon) for a in rates for b in rates if a != b for on, off in _DUTIES]
    ends = []
    for rate in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        for last in (1, 2, 5, 10):
            if last < horizon:
                row = np.full(horizon, rate)
                row[-last:] = 0.0
                ends.append(row)
    return [np.array(rows) for rows in (pulses, ends) if rows]


def _built_on(tables: Array, rates: Sequence[float]) -> Array:
    """Other beginnings and ends of the best sequences, and pulses of these rates that are spent at the end."""
    horizon = tables.shape[1]
    rows = []
    cuts = [cut for cut in (*_ENDS, horizon // 2) if cut < horizon]
    for table in tables:
        for cut in cuts:
            for rate in rates:
                late, early = table.copy(), table.copy()
                late[-cut:], early[:cut] = rate, rate
                rows += [late, early]
    for high in rates:
        for low in rates:
            if high <= low:
                continue
            for on, off in _DUTIES:
                row = np.resize([high] * on + [low] * off, horizon)
                spent = row.copy()
                spent[-1:] = 0.0
                rows += [row, spent]
            for cut in cuts:
                row = np.full(horizon, high)
                row[-cut:] = low
                rows.append(row)
    return np.unique(np.array(rows), axis=0)


def _moved(tables: Array, shown: Sequence[float]) -> Array:
    """The best sequences a little higher or lower, where they play one rate, and single steps let go."""
    horizon = tables.shape[1]
    rows = list(tables)
    for table in tables:
        for rate in np.unique(table)[:6]:
            for shift in (-0.1, -0.05, -0.02, -0.01, 0.01, 0.02, 0.05, 0.1):
                rows.append(np.where(table == rate, np.clip(rate + shift, 0.0, 1.0), table))
        for every in (2, 3, 4, 5, 7, 10, 15, 20):
            for rate in (0.0, *shown[1::2]):
                row = table.copy()
                row[every - 1 :: every] = rate
                rows.append(row)
        for cut in (1, 2, 3, 5, 8, 12):
            for rate in (0.0, *shown):
                if cut < horizon:
                    row = table.copy()
                    row[-cut:] = rate
                    rows.append(row)
    return np.unique(np.array(rows), axis=0)
