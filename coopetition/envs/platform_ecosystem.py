"""PlatformEcosystem-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.parameters import TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class PlatformEcosystem(TrustParameters):
    """Parameters of PlatformEcosystem-v0."""

    id: ClassVar[str] = "PlatformEcosystem-v0"
    mechanism: ClassVar[str] = "interdependence"
    roles: ClassVar[tuple[str, ...]] = ("platform", "developer_{}")

    n_developers: int = parameter(4, "integer", 1, 1000, about="number of developers")
    endowment: Any = None
    theta: float = 25.0
    gamma: float = 0.75
    lambda_plus: float = 0.08
    lambda_minus: float = 0.25
    mu_R: float = 0.45
    delta_R: float = 0.02
    xi: float = 0.40
    initial_trust: Any = 0.60
    collapse_threshold: float = 0.15

    @property
    def agents(self) -> tuple[str, ...]:
        """The platform first, then its developers."""
        return ("platform", *(f"developer_{k}" for k in range(int(self.n_developers))))

    def resolved(self) -> dict[str, Any]:
        """Endowments 150 and 80, baselines .30 e, the platform's share .30, dependence .25 and .75."""
        count = self.n - 1
        values: dict[str, Any] = {}
        if self.endowment is None:
            values["endowment"] = (150.0, *[80.0] * count)
        endowment = values.get("endowment", self.endowment)
        if self.baseline is None:
            values["baseline"] = 0.30 * np.broadcast_to(np.asarray(endowment, dtype=float), self.n)
        if self.shares is None:
            values["shares"] = (0.30, *[0.70 / count] * count)
        if self.dependence is None:
            dependence = np.zeros((self.n, self.n))
            dependence[0, 1:] = 0.25
            dependence[1:, 0] = 0.75
            values["dependence"] = dependence
        return values

    def watched(self) -> np.ndarray:
        """The developers' mean trust in the platform ends the game."""
        weights = np.zeros((self.n, self.n))
        weights[1:, 0] = 1.0 / (self.n - 1)
        return weights
