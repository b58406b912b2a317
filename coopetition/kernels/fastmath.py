"""log1p, exp, tanh and power as straight-line float64 code that vectorises.

PyPI's llvmlite has no vector mathematics library, and a call into libm ends the vectorisation of a loop. The
functions here have no branch and no call: argument reduction by bit operations, one polynomial, selects for the
special values. `log1p`, `log`, `exp` and `tanh` stay within 2 units in the last place of the exact value over the whole
range, infinities, NaN and zeros of both signs included; `power` is exp(y log x) and loses up to
2 + 2 |y log x| units (both held by tests against mpmath). The polynomials interpolate at Chebyshev nodes.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from coopetition.kernels.machine.compiled import inlined

if numba.config.DISABLE_JIT:

    def bits_of(x: float) -> int:
        """Bit pattern of a float64 as a signed integer."""
        return int(struct.unpack("<q", struct.pack("<d", x))[0])

    def float_of(bits: int) -> float:
        """Float64 of a bit pattern."""
        return float(struct.unpack("<d", struct.pack("<q", bits))[0])

    def fma(a: float, b: float, c: float) -> float:
        """a * b + c; rounded once when compiled, twice here."""
        return a * b + c

else:

    @intrinsic
    def bits_of(typingctx: Any, x: Any) -> Any:
        """Bit pattern of a float64 as a signed integer."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], ir.IntType(64))

        return types.int64(types.float64), codegen

    @intrinsic
    def float_of(typingctx: Any, bits: Any) -> Any:
        """Float64 of a bit pattern."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], ir.DoubleType())

        return types.float64(types.int64), codegen

    @intrinsic
    def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
        """a * b + c, rounded once: the same in scalar and vector code, and one instruction in both."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.fma(*args)

        return types.float64(types.float64, types.float64, types.float64), codegen


LN2_HIGH = 6.93147180369123816490e-01  # its last 32 bits are zero: an exponent times it is exact
LN2_LOW = 1.90821492927058770002e-10
INVERSE_LN2 = 1.44269504088896338700
# Adding 1.5 * 2^52 leaves the nearest integer in the mantissa's low bits. AVX2 cannot convert between float64
# and int64; adding and masking it can.
ROUNDER = 6755399441055744.0
ROUNDER_BITS = 0x4338000000000000
TWO_52_BITS = 0x4330000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
BIAS = 1023
BIAS_BITS = BIAS << 52
EXPONENT_MASK = 0x7FF
TWO_52_PLUS_BIAS = 4503599627370496.0 + 1023.0
SMALLEST_NORMAL = 2.2250738585072014e-308
TWO_54 = 18014398509481984.0


@inlined
def _log_of_reduced(f: float, k: float, correction: float) -> float:
    """Log of 2^k (1 + f) plus a small correction, for 1 + f in [sqrt(1/2), sqrt(2)]."""
    s = f / (2.0 + f)
    z = s * s
    series = fma(z, 0.1461916477718642, 0.1533150172120742)
    series = fma(z, series, 0.18182895746801428)
    series = fma(z, series, 0.22222211043822487)
    series = fma(z, series, 0.28571428626533335)
    series = fma(z, series, 0.3999999999989827)
    series = z * fma(z, series, 0.666666666666667)
    half_square = 0.5 * f * f
    tail = fma(s, half_square + series, fma(k, LN2_LOW, correction))
    return k * LN2_HIGH - ((half_square - tail) - f)


@inlined
def _log_positive(x: float, lost: float) -> float:
    """Log of x + lost, for a normal positive x and what rounding lost of it."""
    shifted = bits_of(x) - SQRT_HALF_BITS + BIAS_BITS
    exponent = (shifted >> 52) & EXPONENT_MASK
    k = float_of(exponent | TWO_52_BITS) - TWO_52_PLUS_BIAS
    f = float_of(bits_of(x) - ((exponent - BIAS) << 52)) - 1.0
    # lost / x to a few per cent is enough, and saves a division: 1 / x = 2^(1-k) / 2 (1 + f). The power of two
    # is 0 for the largest x, of which nothing is lost; half of it would have no bit pattern.
    inverse = float_of((2 * BIAS + 1 - exponent) << 52) * (0.5 - 0.5 * f + 0.5 * f * f)
    return _log_of_reduced(f, k, lost * inverse)


@inlined
def log(x: float) -> float:
    """Natural logarithm: -inf at 0, NaN below."""
    subnormal = x < SMALLEST_NORMAL
    scaled = x * TWO_54 if subnormal else x
    result = _log_positive(scaled, 0.0) - (54.0 * (LN2_HIGH + LN2_LOW) if subnormal else 0.0)
    result = -math.inf if x == 0.0 else result
    result = x if x == math.inf else result
    return result if x >= 0.0 else math.nan


@inlined
def log1p(x: float) -> float:
    """Log of 1 + x: -inf at -1, NaN below, exact sign of zero."""
    u = 1.0 + x
    result = _log_positive(u, x - (u - 1.0))
    result = -math.inf if x == -1.0 else result
    result = x if x == math.inf or x == 0.0 else result
    return result if x >= -1.0 else math.nan


@inlined
def log1p_of_level(x: float) -> float:
    """`log1p` for what a level can be, finite and not negative: the same bits, without the special values."""
    u = 1.0 + x
    return _log_positive(u, x - (u - 1.0))


@inlined
def _expm1_reduced(r: float, correction: float) -> float:
    """Exp(r) - 1 for r in [-ln(2) / 4, 3 ln(2) / 4], plus a small correction."""
    q = fma(r, 2.38993959963574e-09, 2.4863361022371462e-08)
    q = fma(r, q, 2.7561142785713604e-07)
    q = fma(r, q, 2.7557375334227967e-06)
    q = fma(r, q, 2.4801584506170002e-05)
    q = fma(r, q, 0.00019841269848903123)
    q = fma(r, q, 0.0013888888889404725)
    q = fma(r, q, 0.008333333333331092)
    q = fma(r, q, 0.04166666666666641)
    q = fma(r, q, 0.16666666666666666)
    return r + fma(r * r, fma(r, q, 0.5), correction)


@inlined
def exp(x: float) -> float:
    """Exponential: 0 and inf at the ends of the range, subnormals included."""
    bounded = 710.0 if x > 710.0 else (-746.0 if x < -746.0 else x)
    rounded = (bounded * INVERSE_LN2 - 0.25) + ROUNDER
    k = rounded - ROUNDER
    r = (bounded - k * LN2_HIGH) - k * LN2_LOW
    # 2^k in two factors, so that neither overflows and a subnormal result is rounded once.
    half = k * 0.5 + ROUNDER
    first = bits_of(half) - ROUNDER_BITS
    second = bits_of(rounded) - ROUNDER_BITS - first
    return (1.0 + _expm1_reduced(r, 0.0)) * float_of((first + BIAS) << 52) * float_of((second + BIAS) << 52)


@inlined
def tanh(x: float) -> float:
    """Hyperbolic tangent, odd to the bit."""
    magnitude = abs(x)
    doubled = 2.0 * (22.0 if magnitude > 22.0 else magnitude)  # tanh(22) rounds to 1
    rounded = (doubled * INVERSE_LN2 - 0.25) + ROUNDER
    k = rounded - ROUNDER
    high = doubled - k * LN2_HIGH
    r = high - k * LN2_LOW
    two_k = float_of((bits_of(rounded) - ROUNDER_BITS + BIAS) << 52)
    expm1 = two_k * _expm1_reduced(r, (high - r) - k * LN2_LOW) + (two_k - 1.0)
    quotient = expm1 / (expm1 + 2.0)
    # Near zero the rounding of expm1 + 2 would cost half a unit; in this form it hardly counts.
    result = 0.5 * (expm1 - expm1 * quotient) if k == 0.0 else quotient
    return math.copysign(result, x)


@inlined
def power(x: float, y: float) -> float:
    """Non-negative x to a positive power y: 0 at 0."""
    result = exp(y * log(x))
    return 0.0 if x == 0.0 else result
