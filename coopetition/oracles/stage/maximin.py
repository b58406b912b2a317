"""Security levels: what each agent can guarantee itself, max over a_i of min over a_-i of its payoff."""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import qmc

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.game import Array, Objective, StageGame, difference_table
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import Certificate, NotConverged, Solution

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"
_STAGE = "tests/oracles/stage/test_stage.py"

#: Own levels tried, profiles of the others tried against each, and the tolerance of the check, in payoff.
GRID, THREATS, TOLERANCE = 129, 96, 1e-5


def threats(stage: StageGame, agent: int, count: int = THREATS, seed: int = 0) -> Array:
    """Profiles (K, N) of the others that may hurt most: corners, common levels and a Sobol set; `agent` at zero."""
    others = [j for j in range(stage.n) if j != agent]
    m = len(others)
    if m <= 5:
        corners = np.array(np.meshgrid(*[[0.0, 1.0]] * m)).reshape(m, -1).T
    else:
        corners = np.concatenate([np.zeros((1, m)), np.ones((1, m)), np.eye(m), 1.0 - np.eye(m)])
    common = np.linspace(0.0, 1.0, 33)[:, None] * np.ones(m)
    spread = qmc.Sobol(min(m, 64), seed=seed).random(64)[:, np.arange(m) % 64][: max(0, count - 32)]
    table = np.zeros((len(corners) + len(common) + len(spread), stage.n))
    table[:, others] = np.concatenate([corners, common, spread])
    return table * stage.upper


def worst_case(stage: StageGame, objective: Objective, agent: int, level: float, table: Array) -> tuple[Array, float]:
    """The others' most hurtful profile against one level: the worst of a table, then L-BFGS-B from it."""
    profiles = table.copy()
    profiles[:, agent] = level
    values = objective(*stage.evaluate(profiles))[:, agent]
    worst = profiles[int(values.argmin())]
    low = float(values.min())
    others = np.array([j for j in range(stage.n) if j != agent])
    upper = stage.upper[others]

    def value(rates: Array) -> tuple[float, Array]:
        profile = worst.copy()
        profile[others] = np.clip(rates, 0.0, 1.0) * upper
        places, weights = difference_table(profile, stage.upper)
        rows = np.repeat(profile[None], 5 * len(others) + 1, axis=0)
        moved = rows[:-1].reshape(len(others), 5, stage.n)
        moved[np.arange(len(others)), :, others] = places[others]
        found = objective(*stage.evaluate(rows))[:, agent]
        slope = (found[:-1].reshape(len(others), 5) * weights[others]).sum(axis=1) * upper
        return float(found[-1]), slope

    begin = worst[others] / upper
    slope = value(begin)[1]
    if np.abs(np.clip(begin - slope, 0.0, 1.0) - begin).max() > 1e-9:
        found = minimize(value, begin, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(others))
        if found.fun < low:
            low = float(found.fun)
            worst = worst.copy()
            worst[others] = np.clip(found.x, 0.0, 1.0) * upper
    return worst, low


@register_concept(
    "maximin",
    objective="private",
    about="each agent's security level",
    source="von Neumann, Mathematische Annalen 100, 1928",
    status=by_class(
        Status(
            "experimental",
            f"{_STAGE}::test_stackelberg_and_maximin_of_more_agents",
            "its certificate",
        ),
        interdependence=Status("cross-checked", f"{_CROSS}::test_maximin_on_a_grid", "enumeration on a grid"),
        trust=Status("cross-checked", f"{_CROSS}::test_maximin_on_a_grid", "enumeration on a grid"),
        team=Status(
            "proven",
            f"{_CLOSED}::test_teams_with_a_leader_and_against_all",
            "team production and public goods by hand",
        ),
    ),
)
def maximin(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    strict: bool = True,
    tolerance: float = TOLERANCE,
) -> Solution:
    """Each agent's security strategy; ``values["security_levels"]`` says what it guarantees.

    `actions` collects every agent's own security strategy, and ``values["threats"]`` (N, N) the others' profiles
    that hold each agent down to its level.

    Raises
    ------
    NotConverged
        Another grid finds a strategy that guarantees more, or a threat that hurts more, unless `strict` is False.
    """
    began, evaluated = time.perf_counter(), stage.evaluations
    n = stage.n
    strategies, levels, hurtful = np.zeros(n), np.zeros(n), np.zeros((n, n))
    gains, replies = np.zeros(n), np.zeros(n)
    for i in range(n):
        table = threats(stage, i)
        check = threats(stage, i, seed=1)
        grid = np.sort(np.append(np.linspace(0.0, stage.upper[i], GRID), stage.game.baseline[i]))
        shades = (grid[:-1] + grid[1:]) / 2.0

        def guaranteed(own: Array, against: Array, agent: int = i) -> Array:
            profiles = np.repeat(against[None], len(own), axis=0)
            profiles[:, :, agent] = own[:, None]
            values = objective(*stage.evaluate(profiles.reshape(-1, n)))[:, agent]
            return np.asarray(values.reshape(len(own), -1).min(axis=1))

        floor = guaranteed(grid, table)
        k = int(floor.argmax())
        candidates = [float(grid[k])]
        bounds = (float(grid[max(k - 1, 0)]), float(grid[min(k + 1, len(grid) - 1)]))
        found = minimize_scalar(
            lambda own, i=i, table=table: -worst_case(stage, objective, i, float(own), table)[1],
            bounds=bounds,
            method="bounded",
            options={"xatol": 1e-8 * stage.upper[i]},
        )
        candidates.append(float(found.x))
        outcomes = [worst_case(stage, objective, i, own, table) for own in candidates]
        best = int(np.argmax([value for _, value in outcomes]))
        strategies[i], (hurtful[i], levels[i]) = candidates[best], outcomes[best]
        # Nobody guarantees more on the shifted grid; nothing in a fresh table hurts more.
        shifted = guaranteed(shades, table)
        place = int(shifted.argmax())
        gains[i] = max(
            worst_case(stage, objective, i, float(shades[place]), table)[1] - levels[i],
            levels[i] - worst_case(stage, objective, i, strategies[i], check)[1],
            0.0,
        )
        replies[i] = shades[place]
    certificate = Certificate("security", float(gains.max()), gains, replies, GRID, {})
    payoffs, utilities = stage.evaluate(strategies[None])
    report = {
        "method": "grid, bounded search, L-BFGS-B",
        "evaluations": stage.evaluations - evaluated,
        "seconds": time.perf_counter() - began,
    }
    solution = Solution(
        stage.game.id,
        stage.game.agents,
        "maximin",
        objective.name,
        strategies,
        payoffs[0],
        utilities[0],
        certificate.epsilon <= tolerance,
        certificate.epsilon,
        certificate,
        report,
        {"security_levels": levels, "threats": hurtful},
    )
    if strict and not solution.converged:
        raise NotConverged(solution, certificate.epsilon)
    return solution
