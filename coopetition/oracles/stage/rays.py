"""The furthest point of a game's payoffs along a ray, and certificates where constraints bind.

Bargains and the egalitarian optimum are smooth problems once they are written with constraints, which SciPy's SLSQP
solves: maximise t subject to pi_i(a) >= floor_i + t direction_i.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from coopetition.oracles.stage.game import Array, Objective, StageGame, slopes
from coopetition.oracles.stage.replies import POINTS
from coopetition.oracles.stage.solution import Certificate


def ray_point(
    stage: StageGame,
    base: Objective,
    floor: Array,
    direction: Array,
    starts: Array,
    groups: Any = None,
) -> tuple[Array, float]:
    """Maximise t with base_i(a) >= floor_i + t direction_i for every i with a positive direction, by SLSQP.

    Agents with direction zero only have to reach their floor.

    Parameters
    ----------
    floor, direction : ndarray (N,)
        Where the ray starts and where it points, in payoff; directions are not negative.
    starts : ndarray (K, N)
        Profiles to start from; the best by the goal and two others are used.
    groups : ndarray (N,) of int, optional
        Agents of one group play the same level.

    Returns
    -------
    profile : ndarray (N,)
    t : float
        Its exact goal, min over the ray's agents; minus infinity if a floor is missed.
    """
    n = stage.n
    groups = np.arange(n) if groups is None else groups
    first = np.unique(groups, return_index=True)[1]
    spread = (groups[:, None] == groups[first][None, :]).astype(np.float64)
    upper = stage.upper[first]
    on_ray = direction > 0.0
    scale = float(np.abs(direction).max())

    def goal(profiles: Array) -> Array:
        gains = base(*stage.evaluate(profiles)) - floor
        slack = np.where(on_ray, np.inf, gains).min(axis=1)
        reach = np.where(on_ray, gains / np.where(on_ray, direction, 1.0), np.inf).min(axis=1)
        return np.where(slack >= -1e-9 * (1.0 + np.abs(floor).max()), reach, -np.inf)

    def values(x: Array) -> Array:
        profile = np.clip(x[:-1], 0.0, 1.0) * upper @ spread.T
        return np.asarray(base(*stage.evaluate(profile[None]))[0])

    def constraint(x: Array) -> Array:
        return (values(x) - floor - x[-1] * direction) / scale

    def constraint_slopes(x: Array) -> Array:
        profile = np.clip(x[:-1], 0.0, 1.0) * upper @ spread.T
        return np.column_stack([slopes(stage, profile, base) @ spread * upper, -direction]) / scale

    heights = goal(starts)
    order = np.argsort(-heights, kind="stable")
    best, height = starts[order[0]], float(heights[order[0]])
    for k in (order[0], order[len(order) // 20], order[len(order) // 6]):
        reach = heights[k] if np.isfinite(heights[k]) else 0.0
        begin = np.append(starts[k][first] / upper, reach)
        gradient = np.append(np.zeros(len(first)), -1.0)
        found = minimize(
            lambda x: -x[-1],
            begin,
            jac=lambda x, gradient=gradient: gradient,
            bounds=[(0.0, 1.0)] * len(first) + [(None, None)],
            constraints=[{"type": "ineq", "fun": constraint, "jac": constraint_slopes}],
            method="SLSQP",
            options={"maxiter": 200, "ftol": 1e-13},
        )
        if not np.all(np.isfinite(found.x)):
            continue
        profile = np.clip(found.x[:-1], 0.0, 1.0) * upper @ spread.T
        reached = float(goal(profile[None])[0])
        if reached > height:
            best, height = profile, reached
    return best, height


def goal_certificate(
    stage: StageGame, goal: Callable[[Array], Array], profile: Array, tabled: Array, scale: float, seed: int = 1
) -> Certificate:
    """How much the goal rises over a cloud of profiles: global samples, and local ones at five distances.

    Coordinate moves cannot certify a point where constraints bind; a cloud moves all coordinates together.

    Parameters
    ----------
    goal : callable
        Profiles (B, N) to goals (B,).
    tabled : ndarray (K, N)
        Global samples.
    scale : float
        Payoff that one unit of the goal is worth.
    """
    rng = np.random.default_rng(seed)
    local = [
        np.clip(profile + distance * stage.upper * rng.normal(size=(128, stage.n)), 0.0, stage.upper)
        for distance in (0.2, 3e-2, 3e-3, 3e-4, 3e-5)
    ]
    table = np.concatenate([profile[None], tabled, *local])
    heights = goal(table)
    gain = float(np.nanmax(heights) - heights[0]) * scale
    better = table[int(np.nanargmax(heights))]
    gains = np.full(stage.n, gain)
    return Certificate("optimum", gain, gains, better, POINTS, {"samples": len(table)})


def directions(n: int, rng: np.random.Generator, random: int = 24) -> Array:
    """Directions (K, n) of a pattern search: single agents, all together, pairs together and apart, and random ones."""
    single = np.eye(n)
    parts = [single, np.ones((1, n)), rng.normal(size=(random, n)) / np.sqrt(n)]
    if n <= 8:
        first, second = np.triu_indices(n, 1)
        parts += [single[first] + single[second], single[first] - single[second]]
    whole = np.concatenate(parts)
    return np.asarray(np.concatenate([whole, -whole]))


def pattern_search(
    stage: StageGame, goal: Callable[[Array], Array], profile: Array, *, step: float = 0.25, seed: int = 0
) -> tuple[Array, float]:
    """Climb a goal that need not be smooth, by steps in many directions that shrink when none helps.

    Gradients stop at a kink, where the lesser of two payoffs changes, and at a jump. All directions, and a cloud of
    profiles at the step's distance, are one kernel call.

    Parameters
    ----------
    goal : callable
        Profiles (B, N) to goals (B,).
    step : float
        First step, as a part of the endowments.

    Returns
    -------
    profile : ndarray (N,)
    height : float
        Its goal.
    """
    rng = np.random.default_rng(seed)
    best, height = profile.copy(), float(goal(profile[None])[0])
    while step > 1e-12:
        ways = directions(stage.n, rng)
        sizes = np.array([1.0, 0.3])
        table = best + step * (sizes[:, None, None] * ways).reshape(-1, stage.n) * stage.upper
        table = np.clip(table, 0.0, stage.upper)
        heights = goal(table)
        k = int(np.nanargmax(heights))
        if heights[k] > height + 1e-15 * (1.0 + abs(height)):
            best, height = table[k], float(heights[k])
        else:
            step *= 0.4
    return best, height


def improved(
    stage: StageGame,
    goal: Callable[[Array], Array],
    profile: Array,
    *,
    enough: float,
    rounds: int = 8,
    cloud: int = 1024,
    seed: int = 0,
) -> tuple[Array, float]:
    """Improve a profile by clouds at many distances and pattern searches, until neither gains `enough`.

    Returns
    -------
    profile : ndarray (N,)
    height : float
        Its goal.
    """
    rng = np.random.default_rng(seed)
    best, height = pattern_search(stage, goal, profile, step=0.1, seed=seed)
    for _ in range(rounds):
        spread = np.repeat([0.5, 0.15, 5e-2, 1e-2, 1e-3], cloud // 4)[:, None]
        moved = rng.uniform(size=(len(spread), stage.n)) < rng.uniform(0.2, 1.0, size=(len(spread), 1))
        table = np.clip(best + spread * moved * stage.upper * rng.normal(size=moved.shape), 0.0, stage.upper)
        heights = goal(table)
        k = int(np.nanargmax(heights))
        if not heights[k] > height + enough:
            break
        best, height = pattern_search(stage, goal, table[k], step=0.05, seed=seed)
    return best, height
