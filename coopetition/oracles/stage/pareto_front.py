"""The Pareto frontier of the stage game's payoffs, sampled evenly along it.

Rays leave the plane through the agents' own best points at right angles and end where no profile takes all payoffs
farther: normal boundary intersection (Das and Dennis, SIAM J. Optim. 8, 1998), each ray one SLSQP problem.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.bargaining import ray_point
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import plain
from coopetition.oracles.stage.welfare import screened_profiles

#: Where the tests are that `status` names.
_STAGE = "tests/oracles/stage/test_stage.py"


@dataclass(frozen=True, eq=False)
class Frontier:
    """Points that nothing sampled dominates.

    Attributes
    ----------
    environment, objective : str
        Of what.
    actions, payoffs : ndarray (K, N)
        Levels and payoffs; for two agents in the order of the first agent's payoff.
    epsilon : float
        The most by which a check sample beats a point of the frontier in every payoff at once.
    solver : dict
        Evaluations, seconds, rays.
    converged : bool
        Whether that is small beside the game's scale.
    """

    environment: str
    objective: str
    actions: Array
    payoffs: Array
    epsilon: float
    solver: dict[str, Any]
    converged: bool = True

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def simplex_weights(n: int, count: int, seed: int = 0) -> Array:
    """About `count` points of the simplex (K, n): evenly spaced for two agents, a low-discrepancy set for more."""
    if n == 2:
        share = np.linspace(0.0, 1.0, count)
        return np.column_stack([1.0 - share, share])
    from scipy.stats import qmc

    # Sorted spacings of uniforms are uniform on the simplex.
    uniforms = np.sort(qmc.Halton(n - 1, seed=seed).random(max(count - n, 1)), axis=1)
    edges = np.column_stack([np.zeros(len(uniforms)), uniforms, np.ones(len(uniforms))])
    return np.concatenate([np.eye(n), np.diff(edges, axis=1)])[: max(count, n)]


@register_concept(
    "pareto_front",
    objective="private",
    about="the frontier of payoffs, sampled evenly along it",
    source="Das and Dennis, SIAM Journal on Optimization 8, 1998",
    status=by_class(Status("experimental", f"{_STAGE}::test_frontier", "no sampled profile dominates it")),
)
def pareto_front(
    stage: StageGame, objective: Objective, *, points: int = 33, samples: int = 4096, seed: int = 0
) -> Frontier:
    """Sample the frontier of `objective`'s values.

    Parameters
    ----------
    points : int
        Rays; a ray that ends at a dominated point adds none.
    samples : int
        Profiles of the check.

    Raises
    ------
    ValueError
        Fewer than two points.
    """
    if points < 2:
        raise ValueError(f"points = {points}: expected at least 2")
    began, evaluated = time.perf_counter(), stage.evaluations
    n = stage.n
    table = screened_profiles(stage, objective, seed=seed)
    values = objective(*stage.evaluate(table))
    lowest = values.min(axis=0) - 1.0
    groups = symmetry_groups(stage, objective) if n > 2 else np.arange(n)
    ends = np.empty((n, n))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        alone = np.zeros(n)
        alone[members[0]] = 1.0
        apart = groups.copy()
        apart[members[0]] = groups.max() + 1
        profile, _ = ray_point(stage, objective, lowest, alone, table, np.unique(apart, return_inverse=True)[1])
        for i in members:
            swapped = profile.copy()
            swapped[members[0]], swapped[i] = profile[i], profile[members[0]]
            ends[i] = swapped
    corner_values = objective(*stage.evaluate(ends))
    span = np.maximum(corner_values.max(axis=0) - corner_values.min(axis=0), 1e-6)
    found = list(ends)
    for weight in simplex_weights(n, points, seed):
        if (weight >= 1.0 - 1e-12).any():
            continue
        base = weight @ corner_values
        # Far enough behind the plane that every ray starts below the frontier, even where it is not concave.
        begin = base - 2.0 * span
        profile, _ = ray_point(stage, objective, begin, span, table)
        found.append(profile)
    actions = np.array(found)
    reached = objective(*stage.evaluate(actions))
    keep = np.array(
        [not np.any(np.all(reached >= row - 1e-9, axis=1) & np.any(reached > row + 1e-7, axis=1)) for row in reached]
    )
    actions, reached = actions[keep], reached[keep]
    order = np.argsort(reached[:, 0], kind="stable")
    actions, reached = actions[order], reached[order]
    rng = np.random.default_rng(seed + 1)
    near = actions[rng.integers(len(actions), size=samples // 2)]
    near = np.clip(near + 0.02 * stage.upper * rng.normal(size=near.shape), 0.0, stage.upper)
    cloud = np.concatenate([table, near, rng.uniform(size=(samples // 2, n)) * stage.upper])
    checked = objective(*stage.evaluate(cloud))
    lead = max(float((checked - row).min(axis=1).max()) for row in reached)
    report = {
        "method": "normal boundary intersection, SLSQP",
        "rays": points,
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    return Frontier(stage.game.id, objective.name, actions, reached, max(lead, 0.0), report)
