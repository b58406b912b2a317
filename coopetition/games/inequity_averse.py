"""Inequity aversion: payoffs less envy of those who got more, and guilt towards those who got less.

r_i = pi_i - alpha / (N - 1) sum_j max(pi_j - pi_i, 0) - beta / (N - 1) sum_j max(pi_i - pi_j, 0)

Fehr and Schmidt, "A theory of fairness, competition, and cooperation", Quarterly Journal of Economics 114, 1999,
equation 1. Their agents differ in alpha_i >= beta_i; here each number is one for all, or one for each agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.declared import parameter
from coopetition.games.rewards import RewardMode
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_vector, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Work


@dataclass(frozen=True, kw_only=True)
class InequityAverse(RewardMode):
    """Payoffs less envy and guilt; the defaults are the means of the distribution that Fehr and Schmidt estimate.

    Parameters
    ----------
    alpha : float or array_like (N,)
        Envy: the cost of each unit of payoff by which another is ahead, averaged over the others.
    beta : float or array_like (N,)
        Guilt: the same of each unit by which another is behind; below 1, or agents would burn what they have.

    Examples
    --------
    >>> import coopetition
    >>> copies = coopetition.batch("GiftExchange-v0", 1, reward_mode=coopetition.InequityAverse(alpha=2.0, beta=0.6))
    >>> copies.game.reward_mode
    'inequity_averse'
    """

    name: ClassVar[str] = "inequity_averse"
    about: ClassVar[str] = "pi_i less envy and guilt (Fehr and Schmidt 1999)"

    alpha: Any = parameter(0.85, "agents", 0.0, kernel=True, about="envy of those who got more")
    beta: Any = parameter(0.315, "agents", 0.0, 1.0, kernel=True, about="guilt towards those who got less")

    def stage(self) -> Stage:
        """Payoffs less what differences cost."""
        return inequity_averse_rewards


Vector = InequityAverse.Vector


@stage
def inequity_averse_rewards(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i less envy and guilt, for every agent."""
    n = at[Integer.N]
    payoffs = work_vector(work, Work.PAYOFF, n)
    rewards = work_vector(work, Work.REWARD, n)
    envies = parameter_vector(parameters, Vector.ALPHA, n)
    guilts = parameter_vector(parameters, Vector.BETA, n)
    for i in range(n):
        own = payoffs[i]
        reward = rewards[i]
        envy = envies[i] / (n - 1)
        guilt = guilts[i] / (n - 1)
        for lane in range(reward.size):
            reward[lane] = own[lane]
        for j in range(n):
            if j != i:
                other = payoffs[j]
                for lane in range(reward.size):
                    gap = other[lane] - own[lane]
                    reward[lane] -= envy * gap if gap > 0.0 else -guilt * gap
