"""Social outcomes by hand: shares of gains, how long trust lasts, answers to one defection."""

from __future__ import annotations

import numpy as np
import pytest

import coopetition
from coopetition.baselines import Classifier, Policy, evaluate, record_episode
from coopetition.baselines.outcomes import disagreement, equality, gains, least_share
from coopetition.envs import ENVIRONMENTS


def test_gini_by_hand():
    assert equality(np.array([2.0, 2.0, 2.0])) == 1.0
    assert equality(np.array([3.0, 0.0, 0.0])) == pytest.approx(1.0 / 3.0)
    assert equality(np.array([1.0, 2.0, 3.0])) == pytest.approx(1.0 - 8.0 / 36.0)
    assert equality(np.array([1.0, -5.0])) == 0.5  # a loss is no gain
    assert equality(np.array([0.0, 0.0])) is None
    assert least_share(np.array([1.0, 2.0, 3.0])) == 0.5
    assert least_share(np.array([3.0, -1.0])) == -1.0
    assert least_share(np.array([1.0, -1.0])) is None


def test_gains_over_nobody_giving():
    """In PublicGoods everybody keeps 50 a step; one that gives all alone loses 30 of it, the others gain 20."""
    game = coopetition.make_game("PublicGoods-v0", reward_mode="private")
    np.testing.assert_allclose(disagreement(game), 50.0)
    rows = evaluate(game, ["constant_100", *["constant_000"] * 4], episodes=1, exploitability=False, normalise=False)
    found = gains(game, np.array([row.payoff for row in rows]), 100.0)
    np.testing.assert_allclose(found, [-3000.0, 2000.0, 2000.0, 2000.0, 2000.0])
    assert rows[0].equality == pytest.approx(0.8)
    assert rows[0].least_share == pytest.approx(5.0 * -3000.0 / 5000.0)


@pytest.mark.parametrize("environment_id", list(ENVIRONMENTS))
def test_outcomes_of_all_twenty(environment_id):
    """Records and evaluations tell the same, within their ranges."""
    record = record_episode(environment_id, "constant_060")
    row = evaluate(environment_id, "constant_060", episodes=1, exploitability=False, normalise=False)[0]
    if not coopetition.make_game(environment_id).random_gamma:
        assert row.equality == pytest.approx(record.social.equality, rel=1e-9)
        assert row.sustainability == pytest.approx(record.social.sustainability, rel=1e-9)
    assert 0.0 <= row.sustainability <= 1.0
    assert row.retaliation == 0.0  # a constant looks at nothing
    assert row.forgiveness is None
    assert record.to_dict()["social"]["sustainability"] == record.social.sustainability


def test_a_collapse_is_not_sustained():
    kept = evaluate("TrustDilemma-v0", "constant_060", episodes=1, exploitability=False, normalise=False)[0]
    lost = evaluate("TrustDilemma-v0", "constant_000", episodes=1, exploitability=False, normalise=False)[0]
    assert lost.outcomes == {"collapsed": 1}
    assert kept.sustainability > 0.5 > 0.1 > lost.sustainability
    assert lost.equality is None  # nobody gains anything


def test_a_recovery_is_sustained():
    """After a recovery the rest of the horizon counts with the trust of that moment."""
    record = record_episode("RecoveryRace-v0", "constant_100")
    assert record.outcome == "recovered"
    trust = record.states["trust"][1:, ~np.eye(2, dtype=bool)].mean(axis=1)
    left = record.game.horizon - record.steps
    assert record.social.sustainability == pytest.approx((trust.sum() + left * trust[-1]) / record.game.horizon)


class Answer(Policy):
    """Gives .8, and nothing for so many steps after somebody gave less than .5."""

    classifier = Classifier(memory=np.inf)
    citation = "A test."

    def __init__(self, game, steps):
        super().__init__(game)
        self.steps, self.name = steps, f"answer_{steps}"

    def play(self, seen):
        left = seen.memory("left", 0)
        wronged = ~seen.first & (seen.other_rates.min(axis=1) < 0.5) & (left == 0)
        left[wronged] = self.steps
        punishing = left > 0
        left[punishing] -= 1
        return np.where(punishing, 0.0, 0.8)


def test_answers_to_a_defection():
    game = coopetition.make_game("SLCD-v0")
    asked = {"episodes": 1, "exploitability": False, "normalise": False}
    short, giver = evaluate(game, [Answer(game, 3), "constant_080"], **asked)
    assert short.retaliation == pytest.approx(0.8, abs=1e-6)
    assert short.forgiveness == pytest.approx(1.0)
    assert giver.retaliation == 0.0
    assert giver.forgiveness is None
    ever, _ = evaluate(game, [Answer(game, 1000), "constant_080"], **asked)
    assert ever.forgiveness == pytest.approx(0.0)
    # Two that mirror each other never get out of it.
    echo = evaluate("SLCD-v0", "tit_for_tat", **asked)[0]
    assert echo.retaliation > 0.0
    # Nobody gives anything that could be withheld.
    nothing = evaluate(game, [Answer(game, 3), "constant_000"], **asked)[0]
    assert nothing.retaliation is None
    oracle = evaluate("PublicGoods-v0", "Oracle_Nash", episodes=1, exploitability=False, normalise=False, horizon=5)[0]
    assert oracle.retaliation is None
