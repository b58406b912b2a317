"""The vectorisable functions against mpmath: units in the last place, special values, symmetries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numba
import numpy as np
import pytest

from coopetition.kernels import fastmath

SMALLEST = 5e-324
SMALLEST_NORMAL = 2.2250738585072014e-308
LARGEST = 1.7976931348623157e308
POINTS = 1500  # a range


def over(function: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Apply a formula to an array as kernels do: inlined into a loop that vectorises."""

    @numba.njit(error_model="numpy")
    def loop(x: Any, result: Any) -> None:
        for lane in range(x.size):
            result[lane] = function(x[lane])

    def apply(x: Any) -> np.ndarray:
        x = np.ascontiguousarray(x, dtype=np.float64)
        result = np.full_like(x, 7.0)
        loop(x, result)
        return result

    return apply


FUNCTIONS = {name: over(getattr(fastmath, name)) for name in ("log", "log1p", "exp", "tanh")}


def units(got: float, exact: Any) -> float:
    """Distance from the exact value in units of its last place."""
    wanted = float(exact)
    if math.isinf(wanted) or wanted == 0.0:
        return 0.0 if got == wanted else math.inf
    return abs(float((mpmath.mpf(got) - exact) / mpmath.mpf(math.ulp(wanted))))


def worst(name: str, x: np.ndarray) -> tuple[float, float]:
    """The largest error in units, and where."""
    exact = getattr(mpmath, name)
    got = FUNCTIONS[name](x)
    with mpmath.workprec(1200 if name == "log1p" and np.abs(x).min() < 1e-16 else 140):
        errors = [units(float(y), exact(mpmath.mpf(float(v)))) for v, y in zip(x, got, strict=True)]
    place = int(np.argmax(errors))
    return errors[place], float(x[place])


def geometric(low: float, high: float) -> np.ndarray:
    """Points spread evenly over the exponents, mantissas at random."""
    rng = np.random.default_rng(1)
    return np.exp2(rng.uniform(np.log2(low), np.log2(high), POINTS))


def even(low: float, high: float) -> np.ndarray:
    return np.random.default_rng(2).uniform(low, high, POINTS)


def near(*places: float) -> np.ndarray:
    """The neighbours of some places, from one unit to a millionth away."""
    steps = np.array([0.0, *2.0 ** np.arange(-52, -18)])
    return np.concatenate([place * (1.0 + sign * steps) for place in places for sign in (1, -1)])


SUBNORMALS = np.concatenate([SMALLEST * np.arange(1, 200), geometric(1e-322, SMALLEST_NORMAL)])
REDUCTIONS = np.array([k * math.log(2.0) + offset for k in range(-30, 31) for offset in (0.0, 0.1733, 0.5198)])
RANGES = {
    "log, subnormal": ("log", SUBNORMALS),
    "log, all exponents": ("log", geometric(SMALLEST_NORMAL, LARGEST)),
    "log, usual": ("log", even(0.0, 4.0)),
    "log, near one": ("log", near(1.0)),
    "log, near the cuts": ("log", near(math.sqrt(0.5), math.sqrt(2.0), 2.0, 0.5, SMALLEST_NORMAL)),
    "log, ends": ("log", np.array([SMALLEST, SMALLEST_NORMAL, LARGEST])),
    "log1p, tiny": ("log1p", np.concatenate([geometric(1e-30, 1e-3), -geometric(1e-30, 1e-3)])),
    "log1p, near zero": ("log1p", even(-0.5, 1.0)),
    "log1p, levels": ("log1p", even(0.0, 200.0)),
    "log1p, large": ("log1p", geometric(100.0, LARGEST)),
    "log1p, near -1": ("log1p", -1.0 + geometric(2.0**-53, 0.5)),
    "log1p, near the cuts": ("log1p", near(math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 2.0**53, 2.0**52)),
    "log1p, subnormal": ("log1p", np.concatenate([SUBNORMALS[::20], -SUBNORMALS[::20]])),
    "log1p, largest": ("log1p", geometric(1e308, LARGEST)),
    "log, largest": ("log", geometric(1e308, LARGEST)),
    "exp, usual": ("exp", even(-5.0, 5.0)),
    "exp, normal results": ("exp", even(-708.0, 709.78)),
    "exp, subnormal results": ("exp", even(-745.13, -708.3)),
    "exp, tiny": ("exp", np.concatenate([geometric(1e-300, 0.1), -geometric(1e-300, 0.1)])),
    "exp, near the cuts": ("exp", np.concatenate([REDUCTIONS, near(0.1732, 0.5198, -0.1733)])),
    "exp, ends": ("exp", np.array([709.782712893384, -745.1332191019411, -708.3964185322641])),
    "tanh, signals": ("tanh", even(-4.0, 4.0)),
    "tanh, near zero": ("tanh", np.concatenate([geometric(1e-20, 0.5), -geometric(1e-20, 0.5)])),
    "tanh, large": ("tanh", even(4.0, 30.0)),
    "tanh, near the cuts": ("tanh", np.concatenate([REDUCTIONS / 2.0, near(0.0866, 0.2599, 0.5493, 22.0)])),
    "tanh, subnormal": ("tanh", SUBNORMALS),
    "tanh, huge": ("tanh", geometric(20.0, LARGEST)),
}


@pytest.mark.parametrize("row", RANGES)
def test_within_two_units(row):
    name, x = RANGES[row]
    error, place = worst(name, x)
    assert error <= 2.0, f"{name}({place!r}) is {error:.2f} units off"


def test_the_measure_notices_three_units():
    """A function that is three units off is told from one that is two off."""
    exact = mpmath.exp(1)
    assert units(math.e, exact) < 0.5
    assert units(math.e + 2 * math.ulp(math.e), exact) > 1.5
    assert units(math.e + 3 * math.ulp(math.e), exact) > 2.5


SPECIAL = [
    ("log", 0.0, -math.inf),
    ("log", -0.0, -math.inf),
    ("log", math.inf, math.inf),
    ("log", -1.0, math.nan),
    ("log", -SMALLEST, math.nan),
    ("log", -math.inf, math.nan),
    ("log", math.nan, math.nan),
    ("log", 1.0, 0.0),
    ("log1p", 0.0, 0.0),
    ("log1p", -0.0, -0.0),
    ("log1p", -1.0, -math.inf),
    ("log1p", math.inf, math.inf),
    ("log1p", -1.0000000000000002, math.nan),
    ("log1p", -math.inf, math.nan),
    ("log1p", math.nan, math.nan),
    ("exp", 0.0, 1.0),
    ("exp", -0.0, 1.0),
    ("exp", math.inf, math.inf),
    ("exp", -math.inf, 0.0),
    ("exp", 709.8, math.inf),
    ("exp", LARGEST, math.inf),
    ("exp", -745.2, 0.0),
    ("exp", -LARGEST, 0.0),
    ("exp", math.nan, math.nan),
    ("tanh", 0.0, 0.0),
    ("tanh", -0.0, -0.0),
    ("tanh", math.inf, 1.0),
    ("tanh", -math.inf, -1.0),
    ("tanh", 60.0, 1.0),
    ("tanh", -LARGEST, -1.0),
    ("tanh", math.nan, math.nan),
    ("tanh", SMALLEST, SMALLEST),
]


@pytest.mark.parametrize("lanes", [1, 37])
@pytest.mark.parametrize(("name", "x", "wanted"), SPECIAL)
def test_special_values(name, x, wanted, lanes):
    """In vectors and in what is left over of them."""
    got = FUNCTIONS[name](np.full(lanes, x))
    if math.isnan(wanted):
        assert np.isnan(got).all()
    else:
        np.testing.assert_array_equal(got, wanted)
        assert (np.signbit(got) == (math.copysign(1.0, wanted) < 0)).all()


def test_tanh_is_odd_to_the_bit():
    x = np.concatenate([RANGES[row][1] for row in RANGES if row.startswith("tanh")])
    assert FUNCTIONS["tanh"](-x).tobytes() == (-FUNCTIONS["tanh"](x)).tobytes()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_at_a_time_and_in_vectors_bit_for_bit(name):
    x = np.concatenate([RANGES[row][1] for row in RANGES if row.startswith(f"{name},")])[:997]
    together = FUNCTIONS[name](x)
    alone = np.array([FUNCTIONS[name](x[k : k + 1])[0] for k in range(x.size)])
    assert together.tobytes() == alone.tobytes()


MONOTONE = {"log": (1e-3, 50.0), "log1p": (-0.9, 200.0), "exp": (-40.0, 40.0), "tanh": (-6.0, 6.0)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_increasing(name):
    """No step down between points that are many units apart."""
    low, high = MONOTONE[name]
    assert (np.diff(FUNCTIONS[name](np.linspace(low, high, 200_001))) > 0.0).all()


# --- power


@numba.njit(error_model="numpy")
def powers(x: Any, y: Any, result: Any) -> None:
    for lane in range(x.size):
        result[lane] = fastmath.power(x[lane], y[lane])


def power(x: Any, y: Any) -> np.ndarray:
    x, y = (np.ascontiguousarray(part) for part in np.broadcast_arrays(x, np.asarray(y, dtype=np.float64)))
    result = np.full(x.shape, 7.0)
    powers(x, y, result)
    return result


POWERS = {
    "levels": (even(0.0, 6000.0), even(0.05, 1.0)),
    "small": (geometric(1e-300, 1.0), even(0.05, 1.0)),
    "large": (geometric(1.0, 1e300), even(0.05, 1.0)),
    "beyond one": (geometric(1e-20, 1e20), even(1.0, 12.0)),
    "near one": (near(1.0), np.full(near(1.0).size, 0.75)),
}


@pytest.mark.parametrize("row", POWERS)
def test_power_within_its_stated_bound(row):
    x, y = POWERS[row]
    got = power(x, y)
    with mpmath.workprec(140):
        for base, exponent, value in zip(x, y, got, strict=True):
            exact = mpmath.power(mpmath.mpf(float(base)), mpmath.mpf(float(exponent)))
            bound = 2.0 + 2.0 * abs(exponent * math.log(base))
            assert units(float(value), exact) <= bound, (base, exponent)


def test_special_powers():
    np.testing.assert_array_equal(power(np.array([0.0, 1.0, math.inf]), 0.7), [0.0, 1.0, math.inf])
    assert np.isnan(power(np.array([math.nan]), 0.7)).all()
    assert not np.signbit(power(np.array([0.0]), 0.7)).any()
