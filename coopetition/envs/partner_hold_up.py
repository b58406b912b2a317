"""PartnerHoldUp-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.parameters import TrustParameters


@dataclass(frozen=True, kw_only=True)
class PartnerHoldUp(TrustParameters):
    """Parameters of PartnerHoldUp-v0."""

    id: ClassVar[str] = "PartnerHoldUp-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("strong", "weak")

    endowment: Any = (120.0, 80.0)
    baseline: Any = (42.0, 28.0)
    shares: Any = (0.6, 0.4)
    dependence: Any = ((0.0, 0.35), (0.85, 0.0))
    gamma: float = 0.60
    lambda_plus: float = 0.10
    lambda_minus: float = 0.35
    mu_R: float = 0.55
    delta_R: float = 0.025
    xi: float = 0.70
    kappa: float = 1.2
    initial_trust: Any = 0.55
    collapse_threshold: float = 0.10

    def watched(self) -> np.ndarray:
        """Only the weak partner's trust in the strong one ends the game."""
        return np.array([[0.0, 0.0], [1.0, 0.0]])
