"""GraduatedSanction-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.games import reciprocity_game
from coopetition.kernels.memory import parameter_vector, stage, work_matrix, work_vector
from coopetition.kernels.places import (
    BASELINE_RATE,
    KAPPA_R,
    MEMORY,
    MEMORY_LENGTH,
    MEMORY_MEAN,
    RATE,
    TIME,
    VIOLATIONS,
    N,
)
from coopetition.parameters import Addition, ReciprocityParameters, Sized, parameter

# A baseline rate that was rounded to float32 on its way here is no violation.
TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class GraduatedSanction(Sized, ReciprocityParameters):
    """Parameters of GraduatedSanction-v0."""

    id: ClassVar[str] = "GraduatedSanction-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)

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

    def additions(self) -> tuple[Addition, ...]:
        """How many of each agent's last k steps fell below its baseline, seen by all."""
        return (
            Addition(
                "violations", np.zeros(self.n), float(self.memory), scale=1.0 / self.memory, settable=False
            ),
        )

    def stages(self) -> list[Stage]:
        """A norm, and sanctions that grow with violations."""
        return reciprocity_game(responses=responses, turn=turn)


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi of s_j = c_j - max(cbar_j, b_j / e_j); where negative, times 1 + v_j / k."""
    n = at[N]
    k = at[MEMORY_LENGTH]
    kappa = parameters[KAPPA_R]
    norms = parameter_vector(parameters, BASELINE_RATE, n)
    rates = work_vector(work, RATE, n)
    table = work_matrix(work, 0, n)
    for j in range(n):
        norm = norms[j]
        rate = rates[j]
        mean = state[at[MEMORY_MEAN] + j]
        violation = state[at[VIOLATIONS] + j]
        first = table[j]
        for lane in range(first.size):
            usual = mean[lane] if mean[lane] > norm else norm
            response = tanh(kappa * (rate[lane] - usual))
            first[lane] = response * (1.0 + violation[lane] / k) if response < 0.0 else response
        for i in range(1, n):
            row = table[i * n + j]
            for lane in range(row.size):
                row[lane] = first[lane]


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Count the violations among the remembered steps, this one included, for the next step to use."""
    n = at[N]
    k = at[MEMORY_LENGTH]
    norms = parameter_vector(parameters, BASELINE_RATE, n)
    time = state[at[TIME]]
    for j in range(n):
        bound = norms[j] - TOLERANCE
        violation = state[at[VIOLATIONS] + j]
        for lane in range(violation.size):
            violation[lane] = 0.0
        for m in range(k):
            slot = state[at[MEMORY] + j * k + m]
            for lane in range(violation.size):
                violation[lane] += 1.0 if slot[lane] < bound and m < time[lane] else 0.0
