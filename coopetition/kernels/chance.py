"""Uncertainty that any game may have: hands that tremble, others seen through noise, ends that nobody knows.

Nothing is drawn in here. An episode starts with one number, its *chance*, drawn from its copy's seed; every disturbance
is a hash of that number, of the step and of whom it concerns. So a state is all there is: a snapshot replays, a rollout
in the kernel is the same as step by step, and the copies of a batch are those of single environments.
"""

from __future__ import annotations

import math
from typing import Any

from coopetition.kernels.fastmath import exp, log
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Scalar, State, Vector, Work

#: 32 bits; the golden ratio in them; two factors that mix well (all less 2^32, so that products stay within int64).
MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9 - 2**32
FIRST = 0x7FEB352D
SECOND = 0x846CA68B - 2**32
UNIT = 1.0 / 2**32
TRUNCATED = 2.0


@merged
def scrambled(x: int) -> int:
    """A permutation of 32 bits that leaves nothing in place."""
    x = (x ^ (x >> 16)) * FIRST & MASK
    x = (x ^ (x >> 15)) * SECOND & MASK
    return x ^ (x >> 16)


@merged
def uniform(chance: float, place: int) -> float:
    """A number in (0, 1) from an episode's chance and a place in it."""
    number = int(chance)
    x = scrambled(((number & MASK) + (place & 0x7FFFFFFF) * GOLDEN) & MASK)
    return (scrambled((x + (number >> 32)) & MASK) + 0.5) * UNIT


@merged
def normal(chance: float, place: int) -> float:
    """A standard normal number, from two places (Box and Muller, 1958)."""
    return math.sqrt(-2.0 * math.log(uniform(chance, place))) * math.cos(2.0 * math.pi * uniform(chance, place + 1))


@merged
def first_place(time: float, n: int) -> int:
    """Where a step's places begin: one for the end, two for each agent's hand, two for each ordered pair's eyes."""
    return int(time) * (1 + 2 * n + 2 * n * n)


@stage
def tremble(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """c_i <- c_i + noise, clipped to [0, 1]: what is done is not quite what was meant."""
    n = at[Integer.N]
    deviation = parameters[Scalar.TREMBLE]
    chance = state[at[State.CHANCE]]
    time = state[at[State.TIME]]
    endowments = parameter_vector(parameters, Vector.ENDOWMENT, n)
    rates = work_vector(work, Work.RATE, n)
    levels = work_vector(work, Work.LEVEL, n)
    for i in range(n):
        rate = rates[i]
        level = levels[i]
        endowment = endowments[i]
        for lane in range(rate.size):
            place = first_place(time[lane], n) + 1 + 2 * i
            c = rate[lane] + deviation * normal(chance[lane], place)
            c = c if c > 0.0 else 0.0
            rate[lane] = c if c < 1.0 else 1.0
            level[lane] = rate[lane] * endowment


@stage
def misread(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """What i sees of j's rate: c_j + noise, clipped to [0, 1]."""
    n = at[Integer.N]
    deviation = parameters[Scalar.MONITORING_NOISE]
    chance = state[at[State.CHANCE]]
    time = state[at[State.TIME]]
    rates = work_vector(work, Work.RATE, n)
    seen = rows_of(state, at[State.SEEN], n * n)
    for i in range(n):
        for j in range(n):
            if i != j:
                row = seen[i * n + j]
                rate = rates[j]
                for lane in range(row.size):
                    place = first_place(time[lane], n) + 1 + 2 * n + 2 * (i * n + j)
                    c = rate[lane] + deviation * normal(chance[lane], place)
                    c = c if c > 0.0 else 0.0
                    row[lane] = c if c < 1.0 else 1.0


@stage
def begin(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """What is left of a hidden clock: whether the episode has begun."""
    begun = state[at[State.BEGUN]]
    for lane in range(begun.size):
        begun[lane] = 1.0


@stage
def stop(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Truncate the episodes that chance ends after this step, where no rule has ended them."""
    n = at[Integer.N]
    continuation = parameters[Scalar.CONTINUATION]
    chance = state[at[State.CHANCE]]
    time = state[at[State.TIME]]
    ended = state[at[State.ENDED]]
    for lane in range(ended.size):
        over = TRUNCATED if uniform(chance[lane], first_place(time[lane], n)) >= continuation else 0.0
        ended[lane] = ended[lane] if ended[lane] > 0.0 else over


@stage
def expect(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Weigh what step t pays by delta^(t-1), the probability that it is played at all."""
    n = at[Integer.N]
    decay = log(parameters[Scalar.CONTINUATION])
    time = state[at[State.TIME]]
    weight = work[0]
    for lane in range(weight.size):
        weight[lane] = exp((time[lane] - 1.0) * decay)
    for rows in (
        work_vector(work, Work.PAYOFF, n),
        work_vector(work, Work.UTILITY, n),
        work_vector(work, Work.REWARD, n),
    ):
        for i in range(n):
            row = rows[i]
            for lane in range(row.size):
                row[lane] *= weight[lane]
