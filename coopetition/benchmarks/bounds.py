"""What the machine allows: the two-agent game's mathematics alone, and its observations alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coopetition.batching.memory import aligned_zeros
from coopetition.benchmarks.timing import Case
from coopetition.kernels.fastmath import log1p_of_level, tanh
from coopetition.kernels.machine.blocks import BLOCK, put_block, put_narrow_block
from coopetition.kernels.machine.compiled import compiled

LANES = 128
COLUMNS = 12


@compiled
def mathematics(levels: Any, results: Any, times: int) -> None:
    """Two log1p, two tanh and one sqrt a lane, from rows to rows."""
    lanes = levels.shape[1]
    for _ in range(times):
        for i in range(2):
            level = levels[i]
            value = results[i]
            signal = results[2 + i]
            for lane in range(lanes):
                value[lane] = log1p_of_level(level[lane])
            for lane in range(lanes):
                signal[lane] = tanh(level[lane])
        first = levels[0]
        second = levels[1]
        joint = results[4]
        for lane in range(lanes):
            joint[lane] = math.sqrt(first[lane] * second[lane])


@compiled
def observations(state: Any, rows: Any, scales: Any, table: Any, times: int) -> None:
    """Write twelve columns of row-major float32 observations (chunks, lanes, 12) from float64 rows, in blocks."""
    for _ in range(times):
        for chunk in range(table.shape[0]):
            block = table[chunk]
            for lane in range(0, block.shape[0], BLOCK):
                put_block(state, rows, scales, 0, block, lane)
                put_narrow_block(state, rows, scales, BLOCK, block, lane)


def bound_cases(copies: int) -> list[Case]:
    """Cases "bound: mathematics" and "bound: observations", in environment steps of the two-agent game."""
    rng = np.random.default_rng(0)
    levels, state = aligned_zeros((2, LANES), np.float64), aligned_zeros((COLUMNS, LANES), np.float64)
    levels[:], state[:] = rng.uniform(0.0, 100.0, size=levels.shape), rng.uniform(size=state.shape)
    results = aligned_zeros((5, LANES), np.float64)
    table = aligned_zeros((max(1, copies // LANES), LANES, COLUMNS), np.float32)
    rows, scales = np.arange(COLUMNS), np.ones(COLUMNS)
    return [
        Case("bound: mathematics", lambda count: mathematics(levels, results, count * 16), 16 * LANES),
        Case(
            "bound: observations",
            lambda count: observations(state, rows, scales, table, count),
            table.shape[0] * LANES,
        ),
    ]
