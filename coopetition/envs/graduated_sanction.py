"""GraduatedSanction-v0: a norm that is not forgotten, and sanctions that grow.

A commons with a rule. Members are measured against a norm, so that staying low is never forgiven by getting used to
it, and those who fall short again and again are answered more and more firmly. Beside ReciprocalDilemma-v0: several
members, a higher baseline, a long memory, the norm, and escalation by counted violations v.

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
phi_ij = tanh(kappa_r s_ij),   s_ij = c_j - max(cbar_j, b_j / e_j)
rho_ij = rho_0 D_ij^eta
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "endowment", sigma_j = e_j, the
units in which the reports calibrate kappa, is smooth; "raw", sigma_j = 1, reads levels as published: all but the
sign of the deviation.

The last two lines, of TR-4, read what j does now against what it used to do: cbar_j is the mean of its rates over
the last min(k, t - 1) steps before this one, k = `memory`; before any step it is the baseline's rate.

A negative phi_ij is multiplied by 1 + v_j / k, where v_j is how many of the last k steps before this one fell below
the baseline: c_j < b_j / e_j.

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
- Ostrom, Governing the Commons (1990).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import reciprocity_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import ReciprocityParameters, Sized, parameter
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_vector, stage, work_matrix, work_vector
from coopetition.kernels.machine.numbers import Integer, Scalar, Vector, Work


@dataclass(frozen=True, kw_only=True)
class GraduatedSanction(Sized, ReciprocityParameters):
    """Parameters of GraduatedSanction-v0."""

    id: ClassVar[str] = "GraduatedSanction-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "violations",
            ("n",),
            high="memory_length",
            integer=True,
            settable=False,
            scale="part_of_memory",
            meaning="v_i, how many of the last k steps fell below the baseline; seen by all",
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 15.0, "theta": 5.0, "baseline": 20.0},
        "relational": {
            "theta": 2.0,
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.1,
        },
    }

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents")
    horizon: int = 200
    baseline: Any = 40.0
    dependence: Any = 0.35
    rho_0: float = 0.6
    eta: float = 1.5
    kappa_r: float = 0.8
    memory: int = 10
    lambda_R: float = 1.8
    omega: float = 1.0

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """Violations are those of the memory."""
        memory, time = state["memory"], state["time"]
        played = np.arange(memory.shape[1])[:, np.newaxis] < time
        below = memory < np.asarray(self.baseline_rate)[:, np.newaxis, np.newaxis]
        state["violations"][...] = (below & played).sum(axis=1)

    @property
    def part_of_memory(self) -> float:
        """1 / k, what takes a count of violations to [0, 1]."""
        return 1.0 / self.memory

    def stages(self) -> list[Stage]:
        """A norm, and sanctions that grow with violations."""
        return reciprocity_game(responses=responses, turn=turn)


State = GraduatedSanction.State


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi of s_j = c_j - max(cbar_j, b_j / e_j); where negative, times 1 + v_j / k."""
    n = at[Integer.N]
    k = at[Integer.MEMORY_LENGTH]
    kappa = parameters[Scalar.KAPPA_R]
    norms = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    rates = work_vector(work, Work.RATE, n)
    table = work_matrix(work, 0, n)
    for j in range(n):
        norm = norms[j]
        rate = rates[j]
        mean = state[at[State.MEMORY_MEAN] + j]
        violation = state[at[State.VIOLATIONS] + j]
        row = table[j]
        for lane in range(row.size):
            usual = mean[lane] if mean[lane] > norm else norm
            response = tanh(kappa * (rate[lane] - usual))
            row[lane] = response * (1.0 + violation[lane] / k) if response < 0.0 else response


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Count the violations among the remembered steps, this one included, for the next step to use."""
    n = at[Integer.N]
    k = at[Integer.MEMORY_LENGTH]
    norms = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    time = state[at[State.TIME]]
    for j in range(n):
        bound = norms[j]
        violation = state[at[State.VIOLATIONS] + j]
        newest = state[at[State.MEMORY] + j * k]
        counted = k % 2  # two slots at a time, since the sum's way to memory and back costs as much as a comparison
        for lane in range(violation.size):
            violation[lane] = counted if newest[lane] < bound else 0.0
        for m in range(counted, k, 2):
            slot = state[at[State.MEMORY] + j * k + m]
            older = state[at[State.MEMORY] + j * k + m + 1]
            for lane in range(violation.size):
                filled = 1.0 if m < time[lane] else 0.0
                both_filled = 1.0 if m + 1 < time[lane] else 0.0
                one = filled if slot[lane] < bound else 0.0
                violation[lane] += one + (both_filled if older[lane] < bound else 0.0)
