"""alpha-Rank: the Markov-Conley ranking of a meta-game (Omidshafiei et al., Scientific Reports 9, 2019)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

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
