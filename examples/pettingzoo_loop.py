"""The plain PettingZoo loop: a reciprocator meets a random player, an observation and a reward each.

Run with ``python examples/pettingzoo_loop.py``.
"""

from __future__ import annotations

import coopetition
from coopetition.baselines import make_policy


def main(environment_id: str = "SLCD-v0", seed: int = 1) -> dict[str, float]:
    """Play one episode; the agents' returns."""
    env = coopetition.parallel_env(environment_id)
    names = ("tit_for_tat", "random")
    policies = {agent: make_policy(names[i % 2], env.game) for i, agent in enumerate(env.possible_agents)}
    for policy in policies.values():
        policy.reset(seed=seed)

    returns = dict.fromkeys(env.possible_agents, 0.0)
    observations, infos = env.reset(seed=seed)
    steps = 0
    while env.agents:
        actions = {
            agent: policies[agent].act(observations[agent][None], env.possible_agents.index(agent))
            for agent in env.agents
        }
        observations, rewards, terminations, truncations, infos = env.step(actions)
        steps += 1
        for agent, reward in rewards.items():
            returns[agent] += reward

    ending = "trust collapsed" if any(terminations.values()) else "the horizon"
    print(f"{environment_id}: {steps} steps, ended by {ending}")
    for agent, total in returns.items():
        print(f"  {agent:12s} {policies[agent].name:12s} return {total:10.1f}")
    return returns


if __name__ == "__main__":
    main()
