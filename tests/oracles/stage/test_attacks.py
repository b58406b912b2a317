"""Attacks on solutions by methods of another kind than the solvers', over wide random parameters (slow).

What they gain is printed: ``pytest -m slow tests/oracles/stage/test_attacks.py -s``. A solution that says it converged
must hold; one that does not is counted, and no solution.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import differential_evolution, dual_annealing

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.parameters import Parameters
from coopetition.oracles import Objective, StageGame, solve
from coopetition.oracles.stage.solution import tolerance_of

SETS = 6


def wide_games(key: str, count: int = SETS) -> list[Parameters]:
    """Parameters drawn from wide ranges: every plain number of the class that has a range, a few at a time."""
    rng = np.random.default_rng(sum(map(ord, key)))
    cls = environment_class(key)
    if cls.family == "team":
        ranges = {"beta": (0.3, 0.95), "cost": (0.2, 3.0)}
        if key == "PublicGoods-v0":
            ranges = {"multiplier": (0.6, 6.0)}
    else:
        ranges = {"gamma": (0.0, 2.5), "theta": (0.5, 40.0), "initial_trust": (0.0, 1.0), "kappa": (0.5, 5.0)}
    games = []
    for _ in range(count):
        numbers = {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
        if cls.family != "team" and rng.uniform() < 0.4:
            numbers |= {"value_form": "power", "beta": float(rng.uniform(0.2, 0.95))}
        games.append(cls.build(numbers))
    return games


def check(kind: str, key: str, gain: float, allowed: float, scale: float) -> None:
    print(f"{key} {kind}: an attack gains {gain:.2e} of a game with {scale:.3g} at stake")
    assert gain <= allowed


def deviation_loss(stage: StageGame, goal: Objective, actions: np.ndarray, i: int) -> Callable[[np.ndarray], float]:
    """Minus what agent i has at another level."""

    def loss(x: np.ndarray) -> float:
        profile = actions.copy()
        profile[i] = x[0]
        return -float(goal(*stage.evaluate(profile[None]))[0, i])

    return loss


def threat_value(
    stage: StageGame, goal: Objective, actions: np.ndarray, others: list[int]
) -> Callable[[np.ndarray], np.ndarray]:
    """What the first agent has against other levels of the others."""

    def value(levels: np.ndarray) -> np.ndarray:
        table = np.repeat(actions[None], levels.shape[1], axis=0)
        table[:, others] = levels.T
        return np.asarray(goal(*stage.evaluate(table))[:, 0])

    return value


@pytest.mark.slow
@pytest.mark.parametrize("concept", ["nash", "coopetitive"])
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_annealed_deviations(key: str, concept: str) -> None:
    """Simulated annealing of one agent's level, which knows neither grids nor slopes."""
    failed = 0
    for game in wide_games(key):
        found = solve(game, concept, strict=False)
        if not found.converged:
            failed += 1
            continue
        stage = StageGame(game)
        goal = Objective(stage, "private" if concept == "nash" else "integrated")
        own = goal(found.payoffs[None], found.utilities[None])[0]
        for i in range(min(stage.n, 3)):
            attack = dual_annealing(
                deviation_loss(stage, goal, found.actions, i), [(0.0, float(stage.upper[i]))], maxiter=150, seed=1
            )
            allowed = max(found.epsilon, tolerance_of(stage, goal))
            check(concept, key, -attack.fun - own[i], allowed, allowed * 1e9)
    print(f"{key} {concept}: {failed} of {SETS} without a certificate")


@pytest.mark.slow
@pytest.mark.parametrize("welfare", ["utilitarian", "egalitarian"])
@pytest.mark.parametrize("key", [key for key in ENVIRONMENTS if key != "ApacheProject-v0"])
def test_evolved_optima(key: str, welfare: str) -> None:
    """Differential evolution of whole profiles against the social optimum."""
    for game in wide_games(key, 3):
        found = solve(game, "social_optimum", welfare=welfare, strict=False)
        if not found.converged:
            print(f"{key} {welfare}: no certificate")
            continue
        stage = StageGame(game)
        total = np.sum if welfare == "utilitarian" else np.min
        attack = differential_evolution(
            lambda levels, stage=stage, total=total: -total(stage.evaluate(levels.T)[0], axis=1),
            [(0.0, high) for high in stage.upper],
            vectorized=True, updating="deferred", seed=3, maxiter=400, popsize=20, tol=1e-12,
        )  # fmt: skip
        allowed = 1e2 * tolerance_of(stage, Objective(stage, "private"))
        check(welfare, key, -attack.fun - found.values["welfare"], allowed, allowed * 1e7)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["private", "integrated"])
@pytest.mark.parametrize("key", [key for key in ENVIRONMENTS if key != "ApacheProject-v0"])
def test_evolved_threats(key: str, mode: str) -> None:
    """Differential evolution of the others' levels against each security strategy."""
    for game in wide_games(key, 3):
        found = solve(game, "maximin", objective=mode, strict=False)
        if not found.converged:
            print(f"{key} maximin: no certificate")
            continue
        stage = StageGame(game)
        goal = Objective(stage, mode)
        others = list(range(1, stage.n))
        attack = differential_evolution(
            threat_value(stage, goal, found.actions, others), [(0.0, float(stage.upper[j])) for j in others],
            vectorized=True, updating="deferred", seed=5, maxiter=300, popsize=20, tol=1e-12,
        )  # fmt: skip
        allowed = 10.0 * tolerance_of(stage, goal)
        check(f"maximin {mode}", key, found.values["security_levels"][0] - attack.fun, allowed, allowed * 1e8)
