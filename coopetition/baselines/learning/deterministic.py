"""Deterministic policy gradients with centralised critics: what MADDPG, MATD3 and M3DDPG share.

Each agent i has an actor a_i = mu_i(o_i) and one or two critics Q_i(joint state, a_1 ... a_N) of its own reward
r_i. With primes for targets, critics descend

    (Q_i(x, a) - [r_i + discount Q'_i(x', mu'_1(o'_1), ..., mu'_N(o'_N))])^2 / 2,

a the rates that were played, and the actor ascends Q_i(x, a_1, ..., mu_i(o_i), ..., a_N), which goes through its
own rate only. Rates are the logistic function of the actor's output, in [0, 1] in training, in targets and in play
alike: nothing is trained on levels. While it learns, an agent plays its rate with Gaussian noise, clipped to the
box. The noise falls, by the share of the training that is done: what the others are replayed with enters an agent's
gradient, and wide noise moves the point that all end in.

Tuned once for all games, on TrustDilemma as a stage game under integrated rewards: of two learning rates and two
constant noises (1e-3, 2e-3; .08, .15) with 50,000 remembered steps none came within .02 of the equilibrium in both
seeds but 1e-3 with .15; remembering 4,096 steps took a third off its distance. The falling noise was then added. With
one rate of 1e-3 for actors and critics M3DDPG still moved after 40,000 steps; with critics at 3e-3 and actors at 5e-4
(Lillicrap et al.: 1e-3 and 1e-4) it rested after 16,000, within .006 of its target instead of .03. Rates fall to
nothing by the end: on TeamProduction's stage game, where payoffs are flat about the best total, constant ones wandered
by .2 in the mean level for as long as anybody looked, falling ones ended within .005 after 100,000 steps.

The noise's share was chosen on TrustDilemmaStrong under cooperative rewards, eight seeds, mean efficiencies of MADDPG
and MATD3: after 15,000 steps .983 and .960 with .3, .984 and .967 with .6, .984 and .969 with all of the training;
after 8,000 .927 and .896, .938 and .905, .946 and .910.

References
----------
Lillicrap et al. (2015), Continuous control with deep reinforcement learning, arXiv:1509.02971.
Lowe et al. (2017), Multi-agent actor-critic for mixed cooperative-competitive environments, arXiv:1706.02275, eq. 5, 6.
"""

from __future__ import annotations

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
from coopetition.baselines.learning.optimiser import init_optimiser
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class DeterministicSettings(ReplaySettings):
    """Hyper-parameters of deterministic policy gradients, beside those of every learner from memory.

    Attributes
    ----------
    learning_rate, critic_learning_rate : float
        Adam's step for actors, and for critics: these learn faster, so that actors climb what is true of the others as
        they are.
    noise, least_noise : float
        Standard deviation of the noise on rates while learning, at the start and at last.
    exploring : float
        Share of the training in which it falls from the one to the other, linearly.
    saturation : float
        Weight of the squared output before squashing in the actor's loss: without it the logistic function's slope is
        lost at the corners of the box.
    """

    learning_rate: float = 5e-4
    final_rate: float = 0.0
    critic_learning_rate: float = 3e-3
    noise: float = 0.2
    least_noise: float = 0.03
    exploring: float = 0.6
    saturation: float = 1e-4


class DeterministicNetworks(NamedTuple):
    """A run's networks (G, ...): actors and critics, their targets, and the optimisers."""

    actor: Any
    critics: Any
    actor_target: Any
    critic_targets: Any
    actor_optimiser: Any
    critic_optimisers: Any


class DeterministicActorCritic(FromMemory):
    """A deterministic actor, and centralised critics of its own reward, for each agent."""

    #: How many critics an agent has.
    critics = 1

    @property
    def view_size(self) -> int:
        """The joint state and all rates."""
        return self.task.joint_size + self.task.size * self.task.action_size

    def views(self, batch_seen: Any, joint: Any, own: Any, everybody: Any) -> Any:  # noqa: ARG002
        """Joint state and everybody's rates."""
        return self.joint_view(joint, own, everybody)

    def init_networks(self, rng: np.random.Generator, settings: Any) -> DeterministicNetworks:
        """Actors that start in the middle of the box."""
        task, hidden = self.task, settings.hidden
        index = task.size if task.shared else 0

        def one() -> tuple[Any, list[Any]]:
            actor = init_layers(rng, (task.input_size, *hidden, task.action_size), 0.01)
            return actor, [init_layers(rng, (self.view_size + index, *hidden, 1), 1.0) for _ in range(self.critics)]

        made = [one() for _ in range(task.networks)]
        actor = stack_trees([actor for actor, _ in made])
        critics = stack_trees([critics for _, critics in made])
        return DeterministicNetworks(
            actor,
            critics,
            jax.tree.map(np.copy, actor),
            jax.tree.map(np.copy, critics),
            stack_trees([init_optimiser(actor) for actor, _ in made]),
            [stack_trees([init_optimiser(critics[k]) for _, critics in made]) for k in range(self.critics)],
        )

    # --- acting

    def acting(self, state: MemoryState) -> Any:
        """The actors, and how far the training is."""
        return state.networks.actor, state.progress

    def outputs(self, actor: Any, observations: Any) -> Any:
        """What actors say before it is squashed, (B, L, A)."""
        return self.task.unfold(jax.vmap(apply_layers)(actor, self.task.inputs(observations, lead=0)), lead=0)

    def rates(self, actor: Any, observations: Any) -> Any:
        """Rates (B, L, A) of observations (B, L, O)."""
        return jax.nn.sigmoid(self.outputs(actor, observations))

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:
        """Every actor's rate, with noise."""
        actor, progress = acting
        rates = self.rates(actor, observations)
        noisy = jnp.clip(
            rates + self.width(progress, settings) * jax.random.normal(key, rates.shape, dtype=jnp.float32), 0.0, 1.0
        )
        return rates, noisy

    def width(self, progress: Any, settings: Any) -> Any:
        """Standard deviation of the noise when so much of the training is done."""
        return settings.noise + (settings.least_noise - settings.noise) * passed(progress, settings.exploring)

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The actors."""
        return named_layers(state.networks.actor), {"head": "sigmoid"}

    # --- learning

    def next_rates(self, networks: DeterministicNetworks, batch: Memories, key: Any, settings: Any) -> Any:  # noqa: ARG002
        """What target actors play next, (B, L, A)."""
        return self.rates(networks.actor_target, batch.next_observations)

    def others_rates(self, critic: Any, batch_seen: Any, joint: Any, own: Any, rates: Any, settings: Any) -> Any:  # noqa: ARG002
        """The others' rates as critics are shown them: (B, L, A), or (B, L, L, A) if each sees them differently."""
        return rates

    def value(self, critic: Any, batch_seen: Any, joint: Any, own: Any, rates: Any, settings: Any) -> Any:
        """Values (B, L): each learner's own rates in its place among the rates of all."""
        shown = self.others_rates(critic, batch_seen, joint, own, rates, settings)
        return self.critic_values(critic, self.views(batch_seen, joint, own, shown))

    def learn_from(
        self, networks: DeterministicNetworks, batch: Memories, offset: Any, key: Any, settings: Any, turn: int
    ) -> DeterministicNetworks:
        """Critics, then, at the first update of a period, actors and targets."""
        rates = self.next_rates(networks, batch, key, settings)
        following = jnp.stack(
            [self.value(critic, batch.next_observations, batch.next_joint, rates, rates, settings)
             for critic in networks.critic_targets]
        ).min(axis=0)  # fmt: skip
        target = self.bootstrap(batch, following, offset, settings.discount)
        views = self.views(batch.observations, batch.joint, batch.rates, batch.rates)

        def critic_loss(critics: Any) -> Any:
            return sum(0.5 * jnp.square(self.critic_values(critic, views) - target).mean(axis=0).sum()
                       for critic in critics)  # fmt: skip

        gradients = jax.grad(critic_loss)(networks.critics)
        clip = settings.gradient_clip
        stepped = [
            descend_each(critic, gradient, optimiser, settings.critic_learning_rate, clip)
            for critic, gradient, optimiser in zip(networks.critics, gradients, networks.critic_optimisers, strict=True)
        ]
        critics, critic_optimisers = [one for one, _ in stepped], [other for _, other in stepped]
        if turn > 0:
            return networks._replace(critics=critics, critic_optimisers=critic_optimisers)

        def actor_loss(actor: Any) -> Any:
            outputs = self.outputs(actor, batch.observations)
            own = jax.nn.sigmoid(outputs)
            value = self.value(critics[0], batch.observations, batch.joint, own, batch.rates, settings)
            return (settings.saturation * jnp.square(outputs).sum(axis=-1) - value).mean(axis=0).sum()

        gradient = jax.grad(actor_loss)(networks.actor)
        actor, actor_optimiser = descend_each(
            networks.actor, gradient, networks.actor_optimiser, settings.learning_rate, clip
        )
        return DeterministicNetworks(
            actor,
            critics,
            follow(networks.actor_target, actor, settings.target_rate),
            follow(networks.critic_targets, critics, settings.target_rate),
            actor_optimiser,
            critic_optimisers,
        )
