"""Reward modes: a layer over payoffs and utilities that never touches the dynamics. A mode is one stage."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_matrix, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, Work


@merged
def copy_work(at: Any, work: Any, source: int) -> None:
    """Rewards are another vector of scratch."""
    n = at[Integer.N]
    rows = work_vector(work, source, n)
    rewards = work_vector(work, Work.REWARD, n)
    for i in range(n):
        row = rows[i]
        reward = rewards[i]
        for lane in range(reward.size):
            reward[lane] = row[lane]


@stage
def private_rewards(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """pi_i."""
    copy_work(at, work, Work.PAYOFF)


@stage
def integrated_rewards(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i."""
    copy_work(at, work, Work.UTILITY)


@stage
def cooperative_rewards(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """mean_j pi_j, the same for all."""
    n = at[Integer.N]
    payoffs = work_vector(work, Work.PAYOFF, n)
    rewards = work_vector(work, Work.REWARD, n)
    first = rewards[0]
    for lane in range(first.size):
        first[lane] = 0.0
    for j in range(n):
        payoff = payoffs[j]
        for lane in range(first.size):
            first[lane] += payoff[lane]
    for lane in range(first.size):
        first[lane] /= n
    for i in range(1, n):
        reward = rewards[i]
        for lane in range(reward.size):
            reward[lane] = first[lane]


@stage
def weighted_rewards(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """sum_j M_ij pi_j."""
    n = at[Integer.N]
    payoffs = work_vector(work, Work.PAYOFF, n)
    rewards = work_vector(work, Work.REWARD, n)
    mutuality = parameter_matrix(parameters, Matrix.MUTUALITY, n)
    for i in range(n):
        reward = rewards[i]
        for lane in range(reward.size):
            reward[lane] = 0.0
        for j in range(n):
            payoff = payoffs[j]
            weight = mutuality[i * n + j]
            for lane in range(reward.size):
                reward[lane] += weight * payoff[lane]
