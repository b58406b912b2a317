"""Reward modes: a layer over payoffs and utilities that never touches the dynamics."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import (
    parameter_matrix,
    work_vector,
)
from coopetition.kernels.machine.places import (
    COOPERATIVE,
    INTEGRATED,
    MUTUALITY,
    PAYOFF,
    PRIVATE,
    REWARD,
    REWARD_MODE,
    UTILITY,
    N,
)


@merged
def write_rewards(at: Any, parameters: Any, work: Any) -> None:
    """Write the mode's rewards: pi_i, U_i, mean_j pi_j, or sum_j M_ij pi_j."""
    n = at[N]
    mode = at[REWARD_MODE]
    payoffs = work_vector(work, PAYOFF, n)
    utilities = work_vector(work, UTILITY, n)
    rewards = work_vector(work, REWARD, n)
    mutuality = parameter_matrix(parameters, MUTUALITY, n)
    for i in range(n):
        row = rewards[i]
        if mode == PRIVATE or mode == INTEGRATED:
            source = payoffs[i] if mode == PRIVATE else utilities[i]
            for lane in range(row.size):
                row[lane] = source[lane]
        elif mode == COOPERATIVE and i > 0:
            source = rewards[0]
            for lane in range(row.size):
                row[lane] = source[lane]
        else:
            for lane in range(row.size):
                row[lane] = 0.0
            for j in range(n):
                source = payoffs[j]
                weight = 1.0 if mode == COOPERATIVE else mutuality[i * n + j]
                for lane in range(row.size):
                    row[lane] += weight * source[lane]
            if mode == COOPERATIVE:
                for lane in range(row.size):
                    row[lane] /= n
