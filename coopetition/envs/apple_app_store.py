"""AppleAppStore-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import ReciprocityParameters


@dataclass(frozen=True, kw_only=True)
class AppleAppStore(ReciprocityParameters):
    """Parameters of AppleAppStore-v0."""

    id: ClassVar[str] = "AppleAppStore-v0"
    roles: ClassVar[tuple[str, ...]] = ("apple", "major", "small")

    horizon: int = 66
    endowment: Any = (100.0, 80.0, 60.0)
    baseline: Any = (30.0, 24.0, 18.0)
    dependence: Any = ((0.0, 0.66, 0.71), (0.88, 0.0, 0.30), (0.92, 0.30, 0.0))
    initial_trust: Any = ((0.0, 0.70, 0.70), (0.70, 0.0, 0.50), (0.70, 0.50, 0.0))
    rho_0: float = 0.85
    eta: float = 1.3
    kappa_r: float = 1.2
    memory: int = 4
