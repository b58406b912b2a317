"""AgileRL's IPPO on our PettingZoo environment; agents of one name share a policy.

Needs ``examples/requirements/agilerl.txt``; ``examples/check.sh agilerl_ippo`` installs that, trains three seeds and
compares.
"""

from __future__ import annotations

import numpy as np
import supersuit
import torch
from agilerl.algorithms import IPPO
from agilerl.training.train_multi_agent_on_policy import train_multi_agent_on_policy

import coopetition
from coopetition.oracles import open_loop_optimum

ID, MODE = "TrustDilemmaStrong-v0", "cooperative"
OPTIONS = {"reward_mode": MODE, "action_scale": "symmetric"}


def main(seed: int = 0, steps: int = 20_000) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (AgileRL draws from it)
    # Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
    env = supersuit.reward_lambda_v0(coopetition.parallel_env(ID, **OPTIONS), lambda reward: 0.001 * reward)
    agents = env.possible_agents
    agent = IPPO(
        [env.observation_space(agent) for agent in agents],
        [env.action_space(agent) for agent in agents],
        agents,
        batch_size=200,
        lr=2e-3,
        learn_step=400,
        gamma=0.95,
        gae_lambda=0.9,
        ent_coef=0.0,
        update_epochs=8,
    )
    before = play(agent)
    # A population of one: no tournament, no mutation.
    train_multi_agent_on_policy(env, ID, "IPPO", [agent], max_steps=steps, evo_steps=2_000, verbose=False)
    return before, play(agent)


def play(agent: IPPO, episodes: int = 4) -> float:
    """The mean return of a few episodes, summed over agents: AgileRL samples actions in evaluation, too."""
    agent.set_training_mode(False)
    env, total = coopetition.parallel_env(ID, **OPTIONS), 0.0
    for k in range(episodes):
        observations, infos = env.reset(seed=k)
        while env.agents:
            actions = agent.get_action({name: seen[None] for name, seen in observations.items()})[0]
            observations, _, _, _, infos = env.step({name: action[0] for name, action in actions.items()})
        total += sum(info["episode_reward"] for info in infos.values())
    agent.set_training_mode(True)
    return total / episodes


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
