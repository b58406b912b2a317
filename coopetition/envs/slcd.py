"""SLCD-v0: Samsung and Sony make panels together and sell televisions against each other.

The joint venture S-LCD (2004-2011): Samsung runs the plant, Sony needs its panels, and both sell the same sets.
Dependence is TR-1's reading of the contract: Sony on Samsung more than Samsung on Sony. Beside TrustDilemma-v0:
unequal dependence and shares, a lower baseline, more trust to start with and a slower trust. `coopetition validate
slcd` compares the case of this name with the record: its numbers are those of `preset="case"`, not the defaults.

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
- Brandenburger and Nalebuff, Co-opetition (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class SLCD(TrustParameters):
    """Parameters of SLCD-v0."""

    id: ClassVar[str] = "SLCD-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("samsung", "sony")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 2.9, "theta": 2.0, "signal_scale": "endowment", "initial_trust": 0.3},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 1.0,
            "dependence": 1.0,
            "initial_trust": 0.1,
        },
        # What TR-1 validates is static: everybody is trusted, w = D, and nothing moves.
        "case": {"initial_trust": 1.0, "lambda_plus": 0.0, "lambda_minus": 0.0, "mu_R": 0.0},
    }

    baseline: Any = 30.0
    shares: Any = (0.55, 0.45)
    dependence: Any = ((0.0, 0.64), (0.86, 0.0))
    gamma: float = 0.65
    lambda_plus: float = 0.08
    lambda_minus: float = 0.28
    mu_R: float = 0.50
    delta_R: float = 0.02
    xi: float = 0.45
    initial_trust: Any = 0.65
