"""Importing, registering and making: cheap, idempotent, and in spawned workers too."""

from __future__ import annotations

import importlib
import multiprocessing
import subprocess
import sys

import gymnasium
import numpy as np
import pettingzoo
import pytest

import coopetition
from coopetition.envs import ENVIRONMENTS


def test_ids_are_those_of_the_environments():
    assert tuple(ENVIRONMENTS) == coopetition.ENVIRONMENT_IDS


def test_registering_twice_changes_nothing(recwarn):
    before = dict(gymnasium.registry)
    coopetition.register_environments()
    importlib.reload(coopetition)
    assert dict(gymnasium.registry) == before
    assert not [w for w in recwarn if "verriding" in str(w.message)]


@pytest.mark.parametrize("name", coopetition.ENVIRONMENT_IDS)
def test_every_id_is_registered(name):
    spec = gymnasium.spec(f"coopetition/{name}")
    assert spec.max_episode_steps is None
    env = gymnasium.make(f"coopetition:coopetition/{name}")
    assert env.unwrapped.game.id == name
    assert "TimeLimit" not in str(env)
    vector = gymnasium.make_vec(f"coopetition/{name}", num_envs=2)
    assert type(vector).__name__ == "CoopetitionVectorEnv"


@pytest.mark.parametrize("name", coopetition.ENVIRONMENT_IDS)
def test_every_id_is_in_pettingzoos_registry_where_there_is_one(name):
    for kind in ("parallel", "aec"):
        registry = getattr(pettingzoo, f"{kind}_registry", None)
        assert registry is None or f"coopetition/{name}" in registry
        if registry is not None:
            assert pettingzoo.make(kind, f"coopetition/{name}", horizon=3).game.horizon == 3


def test_a_spec_makes_the_same_environment_again():
    env = gymnasium.make("coopetition/SLCD-v0", horizon=5, reward_mode="private")
    again = gymnasium.make(env.spec)
    assert again.unwrapped.game.parameters == env.unwrapped.game.parameters
    assert again.unwrapped.game.reward_mode == "private"


def test_import_is_lazy():
    code = (
        "import sys, coopetition; "
        "heavy = {'numba', 'scipy', 'matplotlib', 'torch', 'pandas'} & set(sys.modules); "
        "assert not heavy, heavy; "
        "assert 'coopetition.batching' not in sys.modules; "
        "coopetition.batch; coopetition.make_game('SLCD-v0'); "
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = coopetition.nonsense


def test_dir_shows_what_is_public():
    shown = {name for name in dir(coopetition) if not name.startswith("__")}
    assert {"parallel_env", "batch", "baselines", "oracles", "ENVIRONMENT_IDS"} <= shown
    assert all(not name.startswith("_") for name in shown)
    assert shown & {"importlib", "annotations", "Any", "registration", "TYPE_CHECKING"} == set()
    assert all(hasattr(coopetition, name) for name in shown)


def _play_in_worker(connection) -> None:
    env = gymnasium.make("coopetition:coopetition/SLCD-v0")
    env.reset(seed=3)
    connection.send(env.step(np.array([0.5, 0.25], dtype=np.float32))[:2])


def test_a_spawned_worker_plays_the_same():
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=_play_in_worker, args=(theirs,))
    worker.start()
    observation, reward = ours.recv()
    worker.join()
    env = gymnasium.make("coopetition/SLCD-v0")
    env.reset(seed=3)
    expected = env.step(np.array([0.5, 0.25], dtype=np.float32))
    assert np.array_equal(observation, expected[0])
    assert reward == expected[1]


def test_gymnasium_suggests_the_nearest_id():
    with pytest.raises(gymnasium.error.NameNotFound, match="SLCD"):
        gymnasium.make("coopetition/SLC-v0")


def test_no_module_bears_the_name_of_a_public_function():
    """So that nothing that was imported before changes what a name of the package is, and classes can be pickled."""
    code = (
        "import coopetition, pickle; from coopetition.batching.batch import Batch; "
        "assert isinstance(coopetition.batch('SLCD-v0', 2), Batch); "
        "import importlib.util; assert importlib.util.find_spec('coopetition.batch') is None; "
        "import types; assert type(coopetition) is types.ModuleType"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
