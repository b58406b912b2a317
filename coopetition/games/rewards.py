"""Reward modes: the layer over payoffs and utilities, one class a mode, found by name in one registry.

A mode is a frozen dataclass with a name and a compiled stage that writes ``Work.REWARD``; numbers of its own are
parameters with ``kernel=True``, read in its stage as ``parameters[Scalar.ALPHA]`` with ``Scalar = TheMode.Scalar``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from coopetition.games import checks
from coopetition.games.declared import Declaring
from coopetition.games.doors import address_of, load_named, module_in, not_registered, offered, without_module
from coopetition.kernels.machine import numbers

if TYPE_CHECKING:
    from coopetition.kernels.machine.compiled import Stage


@dataclass(frozen=True, kw_only=True)
class RewardMode(Declaring):
    """A reward mode; subclasses are modes.

    Attributes
    ----------
    name : str
        What ``reward_mode=`` calls it.
    about : str
        What it pays, for docs.
    """

    name: ClassVar[str] = ""
    about: ClassVar[str] = ""

    _starts: ClassVar[dict[str, int]] = numbers.MODE_START
    _rooms: ClassVar[dict[str, int]] = numbers.MODE_ROOM

    def __post_init__(self) -> None:
        for field in fields(self):
            domain = self.domain(field.name)
            if domain.kind not in ("agents", "pairs"):
                where = f"reward mode {self.name!r}"
                checked = domain.checked(where, field.name, getattr(self, field.name), 0)
                object.__setattr__(self, field.name, checked)

    def __str__(self) -> str:
        """The name, and the numbers that are not its defaults."""
        shown = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple) and len(set(value)) == 1 and not isinstance(field.default, tuple):
                value = value[0]
            if value != field.default:
                shown[field.name] = value
        return self.name + (f"({', '.join(f'{name}={value}' for name, value in shown.items())})" if shown else "")

    @property
    def named_numbers(self) -> dict[str, Any]:
        """Its numbers, for files; `restored_mode` makes the mode of them again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def of_size(self, n: int) -> RewardMode:
        """The mode for n agents: what is given for each agent or pair is broadcast and checked."""
        sized = {}
        for field in fields(self):
            domain = self.domain(field.name)
            if domain.kind in ("agents", "pairs"):
                where = f"reward mode {self.name!r}"
                sized[field.name] = domain.checked(where, field.name, getattr(self, field.name), n)
        return replace(self, **sized) if sized else self

    def stage(self) -> Stage:
        """The stage that writes the rewards."""
        raise NotImplementedError(f"the reward mode {self.name!r} has no stage")

    def matrix(self, n: int) -> np.ndarray | None:
        """Weights M (n, n) of payoffs, where rewards are sum_j M_ij pi_j and no more; else None."""
        return None


class Private(RewardMode):
    """pi_i."""

    name: ClassVar[str] = "private"
    about: ClassVar[str] = "pi_i"

    def stage(self) -> Stage:
        """Payoffs."""
        from coopetition.kernels.rewards import private_rewards

        return private_rewards


class Integrated(RewardMode):
    """U_i."""

    name: ClassVar[str] = "integrated"
    about: ClassVar[str] = "U_i"

    def stage(self) -> Stage:
        """Utilities."""
        from coopetition.kernels.rewards import integrated_rewards

        return integrated_rewards


class Cooperative(RewardMode):
    """The mean payoff, the same for all."""

    name: ClassVar[str] = "cooperative"
    about: ClassVar[str] = "mean_j pi_j, the same for all"

    def stage(self) -> Stage:
        """The mean of payoffs."""
        from coopetition.kernels.rewards import cooperative_rewards

        return cooperative_rewards


@dataclass(frozen=True, kw_only=True)
class Weighted(RewardMode):
    """sum_j M_ij pi_j with a matrix that the caller gives; it has no name to ask for it by."""

    name: ClassVar[str] = "matrix"
    about: ClassVar[str] = "sum_j M_ij pi_j, and no other term"

    weights: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        """Weights were checked where they came in."""

    def __str__(self) -> str:
        return self.name

    def of_size(self, n: int) -> RewardMode:
        """Itself, if its matrix is one of n agents."""
        if np.shape(self.weights) != (n, n):
            raise ValueError(f"reward_mode: a matrix of shape {np.shape(self.weights)}, expected {(n, n)}")
        return self

    def stage(self) -> Stage:
        """Weighted sums of payoffs."""
        from coopetition.kernels.rewards import weighted_rewards

        return weighted_rewards

    def matrix(self, n: int) -> np.ndarray | None:
        """The weights."""
        return np.array(self.weights)


#: Entry-point group in which an installed package offers its modes: ``name = "module:Class"``.
GROUP = "coopetition.reward_modes"
#: Modes by name: a class, or where it is imported from when it is first asked for. `register_reward_mode` adds one.
REWARD_MODES: dict[str, type[RewardMode] | str] = {
    "private": Private,
    "integrated": Integrated,
    "cooperative": Cooperative,
    "inequity_averse": "coopetition.games.inequity_averse:InequityAverse",
}
M = TypeVar("M", bound=RewardMode)


def register_reward_mode(mode: type[M]) -> type[M]:
    """Make a mode known by its name, in every place that takes ``reward_mode=``; usable as a decorator.

    Parameters
    ----------
    mode : type
        A subclass of `RewardMode`, a frozen dataclass if it has numbers of its own.

    Raises
    ------
    TypeError
        No reward mode, or one that lacks its name, ``about``, stage, a default, a sentence, or the dataclass decorator.
    ValueError
        A name that is taken, or none.
    """
    if not (isinstance(mode, type) and issubclass(mode, RewardMode)):
        raise TypeError(f"{mode!r} is not a subclass of RewardMode")
    if not mode.name:
        raise TypeError(f"the reward mode {mode.__qualname__} has no name")
    if not isinstance(mode.name, str) or not mode.name.isidentifier() or mode.name != mode.name.lower():
        raise ValueError(f"reward mode name = {mode.name!r}: expected a word of lower-case letters and underscores")
    if mode.stage is RewardMode.stage:
        raise TypeError(f"the reward mode {mode.name!r} has no stage")
    if not mode.about:
        raise TypeError(f'the reward mode {mode.name!r} has no about: write about = "what it pays"')
    undecorated = [name for name, value in vars(mode).items() if isinstance(value, Field) and name not in _slots(mode)]
    if undecorated:
        raise TypeError(
            f"the reward mode {mode.name!r} declares {', '.join(undecorated)} and is no dataclass: "
            "decorate it with @dataclass(frozen=True, kw_only=True)"
        )
    for field in fields(mode):
        if field.default is MISSING:
            raise TypeError(f"the reward mode {mode.name!r}: {field.name} has no default, which its name stands for")
        try:
            mode.domain(field.name)
        except KeyError:
            raise TypeError(
                f"the reward mode {mode.name!r}: {field.name} has no domain; declare it with parameter(...)"
            ) from None
        if not mode._metadata(field.name)["about"]:
            raise TypeError(f"the reward mode {mode.name!r}: {field.name} has no sentence: write about=...")
    known = REWARD_MODES.get(mode.name)
    again = known is mode or (known is not None and known == address_of(mode)) or _same_place(known, mode)
    point = offered(GROUP).get(mode.name)
    if mode.name == Weighted.name or (known is not None and not again):
        raise ValueError(f"there is a reward mode {mode.name!r} already: the name is taken")
    if known is None and point is not None and point.value != address_of(mode):
        raise ValueError(f"there is a reward mode {mode.name!r} already: the name is taken by {point.value!r}")
    mode()
    REWARD_MODES[mode.name] = mode
    return mode


def _slots(mode: type[RewardMode]) -> tuple[str, ...]:
    """Names of a class's fields, if it is a dataclass itself and not only by what it inherits."""
    return tuple(vars(mode).get("__dataclass_fields__", ()))


def _same_place(known: Any, mode: type[RewardMode]) -> bool:
    return isinstance(known, type) and address_of(known) == address_of(mode) is not None


def reward_mode_names() -> tuple[str, ...]:
    """Names of all modes: those of this package, of installed packages, and those registered in this process."""
    load_named()
    return tuple(dict.fromkeys((*REWARD_MODES, *offered(GROUP))))


def reward_mode_class(name: str) -> type[RewardMode]:
    """A mode by name, or by ``"module:name"``; its module is imported when it is first asked for.

    Raises
    ------
    ValueError
        An unknown name, with the nearest one.
    LookupError
        A module that should have the mode and does not, named.
    """
    short = without_module(name)
    if short not in REWARD_MODES:
        names = reward_mode_names()
        if module_in(name) and short not in names:
            raise not_registered(name, "reward_mode", "coopetition.register_reward_mode", REWARD_MODES)
        short = checks.choose("reward_mode", short, names)
    found = REWARD_MODES.get(short) or offered(GROUP)[short].value
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        mode = getattr(import_module(module), attribute, None)
        if not (isinstance(mode, type) and issubclass(mode, RewardMode) and mode.name == short):
            raise LookupError(f"{found!r} should be the reward mode {short!r}, found {mode!r}")
        found = register_reward_mode(mode)
    return found


def restored_mode(name: str, named_numbers: Mapping[str, Any]) -> RewardMode:
    """The mode that a file names, with the numbers that it gives it.

    Raises
    ------
    ValueError
        An unknown name, or a number out of its domain.
    """
    values = {key: _tuples(value) for key, value in named_numbers.items()}
    return Weighted(**values) if name == Weighted.name else reward_mode_class(name)(**values)


def _tuples(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def read_reward_mode(given: Any, n: int) -> RewardMode:
    """The mode that a name, a mode or an (n, n) matrix of weights stands for.

    Raises
    ------
    ValueError
        An unknown name, a matrix of another shape, or one that is not finite.
    TypeError
        Anything else.
    """
    if isinstance(given, RewardMode):
        return given.of_size(n)
    if isinstance(given, type) and issubclass(given, RewardMode):
        return given().of_size(n)
    if isinstance(given, str):
        return reward_mode_class(given)().of_size(n)
    expected = f"expected one of {', '.join(reward_mode_names())}, or a finite ({n}, {n}) matrix of weights on payoffs"
    try:
        matrix = checks.reals("reward_mode", given)
    except TypeError:
        raise TypeError(f"reward_mode = {checks.shown(given)}: {expected}") from None
    if matrix.shape != (n, n) or not np.all(np.isfinite(matrix)):
        raise ValueError(f"reward_mode = {checks.shown(given)}: {expected}")
    return Weighted(weights=tuple(map(tuple, matrix.tolist())))
