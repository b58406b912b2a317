"""COMA: counterfactual multi-agent policy gradients, each agent with a critic of its own reward.

The critic of agent i estimates Q_i(s, o_i, a_1 ... a_n), the discounted sum of its own reward r_i of the mode, from the
joint state and everybody's rates. Its actor ascends E[ A_i grad log pi_i(a_i | o_i) ] with the counterfactual advantage

    A_i(s, a) = Q_i(s, a) - E_{a'_i ~ pi_i(. | o_i)} [ Q_i(s, (a_-i, a'_i)) ],

whose baseline replaces agent i's own action alone, by draws from its own policy, and keeps what the others did.
Foerster et al. sum over discrete actions; rates are continuous, so that the expectation is a mean over `baseline_draws`
draws, independent of the action taken. Q descends the squared distance to lambda-returns, r + gamma Q(s', a') along the
trajectory (TD(lambda) on policy), bootstrapped where the horizon truncated an episode from its last observation with
actions drawn there, and not where the game's rule ended it.

In training critics see the joint state and all rates; in play actors see their own observation.

Hyper-parameters: discount of IPPO, trace .8 of the paper's table; 16 draws: twice as many change nothing that can be
seen. Rates fall to a tenth, and how widely actors draw has a limit that falls, as epsilon does in the paper: with
neither, TeamProduction's stage game sent actors into corners of the box within thirty updates, critics knowing little
yet, and ended .02 to .03 of the endowment off in the mean level; with actors at 1e-3 besides it ended within .001, but
on a strong game they were still at .9 of the optimum after 30,000 steps, where 3e-3 had learnt it.

Limits: the baseline is as good as Q is between the rates that were tried; early on, when Q knows little of a's effect,
advantages are noise.

References
----------
Foerster, Farquhar, Afouras, Nardelli & Whiteson (2018), Counterfactual multi-agent policy gradients, eq. 4.
"""

from __future__ import annotations

from typing import Any, ClassVar

from coopetition.baselines.learning.actor_critic import ActorCritic, ActorCriticState, Networks
from coopetition.baselines.learning.advantages import following_values, generalised_advantages
from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.networks import apply_layers
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.scaling import update_scale
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings:
    """Hyper-parameters; floats may be swept, and mean what they do for IPPO.

    Attributes
    ----------
    critic_steps : int
        Steps of each critic on a trajectory, before its actor's one.
    learning_rate, critic_learning_rate : float
        Adam's step for actors, of which `final_rate` is left at the end, as of the critics'.
    baseline_draws : int
        Draws of an agent's own action in its counterfactual baseline.
    """

    copies: int = 32
    length: int = 16
    critic_steps: int = 4
    baseline_draws: int = 16
    hidden: tuple[int, ...] = (32, 32)
    head: str = "tanh"
    learning_rate: float = 3e-3
    critic_learning_rate: float = 3e-3
    final_rate: float = 0.1
    discount: float = 0.95
    trace: float = 0.8
    entropy: float = 0.0
    gradient_clip: float = 0.5
    log_std: float = -0.5
    final_log_std: float = -2.0


class COMA(ActorCritic):
    """Counterfactual policy gradients; see the module."""

    name = "COMA"
    citation = "J. Foerster et al. (2018), arXiv:1705.08926"
    Settings: ClassVar[type] = Settings
    needs_joint = True

    @property
    def critic_size(self) -> int:
        """Joint state, own observation, and everybody's rates."""
        return self.task.joint_size + self.task.input_size + self.task.size * self.task.action_size

    def q_inputs(self, observations: Any, joint: Any, rates: Any) -> Any:
        """(..., E, L, critic_size) from observations, joint state, and rates as each agent's critic is told them.

        Parameters
        ----------
        rates : (..., E, L, L, A)
            The first L is whose critic, the second whose rate.
        """
        everybody = rates.reshape(*rates.shape[:-2], -1)
        parts = [self.task.each_joint(joint), self.task.with_index(observations), everybody]
        return jnp.concatenate(parts, axis=-1)

    def told(self, rates: Any) -> Any:
        """Rates (..., E, L, A) as every critic is told them, (..., E, L, L, A)."""
        return jnp.broadcast_to(rates[..., None, :, :], (*rates.shape[:-2], self.task.size, *rates.shape[-2:]))

    def counterfactual(self, rates: Any, own: Any) -> Any:
        """What critics are told when each agent's own rate is replaced by `own` (..., E, L, A), and no other."""
        mine = jnp.eye(self.task.size, dtype=bool)[..., None]
        return jnp.where(mine, own[..., None, :], self.told(rates))

    def q(self, critics: Any, inputs: Any, lead: int = 1) -> Any:
        """Q (..., E, L) of inputs (..., E, L, critic_size)."""
        folded = self.task.fold(inputs, lead)
        return self.task.unfold(jax.vmap(apply_layers)(critics, folded)[..., 0], lead)

    def drawn(self, actors: Any, observations: Any, key: Any, lead: int = 1) -> Any:
        """Rates (..., E, L, A) drawn from the actors."""
        return self.distribution.rate(self._latents(actors, observations, key, lead))

    def _latents(self, actors: Any, observations: Any, key: Any, lead: int) -> Any:
        parameters = jax.vmap(self.parameters)(actors, self.task.inputs(observations, lead))
        return self.task.unfold(self.distribution.sample(key, parameters), lead)

    def advantages(self, networks: Networks, data: Trajectory, key: Any, settings: Any) -> Any:
        """Counterfactual advantages (T, E, L)."""

        def baseline(key: Any) -> Any:
            own = self.drawn(networks.actor, data.observations, key)
            return self.q(
                networks.critic, self.q_inputs(data.observations, data.joint, self.counterfactual(data.rates, own))
            )

        taken = self.q(networks.critic, self.q_inputs(data.observations, data.joint, self.told(data.rates)))
        return taken - jax.lax.map(baseline, jax.random.split(key, settings.baseline_draws)).mean(axis=0)

    def targets(self, networks: Networks, data: Trajectory, rewards: Any, offset: Any, key: Any, settings: Any) -> Any:
        """Lambda-returns (T, E, L) without the offset."""
        last_key, final_key = jax.random.split(key)

        def value(observations: Any, joint: Any, key: Any, lead: int) -> Any:
            rates = self.drawn(networks.actor, observations, key, lead)
            return self.q(networks.critic, self.q_inputs(observations, joint, self.told(rates)), lead) + offset

        taken = self.q(networks.critic, self.q_inputs(data.observations, data.joint, self.told(data.rates))) + offset
        following = following_values(
            taken,
            value(data.next_observations, data.next_joint, last_key, 0),
            data.at_truncations(value(data.final_observations, data.final_joint, final_key, 1)),
            data.terminated[..., None],
            data.truncated[..., None],
        )
        ended = data.ended[..., None]
        return generalised_advantages(rewards, taken, following, ended, settings.discount, settings.trace)[1] - offset

    def update(
        self, state: ActorCriticState, data: Trajectory, key: Any, settings: Any
    ) -> tuple[ActorCriticState, dict[str, Any]]:
        """Critics first, then one step of every actor along its counterfactual advantages."""
        task, networks = self.task, state.networks
        target_key, draw_key = jax.random.split(key)
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, data.rewards, data.ended, settings.discount
        )
        rewards = data.rewards / scales.deviation
        targets = task.fold(self.targets(networks, data, rewards, scales.offset, target_key, settings))
        critic_inputs = task.fold(self.q_inputs(data.observations, data.joint, self.told(data.rates)))
        clip = settings.gradient_clip

        def critic_loss(critic: Any, inputs: Any, targets: Any) -> Any:
            return 0.5 * jnp.square(apply_layers(critic, inputs)[..., 0] - targets).mean()

        def critic_step(carried: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], Any]:
            critics, moments = carried
            losses, gradients = jax.vmap(jax.value_and_grad(critic_loss))(critics, critic_inputs, targets)
            return jax.vmap(descend, in_axes=(0, 0, 0, None, None))(
                critics, gradients, moments, settings.critic_learning_rate, clip
            ), losses

        carried = (networks.critic, networks.critic_optimiser)
        (critic, critic_optimiser), losses = jax.lax.scan(critic_step, carried, None, length=settings.critic_steps)
        networks = networks._replace(critic=critic, critic_optimiser=critic_optimiser)
        advantages = task.fold(self.advantages(networks, data, draw_key, settings))

        def actor_loss(actor: Any, inputs: Any, latents: Any, gains: Any) -> Any:
            parameters = self.parameters(actor, inputs)
            gain = (gains * self.distribution.log_prob(parameters, latents)).mean()
            return -gain - self.entropy_bonus(parameters, settings)

        advantages = advantages / (advantages.std(axis=(1, 2), keepdims=True) + 1e-8)
        gradients = jax.vmap(jax.grad(actor_loss))(
            networks.actor, task.inputs(data.observations), task.fold(data.latents), advantages
        )
        actor, actor_optimiser = jax.vmap(descend, in_axes=(0, 0, 0, None, None))(
            networks.actor, gradients, networks.actor_optimiser, settings.learning_rate, clip
        )
        networks = networks._replace(actor=actor, actor_optimiser=actor_optimiser)
        return ActorCriticState(networks, scales), {"critic_loss": losses[-1].mean()}
