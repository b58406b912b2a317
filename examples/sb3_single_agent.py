"""Stable-Baselines3's PPO plays one agent, reference policies play the others.

The worker of GiftExchange-v0 learns what to answer an employer who plays tit for tat. Run with
``python examples/sb3_single_agent.py``; it needs ``pip install 'coopetition[sb3]'``.
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

ID = "GiftExchange-v0"


def main(steps: int = 100_000, seed: int = 0) -> tuple[float, float]:
    """Train; the worker's mean return before and after."""
    options = {"control": "worker", "partners": "tit_for_tat", "action_scale": "symmetric"}
    envs = make_vec_env(f"coopetition:coopetition/{ID}", n_envs=8, seed=seed, env_kwargs=options)
    model = PPO("MlpPolicy", envs, n_steps=256, batch_size=256, gamma=0.98, seed=seed, device="cpu")
    before = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    model.learn(steps)
    after = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    print(f"{ID}, the worker against tit_for_tat: return {before:.0f} before, {after:.0f} after {steps:,} steps")
    return before, after


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    main(parser.parse_args().steps)
