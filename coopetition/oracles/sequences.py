"""Solutions of episodes: best constants, open-loop optima and equilibria, best responses, exploitability."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.streams import RateStreams
from coopetition.oracles.episode import Episode, checked_name, search, switching_sequences
from coopetition.oracles.solution import NotConverged, plain
from coopetition.oracles.stage import Array
from coopetition.oracles.stored import stored_optimum

CONSTANTS = np.arange(101) / 100.0
#: Rates that sequences which switch may begin with, and the gain, relative to the total, that counts as none.
FINE, _ENOUGH = tuple(np.linspace(0.0, 1.0, 21).tolist()), 1e-9


@dataclass(frozen=True, eq=False)
class Sequences:
    """A solution of an episode.

    Attributes
    ----------
    environment, concept, objective : str
        Of what, which, and the reward mode whose returns count.
    agents : tuple of str
        Names, in index order.
    actions : ndarray (T, N)
        Levels; an episode may end before the last of them.
    returns : ndarray (N,)
        Each agent's return in the mode.
    value : float
        What was maximised: the sum of returns, or one agent's.
    length : int
        Steps until the episode ends.
    converged : bool
        Whether the search closed; an optimum is the best found, a lower bound of the true one.
    epsilon : float
        For equilibria, the largest gain of a best response found (a lower bound); for optima, what the last look for
        improvements still gained: by one agent's sequence with the others' held, or by single replacements.
    solver : dict
        Episodes played, seconds.
    """

    environment: str
    concept: str
    objective: str
    agents: tuple[str, ...]
    actions: Array
    returns: Array
    value: float
    length: int
    converged: bool
    epsilon: float
    solver: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def _result(
    episode: Episode, concept: str, rates: Array, began: float, epsilon: float = 0.0, converged: bool = True,
    value: float | None = None,
) -> Sequences:  # fmt: skip
    played = episode.batch(1).rollout("actions", episode.horizon, actions=rates)
    returns = played.returns[0]
    return Sequences(
        episode.game.id, concept, str(episode.game.reward_mode), episode.game.agents, episode.levels(rates), returns,
        float(returns.sum()) if value is None else value, int(played.lengths[0]), converged, float(epsilon),
        {"rollouts": episode.rollouts, "seconds": time.perf_counter() - began},
    )  # fmt: skip


def constant_returns(
    game_or_id: Any, objective: Any = None, state: Mapping[str, Any] | None = None, rates: Any = CONSTANTS
) -> Array:
    """Returns (K, N) when everybody plays a constant rate: by default the 101 of the constant baselines."""
    episode = Episode(game_or_id, objective, state)
    return _constant_values(episode, np.asarray(rates, dtype=np.float64)[:, None] * np.ones(episode.n))


def _constant_values(episode: Episode, profiles: Array) -> Array:
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
    best, height, groups = np.zeros(0), -np.inf, options[0]
    for option in options:
        kinds = int(option.max()) + 1

        def value(points: Array, option: NDArray[np.int64] = option) -> Array:
            return np.asarray(_constant_values(episode, points[:, option]).sum(axis=1))

        shared = np.concatenate([CONSTANTS, np.array(marks)])[:, None] * np.ones(kinds)
        starts = [shared, episode.game.baseline_rate[None, np.unique(option, return_index=True)[1]]]
        if kinds > 1:
            starts += [mixed_rates(marks, kinds), np.random.default_rng(0).uniform(size=(128, kinds))]
        # Replacing in fine steps is a line search that sees jumps.
        tried = sorted({*CONSTANTS.tolist(), *marks})
        found, reached = search(value, np.concatenate(starts), tried, climbs=3, rounds=4)
        if reached > height:
            best, height, groups = found, reached, option
    rates = np.repeat(best[groups][None], episode.horizon, axis=0)
    return _result(episode, "best_constant", rates, began)


def partitions(groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The groups themselves, and with one or half of the agents of a group taken out of it."""
    options = [groups]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        for count in sorted({1, len(members) // 2} if len(members) > 1 else set()):
            apart = groups.copy()
            apart[members[:count]] = groups.max() + 1
            options.append(np.unique(apart, return_inverse=True)[1].astype(np.int64))
    return options


def mixed_rates(marks: Sequence[float], kinds: int, most: int = 800) -> Array:
    """Every combination of the key rates (K, kinds), or a random choice of them when they are many."""
    if len(marks) ** kinds <= most:
        return np.array(np.meshgrid(*[marks] * kinds)).reshape(kinds, -1).T
    return np.random.default_rng(0).choice(np.asarray(marks), size=(most, kinds))


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
    constants = _constant_values(episode, CONSTANTS[:, None] * np.ones(episode.n)).sum(axis=1)
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
        gain = episode.replacement_gain(value, best, height, marks)
    return _result(episode, "open_loop_optimum", rates, began, gain, gain <= 1e-6 * (1.0 + abs(height)))


def _improve_in_turn(
    episode: Episode, rates: Array, height: float, sweeps: int, iterations: int
) -> tuple[Array, float, float]:
    """Improve each agent's own sequence for the total, the others' held, until no agent gains: rates, total, last gain.

    Where the game ends by mean trust, a common climb stands still at the edge of collapse: every slope across it is a
    jump. One agent alone moves along the edge.
    """
    rates = rates.copy()
    groups = episode.groups()
    enough = _ENOUGH * (1.0 + abs(height))
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

            best, reached = _best_sequence(
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


def _best_sequence(
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


# --- policies against each other


class Table:
    """What the other agents do while one agent's sequence is searched for.

    Parameters
    ----------
    episode : Episode
        The game.
    policies : str or sequence
        For all agents, or for each: a name that the kernel plays ("constant_050", "tit_for_tat", "random"), a policy
        object with ``reset(seed, num_envs)`` and ``act(observations, i)``, or a level sequence (T,). None leaves an
        agent to be scripted. An object with a name in ``compiled``, or a ``script(steps, i)`` of rates (steps, B), is
        played by the kernel too.
    seed : int
        Seeds "random", once for all candidates (common random numbers), and policy objects.

    Raises
    ------
    ValueError
        A wrong number of policies, an unknown name, or a sequence of a wrong shape.
    """

    def __init__(self, episode: Episode, policies: Any, seed: int = 0) -> None:
        self.episode, self.seed = episode, seed
        n, horizon = episode.n, episode.horizon
        entries = [policies] * n if isinstance(policies, str) or hasattr(policies, "act") else list(policies)
        if len(entries) != n:
            raise ValueError(f"{len(entries)} policies for {n} agents")
        self.names = ["actions"] * n
        self.objects: dict[int, Any] = {}
        self.script = np.zeros((horizon, n))
        #: What tells policies apart: of exchangeable agents with one policy, only one need be looked at.
        self.kinds: list[Any] = [entry if isinstance(entry, str) else id(entry) for entry in entries]
        _reset_once((entry for entry in entries if hasattr(entry, "act")), seed, 1)
        for i, entry in enumerate(entries):
            if entry is None:
                continue
            if isinstance(entry, str):
                name = checked_name(entry)
                if name == "random":
                    self.script[:, i] = RateStreams(seed, 1, i).draws(horizon)[:, 0]
                else:
                    self.names[i] = name
            elif hasattr(entry, "act"):
                self._take(i, entry)
            else:
                sequence = np.asarray(entry, dtype=np.float64)
                high = episode.game.endowment[i]
                fits = sequence.shape == (horizon,) and np.all(np.isfinite(sequence))
                if not fits or sequence.min() < 0.0 or sequence.max() > high * (1.0 + 1e-12):
                    raise ValueError(f"policy of {episode.game.agents[i]!r} must be {horizon} levels in [0, {high:g}]")
                self.script[:, i] = np.minimum(sequence / high, 1.0)
                self.kinds[i] = self.script[:, i].tobytes()

    def _take(self, i: int, policy: Any) -> None:
        """Let the kernel play a policy that looks at nothing, or that it knows."""
        name = getattr(policy, "compiled", None)
        if name is not None:
            self.names[i] = checked_name(name)
            return
        script = policy.script(self.episode.horizon, i) if callable(getattr(policy, "script", None)) else None
        if script is None:
            self.objects[i] = policy
            return
        rates = np.asarray(script, dtype=np.float64)
        if rates.shape != (self.episode.horizon, 1) or not np.all(np.isfinite(rates)):
            raise ValueError(
                f"the policy of {self.episode.game.agents[i]!r} has a script of shape {rates.shape}: "
                f"expected {self.episode.horizon} x 1 finite rates"
            )
        self.script[:, i] = np.clip(rates[:, 0], 0.0, 1.0)

    def returns(self, agent: int | None = None, sequences: Array | None = None) -> tuple[Array, Array]:
        """Returns (K, N), and the rates (K, T, N) of the scripted and the playing agents.

        Parameters
        ----------
        agent : int, optional
            Who plays the rate sequences (K, T) instead of its policy.
        """
        episode = self.episode
        count = 1 if sequences is None else len(sequences)
        rates = np.repeat(self.script[None], count, axis=0)
        names, objects = list(self.names), dict(self.objects)
        if agent is not None and sequences is not None:
            rates[:, :, agent] = sequences
            names[agent] = "actions"
            objects.pop(agent, None)
        if not objects and agent is not None:
            return episode.against(names, rates), rates
        return self._stepped(names, objects, rates)

    def _stepped(self, names: list[str], objects: dict[int, Any], rates: Array) -> tuple[Array, Array]:
        """Step by step: for policy objects, and to see what was played."""
        episode, count = self.episode, len(rates)
        batch = episode.batch(count, observe=True)
        _reset_once(objects.values(), self.seed, count)
        returns = np.zeros((count, episode.n))
        rates_field = episode.game.layout["rates"]
        for t in range(episode.horizon):
            if np.all(batch.terminated):
                rates[:, t:] = rates[:, t - 1 : t]
                break
            for i, policy in objects.items():
                acted = np.asarray(policy.act(batch.observations[:, i].copy(), i), dtype=np.float64)
                if acted.shape != (count,) or not np.all(np.isfinite(acted)):
                    raise ValueError(
                        f"the policy of {episode.game.agents[i]!r} returned {acted!r} at step {t}: "
                        f"expected {count} finite rates"
                    )
                rates[:, t, i] = np.clip(acted, 0.0, 1.0)
            played = batch.rollout(names, 1, actions=rates[None, :, t])
            returns = played.returns
            for i, name in enumerate(names):
                if name != "actions":
                    rates[:, t, i] = batch._rows()[rates_field.first + i]
        episode.rollouts += count
        return returns, rates


def _reset_once(policies: Iterable[Any], seed: int, copies: int) -> None:
    """Start episodes; one object may play several agents."""
    for policy in {id(policy): policy for policy in policies}.values():
        policy.reset(seed=seed, num_envs=copies)


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
    from coopetition.oracles.commitment import leader_index

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
    best, height = _best_sequence(
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


@dataclass(frozen=True, eq=False)
class Exploitability:
    """How much agents gain by best responses: lower bounds, since a search may miss a better one.

    Attributes
    ----------
    gains : ndarray (N,)
        Best response value minus own value, per agent.
    nash_conv : float
        Their sum (Lanctot et al. 2017).
    values : ndarray (N,)
        What each has under the policies.
    best_response_values : ndarray (N,)
        What its best response has.
    lower_bound : bool
        Always True: the word for what these numbers are.
    """

    gains: Array
    nash_conv: float
    values: Array
    best_response_values: Array
    lower_bound: bool = True

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def exploitability(
    game_or_id: Any,
    policies: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    agents: Sequence[int] | None = None,
    iterations: int = 40,
    thorough: bool = True,
    climb: bool = True,
) -> Exploitability:
    """Each agent's gain from its best response to the others' policies, and NashConv: lower bounds.

    Parameters
    ----------
    policies : str or sequence
        See `Table`. A `Sequences` is taken by its columns.
    agents : sequence of int, optional
        Whose gains; all by default. Exchangeable agents with one policy are searched once, and have one gain.
    iterations, thorough, climb
        Effort of each `best_response`.
    """
    episode = Episode(game_or_id, objective, state)
    if isinstance(policies, Sequences):
        policies = list(policies.actions.T)
    table = Table(episode, policies, seed)
    values = table.returns()[0][0]
    best = values.copy()
    groups = episode.groups()
    gained: dict[tuple[int, Any], float] = {}
    for i in range(episode.n) if agents is None else agents:
        alike = (int(groups[i]), table.kinds[i])
        if alike not in gained:
            reply = best_response(
                None, policies, int(i), seed=seed, episode=episode,
                iterations=iterations, thorough=thorough, climb=climb,
            )  # fmt: skip
            gained[alike] = reply.value - float(values[i])
        best[i] = values[i] + gained[alike]
    gains = np.maximum(best - values, 0.0)
    return Exploitability(gains, float(gains.sum()), values, best)


def open_loop_nash(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    starts: Sequence[Any] = (),
    sweeps: int = 12,
    tolerance: float = 1e-3,
    strict: bool = True,
) -> Sequences:
    """Sequences that are mutual best replies, found by best responses one agent after the other.

    Parameters
    ----------
    starts : sequence of array_like (T, N), optional
        Level sequences to start from, before the repeated stage equilibrium, the best constant and the optimum.
    sweeps : int
        Rounds of best responses a start at most.
    tolerance : float
        Largest gain of a best response, in payoff of a whole episode per step of the horizon.

    Raises
    ------
    NotConverged
        Best responses go on gaining from every start, unless `strict` is False.
    """
    from coopetition.oracles.equilibrium import equilibrium
    from coopetition.oracles.stage import Objective

    began = time.perf_counter()
    episode = Episode(game_or_id, objective, state)
    stage = episode.stage()
    mode = episode.game.mutuality if episode.game.mutuality is not None else episode.game.reward_mode
    repeated = equilibrium(stage, Objective(stage, mode), "nash", strict=False).actions / episode.game.endowment
    shape = (episode.horizon, 1)
    candidates = [episode.rates(start, "starts") for start in starts]
    candidates.append(np.tile(repeated, shape))
    candidates.append(np.tile(episode.game.baseline_rate, shape))
    candidates.append(best_constant(None, episode=episode).actions / episode.game.endowment)
    allowed = tolerance * episode.horizon
    groups = episode.groups()
    best: tuple[Array, float] | None = None
    for first in candidates:
        rates = first.copy()
        for sweep in range(sweeps):
            largest = 0.0
            alike: dict[tuple[int, bytes], float] = {}
            for i in range(episode.n):
                key = (int(groups[i]), rates[:, i].tobytes())
                if key in alike and alike[key] <= allowed:
                    continue  # its twin has nothing to gain, neither has it
                columns = list(episode.levels(rates).T)
                reply = best_response(None, columns, i, episode=episode, thorough=sweep < 2)
                gain = reply.value - float(reply.solver["own"])
                alike[key] = gain
                largest = max(largest, gain)
                if gain > 0.1 * allowed:
                    rates[:, i] = reply.actions[:, i] / episode.game.endowment[i]
            if largest <= allowed:
                break
        if best is None or largest < best[1]:
            best = (rates.copy(), largest)
        if largest <= allowed:
            break
    assert best is not None
    converged = best[1] <= allowed
    found = _result(episode, "open_loop_nash", best[0], began, best[1], converged)
    if strict and not converged:
        raise NotConverged(found, best[1], "best responses go on gaining")
    return found


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The two returns that normalise others: 0 is stationary stage-nash play, 1 the open-loop optimum.

    Attributes
    ----------
    nash, optimum : float
        Total returns, summed over agents.
    """

    nash: float
    optimum: float

    def normalise(self, returns: Any) -> Any:
        """Total returns (...) as (total - nash) / (optimum - nash); NaN where the two are equal."""
        spread = self.optimum - self.nash
        total = np.asarray(returns, dtype=np.float64)
        if abs(spread) <= 1e-9 * (1.0 + abs(self.optimum)):
            return np.full_like(total, np.nan)[()]
        return ((total - self.nash) / spread)[()]


_YARDSTICKS: dict[Any, Yardstick] = {}


def yardstick(game_or_id: Any, objective: Any = "private", state: Mapping[str, Any] | None = None) -> Yardstick:
    """Returns of stationary stage-nash play and of the open-loop optimum; kept for the process.

    The optimum of an environment's defaults is a stored sequence, played in the kernel; that of other parameters,
    states and matrices of rewards is searched for, which takes seconds.

    Parameters
    ----------
    objective : str or array_like (N, N)
        Whose returns: payoffs by default, so that runs under different modes can be compared.
    """
    from coopetition.oracles.equilibrium import equilibrium
    from coopetition.oracles.stage import Objective

    episode = Episode(game_or_id, objective, state)
    mode = str(objective) if isinstance(objective, str) else np.asarray(objective).tobytes()
    key = (episode.game.parameters, mode, repr(sorted(episode.start.items())))
    if key not in _YARDSTICKS:
        stage = episode.stage()
        nash = equilibrium(stage, Objective(stage, "private"), "nash").actions / episode.game.endowment
        repeated = np.tile(nash, (episode.horizon, 1))
        best = best_known_optimum(episode, repeated)
        total, most = episode.returns(np.array([repeated, best])).sum(axis=1)
        _YARDSTICKS[key] = Yardstick(float(total), float(most))
    return _YARDSTICKS[key]


def best_known_optimum(episode: Episode, start: Array) -> Array:
    """Rates (T, N) of the stored optimum, or else of the best that a search finds, rates `start` among its starts."""
    stored = stored_optimum(episode.game) if not episode.start else None
    if stored is not None:
        return episode.rates(stored)
    mode = episode.game.reward_mode if episode.game.mutuality is None else episode.game.mutuality
    found = open_loop_optimum(episode.game, mode, episode.start, starts=[episode.levels(start)])
    return found.actions / episode.game.endowment


def normalised_return(
    game_or_id: Any, returns: Any, objective: Any = "private", state: Mapping[str, Any] | None = None
) -> Any:
    """Place returns on the scale where 0 is stationary stage-nash play and 1 the open-loop optimum.

    Parameters
    ----------
    returns : array_like (..., N)
        Each agent's return of an episode in the mode of `objective`; for payoffs, ``Rollout.payoff_totals``.

    Returns
    -------
    float or ndarray (...)
        Of the sum over agents.
    """
    table = np.asarray(returns, dtype=np.float64)
    game = Episode(game_or_id, objective, state)
    if table.ndim == 0 or table.shape[-1] != game.n:
        raise ValueError(f"returns have shape {table.shape}, expected (..., {game.n})")
    return yardstick(game_or_id, objective, state).normalise(table.sum(axis=-1))
