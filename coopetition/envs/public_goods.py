"""PublicGoods-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import Sized, TeamParameters, parameter


@dataclass(frozen=True, kw_only=True)
class PublicGoods(Sized, TeamParameters):
    """Parameters of PublicGoods-v0."""

    id: ClassVar[str] = "PublicGoods-v0"
    roles: ClassVar[tuple[str, ...]] = ("player_{}",)

    n_agents: int = parameter(5, "integer", 2, 1000, about="number of players")
    omega: float = None  # type: ignore[assignment]
    beta: float = 1.0
    phi_B: float = 0.6
    phi_C: float = 0.2
    multiplier: float = parameter(2.0, low=0.0, open_low=True, about="m, what the pot is multiplied by")

    def resolved(self) -> dict[str, Any]:
        """The multiplier is the linear team's productivity."""
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
