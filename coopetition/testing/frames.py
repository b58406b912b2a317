"""What an environment returned at a reset or a step, compared bit for bit; and the error of a broken promise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


class ConformanceError(AssertionError):
    """An environment breaks its interface's promise.

    Attributes
    ----------
    check : str
        Name of the check, one of `CHECKS`.
    """

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check


def require(condition: Any, check: str, message: str) -> None:
    """Raise a `ConformanceError` unless the condition holds."""
    if not condition:
        raise ConformanceError(check, message)


@dataclass
class Frame:
    """What an environment returned at a reset or a step, by agent (or by copy, or "joint")."""

    observations: dict[str, Any]
    rewards: dict[str, Any]
    terminated: dict[str, Any]
    truncated: dict[str, Any]
    infos: dict[str, Any]
    state: Any = None
    over: bool = False


def same(one: Any, other: Any) -> bool:
    """Equality in value, type and shape, through dicts and sequences; bit for bit, except that -0 is 0."""
    if isinstance(one, Frame):
        return isinstance(other, Frame) and same(one.__dict__, other.__dict__)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.shape == other.shape
            and one.dtype == other.dtype
            and (all(map(same, one.flat, other.flat)) if one.dtype == object else bool(np.array_equal(one, other)))
        )
    return type(one) is type(other) and bool(one == other)


def kept(value: Any) -> Any:
    """A copy of what an environment returned, arrays and dicts included."""
    if isinstance(value, Frame):
        return Frame(*(kept(part) for part in value.__dict__.values()))
    if isinstance(value, dict):
        return {name: kept(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.copy()
    return value


def finite(value: Any) -> bool:
    """Whether a number, or every number of an array, is finite; words are."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "O" or bool(np.isfinite(value).all())
    return not isinstance(value, float | int | np.number) or math.isfinite(value)


def some(flag: Any) -> bool:
    """A flag, or whether any flag of an array is set."""
    return bool(flag.any()) if isinstance(flag, np.ndarray) else bool(flag)
