"""RLlib's PPO, a policy for each agent, collected by a remote worker.

Workers are processes that never imported this package, nor this file. `register_env` gives Ray a function of the
installed package, which is sent by its name and imported where it runs. Needs ``examples/requirements/rllib.txt``;
``examples/check.sh rllib_ppo`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

import numpy as np
import ray
import torch
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.tune.registry import register_env

import coopetition
from coopetition.api.rllib import make_env
from coopetition.oracles import open_loop_optimum

ID, MODE = "TrustDilemmaStrong-v0", "cooperative"
OPTIONS = {"reward_mode": MODE, "action_scale": "symmetric"}
#: Rewards are in the hundreds, and returns in the thousands: the default `vf_clip_param` of 10, a squared error of
#: values, would leave the critic no gradient, and without the clip it would take it thousands of steps to get there.
REWARD_SCALE = 0.001


def main(seed: int = 0, iterations: int = 30) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    ray.init("local", num_cpus=2, include_dashboard=False, ignore_reinit_error=True, log_to_driver=False)
    register_env("coopetition", make_env)
    agents = coopetition.make_game(ID).agents
    config = (
        PPOConfig()
        .environment("coopetition", env_config={"id": ID, "reward_scale": REWARD_SCALE, **OPTIONS})
        .env_runners(num_env_runners=1, rollout_fragment_length=400)
        .multi_agent(policies=set(agents), policy_mapping_fn=lambda agent, *_, **__: agent)
        .rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="tanh"))
        .training(
            lr=2e-3,
            gamma=0.95,
            lambda_=0.9,
            train_batch_size_per_learner=400,
            minibatch_size=200,
            num_epochs=8,
            clip_param=0.2,
            use_kl_loss=False,
            grad_clip=0.5,
        )
        .debugging(seed=seed, log_level="ERROR")
    )
    algorithm = config.build_algo()
    before = play(algorithm)
    for _ in range(iterations):
        algorithm.train()
    after = play(algorithm)
    algorithm.stop()
    return before, after


@torch.no_grad()
def play(algorithm: PPO) -> float:
    """The return of one episode of the policies' means, summed over agents."""
    env = coopetition.parallel_env(ID, **OPTIONS)
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {}
        for agent, observation in observations.items():
            inputs = {Columns.OBS: torch.as_tensor(observation[None])}
            mean, _ = algorithm.get_module(agent).forward_inference(inputs)[Columns.ACTION_DIST_INPUTS][0].chunk(2)
            actions[agent] = np.asarray(mean)
        observations, _, _, _, infos = env.step(actions)
    return sum(info["episode_reward"] for info in infos.values())


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
