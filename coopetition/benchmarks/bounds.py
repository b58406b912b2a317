"""What the machine allows: the two-agent game's mathematics alone, and its observations alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coopetition.benchmarks.timing import Case
from coopetition.kernels.compiled import compiled
from coopetition.kernels.fastmath import log1p, tanh

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
                value[lane] = log1p(level[lane])
            for lane in range(lanes):
                signal[lane] = tanh(level[lane])
        first = levels[0]
        second = levels[1]
        joint = results[4]
        for lane in range(lanes):
            joint[lane] = math.sqrt(first[lane] * second[lane])


@compiled
def observations(rows: Any, table: Any, times: int) -> None:
    """Write row-major float32 observations from float64 rows, chunk by chunk, column by column."""
    chunks = table.shape[0]
    for _ in range(times):
        for chunk in range(chunks):
            block = table[chunk]
            for column in range(block.shape[1]):
                source = rows[column]
                for lane in range(block.shape[0]):
                    block[lane, column] = np.float32(source[lane])


def bound_cases(copies: int) -> list[Case]:
    """Cases "bound: mathematics" and "bound: observations", in environment steps of the two-agent game."""
    rng = np.random.default_rng(0)
    levels, results = rng.uniform(0.0, 100.0, size=(2, LANES)), np.zeros((5, LANES))
    rows = rng.uniform(size=(COLUMNS, LANES))
    table = np.zeros((max(1, copies // LANES), LANES, COLUMNS), dtype=np.float32)
    return [
        Case("bound: mathematics", lambda count: mathematics(levels, results, count * 16), 16 * LANES),
        Case("bound: observations", lambda count: observations(rows, table, count), table.shape[0] * LANES),
    ]
