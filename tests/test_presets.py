"""Presets: data in an environment's file that behaves like arguments, in every interface."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest

import coopetition
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.envs import STRONG_IDS as NAMED
from coopetition.games.parameters import TrustParameters
from coopetition.games.presets import preset_class, preset_id, presets_of

IDS = list(ENVIRONMENTS)
PRESETS = [(key, preset) for key in IDS for preset in presets_of(environment_class(key))[1:]]


def test_every_environment_has_a_strong_preset_with_an_id() -> None:
    assert coopetition.STRONG_IDS == NAMED
    assert all("strong" in presets_of(environment_class(key)) for key in IDS)
    assert [preset_id(key, "strong") for key in IDS] == list(coopetition.STRONG_IDS)
    assert len({*coopetition.ENVIRONMENT_IDS, *coopetition.STRONG_IDS}) == 40


@pytest.mark.parametrize(("key", "preset"), PRESETS)
def test_a_preset_is_its_arguments(key: str, preset: str) -> None:
    cls = environment_class(key)
    numbers = cls.presets[preset]
    under, given = coopetition.make_game(key, preset=preset), coopetition.make_game(key, **numbers)
    assert {**under.parameters.to_dict(), "id": key} == given.parameters.to_dict()
    assert any(getattr(cls(), name) != getattr(under.parameters, name) for name in numbers)
    for name, number in numbers.items():  # nothing is said that is as published anyway
        domain = cls.domain(name)
        if domain.kind in ("number", "integer", "flag", "choice"):
            assert getattr(cls(), name) != number, f"{key} {preset}: {name} = {number} is the published number"
    np.testing.assert_array_equal(under.parameter_block, given.parameter_block)
    assert under.id == preset_id(key, preset)
    assert under.parameters.preset == preset


@pytest.mark.parametrize(("key", "preset"), PRESETS)
def test_parameters_under_a_preset_are_values(key: str, preset: str) -> None:
    parameters = environment_class(key, preset)()
    assert pickle.loads(pickle.dumps(parameters)) == copy.deepcopy(parameters) == parameters
    assert hash(pickle.loads(pickle.dumps(parameters))) == hash(parameters)
    assert environment_class(parameters.id).from_dict(parameters.to_dict()) == parameters
    assert replace(parameters, horizon=7).id == parameters.id
    assert parameters != environment_class(key)()


def test_every_interface_takes_a_preset() -> None:
    key, named = "SLCD-v0", "SLCDStrong-v0"
    wanted = coopetition.make_game(named).parameters
    made: dict[str, Any] = {
        "game": coopetition.make_game(key, preset="strong"),
        "batch": coopetition.batch(key, 2, preset="strong").game,
        "gymnasium": gymnasium.make(f"coopetition/{key}", preset="strong").unwrapped.game,  # type: ignore[attr-defined]
        "registered": gymnasium.make(f"coopetition/{named}").unwrapped.game,  # type: ignore[attr-defined]
        "vector": gymnasium.make_vec(f"coopetition/{named}", num_envs=2).game,  # type: ignore[attr-defined]
        "parallel": coopetition.parallel_env(key, preset="strong").game,
        "parallel by name": coopetition.parallel_env(named).game,
        "aec": coopetition.aec_env(key, preset="strong").game,
        "prefixed": coopetition.parallel_env(f"coopetition/{named}").game,
        "colon": coopetition.make_game(f"{key}:strong"),
    }
    for name, game in made.items():
        assert game.parameters == wanted, name
        assert game.id == named, name


def test_arguments_override_a_preset() -> None:
    game = coopetition.make_game("TrustDilemma-v0", preset="strong", theta=7.0)
    numbers = environment_class("TrustDilemma-v0").presets["strong"]
    assert game.parameters.theta == 7.0  # type: ignore[attr-defined]
    assert game.parameters.gamma == numbers["gamma"]  # type: ignore[attr-defined]


def test_what_follows_from_others_follows_under_a_preset() -> None:
    game = coopetition.make_game("ApacheProjectStrong-v0")
    assert game.n == 8
    assert coopetition.make_game("ApacheProjectStrong-v0", phase="growth").n == 15


@pytest.mark.parametrize(
    ("key", "options", "error", "words"),
    [
        ("SLCD-v0", {"preset": "strnog"}, ValueError, ["'strnog'", "published", "did you mean 'strong'"]),
        ("TeamProduction-v0", {"preset": "relational"}, ValueError, ["TeamProduction-v0", "'strong'"]),
        ("SLCDStrong-v0", {"preset": "relational"}, ValueError, ["is the preset 'strong'"]),
        ("SLCDStrng-v0", {}, ValueError, ["did you mean 'SLCDStrong-v0'"]),
        ("SLCD-v0:strnog", {}, ValueError, ["did you mean 'strong'"]),
        ("SLCDStrong-v0", {"gama": 1}, TypeError, ["SLCDStrong-v0", "did you mean 'gamma'"]),
        ("SLCD-v0", {"preset": "strong", "gamma": -1}, ValueError, ["SLCDStrong-v0", "gamma"]),
    ],
)
def test_refusals(key: str, options: dict[str, Any], error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as refused:
        coopetition.make_game(key, **options)
    assert all(word in str(refused.value) for word in words)


def test_numbers_are_frozen() -> None:
    """A change of a number is a new version: results under an id stay comparable. See docs/strong.md."""
    frozen = json.loads((Path(__file__).parent / "presets.json").read_text())
    found = {preset_id(key, preset): dict(environment_class(key).presets[preset]) for key, preset in PRESETS}
    found = {name: numbers for name, numbers in found.items() if not name.endswith(":case")}  # those are calibrated
    assert json.loads(json.dumps(found)) == frozen


def test_parameters_have_their_numbers_already() -> None:
    with pytest.raises(ValueError, match="have all their numbers"):
        coopetition.make_game(environment_class("SLCD-v0")(), preset="strong")


@dataclass(frozen=True, kw_only=True)
class Own(TrustParameters):
    """An environment of somebody else."""

    id: ClassVar[str] = "Own-v3"
    roles: ClassVar[tuple[str, ...]] = ("left", "right")
    presets: ClassVar[Any] = {
        "strong": {"gamma": 3.0},
        "mistyped": {"gama": 3.0},
        "impossible": {"gamma": -3.0},
    }

    baseline: Any = 30.0
    dependence: Any = 0.5


def test_ones_own_environment_has_presets_too() -> None:
    strong = preset_class(Own, "strong")
    assert strong.id == "OwnStrong-v3"
    assert strong().gamma == 3.0
    assert preset_class(strong, "published") is Own
    assert pickle.loads(pickle.dumps(strong())) == strong()
    with pytest.raises(TypeError, match="did you mean 'gamma'"):
        preset_class(Own, "mistyped")
    with pytest.raises(ValueError, match="gamma = -3"):
        preset_class(Own, "impossible")


def test_recovery_pays_what_is_left_of_the_episode() -> None:
    bonus, plenty = 10.0, {"initial_trust": 0.85, "initial_damage": 0.0, "lambda_plus": 0.5}
    runs = {}
    for paid in (0.0, bonus):
        batch = coopetition.batch(
            "RecoveryRace-v0", 1, autoreset="disabled", reward_mode="integrated", recovery_bonus=paid, **plenty
        )
        batch.reset(seed=0)
        runs[paid] = batch.rollout("constant_100", record=True)
        weights = np.minimum(batch.state()["trust"], 1.0 - batch.state()["damage"]) * batch.state()["dependence"]
    plain, rewarded = runs[0.0], runs[bonus]
    length = int(plain.lengths[0])
    assert plain.terminated[0]
    assert length == rewarded.lengths[0] < 200
    lump = bonus * (200 - length)
    assert plain.payoffs is not None
    assert rewarded.payoffs is not None
    assert plain.utilities is not None
    assert rewarded.utilities is not None
    np.testing.assert_array_equal(rewarded.payoffs[: length - 1], plain.payoffs[: length - 1])
    np.testing.assert_allclose(rewarded.payoffs[length - 1] - plain.payoffs[length - 1], lump, rtol=1e-12)
    gained = rewarded.utilities[length - 1] - plain.utilities[length - 1]
    np.testing.assert_allclose(gained, lump * (1.0 + weights.sum(axis=2)), rtol=1e-12)
