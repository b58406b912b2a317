"""Stable-Baselines3's PPO plays one agent; reference policies play the others.

One player of a public goods game is paid its own payoff only. The others overlook one low contribution, but not two:
the best reply alternates, and no constant rate comes near it. Needs ``examples/requirements/sb3.txt``;
``examples/check.sh sb3_single_agent`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

import coopetition
from coopetition.baselines import make_policy
from coopetition.oracles import best_response

ID, MODE, PARTNERS = "PublicGoodsStrong-v0", "private", "tit_for_two_tats"


def main(seed: int = 0, steps: int = 40_000) -> tuple[float, float]:
    """Train; the player's return before and after."""
    options = {"control": 0, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}
    envs = make_vec_env(f"coopetition:coopetition/{ID}", n_envs=16, seed=seed, env_kwargs=options)
    # Observations lie in [0, 1] already; rewards are in the hundreds, and have to be brought to a learner's scale.
    envs = VecNormalize(envs, norm_obs=False, gamma=0.95)
    model = PPO(
        "MlpPolicy",
        envs,
        learning_rate=2e-3,
        n_steps=50,
        batch_size=200,
        n_epochs=8,
        gamma=0.95,
        gae_lambda=0.9,
        seed=seed,
        device="cpu",
    )
    before = evaluate_policy(model, envs, n_eval_episodes=1)[0]
    model.learn(steps)
    after = evaluate_policy(model, envs, n_eval_episodes=1)[0]
    return float(before), float(after)


def best() -> float:
    """What a best reply to the others earns, as far as our search finds it."""
    game = coopetition.make_game(ID, reward_mode=MODE)
    return best_response(game, [make_policy(PARTNERS, game)] * game.n, 0, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; a best reply: {:.0f}".format(*main(), best()))
