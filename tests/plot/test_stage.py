"""The payoff surface shows what the oracles say."""

from __future__ import annotations

import numpy as np
import pytest
from legible import check_legible

import coopetition
from coopetition import plot
from coopetition.oracles import solve
from coopetition.oracles.stage.game import Objective, StageGame
from coopetition.plot.stage import MARKERS, reply_curves


def marks_of(axes):
    """Where each concept stands, by its marker."""
    return {line.get_marker(): np.ravel(line.get_data()) for line in axes.lines if line.get_marker() in "oD*"}


@pytest.mark.parametrize("environment_id", ["GiftExchange-v0", "PublicGoods-v0"])
def test_solutions_stand_where_the_oracles_say(environment_id):
    figure = plot.payoff_surface(environment_id)
    check_legible(figure)
    marks = marks_of(figure.axes[0])
    for concept, marker in MARKERS.items():
        found = solve(environment_id, concept)
        rates = found.actions / coopetition.make_game(environment_id).endowment
        np.testing.assert_allclose(marks[marker], [rates[0], rates[1:].mean()], atol=1e-9)


def test_best_replies_cross_at_the_nash():
    stage = StageGame("SLCD-v0")
    first, second = reply_curves(stage, Objective(stage, "private"))
    nash = solve("SLCD-v0", "nash").actions / stage.upper
    assert np.interp(nash[1], first[:, 1], first[:, 0]) == pytest.approx(nash[0], abs=1e-4)
    assert np.interp(nash[0], second[:, 0], second[:, 1]) == pytest.approx(nash[1], abs=1e-4)


def test_known_solutions_are_taken_as_they_are():
    figure = plot.payoff_surface("SLCD-v0", solutions={"nash": [50.0, 25.0]})
    np.testing.assert_allclose(marks_of(figure.axes[0])["o"], [0.5, 0.25])


@pytest.mark.slow
@pytest.mark.parametrize("environment_id", [*coopetition.ENVIRONMENT_IDS, *coopetition.STRONG_IDS])
@pytest.mark.parametrize("objective", ["private", "integrated"])
def test_every_surface_can_be_read(environment_id, objective):
    check_legible(plot.payoff_surface(environment_id, objective=objective))
