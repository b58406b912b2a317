"""Meta-games: the normal-form game between named policies, its equilibria, dynamics and rankings.

Equilibria come from nashpy (extra ``oracles``): it is pure Python over NumPy and SciPy, so it installs wherever this
package does; support enumeration and Lemke-Howson are all that two-player meta-games of a dozen policies need.
pygambit wants a compiler on some platforms, and quantecon brings sympy and numba pins of its own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from coopetition.oracles.episode import Episode
from coopetition.oracles.sequences import Table
from coopetition.oracles.solution import plain
from coopetition.oracles.stage import Array


def _label(policy: Any) -> str:
    return policy if isinstance(policy, str) else str(getattr(policy, "name", type(policy).__name__))


@dataclass(frozen=True, eq=False)
class EmpiricalGame:
    """Payoffs between named policies.

    Attributes
    ----------
    environment, objective : str
        Of what, and the reward mode.
    policies : tuple of str
        Labels of the K policies.
    payoffs : ndarray (N, K, ..., K)
        ``payoffs[i, k_0, ..., k_(N-1)]`` is agent i's mean return when agent j plays policy k_j.
    """

    environment: str
    objective: str
    policies: tuple[str, ...]
    payoffs: Array

    def equilibria(self) -> list[tuple[Array, Array]]:
        """Nash equilibria of a two-player meta-game, by nashpy's support enumeration.

        Returns
        -------
        list of (ndarray (K,), ndarray (K,))
            Mixed strategies, checked: nobody gains 1e-7 of the payoffs' range.

        Raises
        ------
        ValueError
            More than two players.
        ImportError
            nashpy is missing.
        """
        if len(self.payoffs) != 2:
            raise ValueError(f"equilibria of meta-games are for two players, not {len(self.payoffs)}; use alpha_rank")
        try:
            import nashpy
        except ImportError as error:
            raise ImportError("equilibria of meta-games need nashpy: pip install 'coopetition[oracles]'") from error
        import warnings

        first, second = self.payoffs
        scale = float(np.ptp(self.payoffs)) or 1.0
        low = self.payoffs.min()
        game = nashpy.Game((first - low) / scale, (second - low) / scale)
        found: list[tuple[Array, Array]] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nashpy warns of degenerate games, which the check below settles
            candidates = list(game.support_enumeration())
            if not candidates:
                candidates = list(game.lemke_howson_enumeration())
        for row, column in candidates:
            x, y = np.asarray(row, dtype=float), np.asarray(column, dtype=float)
            if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
                continue
            if self.regret([x, y]) > 1e-7 * scale:
                continue
            if not any(np.allclose(x, a, atol=1e-6) and np.allclose(y, b, atol=1e-6) for a, b in found):
                found.append((x, y))
        return found

    def regret(self, mixture: Sequence[Array]) -> float:
        """Largest gain of a player by a pure policy against mixed strategies, in payoff."""
        n = len(self.payoffs)
        largest = 0.0
        for i in range(n):
            values = self.payoffs[i]
            for j in reversed([j for j in range(n) if j != i]):
                values = np.tensordot(values, mixture[j], axes=([j], [0]))
            largest = max(largest, float(values.max() - values @ mixture[i]))
        return largest

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def _cell(tensor: Array, profile: Sequence[int]) -> Array:
    """View of all agents' payoffs at one profile."""
    return np.moveaxis(tensor, 0, -1)[tuple(profile)]


def empirical_game(
    game_or_id: Any,
    policies: Sequence[Any],
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    seeds: int = 1,
    most_profiles: int = 20_000,
) -> EmpiricalGame:
    """The payoff tensor between policies, by rollouts.

    Parameters
    ----------
    policies : sequence
        Names that the kernel plays, policy objects, or level sequences (T,).
    seeds : int
        Episodes a profile, averaged; one suffices for deterministic policies.

    Raises
    ------
    ValueError
        No policies, or more profiles than `most_profiles`.
    """
    episode = Episode(game_or_id, objective, state)
    n, count = episode.n, len(policies)
    if count == 0:
        raise ValueError("no policies are given")
    if count**n > most_profiles:
        raise ValueError(f"{count} policies for {n} agents are {count**n} profiles; most_profiles = {most_profiles}")
    tensor = np.zeros((n, *[count] * n))
    # Profiles of constants and sequences alone are one rollout; the others are played one by one.
    scripts: list[Array] = []
    places: list[tuple[int, ...]] = []
    for profile in itertools.product(range(count), repeat=n):
        chosen = [policies[k] for k in profile]
        table = Table(episode, chosen)
        constant = all(name == "actions" or name.startswith("constant") for name in table.names)
        random = any(isinstance(policy, str) and policy == "random" for policy in chosen)
        if not table.objects and constant and not random:
            script = table.script.copy()
            for i, name in enumerate(table.names):
                if name != "actions":
                    script[:, i] = int(name.removeprefix("constant_")) / 100.0
            scripts.append(script)
            places.append(profile)
            continue
        total = np.zeros(n)
        for seed in range(seeds):
            table = Table(episode, chosen, seed)
            if table.objects:
                total += table.returns()[0][0]
            else:
                total += episode.against(table.names, table.script[None])[0]
        _cell(tensor, profile)[:] = total / seeds
    if scripts:
        for profile, returns in zip(places, episode.returns(np.array(scripts)), strict=True):
            _cell(tensor, profile)[:] = returns
    labels = tuple(_label(policy) for policy in policies)
    return EmpiricalGame(episode.game.id, str(episode.game.reward_mode), labels, tensor)


def symmetric_payoffs(game: EmpiricalGame) -> Array:
    """The population game of a meta-game (K, K): a policy's mean payoff over seats when all others play another.

    For two exchangeable agents this is the payoff matrix of the row player.
    """
    n, count = len(game.payoffs), len(game.policies)
    matrix = np.zeros((count, count))
    for mine in range(count):
        for theirs in range(count):
            for i in range(n):
                profile = [theirs] * n
                profile[i] = mine
                matrix[mine, theirs] += game.payoffs[(i, *profile)] / n
    return matrix


@dataclass(frozen=True, eq=False)
class Replicator:
    """A run of the replicator dynamics.

    Attributes
    ----------
    times : ndarray (S,)
    shares : ndarray (S, K)
        Shares of the population.
    rest : ndarray (K,)
        Where it ended.
    at_rest : bool
        Whether it stood still there.
    """

    times: Array
    shares: Array
    rest: Array
    at_rest: bool


def replicator_dynamics(
    game: EmpiricalGame | Any, start: Any = None, *, time: float = 200.0, samples: int = 201, mutation: float = 0.0
) -> Replicator:
    """Single-population replicator dynamics (Taylor and Jonker 1978), integrated by SciPy.

    Parameters
    ----------
    game : EmpiricalGame or array_like (K, K)
        A square matrix is the population game itself. Payoffs are measured in units of their range.
    start : array_like (K,), optional
        Shares; equal ones by default.
    mutation : float
        Rate of uniform mutation, so that no policy dies out.
    """
    matrix = symmetric_payoffs(game) if isinstance(game, EmpiricalGame) else np.asarray(game, dtype=np.float64)
    count = len(matrix)
    if matrix.shape != (count, count) or not np.all(np.isfinite(matrix)):
        raise ValueError("the population game must be a finite square matrix")
    first = np.full(count, 1.0 / count) if start is None else np.asarray(start, dtype=np.float64)
    if first.shape != (count,) or first.min() < 0.0 or abs(first.sum() - 1.0) > 1e-9:
        raise ValueError(f"start must be {count} shares that sum to 1")
    fitness = (matrix - matrix.min()) / (float(np.ptp(matrix)) or 1.0)

    def flow(_: float, x: Array) -> Array:
        gain = fitness @ x
        return np.asarray(x * (gain - x @ gain) + mutation * (1.0 / count - x))

    times = np.linspace(0.0, time, samples)
    run = solve_ivp(flow, (0.0, time), first, t_eval=times, rtol=1e-9, atol=1e-12, method="LSODA")
    shares = np.clip(run.y.T, 0.0, None)
    shares /= shares.sum(axis=1, keepdims=True)
    return Replicator(run.t, shares, shares[-1], bool(np.abs(flow(0.0, shares[-1])).max() < 1e-6))


@dataclass(frozen=True, eq=False)
class AlphaRank:
    """The Markov-Conley ranking of a meta-game.

    Attributes
    ----------
    profiles : tuple of tuple of str
        States of the chain: joint profiles, or policies of one population.
    masses : ndarray (M,)
        Stationary distribution.
    policy_masses : ndarray (K,)
        The mass of profiles in which a policy is played, averaged over agents.
    policies : tuple of str
        Labels.
    """

    profiles: tuple[tuple[str, ...], ...]
    masses: Array
    policy_masses: Array
    policies: tuple[str, ...]


def alpha_rank(game: EmpiricalGame, *, alpha: float = 100.0, population: int = 50) -> AlphaRank:
    """alpha-Rank (Omidshafiei et al., Scientific Reports 9, 2019) with a population for every agent.

    Parameters
    ----------
    alpha : float
        Ranking intensity, on payoffs measured in units of their range.
    population : int
        m, size of each population.
    """
    n, count = len(game.payoffs), len(game.policies)
    states = list(itertools.product(range(count), repeat=n))
    index = {profile: k for k, profile in enumerate(states)}
    payoffs = game.payoffs / (float(np.ptp(game.payoffs)) or 1.0)
    eta = 1.0 / max(n * (count - 1), 1)
    chain = np.zeros((len(states), len(states)))
    for profile, k in index.items():
        for i in range(n):
            here = payoffs[(i, *profile)]
            for other in range(count):
                if other == profile[i]:
                    continue
                moved = (*profile[:i], other, *profile[i + 1 :])
                chain[k, index[moved]] = eta * fixation(float(payoffs[(i, *moved)] - here), alpha, population)
        chain[k, k] = 1.0 - chain[k].sum()
    # The stationary distribution: the null vector of chain' - I, its components summing to one.
    system = np.concatenate([chain.T - np.eye(len(states)), np.ones((1, len(states)))])
    masses = np.linalg.lstsq(system, np.append(np.zeros(len(states)), 1.0), rcond=None)[0]
    masses = np.clip(masses, 0.0, None)
    masses /= masses.sum()
    policy = np.zeros(count)
    for profile, k in index.items():
        for i in range(n):
            policy[profile[i]] += masses[k] / n
    labels = tuple(tuple(game.policies[j] for j in profile) for profile in states)
    return AlphaRank(labels, masses, policy, game.policies)


def fixation(gain: float, alpha: float, population: int) -> float:
    """Probability that one mutant with a payoff advantage takes over a population, (1 - e^-ag) / (1 - e^-mag)."""
    if abs(gain) * alpha < 1e-12:
        return 1.0 / population
    exponent = alpha * gain
    if exponent < 0.0:
        # The same ratio, written so that neither exponential overflows.
        return float(np.exp(exponent * (population - 1)) * np.expm1(exponent) / np.expm1(exponent * population))
    return float(np.expm1(-exponent) / np.expm1(-exponent * population))


@dataclass(frozen=True, eq=False)
class Tournament:
    """A round-robin of policies.

    Attributes
    ----------
    environment, objective : str
        Of what, and the reward mode.
    ranking : tuple of dict
        Best first: ``rank``, ``policy``, ``score`` (mean return a step over matches and seats), ``against_itself``,
        ``best`` and ``worst`` match, ``wins`` (matches in which it had more than its opponents' mean), ``matches``.
    scores : ndarray (K, K)
        Mean return of the row policy when the other agents all play the column policy.
    """

    environment: str
    objective: str
    ranking: tuple[dict[str, Any], ...]
    scores: Array

    def table(self) -> str:
        """The ranking as text."""
        lines = [f"{'':>3} {'policy':<32} {'score':>10} {'itself':>10} {'wins':>7}"]
        lines += [
            f"{row['rank']:>3} {row['policy']:<32} {row['score']:>10.3f} {row['against_itself']:>10.3f} "
            f"{row['wins']:>3}/{row['matches']}"
            for row in self.ranking
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def tournament(
    game_or_id: Any,
    policies: Sequence[Any],
    objective: Any = "private",
    state: Mapping[str, Any] | None = None,
    *,
    seeds: int = 1,
) -> Tournament:
    """Axelrod's round-robin: each policy in each seat against every policy in the others, itself included.

    Parameters
    ----------
    policies : sequence
        Names that the kernel plays, policy objects, or level sequences (T,).
    objective : str or array_like (N, N)
        Whose returns score: payoffs by default.
    """
    episode = Episode(game_or_id, objective, state)
    count, n = len(policies), episode.n
    if count == 0:
        raise ValueError("no policies are given")
    scores = np.zeros((count, count))
    rivals = np.zeros((count, count))
    for mine, theirs in itertools.product(range(count), repeat=2):
        for i in range(n):
            chosen = [policies[theirs]] * n
            chosen[i] = policies[mine]
            for seed in range(seeds):
                table = Table(episode, chosen, seed)
                returns = (
                    table.returns()[0][0] if table.objects else episode.against(table.names, table.script[None])[0]
                )
                share = 1.0 / (n * seeds * episode.horizon)
                scores[mine, theirs] += returns[i] * share
                rivals[mine, theirs] += np.delete(returns, i).mean() * share
    totals = scores.mean(axis=1)
    ranking = []
    for rank, k in enumerate(np.argsort(-totals, kind="stable"), start=1):
        others = [j for j in range(count) if j != k]
        wins = sum(bool(scores[k, j] > rivals[k, j] + 1e-9) for j in others)
        ranking.append({
            "rank": rank, "policy": _label(policies[k]), "score": float(totals[k]),
            "against_itself": float(scores[k, k]), "best": float(scores[k].max()), "worst": float(scores[k].min()),
            "wins": wins, "matches": len(others),
        })  # fmt: skip
    return Tournament(episode.game.id, str(episode.game.reward_mode), tuple(ranking), scores)
