"""The open-loop optimum: the action sequences with the largest total return that a search finds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.oracles.episode.climbing import ENOUGH, replace, search
from coopetition.oracles.episode.constants import best_constant, constant_values
from coopetition.oracles.episode.replies import best_sequence
from coopetition.oracles.episode.results import Sequences, result
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.starts import CONSTANTS, FINE, switching_sequences
from coopetition.oracles.stage.game import Array


def open_loop_optimum(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    starts: Sequence[Any] = (),
    climbs: int = 3,
    iterations: int = 60,
    rounds: int = 4,
    full: bool | None = None,
    sweeps: int = 8,
) -> Sequences:
    """The action sequences with the largest total return that the search finds.

    First all agents' sequences are searched for together, then each agent's own is improved with the others' held, one
    agent after the other, until none gains any more: no single agent's best response then improves the total.

    Parameters
    ----------
    starts : sequence of array_like (T, N), optional
        Level sequences to start from, beside the constants and those that switch once.
    climbs : int
        Starts that are climbed.
    iterations, rounds : int
        Of L-BFGS-B for each climb; of climbing and replacing single actions afterwards. Fewer are faster, and still
        never worse than the best constant.
    full : bool, optional
        Search over every agent's own sequence, even where agents are exchangeable; by default for two agents only. With
        more, agents that are exchangeable, and treated alike by the best constant profile, share a sequence until each
        improves its own.
    sweeps : int
        Rounds of each agent improving its own sequence, at most; none leaves the common search's result.

    Returns
    -------
    Sequences
        Never worse than `best_constant`.
    """
    began = time.perf_counter()
    episode = Episode(game_or_id, objective, state)
    horizon = episode.horizon
    constant = best_constant(None, episode=episode)
    free = best_constant(None, episode=episode, per_agent=True, split=True)
    free_rates = free.actions[0] / episode.game.endowment
    # Agents that the best constant profile treats alike stay alike; it may set a carrier apart from its group.
    groups = episode.groups()
    unequal = np.unique(np.column_stack([groups, free_rates]), axis=0, return_inverse=True)[1]
    groups = unequal.reshape(-1).astype(np.int64)
    if episode.n == 2 if full is None else full:
        groups = np.arange(episode.n)
    kinds = int(groups.max()) + 1
    speakers = np.unique(groups, return_index=True)[1]

    def value(points: Array) -> Array:
        tables = points.reshape(len(points), horizon, kinds)[:, :, groups]
        return np.asarray(episode.returns(tables).sum(axis=1))

    marks = episode.key_rates(range(episode.n))
    constants = constant_values(episode, CONSTANTS[:, None] * np.ones(episode.n)).sum(axis=1)
    early = {float(CONSTANTS[k]) for k in np.argsort(-constants)[:4]}
    early |= {float(rate) for rate in constant.actions[0] / episode.game.endowment} | set(marks)
    switching = switching_sequences(horizon, sorted(early), sorted({*marks, 0.2, 0.3}))
    changes = switching != switching[:, :1]
    tables = [
        np.repeat(CONSTANTS[:, None, None] * np.ones((1, 1, kinds)), horizon, axis=1),
        *[(found.actions / episode.game.endowment)[None][:, :, speakers] for found in (constant, free)],
        switching[:, :, None] * np.ones(kinds),
    ]
    # The same last steps after everybody's own baseline, and after what was best per agent.
    for base in (episode.game.baseline_rate, free_rates):
        tables.append(np.where(changes[:, :, None], switching[:, :, None], base[speakers]))
    tables += [episode.rates(start, "starts")[None][:, :, speakers] for start in starts]
    points = np.concatenate(tables).reshape(-1, horizon * kinds)
    best, height = search(value, points, marks, climbs=climbs, rounds=rounds, iterations=iterations)
    rates = best.reshape(horizon, kinds)[:, groups]
    if sweeps > 0:
        rates, height, gain = _improve_in_turn(episode, rates, height, sweeps, iterations)
    else:
        gain = max(replace(value, best, height, marks, passes=1)[1] - height, 0.0)
    return result(episode, "open_loop_optimum", rates, began, gain, gain <= 1e-6 * (1.0 + abs(height)))


def _improve_in_turn(
    episode: Episode, rates: Array, height: float, sweeps: int, iterations: int
) -> tuple[Array, float, float]:
    """Improve each agent's own sequence for the total, the others' held, until no agent gains: rates, total, last gain.

    Where the game ends by mean trust, a common climb stands still at the edge of collapse: every slope across it is a
    jump. One agent alone moves along the edge.
    """
    rates = rates.copy()
    groups = episode.groups()
    enough = ENOUGH * (1.0 + abs(height))
    largest = 0.0
    for sweep in range(sweeps):
        largest = 0.0
        content: set[tuple[int, bytes]] = set()
        for i in range(episode.n):
            if (int(groups[i]), rates[:, i].tobytes()) in content:
                continue  # its twin has nothing to gain, neither has it

            def value(points: Array, i: int = i) -> Array:
                tables = np.repeat(rates[None], len(points), axis=0)
                tables[:, :, i] = points
                return np.asarray(episode.returns(tables).sum(axis=1))

            best, reached = best_sequence(
                value, rates[:, i].copy(), episode.key_rates([i]), FINE if sweep < 2 else (), iterations=iterations
            )  # fmt: skip
            largest = max(largest, reached - height)
            if reached - height <= enough:
                content.add((int(groups[i]), rates[:, i].tobytes()))
            if reached > height:
                rates[:, i], height = best, reached
        if largest <= enough:
            break
    return rates, height, largest
