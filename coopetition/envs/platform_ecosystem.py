"""PlatformEcosystem-v0: a platform and the developers that live on it.

A hub and its spokes: every developer depends on the platform, the platform a little on each developer, and
developers not on each other. The platform's share of the synergy is fixed; what it gives decides whether
developers keep trusting it. Beside TrustDilemma-v0: `n_developers = 4` spokes, and dependence only along
them. Trust between developers moves too, but weighs nothing, since D is zero there.

## Payoff

```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

Here `theta = 25` and `gamma = 0.75`; trust and damage are those after this step's update.

Worked, first step, all rates 0.5: payoffs 193.474, 138.793, 138.793, 138.793, 138.793; utilities 281.191,
230.499, 230.499, 230.499, 230.499.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.08`, `lambda_minus = 0.25`, `mu_R = 0.45`, `delta_R = 0.02`, `xi = 0.4`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3.12`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0 | platform | 150 | 45 | 0.3 |
| 1-4 | developer_0 to developer_3 | 80 | 24 | 0.175 |

Defaults follow `n_developers`: e is 150 for the platform and 80 for a developer, b is 0.3 e, alpha is 0.3
for the platform and the rest in equal parts. Give `endowment`, `baseline`, `shares` or `dependence` to set
them otherwise.

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| platform | rate c = a / e | 0 | 1 | 150 level |
| developer_0 to developer_3 | rate c = a / e | 0 | 1 | 80 level |

## Observation space

`O = 18` numbers an agent, float32. `observation="full"` adds trust_from, damage_from, trust_others,
damage_others: `O_full = 50`. The joint state, `state()`, has `S = 66`. AEC views append `revealed` and
`moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:5 | rate | 0 | 1 | c_j of the others, in index order |
| trust_in | 5:9 | trust | 0 | 1 | T_ij, i's trust in each other |
| damage_held | 9:13 | damage | 0 | 1 | R_ij, the damage that i holds against each other |
| dependence | 13:17 | dependence | 0 | 1 | D_ij, how much i depends on each other |
| time | 17:18 | t / horizon | 0 | 1 | steps played |

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
| trust | N x N | 0.6 | [0, 1] | T_ij |
| damage | N x N | 0 | [0, 1] | R_ij |
| dependence | N x N | platform on developers 0.25, developers on platform 0.75, else 0 | fixed | D_ij |
| gamma |  | 0.75 | [0, inf) | weight of the synergy |

## Episode end

- Truncated after `horizon = 100` steps, unless the same step terminates.
- Terminated, outcome `collapsed`, when the developers' mean trust in the platform falls below
  `collapse_threshold = 0.15`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 25.159, 24.677 x4 | 212.02, 139.71 x4 | 298.48, 204.12 x4 |
| coopetitive | 25.605, 25.044 x4 | 212.08, 139.75 x4 | 299.42, 204.17 x4 |
| optimum | 28.412 each | 212.52, 139.85 x4 | 300.9, 204.4 x4 |

Price of anarchy: 1.0014.

`coopetition solve PlatformEcosystem-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **endowment** | 150, 80, 80, 80, 80 | level | (0, inf) per agent | e_i, the most that i can give |
| **theta** | 25 | payoff | [0, inf) | scale of the logarithmic individual value |
| **gamma** | 0.75 |  | [0, inf) | complementarity: weight of the synergy |
| **lambda_plus** | 0.08 | 1/step | [0, 1] | rate at which trust builds |
| **lambda_minus** | 0.25 | 1/step | [0, 1] | rate at which trust erodes |
| **mu_R** | 0.45 | 1/step | [0, 1] | rate at which defection damages reputation |
| **delta_R** | 0.02 | 1/step | [0, 1] | rate at which damage heals |
| **xi** | 0.4 |  | [0, inf) | how much dependence deepens erosion |
| **initial_trust** | 0.6 |  | [0, 1] per pair | T_ij at reset |
| **collapse_threshold** | 0.15 |  | [0, 1] | watched trust below it ends the game; 0: never |
| **n_developers** | 4 |  | integer [1, 1000] | number of developers |
| horizon | 100 | steps | integer [1, inf) | steps until truncation |
| baseline | 45, 24, 24, 24, 24 | level | [0, inf) per agent | b_i, 0.3 e_i |
| shares | 0.3, 0.175, 0.175, 0.175, 0.175 |  | [0, 1] per agent | alpha_i: platform 0.3, rest equal; sum 1 |
| dependence | platform on developers 0.25, developers on platform 0.75, else 0 |  | [0, 1] per pair | D_ij |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| initial_damage | 0 |  | [0, 1] per pair | R_ij at reset |
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
- Rochet and Tirole, Platform competition in two-sided markets, Journal of the European Economic Association
  1 (2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.parameters import TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class PlatformEcosystem(TrustParameters):
    """Parameters of PlatformEcosystem-v0."""

    id: ClassVar[str] = "PlatformEcosystem-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("platform", "developer_{}")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 8.0, "theta": 5.0},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.2,
        },
    }

    n_developers: int = parameter(4, "integer", 1, 1000, about="number of developers")
    endowment: Any = None
    theta: float = 25.0
    gamma: float = 0.75
    lambda_plus: float = 0.08
    lambda_minus: float = 0.25
    mu_R: float = 0.45
    delta_R: float = 0.02
    xi: float = 0.40
    initial_trust: Any = 0.60
    collapse_threshold: float = 0.15

    @property
    def agents(self) -> tuple[str, ...]:
        """The platform first, then its developers."""
        return ("platform", *(f"developer_{k}" for k in range(int(self.n_developers))))

    def resolved(self) -> dict[str, Any]:
        """Endowments 150 and 80, baselines .30 e, the platform's share .30, dependence .25 and .75."""
        count = self.n - 1
        values: dict[str, Any] = {}
        if self.endowment is None:
            values["endowment"] = (150.0, *[80.0] * count)
        endowment = self._checked("endowment", values.get("endowment", self.endowment), self.domain("endowment"))
        if self.baseline is None:
            values["baseline"] = 0.30 * np.array(endowment)
        if self.shares is None:
            values["shares"] = (0.30, *[0.70 / count] * count)
        if self.dependence is None:
            dependence = np.zeros((self.n, self.n))
            dependence[0, 1:] = 0.25
            dependence[1:, 0] = 0.75
            values["dependence"] = dependence
        return values

    def watched(self) -> np.ndarray:
        """The developers' mean trust in the platform ends the game."""
        weights = np.zeros((self.n, self.n))
        weights[1:, 0] = 1.0 / (self.n - 1)
        return weights
