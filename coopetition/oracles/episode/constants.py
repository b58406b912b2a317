"""Constant profiles of rates: their returns, and the best of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.episode.climbing import search
from coopetition.oracles.episode.results import Sequences, result
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.starts import CONSTANTS, cast_profiles, mixed_rates, partitions
from coopetition.oracles.stage.game import Array

#: Rates that a constant profile has at most where agents are told apart by what it pays to have them play.
_MOST_KINDS = 4


def constant_returns(
    game_or_id: Any, objective: Any = None, state: Mapping[str, Any] | None = None, rates: Any = CONSTANTS
) -> Array:
    """Returns (K, N) when everybody plays a constant rate: by default the 101 of the constant baselines."""
    episode = Episode(game_or_id, objective, state)
    return constant_values(episode, np.asarray(rates, dtype=np.float64)[:, None] * np.ones(episode.n))


def constant_values(episode: Episode, profiles: Array) -> Array:
    """Returns (K, N) of constant profiles of rates (K, N)."""
    tables = np.repeat(profiles[:, None, :], episode.horizon, axis=1)
    return episode.returns(tables)


def best_constant(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    per_agent: bool = False,
    split: bool = False,
    episode: Episode | None = None,
) -> Sequences:
    """The constant profile with the largest total return, one rate for all or one per agent.

    Parameters
    ----------
    per_agent : bool
        Whether agents may play different rates; exchangeable ones play alike.
    split : bool
        With `per_agent`, also let some of the exchangeable agents carry the others: where trust need only survive on
        average, one that keeps it alive may be enough.

    Returns
    -------
    Sequences
        Never worse than any of the 101 constants.
    """
    began = time.perf_counter()
    episode = episode or Episode(game_or_id, objective, state)
    marks = episode.key_rates(range(episode.n))
    options = [np.zeros(episode.n, dtype=np.int64)]
    if per_agent:
        options = partitions(episode.groups()) if split else [episode.groups()]
    if per_agent and split and episode.n > 2:  # who plays one rate, who another, who a third
        casts = cast_profiles(episode.groups(), marks)
        cast = casts[int(constant_values(episode, casts).sum(axis=1).argmax())]
        alike = np.unique(np.column_stack([episode.groups(), cast]), axis=0, return_inverse=True)[1].reshape(-1)
        if alike.max() + 1 <= _MOST_KINDS and not any(np.array_equal(alike, option) for option in options):
            options = [*options, alike.astype(np.int64)]
    best, height, groups = np.zeros(0), -np.inf, options[0]
    for option in options:
        kinds = int(option.max()) + 1

        def value(points: Array, option: NDArray[np.int64] = option) -> Array:
            return np.asarray(constant_values(episode, points[:, option]).sum(axis=1))

        shared = np.concatenate([CONSTANTS, np.array(marks)])[:, None] * np.ones(kinds)
        starts = [shared, episode.game.baseline_rate[None, np.unique(option, return_index=True)[1]]]
        if kinds > 1:
            starts += [mixed_rates(marks, kinds), np.random.default_rng(0).uniform(size=(128, kinds))]
        # Replacing in fine steps is a line search that sees jumps.
        tried = sorted({*CONSTANTS.tolist(), *marks})
        found, reached = search(value, np.concatenate(starts), tried, climbs=3, rounds=4)
        if kinds == 1:  # the best rate may be the last before a jump: tables that close in on it
            for width in (1e-2, 1e-4, 1e-6):
                near = np.clip(found + width * np.linspace(-1.0, 1.0, 201)[:, None], 0.0, 1.0)
                totals = value(near)
                if totals.max() > reached:
                    found, reached = near[totals.argmax()], float(totals.max())
        if reached > height:
            best, height, groups = found, reached, option
    rates = np.repeat(best[groups][None], episode.horizon, axis=0)
    return result(episode, "best_constant", rates, began)
