"""How kernels are compiled and cached.

Numba's on-disk cache watches the file of a function, not the files of the functions it calls. The cache
folder is therefore named by a hash of all kernel sources: a change in any of them starts a fresh folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pathlib
import tempfile
import types
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("coopetition")

PACKAGE = pathlib.Path(__file__).resolve().parents[2]


def _hash_of_kernel_sources() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in ("kernels", "envs"):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _writable_cache_folder() -> pathlib.Path | None:
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = os.environ.get("COOPETITION_CACHE_DIR")
    candidates = [chosen] if chosen else [os.path.join(user_cache, "coopetition"), tempfile.gettempdir()]
    for candidate in candidates:
        folder = pathlib.Path(candidate).expanduser() / f"coopetition-kernels-{_hash_of_kernel_sources()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    logger.warning("no writable cache folder: kernels are compiled anew in every process")
    return None


CACHE_FOLDER = _writable_cache_folder()


def _enable_cache(dispatcher: Any) -> Any:
    if CACHE_FOLDER is not None and not numba.config.DISABLE_JIT:
        users_choice = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(CACHE_FOLDER)
        try:
            dispatcher.enable_caching()
        finally:
            numba.config.CACHE_DIR = users_choice
    return dispatcher


# Strict IEEE float64: fastmath gains little and breaks the equality of one copy and many. Kernels only work on
# views of memory that their caller owns, so reference counting is off; it would cost more than the mathematics
# of a single copy.
SETTINGS = {"error_model": "numpy", "nogil": True, "_nrt": False, "no_cfunc_wrapper": True}


def compiled(function: F | None = None, **options: Any) -> Any:
    """Compile a kernel that Python calls, cached on disk where a folder is writable."""
    if function is None:
        return lambda later: compiled(later, **options)
    return _enable_cache(numba.njit(**{**SETTINGS, **options})(function))


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
        self._compiled: dict[bool, Any] = {}

    def _framed(self, single: bool) -> Callable[..., None]:
        # Numba caches no closure over another kernel, but it does cache this copy, which has globals and a
        # qualified name of its own.
        frame = self.frame
        parts = {"body": self.body if numba.config.DISABLE_JIT else merged(self.body)}
        if single:
            parts["lanes_of"] = frame.__globals__["one_lane"]
        copy = types.FunctionType(frame.__code__, {**frame.__globals__, **parts}, frame.__name__)
        copy.__module__ = self.body.__module__
        # Numba names cache files by the frame's module, which all stages share, and this name.
        home = self.body.__module__.rpartition(".")[2]
        copy.__qualname__ = f"{home}_{self.body.__qualname__}_{'single' if single else 'lanes'}"
        return copy

    def address(self, single: bool = False) -> int:
        """Where the machine code lies; compiled, or loaded from the cache, when first asked for.

        Parameters
        ----------
        single : bool
            The variant for one copy, where every loop over lanes is gone. It does the same arithmetic.
        """
        if numba.config.DISABLE_JIT:
            return self.number
        if single not in self._compiled:
            from numba.core.ccallback import CFunc
            from numba.core.sigutils import normalize_signature

            signature = normalize_signature("void(int64, int64, int64, int64, int64)")
            options = {**SETTINGS, "no_cfunc_wrapper": False}
            kernel = _enable_cache(CFunc(self._framed(single), signature, locals={}, options=options))
            kernel.compile()
            self._compiled[single] = kernel
        return int(self._compiled[single].address)

    def __call__(self, *arguments: int) -> None:
        """Run the stage without compiling it."""
        if not self._compiled:
            self._compiled[False] = self._framed(False)
        self._compiled[False](*arguments)
