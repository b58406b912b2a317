"""The open-loop optimum: the action sequences with the largest total return that a search finds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.games.parameters import choose
from coopetition.oracles.episode.climbing import ENOUGH
from coopetition.oracles.episode.constants import best_constant, constant_values
from coopetition.oracles.episode.moves import CHEAP, NEIGHBOURHOOD, OF_REPLIES, neighbours
from coopetition.oracles.episode.results import Sequences, result
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.searching import DUTIES, EFFORTS, Effort, improve, palette_of, search_sequences
from coopetition.oracles.episode.starts import CONSTANTS, switching_sequences
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective
from coopetition.oracles.stage.social_optimum import social_optimum

#: A gain, relative to the total, with which an optimum still counts as converged.
CLOSED = 1e-6


def open_loop_optimum(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    starts: Sequence[Any] = (),
    effort: str | Effort = "default",
    full: bool | None = None,
    seed: int = 0,
) -> Sequences:
    """The action sequences with the largest total return that the search finds.

    First all agents' sequences are searched for together (`coopetition.oracles.episode.searching`: constants, switches,
    pulses, climbs, evolution, moves of blocks), then each agent's own is improved with the others' held, one agent
    after the other, until none gains any more.

    Parameters
    ----------
    starts : sequence of array_like (T, N), optional
        Level sequences to start from, beside the structured ones.
    effort : {"quick", "default", "thorough"} or Effort
        How much is done: about a second, five, and minutes for 100 steps of two agents.
    full : bool, optional
        Search over every agent's own sequence, even where agents are exchangeable; by default for two agents only. With
        more, agents that are exchangeable, and treated alike by the best constant profile, share a sequence until each
        improves its own.
    seed : int
        Of the evolution and the annealing: the same seed, the same result.

    Returns
    -------
    Sequences
        Never worse than `best_constant`: a lower bound of the true optimum. ``converged`` says that no move of its
        ``neighbourhood`` gains a millionth of the total.
    """
    began = time.perf_counter()
    spent = effort if isinstance(effort, Effort) else EFFORTS[choose("effort", effort, EFFORTS)]
    episode = Episode(game_or_id, objective, state)
    constant = best_constant(None, episode=episode)
    free = best_constant(None, episode=episode, per_agent=True, split=True)
    groups = _roles(episode, free.actions[0] / episode.game.endowment, full)
    speakers = np.unique(groups, return_index=True)[1]

    def value(tables: Array) -> Array:
        return np.asarray(episode.returns(tables[:, :, groups]).sum(axis=1))

    marks = episode.key_rates(range(episode.n))
    first = _structured_starts(episode, constant, free, marks)[:, :, speakers]
    given = [episode.rates(start, "starts")[None][:, :, speakers] for start in starts]
    best, height = search_sequences(value, np.concatenate([first, *given]), marks, spent, seed=seed)
    rates = best[:, groups]
    alone = np.inf
    if spent.sweeps > 0:
        rates, height, alone = _improve_in_turn(episode, rates, height, spent)
    gains = _last_look(episode, rates, height, marks, NEIGHBOURHOOD if spent.pairs else CHEAP)
    if np.isfinite(alone):
        gains["one agent"] = alone
    epsilon = max(gains.values())
    return result(
        episode,
        "open_loop_optimum",
        rates,
        began,
        epsilon,
        epsilon <= CLOSED * (1.0 + abs(height)),
        neighbourhood=gains,
    )


def _roles(episode: Episode, free: Array, full: bool | None) -> NDArray[np.int64]:
    """Who shares a sequence: a role's number for each agent.

    Agents that the best constant profile treats alike stay alike; it may set a carrier apart from its group.
    """
    if episode.n == 2 if full is None else full:
        return np.arange(episode.n)
    alike = np.unique(np.column_stack([episode.groups(), free]), axis=0, return_inverse=True)[1]
    return alike.reshape(-1).astype(np.int64)


def _structured_starts(episode: Episode, constant: Sequences, free: Sequences, marks: Sequence[float]) -> Array:
    """Constants and sequences (K, T, N) that switch once."""
    horizon, n, endowment = episode.horizon, episode.n, episode.game.endowment
    constants = constant_values(episode, CONSTANTS[:, None] * np.ones(n)).sum(axis=1)
    early = {float(CONSTANTS[k]) for k in np.argsort(-constants)[:4]}
    early |= {float(rate) for rate in constant.actions[0] / endowment} | set(marks)
    switching = switching_sequences(horizon, sorted(early), sorted({*marks, 0.2, 0.3}))
    changes = switching != switching[:, :1]
    tables = [
        np.repeat(CONSTANTS[:, None, None] * np.ones((1, 1, n)), horizon, axis=1),
        *[(found.actions / endowment)[None] for found in (constant, free)],
        switching[:, :, None] * np.ones(n),
    ]
    # The same last steps after everybody's own baseline, and after what was best per agent.
    for base in (episode.game.baseline_rate, free.actions[0] / endowment):
        tables.append(np.where(changes[:, :, None], switching[:, :, None], base))
    # Pulses between whole profiles, where each agent has rates of its own to give and to hold back.
    stage = episode.stage()
    own = Objective(stage, "private")
    profiles = [episode.game.baseline_rate, free.actions[0] / endowment]
    profiles += [equilibrium(stage, own, "nash", strict=False).actions / endowment]
    profiles += [social_optimum(stage, own, strict=False).actions / endowment]
    # Giving a little more in between may be what lets trust bear it.
    more = [np.clip(factor * profiles[1], 0.0, 1.0) for factor in (1.01, 1.03, 1.06, 1.12)]
    for high in [*profiles, *more]:
        for low in profiles:
            if high is not low:
                for on, off in (*DUTIES, (3, 1), (5, 1), (8, 1)):
                    turn = np.resize([True] * on + [False] * off, horizon)
                    tables.append(np.where(turn[:, None], high, low)[None])
    return np.concatenate(tables)


def _improve_in_turn(episode: Episode, rates: Array, height: float, effort: Effort) -> tuple[Array, float, float]:
    """Improve each agent's own sequence for the total, the others' held, until no agent gains: rates, total, last gain.

    Where the game ends by mean trust, a common climb stands still at the edge of collapse: every slope across it is a
    jump. One agent alone moves along the edge.
    """
    rates = rates.copy()
    groups = episode.groups()
    enough = ENOUGH * (1.0 + abs(height))
    largest = 0.0
    for sweep in range(effort.sweeps):
        largest = 0.0
        content: set[tuple[int, bytes]] = set()
        for i in range(episode.n):
            if (int(groups[i]), rates[:, i].tobytes()) in content:
                continue  # its twin has nothing to gain, neither has it

            def value(tables: Array, i: int = i) -> Array:
                played = np.repeat(rates[None], len(tables), axis=0)
                played[:, :, i] = tables[:, :, 0]
                return np.asarray(episode.returns(played).sum(axis=1))

            own = rates[:, i : i + 1].copy()
            names = OF_REPLIES if effort.pairs else CHEAP[:1]
            found, reached = improve(value, own, episode.key_rates([i]), effort, widely=sweep == 0, names=names)
            largest = max(largest, reached - height)
            if reached - height <= enough:
                content.add((int(groups[i]), rates[:, i].tobytes()))
            if reached > height:
                rates[:, i], height = found[:, 0], reached
        if largest <= enough:
            break
    return rates, height, largest


def _last_look(
    episode: Episode, rates: Array, height: float, marks: Sequence[float], names: Sequence[str]
) -> dict[str, float]:
    """What each family of moves still gains; agents that play alike, and are exchangeable, move together."""
    columns = np.column_stack([rates.T, episode.groups()])
    _, speakers, roles = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    roles = roles.reshape(-1)

    def value(tables: Array) -> Array:
        return np.asarray(episode.returns(tables[:, :, roles]).sum(axis=1))

    point = rates[:, speakers]
    return neighbours(value, point, height, palette_of(point[None], marks), names)[1]
