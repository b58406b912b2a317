"""The door of policies: one file and one registration, names that are taken, what was forgotten, spawned workers."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import coopetition
from coopetition.baselines import Classifier, Policy, available, make_policy, register_policy
from coopetition.policies import registry
from coopetition.policies.policy import Policy as Home


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_POLICIES", dict(registry._POLICIES))


@pytest.fixture
def slcd():
    return coopetition.make_game("SLCD-v0")


class Halfway(Policy):
    name = "halfway"
    classifier = Classifier(memory=1)
    citation = "An example."

    def play(self, seen):
        return 0.5 * (seen.own_rate + seen.others_mean)


def test_there_is_one_policy_type():
    assert Policy is Home
    assert Policy.__mro__[1:] == (object,)


@pytest.mark.parametrize("factory", [Halfway, lambda game: Halfway(game), f"{__name__}:Halfway"])
def test_a_registered_policy_plays_everywhere(factory, slcd):
    register_policy("halfway", factory)
    assert "halfway" in available()
    assert make_policy("halfway", slcd).name == "halfway"
    env = coopetition.gymnasium_env("SLCD-v0", control=0, partners="halfway", info_level="full")
    env.reset(seed=1)
    env.step([0.9])
    assert env.step([0.9])[4]["rates"][1] == pytest.approx((0.9 + env.game.baseline_rate[1]) / 2, abs=1e-6)


def test_registering_again_changes_nothing():
    register_policy("halfway", Halfway)
    register_policy("halfway", Halfway)
    assert register_policy("halfway", f"{__name__}:Halfway")


@pytest.mark.parametrize("name", ["random", "Random", "tit-for-tat", "TIT_FOR_TAT", "oracle_nash", "constant_035"])
def test_taken_names_are_refused(name):
    with pytest.raises(ValueError, match="already: the name .* is taken"):
        register_policy(name, Halfway)


@pytest.mark.parametrize("name", ["", "a:b", " x", 3, None, "actions"])
def test_what_is_no_name(name):
    with pytest.raises(ValueError, match="cannot be named"):
        register_policy(name, Halfway)


def without(attribute):
    body = {key: value for key, value in vars(Halfway).items() if key in ("name", "classifier", "citation", "play")}
    del body[attribute]
    return type("Forgetful", (Policy,), body)


@pytest.mark.parametrize("attribute", ["name", "classifier", "citation", "play"])
def test_what_is_forgotten_is_named(attribute, slcd):
    with pytest.raises(TypeError, match=f"'halfway': Forgetful has n.*{attribute}"):
        register_policy("halfway", without(attribute))
    # A function can only be asked when it has made a policy.
    register_policy("halfway", lambda game: without(attribute)(game))
    with pytest.raises(TypeError, match=f"'halfway': Forgetful has n.*{attribute}"):
        make_policy("halfway", slcd)


@pytest.mark.parametrize(
    ("factory", "error", "words"),
    [
        (3, TypeError, "neither callable nor 'module:attribute'"),
        ("coopetition.baselines", ValueError, "expected 'module:attribute'"),
        (dict, TypeError, "dict is not a subclass"),
        (type("Other", (Halfway,), {"name": "other"}), TypeError, "calls itself 'other'"),
    ],
)
def test_what_is_no_policy(factory, error, words):
    with pytest.raises(error, match=words):
        register_policy("halfway", factory)


def test_what_a_policy_sees_is_asked_by_name(slcd):
    class Curious(Policy):
        def play(self, seen):
            assert "trust_in" in seen
            assert seen["trust_in"].shape == (2, 1)
            return seen["loyalty"]

    with pytest.raises(KeyError, match="do not see 'loyalty'; they see own_rate"):
        Curious(slcd).act(np.zeros((2, slcd.observation_size), dtype=np.float32), 0)
    with pytest.raises(NotImplementedError, match="neither play"):
        type("Idle", (Policy,), {})(slcd).act(np.zeros((1, slcd.observation_size), dtype=np.float32), 0)


PACKAGE = '''
from coopetition.baselines import Classifier, Policy, register_policy

@register_policy("halfway")
class Halfway(Policy):
    """Half of what both played last."""

    name = "halfway"
    classifier = Classifier(memory=1)
    citation = "An example."

    def play(self, seen):
        return 0.5 * (seen.own_rate + seen.others_mean)
'''
METADATA = "Metadata-Version: 2.1\nName: my-policies\nVersion: 1.0\n"
POINTS = "[coopetition.policies]\nhalfway = my_policies:Halfway\nrandom = my_policies:Halfway\n"
SCRIPT = """
import multiprocessing, warnings

def play(name, connection):
    import gymnasium
    env = gymnasium.make("coopetition:coopetition/SLCD-v0", control=0, partners=name)
    env.reset(seed=1)
    env.step([0.9])
    connection.send(float(env.step([0.9])[1]))

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    rewards = []
    for name in NAMES:
        ours, theirs = context.Pipe()
        worker = context.Process(target=play, args=(name, theirs))
        worker.start()
        rewards.append(ours.recv())
        worker.join()
    assert len(set(rewards)) == 1, rewards
    from coopetition.baselines import available
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        assert ("halfway" in available()) == ("halfway" in NAMES)
    if "halfway" in NAMES:
        assert "'random' of my-policies is left out" in str(found[0].message), found
    print("played")
"""


@pytest.mark.parametrize("names", [["my_policies:halfway"], ["halfway", "my_policies:halfway"]])
def test_a_package_elsewhere_is_found_in_spawned_workers(names, tmp_path):
    """By its entry point, or by a name with its module in front."""
    (tmp_path / "my_policies.py").write_text(PACKAGE)
    (tmp_path / "main.py").write_text(SCRIPT.replace("NAMES", repr(names)))
    if "halfway" in names:
        info = tmp_path / "my_policies-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text(POINTS)
    path = os.pathsep.join([str(tmp_path), os.path.dirname(os.path.dirname(coopetition.__file__))])
    finished = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert finished.stdout == "played\n", finished.stderr
