"""``coopetition show``: the spec sheet of an environment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from coopetition.commands.asking import console, make_game, print_json
from coopetition.commands.options import Id, Json, Preset, RewardMode, Settings
from coopetition.commands.tables import Column, Rows, print_markdown, print_rows, text

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
    from coopetition.commands import comparing
    from coopetition.commands.catalogue import models
    from coopetition.pages import page

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
        "reward_mode": game.reward_mode,
        "parameters": rows,
        "spaces": {
            "action": {"low": low, "high": high, "shape": [game.axes], "dtype": "float32"},
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


def _layout(title: str, layout: dict[str, list[int]]) -> Rows:
    cells = []
    for name, (start, stop) in layout.items():
        columns = f"{start}" if stop == start + 1 else f"{start}-{stop - 1}"
        cells.append((name, columns, str(stop - start)))
    return Rows(title, (text("part"), Column("columns"), Column("size")), cells)


def _tables(game: Game, facts: dict[str, Any]) -> list[Rows]:
    """The sheet but for its page."""
    columns = (text("name"), text("value", least=12), text("unit", 5), text("domain", 6, 14), text("about", 7, 24))
    cells = [
        (row["name"], _text(row["value"]), row["unit"], row["domain"], row["about"]) for row in facts["parameters"]
    ]
    parameters = Rows("parameters (each a keyword argument, or --set)", columns, cells)
    shapes = (
        ("action (cooperation rate)" if game.axes == 1 else "action (rate, intensity)", f"({game.axes},)"),
        ("observation", f"({game.observation_size},)"),
        ("joint state", f"({game.joint_size},)"),
    )
    spaces = Rows(
        "spaces, per agent",
        (text("space"), text("shape"), text("range"), text("dtype")),
        [(name, shape, "[0, 1]", "float32") for name, shape in shapes],
    )
    state = Rows(
        "state, by name",
        (text("name"), text("shape"), text("settable by reset")),
        [
            (name, str(tuple(field["shape"])), "yes" if field["settable"] else "no")
            for name, field in facts["state_layout"].items()
        ],
    )
    layouts = [
        _layout("observation layout", facts["observation_layout"]),
        _layout("joint state layout", facts["joint_layout"]),
    ]
    return [parameters, spaces, *layouts, state]


def show(
    environment_id: Id,
    preset: Preset = None,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Show an environment's spec sheet: parameters, agents, spaces, layouts, and its page."""
    game = make_game(environment_id, settings or [], preset=preset, reward_mode=reward_mode)
    facts = sheet(game)
    if as_json:
        print_json(facts)
        return
    from coopetition.commands import comparing
    from coopetition.commands.catalogue import cast
    from coopetition.pages import page

    out = console()
    out.print(f"\n[bold]{game.id}[/bold]  {facts['models']}")
    out.print(f"mechanism {facts['mechanism']}, horizon {game.horizon} steps, {game.n} agents: {cast(game.agents)}\n")
    for rows in _tables(game, facts):
        print_rows(out, rows)
    out.print()
    print_markdown(out, page(game, leave_out=SHOWN))
    if at_stake := comparing.markdown(game.id):
        print_markdown(out, at_stake)
