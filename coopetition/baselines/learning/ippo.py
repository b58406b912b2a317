"""IPPO: independent proximal policy optimisation, one actor and one critic for each agent.

Every agent i maximises its own discounted reward r_i of the mode, and nobody else's: with the ratio
w = pi_i(a_i | o_i) / pi_i,old(a_i | o_i) it ascends

    E[ min(w A_i, clip(w, 1 - epsilon, 1 + epsilon) A_i) ] + beta E[ entropy of pi_i ],

while its critic descends E[ (V_i(o_i) - target_i)^2 ] / 2; A_i and the target are generalised advantage estimates from
r_i alone. Advantages are centred and scaled over the agent's own samples.

In training and in play an agent sees its own observation: nothing of the others' networks, rewards or advantages.

Hyper-parameters: clip .2, 4 epochs of 4 minibatches as in Schulman et al. Learning rate 3e-3, discount .95 and trace .9
suit PublicGoods under private rewards, whose gradient is small beside the noise of four other agents; on TrustDilemma,
private rewards, 200,000 steps and three seeds, they earned more than 1e-3 or a discount of .99 in every seed. Nothing
else was tuned. A minibatch is a share of the copies with all their steps, drawn anew in every epoch.

Limits: independent learners are not stationary environments for each other, and nothing ensures convergence; where the
game has several equilibria, starting values choose.

References
----------
Schulman, Wolski, Dhariwal, Radford & Klimov (2017), Proximal policy optimization algorithms, eq. 7 and 9.
de Witt et al. (2020), Is independent learning all you need in the StarCraft multi-agent challenge?
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
    """Hyper-parameters of PPO; floats may be swept.

    Attributes
    ----------
    copies, length : int
        Copies of the game in a run, and steps between two updates.
    epochs, minibatches : int
        Passes over the samples, and parts of each.
    hidden : tuple of int
        Widths of the hidden layers of actor and critic.
    head : {"tanh", "sigmoid", "beta"}
        Distribution of rates.
    learning_rate, discount, trace, clip, entropy, gradient_clip, log_std : float
        Adam's step, gamma, lambda, epsilon, beta, the norm to which each network's gradient is shortened, and the log
        standard deviation that actors start with.
    final_rate : float
        To what share of itself the learning rate falls, linearly, by the end of the training.
    final_log_std : float
        Where the limit of the log standard deviation ends, which falls linearly from 1; with 1 nothing is held down.
    """

    copies: int = 32
    length: int = 32
    epochs: int = 4
    minibatches: int = 4
    hidden: tuple[int, ...] = (32, 32)
    head: str = "tanh"
    learning_rate: float = 3e-3
    final_rate: float = 1.0
    discount: float = 0.95
    trace: float = 0.9
    clip: float = 0.2
    entropy: float = 0.0
    gradient_clip: float = 0.5
    log_std: float = -0.5
    final_log_std: float = 1.0


class IPPO(ActorCritic):
    """Independent PPO; see the module."""

    name = "IPPO"
    citation = "J. Schulman et al. (2017), arXiv:1707.06347; C. Schroeder de Witt et al. (2020), arXiv:2011.09533"
    Settings: ClassVar[type] = Settings
    #: What copies are a multiple of, in words.
    COPIES_OF: ClassVar[str] = "minibatches"

    def check(self) -> None:
        """Minibatches are whole copies, and whatever else an heir divides them among."""
        super().check()
        whole = self.copies_multiple(self.settings, self.task.size)
        if self.settings.copies % whole:
            raise ValueError(f"copies = {self.settings.copies}: expected a multiple of {self.COPIES_OF} = {whole}")

    @classmethod
    def copies_multiple(cls, settings: Any, learners: int) -> int:  # noqa: ARG003
        """Whole copies a minibatch."""
        return int(settings.minibatches)

    def actor_loss(self, actor: Any, batch: Samples, settings: Any) -> Any:
        """What one actor descends."""
        parameters = self.parameters(actor, batch.inputs)
        ratio = jnp.exp(self.distribution.log_prob(parameters, batch.latents) - batch.log_probs)
        clipped = jnp.clip(ratio, 1.0 - settings.clip, 1.0 + settings.clip)
        gain = jnp.minimum(ratio * batch.advantages, clipped * batch.advantages).mean()
        return -gain - self.entropy_bonus(parameters, settings)

    def critic_loss(self, critic: Any, batch: Samples) -> Any:
        """What one critic descends."""
        return 0.5 * jnp.square(apply_layers(critic, batch.critic_inputs)[..., 0] - batch.targets).mean()

    def update_one(self, networks: Networks, samples: Samples, key: Any, settings: Any) -> Networks:
        """All epochs of one agent's networks, on its own samples."""
        spread = samples.advantages.std() + 1e-8
        samples = samples._replace(advantages=(samples.advantages - samples.advantages.mean()) / spread)
        copies = samples.advantages.shape[0]

        def minibatch(networks: Networks, chosen: Any) -> tuple[Networks, None]:
            batch = jax.tree.map(lambda x: x[chosen], samples)
            actor_gradient = jax.grad(self.actor_loss)(networks.actor, batch, settings)
            critic_gradient = jax.grad(self.critic_loss)(networks.critic, batch)
            step, clip = settings.learning_rate, settings.gradient_clip
            actor, actor_optimiser = descend(networks.actor, actor_gradient, networks.actor_optimiser, step, clip)
            critic, critic_optimiser = descend(networks.critic, critic_gradient, networks.critic_optimiser, step, clip)
            return Networks(actor, critic, actor_optimiser, critic_optimiser), None

        # Sorting uniform draws compiles in a third of the time that jax.random.permutation takes.
        orders = jnp.argsort(jax.random.uniform(key, (settings.epochs, copies)), axis=-1)
        chosen = orders.reshape(settings.epochs * settings.minibatches, -1)
        return jax.lax.scan(minibatch, networks, chosen)[0]

    def update(
        self, state: ActorCriticState, data: Trajectory, key: Any, settings: Any
    ) -> tuple[ActorCriticState, dict[str, Any]]:
        """Estimate advantages once, then improve every network on its own samples."""
        samples, scales = self.samples(state, data, settings)
        keys = jax.random.split(key, self.task.networks)
        networks = jax.vmap(self.update_one, in_axes=(0, 0, 0, None))(state.networks, samples, keys, settings)
        error = jnp.square(samples.targets - samples.values).mean() / (samples.targets.var() + 1e-8)
        return ActorCriticState(networks, scales), {"explained_variance": 1.0 - error}
