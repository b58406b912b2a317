"""``coopetition record``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coopetition.commands.asking import make_game, print_json, read_policies, refusals, refuse, say_written
from coopetition.commands.options import Cast, Id, Json, Preset, RewardMode, Seed, Settings

#: Rows of the table of steps: some gigabytes.
MOST_ROWS = 50_000_000


def record(
    environment_id: Id,
    preset: Preset = None,
    policy: Cast = "tit_for_tat",
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="How many.")] = 100,
    seed: Seed = 0,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where to write; it must be new or empty.")
    ] = Path("recording"),
    as_json: Json = False,
) -> None:
    """Record episodes to Parquet files with Croissant metadata, for offline learning and sharing."""
    from coopetition.baselines.players import Players

    game = make_game(environment_id, settings or [], preset=preset, reward_mode=reward_mode)
    names = read_policies(policy)
    with refusals():
        players = Players(game, names)
    if episodes * game.horizon * game.n > MOST_ROWS:
        raise refuse(
            f"{episodes:,} episodes of {game.horizon:,} steps of {game.n} agents: the command line records at most "
            f"{MOST_ROWS:,} rows"
        )
    with refusals():
        from coopetition.study.recording import record as write

        try:
            found = write(game, players.policies, episodes, folder, seed=seed)
        except FileExistsError as error:
            raise refuse(str(error)) from None
    if as_json:
        files = sorted(path.name for path in folder.iterdir())
        print_json(
            {
                "environment": game.id,
                "policies": list(found.policies),
                "episodes": len(found),
                "rows": found.steps.height,
                "folder": str(folder),
                "files": files,
            }
        )
        return
    say_written(folder, f"{len(found):,} episodes of {game.id}, {found.steps.height:,} rows")
