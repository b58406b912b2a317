"""Blocks of observations are what one number after the other would be."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.kernels.machine.blocks import BLOCK, NARROW, put_block, put_narrow_block
from coopetition.kernels.machine.compiled import compiled


@compiled
def put_whole(state, rows, scales, column, table, lane):
    put_block(state, rows, scales, column, table, lane)


@compiled
def put_half(state, rows, scales, column, table, lane):
    put_narrow_block(state, rows, scales, column, table, lane)


@pytest.mark.parametrize(("put", "width"), [(put_whole, BLOCK), (put_half, NARROW)])
def test_a_block_is_written_and_nothing_else(put, width):
    rng = np.random.default_rng(0)
    state = rng.normal(size=(7, 24))
    rows = rng.integers(0, 7, size=19)  # some rows more than once, as agents see each other
    scales = rng.uniform(0.1, 2.0, size=19)
    for column in (0, 3, 19 - width):
        for lane in (0, 8, 16):
            table = np.full((24, 19), np.nan, dtype=np.float32)
            put(state, rows, scales, column, table, lane)
            wanted = np.full((24, 19), np.nan, dtype=np.float32)
            for k in range(column, column + width):
                for one in range(lane, lane + BLOCK):
                    wanted[one, k] = np.float32(state[rows[k], one] * scales[k])
            np.testing.assert_array_equal(table, wanted)
