"""IndirectReciprocity-v0: I help you because you helped somebody else.

Everybody sees what everybody gives and keeps a score of it. What i reads of j is what j does now against what it
used to do, and j's standing among the others. Beside ReciprocalDilemma-v0: several agents, a longer memory, and
public image scores y.

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
phi_ij = tanh(kappa_r s_ij),   s_ij = (c_j - cbar_j) + image_weight (y_j - ybar_-i)
rho_ij = rho_0 D_ij^eta
y_j   <- (1 - image_rate) y_j + image_rate c_j
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "endowment", sigma_j = e_j, the
units in which the reports calibrate kappa, is smooth; "raw", sigma_j = 1, reads levels as published: all but the
sign of the deviation.

TR-4's phi and rho read what j does now against what it used to do: cbar_j is the mean of its rates over the last
min(k, t - 1) steps before this one, k = `memory`; before any step it is the baseline's rate.

ybar_-i is the mean image of the agents other than i; images are those of before this step, and move last. When all
keep to one rate at or above b/e, the reciprocity term fades as images settle.

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
- Nowak and Sigmund, Evolution of indirect reciprocity by image scoring, Nature 393 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.families import reciprocity_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import ReciprocityParameters, Sized, parameter
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import rows_of, stage, work_matrix, work_vector
from coopetition.kernels.machine.numbers import Integer, Work
from coopetition.kernels.reciprocity import reciprocate_each


@dataclass(frozen=True, kw_only=True)
class IndirectReciprocity(Sized, ReciprocityParameters):
    """Parameters of IndirectReciprocity-v0."""

    id: ClassVar[str] = "IndirectReciprocity-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField("image", ("n",), "baseline_rate", high=1.0, meaning="y_i, image scores, seen by all"),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 8.0, "theta": 5.0},
        "relational": {
            "theta": 2.0,
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 2.0,
            "dependence": 0.8,
            "initial_trust": 0.1,
        },
    }

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of agents")
    horizon: int = 150
    baseline: Any = 30.0
    dependence: Any = 0.40
    rho_0: float = 0.8
    memory: int = 7
    lambda_R: float = 1.5
    omega: float = 0.5
    image_rate: float = parameter(
        0.2, low=0.0, high=1.0, unit="1/step", kernel=True, about="how fast images follow rates"
    )
    image_weight: float = parameter(0.5, low=0.0, kernel=True, about="weight of standing beside what is done now")

    def stages(self) -> list[Stage]:
        """Responses read standing too; images move last."""
        return reciprocity_game(responses=responses, reciprocate=reciprocate_each, turn=turn)


State, Scalar = IndirectReciprocity.State, IndirectReciprocity.Scalar


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi of s_ij = (c_j - cbar_j) + (y_j - ybar_-i) / 2, images of before this step."""
    n = at[Integer.N]
    weight = parameters[Scalar.IMAGE_WEIGHT]
    kappa = parameters[Scalar.KAPPA_R]
    rates = work_vector(work, Work.RATE, n)
    means = rows_of(state, at[State.MEMORY_MEAN], n)
    images = rows_of(state, at[State.IMAGE], n)
    table = work_matrix(work, 0, n)
    standard = work[0]
    for i in range(n):
        for lane in range(standard.size):
            standard[lane] = 0.0
        for k in range(n):
            if k != i:
                image = images[k]
                for lane in range(standard.size):
                    standard[lane] += image[lane]
        for lane in range(standard.size):
            standard[lane] /= n - 1
        for j in range(n):
            if j != i:
                rate = rates[j]
                mean = means[j]
                image = images[j]
                row = table[i * n + j]
                for lane in range(row.size):
                    signal = (rate[lane] - mean[lane]) + weight * (image[lane] - standard[lane])
                    row[lane] = tanh(kappa * signal)


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """y_j <- 0.8 y_j + 0.2 c_j."""
    n = at[Integer.N]
    pace = parameters[Scalar.IMAGE_RATE]
    rates = work_vector(work, Work.RATE, n)
    for j in range(n):
        image = state[at[State.IMAGE] + j]
        rate = rates[j]
        for lane in range(image.size):
            image[lane] = (1.0 - pace) * image[lane] + pace * rate[lane]
