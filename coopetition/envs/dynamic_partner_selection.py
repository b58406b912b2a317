"""DynamicPartnerSelection-v0: partners are sought by their public reputation.

Everybody can work with everybody, and prefers those who are known to give. A public reputation follows what
each has given lately; it moves how much others count on an agent, and its share of the synergy. Beside
TrustDilemma-v0: `n_agents = 6`, a short horizon, no end by collapse, and reputations q that steer
partnership by `reputation_weight = 0.5` (rho).

## Payoff

```
pi_i    = e_i - a_i + theta ln(1 + a_i) + alpha'_i gamma (prod_j a_j)^(1/N)
U_i     = pi_i + sum_(j != i) m_ij min(T_ij, 1 - R_ij) D_ij pi_j
alpha'_i = (1 - rho) alpha_i + rho q_i / sum_k q_k
m_ij    = (1 - rho) + rho (N - 1) q_j / sum_(k != i) q_k
```

Here `theta = 18` and `gamma = 0.55`; trust, damage and reputation are those after this step's update. With
equal reputations, or rho = 0, this is the plain trust game. If all q are zero, parts are equal.

Worked, first step, all rates 0.5: payoffs 125.356 each; utilities 265.755 each.

## Dynamics

Trust and reputation damage of TR-2, one step:

```
s_j   = tanh(kappa (a_j - b_j) / sigma_j)
T_ij += lambda_plus s_j max(0, 1 - R_ij - T_ij)     if s_j > 0
T_ij += lambda_minus s_j T_ij (1 + xi D_ij)         if s_j < 0
R_ij += mu_R |s_j| (1 - R_ij)                       if s_j < 0, else R_ij -= delta_R R_ij
```

`lambda_plus = 0.12`, `lambda_minus = 0.35`, `mu_R = 0.6`, `delta_R = 0.015`, `xi = 0.45`, `kappa = 1.2`;
negativity bias `lambda_minus / lambda_plus = 2.92`. Right-hand sides are the old values; T_ij is clipped to
[0, 1 - R_ij] with the old R_ij, R_ij to [0, 1]. This step's actions first move trust, then are paid.

The signal is read in raw action units, as published: `signal_scale = raw`, sigma_j = 1. With endowments
like these it is all but the sign of the deviation: one level above the baseline already gives
`s(b + 1) = 0.834`. `signal_scale="endowment"` sets sigma_j = e_j, the units in which the reports calibrate
kappa, and gives smooth dynamics.

Reputation moves after trust and before pay, with `reputation_rate = 0.1` (r):

```
q_i <- (1 - r) q_i + r c_i
```

## Agents

| index | name | endowment e | baseline b | share alpha |
|---|---|---|---|---|
| 0-5 | agent_0 to agent_5 | 100 | 35 | 1/N |

## Action space

One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in
[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.

| agent | unit | min | max | a at the maximum |
|---|---|---|---|---|
| agent_0 to agent_5 | rate c = a / e | 0 | 1 | 100 level |

## Observation space

`O = 28` numbers an agent, float32. `observation="full"` adds trust_from, damage_from, trust_others,
damage_others: `O_full = 78`. The joint state, `state()`, has `S = 103`. AEC views append `revealed` and
`moved`, N each.

| name | columns | unit | min | max | meaning |
|---|---|---|---|---|---|
| own_rate | 0:1 | rate | 0 | 1 | c_i |
| other_rates | 1:6 | rate | 0 | 1 | c_j of the others, in index order |
| trust_in | 6:11 | trust | 0 | 1 | T_ij, i's trust in each other |
| damage_held | 11:16 | damage | 0 | 1 | R_ij, the damage that i holds against each other |
| dependence | 16:21 | dependence | 0 | 1 | D_ij, how much i depends on each other |
| reputation | 21:27 | reputation | 0 | 1 | q: own, then the others' |
| time | 27:28 | t / horizon | 0 | 1 | steps played |

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
| time |  | 0 | [0, 49] | steps played |
| trust | N x N | 0.5 | [0, 1] | T_ij |
| damage | N x N | 0 | [0, 1] | R_ij |
| dependence | N x N | 0.4 | fixed | D_ij |
| gamma |  | 0.55 | [0, inf) | weight of the synergy |
| reputation | N | 0.5 | [0, 1] | q_i |

## Episode end

- Truncated after `horizon = 50` steps, unless the same step terminates.
- Never terminates by trust: `collapse_threshold = 0`.

## Equilibria

Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises
U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash
equilibrium.

<!-- equilibria: docs/fill_equilibria.py -->

| concept | levels a | payoffs pi | utilities U |
|---|---|---|---|
| Nash | 17.306 each | 136.61 each | 216.8 each |
| coopetitive | 17.471 each | 136.62 each | 216.82 each |
| optimum | 18.817 each | 136.67 each | 216.89 each |

Price of anarchy: 1.0004.

`coopetition solve DynamicPartnerSelection-v0 --concept nash` computes them with a certificate, as do the
concepts `coopetitive` and `social_optimum`.

<!-- end of equilibria -->

## Arguments

In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`,
`action_scale` and the views' options come beside these.

| name | default | unit | domain | meaning |
|---|---|---|---|---|
| **horizon** | 50 | steps | integer [1, inf) | steps until truncation |
| **baseline** | 35 | level | [0, inf) per agent | b_i, the level that others expect; at most e_i |
| **dependence** | 0.4 |  | [0, 1] per pair | D_ij, how much i depends on j |
| **theta** | 18 | payoff | [0, inf) | scale of the logarithmic individual value |
| **gamma** | 0.55 |  | [0, inf) | complementarity: weight of the synergy |
| **lambda_plus** | 0.12 | 1/step | [0, 1] | rate at which trust builds |
| **lambda_minus** | 0.35 | 1/step | [0, 1] | rate at which trust erodes |
| **delta_R** | 0.015 | 1/step | [0, 1] | rate at which damage heals |
| **xi** | 0.45 |  | [0, inf) | how much dependence deepens erosion |
| **kappa** | 1.2 |  | (0, inf) | steepness of the signal |
| **collapse_threshold** | 0 |  | [0, 1] | watched trust below it ends the game; 0: never |
| **n_agents** | 6 |  | integer [2, 1000] | number of agents |
| **reputation_weight** | 0.5 |  | [0, 1] | rho, how much reputation steers partnership |
| **reputation_rate** | 0.1 | 1/step | [0, 1] | how fast reputation follows rates |
| **initial_reputation** | 0.5 |  | [0, 1] per agent | q_i at reset |
| endowment | 100 | level | (0, inf) per agent | e_i, the most that i can give |
| shares | 1/N |  | [0, 1] per agent | alpha_i, shares of the synergy; sum 1 |
| value_form | logarithmic |  | logarithmic, power | f(a) = theta ln(1 + a), or a^beta |
| beta | 0.75 |  | (0, 1] | exponent of the power form |
| mu_R | 0.6 | 1/step | [0, 1] | rate at which defection damages reputation |
| signal_scale | raw |  | raw, endowment | sigma_j = 1 or e_j |
| initial_trust | 0.5 |  | [0, 1] per pair | T_ij at reset |
| initial_damage | 0 |  | [0, 1] per pair | R_ij at reset |
| continuation | 1 |  | (0, 1] | delta, probability that the episode goes on after a step |
| continuation_form | drawn |  | drawn, expected | draw the end, or weigh step t by delta^(t-1) |
| observe_time | True |  | True, False | show the clock |
| tremble | 0 | rate | [0, 1] | deviation of the noise on what is done |
| monitoring_noise | 0 | rate | [0, 1] | deviation of the noise on what is seen of others' rates |

## Departures from the published code

- The published payoff has no reputation in it; `reputation_weight=0` gives it exactly.
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
- Noë and Hammerstein, Biological markets, Behavioral Ecology and Sociobiology 35 (1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Sized, TrustParameters, parameter
from coopetition.kernels.fastmath import fma
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import parameter_matrix, parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, Vector, Work


@dataclass(frozen=True, kw_only=True)
class DynamicPartnerSelection(Sized, TrustParameters):
    """Parameters of DynamicPartnerSelection-v0."""

    id: ClassVar[str] = "DynamicPartnerSelection-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("agent_{}",)
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField("reputation", ("n",), "initial_reputation", high=1.0, meaning="q_i, seen by everybody"),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 12.0, "theta": 5.0, "signal_scale": "endowment", "reputation_weight": 0.2},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 3.0,
            "dependence": 0.9,
            "initial_trust": 0.1,
        },
    }

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents")
    horizon: int = 50
    baseline: Any = 35.0
    dependence: Any = 0.40
    theta: float = 18.0
    gamma: float = 0.55
    lambda_plus: float = 0.12
    lambda_minus: float = 0.35
    delta_R: float = 0.015
    xi: float = 0.45
    kappa: float = 1.2
    collapse_threshold: float = 0.0
    reputation_weight: float = parameter(
        0.5, low=0.0, high=1.0, kernel=True, about="rho, how much reputation steers partnership"
    )
    reputation_rate: float = parameter(
        0.1, low=0.0, high=1.0, unit="1/step", kernel=True, about="how fast reputation follows rates"
    )
    initial_reputation: Any = parameter(0.5, "agents", 0.0, 1.0, about="q_i at reset")

    def stages(self) -> list[Stage]:
        """Reputation moves shares and weights."""
        return trust_game(standings=standings, integrate=integrate)


State, Scalar = DynamicPartnerSelection.State, DynamicPartnerSelection.Scalar


@stage
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """q_i <- 0.9 q_i + 0.1 c_i, then shares (1 - rho) alpha_i + rho q_i / sum q."""
    n = at[Integer.N]
    rho = parameters[Scalar.REPUTATION_WEIGHT]
    pace = parameters[Scalar.REPUTATION_RATE]
    rates = work_vector(work, Work.RATE, n)
    reputations = rows_of(state, at[State.REPUTATION], n)
    total = work[0]
    for lane in range(total.size):
        total[lane] = 0.0
    for i in range(n):
        q = reputations[i]
        rate = rates[i]
        for lane in range(total.size):
            q[lane] = (1.0 - pace) * q[lane] + pace * rate[lane]
        for lane in range(total.size):
            total[lane] += q[lane]
    shares = work_vector(work, Work.SHARE, n)
    alphas = parameter_vector(parameters, Vector.SHARES, n)
    for i in range(n):
        q = reputations[i]
        share = shares[i]
        alpha = alphas[i]
        for lane in range(total.size):
            part = q[lane] / total[lane] if total[lane] > 0.0 else 1.0 / n
            share[lane] = (1.0 - rho) * alpha + rho * part


@stage
def integrate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i = pi_i + sum_j m_ij w_ij pi_j, m_ij = (1 - rho) + rho (Integer.N - 1) q_j / sum_(k != i) q_k."""
    n = at[Integer.N]
    rho = parameters[Scalar.REPUTATION_WEIGHT]
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    reputations = rows_of(state, at[State.REPUTATION], n)
    others = work[0]
    for i in range(n):
        utility = utilities[i]
        own = payoffs[i]
        for lane in range(utility.size):
            utility[lane] = own[lane]
        for lane in range(utility.size):
            others[lane] = 0.0
        for k in range(n):
            if k != i:
                q = reputations[k]
                for lane in range(utility.size):
                    others[lane] += q[lane]
        # From here on `others` is what q_j is multiplied by; without any reputation all stand equal.
        equal = work[1]
        for lane in range(utility.size):
            equal[lane] = 1.0 - rho if others[lane] > 0.0 else 1.0
            others[lane] = rho * (n - 1) / others[lane] if others[lane] > 0.0 else 0.0
        for j in range(n):
            if i != j:
                q = reputations[j]
                payoff = payoffs[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                for lane in range(utility.size):
                    ceiling = 1.0 - damage[lane]
                    trusted = trust[lane] if trust[lane] < ceiling else ceiling
                    standing = fma(q[lane], others[lane], equal[lane])
                    utility[lane] = fma(trusted * dependence * standing, payoff[lane], utility[lane])
