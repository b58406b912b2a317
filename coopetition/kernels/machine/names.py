"""Which of the shared names a kernel reads: its own, and those of everything that is merged into it.

Read from the byte code, as Numba does, so that an alias, a name imported from elsewhere or one reached through a module
is found too. Guards ask, and whoever keys a cache by what a stage depends on.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from coopetition.kernels.machine.numbers import Names, Number


@dataclass
class Reading:
    """What a kernel reads.

    Attributes
    ----------
    names : dict of (space, name) to Number or None
        The shared names, by namespace and name; None where the namespace has no such name.
    functions : list of function
        The Python functions of it: its own, then what it calls.
    called : list
        Everything else that the functions name and that can be called, such as the intrinsics of `memory`.
    """

    names: dict[tuple[str, str], Number | None] = field(default_factory=dict)
    functions: list[types.FunctionType] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)


@lru_cache(maxsize=1024)
def read_by(kernel: Any) -> Reading:
    """What a stage or a compiled or plain function reads, callees included; read once, and not to be changed."""
    found = Reading()
    seen: set[types.CodeType] = set()
    waiting = [python_of(kernel)]
    while waiting:
        function = waiting.pop(0)
        if function is None or function.__code__ in seen:
            continue
        seen.add(function.__code__)
        found.functions.append(function)
        for value in _values(function, function.__code__):
            if isinstance(value, _Missing):
                found.names[value.space, value.name] = None
            elif isinstance(value, Number):
                found.names[value.space, value.name] = value
            elif callable(value):
                found.called.append(value)
                waiting.append(python_of(value))
    return found


def python_of(value: Any) -> types.FunctionType | None:
    """The Python function behind a stage, a dispatcher or a function; None behind anything else."""
    for name in ("body", "py_func"):
        inner = getattr(value, name, None)
        if isinstance(inner, types.FunctionType):
            return inner
    return value if isinstance(value, types.FunctionType) else None


@dataclass(frozen=True)
class _Missing:
    space: str
    name: str


def _values(function: types.FunctionType, code: types.CodeType) -> Iterator[Any]:
    """Every value that the code names: globals, what it closes over, and attributes of modules and namespaces."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    absent = object()
    current: Any = absent
    for instruction in dis.get_instructions(code):
        name = instruction.argval
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            current = function.__globals__.get(name, absent)
        elif instruction.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"):
            cell = cells.get(name)
            current = cell.cell_contents if cell is not None else absent
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(current, Names):
            current = getattr(current, name, None) if name in current else _Missing(current.__name__, name)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(current, types.ModuleType):
            current = getattr(current, name, absent)
        else:
            current = absent
        if current is not absent and not isinstance(current, Names | types.ModuleType):
            yield current
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _values(function, constant)
