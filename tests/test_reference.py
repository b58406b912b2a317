"""The kernels agree with a plain NumPy reference that was written from the specification alone."""

from __future__ import annotations

import numpy as np
import pytest
from reference import Reference

from coopetition.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.game import Game

STATE = ("trust", "damage", "loyalty", "reputation", "agreement", "agreed", "agreements", "breaches")
STATE += ("members", "wait", "thin_steps", "image", "gamma", "dependence", "rates", "time")


def compare(environment_id, given, mode, observation, actions, gamma=None):
    parameters = environment_class(environment_id).build(given)
    game = Game(parameters, mode, observation, action_scale="endowment")
    batch = Batch(game, 1, autoreset="disabled", observe_joint=True)
    reference = Reference(environment_id, **given)
    batch.reset(seed=0)
    if gamma is not None:
        batch.set_state({"gamma": gamma})
    reference.reset(gamma=gamma)
    full = observation == "full"
    for t, levels in enumerate(actions):
        batch.step(levels[np.newaxis])
        out = reference.step(levels)
        close = {"rtol": 1e-12, "atol": 1e-10}
        np.testing.assert_allclose(batch.payoffs[0], out["payoffs"], **close, err_msg=f"payoffs, step {t}")
        np.testing.assert_allclose(batch.utilities[0], out["utilities"], **close, err_msg=f"utilities, step {t}")
        np.testing.assert_allclose(batch.rewards[0], reference.rewards(mode, out), rtol=1e-7, atol=1e-6)
        state = batch.state()
        for name in STATE:
            if name in reference.state:
                wanted = np.asarray(reference.state[name], dtype=float)
                np.testing.assert_allclose(state[name][0], wanted, atol=1e-10, err_msg=f"{name}, step {t}")
        assert (bool(batch.terminated[0]), bool(batch.truncated[0])) == (out["terminated"], out["truncated"])
        for i in range(game.n):
            np.testing.assert_allclose(batch.observations[0, i], reference.observation(i, full), atol=1e-7)
        np.testing.assert_allclose(batch.joint[0], reference.joint_state(), atol=1e-7)
        if out["terminated"] or out["truncated"]:
            break


def tempting_actions(rng, n, endowment, steps):
    """Whole episodes that visit the edges: low, high, still and jumping rates."""
    kind = rng.integers(4)
    rates = rng.uniform(size=(steps, n))
    if kind == 1:
        rates = np.clip(rates * 0.3, 0.0, 1.0)
    elif kind == 2:
        rates = np.clip(0.6 + 0.4 * rates, 0.0, 1.0)
    elif kind == 3:
        rates = np.repeat(rates[::7], 7, axis=0)[:steps]
        rates[rng.uniform(size=rates.shape) < 0.1] = 0.0
    return rates * endowment


@pytest.mark.parametrize("mode", ["private", "integrated", "cooperative"])
@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_defaults_over_whole_episodes(environment_id, mode):
    game = Game(environment_class(environment_id)())
    rng = np.random.default_rng(sum(map(ord, environment_id + mode)))
    for observation in ("own", "full"):
        gamma = rng.uniform(0.2, 0.9) if game.random_gamma else None
        actions = tempting_actions(rng, game.n, game.endowment, game.horizon)
        compare(environment_id, {}, mode, observation, actions, gamma)
