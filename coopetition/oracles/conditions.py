"""What is at stake in a game: how much is lost by whom, and what simple play earns; the conditions of docs/strong.md.

Everything is about whole episodes. Shares are of the open-loop optimum's total, gains and losses of an agent's own
return. Sequences are the stored ones of an environment's defaults and presets, or else searched for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.games.parameters import choose
from coopetition.oracles.episode.constants import best_constant, constant_returns
from coopetition.oracles.episode.replies import best_response
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.yardstick import best_known_optimum, worst_known_nash
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.solution import plain

MODES = ("private", "integrated", "cooperative")
#: What simple play is.
SIMPLE = ("0", "b", "0.5", "1", "best", "tit_for_tat")


@dataclass(frozen=True, eq=False)
class Stakes:
    """What is at stake in one game under one reward mode.

    Attributes
    ----------
    environment, mode : str
        Of what.
    optimum : float
        Total return of the open-loop optimum.
    nash : float
        Share of it that the worst open-loop nash found earns; NaN where none was found.
    nash_payoffs : float
        The same equilibrium in payoffs, as a share of the optimum of payoffs.
    headroom : float
        What the optimum earns beyond the best constants, one for each agent, as a share of the optimum.
    greed : tuple of float
        Smallest and largest gain, over agents, of the best reply to the others' optimal sequences: a share of what the
        agent has there.
    fear : tuple of float
        Smallest and largest loss, over agents, of the own optimal sequence against the others' nash sequences: a share
        of what the agent has in that nash.
    efficiency : dict of str to float
        Shares of the optimum that simple play by all earns: the constants 0, b (each its baseline), 0.5, 1, the best,
        and tit for tat.
    efficiency_payoffs : dict of str to float
        The same play in payoffs, as shares of the optimum of payoffs.
    best_rate : float
        The best constant for all.
    half_length : float
        Steps that the constant 0.5 lasts, as a part of the horizon.
    """

    environment: str
    mode: str
    optimum: float
    nash: float
    nash_payoffs: float
    headroom: float
    greed: tuple[float, float]
    fear: tuple[float, float]
    efficiency: dict[str, float]
    efficiency_payoffs: dict[str, float]
    best_rate: float
    half_length: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def stakes(
    game_or_id: Any, mode: str = "private", state: Mapping[str, Any] | None = None, *, iterations: int = 20
) -> Stakes:
    """What is at stake in a game under a reward mode.

    Parameters
    ----------
    mode : {"private", "integrated", "cooperative"}
        Whose rewards agents are after.
    iterations : int
        Effort of the search for best replies to the optimum.

    Raises
    ------
    ValueError
        An unknown mode.
    """
    choose("mode", mode, MODES)
    episode = Episode(game_or_id, mode, state)
    paid = episode if mode == "private" else Episode(episode.game, "private", state)
    best = best_known_optimum(episode)
    total = float(episode.returns(best[None])[0].sum())
    paid_best = best if mode == "private" else best_known_optimum(paid)
    paid_total = float(paid.returns(paid_best[None])[0].sum())
    worst = worst_known_nash(episode, best)
    names = {
        "0": np.zeros(episode.n),
        "b": episode.game.baseline_rate,
        "0.5": np.full(episode.n, 0.5),
        "1": np.ones(episode.n),
    }
    constants = constant_returns(episode.game, mode, state).sum(axis=1)
    rate = float(best_constant(None, episode=episode).actions[0, 0] / episode.game.endowment[0])
    names["best"] = np.full(episode.n, rate)
    if constants.max() > episode.returns(_constant(episode, names["best"])[None]).sum():
        names["best"] = np.full(episode.n, float(constants.argmax()) / 100.0)
    tables = np.array([_constant(episode, rates) for rates in names.values()])
    shares = dict(zip(names, (episode.returns(tables).sum(axis=1) / total).tolist(), strict=True))
    in_payoffs = dict(zip(names, (paid.returns(tables).sum(axis=1) / paid_total).tolist(), strict=True))
    reply = episode.batch(1).rollout("tit_for_tat", episode.horizon)
    shares["tit_for_tat"] = float(reply.returns.sum() / total)
    in_payoffs["tit_for_tat"] = float(reply.payoff_totals.sum() / paid_total)
    half = episode.batch(1).rollout("actions", episode.horizon, actions=_constant(episode, names["0.5"]))
    apart = best_constant(None, episode=episode, per_agent=True, split=True).value
    return Stakes(
        environment=episode.game.id,
        mode=mode,
        optimum=total,
        nash=np.nan if worst is None else float(episode.returns(worst[None])[0].sum() / total),
        nash_payoffs=np.nan if worst is None else float(paid.returns(worst[None])[0].sum() / paid_total),
        headroom=max(1.0 - apart / total, 0.0),
        greed=_greed(episode, best, iterations),
        fear=(np.nan, np.nan) if worst is None else _fear(episode, best, worst),
        efficiency=shares,
        efficiency_payoffs=in_payoffs,
        best_rate=float(names["best"][0]),
        half_length=float(half.lengths[0]) / episode.horizon,
    )


def _constant(episode: Episode, rates: Array) -> Array:
    return np.repeat(rates[None], episode.horizon, axis=0)


def _greed(episode: Episode, best: Array, iterations: int) -> tuple[float, float]:
    own = episode.returns(best[None])[0]
    gains = []
    for i in _first_of_each(episode):
        reply = best_response(None, list(episode.levels(best).T), i, episode=episode, iterations=iterations)
        gains.append(max(reply.value / float(own[i]) - 1.0, 0.0))
    return min(gains), max(gains)


def _fear(episode: Episode, best: Array, worst: Array) -> tuple[float, float]:
    agents = _first_of_each(episode)
    alone = np.repeat(worst[None], len(agents), axis=0)
    for k, i in enumerate(agents):
        alone[k, :, i] = best[:, i]
    safe, exposed = episode.returns(worst[None])[0], episode.returns(alone)
    losses = [float((safe[i] - exposed[k, i]) / abs(safe[i])) for k, i in enumerate(agents)]
    return min(losses), max(losses)


def _first_of_each(episode: Episode) -> list[int]:
    return [int(i) for i in np.unique(episode.groups(), return_index=True)[1]]


@dataclass(frozen=True)
class Margin:
    """Two levels between which the game is a social dilemma, if there are any.

    Attributes
    ----------
    value : float
        The least of T - R, R - P and P - S over agents, as a share of the R that the agent has: above 0 the game
        between the two is a prisoner's dilemma for all roles.
    high, low : float
        The two rates.
    temptation, reward, punishment, sucker : tuple of float
        T, R, P and S of the role that is placed worst, in return of the whole episode.
    role : str
        That role.
    kind : str
        "dilemma" where T > R > P > S for all, "assurance" where R >= T and P > S, "volunteer" where T > R and S >= P,
        else "harmony".
    """

    value: float
    high: float
    low: float
    temptation: float
    reward: float
    punishment: float
    sucker: float
    role: str
    kind: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def margin(
    game_or_id: Any, mode: str = "private", state: Mapping[str, Any] | None = None, *, rates: Sequence[float] = ()
) -> Margin:
    """The pair of constant rates, high and low, with the widest margin of T > R > P > S for the worst-placed role.

    R: all play high; P: all low; T: one plays low among high ones; S: one plays high among low ones; whole episodes.
    Pairs are looked at whose R earns at least nine tenths of what the best constant earns: a dilemma between two ways
    of wasting everything is none.

    Parameters
    ----------
    rates : sequence of float, optional
        Among which to choose; multiples of .05 by default.
    """
    episode = Episode(game_or_id, choose("mode", mode, MODES), state)
    n, agents = episode.n, _first_of_each(episode)
    grid = np.asarray(rates or np.arange(21) / 20.0)
    pairs = np.array([(high, low) for high in grid for low in grid if high > low])
    even = episode.returns(np.array([_constant(episode, np.full(n, rate)) for rate in grid]))
    place = {float(rate): k for k, rate in enumerate(grid)}
    enough = 0.9 * even.sum(axis=1).max()
    pairs = np.array([pair for pair in pairs if even[place[pair[0]]].sum() >= enough])
    if not len(pairs):
        return Margin(-np.inf, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "", "harmony")
    best = None
    reward = np.array([even[place[high]] for high, _ in pairs])
    punishment = np.array([even[place[low]] for _, low in pairs])
    temptation, sucker = np.empty_like(reward), np.empty_like(reward)
    for i in agents:
        profiles = np.repeat(pairs[:, :1], n, axis=1)
        profiles[:, i] = pairs[:, 1]
        temptation[:, i] = episode.returns(np.repeat(profiles[:, None], episode.horizon, axis=1))[:, i]
        profiles = np.repeat(pairs[:, 1:], n, axis=1)
        profiles[:, i] = pairs[:, 0]
        sucker[:, i] = episode.returns(np.repeat(profiles[:, None], episode.horizon, axis=1))[:, i]
    steps = np.stack([temptation - reward, reward - punishment, punishment - sucker])[:, :, agents]
    least = (steps / np.abs(reward[:, agents])).min(axis=0)
    worst = least.min(axis=1)
    best = int(worst.argmax())
    i = agents[int(least[best].argmin())]
    tempted, rewarded, afraid = (bool((step[best] > 0.0).all()) for step in steps)
    kind = "harmony"
    if rewarded:
        kind = {(True, True): "dilemma", (False, True): "assurance", (True, False): "volunteer"}.get(
            (tempted, afraid), "harmony"
        )
    high, low = pairs[best].tolist()
    t, r, p, s = (float(table[best, i]) for table in (temptation, reward, punishment, sucker))
    return Margin(float(worst[best]), float(high), float(low), t, r, p, s, episode.game.agents[i], kind)
