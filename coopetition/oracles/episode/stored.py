"""Open-loop optima of the twenty defaults, stored as sequences.

What is stored is a witness and not a value: whoever uses it plays it in the kernel, and so does whoever doubts it. The
sequences come from a longer search than `open_loop_optimum` makes by default, and are then rounded and drawn in from
the edge at which the game would end (`python docs/oracles_tables.py optima`), so that they pay the same when the
kernel's last bits change.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.oracles.stage.game import Array, as_game


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    file = resources.files("coopetition.oracles").joinpath("data/optima.json")
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


def stored_optimum(game: Game) -> Array | None:
    """The stored optimum of a game's reward mode, levels (T, N), if the game has its environment's defaults.

    Parameters
    ----------
    game : Game
        As `as_game` gives it: a complementarity that is drawn is at its expected value.

    Returns
    -------
    ndarray (T, N) or None
        None for other parameters, and for a reward mode that is a matrix.
    """
    # Cooperative rewards add up to the sum of payoffs, as private ones do: one sequence is best in both modes.
    mode = {"private": "private", "cooperative": "private", "integrated": "integrated"}.get(str(game.reward_mode))
    if mode is None or game.mutuality is not None or game.parameters != as_game(game.id).parameters:
        return None
    entry = _table().get(game.id, {}).get(mode)
    if entry is None:
        return None
    return np.array(entry["levels"], dtype=np.float64)[:, np.array(entry["groups"])]
