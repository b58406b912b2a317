"""What stands beside an author's formulas: the values of the parameters that they name, and what follows from these."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from coopetition.games.parameters import Parameters
from coopetition.pages.cells import matrix, number, shared, table

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", flags=re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z]\w*")
#: So many agents at most have each number of a pair in a column of its own.
FEW = 3


def named(text: str, parameters: Parameters) -> list[str]:
    """The parameters that a text's formulas and code name, in the order of their first mention."""
    formulas = "\n".join(FENCE.findall(text))
    code = "\n".join(SPAN.findall(FENCE.sub("", text)))
    words = dict.fromkeys(WORD.findall(f"{formulas}\n{code}"))
    known = {field.name for field in dataclasses.fields(parameters)}
    return [word for word in words if word in known]


def _value(parameters: Parameters, name: str) -> str | None:
    """A parameter and its value, where one number or word says it."""
    value, domain = getattr(parameters, name), type(parameters).domain(name)
    if value is None:
        return f"`{name}` drawn at reset"
    if domain.kind in ("agents", "pairs"):
        flat = np.asarray(value, dtype=np.float64)
        flat = flat[~np.eye(len(flat), dtype=bool)] if domain.kind == "pairs" else flat
        return f"`{name} = {flat[0]:g}`" if flat.size and (flat == flat[0]).all() else None
    if domain.kind == "numbers":
        return f"`{name} = ({', '.join(number(one) for one in value)})`"
    return f"`{name} = {value if domain.kind in ('choice', 'flag') else shared(value)}`"


def values(text: str, parameters: Parameters, said: set[str]) -> str:
    """A sentence with the values of what a text names; `said` has what was said before, and grows."""
    names = [name for name in named(text, parameters) if name not in said]
    said.update(names)
    found = [value for name in names if (value := _value(parameters, name)) is not None]
    return f"Here {', '.join(found)}." if found else ""


def consequences(parameters: Parameters) -> str:
    """A sentence with the properties that the class states beside its parameters (`Parameters.stated`)."""
    found = []
    for name in dict.fromkeys(name for base in reversed(type(parameters).__mro__) for name in _stated(base)):
        value = float(getattr(parameters, name))
        if math.isfinite(value):
            about = (inspect.getdoc(getattr(type(parameters), name)) or "").partition("\n")[0].rstrip(".")
            found.append(f"`{name} = {value:.3g}`, {about[:1].lower()}{about[1:]}")
    return f"It follows: {'; '.join(found)}." if found else ""


def _stated(cls: type) -> tuple[str, ...]:
    return tuple(cls.__dict__.get("stated", ()))


def choices(parameters: Parameters) -> str:
    """Tables of what else a parameter sets that is a choice: the phases of a history, for one."""
    out = []
    for field in dataclasses.fields(parameters):
        domain = type(parameters).domain(field.name)
        if domain.kind != "choice" or field.name in vars(Parameters).get("__dataclass_fields__", {}):
            continue
        games = dict(_each(parameters, field.name, domain.choices))
        if len(games) < 2:
            continue
        columns = [column for name in _differing(list(games.values()), field.name) for column in _columns(games, name)]
        for name in getattr(parameters, "by_choice", ()):
            cells = [f"{float(getattr(game, name)):g}" for game in games.values()]
            columns += [(name.replace("_", " "), cells)] if len(set(cells)) > 1 else []
        if columns:
            rows = [[choice, *(cells[k] for _, cells in columns)] for k, choice in enumerate(games)]
            head = f"What `{field.name}` sets, unless it is given:"
            out.append(f"{head}\n\n{table([field.name, *(title for title, _ in columns)], rows)}")
    return "\n\n".join(out)


def _each(parameters: Parameters, name: str, values: tuple[str, ...]) -> Iterator[tuple[str, Parameters]]:
    """The class's defaults under each choice that goes with them."""
    for value in values:
        try:
            yield value, type(parameters).build({name: value})
        except ValueError:
            continue


def _differing(games: list[Parameters], name: str) -> list[str]:
    names = [field.name for field in dataclasses.fields(games[0]) if field.name != name]
    return [one for one in names if len({repr(_short(getattr(game, one))) for game in games}) > 1]


def _short(value: Any) -> Any:
    """Equal numbers of any number of agents are one number."""
    flat = set(value) if isinstance(value, tuple) and not (value and isinstance(value[0], tuple)) else set()
    return flat.pop() if len(flat) == 1 else value


def _columns(games: dict[str, Parameters], name: str) -> list[tuple[str, list[str]]]:
    """The columns of a parameter: one, or one for each ordered pair whose number differs."""
    first = next(iter(games.values()))
    kind, found = type(first).domain(name).kind, [getattr(game, name) for game in games.values()]
    if kind == "pairs":
        cells = [matrix(value) for value in found]
        if any(cell.startswith("(") for cell in cells) and len({game.n for game in games.values()}) == 1 <= FEW:
            agents = first.agents
            pairs = [(i, j) for i in range(first.n) for j in range(first.n) if i != j]
            return [(f"{name}, {agents[i]} on {agents[j]}", [f"{value[i][j]:g}" for value in found]) for i, j in pairs]
        return [(name, cells)]
    return [(name, [shared(value) if kind != "choice" else str(value) for value in found])]
