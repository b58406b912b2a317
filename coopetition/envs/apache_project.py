"""ApacheProject-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.parameters import Sized, TeamParameters, parameter

#: Phase: committers, loyalty cap, omega, historical effort.
PHASES = {
    "emergence": (8, 1.00, 20.0, 35.0),
    "growth": (15, 0.85, 25.0, 30.0),
    "maturity": (40, 0.70, 30.0, 22.0),
    "evolution": (35, 0.60, 28.0, 18.0),
}


@dataclass(frozen=True, kw_only=True)
class ApacheProject(Sized, TeamParameters):
    """Parameters of ApacheProject-v0."""

    id: ClassVar[str] = "ApacheProject-v0"
    roles: ClassVar[tuple[str, ...]] = ("committer_{}",)

    phase: str = parameter(
        "maturity", "choice", choices=tuple(PHASES), about="phase of the project's history"
    )
    n_agents: int = parameter(None, "integer", 2, 1000, about="number of committers; by phase")
    horizon: int = 60
    omega: float = None  # type: ignore[assignment]
    phi_B: float = 0.75
    phi_C: float = 0.25
    loyalty_cap: float = None  # type: ignore[assignment]
    initial_loyalty: Any = None

    @property
    def historical_effort(self) -> float:
        """Mean effort that the record gives for the phase."""
        return PHASES[self.phase][3]

    def resolved(self) -> dict[str, Any]:
        """The phase's team size, cap and productivity, where they are not given; loyalty starts at half the cap."""
        if self.phase not in PHASES:
            return {}  # the domain check names it
        n, cap, omega, _ = PHASES[self.phase]
        values = {"n_agents": n, "loyalty_cap": cap, "omega": omega}
        values = {name: value for name, value in values.items() if getattr(self, name) is None}
        if self.initial_loyalty is None:
            values["initial_loyalty"] = 0.5 * values.get("loyalty_cap", self.loyalty_cap)
        return values
