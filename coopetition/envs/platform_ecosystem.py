"""PlatformEcosystem-v0: a platform and the developers that live on it.

A hub and its spokes: every developer depends on the platform, the platform a little on each developer, and
developers not on each other. The platform's share of the synergy is fixed; what it gives decides whether developers
keep trusting it. Beside TrustDilemma-v0: `n_developers` spokes, and dependence only along them. Trust between
developers moves too, but weighs nothing, since D is zero there.

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

Defaults follow `n_developers`: baselines are the same part of everybody's endowment, and developers share in equal
parts what the platform leaves of the synergy. Give `endowment`, `baseline`, `shares` or `dependence` to set them
otherwise.

## Departures from the published code
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Rochet and Tirole, Platform competition in two-sided markets, Journal of the European Economic Association 1
  (2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.parameters import TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class PlatformEcosystem(TrustParameters):
    """Parameters of PlatformEcosystem-v0."""

    id: ClassVar[str] = "PlatformEcosystem-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("platform", "developer_{}")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 8.0, "theta": 5.0},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.2,
        },
    }

    n_developers: int = parameter(4, "integer", 1, 1000, about="number of developers")
    endowment: Any = None
    theta: float = 25.0
    gamma: float = 0.75
    lambda_plus: float = 0.08
    lambda_minus: float = 0.25
    mu_R: float = 0.45
    delta_R: float = 0.02
    xi: float = 0.40
    initial_trust: Any = 0.60
    collapse_threshold: float = 0.15

    @property
    def agents(self) -> tuple[str, ...]:
        """The platform first, then its developers."""
        return ("platform", *(f"developer_{k}" for k in range(int(self.n_developers))))

    def resolved(self) -> dict[str, Any]:
        """Endowments 150 and 80, baselines .30 e, the platform's share .30, dependence .25 and .75."""
        count = self.n - 1
        values: dict[str, Any] = {}
        if self.endowment is None:
            values["endowment"] = (150.0, *[80.0] * count)
        endowment = self._checked("endowment", values.get("endowment", self.endowment), self.domain("endowment"))
        if self.baseline is None:
            values["baseline"] = 0.30 * np.array(endowment)
        if self.shares is None:
            values["shares"] = (0.30, *[0.70 / count] * count)
        if self.dependence is None:
            dependence = np.zeros((self.n, self.n))
            dependence[0, 1:] = 0.25
            dependence[1:, 0] = 0.75
            values["dependence"] = dependence
        return values

    def watched(self) -> np.ndarray:
        """The developers' mean trust in the platform ends the game."""
        weights = np.zeros((self.n, self.n))
        weights[1:, 0] = 1.0 / (self.n - 1)
        return weights
