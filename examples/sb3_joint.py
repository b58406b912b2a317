"""Stable-Baselines3's PPO plays all agents of a game at once ("joint control").

The action is one rate for each agent, the observation the joint state, the reward the mean over agents: here a team
whose members grow loyal by giving. Run with ``python examples/sb3_joint.py``; it needs
``pip install 'coopetition[sb3]'``.
"""

from __future__ import annotations

import argparse

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

from coopetition.oracles import yardstick

ID = "LoyaltyTeam-v0"
AGENTS = 4


def main(steps: int = 100_000, seed: int = 0) -> tuple[float, float]:
    """Train; mean return before and after."""
    options = {"reward_mode": "integrated", "action_scale": "symmetric"}  # SB3 learns best on [-1, 1]
    envs = make_vec_env(f"coopetition:coopetition/{ID}", n_envs=8, seed=seed, env_kwargs=options)
    envs = VecNormalize(envs, norm_obs=False, gamma=0.98)  # observations are normalised already, returns are not
    model = PPO("MlpPolicy", envs, n_steps=256, batch_size=256, gamma=0.98, seed=seed, device="cpu")
    before = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    model.learn(steps)
    after = float(evaluate_policy(model, envs, n_eval_episodes=8)[0])
    scale = yardstick(ID, "integrated")
    print(f"{ID}, joint control: return {before:.0f} before, {after:.0f} after {steps:,} steps")
    optimum = scale.optimum / AGENTS
    print(f"for comparison, the open-loop optimum: {optimum:.0f}; 0 is the worst open-loop nash found, 1 that:")
    print(f"{scale.normalise(AGENTS * before):.3f} before, {scale.normalise(AGENTS * after):.3f} after")
    return before, after


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    main(parser.parse_args().steps)
