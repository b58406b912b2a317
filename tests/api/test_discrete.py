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
from coopetition.testing import ConformanceError, check_env

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


CHECKED = {
    **MAKERS,
    "sequential": lambda name, **options: coopetition.aec_env(name, sequential=True, **options),
    "vector": lambda name, **options: coopetition.vector_env(name, 3, **options),
    "vector_agent": lambda name, **options: coopetition.vector_env(name, 3, control=1, partners="random", **options),
    "vector_same_step": lambda name, **options: coopetition.vector_env(name, 3, autoreset_mode="SameStep", **options),
}


@pytest.mark.parametrize("scale", ["unit", "symmetric"])
@pytest.mark.parametrize("kind", CHECKED)
def test_conformance(kind, scale):
    check_env(CHECKED[kind]("PartnerHoldUp-v0", discrete=6, action_scale=scale, horizon=12))


def test_conformance_notices_a_level_that_plays_another_rate():
    env = coopetition.parallel_env("PartnerHoldUp-v0", discrete=6, horizon=12)
    env._levels = env._levels[:, ::-1].copy()
    with pytest.raises(ConformanceError, match="equality"):
        check_env(env)


# --- the vector view


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("control", ["joint", 1])
def test_the_vector_view_plays_the_same_levels(control, mode):
    options = {"control": control, "autoreset_mode": mode, "horizon": 4}
    levels = coopetition.vector_env("PartnerHoldUp-v0", 3, discrete=5, **options)
    plain = coopetition.vector_env("PartnerHoldUp-v0", 3, **options)
    assert levels.single_action_space == (MultiDiscrete([5, 5]) if control == "joint" else Discrete(5))
    levels.reset(seed=1)
    plain.reset(seed=1)
    levels.action_space.seed(3)
    for _ in range(10):
        numbers = levels.action_space.sample()
        one = levels.step(numbers)
        other = plain.step(numbers.reshape(3, -1) / 4)
        assert all(np.array_equal(a, b) for a, b in zip(one[:4], other[:4], strict=True))


NO_VECTORS = [
    (np.full((3, 2), 0.5), TypeError, "float64"),
    ([[True, 1], [0, 0], [0, 0]], TypeError, "not a number"),
    ([[1], [1, 2], [0, 0]], TypeError, "actions"),
    (np.ones((3, 2), dtype=bool), TypeError, "flag|bool"),
    (np.ma.masked_array(np.ones((3, 2), dtype=int), True), TypeError, "masked"),
    ([["1", "1"]] * 3, TypeError, "actions"),
    (None, TypeError, "actions"),
    (np.ones((2, 2), dtype=int), ValueError, "shape"),
    (np.full((3, 2), 5), ValueError, "agent 'strong' of copy 0 = 5"),
    (np.array([[0, 0], [0, -1], [0, 0]]), ValueError, "agent 'weak' of copy 1 = -1"),
]


@pytest.mark.parametrize(("actions", "error", "words"), NO_VECTORS)
def test_what_are_no_levels_of_copies(actions, error, words):
    env = coopetition.vector_env("PartnerHoldUp-v0", 3, discrete=5)
    env.reset(seed=1)
    before = env.state()
    with pytest.raises(error, match=words):
        env.step(actions)
    assert np.array_equal(before, env.state())
