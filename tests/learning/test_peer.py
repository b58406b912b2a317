"""One agent among fixed partners learns what Stable-Baselines3's algorithm of the same name learns, settings alike.

Stated before they were run: both end well above their start (by half of the best gain at least), and the mean final
return of ours is above theirs less 5 % of their gain. Final returns are those of the trained policies without noise, in
one episode: neither the game nor the partners draw anything.

IPPO beside PPO. The same: game, seat, partners, reward mode, learning rate, discount, trace, clip, epochs, minibatch
size, steps an update, widths and activations, initialisation, gradient clip, initial deviation, rewards divided by the
deviation of their running return, all steps. Not the same: theirs plays on [-1, 1] with an unsquashed Gaussian that the
environment clips, ours squashes; theirs shuffles steps, ours copies.

ISAC beside SAC. The same: copies, all steps, steps between updates and updates, batch, memory, learning rate, discount,
rate of the targets, widths and activations, two critics, the temperature at the start (never capped) and the entropy it
aims at, rewards divided by the deviation of their running return when they are sampled. Not the same: theirs plays on
[-1, 1], twice as wide, so that its entropy is greater by log 2; its first trajectory is uniform, ours is its wide
start's; initialisation; we clip gradients at a norm of 5.

Run with ``-m learn -s``.
"""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.baselines import evaluate
from coopetition.baselines.learning import learn

pytestmark = pytest.mark.learn

GAME, MODE, SEAT, PARTNERS = "PublicGoods-v0", "private", "player_0", "tit_for_tat"
SEEDS, SHARE = 20, 0.05
#: Steps, and our settings, by algorithm. The others are fixed, so that ISAC's long memory does not confound.
PEERS = {
    "IPPO": (60_000, {"copies": 16, "length": 64, "epochs": 4, "minibatches": 4, "hidden": (32, 32), "discount": 0.95,
                      "trace": 0.9, "learning_rate": 1e-3, "log_std": -0.5}),
    "ISAC": (20_480, {"copies": 16, "length": 16, "updates": 16, "batch": 128, "replay": 20_480, "hidden": (32, 32),
                      "learning_rate": 1e-3, "critic_learning_rate": 1e-3, "temperature_rate": 1e-3, "final_rate": 1.0,
                      "discount": 0.95, "target_rate": 0.02,
                      "temperature": 0.1, "cooling": 1e9, "target_entropy": -3.5, "fingerprint": "none"}),
}  # fmt: skip


def our_returns(algorithm, steps, **changed):
    """Final returns (SEEDS,) of the seat."""
    settings = {**PEERS[algorithm][1], **changed}
    found = learn(GAME, algorithm, reward_mode=MODE, steps=steps, seeds=SEEDS, settings=settings, control=SEAT,
                  partners=PARTNERS, measure_efficiency=False)  # fmt: skip
    game = found.games[0]

    def earned(policy):
        rows = evaluate(game, [policy, *[PARTNERS] * (game.n - 1)], episodes=1, normalise=False, exploitability=False)
        return rows[0].mean_return

    return np.array([earned(found.policy(k)) for k in range(SEEDS)])


def ppo(envs, seed, settings):
    """Their PPO with our settings."""
    from stable_baselines3 import PPO

    return PPO(
        "MlpPolicy", envs, n_steps=settings["length"],
        batch_size=settings["copies"] * settings["length"] // settings["minibatches"], n_epochs=settings["epochs"],
        learning_rate=settings["learning_rate"], gamma=settings["discount"], gae_lambda=settings["trace"], seed=seed,
        device="cpu", policy_kwargs={"net_arch": list(settings["hidden"]), "log_std_init": settings["log_std"]},
    )  # fmt: skip


def sac(envs, seed, settings):
    """Their SAC with our settings."""
    import torch
    from stable_baselines3 import SAC

    return SAC(
        "MlpPolicy", envs, learning_rate=settings["learning_rate"], buffer_size=settings["replay"],
        learning_starts=settings["copies"] * settings["length"] - 1, batch_size=settings["batch"],
        tau=settings["target_rate"], gamma=settings["discount"], train_freq=(settings["length"], "step"),
        gradient_steps=settings["updates"], ent_coef=f"auto_{settings['temperature']}",
        target_entropy=settings["target_entropy"] + float(np.log(2.0)), seed=seed, device="cpu",
        policy_kwargs={"net_arch": list(settings["hidden"]), "activation_fn": torch.nn.Tanh},
    )  # fmt: skip


def their_returns(make, steps, seed, settings):
    """Return of their policy before and after."""
    import torch
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import VecNormalize

    torch.set_num_threads(1)
    name = f"coopetition:coopetition/{GAME}"
    options = {"control": SEAT, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}
    plain = make_vec_env(name, n_envs=settings["copies"], seed=seed, env_kwargs=options)
    model = make(VecNormalize(plain, norm_obs=False, gamma=settings["discount"]), seed, settings)
    single = make_vec_env(name, n_envs=1, seed=seed, env_kwargs=options)
    before = evaluate_policy(model, single, n_eval_episodes=1)[0]
    model.learn(steps)
    return before, evaluate_policy(model, single, n_eval_episodes=1)[0]


@pytest.mark.parametrize(("algorithm", "make"), [("IPPO", ppo), ("ISAC", sac)])
def test_one_agent_learns_what_the_peer_learns(algorithm, make):
    pytest.importorskip("stable_baselines3")
    steps, settings = PEERS[algorithm]
    theirs = np.array([their_returns(make, steps, seed, settings) for seed in range(SEEDS)])
    start, ended = theirs.mean(axis=0)
    ours = our_returns(algorithm, steps)
    begun = our_returns(algorithm, 1, learning_rate=0.0)
    gain = ended - start
    print(f"theirs {start:.0f} -> {ended:.0f}, {theirs[:, 1].round(0)}")
    print(f"ours {begun.mean():.0f} -> {ours.mean():.0f}, {ours.round(0)}")
    assert gain > 0
    best = max(ended, ours.mean())
    assert ended - start > 0.5 * (best - start)
    assert ours.mean() - begun.mean() > 0.5 * (best - begun.mean())
    assert ours.mean() > ended - SHARE * gain
