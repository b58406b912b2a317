"""What a population learns from: the shapes of a game, and trajectories.

Axes, in this order wherever they occur: T steps, R runs, E copies of a run, L learners (agents that learn), then what
belongs to one of them. Algorithms are written for one run, so that R does not occur in them; `jax.vmap` puts it in
front. G is the number of networks of a run: one a learner, or a single one that all learners share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from coopetition.baselines.learning.xla import jnp
from coopetition.games.game import Game

#: Teams above this size share one network by default.
MOST_NETWORKS = 10


@dataclass(frozen=True)
class Task:
    """Shapes of a game, as one run sees it.

    Attributes
    ----------
    environment : str
        Its id.
    agents : tuple of str
        All of the game's.
    learners : tuple of int
        Which of them learn; the others are played by fixed partners.
    observation_size, joint_size, action_size : int
        O, S and A.
    horizon : int
        Steps of an episode.
    copies : int
        E.
    shared : bool
        Whether the learners share one network, which then sees the learner's index as well.
    columns : tuple of tuple of int, or None
        Which column of the joint state each column of each learner's observation is, (L, O); None where an observation
        holds what the joint state does not, or is noisy.
    scales : tuple of tuple of float
        What that column is multiplied by.
    """

    environment: str
    agents: tuple[str, ...]
    learners: tuple[int, ...]
    observation_size: int
    joint_size: int
    action_size: int
    horizon: int
    copies: int
    shared: bool
    columns: tuple[tuple[int, ...], ...] | None = None
    scales: tuple[tuple[float, ...], ...] = ()

    @staticmethod
    def of(game: Game, learners: tuple[int, ...], copies: int, shared: bool | None) -> Task:
        """The task of a game."""
        wanted = len(learners) > MOST_NETWORKS if shared is None else bool(shared)
        columns, scales = _columns(game, learners)
        return Task(
            environment=game.id,
            agents=game.agents,
            learners=learners,
            observation_size=game.observation_size,
            joint_size=game.joint_size,
            action_size=game.axes,
            horizon=game.horizon,
            copies=copies,
            shared=wanted,
            columns=columns,
            scales=scales,
        )

    @property
    def size(self) -> int:
        """L, the number of learners."""
        return len(self.learners)

    @property
    def networks(self) -> int:
        """G."""
        return 1 if self.shared else self.size

    @property
    def input_size(self) -> int:
        """Of an actor: its observation, and the learner's index where networks are shared."""
        return self.observation_size + (self.size if self.shared else 0)

    def fold(self, x: Any, lead: int = 1) -> Any:
        """Sort samples by network: (..., E, L, ...) to (G, ..., C, ...), where C is E, or E L for a shared network.

        Parameters
        ----------
        x : array
        lead : int
            How many axes there are before E.
        """
        if not self.shared:
            return jnp.moveaxis(x, lead + 1, 0)
        return x.reshape(1, *x.shape[:lead], -1, *x.shape[lead + 2 :])

    def unfold(self, x: Any, lead: int = 1) -> Any:
        """The inverse of `fold`."""
        if not self.shared:
            return jnp.moveaxis(x, 0, lead + 1)
        return x.reshape(*x.shape[1 : lead + 1], -1, self.size, *x.shape[lead + 2 :])

    def with_index(self, x: Any) -> Any:
        """Append the learner's index, one-hot, to (..., E, L, K), where networks are shared."""
        if not self.shared:
            return x
        index = jnp.broadcast_to(jnp.eye(self.size, dtype=x.dtype), (*x.shape[:-1], self.size))
        return jnp.concatenate([x, index], axis=-1)

    def inputs(self, observations: Any, lead: int = 1) -> Any:
        """What actors see: observations (..., E, L, O) as (G, ..., C, input_size)."""
        return self.fold(self.with_index(observations), lead)

    def observations_of(self, joint: Any) -> Any:
        """What every learner sees, (..., L, O), read off joint states (..., S); only where there are `columns`."""
        return joint[..., np.array(self.columns)] * np.array(self.scales, dtype=np.float32)

    def each_joint(self, joint: Any) -> Any:
        """The joint state once for every learner: (..., E, S) to (..., E, L, S)."""
        return jnp.broadcast_to(joint[..., None, :], (*joint.shape[:-1], self.size, joint.shape[-1]))


def _columns(game: Game, learners: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], ...] | None, Any]:
    """`Task.columns` and `Task.scales`."""
    rows = game.observation_rows.reshape(game.n, -1)[list(learners)]
    sizes = game.observation_scales.reshape(game.n, -1)[list(learners)]
    place = {int(row): column for column, row in reversed(list(enumerate(game.joint_rows)))}
    if game.noise_places.size or not set(rows.ravel().tolist()) <= set(place):
        return None, ()
    columns = [[place[int(row)] for row in mine] for mine in rows]
    known = [
        [float(size / game.joint_scales[column]) for size, column in zip(widths, mine, strict=True)]
        for widths, mine in zip(sizes, columns, strict=True)
    ]
    return tuple(tuple(mine) for mine in columns), tuple(tuple(widths) for widths in known)


class Trajectory(NamedTuple):
    """T steps of one run; with R after T (or in front, where there is no T) those of a population.

    Attributes
    ----------
    observations : (T, E, L, O) float32
        What was acted on.
    joint : (T, E, S) float32
        The joint state, of width 0 for algorithms that do not ask for it.
    latents, rates : (T, E, L, A) float32
        What was drawn (see `distributions`), and the rates that were played.
    rewards : (T, E, L) float32
        Each learner's own, in its run's mode.
    terminated, truncated : (T, E) bool
        Whether the game's rule, or the horizon, ended the episode.
    next_observations, next_joint : (E, L, O), (E, S)
        After the last step; after a restart where it ended an episode.
    final_observations, final_joint : (K, E, L, O), (K, E, S)
        What each copy saw last in the k-th episode that was truncated.
    """

    observations: Any
    joint: Any
    latents: Any
    rates: Any
    rewards: Any
    terminated: Any
    truncated: Any
    next_observations: Any
    next_joint: Any
    final_observations: Any
    final_joint: Any

    @property
    def ended(self) -> Any:
        """(T, E) bool."""
        return self.terminated | self.truncated

    def at_truncations(self, final: Any) -> Any:
        """What belongs to truncated episodes, (K, E, ...), where they ended, (T, E, ...); anything elsewhere."""
        index = jnp.clip(jnp.cumsum(self.truncated, axis=0) - 1, 0, final.shape[0] - 1)
        return jnp.take_along_axis(final, index.reshape(*index.shape, *[1] * (final.ndim - 2)), axis=0)


#: Which axis of each field is R in a population's trajectory.
RUN_AXES = Trajectory(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1)
