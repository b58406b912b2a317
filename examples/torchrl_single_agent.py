"""TorchRL's PPO on our vector environment: one agent learns among reference policies.

`GymWrapper` takes what `gymnasium.make_vec` gives, so that one kernel call steps all copies; `GymEnv` takes an id, and
one copy. Under "SameStep" an episode's last observation, which its value needs, comes with its end. Needs
``examples/requirements/torchrl.txt``; ``examples/check.sh torchrl_single_agent`` installs that, trains three seeds and
compares.
"""

from __future__ import annotations

import gymnasium
import torch
from tensordict.nn import AddStateIndependentNormalScale, TensorDictModule
from torch import nn
from torchrl.envs import Compose, GymWrapper, RewardScaling, RewardSum, TransformedEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import IndependentNormal, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import coopetition
from coopetition.baselines import make_policy
from coopetition.oracles import best_response

ID, MODE, PARTNERS = "PublicGoodsStrong-v0", "private", "tit_for_two_tats"
#: Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
REWARD_SCALE = 0.001
COPIES, STEPS, EPOCHS, MINIBATCH = 8, 100, 8, 200


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers; the last starts small, so that play starts at the middle."""
    layers = nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))
    nn.init.orthogonal_(layers[-1].weight, 0.01)
    return layers


def main(seed: int = 0, iterations: int = 20) -> tuple[float, float]:
    """Train; the player's return before and after."""
    torch.manual_seed(seed)
    copies = gymnasium.make_vec(
        f"coopetition:coopetition/{ID}",
        num_envs=COPIES,
        autoreset_mode="SameStep",
        vectorization_mode="vector_entry_point",
        control=0,
        partners=PARTNERS,
        reward_mode=MODE,
        action_scale="symmetric",
    )
    scaled = Compose(RewardSum(), RewardScaling(loc=0.0, scale=REWARD_SCALE))
    env = TransformedEnv(GymWrapper(copies), scaled)
    env.set_seed(seed)
    inputs = env.observation_spec["observation"].shape[-1]
    actor = ProbabilisticActor(
        TensorDictModule(
            nn.Sequential(network(inputs, 1), AddStateIndependentNormalScale(1)), ["observation"], ["loc", "scale"]
        ),
        in_keys=["loc", "scale"],
        spec=env.action_spec_unbatched,
        distribution_class=IndependentNormal,
        return_log_prob=True,
    )
    critic = ValueOperator(network(inputs, 1), in_keys=["observation"])
    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.0, normalize_advantage=True)
    advantage = GAE(gamma=0.95, lmbda=0.9, value_network=critic)
    optimiser = torch.optim.Adam(loss.parameters(), lr=2e-3)

    before = play(env, actor)
    for _ in range(iterations):
        # Outside of a collector TorchRL's actors play their most likely action, and would explore nothing.
        with torch.no_grad(), set_exploration_type(ExplorationType.RANDOM):
            batch = env.rollout(STEPS, actor, break_when_any_done=False)
        for _ in range(EPOCHS):
            with torch.no_grad():
                advantage(batch)
            flat = batch.reshape(-1)
            for rows in torch.randperm(len(flat)).split(MINIBATCH):
                terms = loss(flat[rows])
                optimiser.zero_grad()
                (terms["loss_objective"] + terms["loss_critic"]).backward()
                nn.utils.clip_grad_norm_(loss.parameters(), 0.5)
                optimiser.step()
    return before, play(env, actor)


@torch.no_grad()
def play(env: TransformedEnv, actor: ProbabilisticActor) -> float:
    """The return of an episode of the most likely actions; an episode has `STEPS` rounds."""
    with set_exploration_type(ExplorationType.DETERMINISTIC):
        episode = env.rollout(STEPS, actor)
    return episode["next", "episode_reward"][:, -1].mean().item()


def best() -> float:
    """What a best reply to the others earns, as far as our search finds it."""
    game = coopetition.make_game(ID, reward_mode=MODE)
    return best_response(game, [make_policy(PARTNERS, game)] * game.n, 0, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; a best reply: {:.0f}".format(*main(), best()))
