"""PartnerHoldUp-v0: a strong partner and a weak one that cannot leave.

The weak partner has put its assets where only the strong one can use them: it depends on the strong far
more than the strong depends on it. The strong can take more than it gives, for as long as the weak one's
trust lasts. Beside TrustDilemma-v0: unequal endowments, baselines, shares and dependence, and an end that
only the weak partner's trust decides.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 20` and `gamma = 0.6`; trust and damage are those after this step's update.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.1`, `lambda_minus = 0.35`, `mu_R = 0.55`, `delta_R = 0.025`, `xi = 0.7`, `kappa = 1.2`;
negativity bias `lambda_minus / lambda_plus = 3.5`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.834`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

## Departures from the published code

- All interfaces run this kernel; the published PettingZoo wrappers skip what an environment adds in its
  Gymnasium step.
- `"cooperative"` shares the mean payoff; the published code shares the mean integrated utility.
- Observations are bounded, normalised and of one shape for all agents; Gymnasium rewards are scalars; every
  draw is seeded.

## Version history

- v0: first version. A change of a number or a formula makes a new version.

## References

- Pant and Yu, TR-1: interdependence and complementarity, arXiv:2510.18802.
- Pant and Yu, TR-2: trust and reputation, arXiv:2510.24909.
- Pant and Yu, Coopetition-Gym v1, arXiv:2605.02063.
- Klein, Crawford and Alchian, Vertical integration, appropriable rents, and the competitive contracting
  process, Journal of Law and Economics 21 (1978).
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
