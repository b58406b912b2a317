"""Held-out scenarios of every environment."""

from __future__ import annotations

import pytest

pytest.importorskip("polars")

from coopetition.policies.registry import make_policy  # noqa: E402
from coopetition.registration import ENVIRONMENT_IDS  # noqa: E402
from coopetition.study.scenarios import BACKGROUNDS, play_scenario, scenarios  # noqa: E402


@pytest.mark.parametrize("environment", ENVIRONMENT_IDS)
def test_scenarios_can_be_played_and_differ_between_splits(environment):
    train, test = scenarios(environment, "train"), scenarios(environment, "test")
    assert {one.background for one in train} == set(BACKGROUNDS["train"])
    assert {one.background for one in test} == set(BACKGROUNDS["test"])
    assert not set(BACKGROUNDS["train"]) & set(BACKGROUNDS["test"])
    assert [one.parameters for one in train] != [one.parameters for one in test][: len(train)]
    assert scenarios(environment, "test") == test
    for scenario in test:
        game = scenario.game()
        assert 0 < len(scenario.focal) < game.n
        for name, value in scenario.parameters.items():
            assert getattr(game.parameters, name) == value


def test_a_policy_that_is_the_background_earns_what_the_background_does():
    scenario = next(one for one in scenarios("TrustDilemma-v0") if one.background == "constant_030")
    found = play_scenario(scenario, lambda game: make_policy("constant_030", game), "private")
    assert found.best_response >= found.focal_return - 1e-9
    assert 0.0 < found.normalised <= 1.0


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="did you mean 'test'"):
        scenarios("SLCD-v0", "tests")
