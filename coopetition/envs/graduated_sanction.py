"""GraduatedSanction-v0: a norm that is not forgotten, and sanctions that grow.

A commons with a rule. Members are measured against a norm, so that staying low is never forgiven by getting
used to it, and those who fall short again and again are answered more and more firmly. Beside
ReciprocalDilemma-v0: `n_agents = 6`, a higher baseline, a long memory, the norm, and escalation by counted
violations v.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
     + h_i lambda_R sum_(j != i) T_ij (1 + omega D_ij) rho_ij phi_ij
```

Here `theta = 20` and `gamma = 0.65`; trust and damage are those after this step's update. By default h_i =
a_i (`reciprocity_form = gradient`), so that being treated kindly makes it pay to be kind; `"additive"`
makes h_i the mean endowment, a bonus for being treated well.

Worked, first step, all rates 0.5: payoffs 134.053 each; utilities 255.561 each.

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

The signal is read in units of the endowment, those in which the reports calibrate kappa:
`signal_scale = endowment`, sigma_j = e_j, smooth dynamics. `signal_scale="raw"` sets sigma_j = 1, raw
action units as published: all but the sign of the deviation, since one level above the baseline then gives
`tanh(kappa) = 0.762`.

Reciprocity of TR-4 reads what the others do now against what they used to do:

```
phi_ij = tanh(kappa_r s_ij),   s_ij = c_j - max(cbar_j, b_j / e_j)
rho_ij = rho_0 D_ij^eta
```

cbar_j is the mean of j's rates over the last min(k, t - 1) steps before this one; before any step it is the
baseline's rate. `memory = 10` (k), `rho_0 = 0.6`, `eta = 1.5`, `kappa_r = 0.8`, `lambda_R = 1.8`,
`omega = 1`.

A negative phi_ij is multiplied by 1 + v_j / k, where v_j is how many of the last k steps before this one
fell below the baseline: c_j < b_j / e_j.

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0-5 | agent_0 to agent_5 | 100 | 40 | 1/N |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| agent_0 to agent_5 | rate c = a / e | 0 | 1 | 100 level |

## Observation space

`O = 33` numbers an agent, float32. `observation="full"` adds trust_from, damage_from, trust_others,
damage_others: `O_full = 83`. The joint state, `state()`, has `S = 109`. AEC views append `revealed` and
`moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:6 | rate | 0 | 1 | c_j of the others, in index order |
| trust_in | 6:11 | trust | 0 | 1 | T_ij, i's trust in each other |
| damage_held | 11:16 | damage | 0 | 1 | R_ij, the damage that i holds against each other |
| dependence | 16:21 | dependence | 0 | 1 | D_ij, how much i depends on each other |
| memory | 21:26 | rate | 0 | 1 | cbar_j, what the others used to do |
| violations | 26:32 | v / k | 0 | 1 | own, then the others' |
| time | 32:33 | t / horizon | 0 | 1 | steps played |

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
| time |  | 0 | [0, 199] | steps played |
| trust | N x N | 0.5 | [0, 1] | T_ij |
| damage | N x N | 0 | [0, 1] | R_ij |
| dependence | N x N | 0.35 | fixed | D_ij |
| gamma |  | 0.65 | [0, inf) | weight of the synergy |
| memory | N x k | 0 | fixed | the last k rates of each, newest first |
| memory_mean | N | 0.4 | [0, 1] | cbar_j |
| violations | N | 0 | fixed | v_j |

## Episode end

- Truncated after `horizon = 200` steps, unless the same step terminates.
- Terminated, outcome `collapsed`, when mean trust over the ordered pairs falls below
  `collapse_threshold = 0.05`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 19.368 each | 143.01 each | 256.95 each |
| coopetitive | 17.311 each | 142.71 each | 255.61 each |
| optimum | 21.43 each | 143.1 each | 257.98 each |

Price of anarchy: 1.0006.

`coopetition solve GraduatedSanction-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **horizon** | 200 | steps | integer [1, inf) | steps until truncation |
| **baseline** | 40 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **dependence** | 0.35 |  | [0, 1] per pair | D_ij, how much i depends on j |
| **rho_0** | 0.6 |  | [0, inf) | base reciprocity sensitivity |
| **eta** | 1.5 |  | [0, inf) | elasticity of sensitivity in dependence |
| **kappa_r** | 0.8 |  | (0, inf) | steepness of the bounded response |
| **memory** | 10 | steps | integer [1, 1000] | k, length of the memory |
| **lambda_R** | 1.8 |  | [0, inf) | weight of reciprocity in the utility |
| **omega** | 1 |  | [0, inf) | how much dependence amplifies reciprocity |
| **n_agents** | 6 |  | integer [2, 1000] | number of agents |
| endowment | 100 | level | (0, inf) per agent | e_i, the most that i can give |
| shares | 1/N |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| theta | 20 | payoff | [0, inf) | scale of the logarithmic individual value |
| gamma | 0.65 |  | [0, inf) | complementarity: weight of the synergy |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| lambda_plus | 0.1 | 1/step | [0, 1] | rate at which trust builds |
| lambda_minus | 0.3 | 1/step | [0, 1] | rate at which trust erodes |
| mu_R | 0.6 | 1/step | [0, 1] | rate at which defection damages reputation |
| delta_R | 0.03 | 1/step | [0, 1] | rate at which damage heals |
| xi | 0.5 |  | [0, inf) | how much dependence deepens erosion |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | endowment |  | raw, endowment | sigma_j = 1 or e_j |
| initial_trust | 0.5 |  | [0, 1] per pair | T_ij at reset |
| initial_damage | 0 |  | [0, 1] per pair | R_ij at reset |
| collapse_threshold | 0.05 |  | [0, 1] | watched trust below it ends the game; 0: never |
| reciprocity_form | gradient |  | gradient, additive | h_i = a_i, or the mean endowment |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

- The memory average excludes the current step, signals are rates, and the term is added, as in the report;
  the published code includes the current step, uses raw units, and multiplies.
- Trust signals are read in units of the endowment by default; the published code reads raw units.
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
- Pant and Yu, TR-4: sequential interaction and reciprocity, arXiv:2604.01240.
- Pant and Yu, Coopetition-Gym v1, arXiv:2605.02063.
- Ostrom, Governing the Commons (1990).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import reciprocity_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import ReciprocityParameters, Sized, parameter
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_vector, stage, work_matrix, work_vector
from coopetition.kernels.machine.numbers import Integer, Scalar, Vector, Work


@dataclass(frozen=True, kw_only=True)
class GraduatedSanction(Sized, ReciprocityParameters):
    """Parameters of GraduatedSanction-v0."""

    id: ClassVar[str] = "GraduatedSanction-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "violations",
            ("n",),
            high="memory_length",
            integer=True,
            settable=False,
            scale="part_of_memory",
            meaning="v_i, how many of the last k steps fell below the baseline; seen by all",
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 15.0, "theta": 5.0, "baseline": 20.0},
        "relational": {
            "theta": 2.0,
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.1,
        },
    }

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents")
    horizon: int = 200
    baseline: Any = 40.0
    dependence: Any = 0.35
    rho_0: float = 0.6
    eta: float = 1.5
    kappa_r: float = 0.8
    memory: int = 10
    lambda_R: float = 1.8
    omega: float = 1.0

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """Violations are those of the memory."""
        memory, time = state["memory"], state["time"]
        played = np.arange(memory.shape[1])[:, np.newaxis] < time
        below = memory < np.asarray(self.baseline_rate)[:, np.newaxis, np.newaxis]
        state["violations"][...] = (below & played).sum(axis=1)

    @property
    def part_of_memory(self) -> float:
        """1 / k, what takes a count of violations to [0, 1]."""
        return 1.0 / self.memory

    def stages(self) -> list[Stage]:
        """A norm, and sanctions that grow with violations."""
        return reciprocity_game(responses=responses, turn=turn)


State = GraduatedSanction.State


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi of s_j = c_j - max(cbar_j, b_j / e_j); where negative, times 1 + v_j / k."""
    n = at[Integer.N]
    k = at[Integer.MEMORY_LENGTH]
    kappa = parameters[Scalar.KAPPA_R]
    norms = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    rates = work_vector(work, Work.RATE, n)
    table = work_matrix(work, 0, n)
    for j in range(n):
        norm = norms[j]
        rate = rates[j]
        mean = state[at[State.MEMORY_MEAN] + j]
        violation = state[at[State.VIOLATIONS] + j]
        row = table[j]
        for lane in range(row.size):
            usual = mean[lane] if mean[lane] > norm else norm
            response = tanh(kappa * (rate[lane] - usual))
            row[lane] = response * (1.0 + violation[lane] / k) if response < 0.0 else response


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Count the violations among the remembered steps, this one included, for the next step to use."""
    n = at[Integer.N]
    k = at[Integer.MEMORY_LENGTH]
    norms = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    time = state[at[State.TIME]]
    for j in range(n):
        bound = norms[j]
        violation = state[at[State.VIOLATIONS] + j]
        newest = state[at[State.MEMORY] + j * k]
        counted = k % 2  # two slots at a time, since the sum's way to memory and back costs as much as a comparison
        for lane in range(violation.size):
            violation[lane] = counted if newest[lane] < bound else 0.0
        for m in range(counted, k, 2):
            slot = state[at[State.MEMORY] + j * k + m]
            older = state[at[State.MEMORY] + j * k + m + 1]
            for lane in range(violation.size):
                filled = 1.0 if m < time[lane] else 0.0
                both_filled = 1.0 if m + 1 < time[lane] else 0.0
                one = filled if slot[lane] < bound else 0.0
                violation[lane] += one + (both_filled if older[lane] < bound else 0.0)
