"""TrustDilemma-v0: two equals who build trust slowly and lose it fast.

Two equal partners decide each step how much of their endowment to put into common work. What one gives pays
itself only in part; the rest is the synergy that both share and the partner's goodwill. It is the plainest
trust game of the suite, and the one that the others are read against: symmetric, with the steepest signal
and the fastest trust, in both directions.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 20` and `gamma = 0.7`; trust and damage are those after this step's update.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.15`, `lambda_minus = 0.45`, `mu_R = 0.5`, `delta_R = 0.02`, `xi = 0.6`, `kappa = 1.5`;
negativity bias `lambda_minus / lambda_plus = 3`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.905`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
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
