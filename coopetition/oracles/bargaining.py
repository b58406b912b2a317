"""Bargains over payoffs: Nash's product (Econometrica 18, 1950) and Kalai-Smorodinsky (Econometrica 43, 1975).

Both, and the egalitarian optimum, are smooth problems once they are written with constraints, which SciPy's SLSQP
solves: maximise t subject to pi_i(a) >= floor_i + t direction_i. The product is climbed inside the region where
everybody gains. Starts are screened by the kernel in one call, and every candidate is compared on the exact goal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from coopetition.games.parameters import choose
from coopetition.oracles.equilibrium import equilibrium
from coopetition.oracles.replies import POINTS
from coopetition.oracles.solution import Certificate, NotConverged, Solution
from coopetition.oracles.stage import Array, Objective, StageGame, slopes, symmetry_groups

if TYPE_CHECKING:
    from coopetition.oracles.optimum import WelfareObjective

BARGAINS = ("nash", "kalai_smorodinsky")
#: Gain of the goal that the check samples may show, in payoff, before a bargain is refused.
TOLERANCE = 1e-5


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


def constrained_welfare(
    stage: StageGame, goal: WelfareObjective, *, start: Array | None = None, seed: int = 0
) -> tuple[Array, Certificate]:
    """The egalitarian optimum, or the Nash product's, with its certificate."""
    from coopetition.oracles.optimum import climb, screened_profiles

    groups = symmetry_groups(stage, goal.base) if stage.n > 2 else np.arange(stage.n)
    table = screened_profiles(stage, goal.base, seed=seed)
    if start is not None:
        table = np.concatenate([start[None], table])

    def welfare(profiles: Array) -> Array:
        return goal.welfare(*stage.evaluate(profiles))

    best, reached = table[0], -np.inf
    if goal.name == "egalitarian":
        candidates = [ray_point(stage, goal.base, np.zeros(stage.n), np.ones(stage.n), table, groups)[0]]
        if len(np.unique(groups)) < stage.n:
            wider = np.concatenate([candidates[0][None], table])
            candidates.append(ray_point(stage, goal.base, np.zeros(stage.n), np.ones(stage.n), wider)[0])
    else:
        assert goal.disagreement is not None
        inside, gain = ray_point(stage, goal.base, goal.disagreement, np.ones(stage.n), table, groups)
        candidates = [inside]
        if gain > 0.0:
            heights = welfare(table)
            starts = [inside, table[int(np.nanargmax(heights))]]
            candidates += [
                climb(stage, welfare, point, groups) for point in starts if np.isfinite(welfare(point[None])[0])
            ]
    for point in candidates:
        height = float(welfare(point[None])[0])
        if height > reached:
            best, reached = point, height
    if not np.isfinite(reached):  # nobody can gain: the bargain is to disagree
        best = candidates[0] if start is None else start
    scale = 1.0
    if goal.name == "nash":
        payoffs, utilities = stage.evaluate(best[None])
        gains = goal.base(payoffs, utilities)[0] - goal.disagreement
        scale = float(max(gains.max(), 0.0))
    if np.isfinite(reached):
        certificate = goal_certificate(stage, welfare, best, table, scale, seed + 1)
    else:
        certificate = Certificate("optimum", 0.0, np.zeros(stage.n), best, POINTS, {"samples": len(table)})
    details = {**certificate.details, "best_of_starts": reached}
    return best, Certificate("optimum", certificate.epsilon, certificate.gains, certificate.replies, POINTS, details)


def bargaining(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    solution: str = "nash",
    disagreement: Any = None,
    strict: bool = True,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Solution:
    """The Nash or the Kalai-Smorodinsky bargain, disagreement at the nash payoffs by default.

    Parameters
    ----------
    solution : {"nash", "kalai_smorodinsky"}
        The largest product of gains; or the largest gains in proportion to ideal gains, the most that each could
        have with nobody below disagreement.
    disagreement : array_like (N,), optional
        Payoffs without an agreement.

    Raises
    ------
    NotConverged
        Some profile near or far does better by more than `tolerance`, unless `strict` is False.
    """
    from coopetition.oracles.optimum import screened_profiles, social_optimum

    choose("bargaining solution", solution, BARGAINS)
    if solution == "nash":
        return social_optimum(
            stage, objective, start, welfare="nash", disagreement=disagreement, strict=strict,
            tolerance=tolerance, seed=seed, concept="bargaining",
        )  # fmt: skip
    began, evaluated = time.perf_counter(), stage.evaluations
    nash = None
    if disagreement is None:
        nash = equilibrium(stage, objective, "nash")
        disagreement = nash.payoffs
    floor = np.asarray(disagreement, dtype=np.float64)
    if floor.shape != (stage.n,) or not np.all(np.isfinite(floor)):
        raise ValueError(f"disagreement must be {stage.n} finite payoffs")
    groups = symmetry_groups(stage, objective) if stage.n > 2 else np.arange(stage.n)
    table = screened_profiles(stage, objective, seed=seed)
    extra = [point[None] for point in (start, None if nash is None else nash.actions) if point is not None]
    table = np.concatenate([*extra, table])
    ideal = np.empty(stage.n)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        alone = np.zeros(stage.n)
        alone[members[0]] = 1.0
        # The favoured agent leaves its group; the rest of it still plays as one.
        apart = groups.copy()
        apart[members[0]] = groups.max() + 1
        apart = np.unique(apart, return_inverse=True)[1]
        _, gain = ray_point(stage, objective, floor, alone, table, apart)
        ideal[members] = floor[members] + max(gain, 0.0)
    direction = np.maximum(ideal - floor, 1e-9)
    profile, _ = ray_point(stage, objective, floor, direction, table, groups)

    def goal(profiles: Array) -> Array:
        return np.asarray(((objective(*stage.evaluate(profiles)) - floor) / direction).min(axis=1))

    certificate = goal_certificate(stage, goal, profile, table, float(direction.max()), seed + 1)
    payoffs, utilities = stage.evaluate(profile[None])
    report = {"method": "screen, SLSQP", "evaluations": stage.evaluations - evaluated,
              "seconds": time.perf_counter() - began}  # fmt: skip
    gains = objective(payoffs, utilities)[0] - floor
    result = Solution(
        stage.game.id, stage.game.agents, "bargaining", f"kalai_smorodinsky of {objective.name} values", profile,
        payoffs[0], utilities[0], certificate.epsilon <= tolerance, float(np.ptp(gains / direction)), certificate,
        report, {"disagreement": floor, "ideal": ideal, "gains": gains},
    )  # fmt: skip
    if strict and not result.converged:
        raise NotConverged(result, certificate.epsilon)
    return result
