"""RenaultNissan-v0: an alliance through formation, maturity, crisis and strain.

Renault and Nissan since 1999: one rescues the other, the rescued grows, and the balance tips. A phase of that
history sets who depends on whom, and how much trust and damage there is; `phase="history"` plays all four in one
episode. Beside TrustDilemma-v0: unequal partners, slow trust, and the phases. `coopetition validate renault-nissan`
compares the case of this name with the record: its numbers are those of `preset="case"`, not the defaults.

## Payoff
```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

## Dynamics
```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

Trust T and reputation damage R of TR-2 move first, from old values (T_ij is clipped to [0, 1 - R_ij] with the old
R_ij, R_ij to [0, 1]); then the step is paid, with the new ones. `signal_scale` "raw", sigma_j = 1, reads levels as
published: all but the sign of the deviation. "endowment", sigma_j = e_j, the units in which the reports calibrate
kappa, is smooth.

Each `phase` has its own D, and T and R at reset: formation (1999-2002), mature (2002-2018), crisis (2018-2020),
strained (2020-2025). History starts in formation and changes phase every `phase_length` steps, at the end of a
phase's last step, so that observations already show the new D. At every phase's start damage rises to max(R, R of
the phase); on entering crisis, and only then, trust falls to min(T, T of the phase).

## Departures from the published code
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Brandenburger and Nalebuff, Co-opetition (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import trust_game
from coopetition.games.parameters import TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage
from coopetition.kernels.machine.numbers import State
from coopetition.kernels.trust import integrate_moving, update_trust_moving

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
    derived: ClassVar[dict[str, int | str]] = {"phases": 16}
    presets: ClassVar[Any] = {
        "strong": {"gamma": 2.9, "theta": 2.0, "signal_scale": "endowment"},
        # What TR-2 validates: one D, trust and damage carried through all phases, which differ in what the two do. The
        # report gives no endowment; 10 lies above every documented action.
        "case": {
            "endowment": 10.0,
            "baseline": 5.0,
            "dependence": ((0.0, 0.75), (0.65, 0.0)),
            "initial_trust": ((0.0, 0.55), (0.50, 0.0)),
            "initial_damage": 0.0,
            "horizon": 79,
            "collapse_threshold": 0.0,
        },
    }

    phase: str = parameter(
        "mature",
        "choice",
        choices=(*PHASES, "history"),
        about="one phase, or all four in order in one episode",
    )
    phase_length: int = parameter(25, "integer", 1, unit="steps", kernel=True, about="length of a phase of history")
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
        """Dependence, trust and damage of the phase, where not given; history starts in formation."""
        first, second, trust, damage = PHASES["formation" if self.phase == "history" else self.phase]
        values = {
            "dependence": ((0.0, first), (second, 0.0)),
            "initial_trust": trust,
            "initial_damage": damage,
        }
        values = {name: value for name, value in values.items() if getattr(self, name) is None}
        return super().resolved() | values

    @property
    def phases(self) -> tuple[float, ...]:
        """The four phases' numbers, one phase after the other."""
        return tuple(number for phase in PHASES.values() for number in phase)

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """In history, phases that have begun by the given time leave their marks, but for what is given."""
        if not self.dependence_moves or "time" not in given:
            return
        begun = np.minimum(state["time"] // self.phase_length, len(PHASES) - 1)
        for index, (first, second, trust, damage) in enumerate(PHASES.values()):
            reached = begun >= index
            for (i, j), dependence in (((0, 1), first), ((1, 0), second)):
                held = {name: state[name][i, j] for name in ("dependence", "trust", "damage")}
                held["dependence"][reached] = dependence
                if index == CRISIS and "trust" not in given:
                    held["trust"][reached] = np.minimum(held["trust"], trust)[reached]
                if index > 0 and "damage" not in given:
                    held["damage"][reached] = np.maximum(held["damage"], damage)[reached]

    @property
    def dependence_moves(self) -> bool:
        """Each phase of history has its own D_ij."""
        return self.phase == "history"

    def stages(self) -> list[Stage]:
        """History needs a rule of its own; a single phase is the shared game."""
        if not self.dependence_moves:
            return trust_game()
        return trust_game(update_trust=update_trust_moving, integrate=integrate_moving, turn=turn)


Scalar = RenaultNissan.Scalar


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """At a phase's start D changes, damage rises to its own, and on entering crisis trust falls too."""
    length = parameters[Scalar.PHASE_LENGTH]
    time = state[at[State.TIME]]
    for lane in range(time.size):
        phase = int(time[lane] // length)
        if time[lane] % length == 0.0 and phase < 4:
            first = Scalar.PHASES + 4 * phase
            state[at[State.DEPENDENCE] + 1, lane] = parameters[first]
            state[at[State.DEPENDENCE] + 2, lane] = parameters[first + 1]
            for pair in range(1, 3):
                if phase == CRISIS:
                    state[at[State.TRUST] + pair, lane] = min(
                        state[at[State.TRUST] + pair, lane], parameters[first + 2]
                    )
                state[at[State.DAMAGE] + pair, lane] = max(state[at[State.DAMAGE] + pair, lane], parameters[first + 3])
