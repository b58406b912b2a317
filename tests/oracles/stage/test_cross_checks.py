"""Independent checks: other methods, on other representations, agree with `solve`."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import differential_evolution, minimize_scalar, root

from coopetition.envs import environment_class
from coopetition.oracles import CONCEPTS, StageGame, dilemma, solve

#: Two-player games whose 2,001 x 2,001 grid is enumerated, and the objective.
GRIDS = [
    ("TrustDilemma-v0", "nash"),
    ("TrustDilemma-v0", "coopetitive"),
    ("RecoveryRace-v0", "coopetitive"),
    ("CooperativeNegotiation-v0", "coopetitive"),
    ("RenaultNissan-v0", "coopetitive"),
    ("GiftExchange-v0", "coopetitive"),
]


def values_on_grid(key: str, concept: str, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both axes, and values (points, points, 2), of a two-player game."""
    stage = StageGame(key)
    axes = [np.linspace(0.0, high, points) for high in stage.upper]
    values = np.empty((points, points, 2))
    for k, own in enumerate(axes[0]):
        table = np.column_stack([np.full(points, own), axes[1]])
        values[k] = stage.evaluate(table)[0 if CONCEPTS[concept] == "private" else 1]
    return axes[0], axes[1], values


@pytest.mark.parametrize(("key", "concept"), GRIDS)
def test_grid_of_2001(key: str, concept: str) -> None:
    """The only cells where nobody gains more than a cell's worth surround the equilibrium found."""
    found = solve(key, concept)
    first, second, values = values_on_grid(key, concept, 2001)
    regret = np.maximum(
        values[..., 0].max(axis=0, keepdims=True) - values[..., 0],
        values[..., 1].max(axis=1, keepdims=True) - values[..., 1],
    )
    near = np.unravel_index(regret.argmin(), regret.shape)
    assert abs(first[near[0]] - found.actions[0]) <= 1.5 * first[1]
    assert abs(second[near[1]] - found.actions[1]) <= 1.5 * second[1]
    # Half a cell away a smooth payoff loses at most curvature * cell^2: nothing else comes as close.
    good = np.argwhere(regret <= 4.0 * regret.min() + 1e-9)
    distance = np.abs(np.column_stack([first[good[:, 0]], second[good[:, 1]]]) - found.actions).max()
    assert distance <= 4.0 * max(first[1], second[1])


FIRST_ORDER = [
    ("PartnerHoldUp-v0", "nash"),
    ("PartnerHoldUp-v0", "coopetitive"),
    ("PlatformEcosystem-v0", "coopetitive"),
    ("DynamicPartnerSelection-v0", "coopetitive"),
    ("SLCD-v0", "coopetitive"),
    ("ReciprocalDilemma-v0", "coopetitive"),
    ("GiftExchange-v0", "coopetitive"),
    ("IndirectReciprocity-v0", "coopetitive"),
    ("GraduatedSanction-v0", "coopetitive"),
    ("AppleAppStore-v0", "coopetitive"),
    ("CoalitionFormation-v0", "nash"),
]


@pytest.mark.parametrize(("key", "concept"), FIRST_ORDER)
def test_first_order_conditions(key: str, concept: str) -> None:
    """SciPy's hybrid Powell root of plain central differences ends at the same interior point."""
    found = solve(key, concept)
    stage = StageGame(key)
    column = 0 if CONCEPTS[concept] == "private" else 1
    step = 1e-3

    def conditions(levels: np.ndarray) -> np.ndarray:
        table = np.concatenate([levels + step * np.eye(stage.n), levels - step * np.eye(stage.n)])
        values = stage.evaluate(table)[column]
        agents = np.arange(stage.n)
        return (values[agents, agents] - values[stage.n + agents, agents]) / (2.0 * step)

    other = root(conditions, 0.9 * found.actions + 1.0, method="hybr", options={"xtol": 1e-12})
    assert np.abs(other.fun).max() < 1e-6
    np.testing.assert_allclose(other.x, found.actions, atol=2e-4)


@pytest.mark.parametrize("key", ["LoyaltyTeam-v0", "PublicGoods-v0", "TrustDilemma-v0"])
def test_discretised_game(key: str) -> None:
    """nashpy, on the game cut to 41 levels for two agents, finds the pure equilibrium next to ours."""
    nashpy = pytest.importorskip("nashpy")
    from coopetition.envs import environment_class
    from coopetition.games.game import Game

    sized = {"n_agents": 2} if key != "TrustDilemma-v0" else {}
    game = Game(environment_class(key).build(sized))
    found = solve(game, "coopetitive")
    stage = StageGame(game)
    axis = np.linspace(0.0, stage.upper[0], 41)
    table = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    utilities = stage.evaluate(table)[1].reshape(41, 41, 2)
    discretised = nashpy.Game(utilities[..., 0], utilities[..., 1])
    pure = []
    for row, column in np.ndindex(41, 41):
        x, y = np.eye(41)[row], np.eye(41)[column]
        if all(discretised.is_best_response(x, y)):
            pure.append((axis[row], axis[column]))
    assert pure
    assert min(np.abs(np.array(point) - found.actions).max() for point in pure) <= axis[1]


@pytest.mark.parametrize(
    "key", ["TrustDilemma-v0", "PartnerHoldUp-v0", "SLCD-v0", "RenaultNissan-v0", "GiftExchange-v0", "AppleAppStore-v0"]
)
def test_optimum_by_another_search(key: str) -> None:
    """Differential evolution finds nothing better, and the same point."""
    found = solve(key, "social_optimum")
    stage = StageGame(key)
    other = differential_evolution(
        lambda levels: -stage.evaluate(levels.T)[0].sum(axis=1),
        [(0.0, high) for high in stage.upper],
        seed=0,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=1e-12,
        maxiter=400,
    )
    assert found.payoffs.sum() >= -other.fun - 1e-9
    np.testing.assert_allclose(other.x, found.actions, atol=1e-2)


@pytest.mark.parametrize(
    ("key", "leader"),
    [
        ("PartnerHoldUp-v0", "strong"),
        ("SLCD-v0", "sony"),
        ("RenaultNissan-v0", "nissan"),
        ("GiftExchange-v0", "employer"),
    ],
)
def test_stackelberg_on_a_grid(key: str, leader: str) -> None:
    """Backward induction: the follower's reply by SciPy's scalar search at each of 401 commitments."""
    found = solve(key, "stackelberg", leader=leader)
    stage = StageGame(key)
    who = stage.game.agents.index(leader)

    def paid(level: float) -> float:
        def profile(reply: float) -> np.ndarray:
            return np.array([[level, reply]]) if who == 0 else np.array([[reply, level]])

        reply = minimize_scalar(
            lambda reply: -stage.evaluate(profile(reply))[0][0, 1 - who],
            bounds=(0.0, stage.upper[1 - who]),
            method="bounded",
            options={"xatol": 1e-7},
        ).x
        return float(stage.evaluate(profile(reply))[0][0, who])

    grid = np.linspace(0.0, stage.upper[who], 401)
    values = np.array([paid(level) for level in grid])
    assert found.payoffs[who] >= values.max() - 1e-6
    assert abs(found.actions[who] - grid[values.argmax()]) <= grid[1]
    assert found.payoffs[who] >= solve(key, "nash").payoffs[who] - 1e-9  # commitment never hurts


@pytest.mark.parametrize("key", ["PartnerHoldUp-v0", "SLCD-v0", "RenaultNissan-v0"])
@pytest.mark.parametrize("solution", ["nash", "kalai_smorodinsky"])
def test_bargains_on_a_grid(key: str, solution: str) -> None:
    """Enumeration of 1,201 x 1,201 profiles finds no better bargain, and one nearby."""
    found = solve(key, "bargaining", solution=solution)
    _, _, values = values_on_grid(key, "nash", 1201)
    gains = values.reshape(-1, 2) - found.values["disagreement"]
    if solution == "nash":
        goal = np.where((gains > 0).all(axis=1), gains.prod(axis=1), -np.inf)
        ours = float((found.payoffs - found.values["disagreement"]).prod())
    else:
        ideal = found.values["ideal"] - found.values["disagreement"]
        enumerated = gains[(gains >= 0).all(axis=1)].max(axis=0)
        # Half a cell away from the others' floor a payoff differs by slope * cell / 2: the grid's own error.
        assert np.all(ideal >= enumerated - 1e-9)
        np.testing.assert_allclose(ideal, enumerated, rtol=0.01)
        goal = (gains / ideal).min(axis=1)
        ours = float(((found.payoffs - found.values["disagreement"]) / ideal).min())
    assert ours >= goal.max() - 1e-9
    assert goal.max() >= 0.98 * ours


@pytest.mark.parametrize("key", ["PartnerHoldUp-v0", "SLCD-v0", "CooperativeNegotiation-v0"])
def test_maximin_on_a_grid(key: str) -> None:
    """Enumeration of 801 x 801 profiles gives the same security levels."""
    found = solve(key, "maximin")
    _, _, values = values_on_grid(key, "nash", 801)
    levels = [values[..., 0].min(axis=1).max(), values[..., 1].min(axis=0).max()]
    np.testing.assert_allclose(found.values["security_levels"], levels, atol=1e-3)
    assert np.all(found.values["security_levels"] >= np.array(levels) - 1e-9)
    nash = solve(key, "nash")
    assert np.all(nash.payoffs >= found.values["security_levels"] - 1e-9)


@pytest.mark.parametrize("key", ["TrustDilemma-v0", "PartnerHoldUp-v0", "PlatformEcosystem-v0", "GiftExchange-v0"])
def test_dilemmas_on_a_grid(key: str) -> None:
    """Greed and fear from their definitions, one agent and one of 20,001 levels at a time."""
    found = dilemma(key, episode=False)
    stage = StageGame(key)
    nash, best = solve(key, "nash"), solve(key, "social_optimum")
    greed = fear = 0.0
    for i, high in enumerate(best.actions):
        table = np.tile(best.actions, (20_001, 1))
        table[:, i] = np.linspace(0.0, high, 20_001)
        greed = max(greed, float(stage.evaluate(table)[0][:, i].max() - best.payoffs[i]))
        alone = nash.actions.copy()
        alone[i] = high
        fear = max(fear, float(nash.payoffs[i] - stage.evaluate(alone[None])[0][0, i]))
    assert found.greed == pytest.approx(greed, abs=1e-5)
    assert found.fear == pytest.approx(fear, abs=1e-5)
    assert found.price_of_anarchy == pytest.approx(best.payoffs.sum() / nash.payoffs.sum(), rel=1e-9)


def test_maximin_against_every_threat() -> None:
    """A threat in the middle of the other's range, 39.125, holds down what corners do not: a maximin by enumeration."""
    numbers = {"gamma": 1.551, "theta": 5.779, "dependence": 0.914, "kappa": 5, "initial_trust": 0.916}
    game = environment_class("TrustDilemma-v0").build(numbers | {"value_form": "power", "beta": 0.439})
    found = solve(game, "maximin", objective="integrated")
    stage = StageGame(game)
    level = found.values["security_levels"][0]
    fine = np.linspace(-0.25, 0.25, 400) + found.actions[0]
    own, others = np.concatenate([np.linspace(0.0, 100.0, 401), fine]), np.linspace(0.0, 100.0, 1601)
    table = np.array(np.meshgrid(own, others, indexing="ij")).reshape(2, -1).T
    guaranteed = stage.evaluate(table)[1][:, 0].reshape(801, 1601).min(axis=1)
    assert guaranteed.max() <= level + 1e-9
    assert level <= guaranteed.max() + 0.005  # between two steps of 1/800
    held = np.column_stack([np.full(100_001, found.actions[0]), np.linspace(0.0, 100.0, 100_001)])
    assert stage.evaluate(held)[1][:, 0].min() >= level - 1e-9
