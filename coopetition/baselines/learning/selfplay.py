"""SelfPlay_PPO: every role learns by PPO against past selves, drawn from a pool.

Every seat is a role of its own, with a policy of its own (payoffs differ between seats). A copy of the game has one
*learning* seat, copy e the seat e mod N; all others are played by past selves of their roles, drawn uniformly from a
pool, each copy and seat by itself, anew for every trajectory. The learning seat's actor ascends PPO's clipped objective
of its own reward r_i of the mode, on the samples of its own copies alone.

Actors enter the pool before an update, so that whoever is drawn is a *past* self: the present one is never its own
opponent. The pool is a ring of `pool` entries, one every `pool_every` updates, and begins with the starting policies.

In training and in play an agent sees its own observation.

Hyper-parameters: PPO's of `ippo`; a pool of 16, an entry every 4 updates (uniform sampling over the history,
Bansal et al.).

Limits: past selves are no model of a strategic partner: what is learnt is a reply to a mixture of the past, as in
fictitious play, and converges only where that does. Samples are one in N.

References
----------
Bansal, Pachocki, Sidor, Sutskever & Mordatch (2018), Emergent complexity via multi-agent competition, section 3.2.
Heinrich, Lanctot & Silver (2015), Fictitious self-play in extensive-form games.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from coopetition.baselines.learning.actor_critic import ActorCriticState, Samples
from coopetition.baselines.learning.algorithm import hyperparameters
from coopetition.baselines.learning.ippo import IPPO
from coopetition.baselines.learning.ippo import Settings as PPOSettings
from coopetition.baselines.learning.task import Trajectory
from coopetition.baselines.learning.xla import jax, jnp


@hyperparameters
class Settings(PPOSettings):
    """Hyper-parameters; those of IPPO, and of the pool.

    Attributes
    ----------
    pool : int
        Past selves that are kept of each role.
    pool_every : int
        Updates between two entries.
    """

    copies: int = 64
    pool: int = 16
    pool_every: int = 4


class Pool(NamedTuple):
    """Past actors (P, G, ...), how many updates there were, and who plays now: entries (E, L)."""

    actors: Any
    updates: Any
    drawn: Any


class State(NamedTuple):
    """A run: what learns, and the pool that it learns against."""

    learning: ActorCriticState
    pool: Pool


class SelfPlayPPO(IPPO):
    """PPO against past selves; see the module."""

    name = "SelfPlay_PPO"
    citation = "T. Bansal et al. (2018), arXiv:1710.03748; J. Heinrich et al. (2015), ICML"
    Settings: ClassVar[type] = Settings
    COPIES_OF: ClassVar[str] = "agents x minibatches"

    def check(self) -> None:
        """There is somebody to play against."""
        if self.task.size < 2:
            raise ValueError("self-play needs at least two agents that learn")
        super().check()

    @classmethod
    def copies_multiple(cls, settings: Any, learners: int) -> int:
        """Every seat learns in the same number of copies, whole minibatches of them."""
        return learners * int(settings.minibatches)

    @property
    def seat_learns(self) -> np.ndarray:
        """Whether a copy's seat is its learning one, (E, L)."""
        return np.arange(self.task.copies)[:, np.newaxis] % self.task.size == np.arange(self.task.size)

    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """A pool of starting policies."""
        learning = super().init(rng, settings)
        actors = jax.tree.map(lambda x: np.repeat(x[np.newaxis], settings.pool, axis=0), learning.networks.actor)
        drawn = np.zeros((self.task.copies, self.task.size), dtype=np.int32)
        return State(learning, Pool(actors, np.zeros((), dtype=np.int32), drawn))

    def acting(self, state: Any) -> Any:
        """The actors, the pool's, and who is drawn."""
        return state.learning.networks.actor, state.pool.actors, state.pool.drawn

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:
        """The present actor in each copy's learning seat, past ones in the others."""
        actors, past, drawn = acting
        inputs = self.task.with_index(observations)
        networks = np.zeros(self.task.size, dtype=int) if self.task.shared else np.arange(self.task.size)

        def one(seat: Any, entry: Any, x: Any) -> Any:
            return self.parameters(jax.tree.map(lambda p: p[entry, seat], past), x)

        theirs = jax.vmap(jax.vmap(one), in_axes=(None, 0, 0))(networks, drawn, inputs)
        mine = self.task.unfold(jax.vmap(self.parameters)(actors, self.task.fold(inputs, lead=0)), lead=0)
        parameters = jnp.where(self.seat_learns[..., None], mine, theirs)
        latents = self.distribution.sample(key, parameters)
        return latents, self.distribution.rate(latents)

    def own_samples(self, samples: Samples) -> Samples:
        """Of all samples (G, C, T, ...) those in which the present self played."""
        learns = self.seat_learns
        if self.task.shared:
            chosen = np.flatnonzero(learns.reshape(-1))[np.newaxis]
        else:
            chosen = np.stack([np.flatnonzero(learns[:, i]) for i in range(self.task.size)])
        return jax.tree.map(lambda x: jax.vmap(lambda part, where: part[where])(x, chosen), samples)

    def improve(self, learning: ActorCriticState, data: Trajectory, key: Any, settings: Any) -> ActorCriticState:
        """PPO's epochs on the samples of each role's own copies."""
        samples, scales = self.samples(learning, data, settings)
        samples = self.own_samples(samples)
        keys = jax.random.split(key, self.task.networks)
        networks = jax.vmap(self.update_one, in_axes=(0, 0, 0, None))(learning.networks, samples, keys, settings)
        return ActorCriticState(networks, scales)

    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """Enter the pool, improve on the own copies' samples, and draw the next opponents."""
        learning, pool = state
        learn_key, draw_key = jax.random.split(key)
        entry = (pool.updates // settings.pool_every) % settings.pool
        enters = pool.updates % settings.pool_every == 0
        actors = jax.tree.map(
            lambda past, now: past.at[entry].set(jnp.where(enters, now, past[entry])),
            pool.actors,
            learning.networks.actor,
        )
        learning = self.improve(learning, data, learn_key, settings)
        filled = jnp.minimum(pool.updates // settings.pool_every + 1, settings.pool)
        drawn = jax.random.randint(draw_key, pool.drawn.shape, 0, filled, dtype=jnp.int32)
        state = State(learning, Pool(actors, pool.updates + 1, drawn))
        return state, {"pool": filled.astype(jnp.float32)}

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:
        """Hold the spread of the present actors down."""
        return state._replace(learning=super().settle(state.learning, settings, progress))

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The present actors."""
        return super().export(state.learning)
