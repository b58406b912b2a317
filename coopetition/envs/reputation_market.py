"""ReputationMarket-v0: a public reputation decides the tier in which an agent is paid.

A market with ratings. Giving more than half lifts an agent's public reputation, giving less lowers it, and the
market pays by tier: a premium for the best, little for those it excludes. Beside TrustDilemma-v0: several agents,
no end by collapse, and a reputation q that multiplies payoff and utility.

## Payoff
```
v_i  = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
pi_i = m_i v_i
U_i  = m_i [v_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij v_j]
```

m_i is the multiplier of i's own tier: others' payoffs are weighed before their tiers. The tiers are premium,
standard, probation and excluded: `tier_thresholds` has the least q of the first three, `tier_multipliers` the m of
all four. `tiers=False` switches them off.

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
q_i  <- clip(q_i + reputation_rate (c_i - reputation_neutral), 0, 1)
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "raw", sigma_j = 1, reads levels as
published: all but the sign of the deviation. "endowment", sigma_j = e_j, the units in which the reports calibrate
kappa, is smooth.

Reputation moves after trust and before pay. Others' reputations are seen with Gaussian noise of standard deviation
1 - `reputation_visibility`, clipped to [0, 1], and drawn by the copy's seeded generator; own reputation, and
`state()`, are exact.

## Departures from the published code
- Tiers are paid through every interface; the published PettingZoo wrappers skip them.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Resnick and Zeckhauser, Trust among strangers in Internet transactions (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Sized, TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Work


@dataclass(frozen=True, kw_only=True)
class ReputationMarket(Sized, TrustParameters):
    """Parameters of ReputationMarket-v0."""

    id: ClassVar[str] = "ReputationMarket-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "reputation", ("n",), "initial_reputation", high=1.0, noisy=True, meaning="q_i; others' are seen with noise"
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 12.0, "theta": 5.0, "signal_scale": "endowment", "reputation_neutral": 0.3},
    }

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
        0.1, low=0.0, high=1.0, unit="1/step", kernel=True, about="how fast reputation moves"
    )
    reputation_neutral: float = parameter(
        0.5, low=0.0, high=1.0, kernel=True, about="rate that leaves reputation as it is"
    )
    tiers: bool = parameter(True, "flag", kernel=True, about="pay by tier of reputation")
    tier_thresholds: Any = parameter(
        (0.80, 0.50, 0.25),
        "numbers",
        0.0,
        1.0,
        kernel=True,
        about="reputation from which premium, standard, probation pay",
    )
    tier_multipliers: Any = parameter(
        (1.30, 1.00, 0.70, 0.40), "numbers", 0.0, kernel=True, about="premium, standard, probation, excluded"
    )
    reputation_visibility: float = parameter(
        1.0, low=0.0, high=1.0, about="others' reputations are seen with noise of deviation 1 minus this"
    )

    def check(self) -> None:
        """Four tiers, thresholds falling."""
        super().check()
        if len(self.tier_thresholds) != 3 or sorted(self.tier_thresholds, reverse=True) != list(self.tier_thresholds):
            raise self.refuse("tier_thresholds", "expected three numbers, falling")
        if len(self.tier_multipliers) != 4:
            raise self.refuse("tier_multipliers", "expected four numbers")

    def largest_payoff(self) -> float:
        """In the best tier."""
        return super().largest_payoff() * max(1.0, *self.tier_multipliers)

    @property
    def noise_deviation(self) -> float:
        """Standard deviation of the noise on others' reputations."""
        return 1.0 - self.reputation_visibility

    def stages(self) -> list[Stage]:
        """Reputation moves, then multiplies pay."""
        return trust_game(standings=standings, settle=settle)


State, Scalar = ReputationMarket.State, ReputationMarket.Scalar


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- clip(q_i + 0.1 (c_i - 0.5), 0, 1)."""
    n = at[Integer.N]
    pace = parameters[Scalar.REPUTATION_RATE]
    neutral = parameters[Scalar.REPUTATION_NEUTRAL]
    rates = work_vector(work, Work.RATE, n)
    for i in range(n):
        q = state[at[State.REPUTATION] + i]
        rate = rates[i]
        for lane in range(q.size):
            moved = q[lane] + pace * (rate[lane] - neutral)
            moved = moved if moved > 0.0 else 0.0
            q[lane] = moved if moved < 1.0 else 1.0


@stage
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Multiply payoff and utility by the tier's number."""
    if parameters[Scalar.TIERS] == 0.0:
        return
    n = at[Integer.N]
    premium = parameters[Scalar.TIER_THRESHOLDS]
    standard = parameters[Scalar.TIER_THRESHOLDS + 1]
    probation = parameters[Scalar.TIER_THRESHOLDS + 2]
    best, usual, low, lowest = (
        parameters[Scalar.TIER_MULTIPLIERS],
        parameters[Scalar.TIER_MULTIPLIERS + 1],
        parameters[Scalar.TIER_MULTIPLIERS + 2],
        parameters[Scalar.TIER_MULTIPLIERS + 3],
    )
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    for i in range(n):
        q = state[at[State.REPUTATION] + i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(q.size):
            multiplier = low if q[lane] >= probation else lowest
            multiplier = usual if q[lane] >= standard else multiplier
            multiplier = best if q[lane] >= premium else multiplier
            payoff[lane] *= multiplier
            utility[lane] *= multiplier
