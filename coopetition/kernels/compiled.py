"""The one decorator of all kernels, and the templates behind environments with rules of their own.

Numba's on-disk cache watches the file of a function, not the files of the functions it calls. The cache folder
is therefore named by a hash of all kernel sources: a change in any of them starts a fresh folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pathlib
import tempfile
import types
from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("coopetition")

PACKAGE = pathlib.Path(__file__).resolve().parent.parent


def _hash_of_kernel_sources() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in ("kernels", "envs"):
        for path in sorted((PACKAGE / folder).glob("*.py")):
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


def compiled(function: F | None = None, **options: Any) -> Any:
    """Compile a kernel: strict IEEE float64, NumPy's division, no GIL, cached on disk.

    ``fastmath`` stays off: it gains little and breaks the equality of one copy and many. Without a writable
    folder the kernel is compiled in every process; one log line says so.
    """
    if function is None:
        return lambda later: compiled(later, **options)
    dispatcher = numba.njit(error_model="numpy", nogil=True, **options)(function)
    if CACHE_FOLDER is not None and not numba.config.DISABLE_JIT:
        users_choice = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(CACHE_FOLDER)
        try:
            dispatcher.enable_caching()
        finally:
            numba.config.CACHE_DIR = users_choice
    return dispatcher


def inlined(function: F) -> F:
    """Compile a formula for use in a lane loop: LLVM must inline it, or the loop does not vectorise."""
    return numba.njit(error_model="numpy", nogil=True, forceinline=True)(function)  # type: ignore[no-any-return]


def specialise(template: Any, name: str, options: dict[str, Any] | None = None, **rules: Any) -> Any:
    """Copy a kernel template, with some of the module-level functions it calls replaced.

    Numba never caches a closure over another kernel; it does cache this copy, which has its own globals and
    qualified name.

    Parameters
    ----------
    template : compiled kernel
        The function whose rules are replaced.
    name : str
        Suffix of the copy's qualified name, unique among the copies of the template.
    options : dict, optional
        Numba options of the copy.
    **rules
        Module-level name in the template's module to the kernel that takes its place.
    """
    source = getattr(template, "py_func", template)
    for rule in rules:
        if rule not in source.__globals__:
            raise ValueError(f"{source.__qualname__} calls no rule {rule!r}")
    copy = types.FunctionType(source.__code__, {**source.__globals__, **rules}, source.__name__)
    copy.__module__ = source.__module__
    copy.__qualname__ = f"{source.__qualname__}_{name}"
    return compiled(copy, **(options or {}))
