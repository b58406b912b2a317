"""Replicator dynamics of a meta-game (Taylor and Jonker, Mathematical Biosciences 40, 1978)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from coopetition.oracles.meta.empirical_game import EmpiricalGame, symmetric_payoffs
from coopetition.oracles.stage.game import Array


@dataclass(frozen=True, eq=False)
class Replicator:
    """A run of the replicator dynamics.

    Attributes
    ----------
    times : ndarray (S,)
    shares : ndarray (S, K)
        Shares of the population.
    rest : ndarray (K,)
        Where it ended.
    at_rest : bool
        Whether it stood still there.
    """

    times: Array
    shares: Array
    rest: Array
    at_rest: bool


def replicator_dynamics(
    game: EmpiricalGame | Any, start: Any = None, *, time: float = 200.0, samples: int = 201, mutation: float = 0.0
) -> Replicator:
    """Single-population replicator dynamics (Taylor and Jonker 1978), integrated by SciPy.

    Parameters
    ----------
    game : EmpiricalGame or array_like (K, K)
        A square matrix is the population game itself. Payoffs are measured in units of their range.
    start : array_like (K,), optional
        Shares; equal ones by default.
    mutation : float
        Rate of uniform mutation, so that no policy dies out.
    """
    matrix = symmetric_payoffs(game) if isinstance(game, EmpiricalGame) else np.asarray(game, dtype=np.float64)
    count = len(matrix)
    if matrix.shape != (count, count) or not np.all(np.isfinite(matrix)):
        raise ValueError("the population game must be a finite square matrix")
    first = np.full(count, 1.0 / count) if start is None else np.asarray(start, dtype=np.float64)
    if first.shape != (count,) or first.min() < 0.0 or abs(first.sum() - 1.0) > 1e-9:
        raise ValueError(f"start must be {count} shares that sum to 1")
    fitness = (matrix - matrix.min()) / (float(np.ptp(matrix)) or 1.0)

    def flow(_: float, x: Array) -> Array:
        gain = fitness @ x
        return np.asarray(x * (gain - x @ gain) + mutation * (1.0 / count - x))

    times = np.linspace(0.0, time, samples)
    run = solve_ivp(flow, (0.0, time), first, t_eval=times, rtol=1e-9, atol=1e-12, method="LSODA")
    shares = np.clip(run.y.T, 0.0, None)
    shares /= shares.sum(axis=1, keepdims=True)
    return Replicator(run.t, shares, shares[-1], bool(np.abs(flow(0.0, shares[-1])).max() < 1e-6))
