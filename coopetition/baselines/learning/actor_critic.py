"""What algorithms with an actor and a critic for each agent share: networks, acting, and their samples.

Each network has its own optimiser and sees its own agent's observations, rewards and advantages; `jax.vmap` over the
networks of a run cannot carry anything from one to another. (Learners that share one network, `Task.shared`, share its
samples too; rewards are scaled and advantages estimated for each agent all the same.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.advantages import following_values, generalised_advantages
from coopetition.baselines.learning.algorithm import Algorithm
from coopetition.baselines.learning.distributions import DISTRIBUTIONS, LOG_STD_HIGH
from coopetition.baselines.learning.networks import apply_layers, init_layers, named_layers, stack_trees
from coopetition.baselines.learning.optimiser import init_optimiser
from coopetition.baselines.learning.scaling import Scale, init_scale, update_scale
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp


class Networks(NamedTuple):
    """One agent's actor and critic, each with its optimiser; a run's have the axis G in front."""

    actor: Any
    critic: Any
    actor_optimiser: Any
    critic_optimiser: Any


class ActorCriticState(NamedTuple):
    """A run: its networks (G, ...), and its agents' reward scales (L, ...)."""

    networks: Networks
    scales: Scale


class Samples(NamedTuple):
    """What one network learns from, C copies of T steps: inputs (C, T, ...), the others (C, T) or (C, T, A)."""

    inputs: Any
    critic_inputs: Any
    latents: Any
    log_probs: Any
    values: Any
    advantages: Any
    targets: Any


class ActorCritic(Algorithm):
    """Actors that draw rates, critics that estimate each agent's own return."""

    @property
    def distribution(self) -> Any:
        """Of rates."""
        return DISTRIBUTIONS[self.settings.head]

    def check(self) -> None:
        """Refuse a head that there is not."""
        if self.settings.head not in DISTRIBUTIONS:
            raise ValueError(f"head = {self.settings.head!r}; allowed: {', '.join(DISTRIBUTIONS)}")

    # --- what a critic sees: here the same as its actor

    @property
    def critic_size(self) -> int:
        """Number of a critic's inputs."""
        return self.task.input_size

    def critic_inputs(self, observations: Any, joint: Any, lead: int = 1) -> Any:  # noqa: ARG002
        """Inputs of critics (G, ..., C, critic_size) from observations (..., E, L, O) and joint states (..., E, S)."""
        return self.task.inputs(observations, lead)

    # --- a run

    def init(self, rng: np.random.Generator, settings: Any) -> ActorCriticState:
        """Orthogonal layers; the actor's last is small, so that it starts in the middle of the box, wide."""
        task, hidden = self.task, settings.hidden
        outputs = task.action_size * (2 if settings.head == "beta" else 1)

        def one() -> Networks:
            actor: dict[str, Any] = {"layers": init_layers(rng, (task.input_size, *hidden, outputs), 0.01)}
            if settings.head != "beta":
                actor["log_std"] = np.full(task.action_size, settings.log_std, dtype=np.float32)
            critic = init_layers(rng, (self.critic_size, *hidden, 1), 1.0)
            return Networks(actor, critic, init_optimiser(actor), init_optimiser(critic))

        networks = stack_trees([one() for _ in range(task.networks)])
        return ActorCriticState(networks, stack_trees([init_scale(task.copies) for _ in range(task.size)]))

    def acting(self, state: ActorCriticState) -> Any:
        """The actors."""
        return state.networks.actor

    def parameters(self, actor: Any, inputs: Any) -> Any:
        """The distribution's parameters (..., 2 A) that one actor gives to inputs."""
        outputs = apply_layers(actor["layers"], inputs)
        if "log_std" not in actor:
            return outputs
        return jnp.concatenate([outputs, jnp.broadcast_to(actor["log_std"], outputs.shape)], axis=-1)

    def entropy_bonus(self, parameters: Any, settings: Any) -> Any:
        """beta times the mean entropy of an actor's draws; no run with a beta, nothing to compute."""
        return settings.entropy * self.distribution.entropy(parameters).mean() if self.uses("entropy") else 0.0

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:  # noqa: ARG002
        """Draw from every actor."""
        parameters = jax.vmap(self.parameters)(acting, self.task.inputs(observations, lead=0))
        latents = self.task.unfold(self.distribution.sample(key, parameters), lead=0)
        return latents, self.distribution.rate(latents)

    def narrowed(self, actor: Any, settings: Any, progress: Any) -> Any:
        """Actors that draw no more widely than the limit of their log standard deviation, which falls linearly.

        A squashed Gaussian's gradient vanishes where its draws do best on average, and what is played is their median:
        with spread s of the latents u, either lies off the best rate r by about s^2 |d^2 r / d u^2| / 2. Where payoffs
        are flat the spread hardly falls by itself. The limit is never above what draws are bounded by, beyond which the
        log standard deviation has no gradient and would stay for ever.
        """
        if "log_std" not in actor:
            return actor
        limit = LOG_STD_HIGH + (settings.final_log_std - LOG_STD_HIGH) * progress
        return {**actor, "log_std": jnp.minimum(actor["log_std"], limit)}

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:
        """Hold the spread of the actors down."""
        networks = state.networks
        return state._replace(networks=networks._replace(actor=self.narrowed(networks.actor, settings, progress)))

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The actors."""
        actor = state.networks.actor
        arrays = named_layers(actor["layers"])
        if "log_std" in actor:
            arrays["log_std"] = np.asarray(actor["log_std"])
        return arrays, {"head": self.settings.head}

    # --- samples

    def samples(self, state: ActorCriticState, data: Trajectory, settings: Any) -> tuple[Samples, Scale]:
        """Everything that the networks (G) learn from, and the agents' new reward scales.

        Log-probabilities and values are those of the networks that played, since none has been updated since.
        """
        task, networks = self.task, state.networks
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, data.rewards, data.ended, settings.discount
        )
        rewards = data.rewards / scales.deviation
        offset = scales.offset

        def values_of(observations: Any, joint: Any, lead: int = 1) -> Any:
            inputs = self.critic_inputs(observations, joint, lead)
            return task.unfold(jax.vmap(apply_layers)(networks.critic, inputs)[..., 0], lead) + offset

        values = values_of(data.observations, data.joint)
        following = following_values(
            values,
            values_of(data.next_observations, data.next_joint, lead=0),
            data.at_truncations(values_of(data.final_observations, data.final_joint)),
            data.terminated[..., None],
            data.truncated[..., None],
        )
        advantages, targets = generalised_advantages(
            rewards, values, following, data.ended[..., None], settings.discount, settings.trace
        )
        inputs = task.inputs(data.observations)
        latents = task.fold(data.latents)
        parameters = jax.vmap(self.parameters)(networks.actor, inputs)
        folded = Samples(
            inputs,
            self.critic_inputs(data.observations, data.joint),
            latents,
            self.distribution.log_prob(parameters, latents),
            task.fold(values - offset),
            task.fold(advantages),
            task.fold(targets - offset),
        )
        return jax.tree.map(lambda x: jnp.swapaxes(x, 1, 2), folded), scales
