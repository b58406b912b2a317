"""Reward modes: a layer over payoffs and utilities that never touches the dynamics."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.compiled import compiled
from coopetition.kernels.memory import (
    parameter_matrix,
    work_vector,
)
from coopetition.kernels.places import (
    COOPERATIVE,
    INTEGRATED,
    MATRIX,
    MUTUALITY,
    PAYOFF,
    PRIVATE,
    REWARD,
    REWARD_MODE,
    UTILITY,
    N,
)


@compiled
def reward_rows(at: Any, parameters: Any, work: Any) -> Any:
    """The rows (n, lanes) of the mode's rewards: pi_i, U_i, mean_j pi_j, or sum_j M_ij pi_j."""
    n = at[N]
    payoffs = work_vector(work, PAYOFF, n)
    if at[REWARD_MODE] == PRIVATE:
        return payoffs
    if at[REWARD_MODE] == INTEGRATED:
        return work_vector(work, UTILITY, n)
    rewards = work_vector(work, REWARD, n)
    if at[REWARD_MODE] == COOPERATIVE:
        mean = rewards[0]
        for lane in range(mean.size):
            mean[lane] = 0.0
        for j in range(n):
            payoff = payoffs[j]
            for lane in range(mean.size):
                mean[lane] += payoff[lane]
        for lane in range(mean.size):
            mean[lane] /= n
        for i in range(1, n):
            row = rewards[i]
            for lane in range(row.size):
                row[lane] = mean[lane]
    elif at[REWARD_MODE] == MATRIX:
        mutuality = parameter_matrix(parameters, MUTUALITY, n)
        for i in range(n):
            row = rewards[i]
            for lane in range(row.size):
                row[lane] = 0.0
            for j in range(n):
                payoff = payoffs[j]
                weight = mutuality[i * n + j]
                for lane in range(row.size):
                    row[lane] += weight * payoff[lane]
    return rewards
