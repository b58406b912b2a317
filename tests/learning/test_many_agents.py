"""Forty agents: every algorithm that admits ApacheProject trains on it in all three modes, and stays finite.

Run with ``-m learn -s``, which prints the processor seconds of each.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from coopetition.baselines.learning import algorithms, learn

pytestmark = pytest.mark.learn

GAME, AGENTS, MODES = "ApacheProject-v0", 40, ("private", "integrated", "cooperative")
#: Refused, and with which words (`tests/learning/test_populations.py` has the reasons of more).
REFUSED = {"LOLA": "LOLA differentiates through every opponent's step: 40 agents are refused"}
#: Sizes that forty agents ask for: self-play's copies are a multiple of agents and minibatches.
SMALL = {
    "SelfPlay_PPO": {"copies": AGENTS, "minibatches": 1, "pool": 2, "pool_every": 1},
    "FCP": {"copies": AGENTS, "minibatches": 1, "teams": 2},
}
ON_POLICY = ("IPPO", "IA2C", "REINFORCE", "SelfPlay_PPO", "FCP", "MAPPO", "COMA")


def test_every_on_policy_algorithm_has_its_line():
    assert {*ON_POLICY, *REFUSED} <= set(algorithms())


@pytest.mark.parametrize("algorithm", ON_POLICY)
def test_forty_agents_train_and_stay_finite(algorithm):
    settings = {"copies": 8, "length": 16, **SMALL.get(algorithm, {})}
    steps = 4 * settings["copies"] * settings["length"]
    before = time.process_time()
    found = learn(GAME, algorithm, reward_mode=list(MODES), steps=steps, seeds=1, settings=settings,
                  measure_efficiency=False)  # fmt: skip
    print(f"{algorithm}: {time.process_time() - before:.1f} s of processor time, 3 runs of {found.steps:,} steps")
    assert found.finished
    assert found.shared
    start = learn(GAME, algorithm, reward_mode=list(MODES), steps=1, seeds=1, measure_efficiency=False,
                  settings={**settings, "learning_rate": 0.0})  # fmt: skip
    for k in range(len(MODES)):
        assert all(np.isfinite(array).all() for array in found.arrays[k].values())
        assert any(not np.array_equal(found.arrays[k][name], start.arrays[k][name]) for name in found.arrays[k])
        seen = np.random.default_rng(0).uniform(size=(3, found.games[k].observation_size))
        rates = [found.policy(k).act(seen, i) for i in (0, AGENTS - 1)]
        assert np.isfinite(rates).all()
    assert all(np.isfinite(values).all() for values in found.curves.metrics.values())


@pytest.mark.parametrize(("algorithm", "words"), REFUSED.items())
def test_who_cannot_says_why(algorithm, words):
    with pytest.raises(ValueError, match=words):
        learn(GAME, algorithm, steps=1, measure_efficiency=False)
