"""LoyaltyTeam-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coopetition.parameters import Sized, TeamParameters, parameter


@dataclass(frozen=True, kw_only=True)
class LoyaltyTeam(Sized, TeamParameters):
    """Parameters of LoyaltyTeam-v0."""

    id: ClassVar[str] = "LoyaltyTeam-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of members")
    phi_B: float = 0.8
    phi_C: float = 0.3
