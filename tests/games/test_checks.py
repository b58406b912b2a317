"""The one rule for what is handed in: a table of values that are refused, and of those that are read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from coopetition.games import checks

NO_NUMBERS: list[Any] = [
    "0.5", b"1", True, np.bool_(True), 1j, None, dict, {}, [0.5, "0.5"], [True, 0.5], [[0.1], [0.1, 0.2]],
    np.datetime64("2020-01-01"), np.timedelta64(1, "s"), np.array([1 + 2j]), np.array(["a"]), np.array([True]),
    np.ma.masked_array([1.0], [True]), np.zeros(2, dtype=[("a", float)]),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
def test_no_number(value):
    with pytest.raises(TypeError, match="theta"):
        checks.reals("theta", value)


NUMBERS: list[Any] = [1, 1.5, np.float32(0.25), np.int8(3), Fraction(1, 4), [1, 2.5], ((1.0,), (2.0,)), 10**30]


@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_numbers(value):
    read = checks.reals("theta", value)
    assert read.dtype == np.float64
    assert np.array_equal(read, np.array(value, dtype=np.float64))


def test_beyond_float64():
    for value in (10**400, 10**10_000):
        with pytest.raises(ValueError, match="theta.*too large"):
            checks.reals("theta", value)


@pytest.mark.parametrize("value", ["3", 2.9, 3.0, True, None, [3], np.float64(2.0), 3 + 0j, np.array([1, 2])], ids=str)
def test_no_count(value):
    with pytest.raises(TypeError, match="num_envs = .* is not an integer"):
        checks.count("num_envs", value)


def test_counts():
    assert [checks.count("num_envs", value) for value in (1, np.int64(7), np.array(4))] == [1, 7, 4]
    with pytest.raises(ValueError, match="num_envs = 0: expected at least 1"):
        checks.count("num_envs", 0)
    with pytest.raises(ValueError, match=r"k = 9: expected an integer in \[1, 8\]"):
        checks.count("k", 9, high=8)


@pytest.mark.parametrize("value", ["no", "", 0, 1, None, np.int8(1), [True]], ids=str)
def test_no_flag(value):
    with pytest.raises(TypeError, match="observe = .*True or False"):
        checks.flag("observe", value)


def test_seeds():
    assert checks.seed("seed", None) is None
    assert checks.seed("seed", 2**70) == 2**70
    assert checks.seeds("seed", [1, None, np.int64(3)], 3) == [1, None, 3]
    assert checks.seeds("seed", np.array([1, 2]), 2) == [1, 2]
    for value, error in ((-1, ValueError), ("1", TypeError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="seed"):
            checks.seed("seed", value)
        with pytest.raises(error, match=r"seed\[1\]"):
            checks.seeds("seed", [0, value], 2)
    with pytest.raises(ValueError, match="3 seeds for 2 copies"):
        checks.seeds("seed", [1, 2, 3], 2)
    with pytest.raises(TypeError, match="seed"):
        checks.seeds("seed", "12", 2)


def test_unknown_arguments_are_refused_in_pythons_words():
    with pytest.raises(TypeError) as caught:
        checks.arguments("SLCD-v0", {"frameskip": 1}, ["gamma", "horizon"])
    assert "SLCD-v0 got an unexpected keyword argument 'frameskip'" in str(caught.value)
    assert "gamma, horizon" in str(caught.value)
    with pytest.raises(TypeError, match="did you mean 'gamma'"):
        checks.arguments("SLCD-v0", ["gama"], ["gamma", "horizon"])


def test_long_values_are_cut():
    with pytest.raises(TypeError) as caught:
        checks.reals("theta", ["x" * 5000])
    assert len(str(caught.value)) < 250
