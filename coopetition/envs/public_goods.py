"""PublicGoods-v0: each keeps what it does not give; the pot is multiplied and shared.

The linear public goods game with loyalty. What is given is multiplied by m and shared by all, so that giving is
good for the group and a loss for the giver. Beside LoyaltyTeam-v0: a linear product, an endowment that is kept, and
weaker loyalty.

## Payoff
```
pi_i = e_i - a_i + m sum_j a_j / n
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C a_i)
```

m is `multiplier`: a unit given returns m / n to its giver. `teammates` "sum" puts the sum in the place of the mean.

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
    stated: ClassVar[tuple[str, ...]] = ("marginal_return",)
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
    def marginal_return(self) -> float:
        """m / n, what a unit returns to its giver."""
        return self.multiplier / self.n

    @property
    def kept(self) -> Any:
        """What each keeps if it gives nothing."""
        return self.endowment
