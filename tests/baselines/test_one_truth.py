"""A policy plays the same numbers wherever it is named: evaluated, recorded, rolled out, as a partner, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import coopetition
from coopetition.baselines import evaluate, make_policy, record_episode
from coopetition.batching.batch import Batch
from coopetition.batching.streams import RateStreams

IDS = coopetition.ENVIRONMENT_IDS
SEED = 11
#: Policies that the kernel plays, or that are drawn before it plays.
COMPILED = ("tit_for_tat", "random", "constant_035", "constant_070")


def cast_of(n, first):
    """Policies of n agents: the named one, then the others in turns."""
    return [first if i % 2 == 0 else COMPILED[i % len(COMPILED)] for i in range(n)]


def played_by_hand(env, names):
    """Returns and lengths of one episode of a Parallel environment, policies asked one by one."""
    policies = [make_policy(name, env.game) for name in names]
    for policy in policies:
        policy.reset(seed=SEED)
    observations, _ = env.reset(seed=SEED)
    rates, payoffs = [], []
    while env.agents:
        actions = {
            agent: policies[i].act(observations[agent][np.newaxis], i) for i, agent in enumerate(env.possible_agents)
        }
        observations, _, _, _, infos = env.step(actions)
        rates.append([infos[agent]["cooperation"] for agent in env.possible_agents])
        payoffs.append([infos[agent]["payoff"] for agent in env.possible_agents])
    return np.array(rates), np.array(payoffs)


def played_as_partners(name, names, control):
    """The same with one agent played by hand and the others by `partners=`."""
    others = [one for i, one in enumerate(names) if i != control]
    env = coopetition.gymnasium_env(name, control=control, partners=others, info_level="full")
    policy = make_policy(names[control], env.game)
    policy.reset(seed=SEED)
    observation, _ = env.reset(seed=SEED)
    rates = []
    over = False
    while not over:
        observation, _, terminated, truncated, info = env.step(policy.act(observation[np.newaxis], control))
        rates.append(info["rates"])
        over = terminated or truncated
    return np.array(rates)


@pytest.mark.parametrize("first", COMPILED[:3])
@pytest.mark.parametrize("name", IDS)
def test_every_path_plays_the_same_numbers(name, first):
    game = coopetition.make_game(name)
    names = cast_of(game.n, first)
    rates, payoffs = played_by_hand(coopetition.parallel_env(name), names)
    steps = len(rates)

    record = record_episode(name, names, seed=SEED)
    np.testing.assert_array_equal(record.rates, rates)
    np.testing.assert_array_equal(record.payoffs, payoffs)

    batch = Batch(game, 1, autoreset="disabled")
    batch.reset(seed=SEED)
    rollout = batch.rollout(names, record=True, seed=SEED)
    np.testing.assert_array_equal(rollout.payoffs[:steps, 0], payoffs)
    assert rollout.lengths[0] == steps

    rows = evaluate(name, names, episodes=2, seed=SEED, normalise=False, exploitability=False)
    seconds = record_episode(name, names, seed=SEED + 1)
    totals = batch.state()["reward_total"][0]
    batch.reset(seed=SEED + 1)
    second = batch.rollout(names, seed=SEED + 1).returns[0]
    for i, row in enumerate(rows):
        assert row.mean_return == np.array([totals[i], second[i]]).mean()
        assert row.length == (steps + seconds.steps) / 2

    control = game.n - 1
    np.testing.assert_array_equal(played_as_partners(name, names, control), rates)


def test_a_script_without_names_is_played():
    game = coopetition.make_game("SLCD-v0")
    script = np.tile([0.9, 0.2], (game.horizon, 1))
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset()
    named = batch.rollout("actions", actions=script).returns
    batch.reset()
    np.testing.assert_array_equal(batch.rollout(actions=script).returns, named)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("name", ["TrustDilemma-v0", "PublicGoods-v0", "SynergySearch-v0"])
def test_partners_of_a_vector_draw_as_those_of_single_environments(name, mode):
    """Through several episodes: copies that restart are asked, but have not played."""
    options = {"control": 0, "partners": "random", "horizon": 7}
    vector = coopetition.vector_env(name, 3, autoreset_mode=mode, **options)
    singles = [coopetition.gymnasium_env(name, **options) for _ in range(3)]
    seen, _ = vector.reset(seed=4)
    for k, single in enumerate(singles):
        np.testing.assert_array_equal(single.reset(seed=4 + k)[0], seen[k])
    stream = np.random.default_rng(0)
    over = np.zeros(3, dtype=bool)
    for _ in range(30):
        actions = stream.uniform(0.3, 1.0, (3, 1)).astype(np.float32)
        seen, rewards, terminated, truncated, _ = vector.step(actions)
        for k, single in enumerate(singles):
            if over[k] and mode == "NextStep":
                observation = single.reset()[0]
            else:
                observation, reward, *_ = single.step(actions[k])
                assert reward == rewards[k]
                if (terminated | truncated)[k] and mode == "SameStep":
                    observation = single.reset()[0]
            np.testing.assert_array_equal(observation, seen[k])
        over = terminated | truncated


def test_one_stream_for_each_seed_copy_and_seat():
    together = RateStreams(5, 4, 2)
    rates = np.stack([together.draw() for _ in range(10)])
    np.testing.assert_array_equal(rates, RateStreams(5, 4, 2).draws(10))
    np.testing.assert_array_equal(rates[:, 3], RateStreams(8, 1, 2).draws(10)[:, 0])
    assert not np.isin(rates, RateStreams(5, 4, 1).draws(10)).any()
    assert ((rates >= 0.0) & (rates < 1.0)).all()


def test_streams_are_uniform_and_unrelated():
    """Moments and correlations of 64 seeds by 4 seats by 4000 draws, at five standard errors."""
    draws = np.stack([RateStreams(0, 64, seat).draws(4000) for seat in range(4)])
    assert draws.mean() == pytest.approx(0.5, abs=5 * (1 / 12) ** 0.5 / draws.size**0.5)
    assert draws.var() == pytest.approx(1 / 12, abs=5 * (1 / 180) ** 0.5 / draws.size**0.5)
    counts = np.bincount((draws * 64).astype(int).reshape(-1), minlength=64)
    chi = ((counts - draws.size / 64) ** 2 / (draws.size / 64)).sum()
    assert chi < 63 + 5 * (2 * 63) ** 0.5
    centred = draws - draws.mean(axis=1, keepdims=True)
    columns = centred.transpose(1, 0, 2).reshape(4000, -1)
    correlations = np.corrcoef(columns, rowvar=False)
    assert np.abs(correlations[np.triu_indices(256, 1)]).max() < 6 / 4000**0.5
    assert np.abs((centred[:, :-1] * centred[:, 1:]).mean()) < 5 / 12 / draws.size**0.5


def test_streams_go_on_and_start_anew():
    policy = make_policy("random", coopetition.make_game("SLCD-v0"))
    seen = np.zeros((2, policy.game.observation_size), dtype=np.float32)
    policy.reset(seed=3, num_envs=2)
    first = [policy.act(seen, 0) for _ in range(4)]
    policy.reset(seed=3, num_envs=2)
    np.testing.assert_array_equal(policy.act(seen, 0), first[0])
    policy.reset(num_envs=2)  # an episode without a seed goes on with the stream
    np.testing.assert_array_equal(policy.act(seen, 0), first[1])
    policy.waited(np.array([1]))
    again = policy.act(seen, 0)
    assert (again[0], again[1]) == (first[2][0], first[1][1])
    policy.reseed([None, 4])
    again = policy.act(seen, 0)
    assert (again[0], again[1]) == (first[3][0], first[0][1])
