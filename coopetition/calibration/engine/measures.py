"""Measures by name: what a case that is written as data alone can measure of a solved game.

A measure is a function of a `Solved` and of the arguments that the file gives it; it returns one number a game. The
names of its arguments are those of the file's entry, so that a forgotten one, or one too many, is an error that names
it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .files import RubricError, nearest
from .games import Points
from .record import Record

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solved:
    """What measures may look at.

    Attributes
    ----------
    agents : tuple of str
    own : Points
        The games at their solution.
    reference : Points or None
        The same games, paid at the solution of the reference.
    record : Record
    measured : mapping of str to ndarray, shape (B,)
        The quantities that stand before this one in the file.
    """

    agents: tuple[str, ...]
    own: Points
    reference: Points | None
    record: Record
    measured: Mapping[str, Array]

    @property
    def base(self) -> Points:
        """The reference; an error where the file has none."""
        if self.reference is None:
            raise RubricError("the measure compares with a reference; the file has no table 'reference'")
        return self.reference

    def index(self, agent: str) -> int:
        """Place of an agent."""
        if agent not in self.agents:
            raise RubricError(f"no agent {agent!r}; {nearest(agent, self.agents)}")
        return self.agents.index(agent)


Measure = Callable[..., ArrayLike]


@dataclass(frozen=True)
class Named:
    """A registered measure: its function, what it measures, its unit."""

    name: str
    function: Measure
    what: str
    unit: str


_measures: dict[str, Named] = {}


def register_measure(name: str, unit: str = "1") -> Callable[[Measure], Measure]:
    """Register a measure under a name; the first line of its docstring says what it measures.

    Parameters
    ----------
    name : str
    unit : str
        ``"bool"`` for a truth value.

    Raises
    ------
    ValueError
        The name is taken, or the function says nothing about itself.
    """

    def enter(function: Measure) -> Measure:
        about = (inspect.getdoc(function) or "").split("\n")[0].rstrip(".")
        if not about:
            raise RubricError(f"measure {name!r}: {function.__qualname__} has no docstring to say what it measures")
        if name in _measures:
            raise RubricError(f"the measure name {name!r} is taken by {_measures[name].function.__module__}")
        _measures[name] = Named(name, function, about, unit)
        return function

    return enter


def measure_names() -> tuple[str, ...]:
    """All measures, in the order in which they were registered."""
    return tuple(_measures)


def find_measure(where: str, name: Any, arguments: Mapping[str, Any]) -> Named:
    """A measure by name, its arguments checked.

    Raises
    ------
    RubricError
        An unknown measure, an argument that it lacks or has not.
    """
    if name not in _measures:
        raise RubricError(f"{where}: unknown measure {name!r}; {nearest(str(name), _measures)}")
    found = _measures[name]
    wanted = list(inspect.signature(found.function).parameters.values())[1:]
    names = [one.name for one in wanted]
    for given in arguments:
        if given not in names:
            raise RubricError(
                f"{where}: measure {name!r} takes no {given!r}; {nearest(given, names) if names else 'none'}"
            )
    for one in wanted:
        if one.default is inspect.Parameter.empty and one.name not in arguments:
            raise RubricError(f"{where}: measure {name!r} needs {one.name!r}")
    return found


def half_widths(x: ArrayLike, band: ArrayLike) -> Array:
    """Distance of x from the middle of a documented band, in half-widths of the band (1 at its edge)."""
    low, high = np.asarray(band, dtype=float)
    return np.asarray(np.abs(np.asarray(x, dtype=float) - 0.5 * (low + high)) / (0.5 * (high - low)))


@register_measure("converged", "bool")
def _converged(solved: Solved) -> ArrayLike:
    """The oracle certified the solution, and the reference's if there is one."""
    return solved.own.converged & (True if solved.reference is None else solved.reference.converged)


@register_measure("level", "level")
def _level(solved: Solved, agent: str) -> ArrayLike:
    """One agent's level."""
    return solved.own.levels[:, solved.index(agent)]


@register_measure("least level", "level")
def _least_level(solved: Solved) -> ArrayLike:
    """The smallest of the levels."""
    return solved.own.levels.min(axis=1)


@register_measure("greatest level", "level")
def _greatest_level(solved: Solved) -> ArrayLike:
    """The largest of the levels."""
    return solved.own.levels.max(axis=1)


@register_measure("payoff", "payoff")
def _payoff(solved: Solved, agent: str) -> ArrayLike:
    """One agent's payoff."""
    return solved.own.payoffs[:, solved.index(agent)]


@register_measure("least payoff", "payoff")
def _least_payoff(solved: Solved) -> ArrayLike:
    """The smallest of the payoffs."""
    return solved.own.payoffs.min(axis=1)


@register_measure("payoffs finite", "bool")
def _payoffs_finite(solved: Solved) -> ArrayLike:
    """All payoffs are finite."""
    return np.isfinite(solved.own.payoffs).all(axis=1)


@register_measure("share of payoffs", "share")
def _share_of_payoffs(solved: Solved, agent: str) -> ArrayLike:
    """One agent's share of all payoffs."""
    payoffs = solved.own.payoffs
    return payoffs[:, solved.index(agent)] / payoffs.sum(axis=1)


@register_measure("asymmetry of levels")
def _asymmetry(solved: Solved) -> ArrayLike:
    """The largest level less the smallest, over their mean."""
    return np.ptp(solved.own.levels, axis=1) / solved.own.levels.mean(axis=1)


@register_measure("value", "payoff")
def _value(solved: Solved) -> ArrayLike:
    """What is created: payoffs and levels less endowments."""
    return solved.own.value


@register_measure("value finite", "bool")
def _value_finite(solved: Solved) -> ArrayLike:
    """What is created is finite."""
    return np.isfinite(solved.own.value)


@register_measure("reference value", "payoff")
def _reference_value(solved: Solved) -> ArrayLike:
    """What is created at the reference's levels."""
    return solved.base.value


@register_measure("rise of levels", "%")
def _rise_of_levels(solved: Solved) -> ArrayLike:
    """Mean level over the reference's, less one."""
    return 100.0 * (solved.own.levels.mean(axis=1) / solved.base.levels.mean(axis=1) - 1.0)


@register_measure("all levels above reference", "bool")
def _all_above(solved: Solved) -> ArrayLike:
    """Every level exceeds the same agent's in the reference."""
    return (solved.own.levels > solved.base.levels).all(axis=1)


@register_measure("rise of value", "%")
def _rise_of_value(solved: Solved) -> ArrayLike:
    """What is created over the same at the reference's levels, less one."""
    return 100.0 * (solved.own.value / solved.base.value - 1.0)


@register_measure("gain of value", "payoff")
def _gain_of_value(solved: Solved) -> ArrayLike:
    """What is created less the same at the reference's levels."""
    return solved.own.value - solved.base.value


@register_measure("least gain of payoff", "payoff")
def _least_gain(solved: Solved) -> ArrayLike:
    """The smallest gain of an agent over its payoff at the reference's levels."""
    return (solved.own.payoffs - solved.base.payoffs).min(axis=1)


@register_measure("distance from record", "half-widths")
def _distance(solved: Solved, quantity: str) -> ArrayLike:
    """Distance of a quantity before this one from the middle of its band in the record, in half-widths."""
    if quantity not in solved.measured:
        raise RubricError(f"no quantity {quantity!r} stands before this one; {nearest(quantity, solved.measured)}")
    band = solved.record[quantity]
    if np.shape(band) != (2,):
        raise RubricError(f"the record's {quantity!r} is no band [low, high]: {band!r}")
    return half_widths(solved.measured[quantity], band)
