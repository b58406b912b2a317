"""SynergySearch-v0: how much the partners' work completes each other's is hidden.

Two partners do not know how much their work will be worth together. The weight of the synergy is drawn at
each reset and never shown; payoffs are the only hint, and finding out means giving. Beside TrustDilemma-v0:
gamma is state, uniform on `gamma_range = 0.2, 0.9`, hidden unless `reveal_gamma=True`, which adds it to
observations as gamma over the largest that can be drawn. `observe_payoff=True` adds one's own last payoff
over the most that a step can pay, 0 before the first; gamma follows from it once both have given.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 20`, and gamma is the episode's; trust and damage are those after this step's update.

Worked, first step, all rates 0.5 and gamma 0.55: payoffs 142.387 each; utilities 184.747 each.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.1`, `lambda_minus = 0.3`, `mu_R = 0.6`, `delta_R = 0.03`, `xi = 0.5`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0-1 | agent_0 to agent_1 | 100 | 40 | 0.5 |

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
| rates | N | 0.4 | [0, 1] | c_i of the last step |
| time |  | 0 | [0, 99] | steps played |
| trust | N x N | 0.55 | [0, 1] | T_ij |
| damage | N x N | 0 | [0, 1] | R_ij |
| dependence | N x N | 0.5 | fixed | D_ij |
| gamma |  | drawn | [0, inf) | weight of the synergy |

gamma is drawn by the copy's own seeded generator at each reset, and never changes within an episode.
`options={"gamma": x}` sets it for one episode, the argument `gamma=x` for all.

## Episode end

- Truncated after `horizon = 100` steps, unless the same step terminates.
- Terminated, outcome `collapsed`, when mean trust over the ordered pairs falls below
  `collapse_threshold = 0.05`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

Nobody has seen the draw, and payoffs are linear in gamma: the table is of the game at its mean,
`mean gamma = 0.55`.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 22.188 each | 146.79 each | 172.02 each |
| coopetitive | 22.842 each | 146.87 each | 172.11 each |
| optimum | 26.586 each | 147.07 each | 172.35 each |

Price of anarchy: 1.0019.

`coopetition solve SynergySearch-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **baseline** | 40 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **dependence** | 0.5 |  | [0, 1] per pair | D_ij, how much i depends on j |
| **gamma** | None |  | [0, inf) | weight of the synergy; None: drawn at each reset |
| **initial_trust** | 0.55 |  | [0, 1] per pair | T_ij at reset |
| **gamma_range** | 0.2, 0.9 |  | [0, inf) each | gamma is drawn uniformly from it at each reset |
| **reveal_gamma** | False |  | True, False | show gamma to the agents |
| **observe_payoff** | False |  | True, False | show each agent its own last payoff |
| horizon | 100 | steps | integer [1, inf) | steps until truncation |
| endowment | 100 | level | (0, inf) per agent | e_i, the most that i can give |
| shares | 1/N |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| theta | 20 | payoff | [0, inf) | scale of the logarithmic individual value |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| lambda_plus | 0.1 | 1/step | [0, 1] | rate at which trust builds |
| lambda_minus | 0.3 | 1/step | [0, 1] | rate at which trust erodes |
| mu_R | 0.6 | 1/step | [0, 1] | rate at which defection damages reputation |
| delta_R | 0.03 | 1/step | [0, 1] | rate at which damage heals |
| xi | 0.5 |  | [0, inf) | how much dependence deepens erosion |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| initial_damage | 0 |  | [0, 1] per pair | R_ij at reset |
| collapse_threshold | 0.05 |  | [0, 1] | watched trust below it ends the game; 0: never |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

- The published code draws gamma before it seeds, so that a seed does not fix the episode; here it does.
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
- Brandenburger and Nalebuff, Co-opetition (1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Work


@dataclass(frozen=True, kw_only=True)
class SynergySearch(TrustParameters):
    """Parameters of SynergySearch-v0."""

    id: ClassVar[str] = "SynergySearch-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "gamma",
            initial="initial_gamma",
            high="gamma_bound",
            observed="reveal_gamma",
            scale="gamma_scale",
            meaning="weight of the synergy",
        ),
        StateField(
            "last_payoff",
            ("n",),
            high="payoff_bound",
            observed="observe_payoff",
            scale="payoff_scale",
            own_only=True,
            meaning="pi_i of the last step",
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {
            "gamma_range": (0.5, 4.5),
            "theta": 2.0,
            "signal_scale": "endowment",
            "dependence": 0.8,
            "collapse_threshold": 0.0,
            "observe_payoff": True,
        },
    }

    baseline: Any = 40.0
    dependence: Any = 0.50
    gamma: float | None = None  # type: ignore[assignment]
    initial_trust: Any = 0.55
    gamma_range: Any = parameter((0.20, 0.90), "numbers", 0.0, about="gamma is drawn uniformly from it at each reset")
    reveal_gamma: bool = parameter(False, "flag", about="show gamma to the agents")
    observe_payoff: bool = parameter(False, "flag", about="show each agent its own last payoff")

    def check(self) -> None:
        """The range is two numbers in order."""
        super().check()
        if len(self.gamma_range) != 2 or not 0.0 <= self.gamma_range[0] < self.gamma_range[1]:
            raise self.refuse("gamma_range", "expected two numbers, 0 <= low < high")

    @property
    def largest_synergy(self) -> float:
        """The largest gamma that an episode can have."""
        return self.largest_gamma

    @property
    def largest_gamma(self) -> float:
        """What gamma is shown relative to: the largest that can be drawn or was given."""
        return max(self.gamma_range[1], self.gamma or 0.0)

    @property
    def gamma_bound(self) -> float:
        """Up to where a reset may set gamma: what is shown stays in [0, 1]."""
        return self.largest_gamma if self.reveal_gamma or self.observe_payoff else math.inf

    @property
    def gamma_scale(self) -> float:
        """What takes a revealed gamma to [0, 1]."""
        return 1.0 / self.largest_gamma

    @property
    def payoff_bound(self) -> float:
        """What no step pays more than: all kept, all earned alone and the largest synergy at once."""
        endowment = np.asarray(self.endowment)
        alone = self.theta * np.log1p(endowment) if self.value_form == "logarithmic" else endowment**self.beta
        together = self.largest_gamma * self.synergy_scale * np.asarray(self.shares)
        return float((endowment + alone + together).max())

    @property
    def payoff_scale(self) -> float:
        """What takes an observed payoff to [0, 1]; payoffs are never negative, for nobody gives more than it has."""
        return 1.0 / self.payoff_bound

    def state_fields(self) -> dict[str, StateField]:
        """The last payoff is kept only where it is shown."""
        held = super().state_fields()
        if not self.observe_payoff:
            del held["last_payoff"]
        return held

    def stages(self) -> list[Stage]:
        """The trust game; where payoffs are shown they are kept at the end of a step."""
        return trust_game(turn=keep_payoffs if self.observe_payoff else None)


State = SynergySearch.State


@stage
def keep_payoffs(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """What each agent was just paid."""
    n = at[Integer.N]
    payoffs = work_vector(work, Work.PAYOFF, n)
    for i in range(n):
        kept = state[at[State.LAST_PAYOFF] + i]
        payoff = payoffs[i]
        for lane in range(kept.size):
            kept[lane] = payoff[lane]
