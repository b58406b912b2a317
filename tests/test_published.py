"""The ten trust games pay and move as the published implementation does, step by step.

``tests/golden/published`` holds trajectories that were recorded from it (float32 inside, hence the
tolerance): actions in levels, rewards in two modes, trust and damage after each step (ignore diagonals).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

FOLDER = Path(__file__).parent / "golden" / "published"
IDS = sorted(path.stem for path in FOLDER.glob("*.json"))
TOLERANCE = {"rtol": 0.0, "atol": 1e-4}
#: The published game has no reputation in its pay.
PARAMETERS = {"DynamicPartnerSelection-v0": {"reputation_weight": 0.0}}


def recorded(environment_id: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{environment_id}.json").read_text())


def test_the_ten_trust_games_are_recorded():
    trust_games = [name for name in ENVIRONMENTS if environment_class(name).family == "trust"]
    assert sorted(trust_games) == IDS


@pytest.mark.parametrize("how", ["single", "lanes", "drawn gamma set"])
@pytest.mark.parametrize("mode", ["private", "integrated"])
@pytest.mark.parametrize("environment_id", IDS)
def test_published_trajectory(environment_id, mode, how):
    published = recorded(environment_id)
    actions = np.array(published["actions"])
    given = dict(PARAMETERS.get(environment_id, {}))
    if "gamma" in published and how != "drawn gamma set":
        given["gamma"] = published["gamma"]
    game = Game(environment_class(environment_id).build(given), mode, action_scale="endowment")
    copies = 3 if how == "lanes" else 1
    batch = Batch(game, copies, autoreset="disabled")
    options = {"gamma": published["gamma"]} if "gamma" in published else None
    batch.reset(seed=0, options=options)
    off = ~np.eye(game.n, dtype=bool)
    paid = {"private": batch.payoffs, "integrated": batch.utilities}[mode]
    assert len(actions) == 40
    for t, levels in enumerate(actions):
        batch.step(np.tile(levels, (copies, 1)))
        state = batch.state()
        for k in range(copies):
            np.testing.assert_allclose(paid[k], published[mode][t], **TOLERANCE, err_msg=f"{mode}, step {t}")
            np.testing.assert_allclose(batch.rewards[k], published[mode][t], **TOLERANCE, err_msg=f"step {t}")
            for name in ("trust", "damage"):
                wanted = np.array(published[name][t])[off]
                np.testing.assert_allclose(state[name][k][off], wanted, **TOLERANCE, err_msg=f"{name}, step {t}")
            assert bool(batch.terminated[k]) == published["terminated"][t], f"step {t}"


def test_reputation_would_show():
    """The comparison notices a game that pays otherwise: at its default, reputation moves pay."""
    published = recorded("DynamicPartnerSelection-v0")
    game = Game(environment_class("DynamicPartnerSelection-v0")(), action_scale="endowment")
    batch = Batch(game, 1)
    batch.reset()
    for levels in published["actions"][:5]:
        batch.step(np.array([levels]))
    assert np.abs(batch.utilities[0] - published["integrated"][4]).max() > 1e-3
