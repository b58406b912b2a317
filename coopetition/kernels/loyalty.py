"""TR-3: team production and loyalty (arXiv:2601.16237). Sums over the team only: O(n)."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.fastmath import power
from coopetition.kernels.machine.memory import parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Scalar, State, Vector, Work


@stage
def update_loyalty(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """theta_i rises by 0.02 c_i where c_i >= 0.5 and falls by 0.05 (0.5 - c_i) below; clip to [0, cap]."""
    n = at[Integer.N]
    loyalties = rows_of(state, at[State.LOYALTY], n)
    rates = work_vector(work, Work.RATE, n)
    gain = parameters[Scalar.LOYALTY_GAIN]
    loss = parameters[Scalar.LOYALTY_LOSS]
    threshold = parameters[Scalar.LOYALTY_THRESHOLD]
    cap = parameters[Scalar.LOYALTY_CAP]
    for i in range(n):
        loyalty = loyalties[i]
        rate = rates[i]
        for lane in range(loyalty.size):
            c = rate[lane]
            moved = loyalty[lane] + (gain * c if c >= threshold else -loss * (threshold - c))
            moved = moved if moved > 0.0 else 0.0
            loyalty[lane] = moved if moved < cap else cap


@stage
def team_payoffs(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i = kept_i - c a_i + Q(a)/n with Q = omega (sum a)^beta; ``KEPT`` is what public goods leave at home."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    payoffs = work_vector(work, Work.PAYOFF, n)
    kept = parameter_vector(parameters, Vector.KEPT, n)
    omega = parameters[Scalar.OMEGA]
    beta = parameters[Scalar.BETA]
    cost = parameters[Scalar.COST]
    product = work[0]
    for lane in range(product.size):
        product[lane] = 0.0
    for i in range(n):
        level = levels[i]
        for lane in range(product.size):
            product[lane] += level[lane]
    if beta == 1.0:
        for lane in range(product.size):
            product[lane] = omega * product[lane] / n
    else:
        for lane in range(product.size):
            product[lane] = omega * power(product[lane], beta) / n
    for i in range(n):
        level = levels[i]
        payoff = payoffs[i]
        held = kept[i]
        for lane in range(payoff.size):
            payoff[lane] = held - cost * level[lane] + product[lane]


@stage
def loyal_utilities(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i = pi_i + theta_i [phi_B pibar_-i + phi_C c a_i]; pibar the mean, or the sum, over teammates."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    loyalties = rows_of(state, at[State.LOYALTY], n)
    phi_b = parameters[Scalar.PHI_B]
    if at[Integer.TEAMMATES] == 0 and n > 1:
        phi_b /= n - 1
    warmth = parameters[Scalar.PHI_C] * parameters[Scalar.COST]
    total = work[0]
    for lane in range(total.size):
        total[lane] = 0.0
    for i in range(n):
        payoff = payoffs[i]
        for lane in range(total.size):
            total[lane] += payoff[lane]
    for i in range(n):
        level = levels[i]
        payoff = payoffs[i]
        loyalty = loyalties[i]
        utility = utilities[i]
        for lane in range(utility.size):
            care = phi_b * (total[lane] - payoff[lane]) + warmth * level[lane]
            utility[lane] = payoff[lane] + loyalty[lane] * care
