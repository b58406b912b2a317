"""Stable-Baselines3's PPO plays all agents of a game at once ("joint control").

The action is one rate for each agent, the observation the joint state, the reward the mean over agents. Needs
``examples/requirements/sb3.txt``; ``examples/check.sh sb3_joint`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

from coopetition.oracles import open_loop_optimum

ID, MODE, AGENTS = "TrustDilemmaStrong-v0", "cooperative", 2


def main(seed: int = 0, steps: int = 60_000) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    # Gaussian policies start at the middle of [-1, 1]: half of the endowment.
    options = {"reward_mode": MODE, "action_scale": "symmetric"}
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
    before = AGENTS * evaluate_policy(model, envs, n_eval_episodes=1)[0]
    model.learn(steps)
    after = AGENTS * evaluate_policy(model, envs, n_eval_episodes=1)[0]
    return float(before), float(after)


def best() -> float:
    """The most that two agents can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
