"""Learners of actions of two numbers, on SLCDBiaxial-v0: who takes it, and where IPPO and ISAC end.

The targets are the certified equilibria of the stage game (horizon 1, discount 0), in both numbers. The curvature of a
payoff in the intensity is a twentieth of that in the rate, so that ISAC learns from wider draws and larger batches than
its defaults, which are tuned for rates alone: its target entropy, of each number, is -1.5 instead of -4, and its
temperature is never capped, which would narrow them all the same. IPPO averages over more copies.
"""

from __future__ import annotations

import numpy as np
import pytest

from coopetition import make_game
from coopetition.baselines.learning import algorithms, learn
from coopetition.baselines.learning.qmix import QMIX
from coopetition.baselines.learning.task import Task
from coopetition.baselines.learning.xla import jnp
from coopetition.batching.batch import Batch
from coopetition.oracles import solve

ID = "SLCDBiaxial-v0"
CONCEPTS = {"private": "nash", "integrated": "coopetitive"}
MARGIN = 0.02
SETTINGS = {
    "IPPO": ({"discount": 0.0, "copies": 128}, 300_000),
    "ISAC": ({"discount": 0.0, "batch": 512, "replay": 8192, "target_entropy": -1.5, "cooling": 1e9}, 80_000),
}


def played(population, run):
    """Rates and intensities (N, 2) that a run's policy plays first."""
    game = population.games[run]
    seen = Batch(game, 1).reset(seed=0)
    policy = population.policy(run)
    return np.array([policy.act(seen[:, i], i)[0] for i in range(game.n)])


def test_bins_are_pairs():
    """Seven values of each number: what is taken is what was played."""
    task = Task.of(make_game(ID), (0, 1), 4, None)
    learner = QMIX(task, QMIX.Settings())
    assert (task.action_size, learner.each, learner.choices) == (2, 7, 49)
    bins = jnp.arange(49).reshape(7, 7)
    np.testing.assert_array_equal(learner.taken(jnp.stack(jnp.divmod(bins, 7), axis=-1) / 6), bins)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", algorithms())
def test_everybody_takes_both_numbers_or_says_why(algorithm):
    if algorithm == "MeanFieldAC":
        with pytest.raises(ValueError, match="needs 3 agents"):
            learn(ID, algorithm, steps=1, seeds=1)
        return
    found = learn(ID, algorithm, reward_mode="private", steps=2000, seeds=1, measure_efficiency=False, horizon=5)
    actions = played(found, 0)
    assert actions.shape == (2, 2)
    assert ((actions >= 0.0) & (actions <= 1.0)).all()


@pytest.mark.learn
@pytest.mark.parametrize("algorithm", SETTINGS)
def test_independent_learners_end_in_equilibrium(algorithm):
    settings, steps = SETTINGS[algorithm]
    found = learn(ID, algorithm, reward_mode=list(CONCEPTS), steps=steps, seeds=2, settings=settings,
                  measure_efficiency=False, horizon=1)  # fmt: skip
    for k, run in enumerate(found.runs):
        target = solve(found.games[k], CONCEPTS[run.reward_mode]).actions / found.games[k].action_units
        actions = played(found, k)
        print(algorithm, run.name, actions.round(3).tolist(), target.round(3).tolist())
        assert np.abs(actions - target).max() < MARGIN, (run.name, actions, target)
