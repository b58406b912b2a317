"""The audit on policies whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.api.make import make_game
from coopetition.policies.registry import make_policy
from coopetition.study.arena import asked, play
from coopetition.study.audit import (
    CONSTANTS,
    audit_policy,
    classify,
    impulse,
    optimal_deviation,
    response_surface,
    swapped_partners,
    timing,
)
from coopetition.study.measuring import gini


def maker(name):
    return lambda game: make_policy(name, game)


@pytest.fixture(scope="module")
def game():
    return make_game("TrustDilemma-v0", reward_mode="private", horizon=20)


def test_the_arena_plays_what_rollout_plays(game):
    from coopetition.batching.batch import Batch

    batch = Batch(game, 1, autoreset="disabled")
    batch.reset(seed=0)
    expected = batch.rollout(["constant_070", "tit_for_tat"])
    played = play(game, [maker("constant_070"), maker("tit_for_tat")], np.array([[0, 1]]))
    np.testing.assert_array_equal(played.returns, expected.returns)
    np.testing.assert_array_equal(played.payoffs, expected.payoff_totals)
    assert played.lengths == expected.lengths


def test_everybody_sits_where_the_table_says(game):
    team = np.array([[0, 1], [1, 0], [2, 2]])
    played = play(game, [maker("constant_000"), maker("constant_100"), maker("constant_050")], team, trace=True)
    np.testing.assert_allclose(played.trace[0], [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])


def test_the_surface_is_what_constants_earn(game):
    rows = response_surface(game, maker("constant_080"), seed=0)
    assert len(rows) == len(asked(game)) * len(CONSTANTS)
    for row in rows[::7]:
        i = game.agents.index(row["agent"])
        actions = np.full((game.horizon, game.n), 0.8)
        actions[:, i] = row["level"]
        from coopetition.batching.batch import Batch

        batch = Batch(game, 1, autoreset="disabled")
        batch.reset(seed=0)
        returns = batch.rollout("actions", actions=actions).returns[0]
        assert row["value"] == pytest.approx(returns[i], rel=1e-6)
        assert row["reference"] == pytest.approx(rows[16 if i == 0 else 37]["value"], rel=1e-6)


def test_reciprocators_answer_and_constants_do_not(game):
    answered = impulse(game, maker("tit_for_tat"), seed=0)
    first = next(row for row in answered if row["steps"] == 1)
    assert first["reference"] - first["value"] == pytest.approx(game.baseline_rate[0], abs=1e-6)
    ignored = impulse(game, maker("constant_050"), seed=0)
    assert all(row["value"] == row["reference"] for row in ignored)


CLASSES = [
    ([], "immune"),
    ([(5, 100.9)], "immune"),
    ([(5, 102.0)], "early"),
    ([(90, 102.0)], "late"),
    ([(90, 102.0), (10, 103.0)], "broad"),
]


@pytest.mark.parametrize(("found", "label"), CLASSES)
def test_classes_follow_from_numbers(found, label):
    rows = [{"audit": "timing", "start": start, "value": value, "reference": 100.0} for start, value in found]
    assert classify(rows, 100)[0] == label


def test_giving_all_without_trust_is_broadly_exploitable():
    """In PublicGoods, private, whoever gives all gains by keeping all, at any time."""
    goods = make_game("PublicGoods-v0", reward_mode="private", horizon=20)
    assert classify(timing(goods, maker("constant_100"), 0), 20)[0] == "broad"
    assert classify(timing(goods, maker("constant_000"), 0), 20)[0] == "immune"


def test_swapped_partners_of_one_policy_change_nothing(game):
    rows = swapped_partners(game, {0: maker("constant_050"), 3: maker("constant_050"), 5: maker("constant_100")}, 0)
    same = [row for row in rows[0] if row["partner_seed"] == 3]
    assert same
    assert all(row["value"] == row["reference"] for row in same)
    assert any(row["value"] != row["reference"] for row in rows[0] if row["partner_seed"] == 5)


def test_a_whole_audit_has_every_kind(game):
    rows = audit_policy(game, maker("tit_for_tat"), 0, thorough=False)
    assert {row["audit"] for row in rows} == {"surface", "deviation", "timing", "optimal", "impulse", "class"}


def test_the_best_deviation_in_time_is_found_on_the_finer_grid(game):
    """At least as good as any of the coarse one, for each agent, with its level and start."""
    in_time = timing(game, maker("tit_for_tat"), 0)
    best = optimal_deviation(game, maker("tit_for_tat"), 0, in_time)
    assert [row["agent"] for row in best] == [game.agents[i] for i in asked(game)]
    for row in best:
        coarse = [other["value"] for other in in_time if other["agent"] == row["agent"]]
        assert row["value"] >= max(coarse)
        assert 0.0 <= row["level"] <= 1.0
        assert row["start"] + row["steps"] == game.horizon


def test_gini():
    assert gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 3.0])) == pytest.approx(2.0 / 3.0)
    assert gini(np.array([-1.0, 0.0])) is None
