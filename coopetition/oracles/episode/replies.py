"""Best responses: one agent's best sequence against the others' policies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.oracles.episode.climbing import climb as climb_from
from coopetition.oracles.episode.moves import CHEAP, CHUNK, Value, descend
from coopetition.oracles.episode.players import Table
from coopetition.oracles.episode.probing import probe
from coopetition.oracles.episode.results import Sequences
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.searching import Effort, improve, palette_of
from coopetition.oracles.episode.starts import CONSTANTS, switching_sequences
from coopetition.oracles.episode.states import improve_by_states
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.stackelberg import leader_index

#: Seeds on which a reply to policies that draw is searched for, and further ones on which it is scored.
SEARCHED, SCORED = 4, 16
#: Agent steps that a climb against policies that have to look may play.
_WATCHED = 2.0e7
#: Steps times pairs of agents from which fewer moves are looked at.
_LARGE = 3000


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
    climb: bool = True,
    table: Table | None = None,
) -> Sequences:
    """Agent i's best sequence against the others' policies, as far as the search finds it.

    Where the others are deterministic, a sequence is as good a reply as any strategy. To policies that draw, a sequence
    is searched for on some seeds and scored on others: a reply to known draws would be clairvoyance, not a bound.

    Parameters
    ----------
    policies : str or sequence
        See `Table`; the agent's own entry only gives its first candidate.
    agent : int or str
        Who replies.
    seed : int
        Seed of what is drawn; for policies that draw, the first of many.
    starts : sequence of array_like (T,), optional
        Level sequences to start from.
    iterations : int
        Of each climb.
    climb : bool
        Whether to climb from the best candidates. Without, the reply is the best of what `probing` looks at: the own
        policy, constants, switches, pulses, and what the others' thresholds suggest.
    table : Table, optional
        The policies, if they were read already.

    Returns
    -------
    Sequences
        `value` is the agent's return: a lower bound of the true best response's, and never less than its own policy's.
        ``solver["own"]`` is that one.
    """
    began = time.perf_counter()
    episode = episode or Episode(game_or_id, objective, state)
    who = leader_index(episode.stage(), agent)
    table = table or Table(episode, policies, seed)
    horizon, high = episode.horizon, episode.game.endowment[who]
    given = []
    for start in starts:
        sequence = np.asarray(start, dtype=np.float64)
        if sequence.shape != (horizon,):
            raise ValueError(f"starts have shape {sequence.shape}, expected {(horizon,)}")
        given.append(np.clip(sequence / high, 0.0, 1.0))
    search_seeds = range(seed, seed + SEARCHED) if table.draws else None
    score_seeds = range(seed + SEARCHED, seed + SEARCHED + SCORED) if table.draws else None
    own_returns, own_rates = table.own(search_seeds)
    own = own_rates[:, who]
    others = [j for j in range(episode.n) if j != who]

    seen: list[tuple[Array, Array, Array]] = []  # the best sequence, what all got, and what all played

    def value(rows: Array) -> tuple[Array, Array]:
        returns, rates = table.returns(who, rows, search_seeds)
        k = int(returns[:, who].argmax())
        if not seen or returns[k, who] > seen[-1][1][who]:
            seen[:] = [(rows[k].copy(), returns[k].copy(), rates[k].copy())]
        return np.ascontiguousarray(returns[:, who]), _answers(table, rates, others)

    marks = episode.key_rates([who], optimum=climb)
    watched = bool(set(table.objects) - {who})
    if not climb and not watched and not table.draws:
        given += list(switching_sequences(horizon, marks, marks))
    best, height = probe(value, own, marks, given)
    if climb:
        best, height = _climbed(lambda rows: value(rows)[0], own, best, height, marks, iterations, table, watched)
        if not watched and not table.draws:
            best, height = improve_by_states(
                episode,
                lambda rows: value(rows[:, :, 0])[0],
                table.names_with(who),
                table.script,
                who,
                marks,
                best,
                height,
            )
    if float(own_returns[who]) >= height:
        best, height = own, float(own_returns[who])
    if score_seeds is not None:
        # What was found on some draws is judged by others, and the own policy on the same.
        own_returns, _ = table.own(score_seeds)
        height = float(table.returns(who, best[None], score_seeds)[0][0, who])
        height = max(height, float(own_returns[who]))
    if score_seeds is None and np.array_equal(seen[-1][0], best):
        final_returns, final = seen[-1][1], seen[-1][2]
    else:
        final_returns, final = (one[0] for one in table.returns(who, best[None], score_seeds))
    return Sequences(
        episode.game.id,
        "best_response",
        str(episode.game.reward_mode),
        episode.game.agents,
        episode.levels(final),
        final_returns,
        height,
        horizon,
        True,
        0.0,
        {
            "agent": episode.game.agents[who],
            "own": float(own_returns[who]),
            "rollouts": episode.rollouts,
            "seconds": time.perf_counter() - began,
        },
    )


def _answers(table: Table, rates: Array, others: list[int]) -> Array:
    """What the others played on average (K,), as far as it was seen: policies that the kernel plays answer unseen."""
    seen = [j for j in others if j in table.objects]
    return rates[:, :, seen].mean(axis=(1, 2)) if seen else np.zeros(len(rates))


def _climbed(
    value: Value,
    own: Array,
    best: Array,
    height: float,
    marks: Sequence[float],
    iterations: int,
    table: Table,
    watched: bool,
) -> tuple[Array, float]:
    """Go on from the best candidate, and from the own sequence, by climbing and by moves."""
    episode = table.episode
    horizon = len(own)

    def of_tables(tables: Array) -> Array:
        rows = tables[:, :, 0]
        part = CHUNK if not watched else CHUNK // 4
        return np.concatenate([value(rows[first : first + part]) for first in range(0, len(rows), part)])

    if not watched:
        effort = Effort(iterations=iterations, passes=6 if horizon * episode.n**2 <= _LARGE else 3)
        point, reached = improve(of_tables, best[:, None], marks, effort, widely=True)
        near, nearby = improve(of_tables, own[:, None], marks, effort, widely=False, names=CHEAP[:1])
        return (near[:, 0], nearby) if nearby > reached else (point[:, 0], reached)
    # Each step of each episode is looked at by the policies: as many episodes as there is time for.
    agents = len({(int(group), kind) for group, kind in zip(episode.groups(), table.kinds, strict=True)})
    left = _WATCHED / (horizon * episode.n * agents)
    point = best[:, None]
    climbs = int(min(iterations, 0.3 * left / (2 * horizon + 1)))
    if climbs > 2:
        found, reached, _ = climb_from(of_tables, point, height, climbs)
        if reached > height:
            point, height = found, reached
    palette = palette_of(point[None], marks, most=4)
    look = horizon * (len(palette) + 6)
    if left > 2 * look:
        names = CHEAP[:1] if left < 10 * look else CHEAP
        passes = max(1, int(0.7 * left / (look if len(names) == 1 else 5 * look)))
        point, height = descend(
            of_tables,
            point,
            height,
            palette,
            passes=min(passes, 6),
            enough=1e-6 * (1.0 + abs(height)),
            names=names,
            pairs=False,
        )
    constants = CONSTANTS[::4, None] * np.ones(horizon)
    heights = value(constants)
    if float(heights.max()) > height:
        return constants[int(heights.argmax())], float(heights.max())
    return point[:, 0], height
