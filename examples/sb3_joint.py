"""Stable-Baselines3's PPO plays all agents of a game at once ("joint control").

The action is one rate for each agent, the observation the joint state, the reward the mean over agents. Run with
``python examples/sb3_joint.py``; it needs ``pip install 'coopetition[sb3]'``.
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

from coopetition.baselines import evaluate

ID = "TrustDilemma-v0"


def main(steps: int = 100_000, seed: int = 0) -> tuple[float, float]:
    """Train; mean return before and after."""
    options = {"reward_mode": "integrated", "action_scale": "symmetric"}  # SB3 learns best on [-1, 1]
    envs = make_vec_env(f"coopetition:coopetition/{ID}", n_envs=8, seed=seed, env_kwargs=options)
    model = PPO("MlpPolicy", envs, n_steps=256, batch_size=256, gamma=0.98, seed=seed, device="cpu")
    before = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    model.learn(steps)
    after = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    reciprocal = evaluate(ID, "tit_for_tat", episodes=1, normalise=False, exploitability=False)
    print(f"{ID}, joint control: return {before:.0f} before, {after:.0f} after {steps:,} steps")
    print(f"for comparison, tit_for_tat: {sum(row.mean_return for row in reciprocal) / len(reciprocal):.0f}")
    return before, after


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    main(parser.parse_args().steps)
