"""``coopetition show``: the spec sheet of an environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markdown import Markdown
from rich.table import Table

from coopetition.commands import comparing
from coopetition.commands.asking import console, make_game, print_json
from coopetition.commands.catalogue import cast, models
from coopetition.pages import page

if TYPE_CHECKING:
    from coopetition.games.game import Game

#: Sections of the page that stand in tables of the sheet.
SHOWN = ("Action space", "Observation space", "Starting state", "Arguments")
#: State that every game has for its own book-keeping.
INTERNAL = ("ended", "outcome", "payoff_total", "reward_total")


def _text(value: Any) -> str:
    """A parameter's value, in short."""
    if not isinstance(value, tuple):
        return f"{value:g}" if isinstance(value, float) else "drawn" if value is None else str(value)
    if all(isinstance(row, tuple) for row in value):
        others = {x for i, row in enumerate(value) for j, x in enumerate(row) if i != j}
        if len(others) == 1:
            return f"{others.pop():g} for all pairs"
        return "\n".join(" ".join(f"{x:g}" for x in row) for row in value)
    if len(value) > 2 and len(set(value)) == 1:
        return f"{value[0]:g} each"
    return ", ".join(f"{x:g}" for x in value)


def sheet(game: Game) -> dict[str, Any]:
    """The spec sheet as plain values."""
    parameters = game.parameters
    cls = type(parameters)
    rows = []
    for field in dataclasses.fields(parameters):
        domain = cls.domain(field.name)
        rows.append(
            {
                "name": field.name,
                "value": getattr(parameters, field.name),
                "unit": domain.unit,
                "domain": str(domain),
                "about": cls.about(field.name),
            }
        )
    low, high = game.action_low.tolist(), game.action_high.tolist()
    return {
        "id": game.id,
        "models": models(game.id),
        "mechanism": parameters.mechanism,
        "preset": parameters.preset,
        "presets": {name: dict(numbers) for name, numbers in parameters.presets.items()},
        "agents": list(game.agents),
        "horizon": game.horizon,
        "parameters": rows,
        "spaces": {
            "action": {"low": low, "high": high, "shape": [1], "dtype": "float32"},
            "observation": {"low": 0.0, "high": 1.0, "shape": [game.observation_size], "dtype": "float32"},
            "joint_state": {"low": 0.0, "high": 1.0, "shape": [game.joint_size], "dtype": "float32"},
        },
        "observation_layout": {name: [part.start, part.stop] for name, part in game.observation_layout.items()},
        "joint_layout": {name: [part.start, part.stop] for name, part in game.joint_layout.items()},
        "state_layout": {
            name: {"shape": list(field.shape), "settable": field.settable}
            for name, field in game.layout.items()
            if name not in INTERNAL
        },
        "stakes": comparing.stakes(game.id),
        "page": f"{game.id}: {models(game.id)}.\n\n{page(game)}",
    }


def _layout(title: str, layout: dict[str, list[int]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("part")
    table.add_column("columns", justify="right")
    table.add_column("size", justify="right")
    for name, (start, stop) in layout.items():
        columns = f"{start}" if stop == start + 1 else f"{start}-{stop - 1}"
        table.add_row(name, columns, str(stop - start))
    return table


def run(environment_id: str, preset: str | None, settings: Sequence[str], as_json: bool) -> None:
    """Print the spec sheet."""
    game = make_game(environment_id, settings, preset=preset)
    facts = sheet(game)
    if as_json:
        print_json(facts)
        return
    out = console()
    out.print(f"\n[bold]{game.id}[/bold]  {facts['models']}")
    out.print(f"mechanism {facts['mechanism']}, horizon {game.horizon} steps, {game.n} agents: {cast(game.agents)}\n")

    parameters = Table(title="parameters (each a keyword argument)", title_justify="left")
    for name in ("name", "value", "unit", "domain", "about"):
        parameters.add_column(name, no_wrap=name == "name")
    for row in facts["parameters"]:
        parameters.add_row(
            row["name"], _text(row["value"]), row["unit"], row["domain"].replace("[", r"\["), row["about"]
        )
    out.print(parameters)

    spaces = Table(title="spaces, per agent", title_justify="left")
    for name in ("space", "shape", "range", "dtype"):
        spaces.add_column(name)
    spaces.add_row("action (cooperation rate)", "(1,)", r"\[0, 1]", "float32")
    spaces.add_row("observation", f"({game.observation_size},)", r"\[0, 1]", "float32")
    spaces.add_row("joint state", f"({game.joint_size},)", r"\[0, 1]", "float32")
    out.print(spaces)
    out.print(_layout("observation layout", facts["observation_layout"]))
    out.print(_layout("joint state layout", facts["joint_layout"]))

    state = Table(title="state, by name", title_justify="left")
    for name in ("name", "shape", "settable by reset"):
        state.add_column(name)
    for name, field in facts["state_layout"].items():
        state.add_row(name, str(tuple(field["shape"])), "yes" if field["settable"] else "no")
    out.print(state)
    out.print()
    out.print(Markdown(page(game, leave_out=SHOWN)))
    if at_stake := comparing.markdown(game.id):
        out.print(Markdown(at_stake))
