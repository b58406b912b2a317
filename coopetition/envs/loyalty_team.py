"""LoyaltyTeam-v0: a team whose members grow loyal by giving.

The team of TeamProduction-v0, and loyalty: a loyal member cares for its teammates' payoff, and is warmed by
contributing. Loyalty grows with effort and fades without it, so free riding wears off what would have
overcome it. Beside TeamProduction-v0: `phi_B = 0.8` and `phi_C = 0.3`, and nothing else.

## Payoff

```
pi_i = Q / n - c a_i,   Q = omega (sum_j a_j)^beta
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C c a_i)
```

Here `omega = 25`, `beta = 0.7`, `cost = 1` (c), `phi_B = 0.8`, `phi_C = 0.3`. `teammates="sum"` puts the
sum in the place of the mean, the reading behind the report's published figures.

## Dynamics

Loyalty moves first, from this step's rates, then the step is paid:

```
theta_i += loyalty_gain c_i                             if c_i >= loyalty_threshold
theta_i -= loyalty_loss (loyalty_threshold - c_i)       otherwise
```

clipped to [0, loyalty_cap]. `loyalty_gain = 0.02`, `loyalty_loss = 0.05`, `loyalty_threshold = 0.5`,
`loyalty_cap = 1`. There is no trust layer and no pair matrix: a step costs O(N).

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
class LoyaltyTeam(Sized, TeamParameters):
    """Parameters of LoyaltyTeam-v0."""

    id: ClassVar[str] = "LoyaltyTeam-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)
    presets: ClassVar[Any] = {
        "strong": {"omega": 4.5},
    }

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of members")
    phi_B: float = 0.8
    phi_C: float = 0.3
