"""The door for solution concepts of the stage game: one file and one registration each.

A concept is a function from a stage game and an objective to a `Solution` with a certificate. It is registered where
it is defined, in this package or in a user's own::

    @register_concept(
        "maximin",
        objective="private",
        about="each agent's security level",
        source="von Neumann, Mathematische Annalen 100, 1928",
        status=Status("experimental", "tests/test_mine.py::test_it", "its certificate"),
    )
    def maximin(stage, objective, start=None, *, tolerance=1e-6): ...

`solve`, the command line, the lists and the tests over all concepts take it up by name. Its options are the keyword
arguments of the function. An installed package offers concepts by an entry point, and nothing needs to be imported::

    [project.entry-points."coopetition.concepts"]
    mine = "package.module"
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from coopetition.games.checks import choose
from coopetition.games.doors import load_named, module_in, not_registered, without_module
from coopetition.oracles.evidence import CLASSES, Status, by_class
from coopetition.oracles.stage.game import OBJECTIVES, objective_names

#: Entry-point group in which an installed package offers its concepts: ``name = "module"``.
GROUP = "coopetition.concepts"
#: The concepts of this package; each is a module of this folder with the same name.
BUILT_IN = (
    "nash",
    "coopetitive",
    "social_optimum",
    "stackelberg",
    "bargaining",
    "pareto_front",
    "maximin",
    "kantian",
)


@dataclass(frozen=True)
class Concept:
    """A registered solution concept.

    Attributes
    ----------
    name : str
        For `solve`.
    function : callable
        From ``(stage, objective, **options)`` to a `Solution`, or a `Frontier` for a set of points.
    objective : str
        What agents maximise unless told otherwise.
    about : str
        One line: what it solves.
    source : str
        Paper or report.
    status : dict of str to Status
        For each class of environments.
    options : frozenset of str
        Keyword arguments that the function takes, `strict` excepted.
    takes_strict : bool
        Whether it takes `strict`, and raises `NotConverged` by itself.
    """

    name: str
    function: Callable[..., Any]
    objective: str
    about: str
    source: str
    status: Mapping[str, Status]
    options: frozenset[str]
    takes_strict: bool


_registered: dict[str, Concept] = {}


@cache
def _offered() -> dict[str, EntryPoint]:
    """Entry points of installed packages, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def concept_names() -> tuple[str, ...]:
    """Names of all concepts: those of this package, of installed packages, and those registered in this process."""
    load_named()
    return tuple(dict.fromkeys((*BUILT_IN, *_offered(), *_registered)))


def concept(name: str) -> Concept:
    """A concept by name; its module is imported when it is first asked for.

    Raises
    ------
    ValueError
        An unknown name, with the nearest one.
    LookupError
        A module that should register the concept and does not, named.
    """
    given = name
    name = without_module(given) if isinstance(given, str) else given
    if name not in BUILT_IN and name not in _registered:
        names = concept_names()
        if isinstance(given, str) and module_in(given) and name not in names:
            functions = {one: known.function for one, known in _registered.items()}
            raise not_registered(given, "concept", "register_concept", functions)
        choose("concept", name, names)
    if name not in _registered:
        where = f"coopetition.oracles.stage.{name}" if name in BUILT_IN else _offered()[name].module
        import_module(where)
        if name not in _registered:
            raise LookupError(f"module {where!r} does not register the concept {name!r}: call register_concept there")
    return _registered[name]


def register_concept(
    name: str, *, objective: str, about: str, source: str, status: Status | Mapping[str, Status]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function below as a concept of the stage game.

    Parameters
    ----------
    name : str
        A new name: a word of lower-case letters, digits and underscores.
    objective : str
        "interdependence" or the name of a reward mode: what agents maximise unless `solve` is told otherwise.
    about, source : str
        One line on what it solves, for lists; the paper or report that it is from.
    status : Status or mapping of str to Status
        How far it can be trusted: everywhere alike, or for each class of environments.

    Returns
    -------
    callable
        A decorator for a function ``(stage, objective, **options)`` that returns a `Solution`, with its certificate.

    Raises
    ------
    ValueError
        A piece that is missing, empty or no valid choice, or a name that is taken. The message names it.
    TypeError
        The function cannot be called with a stage and an objective.
    """
    if not isinstance(name, str) or not name.isidentifier() or name != name.lower():
        raise ValueError(f"concept name = {name!r}: expected a word of lower-case letters, digits and underscores")
    if objective not in OBJECTIVES:  # other packages are not asked for what this one has
        choose(f"objective of the concept {name!r},", objective, objective_names())
    for piece, text in (("about", about), ("source", source)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the concept {name!r} lacks {piece!r}, a line of text; found {text!r}")
    if isinstance(status, Status):
        known = by_class(status)
    else:
        missing = [mechanism for mechanism in CLASSES if not isinstance(status.get(mechanism), Status)]
        if missing:
            raise ValueError(f"the concept {name!r} has no status for {', '.join(missing)}")
        known = by_class(**status)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        home = getattr(function, "__module__", "")
        if name in BUILT_IN and home != f"coopetition.oracles.stage.{name}":
            raise ValueError(f"the concept name {name!r} is taken by this package")
        entry = _offered().get(name)
        if entry is not None and entry.module != home:
            raise ValueError(f"the concept name {name!r} is taken by the installed package of {entry.value!r}")
        taken = _registered.get(name)
        if taken is not None and (taken.function.__module__, taken.function.__qualname__) != (
            home,
            function.__qualname__,
        ):
            raise ValueError(f"the concept name {name!r} is taken by {taken.function.__module__}")
        parameters = list(inspect.signature(function).parameters.values())
        positional = [one for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
        if len(positional) < 2:
            raise TypeError(f"the concept {name!r} must take a stage and an objective: {function.__qualname__}")
        needed = [one.name for one in parameters[2:] if one.default is inspect.Parameter.empty]
        if needed:
            raise TypeError(f"options of the concept {name!r} need defaults: {', '.join(needed)}")
        options = frozenset(one.name for one in parameters[2:])
        _registered[name] = Concept(
            name, function, objective, about, source, known, options - {"strict"}, "strict" in options
        )
        return function

    return decorate


def unregister_concept(name: str) -> None:
    """Take a concept off the list again; those of this package stay.

    Raises
    ------
    ValueError
        It is not registered in this process, or is this package's own.
    """
    if name in BUILT_IN:
        raise ValueError(f"the concept {name!r} belongs to this package")
    choose("registered concept", name, [one for one in _registered if one not in BUILT_IN])
    del _registered[name]


class Concepts(Mapping[str, str]):
    """All concepts by name, and what agents maximise in each unless told otherwise."""

    def __getitem__(self, name: str) -> str:
        if name not in concept_names():
            raise KeyError(name)
        return concept(name).objective

    def __iter__(self) -> Iterator[str]:
        return iter(concept_names())

    def __len__(self) -> int:
        return len(concept_names())

    def __repr__(self) -> str:
        return repr(dict(self))


CONCEPTS = Concepts()
