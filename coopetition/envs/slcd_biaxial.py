"""SLCDBiaxial-v0: S-LCD with two actions a firm, how much to cooperate and how hard to compete.

An extension beside the twenty environments. Each of the two firms of SLCD-v0 chooses a rate of cooperation c and an
intensity of competition k, both in [0, 1]: an action is (c, k). Intensity wins shares of the joint value in a contest,
costs, and is read as aggression. At k = 0 for both it is SLCD-v0, bit for bit. Whoever speaks of one rate, such as
`constant_060` or `tit_for_tat`, plays k = 0.

## Payoff
```
alpha_i = (shares_i + chi k_i^r) / sum_j (shares_j + chi k_j^r)                       Tullock's contest
pi_i    = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N) - kappa_k k_i^2 e_i
U_i     = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j - k_j e_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

chi is `contest_weight`, r `contest_exponent` and kappa_k `intensity_cost`. As in SLCD-v0: trust and damage move first,
from old values, then the step is paid. Both firms see both intensities of the last step, as they see rates
(`intensity`, own first); in the first observation they are zero. With
``action_scale="endowment"`` c becomes a level and k stays in [0, 1]; with "symmetric" both are in [-1, 1].
Hands that tremble (`tremble`) and eyes that misread (`monitoring_noise`) concern rates: intensities are played, and
seen, as they were chosen.

## Where it stands
- Intensity moves shares of what is there and costs, so that the optimum has none; in the stage equilibria both firms
  compete. Certificates search level and intensity together. A Kantian equilibrium scales levels, at k = 0.
- Sequences of two numbers are not searched: optima, equilibria and best responses of whole episodes are refused, and
  `evaluate` leaves efficiency, the place between nash and optimum, and exploitability empty. `solve_many`,
  ``discrete=`` views, and leaders and security levels of more than two such agents are refused too.
- Learners: `IPPO` and `ISAC` end at the equilibria of the stage game in both numbers, `ISAC` with a wider target
  entropy and larger batches than its defaults; `QMIX` and `VDN` choose among 7 x 7 pairs; `MeanFieldAC` needs three
  agents.
- `suite_diversity`: reference policies speak of one rate, under which it is SLCD-v0: its rank correlation with it is 1
  in every mode, and beside the twenty it lowers the effective dimension from 2.55 to 2.46. With `Oracle_Equilibrium`,
  which competes, as a fifteenth policy the correlations are .997 (private, integrated) and 1.000 (cooperative), the
  dimension 2.76 instead of 2.88. It adds an interface, not a new dilemma.

## Departures from the published code
- The published platform has a two-dimensional S-LCD of another form; this one is this suite's own, and pays SLCD-v0's
  payoff exactly where nobody competes.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Tullock, Efficient rent seeking (1980), in Buchanan, Tollison and Tullock, Toward a theory of the rent-seeking
  society.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.envs.slcd import SLCD
from coopetition.games.families import trust_game
from coopetition.games.fields import FIELDS, StateField
from coopetition.games.parameters import parameter
from coopetition.kernels.fastmath import power
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, State, Vector, Work
from coopetition.kernels.trust import add_trusted_payoffs


@dataclass(frozen=True, kw_only=True)
class SLCDBiaxial(SLCD):
    """Parameters of SLCDBiaxial-v0."""

    id: ClassVar[str] = "SLCDBiaxial-v0"
    #: A state with an `intensity` makes an action of two numbers.
    adds: ClassVar[tuple[StateField, ...]] = (FIELDS["intensity"],)
    presets: ClassVar[Any] = {}

    contest_weight: float = parameter(1.0, low=0.0, kernel=True, about="chi, what intensity weighs beside shares")
    contest_exponent: float = parameter(
        1.0, low=0.0, open_low=True, kernel=True, about="r, how decisive intensity is in the contest"
    )
    intensity_cost: float = parameter(
        0.1, low=0.0, kernel=True, about="kappa_k, cost of full intensity as a part of the endowment"
    )

    def largest_payoff(self) -> float:
        """And what competing costs."""
        most = float(np.max(np.asarray(self.endowment, dtype=np.float64)))
        return super().largest_payoff() + self.n * self.intensity_cost * most

    def stages(self) -> list[Stage]:
        """Aggression changes what a level says, a contest the shares; competing costs before utilities are added up."""
        return trust_game(expectations=expect_more, standings=contest, integrate=charge_and_integrate)


Scalar = SLCDBiaxial.Scalar


@stage
def expect_more(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Whoever competes must give k_i e_i more to be read as before."""
    n = at[Integer.N]
    endowments = parameter_vector(parameters, Vector.ENDOWMENT, n)
    intensities = rows_of(state, at[State.INTENSITY], n)
    rows = work_vector(work, Work.EXPECTED, n)
    for i in range(n):
        row = rows[i]
        intensity = intensities[i]
        endowment = endowments[i]
        for lane in range(row.size):
            row[lane] += intensity[lane] * endowment


@stage
def contest(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """alpha_i = (shares_i + chi k_i^r) / (1 + sum_j chi k_j^r); shares sum to one."""
    n = at[Integer.N]
    weight = parameters[Scalar.CONTEST_WEIGHT]
    exponent = parameters[Scalar.CONTEST_EXPONENT]
    intensities = rows_of(state, at[State.INTENSITY], n)
    shares = work_vector(work, Work.SHARE, n)
    total = work[0]
    for lane in range(total.size):
        total[lane] = 1.0
    for i in range(n):
        intensity = intensities[i]
        share = shares[i]
        for lane in range(total.size):
            k = intensity[lane]
            effort = k if exponent == 1.0 or k == 0.0 else power(k, exponent)
            share[lane] += weight * effort
            total[lane] += weight * effort
    for i in range(n):
        share = shares[i]
        for lane in range(total.size):
            share[lane] /= total[lane]


@stage
def charge_and_integrate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i -= kappa_k k_i^2 e_i, then U_i."""
    n = at[Integer.N]
    cost = parameters[Scalar.INTENSITY_COST]
    endowments = parameter_vector(parameters, Vector.ENDOWMENT, n)
    intensities = rows_of(state, at[State.INTENSITY], n)
    payoffs = work_vector(work, Work.PAYOFF, n)
    for i in range(n):
        payoff = payoffs[i]
        intensity = intensities[i]
        price = cost * endowments[i]
        for lane in range(payoff.size):
            payoff[lane] -= price * intensity[lane] * intensity[lane]
    add_trusted_payoffs(at, parameters, state, work, True)
