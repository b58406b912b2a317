"""Solutions of the stage games at the defaults, at reset, kept as numbers for pages that should not wait for a solver.

``python docs/oracles_tables.py equilibria`` writes the file; a test holds every entry against `solve`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from coopetition.games.game import Game
from coopetition.oracles.stage.game import as_game

FILE = Path(__file__).resolve().parent.parent / "data" / "equilibria.json"


@lru_cache(maxsize=1)
def solved_table() -> dict[str, dict[str, Any]]:
    """By id: ``agents``, ``price_of_anarchy``, and for each of `nash`, `coopetitive` and `social_optimum` the levels
    (``actions``), ``payoffs``, ``utilities``, each of N numbers, and ``epsilon_at_most``."""
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def solved_stage(game: Game) -> Mapping[str, Any] | None:
    """The entry of a game; None for an id that has none, and for other numbers than the id's own.

    Examples
    --------
    >>> from coopetition import make_game
    >>> from coopetition.oracles.stage.solved import solved_stage
    >>> solved_stage(make_game("PublicGoods-v0"))["price_of_anarchy"]
    2.0
    >>> solved_stage(make_game("PublicGoods-v0", multiplier=3.0)) is None
    True
    """
    entry = solved_table().get(game.id)
    # As the oracles see the game: a complementarity that is drawn is at its expected value.
    if entry is None or as_game(game).parameters != as_game(game.id).parameters:
        return None
    return entry
