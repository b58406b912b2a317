"""SLCD-v0: Samsung and Sony make panels together and sell televisions against each other.

The joint venture S-LCD (2004-2011): Samsung runs the plant, Sony needs its panels, and both sell the same
sets. Dependence is TR-1's reading of the contract: Sony on Samsung more than Samsung on Sony. Beside
TrustDilemma-v0: unequal dependence and shares, a lower baseline, more trust to start with and a slower
trust. `coopetition validate slcd` compares the case of this name with the record: its numbers are those of
`preset="case"`, not the ones below.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 20` and `gamma = 0.65`; trust and damage are those after this step's update.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.08`, `lambda_minus = 0.28`, `mu_R = 0.5`, `delta_R = 0.02`, `xi = 0.45`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3.5`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
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
