"""Held-out scenarios of every environment."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("polars")

from coopetition.api.make import make_game  # noqa: E402
from coopetition.policies.registry import make_policy  # noqa: E402
from coopetition.policies.trained import TrainedPolicy  # noqa: E402
from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS  # noqa: E402
from coopetition.study import choice  # noqa: E402
from coopetition.study.backgrounds import SEED, TRAINED_UNDER, file_of, half, learners_of, name_of  # noqa: E402
from coopetition.study.plan import scales  # noqa: E402
from coopetition.study.scenarios import BACKGROUNDS, play_scenario, scenarios  # noqa: E402


@pytest.mark.parametrize("environment", ENVIRONMENT_IDS)
def test_scenarios_can_be_played_and_differ_between_splits(environment):
    train, test = scenarios(environment, "train"), scenarios(environment, "test")
    grounds = {split: {*BACKGROUNDS[split], *learners_of(environment, split)} for split in ("train", "test")}
    assert {one.background for one in train} == grounds["train"]
    assert {one.background for one in test} == grounds["test"]
    assert not grounds["train"] & grounds["test"]
    assert [one.parameters for one in train] != [one.parameters for one in test][: len(train)]
    assert scenarios(environment, "test") == test
    for scenario in test:
        game = scenario.game()
        assert 0 < len(scenario.focal) < game.n
        for name, value in scenario.parameters.items():
            assert getattr(game.parameters, name) == value


@pytest.mark.parametrize("environment", [*ENVIRONMENT_IDS, *STRONG_IDS])
def test_every_environment_has_its_frozen_learners(environment):
    for split, modes in TRAINED_UNDER.items():
        assert learners_of(environment, split) == tuple(map(name_of, modes))
        game = make_game(environment)
        for name in learners_of(environment, split):
            policy = TrainedPolicy(game, file_of(environment, name))
            about = policy.about
            assert (about["environment"], about["seed"], name_of(about["reward_mode"])) == (environment, SEED, name)


def test_frozen_learners_come_from_seeds_that_no_training_uses():
    others = {seed for scale in scales().values() for seed in scale.seeds} | set(choice.SEEDS)
    assert SEED not in others


def test_frozen_learners_are_met_in_scenarios():
    scenario = next(one for one in scenarios("TrustDilemma-v0") if one.background.startswith("IPPO-private"))
    assert scenario.others(scenario.game()).about["seed"] == SEED
    found = scenario.play("constant_030", "private")
    assert found.focal_return <= found.best_response + 1e-9
    assert found.background_normalised == pytest.approx(found.background_return / found.best_response)


def test_half_precision_is_left_where_it_would_overflow():
    assert half(np.array([1.0, 2.0], dtype=np.float32)).dtype == np.float16
    assert half(np.array([1e6], dtype=np.float32)).dtype == np.float32
    assert half(np.array([3])).dtype == np.array([3]).dtype


def test_a_policy_that_is_the_background_earns_what_the_background_does():
    scenario = next(one for one in scenarios("TrustDilemma-v0") if one.background == "constant_030")
    found = play_scenario(scenario, lambda game: make_policy("constant_030", game), "private")
    assert found.best_response >= found.focal_return - 1e-9
    assert 0.0 < found.normalised <= 1.0


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="did you mean 'test'"):
        scenarios("SLCD-v0", "tests")
