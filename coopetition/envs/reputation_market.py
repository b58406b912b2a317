"""ReputationMarket-v0: a public reputation decides the tier in which an agent is paid.

A market with ratings. Giving more than half lifts an agent's public reputation, giving less lowers it, and
the market pays by tier: a premium for the best, little for those it excludes. Beside TrustDilemma-v0:
`n_agents = 5`, no end by collapse, and a reputation q that multiplies payoff and utility.

## Payoff

```
v_i  = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
pi_i = m_i v_i
U_i  = m_i [v_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij v_j]
```

m_i is the multiplier of i's own tier: others' payoffs are weighed before their tiers. Here `theta = 18` and
`gamma = 0.5`; trust, damage and reputation are those after this step's update.

Worked, first step, all rates 0.5: payoffs 125.773 each; utilities 222.618 each.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.1`, `lambda_minus = 0.3`, `mu_R = 0.55`, `delta_R = 0.015`, `xi = 0.45`, `kappa = 1`;
negativity bias `lambda_minus / lambda_plus = 3`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.762`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

Reputation moves after trust and before pay, with `reputation_rate = 0.1` and `reputation_neutral = 0.5`:

```
q_i <- clip(q_i + reputation_rate (c_i - reputation_neutral), 0, 1)
```

| tier | from q | multiplier m |
|---|---|---|
| premium | 0.8 | 1.3 |
| standard | 0.5 | 1 |
| probation | 0.25 | 0.7 |
| excluded | 0 | 0.4 |

`tiers=False` switches multipliers off.

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0-4 | agent_0 to agent_4 | 100 | 35 | 0.2 |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| agent_0 to agent_4 | rate c = a / e | 0 | 1 | 100 level |

## Observation space

`O = 23` numbers an agent, float32. `observation="full"` adds trust_from, damage_from, trust_others,
damage_others: `O_full = 55`. The joint state, `state()`, has `S = 71`. AEC views append `revealed` and
`moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:5 | rate | 0 | 1 | c_j of the others, in index order |
| trust_in | 5:9 | trust | 0 | 1 | T_ij, i's trust in each other |
| damage_held | 9:13 | damage | 0 | 1 | R_ij, the damage that i holds against each other |
| dependence | 13:17 | dependence | 0 | 1 | D_ij, how much i depends on each other |
| reputation | 17:22 | reputation | 0 | 1 | q: own, then the others' |
| time | 22:23 | t / horizon | 0 | 1 | steps played |

Others' reputations are seen with Gaussian noise of standard deviation 1 - `reputation_visibility`, clipped
to [0, 1], and drawn by the copy's seeded generator; with `reputation_visibility = 1` there is none. Own
reputation, and `state()`, are exact.

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
| time |  | 0 | [0, 99] | steps played |
| trust | N x N | 0.5 | [0, 1] | T_ij |
| damage | N x N | 0 | [0, 1] | R_ij |
| dependence | N x N | 0.35 | fixed | D_ij |
| gamma |  | 0.5 | [0, inf) | weight of the synergy |
| reputation | N | 0.5 | [0, 1] | q_i |

## Episode end

- Truncated after `horizon = 100` steps, unless the same step terminates.
- Never terminates by trust: `collapse_threshold = 0`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 50 each | 125.77 each | 222.62 each |
| coopetitive | 50 each | 125.77 each | 222.62 each |
| optimum | 50 each | 125.77 each | 222.62 each |

Price of anarchy: 1.

`coopetition solve ReputationMarket-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **baseline** | 35 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **dependence** | 0.35 |  | [0, 1] per pair | D_ij, how much i depends on j |
| **theta** | 18 | payoff | [0, inf) | scale of the logarithmic individual value |
| **gamma** | 0.5 |  | [0, inf) | complementarity: weight of the synergy |
| **lambda_plus** | 0.1 | 1/step | [0, 1] | rate at which trust builds |
| **lambda_minus** | 0.3 | 1/step | [0, 1] | rate at which trust erodes |
| **mu_R** | 0.55 | 1/step | [0, 1] | rate at which defection damages reputation |
| **delta_R** | 0.015 | 1/step | [0, 1] | rate at which damage heals |
| **xi** | 0.45 |  | [0, inf) | how much dependence deepens erosion |
| **collapse_threshold** | 0 |  | [0, 1] | watched trust below it ends the game; 0: never |
| **n_agents** | 5 |  | integer [2, 1000] | number of agents |
| **initial_reputation** | 0.5 |  | [0, 1] per agent | q_i at reset |
| **reputation_rate** | 0.1 | 1/step | [0, 1] | how fast reputation moves |
| **reputation_neutral** | 0.5 |  | [0, 1] | rate that leaves reputation as it is |
| **tiers** | True |  | True, False | pay by tier of reputation |
| **tier_thresholds** | 0.8, 0.5, 0.25 |  | [0, 1] each | q from which premium, standard, probation pay |
| **tier_multipliers** | 1.3, 1, 0.7, 0.4 |  | [0, inf) each | premium, standard, probation, excluded |
| **reputation_visibility** | 1 |  | [0, 1] | others' q seen with noise of deviation 1 - this |
| horizon | 100 | steps | integer [1, inf) | steps until truncation |
| endowment | 100 | level | (0, inf) per agent | e_i, the most that i can give |
| shares | 1/N |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| kappa | 1 |  | (0, inf) | steepness of the signal |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| initial_trust | 0.5 |  | [0, 1] per pair | T_ij at reset |
| initial_damage | 0 |  | [0, 1] per pair | R_ij at reset |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

- Tiers are paid through every interface; in the published code the PettingZoo wrappers skip them.
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
- Resnick and Zeckhauser, Trust among strangers in Internet transactions (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Sized, TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Work


@dataclass(frozen=True, kw_only=True)
class ReputationMarket(Sized, TrustParameters):
    """Parameters of ReputationMarket-v0."""

    id: ClassVar[str] = "ReputationMarket-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "reputation", ("n",), "initial_reputation", high=1.0, noisy=True, meaning="q_i; others' are seen with noise"
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 12.0, "theta": 5.0, "signal_scale": "endowment", "reputation_neutral": 0.3},
    }

    n_agents: int = parameter(5, "integer", 2, 1000, about="number of agents")
    baseline: Any = 35.0
    dependence: Any = 0.35
    theta: float = 18.0
    gamma: float = 0.50
    lambda_plus: float = 0.10
    lambda_minus: float = 0.30
    mu_R: float = 0.55
    delta_R: float = 0.015
    xi: float = 0.45
    collapse_threshold: float = 0.0
    initial_reputation: Any = parameter(0.5, "agents", 0.0, 1.0, about="q_i at reset")
    reputation_rate: float = parameter(
        0.1, low=0.0, high=1.0, unit="1/step", kernel=True, about="how fast reputation moves"
    )
    reputation_neutral: float = parameter(
        0.5, low=0.0, high=1.0, kernel=True, about="rate that leaves reputation as it is"
    )
    tiers: bool = parameter(True, "flag", kernel=True, about="pay by tier of reputation")
    tier_thresholds: Any = parameter(
        (0.80, 0.50, 0.25),
        "numbers",
        0.0,
        1.0,
        kernel=True,
        about="reputation from which premium, standard, probation pay",
    )
    tier_multipliers: Any = parameter(
        (1.30, 1.00, 0.70, 0.40), "numbers", 0.0, kernel=True, about="premium, standard, probation, excluded"
    )
    reputation_visibility: float = parameter(
        1.0, low=0.0, high=1.0, about="others' reputations are seen with noise of deviation 1 minus this"
    )

    def check(self) -> None:
        """Four tiers, thresholds falling."""
        super().check()
        if len(self.tier_thresholds) != 3 or sorted(self.tier_thresholds, reverse=True) != list(self.tier_thresholds):
            raise self.refuse("tier_thresholds", "expected three numbers, falling")
        if len(self.tier_multipliers) != 4:
            raise self.refuse("tier_multipliers", "expected four numbers")

    def largest_payoff(self) -> float:
        """In the best tier."""
        return super().largest_payoff() * max(1.0, *self.tier_multipliers)

    @property
    def noise_deviation(self) -> float:
        """Standard deviation of the noise on others' reputations."""
        return 1.0 - self.reputation_visibility

    def stages(self) -> list[Stage]:
        """Reputation moves, then multiplies pay."""
        return trust_game(standings=standings, settle=settle)


State, Scalar = ReputationMarket.State, ReputationMarket.Scalar


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- clip(q_i + 0.1 (c_i - 0.5), 0, 1)."""
    n = at[Integer.N]
    pace = parameters[Scalar.REPUTATION_RATE]
    neutral = parameters[Scalar.REPUTATION_NEUTRAL]
    rates = work_vector(work, Work.RATE, n)
    for i in range(n):
        q = state[at[State.REPUTATION] + i]
        rate = rates[i]
        for lane in range(q.size):
            moved = q[lane] + pace * (rate[lane] - neutral)
            moved = moved if moved > 0.0 else 0.0
            q[lane] = moved if moved < 1.0 else 1.0


@stage
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Multiply payoff and utility by the tier's number."""
    if parameters[Scalar.TIERS] == 0.0:
        return
    n = at[Integer.N]
    premium = parameters[Scalar.TIER_THRESHOLDS]
    standard = parameters[Scalar.TIER_THRESHOLDS + 1]
    probation = parameters[Scalar.TIER_THRESHOLDS + 2]
    best, usual, low, lowest = (
        parameters[Scalar.TIER_MULTIPLIERS],
        parameters[Scalar.TIER_MULTIPLIERS + 1],
        parameters[Scalar.TIER_MULTIPLIERS + 2],
        parameters[Scalar.TIER_MULTIPLIERS + 3],
    )
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    for i in range(n):
        q = state[at[State.REPUTATION] + i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(q.size):
            multiplier = low if q[lane] >= probation else lowest
            multiplier = usual if q[lane] >= standard else multiplier
            multiplier = best if q[lane] >= premium else multiplier
            payoff[lane] *= multiplier
            utility[lane] *= multiplier
