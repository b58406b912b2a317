"""TeamProduction-v0: a team without loyalty, in which riding free pays.

Members of a team choose efforts; the product is shared equally, the cost is each one's own. Without loyalty
everybody gives too little: this is the free-riding baseline that LoyaltyTeam-v0 is read against. `phi_B` and
`phi_C` are zero, so U_i = pi_i; loyalty moves and is seen, but pays nothing.

## Payoff
```
pi_i = Q / n - c a_i,   Q = omega (sum_j a_j)^beta
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C c a_i)
```

c is `cost`. `teammates` "sum" puts the sum in the place of the mean, the reading behind the report's published
figures.

## Dynamics
```
theta_i += loyalty_gain c_i                             if c_i >= loyalty_threshold
theta_i -= loyalty_loss (loyalty_threshold - c_i)       otherwise
```

Loyalty moves first, from this step's rates, clipped to [0, loyalty_cap]; then the step is paid. There is no trust
layer and no pair matrix: a step costs O(N).

## Departures from the published code
- Pays team production and loyalty, the report's equations; the published code pays the TR-1 payoff times hand-set
  modifiers, and computes team production for `info` only.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-3, collective action and loyalty, arXiv:2601.16237; Coopetition-Gym v1, arXiv:2605.02063.
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
