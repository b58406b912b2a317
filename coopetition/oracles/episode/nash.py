"""Open-loop Nash equilibria: sequences that are mutual best replies.

Replies are searched for one agent, or one role of exchangeable agents, after the other. An episode has many equilibria:
which one is found hangs on where replies begin, so several beginnings are tried, from nobody giving anything to the
optimum, and the worst, the best or the first can be asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.games.parameters import choose
from coopetition.oracles.episode.constants import best_constant
from coopetition.oracles.episode.moves import CHEAP, OF_REPLIES
from coopetition.oracles.episode.optimum import open_loop_optimum
from coopetition.oracles.episode.results import Sequences, result
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.searching import Effort, improve
from coopetition.oracles.episode.states import improve_by_states
from coopetition.oracles.episode.stored import stored_sequence
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective
from coopetition.oracles.stage.solution import NotConverged

SELECT = ("first", "worst", "best")
#: Of one reply: that of a round, and the one that certifies.
_ROUND, _CERTIFY = Effort(iterations=15, passes=3), Effort(iterations=30, passes=4)
#: Rounds in which exchangeable agents move together, part of the way.
_TOGETHER = 10
#: Agent steps that the replies from one beginning may play before it is given up, and, roughly, one reply alone.
_BUDGET, _STEPS = 1.0e9, 4e8


@dataclass
class Settled:
    """Where replies from one beginning ended.

    Attributes
    ----------
    rates : ndarray (T, N)
    gains : ndarray (N,)
        What each agent's best reply found gains; NaN where it was not looked for, because the budget was spent.
    certified : bool
        Whether replies were searched for over states as well.
    """

    begin: str
    rates: Array
    gains: Array
    certified: bool

    @property
    def epsilon(self) -> float:
        """The largest gain; infinite where somebody's was not looked for."""
        return float("inf") if np.isnan(self.gains).any() else float(max(self.gains.max(), 0.0))


def open_loop_nash(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    starts: Sequence[Any] = (),
    select: str = "first",
    sweeps: int = 12,
    tolerance: float = 1e-3,
    strict: bool = True,
) -> Sequences:
    """Sequences that are mutual best replies, found by best responses one agent after the other.

    Exchangeable agents that play alike reply together, part of the way, as long as that leads somewhere; then each for
    itself.

    Parameters
    ----------
    starts : sequence of array_like (T, N), optional
        Level sequences to start from, before the repeated stage equilibrium, nobody giving anything, the baseline, the
        best constant and the optimum.
    select : {"first", "worst", "best"}
        The first equilibrium that is found, or that with the least or the largest total over all beginnings.
    sweeps : int
        Rounds of best responses a start at most; the number of replies is limited as well, by the number of agents.
    tolerance : float
        Largest gain of a best response, in payoff of a whole episode per step of the horizon.

    Returns
    -------
    Sequences
        ``solver`` has ``gains`` (N,), of each agent's best reply that was found, ``uncertified``, the agents whose
        reply was not looked for or gains more than is allowed, and ``beginnings``: name, total, epsilon of each.

    Raises
    ------
    NotConverged
        Best responses go on gaining from every start, unless `strict` is False.
    """
    began = time.perf_counter()
    choose("select", select, SELECT)
    episode = Episode(game_or_id, objective, state)
    allowed = tolerance * episode.horizon
    settled: list[Settled] = []
    for name, rates in _beginnings(episode, starts, cheap_first=select == "first"):
        if name == "baseline" and any(one.epsilon <= allowed for one in settled):
            break  # two more beginnings, for games in which the others lead nowhere
        if any(np.array_equal(rates, one.rates) for one in settled):
            continue
        settled.append(settle(episode, name, rates, sweeps, allowed, states=False))
        if select == "first" and settled[-1].epsilon <= allowed:
            settled[-1] = settle(episode, name, settled[-1].rates, sweeps, allowed)
            if settled[-1].epsilon <= allowed:
                break
    if select != "first":
        _certify(episode, settled, select, sweeps, allowed)
    totals = episode.returns(np.array([one.rates for one in settled])).sum(axis=1)
    certified = [k for k, one in enumerate(settled) if one.certified and one.epsilon <= allowed]
    if certified:
        k = certified[-1] if select == "first" else min(certified, key=lambda k: totals[k] * (-1) ** (select == "best"))
    else:
        k = min(range(len(settled)), key=lambda k: (not settled[k].certified, settled[k].epsilon))
        if not settled[k].certified:  # how much is gained is looked for as where somebody claims an equilibrium
            settled[k] = settle(episode, settled[k].begin, settled[k].rates, 0, allowed)
    chosen = settled[k]
    found = result(
        episode,
        "open_loop_nash",
        chosen.rates,
        began,
        chosen.epsilon,
        bool(certified),
        gains=chosen.gains.tolist(),
        uncertified=[
            agent for agent, gain in zip(episode.game.agents, chosen.gains, strict=True) if not gain <= allowed
        ],
        beginnings=[(one.begin, float(total), one.epsilon) for one, total in zip(settled, totals, strict=True)],
    )
    if strict and not certified:
        raise NotConverged(found, chosen.epsilon, "best responses go on gaining")
    return found


def _beginnings(episode: Episode, starts: Sequence[Any], cheap_first: bool) -> Iterator[tuple[str, Array]]:
    """Rates (T, N) to start from, each made when it is needed; the optimum may have to be searched for."""
    for k, start in enumerate(starts):
        yield f"given {k}", episode.rates(start, "starts")
    stage, shape = episode.stage(), (episode.horizon, 1)
    mode = episode.game.asked_mode
    repeated = equilibrium(stage, Objective(stage, mode), "nash", strict=False).actions / episode.game.endowment
    yield "stage nash", np.tile(repeated, shape)
    yield "nothing", np.zeros((episode.horizon, episode.n))
    for name in ("baseline", "best constant", "optimum") if cheap_first else ("optimum", "baseline", "best constant"):
        if name == "baseline":
            yield name, np.tile(episode.game.baseline_rate, shape)
        elif name == "best constant":
            yield name, best_constant(None, episode=episode).actions / episode.game.endowment
        else:
            known = stored_sequence(episode.game, "optimum") if not episode.start else None
            if known is None:
                known = open_loop_optimum(episode.game, mode, episode.start, effort="quick").actions
            yield name, episode.rates(known)


def _certify(episode: Episode, settled: list[Settled], select: str, sweeps: int, allowed: float) -> None:
    """Go on with replies over states from where replies by moves ended, worst or best first, until one holds."""
    totals = episode.returns(np.array([one.rates for one in settled])).sum(axis=1)
    for k in np.argsort(totals if select == "worst" else -totals, kind="stable"):
        if settled[k].epsilon <= allowed:
            settled[k] = settle(episode, settled[k].begin, settled[k].rates, sweeps, allowed)
            if settled[k].epsilon <= allowed:
                break


def settle(episode: Episode, begin: str, rates: Array, sweeps: int, allowed: float, *, states: bool = True) -> Settled:
    """Reply from one beginning until nobody gains, or the budget is spent.

    Only replies that are searched for over states, too, certify anything; without, this is where to begin.
    """
    budget = int(_BUDGET / (episode.horizon * episode.n))
    until = episode.rollouts + budget
    rates, stayed = rates.copy(), states
    if not states:
        rates = _together(episode, rates, allowed, episode.rollouts + budget // 3)
    gains, moved = np.full(episode.n, np.nan), True
    for sweep in range(sweeps):
        last = sweep == sweeps - 1
        gains, moved = _round(episode, rates, allowed, until, certify=stayed or last, states=states)
        if (not moved and stayed) or episode.rollouts >= until:
            break
        stayed = not moved
    if moved or np.isnan(gains).any():  # what was gained in the last round was gained against others who then moved
        gains, _ = _round(
            episode, rates, allowed, episode.rollouts + budget // 3, certify=True, move=False, states=states
        )
    return Settled(begin, rates, gains, states)


def _together(episode: Episode, rates: Array, allowed: float, until: int) -> Array:
    """Let three and more exchangeable agents that play alike move together, part of the way: the rates then.

    All of a kind that answered in full would overshoot: each goes the part of the way that leaves the sum of their
    answers to one of them. Where gains do not fall, they go on for themselves.
    """
    before = np.inf
    for _ in range(_TOGETHER):
        largest, moves = 0.0, []
        for members in _roles(episode, rates):
            if len(members) > 2:
                column, gain = reply(episode, rates, int(members[0]), _ROUND, widely=False)
                largest = max(largest, gain)
                moves.append((members, column))
        if largest <= allowed or largest > 0.9 * before or episode.rollouts >= until:
            break
        before = largest
        rates = rates.copy()
        for members, column in moves:
            moved = rates[:, members[0]] + (column - rates[:, members[0]]) / len(members)
            rates[:, members] = np.where(np.abs(column - moved) < 1e-4, column, moved)[:, None]
    return rates


def _roles(episode: Episode, rates: Array) -> list[NDArray[np.int64]]:
    """Agents that are exchangeable and play alike, a list of members for each."""
    columns = np.column_stack([episode.groups(), rates.T])
    numbers = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1)
    return [np.flatnonzero(numbers == k) for k in range(int(numbers.max()) + 1)]


def _round(
    episode: Episode,
    rates: Array,
    allowed: float,
    until: float,
    *,
    certify: bool,
    move: bool = True,
    states: bool = True,
) -> tuple[Array, bool]:
    """Each agent replies in turn, and `rates` are changed in place: gains (N,), and whether anybody moved.

    Whose turn comes after `until` episodes have been played has a gain of NaN.
    """
    groups = episode.groups()
    gains = np.full(episode.n, np.nan)
    content: dict[tuple[int, bytes], float] = {}
    moved = False
    for i in range(episode.n):
        key = (int(groups[i]), rates[:, i].tobytes())
        if key in content:
            gains[i] = content[key]
            continue  # its twin has nothing to gain, neither has it
        if episode.rollouts >= until:
            break
        effort = _CERTIFY if certify else _ROUND
        column, gain = reply(episode, rates, i, effort, widely=True, allowed=allowed if states else -np.inf)
        gains[i] = gain
        if gain <= allowed or not move:
            content[key] = gain
        if gain > 0.1 * allowed and move:
            rates[:, i] = column
            moved = moved or gain > allowed
            if gain > allowed:
                content.clear()
    return gains, moved


def reply(
    episode: Episode, rates: Array, i: int, effort: Effort, *, widely: bool, allowed: float = 0.0
) -> tuple[Array, float]:
    """Agent i's best sequence found against the others' (T, N): rates (T,), and what it gains.

    One that certifies is searched for over the states that the agent can bring about, too, unless what climbs and moves
    find gains more than is allowed.
    """

    def value(tables: Array) -> Array:
        played = np.repeat(rates[None], len(tables), axis=0)
        played[:, :, i] = tables[:, :, 0]
        return np.ascontiguousarray(episode.returns(played)[:, i])

    own = rates[:, i : i + 1].copy()
    now = float(value(own[None])[0])
    # Large games play fewer sequences a reply: rounds become poorer, not longer.
    cost = episode.horizon**2 * episode.n**2 * 60.0
    certify = effort is _CERTIFY
    names = OF_REPLIES if certify else CHEAP[:1]
    if cost > _STEPS:
        effort = replace(effort, passes=max(2, int(effort.passes * _STEPS / cost)))
    column, height = improve(value, own, episode.key_rates([i]), effort, widely=widely, names=names)
    if certify and height - now <= allowed:
        further, reached = improve_by_states(
            episode, value, ["actions"] * episode.n, rates, i, episode.key_rates([i]), column[:, 0], height
        )
        return further, reached - now
    return column[:, 0], height - now


def gains_of(episode: Episode, rates: Array) -> Array:
    """What each agent's best reply found gains (N,) against the others' rates (T, N): a certificate anew."""
    return _round(episode, rates.copy(), np.inf, float("inf"), certify=True, move=False)[0]
