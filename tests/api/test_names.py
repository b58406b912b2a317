"""What views say of themselves, and the generator that they draw from."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import coopetition

GAME = "<Game SLCD-v0: samsung, sony; private rewards, 9 steps>"
OPTIONS = {"reward_mode": "private", "horizon": 9}
SAID = {
    "game": (coopetition.make_game, {}, GAME),
    "batch": (coopetition.batch, {"num_envs": 4}, f"<Batch of 4 of {GAME}>"),
    "vector": (coopetition.vector_env, {"num_envs": 4}, f"<CoopetitionVectorEnv of 4, NextStep: {GAME}>"),
    "joint": (coopetition.gymnasium_env, {}, f"<JointEnv of {GAME}>"),
    "agent": (coopetition.gymnasium_env, {"control": "sony"}, f"<AgentEnv sony in {GAME}>"),
    "parallel": (coopetition.parallel_env, {}, f"<CoopetitionParallelEnv of {GAME}>"),
    "aec": (coopetition.aec_env, {}, f"<CoopetitionAECEnv of {GAME}>"),
}


@pytest.mark.parametrize("kind", SAID)
def test_each_says_id_agents_mode_and_copies(kind):
    make, options, said = SAID[kind]
    env = make("SLCD-v0", **OPTIONS, **options)
    assert repr(env) == said
    assert str(env) == said


def test_many_agents_are_counted():
    assert "member_0 ... " in repr(coopetition.make_game("ApacheProject-v0")) or "(" in repr(
        coopetition.make_game("ApacheProject-v0")
    )


@pytest.mark.parametrize("make", [coopetition.parallel_env, coopetition.aec_env])
def test_the_games_generator_is_np_random(make):
    """As in Gymnasium: a seeded reset makes it, the game draws from it, and another may be put in its place."""
    env = make("SynergySearch-v0", info_level="full")
    env.reset(seed=21)
    assert env.named_state()["gamma"] == np.random.default_rng(21).uniform(0.2, 0.9)
    before = env.np_random
    env.reset()
    assert env.np_random is before
    env.np_random = np.random.default_rng(21)
    env.reset()
    assert env.named_state()["gamma"] == np.random.default_rng(21).uniform(0.2, 0.9)
    for other in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        other.reset()
        twin = copy.deepcopy(env)
        twin.reset()
        assert other.named_state()["gamma"] == twin.named_state()["gamma"]
    quiet = make("SLCD-v0")
    assert isinstance(quiet.np_random, np.random.Generator)
    quiet.reset(seed=3)
    assert quiet.np_random.bit_generator.state == np.random.default_rng(3).bit_generator.state
