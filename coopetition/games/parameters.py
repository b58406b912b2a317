"""Parameters of a game: frozen dataclasses, broadcast and validated once, at construction.

One class a mechanism family (trust, team, reciprocity); an environment subclasses it and states only the
defaults that differ. Each field carries its unit and domain, which the error messages and the docs use.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from coopetition.games import checks
from coopetition.games.checks import choose as choose
from coopetition.games.checks import nearest as nearest
from coopetition.games.declared import Declaring, as_matrix, parameter
from coopetition.games.declared import Domain as Domain
from coopetition.games.fields import FIELDS, StateField
from coopetition.kernels.machine import numbers

LARGEST_FLOAT32 = float(np.finfo(np.float32).max)

Vector = tuple[float, ...]
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Parameters(Declaring):
    """What every game has. Subclasses are environments; `id` and `mechanism` name them."""

    id: ClassVar[str] = ""
    mechanism: ClassVar[str] = ""
    family: ClassVar[str] = ""
    #: Names of the agents in index order, or the pattern of a single role, such as "agent_{}".
    roles: ClassVar[tuple[str, ...]] = ()
    #: State that the environment adds, and shared fields that it declares anew: lines as in `coopetition.games.fields`.
    adds: ClassVar[tuple[StateField, ...]] = ()
    #: Outcomes by the game's own rule that it adds to the shared ones.
    outcomes: ClassVar[tuple[str, ...]] = ()
    #: When they come about, in words that follow "terminated", for the page; a parameter in backticks gets its value.
    ends: ClassVar[Mapping[str, str]] = MappingProxyType({})
    #: Properties, each one number, that pages state with the first line of their docstrings beside the formulas; and
    #: those that depend on a choice, for the table of what the choice sets.
    stated: ClassVar[tuple[str, ...]] = ()
    by_choice: ClassVar[tuple[str, ...]] = ()
    #: The namespaces of the class's stages, as `Scalar`: state fields, and outcomes.
    State: ClassVar[Any] = numbers.State
    Outcome: ClassVar[Any] = numbers.Outcome
    #: Which preset the class's defaults are, and the presets that the environment has beside its published numbers.
    preset: ClassVar[str] = "published"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})

    horizon: int = parameter(100, "integer", 1, unit="steps", about="steps until truncation")
    continuation: float = parameter(
        1.0, low=0.0, high=1.0, open_low=True, about="delta, probability that the episode goes on after a step"
    )
    continuation_form: str = parameter(
        "drawn", "choice", choices=("drawn", "expected"), about="draw the end, or weigh step t by delta^(t-1)"
    )
    observe_time: bool = parameter(True, "flag", about="show the clock")
    tremble: float = parameter(0.0, low=0.0, high=1.0, unit="rate", about="deviation of the noise on what is done")
    monitoring_noise: float = parameter(
        0.0, low=0.0, high=1.0, unit="rate", about="deviation of the noise on what is seen of others' rates"
    )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        added = {line.name.upper(): 1 for line in cls.__dict__.get("adds", ()) if line.name not in FIELDS}
        if added:
            start, room = numbers.OWN_START["State"], numbers.OWN_ROOM["State"]
            cls.State = numbers.extended(cls.State, added, start, room, cls.__qualname__)
        named = {name.upper(): 1 for name in cls.__dict__.get("outcomes", ())}
        if named:
            cls.Outcome = numbers.extended(cls.Outcome, named, numbers.Outcome.size, 1000, cls.__qualname__)
        # The story and the formulas of an environment stand in its file's docstring: `help` of its class has them too.
        story = getattr(sys.modules.get(cls.__module__), "__doc__", None) or ""
        if cls.id and "id" in vars(cls) and story.startswith(cls.published_class().id.partition("-")[0]):
            cls.__doc__ = f"{cls.__doc__}\n\n{story}\n`coopetition show {cls.id}` has agents, spaces and numbers."

    def __post_init__(self) -> None:
        # Sizes and phases first: other values, and their shapes, are derived from them.
        for field in fields(self):
            domain = self.domain(field.name)
            if domain.kind not in ("agents", "pairs"):
                object.__setattr__(self, field.name, self._checked(field.name, getattr(self, field.name), domain))
        for name, value in self.resolved().items():
            object.__setattr__(self, name, value)
        for field in fields(self):
            domain = self.domain(field.name)
            object.__setattr__(self, field.name, self._checked(field.name, getattr(self, field.name), domain))
        self.check()
        self.check_range()

    @classmethod
    def published_class(cls) -> type[Parameters]:
        """The environment's class with its published defaults, whatever the preset of this one."""
        return next(base for base in cls.__mro__ if issubclass(base, Parameters) and base.preset == "published")

    def __reduce_ex__(self, protocol: Any) -> Any:
        """The class of a preset is found again through its environment's, which is an importable name."""
        if self.preset == "published":
            return super().__reduce_ex__(protocol)
        from coopetition.games.presets import restore

        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return restore, (self.published_class(), self.preset, values)

    @classmethod
    def about(cls, name: str) -> str:
        """The sentence about a parameter."""
        return str(cls._metadata(name)["about"])

    def resolved(self) -> dict[str, Any]:
        """Values for the fields that were left None and depend on others."""
        return {}

    def check(self) -> None:
        """Conditions that tie several parameters together."""

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """Complete, or refuse, a state that a reset sets; the shared fields are complete already.

        Parameters
        ----------
        state : dict of str to ndarray
            Every field by name, copies last: ``(n, K)``, ``(K,)``; written in place.
        given : frozenset of str
            The names that the caller gave.
        """

    def largest_payoff(self) -> float:
        """A bound on what a step can pay, payoffs and utilities; one beyond float32 is refused."""
        return 0.0

    def check_range(self) -> None:
        """Refuse numbers whose payoffs no float32 holds, naming the largest of them."""
        with np.errstate(over="ignore", invalid="ignore"):
            bound = self.largest_payoff()
        if not bound <= LARGEST_FLOAT32:
            sizes = {}
            for field in fields(self):
                value = getattr(self, field.name)
                if self.domain(field.name).kind in ("number", "agents", "numbers") and value is not None:
                    sizes[field.name] = float(np.max(np.abs(value)))
            name = max(sizes, key=lambda one: sizes[one])
            raise self.refuse(
                name, f"payoffs can reach {bound:.3g}, and rewards are float32, up to {LARGEST_FLOAT32:.3g}"
            )

    def stages(self) -> list[Any]:
        """The stages of one step, in order: the family's, or an environment's own list."""
        from coopetition.games.families import family_of

        stages: list[Any] = family_of(self).stages()
        return stages

    def state_fields(self) -> dict[str, StateField]:
        """The game's state by name, in the order in which it lies: the family's fields, then what classes add."""
        from coopetition.games.families import family_of

        shared = {name: FIELDS[name] for name in family_of(self).fields}
        shared |= {"chance": FIELDS["chance"]} if self.uncertain else {}
        shared |= {"seen": FIELDS["seen"]} if self.monitoring_noise > 0.0 else {}
        shared |= {} if self.observe_time else {"begun": FIELDS["begun"]}
        return shared | {line.name: line for line in self.added_fields()}

    @classmethod
    def added_fields(cls) -> tuple[StateField, ...]:
        """What the class and those above it add, the uppermost first."""
        return tuple(line for base in reversed(cls.__mro__) for line in base.__dict__.get("adds", ()))

    @classmethod
    def outcome_names(cls) -> tuple[str, ...]:
        """Outcomes by number; number 0, "", is none yet."""
        return ("", *(name.lower() for name in list(cls.Outcome.numbers)[1:]))

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent names in index order."""
        return self.roles

    @property
    def last_start(self) -> int:
        """Latest time from which an episode can start."""
        return self.horizon - 1

    @property
    def noise_deviation(self) -> float:
        """Standard deviation of the noise on what is seen of fields that are noisy."""
        return 0.0

    @property
    def baseline_rate(self) -> np.ndarray:
        """b_i / e_i, the rate that others expect of i, (n,)."""
        baseline, endowment = (np.asarray(getattr(self, name), dtype=float) for name in ("baseline", "endowment"))
        return baseline / endowment

    @property
    def baseline_rates(self) -> np.ndarray:
        """b_j / e_j for each ordered pair (i, j), (n, n)."""
        return np.tile(self.baseline_rate, (self.n, 1))

    @property
    def uncertain(self) -> bool:
        """Whether anything of `coopetition.kernels.chance` is drawn."""
        ends = self.continuation < 1.0 and self.continuation_form == "drawn"
        return ends or self.tremble > 0.0 or self.monitoring_noise > 0.0

    def without_chance(self, continuation_form: str | None = None) -> Self:
        """The same game without tremble and noise; its end expected, or, if no form is given, at the horizon."""
        if self.continuation == 1.0 and not self.uncertain:
            return self
        ends = {"continuation": 1.0} if continuation_form is None else {"continuation_form": continuation_form}
        return replace(self, tremble=0.0, monitoring_noise=0.0, **ends)

    @property
    def n(self) -> int:
        """Number of agents."""
        return len(self.agents)

    def refuse(self, name: str, why: str) -> ValueError:
        """The error for a parameter out of its domain."""
        return ValueError(f"{self.id}: {name} = {getattr(self, name)!r}: {why}")

    def _checked(self, name: str, value: Any, domain: Domain) -> Any:
        if value is None and type(self).__dataclass_fields__[name].default is None:
            return None
        return domain.checked(self.id, name, value, self.n if domain.kind in ("agents", "pairs") else 0)

    def to_dict(self) -> dict[str, Any]:
        """Every parameter by name, and the environment's id."""
        return {"id": self.id, **{field.name: getattr(self, field.name) for field in fields(self)}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; JSON's lists are accepted for tuples."""
        given = dict(values)
        identity = given.pop("id", cls.id)
        if identity != cls.id:
            raise ValueError(f"these are parameters of {identity}, not of {cls.id}")
        return cls.build(given)

    @classmethod
    def build(cls, given: dict[str, Any]) -> Self:
        """Construct from keyword arguments; an unknown one is a TypeError with the nearest match."""
        checks.arguments(cls.id, given, [field.name for field in fields(cls)])
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class TrustParameters(Parameters):
    """TR-1 payoffs under TR-2 trust: value, synergy, dependence, trust and reputation damage."""

    family: ClassVar[str] = "trust"
    stated: ClassVar[tuple[str, ...]] = ("negativity_bias", "signal_of_one_level")

    endowment: Any = parameter(100.0, "agents", 0.0, open_low=True, unit="level", about="e_i, the most that i can give")
    baseline: Any = parameter(None, "agents", 0.0, unit="level", about="b_i, the level that others expect of i")
    shares: Any = parameter(None, "agents", 0.0, 1.0, about="alpha_i, bargaining shares of the synergy; they sum to 1")
    dependence: Any = parameter(None, "pairs", 0.0, 1.0, about="D_ij, how much i depends on j")
    theta: float = parameter(20.0, low=0.0, unit="payoff", about="scale of the logarithmic individual value")
    gamma: float = parameter(0.65, low=0.0, about="complementarity: weight of the synergy")
    value_form: str = parameter(
        "logarithmic", "choice", choices=("logarithmic", "power"), about="theta ln(1 + a), or a^beta"
    )
    beta: float = parameter(0.75, low=0.0, high=1.0, open_low=True, about="exponent of the power form")
    lambda_plus: float = parameter(0.10, low=0.0, high=1.0, unit="1/step", about="rate at which trust builds")
    lambda_minus: float = parameter(0.30, low=0.0, high=1.0, unit="1/step", about="rate at which trust erodes")
    mu_R: float = parameter(0.60, low=0.0, high=1.0, unit="1/step", about="rate at which defection damages reputation")
    delta_R: float = parameter(0.03, low=0.0, high=1.0, unit="1/step", about="rate at which damage heals")
    xi: float = parameter(0.50, low=0.0, about="how much dependence deepens erosion")
    kappa: float = parameter(1.0, low=0.0, open_low=True, about="steepness of the signal")
    signal_scale: str = parameter(
        "raw",
        "choice",
        choices=("raw", "endowment"),
        about="sigma_j: 1, as published (all but the sign of the deviation), or e_j (smooth)",
    )
    initial_trust: Any = parameter(0.50, "pairs", 0.0, 1.0, about="T_ij at reset")
    initial_damage: Any = parameter(0.0, "pairs", 0.0, 1.0, about="R_ij at reset")
    collapse_threshold: float = parameter(
        0.05, low=0.0, high=1.0, about="the episode terminates when watched trust falls below it; 0: never"
    )

    def check(self) -> None:
        """Shares sum to one, baselines lie within endowments."""
        for name in ("baseline", "shares", "dependence"):
            if getattr(self, name) is None:
                raise self.refuse(name, "is missing")
        if abs(sum(self.shares) - 1.0) > 1e-9:
            raise self.refuse("shares", f"they must sum to 1, not {sum(self.shares)!r}")
        if any(b > e for b, e in zip(self.baseline, self.endowment, strict=True)):
            raise self.refuse("baseline", f"each must lie in [0, its endowment], which are {self.endowment}")

    def resolved(self) -> dict[str, Any]:
        """Equal shares where none are given."""
        return {"shares": 1.0 / self.n} if self.shares is None else {}

    @property
    def initial_gamma(self) -> float:
        """Gamma at reset; NaN stands for one that is drawn."""
        return math.nan if self.gamma is None else self.gamma

    @property
    def recovery_target(self) -> float:
        """Mean of watched trust that wins the game; here none does."""
        return math.inf

    def largest_payoff(self) -> float:
        """Of one agent that gets everything, times all whom it may count as its own."""
        most = np.max(np.asarray(self.endowment, dtype=np.float64))
        value = np.float64(self.theta) * np.log1p(most) if self.value_form == "logarithmic" else most**self.beta
        return float(self.n * (most + value + np.float64(self.largest_synergy) * most))

    @property
    def largest_synergy(self) -> float:
        """The largest gamma that an episode can have."""
        return self.initial_gamma

    @property
    def negativity_bias(self) -> float:
        """lambda_minus / lambda_plus, how much faster trust is lost than won."""
        return self.lambda_minus / self.lambda_plus if self.lambda_plus > 0.0 else math.nan

    @property
    def signal_of_one_level(self) -> float:
        """s_j one level above the baseline if levels are read raw, tanh(kappa)."""
        return math.tanh(self.kappa)

    @property
    def watches_trust(self) -> bool:
        """Whether trust can end the game."""
        return self.collapse_threshold > 0.0 or math.isfinite(self.recovery_target)

    @property
    def sigma(self) -> np.ndarray:
        """sigma_j, the units in which deviations from the baseline are read, (n,)."""
        return np.asarray(self.endowment) if self.signal_scale == "endowment" else np.ones(self.n)

    @property
    def synergy_scale(self) -> float:
        """Geometric mean of the endowments."""
        return math.exp(np.log(np.asarray(self.endowment)).mean())

    @property
    def dependence_moves(self) -> bool:
        """Whether an episode changes D_ij."""
        return False

    def watched(self) -> np.ndarray:
        """Weights (N, N) of the mean trust that ends the game: all ordered pairs, unless an environment differs."""
        n = self.n
        return as_matrix(1.0 / (n * (n - 1)), n)


@dataclass(frozen=True, kw_only=True)
class ReciprocityParameters(TrustParameters):
    """TR-4: the trust game with a memory, and a response to what others do against what they used to do."""

    family: ClassVar[str] = "reciprocity"
    mechanism: ClassVar[str] = "reciprocity"

    signal_scale: str = "endowment"
    rho_0: float = parameter(1.0, low=0.0, about="base reciprocity sensitivity")
    eta: float = parameter(1.0, low=0.0, about="elasticity of sensitivity in dependence")
    kappa_r: float = parameter(1.0, low=0.0, open_low=True, about="steepness of the bounded response")
    memory: int = parameter(5, "integer", 1, 1000, unit="steps", about="k, length of the memory")
    lambda_R: float = parameter(1.0, low=0.0, about="weight of reciprocity in the utility")
    omega: float = parameter(0.6, low=0.0, about="how much dependence amplifies reciprocity")
    reciprocity_form: str = parameter(
        "gradient", "choice", choices=("gradient", "additive"), about="h_i = a_i, or the mean endowment"
    )

    def largest_payoff(self) -> float:
        """And what reciprocity adds to it."""
        most = np.max(np.asarray(self.endowment, dtype=np.float64))
        response = np.float64(self.lambda_R) * self.n * (1.0 + self.omega) * self.rho_0
        return float(super().largest_payoff() + most * response)

    @property
    def memory_length(self) -> int:
        """k, under a name that is not the state field's."""
        return self.memory

    @property
    def mean_endowment(self) -> float:
        """Mean of the endowments."""
        return float(np.mean(self.endowment))

    @property
    def sensitivity(self) -> np.ndarray:
        """rho_ij = rho_0 D_ij^eta, (n, n), zero where i does not depend on j at all."""
        dependence = as_matrix(self.dependence, self.n)
        strength = self.rho_0 * np.where(dependence > 0.0, dependence, 0.0) ** self.eta
        return np.where(np.eye(self.n, dtype=bool), 0.0, strength)


@dataclass(frozen=True, kw_only=True)
class TeamParameters(Parameters):
    """TR-3: team production, effort cost and loyalty."""

    family: ClassVar[str] = "team"
    mechanism: ClassVar[str] = "team"

    endowment: Any = parameter(50.0, "agents", 0.0, open_low=True, unit="effort", about="e_i = a_max, the most effort")
    baseline: Any = parameter(20.0, "agents", 0.0, unit="effort", about="b_i, the effort that others expect")
    omega: float = parameter(25.0, low=0.0, open_low=True, about="productivity")
    beta: float = parameter(0.70, low=0.0, high=1.0, open_low=True, about="returns to total effort")
    cost: float = parameter(1.0, low=0.0, unit="payoff/effort", about="c, cost of effort")
    phi_B: float = parameter(0.0, low=0.0, about="weight of teammates' payoff in loyalty")
    phi_C: float = parameter(0.0, low=0.0, about="weight of the warmth of contributing in loyalty")
    initial_loyalty: Any = parameter(0.5, "agents", 0.0, 1.0, about="theta_i at reset")
    loyalty_gain: float = parameter(
        0.02, low=0.0, unit="1/step", about="rise per unit of rate, at or above the threshold"
    )
    loyalty_loss: float = parameter(0.05, low=0.0, unit="1/step", about="fall per unit of rate below the threshold")
    loyalty_threshold: float = parameter(0.5, low=0.0, high=1.0, about="rate from which loyalty rises")
    loyalty_cap: float = parameter(1.0, low=0.0, high=1.0, about="highest loyalty")
    teammates: str = parameter("mean", "choice", choices=("mean", "sum"), about="teammates' payoff: their mean or sum")

    def largest_payoff(self) -> float:
        """Of the whole product, what is kept, cost, and what loyalty adds."""
        total = np.sum(np.asarray(self.endowment, dtype=np.float64))
        product = np.float64(self.omega) * total**self.beta + self.cost * total + np.max(self.kept)
        return float(product * (1.0 + self.phi_B * self.n) + self.phi_C * self.cost * total)

    @property
    def kept(self) -> np.ndarray:
        """What each keeps if it gives nothing, (n,); here nothing."""
        return np.zeros(self.n)

    def check(self) -> None:
        """Baselines lie within endowments, loyalty under its cap."""
        if any(b > e for b, e in zip(self.baseline, self.endowment, strict=True)):
            raise self.refuse("baseline", f"each must lie in [0, its endowment], which are {self.endowment}")
        if any(theta > self.loyalty_cap for theta in self.initial_loyalty):
            raise self.refuse("initial_loyalty", f"it must not exceed the cap of {self.loyalty_cap:g}")


class Sized:
    """Mix-in of games whose number of agents is a parameter: names follow the one role pattern."""

    roles: ClassVar[tuple[str, ...]]
    n_agents: int

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent names, role_0 to role_(n-1)."""
        return tuple(self.roles[0].format(i) for i in range(int(self.n_agents)))
