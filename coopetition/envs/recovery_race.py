"""RecoveryRace-v0: a broken partnership, and a long way back.

The partners start where a breach left them: little trust, much damage. Damage heals slowly and lowers the
ceiling that trust can reach, so one lapse costs many steps. The race is won when mean trust reaches its
target, and lost when it collapses. Beside TrustDilemma-v0: the starting state, slow healing, a longer
horizon and an end that is a win.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 20` and `gamma = 0.6`; trust and damage are those after this step's update.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.08`, `lambda_minus = 0.35`, `mu_R = 0.7`, `delta_R = 0.01`, `xi = 0.4`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 4.38`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

The race needs patience: under full cooperation damage is still `R after 150 steps = 0.111`, a ceiling of
`1 - R after 150 steps = 0.889` under the target; it is won at `first win = 174`. And as published winning
does not pay: both at .35 for ever never recovers and earns 58,868; .40 recovers at step 174 and earns 50,902,
since the end ends the pay. `recovery_bonus`, which the strong preset has, pays for the steps that are left.
That makes the strong game one of a threshold: what is hard is to get there together, and to give a little
less on the way hardly pays, so that its prisoner's dilemma between two constant rates is a thin one.

## Departures from the published code

- The published horizon is 150 steps, which cannot be won (see Dynamics); here it is `horizon = 200`.
- All interfaces run this kernel; the published PettingZoo wrappers skip what an environment adds in its
  Gymnasium step.
- `"cooperative"` shares the mean payoff; the published code shares the mean integrated utility.
- Observations are bounded, normalised and of one shape for all agents; Gymnasium rewards are scalars; every
  draw is seeded.

## Version history

- v0: first version. A change of a number or a formula makes a new version.

## References

- Pant and Yu, TR-1: interdependence and complementarity, arXiv:2510.18802.
- Pant and Yu, TR-2: trust and reputation, arXiv:2510.24909.
- Pant and Yu, Coopetition-Gym v1, arXiv:2605.02063.
- Schweitzer, Hershey and Bradlow, Promises and lies: restoring violated trust, Organizational Behavior and
  Human Decision Processes 101 (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

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
