"""Security levels: what each agent can guarantee itself, max over a_i of min over a_-i of its payoff.

The inner minimum is global: from the worst of a table of threats every other agent's level is searched on a dense grid
of its whole range, and then in shrinking grids around the best cell, one agent after the other until none lowers the
value any more. With two agents that is the whole problem. The outer maximum is taken over a grid of own levels, and
shrinking grids around its best, each of whose levels meets its own worst threat.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import Certificate, Solution, concluded

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"
_ATTACKS = "tests/oracles/stage/test_attacks.py"

#: Own levels tried, profiles of the others tried against each, and levels of a refining grid.
GRID, THREATS, INNER = 129, 96, 17
#: Grid of one other agent's level: of the only other one, and of one among several.
ALONE, AMONG = 257, 65
#: Rounds of refining grids at most, and sweeps over the other agents.
ROUNDS, SWEEPS = 14, 4


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


def floors(
    stage: StageGame,
    objective: Objective,
    agent: int,
    levels: Array,
    table: Array,
    *,
    sweep: bool = True,
    points: int | None = None,
) -> tuple[Array, Array]:
    """What each of an agent's levels guarantees it, and the others' most hurtful profile against it.

    Parameters
    ----------
    levels : ndarray (L,)
        Own levels.
    table : ndarray (K, N)
        Profiles of the others to begin with.
    sweep : bool
        Whether to search each other agent's whole range from the worst of them.
    points : int, optional
        Grid points of that search.

    Returns
    -------
    floor : ndarray (L,)
    threat : ndarray (L, N)
        With the own level in its place.
    """
    count, n = len(levels), stage.n
    profiles = np.repeat(table[None], count, axis=0)
    profiles[:, :, agent] = levels[:, None]
    values = objective(*stage.evaluate(profiles.reshape(-1, n)))[:, agent].reshape(count, -1)
    rows = np.arange(count)
    worst = values.argmin(axis=1)
    floor, threat = values[rows, worst], profiles[rows, worst]
    if not sweep:
        return floor, threat
    points = points or (ALONE if n == 2 else AMONG)
    others = [j for j in range(n) if j != agent]
    for _ in range(1 if n == 2 else SWEEPS):
        before = floor.copy()
        for j in others:
            low, high = np.zeros(count), np.full(count, stage.upper[j])
            grid = np.linspace(0.0, 1.0, points)
            for _ in range(ROUNDS):
                tried = low[:, None] + (high - low)[:, None] * grid
                if len(grid) == points:  # the level that others expect, where a payoff may have a corner
                    tried = np.sort(np.column_stack([tried, np.full(count, stage.baseline[j])]), axis=1)
                found = np.repeat(threat[:, None, :], tried.shape[1], axis=1)
                found[:, :, j] = tried
                heights = objective(*stage.evaluate(found.reshape(-1, n)))[:, agent].reshape(tried.shape)
                k = heights.argmin(axis=1)
                lower = heights[rows, k] < floor
                floor = np.where(lower, heights[rows, k], floor)
                threat[lower, j] = tried[rows, k][lower]
                left, right = np.maximum(k - 1, 0), np.minimum(k + 1, tried.shape[1] - 1)
                low, high = tried[rows, left], tried[rows, right]
                flat = np.maximum(heights[rows, left], heights[rows, right]) - heights[rows, k]
                if flat.max() <= 1e-13 * (1.0 + np.abs(floor).max()):
                    break
                grid = np.linspace(0.0, 1.0, INNER)
        if (before - floor).max() <= 1e-12 * (1.0 + np.abs(floor).max()):
            break
    return floor, threat


def security_strategy(
    stage: StageGame, objective: Objective, agent: int, table: Array, grid: Array
) -> tuple[float, float, Array]:
    """An agent's security strategy, its level, and the threat that holds it down to that.

    Parameters
    ----------
    table : ndarray (K, N)
        Threats to begin with.
    grid : ndarray (L,)
        Own levels to begin with.
    """
    alone = stage.n == 2
    floor, threat = floors(stage, objective, agent, grid, table, sweep=alone)
    if not alone:  # of many levels only the promising ones meet the whole search
        chosen = np.sort(np.argsort(-floor, kind="stable")[:INNER])
        floor[:] = -np.inf
        floor[chosen], threat[chosen] = floors(stage, objective, agent, grid[chosen], table)
    k = int(floor.argmax())
    best, value, against = float(grid[k]), float(floor[k]), threat[k]
    low, high = float(grid[max(k - 1, 0)]), float(grid[min(k + 1, len(grid) - 1)])
    known = np.concatenate([table, threat[np.isfinite(floor)]])
    for _ in range(ROUNDS):
        levels = np.linspace(low, high, INNER)
        floor, threat = floors(stage, objective, agent, levels, known)
        k = int(floor.argmax())
        known = np.concatenate([known[-THREATS:], threat])
        if floor[k] > value:
            best, value, against = float(levels[k]), float(floor[k]), threat[k]
        left, right = max(k - 1, 0), min(k + 1, INNER - 1)
        if floor[k] - min(floor[left], floor[right]) <= 1e-12 * (1.0 + abs(value)):
            break
        low, high = float(levels[left]), float(levels[right])
    return best, value, against


@register_concept(
    "maximin",
    objective="private",
    about="each agent's security level",
    source="von Neumann, Mathematische Annalen 100, 1928",
    status=by_class(
        Status("cross-checked", f"{_ATTACKS}::test_evolved_threats", "differential evolution of the others' levels"),
        interdependence=Status("cross-checked", f"{_CROSS}::test_maximin_on_a_grid", "enumeration on a grid"),
        trust=Status("cross-checked", f"{_CROSS}::test_maximin_against_every_threat", "enumeration on a grid"),
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
    tolerance: float | None = None,
) -> Solution:
    """Each agent's security strategy; ``values["security_levels"]`` says what it guarantees.

    `actions` collects every agent's own security strategy, and ``values["threats"]`` (N, N) the others' profiles
    that hold each agent down to its level.

    Raises
    ------
    NotConverged
        Another grid finds a strategy that guarantees more, or a threat that hurts more, unless `strict` is False.
    """
    if stage.axes > 1:
        return _of_two_numbers(stage, objective, strict, tolerance)
    began, evaluated = time.perf_counter(), stage.evaluations
    n = stage.n
    strategies, levels, hurtful = np.zeros(n), np.zeros(n), np.zeros((n, n))
    gains, replies = np.zeros(n), np.zeros(n)
    groups = symmetry_groups(stage, objective)
    for group in np.unique(groups):
        members: NDArray[np.int64] = np.flatnonzero(groups == group)
        i = int(members[0])
        grid = np.sort(np.append(np.linspace(0.0, stage.upper[i], GRID), stage.baseline[i]))
        table = threats(stage, i)
        strategies[i], levels[i], hurtful[i] = security_strategy(stage, objective, i, table, grid)
        # Nobody guarantees more on the shifted grid; nothing in a fresh table, and on a finer grid, hurts more.
        shades = (grid[:-1] + grid[1:]) / 2.0
        rough = floors(stage, objective, i, shades, np.concatenate([table, hurtful[i][None]]), sweep=n == 2)[0]
        chosen = np.argsort(-rough, kind="stable")[:INNER]
        shifted = floors(stage, objective, i, shades[chosen], table)[0]
        place = int(shifted.argmax())
        own = np.array([strategies[i]])
        fresh = threats(stage, i, seed=1)
        worse = float(floors(stage, objective, i, own, fresh, points=4 * AMONG + 3)[0][0])
        gains[i] = max(float(shifted[place]) - levels[i], levels[i] - worse, 0.0)
        replies[i] = shades[chosen][place]
        for other in members[1:]:  # exchangeable agents guarantee themselves the same
            strategies[other], levels[other], gains[other] = strategies[i], levels[i], gains[i]
            replies[other], hurtful[other] = replies[i], hurtful[i]
            hurtful[other, [i, other]] = hurtful[i, [other, i]]
    certificate = Certificate("security", float(gains.max()), gains, replies, GRID, {})
    return concluded(
        stage,
        "maximin",
        objective,
        strategies,
        certificate,
        method="grids, refined, of own levels and of threats",
        began=began,
        evaluated=evaluated,
        values={"security_levels": levels, "threats": hurtful},
        strict=strict,
        tolerance=tolerance,
    )


def _of_two_numbers(stage: StageGame, objective: Objective, strict: bool, tolerance: float | None) -> Solution:
    """The same where an action is a level and an intensity: each agent chooses both, and so do threats."""
    if stage.game.n != 2:
        raise ValueError(
            f"{stage.game.id}: security levels of {stage.game.n} agents whose actions have two numbers are not "
            "searched for; with two agents they are"
        )
    from coopetition.oracles.stage.blocks import best_blocks, between, closing_in, commitments

    began, evaluated = time.perf_counter(), stage.evaluations
    strategies, gains, replies = np.zeros(stage.n), np.zeros(stage.n), np.zeros(stage.n)
    levels, hurtful = np.zeros(stage.n), np.zeros((2, stage.n))
    for i in range(2):
        own, theirs = stage.block(i), stage.block(1 - i)
        upper = stage.upper[own]

        def worst(blocks: Array, points: int = 33, i: int = i) -> tuple[Array, Array]:
            profiles = np.zeros((len(blocks), stage.n))
            profiles[:, stage.block(i)] = blocks
            few = 1 if points < GRID else 4
            found, values = best_blocks(
                stage, profiles, objective, 1 - i, points=points, cells=few, rounds=8 * few, least=True, whose=i
            )
            return values, found

        grid = commitments(stage, i, GRID // 4)
        floor = worst(grid)[0]
        best, value = np.zeros(2), -np.inf
        for k in np.argsort(-floor)[:2]:
            block, height = closing_in(lambda tried: worst(tried)[0], grid[k], upper / 24.0, upper)
            if height > value:
                best, value = block, height
        values, threat = worst(best[None], points=2 * GRID)
        rng = np.random.default_rng(i)
        spread = np.repeat([1e-1, 1e-2, 1e-3, 1e-4], 32)[:, None] * upper
        near = np.clip(best + spread * rng.normal(size=(len(spread), 2)), 0.0, upper)
        others = np.concatenate([between(stage, i, GRID // 4), near])
        reached = worst(others)[0]
        top = int(reached.argmax())
        gains[own] = max(float(reached[top]) - value, value - float(values[0]), 0.0)
        strategies[own], levels[own], replies[own] = best, min(value, float(values[0])), others[top]
        hurtful[i, own], hurtful[i, theirs] = best, threat[0]
    certificate = Certificate("security", float(gains.max()), gains, replies, GRID // 4, {})
    return concluded(
        stage,
        "maximin",
        objective,
        strategies,
        certificate,
        method="grids, refined, of both numbers and of threats",
        began=began,
        evaluated=evaluated,
        values={"security_levels": levels, "threats": hurtful.reshape(2, 2, stage.axes)},
        strict=strict,
        tolerance=tolerance,
    )
