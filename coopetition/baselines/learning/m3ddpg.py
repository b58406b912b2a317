"""M3DDPG: minimax MADDPG; each agent learns against others who might act a little worse for it.

Every agent maximises its own discounted reward r_i of the mode as its critic values it after an adversarial step on
the others' rates, at the next state and in the actor's gradient: instead of a_j its critic is shown

    clip(a_j - epsilon g_j / |g|, 0, 1),   g = d Q_i / d a_-i,

the linearised inner minimum of the paper (eq. 12 to 14) with steps of one length, kept inside the box. Its stage
game's solution is therefore a *robust point*, where each rate is the best against others epsilon away in the
direction that hurts, and no equilibrium; with epsilon 0 it is MADDPG. In training critics see the joint state and
everybody's rates; in play an actor sees its own observation.

Hyper-parameters: epsilon .05 of the endowment (the paper tries .1 to 1e-3 on a box twice as wide); noise no
narrower than that, since critics are asked for values so far from what is played; the rest as for MADDPG.

Limits: the step is linear, and as good as the critic's slope in the others' rates, which is noise where they hardly
matter to the agent; what is robust against partners that err does not make them err less.

References
----------
Li, Wu, Cui, Dong, Fang & Russell (2019), Robust multi-agent reinforcement learning via minimax deep deterministic
policy gradient, AAAI 33, eq. 12-14, algorithm 1.
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.deterministic import DeterministicActorCritic, DeterministicSettings
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings(DeterministicSettings):
    """As for MADDPG, and the length of the adversarial step.

    Attributes
    ----------
    epsilon : float
        Length of the step on the others' rates.
    """

    epsilon: float = 0.05


class M3DDPG(DeterministicActorCritic):
    """Minimax multi-agent DDPG; see the module."""

    name = "M3DDPG"
    citation = "S. Li et al. (2019), AAAI 33"
    Settings = Settings

    def width(self, progress: Any, settings: Any) -> Any:
        """At least the adversary's step: critics are asked for values that far from what is played."""
        return jnp.maximum(super().width(progress, settings), settings.epsilon)

    def others_rates(self, critic: Any, batch_seen: Any, joint: Any, own: Any, rates: Any, settings: Any) -> Any:
        """For each learner the others' rates after the adversarial step: (B, L, L, A)."""
        size = self.task.size
        shown = jnp.broadcast_to(rates[:, None], (rates.shape[0], size, *rates.shape[1:]))
        mine = jax.lax.stop_gradient(own)

        def total(shown: Any) -> Any:
            # A learner's value depends on the rates that it is shown alone: one gradient is everybody's.
            return self.critic_values(critic, self.views(batch_seen, joint, mine, shown)).sum()

        slope = jax.lax.stop_gradient(jax.grad(total)(shown))
        slope = jnp.where(jnp.eye(size, dtype=bool)[:, :, None], 0.0, slope)
        length = jnp.sqrt(jnp.square(slope).sum(axis=(2, 3), keepdims=True)) + 1e-8
        return jax.lax.stop_gradient(jnp.clip(shown - settings.epsilon * slope / length, 0.0, 1.0))

    def joint_view(self, joint: Any, own: Any, everybody: Any) -> Any:
        """As for everybody, but the others' rates may differ from learner to learner."""
        if everybody.ndim == 3:
            return super().joint_view(joint, own, everybody)
        mine = jnp.eye(self.task.size, dtype=bool)[:, :, None]
        rates = jnp.where(mine, own[:, None], everybody)
        return jnp.concatenate([self.task.each_joint(joint), rates.reshape(*rates.shape[:2], -1)], axis=-1)
