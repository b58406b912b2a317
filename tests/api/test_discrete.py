"""Levels instead of a continuum: the same game, played by number."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from gymnasium.spaces import Discrete, MultiDiscrete
from gymnasium.utils.env_checker import check_env as check_gymnasium
from pettingzoo.test import api_test, parallel_api_test

import coopetition

MAKERS = {
    "joint": coopetition.gymnasium_env,
    "agent": lambda name, **options: coopetition.gymnasium_env(name, control=0, **options),
    "parallel": coopetition.parallel_env,
    "aec": coopetition.aec_env,
}


def play(kind, env, action):
    """One step of the first agent's action (and the others' the same); the rewards."""
    if kind == "joint":
        return env.step(np.array([action] * env.game.n))[4]["rewards"].tolist()
    if kind == "agent":
        return env.step(action)[1]
    if kind == "parallel":
        return env.step(dict.fromkeys(env.agents, action))[1]
    for _ in env.possible_agents:
        env.step(action)
    return dict(env.rewards)


@pytest.mark.parametrize("scale", ["unit", "endowment", "symmetric"])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_level_plays_its_rate(kind, scale):
    levels, plain = (MAKERS[kind]("TrustDilemma-v0", action_scale=scale, **more) for more in ({"discrete": 5}, {}))
    levels.reset(seed=1)
    plain.reset(seed=1)
    for number in (4, 3, 0, 2):
        i = plain.game.action_low + number / 4 * (plain.game.action_high - plain.game.action_low)
        assert len(set(i.tolist())) == 1
        rate = float(i[0])
        assert play(kind, levels, number) == play(kind, plain, np.array([rate]) if kind != "joint" else rate)


def test_spaces():
    assert MAKERS["joint"]("SLCD-v0", discrete=11).action_space == MultiDiscrete([11, 11])
    assert MAKERS["agent"]("SLCD-v0", discrete=11).action_space == Discrete(11)
    for kind in ("parallel", "aec"):
        env = MAKERS[kind]("SLCD-v0", discrete=11)
        assert env.action_space("sony") == Discrete(11)
        assert env.action_space("sony") is env.action_space("sony")


NO_LEVELS = [
    (0.5, TypeError),
    ("1", TypeError),
    (True, TypeError),
    (None, TypeError),
    (5, ValueError),
    (-1, ValueError),
]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(("action", "error"), NO_LEVELS)
def test_what_is_no_level(kind, action, error):
    env = MAKERS[kind]("SLCD-v0", discrete=5)
    env.reset(seed=1)
    before = env.named_state()
    with pytest.raises(error, match="action of agent"):
        play(kind, env, action)
    assert all(np.array_equal(value, env.named_state()[name]) for name, value in before.items())


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(("count", "error"), [(1, ValueError), (2.0, TypeError), ("3", TypeError), (True, TypeError)])
def test_a_number_of_levels(kind, count, error):
    with pytest.raises(error, match="discrete = "):
        MAKERS[kind]("SLCD-v0", discrete=count)


@pytest.mark.parametrize("kind", MAKERS)
def test_copies_and_pickles(kind):
    env = MAKERS[kind]("SLCD-v0", discrete=3)
    env.reset(seed=1)
    play(kind, env, 2)
    others = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    expected = play(kind, env, 1)
    assert [play(kind, other, 1) for other in others] == [expected, expected]


def test_the_libraries_accept(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_gymnasium(MAKERS["joint"]("SLCD-v0", discrete=3), skip_render_check=True)
        check_gymnasium(MAKERS["agent"]("SLCD-v0", discrete=3), skip_render_check=True)
        parallel_api_test(MAKERS["parallel"]("SLCD-v0", discrete=3, horizon=9), num_cycles=20)
        api_test(MAKERS["aec"]("SLCD-v0", discrete=3, horizon=9), num_cycles=20)
    capsys.readouterr()
