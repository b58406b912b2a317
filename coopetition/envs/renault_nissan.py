"""RenaultNissan-v0: an alliance through formation, maturity, crisis and strain.

Renault and Nissan since 1999: one rescues the other, the rescued grows, and the balance tips. A phase of
that history sets who depends on whom, and how much trust and damage there is; `phase="history"` plays all
four in one episode. Beside TrustDilemma-v0: unequal partners, slow trust, and the phases.
`coopetition validate renault-nissan` compares the case of this name with the record: its numbers are those of
`preset="case"`, not the ones below.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 22` and `gamma = 0.58`; trust and damage are those after this step's update.

Worked, first step, all rates 0.5: payoffs 142.436, 150.806; utilities 197.996, 218.717.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.08`, `lambda_minus = 0.25`, `mu_R = 0.55`, `delta_R = 0.02`, `xi = 0.5`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3.12`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

The phases, of which `phase = mature` is the default:

| phase | years | D nissan on renault | D renault on nissan | T at reset | R at reset |
|---|---|---|---|---|---|
| formation | 1999-2002 | 0.78 | 0.66 | 0.45 | 0.05 |
| mature | 2002-2018 | 0.51 | 0.66 | 0.7 | 0.02 |
| crisis | 2018-2020 | 0.35 | 0.72 | 0.3 | 0.45 |
| strained | 2020-2025 | 0.28 | 0.65 | 0.4 | 0.35 |

`phase="history"` starts in formation and changes phase every `phase_length = 25` steps, at the end of a
phase's last step, so that observations already show the new D. At every phase's start damage rises to
max(R, R of the phase); on entering crisis, and only then, trust falls to min(T, T of the phase).

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0 | nissan | 90 | 27 | 0.48 |
| 1 | renault | 100 | 30 | 0.52 |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| nissan | rate c = a / e | 0 | 1 | 90 level |
| renault | rate c = a / e | 0 | 1 | 100 level |

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
| rates | N | 0.3 | [0, 1] | c_i of the last step |
| time |  | 0 | [0, 99] | steps played |
| trust | N x N | 0.7 | [0, 1] | T_ij |
| damage | N x N | 0.02 | [0, 1] | R_ij |
| dependence | N x N | nissan on renault 0.51, renault on nissan 0.66 | fixed | D_ij |
| gamma |  | 0.58 | [0, inf) | weight of the synergy |

## Episode end

- Truncated after `horizon = 100` steps, unless the same step terminates.
- Terminated, outcome `collapsed`, when mean trust over the ordered pairs falls below
  `collapse_threshold = 0.05`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 24.583, 24.879 | 143.62, 154.16 | 178.3, 196.76 |
| coopetitive | 25.675, 26.302 | 143.8, 154.29 | 178.55, 201.55 |
| optimum | 29.986 each | 143.9, 154.6 | 198.85, 223.19 |

Price of anarchy: 1.0024.

`coopetition solve RenaultNissan-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **endowment** | 90, 100 | level | (0, inf) per agent | e_i, the most that i can give |
| **baseline** | 27, 30 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **shares** | 0.48, 0.52 |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| **theta** | 22 | payoff | [0, inf) | scale of the logarithmic individual value |
| **gamma** | 0.58 |  | [0, inf) | complementarity: weight of the synergy |
| **lambda_plus** | 0.08 | 1/step | [0, 1] | rate at which trust builds |
| **lambda_minus** | 0.25 | 1/step | [0, 1] | rate at which trust erodes |
| **mu_R** | 0.55 | 1/step | [0, 1] | rate at which defection damages reputation |
| **delta_R** | 0.02 | 1/step | [0, 1] | rate at which damage heals |
| **initial_trust** | 0.7 |  | [0, 1] per pair | T_ij at reset; by phase |
| **initial_damage** | 0.02 |  | [0, 1] per pair | R_ij at reset; by phase |
| **phase** | mature |  | formation, mature, crisis, strained, history | a phase, or all in order |
| **phase_length** | 25 | steps | integer [1, inf) | length of a phase of history |
| horizon | 100 | steps | integer [1, inf) | steps until truncation |
| dependence | nissan on renault 0.51, renault on nissan 0.66 |  | [0, 1] per pair | D_ij; by phase |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| xi | 0.5 |  | [0, inf) | how much dependence deepens erosion |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| collapse_threshold | 0.05 |  | [0, 1] | watched trust below it ends the game; 0: never |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

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
