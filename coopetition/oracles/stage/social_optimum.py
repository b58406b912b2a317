"""Social optima of the stage game: the profile that maximises welfare.

Welfare is the sum of payoffs ("utilitarian"), the product of gains over a disagreement point ("nash"), or the least
payoff ("egalitarian").
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from coopetition.games.checks import choose
from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.first_order import natural_residual
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.rays import goal_certificate, improved, ray_point
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.replies import POINTS
from coopetition.oracles.stage.solution import (
    RELATIVE,
    RELATIVE_CONSTRAINED,
    Certificate,
    NotConverged,
    Solution,
    tolerance_of,
)
from coopetition.oracles.stage.welfare import WelfareObjective, climb, maximise, screened_profiles

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"

WELFARES = ("utilitarian", "nash", "egalitarian")


@register_concept(
    "social_optimum",
    objective="private",
    about="the profile of the greatest welfare",
    source="the sum, the least, or the product of gains (Nash 1950)",
    status=by_class(
        Status(
            "cross-checked",
            f"{_CROSS}::test_optimum_by_another_search",
            "differential evolution",
        ),
        team=Status(
            "proven",
            f"{_CLOSED}::test_team_nash_and_optimum",
            "TR-3's closed form, n from 2 to 40",
        ),
    ),
)
def social_optimum(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    welfare: str = "utilitarian",
    disagreement: Any = None,
    strict: bool = True,
    tolerance: float | None = None,
    seed: int = 0,
    concept: str = "social_optimum",
) -> Solution:
    """The profile of the greatest welfare, as a `Solution`.

    Parameters
    ----------
    welfare : {"utilitarian", "nash", "egalitarian"}
        What is maximised over profiles.
    disagreement : array_like (N,), optional
        Payoffs that "nash" compares with; those of the nash equilibrium by default.

    Raises
    ------
    NotConverged
        A single coordinate could still improve it, unless `strict` is False.
    """
    choose("welfare", welfare, WELFARES)
    began, evaluated = time.perf_counter(), stage.evaluations
    values: dict[str, Any] = {}
    point = None
    if welfare == "nash":
        if disagreement is None:
            nash = equilibrium(stage, objective, "nash")
            disagreement, start = nash.payoffs, nash.actions if start is None else start
        point = stage.each(disagreement)
        if point.shape != (stage.n,) or not np.all(np.isfinite(point)):
            raise ValueError(f"disagreement must be {stage.n} finite payoffs")
        values["disagreement"] = point
    if welfare == "utilitarian":
        goal = WelfareObjective(stage, welfare, objective)
        profile, certificate = maximise(stage, goal, start=start, seed=seed)
        residual = natural_residual(stage, profile, goal)
    else:
        goal = WelfareObjective(stage, welfare, objective, point)
        profile, certificate = constrained_welfare(stage, goal, start=start, seed=seed)
        residual = certificate.epsilon  # constraints bind: a gradient says nothing there
    payoffs, utilities = stage.evaluate(profile[None])
    relative = RELATIVE if welfare == "utilitarian" else RELATIVE_CONSTRAINED
    converged = certificate.epsilon <= tolerance_of(stage, objective, tolerance, relative)
    values["welfare"] = float(goal.welfare(payoffs, utilities)[0])
    report = {
        "method": "screen, L-BFGS-B",
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    solution = Solution(
        stage.game.id,
        stage.game.agents,
        concept,
        f"{welfare} welfare of {objective.name} values",
        profile,
        payoffs[0],
        utilities[0],
        converged,
        residual,
        certificate,
        report,
        values,
    )
    if strict and not converged:
        raise NotConverged(solution, certificate.epsilon)
    return solution


def constrained_welfare(
    stage: StageGame, goal: WelfareObjective, *, start: Array | None = None, seed: int = 0
) -> tuple[Array, Certificate]:
    """The egalitarian optimum, or the Nash product's, with its certificate."""
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
    heights = np.nan_to_num(welfare(np.array(candidates)), nan=-np.inf)
    top = candidates[int(heights.argmax())]
    if np.isfinite(heights.max()):  # gradients stop at kinks, where the least payoff is another agent's
        enough = 1e-3 * tolerance_of(stage, goal.base, None, RELATIVE_CONSTRAINED)
        candidates.append(improved(stage, welfare, top, enough=enough, seed=seed)[0])
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
