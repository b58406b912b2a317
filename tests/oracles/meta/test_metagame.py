"""Meta-games: the payoff tensor, its equilibria, dynamics and rankings."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.oracles import (
    EmpiricalGame,
    Oracle,
    alpha_rank,
    empirical_game,
    replicator_dynamics,
    symmetric_payoffs,
    tournament,
)

POLICIES = ["constant_000", "constant_020", "constant_040", "tit_for_tat"]


def matrix_game(row: object, column: object = None) -> EmpiricalGame:
    first = np.asarray(row, dtype=float)
    second = first.T if column is None else np.asarray(column, dtype=float)
    labels = tuple(f"policy_{k}" for k in range(len(first)))
    return EmpiricalGame("by hand", "private", labels, np.stack([first, second]))


def test_tensor_against_single_episodes() -> None:
    """Every cell equals an episode played alone; seats count in asymmetric games."""
    policies = [*POLICIES, Oracle("Oracle_Nash", "GiftExchange-v0")]
    found = empirical_game("GiftExchange-v0", policies, "private")
    assert found.policies == (*POLICIES, "Oracle_Nash")
    game = Game(environment_class("GiftExchange-v0")(), "private")
    for row, column in [(0, 1), (2, 3), (3, 3), (3, 0)]:
        batch = Batch(game, 1, autoreset="disabled")
        batch.reset()
        played = batch.rollout([POLICIES[row], POLICIES[column]])
        np.testing.assert_allclose(found.payoffs[:, row, column], played.payoff_totals[0], rtol=1e-12)
    nash = policies[-1].profile
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset()
    script = np.tile([nash[0], 0.2], (100, 1))
    np.testing.assert_allclose(found.payoffs[:, 4, 1], batch.rollout("actions", actions=script).payoff_totals[0])
    assert not np.allclose(found.payoffs[0], found.payoffs[1].T)


def test_equilibria_of_the_metagame() -> None:
    """nashpy's equilibria have no regret in the tensor; matching pennies and a coordination game are known."""
    found = empirical_game("TrustDilemma-v0", POLICIES, "private")
    mixtures = found.equilibria()
    assert mixtures
    for x, y in mixtures:
        assert found.regret([x, y]) <= 1e-6
    pennies = matrix_game([[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]).equilibria()
    assert len(pennies) == 1
    np.testing.assert_allclose(pennies[0][0], 0.5)
    assert len(matrix_game([[2.0, 0.0], [0.0, 1.0]]).equilibria()) == 3
    with pytest.raises(ValueError, match="two players"):
        empirical_game("AppleAppStore-v0", POLICIES[:2], "private").equilibria()


def test_support_enumeration_is_guarded() -> None:
    """Twelve policies have sixteen million pairs of supports: refused with the count; integers take them."""
    rng = np.random.default_rng(0)
    game = matrix_game(*rng.uniform(size=(2, 12, 12)))
    with pytest.raises(ValueError, match="12 policies have 16,769,025 pairs of supports"):
        game.equilibria()
    found = game.equilibria("mixed_integer")
    assert len(found) == 1
    assert game.regret(found[0]) <= 1e-7
    with pytest.raises(ValueError, match="did you mean 'mixed_integer'"):
        game.equilibria("mixed_integers")


@pytest.mark.parametrize("seed", range(6))
def test_best_equilibrium_is_the_best_of_all(seed: int) -> None:
    """Of random games with four policies, enumerated as well."""
    game = matrix_game(*np.random.default_rng(seed).uniform(size=(2, 4, 4)))
    totals = [float(x @ game.payoffs.sum(axis=0) @ y) for x, y in game.equilibria()]
    x, y = game.equilibria("mixed_integer")[0]
    assert float(x @ game.payoffs.sum(axis=0) @ y) == pytest.approx(max(totals), abs=1e-6)


def test_replicator() -> None:
    """Prisoner's dilemma: defection spreads along the logistic curve; hawks and doves mix."""
    advantage = matrix_game([[0.0, 0.0], [1.0, 1.0]])  # the second always has one more: x' = x (1 - x)
    run = replicator_dynamics(advantage, [0.9, 0.1], time=10.0)
    logistic = 1.0 / (1.0 + 9.0 * np.exp(-run.times))
    np.testing.assert_allclose(run.shares[:, 1], logistic, atol=1e-6)
    doves = replicator_dynamics([[0.0, 3.0], [1.0, 2.0]], [0.1, 0.9], time=400.0)
    assert doves.at_rest
    np.testing.assert_allclose(doves.rest, 0.5, atol=1e-5)
    with pytest.raises(ValueError, match="sum to 1"):
        replicator_dynamics([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.6])


def test_tournament() -> None:
    """Ranks follow scores; self-play stands on the diagonal; the table has a line a policy."""
    found = tournament("TrustDilemma-v0", [*POLICIES, "random"])
    scores = [row["score"] for row in found.ranking]
    assert scores == sorted(scores, reverse=True)
    assert [row["rank"] for row in found.ranking] == [1, 2, 3, 4, 5]
    assert found.ranking[0]["policy"] == "constant_040"
    assert len(found.table().splitlines()) == 6
    matrix = symmetric_payoffs(empirical_game("TrustDilemma-v0", POLICIES, "private")) / 100.0
    np.testing.assert_allclose(found.scores[:4, :4], matrix, rtol=1e-12)
    with pytest.raises(ValueError, match="no policies"):
        tournament("TrustDilemma-v0", [])


def test_more_agents_than_two() -> None:
    """Three and five agents: the tensor has an axis per agent, and too large ones are refused."""
    found = empirical_game("AppleAppStore-v0", POLICIES[1:], "private")
    assert found.payoffs.shape == (3, 3, 3, 3)
    ranked = alpha_rank(found)
    assert ranked.masses.shape == (27,)
    assert len(tournament("PlatformEcosystem-v0", POLICIES[1:]).ranking) == 3
    with pytest.raises(ValueError, match="profiles"):
        empirical_game("ApacheProject-v0", POLICIES)
