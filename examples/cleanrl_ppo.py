"""PPO in a single file, after CleanRL's ppo_continuous_action.py: PyTorch, a vector environment, nothing else.

One agent learns among reference policies. `gymnasium.make_vec` steps all copies in one kernel call; under "SameStep"
a copy that ends starts over at once, and its last observation, which the value of a truncated episode needs, lies in
``infos["final_obs"]``. Needs ``examples/requirements/cleanrl.txt``; ``examples/check.sh cleanrl_ppo`` installs that,
trains three seeds and compares.
"""

from __future__ import annotations

import gymnasium
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

import coopetition
from coopetition.baselines import make_policy
from coopetition.oracles import best_response

ID, MODE, PARTNERS = "PublicGoodsStrong-v0", "private", "tit_for_two_tats"
COPIES, STEPS, EPOCHS, MINIBATCH = 16, 50, 8, 200
GAMMA, LAMBDA, CLIP, LEARNING_RATE = 0.95, 0.9, 0.2, 2e-3
#: Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
REWARD_SCALE = 0.001


class Agent(nn.Module):
    """Actor and critic."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
        self.critic = nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
        self.log_std = nn.Parameter(torch.zeros(1))
        for layer in (self.actor[-1], self.critic[-1]):
            nn.init.orthogonal_(layer.weight, 0.01)
            nn.init.zeros_(layer.bias)

    def policy(self, seen: torch.Tensor) -> Normal:
        """The distribution of the action; what lies beyond [-1, 1] the environment clips."""
        return Normal(self.actor(seen), self.log_std.exp())


def main(seed: int = 0, updates: int = 50) -> tuple[float, float]:
    """Train; the player's return before and after."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    options = {"control": 0, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}
    envs = gymnasium.make_vec(
        f"coopetition:coopetition/{ID}",
        num_envs=COPIES,
        autoreset_mode="SameStep",
        vectorization_mode="vector_entry_point",
        **options,
    )
    inputs = envs.single_observation_space.shape[0]
    agent = Agent(inputs)
    optimiser = torch.optim.Adam(agent.parameters(), lr=LEARNING_RATE, eps=1e-5)
    before = play(agent)

    seen = torch.zeros(STEPS, COPIES, inputs)
    actions, logs, rewards, values, nexts = (torch.zeros(STEPS, COPIES) for _ in range(5))
    ends = torch.zeros(STEPS, COPIES)
    observation = torch.as_tensor(envs.reset(seed=seed)[0])
    for _ in range(updates):
        for t in range(STEPS):
            with torch.no_grad():
                policy = agent.policy(observation)
                action = policy.sample()
                seen[t], actions[t] = observation, action[:, 0]
                logs[t], values[t] = policy.log_prob(action)[:, 0], agent.critic(observation)[:, 0]
            following, reward, terminated, truncated, infos = envs.step(action.numpy())
            ended = terminated | truncated
            last = following.copy()
            if ended.any():
                last[ended] = np.stack(infos["final_obs"][ended])
            with torch.no_grad():  # a truncated episode is worth what would have followed, a terminated one nothing
                nexts[t] = agent.critic(torch.as_tensor(last))[:, 0] * torch.as_tensor(~terminated)
            rewards[t] = torch.as_tensor(reward * REWARD_SCALE)
            ends[t] = torch.as_tensor(ended)
            observation = torch.as_tensor(following)

        advantages, running = torch.zeros(STEPS, COPIES), torch.zeros(COPIES)
        for t in reversed(range(STEPS)):
            error = rewards[t] + GAMMA * nexts[t] - values[t]
            running = error + GAMMA * LAMBDA * (1.0 - ends[t]) * running
            advantages[t] = running
        batch = [x.reshape(STEPS * COPIES, -1) for x in (seen, actions, logs, advantages, advantages + values)]
        for _ in range(EPOCHS):
            for rows in np.split(rng.permutation(STEPS * COPIES), STEPS * COPIES // MINIBATCH):
                observed, played, old, advantage, target = (x[rows] for x in batch)
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                ratio = (agent.policy(observed).log_prob(played) - old).exp()
                gain = torch.min(ratio * advantage, ratio.clamp(1.0 - CLIP, 1.0 + CLIP) * advantage).mean()
                loss = 0.5 * (agent.critic(observed) - target).square().mean() - gain
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimiser.step()
    envs.close()
    return before, play(agent)


@torch.no_grad()
def play(agent: Agent) -> float:
    """The return of one episode of the policy's means."""
    env = coopetition.gymnasium_env(ID, control=0, partners=PARTNERS, reward_mode=MODE, action_scale="symmetric")
    observation, _ = env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(agent.actor(torch.as_tensor(observation)).numpy())
        total, over = total + reward, terminated or truncated
    return total


def best() -> float:
    """What a best reply to the others earns, as far as our search finds it."""
    game = coopetition.make_game(ID, reward_mode=MODE)
    return best_response(game, [make_policy(PARTNERS, game)] * game.n, 0, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; a best reply: {:.0f}".format(*main(), best()))
