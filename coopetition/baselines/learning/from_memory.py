"""What learners from memory share: the replay, target networks, scaled rewards, and several updates a trajectory."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.algorithm import Algorithm, hyperparameters
from coopetition.baselines.learning.memory import Memories, Replay, init_replay, sample, store
from coopetition.baselines.learning.networks import apply_layers, stack_trees
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.scaling import Scale, init_scale, update_scale
from coopetition.baselines.learning.task import MOST_NETWORKS, Trajectory
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class ReplaySettings:
    """What every learner from memory has; floats may be swept.

    Attributes
    ----------
    copies, length : int
        Copies of the game in a run, and steps between two rounds of updates.
    updates, batch : int
        Updates a round, and samples of each for every network (see `FromMemory.samples`).
    replay : int
        Environment steps that are kept.
    hidden : tuple of int
        Widths of hidden layers.
    learning_rate, discount, gradient_clip : float
        Adam's step, gamma, the norm to which each network's gradient is shortened.
    final_rate : float
        To what share of themselves learning rates fall, linearly, by the end of the training.
    target_rate : float
        How far targets follow at each update.
    """

    copies: int = 16
    length: int = 16
    updates: int = 16
    batch: int = 128
    replay: int = 4096
    hidden: tuple[int, ...] = (32, 32)
    learning_rate: float = 2e-3
    final_rate: float = 1.0
    discount: float = 0.95
    gradient_clip: float = 5.0
    target_rate: float = 0.02


class MemoryState(NamedTuple):
    """A run: its networks, its agents' reward scales (L, ...), its replay, and the share of the training done."""

    networks: Any
    scales: Scale
    replay: Replay
    progress: Any


class FromMemory(Algorithm):
    """An algorithm that learns from a replay."""

    needs_joint = True

    @property
    def period(self) -> int:
        """Updates after which the same things move again."""
        return 1

    @property
    def samples(self) -> int:
        """Steps that an update samples.

        All learners learn from each. One network for all of more than `MOST_NETWORKS` sees them all, so that fewer
        steps are drawn: it learns from as many as that many learners have, and costs no more.
        """
        most = min(1.0, MOST_NETWORKS / self.task.size) if self.task.shared else 1.0
        return math.ceil(most * self.settings.batch)

    def check(self) -> None:
        """Rounds of whole periods."""
        if self.settings.updates % self.period:
            raise ValueError(f"updates = {self.settings.updates}: expected a multiple of {self.period}")

    @abstractmethod
    def init_networks(self, rng: np.random.Generator, settings: Any) -> Any:
        """A run's networks, targets and optimisers, in NumPy."""

    @abstractmethod
    def learn_from(self, networks: Any, batch: Memories, offset: Any, key: Any, settings: Any, turn: int) -> Any:
        """One update of all networks.

        Parameters
        ----------
        networks : tree
            From `init_networks`.
        batch : Memories
            With rewards in units of their running scale.
        offset : (L,)
            Where critics start: the mean return, in the same units.
        key : PRNG key
        settings : Settings
            The run's.
        turn : int
            Which update of a period, from 0.
        """

    def own_rewards(self, rewards: Any) -> Any:
        """What each learner is to learn from, (T, E, L): its own reward, unless an algorithm says otherwise."""
        return rewards

    def init(self, rng: np.random.Generator, settings: Any) -> MemoryState:
        """Networks, and an empty replay."""
        task = self.task
        return MemoryState(
            self.init_networks(rng, settings),
            stack_trees([init_scale(task.copies) for _ in range(task.size)]),
            init_replay(task, settings.length, settings.replay),
            np.zeros((), dtype=np.float32),
        )

    def update(
        self, state: MemoryState, data: Trajectory, key: Any, settings: Any
    ) -> tuple[MemoryState, dict[str, Any]]:
        """Keep the trajectory, then learn a few times from what is kept."""
        rewards = self.own_rewards(data.rewards)
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, rewards, data.ended, settings.discount
        )
        replay = store(state.replay, data, rewards)

        def once(networks: Any, turn: int, key: Any) -> Any:
            drawn, rest = jax.random.split(key)
            batch = sample(self.task, replay, drawn, self.samples)
            batch = batch._replace(rewards=batch.rewards / scales.deviation)
            return self.learn_from(networks, batch, scales.offset, rest, settings, turn)

        def period(networks: Any, keys: Any) -> tuple[Any, None]:
            for turn in range(self.period):
                networks = once(networks, turn, keys[turn])
            return networks, None

        keys = jax.random.split(key, settings.updates).reshape(-1, self.period)
        networks, _ = jax.lax.scan(period, state.networks, keys)
        state = MemoryState(networks, scales, replay, state.progress)
        return state, {"replayed": replay.filled * self.task.copies}

    def settle(self, state: MemoryState, settings: Any, progress: Any) -> MemoryState:  # noqa: ARG002
        """Remember how far the training is, by which exploring goes."""
        return state._replace(progress=jnp.asarray(progress, dtype=jnp.float32))

    # --- what a critic of one agent sees

    def joint_view(self, joint: Any, own: Any, everybody: Any) -> Any:
        """Joint state and all rates, the learner's own in its place: (B, L, S + L A).

        A gradient through it reaches a learner's own rate only.
        """
        size = self.task.size
        mine = jnp.eye(size, dtype=bool)[:, :, None]
        rates = jnp.where(mine, own[:, None], jax.lax.stop_gradient(everybody)[:, None])
        return jnp.concatenate([self.task.each_joint(joint), rates.reshape(*rates.shape[:2], -1)], axis=-1)

    def critic_values(self, critics: Any, inputs: Any) -> Any:
        """Values (B, L) of every learner's critic at its inputs (B, L, K)."""
        folded = self.task.inputs(inputs, lead=0)
        return self.task.unfold(jax.vmap(apply_layers)(critics, folded)[..., 0], lead=0)

    def bootstrap(self, batch: Memories, following: Any, offset: Any, discount: Any) -> Any:
        """Targets (B, L) of critics, from the values (B, L) of what follows."""
        alive = 1.0 - batch.terminated[:, None].astype(jnp.float32)
        return jax.lax.stop_gradient(batch.rewards + discount * alive * (following + offset) - offset)


def passed(progress: Any, share: Any) -> Any:
    """How much of the first `share` of a training is over, from 0 to 1, when `progress` of it all is."""
    return jnp.clip(progress / jnp.maximum(share, 1e-6), 0.0, 1.0)


def descend_each(networks: Any, gradients: Any, optimisers: Any, learning_rate: Any, clip: Any) -> tuple[Any, Any]:
    """A step of Adam for each network of a run (G, ...), clipped by its own norm."""
    return jax.vmap(descend, in_axes=(0, 0, 0, None, None))(networks, gradients, optimisers, learning_rate, clip)


def follow(targets: Any, networks: Any, rate: Any) -> Any:
    """Target networks a little nearer to the networks (Polyak averaging)."""
    return jax.tree.map(lambda target, network: target + rate * (network - target), targets, networks)
