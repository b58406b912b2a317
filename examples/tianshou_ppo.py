"""Tianshou's PPO plays one agent; reference policies play the others.

Needs ``examples/requirements/tianshou.txt``; ``examples/check.sh tianshou_ppo`` installs that, trains three seeds and
compares.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import torch
from tianshou.algorithm import PPO
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OnPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic
from torch.distributions import Independent, Normal

import coopetition
from coopetition.baselines import make_policy
from coopetition.oracles import best_response

ID, MODE, PARTNERS = "PublicGoodsStrong-v0", "private", "tit_for_two_tats"
#: Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
REWARD_SCALE = 0.001


class Plain(gymnasium.Wrapper):
    """Rewards near one, and no infos.

    An episode's last infos have a word, `outcome`. Tianshou's buffer fills it with None for all other steps, and
    refuses to train on what it takes for NaNs.
    """

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """The same, in other units."""
        observation, reward, terminated, truncated, _ = self.env.step(action)
        return observation, REWARD_SCALE * float(reward), terminated, truncated, {}

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        """The same."""
        return self.env.reset(**options)[0], {}


def make() -> gymnasium.Env:
    """One copy. Rates stay in [0, 1]: the policy maps [-1, 1], which its Gaussian is for, to the bounds by itself."""
    return gymnasium.make(f"coopetition:coopetition/{ID}", control=0, partners=PARTNERS, reward_mode=MODE)


def main(seed: int = 0, updates: int = 50) -> tuple[float, float]:
    """Train; the player's return before and after."""
    torch.manual_seed(seed)
    envs = DummyVectorEnv([lambda: Plain(make())] * 16)
    envs.seed(seed)
    one = make()
    shape = {"state_shape": one.observation_space.shape, "hidden_sizes": [64, 64], "activation": torch.nn.Tanh}
    # `unbounded`: or else a tanh bounds the means before the policy clips, and the ends are out of reach.
    actor = ContinuousActorProbabilistic(preprocess_net=Net(**shape), action_shape=(1,), unbounded=True)
    torch.nn.init.orthogonal_(actor.mu.model[-1].weight, 0.01)
    policy = ProbabilisticActorPolicy(
        actor=actor,
        dist_fn=lambda moments: Independent(Normal(*moments), 1),
        deterministic_eval=True,
        action_space=one.action_space,
    )
    settings = {"gamma": 0.95, "gae_lambda": 0.9, "ent_coef": 0.0, "max_grad_norm": 0.5}
    critic = ContinuousCritic(preprocess_net=Net(**shape))
    algorithm = PPO(policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=2e-3), **settings)
    before = play(policy, one)
    algorithm.run_training(
        OnPolicyTrainerParams(
            training_collector=Collector(algorithm, envs, VectorReplayBuffer(800, 16)),
            max_epochs=updates,
            epoch_num_steps=800,
            collection_step_num_env_steps=800,
            update_step_num_repetitions=8,
            batch_size=200,
            verbose=False,
            show_progress=False,
        )
    )
    return before, play(policy, one)


def play(policy: ProbabilisticActorPolicy, env: gymnasium.Env) -> float:
    """The return of one episode of the policy's means."""
    observation, _ = env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        action = policy.compute_action(observation).reshape(1)
        observation, reward, terminated, truncated, _ = env.step(action)
        total, over = total + float(reward), terminated or truncated
    return total


def best() -> float:
    """What a best reply to the others earns, as far as our search finds it."""
    game = coopetition.make_game(ID, reward_mode=MODE)
    return best_response(game, [make_policy(PARTNERS, game)] * game.n, 0, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; a best reply: {:.0f}".format(*main(), best()))
