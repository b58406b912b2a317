"""Generalised advantages (Schulman et al. 2016), with what ends an episode told apart.

delta_t = r_t + discount V'_t - V_t, and A_t = delta_t + discount trace A_{t+1} within an episode, where V'_t is the
value of what follows: 0 where the game's rule *terminated* the episode; the value of the episode's last observation,
not of the next one's first, where the horizon *truncated* it; V_{t+1} otherwise.
"""

from __future__ import annotations

from typing import Any

from coopetition.baselines.learning.xla import jax, jnp


def following_values(values: Any, last: Any, final: Any, terminated: Any, truncated: Any) -> Any:
    """Values (T, ...) of what follows each step.

    Parameters
    ----------
    values : (T, ...)
        Of the observations that were acted on.
    last : (...)
        Of those after the last step.
    final : (T, ...)
        Of the last observations of truncated episodes; anything elsewhere.
    terminated, truncated : (T, ...) bool
    """
    following = jnp.concatenate([values[1:], last[None]])
    return jnp.where(terminated, 0.0, jnp.where(truncated, final, following))


def generalised_advantages(
    rewards: Any, values: Any, following: Any, ended: Any, discount: Any, trace: Any
) -> tuple[Any, Any]:
    """Advantages and value targets, (T, ...) each.

    Parameters
    ----------
    rewards, values, following : (T, ...)
        `following` from `following_values`.
    ended : (T, ...) bool
        Terminated or truncated: nothing is carried over such a step.
    discount, trace : float
        gamma and lambda.
    """
    deltas = rewards + discount * following - values

    def step(carried: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        delta, end = now
        advantage = delta + discount * trace * jnp.where(end, 0.0, carried)
        return advantage, advantage

    _, advantages = jax.lax.scan(step, jnp.zeros_like(deltas[0]), (deltas, ended), reverse=True)
    return advantages, advantages + values
