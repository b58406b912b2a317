"""ReciprocalDilemma-v0: two equals who answer what the other does now.

The trust game of two equals with a memory: a partner that gives more than it used to is answered in kind,
one that gives less is paid back. It is the plainest reciprocity game, which the other four are read
against. Beside TrustDilemma-v0: the reciprocity term, a lower baseline and trust signals in units of the
endowment.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
     + h_i lambda_R sum_(j != i) T_ij (1 + omega D_ij) rho_ij phi_ij
```

Here `theta = 20` and `gamma = 0.65`; trust and damage are those after this step's update. By default h_i =
a_i (`reciprocity_form = gradient`), so that being treated kindly makes it pay to be kind; `"additive"`
makes h_i the mean endowment, a bonus for being treated well.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.1`, `lambda_minus = 0.3`, `mu_R = 0.6`, `delta_R = 0.03`, `xi = 0.5`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in units of the endowment, those in which the reports calibrate kappa:
`signal_scale = endowment`, sigma_j = e_j, smooth dynamics. `signal_scale="raw"` sets sigma_j = 1, raw
action units as published: all but the sign of the deviation, since one level above the baseline then gives
`tanh(kappa) = 0.762`.

Reciprocity of TR-4 reads what the others do now against what they used to do:

```
phi_ij = tanh(kappa_r s_ij),   s_ij = c_j - cbar_j
rho_ij = rho_0 D_ij^eta
```

cbar_j is the mean of j's rates over the last min(k, t - 1) steps before this one; before any step it is the
baseline's rate. `memory = 5` (k), `rho_0 = 1`, `eta = 1`, `kappa_r = 1`, `lambda_R = 1`, `omega = 0.6`.

## Departures from the published code

- The memory average excludes the current step, signals are rates, and the term is added, as in the report;
  the published code includes the current step, uses raw units, and multiplies.
- Trust signals are read in units of the endowment by default; the published code reads raw units.
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
- Pant and Yu, TR-4: sequential interaction and reciprocity, arXiv:2604.01240.
- Pant and Yu, Coopetition-Gym v1, arXiv:2605.02063.
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
