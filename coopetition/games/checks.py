"""What may be handed in: one rule for counts, numbers, flags, names, seeds and unknown arguments, for every door.

Conversions that Python and NumPy make without a word are refused by name: "0.5" is no number, 2.9 and "3" are no
counts, "no" and 1 are no flags, True is no number. What is of the right kind but out of its range is a ValueError,
what is of the wrong kind a TypeError; both say which argument, and what was given.
"""

from __future__ import annotations

import difflib
import numbers
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

#: Longest text of a value that a message shows.
SHOWN = 120


def shown(value: Any) -> str:
    """A value as a message shows it: cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        text = f"<{type(value).__name__} of more digits than Python writes>"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]} ..."


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint of the form ``; did you mean 'x'?``, or nothing."""
    matches = difflib.get_close_matches(str(name), list(allowed), n=1, cutoff=0.5)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def choose(what: str, value: Any, allowed: Iterable[str]) -> str:
    """`value` if it is allowed, else a ValueError that names what is allowed and the nearest match."""
    allowed = list(allowed)
    if not isinstance(value, str) or value not in allowed:
        names = ", ".join(repr(name) for name in allowed)
        raise ValueError(f"unknown {what} {shown(value)}; allowed: {names}{nearest(value, allowed)}")
    return str(value)


def count(name: str, value: Any, low: int = 1, high: int | None = None) -> int:
    """A whole number, such as ``num_envs``, ``threads`` or ``steps``.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : int
        What was given: a Python or NumPy integer. Text, floats and bools are refused, 3.0 too.
    low, high : int
        Bounds, included.

    Raises
    ------
    TypeError
        Not an integer.
    ValueError
        Out of bounds.
    """
    whole = integer(name, value)
    if whole < low or (high is not None and whole > high):
        expected = f"at least {low}" if high is None else f"an integer in [{low}, {high}]"
        raise ValueError(f"{name} = {shown(value)}: expected {expected}")
    return whole


def integer(name: str, value: Any) -> int:
    """An integer of any size and sign, as `operator.index` reads it, but for bools; otherwise a TypeError."""
    if not isinstance(value, bool | np.bool_):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name} = {shown(value)} is not an integer, but {kind_of(value)}")


def flag(name: str, value: Any) -> bool:
    """True or False, of Python or NumPy; anything else is a TypeError."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} = {shown(value)}: expected True or False, not {kind_of(value)}")
    return bool(value)


def seed(name: str, value: Any) -> int | None:
    """None, or an integer that is not negative: games that draw nothing ask for the same as those that do."""
    return None if value is None else count(name, value, low=0)


def seeds(name: str, value: Any, copies: int) -> int | None | list[int | None]:
    """One seed, or a sequence of one for each copy."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = list(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) != copies:
            raise ValueError(f"{name}: {len(value)} seeds for {copies} copies")
        return [seed(f"{name}[{k}]", one) for k, one in enumerate(value)]
    return seed(name, value)


def real(name: str, value: Any) -> float:
    """One real number as a float; infinities and NaN are left to the caller's bounds."""
    array = reals(name, value)
    if array.ndim != 0:
        raise TypeError(f"{name} = {shown(value)}: expected one number, its shape is {array.shape}")
    return float(array)


def reals(name: str, value: Any) -> np.ndarray:
    """Real numbers of any shape as float64, from integers and floats alone.

    Raises
    ------
    TypeError
        Text, bools, complex numbers, dates, structured and masked arrays, ragged lists, or objects.
    ValueError
        An integer beyond float64.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: a masked array is not an array of numbers; fill it first")
    if _holds_a_bool(value):
        raise TypeError(f"{name} = {shown(value)} is not a number, but {kind_of(value)}")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} = {shown(value)} is not a number, nor an array of numbers") from None
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    if array.dtype.kind == "O" and array.size and all(_is_real(one) for one in array.reshape(-1)):
        try:
            return array.astype(np.float64)
        except OverflowError:
            raise ValueError(f"{name} = {shown(value)} is too large for a number of float64") from None
    raise TypeError(f"{name} = {shown(value)} is not a number, but {kind_of(value)}")


def numbers_in(name: str, value: Any) -> np.ndarray:
    """Real numbers as an array of their own type: what `reals` takes, without a copy where none is needed."""
    if type(value) is np.ndarray and value.dtype.kind in "iuf":
        return value
    return reals(name, value)


def arguments(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse arguments that `what` does not have, in Python's own words, with what is allowed and the nearest."""
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            raise TypeError(
                f"{what} got an unexpected keyword argument {str(name)!r}{nearest(name, allowed)} "
                f"(allowed: {', '.join(allowed)})"
            )


def kind_of(value: Any) -> str:
    """What a value is, in a word or two, for a message."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray | np.generic):
        return f"{type(value).__name__} of {value.dtype}"
    return {"str": "text", "bytes": "bytes", "bool": "a flag", "float": "a float"}.get(
        type(value).__name__, f"of type {type(value).__name__}"
    )


def _is_real(value: Any) -> bool:
    # NumPy counts durations among the integers.
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_ | np.timedelta64)


def _holds_a_bool(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_a_bool(one) for one in value)
    return isinstance(value, bool | np.bool_)
