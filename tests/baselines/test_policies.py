"""Policies without learning: what they play, by name, on one copy and on batches, and as the kernel plays them."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.baselines import Classifier, Policy, available, make_policy, scale_rates
from coopetition.baselines.players import Players
from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game


def game_of(environment_id, action_scale="unit", **parameters):
    return Game(environment_class(environment_id).build(parameters), action_scale=action_scale)


@pytest.fixture
def slcd():
    return game_of("SLCD-v0")


# --- names


def test_published_names_are_there():
    assert {f"constant_{percent:03d}" for percent in range(101)} | {"random", "tit_for_tat"} <= set(available())
    assert list(available()) == sorted(available())


@pytest.mark.parametrize("name", ["constant_000", "constant_050", "constant_100", "random", "tit_for_tat"])
def test_each_says_what_it_is(name, slcd):
    policy = make_policy(name, slcd)
    assert policy.name == name
    assert policy.citation
    expected = {"random": Classifier(stochastic=True), "tit_for_tat": Classifier(memory=1)}
    assert policy.classifier == expected.get(name, Classifier())
    assert name in repr(policy)
    assert "SLCD-v0" in repr(policy)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("tit_for_tatt", "tit_for_tat"), ("constant_101", "constant_10"), ("randm", "random")],
)
def test_unknown_names_are_refused_with_the_nearest(wrong, hint, slcd):
    with pytest.raises(ValueError, match="unknown policy") as refusal:
        make_policy(wrong, slcd)
    assert wrong in str(refusal.value)
    assert f"did you mean '{hint}" in str(refusal.value)


# --- what they play


@pytest.mark.parametrize("percent", [0, 7, 35, 100])
def test_constants_play_their_rate(percent, slcd):
    policy = make_policy(f"constant_{percent:03d}", slcd)
    rates = policy.act(np.zeros((4, slcd.observation_size), dtype=np.float32), 1)
    assert rates.tolist() == [percent / 100] * 4


def test_tit_for_tat_starts_at_the_baseline_and_then_plays_the_mean_of_the_others():
    game = game_of("PlatformEcosystem-v0", baseline=[30.0, 20.0, 25.0, 30.0, 35.0])
    policy = make_policy("tit_for_tat", game)
    batch = Batch(game, 1)
    observations = batch.reset()
    start = [policy.act(observations[:, i], i)[0] for i in range(game.n)]
    np.testing.assert_array_equal(start, game.baseline_rate)
    rates = np.array([[0.1, 0.9, 0.2, 0.4, 0.6]])
    observations = batch.step(rates)[0]
    for i in range(game.n):
        others = np.delete(rates[0], i).mean()
        assert policy.act(observations[:, i], i)[0] == pytest.approx(others, abs=1e-7)


def test_tit_for_tat_starts_over_in_the_copies_that_restart():
    game = game_of("TrustDilemma-v0")
    policy = make_policy("tit_for_tat", game)
    batch = Batch(game, 3, autoreset="disabled")
    batch.reset()
    batch.step(np.full((3, 2), 0.9))
    observations = batch.reset(mask=np.array([False, True, False]))
    np.testing.assert_allclose(policy.act(observations[:, 0], 0), [0.9, 0.4, 0.9], atol=1e-7)


def test_random_is_seeded_and_uniform(slcd):
    seen = np.zeros((500, slcd.observation_size), dtype=np.float32)
    draws = []
    for _ in range(2):
        policy = make_policy("random", slcd)
        policy.reset(seed=3, num_envs=500)
        draws.append(np.concatenate([policy.act(seen, 0) for _ in range(100)]))
    np.testing.assert_array_equal(*draws)
    counts = np.histogram(draws[0], bins=10, range=(0.0, 1.0))[0]
    assert counts.sum() == 50_000
    assert np.abs(counts - 5000).max() < 5 * np.sqrt(5000 * 0.9)


def test_random_copy_k_draws_as_a_single_copy_with_seed_k_would(slcd):
    seen = np.zeros((3, slcd.observation_size), dtype=np.float32)
    batch = make_policy("random", slcd)
    batch.reset(seed=10, num_envs=3)
    together = [[batch.act(seen, agent) for agent in (0, 1)] for _ in range(70)]
    for copy in range(3):
        single = make_policy("random", slcd)
        single.reset(seed=10 + copy)
        # In the other order of agents: streams do not depend on who is asked first.
        alone = [[single.act(seen[:1], agent)[0] for agent in (1, 0)][::-1] for _ in range(70)]
        np.testing.assert_array_equal([[one[copy] for one in step] for step in together], alone)


def test_random_scripts_are_what_it_would_have_played(slcd):
    seen = np.zeros((2, slcd.observation_size), dtype=np.float32)
    scripted, asked = make_policy("random", slcd), make_policy("random", slcd)
    scripted.reset(seed=1, num_envs=2)
    asked.reset(seed=1, num_envs=2)
    np.testing.assert_array_equal(scripted.script(90, 1), [asked.act(seen, 1) for _ in range(90)])
    np.testing.assert_array_equal(scripted.act(seen, 1), asked.act(seen, 1))


def test_random_without_a_seed_differs_and_other_sizes_are_refused(slcd):
    seen = np.zeros((2, slcd.observation_size), dtype=np.float32)
    first, second = make_policy("random", slcd), make_policy("random", slcd)
    assert not np.array_equal(first.act(seen, 0), second.act(seen, 0))
    with pytest.raises(ValueError, match=r"3 copies, but reset\(num_envs=2\)"):
        first.act(np.zeros((3, slcd.observation_size), dtype=np.float32), 0)


@pytest.mark.parametrize(("scale", "expected"), [("unit", 0.25), ("endowment", 30.0), ("symmetric", -0.5)])
def test_rates_become_actions_of_every_scale(scale, expected):
    game = game_of("PartnerHoldUp-v0", scale)
    assert scale_rates(game, np.array([0.25, 0.5]))[0] == pytest.approx(expected)
    assert scale_rates(game, np.array([0.25]), agent=0)[0] == pytest.approx(expected)
    batch = Batch(game, 1)
    batch.reset()
    batch.step(scale_rates(game, np.array([[0.25, 0.5]])))
    np.testing.assert_allclose(batch.state()["rates"][0], [0.25, 0.5], atol=1e-15)


# --- the kernel plays the same

CASTS = {
    "all reciprocate": ("tit_for_tat",),
    "half is random": ("tit_for_tat", "random"),
    "one gives little": ("constant_023", "tit_for_tat", "tit_for_tat"),
    "one gives much": ("tit_for_tat", "constant_081"),
    "all random": ("random",),
}


@pytest.mark.parametrize("cast", CASTS)
@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_both_paths_agree_over_whole_episodes(environment_id, cast):
    """The kernel's form of a policy and the one that looks play the same numbers, bit for bit, on every scale."""
    scale = ("unit", "endowment", "symmetric")[len(cast) % 3]
    game = game_of(environment_id, scale)
    names = [CASTS[cast][i % len(CASTS[cast])] for i in range(game.n)]
    by_kernel, by_hand = Batch(game, 3, autoreset="disabled"), Batch(game, 3, autoreset="disabled")
    by_kernel.reset(seed=5)
    observations = by_hand.reset(seed=5)
    players = Players(game, names)
    players.reset(5, 3)
    played, actions = players.script(game.horizon)
    assert all(name == "actions" or name == names[i] for i, name in enumerate(played))
    recorded = by_kernel.rollout(played, actions=actions, record=True)
    players.reset(5, 3)
    for step in range(game.horizon):
        by_hand.step(players.act(observations))
        np.testing.assert_array_equal(by_hand.payoffs, recorded.payoffs[step], err_msg=f"step {step}")
        np.testing.assert_array_equal(by_hand.utilities, recorded.utilities[step], err_msg=f"step {step}")
        np.testing.assert_array_equal(by_hand.rewards, recorded.rewards[step], err_msg=f"step {step}")
    np.testing.assert_array_equal(by_hand.terminated, recorded.terminated[-1])
    np.testing.assert_array_equal(by_hand.truncated, recorded.truncated[-1])
    assert by_hand.outcomes() == by_kernel.outcomes()
    for name, value in by_hand.state().items():
        np.testing.assert_array_equal(value, by_kernel.state()[name], err_msg=name)
    # ... and by the names alone, where the kernel draws by itself.
    by_kernel.reset(seed=5)
    np.testing.assert_array_equal(by_kernel.rollout(names, seed=5).returns, recorded.returns)


class Halfway(Policy):
    """A policy of a user's own: half of what it saw itself play."""

    name = "halfway"

    def act(self, observations, agent):
        return observations[:, self.game.observation_layout["own_rate"].start] * 0.5


def test_players_take_policies_beside_names(slcd):
    players = Players(slcd, [Halfway(slcd), "random"])
    assert players.names == ("halfway", "random")
    players.reset(0, 4)
    assert players.script(10) is None
    assert players.act(Batch(slcd, 4).reset()).shape == (4, 2)
    with pytest.raises(ValueError, match="3 policies for the 2 agents of SLCD-v0"):
        Players(slcd, ["random"] * 3)
    with pytest.raises(TypeError, match="neither a baseline's name nor a policy"):
        Players(slcd, [7, "random"])
