"""Commitment: a leader fixes its level first, the others answer with their equilibrium (von Stackelberg 1934)."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.first_order import first_order_point
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.replies import best_replies
from coopetition.oracles.stage.solution import Certificate, Solution, concluded

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"

#: Levels of the leader that are tried before the best is refined.
GRID = 65
#: Rounds of the followers' best replies at most.
ROUNDS = 40


def leader_index(stage: StageGame, leader: str | int) -> int:
    """Index of an agent given by name or index.

    Raises
    ------
    ValueError
        It is not an agent of the game, naming those that are.
    """
    agents = stage.game.agents
    if isinstance(leader, str) and leader in agents:
        return agents.index(leader)
    if isinstance(leader, int | np.integer) and not isinstance(leader, bool) and 0 <= leader < len(agents):
        return int(leader)
    raise ValueError(f"leader = {leader!r} is not an agent of {stage.game.id}; agents: {', '.join(agents)}")


def followers_reply(
    stage: StageGame, profile: Array, leader: int, objective: Objective, tolerance: float = 1e-9
) -> tuple[Array, float]:
    """The followers' equilibrium with the leader held at its level in `profile`, and its epsilon.

    Parameters
    ----------
    profile : ndarray (N,)
        The leader's level, and where the followers start.
    """
    followers = np.array([i for i in range(stage.n) if i != leader])
    free = np.ones(stage.n, dtype=bool)
    free[leader] = False
    if stage.n == 2:
        replies, values, own = best_replies(stage, profile, objective, followers)
        answer = profile.copy()
        answer[followers] = replies
        sharper, success = first_order_point(stage, answer, objective, free=free)
        if success and np.abs(sharper - answer).max() < 1e-3 * stage.upper.max():
            answer = sharper
        return answer, 0.0
    point, _ = first_order_point(stage, profile, objective, free=free)
    replies, values, own = best_replies(stage, point, objective, followers)
    best, epsilon = point, float((values - own).max())
    point = best.copy()
    for _ in range(ROUNDS):
        if epsilon <= tolerance:
            break
        for i in followers:
            point[i] = best_replies(stage, point, objective, np.array([i]), points=129)[0][0]
        replies, values, own = best_replies(stage, point, objective, followers)
        gain = float((values - own).max())
        if gain < epsilon:
            best, epsilon = point.copy(), gain
    return best, epsilon


@register_concept(
    "stackelberg",
    objective="private",
    about="a leader's best commitment when the others reply with their equilibrium",
    source="von Stackelberg, Marktform und Gleichgewicht, 1934",
    status=by_class(
        Status(
            "cross-checked",
            f"{_CROSS}::test_stackelberg_on_a_grid",
            "backward induction, scalar search",
        ),
        team=Status(
            "proven",
            f"{_CLOSED}::test_teams_with_a_leader_and_against_all",
            "team production and public goods by hand",
        ),
    ),
)
def stackelberg(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    leader: str | int = 0,
    leader_objective: Any = None,
    strict: bool = True,
    tolerance: float | None = None,
) -> Solution:
    """The leader's best commitment when the others play their equilibrium given it.

    Parameters
    ----------
    objective : Objective
        What the followers maximise: payoffs for their nash, utilities for their coopetitive reply.
    leader : str or int
        An agent.
    leader_objective : str or array_like (N, N), optional
        What the leader maximises, as the objective of `solve`; the same by default.

    Raises
    ------
    ValueError
        The leader is not an agent.
    NotConverged
        The followers have no certified reply, or another commitment pays more, unless `strict` is False.
    """
    began, evaluated = time.perf_counter(), stage.evaluations
    who = leader_index(stage, leader)
    own_objective = objective if leader_objective is None else Objective(stage, leader_objective)
    if stage.axes > 1:
        return _leader_of_two(stage, objective, own_objective, who, strict, tolerance)
    grid = np.linspace(0.0, stage.upper[who], GRID)
    begin = 0.25 * stage.upper if start is None else start.copy()
    if stage.n > 2 and start is None:
        groups = symmetry_groups(stage, objective)
        begin, _ = first_order_point(stage, begin, objective, groups)

    def reply(level: float, near: Array) -> tuple[Array, float, float]:
        profile = near.copy()
        profile[who] = min(max(float(level), 0.0), float(stage.upper[who]))
        answer, epsilon = followers_reply(stage, profile, who, objective)
        payoffs, utilities = stage.evaluate(answer[None])
        return answer, float(own_objective(payoffs, utilities)[0, who]), epsilon

    def commitments(levels: Array, near: Array) -> list[tuple[Array, float, float]]:
        answers = []
        for level in levels:
            near, value, epsilon = reply(level, near)
            answers.append((near, value, epsilon))
        return answers

    table = commitments(grid, begin)
    values = np.array([value for _, value, _ in table])
    best, best_value, follower_epsilon = table[int(values.argmax())]
    for k in np.argsort(-values)[:2]:
        bounds = (float(grid[max(k - 1, 0)]), float(grid[min(k + 1, GRID - 1)]))
        near = table[k][0]
        found = minimize_scalar(
            lambda level, near=near: -reply(level, near)[1],
            bounds=bounds,
            method="bounded",
            options={"xatol": 1e-9 * stage.upper[who]},
        )
        answer, value, epsilon = reply(found.x, near)
        if value > best_value:
            best, best_value, follower_epsilon = answer, value, epsilon
    # The check: commitments on another grid, and close around the solution, with the replies found anew.
    level = best[who]
    near_levels = np.clip(
        level + stage.upper[who] * np.array([-1e-2, -1e-3, -1e-4, 1e-4, 1e-3, 1e-2]), 0.0, stage.upper[who]
    )
    other_levels = np.concatenate([(grid[:-1] + grid[1:]) / 2.0, near_levels])
    others = commitments(np.sort(other_levels), begin)
    checked = max(others, key=lambda entry: entry[1])
    gains = np.zeros(stage.n)
    replies, best_values, own = best_replies(stage, best, objective)
    followers = [i for i in range(stage.n) if i != who]
    gains[followers] = np.maximum(best_values - own, 0.0)[followers]
    gains[who] = max(checked[1] - best_value, 0.0)
    replies = replies.copy()
    replies[who] = checked[0][who]
    details = {"leader": stage.game.agents[who], "follower_epsilon": follower_epsilon}
    certificate = Certificate("commitment", float(gains.max()), gains, replies, GRID, details)
    return concluded(
        stage,
        "stackelberg",
        objective,
        best,
        certificate,
        method="grid, bounded search",
        began=began,
        evaluated=evaluated,
        values={"leader": stage.game.agents[who]},
        strict=strict,
        tolerance=tolerance,
    )


def _leader_of_two(
    stage: StageGame, objective: Objective, own_objective: Objective, who: int, strict: bool, tolerance: float | None
) -> Solution:
    """The same where an action is a level and an intensity: the leader commits itself to both, and both answer."""
    if stage.game.n != 2:
        raise ValueError(
            f"{stage.game.id}: a leader of {stage.game.n} agents whose actions have two numbers is not searched for; "
            "with two agents it is"
        )
    from coopetition.oracles.stage.blocks import best_blocks, between, closing_in, commitments

    began, evaluated = time.perf_counter(), stage.evaluations
    other = 1 - who
    own, theirs, upper = stage.block(who), stage.block(other), stage.upper[stage.block(who)]
    free = stage.owner == other

    def answers(blocks: Array) -> tuple[Array, Array]:
        profiles = np.zeros((len(blocks), stage.n))
        profiles[:, own] = blocks
        profiles[:, theirs] = best_blocks(stage, profiles, objective, other, points=33, cells=1, rounds=10)[0]
        return profiles, own_objective(*stage.evaluate(profiles))[:, own.start]

    def sharp(profile: Array) -> tuple[Array, float]:
        # Grids know a reply to half of the digits; what the leader has from it needs the others too.
        better, success = first_order_point(stage, profile, objective, free=free)
        near = np.abs((better - profile) / stage.upper).max() < 1e-3
        settled = better if success and near else profile
        return settled, float(own_objective(*stage.evaluate(settled[None]))[0, own.start])

    profiles, values = answers(commitments(stage, who, 33))
    best, best_value = sharp(profiles[int(values.argmax())])
    tops = [profiles[k] for k in np.argsort(-values)[:2]]
    for top in tops:
        block, _ = closing_in(lambda tried: answers(tried)[1], top[own], upper / 32.0, upper, rounds=12)
        point, value = sharp(answers(block[None])[0][0])

        def committed(rates: Array, point: Array = point) -> float:
            moved = point.copy()
            moved[own] = np.clip(rates, 0.0, 1.0) * upper
            return -sharp(moved)[1]

        start = point[own] / upper
        simplex = np.clip(
            start + 1e-3 * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * np.where(start < 0.5, 1, -1), 0, 1
        )
        found = minimize(
            committed,
            start,
            method="Nelder-Mead",
            bounds=[(0.0, 1.0)] * 2,
            options={"initial_simplex": simplex, "xatol": 1e-10, "fatol": 1e-12, "maxiter": 400},
        )
        moved = point.copy()
        moved[own] = np.clip(found.x, 0.0, 1.0) * upper
        for candidate in (point, answers(moved[own][None])[0][0]):
            settled, value = sharp(candidate)
            if value > best_value:
                best, best_value = settled, value
    # The check: commitments between those of the grid, and close around the solution, with the replies found anew.
    rng = np.random.default_rng(1)
    spread = np.repeat([1e-1, 1e-2, 1e-3, 1e-4], 32)[:, None] * upper
    near_blocks = np.clip(best[own] + spread * rng.normal(size=(len(spread), 2)), 0.0, upper)
    checked, reached = answers(np.concatenate([between(stage, who, 33), near_blocks]))
    most = max((sharp(checked[k]) for k in np.argsort(-reached)[:16]), key=lambda entry: entry[1])
    replies, best_values, at = best_replies(stage, best, objective)
    gains = np.maximum(best_values - at, 0.0)
    gains[own] = max(most[1] - best_value, 0.0)
    replies = replies.copy()
    replies[own] = most[0][own]
    details = {"leader": stage.game.agents[who], "follower_epsilon": float(gains[theirs].max())}
    certificate = Certificate("commitment", float(gains.max()), gains, replies, 33, details)
    return concluded(
        stage,
        "stackelberg",
        objective,
        best,
        certificate,
        method="grids of both numbers, Nelder-Mead",
        began=began,
        evaluated=evaluated,
        values={"leader": stage.game.agents[who]},
        strict=strict,
        tolerance=tolerance,
    )
