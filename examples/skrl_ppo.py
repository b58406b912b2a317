"""skrl's PPO plays one agent on our vector environment; reference policies play the others.

Needs ``examples/requirements/skrl.txt``; ``examples/check.sh skrl_ppo`` installs that, trains three seeds, compares.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import torch
from skrl.agents.torch.ppo import PPO, PPO_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed
from torch import nn

import coopetition
from coopetition.baselines import make_policy
from coopetition.oracles import best_response

ID, MODE, PARTNERS = "PublicGoodsStrong-v0", "private", "tit_for_two_tats"
OPTIONS = {"control": 0, "partners": PARTNERS, "reward_mode": MODE, "action_scale": "symmetric"}


def network(inputs: int) -> nn.Sequential:
    """Two hidden layers; the last starts small, so that play starts at the middle."""
    layers = nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    nn.init.orthogonal_(layers[-1].weight, 0.01)
    return layers


class Actor(GaussianMixin, Model):
    """A Gaussian around a network's output; what lies beyond [-1, 1] the environment clips."""

    def __init__(self, **spaces: Any) -> None:
        Model.__init__(self, **spaces)
        GaussianMixin.__init__(self)
        self.actor, self.log_std = network(self.num_observations), nn.Parameter(torch.zeros(1))

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """Mean and logarithm of the standard deviation."""
        return self.actor(inputs["observations"]), {"log_std": self.log_std}


class Critic(DeterministicMixin, Model):
    """A network's output."""

    def __init__(self, **spaces: Any) -> None:
        Model.__init__(self, **spaces)
        DeterministicMixin.__init__(self)
        self.critic = network(self.num_observations)

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:
        """The value."""
        return self.critic(inputs["observations"]), {}


def main(seed: int = 0, steps: int = 2_500) -> tuple[float, float]:
    """Train; the player's return before and after."""
    set_seed(seed)
    name = f"coopetition:coopetition/{ID}"
    env = wrap_env(gymnasium.make_vec(name, 16, vectorization_mode="vector_entry_point", **OPTIONS), "gymnasium")
    spaces = {"observation_space": env.observation_space, "action_space": env.action_space, "device": "cpu"}
    models = {"policy": Actor(**spaces), "value": Critic(**spaces)}
    cfg = PPO_CFG(rollouts=50, mini_batches=4, discount_factor=0.95, gae_lambda=0.9, learning_rate=2e-3)
    # By default the horizon is ignored, and advantages flow from one episode into the one before.
    cfg.time_limit_bootstrap = True
    cfg.rewards_shaper = lambda rewards, *_: 0.001 * rewards  # `value_clip` is .2: returns have to be near one
    cfg.experiment.write_interval = cfg.experiment.checkpoint_interval = 0
    agent = PPO(models=models, memory=RandomMemory(memory_size=50, num_envs=16, device="cpu"), cfg=cfg, **spaces)
    before = play(models["policy"].actor)
    SequentialTrainer(env=env, agents=agent, cfg={"timesteps": steps, "headless": True}).train()
    return before, play(models["policy"].actor)


@torch.no_grad()
def play(actor: nn.Module) -> float:
    """The return of one episode of the policy's means."""
    env = coopetition.gymnasium_env(ID, **OPTIONS)
    observation, _ = env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(actor(torch.as_tensor(observation)).numpy())
        total, over = total + reward, terminated or truncated
    return total


def best() -> float:
    """What a best reply to the others earns, as far as our search finds it."""
    game = coopetition.make_game(ID, reward_mode=MODE)
    return best_response(game, [make_policy(PARTNERS, game)] * game.n, 0, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; a best reply: {:.0f}".format(*main(), best()))
