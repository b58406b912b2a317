"""Whole-episode conformance, and the libraries' own checks, for all twenty."""

from __future__ import annotations

import types
import warnings

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, render_test, seed_test
from pettingzoo.test.state_test import state_test

import coopetition
from coopetition.testing import check_env, makers

IDS = coopetition.ENVIRONMENT_IDS
#: Of these PettingZoo warns on principle: names without a number, observations that differ in nothing.
NAMES = "ignore:We recommend agents to be named"


@pytest.mark.parametrize("name", IDS)
def test_every_view_conforms(name, mirror):
    every = makers(name, horizon=16)
    every["agent"] = lambda: coopetition.gymnasium_env(name, control=1, partners=mirror, horizon=16)
    every["vector_agent"] = lambda: coopetition.vector_env(name, 2, control=1, partners=mirror, horizon=16)
    every["random_order"] = lambda: coopetition.aec_env(name, turn_order="random", horizon=16)
    for make in every.values():
        check_env(make())


@pytest.mark.parametrize("options", [{"info_level": "full"}, {"observation": "full"}, {"action_scale": "symmetric"}])
@pytest.mark.parametrize("name", ["CooperativeNegotiation-v0", "CoalitionFormation-v0", "GraduatedSanction-v0"])
def test_options_conform(name, options, mirror):
    every = makers(name, horizon=8, **options)
    every["agent"] = lambda: coopetition.gymnasium_env(name, control=0, partners=mirror, horizon=8, **options)
    for make in every.values():
        check_env(make())


@pytest.mark.parametrize(("name", "options"), [("ReputationMarket-v0", {"reputation_visibility": 0.5})])
def test_noisy_observations_conform(name, options):
    for kind, make in makers(name, horizon=70, **options).items():
        if kind != "agent":
            check_env(make())


def test_wrapped_environments_conform():
    check_env(gymnasium.make("coopetition/SLCD-v0", horizon=8))
    check_env(gymnasium.make_vec("coopetition/SLCD-v0", num_envs=2, horizon=8))


def test_only_our_environments_are_checked():
    with pytest.raises(TypeError, match="not an environment of coopetition"):
        check_env(gymnasium.make("CartPole-v1"))


@pytest.mark.parametrize("control", ["joint", 0])
@pytest.mark.parametrize("name", IDS)
def test_gymnasium_accepts_without_a_warning(name, control, figures, mirror):
    partners = {} if control == "joint" else {"partners": mirror}
    env = gymnasium.make(f"coopetition/{name}", control=control, **partners).unwrapped
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_gymnasium(env)
    assert len(figures) > 0


def seeded(env):
    """The environment with action spaces that draw the same in every run: some draws end a game at once."""
    for i, agent in enumerate(env.possible_agents):
        env.action_space(agent).seed(i)
    return env


@pytest.mark.filterwarnings(NAMES)
@pytest.mark.parametrize("name", IDS)
def test_pettingzoo_accepts(name, figures, capsys):
    def parallel(**options):
        return coopetition.parallel_env(name, **({"horizon": 12} | options))

    def aec(**options):
        return coopetition.aec_env(name, **({"horizon": 12} | options))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="We recommend agents to be named")
        parallel_api_test(parallel(), num_cycles=30)
        api_test(aec(), num_cycles=30)
        parallel_seed_test(parallel, num_cycles=30)
        seed_test(aec, num_cycles=12)
        render_test(aec)
        state_test(aec(), parallel(), num_cycles=14)
        cycles = types.SimpleNamespace(
            parallel_env=lambda max_cycles: seeded(coopetition.parallel_env(name, max_cycles=max_cycles)),
            env=lambda max_cycles: seeded(coopetition.aec_env(name, max_cycles=max_cycles)),
        )
        max_cycles_test(cycles)
    capsys.readouterr()
