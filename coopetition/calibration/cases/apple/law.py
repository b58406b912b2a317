"""TR-4's law of play, in which actions drift: named departures from the kernel's step.

Trust and expectations are stages beside the kernel's own. The drift is no stage: in a game agents choose what they do,
and here `drifted` chooses for them, from what the kernel reports. What drives an action is the kernel's own response;
the utility that these games report is that response alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.envs.apple_app_store import AppleAppStore
from coopetition.envs.reciprocal_dilemma import ReciprocalDilemma
from coopetition.games.parameters import ReciprocityParameters, parameter
from coopetition.kernels import reciprocity, value
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_matrix, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, State, Work

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Drift(ReciprocityParameters):
    """A reciprocity game as TR-4's validations play it.

    Responses read the trust and the expectations of before the step. Trust moves by the deviation itself, not by its
    hyperbolic tangent, under the ceiling min(`ceiling`, 1 - `ceiling_slope` R). Expectations adapt by
    `adaptation` a step; ``expectations="average"`` takes the kernel's moving average instead.
    """

    ceiling: float = parameter(0.90, low=0.0, high=1.0, kernel=True, about="highest trust")
    ceiling_slope: float = parameter(0.60, low=0.0, high=1.0, kernel=True, about="fall of the ceiling with damage")
    adaptation: float = parameter(0.0, low=0.0, high=1.0, kernel=True, about="rate at which expectations adapt")
    expectations: str = parameter("adapting", "choice", choices=("adapting", "average"), about="what is expected of j")

    def stages(self) -> list[Stage]:
        """Pay, respond, move trust, adapt."""
        adapted = adapt if self.expectations == "adapting" else reciprocity.remember
        pay = [value.equal_terms, value.private_payoffs, nothing_yet]
        return [*pay, reciprocity.responses, reciprocity.reciprocate, move, adapted]


@dataclass(frozen=True, kw_only=True)
class Store(AppleAppStore, Drift):
    """The App Store of the case."""

    reciprocity_form: str = "additive"


@dataclass(frozen=True, kw_only=True)
class Pair(ReciprocalDilemma, Drift):
    """The two actors of TR-4's parameter study."""

    reciprocity_form: str = "additive"


def drifted(
    actions: Array,
    response: Array,
    expected: Array | float,
    adjustment: Array | float,
    decay: Array | float,
    shock: Array | float = 0.0,
) -> Array:
    """The departure "adjustment", what everybody does next: clip(a + adjustment response - decay (a - b) + shock).

    Parameters
    ----------
    actions, response : ndarray, shape (B, N)
        What was done, and the response that the kernel reports for it.
    expected, adjustment, decay, shock : ndarray or float, of shape (B, N) after broadcasting
        b of before the step; the two rates; noise.
    """
    return np.clip(actions + adjustment * response - decay * (actions - expected) + shock, 0.0, 1.0)


Scalar = Drift.Scalar


@stage
def nothing_yet(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Utilities start at zero: responses are added to them, and nothing else."""
    n = at[Integer.N]
    utilities = work_vector(work, Work.UTILITY, n)
    for i in range(n):
        utility = utilities[i]
        for lane in range(utility.size):
            utility[lane] = 0.0


@stage
def move(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Trust and damage by the deviation s_j = c_j - cbar_j itself, under the report's ceiling."""
    n = at[Integer.N]
    rates = work_vector(work, Work.RATE, n)
    means = rows_of(state, at[State.MEMORY_MEAN], n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    lambda_plus = parameters[Scalar.LAMBDA_PLUS]
    lambda_minus = parameters[Scalar.LAMBDA_MINUS]
    mu = parameters[Scalar.MU_R]
    delta = parameters[Scalar.DELTA_R]
    xi = parameters[Scalar.XI]
    highest = parameters[Scalar.CEILING]
    slope = parameters[Scalar.CEILING_SLOPE]
    for i in range(n):
        for j in range(n):
            if i != j:
                rate = rates[j]
                mean = means[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                for lane in range(trust.size):
                    s = rate[lane] - mean[lane]
                    T = trust[lane]
                    R = damage[lane]
                    limit = 1.0 - slope * R
                    limit = limit if limit < highest else highest
                    room = limit - T if limit > T else 0.0
                    moved = T + (lambda_plus * s * room if s > 0.0 else lambda_minus * s * T * (1.0 + xi * dependence))
                    moved = moved if moved > 0.0 else 0.0
                    trust[lane] = moved if moved < limit else limit
                    hurt = R - mu * s * (1.0 - R) if s < 0.0 else R - delta * R
                    hurt = hurt if hurt > 0.0 else 0.0
                    damage[lane] = hurt if hurt < 1.0 else 1.0


@stage
def adapt(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Expectations move towards what was done: cbar_j <- (1 - r) cbar_j + r c_j."""
    n = at[Integer.N]
    rates = work_vector(work, Work.RATE, n)
    means = rows_of(state, at[State.MEMORY_MEAN], n)
    rate_of_change = parameters[Scalar.ADAPTATION]
    for j in range(n):
        rate = rates[j]
        mean = means[j]
        for lane in range(mean.size):
            mean[lane] = (1.0 - rate_of_change) * mean[lane] + rate_of_change * rate[lane]
