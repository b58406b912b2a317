"""RenaultNissan-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.kernels.compiled import Stage
from coopetition.kernels.games import trust_game
from coopetition.kernels.memory import stage
from coopetition.kernels.places import DAMAGE, DEPENDENCE, OWN, TIME, TRUST
from coopetition.parameters import TrustParameters, parameter

#: Phase: D(nissan, renault), D(renault, nissan), initial trust, initial damage.
PHASES = {
    "formation": (0.78, 0.66, 0.45, 0.05),
    "mature": (0.51, 0.66, 0.70, 0.02),
    "crisis": (0.35, 0.72, 0.30, 0.45),
    "strained": (0.28, 0.65, 0.40, 0.35),
}
CRISIS = 2


@dataclass(frozen=True, kw_only=True)
class RenaultNissan(TrustParameters):
    """Parameters of RenaultNissan-v0."""

    id: ClassVar[str] = "RenaultNissan-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("nissan", "renault")

    phase: str = parameter(
        "mature",
        "choice",
        choices=(*PHASES, "history"),
        about="one phase, or all four in order in one episode",
    )
    phase_length: int = parameter(25, "integer", 1, unit="steps", about="length of a phase of history")
    endowment: Any = (90.0, 100.0)
    baseline: Any = (27.0, 30.0)
    shares: Any = (0.48, 0.52)
    theta: float = 22.0
    gamma: float = 0.58
    lambda_plus: float = 0.08
    lambda_minus: float = 0.25
    mu_R: float = 0.55
    delta_R: float = 0.02
    initial_trust: Any = None
    initial_damage: Any = None

    def resolved(self) -> dict[str, Any]:
        """Dependence, trust and damage of the phase, where they are not given; history starts in formation."""
        if self.phase not in (*PHASES, "history"):
            return {}  # the domain check names it
        first, second, trust, damage = PHASES["formation" if self.phase == "history" else self.phase]
        values = {
            "dependence": ((0.0, first), (second, 0.0)),
            "initial_trust": trust,
            "initial_damage": damage,
        }
        values = {name: value for name, value in values.items() if getattr(self, name) is None}
        return super().resolved() | values

    def rule_numbers(self) -> tuple[float, ...]:
        """Phase length, then the four phases' numbers."""
        return (float(self.phase_length), *(x for phase in PHASES.values() for x in phase))

    def stages(self) -> list[Stage]:
        """History needs a rule of its own; a single phase is the shared game."""
        return trust_game(turn=turn if self.phase == "history" else None)


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """At a phase's start D changes, damage rises to the phase's, and on entering crisis trust falls to its."""
    length = parameters[OWN]
    time = state[at[TIME]]
    for lane in range(time.size):
        phase = int(time[lane] // length)
        if time[lane] % length == 0.0 and phase < 4:
            first = OWN + 1 + 4 * phase
            state[at[DEPENDENCE] + 1, lane] = parameters[first]
            state[at[DEPENDENCE] + 2, lane] = parameters[first + 1]
            for pair in range(1, 3):
                if phase == CRISIS:
                    state[at[TRUST] + pair, lane] = min(state[at[TRUST] + pair, lane], parameters[first + 2])
                state[at[DAMAGE] + pair, lane] = max(state[at[DAMAGE] + pair, lane], parameters[first + 3])
