"""SynergySearch-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import Addition, TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class SynergySearch(TrustParameters):
    """Parameters of SynergySearch-v0."""

    id: ClassVar[str] = "SynergySearch-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")

    baseline: Any = 40.0
    dependence: Any = 0.50
    gamma: float | None = None  # type: ignore[assignment]
    initial_trust: Any = 0.55
    gamma_range: Any = parameter(
        (0.20, 0.90), "numbers", 0.0, about="gamma is drawn uniformly from it at each reset"
    )
    reveal_gamma: bool = parameter(False, "flag", about="show gamma to the agents")

    def check(self) -> None:
        """The range is two numbers in order."""
        super().check()
        if len(self.gamma_range) != 2 or not 0.0 <= self.gamma_range[0] < self.gamma_range[1]:
            raise self.refuse("gamma_range", "expected two numbers, 0 <= low < high")

    def additions(self) -> tuple[Addition, ...]:
        """Gamma is state anyway; here it may be shown, relative to the largest that can be drawn."""
        top = max(self.gamma_range[1], self.gamma or 0.0)
        return (Addition("gamma", scale=1.0 / top),) if self.reveal_gamma else ()
