"""``coopetition dilemma``."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from coopetition.commands.asking import (
    LONGEST,
    console,
    figure_path,
    make_game,
    print_json,
    progress,
    read_values,
    refusals,
    say_written,
)
from coopetition.commands.options import Ids, Json, Plot, Preset, RewardMode, Settings
from coopetition.commands.tables import Column, Rows, print_rows, text

#: Steps of an episode for which optima and equilibria are searched for.
LONGEST_SEARCHED = 2_000
#: What the columns are, of the stage game.
MEANINGS = {
    "price of anarchy": "the optimum's welfare over the nash's, of one step",
    "gap": "their difference",
    "greed": "the most that an agent gains by giving less when the others play the optimum",
    "fear": "the most that one loses by playing the optimum when the others play the nash",
}


def dilemma(
    environment_ids: Ids = None,
    preset: Preset = None,
    reward_mode: RewardMode = "private",
    settings: Settings = None,
    episode: Annotated[
        bool, typer.Option("--episode/--stage", help="Look at whole episodes too, seconds to minutes each.")
    ] = False,
    along: Annotated[
        str | None,
        typer.Option("--along", metavar="NAME=V1,V2,...", help="Vary a parameter, such as gamma=0.2,0.5,0.8."),
    ] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """How much of a dilemma environments are: price of anarchy, greed and fear."""
    from coopetition.envs import EXTENSIONS
    from coopetition.envs import environment_ids as every_id
    from coopetition.oracles.dilemmas import dilemma as measure
    from coopetition.oracles.dilemmas import games_along

    varied, values = ("", [None]) if along is None else read_values(along, "--along", "gamma=0.2,0.5,0.8")
    games: list[Any] = []
    for key in environment_ids or (one for one in every_id() if one not in EXTENSIONS):
        # All of them before the first is measured: what one game lacks should not cost the others' time.
        longest = LONGEST_SEARCHED if episode else LONGEST
        game = make_game(key, settings or [], longest, preset=preset, reward_mode=reward_mode)
        with refusals():
            games += [game.parameters] if along is None else games_along(game.parameters, varied, values)
    path = figure_path(plot)
    rows = []
    with progress("dilemma", len(games), as_json) as done, refusals():
        for one in games:
            rows.append(measure(one, reward_mode, episode=episode))
            done(one.id)
    if path is not None:
        from coopetition.plot import along as draw_along
        from coopetition.plot import schelling

        with refusals():
            draw_along(rows, varied, values, path) if varied else schelling(rows, path)
    if as_json:
        print_json([row.to_dict() for row in rows])
        if path is not None:
            say_written(path, as_json=True)
        return
    columns = [
        text("environment"),
        *([Column(varied)] if along else []),
        Column("price of\nanarchy"),
        Column("gap", 7),
        Column("greed", 8),
        Column("fear", 8),
        *([Column("episode: price\nof anarchy", 6), Column("steps under\nthe worst nash", 5)] if episode else []),
    ]
    cells = []
    for k, row in enumerate(rows):
        line = [row.environment, *([str(values[k % len(values)])] if along else []), f"{row.price_of_anarchy:.4f}"]
        line += [f"{number:.3f}" for number in (row.cooperation_gap, row.greed, row.fear)]
        if episode:
            whole = row.episode
            certified = math.isfinite(whole["nash"])
            line += [
                f"{whole['price_of_anarchy']:.4f}" if certified else "no nash certified",
                f"{whole['nash_length']:.0f} of {whole['horizon']:.0f}" if certified else "-",
            ]
        cells.append(line)
    print_rows(console(), Rows(f"dilemmas, {reward_mode} rewards", columns, cells, meanings=MEANINGS))
    if path is not None:
        say_written(path)
