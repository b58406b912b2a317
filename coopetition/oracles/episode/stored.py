"""Sequences of whole episodes, stored: the open-loop optimum and the worst open-loop nash found, by mode.

What is stored is a witness and not a value: whoever uses it plays it in the kernel, and so does whoever doubts it. The
sequences come from longer searches than `open_loop_optimum` and `open_loop_nash` make by default
(``python -m coopetition.oracles.episode.storing``), and are then rounded and drawn in from the edge at which the game
would end, so that they pay the same when the kernel's last bits change.

The file is a table: an id, which says the preset too, a mode, and "optimum" or "nash". Each column of levels is a list
of pairs, a level and for how many steps it is played; ``roles`` says which column an agent plays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.oracles.stage.game import Array, as_game
from coopetition.policies.tensors import BrokenFile

FILE = Path(__file__).resolve().parent.parent / "data" / "sequences.json"

MODES = ("private", "integrated", "cooperative")
WHAT = ("optimum", "nash")
#: Cooperative rewards add up to the sum of payoffs, as private ones do: one sequence is best in both modes.
_OPTIMUM_OF = {"private": "private", "cooperative": "private", "integrated": "integrated"}


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return read_table(FILE)


def read_table(path: Path) -> dict[str, Any]:
    """The table of a file: by id, mode and "optimum" or "nash".

    Raises
    ------
    FileNotFoundError, BrokenFile
        There is none, or it is no such table; the message names the file and the entry.
    """
    try:
        table: dict[str, Any] = json.loads(path.read_bytes())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BrokenFile(f"{path}: not valid JSON: {error}") from None
    if not isinstance(table, dict):
        raise BrokenFile(f"{path}: expected an object at the top level, found {type(table).__name__}")
    for key, modes in table.items():
        for mode, entries in modes.items() if isinstance(modes, dict) else [("its modes", None)]:
            if not isinstance(entries, dict) or not all(isinstance(one, dict) for one in entries.values()):
                raise BrokenFile(f"{path}: {key}, {mode}: expected an object of sequences")
    return table


def stored_entry(game: Game, what: str) -> dict[str, Any] | None:
    """What is stored of a game's id and reward mode, as it is in the file, if it has the id's own numbers."""
    mode = str(game.reward_mode)
    if game.mutuality is not None or mode not in MODES or game.id not in _table():
        return None
    if game.parameters != as_game(game.id).parameters:
        return None
    found: dict[str, Any] | None = _table()[game.id].get(_OPTIMUM_OF[mode] if what == "optimum" else mode, {}).get(what)
    return found


def stored_sequence(game: Game, what: str) -> Array | None:
    """The stored optimum, or worst nash found, of a game's reward mode: levels (T, N).

    Parameters
    ----------
    game : Game
        As `as_game` gives it: a complementarity that is drawn is at its expected value.
    what : {"optimum", "nash"}

    Returns
    -------
    ndarray (T, N) or None
        None for parameters other than those of the game's id, for a reward mode that is a matrix, and where no
        equilibrium was found.
    """
    entry = stored_entry(game, what)
    if entry is None:
        return None
    where = f"{FILE}: {game.id}, {game.reward_mode}, {what}"
    levels = unfolded(entry, where)
    if not (0 < len(levels) <= game.horizon and levels.shape[1] == game.n):
        raise BrokenFile(f"{where}: levels of {levels.shape[1]} agents in {len(levels)} steps; the game has {game.n}")
    return levels


def stored_optimum(game: Game) -> Array | None:
    """`stored_sequence` of the optimum."""
    return stored_sequence(game, "optimum")


def folded(levels: Array) -> dict[str, Any]:
    """Levels (T, N) as the file has them."""
    columns, roles = np.unique(levels, axis=1, return_inverse=True)
    runs = []
    for column in columns.T:
        starts = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
        counts = np.diff(np.append(starts, len(column)))
        runs.append([[float(column[start]), int(count)] for start, count in zip(starts, counts, strict=True)])
    return {"roles": roles.reshape(-1).tolist(), "columns": runs}


def unfolded(entry: Mapping[str, Any], where: str = "a stored sequence") -> Array:
    """Levels (T, N) of an entry of the file; a `BrokenFile` that says where, if it holds none."""
    try:
        columns = [
            np.concatenate([np.full(count, level, dtype=np.float64) for level, count in runs])
            for runs in entry["columns"]
        ]
        levels: Array = np.stack([columns[role] for role in entry["roles"]], axis=1)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BrokenFile(f"{where}: no columns of levels and roles ({type(error).__name__}: {error})") from None
    if not np.isfinite(levels).all():
        raise BrokenFile(f"{where}: levels that are not finite")
    return levels
