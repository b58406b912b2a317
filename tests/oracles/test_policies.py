"""The seven reference oracles as policies: what they play, how they follow the state, askable anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.oracles import ORACLES, Oracle, oracles_of, solve


def play(key: str, name: str, steps: int, copies: int = 2) -> tuple[np.ndarray, Batch, Oracle]:
    """Rates (steps, copies, N) of an oracle in every seat."""
    game = Game(environment_class(key)())
    batch = Batch(game, copies, autoreset="disabled")
    batch.reset(seed=3)
    oracle = Oracle(name, key)
    oracle.reset(seed=3, num_envs=copies)
    rates = []
    for _ in range(steps):
        rates.append(np.stack([oracle.act(batch.observations[:, i], i) for i in range(game.n)], axis=1))
        batch.step(rates[-1])
    return np.array(rates), batch, oracle


@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_class_oracles_play_their_environment(key: str) -> None:
    """Each environment has reference oracles; they play rates, and are asked like any baseline."""
    names = oracles_of(key)
    assert names
    for name in names:
        rates, _, oracle = play(key, name, 2)
        assert rates.min() >= 0.0
        assert rates.max() <= 1.0
        assert oracle.unsolved == 0


@pytest.mark.parametrize("name", list(ORACLES))
@pytest.mark.parametrize("key", ["SLCD-v0", "LoyaltyTeam-v0", "AppleAppStore-v0"])
def test_any_oracle_anywhere(key: str, name: str) -> None:
    rates, _, _ = play(key, name, 2)
    assert np.all(np.isfinite(rates))


def test_what_they_play() -> None:
    """The table of the specification, against `solve`."""
    expected = {
        "Oracle_Equilibrium": solve("SLCD-v0", "coopetitive", objective="interdependence").actions,
        "Oracle_Nash": solve("SLCD-v0", "nash").actions,
        "Oracle_SocialOptimum": solve("SLCD-v0", "social_optimum").actions,
        "Oracle_ReciprocityEquilibrium": solve("SLCD-v0", "coopetitive").actions,
        "Oracle_TrustAware": solve("SLCD-v0", "coopetitive").actions,
    }
    for name, levels in expected.items():
        rates, _, _ = play("SLCD-v0", name, 1)
        np.testing.assert_allclose(rates[0, 0] * 100.0, levels, atol=1e-6)
    assert expected["Oracle_Equilibrium"][0] == pytest.approx(26.633376832, abs=1e-7)


@pytest.mark.parametrize("key", ["AppleAppStore-v0", "DynamicPartnerSelection-v0", "TeamProduction-v0"])
def test_state_is_followed(key: str) -> None:
    """At each step a state-conditioned oracle plays the equilibrium of the true state."""
    game = Game(environment_class(key)())
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset(seed=0)
    oracle = Oracle("Oracle_TrustAware", key)
    oracle.reset(num_envs=1)
    rng = np.random.default_rng(0)
    for _ in range(4):
        vector = batch.rows()[:, 0]
        expected = solve(key, "coopetitive", vector).actions / game.endowment
        rates = np.array([oracle.act(batch.observations[:, i], i)[0] for i in range(game.n)])
        np.testing.assert_allclose(rates, expected, atol=2e-5)
        # The others go astray: only one seat follows the oracle.
        played = rng.uniform(size=(1, game.n))
        played[0, 0] = rates[0]
        batch.step(played)


def test_starting_state_is_read_from_what_is_seen() -> None:
    """With everything observed, a start elsewhere than the reset state is taken over; else it can be told."""
    game = Game(environment_class("SLCD-v0")(), observation="full")
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset(options={"trust": 0.9})
    expected = solve("SLCD-v0", "coopetitive", {"trust": 0.9}).actions / 100.0
    reading = Oracle("Oracle_TrustAware", game)
    reading.reset(num_envs=1)
    assert reading.act(batch.observations[:, 0], 0)[0] == pytest.approx(expected[0], abs=1e-6)
    told = Oracle("Oracle_TrustAware", "SLCD-v0", {"trust": 0.9})
    own = Batch(Game(environment_class("SLCD-v0")()), 1)
    told.reset(num_envs=1)
    assert told.act(own.reset(options={"trust": 0.9})[:, 1], 1)[0] == pytest.approx(expected[1], abs=1e-6)


def test_copies_that_restart() -> None:
    """Under autoreset, copies that start over are followed there."""
    game = Game(environment_class("TrustDilemma-v0")())
    batch = Batch(game, 2, autoreset="same_step")
    batch.reset(seed=0)
    oracle = Oracle("Oracle_TrustAware", game)
    oracle.reset(num_envs=2)
    first = oracle.act(batch.observations[:, 0], 0).copy()
    for _ in range(7):
        rates = np.stack([oracle.act(batch.observations[:, i], i) for i in range(2)], axis=1)
        batch.step(rates)
        if batch.terminated.all():
            break
    assert batch.terminated.all()
    np.testing.assert_allclose(oracle.act(batch.observations[:, 0], 0), first, atol=1e-9)


def test_bad_use() -> None:
    with pytest.raises(ValueError, match="Oracle_Nash"):
        Oracle("Oracle_Nsh", "SLCD-v0")
    oracle = Oracle("Oracle_TrustAware", "SLCD-v0")
    oracle.reset(num_envs=2)
    with pytest.raises(ValueError, match="shape"):
        oracle.act(np.zeros((3, 4)), 0)
    batch = Batch(Game(environment_class("SLCD-v0")()), 2, autoreset="disabled")
    batch.reset(seed=0)
    oracle.act(batch.observations[:, 0], 0)
    batch.step(np.full((2, 2), 0.5))
    batch.step(np.full((2, 2), 0.5))
    with pytest.raises(RuntimeError, match="every step"):
        oracle.act(batch.observations[:, 0], 0)
