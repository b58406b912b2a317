"""CooperativeNegotiation-v0: levels that come close are an agreement, and breaking it costs.

Two partners negotiate by playing: when their levels come close, those levels are agreed. An agreement is a promise:
to play far from it is a breach, which is charged, and whoever fell short is judged against the promise. Beside
TrustDilemma-v0: agreements as state, a penalty, and a trust signal that reads promises.

## Payoff
```
v_i  = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
pi_i = v_i - p_i
U_i  = v_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij v_j - p_i
```

p_i is i's charge for a breach. It comes off i's own payoff and utility; i weighs j's payoff before j's charge.

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

Agreed levels g_i, none at reset. Each step, in order:

- Breach: an agreement stands and |a_i - g_i| exceeds `agreement_threshold` for some i. Each such i is charged p_i =
  `breach_penalty` |a_i - g_i|; one that fell short is judged, in this step's signal, against max(b_i, g_i).
- Trust moves and the step is paid.
- Agreement: two levels within the threshold of each other become g. Otherwise a breached agreement ends, and one
  that was kept stands.

`agreements` and `breaches` count steps: every step whose levels agree renews the agreement, and a step in which
both breach is one.

## Departures from the published code
- Breach penalties are paid through every interface; the published PettingZoo wrappers skip them.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
- Nash, The bargaining problem, Econometrica 18 (1950).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import trust_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import TrustParameters, parameter
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Work


@dataclass(frozen=True, kw_only=True)
class CooperativeNegotiation(TrustParameters):
    """Parameters of CooperativeNegotiation-v0."""

    id: ClassVar[str] = "CooperativeNegotiation-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField(
            "agreement",
            ("n",),
            high="largest_endowment",
            scale="part_of_endowment",
            meaning="agreed levels, 0 for none",
        ),
        StateField("agreed", high=1.0, integer=True, meaning="set while an agreement stands"),
        StateField("agreements", high="horizon", integer=True, observed=False, meaning="agreements so far"),
        StateField("breaches", high="horizon", integer=True, observed=False, meaning="breaches so far"),
    )
    presets: ClassVar[Any] = {
        "strong": {"gamma": 3.0, "theta": 2.0, "signal_scale": "endowment", "dependence": 0.8},
        "relational": {
            "theta": 2.0,
            "signal_scale": "endowment",
            "lambda_plus": 0.5,
            "horizon": 60,
            "gamma": 1.0,
            "baseline": 30.0,
            "dependence": 1.0,
            "initial_trust": 0.1,
            "kappa": 1.0,
        },
    }

    baseline: Any = 35.0
    dependence: Any = 0.55
    gamma: float = 0.60
    lambda_plus: float = 0.12
    lambda_minus: float = 0.40
    mu_R: float = 0.65
    delta_R: float = 0.02
    xi: float = 0.55
    kappa: float = 1.2
    agreement_threshold: float = parameter(
        10.0,
        low=0.0,
        unit="level",
        kernel=True,
        about="how close levels must be to agree, and how far they may drift from it",
    )
    breach_penalty: float = parameter(
        3.0, low=0.0, unit="payoff/level", kernel=True, about="charge per level of a breach"
    )

    def largest_payoff(self) -> float:
        """And the penalty of the widest breach."""
        return super().largest_payoff() + self.breach_penalty * self.largest_endowment

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """Levels that are given stand as an agreement; without an agreement there are none."""
        stands = (state["agreement"] != 0.0).any(axis=0)
        if "agreement" in given and "agreed" not in given:
            state["agreed"][...] = np.where(stands, 1.0, state["agreed"])
        elif "agreed" in given and "agreement" in given and (stands & (state["agreed"] == 0.0)).any():
            raise ValueError(f"{self.id}: state 'agreement' has levels, and state 'agreed' = 0 says that none stands")
        else:
            state["agreement"][...] = np.where(state["agreed"] != 0.0, state["agreement"], 0.0)

    @property
    def largest_endowment(self) -> float:
        """The highest level that can be agreed on."""
        return float(max(self.endowment))

    @property
    def part_of_endowment(self) -> np.ndarray:
        """What takes an agreed level to a rate, (2,)."""
        return 1.0 / np.asarray(self.endowment)

    def stages(self) -> list[Stage]:
        """Breach, pay, agree."""
        return trust_game(expectations=expectations, settle=settle)


State, Scalar = CooperativeNegotiation.State, CooperativeNegotiation.Scalar


@stage
def expectations(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Find breaches of a standing agreement: what each costs, and what who fell short is judged against."""
    threshold = parameters[Scalar.AGREEMENT_THRESHOLD]
    penalty = parameters[Scalar.BREACH_PENALTY]
    levels = work_vector(work, Work.LEVEL, 2)
    expected = work_vector(work, Work.EXPECTED, 2)
    charges = work_vector(work, Work.CHARGE, 2)
    agreed = state[at[State.AGREED]]
    breaches = state[at[State.BREACHES]]
    breached = work[0]
    for lane in range(breached.size):
        breached[lane] = 0.0
    for i in range(2):
        level = levels[i]
        usual = expected[i]
        charge = charges[i]
        agreement = state[at[State.AGREEMENT] + i]
        for lane in range(charge.size):
            gap = abs(level[lane] - agreement[lane])
            charge[lane] = penalty * gap if agreed[lane] != 0.0 and gap > threshold else 0.0
            breached[lane] = 1.0 if agreed[lane] != 0.0 and gap > threshold else breached[lane]
        for lane in range(charge.size):
            short = agreed[lane] != 0.0 and agreement[lane] - level[lane] > threshold
            usual[lane] = agreement[lane] if short and agreement[lane] > usual[lane] else usual[lane]
    for lane in range(breached.size):
        breaches[lane] += breached[lane]
        agreed[lane] = 0.0 if breached[lane] != 0.0 else agreed[lane]


@stage
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Charge breaches; levels within the threshold of each other become the agreement."""
    threshold = parameters[Scalar.AGREEMENT_THRESHOLD]
    levels = work_vector(work, Work.LEVEL, 2)
    charges = work_vector(work, Work.CHARGE, 2)
    payoffs = work_vector(work, Work.PAYOFF, 2)
    utilities = work_vector(work, Work.UTILITY, 2)
    for i in range(2):
        charge = charges[i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(charge.size):
            payoff[lane] -= charge[lane]
            utility[lane] -= charge[lane]
    first = levels[0]
    second = levels[1]
    agreed = state[at[State.AGREED]]
    agreements = state[at[State.AGREEMENTS]]
    close = work[0]
    for lane in range(close.size):
        close[lane] = 1.0 if abs(first[lane] - second[lane]) <= threshold else 0.0
    for lane in range(close.size):
        agreed[lane] = 1.0 if close[lane] != 0.0 else agreed[lane]
        agreements[lane] += close[lane]
    for i in range(2):
        level = levels[i]
        agreement = state[at[State.AGREEMENT] + i]
        for lane in range(close.size):
            standing = agreement[lane] if agreed[lane] != 0.0 else 0.0
            agreement[lane] = level[lane] if close[lane] != 0.0 else standing
