"""TorchRL's MAPPO on a `PettingZooWrapper`: an actor for each agent, one critic that sees what all see.

TorchRL makes its specs at the first reset: infos have the same numeric keys from then on. It groups agents by the name
before ``_k``: here all are in the group "agent". Needs ``examples/requirements/torchrl.txt``;
``examples/check.sh torchrl_mappo`` installs that, trains three seeds and compares.
"""

from __future__ import annotations

import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.envs import Compose, PettingZooWrapper, RewardScaling, RewardSum, TransformedEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import MultiAgentMLP, NormalParamExtractor, ProbabilisticActor, TanhNormal
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import coopetition
from coopetition.oracles import open_loop_optimum

ID, MODE, GROUP = "TrustDilemmaStrong-v0", "cooperative", "agent"
#: Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
REWARD_SCALE = 0.001
FRAMES, EPOCHS, MINIBATCH = 800, 8, 200


def main(seed: int = 0, iterations: int = 15) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    torch.manual_seed(seed)
    zoo = PettingZooWrapper(coopetition.parallel_env(ID, reward_mode=MODE, action_scale="symmetric"))
    reward, total = (GROUP, "reward"), (GROUP, "episode_reward")
    env = TransformedEnv(
        zoo,
        Compose(
            RewardSum(in_keys=[reward], out_keys=[total]),
            RewardScaling(loc=0.0, scale=REWARD_SCALE, in_keys=[reward]),
        ),
    )
    env.set_seed(seed)
    agents, inputs = env.observation_spec[GROUP, "observation"].shape
    shape = {"n_agents": agents, "depth": 2, "num_cells": 64, "activation_class": nn.Tanh}
    policy = MultiAgentMLP(inputs, 2, centralized=False, share_params=False, **shape)
    actor = ProbabilisticActor(
        TensorDictModule(
            nn.Sequential(policy, NormalParamExtractor()), [(GROUP, "observation")], [(GROUP, "loc"), (GROUP, "scale")]
        ),
        in_keys=[(GROUP, "loc"), (GROUP, "scale")],
        out_keys=[(GROUP, "action")],
        spec=env.full_action_spec_unbatched[GROUP, "action"],
        distribution_class=TanhNormal,
        return_log_prob=True,
    )
    critic = TensorDictModule(
        MultiAgentMLP(inputs, 1, centralized=True, share_params=True, **shape),
        in_keys=[(GROUP, "observation")],
        out_keys=[(GROUP, "state_value")],
    )
    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.0, normalize_advantage=True)
    keys = {name: (GROUP, name) for name in ("reward", "done", "terminated")}
    loss.set_keys(action=(GROUP, "action"), value=(GROUP, "state_value"), **keys)
    advantage = GAE(gamma=0.95, lmbda=0.9, value_network=critic)
    advantage.set_keys(value=(GROUP, "state_value"), **keys)
    optimiser = torch.optim.Adam(loss.parameters(), lr=2e-3)

    before = play(env, actor)
    for _ in range(iterations):
        # Outside of a collector TorchRL's actors play their most likely action, and would explore nothing.
        with torch.no_grad(), set_exploration_type(ExplorationType.RANDOM):
            batch = env.rollout(FRAMES, actor, break_when_any_done=False)
        for _ in range(EPOCHS):
            with torch.no_grad():
                advantage(batch)
            for rows in torch.randperm(FRAMES).split(MINIBATCH):
                terms = loss(batch[rows])
                optimiser.zero_grad()
                (terms["loss_objective"] + terms["loss_critic"]).backward()
                nn.utils.clip_grad_norm_(loss.parameters(), 0.5)
                optimiser.step()
    return before, play(env, actor)


@torch.no_grad()
def play(env: TransformedEnv, actor: ProbabilisticActor) -> float:
    """The return of one episode of the most likely actions, summed over agents."""
    with set_exploration_type(ExplorationType.DETERMINISTIC):
        episode = env.rollout(10_000, actor)
    return episode["next", GROUP, "episode_reward"][-1].sum().item()


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
