"""SLCD-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class SLCD(TrustParameters):
    """Parameters of SLCD-v0."""

    id: ClassVar[str] = "SLCD-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("samsung", "sony")

    baseline: Any = 30.0
    shares: Any = (0.55, 0.45)
    dependence: Any = ((0.0, 0.64), (0.86, 0.0))
    gamma: float = 0.65
    lambda_plus: float = 0.08
    lambda_minus: float = 0.28
    mu_R: float = 0.50
    delta_R: float = 0.02
    xi: float = 0.45
    initial_trust: Any = 0.65
