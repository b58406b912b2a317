"""Machine code on disk: a file a kernel, named by the content it was compiled from, and never trusted blindly.

Numba's own cache watches the file of a function, not what the function calls, and tells two functions of equal names
apart by their byte code alone, without its constants. Here the key of a file is a digest of everything that the machine
code depends on: the function's byte code and constants, those of everything it calls, the global numbers that it reads,
where it was written, the processor, and the versions of the compilers. An edited function is a new key; two packages
whose modules and functions have the same names never meet.

A file is a pickle, which can run anything. So it carries a checksum of its own, and it lies where only this user can
write.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import pathlib
import pickle
import re
import stat
import sys
import tempfile
import time
import types
from collections.abc import Iterable
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import serialize
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher

from coopetition.kernels.machine.numbers import Names

logger = logging.getLogger("coopetition")

#: First bytes of a file; another format has others.
MAGIC = b"coopetition-k1\n\0"
DIGEST_SIZE = hashlib.sha256().digest_size
#: Days after which a kernel that was not loaded is removed: an edited stage, or another version, never asks for it.
KEPT_DAYS = 90
SECONDS_A_DAY = 86_400
#: Modules whose content is their version.
VERSIONED = frozenset({"numba", "numpy", "llvmlite", *sys.stdlib_module_names})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


# --- what a kernel was made from


def _is_versioned(module: str | None) -> bool:
    return (module or "builtins").partition(".")[0] in VERSIONED


class Content:
    """A digest of functions and of all that they read, down to numbers, strings and foreign names."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._seen: dict[int, Any] = {}

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._digest.hexdigest()

    def _say(self, *parts: object) -> None:
        for part in parts:
            text = part if isinstance(part, bytes) else str(part).encode()
            # With their lengths, so that no two lists of parts read alike.
            self._digest.update(b"%d:" % len(text))
            self._digest.update(text)

    def add(self, value: Any, names: Iterable[str] = ()) -> None:
        """Take a value in; of a module or a class, only the attributes of these names."""
        if isinstance(value, int):  # as a number: one that knows its name shows only that
            self._say(type(value).__name__, int.__repr__(value))
        elif value is None or isinstance(value, float | complex | str | bytes | np.generic):
            self._say(type(value).__name__, value if isinstance(value, bytes) else repr(value))
        elif isinstance(value, np.ndarray):
            self._say("array", value.dtype.str, value.shape, value.tobytes())
        elif isinstance(value, tuple | list):
            self._say(type(value).__name__, len(value))
            for item in value:
                self.add(item, names)
        elif isinstance(value, set | frozenset | dict):
            self._say(type(value).__name__, *sorted(map(repr, value)))
            for item in value.values() if isinstance(value, dict) else ():
                self.add(item, names)
        elif isinstance(value, types.CodeType):
            self._add_code(value)
        elif isinstance(value, types.ModuleType | Names):
            self._say("module", value.__name__)
            if not _is_versioned(value.__name__):
                self._add_attributes(value, names)
        elif id(value) in self._seen:
            self._say("again", getattr(value, "__qualname__", type(value).__qualname__))
        else:
            self._seen[id(value)] = value  # kept, so that its id stays its own
            self._add_object(value, names)

    def _add_object(self, value: Any, names: Iterable[str]) -> None:
        if isinstance(value, Dispatcher):
            self._say("compiled", sorted(map(repr, value.targetoptions.items())))
            self.add(value.py_func)
        elif isinstance(getattr(value, "_defn", None), types.FunctionType):  # Numba's intrinsics
            self._say("intrinsic")
            self.add(value._defn)
        elif isinstance(value, functools.partial):
            self.add((value.func, value.args, value.keywords))
        elif isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType | type):
            self._say(value.__module__, value.__qualname__)
            if _is_versioned(value.__module__):
                return
            if isinstance(value, types.FunctionType):
                self._add_function(value)
            elif isinstance(value, type):
                self._add_attributes(value, {*names, *(name for name, part in vars(value).items() if callable(part))})
        elif _is_versioned(type(value).__module__) or not hasattr(value, "__dict__"):
            # A type, a data type and the like say what they are.
            self._say(type(value).__qualname__, _ADDRESS.sub("", str(value)))
        else:
            self._say(type(value).__module__, type(value).__qualname__)
            self.add(dict(sorted(vars(value).items())), names)

    def _add_attributes(self, owner: Any, names: Iterable[str]) -> None:
        for name in sorted(set(names)):
            if hasattr(owner, name):
                self._say(name)
                self.add(getattr(owner, name), names)

    def _add_code(self, code: types.CodeType) -> None:
        self._say("code", code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        for constant in code.co_consts:
            self.add(constant)

    def _add_function(self, function: types.FunctionType) -> None:
        own = function.__module__.partition(".")[0] == __name__.partition(".")[0]
        # This package's kernels are the same wherever it is installed; others are told apart by their files.
        self._say("own" if own else function.__code__.co_filename)
        self._add_code(function.__code__)
        self.add(function.__defaults__)
        names = _names_in(function.__code__)
        for cell in function.__closure__ or ():
            self.add(cell.cell_contents, names)
        for name in sorted(names & function.__globals__.keys()):
            self._say(name)
            self.add(function.__globals__[name], names)


def _names_in(code: types.CodeType) -> set[str]:
    """Names of globals and attributes in a function and in those that are written inside it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def digest_of(function: types.FunctionType) -> str:
    """A digest of a function's content, of what it calls and of the globals that it reads."""
    content = Content()
    content.add(function)
    return content.hexdigest()


# --- where the files lie


def _is_private(folder: pathlib.Path) -> bool:
    """Whether the folder, no link to one, belongs to this user and nobody else can write there."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    if not hasattr(os, "getuid"):  # temporary folders are each user's own there
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@functools.cache
def cache_folder() -> pathlib.Path | None:
    """The folder of this user's kernels, made when first asked for; None, with one line, if there is none.

    ``COOPETITION_CACHE_DIR`` if it is set; else the user's cache folder, else the shared temporary folder. In each, the
    kernels lie in a folder of this user, so that two users never meet. It is used only if it belongs to this user and
    nobody else can write there.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    users_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = os.environ.get("COOPETITION_CACHE_DIR")
    reasons = []
    for candidate in [chosen] if chosen else [os.path.join(users_cache, "coopetition"), tempfile.gettempdir()]:
        folder = pathlib.Path(candidate).expanduser() / f"coopetition-kernels-{user}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_private(folder):
                reasons.append(f"{folder} belongs to another user, or others can write there")
                continue
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            reasons.append(str(error))
    logger.warning("kernels are compiled anew in every process, without a cache: %s", "; ".join(reasons))
    return None


@functools.cache
def remove_unused(folder: pathlib.Path) -> None:
    """Remove kernels that nobody has used for `KEPT_DAYS`, such as those of other versions; once in a process."""
    oldest = time.time() - KEPT_DAYS * SECONDS_A_DAY
    for path in folder.glob("*.kernel"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


_said_damaged = False


def _say_damaged(path: pathlib.Path, why: str) -> None:
    global _said_damaged
    level = logging.DEBUG if _said_damaged else logging.WARNING
    _said_damaged = True
    logger.log(
        level, "%s in the kernel cache %s is damaged (%s): removed and compiled anew", path.name, path.parent, why
    )


class KernelCache:
    """What Numba asks for the machine code of one function; takes the place of Numba's own cache.

    Parameters
    ----------
    function : function
        The Python function that is compiled.
    options : dict
        How it is compiled.
    """

    def __init__(self, function: types.FunctionType, options: dict[str, Any]) -> None:
        self._function = function
        self._options = sorted(map(repr, options.items()))
        self._name = re.sub(r"\W+", "_", f"{function.__module__}.{function.__name__}")[-80:]

    @property
    def cache_path(self) -> str:
        """The folder, for Numba's statistics."""
        return str(cache_folder() or "")

    def enable(self) -> None:
        """For Numba."""

    def disable(self) -> None:
        """For Numba."""

    def flush(self) -> None:
        """For Numba."""

    def _path_and_key(self, signature: Any, codegen: Any) -> tuple[pathlib.Path | None, bytes]:
        folder = cache_folder()
        if folder is None:
            return None, b""
        made_by = (sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__)
        content = Content()
        content.add((made_by, self._options, str(signature), repr(codegen.magic_tuple())))
        content.add(self._function)
        key = content.hexdigest()
        return folder / f"{self._name}-{key[:32]}.kernel", key.encode()

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled function, or None if it is not there or its file is damaged."""
        target_context.refresh()
        path, key = self._path_and_key(signature, target_context.codegen())
        if path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > SECONDS_A_DAY:
                os.utime(path)  # used today: it is not removed
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(_checked(data, key)))
        except Exception as error:  # whatever is in the file, it is no reason to stop
            _say_damaged(path, str(error) or type(error).__name__)
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Write the compiled function to its file, in one piece."""
        if result.lifted or result.library.has_dynamic_globals:
            return
        path, key = self._path_and_key(signature, result.codegen)
        if path is None:
            return
        payload = serialize.dumps(result._reduce())
        try:
            handle, unfinished = tempfile.mkstemp(dir=path.parent)
            with open(handle, "wb") as file:
                file.write(MAGIC + _checksum(key, payload) + key + payload)
            os.replace(unfinished, path)
            remove_unused(path.parent)
        except OSError as error:
            logger.warning("cannot write to the kernel cache %s: %s", path.parent, error)


def _checksum(key: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(MAGIC + key + payload).digest()


def _checked(data: bytes, key: bytes) -> bytes:
    """The pickle in a file's bytes.

    Raises
    ------
    ValueError
        The bytes are not those that were written, or another kernel's.
    """
    start = len(MAGIC) + DIGEST_SIZE
    end = start + len(key)
    if data[: len(MAGIC)] != MAGIC or len(data) <= end:
        raise ValueError("it is truncated, or no kernel")
    if data[len(MAGIC) : start] != _checksum(data[start:end], data[end:]):
        raise ValueError("its checksum is wrong")
    if data[start:end] != key:
        raise ValueError("it is another kernel's")
    return data[end:]
