"""A rate of the baseline is no deviation, in whatever precision, scale and number of agents it is played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

SCALES = ("unit", "endowment", "symmetric")
PRECISIONS = (np.float64, np.float32)


def at_the_baseline(game: Game, precision: Any) -> np.ndarray:
    """The action that plays everybody's baseline, as a policy of this precision computes it."""
    rate = game.baseline_rate.astype(precision)
    low, high = game.action_low.astype(precision), game.action_high.astype(precision)
    return low + rate * (high - low)


@pytest.mark.parametrize("precision", PRECISIONS, ids=lambda precision: precision.__name__)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("environment_id", list(ENVIRONMENTS))
def test_holding_at_the_baseline_is_one_play(environment_id, scale, precision):
    """The same states and payoffs, bit for bit, as by the agents' own rates in float64."""
    plays = []
    for one, kind in ((scale, precision), ("unit", np.float64)):
        game = Game(environment_class(environment_id)(), action_scale=one)
        batch = Batch(game, 3, autoreset="disabled")
        batch.reset(seed=0)
        for _ in range(25):
            batch.step(np.tile(at_the_baseline(game, kind), (3, 1)))
        plays.append({**batch.state(), "payoffs": batch.payoffs.copy(), "utilities": batch.utilities.copy()})
    for name, value in plays[0].items():
        np.testing.assert_array_equal(value, plays[1][name], err_msg=name)
    np.testing.assert_array_equal(plays[0]["rates"], np.tile(game.baseline_rate, (3, 1)))


@pytest.mark.parametrize("precision", PRECISIONS, ids=lambda precision: precision.__name__)
@pytest.mark.parametrize("scale", SCALES)
def test_damage_heals_where_the_baseline_is_held(scale, precision):
    game = Game(environment_class("RecoveryRace-v0")(collapse_threshold=0.0), action_scale=scale)
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset()
    for _ in range(200):
        batch.step(at_the_baseline(game, precision)[np.newaxis])
    assert batch.read("damage")[0, 0, 1] == pytest.approx(0.5 * 0.99**200, rel=1e-9)


@pytest.mark.parametrize("n", [3, 5, 7])
def test_a_mean_of_baselines_is_the_baseline(n):
    """Tit for tat averages the others' rates; what the sum rounds off is no deviation either."""
    cls = environment_class("ReputationMarket-v0")
    game = Game(cls.build({"n_agents": n, "baseline": 30.1, "initial_damage": 0.4}))
    batch = Batch(game, 2, autoreset="disabled")
    batch.reset()
    batch.rollout("tit_for_tat", steps=40)
    np.testing.assert_array_equal(batch.read("rates"), np.tile(game.baseline_rate, (2, 1)))
    assert batch.read("damage").max() == pytest.approx(0.4 * (1.0 - cls().delta_R) ** 40)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_signal_has_no_dead_zone(sign):
    """Just outside the margin a deviation is read in full: the rate itself is played."""
    game = Game(environment_class("RecoveryRace-v0")())
    batch = Batch(game, 1)
    batch.reset()
    rate = 0.35 + sign * 2.0**-20
    batch.step([[rate, rate]])
    np.testing.assert_array_equal(batch.read("rates"), [[rate, rate]])
    healed = batch.read("damage")[0, 0, 1] < 0.5
    assert healed == (sign > 0)


def test_a_threshold_that_exact_arithmetic_meets():
    """At a rate of .4 loyalty falls by .005 a step: .15 after 70 steps, on the threshold, where nobody leaves yet."""
    game = Game(environment_class("CoalitionFormation-v0")())
    batch = Batch(game, 1, autoreset="disabled")
    batch.reset()
    members = []
    for _ in range(71):
        batch.step(np.full((1, game.n), 0.4))
        members.append(batch.read("members").sum())
    assert members[68:] == [6.0, 6.0, 3.0]
