"""SynergySearch shows each agent its own last payoff where it is asked to, and nothing of it elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coopetition
from coopetition.games.game import Game

NAME = "SynergySearch-v0"


def column(game: Game) -> int:
    place = game.observation_layout["last_payoff"]
    assert place.stop - place.start == 1
    return place.start


def test_as_published_nothing_is_shown() -> None:
    game = coopetition.make_game(NAME)
    assert "last_payoff" not in game.layout
    assert "last_payoff" not in game.observation_layout
    assert game.stages() == coopetition.make_game("TrustDilemma-v0").stages()
    shown = coopetition.make_game(NAME, observe_payoff=True)
    assert shown.observation_size == game.observation_size + 1
    assert shown.joint_size == game.joint_size + game.n
    assert "last_payoff" in coopetition.make_game("SynergySearchStrong-v0").observation_layout


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), form=st.sampled_from(["logarithmic", "power"]))
def test_what_is_shown_is_the_last_payoff_within_bounds(seed: int, form: str) -> None:
    options = {"observe_payoff": True, "value_form": form, "shares": (0.7, 0.3), "endowment": (100.0, 40.0)}
    batch = coopetition.batch(NAME, 16, autoreset="disabled", baseline=20.0, gamma_range=(0.0, 9.0), **options)
    game = batch.game
    at, bound = column(game), game.parameters.payoff_bound
    seen = batch.reset(seed=seed)
    assert not seen[..., at].any()
    rng = np.random.default_rng(seed)
    for t in range(6):
        rates = rng.integers(0, 2, (16, 2)).astype(float) if t % 2 else rng.uniform(size=(16, 2))
        batch.step(rates)
        if (batch.terminated | batch.truncated).any():  # a copy that ended pays nothing from then on
            break
        np.testing.assert_allclose(batch.observations[..., at] * bound, batch.payoffs, rtol=1e-6)
        assert (batch.observations[..., at] >= 0.0).all()
        assert (batch.observations[..., at] <= 1.0).all()
        np.testing.assert_array_equal(batch.state()["last_payoff"], batch.payoffs)


def test_gamma_follows_from_what_is_seen() -> None:
    env = coopetition.parallel_env("SynergySearchStrong-v0")
    env.reset(seed=3, options={"gamma": 3.25})
    p = env.game.parameters
    seen, *_ = env.step({agent: np.array([0.5], dtype=np.float32) for agent in env.agents})
    paid = float(seen["agent_0"][column(env.game)]) * p.payoff_bound
    alone = 100.0 - 50.0 + p.theta * np.log(51.0)
    assert (paid - alone) / (0.5 * 50.0) == pytest.approx(3.25, rel=1e-4)


def test_a_reset_keeps_what_is_shown_within_bounds() -> None:
    env = coopetition.parallel_env("SynergySearchStrong-v0")
    with pytest.raises(ValueError, match=r"gamma.*out of its range \[0, 6\]"):
        env.reset(options={"gamma": 7.0})
    assert coopetition.make_game("SynergySearchStrong-v0", gamma=8.0).parameters.largest_gamma == 8.0
    seen, _ = env.reset(options={"last_payoff": [100.0, 0.0]})
    bound = env.game.parameters.payoff_bound
    assert seen["agent_0"][column(env.game)] == pytest.approx(100.0 / bound)
    assert seen["agent_1"][column(env.game)] == 0.0


def test_the_dynamics_do_not_depend_on_it() -> None:
    plain = coopetition.batch(NAME, 4, autoreset="disabled")
    shown = coopetition.batch(NAME, 4, autoreset="disabled", observe_payoff=True)
    first, second = plain.reset(seed=1), shown.reset(seed=1)
    keep = [k for k in range(shown.game.observation_size) if k != column(shown.game)]
    rates = np.random.default_rng(0).uniform(size=(10, 4, 2))
    np.testing.assert_array_equal(first, second[..., keep])
    for one in rates:
        plain.step(one)
        shown.step(one)
        np.testing.assert_array_equal(plain.observations, shown.observations[..., keep])
        np.testing.assert_array_equal(plain.rewards, shown.rewards)
