"""Many teams in one batch: who plays each seat of each copy is said by a table.

Everything that the study measures of policies is such a table: a policy against itself, one of its agents deviating, a
field of others around one seat, teams drawn at random.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.policies.policy import Policy, scale_rates, whole_actions

#: Makes a policy for a game, anew for each seat that it fills.
Maker = Callable[[Game], Policy]
#: Copies that are played at once.
MOST_COPIES = 4096
#: Agents of a game of more are not all asked what they gain by leaving their policies, but so many.
MOST_ASKED = 8


@dataclass(frozen=True)
class Played:
    """Episodes of B teams.

    Attributes
    ----------
    returns, payoffs, rates : ndarray (B, N)
        Summed rewards of the mode, summed private payoffs, mean rates.
    lengths, bonds, sustained : ndarray (B,)
        Steps; mean trust or loyalty at the end; share of the horizon survived, weighted by trust or loyalty.
    outcomes : list of str
        "horizon", "collapsed", ...
    trace : ndarray (T, B, N) or None
        Rates of every step, when asked for; NaN after a copy's end.
    """

    returns: np.ndarray
    payoffs: np.ndarray
    rates: np.ndarray
    lengths: np.ndarray
    bonds: np.ndarray
    sustained: np.ndarray
    outcomes: list[str]
    trace: np.ndarray | None = None


def draws(game: Game) -> bool:
    """Whether two episodes of the same rates may differ."""
    numbers: Any = game.parameters
    chance = getattr(numbers, "tremble", 0.0) > 0.0 or getattr(numbers, "continuation", 1.0) < 1.0
    return bool(game.random_gamma or game.noise_deviation > 0.0 or chance)


def role_of(game: Game, i: int) -> str:
    """An agent's role: its name, without a number after ``_``."""
    agent = game.agents[i]
    role, _, number = agent.rpartition("_")
    return role if role and number.isdigit() else agent


def seats(game: Game) -> list[int]:
    """The first agent of each role."""
    first: dict[str, int] = {}
    for i in range(game.n):
        first.setdefault(role_of(game, i), i)
    return list(first.values())


def asked(game: Game) -> list[int]:
    """Agents that are asked what they gain by leaving their policies, since each may play a network of its own.

    All of them, or `MOST_ASKED` that are evenly spread, one of each role among them.
    """
    if game.n <= MOST_ASKED:
        return list(range(game.n))
    roles = seats(game)
    for count in range(MOST_ASKED, 0, -1):
        chosen = {*roles, *np.linspace(0, game.n - 1, count).round().astype(int).tolist()}
        if len(chosen) <= MOST_ASKED:
            return sorted(chosen)
    return sorted(roles)


def bond(game: Game, state: dict[str, np.ndarray]) -> np.ndarray:
    """Mean trust over ordered pairs (B,), or mean loyalty in team games."""
    if "trust" in state:
        n = game.n
        mean: np.ndarray = state["trust"].sum(axis=(1, 2)) / (n * (n - 1))
        return mean
    loyalty: np.ndarray = state["loyalty"].mean(axis=1)
    return loyalty


def play(
    game: Game,
    makers: Sequence[Maker],
    team: np.ndarray,
    seed: int | Sequence[int] = 0,
    *,
    override: np.ndarray | None = None,
    trace: bool = False,
) -> Played:
    """Play one episode in each of B copies.

    Parameters
    ----------
    game : Game
    makers : sequence of callable
        Entrants; each seat of each entrant is played by an instance of its own.
    team : ndarray (B, N) of int
        Which entrant plays each seat of each copy.
    seed : int or sequence of int
        Copy k is played with seed ``seed + k``, or with its own entry, by the game and by policies that draw.
    override : ndarray (T, B, N), optional
        Rates that are played instead of the policies'; NaN leaves the policy's.
    trace : bool
        Whether to keep every step's rates.
    """
    copies, n = team.shape
    seeds = list(range(seed, seed + copies)) if isinstance(seed, int) else list(seed)
    if copies > MOST_COPIES:
        parts = []
        for first in range(0, copies, MOST_COPIES):
            part = slice(first, first + MOST_COPIES)
            mine = None if override is None else override[:, part]
            parts.append(play(game, makers, team[part], seeds[part], override=mine, trace=trace))
        return _joined(parts)
    batch = Batch(game, copies, autoreset="disabled")
    observations = batch.reset(seed=seeds)
    players = []
    for i in range(n):
        for entrant in np.unique(team[:, i]):
            rows = np.flatnonzero(team[:, i] == entrant)
            policy = makers[int(entrant)](game)
            policy.reset(seed=[seeds[row] for row in rows], num_envs=len(rows))
            players.append((i, rows, policy))
    whole = np.zeros((copies, *game.action_shape))
    rates = whole if game.axes == 1 else whole[..., 0]
    sums = np.zeros((copies, n))
    sustained = np.zeros(copies)
    kept = []
    for step in range(game.horizon):
        playing = ~(batch.terminated | batch.truncated)
        if not playing.any():
            break
        for i, rows, policy in players:
            whole[rows, i] = whole_actions(game, policy.act(observations[rows, i], i))
        if override is not None and step < len(override):
            np.copyto(rates, override[step], where=~np.isnan(override[step]))
        np.clip(whole, 0.0, 1.0, out=whole)
        batch.step(scale_rates(game, whole))
        sums += playing[:, np.newaxis] * rates
        sustained += playing * bond(game, {name: batch.read(name) for name in _bond_fields(game)})
        if trace:
            kept.append(np.where(playing[:, np.newaxis], rates, np.nan))
    state = batch.state()
    lengths = state["time"]
    return Played(
        returns=state["reward_total"],
        payoffs=state["payoff_total"],
        rates=sums / lengths[:, np.newaxis],
        lengths=lengths,
        bonds=bond(game, state),
        sustained=sustained / game.horizon,
        outcomes=[outcome or "horizon" for outcome in batch.outcomes()],
        trace=_padded(kept, game.horizon, copies, n) if trace else None,
    )


def play_alike(
    game: Game,
    makers: Sequence[Maker],
    team: np.ndarray,
    seed: int,
    episodes: int,
    *,
    override: np.ndarray | None = None,
    trace: bool = False,
) -> Played:
    """`play` under the same draws for every team, so that teams can be compared: means over episodes.

    Parameters
    ----------
    seed : int
        Episode e of every team is played with seed ``seed + e``.
    episodes : int
        One is played where the game does not draw.

    Returns
    -------
    Played
        Means over episodes, and the most frequent outcome of each team. Where an episode has ended the trace is NaN.
    """
    count = episodes if draws(game) else 1
    wide = None if override is None else np.repeat(override, count, axis=1)
    seeds = [seed + e for _ in range(len(team)) for e in range(count)]
    played = play(game, makers, np.repeat(team, count, axis=0), seeds, override=wide, trace=trace)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(values.reshape(len(team), count, *values.shape[1:]).mean(axis=1))

    full = played.trace
    return Played(
        returns=mean(played.returns),
        payoffs=mean(played.payoffs),
        rates=mean(played.rates),
        lengths=mean(played.lengths),
        bonds=mean(played.bonds),
        sustained=mean(played.sustained),
        outcomes=[
            Counter(played.outcomes[first : first + count]).most_common(1)[0][0]
            for first in range(0, len(played.outcomes), count)
        ],
        trace=None if full is None else full.reshape(len(full), len(team), count, game.n).mean(axis=2),
    )


def _bond_fields(game: Game) -> tuple[str, ...]:
    return ("trust",) if "trust" in game.layout else ("loyalty",)


def _padded(kept: list[np.ndarray], horizon: int, copies: int, n: int) -> np.ndarray:
    full = np.full((horizon, copies, n), np.nan)
    if kept:
        full[: len(kept)] = np.stack(kept)
    return full


def _joined(parts: list[Played]) -> Played:
    def join(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    traces = [part.trace for part in parts if part.trace is not None]
    return Played(
        returns=join("returns"),
        payoffs=join("payoffs"),
        rates=join("rates"),
        lengths=join("lengths"),
        bonds=join("bonds"),
        sustained=join("sustained"),
        outcomes=[outcome for part in parts for outcome in part.outcomes],
        trace=np.concatenate(traces, axis=1) if traces else None,
    )
