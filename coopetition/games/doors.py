"""What the doors of all kinds have in common: how another process finds what a user's own package registers.

Environments, reward modes, policies, solution concepts and cases each have a registry of their own. What is not built
in comes in by one of three ways: a module that is imported and registers it; an entry point of an installed package,
``name = "module:attribute"``; a module that `load` was told of (``coopetition --load MODULE``), which stands in an
environment variable, so that processes started from here load it too. Nothing but the standard library is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

#: Modules to import before names are looked up, separated by commas; processes started from this one inherit it.
VARIABLE = "COOPETITION_LOAD"
_loaded: set[str] = set()


def load(module: str) -> None:
    """Import a module that registers what is one's own, here and in every process started from here.

    Parameters
    ----------
    module : str
        Its importable name; a module of the current folder is found too.

    Raises
    ------
    ImportError
        There is no such module, or it cannot be imported.

    Examples
    --------
    >>> from coopetition.games.doors import load
    >>> load("a_module_that_nobody_wrote")
    Traceback (most recent call last):
    ModuleNotFoundError: No module named 'a_module_that_nobody_wrote'
    """
    if "" not in sys.path:
        sys.path.insert(0, "")
    import_module(module)
    _loaded.add(module)
    named = [one for one in os.environ.get(VARIABLE, "").split(",") if one]
    if module not in named:
        os.environ[VARIABLE] = ",".join([*named, module])


def load_named() -> None:
    """Import the modules of the environment variable, each once.

    Raises
    ------
    ImportError
        One of them cannot be imported; the message names it and the variable.
    """
    for module in os.environ.get(VARIABLE, "").split(","):
        if module and module not in _loaded:
            _loaded.add(module)
            try:
                load(module)
            except ImportError as error:
                raise ImportError(f"{VARIABLE}: {module!r} cannot be imported: {error}") from error


@cache
def offered(group: str) -> dict[str, EntryPoint]:
    """Entry points of installed packages in a group, by name; the first of a name that two packages offer."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, point)
    return found


def without_module(name: str) -> str:
    """The name behind ``"module:name"``, whose module is imported first; any other name as it is.

    Raises
    ------
    ImportError
        The module cannot be imported.
    """
    module = module_in(name)
    if module:
        import_module(module)
        return name.removeprefix(f"{module}:")
    return name


def module_in(name: str) -> str:
    """The module in front of ``"module:name"``; an empty text if there is none."""
    module, colon, _ = name.partition(":")
    return module if colon and all(part.isidentifier() for part in module.split(".")) else ""


def not_registered(name: str, kind: str, call: str, registered: Mapping[str, Any]) -> ValueError:
    """The error for ``"module:name"`` whose module was imported and registered no such name.

    Parameters
    ----------
    name : str
        What was asked for, with its module.
    kind, call : str
        What a thing of this registry is called, and what registers one.
    registered : mapping of str to object
        What is registered by name: classes and functions, or where they are imported from, ``"module:attribute"``.
    """
    module = module_in(name)
    own = []
    for known, thing in registered.items():
        home = thing.partition(":")[0] if isinstance(thing, str) else str(getattr(thing, "__module__", ""))
        if home == module or home.startswith(f"{module}."):
            own.append(repr(known))
    asked = name.removeprefix(f"{module}:")
    what = f"no {kind} of that name, but {', '.join(own)}" if own else f"no {kind}: call {call} in it"
    return ValueError(f"unknown {kind} {asked!r}: the module {module!r} was imported and registered {what}")


def address_of(thing: object) -> str | None:
    """Where a class or function is imported from, ``"module:name"``; None if it is inside a function."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "<")
    return None if module is None or "<" in name else f"{module}:{name}"
