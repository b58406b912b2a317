"""Arrays out of addresses, rows out of parameter and scratch blocks, and calls of stages."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, typeof_impl
from numba.np import arrayobj

from coopetition.kernels.machine.compiled import Stage, merged
from coopetition.kernels.machine.numbers import (
    AT_SIZE,
    DESCRIPTOR_SIZE,
    SCALARS,
    VECTORS,
    WORK_SINGLES,
    WORK_VECTORS,
    Descriptor,
    Names,
)


@typeof_impl.register(Names)
def _names_as_a_module(namespace: Names, context: Any) -> Any:
    """Numba reads ``Scalar.GAMMA`` as it reads a module's constant."""
    return types.Module(namespace)  # type: ignore[attr-defined]


if numba.config.DISABLE_JIT:

    def _viewer(kind: Any, dimensions: int) -> Any:
        def view(address: int, *shape: int) -> Any:
            size = math.prod(int(length) for length in shape) * np.dtype(kind).itemsize
            block = (ctypes.c_char * size).from_address(int(address))
            return np.frombuffer(block, dtype=kind).reshape(shape)

        return view

else:

    def _viewer(kind: Any, dimensions: int) -> Any:
        array_type = types.Array(numba.from_dtype(np.dtype(kind)), dimensions, "C")

        def build(context: Any, builder: Any, address: Any, shape: Any) -> Any:
            itemsize = context.get_constant(types.intp, np.dtype(kind).itemsize)
            strides = [itemsize] if dimensions == 1 else [builder.mul(shape[1], itemsize), itemsize]
            array = arrayobj.make_array(array_type)(context, builder)
            arrayobj.populate_array(
                array,
                data=builder.inttoptr(address, array.data.type),
                shape=list(shape),
                strides=strides,
                itemsize=itemsize,
                meminfo=None,
            )
            return array._getvalue()

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return build(context, builder, args[0], args[1:])

        if dimensions == 1:

            @intrinsic
            def view(typingctx: Any, address: Any, size: Any) -> Any:
                return array_type(types.int64, types.int64), codegen

        else:

            @intrinsic
            def view(typingctx: Any, address: Any, rows: Any, columns: Any) -> Any:
                return array_type(types.int64, types.int64, types.int64), codegen

        return view


# Arrays of a shape at an address. Nothing owns them: they are good as long as the caller's arrays live.
view_float64 = _viewer(np.float64, 1)
view_int64 = _viewer(np.int64, 1)
view_float32 = _viewer(np.float32, 1)
view_bool = _viewer(np.bool_, 1)
table_float64 = _viewer(np.float64, 2)
table_float32 = _viewer(np.float32, 2)


if numba.config.DISABLE_JIT:

    def address_of(array: Any) -> int:
        """Where an array's numbers lie."""
        return int(array.ctypes.data)

else:

    @intrinsic
    def address_of(typingctx: Any, array: Any) -> Any:
        """Where an array's numbers lie."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            source = arrayobj.make_array(array)(context, builder, args[0])
            return builder.ptrtoint(source.data, ir.IntType(64))

        return types.int64(array), codegen


# The parts of a block of rows, or of parameters, without the bounds arithmetic of a slice. `first_row` and
# `count` say where a field lies; they take Python numbers as well as LLVM values wrapped in `_Arithmetic`.

if numba.config.DISABLE_JIT:

    def _part(first_row: Callable[[Any, Any], Any], count: Callable[[Any], Any]) -> Any:
        def part(block: Any, field: int, n: int) -> Any:
            first = first_row(field, n)
            return block[first : first + count(n)]

        return part

else:

    class _Arithmetic:
        """Sums and products of LLVM integers, written as Python's."""

        def __init__(self, builder: Any, value: Any) -> None:
            self.builder = builder
            self.value = value

        def _other(self, other: Any) -> Any:
            return other.value if isinstance(other, _Arithmetic) else ir.Constant(ir.IntType(64), other)

        def __add__(self, other: Any) -> _Arithmetic:
            return _Arithmetic(self.builder, self.builder.add(self.value, self._other(other)))

        def __mul__(self, other: Any) -> _Arithmetic:
            return _Arithmetic(self.builder, self.builder.mul(self.value, self._other(other)))

        __radd__ = __add__
        __rmul__ = __mul__

    def _part(first_row: Callable[[Any, Any], Any], count: Callable[[Any], Any]) -> Any:
        @intrinsic
        def part(typingctx: Any, block: Any, field: Any, n: Any) -> Any:
            def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                source = arrayobj.make_array(block)(context, builder, args[0])
                place, size = _Arithmetic(builder, args[1]), _Arithmetic(builder, args[2])
                strides = cgutils.unpack_tuple(builder, source.strides)
                shape = cgutils.unpack_tuple(builder, source.shape)
                offset = builder.mul(first_row(place, size).value, strides[0])
                data = builder.gep(builder.bitcast(source.data, cgutils.voidptr_t), [offset])
                array = arrayobj.make_array(block)(context, builder)
                arrayobj.populate_array(
                    array,
                    data=builder.bitcast(data, source.data.type),
                    shape=[count(size).value, *shape[1:]],
                    strides=strides,
                    itemsize=source.itemsize,
                    meminfo=None,
                )
                return array._getvalue()

            return block(block, types.int64, types.int64), codegen

        return part


#: ``rows_of(state, first, count)``: rows of a block.
rows_of = _part(lambda field, n: field, lambda n: n)
#: ``work_vector(work, field, n)``: scratch vector, (n, lanes).
work_vector = _part(lambda field, n: field * n + WORK_SINGLES, lambda n: n)
#: ``work_matrix(work, 0, n)``: the scratch matrix, (n * n, lanes).
work_matrix = _part(lambda field, n: n * WORK_VECTORS + WORK_SINGLES, lambda n: n * n)
#: ``parameter_vector(parameters, field, n)``: parameter vector, (n,).
parameter_vector = _part(lambda field, n: field * n + SCALARS, lambda n: n)
#: ``parameter_matrix(parameters, field, n)``: parameter matrix, row-major (n * n,).
parameter_matrix = _part(lambda field, n: n * VECTORS + SCALARS + field * n * n, lambda n: n * n)


if numba.config.DISABLE_JIT:

    def call_stage(address: int, descriptor: int, state: int, work: int, step: int, first: int) -> None:
        """Run the stage of this number."""
        Stage.known[address](descriptor, state, work, step, first)

else:

    @intrinsic
    def call_stage(typingctx: Any, address: Any, descriptor: Any, state: Any, work: Any, step: Any, first: Any) -> Any:
        """Run the stage at this address."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            integer = ir.IntType(64)
            kind = ir.FunctionType(ir.VoidType(), [integer] * 5)
            builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
            return context.get_dummy_value()

        return types.void(*[types.int64] * 6), codegen


@merged
def parameters_of(d: Any) -> Any:
    """The game's parameter block."""
    return view_float64(d[Descriptor.PARAMETERS], d[Descriptor.PARAMETER_COUNT])


def body(*arguments: Any) -> None:
    """Stands for a stage's own source in the two frames below."""


def _mechanism_frame(descriptor: int, state: int, work: int, step: int, first: int) -> None:
    d = view_int64(descriptor, DESCRIPTOR_SIZE)
    rows = d[Descriptor.STATE_ROWS]
    lanes = d[Descriptor.LANES]
    body(
        view_int64(d[Descriptor.AT], AT_SIZE),
        parameters_of(d),
        table_float64(state, rows, lanes),
        table_float64(work, d[Descriptor.WORK_ROWS], lanes),
    )


def _driver_frame(descriptor: int, state: int, work: int, step: int, first: int) -> None:
    d = view_int64(descriptor, DESCRIPTOR_SIZE)
    rows = d[Descriptor.STATE_ROWS]
    lanes = d[Descriptor.LANES]
    body(
        d,
        view_int64(d[Descriptor.AT], AT_SIZE),
        parameters_of(d),
        table_float64(state, rows, lanes),
        table_float64(work, d[Descriptor.WORK_ROWS] + rows, lanes),
        step,
        first,
        min(lanes, d[Descriptor.END] - first),
    )


def stage(body: Callable[..., None]) -> Stage:
    """A mechanism: a function of ``at, parameters, state, work`` that a game lists among its stages."""
    return Stage(body, _mechanism_frame)


def driver_stage(body: Callable[..., None]) -> Stage:
    """A part of the driver: ``d, at, parameters, state, work, step, first, used``."""
    return Stage(body, _driver_frame)
