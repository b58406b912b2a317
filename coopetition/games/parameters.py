"""Parameters of a game: frozen dataclasses, broadcast and validated once, at construction.

One class a mechanism family (trust, team, reciprocity); an environment subclasses it and states only the
defaults that differ. Each field carries its unit and domain, which the error messages and the docs use.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np

from coopetition.games.checks import choose as choose
from coopetition.games.checks import nearest as nearest

Vector = tuple[float, ...]
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Domain:
    """What a parameter may be.

    Attributes
    ----------
    kind : {"number", "integer", "agents", "pairs", "flag", "choice", "numbers"}
        "agents" is one number per agent, "pairs" an N x N matrix with zero diagonal; both also take one number
        for all. "numbers" is a tuple of a fixed length.
    low, high : float
        Bounds, included unless `open_low`.
    unit : str
        Unit, for the docs.
    choices : tuple of str
        The values of a "choice".
    """

    kind: str = "number"
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    open_low: bool = False
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "choice":
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        if self.kind == "flag":
            return "True or False"
        shape = {"agents": " for each agent", "pairs": " for each ordered pair, zero diagonal"}.get(self.kind, "")
        left = "(" if self.open_low or math.isinf(self.low) else "["
        right = ")" if math.isinf(self.high) else "]"
        return f"in {left}{self.low:g}, {self.high:g}{right}{shape}"


def parameter(
    default: Any,
    kind: str = "number",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    unit: str = "",
    open_low: bool = False,
    choices: tuple[str, ...] = (),
    about: str = "",
) -> Any:
    """A dataclass field with its domain and a sentence about it."""
    domain = Domain(kind, low, high, unit, open_low, choices)
    return dataclasses.field(default=default, metadata={"domain": domain, "about": about})


def as_matrix(value: Any, n: int) -> np.ndarray:
    """A number broadcast to all ordered pairs, or an N x N matrix, as float64."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return np.where(np.eye(n, dtype=bool), 0.0, float(array))
    return array


@dataclass(frozen=True)
class Addition:
    """What an environment adds to the state and to the views of it.

    Attributes
    ----------
    name : str
        Name of the state field.
    initial : array_like or None
        Value at reset, whose shape is the field's; None shows a field that exists anyway.
    high : float
        Upper end of its range, for `options=` of reset; the lower end is 0.
    observed : bool
        Whether agents see it. A field of shape (N,) is seen as own, then others; one of shape () as is.
    scale : float or array_like
        Factor that takes it to [0, 1] in views.
    noisy : bool
        Others' values are seen with noise.
    settable : bool
        Whether `options=` of reset may set it.
    """

    name: str
    initial: Any = None
    high: float = 1.0
    observed: bool = True
    scale: Any = 1.0
    noisy: bool = False
    settable: bool = True


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What every game has. Subclasses are environments; `id` and `mechanism` name them."""

    id: ClassVar[str] = ""
    mechanism: ClassVar[str] = ""
    family: ClassVar[str] = ""
    #: Names of the agents in index order, or the pattern of a single role, such as "agent_{}".
    roles: ClassVar[tuple[str, ...]] = ()
    #: Which preset the class's defaults are, and the presets that the environment has beside its published numbers.
    preset: ClassVar[str] = "published"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})

    horizon: int = parameter(100, "integer", 1, unit="steps", about="steps until truncation")

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
    def domain(cls, name: str) -> Domain:
        """The domain of a parameter, from the class that introduced it."""
        return cls._metadata(name)["domain"]

    @classmethod
    def about(cls, name: str) -> str:
        """The sentence about a parameter."""
        return cls._metadata(name)["about"]

    @classmethod
    def _metadata(cls, name: str) -> Any:
        for base in cls.__mro__:
            found = base.__dict__.get("__dataclass_fields__", {}).get(name)
            if found is not None and "domain" in found.metadata:
                return found.metadata
        raise KeyError(name)

    def resolved(self) -> dict[str, Any]:
        """Values for the fields that were left None and depend on others."""
        return {}

    def check(self) -> None:
        """Conditions that tie several parameters together."""

    def stages(self) -> list[Any]:
        """The stages of one step, in order: the family's, or an environment's own list."""
        from coopetition.games import families

        steps: dict[str, Any] = {
            "trust": families.trust_game,
            "reciprocity": families.reciprocity_game,
            "team": families.team_game,
        }
        stages: list[Any] = steps[self.family]()
        return stages

    def additions(self) -> tuple[Addition, ...]:
        """State and views beyond the family's."""
        return ()

    def rule_numbers(self) -> tuple[float, ...]:
        """Numbers that the environment's own kernel reads, from `places.OWN` on."""
        return ()

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent names in index order."""
        return self.roles

    @property
    def n(self) -> int:
        """Number of agents."""
        return len(self.agents)

    def refuse(self, name: str, why: str) -> ValueError:
        """The error for a parameter out of its domain."""
        return ValueError(f"{self.id}: {name} = {getattr(self, name)!r}: {why}")

    def _checked(self, name: str, value: Any, domain: Domain) -> Any:
        def wrong(detail: str = "") -> ValueError:
            return ValueError(f"{self.id}: {name} = {value!r} is out of its domain: {domain}{detail}")

        if domain.kind == "choice":
            if value not in domain.choices:
                raise wrong(nearest(value, domain.choices))
            return value
        if domain.kind == "flag":
            if not isinstance(value, bool | np.bool_):
                raise wrong()
            return bool(value)
        if value is None and type(self).__dataclass_fields__[name].default is None:
            return None
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise wrong("; it is not a number") from None
        shape: tuple[int, ...] = ()
        if domain.kind == "agents":
            shape = (self.n,)
            array = np.full(shape, array) if array.ndim == 0 else array
        elif domain.kind == "pairs":
            shape = (self.n, self.n)
            array = as_matrix(array, self.n)
        elif domain.kind == "numbers":
            shape = array.shape
        if array.shape != shape:
            raise wrong(f"; its shape is {array.shape}, expected {shape or 'one number'}")
        below = array <= domain.low if domain.open_low else array < domain.low
        if not np.all(np.isfinite(array)) or np.any(below) or np.any(array > domain.high):
            raise wrong()
        if domain.kind == "integer":
            if float(array) != int(array):
                raise wrong("; it is not an integer")
            return int(array)
        if domain.kind == "pairs":
            if np.any(np.diagonal(array) != 0.0):
                raise wrong("; its diagonal is not zero")
            return tuple(tuple(float(x) for x in row) for row in array)
        if domain.kind in ("agents", "numbers"):
            return tuple(float(x) for x in array)
        return float(array)

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
        allowed = [field.name for field in fields(cls)]
        for name in given:
            if name not in allowed:
                raise TypeError(
                    f"{cls.id} has no parameter {name!r}{nearest(name, allowed)} (parameters: {', '.join(allowed)})"
                )
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class TrustParameters(Parameters):
    """TR-1 payoffs under TR-2 trust: value, synergy, dependence, trust and reputation damage."""

    family: ClassVar[str] = "trust"

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
            raise self.refuse("shares", f"they must sum to 1, not {sum(self.shares):g}")
        if any(b > e for b, e in zip(self.baseline, self.endowment, strict=True)):
            raise self.refuse("baseline", f"each must lie in [0, its endowment], which are {self.endowment}")

    def resolved(self) -> dict[str, Any]:
        """Equal shares where none are given."""
        return {"shares": 1.0 / self.n} if self.shares is None else {}

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
