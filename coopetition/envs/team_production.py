"""TeamProduction-v0: a team without loyalty, in which riding free pays.

Members of a team choose efforts; the product is shared equally, the cost is each one's own. Without loyalty
everybody gives too little: this is the free-riding baseline that LoyaltyTeam-v0 is read against.
`phi_B = 0` and `phi_C = 0`, so U_i = pi_i; loyalty moves and is seen, but pays nothing.

## Payoff

```
pi_i = Q / n - c a_i,   Q = omega (sum_j a_j)^beta
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C c a_i)
```

Here `omega = 25`, `beta = 0.7`, `cost = 1` (c), `phi_B = 0`, `phi_C = 0`. `teammates="sum"` puts the sum in
the place of the mean, the reading behind the report's published figures.

Worked, first step, all rates 0.5: payoffs 131.993 each; utilities 131.993 each.

## Dynamics

Loyalty moves first, from this step's rates, then the step is paid:

```
theta_i += loyalty_gain c_i                             if c_i >= loyalty_threshold
theta_i -= loyalty_loss (loyalty_threshold - c_i)       otherwise
```

clipped to [0, loyalty_cap]. `loyalty_gain = 0.02`, `loyalty_loss = 0.05`, `loyalty_threshold = 0.5`,
`loyalty_cap = 1`. There is no trust layer and no pair matrix: a step costs O(N).

## Agents

| index | name | endowment e | baseline b |
|---|---|---|---|
| 0-3 | member_0 to member_3 | 50 | 20 |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays efforts in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| member_0 to member_3 | rate c = a / e | 0 | 1 | 50 effort |

## Observation space

`O = 9` numbers an agent, float32. `observation="full"` adds nothing in a game without trust: `O_full = 9`.
The joint state, `state()`, has `S = 9`. AEC views append `revealed` and `moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:4 | rate | 0 | 1 | c_j of the others, in index order |
| loyalty | 4:8 | loyalty | 0 | 1 | theta: own, then the others' |
| time | 8:9 | t / horizon | 0 | 1 | steps played |

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
| loyalty | N | 0.5 | [0, 1] | theta_i |

## Episode end

- Truncated after `horizon = 100` steps, unless the same step terminates.
- Never terminates by a rule of the game.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

In closed form, symmetric: Nash effort (omega beta / (c n^(2 - beta)))^(1 / (1 - beta)), here
`a_nash = 34.2`; the optimum (omega beta / c)^(1 / (1 - beta)) / n, clipped to the endowment, here
`a_optimum = 50`.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 34.24 each | 161.42 each | 161.42 each |
| coopetitive | 34.24 each | 161.42 each | 161.42 each |
| optimum | 50 each | 205.04 each | 205.04 each |

Price of anarchy: 1.2702.

`coopetition solve TeamProduction-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **n_agents** | 4 |  | integer [2, 1000] | number of members |
| horizon | 100 | steps | integer [1, inf) | steps until truncation |
| endowment | 50 | effort | (0, inf) per agent | e_i, the most that i can give |
| baseline | 20 | effort | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| omega | 25 |  | (0, inf) | productivity |
| beta | 0.7 |  | (0, 1] | returns to total effort |
| cost | 1 | payoff/effort | [0, inf) | c, cost of effort |
| phi_B | 0 |  | [0, inf) | weight of teammates' payoff in loyalty |
| phi_C | 0 |  | [0, inf) | weight of the warmth of contributing in loyalty |
| initial_loyalty | 0.5 |  | [0, 1] per agent | theta_i at reset |
| loyalty_gain | 0.02 | 1/step | [0, inf) | rise per unit of rate |
| loyalty_loss | 0.05 | 1/step | [0, inf) | fall per unit of rate below the threshold |
| loyalty_threshold | 0.5 |  | [0, 1] | rate from which loyalty rises |
| loyalty_cap | 1 |  | [0, 1] | highest loyalty |
| teammates | mean |  | mean, sum | teammates' payoff: their mean or sum |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

- Pays team production and loyalty, the report's equations; the published code pays the TR-1 payoff times
  hand-set modifiers, and computes team production for `info` only.
- All interfaces run this kernel; the published PettingZoo wrappers skip what an environment adds in its
  Gymnasium step.
- `"cooperative"` shares the mean payoff; the published code shares the mean integrated utility.
- Observations are bounded, normalised and of one shape for all agents; Gymnasium rewards are scalars; every
  draw is seeded.

## Version history

- v0: first version. A change of a number or a formula makes a new version.

## References

- Pant and Yu, TR-3: collective action and loyalty, arXiv:2601.16237.
- Pant and Yu, Coopetition-Gym v1, arXiv:2605.02063.
- Holmström, Moral hazard in teams, Bell Journal of Economics 13 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import Sized, TeamParameters, parameter


@dataclass(frozen=True, kw_only=True)
class TeamProduction(Sized, TeamParameters):
    """Parameters of TeamProduction-v0."""

    id: ClassVar[str] = "TeamProduction-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)
    presets: ClassVar[Any] = {
        "strong": {"omega": 8.0},
    }

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of members")
