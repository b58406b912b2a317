"""ReputationMarket-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.games import trust_game
from coopetition.kernels.memory import stage, work_vector
from coopetition.kernels.places import OPTION, OWN, PAYOFF, RATE, REPUTATION, UTILITY, N
from coopetition.parameters import Addition, Sized, TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class ReputationMarket(Sized, TrustParameters):
    """Parameters of ReputationMarket-v0."""

    id: ClassVar[str] = "ReputationMarket-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)

    n_agents: int = parameter(5, "integer", 2, 1000, about="number of agents")
    baseline: Any = 35.0
    dependence: Any = 0.35
    theta: float = 18.0
    gamma: float = 0.50
    lambda_plus: float = 0.10
    lambda_minus: float = 0.30
    mu_R: float = 0.55
    delta_R: float = 0.015
    xi: float = 0.45
    collapse_threshold: float = 0.0
    initial_reputation: Any = parameter(0.5, "agents", 0.0, 1.0, about="q_i at reset")
    reputation_rate: float = parameter(
        0.1, low=0.0, high=1.0, unit="1/step", about="how fast reputation moves"
    )
    reputation_neutral: float = parameter(
        0.5, low=0.0, high=1.0, about="rate that leaves reputation as it is"
    )
    tiers: bool = parameter(True, "flag", about="pay by tier of reputation")
    tier_thresholds: Any = parameter(
        (0.80, 0.50, 0.25),
        "numbers",
        0.0,
        1.0,
        about="reputation from which premium, standard, probation pay",
    )
    tier_multipliers: Any = parameter(
        (1.30, 1.00, 0.70, 0.40), "numbers", 0.0, about="premium, standard, probation, excluded"
    )
    reputation_visibility: float = parameter(
        1.0, low=0.0, high=1.0, about="others' reputations are seen with noise of deviation 1 minus this"
    )

    def check(self) -> None:
        """Four tiers, thresholds falling."""
        super().check()
        if len(self.tier_thresholds) != 3 or sorted(self.tier_thresholds, reverse=True) != list(
            self.tier_thresholds
        ):
            raise self.refuse("tier_thresholds", "expected three numbers, falling")
        if len(self.tier_multipliers) != 4:
            raise self.refuse("tier_multipliers", "expected four numbers")

    @property
    def noise_deviation(self) -> float:
        """Standard deviation of the noise on others' reputations."""
        return 1.0 - self.reputation_visibility

    @property
    def rule_option(self) -> int:
        """Whether tiers pay."""
        return int(self.tiers)

    def additions(self) -> tuple[Addition, ...]:
        """Own reputation is seen exactly, others' with noise."""
        return (Addition("reputation", np.array(self.initial_reputation), noisy=True),)

    def rule_numbers(self) -> tuple[float, ...]:
        """Rate and neutral rate, thresholds, multipliers."""
        return (self.reputation_rate, self.reputation_neutral, *self.tier_thresholds, *self.tier_multipliers)

    def stages(self) -> list[Stage]:
        """Reputation moves, then multiplies pay."""
        return trust_game(standings=standings, settle=settle)


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- clip(q_i + 0.1 (c_i - 0.5), 0, 1)."""
    n = at[N]
    pace = parameters[OWN]
    neutral = parameters[OWN + 1]
    rates = work_vector(work, RATE, n)
    for i in range(n):
        q = state[at[REPUTATION] + i]
        rate = rates[i]
        for lane in range(q.size):
            moved = q[lane] + pace * (rate[lane] - neutral)
            moved = moved if moved > 0.0 else 0.0
            q[lane] = moved if moved < 1.0 else 1.0


@stage
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Multiply payoff and utility by the tier's number."""
    if at[OPTION] == 0:
        return
    n = at[N]
    premium, standard, probation = parameters[OWN + 2], parameters[OWN + 3], parameters[OWN + 4]
    best, usual, low, lowest = (
        parameters[OWN + 5],
        parameters[OWN + 6],
        parameters[OWN + 7],
        parameters[OWN + 8],
    )
    payoffs = work_vector(work, PAYOFF, n)
    utilities = work_vector(work, UTILITY, n)
    for i in range(n):
        q = state[at[REPUTATION] + i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(q.size):
            multiplier = low if q[lane] >= probation else lowest
            multiplier = usual if q[lane] >= standard else multiplier
            multiplier = best if q[lane] >= premium else multiplier
            payoff[lane] *= multiplier
            utility[lane] *= multiplier
