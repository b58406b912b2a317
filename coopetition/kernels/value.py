"""TR-1: individual value, synergy and the private payoff (arXiv:2510.18802).

Every kernel here and beside it works on rows of lanes: ``at`` (integers), ``parameters`` (floats), ``state`` and
``work`` [row, lane] are those of `coopetition.kernels.machine.numbers`. One loop over lanes writes one row, because
that is what LLVM vectorises.
"""

from __future__ import annotations

import math
from typing import Any

from coopetition.kernels.fastmath import exp, log, log1p_of_level, power
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_vector, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Scalar, State, Vector, Work


@merged
def individual_values(at: Any, parameters: Any, work: Any) -> None:
    """f(a) = theta ln(1 + a), or a^beta."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    values = work_vector(work, Work.VALUE, n)
    theta = parameters[Scalar.THETA]
    beta = parameters[Scalar.BETA]
    for i in range(n):
        level = levels[i]
        value = values[i]
        if at[Integer.VALUE_FORM] == 0:
            for lane in range(value.size):
                value[lane] = theta * log1p_of_level(level[lane])
        else:
            for lane in range(value.size):
                value[lane] = power(level[lane], beta)


@merged
def synergy(at: Any, parameters: Any, work: Any, result: Any) -> None:
    """Write the row g(a) = (prod_i a_i)^(1/Integer.N).

    Above two agents: products of eight rates at a time, which cannot underflow unless their mean is below
    1e-38, and the mean of their logarithms; ``SYNERGY_SCALE`` is the geometric mean of the endowments.
    """
    n = at[Integer.N]
    if n == 2:
        levels = work_vector(work, Work.LEVEL, n)
        first = levels[0]
        second = levels[1]
        for lane in range(result.size):
            result[lane] = math.sqrt(first[lane] * second[lane])
        return
    rates = work_vector(work, Work.RATE, n)
    product = work[1]
    scale = parameters[Scalar.SYNERGY_SCALE]
    for lane in range(result.size):
        result[lane] = 0.0
    for start in range(0, n, 8):
        for lane in range(product.size):
            product[lane] = 1.0
        for i in range(start, min(start + 8, n)):
            rate = rates[i]
            for lane in range(product.size):
                product[lane] *= rate[lane]
        for lane in range(result.size):
            result[lane] += log(product[lane])  # -inf at a rate of 0, and exp(-inf) = 0
    for lane in range(result.size):
        result[lane] = scale * exp(result[lane] / n)


@stage
def equal_terms(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Bargaining shares as the parameters give them, the same in every lane."""
    n = at[Integer.N]
    shares = parameter_vector(parameters, Vector.SHARES, n)
    rows = work_vector(work, Work.SHARE, n)
    for i in range(n):
        row = rows[i]
        share = shares[i]
        for lane in range(row.size):
            row[lane] = share


@stage
def private_payoffs(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i = e_i - a_i + f(a_i) + alpha_i gamma g(a)."""
    n = at[Integer.N]
    individual_values(at, parameters, work)
    joint = work[0]
    synergy(at, parameters, work, joint)
    gamma = state[at[State.GAMMA]]
    for lane in range(joint.size):
        joint[lane] *= gamma[lane]
    endowments = parameter_vector(parameters, Vector.ENDOWMENT, n)
    levels = work_vector(work, Work.LEVEL, n)
    values = work_vector(work, Work.VALUE, n)
    shares = work_vector(work, Work.SHARE, n)
    payoffs = work_vector(work, Work.PAYOFF, n)
    for i in range(n):
        endowment = endowments[i]
        level = levels[i]
        value = values[i]
        share = shares[i]
        payoff = payoffs[i]
        for lane in range(payoff.size):
            payoff[lane] = endowment - level[lane] + value[lane] + share[lane] * joint[lane]
