"""Value decomposition over discretised rates: what VDN and QMIX share; they differ in how utilities are mixed.

Each agent has utilities q_i(o_i, b) of its bins b = 0, 1 / (bins - 1), ..., 1; the team's value is a mix of the
utilities of the bins *that were taken*. All agents are trained on one team reward, r = mean of r_i, whatever the
mode: value decomposition is for teams, and says so. With double targets (the networks choose, their targets value)
it descends

    (mix(q_i(o_i, b_i)) - [r + discount mix'(q'_i(o'_i, argmax q_i(o'_i, .)))])^2 / 2.

In training the mixer may see the joint state; in play an agent sees its own observation and takes its best bin.
While it learns it explores with a chance that falls from 1 over a share of the training, so that a short one ends as
narrow as a long one. It fell to a third of itself in 1,000 updates once: trainings of 15,000 steps, some 944
updates, ended with 39 % of random bins, of 8,000 with 60 %.

Tuned on TrustDilemmaStrong under cooperative rewards, eight seeds, mean efficiencies of VDN and QMIX after 15,000
steps: .77 and .76 with that fall; .89 and .98 when it took .3 of the training, .97 and .96 with .2, .99 and 1.00 with
.1, since random partners destroy the trust that good bins need. After 40,000 steps .97 and .98 with .1, .999 and .99
with learning rates that fall to nothing as well, without which the best bins, whose values lie close, change to the
end. On PartnerHoldUpStrong, four seeds and 15,000 steps, these are .98 and .99, with .3 and a constant rate .89 and
.87; on GiftExchangeStrong and PublicGoodsStrong no setting matters by more than .05.

References
----------
Sunehag et al. (2017), Value-decomposition networks, arXiv:1706.05296. Rashid et al. (2018), QMIX, arXiv:1803.11485.
van Hasselt, Guez & Silver (2016), Deep reinforcement learning with double Q-learning.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.from_memory import (
    FromMemory,
    MemoryState,
    ReplaySettings,
    descend_each,
    follow,
    passed,
)
from coopetition.baselines.learning.memory import Memories
from coopetition.baselines.learning.networks import apply_layers, init_layers, named_layers, stack_trees
from coopetition.baselines.learning.optimiser import descend, init_optimiser
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class DecompositionSettings(ReplaySettings):
    """Hyper-parameters of value decomposition, beside those of every learner from memory.

    Attributes
    ----------
    bins, bins_of_two : int
        Rates among which an agent chooses, at equal distances from 0 to 1; where an action has two numbers, values of
        each, so that it chooses among all pairs.
    mixing : int
        Width of QMIX's mixing layer.
    exploration : float
        The least chance of a random bin.
    exploring : float
        Share of the training in which the chance falls to that, linearly from 1.
    """

    replay: int = 50_000
    final_rate: float = 0.0
    bins: int = 11
    bins_of_two: int = 7
    mixing: int = 16
    exploration: float = 0.05
    exploring: float = 0.1


class TeamNetworks(NamedTuple):
    """A run's utilities (G, ...) and mixer, their targets, and the optimisers."""

    utilities: Any
    mixer: Any
    utility_targets: Any
    mixer_target: Any
    optimisers: Any
    mixer_optimiser: Any


class ValueDecomposition(FromMemory):
    """Utilities of bins for each agent, and a mixer."""

    def check(self) -> None:
        """At least two bins."""
        super().check()
        for name in ("bins", "bins_of_two"):
            if getattr(self.settings, name) < 2:
                raise ValueError(f"{name} = {getattr(self.settings, name)}: expected at least 2")

    @property
    def each(self) -> int:
        """Values of one number of an action."""
        return int(self.settings.bins if self.task.action_size == 1 else self.settings.bins_of_two)

    @property
    def choices(self) -> int:
        """All bins: pairs of values, where an action has two numbers."""
        return self.each**self.task.action_size

    def own_rewards(self, rewards: Any) -> Any:
        """The team's reward, the mean of all, for everybody."""
        return jnp.broadcast_to(rewards.mean(axis=-1, keepdims=True), rewards.shape)

    # --- mixing

    @abstractmethod
    def init_mixer(self, rng: np.random.Generator, settings: Any) -> Any:
        """Parameters of the mixer, in NumPy."""

    @abstractmethod
    def mix(self, mixer: Any, utilities: Any, joint: Any) -> Any:
        """The team's value (B,) of utilities (B, L) at joint states (B, S)."""

    # --- a run

    def init_networks(self, rng: np.random.Generator, settings: Any) -> TeamNetworks:
        """Utilities that start near zero."""
        task = self.task
        made = [init_layers(rng, (task.input_size, *settings.hidden, self.choices), 0.01) for _ in range(task.networks)]
        utilities = stack_trees(made)
        mixer = self.init_mixer(rng, settings)
        return TeamNetworks(
            utilities,
            mixer,
            jax.tree.map(np.copy, utilities),
            jax.tree.map(np.copy, mixer),
            stack_trees([init_optimiser(one) for one in made]),
            init_optimiser(mixer),
        )

    def acting(self, state: MemoryState) -> Any:
        """The utilities, and how far the training is."""
        return state.networks.utilities, state.progress

    def utilities(self, networks: Any, observations: Any) -> Any:
        """Of all bins, (B, L, bins)."""
        return self.task.unfold(jax.vmap(apply_layers)(networks, self.task.inputs(observations, lead=0)), lead=0)

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:
        """The best bin, or a random one."""
        networks, progress = acting
        explore_key, bin_key = jax.random.split(key)
        best = self.utilities(networks, observations).argmax(axis=-1)
        explore = jax.random.uniform(explore_key, best.shape) < self.chance(progress, settings)
        drawn = jax.random.randint(bin_key, best.shape, 0, self.choices)
        chosen = jnp.where(explore, drawn, best)
        parts = [chosen] if self.task.action_size == 1 else jnp.divmod(chosen, self.each)
        rates = jnp.stack([(part / (self.each - 1)).astype(jnp.float32) for part in parts], axis=-1)
        return rates, rates

    def chance(self, progress: Any, settings: Any) -> Any:
        """Of a random bin, when so much of the training is done."""
        return 1.0 - (1.0 - settings.exploration) * passed(progress, settings.exploring)

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The utilities."""
        return named_layers(state.networks.utilities), {"head": "bins"}  # as many of each number: their count says it

    def taken(self, rates: Any) -> Any:
        """The bins (B, L) of rates that were played."""
        places = jnp.rint(rates * (self.each - 1)).astype(jnp.int32)
        return places[..., 0] if self.task.action_size == 1 else places[..., 0] * self.each + places[..., 1]

    def learn_from(
        self,
        networks: TeamNetworks,
        batch: Memories,
        offset: Any,
        key: Any,
        settings: Any,
        turn: int,  # noqa: ARG002
    ) -> TeamNetworks:
        """Utilities and mixer together, then targets."""
        best = self.utilities(networks.utilities, batch.next_observations).argmax(axis=-1)
        valued = _of(self.utilities(networks.utility_targets, batch.next_observations), best)
        following = self.mix(networks.mixer_target, valued, batch.next_joint)
        target = self.bootstrap(batch, following[:, None], offset, settings.discount)[:, 0]
        taken = self.taken(batch.rates)

        def loss(both: tuple[Any, Any]) -> Any:
            utilities, mixer = both
            chosen = _of(self.utilities(utilities, batch.observations), taken)
            return 0.5 * jnp.square(self.mix(mixer, chosen, batch.joint) - target).mean()

        gradient, mixer_gradient = jax.grad(loss)((networks.utilities, networks.mixer))
        step, clip = settings.learning_rate, settings.gradient_clip
        utilities, optimisers = descend_each(networks.utilities, gradient, networks.optimisers, step, clip)
        mixer, mixer_optimiser = descend(networks.mixer, mixer_gradient, networks.mixer_optimiser, step, clip)
        return TeamNetworks(
            utilities,
            mixer,
            follow(networks.utility_targets, utilities, settings.target_rate),
            follow(networks.mixer_target, mixer, settings.target_rate),
            optimisers,
            mixer_optimiser,
        )


def _of(utilities: Any, bins: Any) -> Any:
    """Utilities (B, L) of the bins (B, L)."""
    return jnp.take_along_axis(utilities, bins[..., None], axis=-1)[..., 0]
