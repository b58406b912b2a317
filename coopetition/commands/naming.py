"""``coopetition policies``: who can play, by name."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopetition.commands.asking import console, make_game, print_json
from coopetition.commands.options import Json, complete_ids
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from coopetition.games.game import Game

#: The game for which policies are built where none is named.
GAME = "TrustDilemma-v0"
CONSTANTS = "constant_000 ... constant_100"


def facts(name: str, game: Game) -> dict[str, Any]:
    """What a policy is and needs."""
    from coopetition.baselines import make_policy
    from coopetition.oracles import ORACLES

    policy = make_policy(name, game)
    kind = policy.classifier
    about = ORACLES[name].about if name in ORACLES else inspect.cleandoc(type(policy).__doc__ or "").split("\n\n")[0]
    about = " ".join(about.split())
    return {
        "name": name,
        "memory": "all" if math.isinf(kind.memory) else int(kind.memory),
        "stochastic": kind.stochastic,
        "needs_model": kind.needs_model,
        "uses_oracle": kind.uses_oracle,
        "compiled": policy.compiled is not None,
        "about": about[:1].upper() + about[1:].rstrip("."),
        "citation": policy.citation,
    }


def policies(
    environment_id: Annotated[
        str,
        typer.Argument(metavar="[ID]", help="The game that they are to play.", autocompletion=complete_ids),
    ] = GAME,
    as_json: Json = False,
) -> None:
    """List the policies that play by name: what they remember and need, and where they come from."""
    from coopetition.baselines import available

    game = make_game(environment_id, [])
    names = [name for name in available() if not name.startswith("constant_") or name == "constant_000"]
    found = [facts(name, game) for name in names]
    if as_json:
        constants = [name for name in available() if name.startswith("constant_")]
        every = {one["name"]: one for one in found}
        print_json([{**every.get(name, every["constant_000"]), "name": name} for name in sorted({*names, *constants})])
        return
    columns = (
        text("policy"),
        Column("memory", 8),
        text("draws", 6),
        text("knows\nthe model", 7),
        text("compiled", 4),
        text("what it does", least=24),
        text("source", 3, least=24),
    )
    cells = [
        (
            CONSTANTS if one["name"] == "constant_000" else one["name"],
            str(one["memory"]),
            *("yes" if one[key] else "" for key in ("stochastic", "needs_model", "compiled")),
            one["about"],
            one["citation"],
        )
        for one in found
    ]
    caption = (
        "memory: past steps that it conditions on; compiled: played inside the kernel. One for each agent: joined by "
        "'+'. The file of a trained policy (.safetensors) is a name too, and module:name imports a module first."
    )
    print_rows(console(), Rows(f"policies that play {game.id}", columns, cells, caption))
