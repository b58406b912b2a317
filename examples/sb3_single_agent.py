"""Stable-Baselines3's PPO plays one agent, reference policies play the others.

One player of PublicGoods-v0 is paid its own payoff only, and would keep everything; but the others play tit for tat,
and what it keeps now they keep later. Run with ``python examples/sb3_single_agent.py``; it needs
``pip install 'coopetition[sb3]'``.
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

from coopetition.oracles import best_response

ID = "PublicGoods-v0"
PARTNERS = "tit_for_tat"


def main(steps: int = 100_000, seed: int = 0) -> tuple[float, float]:
    """Train; the player's mean return before and after."""
    options = {"control": 0, "partners": PARTNERS, "reward_mode": "private", "action_scale": "symmetric"}
    envs = make_vec_env(f"coopetition:coopetition/{ID}", n_envs=8, seed=seed, env_kwargs=options)
    envs = VecNormalize(envs, norm_obs=False, gamma=0.98)  # observations are normalised already, returns are not
    model = PPO("MlpPolicy", envs, n_steps=256, batch_size=256, gamma=0.98, seed=seed, device="cpu")
    before = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    model.learn(steps)
    after = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    print(f"{ID}, one player among {PARTNERS}: return {before:.0f} before, {after:.0f} after {steps:,} steps")
    print(f"for comparison, the best response found: {best_response(ID, PARTNERS, 0, 'private').value:.0f}")
    return before, after


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    main(parser.parse_args().steps)
