"""Declaring a number once: a parameter of a dataclass that is a number of the kernels too.

``exit_threshold: float = parameter(0.15, low=0.0, high=1.0, kernel=True, about=...)`` in a class makes
``parameters[Scalar.EXIT_THRESHOLD]`` its value in the class's stages, where ``Scalar = TheClass.Scalar``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games import checks
from coopetition.kernels.machine import numbers

#: Which namespace a parameter's kind lies in: single numbers, a number an agent, a number an ordered pair.
SPACES = {"agents": "Vector", "pairs": "Matrix"}


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

    def checked(self, where: str, name: str, value: Any, n: int) -> Any:
        """`value` as it is kept: a number, a text, a flag, or tuples of numbers broadcast to n agents or pairs.

        Raises
        ------
        TypeError
            Of the wrong kind: text for a number, 2.5 for an integer, 1 for a flag.
        ValueError
            Out of the domain, or of the wrong shape.
        """

        def wrong(detail: str = "") -> ValueError:
            return ValueError(f"{where}: {name} = {checks.shown(value)} is out of its domain: {self}{detail}")

        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise wrong(checks.nearest(value, self.choices))
            return value
        if self.kind == "flag":
            try:
                return checks.flag(name, value)
            except TypeError:
                raise TypeError(f"{where}: {name} = {checks.shown(value)} is out of its domain: {self}") from None
        try:
            if self.kind == "integer":
                array = np.asarray(float(checks.integer(name, value)))
            else:
                array = checks.reals(name, value)
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            words = "an integer" if self.kind == "integer" else "a number"
            size = "too large" if kind is ValueError else f"not {words}"
            raise kind(
                f"{where}: {name} = {checks.shown(value)} is out of its domain: {self}; it is {size}"
                f"{'' if kind is ValueError else f', but {checks.kind_of(value)}'}"
            ) from None
        shape: tuple[int, ...] = ()
        if self.kind == "agents":
            shape = (n,)
            array = np.full(shape, array) if array.ndim == 0 else array
        elif self.kind == "pairs":
            shape = (n, n)
            array = as_matrix(array, n)
        elif self.kind == "numbers":
            shape = array.shape if array.ndim == 1 else (-1,)
        if array.shape != shape:
            raise wrong(f"; its shape is {array.shape}, expected {shape or 'one number'}")
        below = array <= self.low if self.open_low else array < self.low
        if not np.all(np.isfinite(array)) or np.any(below) or np.any(array > self.high):
            raise wrong()
        if self.kind == "integer":
            return checks.integer(name, value)
        if self.kind == "pairs":
            if np.any(np.diagonal(array) != 0.0):
                raise wrong("; its diagonal is not zero")
            return tuple(tuple(row) for row in array.tolist())
        return tuple(array.tolist()) if array.ndim else float(array)


def parameter(
    default: Any,
    kind: str = "number",
    low: float = -math.inf,
    high: float = math.inf,
    *,
    unit: str = "",
    open_low: bool = False,
    choices: tuple[str, ...] = (),
    kernel: bool = False,
    about: str = "",
) -> Any:
    """A dataclass field with its domain and a sentence about it.

    Parameters
    ----------
    default : object
        Its default; None where the class resolves it from others.
    kind, low, high, unit, open_low, choices
        Its `Domain`.
    kernel : bool
        Whether the class's own stages read it, under its name in capitals.
    about : str
        What it is, for docs.
    """
    domain = Domain(kind, low, high, unit, open_low, choices)
    return dataclasses.field(default=default, metadata={"domain": domain, "about": about, "kernel": kernel})


def as_matrix(value: Any, n: int) -> np.ndarray:
    """A number broadcast to all ordered pairs, or an N x N matrix, as float64."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return np.where(np.eye(n, dtype=bool), 0.0, float(array))
    return array


class Declaring:
    """Base of dataclasses whose parameters may be numbers of the kernels."""

    #: Numbers that the class's stages read beside its parameters: names of properties, and how many numbers each has
    #: ("agents" and "pairs" for one an agent or an ordered pair).
    derived: ClassVar[dict[str, int | str]] = {}
    #: The namespaces of the class's stages: the shared names, and its own.
    Scalar: ClassVar[Any] = numbers.Scalar
    Vector: ClassVar[Any] = numbers.Vector
    Matrix: ClassVar[Any] = numbers.Matrix

    #: Where names of this kind of class begin, and how many there may be.
    _starts: ClassVar[dict[str, int]] = numbers.OWN_START
    _rooms: ClassVar[dict[str, int]] = numbers.OWN_ROOM

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declared: dict[str, dict[str, int]] = {"Scalar": {}, "Vector": {}, "Matrix": {}}
        for name in cls.__dict__.get("__annotations__", {}):
            entry = cls.__dict__.get(name)
            if isinstance(entry, dataclasses.Field) and entry.metadata.get("kernel"):
                domain = entry.metadata["domain"]
                size = len(entry.default) if domain.kind == "numbers" else 1  # type: ignore[arg-type]
                declared[SPACES.get(domain.kind, "Scalar")][name] = size
        for name, size in cls.__dict__.get("derived", {}).items():
            space = SPACES.get(str(size), "Scalar")
            declared[space][name] = int(size) if space == "Scalar" else 1
        for space, sizes in declared.items():
            if sizes:
                capitals = {name.upper(): size for name, size in sizes.items()}
                made = numbers.extended(
                    getattr(cls, space), capitals, cls._starts[space], cls._rooms[space], cls.__qualname__
                )
                setattr(cls, space, made)
        for space in declared:
            for base in cls.__mro__:
                above = base.__dict__.get(space)
                if above is not None and not issubclass(getattr(cls, space), above):
                    raise TypeError(
                        f"{cls.__qualname__} inherits kernel numbers of its own from two classes, whose numbers clash: "
                        f"{', '.join(sorted(set(above.numbers) - set(getattr(cls, space).numbers)))}"
                    )
        cls._own_numbers = {
            **{name: own for base in cls.__mro__[:0:-1] for name, own in base.__dict__.get("_own_numbers", {}).items()},
            **{name: (space, size) for space, sizes in declared.items() for name, size in sizes.items()},
        }

    _own_numbers: ClassVar[dict[str, tuple[str, int]]] = {}

    @classmethod
    def domain(cls, name: str) -> Domain:
        """The domain of a parameter, from the class that introduced it."""
        found: Domain = cls._metadata(name)["domain"]
        return found

    @classmethod
    def _metadata(cls, name: str) -> Any:
        for base in cls.__mro__:
            found = base.__dict__.get("__dataclass_fields__", {}).get(name)
            if found is not None and "domain" in found.metadata:
                return found.metadata
        raise KeyError(name)

    def own_numbers(self) -> Iterator[tuple[numbers.Number, np.ndarray]]:
        """Each number that the class declares for its stages: where it lies, and its values.

        Raises
        ------
        TypeError
            A value that is missing, no number, or not as many numbers as declared.
        """
        where = getattr(self, "id", "") or type(self).__qualname__
        for name, (space, size) in self._own_numbers.items():
            try:
                value = getattr(self, name)
            except AttributeError:
                raise TypeError(f"{where} declares the kernel number {name!r} and has no such attribute") from None
            if isinstance(value, str):
                value = self.domain(name).choices.index(value)
            elif isinstance(value, bool):
                value = int(value)
            if value is None:
                raise TypeError(f"{where}: the kernel number {name!r} is None")
            array = checks.reals(f"{where}: {name}", value)
            if space == "Scalar" and array.size != size:
                raise TypeError(f"{where}: {name} has {array.size} numbers, and is declared with {size}")
            yield getattr(getattr(type(self), space), name.upper()), array
