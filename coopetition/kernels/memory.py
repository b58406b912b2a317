"""Arrays out of addresses, and rows out of parameter and scratch blocks."""

from __future__ import annotations

import ctypes
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray
from numba.core import types
from numba.extending import intrinsic

from coopetition.kernels.compiled import inlined
from coopetition.kernels.places import SCALARS, VECTORS, WORK_VECTORS


@inlined
def parameter_vector(parameters: Any, field: int, n: int) -> Any:
    """Parameter vector `field`, (n,)."""
    first = SCALARS + field * n
    return parameters[first : first + n]


@inlined
def parameter_matrix(parameters: Any, field: int, n: int) -> Any:
    """Parameter matrix `field`, row-major (n * n,)."""
    first = SCALARS + VECTORS * n + field * n * n
    return parameters[first : first + n * n]


@inlined
def work_vector(work: Any, field: int, n: int) -> Any:
    """Scratch vector `field`, (n, lanes)."""
    return work[field * n : field * n + n]


@inlined
def work_matrix(work: Any, n: int) -> Any:
    """The scratch matrix, (n * n, lanes)."""
    return work[WORK_VECTORS * n : WORK_VECTORS * n + n * n]


@inlined
def work_single(work: Any, field: int, n: int) -> Any:
    """A scratch row, (lanes,)."""
    return work[WORK_VECTORS * n + n * n + field]


if numba.config.DISABLE_JIT:

    def _view(address: int, size: int, kind: Any) -> Any:
        block = (ctypes.c_char * (size * np.dtype(kind).itemsize)).from_address(address)
        return np.frombuffer(block, dtype=kind)

    def view_float64(address: int, size: int) -> Any:
        """The float64 array of this size at an address."""
        return _view(address, size, np.float64)

    def view_float32(address: int, size: int) -> Any:
        """The float32 array of this size at an address."""
        return _view(address, size, np.float32)

    def view_int64(address: int, size: int) -> Any:
        """The int64 array of this size at an address."""
        return _view(address, size, np.int64)

    def view_bool(address: int, size: int) -> Any:
        """The boolean array of this size at an address."""
        return _view(address, size, np.bool_)

else:

    @intrinsic
    def _pointer(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

        return types.voidptr(types.int64), codegen

    @inlined
    def view_float64(address: int, size: int) -> Any:
        """The float64 array of this size at an address."""
        return carray(_pointer(address), (size,), np.float64)

    @inlined
    def view_float32(address: int, size: int) -> Any:
        """The float32 array of this size at an address."""
        return carray(_pointer(address), (size,), np.float32)

    @inlined
    def view_int64(address: int, size: int) -> Any:
        """The int64 array of this size at an address."""
        return carray(_pointer(address), (size,), np.int64)

    @inlined
    def view_bool(address: int, size: int) -> Any:
        """The boolean array of this size at an address."""
        return carray(_pointer(address), (size,), np.bool_)
