"""Replay: what a run has played lately, joint states and actions once, not once an agent.

Every column of an agent's observation is a column of the joint state times a number, unless it is seen with noise.
So the joint state is kept, and observations are read off it when they are sampled (`Task.columns`): ApacheProject's
forty agents would otherwise keep forty times as much. Where observations are noisy they are kept themselves.

Nothing is replayed across a reset: what follows a step is kept with it, after a truncation the state in which the
episode stopped. A terminated step has nothing that follows, and its bootstrap is left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.task import Task, Trajectory
from coopetition.baselines.learning.xla import jax, jnp


class Replay(NamedTuple):
    """K steps of E copies; a population puts R in front.

    Attributes
    ----------
    joint, next_joint : (K, E, S) float32
    observations, next_observations : (K, E, L, O) float32
        Of width 0 where they can be read off the joint state.
    rates : (K, E, L, A) float32
        That were played.
    rewards : (K, E, L) float32
        As the environment paid them; they are scaled when they are sampled, so that old ones agree with new ones.
    terminated : (K, E) bool
    position, filled : () int32
        Where the next step goes, and how many there are.
    """

    joint: Any
    next_joint: Any
    observations: Any
    next_observations: Any
    rates: Any
    rewards: Any
    terminated: Any
    position: Any
    filled: Any


class Memories(NamedTuple):
    """B sampled steps: observations (B, L, O), joint states (B, S), rates (B, L, A), rewards (B, L), ends (B,).

    And how long ago each was played (B,), as a share of what is kept: 0 for the latest.
    """

    observations: Any
    next_observations: Any
    joint: Any
    next_joint: Any
    rates: Any
    rewards: Any
    terminated: Any
    age: Any


def init_replay(task: Task, length: int, capacity: int) -> Replay:
    """An empty replay.

    Parameters
    ----------
    task : Task
    length : int
        Steps of a trajectory, of which the replay holds whole ones.
    capacity : int
        Environment steps to keep, about.
    """
    steps = length * max(1, capacity // (length * task.copies))
    lead = (steps, task.copies)
    seen = 0 if task.columns is not None else task.observation_size

    def space(*shape: int, dtype: Any = np.float32) -> np.ndarray:
        return np.zeros((*lead, *shape), dtype=dtype)

    return Replay(
        space(task.joint_size),
        space(task.joint_size),
        space(task.size, seen),
        space(task.size, seen),
        space(task.size, task.action_size),
        space(task.size),
        space(dtype=np.bool_),
        np.zeros((), dtype=np.int32),
        np.zeros((), dtype=np.int32),
    )


def _following(now: Any, after: Any, final: Any, data: Trajectory) -> Any:
    """What follows each step, (T, E, ...): the next one's, or, after a truncation, what the episode stopped in."""
    following = jnp.concatenate([now[1:], after[jnp.newaxis]])
    truncated = data.truncated.reshape(*data.truncated.shape, *[1] * (now.ndim - 2))
    return jnp.where(truncated, data.at_truncations(final), following)


def store(replay: Replay, data: Trajectory, rewards: Any) -> Replay:
    """Put a trajectory in the place of the oldest one."""
    steps = replay.terminated.shape[0]
    new: dict[str, Any] = {
        "joint": data.joint,
        "next_joint": _following(data.joint, data.next_joint, data.final_joint, data),
        "rates": data.rates,
        "rewards": rewards,
        "terminated": data.terminated,
    }
    if replay.observations.shape[-1]:
        new["observations"] = data.observations
        new["next_observations"] = _following(data.observations, data.next_observations, data.final_observations, data)
    written = {
        name: jax.lax.dynamic_update_slice_in_dim(getattr(replay, name), value, replay.position, 0)
        for name, value in new.items()
    }
    length = data.terminated.shape[0]
    return replay._replace(
        **written,
        position=(replay.position + length) % steps,
        filled=jnp.minimum(replay.filled + length, steps),
    )


def sample(task: Task, replay: Replay, key: Any, count: int) -> Memories:
    """Steps drawn with equal chances, with replacement."""
    step_key, copy_key = jax.random.split(key)
    step = jax.random.randint(step_key, (count,), 0, replay.filled)
    copy = jax.random.randint(copy_key, (count,), 0, replay.terminated.shape[1])
    joint, next_joint = replay.joint[step, copy], replay.next_joint[step, copy]
    if task.columns is None:
        seen, next_seen = replay.observations[step, copy], replay.next_observations[step, copy]
    else:
        seen, next_seen = task.observations_of(joint), task.observations_of(next_joint)
    return Memories(
        seen,
        next_seen,
        joint,
        next_joint,
        replay.rates[step, copy],
        replay.rewards[step, copy],
        replay.terminated[step, copy],
        ((replay.position - 1 - step) % len(replay.terminated)).astype(jnp.float32) / len(replay.terminated),
    )
