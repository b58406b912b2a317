"""REINFORCE: the Monte Carlo policy gradient, one actor for each agent and no critic.

Every agent i ascends, over whole parts of episodes, the gradient of its own discounted reward r_i of the mode:

    E[ (G_t - b_t) grad log pi_i(a_t | o_t) ],   G_t = r_t + gamma G_{t+1},

where the baseline b_t is the mean return of the agent's other copies at the same step of the trajectory: it does not
depend on the copy's own action, so that the gradient stays unbiased. Returns are cut at the trajectory's end and where
an episode ends, whichever way it does: without a critic there is no value to bootstrap from, so that trajectories
should be as long as an episode, or several times the discount's 1 / (1 - gamma).

In training and in play an agent sees its own observation: nothing of the others' networks or rewards.

Hyper-parameters: trajectories of 100 steps, the horizon of most games; learning rate as for IPPO. On GiftExchange's
stage game (private rewards, two seeds, trajectories of 8) 1e-3 and 5e-4 ended no nearer to the nash (.009, .012, .016).

Limits: the variance of whole returns; updates are few. It is here as the floor that critics should beat.

References
----------
Williams (1992), Simple statistical gradient-following algorithms for connectionist reinforcement learning.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from coopetition.baselines.learning.actor_critic import ActorCritic
from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.optimiser import descend
from coopetition.baselines.learning.scaling import Scale, update_scale
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings:
    """Hyper-parameters; floats may be swept, and mean what they do for IPPO."""

    copies: int = 32
    length: int = 100
    hidden: tuple[int, ...] = (32, 32)
    head: str = "tanh"
    learning_rate: float = 3e-3
    final_rate: float = 1.0
    discount: float = 0.95
    entropy: float = 0.0
    gradient_clip: float = 0.5
    log_std: float = -0.5
    final_log_std: float = 1.0


class State(NamedTuple):
    """A run: actors with their optimisers (G, ...), and reward scales (L, ...)."""

    actor: Any
    optimiser: Any
    scales: Scale


def discounted_returns(rewards: Any, ended: Any, discount: Any) -> Any:
    """G (T, ...) of rewards (T, ...), cut where episodes ended and at the last step."""

    def step(following: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        reward, end = now
        total = reward + discount * jnp.where(end, 0.0, following)
        return total, total

    return jax.lax.scan(step, jnp.zeros_like(rewards[0]), (rewards, ended), reverse=True)[1]


class REINFORCE(ActorCritic):
    """REINFORCE with a leave-one-out baseline; see the module."""

    name = "REINFORCE"
    citation = "R. J. Williams (1992), Machine Learning 8, 229-256"
    Settings: ClassVar[type] = Settings

    def check(self) -> None:
        """The baseline needs another copy."""
        super().check()
        if self.settings.copies < 2:
            raise ValueError("copies = 1: the baseline is the mean return of the other copies")

    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """Actors as those of IPPO."""
        networks, scales = super().init(rng, settings)
        return State(networks.actor, networks.actor_optimiser, scales)

    def acting(self, state: Any) -> Any:
        """The actors."""
        return state.actor

    def actor_loss(self, actor: Any, inputs: Any, latents: Any, gains: Any, settings: Any) -> Any:
        """What one actor descends."""
        parameters = self.parameters(actor, inputs)
        gain = (gains * self.distribution.log_prob(parameters, latents)).mean()
        return -gain - self.entropy_bonus(parameters, settings)

    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """One step of every actor on its own samples."""
        task = self.task
        scales = jax.vmap(update_scale, in_axes=(0, 2, None, None))(
            state.scales, data.rewards, data.ended, settings.discount
        )
        returns = discounted_returns(data.rewards / scales.deviation, data.ended[..., None], settings.discount)
        others = (returns.sum(axis=1, keepdims=True) - returns) / (task.copies - 1)
        gains = returns - others

        def one(actor: Any, optimiser: Any, inputs: Any, latents: Any, gains: Any) -> tuple[Any, Any]:
            gradient = jax.grad(self.actor_loss)(actor, inputs, latents, gains / (gains.std() + 1e-8), settings)
            return descend(actor, gradient, optimiser, settings.learning_rate, settings.gradient_clip)

        folded = (task.inputs(data.observations), task.fold(data.latents), task.fold(gains))
        actor, optimiser = jax.vmap(one)(state.actor, state.optimiser, *folded)
        return State(actor, optimiser, scales), {"return_deviation": returns.std()}

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:
        """Hold the spread of the actors down."""
        return state._replace(actor=self.narrowed(state.actor, settings, progress))

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The actors."""
        from coopetition.baselines.learning.networks import named_layers

        arrays = named_layers(state.actor["layers"])
        if "log_std" in state.actor:
            arrays["log_std"] = np.asarray(state.actor["log_std"])
        return arrays, {"head": self.settings.head}
