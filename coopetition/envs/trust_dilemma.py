"""TrustDilemma-v0: two equals who build trust slowly and lose it fast.

Two equal partners decide each step how much of their endowment to put into common work. What one gives pays itself
only in part; the rest is the synergy that both share and the partner's goodwill. It is the plainest trust game of
the suite, and the one that the others are read against: symmetric, with the steepest signal and the fastest trust,
in both directions.

## Payoff
```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "raw", sigma_j = 1, reads levels as
published: all but the sign of the deviation. "endowment", sigma_j = e_j, the units in which the reports calibrate
kappa, is smooth.

## Departures from the published code
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Axelrod, The Evolution of Cooperation (1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class TrustDilemma(TrustParameters):
    """Parameters of TrustDilemma-v0."""

    id: ClassVar[str] = "TrustDilemma-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 3.0, "theta": 2.0, "signal_scale": "endowment"},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 1.0,
            "baseline": 30.0,
            "dependence": 1.0,
            "initial_trust": 0.1,
            "kappa": 1.0,
        },
    }

    baseline: Any = 40.0
    dependence: Any = 0.60
    gamma: float = 0.70
    lambda_plus: float = 0.15
    lambda_minus: float = 0.45
    mu_R: float = 0.50
    delta_R: float = 0.02
    xi: float = 0.60
    kappa: float = 1.5
