"""PublicGoods-v0: each keeps what it does not give; the pot is multiplied and shared.

The linear public goods game with loyalty. What is given is multiplied by m and shared by all, so that
giving is good for the group and a loss for the giver. Beside LoyaltyTeam-v0: a linear product,
`n_agents = 5`, an endowment that is kept, and weaker loyalty.

## Payoff

```
pi_i = e_i - a_i + m sum_j a_j / n
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C a_i)
```

Here `multiplier = 2` (m), `phi_B = 0.6`, `phi_C = 0.2`; a unit given returns `m / n = 0.4` to its giver.
`teammates="sum"` puts the sum in the place of the mean.

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
- Isaac and Walker, Group size effects in public goods provision, Quarterly Journal of Economics 103 (1988).
- Holmström, Moral hazard in teams, Bell Journal of Economics 13 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import Sized, TeamParameters, parameter


@dataclass(frozen=True, kw_only=True)
class PublicGoods(Sized, TeamParameters):
    """Parameters of PublicGoods-v0."""

    id: ClassVar[str] = "PublicGoods-v0"
    roles: ClassVar[tuple[str, ...]] = ("player_{}",)
    presets: ClassVar[Any] = {
        "strong": {"multiplier": 1.5},
    }

    n_agents: int = parameter(5, "integer", 2, 1000, about="number of players")
    omega: float = None  # type: ignore[assignment]
    beta: float = 1.0
    phi_B: float = 0.6
    phi_C: float = 0.2
    multiplier: float = parameter(2.0, low=0.0, open_low=True, about="m, what the pot is multiplied by")

    def resolved(self) -> dict[str, Any]:
        """The multiplier is the linear team's productivity, under this game's name."""
        if self.omega is not None and self.omega != self.multiplier:
            raise self.refuse("omega", "in this game it is the multiplier: set multiplier")
        return {"omega": self.multiplier}

    def check(self) -> None:
        """The pot is linear and giving costs what is given."""
        super().check()
        if self.beta != 1.0 or self.cost != 1.0:
            raise self.refuse("beta", f"and cost = {self.cost}: both are 1 in this game")

    @property
    def kept(self) -> Any:
        """What each keeps if it gives nothing."""
        return self.endowment
