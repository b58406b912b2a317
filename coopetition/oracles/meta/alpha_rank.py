"""alpha-Rank: the Markov-Conley ranking of a meta-game (Omidshafiei et al., Scientific Reports 9, 2019).

Where several profiles are strict equilibria the chain leaves each of them with a probability such as exp(-4900): far
below what a float holds beside 1, and yet the ratio of two of them decides the ranking. So transition probabilities are
kept as logarithms, and the stationary distribution comes from state reduction (Grassmann, Taksar and Heyman, Operations
Research 33, 1985), which subtracts nothing: every mass has a small relative error, however rare the transitions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.meta.empirical_game import EmpiricalGame
from coopetition.oracles.stage.game import Array


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


def alpha_rank(
    game: EmpiricalGame | Any, *, alpha: float = 100.0, population: int = 50, most_states: int = 1500
) -> AlphaRank:
    """alpha-Rank with a population for every agent, or with one population.

    Parameters
    ----------
    game : EmpiricalGame or array_like (K, K)
        A square matrix is a symmetric two-player game between members of one population, as in Omidshafiei et al.,
        section "single-population": the chain's states are the policies, and a resident meets its own kind.
    alpha : float
        Ranking intensity, on payoffs measured in units of their range.
    population : int
        m, size of each population.
    most_states : int
        Joint profiles at most; the reduction takes time with the cube of their number, seconds at a thousand.

    Returns
    -------
    AlphaRank
        Masses to a relative error of about 1e-12 times the logarithm of the rarest transition.

    Raises
    ------
    ValueError
        More profiles than `most_states`, a negative alpha, a population of less than two, or payoffs that are not
        finite.
    """
    if not alpha >= 0.0 or not np.isfinite(alpha):
        raise ValueError(f"alpha = {alpha!r}: expected a finite number of at least 0")
    if isinstance(population, bool) or population != int(population) or population < 2:
        raise ValueError(f"population = {population!r}: expected an integer of at least 2")
    if isinstance(game, EmpiricalGame):
        tensor, policies = game.payoffs, game.policies
    else:
        matrix = np.asarray(game, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"a population game is a square matrix, not of shape {matrix.shape}")
        tensor, policies = matrix[None], tuple(str(k) for k in range(len(matrix)))
    if not np.all(np.isfinite(tensor)):
        raise ValueError("payoffs must be finite")
    scale = float(np.ptp(tensor)) or 1.0
    if isinstance(game, EmpiricalGame):
        profiles, logs = _joint_transitions(tensor / scale, alpha, population, most_states)
    else:
        profiles, logs = _population_transitions(tensor[0] / scale, alpha, population)
    masses = stationary_masses(logs)
    count, seats = len(policies), len(profiles[0])
    policy = np.zeros(count)
    for mass, profile in zip(masses, profiles, strict=True):
        for j in profile:
            policy[j] += mass / seats
    labels = tuple(tuple(policies[j] for j in profile) for profile in profiles)
    return AlphaRank(labels, masses, policy, policies)


def _joint_transitions(
    payoffs: Array, alpha: float, population: int, most_states: int
) -> tuple[list[tuple[int, ...]], Array]:
    """Joint profiles, and logarithms of the rates (M, M) at which one agent's population changes its policy."""
    n, count = payoffs.shape[0], payoffs.shape[1]
    if count**n > most_states:
        raise ValueError(
            f"{count} policies for {n} agents are {count**n} joint profiles, more than most_states = {most_states}"
        )
    profiles = list(itertools.product(range(count), repeat=n))
    index = {profile: k for k, profile in enumerate(profiles)}
    logs = np.full((len(profiles), len(profiles)), -np.inf)
    for profile, k in index.items():
        for i in range(n):
            here = float(payoffs[(i, *profile)])
            for other in range(count):
                if other != profile[i]:
                    moved = (*profile[:i], other, *profile[i + 1 :])
                    gain = float(payoffs[(i, *moved)]) - here
                    logs[k, index[moved]] = log_fixation(gain, alpha, population)
    return profiles, logs


def _population_transitions(matrix: Array, alpha: float, population: int) -> tuple[list[tuple[int, ...]], Array]:
    """Policies, and logarithms of the rates (K, K) at which a mutant of one takes over residents of another.

    Among m individuals, of whom k are mutants, fitness is the mean payoff over the m - 1 others, and the odds of one
    mutant more against one less are exp(alpha (f_mutant - f_resident)): rho is one over the sum of their products.
    """
    count = len(matrix)
    logs = np.full((count, count), -np.inf)
    mutants = np.arange(1, population)
    for resident, mutant in itertools.permutations(range(count), 2):
        inside = (mutants - 1) * matrix[mutant, mutant] + (population - mutants) * matrix[mutant, resident]
        outside = mutants * matrix[resident, mutant] + (population - mutants - 1) * matrix[resident, resident]
        falls = np.cumsum(-alpha * (inside - outside) / (population - 1))
        logs[resident, mutant] = -np.logaddexp.reduce(np.append(0.0, falls))
    return [(k,) for k in range(count)], logs


def stationary_masses(logs: Array) -> Array:
    """Stationary distribution of a chain from logarithms of its rates, by state reduction.

    Parameters
    ----------
    logs : ndarray (M, M)
        Logarithms of the rates from row to column, up to a common factor; minus infinity where there is no transition.
        The diagonal is not read. Every state must reach every other.

    Returns
    -------
    ndarray (M,)
        Masses that sum to one.
    """
    rates = logs.copy()
    count = len(rates)
    for k in range(count - 1, 0, -1):
        # Leave k out: a visit to k ends in one of the states before it, in proportion to the rates.
        rates[:k, k] -= np.logaddexp.reduce(rates[k, :k])
        through = rates[:k, k, None] + rates[k, :k]
        np.logaddexp(rates[:k, :k], through, out=rates[:k, :k])
    masses = np.zeros(count)
    for k in range(1, count):
        masses[k] = np.logaddexp.reduce(masses[:k] + rates[:k, k])
    masses = np.exp(masses - masses.max())
    return np.asarray(masses / masses.sum())


def log_fixation(gain: float, alpha: float, population: int) -> float:
    """Logarithm of the probability that one mutant with a constant payoff advantage takes over a population.

    That is log((1 - e^-ag) / (1 - e^-mag)), written so that nothing overflows or cancels.
    """
    exponent = alpha * gain
    if abs(exponent) * population < 1e-12:
        return float(-np.log(population) + 0.5 * exponent * (population - 1))
    if exponent < 0.0:
        return float(exponent * (population - 1) + np.log(np.expm1(exponent) / np.expm1(exponent * population)))
    return float(np.log(np.expm1(-exponent) / np.expm1(-exponent * population)))
