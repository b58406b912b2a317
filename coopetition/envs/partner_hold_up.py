"""PartnerHoldUp-v0: a strong partner and a weak one that cannot leave.

The weak partner has put its assets where only the strong one can use them: it depends on the strong far more than
the strong depends on it. The strong can take more than it gives, for as long as the weak one's trust lasts. Beside
TrustDilemma-v0: unequal endowments, baselines, shares and dependence, and an end that only the weak partner's trust
decides.

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
- Klein, Crawford and Alchian, Vertical integration, appropriable rents, and the competitive contracting process,
  Journal of Law and Economics 21 (1978).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class PartnerHoldUp(TrustParameters):
    """Parameters of PartnerHoldUp-v0."""

    id: ClassVar[str] = "PartnerHoldUp-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("strong", "weak")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 3.0, "theta": 2.0, "signal_scale": "endowment", "initial_trust": 0.3},
    }

    endowment: Any = (120.0, 80.0)
    baseline: Any = (42.0, 28.0)
    shares: Any = (0.6, 0.4)
    dependence: Any = ((0.0, 0.35), (0.85, 0.0))
    gamma: float = 0.60
    lambda_plus: float = 0.10
    lambda_minus: float = 0.35
    mu_R: float = 0.55
    delta_R: float = 0.025
    xi: float = 0.70
    kappa: float = 1.2
    initial_trust: Any = 0.55
    collapse_threshold: float = 0.10

    def watched(self) -> np.ndarray:
        """Only the weak partner's trust in the strong one ends the game."""
        return np.array([[0.0, 0.0], [1.0, 0.0]])
