"""IndirectReciprocity-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.games import reciprocity_game
from coopetition.kernels.memory import rows_of, stage, work_matrix, work_vector
from coopetition.kernels.places import IMAGE, KAPPA_R, MEMORY_MEAN, OWN, RATE, N
from coopetition.parameters import Addition, ReciprocityParameters, Sized, parameter


@dataclass(frozen=True, kw_only=True)
class IndirectReciprocity(Sized, ReciprocityParameters):
    """Parameters of IndirectReciprocity-v0."""

    id: ClassVar[str] = "IndirectReciprocity-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of agents")
    horizon: int = 150
    baseline: Any = 30.0
    dependence: Any = 0.40
    rho_0: float = 0.8
    memory: int = 7
    lambda_R: float = 1.5
    omega: float = 0.5
    image_rate: float = parameter(0.2, low=0.0, high=1.0, unit="1/step", about="how fast images follow rates")
    image_weight: float = parameter(0.5, low=0.0, about="weight of standing beside what is done now")

    def additions(self) -> tuple[Addition, ...]:
        """Image scores, seen by all, start at the baseline's rate."""
        shape = (self.n,)
        rate = np.broadcast_to(self.baseline, shape) / np.broadcast_to(self.endowment, shape)
        return (Addition("image", rate),)

    def rule_numbers(self) -> tuple[float, ...]:
        """Rate and weight of images."""
        return (self.image_rate, self.image_weight)

    def stages(self) -> list[Stage]:
        """Responses read standing too; images move last."""
        return reciprocity_game(responses=responses, turn=turn)


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi of s_ij = (c_j - cbar_j) + (y_j - ybar_-i) / 2, images of before this step."""
    n = at[N]
    weight = parameters[OWN + 1]
    kappa = parameters[KAPPA_R]
    rates = work_vector(work, RATE, n)
    means = rows_of(state, at[MEMORY_MEAN], n)
    images = rows_of(state, at[IMAGE], n)
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
    n = at[N]
    pace = parameters[OWN]
    rates = work_vector(work, RATE, n)
    for j in range(n):
        image = state[at[IMAGE] + j]
        rate = rates[j]
        for lane in range(image.size):
            image[lane] = (1.0 - pace) * image[lane] + pace * rate[lane]
