"""IA2C: independent advantage actor-critic, one actor and one critic for each agent.

Every agent i ascends the policy gradient of its own discounted reward r_i of the mode, once for each trajectory:

    E[ A_i grad log pi_i(a_i | o_i) ] + beta grad E[ entropy of pi_i ],

with generalised advantages A_i from r_i and its own critic, which descends E[ (V_i(o_i) - target_i)^2 ] / 2.

In training and in play an agent sees its own observation: nothing of the others' networks, rewards or advantages.

Hyper-parameters: trajectories of 8 steps instead of Mnih et al.'s 5, since copies step together; Adam instead of
RMSProp; learning rate, discount and trace as for IPPO. Tuned on TrustDilemma's stage game alone (horizon 1, private
rewards, 150,000 steps, two seeds): with 64 copies rates ended within .004 of the nash, with 32 (100,000 steps) up to
.025 away; learning rates of 1e-3 and 5e-4 were no nearer (.013 and .017).

Limits: one step an update needs several times IPPO's samples; no trust region holds a step back, so that a learning
rate that suits one game may be too large for another.

References
----------
Mnih et al. (2016), Asynchronous methods for deep reinforcement learning, section 4 (the synchronous form).
Papoudakis et al. (2021), Benchmarking multi-agent deep reinforcement learning algorithms in cooperative tasks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from coopetition.baselines.learning.actor_critic import ActorCritic, ActorCriticState, Networks, Samples
from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.networks import apply_layers
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings:
    """Hyper-parameters of A2C; floats may be swept, and mean what they do for IPPO."""

    copies: int = 64
    length: int = 8
    hidden: tuple[int, ...] = (32, 32)
    head: str = "tanh"
    learning_rate: float = 3e-3
    final_rate: float = 1.0
    discount: float = 0.95
    trace: float = 0.9
    entropy: float = 0.0
    gradient_clip: float = 0.5
    log_std: float = -0.5
    final_log_std: float = 1.0


class IA2C(ActorCritic):
    """Independent A2C; see the module."""

    name = "IA2C"
    citation = "V. Mnih et al. (2016), arXiv:1602.01783; G. Papoudakis et al. (2021), arXiv:2006.07869"
    Settings: ClassVar[type] = Settings

    def actor_loss(self, actor: Any, samples: Samples, settings: Any) -> Any:
        """What one actor descends."""
        parameters = self.parameters(actor, samples.inputs)
        gain = (samples.advantages * self.distribution.log_prob(parameters, samples.latents)).mean()
        return -gain - self.entropy_bonus(parameters, settings)

    def critic_loss(self, critic: Any, samples: Samples) -> Any:
        """What one critic descends."""
        return 0.5 * jnp.square(apply_layers(critic, samples.critic_inputs)[..., 0] - samples.targets).mean()

    def update_one(self, networks: Networks, samples: Samples, settings: Any) -> Networks:
        """One step of one agent's networks."""
        spread = samples.advantages.std() + 1e-8
        samples = samples._replace(advantages=(samples.advantages - samples.advantages.mean()) / spread)
        actor_gradient = jax.grad(self.actor_loss)(networks.actor, samples, settings)
        critic_gradient = jax.grad(self.critic_loss)(networks.critic, samples)
        step, clip = settings.learning_rate, settings.gradient_clip
        actor, actor_optimiser = descend(networks.actor, actor_gradient, networks.actor_optimiser, step, clip)
        critic, critic_optimiser = descend(networks.critic, critic_gradient, networks.critic_optimiser, step, clip)
        return Networks(actor, critic, actor_optimiser, critic_optimiser)

    def update(
        self, state: ActorCriticState, data: Trajectory, key: Any, settings: Any
    ) -> tuple[ActorCriticState, dict[str, Any]]:
        """Estimate advantages, then one step of every network on its own samples."""
        samples, scales = self.samples(state, data, settings)
        networks = jax.vmap(self.update_one, in_axes=(0, 0, None))(state.networks, samples, settings)
        error = jnp.square(samples.targets - samples.values).mean() / (samples.targets.var() + 1e-8)
        return ActorCriticState(networks, scales), {"explained_variance": 1.0 - error}
