"""Tianshou's PPO plays one agent; reference policies play the others.

Needs ``examples/requirements/tianshou.txt``; ``examples/check.sh tianshou_ppo`` installs that, trains three seeds and
compares.
"""

from __future__ import annotations

import gymnasium
import torch
from gymnasium.wrappers import TransformReward
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


def make(scale: float = 1.0) -> gymnasium.Env:
    """One copy. Rates stay in [0, 1]: the policy maps [-1, 1], which its Gaussian is for, to the bounds by itself."""
    env = gymnasium.make(f"coopetition:coopetition/{ID}", control=0, partners=PARTNERS, reward_mode=MODE)
    return TransformReward(env, lambda reward: scale * reward)


def main(seed: int = 0, updates: int = 50) -> tuple[float, float]:
    """Train; the player's return before and after."""
    torch.manual_seed(seed)
    envs = DummyVectorEnv([lambda: make(scale=0.001)] * 16)
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
