"""ApacheProject-v0: the Apache HTTP Server, from a handful of committers to a crowd.

Volunteers write a server together, 1995-2023. As the project grows, each one's share of the product shrinks and so
does the loyalty that it can hold. The team depends on all its members equally. Beside LoyaltyTeam-v0: size,
productivity and a cap on loyalty by phase. `coopetition validate apache` compares the case of this name with the
record: its numbers are those of `preset="case"`, not the defaults.

## Payoff
```
pi_i = Q / n - c a_i,   Q = omega (sum_j a_j)^beta
U_i  = pi_i + theta_i (phi_B mean_(j != i) pi_j + phi_C c a_i)
```

c is `cost`. `teammates` "sum" puts the sum in the place of the mean, the reading behind the report's published
figures.

## Dynamics
```
theta_i += loyalty_gain c_i                             if c_i >= loyalty_threshold
theta_i -= loyalty_loss (loyalty_threshold - c_i)       otherwise
```

Loyalty moves first, from this step's rates, clipped to [0, loyalty_cap]; then the step is paid. There is no trust
layer and no pair matrix: a step costs O(N).

Each `phase` has its own size, productivity and cap: emergence (1995-1999), growth (2000-2005), maturity
(2006-2015), evolution (2016-2023). An argument that is given overrides its phase's number; loyalty starts at half
the cap. The historical effort is a record to compare with, and enters no formula. `preset="case"` plays the phases
that `coopetition validate apache` scores (`chronology="case"`): formation, growth, maturation and evolution, with
team sizes of their own, and a loyalty that is the founders' and does not move.

## Departures from the published code
- Pays team production and loyalty, the report's equations; the published code pays the TR-1 payoff times hand-set
  modifiers, and computes team production for `info` only.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-3, collective action and loyalty, arXiv:2601.16237; Coopetition-Gym v1, arXiv:2605.02063.
- Mockus, Fielding and Herbsleb, Two case studies of open source software development: Apache and Mozilla, ACM
  Transactions on Software Engineering and Methodology 11 (2002).
- Holmström, Moral hazard in teams, Bell Journal of Economics 13 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coopetition.games.parameters import Sized, TeamParameters, parameter

#: Phase: committers, loyalty cap, omega, historical effort.
PHASES = {
    "emergence": (8, 1.00, 20.0, 35.0),
    "growth": (15, 0.85, 25.0, 30.0),
    "maturity": (40, 0.70, 30.0, 22.0),
    "evolution": (35, 0.60, 28.0, 18.0),
}
#: The same of the case that TR-3 validates, with the multiplier of its founders' loyalty in the place of a cap.
CASE_PHASES = {
    "formation": (8, 1.00, 30.0, 6.8),
    "growth": (25, 0.85, 30.0, 5.2),
    "maturation": (40, 0.70, 30.0, 4.1),
    "evolution": (35, 0.60, 30.0, 3.8),
}
#: Loyalty of the case's eight founders; the profile repeats in larger teams.
FOUNDERS = (0.85, 0.90, 0.80, 0.75, 0.70, 0.78, 0.82, 0.76)
CHRONOLOGIES = {"published": PHASES, "case": CASE_PHASES}


@dataclass(frozen=True, kw_only=True)
class ApacheProject(Sized, TeamParameters):
    """Parameters of ApacheProject-v0."""

    id: ClassVar[str] = "ApacheProject-v0"
    roles: ClassVar[tuple[str, ...]] = ("committer_{}",)
    by_choice: ClassVar[tuple[str, ...]] = ("historical_effort",)
    presets: ClassVar[Any] = {
        "strong": {"phase": "emergence"},
        # What TR-3 validates: its own phases and team sizes, and a loyalty that does not move.
        "case": {
            "chronology": "case",
            "phase": "maturation",
            "beta": 0.65,
            "cost": 1.2,
            "phi_B": 0.8,
            "phi_C": 0.3,
            "teammates": "sum",
            "loyalty_gain": 0.0,
            "loyalty_loss": 0.0,
        },
    }

    phase: str = parameter(
        "maturity",
        "choice",
        choices=("emergence", "formation", "growth", "maturity", "maturation", "evolution"),
        about="phase of the history",
    )
    chronology: str = parameter(
        "published", "choice", choices=tuple(CHRONOLOGIES), about="whose phases: the environment's, or the case's"
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
        return CHRONOLOGIES[self.chronology][self.phase][3]

    def resolved(self) -> dict[str, Any]:
        """The phase's team size, cap and productivity, where not given; loyalty starts at half the cap.

        In the case's chronology each committer has a founder's loyalty times the phase's multiplier, and the cap is 1.
        """
        phases = CHRONOLOGIES[self.chronology]
        if self.phase not in phases:
            raise self.refuse("phase", f"the chronology {self.chronology!r} has {', '.join(map(repr, phases))}")
        n, cap, omega, _ = phases[self.phase]
        case = self.chronology == "case"
        values: dict[str, Any] = {"n_agents": n, "loyalty_cap": 1.0 if case else cap, "omega": omega}
        values = {name: value for name, value in values.items() if getattr(self, name) is None}
        if self.initial_loyalty is None and case:
            size = int(values.get("n_agents", self.n_agents))
            values["initial_loyalty"] = tuple(cap * FOUNDERS[i % len(FOUNDERS)] for i in range(size))
        elif self.initial_loyalty is None:
            values["initial_loyalty"] = 0.5 * values.get("loyalty_cap", self.loyalty_cap)
        return values
