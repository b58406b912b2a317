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

Worked, first step, all rates 0.5: payoffs 143.637 each; utilities 164.967 each.

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

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0-1 | agent_0 to agent_1 | 100 | 35 | 0.5 |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| agent_0 to agent_1 | rate c = a / e | 0 | 1 | 100 level |

## Observation space

`O = 6` numbers an agent, float32. `observation="full"` adds trust_from, damage_from: `O_full = 8`. The
joint state, `state()`, has `S = 9`. AEC views append `revealed` and `moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:2 | rate | 0 | 1 | c_j of the others, in index order |
| trust_in | 2:3 | trust | 0 | 1 | T_ij, i's trust in each other |
| damage_held | 3:4 | damage | 0 | 1 | R_ij, the damage that i holds against each other |
| dependence | 4:5 | dependence | 0 | 1 | D_ij, how much i depends on each other |
| time | 5:6 | t / horizon | 0 | 1 | steps played |

## Rewards

`reward_mode` chooses the layer above payoffs; the dynamics never depend on it.

- `"integrated"` (default): U_i.
- `"private"`: pi_i.
- `"cooperative"`: the mean of all pi_j, the same for every agent.
- an N x N matrix M: sum_j M_ij pi_j, and no other term.

Payoffs and utilities are reported in every mode. Rewards handed to learning APIs are float32, payoffs and
utilities float64.

## Starting state

| name | shape | at reset | range for `options=` | meaning |
|---|---|---|---|---|
| rates | N | 0.35 | [0, 1] | c_i of the last step |
| time |  | 0 | [0, 199] | steps played |
| trust | N x N | 0.25 | [0, 1] | T_ij |
| damage | N x N | 0.5 | [0, 1] | R_ij |
| dependence | N x N | 0.55 | fixed | D_ij |
| gamma |  | 0.6 | [0, inf) | weight of the synergy |

## Episode end

- Truncated after `horizon = 200` steps, unless the same step terminates.
- Terminated, outcome `recovered`, when mean trust over the ordered pairs reaches `recovery_target = 0.9`.
- Terminated, outcome `collapsed`, when it falls below `collapse_threshold = 0.05`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 22.529 each | 147.39 each | 159.01 each |
| coopetitive | 22.861 each | 147.44 each | 159.06 each |
| optimum | 27.571 each | 147.75 each | 159.39 each |

Price of anarchy: 1.0024.

`coopetition solve RecoveryRace-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **horizon** | 200 | steps | integer [1, inf) | steps until truncation |
| **baseline** | 35 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **dependence** | 0.55 |  | [0, 1] per pair | D_ij, how much i depends on j |
| **gamma** | 0.6 |  | [0, inf) | complementarity: weight of the synergy |
| **lambda_plus** | 0.08 | 1/step | [0, 1] | rate at which trust builds |
| **lambda_minus** | 0.35 | 1/step | [0, 1] | rate at which trust erodes |
| **mu_R** | 0.7 | 1/step | [0, 1] | rate at which defection damages reputation |
| **delta_R** | 0.01 | 1/step | [0, 1] | rate at which damage heals |
| **xi** | 0.4 |  | [0, inf) | how much dependence deepens erosion |
| **initial_trust** | 0.25 |  | [0, 1] per pair | T_ij at reset |
| **initial_damage** | 0.5 |  | [0, 1] per pair | R_ij at reset |
| **recovery_target** | 0.9 |  | (0, 1] | the episode is won when mean trust reaches it |
| **recovery_bonus** | 0 | payoff/step | [0, inf) | paid to each at recovery for each step that is left |
| endowment | 100 | level | (0, inf) per agent | e_i, the most that i can give |
| shares | 1/N |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| theta | 20 | payoff | [0, inf) | scale of the logarithmic individual value |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| collapse_threshold | 0.05 |  | [0, 1] | watched trust below it ends the game; 0: never |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

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
