"""RecoveryRace-v0: a broken partnership, and a long way back.

The partners start where a breach left them: little trust, much damage. Damage heals slowly and lowers the ceiling
that trust can reach, so one lapse costs many steps. The race is won when mean trust reaches `recovery_target`, and
lost when it collapses. Beside TrustDilemma-v0: the starting state, slow healing, a longer horizon and an end that
is a win.

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

The race needs patience: at best R heals by delta_R of itself a step, and until then 1 - R is the most that trust
can be. And as published winning does not pay, since the end ends the pay: both giving just the baseline for ever
never recovers, and earns more than a recovery (see Constant rates). `recovery_bonus`, which the strong preset has,
pays for the steps that are left. That makes the strong game one of a threshold: what is hard is to get there
together, and to give a little less on the way hardly pays, so that its prisoner's dilemma between two constant
rates is a thin one.

## Departures from the published code
- The published horizon is 150 steps, by which not even full cooperation can win; here it is longer.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Schweitzer, Hershey and Bradlow, Promises and lies: restoring violated trust, Organizational Behavior and Human
  Decision Processes 101 (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import trust_game
from coopetition.games.parameters import TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Outcome, State, Work
from coopetition.kernels.trust import end_by_trust, expected_levels, integrate, update_trust
from coopetition.kernels.value import equal_terms, private_payoffs


@dataclass(frozen=True, kw_only=True)
class RecoveryRace(TrustParameters):
    """Parameters of RecoveryRace-v0."""

    id: ClassVar[str] = "RecoveryRace-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")
    stated: ClassVar[tuple[str, ...]] = ("best_ceiling",)
    presets: ClassVar[Any] = {
        "strong": {
            "gamma": 3.0,
            "theta": 5.0,
            "signal_scale": "endowment",
            "kappa": 2.0,
            "lambda_plus": 0.2,
            "delta_R": 0.02,
            "baseline": 50.0,
            "horizon": 100,
            "recovery_bonus": 200.0,
        },
    }

    horizon: int = 200
    baseline: Any = 35.0
    dependence: Any = 0.55
    gamma: float = 0.60
    lambda_plus: float = 0.08
    lambda_minus: float = 0.35
    mu_R: float = 0.70
    delta_R: float = 0.01
    xi: float = 0.40
    initial_trust: Any = 0.25
    initial_damage: Any = 0.50
    recovery_target: float = parameter(
        0.90, low=0.0, high=1.0, open_low=True, about="the episode is won when mean trust reaches it"
    )
    recovery_bonus: float = parameter(
        0.0, low=0.0, unit="payoff/step", kernel=True, about="paid to each at recovery for each step that is left"
    )

    @property
    def best_ceiling(self) -> float:
        """Largest 1 - R after 150 steps, the published horizon, none of them unkind."""
        return 1.0 - float(np.max(self.initial_damage)) * (1.0 - self.delta_R) ** 150

    def largest_payoff(self) -> float:
        """And the bonus of a recovery at once."""
        return super().largest_payoff() + self.n * self.recovery_bonus * self.horizon

    def stages(self) -> list[Stage]:
        """As published the shared game; with a bonus, the end is judged before utilities, which contain it."""
        if self.recovery_bonus == 0.0:
            return trust_game()
        return [expected_levels, update_trust, equal_terms, private_payoffs, end_by_trust, award, integrate]


Scalar = RecoveryRace.Scalar


@stage
def award(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i += bonus (horizon - t) in the copies that this step t recovers."""
    n = at[Integer.N]
    bonus = parameters[Scalar.RECOVERY_BONUS]
    horizon = parameters[Scalar.HORIZON]
    time = state[at[State.TIME]]
    outcome = state[at[State.OUTCOME]]
    payoffs = work_vector(work, Work.PAYOFF, n)
    for i in range(n):
        payoff = payoffs[i]
        for lane in range(payoff.size):
            payoff[lane] += bonus * (horizon - time[lane]) if outcome[lane] == Outcome.RECOVERED else 0.0
