"""What agents see, written to tables: the part of the driver that shows a chunk's state."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.kernels.machine.blocks import BLOCK, NARROW, put_block, put_narrow_block
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import (
    address_of,
    call_stage,
    driver_stage,
    table_float32,
    table_float64,
    view_float32,
    view_float64,
    view_int64,
)
from coopetition.kernels.machine.numbers import Descriptor, Scalar


@merged
def call_part(part: int, d: Any, state: Any, work: Any, step: int, first: int) -> None:
    """Run another stage on the same chunk, by its address: what few batches need is compiled for those alone."""
    call_stage(part, address_of(d), address_of(state), address_of(work), step, first)


@merged
def write_view(d: Any, state: Any, view: int, first: int, used: int) -> None:
    """Write a view: each column is a state row times its scale."""
    columns = d[Descriptor.OBSERVATION_COLUMNS + view]
    rows = view_int64(d[Descriptor.OBSERVATION_ROWS + 2 * view], columns)
    scales = view_float64(d[Descriptor.OBSERVATION_SCALES + 2 * view], columns)
    table = table_float32(d[Descriptor.OBSERVATIONS + view] + 4 * first * columns, used, columns)
    blocked = used - used % BLOCK if columns >= BLOCK else 0
    whole = columns - columns % BLOCK
    for lane in range(0, blocked, BLOCK):
        for column in range(0, whole, BLOCK):
            put_block(state, rows, scales, column, table, lane)
        # What is left over lies in a block that overlaps the one before.
        if columns - whole > NARROW:
            put_block(state, rows, scales, columns - BLOCK, table, lane)
        elif columns > whole:
            put_narrow_block(state, rows, scales, columns - NARROW, table, lane)
    if blocked < used:
        for column in range(columns):
            source = state[rows[column]]
            scale = scales[column]
            for lane in range(blocked, used):
                table[lane, column] = np.float32(source[lane] * scale)


@driver_stage
def show(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Write the agents' observations and the joint state, where the caller wants them; the last step's, or each."""
    if d[Descriptor.RECORD] == 0 and step < d[Descriptor.STEPS] - 1:
        return
    for view in range(2):
        if d[Descriptor.OBSERVATIONS + view] != 0:
            write_view(d, state, view, first, used)
    if d[Descriptor.OBSERVATIONS] != 0 and d[Descriptor.NOISE_COLUMNS] > 0:
        call_part(d[Descriptor.BLUR], d, state, work, step, first)


@driver_stage
def blur(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Put noise on the columns that are seen with it."""
    noisy = d[Descriptor.NOISE_COLUMNS]
    columns = d[Descriptor.OBSERVATION_COLUMNS]
    rows = view_int64(d[Descriptor.OBSERVATION_ROWS], columns)
    table = table_float32(d[Descriptor.OBSERVATIONS] + 4 * first * columns, used, columns)
    noise = table_float64(d[Descriptor.NOISE] + 8 * first * noisy, used, noisy)
    where = view_int64(d[Descriptor.NOISE_PLACES], noisy)
    deviation = parameters[Scalar.NOISE_DEVIATION]
    for lane in range(used):
        for k in range(noisy):
            seen = state[rows[where[k]], lane] + deviation * noise[lane, k]
            seen = seen if seen > 0.0 else 0.0
            table[lane, where[k]] = np.float32(seen if seen < 1.0 else 1.0)


@merged
def keep_final_view(source: int, target: int, columns: int, copies: int, copy: int) -> None:
    """Copy one copy's view from the table at address `source` to the one at `target`."""
    if source != 0 and target != 0:
        seen = view_float32(source, copies * columns)
        kept = view_float32(target, copies * columns)
        for column in range(copy * columns, (copy + 1) * columns):
            kept[column] = seen[column]
