"""The door for cases: one registration each, in the repository or in a user's own package."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from coopetition.games.doors import load_named, module_in, not_registered, without_module

from .case import Case
from .files import RubricError, nearest
from .rubric import KINDS

#: Entry-point group in which an installed package offers its cases: ``name = "module:CASE"``.
GROUP = "coopetition.cases"
#: The cases of this repository: name, and module with the value ``CASE``.
BUILT_IN = {
    "slcd": "coopetition.calibration.cases.slcd",
    "renault-nissan": "coopetition.calibration.cases.renault_nissan",
    "apache": "coopetition.calibration.cases.apache",
    "apple": "coopetition.calibration.cases.apple",
}
#: What a case must say, and what each is.
REQUIRED = {
    "title": "the case's title",
    "report": "the source of the published validation",
    "quantities": "what a rubric may measure",
    "variants": "the published runs",
    "draws": "runs with random parameters",
    "nulls": "null models",
    "ablations": "each mechanism off",
    "history": "the record in the place of the run",
}
_registered: dict[str, Case] = {}


@cache
def _offered() -> dict[str, EntryPoint]:
    """Cases of installed packages, by name; a name that is taken is refused."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if entry.name in BUILT_IN or entry.name in found:
            owner = "this package" if entry.name in BUILT_IN else found[entry.name].value
            warnings.warn(
                f"{GROUP}: the entry point {entry.name!r} = {entry.value!r} is refused: the name belongs to {owner}",
                stacklevel=2,
            )
            continue
        found[entry.name] = entry
    return found


def case_names() -> tuple[str, ...]:
    """Every case's name: those of this package, of installed packages, and those registered in this process."""
    load_named()
    return tuple(dict.fromkeys((*BUILT_IN, *_offered(), *_registered)))


def check_case(case: Any) -> Case:
    """Refuse a case with a forgotten piece; the message names it.

    Raises
    ------
    TypeError
        No `Case`.
    RubricError
        A piece that is missing or empty, or data that cannot be read.
    """
    if not isinstance(case, Case):
        raise TypeError(f"expected a coopetition.calibration.Case, found {type(case).__name__}: {case!r}")
    if not isinstance(case.name, str) or not case.name or case.name != case.name.strip() or case.name == "all":
        raise RubricError(f"a case needs a name of its own ('all' is taken), found {case.name!r}")
    for piece, what in REQUIRED.items():
        value = getattr(case, piece)
        if not value or (piece not in ("title", "report", "quantities") and not callable(value)):
            raise RubricError(f"case {case.name!r}: {piece!r} ({what}) is missing, found {value!r}")
    record = case.record
    if record.case != case.name:
        raise RubricError(
            f"{case.data.where}: record: field 'case' is {record.case!r}, the case's name is {case.name!r}"
        )
    case.data.draws  # noqa: B018
    for kind in KINDS:
        rubric = case.rubric(kind)  # type: ignore[arg-type]
        if rubric.case != case.name or rubric.kind != kind:
            raise RubricError(
                f"{case.data.where}: the {kind} rubric says case {rubric.case!r}, kind {rubric.kind!r}; "
                f"expected {case.name!r}, {kind!r}"
            )
    return case


def register_case(case: Case) -> Case:
    """Register a case: every list, report, command and test over cases takes it up from here on.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Case
        The same.

    Raises
    ------
    ValueError
        The name is taken by another case, a piece is missing (the message names it), or the data cannot be read.
    TypeError
        No `Case`.

    Notes
    -----
    A package that is installed offers its case by an entry point instead, and nothing needs to be imported::

        [project.entry-points."coopetition.cases"]
        fifth = "package.module:CASE"
    """
    check_case(case)
    known = _registered.get(case.name)
    if case.name in BUILT_IN or (known is not None and known is not case):
        owner = "this package" if case.name in BUILT_IN else f"the case {known.title!r}"  # type: ignore[union-attr]
        raise RubricError(f"the case name {case.name!r} is taken by {owner}")
    entry = _offered().get(case.name)
    # A module that offers its case by an entry point may register it too, while it is imported.
    if entry is not None and known is None and entry.module not in sys.modules:
        raise RubricError(f"the case name {case.name!r} is taken by the installed package of {entry.value!r}")
    _registered[case.name] = case
    return case


def unregister_case(name: str) -> None:
    """Take a registered case off the list again; cases of this package and of installed packages stay."""
    if name not in _registered:
        raise ValueError(
            f"no case {name!r} was registered in this process; {nearest(name, _registered or case_names())}"
        )
    del _registered[name]


def load_case(name: str | Path) -> Case:
    """A case by name, or from a file that holds one as data alone.

    Parameters
    ----------
    name : str or path
        A name of :func:`case_names`, or a ``.json`` or ``.toml`` file (see `coopetition.calibration.engine.written`).

    Raises
    ------
    ValueError
        An unknown name (the message suggests the nearest one), or a file that cannot be used.
    """
    if isinstance(name, Path) or str(name).endswith((".json", ".toml")):
        from .written import read_case

        return read_case(name)
    given, name = name, without_module(name)
    if name in BUILT_IN:
        return _built_in(name)
    if name not in _registered:
        load_named()
    if name in _registered:
        return _registered[name]
    if name in _offered():
        entry = _offered()[name]
        case = check_case(entry.load())
        if case.name != name:
            raise RubricError(
                f"entry point {name!r} = {entry.value!r} holds the case {case.name!r}: the names must agree"
            )
        return case
    if module_in(given):
        functions = {one: known.history for one, known in _registered.items()}
        raise not_registered(given, "case", "register_case", functions)
    raise ValueError(f"unknown case {name!r}; {nearest(name, case_names())}")


@cache
def _built_in(name: str) -> Case:
    module = import_module(BUILT_IN[name])
    if not hasattr(module, "CASE"):
        raise RubricError(f"{BUILT_IN[name]}: the value 'CASE' is missing")
    case = check_case(module.CASE)
    if case.name != name:
        raise RubricError(f"{BUILT_IN[name]}: CASE is named {case.name!r}, listed as {name!r}")
    return case
