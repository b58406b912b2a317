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
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.rays import improved, ray_point
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import RELATIVE_CONSTRAINED, plain, tolerance_of
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
    weights = np.zeros((0, n))
    if stage.axes == 1:
        weights = simplex_weights(n, points, seed)
    else:  # rays are spread between agents, not between coordinates
        among = simplex_weights(stage.game.n, points, seed)
        weights = np.zeros((len(among), n))
        weights[:, :: stage.axes] = among
    for weight in weights:
        if (weight >= 1.0 - 1e-12).any():
            continue
        base = weight @ corner_values
        # Far enough behind the plane that every ray starts below the frontier, even where it is not concave.
        begin = base - 2.0 * span
        profile, _ = ray_point(stage, objective, begin, span, table)
        found.append(profile)
    allowed = tolerance_of(stage, objective, None, RELATIVE_CONSTRAINED)
    rng = np.random.default_rng(seed + 1)
    cloud = np.concatenate([table, rng.uniform(size=(samples, n)) * stage.upper])
    checked = objective(*stage.evaluate(cloud))
    actions = np.array([_undominated(stage, objective, point, span, cloud, checked, allowed) for point in found])
    reached = objective(*stage.evaluate(actions))
    keep = np.array(
        [not np.any((reached - row).min(axis=1) > 0.0) and _first(reached, k, allowed) for k, row in enumerate(reached)]
    )
    actions, reached = actions[keep], reached[keep]
    order = np.argsort(reached[:, 0], kind="stable")
    actions, reached = actions[order], reached[order]
    # The check: fresh clouds, around every point at three distances and over the whole box.
    near = np.concatenate([actions[rng.integers(len(actions), size=samples // 4)] for _ in range(3)])
    spread = np.repeat([0.1, 0.02, 0.002], samples // 4)[:, None]
    near = np.clip(near + spread * stage.upper * rng.normal(size=near.shape), 0.0, stage.upper)
    fresh = np.concatenate([near, rng.uniform(size=(samples, n)) * stage.upper])
    checked = np.concatenate([checked, objective(*stage.evaluate(fresh))])
    lead = np.array([(checked - row).min(axis=1).max() for row in reached])
    if (lead <= allowed).any():  # what a check sample dominates is no point of the frontier
        actions, reached, lead = actions[lead <= allowed], reached[lead <= allowed], lead[lead <= allowed]
    report = {
        "method": "normal boundary intersection, SLSQP",
        "rays": points,
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    epsilon = max(float(lead.max()), 0.0)
    return Frontier(stage.game.id, objective.name, actions, reached, epsilon, report, epsilon <= allowed)


def _undominated(
    stage: StageGame, objective: Objective, point: Array, span: Array, cloud: Array, checked: Array, allowed: float
) -> Array:
    """A profile that is at least as good for everybody, and that neither clouds nor pattern searches dominate."""
    best = point
    for attempt in range(4):
        row = objective(*stage.evaluate(best[None]))[0]

        def goal(profiles: Array, row: Array = row) -> Array:
            return np.asarray(((objective(*stage.evaluate(profiles)) - row) / span).min(axis=1))

        starts = [best]
        leads = ((checked - row) / span).min(axis=1)
        if leads.max() > 0.0:
            starts.append(cloud[int(leads.argmax())])
        ends = [improved(stage, goal, start, enough=0.1 * allowed / span.max(), seed=attempt) for start in starts]
        better, gain = max(ends, key=lambda end: end[1])
        if gain * span.min() <= 0.1 * allowed:
            break
        best = better
    return best


def _first(reached: Array, k: int, allowed: float) -> bool:
    """Whether no earlier point has the same payoffs."""
    return not np.any(np.abs(reached[:k] - reached[k]).max(axis=1) <= allowed) if k else True
