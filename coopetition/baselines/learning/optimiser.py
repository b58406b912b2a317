"""Adam with the gradient of each network clipped by its own norm.

One optimiser belongs to one network: under `jax.vmap` over agents and runs every network has moments, a step count and
a clipping norm of its own, so that no gradient shortens another's step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.baselines.learning.xla import jax, jnp, optax

_ADAM = optax.scale_by_adam(eps=1e-5)


def init_optimiser(parameters: Any) -> Any:
    """Moments of one network, at zero, in NumPy."""
    zeros = jax.tree.map(np.zeros_like, parameters)
    return optax.ScaleByAdamState(np.zeros((), dtype=np.int32), zeros, jax.tree.map(np.zeros_like, parameters))


def descend(parameters: Any, gradient: Any, state: Any, learning_rate: Any, clip: Any) -> tuple[Any, Any]:
    """One step down the gradient of one network.

    Parameters
    ----------
    parameters, gradient : tree of arrays
        Of one network, and of nothing else.
    state : tree
        From `init_optimiser`.
    learning_rate, clip : float
        Length of Adam's step; norm to which the gradient is shortened.

    Returns
    -------
    parameters, state : tree
        After the step.
    """
    norm = jnp.sqrt(sum(jnp.square(part).sum() for part in jax.tree.leaves(gradient)))
    shorter = jax.tree.map(lambda g: g * (clip / jnp.maximum(norm, clip)), gradient)
    step, state = _ADAM.update(shorter, state)
    return jax.tree.map(lambda p, s: p - learning_rate * s, parameters, step), state
