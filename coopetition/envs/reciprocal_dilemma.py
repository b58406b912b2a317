"""ReciprocalDilemma-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import ReciprocityParameters


@dataclass(frozen=True, kw_only=True)
class ReciprocalDilemma(ReciprocityParameters):
    """Parameters of ReciprocalDilemma-v0."""

    id: ClassVar[str] = "ReciprocalDilemma-v0"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")

    baseline: Any = 30.0
    dependence: Any = 0.50
