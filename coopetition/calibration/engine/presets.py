"""Where a case differs from the environment of its name: numbers that the preset ``case`` holds, and departures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from coopetition.envs import environment_class
from coopetition.games.parameters import Parameters

from .case import Case
from .registry import case_names, load_case

PRESET = "case"


def differences(case: Case) -> tuple[tuple[str, str, str], ...]:
    """Arguments in which the preset differs from the published environment: name, published, preset.

    Where the environment has phases, the phases are compared in their order, and what follows from them by phase.
    """
    if case.environment is None:
        return ()
    published, preset = environment_class(case.environment), environment_class(case.environment, PRESET)
    rows: list[tuple[str, str, str]] = []
    phases = [_phases(cls) for cls in (published, preset)]
    changed = phases[0] != phases[1]
    first, second = published(), preset()
    for field in fields(first):
        name = field.name
        if changed and name == "phase":
            rows.append((name, ", ".join(phases[0]), ", ".join(phases[1])))
            continue
        by_phase = [
            ", ".join(_brief(getattr(cls.build({"phase": phase}), name)) for phase in found)
            for cls, found in zip((published, preset), phases, strict=True)
        ]
        if changed and len(set(by_phase[0].split(", "))) > 1:
            rows.append((f"{name} by phase", by_phase[0], by_phase[1]))
        elif getattr(first, name) != getattr(second, name) and _shown(first, name) != _shown(second, name):
            rows.append((name, _shown(first, name), _shown(second, name)))
    return tuple(rows)


def _phases(cls: type[Parameters]) -> tuple[str, ...]:
    """The phases that an environment takes, one at a time, under a preset; none where it has none."""
    if "phase" not in {field.name for field in fields(cls)}:
        return ()
    found = []
    for phase in cls.domain("phase").choices:
        try:
            made = cls.build({"phase": phase})
        except ValueError:
            continue
        if made.to_dict().get("phase") != "history":
            found.append(phase)
    return tuple(found)


def _brief(value: Any) -> str:
    """A number, or the range of several."""
    if isinstance(value, str):
        return value
    numbers = np.ravel(np.asarray(value, dtype=float))
    low, high = numbers.min(), numbers.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} - {high:.4g}"


def _shown(parameters: Parameters, name: str) -> str:
    """An argument's value in a table: pairs by name where they differ."""
    value = getattr(parameters, name)
    if parameters.domain(name).kind == "pairs":
        agents = parameters.agents
        entries = {(i, j): value[i][j] for i in range(len(agents)) for j in range(len(agents)) if i != j}
        if len(set(entries.values())) == 1:
            return f"{next(iter(entries.values())):g}"
        word = "on" if name == "dependence" else "in"
        return ", ".join(f"{agents[i]} {word} {agents[j]} {x:g}" for (i, j), x in entries.items())
    if parameters.domain(name).kind == "agents":
        return f"{value[0]:g}" if len(set(value)) == 1 else ", ".join(f"{x:g}" for x in value)
    return value if isinstance(value, str) else f"{value:g}"


def _rows() -> Iterator[tuple[str, ...]]:
    for name in case_names():
        case = load_case(name)
        for row in differences(case):
            yield (f"`{case.environment}`", *row)


def presets_markdown() -> str:
    """The table of the docs: where the preset ``case`` and the published environment differ."""
    rows = ['| environment | argument | published | `preset="case"` |', "|---|---|---|---|"]
    return "\n".join([*rows, *("| " + " | ".join(row) + " |" for row in _rows())])


def departures_markdown() -> str:
    """The table of the docs: where the published runs depart from the kernel that plays their numbers."""
    rows = ["| case | departure | what |", "|---|---|---|"]
    for name in case_names():
        rows += [f"| {name} | {what} | {how} |" for what, how in load_case(name).departures.items()]
    return "\n".join(rows)
