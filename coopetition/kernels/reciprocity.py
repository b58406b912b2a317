"""TR-4: reciprocity towards what others do now, measured against what they used to do (arXiv:2604.01240)."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.fastmath import fma, tanh
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_matrix, rows_of, stage, work_matrix, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, Scalar, State, Work


@stage
def responses(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """phi(s_j) = tanh(kappa_r (c_j - cbar_j)): everybody reads j alike."""
    n = at[Integer.N]
    rates = work_vector(work, Work.RATE, n)
    means = rows_of(state, at[State.MEMORY_MEAN], n)
    table = work_matrix(work, 0, n)
    kappa = parameters[Scalar.KAPPA_R]
    for j in range(n):
        rate = rates[j]
        mean = means[j]
        response = table[j]
        for lane in range(response.size):
            response[lane] = tanh(kappa * (rate[lane] - mean[lane]))


@merged
def add_responses(at: Any, parameters: Any, state: Any, work: Any, stride: int) -> None:
    """Add h_i lambda_R sum_j T_ij (1 + omega D_ij) rho_ij phi(s_ij) to U_i; h_i = a_i or the mean endowment."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    utilities = work_vector(work, Work.UTILITY, n)
    table = work_matrix(work, 0, n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    dependences = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    sensitivities = parameter_matrix(parameters, Matrix.SENSITIVITY, n)
    omega = parameters[Scalar.OMEGA]
    lambda_r = parameters[Scalar.LAMBDA_R]
    for i in range(n):
        utility = utilities[i]
        level = levels[i]
        warmth = work[0]
        for lane in range(warmth.size):
            warmth[lane] = 0.0
        for j in range(n):
            if i != j:
                response = table[i * stride + j]
                trust = trusts[i * n + j]
                strength = sensitivities[i * n + j] * (1.0 + omega * dependences[i * n + j])
                for lane in range(warmth.size):
                    warmth[lane] = fma(strength * trust[lane], response[lane], warmth[lane])
        if at[Integer.RECIPROCITY_FORM] == 1:
            for lane in range(utility.size):
                utility[lane] = fma(lambda_r * parameters[Scalar.MEAN_ENDOWMENT], warmth[lane], utility[lane])
        else:
            for lane in range(utility.size):
                utility[lane] = fma(lambda_r * level[lane], warmth[lane], utility[lane])


@stage
def reciprocate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """`add_responses` where everybody reads j alike: the first n rows of the scratch matrix are phi(s_j)."""
    add_responses(at, parameters, state, work, 0)


@stage
def reciprocate_each(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """`add_responses` where each i reads j in its own way: the scratch matrix is phi(s_ij)."""
    add_responses(at, parameters, state, work, at[Integer.N])


@stage
def remember(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Shift this step's rates into the memories and take the means that the next step compares with.

    ``TIME`` already counts this step. Slots that are not filled yet hold zero and are not counted.
    """
    n = at[Integer.N]
    k = at[Integer.MEMORY_LENGTH]
    rates = work_vector(work, Work.RATE, n)
    slots = rows_of(state, at[State.MEMORY], n * k)
    means = rows_of(state, at[State.MEMORY_MEAN], n)
    time = state[at[State.TIME]]
    for j in range(n):
        mean = means[j]
        rate = rates[j]
        for lane in range(mean.size):
            mean[lane] = rate[lane]
        # Shifted and summed in one pass, two slots at a time: what this costs is the memory that it touches.
        for m in range(k - 1, 1, -2):
            oldest = slots[j * k + m]
            older = slots[j * k + m - 1]
            newer = slots[j * k + m - 2]
            for lane in range(mean.size):
                first = older[lane]
                second = newer[lane]
                oldest[lane] = first
                older[lane] = second
                mean[lane] += first + second
        newest = slots[j * k]
        if k % 2 == 0:
            older = slots[j * k + 1]
            for lane in range(mean.size):
                older[lane] = newest[lane]
                mean[lane] += newest[lane]
        for lane in range(mean.size):
            newest[lane] = rate[lane]
            mean[lane] /= time[lane] if time[lane] < k else float(k)
