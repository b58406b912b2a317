"""TrustDilemma-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class TrustDilemma(TrustParameters):
    """Parameters of TrustDilemma-v0."""

    id: ClassVar[str] = "TrustDilemma-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")

    baseline: Any = 40.0
    dependence: Any = 0.60
    gamma: float = 0.70
    lambda_plus: float = 0.15
    lambda_minus: float = 0.45
    mu_R: float = 0.50
    delta_R: float = 0.02
    xi: float = 0.60
    kappa: float = 1.5
