"""A running scale of rewards, one for each agent, that looks at that agent's rewards alone.

As in OpenAI Baselines' VecNormalize: rewards are divided by the standard deviation of the discounted return that is
accumulated forward, G_t = discount G_{t-1} + r_t. They are not centred, since where episodes can end that would change
what is best; the mean of G instead offsets the critic, which otherwise would have to learn a constant first.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.xla import jax, jnp


class Scale(NamedTuple):
    """Running moments of one agent's discounted return; a population puts axes in front.

    Attributes
    ----------
    count : () float32
        How many returns were seen.
    mean, squares : () float32
        Their mean, and the sum of squared deviations from it.
    running : (E,) float32
        The current G of each copy.
    """

    count: Any
    mean: Any
    squares: Any
    running: Any

    @property
    def deviation(self) -> Any:
        """Standard deviation of G; one before anything varied."""
        variance = self.squares / jnp.maximum(self.count, 1.0)
        # Far below the mean's last digits nothing varies but rounding.
        return jnp.where(variance > 1e-10 * jnp.square(self.mean), jnp.sqrt(variance), 1.0 + jnp.abs(self.mean))

    @property
    def offset(self) -> Any:
        """Mean of G in units of its deviation: where a critic starts."""
        return self.mean / self.deviation


def init_scale(copies: int) -> Scale:
    """Before anything was seen."""
    zero = np.zeros((), dtype=np.float32)
    return Scale(zero, zero, zero, np.zeros(copies, dtype=np.float32))


def update_scale(scale: Scale, rewards: Any, ended: Any, discount: Any) -> Scale:
    """Take in rewards (T, E) of one agent; `ended` (T, E) where an episode did.

    The moments are merged as in Chan, Golub & LeVeque (1983).
    """

    def step(running: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        reward, end = now
        running = discount * running + reward
        return jnp.where(end, 0.0, running), running

    running, returns = jax.lax.scan(step, scale.running, (rewards, ended))
    count = jnp.float32(returns.size)
    mean = returns.mean()
    squares = jnp.square(returns - mean).sum()
    total = scale.count + count
    gap = mean - scale.mean
    return Scale(
        total,
        scale.mean + gap * count / total,
        scale.squares + squares + jnp.square(gap) * scale.count * count / total,
        running,
    )
