"""Rows of lanes written to row-major tables, in blocks of eight lanes by eight or four columns.

Agents and trainers want a copy's numbers side by side; kernels want a number's lanes side by side. Written column by
column every number is a store of its own, four bytes wide. A block is transposed in registers instead: eight loads,
24 shuffles and eight stores for 64 numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np import arrayobj

#: Lanes of a block, and columns of a whole one; a narrow one has half as many.
BLOCK = 8
NARROW = 4

if numba.config.DISABLE_JIT:

    def _putter(width: int) -> Callable[..., None]:
        def put(state: Any, rows: Any, scales: Any, column: int, table: Any, lane: int) -> None:
            chosen = slice(column, column + width)
            block = state[rows[chosen], lane : lane + BLOCK] * scales[chosen, np.newaxis]
            table[lane : lane + BLOCK, chosen] = block.T.astype(np.float32)

        return put

else:
    _INDEX = ir.IntType(32)
    # Which numbers of two vectors trade places: singles, then pairs, then halves. Only the last crosses 128 bits,
    # which is dear on most processors.
    _SINGLES = ((0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15))
    _PAIRS = ((0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15))
    _HALVES = ((0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15))
    _HALF = ((0, 1, 2, 3), (4, 5, 6, 7))

    def _shuffled(builder: Any, a: Any, b: Any, places: Sequence[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INDEX, len(places)), list(places)))

    def _by_lane(builder: Any, rows: list[Any]) -> list[Any]:
        """A vector for each of eight lanes, out of eight or four rows of eight lanes."""
        twos = [_shuffled(builder, rows[k], rows[k + 1], mask) for k in range(0, len(rows), 2) for mask in _SINGLES]
        fours = [
            _shuffled(builder, twos[k], twos[k + 2], mask)
            for first in range(0, len(twos), 4)
            for k in (first, first + 1)
            for mask in _PAIRS
        ]
        if len(rows) == NARROW:
            return [_shuffled(builder, four, four, half) for half in _HALF for four in fours]
        return [_shuffled(builder, fours[k], fours[k + 4], half) for half in _HALVES for k in range(4)]

    def _putter(width: int) -> Callable[..., None]:
        lanes = ir.VectorType(ir.DoubleType(), BLOCK)

        @intrinsic
        def put(typingctx: Any, state: Any, rows: Any, scales: Any, column: Any, table: Any, lane: Any) -> Any:
            def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                source, places, factors, target = (
                    arrayobj.make_array(signature.args[k])(context, builder, args[k]) for k in (0, 1, 2, 4)
                )
                first_column, first_lane = args[3], args[5]
                state_lanes = builder.extract_value(source.shape, 1)
                columns = builder.extract_value(target.shape, 1)

                def plus(value: Any, k: int) -> Any:
                    return builder.add(value, ir.Constant(value.type, k))

                seen = []
                for k in range(width):
                    place = plus(first_column, k)
                    row = builder.load(builder.gep(places.data, [place]))
                    start = builder.add(builder.mul(row, state_lanes), first_lane)
                    address = builder.bitcast(builder.gep(source.data, [start]), lanes.as_pointer())
                    factor = builder.load(builder.gep(factors.data, [place]))
                    one = builder.insert_element(ir.Constant(lanes, ir.Undefined), factor, ir.Constant(_INDEX, 0))
                    scaled = builder.fmul(builder.load(address, align=8), _shuffled(builder, one, one, [0] * BLOCK))
                    seen.append(builder.fptrunc(scaled, ir.VectorType(ir.FloatType(), BLOCK)))
                for k, line in enumerate(_by_lane(builder, seen)):
                    cell = builder.add(builder.mul(plus(first_lane, k), columns), first_column)
                    address = builder.bitcast(builder.gep(target.data, [cell]), line.type.as_pointer())
                    builder.store(line, address, align=4)
                return context.get_dummy_value()

            return types.void(state, rows, scales, types.int64, table, types.int64), codegen

        return put


#: ``put_block(state, rows, scales, column, table, lane)``: for eight columns and lanes from those two on,
#: table[lane + l, column + k] = float32(state[rows[column + k], lane + l] * scales[column + k]).
put_block = _putter(BLOCK)
#: The same for four columns.
put_narrow_block = _putter(NARROW)
