"""How kernels are compiled: the decorators of all compiled code, and the stages of a step.

What has been compiled is kept on disk; `coopetition.kernels.machine.cache` says where, and under which names.
"""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numba

from coopetition.kernels.machine.cache import KernelCache, digest_of

F = TypeVar("F", bound=Callable[..., Any])

# Strict IEEE float64: fastmath gains little and breaks the equality of one copy and many. Kernels only work on
# views of memory that their caller owns, so reference counting is off; it would cost more than the mathematics
# of a single copy.
SETTINGS = {"error_model": "numpy", "nogil": True, "_nrt": False, "no_cfunc_wrapper": True}


def compiled(function: F | None = None, **options: Any) -> Any:
    """Compile a kernel that Python calls, cached on disk where a folder is writable."""
    if function is None:
        return lambda later: compiled(later, **options)
    settings = {**SETTINGS, **options}
    if numba.config.DISABLE_JIT:
        return function
    source = function.__code__
    origin = hashlib.sha256(source.co_filename.encode() + source.co_code).hexdigest()[:12]
    dispatcher = numba.njit(**settings)(_renamed(function, f"{function.__qualname__}_{origin}"))
    dispatcher._cache = KernelCache(dispatcher.py_func, settings)
    return functools.update_wrapper(dispatcher, function)


def _renamed(function: Callable[..., Any], name: str, parts: dict[str, Any] | None = None) -> types.FunctionType:
    """A copy under another name, which becomes its symbol; some of its globals replaced.

    A process has one table of symbols. Were two packages' functions of one name loaded under one symbol, one of them
    would run the other's code.
    """
    assert isinstance(function, types.FunctionType)
    names = {**function.__globals__, **parts} if parts else function.__globals__
    copy = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__module__, copy.__qualname__, copy.__kwdefaults__ = function.__module__, name, function.__kwdefaults__
    return copy


def entry_point(kernel: Any, signature: str = "int64(int64)") -> Callable[..., Any]:
    """A compiled kernel without Numba's choice among signatures, a good third of what calling it costs."""
    if numba.config.DISABLE_JIT:
        called: Callable[..., Any] = kernel
    else:
        called = kernel.compile(signature)
    return called


def merged(function: F) -> F:
    """A part of a kernel that Numba merges into its callers, so that LLVM optimises it there and only once."""
    return numba.njit(**{**SETTINGS, "inline": "always"})(function)


def inlined(function: F) -> F:
    """A formula for use in a lane loop: LLVM must inline it, or the loop does not vectorise."""
    return numba.njit(error_model="numpy", nogil=True, forceinline=True)(function)


class Stage:
    """One part of a step, compiled by itself and called through its address.

    A game is a list of stages. LLVM sees each of them once, however many games share it; a step compiled
    as one function would be optimised anew for every game, in tens of seconds.

    Parameters
    ----------
    body : function
        Python source of the stage.
    frame : function
        Turns the five integers of the call (addresses of descriptor, state and scratch; step; first copy) into
        the arguments of ``body``, a name that it calls.
    """

    known: ClassVar[list[Stage]] = []

    def __init__(self, body: Callable[..., None], frame: Callable[..., None]) -> None:
        self.__doc__ = body.__doc__
        self.body = body
        self.frame = frame
        self.number = len(Stage.known)
        Stage.known.append(self)
        self._compiled: Any = None

    def _framed(self) -> types.FunctionType:
        # Numba compiles no closure over another kernel into a cache, but it does this copy, which has globals of its
        # own. Its name, which becomes its symbol, says what it was made from.
        frame = self.frame
        body = self.body if numba.config.DISABLE_JIT else merged(self.body)
        copy = _renamed(frame, frame.__qualname__, {"body": body})
        copy.__module__, copy.__name__ = self.body.__module__, self.body.__name__
        copy.__qualname__ = f"{self.body.__qualname__}_{digest_of(copy)[:16]}"
        return copy

    def address(self) -> int:
        """Where the machine code lies; compiled, or loaded from the cache, when first asked for."""
        if numba.config.DISABLE_JIT:
            return self.number
        if self._compiled is None:
            from numba.core.ccallback import CFunc
            from numba.core.sigutils import normalize_signature

            signature = normalize_signature("void(int64, int64, int64, int64, int64)")
            options = {**SETTINGS, "no_cfunc_wrapper": False}
            framed = self._framed()
            kernel: Any = CFunc(framed, signature, locals={}, options=options)
            kernel._cache = KernelCache(framed, options)
            kernel.compile()
            self._compiled = kernel
        return int(self._compiled.address)

    def __call__(self, *arguments: int) -> None:
        """Run the stage without compiling it."""
        if self._compiled is None:
            self._compiled = self._framed()
        self._compiled(*arguments)
