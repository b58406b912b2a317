"""Nash-type equilibria of the stage game: each agent's level is a global best reply to the others'.

Local work is done by SciPy on the first-order conditions (`variational`); where that point is not an equilibrium,
because somebody sits at a jump or a kink of its own objective, best replies are iterated until they stand still. A
point counts only if the certificate of `replies` says so.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.stage.first_order import first_order_point, natural_residual
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.replies import best_replies, deviation_certificate
from coopetition.oracles.stage.solution import Certificate, NotConverged, Solution, tolerance_of

#: Sweeps of best replies at most: all agents at once, then one after the other.
SIMULTANEOUS, SEQUENTIAL = 12, 60
#: With more agents than this, derivatives are dear and replies among substitutes slow.
MANY = 12


def starting_profiles(stage: StageGame, count: int = 12, seed: int = 0) -> Iterator[Array]:
    """Where searches start: interior levels first, then what is expected, the corners, and random profiles."""
    for fraction in (0.25, 0.6, 0.05, 1.0, 0.0):
        yield fraction * stage.upper
    yield stage.baseline.copy()
    rng = np.random.default_rng(seed)
    for _ in range(max(0, count - 6)):
        yield rng.uniform(size=stage.n) * stage.upper


def reply_dynamics(
    stage: StageGame,
    start: Array,
    objective: Objective,
    tolerance: float,
    simultaneous: int = SIMULTANEOUS,
    sequential: int = SEQUENTIAL,
) -> Array:
    """Iterate best replies: all at once while that settles, then one agent after the other.

    One after the other it ends at an equilibrium of every potential game, such as the team games' payoffs.

    Parameters
    ----------
    simultaneous, sequential : int
        Sweeps of either kind at most.
    """
    profile = start.copy()
    for sweep in range(simultaneous):
        replies, values, own = best_replies(stage, profile, objective, points=129)
        if (values - own).max() <= 0.01 * tolerance:
            return profile
        # A step of full length is the reply map; half a step breaks its cycles of two.
        profile = replies if sweep % 3 < 2 else 0.5 * (profile + replies)
    for _ in range(sequential):
        gain = 0.0
        for i in range(stage.n):
            replies, values, own = best_replies(stage, profile, objective, np.array([i]), points=129)
            gain = max(gain, float(values[0] - own[0]))
            profile[i] = replies[0]
        if gain <= 0.01 * tolerance:
            break
    return profile


def _volunteers(stage: StageGame, objective: Objective, groups: NDArray[np.int64]) -> Array:
    """The profile in which those give alone who would give the largest part of what they have; equals share it.

    Where efforts are substitutes and agents differ, whoever is most eager gives so much that nobody else does. Replies
    get there by steps as small as the difference between the two most eager.
    """
    profile = np.zeros(stage.n)
    replies = best_replies(stage, profile, objective, points=129)[0]
    eager = groups == groups[int(np.argmax(replies / stage.upper))]
    low, high = 0.0, float(replies[eager].max())
    profile[eager] = high
    if eager.sum() == 1:
        return profile
    one = np.flatnonzero(eager)[:1]
    for _ in range(60):  # what each gives is its reply to the others who give as much
        profile[eager] = 0.5 * (low + high)
        reply = float(best_replies(stage, profile, objective, one, points=129)[0][0])
        low, high = (profile[one[0]], high) if reply > profile[one[0]] else (low, profile[one[0]])
    return profile


def _sharpen(stage: StageGame, profile: Array, objective: Objective) -> Array:
    """Solve the first-order conditions of those who satisfy them nearly, the others held where they are."""
    slope_step = 1e-4 * stage.upper
    lower = np.maximum(profile - slope_step, 0.0)
    higher = np.minimum(profile + slope_step, stage.upper)
    agents = np.arange(stage.n)
    table = np.repeat(profile[None], 2 * stage.n + 1, axis=0)
    table[agents, agents] = lower
    table[stage.n + agents, agents] = higher
    values = objective(*stage.evaluate(table))
    here = values[-1]
    fall = here - np.minimum(values[agents, agents], values[stage.n + agents, agents])
    inside = (profile > 0.0) & (profile < stage.upper)
    # At a smooth maximum values fall with the square of the step, at a kink with the step, at a jump at once.
    free = inside & (fall < 1e-3 * slope_step)
    if not free.any():
        return profile
    sharper, _ = first_order_point(stage, profile, objective, free=free)
    return sharper


def find_equilibrium(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    tolerance: float | None = None,
    starts: int = 12,
    seed: int = 0,
) -> tuple[Array, Certificate, dict[str, object]]:
    """Search until a profile's certificate holds; else the profile with the smallest epsilon.

    Parameters
    ----------
    start : ndarray (N,), optional
        Tried first: a warm start.
    tolerance : float, optional
        Largest gain of a deviation, in payoff; a part of the game's scale by default, see `tolerance_of`.
    starts : int
        Starting profiles at most.
    seed : int
        Seed of the random ones.

    Returns
    -------
    profile : ndarray (N,)
    certificate : Certificate
    report : dict
        Method that found it, starts used.
    """
    allowed = tolerance_of(stage, objective, tolerance)
    best: tuple[Array, Certificate, dict[str, object]] | None = None
    groups = symmetry_groups(stage, objective)
    symmetric = int(groups.max()) + 1 < stage.n
    profiles = [start] if start is not None else []
    used = 0

    def consider(profile: Array, method: str) -> bool:
        nonlocal best
        certificate = deviation_certificate(stage, profile, objective)
        if best is None or certificate.epsilon < best[1].epsilon:
            best = (profile, certificate, {"method": method, "starts": used})
        return certificate.epsilon <= allowed

    if start is not None and consider(start, "start") and best is not None and best[1].epsilon <= 1e-4 * allowed:
        return best  # a warm start at a corner or a jump is often the solution still
    for first in itertools.chain(profiles, starting_profiles(stage, starts, seed)):
        used += 1
        differ = stage.n > MANY and used == 1 and groups.max() > 0
        if differ and consider(_volunteers(stage, objective, groups), "volunteers"):
            assert best is not None
            return best
        # First-order points are cheap: a few starts of them come before any dynamics.
        for grouped in (True, False) if symmetric else (False,):
            most = 60 if grouped or stage.n <= MANY else 8  # the derivative of many agents is dear
            point, success = first_order_point(stage, first, objective, groups if grouped else None, most=most)
            if success and consider(point, "least squares"):
                assert best is not None
                return best
        # Where slopes never vanish, at corners and jumps, best replies to a start are often there already.
        replies = best_replies(stage, first, objective, points=129)[0]
        if consider(best_replies(stage, replies, objective, points=129)[0], "best replies"):
            assert best is not None
            return best
        if used == 2 + len(profiles):
            break
    if symmetric:  # where agents are alike, first-order points cost next to nothing, from any start
        for first in starting_profiles(stage, starts, seed):
            point, success = first_order_point(stage, first, objective, groups)
            if success and consider(point, "least squares"):
                assert best is not None
                return best
    again = [] if best is None else [best[0]]
    for first in itertools.chain(again, profiles, starting_profiles(stage, starts, seed)):
        used += 1
        # Replies among substitutes creep; soon they tell who is in a corner, and least squares does the rest.
        point = reply_dynamics(stage, first, objective, allowed, simultaneous=6, sequential=3)
        settled = consider(point, "best replies")
        if not settled:
            closer, success = first_order_point(stage, point, objective)
            if success and consider(closer, "best replies, least squares"):
                assert best is not None
                return best
            point = reply_dynamics(stage, point, objective, allowed, simultaneous=SIMULTANEOUS)
            settled = consider(point, "best replies")
        if settled:
            sharper = _sharpen(stage, point, objective)
            consider(sharper, "best replies, least squares")
            assert best is not None
            return best
    assert best is not None
    return best


def equilibrium(
    stage: StageGame,
    objective: Objective,
    concept: str,
    start: Array | None = None,
    *,
    strict: bool = True,
    tolerance: float | None = None,
    starts: int = 12,
    seed: int = 0,
) -> Solution:
    """One certified equilibrium, as a `Solution`.

    Raises
    ------
    NotConverged
        None was found, unless `strict` is False.
    """
    began, evaluated = time.perf_counter(), stage.evaluations
    profile, certificate, report = find_equilibrium(
        stage, objective, start, tolerance=tolerance, starts=starts, seed=seed
    )
    payoffs, utilities = stage.evaluate(profile[None])
    converged = certificate.epsilon <= tolerance_of(stage, objective, tolerance)
    residual = natural_residual(stage, profile, objective)
    report |= {"evaluations": stage.evaluations - evaluated, "seconds": time.perf_counter() - began}
    solution = Solution(
        stage.game.id,
        stage.game.agents,
        concept,
        objective.name,
        profile,
        payoffs[0],
        utilities[0],
        converged,
        residual,
        certificate,
        report,
    )
    if strict and not converged:
        raise NotConverged(solution, certificate.epsilon)
    return solution
