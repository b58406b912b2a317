"""Multiplicative Kantian equilibrium: nobody would like everybody's efforts scaled by one common factor.

Roemer (Scandinavian Journal of Economics 112, 2010): a profile of positive efforts is one when, for every agent i,
the factor r = 1 maximises what i has when all play r times their effort. In symmetric games that is the best common
level; in games whose externalities all have one sign it is Pareto efficient. All zeros would pass trivially, since
scaling leaves them where they are, and are no solution. A factor may raise efforts only as far as the box allows: where
one agent gives all it has, the others can ask for less, but not for more.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import qmc

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import Certificate, NotConverged, Solution, tolerance_of

#: Where the tests are that `status` names.
_TESTS = "tests/oracles/stage/test_kantian.py"
#: Factors on the grid of the certificate, points of a refining grid, its rounds at most.
POINTS, INNER, ROUNDS = 513, 33, 12
#: Profiles that are screened, factors that each is screened with, and how many are solved from.
SCREENED, FACTORS, SOLVED = 256, 33, 6
#: The least effort that counts as positive, as a part of the endowment.
LEAST = 1e-9
#: Offsets, in steps, and weights of the derivative along a ray.
_OFFSETS, _WEIGHTS = np.array([-2.0, -1.0, 1.0, 2.0]), np.array([1.0, -8.0, 8.0, -1.0]) / 12.0


def scaling_certificate(stage: StageGame, profile: Array, objective: Objective, points: int = POINTS) -> Certificate:
    """epsilon = max_i [max over r of objective_i(r a) - objective_i(a)], the inner maximum global in the one dimension.

    Parameters
    ----------
    profile : ndarray (N,)
        Levels a, not all zero. Factors r go from 0 to the largest that keeps r a in the box.
    points : int
        Factors on the first grid; shrinking grids around each agent's best follow.

    Returns
    -------
    Certificate
        Of kind "scaling"; `replies` are each agent's favourite factors.
    """
    most = float(1.0 / (profile / stage.upper).max())
    near = 1.0 + np.array([-1e-1, -1e-2, -1e-3, -1e-4, 0.0, 1e-4, 1e-3, 1e-2, 1e-1])
    factors = np.unique(np.clip(np.concatenate([np.linspace(0.0, most, points), near]), 0.0, most))

    def values(tried: Array) -> Array:
        table = np.minimum(tried.reshape(-1, 1) * profile, stage.upper)
        return np.asarray(objective(*stage.evaluate(table)).reshape(*tried.shape, stage.n))

    agents = np.arange(stage.n)
    here, nothing = values(np.array([1.0, 0.0]))
    found = values(factors)
    place = found.argmax(axis=0)
    best, favourite = found[place, agents], factors[place]
    low = factors[np.maximum(place - 1, 0)]
    high = factors[np.minimum(place + 1, len(factors) - 1)]
    for _ in range(ROUNDS):
        fine = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, INNER)
        heights = values(fine)[agents, :, agents]
        middle = heights.argmax(axis=1)
        height = heights[agents, middle]
        better = height > best
        best, favourite = np.where(better, height, best), np.where(better, fine[agents, middle], favourite)
        if np.ptp(heights, axis=1).max() <= 1e-14 * (1.0 + np.abs(best).max()):
            break
        low = fine[agents, np.maximum(middle - 1, 0)]
        high = fine[agents, np.minimum(middle + 1, INNER - 1)]
    gains = np.maximum(best - here, 0.0)
    # Next to the zero profile every gain is small because everything is: it has to be small beside what is at stake.
    stake = float(np.abs(here - nothing).max())
    rounding = 1e-12 * (1.0 + float(np.abs(here).max()))
    details = {"largest_factor": most, "stake": stake, "positive": bool(gains.max() <= max(1e-6 * stake, rounding))}
    return Certificate("scaling", float(gains.max()), gains, favourite, points, details)


def ray_slopes(stage: StageGame, profiles: Array, objective: Objective) -> Array:
    """d objective_i(r a) / d r at r = 1, divided by the largest part max_j a_j / e_j that anybody gives: (P, N).

    Without the division every slope would vanish toward the zero profile, which is no solution. Where the box leaves no
    room above the profile, slopes are taken from below.
    """
    largest = (profiles / stage.upper).max(axis=1)
    step = 1e-4 * np.ones(len(profiles))
    room = 1.0 / largest - 1.0
    # The centre of the differences moves down where the box would cut them off.
    centre = np.where(room < 2.0 * step, 1.0 - 2.0 * step + np.maximum(room, 0.0), 1.0)
    factors = centre[:, None] + step[:, None] * _OFFSETS
    table = np.minimum(factors[:, :, None] * profiles[:, None, :], stage.upper)
    values = objective(*stage.evaluate(table.reshape(-1, stage.n))).reshape(len(profiles), 4, stage.n)
    slopes = np.einsum("pkn,k->pn", values, _WEIGHTS) / step[:, None]
    return np.asarray(slopes / largest[:, None])


def _starts(stage: StageGame, objective: Objective, seed: int) -> Array:
    """Positive profiles (K, N), those with the least gain from scaling first."""
    n = stage.n
    diagonal = np.linspace(0.02, 1.0, 99)[:, None] * np.ones(n)
    sobol = 0.01 + 0.99 * qmc.Sobol(min(n, 64), seed=seed).random(SCREENED)[:, np.arange(n) % 64]
    groups = symmetry_groups(stage, objective)
    lifted = sobol / sobol.max(axis=1, keepdims=True)  # somebody gives all it has
    table = np.concatenate([diagonal, sobol[:, groups], lifted[:, groups], sobol, lifted])
    most = 1.0 / table.max(axis=1)
    factors = np.linspace(0.0, 1.0, FACTORS)[None, :] * most[:, None]
    tried = np.concatenate([factors, np.ones((len(table), 1))], axis=1)
    profiles = np.minimum(tried[:, :, None] * table[:, None, :], 1.0).reshape(-1, n) * stage.upper
    values = objective(*stage.evaluate(profiles)).reshape(len(table), FACTORS + 1, n)
    gains = (values.max(axis=1) - values[:, -1]).max(axis=1)
    return np.asarray(table[np.argsort(gains, kind="stable")] * stage.upper)


def _solved(stage: StageGame, objective: Objective, start: Array, scale: float) -> Array:
    """The nearest profile at which nobody's slope along the ray asks for another factor, by least squares."""
    n = stage.n

    def residual(rates: Array) -> Array:
        return residuals(np.clip(rates, LEAST, 1.0)[None])[0]

    def residuals(rates: Array) -> Array:
        slopes = ray_slopes(stage, rates * stage.upper, objective) / scale
        room = 1.0 / rates.max(axis=1, keepdims=True) - 1.0
        return np.minimum(slopes, room)  # more is asked for in vain where the box has no room

    def jacobian(rates: Array) -> Array:
        inside = np.clip(rates, LEAST, 1.0)
        step = np.where(inside > 0.5, -1.0, 1.0) * np.minimum(1e-5, 0.1 * inside)
        table = np.concatenate([inside[None], inside + np.diag(step)])
        found = residuals(table)
        return np.asarray(((found[1:] - found[0]) / step[:, None]).T)

    begin = np.clip(start / stage.upper, 1e-6, 1.0 - 1e-9)
    ended = least_squares(
        residual,
        begin,
        jac=jacobian,
        bounds=(np.full(n, LEAST), np.ones(n)),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=200,
    )
    rates = np.clip(ended.x, LEAST, 1.0)
    return np.asarray(np.where(rates > 1.0 - 1e-7, 1.0, rates) * stage.upper)


def _best_common_part(stage: StageGame, objective: Objective) -> Array:
    """The profile (N,) of one part of all endowments with the greatest sum: a solution where agents are alike."""
    parts = np.linspace(0.0, 1.0, POINTS)
    for _ in range(ROUNDS):
        heights = objective(*stage.evaluate(parts[:, None] * stage.upper)).sum(axis=1)
        k = int(heights.argmax())
        best = float(parts[k])
        parts = np.linspace(parts[max(k - 1, 0)], parts[min(k + 1, len(parts) - 1)], INNER)
    return np.asarray(max(best, LEAST) * stage.upper)


@register_concept(
    "kantian",
    objective="private",
    about="nobody would like everybody's efforts scaled by one common factor",
    source="Roemer, Scandinavian Journal of Economics 112, 2010",
    status=by_class(
        Status("cross-checked", f"{_TESTS}::test_no_factor_on_a_grid", "20,001 factors, and efficiency on a grid"),
        team=Status("proven", f"{_TESTS}::test_symmetric_teams", "the best common effort, in closed form"),
    ),
)
def kantian(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    strict: bool = True,
    tolerance: float | None = None,
    seed: int = 0,
) -> Solution:
    """A multiplicative Kantian equilibrium; among several found the one with the greatest sum of values.

    Parameters
    ----------
    start : ndarray (N,), optional
        Positive levels to solve from first.
    tolerance : float, optional
        Largest gain of a factor, in payoff; a part of the game's scale by default.
    seed : int
        Of the screened profiles.

    Raises
    ------
    NotConverged
        None was found, unless `strict` is False.
    """
    began, evaluated = time.perf_counter(), stage.evaluations
    allowed = tolerance_of(stage, objective, tolerance)
    screened = _starts(stage, objective, seed)
    values = objective(*stage.evaluate(screened))
    scale = float(np.ptp(values)) or 1.0
    begins = [*([] if start is None else [np.maximum(start, LEAST * stage.upper)])]
    begins += list(screened[:SOLVED]) + [stage.upper.copy()]
    common = _best_common_part(stage, objective)
    ends = [common, stage.upper.copy(), *[_solved(stage, objective, begin, scale) for begin in begins]]
    best: tuple[Array, Certificate, float, bool] | None = None
    tried = 0
    for end in [*ends, *begins]:
        if (end / stage.upper).min() < LEAST:
            continue
        tried += 1
        certificate = scaling_certificate(stage, end, objective)
        total = float(objective(*stage.evaluate(end[None])).sum())
        passes = certificate.epsilon <= allowed and certificate.details["positive"]
        if best is None:
            better = True
        elif passes != best[3]:
            better = passes
        elif passes:
            better = total > best[2] + 1e-12 * abs(best[2])
        else:
            better = certificate.epsilon < best[1].epsilon
        if better:
            best = (end, certificate, total, passes)
    assert best is not None
    profile, certificate, total, converged = best
    payoffs, utilities = stage.evaluate(profile[None])
    report = {
        "method": "screen, least squares along rays",
        "starts": tried,
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    slopes = ray_slopes(stage, profile[None], objective)[0]
    residual = float(np.abs(np.minimum(slopes / scale, certificate.details["largest_factor"] - 1.0)).max())
    solution = Solution(
        stage.game.id,
        stage.game.agents,
        "kantian",
        objective.name,
        profile,
        payoffs[0],
        utilities[0],
        converged,
        residual,
        certificate,
        report,
        {"total": total, "tolerance": allowed},
    )
    if strict and not solution.converged:
        raise NotConverged(solution, certificate.epsilon, "only positive efforts count")
    return solution
