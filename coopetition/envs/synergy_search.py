"""SynergySearch-v0: how much the partners' work completes each other's is hidden.

Two partners do not know how much their work will be worth together. The weight of the synergy is drawn at each
reset and never shown; payoffs are the only hint, and finding out means giving. Beside TrustDilemma-v0: gamma is
state, hidden unless `reveal_gamma=True`, which adds it to observations as gamma over the largest that can be drawn.
`observe_payoff=True` adds one's own last payoff over the most that a step can pay, 0 before the first; gamma
follows from it once both have given.

## Payoff
```
pi_i = e_i - a_i + theta ln(1 + a_i) + alpha_i gamma (prod_j a_j)^(1/N)
U_i  = pi_i + sum_(j != i) min(T_ij, 1 - R_ij) D_ij pi_j
```

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

gamma is the episode's, drawn uniformly on `gamma_range` by the copy's own seeded generator at each reset.
`options={"gamma": x}` sets it for one episode, the argument `gamma=x` for all.

## Departures from the published code
- The published code draws gamma before it seeds, so that a seed does not fix the episode; here it does.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-1, interdependence and complementarity, arXiv:2510.18802; TR-2, trust and reputation,
  arXiv:2510.24909; Coopetition-Gym v1, arXiv:2605.02063.
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
            "gamma_range": (0.0, 6.0),
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
