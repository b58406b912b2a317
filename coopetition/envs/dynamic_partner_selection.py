"""DynamicPartnerSelection-v0: partners are sought by their public reputation.

Everybody can work with everybody, and prefers those who are known to give. A public reputation follows what each
has given lately; it moves how much others count on an agent, and its share of the synergy. Beside TrustDilemma-v0:
several agents, a short horizon, no end by collapse, and reputations q that steer partnership by rho,
`reputation_weight`.

## Payoff
```
pi_i     = e_i - a_i + theta ln(1 + a_i) + alpha'_i gamma (prod_j a_j)^(1/N)
U_i      = pi_i + sum_(j != i) m_ij min(T_ij, 1 - R_ij) D_ij pi_j
alpha'_i = (1 - rho) alpha_i + rho q_i / sum_k q_k
m_ij     = (1 - rho) + rho (N - 1) q_j / sum_(k != i) q_k
```

With equal reputations, or rho = `reputation_weight` = 0, this is the plain trust game. If all q are zero, parts are
equal.

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
q_i  <- (1 - r) q_i + r c_i
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "raw", sigma_j = 1, reads levels as
published: all but the sign of the deviation. "endowment", sigma_j = e_j, the units in which the reports calibrate
kappa, is smooth.

Reputation moves after trust and before pay, at the rate r, `reputation_rate`.

## Departures from the published code
- The published payoff has no reputation in it; `reputation_weight=0` gives it exactly.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Noë and Hammerstein, Biological markets, Behavioral Ecology and Sociobiology 35 (1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Sized, TrustParameters, parameter
from coopetition.kernels.fastmath import fma
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_matrix, parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, Vector, Work


@dataclass(frozen=True, kw_only=True)
class DynamicPartnerSelection(Sized, TrustParameters):
    """Parameters of DynamicPartnerSelection-v0."""

    id: ClassVar[str] = "DynamicPartnerSelection-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField("reputation", ("n",), "initial_reputation", high=1.0, meaning="q_i, seen by everybody"),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 12.0, "theta": 5.0, "signal_scale": "endowment", "reputation_weight": 0.2},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.1,
        },
    }

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
        0.5, low=0.0, high=1.0, kernel=True, about="rho, how much reputation steers partnership"
    )
    reputation_rate: float = parameter(
        0.1, low=0.0, high=1.0, unit="1/step", kernel=True, about="how fast reputation follows rates"
    )
    initial_reputation: Any = parameter(0.5, "agents", 0.0, 1.0, about="q_i at reset")

    def stages(self) -> list[Stage]:
        """Reputation moves shares and weights."""
        return trust_game(standings=standings, integrate=integrate)


State, Scalar = DynamicPartnerSelection.State, DynamicPartnerSelection.Scalar


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- 0.9 q_i + 0.1 c_i, then shares (1 - rho) alpha_i + rho q_i / sum q."""
    n = at[Integer.N]
    rho = parameters[Scalar.REPUTATION_WEIGHT]
    pace = parameters[Scalar.REPUTATION_RATE]
    rates = work_vector(work, Work.RATE, n)
    reputations = rows_of(state, at[State.REPUTATION], n)
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
    shares = work_vector(work, Work.SHARE, n)
    alphas = parameter_vector(parameters, Vector.SHARES, n)
    for i in range(n):
        q = reputations[i]
        share = shares[i]
        alpha = alphas[i]
        for lane in range(total.size):
            part = q[lane] / total[lane] if total[lane] > 0.0 else 1.0 / n
            share[lane] = (1.0 - rho) * alpha + rho * part


@stage
def integrate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i = pi_i + sum_j m_ij w_ij pi_j, m_ij = (1 - rho) + rho (Integer.N - 1) q_j / sum_(k != i) q_k."""
    n = at[Integer.N]
    rho = parameters[Scalar.REPUTATION_WEIGHT]
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    reputations = rows_of(state, at[State.REPUTATION], n)
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
                    standing = fma(q[lane], others[lane], equal[lane])
                    utility[lane] = fma(trusted * dependence * standing, payoff[lane], utility[lane])
