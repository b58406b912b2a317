"""Stable-Baselines3's own `VecEnv`s: slots and seats play what single copies play, and learners may rely on them."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

import coopetition
from coopetition.api.sb3 import ModelPolicy, MultiAgentVecEnv
from coopetition.api.sb3_seats import Seats

#: All learn; one among partners that remember; a game with draws; one that can end early.
CASES = [
    ("GiftExchange-v0", None, {}),
    ("PublicGoods-v0", ["player_1"], {"partners": "tit_for_two_tats"}),
    ("SynergySearch-v0", None, {}),
    ("SLCD-v0", [1], {"partners": "tit_for_tat"}),
]


def agents_of(name):
    return coopetition.make_game(name).agents


@pytest.mark.parametrize(("name", "agents", "more"), CASES)
def test_slots_play_what_single_copies_play(name, agents, more):
    """Copy k, seeded with seed + k, equals a single Gymnasium or PettingZoo environment, over its end and beyond."""
    if agents is not None and agents[0] not in agents_of(name) and agents[0] != 1:
        agents = [agents_of(name)[1]]
    envs = MultiAgentVecEnv(name, 3, agents=agents, horizon=6, **more)
    assert envs.seed(7) == [7 + slot // len(envs.agents) for slot in range(envs.num_envs)]
    observations = envs.reset()
    rng = np.random.default_rng(0)
    for copy in range(3):
        single = coopetition.parallel_env(name, horizon=6)
        if agents is not None:
            single = coopetition.gymnasium_env(name, control=agents[0], horizon=6, **more)
        seen, _ = single.reset(seed=7 + copy)
        rows = slice(copy * len(envs.agents), (copy + 1) * len(envs.agents))
        expected = [seen] if agents is not None else list(seen.values())
        np.testing.assert_array_equal(observations[rows], expected)
    singles = [
        coopetition.parallel_env(name, horizon=6)
        if agents is None
        else coopetition.gymnasium_env(name, control=agents[0], horizon=6, **more)
        for _ in range(3)
    ]
    for copy, single in enumerate(singles):
        single.reset(seed=7 + copy)
    each = len(envs.agents)
    for step in range(1, 7):
        actions = rng.random((envs.num_envs, 1)).astype(np.float32)
        observations, rewards, dones, infos = envs.step(actions)
        for copy, single in enumerate(singles):
            mine = actions[copy * each : (copy + 1) * each]
            if agents is None:
                seen, earned, _, truncated, said = single.step(dict(zip(envs.agents, mine, strict=True)))
                seen, earned = list(seen.values()), list(earned.values())
                payoffs = [info["payoff"] for info in said.values()]
            else:
                observation, reward, _, _, said = single.step(mine[0])
                seen, earned, payoffs = [observation], [reward], [said["payoff"]]
            for j in range(each):
                slot = copy * each + j
                last = infos[slot]["terminal_observation"] if step == 6 else observations[slot]
                np.testing.assert_array_equal(last, seen[j])
                assert rewards[slot] == np.float32(earned[j])
                assert infos[slot]["payoff"] == payoffs[j]
                assert dones[slot] == infos[slot]["TimeLimit.truncated"] == (step == 6)
    assert infos[0]["episode"]["l"] == 6
    assert observations.base is None or not np.shares_memory(observations, envs._batch.observations)


def test_an_end_by_the_games_rule_is_no_truncation():
    envs = MultiAgentVecEnv("SLCD-v0", 2, collapse_threshold=0.99, horizon=50)
    envs.seed(0)
    envs.reset()
    for _ in range(50):
        _, _, dones, infos = envs.step(np.zeros((envs.num_envs, 1)))
        if dones.any():
            break
    assert dones.all()
    assert infos[0]["episode"]["l"] < 50
    assert not infos[0]["TimeLimit.truncated"]
    assert infos[0]["terminal_observation"].shape == envs.observation_space.shape


def test_options_reach_the_copies_that_they_are_for():
    envs = MultiAgentVecEnv("TrustDilemma-v0", 2)
    plain = envs.reset()
    envs.set_options([{}, {}, {"trust": 0.9}, {"trust": 0.9}])
    started = envs.reset()
    np.testing.assert_array_equal(started[:2], plain[:2])
    assert (started[2:] != plain[2:]).any()
    np.testing.assert_array_equal(envs.reset(), plain)


def test_an_indicator_says_whose_observation_it_is():
    envs = MultiAgentVecEnv("GiftExchange-v0", 2, indicator=True)
    np.testing.assert_array_equal(envs.reset()[:, -2:], [[1, 0], [0, 1], [1, 0], [0, 1]])
    assert envs.observation_space.contains(envs.reset()[0])
    assert envs.get_attr("agent") == ["employer", "worker"] * 2


WRONG = [
    ({"agents": ["nobody"]}, ValueError, "nobody"),
    ({"agents": "worker"}, TypeError, "agents"),
    ({"agents": [0, "employer"]}, ValueError, "twice"),
    ({"partners": "tit_for_tat"}, ValueError, "partners"),
    ({"agents": [0], "partners": {"employer": "random"}}, ValueError, "worker"),
    ({"action_scale": "endowment"}, ValueError, "endowment"),
    ({"indicatr": True}, TypeError, "indicator"),
]


@pytest.mark.parametrize(("options", "error", "word"), WRONG)
def test_what_is_wrong_is_named(options, error, word):
    with pytest.raises(error, match=word):
        MultiAgentVecEnv("GiftExchange-v0", 2, **options)


def test_wrappers_and_evaluation_accept_it():
    envs = VecNormalize(VecMonitor(MultiAgentVecEnv("TrustDilemma-v0", 2, action_scale="symmetric", horizon=8)))
    model = PPO("MlpPolicy", envs, n_steps=8, batch_size=32, n_epochs=1, device="cpu", seed=1).learn(64)
    plain = MultiAgentVecEnv("TrustDilemma-v0", 1, action_scale="symmetric", horizon=8)
    returns, lengths = evaluate_policy(model, plain, n_eval_episodes=2, return_episode_rewards=True)
    assert lengths == [8, 8]
    assert np.isfinite(returns).all()
    policy = ModelPolicy(plain.game, model, normalise=envs.normalize_obs)
    rates = policy.act(plain.reset(), 0)
    assert ((rates >= 0.0) & (rates <= 1.0)).all()
    coopetition.gymnasium_env("TrustDilemma-v0", control=0, partners=policy).reset(seed=1)


def learnt(steps, **sizes):
    seats = Seats("GiftExchange-v0", 2, action_scale="symmetric", horizon=5)
    models = {
        agent: A2C("MlpPolicy", VecNormalize(seat), n_steps=sizes.get(agent, 5), seed=k, device="cpu")
        for k, (agent, seat) in enumerate(seats.items())
    }
    seats.learn(models, steps)
    return models


def test_seats_learn_together_and_alike():
    first, second = learnt(60), learnt(60)
    for agent, model in first.items():
        assert model.num_timesteps == 60
        assert model.ep_info_buffer[0]["l"] == 5
        for one, other in zip(model.policy.parameters(), second[agent].policy.parameters(), strict=True):
            np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


def test_a_seat_that_is_done_plays_on():
    models = learnt(30, employer=15, worker=4)
    assert [model.num_timesteps for model in models.values()] == [30, 32]


def test_a_failure_in_one_seat_ends_all():
    seats = Seats("GiftExchange-v0", 2, action_scale="symmetric", horizon=5)
    models = {agent: A2C("MlpPolicy", seat, device="cpu") for agent, seat in seats.items()}

    def fail(*_):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        seats.learn(models, 100, callback=fail)


def test_seats_refuse_what_cannot_be():
    seats = Seats("GiftExchange-v0", 2, action_scale="symmetric")
    models = {agent: A2C("MlpPolicy", seat, device="cpu") for agent, seat in seats.items()}
    with pytest.raises(ValueError, match="the agents are"):
        seats.learn({"worker": models["worker"]}, 10)
    with pytest.raises(ValueError, match="another environment"):
        seats.learn({"worker": models["employer"], "employer": models["worker"]}, 10)
    with pytest.raises(RuntimeError, match="all learn"):
        seats["worker"].step(np.zeros((2, 1)))
