"""Are records what they say? Some are taken at random, and made again from their networks, or from nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from coopetition.study.measuring import EVALUATION_SEED, evaluated, game_of, measure
from coopetition.study.plan import Job
from coopetition.study.shards import ShardStore
from coopetition.study.tables import CIRCUMSTANCES, frame
from coopetition.study.training import maker_of, train


def _done(store: ShardStore) -> list[str]:
    """Shards of trained populations."""
    return [name for name in store.names() if name.startswith("train-") and store.about(name)["status"] == "done"]


def recompute(
    folder: str | Path, records: int = 3, seed: int = 0, told: Callable[[str], None] | None = None
) -> list[str]:
    """Evaluate trained records again, from the networks in their shards.

    Parameters
    ----------
    folder : path
        Of the study's shards.
    records : int
        How many, drawn at random.
    seed : int
        Of the draw.
    told : callable, optional
        Called with a line about each record.

    Returns
    -------
    list of str
        What differs; empty where every number is the same to the last bit.
    """
    store = ShardStore(folder)
    names = _done(store)
    draw = np.random.default_rng(seed)
    wrong = []
    for _ in range(records if names else 0):
        shard = store.read(names[draw.integers(len(names))])
        rows = shard.tables["runs"]
        row = rows.row(int(draw.integers(rows.height)), named=True)
        file = f"{row['algorithm']}-{row['reward_mode']}-seed{row['seed']}.safetensors"
        with TemporaryDirectory() as place:
            path = Path(place) / file
            path.write_bytes(shard.networks[file])
            game = game_of(row["environment"], row["reward_mode"])
            episodes = evaluated(game, shard.job["episodes"], shard.job["drawn_seeds"])
            again = measure(row["environment"], row["reward_mode"], maker_of(path), episodes, EVALUATION_SEED)
        differ = [name for name, value in again.items() if row[name] != value]
        if told is not None:
            told(f"{shard.name}, {file}: {', '.join(differ) + ' differ' if differ else 'the same'}")
        wrong += [f"{shard.name}, {file}, {name}: {row[name]}, now {again[name]}" for name in differ]
    return wrong


def retrain(folder: str | Path, cells: int = 3, seed: int = 0, told: Callable[[str], None] | None = None) -> list[str]:
    """Train populations again, and compare everything but times with their shards; the parameters are `recompute`'s."""
    store = ShardStore(folder)
    names = _done(store)
    draw = np.random.default_rng(seed)
    wrong = []
    for name in draw.permutation(names)[:cells].tolist():
        shard = store.read(name)
        rows, networks = train(Job.from_dict(shard.job), name)
        differ = [table for table in rows if not _same(frame(table, rows[table]), shard.tables[table])]
        differ += [file for file, data in networks.items() if shard.networks.get(file) != data]
        if told is not None:
            told(f"{name}: {', '.join(differ) + ' differ' if differ else 'the same, curves and networks'}")
        wrong += [f"{name}: {what} is not the same" for what in differ]
    return wrong


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    dropped: Any = [name for name in CIRCUMSTANCES if name in one.columns]
    return one.drop(dropped).equals(other.drop(dropped))
