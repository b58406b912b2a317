"""The search for settings: one set of hyper-parameters a learner for all games, chosen on four.

The games are named here, and the training seeds are the search's own. A learner's candidate is chosen by its mean score
(`search.score`) over games and modes; the learner's own settings are among the candidates, and stay where nothing is
better. The discount is one for all: how far ahead learners look decides by itself how much they cooperate, so that
learners of different discounts could not be compared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from coopetition.study.plan import Job, Scale, fitting, left_out
from coopetition.study.shards import ShardStore
from coopetition.study.tables import frame

#: A game of trust, one of reciprocity, two of teams; two with their published numbers and two strong.
GAMES = ("TrustDilemma-v0", "GiftExchangeStrong-v0", "PublicGoods-v0", "LoyaltyTeamStrong-v0")
#: Not the study's, which begin at 0, nor the backgrounds' of scenarios, which begin at 9000.
SEEDS = (100, 101)
#: Multiples of a learner's own learning rate, and discounts.
RATES = (1 / 3, 1.0, 3.0)
DISCOUNTS = (0.95, 0.99)
#: What a candidate must gain to take the place of the learner's own settings.
WORTH = 0.005


def sweep_of(algorithm: str) -> dict[str, tuple[float, ...]]:
    """The candidates of a learner, its own settings among them."""
    from coopetition.baselines.learning.algorithm import find_algorithm

    own = find_algorithm(algorithm).Settings()
    names = {one.name for one in fields(own)}
    found = {"learning_rate": tuple(float(f"{own.learning_rate * rate:.3g}") for rate in RATES)}
    if "discount" in names:
        found["discount"] = tuple(sorted({*DISCOUNTS, own.discount}))
    return found


def settings_jobs(scale: Scale, games: Sequence[str] = GAMES, seeds: Sequence[int] = SEEDS) -> list[Job]:
    """The search's jobs, with a scale's learners, modes, steps and settings for all.

    Raises
    ------
    ValueError
        A seed is the study's too.
    """
    both = set(seeds) & set(scale.seeds)
    if both:
        raise ValueError(f"seeds {sorted(both)} are the study's own; the search needs others")
    return [
        Job(
            "settings",
            game,
            algorithm,
            scale.modes,
            tuple(seeds),
            steps=scale.steps_of(algorithm, game),
            episodes=scale.episodes,
            settings=fitting(algorithm, game, scale.settings),
            sweep=sweep_of(algorithm),
        )
        for game in games
        for algorithm in scale.algorithms
        if left_out(algorithm, game) is None
    ]


def without_search(scale: Scale) -> Scale:
    """A scale with nothing in it but the search's jobs."""
    return replace(scale, environments=())


def choose_settings(tried: pl.DataFrame) -> pl.DataFrame:
    """The table ``chosen``: every candidate of every learner with its score, and which is chosen.

    Parameters
    ----------
    tried : polars.DataFrame
        The table ``settings``.
    """
    cells = ["algorithm", "candidate", "environment", "reward_mode"]
    done = tried.filter(pl.col("status") == "done")
    means = done.group_by(cells).agg(pl.col("score").mean(), pl.col("seed").n_unique().alias("seeds"))
    means = means.filter(pl.col("score").is_not_null())
    common = _common_discount(means)
    rows: list[dict[str, Any]] = []
    for algorithm in sorted(means["algorithm"].unique()):
        mine = means.filter(pl.col("algorithm") == algorithm)
        # Only games and modes in which every candidate has a score can be compared.
        count = mine["candidate"].n_unique()
        both = mine.group_by("environment", "reward_mode").len().filter(pl.col("len") == count)
        mine = mine.join(both, on=["environment", "reward_mode"])
        if not mine.height:
            continue
        scores = dict(mine.group_by("candidate").agg(pl.col("score").mean()).iter_rows())
        own = own_candidate(algorithm, list(scores))
        open_to = [one for one in scores if common is None or json.loads(one).get("discount", common) == common]
        best = max(open_to or scores, key=lambda candidate: (scores[candidate], candidate))
        if own in open_to and scores[best] < scores[own] + WORTH:
            best = own
        rows += [
            {
                "algorithm": algorithm,
                "candidate": candidate,
                "score": value,
                "cells": both.height,
                "seeds": int(mine["seeds"].min()),  # type: ignore[arg-type]
                "own": candidate == own,
                "chosen": candidate == best,
            }
            for candidate, value in sorted(scores.items())
        ]
    return frame("chosen", rows)


def _common_discount(means: pl.DataFrame) -> float | None:
    """The discount under which learners' best candidates are best on average; None where none was varied."""
    named = means.with_columns(pl.col("candidate").str.json_path_match("$.discount").cast(pl.Float64).alias("discount"))
    known = named.filter(pl.col("discount").is_not_null())
    if not known.height:
        return None
    scores = known.group_by("algorithm", "discount", "candidate").agg(pl.col("score").mean())
    best = scores.group_by("algorithm", "discount").agg(pl.col("score").max())
    # Only learners that tried every discount say which is better.
    tried = best["discount"].n_unique()
    compared = best.filter(pl.len().over("algorithm") == tried)
    overall = compared.group_by("discount").agg(pl.col("score").mean()).sort("score", "discount", descending=True)
    return float(overall["discount"][0]) if overall.height else None


def own_candidate(algorithm: str, candidates: Sequence[str]) -> str | None:
    """Which candidate is the learner's own settings."""
    from coopetition.baselines.learning.algorithm import find_algorithm

    own = find_algorithm(algorithm).Settings()
    for candidate in candidates:
        if all(abs(getattr(own, name) - value) <= 1e-9 for name, value in json.loads(candidate).items()):
            return candidate
    return None


def tried_settings(store: ShardStore, jobs: Sequence[Job]) -> pl.DataFrame:
    """What a search has found so far: the table ``settings`` of its jobs."""
    from coopetition.study.fingerprint import shard_name

    names = [name for name in map(shard_name, jobs) if store.path(name).is_dir()]
    return pl.concat([frame("settings", []), *store.tables("settings", names)])


def write_settings(path: str | Path, chosen: pl.DataFrame) -> Path:
    """Write what was chosen as a study reads it; learners whose own settings stay are not named."""
    target = Path(path)
    found = {
        row["algorithm"]: json.loads(row["candidate"])
        for row in chosen.filter(pl.col("chosen") & ~pl.col("own")).iter_rows(named=True)
    }
    temporary = target.with_suffix(".writing")
    temporary.write_text(json.dumps({"chosen": found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(temporary, target)
    return target
