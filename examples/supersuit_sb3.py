"""SuperSuit turns a PettingZoo environment into slots of a vector environment; Stable-Baselines3 plays them all.

One model with shared parameters. (`coopetition.api.sb3.MultiAgentVecEnv` does the same in one kernel call, with seeds
and truncation; SuperSuit's way is for its wrappers.) Needs ``examples/requirements/supersuit.txt``;
``examples/check.sh supersuit_sb3`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

import supersuit
from stable_baselines3 import PPO
from stable_baselines3.common.utils import set_random_seed
from stable_baselines3.common.vec_env import VecNormalize

import coopetition
from coopetition.oracles import open_loop_optimum

ID, MODE = "TrustDilemmaStrong-v0", "cooperative"
OPTIONS = {"reward_mode": MODE, "action_scale": "symmetric"}


def main(seed: int = 0, steps: int = 48_000) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    # Agents differ by name only: the indicator tells the shared model which of them it plays.
    env = supersuit.agent_indicator_v0(coopetition.parallel_env(ID, **OPTIONS))
    slots = supersuit.pettingzoo_env_to_vec_env_v1(env)
    envs = supersuit.concat_vec_envs_v1(slots, 8, num_cpus=0, base_class="stable_baselines3")
    envs = VecNormalize(envs, norm_obs=False, gamma=0.95)
    set_random_seed(seed)  # instead of PPO(seed=...): SuperSuit's vector environment has no `seed` method
    model = PPO(
        "MlpPolicy",
        envs,
        learning_rate=2e-3,
        n_steps=50,
        batch_size=200,
        n_epochs=8,
        gamma=0.95,
        gae_lambda=0.9,
        device="cpu",
    )
    before = play(model)
    model.learn(steps)
    after = play(model)
    envs.close()
    return before, after


def play(model: PPO) -> float:
    """The return of one episode of the most likely actions, summed over agents."""
    env = supersuit.agent_indicator_v0(coopetition.parallel_env(ID, **OPTIONS))
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {agent: model.predict(seen, deterministic=True)[0] for agent, seen in observations.items()}
        observations, _, _, _, infos = env.step(actions)
    return sum(info["episode_reward"] for info in infos.values())


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
