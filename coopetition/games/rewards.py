"""Reward modes: the layer over payoffs and utilities, one class a mode, found by name in one registry.

A mode is a frozen dataclass with a name and a compiled stage that writes ``Work.REWARD``; numbers of its own are
parameters with ``kernel=True``, read in its stage as ``parameters[Scalar.ALPHA]`` with ``Scalar = TheMode.Scalar``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from coopetition.games import checks
from coopetition.games.declared import Declaring
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

    def of_size(self, n: int) -> RewardMode:
        """The mode for n agents: what is given for each agent or pair is broadcast and checked."""
        for field in fields(self):
            domain = self.domain(field.name)
            if domain.kind in ("agents", "pairs"):
                domain.checked(f"reward mode {self.name!r}", field.name, getattr(self, field.name), n)
        return self

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


#: Modes by name. One more is one call of `add_reward_mode`.
REWARD_MODES: dict[str, type[RewardMode]] = {}


def add_reward_mode(mode: type[RewardMode]) -> type[RewardMode]:
    """Make a mode known by its name, in every place that takes ``reward_mode=``; usable as a decorator.

    Raises
    ------
    TypeError
        No reward mode, or one without a name or a stage.
    ValueError
        A name that is taken.
    """
    if not (isinstance(mode, type) and issubclass(mode, RewardMode)):
        raise TypeError(f"{mode!r} is not a subclass of RewardMode")
    if not mode.name:
        raise TypeError(f"the reward mode {mode.__qualname__} has no name")
    if mode.stage is RewardMode.stage:
        raise TypeError(f"the reward mode {mode.name!r} has no stage")
    if REWARD_MODES.get(mode.name, mode) is not mode or mode.name == Weighted.name:
        raise ValueError(f"there is a reward mode {mode.name!r} already")
    REWARD_MODES[mode.name] = mode
    return mode


for _mode in (Private, Integrated, Cooperative):
    add_reward_mode(_mode)


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
        return REWARD_MODES[checks.choose("reward_mode", given, REWARD_MODES)]().of_size(n)
    expected = f"expected one of {', '.join(REWARD_MODES)}, or a finite ({n}, {n}) matrix of weights on payoffs"
    try:
        matrix = checks.reals("reward_mode", given)
    except TypeError:
        raise TypeError(f"reward_mode = {checks.shown(given)}: {expected}") from None
    if matrix.shape != (n, n) or not np.all(np.isfinite(matrix)):
        raise ValueError(f"reward_mode = {checks.shown(given)}: {expected}")
    return Weighted(weights=tuple(map(tuple, matrix.tolist())))
