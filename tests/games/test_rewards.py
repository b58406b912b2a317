"""Inequity aversion (Fehr and Schmidt 1999): the formula, behind every view, in rollouts and for the oracles."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import coopetition
from coopetition import InequityAverse
from coopetition.batching.batch import Batch
from coopetition.batching.paying import Paying
from coopetition.games.game import Game
from coopetition.oracles import solve
from coopetition.testing import check_env

IDS = ("SLCD-v0", "ReputationMarket-v0", "LoyaltyTeam-v0", "GraduatedSanction-v0", "PublicGoods-v0")


def expected(payoffs: np.ndarray, alpha, beta) -> np.ndarray:
    """Equation 1, written once more."""
    n = payoffs.shape[1]
    ahead = np.maximum(payoffs[:, np.newaxis, :] - payoffs[:, :, np.newaxis], 0.0).sum(axis=2) / (n - 1)
    behind = np.maximum(payoffs[:, :, np.newaxis] - payoffs[:, np.newaxis, :], 0.0).sum(axis=2) / (n - 1)
    return payoffs - np.asarray(alpha) * ahead - np.asarray(beta) * behind


@pytest.mark.parametrize("environment_id", IDS)
def test_the_formula(environment_id):
    rng = np.random.default_rng(1)
    n = coopetition.make_game(environment_id).n
    own = (rng.uniform(0.0, 4.0, n), rng.uniform(0.0, 1.0, n))
    for mode, (alpha, beta) in (("inequity_averse", (0.85, 0.315)), (InequityAverse(alpha=own[0], beta=own[1]), own)):
        batch = coopetition.batch(environment_id, 5, reward_mode=mode)
        batch.reset(seed=3)
        batch.step(rng.uniform(size=(5, n)))
        np.testing.assert_allclose(batch.rewards, expected(batch.payoffs, alpha, beta), rtol=1e-5, atol=1e-3)
        payoffs, utilities = rng.normal(size=(2, 7, n)) * 100.0
        np.testing.assert_allclose(Paying(batch.game)(payoffs, utilities), expected(payoffs, alpha, beta), rtol=1e-12)
        assert pickle.loads(pickle.dumps(batch.game)).mode == batch.game.mode


def test_views_rollouts_and_snapshots():
    check_env(coopetition.parallel_env("SLCD-v0", horizon=8, reward_mode="inequity_averse"))
    check_env(coopetition.batch("SLCD-v0", 3, horizon=8, reward_mode=InequityAverse(alpha=2.0)))
    batch = Batch(coopetition.make_game("SLCD-v0", reward_mode="inequity_averse"), 2, autoreset="disabled")
    batch.reset(seed=0)
    script = np.random.default_rng(0).uniform(size=(6, 2, 2))
    played = batch.rollout(["actions"] * 2, 6, actions=script)
    batch.reset(seed=0)
    stepped = sum(batch.step(actions)[1].astype(np.float64) for actions in script)
    np.testing.assert_allclose(played.returns, stepped, rtol=1e-6)


def test_the_oracles_maximise_it():
    """Nothing to envy and no guilt is private; the certificate is of the mode's own rewards."""
    private = solve("GiftExchange-v0", "nash").actions
    plain = solve("GiftExchange-v0", "nash", objective=InequityAverse(alpha=0.0, beta=0.0))
    np.testing.assert_allclose(plain.actions, private, atol=1e-6)
    found = solve("GiftExchange-v0", "nash", objective="inequity_averse")
    assert found.objective == "inequity_averse"
    gaps = [abs(float(np.diff(solution.payoffs)[0])) for solution in (found, plain)]
    assert gaps[0] < gaps[1]
    grid = np.linspace(0.0, 1.0, 2001)
    game = coopetition.make_game("GiftExchange-v0", reward_mode="inequity_averse")
    for agent in range(2):
        profiles = np.repeat(found.actions[np.newaxis], 2001, axis=0)
        profiles[:, agent] = grid * game.endowment[agent]
        batch = Batch(game, 2001, autoreset="disabled")
        batch.reset(seed=0)
        own = expected(batch.evaluate(np.vstack([profiles[:-1], found.actions]))[0], 0.85, 0.315)[:, agent]
        assert own.max() - own[-1] < 1e-6


def test_what_it_refuses():
    with pytest.raises(ValueError, match="beta = 1.5 is out of its domain"):
        Game(coopetition.make_game("SLCD-v0").parameters, InequityAverse(beta=1.5))
    with pytest.raises(ValueError, match="alpha.*shape"):
        coopetition.make_game("SLCD-v0", reward_mode=InequityAverse(alpha=[1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="unknown reward_mode 'inequity'.*did you mean 'inequity_averse'"):
        coopetition.make_game("SLCD-v0", reward_mode="inequity")
    assert str(InequityAverse()) == "inequity_averse"
    assert str(InequityAverse(alpha=2.0)) == "inequity_averse(alpha=2.0)"
