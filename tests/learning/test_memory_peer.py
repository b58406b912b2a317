"""ISAC of one agent among fixed partners beside Stable-Baselines3's SAC, with the same settings.

Stated before either was run on it: both end well above their start (by half of the best gain at least), and the mean
final return of ours is above theirs less 5 % of their gain. Final returns are those of the trained policies without
noise, in one episode: neither the game nor the partners draw anything.

What is the same: game, seat, partners, reward mode, copies, all steps, steps between updates and updates, batch,
memory, learning rate, discount, rate of the targets, widths and activations, two critics, the temperature at the start
and the entropy it aims at, rewards divided by the deviation of their running return when they are sampled. What is
not: theirs plays on [-1, 1], twice as wide, so that its entropy is greater by log 2; its first trajectory is uniform,
ours is its wide start's; initialisation; we clip gradients at a norm of 5.

Run with ``-m learn -s``.
"""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.baselines import evaluate
from coopetition.baselines.learning import learn

pytestmark = pytest.mark.learn

GAME, MODE, SEAT, PARTNERS = "PublicGoods-v0", "private", "player_0", "tit_for_tat"
STEPS, SEEDS = 20_480, 20
SHARE = 0.05
#: The others are fixed, so that a long memory does not confound: all steps are kept.
SETTINGS = {"copies": 16, "length": 16, "updates": 16, "batch": 128, "replay": STEPS, "hidden": (32, 32),
            "learning_rate": 1e-3, "critic_learning_rate": 1e-3, "discount": 0.95, "target_rate": 0.02,
            "temperature": 0.1, "target_entropy": -3.5}  # fmt: skip


def our_returns(steps, seeds, **changed):
    """Final returns (seeds,) of the seat."""
    found = learn(GAME, "ISAC", reward_mode=MODE, steps=steps, seeds=seeds, settings={**SETTINGS, **changed},
                  control=SEAT, partners=PARTNERS, measure_efficiency=False)  # fmt: skip
    game = found.games[0]

    def earned(policy):
        rows = evaluate(game, [policy, *[PARTNERS] * (game.n - 1)], episodes=1, normalise=False, exploitability=False)
        return rows[0].mean_return

    return np.array([earned(found.policy(k)) for k in range(seeds)])


def their_returns(steps, seed):
    """Return of their policy before and after."""
    pytest.importorskip("stable_baselines3")
    import torch
    from stable_baselines3 import SAC
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import VecNormalize

    torch.set_num_threads(1)
    options = {"control": SEAT, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}
    copies, length = SETTINGS["copies"], SETTINGS["length"]
    plain = make_vec_env(f"coopetition:coopetition/{GAME}", n_envs=copies, seed=seed, env_kwargs=options)
    model = SAC(
        "MlpPolicy", VecNormalize(plain, norm_obs=False, gamma=SETTINGS["discount"]),
        learning_rate=SETTINGS["learning_rate"], buffer_size=SETTINGS["replay"], learning_starts=copies * length - 1,
        batch_size=SETTINGS["batch"], tau=SETTINGS["target_rate"], gamma=SETTINGS["discount"],
        train_freq=(length, "step"), gradient_steps=SETTINGS["updates"],
        ent_coef=f"auto_{SETTINGS['temperature']}", target_entropy=SETTINGS["target_entropy"] + float(np.log(2.0)),
        policy_kwargs={"net_arch": list(SETTINGS["hidden"]), "activation_fn": torch.nn.Tanh}, seed=seed, device="cpu",
    )  # fmt: skip
    single = make_vec_env(f"coopetition:coopetition/{GAME}", n_envs=1, seed=seed, env_kwargs=options)
    before = evaluate_policy(model, single, n_eval_episodes=1)[0]
    model.learn(steps)
    return before, evaluate_policy(model, single, n_eval_episodes=1)[0]


def test_one_soft_learner_learns_what_the_peer_learns():
    theirs = np.array([their_returns(STEPS, seed) for seed in range(SEEDS)])
    start, ended = theirs.mean(axis=0)
    ours = our_returns(STEPS, SEEDS)
    begun = our_returns(1, SEEDS, learning_rate=0.0)
    gain = ended - start
    print(f"theirs {start:.0f} -> {ended:.0f}, {theirs[:, 1].round(0)}")
    print(f"ours {begun.mean():.0f} -> {ours.mean():.0f}, {ours.round(0)}")
    assert gain > 0
    best = max(ended, ours.mean())
    assert ended - start > 0.5 * (best - start)
    assert ours.mean() - begun.mean() > 0.5 * (best - begun.mean())
    assert ours.mean() > ended - SHARE * gain
