"""The command `coopetition dilemma`."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer

from coopetition.commands.asking import Preset, refuse


def _values_along(text: str) -> tuple[str, list[Any]]:
    """A parameter and its values, from ``gamma=0.2,0.5``; values are JSON, or words."""
    name, sign, listed = text.partition("=")
    if not sign or not listed:
        raise ValueError(f"--along {text!r}: expected name=value,value,..., such as gamma=0.2,0.5,0.8")
    try:
        values = json.loads(f"[{listed}]")
    except json.JSONDecodeError:
        values = [word.strip() for word in listed.split(",")]
    return name.strip(), values


def dilemma(
    environments: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="environments; all twenty by default")
    ] = None,
    preset: Preset = None,
    mode: Annotated[str, typer.Option("--mode", help="private, integrated or cooperative")] = "private",
    episode: Annotated[
        bool, typer.Option("--episode/--stage", help="look at whole episodes too (seconds each)")
    ] = False,
    along: Annotated[
        str | None,
        typer.Option("--along", metavar="NAME=V1,V2,...", help="vary a parameter, such as gamma=0.2,0.5,0.8"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """How much of a dilemma environments are: price of anarchy, greed and fear."""
    from coopetition.envs import environment_class, environment_ids
    from coopetition.oracles.dilemmas import dilemma as measure
    from coopetition.oracles.dilemmas import dilemma_along

    rows, values = [], []
    for key in environments or environment_ids():
        try:
            parameters = environment_class(key, preset)()
            if along is None:
                rows.append(measure(parameters, mode, episode=episode))
            else:
                name, listed = _values_along(along)
                rows += dilemma_along(parameters, name, listed, mode, episode=episode)
                values += listed
        except (ValueError, TypeError) as error:
            raise refuse(str(error)) from None
    if as_json:
        typer.echo(json.dumps([row.to_dict() for row in rows], indent=1, allow_nan=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"dilemmas, {mode} rewards", title_justify="left")
    names = ["environment", *([name] if along else []), "price of anarchy", "gap", "greed", "fear"]
    names += ["episode: price of anarchy", "steps under the worst nash"] if episode else []
    for name in names:
        table.add_column(name, justify="left" if name == "environment" else "right")
    for k, row in enumerate(rows):
        cells = [
            row.environment,
            *([str(values[k])] if along else []),
            f"{row.price_of_anarchy:.4f}",
            f"{row.cooperation_gap:.3f}",
            f"{row.greed:.3f}",
            f"{row.fear:.3f}",
        ]
        if episode:
            whole = row.episode
            certified = math.isfinite(whole["nash"])
            cells += [
                f"{whole['price_of_anarchy']:.4f}" if certified else "no nash certified",
                f"{whole['nash_length']:.0f} of {whole['horizon']:.0f}" if certified else "-",
            ]
        table.add_row(*cells)
    Console().print(table)
