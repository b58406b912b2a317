"""DynamicPartnerSelection-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.games import trust_game
from coopetition.kernels.memory import parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.places import (
    DAMAGE,
    DEPENDENCE,
    OWN,
    PAYOFF,
    RATE,
    REPUTATION,
    SHARE,
    SHARES,
    TRUST,
    UTILITY,
    N,
)
from coopetition.parameters import Addition, Sized, TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class DynamicPartnerSelection(Sized, TrustParameters):
    """Parameters of DynamicPartnerSelection-v0."""

    id: ClassVar[str] = "DynamicPartnerSelection-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents")
    horizon: int = 50
    baseline: Any = 35.0
    dependence: Any = 0.40
    theta: float = 18.0
    gamma: float = 0.55
    lambda_plus: float = 0.12
    lambda_minus: float = 0.35
    delta_R: float = 0.015
    xi: float = 0.45
    kappa: float = 1.2
    collapse_threshold: float = 0.0
    reputation_weight: float = parameter(
        0.5, low=0.0, high=1.0, about="rho, how much reputation steers partnership"
    )
    reputation_rate: float = parameter(
        0.1, low=0.0, high=1.0, unit="1/step", about="how fast reputation follows rates"
    )
    initial_reputation: Any = parameter(0.5, "agents", 0.0, 1.0, about="q_i at reset")

    def additions(self) -> tuple[Addition, ...]:
        """Everybody sees everybody's reputation."""
        return (Addition("reputation", np.array(self.initial_reputation)),)

    def rule_numbers(self) -> tuple[float, ...]:
        """rho and the rate."""
        return (self.reputation_weight, self.reputation_rate)

    def stages(self) -> list[Stage]:
        """Reputation moves shares and weights."""
        return trust_game(standings=standings, integrate=integrate)


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- 0.9 q_i + 0.1 c_i, then shares (1 - rho) alpha_i + rho q_i / sum q."""
    n = at[N]
    rho = parameters[OWN]
    pace = parameters[OWN + 1]
    rates = work_vector(work, RATE, n)
    reputations = rows_of(state, at[REPUTATION], n)
    total = work[0]
    for lane in range(total.size):
        total[lane] = 0.0
    for i in range(n):
        q = reputations[i]
        rate = rates[i]
        for lane in range(total.size):
            q[lane] = (1.0 - pace) * q[lane] + pace * rate[lane]
        for lane in range(total.size):
            total[lane] += q[lane]
    shares = work_vector(work, SHARE, n)
    alphas = parameter_vector(parameters, SHARES, n)
    for i in range(n):
        q = reputations[i]
        share = shares[i]
        alpha = alphas[i]
        for lane in range(total.size):
            part = q[lane] / total[lane] if total[lane] > 0.0 else 1.0 / n
            share[lane] = (1.0 - rho) * alpha + rho * part


@stage
def integrate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i = pi_i + sum_j m_ij w_ij pi_j, m_ij = (1 - rho) + rho (N - 1) q_j / sum_(k != i) q_k."""
    n = at[N]
    rho = parameters[OWN]
    payoffs = work_vector(work, PAYOFF, n)
    utilities = work_vector(work, UTILITY, n)
    trusts = rows_of(state, at[TRUST], n * n)
    damages = rows_of(state, at[DAMAGE], n * n)
    dependences = rows_of(state, at[DEPENDENCE], n * n)
    reputations = rows_of(state, at[REPUTATION], n)
    others = work[0]
    for i in range(n):
        utility = utilities[i]
        own = payoffs[i]
        for lane in range(utility.size):
            utility[lane] = own[lane]
        for lane in range(utility.size):
            others[lane] = 0.0
        for k in range(n):
            if k != i:
                q = reputations[k]
                for lane in range(utility.size):
                    others[lane] += q[lane]
        # From here on `others` is what q_j is multiplied by; without any reputation all stand equal.
        equal = work[1]
        for lane in range(utility.size):
            equal[lane] = 1.0 - rho if others[lane] > 0.0 else 1.0
            others[lane] = rho * (n - 1) / others[lane] if others[lane] > 0.0 else 0.0
        for j in range(n):
            if i != j:
                q = reputations[j]
                payoff = payoffs[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                for lane in range(utility.size):
                    ceiling = 1.0 - damage[lane]
                    trusted = trust[lane] if trust[lane] < ceiling else ceiling
                    standing = equal[lane] + q[lane] * others[lane]
                    utility[lane] += trusted * dependence[lane] * standing * payoff[lane]
