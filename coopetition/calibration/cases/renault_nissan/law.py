"""The laws of trust behind TR-2's published figures: two named departures from the kernel's, as one stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coopetition.envs.renault_nissan import RenaultNissan
from coopetition.games.families import trust_game
from coopetition.games.parameters import parameter
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_matrix, parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, State, Vector, Work


@dataclass(frozen=True, kw_only=True)
class Alliance(RenaultNissan):
    """RenaultNissan-v0 with the report's choice of law.

    ``clip="unit"`` holds trust in [0, 1] only, where the kernel holds it under the ceiling of before the step;
    ``building="product"`` builds it by lambda+ s (1 - T)(1 - R), where the kernel builds by
    lambda+ s max(0, 1 - R - T).
    """

    clip: str = parameter("unit", "choice", choices=("ceiling", "unit"), kernel=True, about="what bounds trust")
    building: str = parameter("gap", "choice", choices=("gap", "product"), kernel=True, about="how trust builds")

    def stages(self) -> list[Stage]:
        """The trust game with the chosen law."""
        return trust_game(update_trust=move)


Scalar = Alliance.Scalar


@stage
def move(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """One step of trust and damage; with ``clip="ceiling"``, ``building="gap"`` the kernel's own, number for number."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    expected = work_vector(work, Work.EXPECTED, n)
    signals = work_vector(work, Work.SIGNAL, n)
    scales = parameter_vector(parameters, Vector.SIGMA, n)
    for j in range(n):
        level = levels[j]
        usual = expected[j]
        signal = signals[j]
        steepness = parameters[Scalar.KAPPA] / scales[j]
        for lane in range(signal.size):
            signal[lane] = tanh(steepness * (level[lane] - usual[lane]))

    lambda_plus = parameters[Scalar.LAMBDA_PLUS]
    lambda_minus = parameters[Scalar.LAMBDA_MINUS]
    mu = parameters[Scalar.MU_R]
    delta = parameters[Scalar.DELTA_R]
    xi = parameters[Scalar.XI]
    unit = parameters[Scalar.CLIP] == 1.0
    product = parameters[Scalar.BUILDING] == 1.0
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    for i in range(n):
        for j in range(n):
            if i != j:
                signal = signals[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                for lane in range(trust.size):
                    s = signal[lane]
                    T = trust[lane]
                    ceiling = 1.0 - damage[lane]
                    room = ceiling - T
                    room = (1.0 - T) * ceiling if product else (room if room > 0.0 else 0.0)
                    moved = T + (lambda_plus * s * room if s > 0.0 else lambda_minus * s * T * (1.0 + xi * dependence))
                    moved = moved if moved > 0.0 else 0.0
                    bound = 1.0 if unit else ceiling
                    trust[lane] = moved if moved < bound else bound
                    damage[lane] += -mu * s * ceiling if s < 0.0 else -delta * damage[lane]
