"""ReciprocalDilemma-v0: two equals who answer what the other does now.

The trust game of two equals with a memory: a partner that gives more than it used to is answered in kind, one that
gives less is paid back. It is the plainest reciprocity game, which the other four are read against. Beside
TrustDilemma-v0: the reciprocity term, a lower baseline and trust signals in units of the endowment.

## Payoff
```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
     + h_i lambda_R sum_(j != i) T_ij (1 + omega D_ij) rho_ij phi_ij
```

`reciprocity_form` "gradient" is h_i = a_i, so that being treated kindly makes it pay to be kind; "additive" makes
h_i the mean endowment, a bonus for being treated well.

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
phi_ij = tanh(kappa_r s_ij),   s_ij = c_j - cbar_j
rho_ij = rho_0 D_ij^eta
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "endowment", sigma_j = e_j, the
units in which the reports calibrate kappa, is smooth; "raw", sigma_j = 1, reads levels as published: all but the
sign of the deviation.

The last two lines, of TR-4, read what j does now against what it used to do: cbar_j is the mean of its rates over
the last min(k, t - 1) steps before this one, k = `memory`; before any step it is the baseline's rate.

## Departures from the published code
- The memory average excludes the current step, signals are rates, and the term is added, as in the report; the
  published code includes the current step, uses raw units, and multiplies.
- Trust signals are read in units of the endowment by default; the published code reads raw units.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; TR-4, sequential interaction and reciprocity, arXiv:2604.01240; Coopetition-Gym v1,
  arXiv:2605.02063.
- Axelrod, The Evolution of Cooperation (1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import ReciprocityParameters


@dataclass(frozen=True, kw_only=True)
class ReciprocalDilemma(ReciprocityParameters):
    """Parameters of ReciprocalDilemma-v0."""

    id: ClassVar[str] = "ReciprocalDilemma-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 3.0, "theta": 2.0},
        "relational": {
            "theta": 2.0,
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 1.0,
            "dependence": 1.0,
            "initial_trust": 0.1,
        },
    }

    baseline: Any = 30.0
    dependence: Any = 0.50
