"""What an environment must have before it is registered: what is forgotten is an error that names it."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import MISSING, Field, fields
from typing import Any

from coopetition.games.families import FAMILIES
from coopetition.games.fields import FIELDS
from coopetition.games.parameters import Parameters
from coopetition.games.presets import PUBLISHED, preset_class, presets_of

MECHANISMS = ("interdependence", "trust", "team", "reciprocity")
ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*-v[0-9]+")


def check_complete(environment: Any) -> None:
    """Refuse an environment's class with a piece forgotten; stages are looked at when a game is first stepped.

    Raises
    ------
    TypeError
        A piece that is missing, which is named.
    ValueError
        No id, an unknown mechanism, or a number out of its domain.
    """
    if not (isinstance(environment, type) and issubclass(environment, Parameters)):
        raise TypeError(
            f"{environment!r} is not a subclass of Parameters: give the class of an environment, such as one that "
            "subclasses coopetition.games.parameters.TeamParameters"
        )
    name = environment.__qualname__
    if environment.preset != PUBLISHED:
        raise TypeError(f"{name} is the preset {environment.preset!r} of {environment.id}: register its environment")
    if "id" not in vars(environment):
        raise TypeError(f'{name} has no id of its own: write id: ClassVar[str] = "{name}-v0"')
    if not isinstance(environment.id, str) or not ID.fullmatch(environment.id):
        raise ValueError(f"{name}: id = {environment.id!r}: expected a name and a version, such as '{name}-v0'")
    if "<" in name:
        raise TypeError(f"{environment.id}: {name} is defined inside a function, where no other process finds it")
    if environment.family not in FAMILIES:
        raise TypeError(
            f"{environment.id} has no family: subclass TrustParameters, TeamParameters or ReciprocityParameters"
        )
    _check_fields(environment)
    if environment.mechanism not in MECHANISMS:
        raise TypeError(
            f"{environment.id}: mechanism = {environment.mechanism!r}: write mechanism: ClassVar[str] = "
            f"one of {', '.join(map(repr, MECHANISMS))}"
        )
    if not environment.roles:
        raise TypeError(
            f'{environment.id} has no roles: write roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1"), '
            'or ("boat_{}",) and Sized for a number of agents that is a parameter'
        )
    if not re.match(r"[^\n:]+: \S", page_of(environment)):
        raise TypeError(
            f"{environment.id}: nothing says what it models: begin the docstring of its file "
            f'"""{environment.id.partition("-")[0]}: what it models, in a line."""'
        )
    for preset in presets_of(environment):
        preset_class(environment, preset)()


def _check_fields(environment: type[Parameters]) -> None:
    own = vars(environment).get("__dataclass_fields__", {})
    forgotten = [name for name, value in vars(environment).items() if isinstance(value, Field) and name not in own]
    if "__dataclass_fields__" not in vars(environment) or forgotten:
        raise TypeError(
            f"{environment.id} is no dataclass of its own: decorate {environment.__qualname__} with "
            "@dataclass(frozen=True, kw_only=True)"
        )
    for field in fields(environment):
        if field.name in vars(environment) and field.name not in vars(environment).get("__annotations__", {}):
            raise TypeError(
                f"{environment.id}: {field.name} = {vars(environment)[field.name]!r} has no type, so that it changes "
                f"nothing: write {field.name}: {field.type} = ..."
            )
        try:
            environment.domain(field.name)
        except KeyError:
            raise TypeError(
                f"{environment.id}: the parameter {field.name!r} has no domain: declare it with "
                "parameter(default, ..., about=...)"
            ) from None
        if field.default is MISSING:
            raise TypeError(f"{environment.id}: the parameter {field.name!r} has no default")
        if not environment.about(field.name):
            raise TypeError(f"{environment.id}: the parameter {field.name!r} has no sentence: write about=...")
    for line in environment.added_fields():
        if not line.meaning:
            raise TypeError(f"{environment.id}: the state field {line.name!r} has no meaning: write meaning=...")
        shared = FIELDS.get(line.name)
        if shared is not None and (line.shape, line.meaning) != (shared.shape, shared.meaning):
            raise TypeError(
                f"{environment.id}: {line.name!r} is the name of a field that games share ({shared.meaning}): "
                f"write FIELDS[{line.name!r}] if it is meant, or take another name"
            )


def page_of(environment: type[Parameters]) -> str:
    """The story, formulas and references of an environment: the docstring of its file, or else of its class."""
    published = environment.published_class()
    module = getattr(sys.modules.get(published.__module__), "__doc__", None)
    own = vars(published).get("__doc__") or ""
    if own.startswith(f"{published.__name__}("):  # written by the dataclass decorator
        own = ""
    return inspect.cleandoc(module or own)
