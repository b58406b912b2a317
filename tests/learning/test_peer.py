"""IPPO of one agent among fixed partners beside Stable-Baselines3's PPO, with the same settings.

Stated before: both end well above their start (by half of the best gain at least), and the mean final return of ours is
above theirs less 5 % of their gain. Seeds: `SEEDS`; final returns are those of the trained policies without noise.

What is the same: game, seat, partners, reward mode, learning rate, discount, trace, clip, epochs, minibatch size, steps
an update, widths and activations, initialisation, gradient clip, initial deviation, rewards divided by the deviation of
their running return, all steps. What is not: theirs plays on [-1, 1] with an unsquashed Gaussian that the environment
clips, ours squashes; theirs shuffles steps, ours copies.

Run with ``-m learn -s``.
"""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.baselines import evaluate
from coopetition.baselines.learning import learn

pytestmark = pytest.mark.learn

GAME, MODE, SEAT, PARTNERS = "PublicGoods-v0", "private", "player_0", "tit_for_tat"
STEPS, SEEDS, COPIES, LENGTH = 60_000, 5, 16, 64
SHARE = 0.05
SETTINGS = {"copies": COPIES, "length": LENGTH, "epochs": 4, "minibatches": 4, "hidden": (32, 32), "discount": 0.95,
            "trace": 0.9, "learning_rate": 1e-3, "log_std": -0.5}  # fmt: skip


def our_returns(steps, **changed):
    """Final returns (SEEDS,) of the seat."""
    found = learn(GAME, "IPPO", reward_mode=MODE, steps=steps, seeds=SEEDS, settings={**SETTINGS, **changed},
                  control=SEAT, partners=PARTNERS, measure_efficiency=False)  # fmt: skip
    game = found.games[0]

    def earned(policy):
        rows = evaluate(game, [policy, *[PARTNERS] * (game.n - 1)], episodes=1, normalise=False, exploitability=False)
        return rows[0].mean_return

    return np.array([earned(found.policy(k)) for k in range(SEEDS)])


def their_returns(steps, seed):
    """Return of their policy before and after."""
    pytest.importorskip("stable_baselines3")
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import VecNormalize

    torch.set_num_threads(1)
    options = {"control": SEAT, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}
    plain = make_vec_env(f"coopetition:coopetition/{GAME}", n_envs=COPIES, seed=seed, env_kwargs=options)
    envs = VecNormalize(plain, norm_obs=False, gamma=SETTINGS["discount"])
    model = PPO(
        "MlpPolicy", envs, n_steps=LENGTH, batch_size=COPIES * LENGTH // SETTINGS["minibatches"],
        n_epochs=SETTINGS["epochs"], learning_rate=SETTINGS["learning_rate"], gamma=SETTINGS["discount"],
        gae_lambda=SETTINGS["trace"], seed=seed, device="cpu",
        policy_kwargs={"net_arch": list(SETTINGS["hidden"]), "log_std_init": SETTINGS["log_std"]},
    )  # fmt: skip
    single = make_vec_env(f"coopetition:coopetition/{GAME}", n_envs=1, seed=seed, env_kwargs=options)
    before = evaluate_policy(model, single, n_eval_episodes=1)[0]
    model.learn(steps)
    return before, evaluate_policy(model, single, n_eval_episodes=1)[0]


def test_one_agent_learns_what_the_peer_learns():
    theirs = np.array([their_returns(STEPS, seed) for seed in range(SEEDS)])
    start, ended = theirs.mean(axis=0)
    ours = our_returns(STEPS)
    begun = our_returns(1, learning_rate=0.0)
    gain = ended - start
    print(f"theirs {start:.0f} -> {ended:.0f}, {theirs[:, 1].round(0)}")
    print(f"ours {begun.mean():.0f} -> {ours.mean():.0f}, {ours.round(0)}")
    assert gain > 0
    best = max(ended, ours.mean())
    assert ended - start > 0.5 * (best - start)
    assert ours.mean() - begun.mean() > 0.5 * (best - begun.mean())
    assert ours.mean() > ended - SHARE * gain
