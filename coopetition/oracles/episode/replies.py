"""Best responses: one agent's best sequence against the others' policies."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.oracles.episode.climbing import search
from coopetition.oracles.episode.players import Table
from coopetition.oracles.episode.results import Sequences
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.starts import CONSTANTS, FINE, switching_sequences
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.stackelberg import leader_index


def best_sequence(
    value: Callable[[Array], Array],
    own: Array,
    marks: Sequence[float],
    early: Sequence[float],
    starts: Sequence[Array] = (),
    *,
    iterations: int = 40,
    climb: bool = True,
    constants: Array = CONSTANTS,
) -> tuple[Array, float]:
    """One agent's best rates (T,): the best of structured candidates, and of climbs from there and from its own.

    Parameters
    ----------
    value : callable
        Of many sequences (K, T).
    own : ndarray (T,)
        What it plays now.
    marks, early : sequence of float
        Rates that are tried as constants and as replacements; further rates that a sequence may begin with before it
        switches to one of `marks`. Without any, sequences that switch are left out.
    starts : sequence of ndarray (T,)
        Further candidates.
    climb : bool
        Whether to climb; else the best candidate is returned, for the cost of one rollout of them all.
    """
    horizon = len(own)
    candidates = [own[None], *[start[None] for start in starts]]
    candidates += [np.asarray(rates)[:, None] * np.ones(horizon) for rates in (constants, marks)]
    if len(early):
        candidates.append(switching_sequences(horizon, sorted({*marks, *early}), marks))
    table = np.concatenate(candidates)
    if not climb:
        heights = value(table)
        k = int(heights.argmax())
        return table[k], float(heights[k])
    best, height = search(value, table, marks, climbs=2, rounds=4, iterations=iterations)
    # One climb always starts from the own sequence: a small improvement of it is a better one's first witness.
    near, nearby = search(value, own[None], marks, climbs=1, rounds=2, iterations=iterations)
    return (near, nearby) if nearby > height else (best, height)


def best_response(
    game_or_id: Any,
    policies: Any,
    agent: int | str,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    starts: Sequence[Any] = (),
    iterations: int = 40,
    episode: Episode | None = None,
    thorough: bool = True,
    climb: bool = True,
) -> Sequences:
    """Agent i's best sequence against the others' policies, as far as the search finds it.

    The others and the dynamics are deterministic given the seed, so a sequence is as good a reply as any strategy. To a
    policy that draws, it is a reply to the draws of this seed: a climb makes it clairvoyant.

    Parameters
    ----------
    policies : str or sequence
        See `Table`; the agent's own entry only gives its first candidate.
    agent : int or str
        Who replies.
    starts : sequence of array_like (T,), optional
        Level sequences to start from.
    thorough : bool
        Also start from sequences that switch once.
    climb : bool
        Whether to climb from the best candidates. Without, the reply is the best of the own policy, constants, and
        sequences that switch once between key rates, for the cost of one rollout of them all; against policy objects
        that have to look, each candidate is a copy that they see, and there are constants only.

    Returns
    -------
    Sequences
        `value` is the agent's return: a lower bound of the true best response's, and never less than its own policy's.
    """

    began = time.perf_counter()
    episode = episode or Episode(game_or_id, objective, state)
    who = leader_index(episode.stage(), agent)
    table = Table(episode, policies, seed)
    own_returns, own_rates = table.returns()
    horizon = episode.horizon

    def value(points: Array) -> Array:
        return np.ascontiguousarray(table.returns(who, points)[0][:, who])

    marks = episode.key_rates([who], optimum=climb)
    high = episode.game.endowment[who]
    given = []
    for start in starts:
        sequence = np.asarray(start, dtype=np.float64)
        if sequence.shape != (horizon,):
            raise ValueError(f"starts have shape {sequence.shape}, expected {(horizon,)}")
        given.append(np.clip(sequence / high, 0.0, 1.0))
    watched = bool(set(table.objects) - {who})
    if climb:
        early, constants = () if not thorough else marks if watched else FINE, CONSTANTS
    else:
        early, constants = () if watched else marks, CONSTANTS[::25] if watched else CONSTANTS
    best, height = best_sequence(
        value, own_rates[0, :, who], marks, early, given, iterations=iterations, climb=climb, constants=constants
    )  # fmt: skip
    if float(own_returns[0, who]) > height:
        best, height = own_rates[0, :, who], float(own_returns[0, who])
    final_returns, final = table.returns(who, best[None])
    return Sequences(
        episode.game.id, "best_response", str(episode.game.reward_mode), episode.game.agents,
        episode.levels(final[0]), final_returns[0], height, horizon, True, 0.0,
        {"agent": episode.game.agents[who], "own": float(own_returns[0, who]), "rollouts": episode.rollouts,
         "seconds": time.perf_counter() - began},
    )  # fmt: skip
