"""Rows of lanes written to row-major tables, in blocks of eight rows by eight lanes.

Agents and trainers want a copy's numbers side by side; kernels want a number's lanes side by side. Written column by
column every number is a store of its own, four bytes wide. A block is transposed in registers instead: eight loads,
24 shuffles and eight stores for 64 numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np import arrayobj

#: Rows, and lanes, of a block.
BLOCK = 8

if numba.config.DISABLE_JIT:

    def put_block(state: Any, rows: Any, scales: Any, column: int, table: Any, lane: int) -> None:
        """table[lane + l, column + k] = float32(state[rows[column + k], lane + l] * scales[column + k])."""
        chosen = slice(column, column + BLOCK)
        block = state[rows[chosen], lane : lane + BLOCK] * scales[chosen, np.newaxis]
        table[lane : lane + BLOCK, chosen] = block.T.astype(np.float32)

else:

    def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
        """Eight vectors of eight numbers, transposed: singles, then pairs, then halves trade places."""

        def shuffled(a: Any, b: Any, mask: Sequence[int]) -> Any:
            return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), list(mask)))

        # No shuffle but the last crosses 128 bits: on most processors those are the cheap ones.
        singles = ((0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15))
        pairs = ((0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15))
        halves = ((0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15))
        by_two = [shuffled(rows[k], rows[k + 1], mask) for k in (0, 2, 4, 6) for mask in singles]
        by_four = [shuffled(by_two[k], by_two[k + 2], mask) for k in (0, 1, 4, 5) for mask in pairs]
        return [shuffled(by_four[k], by_four[k + 4], mask) for mask in halves for k in range(4)]

    @intrinsic
    def put_block(typingctx: Any, state: Any, rows: Any, scales: Any, column: Any, table: Any, lane: Any) -> Any:
        """table[lane + l, column + k] = float32(state[rows[column + k], lane + l] * scales[column + k])."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            arrays = [
                arrayobj.make_array(kind)(context, builder, value)
                for kind, value in zip((state, rows, scales, table), (args[0], args[1], args[2], args[4]), strict=True)
            ]
            source, places, factors, target = arrays
            column_value, lane_value = args[3], args[5]
            double, single = ir.DoubleType(), ir.FloatType()
            lanes_of_state = builder.extract_value(source.shape, 1)
            columns = builder.extract_value(target.shape, 1)

            vectors = []
            for k in range(BLOCK):
                place = builder.add(column_value, ir.Constant(ir.IntType(64), k))
                row = builder.load(builder.gep(places.data, [place]))
                first = builder.gep(source.data, [builder.add(builder.mul(row, lanes_of_state), lane_value)])
                wide = builder.load(builder.bitcast(first, ir.VectorType(double, BLOCK).as_pointer()), align=8)
                factor = builder.load(builder.gep(factors.data, [place]))
                scaled = builder.fmul(wide, _splat(builder, factor))
                vectors.append(builder.fptrunc(scaled, ir.VectorType(single, BLOCK)))
            for k, vector in enumerate(_transposed(builder, vectors)):
                line = builder.add(lane_value, ir.Constant(ir.IntType(64), k))
                cell = builder.add(builder.mul(line, columns), column_value)
                where = builder.gep(target.data, [cell])
                builder.store(vector, builder.bitcast(where, vector.type.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(state, rows, scales, types.int64, table, types.int64), codegen

    def _splat(builder: Any, value: Any) -> Any:
        """A vector of one number."""
        vector = ir.Constant(ir.VectorType(value.type, BLOCK), ir.Undefined)
        vector = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK))
