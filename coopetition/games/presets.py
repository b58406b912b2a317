"""Presets: other numbers for the same mechanism, stated as data in an environment's file.

An environment's class says in `presets` which of its numbers a preset changes; what the preset leaves out stays as
published. Here a preset becomes a parameter class of its own, whose defaults are the preset's numbers: so whatever
speaks of an environment's defaults (its page, stored solutions, equality, ``to_dict``) speaks of the preset's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from coopetition.games.parameters import Parameters, choose

#: The environment's own defaults, which every environment has.
PUBLISHED = "published"
#: The preset that has ids of its own, for papers and registries: TrustDilemma-v0 and TrustDilemmaStrong-v0.
STRONG = "strong"

P = TypeVar("P", bound=Parameters)

#: Made once, since two classes of the same fields are not equal.
_MADE: dict[tuple[type[Parameters], str], type[Parameters]] = {}


def presets_of(cls: type[Parameters]) -> tuple[str, ...]:
    """Names of the presets that an environment has, the published numbers first."""
    return (PUBLISHED, *cls.published_class().presets)


def preset_id(environment_id: str, preset: str) -> str:
    """The id of an environment under a preset.

    The published numbers have the environment's own id, strong ones an id that is registered; another preset is written
    behind a colon, and is found by that name wherever an id is.

    Examples
    --------
    >>> preset_id("SLCD-v0", "strong"), preset_id("TrustDilemma-v0", "relational")
    ('SLCDStrong-v0', 'TrustDilemma-v0:relational')
    """
    if preset == PUBLISHED:
        return environment_id
    if preset != STRONG:
        return f"{environment_id}:{preset}"
    name, dash, version = environment_id.rpartition("-v")
    return f"{name}Strong{dash}{version}" if dash else f"{environment_id}Strong"


def preset_class(cls: type[P], preset: str) -> type[P]:
    """The parameter class of an environment under a preset: a subclass whose defaults are the preset's numbers.

    Parameters
    ----------
    cls : type
        An environment's class, under whatever preset.
    preset : str
        A name among `presets_of` the class.

    Raises
    ------
    ValueError
        The environment has no such preset, with those it has and the nearest; or a number of the preset is out of its
        domain.
    TypeError
        The preset names a parameter that the environment does not have.
    """
    published = cls.published_class()
    choose(f"preset of {published.id}", preset, presets_of(published))
    if preset == PUBLISHED:
        return published  # type: ignore[return-value]
    if (published, preset) not in _MADE:
        _MADE[published, preset] = _with_defaults(published, preset)
    return _MADE[published, preset]  # type: ignore[return-value]


def _with_defaults(published: type[Parameters], preset: str) -> type[Parameters]:
    numbers = dict(published.presets[preset])
    published.build(numbers)  # refuses what an argument of that name and value would be refused for
    body: dict[str, Any] = {
        "__doc__": f"Parameters of {published.id} under its preset {preset!r}.",
        "__module__": published.__module__,
        "__annotations__": dict.fromkeys(numbers, "Any"),
        "id": preset_id(published.id, preset),
        "preset": preset,
        **numbers,
    }
    return dataclass(frozen=True, kw_only=True)(type(f"{published.__name__}{preset.title()}", (published,), body))


def restore(published: type[Parameters], preset: str, values: dict[str, Any]) -> Parameters:
    """Unpickle parameters under a preset, whose class exists only once it was asked for."""
    return preset_class(published, preset)(**values)
