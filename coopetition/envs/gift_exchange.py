"""GiftExchange-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import ReciprocityParameters


@dataclass(frozen=True, kw_only=True)
class GiftExchange(ReciprocityParameters):
    """Parameters of GiftExchange-v0."""

    id: ClassVar[str] = "GiftExchange-v0"
    roles: ClassVar[tuple[str, ...]] = ("employer", "worker")

    endowment: Any = (100.0, 80.0)
    baseline: Any = (30.0, 24.0)
    dependence: Any = ((0.0, 0.40), (0.70, 0.0))
    rho_0: float = 1.2
    eta: float = 1.5
    memory: int = 3
    lambda_R: float = 1.2
    omega: float = 0.8
