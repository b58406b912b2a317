"""BenchMARL's MAPPO on one of our tasks: an actor for each agent, one critic that sees the joint state.

`coopetition.api.benchmarl.task` makes a BenchMARL task of any registered environment. Needs
``examples/requirements/benchmarl.txt``; ``examples/check.sh benchmarl_mappo`` installs that, trains three seeds and
compares.
"""

from __future__ import annotations

import tempfile

import torch
from benchmarl.algorithms import MappoConfig
from benchmarl.experiment import Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from torch import nn
from torchrl.envs.utils import ExplorationType, set_exploration_type

from coopetition.api.benchmarl import task
from coopetition.oracles import open_loop_optimum

ID, MODE = "TrustDilemmaStrong-v0", "cooperative"
#: Rewards are in the hundreds, and returns in the thousands; a critic wants them near one.
REWARD_SCALE = 0.001


def main(seed: int = 0, iterations: int = 15) -> tuple[float, float]:
    """Train; the return, summed over agents, before and after."""
    config = ExperimentConfig.get_from_yaml()
    config.share_policy_params = False
    config.gamma, config.lr, config.clip_grad_val = 0.95, 2e-3, 0.5
    config.max_n_iters, config.max_n_frames = iterations, None
    config.on_policy_n_envs_per_worker, config.on_policy_collected_frames_per_batch = 8, 800
    config.on_policy_n_minibatch_iters, config.on_policy_minibatch_size = 8, 200
    # Its own evaluation is left out, as are its loggers: Weights & Biases is among them by default.
    config.evaluation, config.loggers, config.create_json = False, [], False
    model = MlpConfig(num_cells=[64, 64], layer_class=nn.Linear, activation_class=nn.Tanh)
    game = task(ID, reward_mode=MODE, action_scale="symmetric", reward_scale=REWARD_SCALE)
    with tempfile.TemporaryDirectory() as folder:
        config.save_folder = folder
        experiment = Experiment(
            task=game, algorithm_config=MappoConfig.get_from_yaml(), model_config=model, seed=seed, config=config
        )
        # Advantages are not normalised by default, and no setting of BenchMARL's says so: TorchRL's losses have one.
        for loss in experiment.losses.values():
            loss.normalize_advantage = True
        before = play(experiment)
        experiment.run()
        after = play(experiment)
    return before, after


@torch.no_grad()
def play(experiment: Experiment) -> float:
    """The return of one episode of the most likely actions, summed over agents."""
    with set_exploration_type(ExplorationType.DETERMINISTIC):
        episode = experiment.test_env.rollout(experiment.max_steps, experiment.policy)
    return sum(episode["next", group, "reward"].sum().item() for group in experiment.group_map) / REWARD_SCALE


def best() -> float:
    """The most that all can earn together, as far as our search finds it."""
    return open_loop_optimum(ID, MODE).value


if __name__ == "__main__":
    print("return before and after: {:.0f}, {:.0f}; the optimum: {:.0f}".format(*main(), best()))
