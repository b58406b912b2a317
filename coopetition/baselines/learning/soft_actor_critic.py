"""Soft actor-critic for rates: what ISAC, MASAC and MeanFieldAC share; they differ in what a critic sees.

With alpha_i the temperature, each learner's two critics descend

    (Q_i(view_i) - [r_i + discount (min of both targets' Q_i(next view_i) - alpha_i log pi_i(a'_i | o'_i))])^2 / 2,

its actor descends alpha_i log pi_i(a_i | o_i) - min Q_i(view_i with a_i), a_i drawn by reparametrisation, and
alpha_i moves so that the entropy of pi_i approaches a target. A rate's density lives on [0, 1], where the uniform
one has entropy 0 and every other less: the target is negative, about the logarithm of the width that is left for
exploring.

Tuned once for all games, on TrustDilemma, PublicGoods and GiftExchange as stage games, mostly under integrated
rewards, two seeds each: with 50,000 remembered steps ISAC ended .04 to .07 above TrustDilemma's equilibrium and at the
wrong end of PublicGoods's box (see its module); with 4,096 it came within .01 and .02. With critics no faster than
actors, at 2e-3, PublicGoods's five agents climbed together and were long in coming down, in one run of four to .98 for
good with 1e-3; with critics at 4e-3 all were down after 24,000 steps and ended .012 from the corner. Critics at 8e-3
left GiftExchange's equilibrium again and again, most of all when the temperature fell as fast as that. A target entropy
of -4 ends .001 nearer to the corner than -3.5, which ended .02 nearer than -2.5. The temperature has a floor, since
narrow policies tell critics little.

It has a ceiling, too, which falls from where it starts to that floor by the middle of the training. Adam moves its
logarithm by about the temperature's rate at each update, whatever the surplus: in the 944 updates of 15,000 steps it
could fall from .1 to .015 at the least, never to .002, and the policies stayed wide. On TrustDilemmaStrong under
cooperative rewards, seeds 100 and 101, ISAC ended those at an efficiency of .91 and MASAC at .93; with a ceiling that
reaches the floor at the end eight seeds end at .97 and .99, with one that reaches it at the middle at .99 both.

Learning rates fall to nothing by the end, those of temperatures do not. On TeamProduction's stage game, where .02 of
the endowment in the mean level costs an agent .01 % of its payoff, constant rates wandered by .05 (MASAC) to .3 (ISAC);
and a temperature that fell as slowly as its own gradient (alpha times the surplus, instead of the surplus, which is
what is descended now, as by Stable-Baselines3) kept draws so wide that the median, which is played, lay .03 above the
mean.

References
----------
Haarnoja et al. (2018), Soft actor-critic algorithms and applications, arXiv:1812.05905, eq. 5, 7 and 18, appendix C.
Fujimoto, van Hoof & Meger (2018), Addressing function approximation error in actor-critic methods (two critics).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.distributions import DISTRIBUTIONS
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
class SoftSettings(ReplaySettings):
    """Hyper-parameters of soft actor-critics, beside those of every learner from memory.

    Attributes
    ----------
    learning_rate, critic_learning_rate : float
        Adam's step for actors, and for critics: these learn faster, so that actors climb what is true of the others as
        they are.
    temperature_rate : float
        Adam's step for log alpha; it does not fall with the others, or draws would stay wide where payoffs are flat.
    head : {"tanh", "sigmoid"}
        Squashing of the Gaussian.
    target_entropy : float
        Entropy that alpha aims at, of each number of an action.
    temperature, least_temperature : float
        Alpha at the start, which is the most that it is, and the least that it falls to.
    cooling : float
        Share of the training in which the most falls to the least, geometrically; below it alpha is learnt. After that
        alpha is the least, and draws may be narrower than `target_entropy` asks: where they are to stay wide, give a
        share far above 1.
    """

    learning_rate: float = 2e-3
    final_rate: float = 0.0
    critic_learning_rate: float = 4e-3
    temperature_rate: float = 2e-3
    head: str = "tanh"
    target_entropy: float = -4.0
    temperature: float = 0.1
    least_temperature: float = 0.002
    cooling: float = 0.5


class SoftNetworks(NamedTuple):
    """A run's networks (G, ...): actor, two critics and their targets, log temperature, and the optimisers."""

    actor: Any
    critics: Any
    targets: Any
    log_alpha: Any
    actor_optimiser: Any
    critic_optimisers: Any
    alpha_optimiser: Any


class SoftActorCritic(FromMemory):
    """A squashed Gaussian actor and two critics for each agent."""

    @property
    def distribution(self) -> Any:
        """Of rates."""
        return DISTRIBUTIONS[self.settings.head]

    def check(self) -> None:
        """Only squashed Gaussians are drawn by reparametrisation."""
        super().check()
        if self.settings.head not in ("tanh", "sigmoid"):
            raise ValueError(f"head = {self.settings.head!r}; allowed: tanh, sigmoid")

    @property
    @abstractmethod
    def view_size(self) -> int:
        """K, what a critic sees."""

    @abstractmethod
    def views(self, batch_seen: Any, joint: Any, own: Any, everybody: Any, age: Any) -> Any:
        """A critic's inputs for every learner: (B, L, K).

        Parameters
        ----------
        batch_seen : (B, L, O)
            Observations.
        joint : (B, S)
        own : (B, L, A)
            The rate of the learner itself, which an actor's gradient goes through.
        everybody : (B, L, A)
            The rates of all, of which a learner's critic may see the others'.
        age : (B,)
            How long ago that was played; 0 where actors ask for what is true now.
        """

    def init_networks(self, rng: np.random.Generator, settings: Any) -> SoftNetworks:
        """Actors that start in the middle of the box, wide."""
        task, hidden = self.task, settings.hidden
        index = task.size if task.shared else 0

        def one() -> tuple[Any, Any]:
            actor = init_layers(rng, (task.input_size, *hidden, 2 * task.action_size), 0.01)
            critics = [init_layers(rng, (self.view_size + index, *hidden, 1), 1.0) for _ in range(2)]
            return actor, critics

        made = [one() for _ in range(task.networks)]
        actor = stack_trees([actor for actor, _ in made])
        critics = stack_trees([critics for _, critics in made])
        log_alpha = np.full(task.networks, np.log(settings.temperature), dtype=np.float32)
        return SoftNetworks(
            actor,
            critics,
            jax.tree.map(np.copy, critics),
            log_alpha,
            stack_trees([init_optimiser(actor) for actor, _ in made]),
            [stack_trees([init_optimiser(critics[k]) for _, critics in made]) for k in range(2)],
            stack_trees([init_optimiser(log_alpha[0]) for _ in made]),
        )

    # --- acting

    def acting(self, state: MemoryState) -> Any:
        """The actors."""
        return state.networks.actor

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:  # noqa: ARG002
        """Draw from every actor."""
        rates, _, latents = self._drawn(acting, observations, key)
        return latents, rates

    def _drawn(self, actor: Any, observations: Any, key: Any) -> tuple[Any, Any, Any]:
        """Rates (B, L, A), their log-densities (B, L) and latents, from observations (B, L, O)."""
        parameters = jax.vmap(apply_layers)(actor, self.task.inputs(observations, lead=0))
        latents = self.distribution.sample(key, parameters)
        log_probs = self.distribution.log_prob(parameters, latents)
        unfold = self.task.unfold
        latents = unfold(latents, lead=0)
        return self.distribution.rate(latents), unfold(log_probs, lead=0), latents

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The actors; their last layer also says how widely they draw."""
        layers = jax.tree.map(np.asarray, state.networks.actor)
        size = self.task.action_size
        last = {"weight": layers[-1]["weight"][..., :size], "bias": layers[-1]["bias"][..., :size]}
        return named_layers([*layers[:-1], last]), {"head": self.settings.head}

    # --- learning

    def learn_from(
        self,
        networks: SoftNetworks,
        batch: Memories,
        offset: Any,
        key: Any,
        settings: Any,
        turn: int,  # noqa: ARG002
    ) -> SoftNetworks:
        """Critics, then actors, then temperatures, then targets."""
        next_key, own_key = jax.random.split(key)
        alpha = jnp.exp(networks.log_alpha)
        each = alpha if not self.task.shared else jnp.broadcast_to(alpha, (self.task.size,))
        rates, log_probs, _ = self._drawn(networks.actor, batch.next_observations, next_key)
        next_views = self.views(batch.next_observations, batch.next_joint, rates, rates, batch.age)
        following = jnp.minimum(*(self.critic_values(target, next_views) for target in networks.targets))
        target = self.bootstrap(batch, following - each * log_probs, offset, settings.discount)
        views = self.views(batch.observations, batch.joint, batch.rates, batch.rates, batch.age)

        def critic_loss(critics: Any) -> Any:
            return sum(0.5 * jnp.square(self.critic_values(critic, views) - target).mean(axis=0).sum()
                       for critic in critics)  # fmt: skip

        gradients = jax.grad(critic_loss)(networks.critics)
        stepped = [
            descend_each(critic, gradient, optimiser, settings.critic_learning_rate, settings.gradient_clip)
            for critic, gradient, optimiser in zip(networks.critics, gradients, networks.critic_optimisers, strict=True)
        ]
        critics, critic_optimisers = [one for one, _ in stepped], [other for _, other in stepped]

        def actor_loss(actor: Any) -> tuple[Any, Any]:
            own, own_log_probs, _ = self._drawn(actor, batch.observations, own_key)
            mine = self.views(batch.observations, batch.joint, own, own, jnp.zeros_like(batch.age))
            value = jnp.minimum(*(self.critic_values(critic, mine) for critic in critics))
            return (each * own_log_probs - value).mean(axis=0).sum(), own_log_probs.mean(axis=0)

        gradient, mean_log_probs = jax.grad(actor_loss, has_aux=True)(networks.actor)
        step, clip = settings.learning_rate, settings.gradient_clip
        actor, actor_optimiser = descend_each(networks.actor, gradient, networks.actor_optimiser, step, clip)
        aim = settings.target_entropy * self.task.action_size
        surplus = -mean_log_probs - aim  # entropy above the target: alpha falls
        surplus = surplus if not self.task.shared else surplus.mean(keepdims=True)
        log_alpha, alpha_optimiser = descend_each(
            networks.log_alpha, surplus, networks.alpha_optimiser, settings.temperature_rate, clip
        )
        log_alpha = jnp.maximum(log_alpha, jnp.log(settings.least_temperature))
        return SoftNetworks(
            actor,
            critics,
            follow(networks.targets, critics, settings.target_rate),
            log_alpha,
            actor_optimiser,
            critic_optimisers,
            alpha_optimiser,
        )

    def settle(self, state: MemoryState, settings: Any, progress: Any) -> MemoryState:
        """Hold the temperatures down."""
        state = super().settle(state, settings, progress)
        first, last = jnp.log(settings.temperature), jnp.log(settings.least_temperature)
        most = first + jnp.minimum(last - first, 0.0) * passed(progress, settings.cooling)
        networks = state.networks
        return state._replace(networks=networks._replace(log_alpha=jnp.minimum(networks.log_alpha, most)))
