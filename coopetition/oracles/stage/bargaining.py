"""Bargains over payoffs: Nash's product (Econometrica 18, 1950) and Kalai-Smorodinsky (Econometrica 43, 1975).

The product is climbed inside the region where everybody gains; Kalai and Smorodinsky's point is the furthest along the
ray from disagreement to the ideal. Starts are screened by the kernel in one call, and every candidate is compared on
the exact goal.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from coopetition.games.parameters import choose
from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.rays import goal_certificate, ray_point
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.social_optimum import social_optimum
from coopetition.oracles.stage.solution import RELATIVE_CONSTRAINED, NotConverged, Solution, tolerance_of
from coopetition.oracles.stage.welfare import screened_profiles

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"
_STAGE = "tests/oracles/stage/test_stage.py"

BARGAINS = ("nash", "kalai_smorodinsky")


@register_concept(
    "bargaining",
    objective="private",
    about="Nash's bargain, or Kalai and Smorodinsky's",
    source="Nash, Econometrica 18, 1950; Kalai and Smorodinsky, Econometrica 43, 1975",
    status=by_class(
        Status(
            "experimental",
            f"{_STAGE}::test_bargains_are_nobodys_loss",
            "a cloud of profiles has no better one",
        ),
        interdependence=Status(
            "cross-checked",
            f"{_CROSS}::test_bargains_on_a_grid",
            "enumeration on a grid, two players",
        ),
        trust=Status(
            "cross-checked",
            f"{_CROSS}::test_bargains_on_a_grid",
            "enumeration on a grid, two players",
        ),
        team=Status(
            "proven",
            f"{_CLOSED}::test_symmetric_teams_bargain_for_the_optimum",
            "symmetry and efficiency",
        ),
    ),
)
def bargaining(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    solution: str = "nash",
    disagreement: Any = None,
    strict: bool = True,
    tolerance: float | None = None,
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
        Some profile near or far does better by more than `tolerance`, by default a part of the game's scale, unless
        `strict` is False.
    """
    choose("bargaining solution", solution, BARGAINS)
    if solution == "nash":
        return social_optimum(
            stage,
            objective,
            start,
            welfare="nash",
            disagreement=disagreement,
            strict=strict,
            tolerance=tolerance,
            seed=seed,
            concept="bargaining",
        )
    began, evaluated = time.perf_counter(), stage.evaluations
    nash = None
    if disagreement is None:
        nash = equilibrium(stage, objective, "nash")
        disagreement = nash.payoffs
    floor = stage.each(disagreement)
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
    report = {
        "method": "screen, SLSQP",
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    gains = objective(payoffs, utilities)[0] - floor
    converged = certificate.epsilon <= tolerance_of(stage, objective, tolerance, RELATIVE_CONSTRAINED)
    result = Solution(
        stage.game.id,
        stage.game.agents,
        "bargaining",
        f"kalai_smorodinsky of {objective.name} values",
        profile,
        payoffs[0],
        utilities[0],
        converged,
        float(np.ptp(gains / direction)),
        certificate,
        report,
        {"disagreement": floor, "ideal": ideal, "gains": gains},
    )
    if strict and not result.converged:
        raise NotConverged(result, certificate.epsilon)
    return result
