"""TeamProduction-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coopetition.parameters import Sized, TeamParameters, parameter


@dataclass(frozen=True, kw_only=True)
class TeamProduction(Sized, TeamParameters):
    """Parameters of TeamProduction-v0."""

    id: ClassVar[str] = "TeamProduction-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)

    n_agents: int = parameter(4, "integer", 2, 1000, about="number of members")
