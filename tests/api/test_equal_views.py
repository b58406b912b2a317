"""The same actions give the same numbers behind every interface, bit for bit, over whole episodes."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import coopetition
from coopetition.testing import check_episode, makers, player_of, script_for

IDS = coopetition.ENVIRONMENT_IDS
MODES = ("private", "integrated", "cooperative")
#: Options with which an environment draws random numbers.
DRAWING = {
    "SynergySearch-v0": {},
    "ReputationMarket-v0": {"reputation_visibility": 0.7},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", IDS)
def test_whole_episodes_are_equal(name, mode, mirror):
    """Each view against the batch: observations, rewards, ends, pay."""
    every = makers(name, reward_mode=mode)
    every["agent"] = lambda: coopetition.gymnasium_env(name, control=1, partners=mirror, reward_mode=mode)
    for make in every.values():
        player = player_of(make())
        check_episode(player, script_for(player, 11), 5)


@pytest.mark.parametrize("scale", ["endowment", "symmetric"])
@pytest.mark.parametrize("name", ["PartnerHoldUp-v0", "PublicGoods-v0", "GiftExchange-v0"])
def test_action_scales_mean_the_same(name, scale):
    rates = script_for(player_of(coopetition.parallel_env(name)), 3)[:, 0]
    games = []
    for chosen in ("unit", scale):
        env = coopetition.parallel_env(name, action_scale=chosen, strict_actions=True)
        env.reset(seed=1)
        game = env.game
        total = np.zeros(game.n)
        for row in rates[:20]:
            levels = game.action_low + row * (game.action_high - game.action_low)
            _, rewards, *_ = env.step(dict(zip(game.agents, levels, strict=True)))
            total += list(rewards.values())
        games.append(total)
    np.testing.assert_allclose(games[0], games[1], rtol=1e-6)
    for agent in env.possible_agents:
        assert np.array_equal(env.action_space(agent).high, game.action_high[[game.agents.index(agent)]])


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("control", ["joint", 0])
@pytest.mark.parametrize("name", IDS)
def test_vector_equals_gymnasiums_own(name, control, mode, mirror):
    """Observations, rewards, ends and infos, masks and all, through several episodes."""
    options = {"horizon": 5, "control": control, "info_level": "full"} | DRAWING.get(name, {})
    if control != "joint":
        options["partners"] = mirror
    ours = gymnasium.make_vec(f"coopetition/{name}", num_envs=3, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: coopetition.gymnasium_env(name, **options)] * 3, autoreset_mode=mode)
    assert ours.metadata["autoreset_mode"] is mode
    for space in ("observation_space", "single_observation_space", "action_space", "single_action_space"):
        assert getattr(ours, space) == getattr(theirs, space)
    assert data_equivalence(ours.reset(seed=4), theirs.reset(seed=4), exact=True)
    theirs.action_space.seed(2)
    for _ in range(13):
        actions = theirs.action_space.sample()
        one, other = ours.step(actions), theirs.step(actions)
        assert data_equivalence(one, other, exact=True)
    assert data_equivalence(ours.reset(), theirs.reset(), exact=True)


def test_vector_with_disabled_autoreset_resets_by_mask():
    options = {"horizon": 4, "info_level": "full"}
    ours = coopetition.vector_env("LoyaltyTeam-v0", 3, autoreset_mode="Disabled", **options)
    theirs = SyncVectorEnv(
        [lambda: coopetition.gymnasium_env("LoyaltyTeam-v0", **options)] * 3, autoreset_mode=AutoresetMode.DISABLED
    )
    mask = np.array([True, False, True])
    for env in (ours, theirs):
        env.reset(seed=1)
        env.step(np.full((3, 4), 0.9, dtype=np.float32))
    both = [env.reset(seed=9, options={"reset_mask": mask.copy(), "loyalty": 0.8}) for env in (ours, theirs)]
    assert data_equivalence(*both, exact=True)
    for _ in range(3):
        both = [env.step(np.full((3, 4), 0.9, dtype=np.float32)) for env in (ours, theirs)]
        assert data_equivalence(*both, exact=True)
    assert both[0][3].tolist() == [False, True, False]
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"copies \[1\]"):
        ours.step(np.full((3, 4), 0.9, dtype=np.float32))


@pytest.mark.parametrize("autoreset", ["same_step", "next_step"])
@pytest.mark.parametrize("name", [*DRAWING, "TrustDilemma-v0"])
def test_copy_k_of_a_batch_is_a_single_environment_with_seed_k(name, autoreset):
    """Over several episodes, whatever resets them: the kernel, Gymnasium's np_random, or PettingZoo's reset."""
    options = {"horizon": 4} | DRAWING.get(name, {})
    copies = coopetition.batch(name, 3, autoreset=autoreset, **options)
    first = copies.reset(seed=10).copy()
    n = copies.game.n
    parallels = [coopetition.parallel_env(name, **options) for _ in range(3)]
    agents = [coopetition.gymnasium_env(name, control=0, partners=_Script(), **options) for _ in range(3)]
    for k, (parallel, agent) in enumerate(zip(parallels, agents, strict=True)):
        observations, _ = parallel.reset(seed=10 + k)
        assert np.array_equal(np.stack(list(observations.values())), first[k])
        assert np.array_equal(agent.reset(seed=10 + k)[0], first[k, 0])
    stream = np.random.default_rng(0)
    over = np.zeros(3, dtype=bool)
    for _ in range(14):
        actions = stream.uniform(0.5, 1.0, (3, n))
        seen, rewards, terminated, truncated = copies.step(actions)
        for k, (parallel, agent) in enumerate(zip(parallels, agents, strict=True)):
            if autoreset == "next_step" and over[k]:
                observations, _ = parallel.reset()
                own = agent.reset()[0]
            else:
                observations, paid, *_ = parallel.step(dict(zip(parallel.agents, actions[k], strict=True)))
                _Script.rates = actions[k]
                own = agent.step(actions[k, :1])[0]
                assert list(paid.values()) == rewards[k].tolist()
                if not parallel.agents:
                    assert terminated[k] or truncated[k]
                    if autoreset == "same_step":
                        shown = np.stack(list(observations.values()))
                        assert np.array_equal(shown, copies.final_observations[k])
                        observations, _ = parallel.reset()
                        own = agent.reset()[0]
            assert np.array_equal(np.stack(list(observations.values())), seen[k])
            assert np.array_equal(own, seen[k, 0])
        over = terminated | truncated


class _Script:
    """Partners that play what the test wrote down."""

    rates = np.zeros(0)

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        return self.rates[i : i + 1]


def test_the_games_random_numbers_are_gymnasiums():
    """NumPy's default generator and Gymnasium's np_random are one stream; the game draws from the latter."""
    env = coopetition.gymnasium_env("SynergySearch-v0", info_level="full")
    _, info = env.reset(seed=21)
    assert info["gamma"] == np.random.default_rng(21).uniform(0.2, 0.9)
    _, other = env.reset()
    assert other["gamma"] != info["gamma"]
    env.np_random = np.random.default_rng(21)
    assert env.reset()[1]["gamma"] == info["gamma"]


@pytest.mark.parametrize("name", IDS)
def test_aec_pays_as_parallel_does_in_any_order(name):
    parallel = coopetition.parallel_env(name, horizon=6)
    backwards = coopetition.aec_env(name, horizon=6, turn_order=parallel.possible_agents[::-1])
    shuffled = coopetition.aec_env(name, horizon=6, turn_order="random")
    for env in (parallel, backwards, shuffled):
        env.reset(seed=2)
    stream = np.random.default_rng(1)
    while parallel.agents:
        actions = {agent: stream.uniform(0, 1, 1).astype(np.float32) for agent in parallel.possible_agents}
        _, rewards, terminated, truncated, infos = parallel.step(actions)
        for env in (backwards, shuffled):
            for _ in parallel.possible_agents:
                env.step(actions[env.agent_selection])
            assert env.rewards == rewards
            assert env.terminations == terminated
            assert env.truncations == truncated
            assert env.infos == infos
