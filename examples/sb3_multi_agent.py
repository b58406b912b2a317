"""Stable-Baselines3: every agent has a model of its own, and all learn at once in the same episodes.

`Seats` makes a `VecEnv` for each agent; `Seats.learn` lets the models, of any algorithm, take turns, so that runs with
the same seeds are the same. (`MultiAgentVecEnv` is for one model that plays all agents: see the page.) Needs
``examples/requirements/sb3.txt``; ``examples/check.sh sb3_multi_agent`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

import coopetition
from coopetition.api.sb3 import ModelPolicy
from coopetition.api.sb3_seats import Seats
from coopetition.oracles import open_loop_optimum

ID, MODE = "TrustDilemmaStrong-v0", "cooperative"


def main(seed: int = 0, steps: int = 60_000) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    seats = Seats(ID, 16, reward_mode=MODE, action_scale="symmetric")
    models = {
        agent: PPO(
            "MlpPolicy",
            VecNormalize(seat, norm_obs=False, gamma=0.95),
            learning_rate=2e-3,
            n_steps=50,
            batch_size=200,
            n_epochs=8,
            gamma=0.95,
            gae_lambda=0.9,
            seed=10 * seed + k,
            device="cpu",
        )
        for k, (agent, seat) in enumerate(seats.items())
    }
    before = play(models)
    seats.learn(models, steps)
    return before, play(models)


def play(models: dict[str, PPO]) -> float:
    """The return of one episode, summed over agents."""
    env = coopetition.parallel_env(ID, reward_mode=MODE)
    policies = {agent: ModelPolicy(env.game, model) for agent, model in models.items()}
    observations, infos = env.reset(seed=0)
    while env.agents:
        actions = {
            agent: policies[agent].act(observations[agent][None], k) for k, agent in enumerate(env.possible_agents)
        }
        observations, _, _, _, infos = env.step(actions)
    return sum(info["episode_reward"] for info in infos.values())


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
