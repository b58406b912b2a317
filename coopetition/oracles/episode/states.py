"""One agent's best sequence by dynamic programming forward over the states that it can bring about.

Against sequences, and policies that the kernel plays, a reply is a control problem without chance: an episode's state,
levels of trust, of loyalty, memberships, says all that later steps hang on. So from every state that is kept all rates
of a palette are played for one step, and of the states that come out alike, in one cell of a grid, the one that has
been paid most goes on. Cells are as fine as the number of states that are kept allows; states are never rounded, so
that what comes out is a sequence that was played, and its value is exact. Good play that keeps trust at the edge of
collapse by combinations of many steps, where no single move gains, is found by this and by no climb.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.oracles.episode.climbing import ENOUGH, climb
from coopetition.oracles.episode.moves import OF_REPLIES, Best, Value, descend
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.searching import palette_of
from coopetition.oracles.stage.game import Array

#: Fields that tell no states apart: what was paid, the clock, what only the eyes or a policy that looks need, and
#: single memories, of which the mean is kept.
_ASIDE = ("payoff_total", "reward_total", "time", "chance", "begun", "ended", "memory")
_LOOKED_AT = ("rates", "seen")
#: Agent steps of a pass, and copies stepped at once at least and at most; sequences returned, and polished.
_PASS, COPIES, RETURNED, POLISHED = 3.2e6, (4000, 60_000), 24, 2
#: Steps times pairs of agents that a round of random moves may play, and rounds at most and at least.
_STIRRED, _ROUNDS = 16_000, (40, 16)
#: Steps times pairs of agents from which one pass with fewer moves must do.
_LARGE = 3000
#: Rates of the first pass, and of those that follow, which try rates around the best sequence's as well.
_WIDE, _NARROW = tuple(k / 8 for k in range(9)), tuple(k / 4 for k in range(5))
_MOVES = ("single steps", "trades")
_NEAR = (-0.1, -0.03, -0.01, -0.003, -0.001, 0.001, 0.003, 0.01, 0.03, 0.1)
#: Differences that are none, of a field's values; the finest grid of cells.
_SAME, _FINEST = 1e-3, 4096


def improve_by_states(
    episode: Episode,
    value: Value,
    names: Sequence[str],
    script: Array,
    agent: int,
    marks: Sequence[float],
    own: Array,
    height: float,
    *,
    passes: int = 3,
    iterations: int = 30,
) -> tuple[Array, float]:
    """A better sequence (T,) than the agent's own: passes of `by_states`, each polished by climbs and moves.

    Parameters
    ----------
    value : callable
        The agent's returns (K,) of its rates (K, T, 1).
    names, script, agent
        As for `by_states`.
    marks : sequence of float
        Rates at which something changes.
    height : float
        What the own sequence is worth.
    passes : int
        How many at most: one on a fixed palette, and those around the best sequence, as long as they gain; fewer where
        many agents meet for many steps.

    Returns
    -------
    column : ndarray (T,)
    height : float
        Never less than the own one's.
    """
    copies = int(np.clip(_PASS / (episode.horizon * episode.n), *COPIES))
    work = episode.horizon * episode.n**2
    rounds = int(np.clip(_STIRRED / work, _ROUNDS[1], _ROUNDS[0]))
    for k in range(passes if work <= _LARGE else 1):
        before, near = height, _NEAR if k else ()
        palette = sorted({*(_NARROW if k else _WIDE), *marks})
        best = Best()
        found, kept = by_states(episode, names, script, agent, palette, own, near=near, copies=copies)
        best.see(value, found[:, :, None])
        if kept <= 2 and float(best.heights[0]) <= height:
            break  # nothing that the agent does is remembered: each step is a choice for itself
        points, heights = best.apart(1 if k else POLISHED)
        for start, reached in zip(points, heights, strict=True):
            point, reached, _ = climb(value, start, float(reached), iterations)
            enough = ENOUGH * (1.0 + abs(reached))
            choice = palette_of(point[None], marks)
            point, reached = descend(
                value,
                point,
                reached,
                choice,
                passes=3,
                enough=enough,
                names=_MOVES if k or work > _LARGE else OF_REPLIES,
                pairs=False,
            )
            point, reached = given_and_taken(value, point[:, 0], reached, rounds=rounds)
            if reached > height:
                own, height = point, reached
        if (k or len(points) == 1) and height - before <= 1e-5 * (1.0 + abs(height)):
            break
    return own, height


def given_and_taken(
    value: Value, own: Array, height: float, *, rounds: int = _ROUNDS[0], size: int = 1024, seed: int = 0
) -> tuple[Array, float]:
    """Better sequences (T,) by moving two blocks of steps at once, by amounts of all sizes, as long as rounds last.

    Where the best play lies on an edge, what one block gains another must make up for, in a proportion that hangs on
    both: none of a fixed list. A round takes the best of its random moves, shorter or longer, or several.
    """
    rng = np.random.default_rng(seed)
    steps = np.arange(len(own))
    for _ in range(rounds):
        first = rng.integers(len(own), size=(2, size, 1))
        last = first + rng.geometric(0.3, size=first.shape)
        amounts = rng.choice([-1.0, 1.0], size=first.shape) * 10.0 ** rng.uniform(-4.0, -0.7, size=first.shape)
        moves = (((steps >= first) & (steps < last)) * amounts).sum(axis=0)
        found = value(np.clip(own + moves, 0.0, 1.0)[:, :, None])
        top = moves[np.argsort(-found, kind="stable")[:24]]
        further = np.concatenate([2.0 ** np.arange(-3, 6)[:, None] * top[0], np.cumsum(top, axis=0)])
        trials = np.clip(own + further, 0.0, 1.0)
        drawn = value(trials[:, :, None])
        if float(drawn.max()) > height:
            own, height = trials[int(drawn.argmax())], float(drawn.max())
    return own, height


def by_states(
    episode: Episode,
    names: Sequence[str],
    script: Array,
    agent: int,
    palette: Sequence[float],
    own: Array,
    *,
    near: Sequence[float] = (),
    copies: int = COPIES[0],
) -> tuple[Array, int]:
    """The best sequences of one agent that are found, from the first to the last, and how many states were kept.

    Parameters
    ----------
    episode : Episode
        The game.
    names : sequence of str
        Of what the kernel plays for each agent; "actions" for the agent, and for whom the script speaks.
    script : ndarray (T, N)
        Rates of the others.
    agent : int
        Who replies.
    palette : sequence of float
        Rates that are tried in every step.
    own : ndarray (T,)
        A sequence that is always among the candidates.
    near : sequence of float
        Differences from `own`'s rate that are tried in every step too.
    copies : int
        States times rates a step.

    Returns
    -------
    sequences : ndarray (K, T)
        Rates.
    states : int
        Kept in one step at most.
    """
    game, horizon = episode.game, episode.horizon
    batches = [episode.batch(size) for size in (copies // 16, copies)]
    scripted = all(name == "actions" for name in names)
    layout = game.layout
    paid = layout["reward_total"].first + agent
    told = np.append(_telling(game, looked_at=not scripted), [layout["ended"].first, paid])
    now: Array = batches[0].rows()[:, :1]
    at, bins = 0, 64  # where the own sequence's state is among those kept; cells to a field
    parents: list[NDArray[np.int64]] = []
    played: list[Array] = []
    for t in range(horizon):
        count = now.shape[1]
        rates = _rates(palette, float(own[t]), near, copies // count)
        size = count * len(rates)
        batch = batches[int(size > batches[0].num_envs)]
        lanes = np.minimum(np.arange(batch.num_envs), size - 1)  # those without a state of their own play the last one
        batch.memory.write_rows(now[:, lanes // len(rates)])
        actions = np.repeat(script[t][None], batch.num_envs, axis=0)
        actions[:, agent] = rates[lanes % len(rates)]
        if scripted:
            batch.step(actions)
        else:
            batch.rollout(list(names), 1, actions=actions[None])
        after, ended, totals = np.split(_rows(batch, told, size), [-2, -1])
        # A game that is over is in one state, whatever it was before.
        over, totals = ended[0] == 1.0, totals[0]
        chosen, bins = _kept(after, totals, over, copies // (len(palette) + len(near) + 1) - 1, bins)
        mine = at * len(rates) + int(np.searchsorted(rates, own[t]))
        chosen = np.unique(np.append(chosen, mine))
        at = int(np.searchsorted(chosen, mine))
        parents.append(chosen // len(rates))
        played.append(rates[chosen % len(rates)])
        now = batch.memory.rows_of(chosen).T.copy()
    episode.rollouts += copies
    order = np.argsort(-now[paid], kind="stable")[:RETURNED]
    found = np.empty((len(order), horizon))
    for t in range(horizon - 1, -1, -1):
        found[:, t] = played[t][order]
        order = parents[t][order]
    return found, max(len(step) for step in parents)


def _rows(batch: Batch, rows: NDArray[np.int64], size: int) -> Array:
    """Some rows of the state of the first copies: (rows, size)."""
    return np.ascontiguousarray(batch.memory.state[:, rows].transpose(1, 0, 2).reshape(len(rows), -1)[:, :size])


def _telling(game: Game, looked_at: bool) -> NDArray[np.int64]:
    """The rows of a state that tell it from others."""
    names = [name for name in game.layout if name not in _ASIDE and (looked_at or name not in _LOOKED_AT)]
    return np.concatenate([np.arange(game.state_rows)[game.layout[name].rows] for name in names])


def _rates(palette: Sequence[float], own: float, near: Sequence[float], most: int) -> Array:
    """Rates to try in one step: the palette, those around the own one, and more where few states are kept."""
    rates = np.concatenate([palette, [own], np.clip(own + np.asarray(near, dtype=np.float64), 0.0, 1.0)])
    room = most - len(rates)
    if room > 10:
        rates = np.append(rates, np.linspace(0.0, 1.0, min(room, 201)))
    return np.unique(rates)


def _kept(states: Array, totals: Array, over: NDArray[np.bool_], most: int, bins: int) -> tuple[NDArray[np.int64], int]:
    """Of each cell of states (F, K) the one with the greatest total, in as many cells as may be kept.

    Returns
    -------
    chosen : ndarray
        Indices.
    bins : int
        Cells to a field.
    """
    low, high = states.min(axis=1), states.max(axis=1)
    vary = high > low
    scaled = (states[vary] - low[vary, None]) / np.maximum(high - low, _SAME)[vary, None]
    factors = np.random.default_rng(0).integers(1, 2**40, size=len(scaled)) | 1
    order = np.argsort(-totals, kind="stable")
    scaled, ended = scaled[:, order], over[order]

    def pick(bins: int) -> NDArray[np.int64]:
        cells = factors @ np.floor(scaled * bins).astype(np.int64)
        cells[ended] = -1
        return np.asarray(order[np.unique(cells, return_index=True)[1]])

    chosen = pick(bins)
    while len(chosen) > most and bins > 1:
        bins = int(bins / 1.25)
        chosen = pick(bins)
    while len(chosen) < 0.8 * most and bins < _FINEST:
        finer = int(bins * 1.25) + 1
        more = pick(finer)
        if len(more) > most:
            break
        chosen, bins = more, finer
    if len(chosen) > most:  # even one cell to a field has too many kinds of states
        chosen = chosen[np.argsort(-totals[chosen], kind="stable")[:most]]
    return chosen, bins
