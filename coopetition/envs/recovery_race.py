"""RecoveryRace-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class RecoveryRace(TrustParameters):
    """Parameters of RecoveryRace-v0."""

    id: ClassVar[str] = "RecoveryRace-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")

    horizon: int = 200
    baseline: Any = 35.0
    dependence: Any = 0.55
    gamma: float = 0.60
    lambda_plus: float = 0.08
    lambda_minus: float = 0.35
    mu_R: float = 0.70
    delta_R: float = 0.01
    xi: float = 0.40
    initial_trust: Any = 0.25
    initial_damage: Any = 0.50
    recovery_target: float = parameter(
        0.90, low=0.0, high=1.0, open_low=True, about="the episode is won when mean trust reaches it"
    )
