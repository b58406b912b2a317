"""The strategies of the literature: their replies by hand; and every game is played, on one copy and on many."""

from __future__ import annotations

import math

import numpy as np
import pytest

import coopetition
from coopetition.baselines import Classifier, evaluate, make_policy, record_episode
from coopetition.batching.batch import Batch

IDS = coopetition.ENVIRONMENT_IDS
STRATEGIES = {
    "generous_tit_for_tat": Classifier(memory=1, alike=True),
    "tit_for_two_tats": Classifier(memory=2, alike=True),
    "grim_trigger": Classifier(memory=math.inf, alike=True),
    "pavlov": Classifier(memory=1, needs_model=True, uses_oracle=True, alike=True),
    "conditional_cooperator": Classifier(memory=1, alike=True),
    "raise_the_stakes": Classifier(memory=1, alike=True),
    "graduated_reply": Classifier(memory=math.inf, alike=True),
    "best_reply": Classifier(memory=1, needs_model=True, alike=True),
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_each_says_what_it_is(name):
    policy = make_policy(name, coopetition.make_game("SLCD-v0"))
    assert policy.name == name
    assert policy.classifier == STRATEGIES[name]
    assert any(year in policy.citation for year in ("1838", "19", "20"))
    assert "References" in type(policy).__doc__
    assert policy.compiled is None
    assert policy.script(5, 0) is None


#: What the second agent plays in GiftExchange (b/e = .4 for both, checked), and what the first replies.
THIRD = 1.0 / 3.0
REPLIES = [
    ("generous_tit_for_tat", [0.4, 0.1, 1.0, 0.0], [0.4, 0.6, 0.4, 1.0, THIRD]),
    ("tit_for_two_tats", [0.8, 0.1, 0.2, 0.9], [0.4, 0.8, 0.8, 0.2, 0.9]),
    ("grim_trigger", [0.4, 0.9, 0.39, 1.0], [1.0, 1.0, 1.0, 0.0, 0.0]),
    ("conditional_cooperator", [0.5, 1.0, 0.0, 0.2], [0.36, 0.45, 0.9, 0.0, 0.18]),
    ("raise_the_stakes", [0.1, 0.5, 0.2, 0.3], [0.1, 0.2, 0.4, 0.2, 0.4]),
    ("graduated_reply", [0.3, 0.3, 0.3, 0.3, 0.9, 0.3], [0.4, 0.3, 0.2, 0.1, 0.1, 0.9, 0.1]),
]


@pytest.mark.parametrize(("name", "theirs", "ours"), REPLIES)
def test_replies_by_hand(name, theirs, ours):
    game = coopetition.make_game("TrustDilemma-v0", collapse_threshold=0.0)
    np.testing.assert_allclose(game.baseline_rate, 0.4)
    batch = Batch(game, 1, autoreset="disabled")
    policy = make_policy(name, game)
    policy.reset()
    observations = batch.reset()
    replies = []
    for rate in [*theirs, 0.4]:
        replies.append(policy.act(observations[:, 0], 0)[0])
        observations = batch.step([[replies[-1], rate]])[0]
    np.testing.assert_allclose(replies[: len(ours)], ours, atol=1e-6)


def test_pavlov_stays_after_a_win_and_shifts_after_a_loss():
    """PublicGoods: the nash is zero and pays the endowment; a rate loses it wherever the others give too little."""
    game = coopetition.make_game("PublicGoods-v0")
    policy = make_policy("pavlov", game)
    assert policy.aspirations() == pytest.approx([50.0] * 5)
    batch = Batch(game, 1, autoreset="disabled")
    observations = batch.reset()
    played = []
    for others in (1.0, 0.0, 0.0, 1.0, 0.0):
        played.append(policy.act(observations[:, 0], 0)[0])
        observations = batch.step([[played[-1], *[others] * 4]])[0]
    # Paid for 1 among givers (stay), not among free riders (shift to 0), paid by 0 (stay).
    assert played == [1.0, 1.0, 0.0, 0.0, 0.0]


def test_best_reply_is_the_stage_games():
    """Where zero dominates, zero; and nobody does better by another rate against what the others did last."""
    assert record_episode("PublicGoods-v0", "best_reply", horizon=3, reward_mode="private").rates.max() == 0.0
    game = coopetition.make_game("PartnerHoldUp-v0", reward_mode="integrated")
    batch = Batch(game, 1, autoreset="disabled")
    policy = make_policy("best_reply", game)
    policy.act(batch.reset()[:, 0], 0)
    observations = batch.step([[0.7, 0.5]])[0].copy()
    best = policy.act(observations[:, 0], 0)[0]
    before = batch.snapshot()

    def earned(rate):
        batch.restore(before)
        return float(batch.step([[rate, np.float32(0.5)]])[1][0, 0])

    others = [earned(rate) for rate in np.linspace(0.0, 1.0, 101)]
    assert earned(best) >= max(others) - 1e-4 * abs(max(others))


@pytest.mark.parametrize("name", STRATEGIES)
def test_memory_restarts_with_the_episode(name):
    """In the copies that restart alone, in all at a reset, and for each agent that one object plays."""
    game = coopetition.make_game("TrustDilemma-v0", horizon=6)
    batch = Batch(game, 2, autoreset="disabled")
    policy = make_policy(name, game)
    policy.reset(num_envs=2)

    def episode(first, steps):
        replies, observations = [], first
        for t in range(steps):
            rates = np.stack([policy.act(observations[:, i], i) for i in range(2)], axis=1)
            replies.append(rates.copy())
            rates[:, 1] = (0.1, 0.9, 0.2)[t % 3]
            observations = batch.step(rates)[0]
        return replies

    one = episode(batch.reset(), 2)
    half = batch.reset(mask=np.array([True, False]))
    later = episode(half, 2)
    np.testing.assert_array_equal([rates[0] for rates in later], [rates[0] for rates in one])
    policy.reset(num_envs=2)
    np.testing.assert_array_equal(episode(batch.reset(), 2), one)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("environment_id", IDS)
def test_every_game_is_played_alike_on_one_copy_and_on_three(environment_id, name):
    """Rates in [0, 1]; and what a strategy meets in one copy is nothing to it in another."""
    game = coopetition.make_game(environment_id, horizon=4)
    batch = Batch(game, 3, autoreset="disabled")
    stream = np.random.default_rng(1)
    script = stream.uniform(size=(game.horizon, 3, game.n))
    policies = [make_policy(name, game) for _ in range(4)]
    policies[0].reset(num_envs=3)
    observations = batch.reset(seed=2)
    for step in range(game.horizon):
        together = policies[0].act(observations[:, 1], 1)
        assert together.shape == (3,)
        assert np.all((together >= 0.0) & (together <= 1.0))
        alone = [policies[1 + k].act(observations[k : k + 1, 1], 1)[0] for k in range(3)]
        np.testing.assert_array_equal(together, alone)
        script[step, :, 1] = together
        observations = batch.step(script[step])[0]


def test_they_are_evaluated_by_name():
    rows = evaluate("SLCD-v0", ["grim_trigger", "pavlov"], episodes=2, horizon=6, normalise=False, exploitability=False)
    assert [row.policy for row in rows] == ["grim_trigger", "pavlov"]
