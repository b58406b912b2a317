"""FCP: fictitious co-play, the best response to a fixed and diverse pool of partners.

In the first half of the training `teams` teams of independent PPO learners train by themselves, each in its own share
of the copies, and leave three checkpoints each: at the start, half-way, and at the end. In the second half a learner of
its own trains against that pool: in copy e it plays seat e mod N (a policy for each seat, as payoffs differ), all other
seats are played by one checkpoint of one team, drawn uniformly and anew for every trajectory. It ascends PPO's clipped
objective of its own reward r_i of the mode, on the samples of its own seats.

The pool never changes in the second half and holds teams only: the learner is never its own partner.

In training and in play an agent sees its own observation. What is exported is the learner. Curves of the first half are
those of the teams, of the second half those of the learner among its partners.

Hyper-parameters: PPO's of `ippo`; 4 teams (Strouse et al. use 32), three checkpoints each as in the paper.

Limits: written for common payoffs, where any partner's convention is worth knowing; in mixed-motive games it is a best
reply to the pool, exploiting the weak among it. Half of the steps go into partners.

References
----------
Strouse, McKee, Botvinick, Hughes & Everett (2021), Collaborating with humans without human data.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from coopetition.baselines.learning.actor_critic import ActorCriticState
from coopetition.baselines.learning.algorithm import Algorithm, hyperparameters
from coopetition.baselines.learning.ippo import IPPO
from coopetition.baselines.learning.ippo import Settings as PPOSettings
from coopetition.baselines.learning.networks import stack_trees
from coopetition.baselines.learning.selfplay import SelfPlayPPO
from coopetition.baselines.learning.task import RUN_AXES, Trajectory
from coopetition.baselines.learning.xla import jax, jnp

#: Checkpoints of each team: the start, half-way, the end.
CHECKPOINTS = 3


@hyperparameters
class Settings(PPOSettings):
    """Hyper-parameters; those of IPPO, and the number of teams."""

    copies: int = 64
    teams: int = 4


class State(NamedTuple):
    """A run: the teams (S, ...), the learner, the pool's actors (S x checkpoints, G, ...), and who plays now (E, L)."""

    teams: ActorCriticState
    learning: ActorCriticState
    pool: Any
    updates: Any
    drawn: Any


class FCP(SelfPlayPPO):
    """The second half: a best response to the pool; see the module."""

    name = "FCP"
    citation = "D. Strouse et al. (2021), arXiv:2110.08176"
    Settings: ClassVar[type] = Settings
    COPIES_OF: ClassVar[str] = "(agents and teams) x minibatches"

    def check(self) -> None:
        """The teams, each an IPPO in its own copies."""
        super().check()
        self.team = IPPO(replace(self.task, copies=self.task.copies // self.settings.teams), self.settings, self.swept)
        self._partners: dict[int, Partners] = {}

    @classmethod
    def copies_multiple(cls, settings: Any, learners: int) -> int:
        """Every seat and every team has the same number of copies, whole minibatches of them."""
        return math.lcm(learners, int(settings.teams)) * int(settings.minibatches)

    def phase(self, iteration: int, iterations: int) -> Algorithm:
        """Partners in the first half, then the learner."""
        half = iterations // 2
        if iteration >= half:
            return self
        return self._partners.setdefault(half, Partners(self, half))

    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """Teams, a learner, and a pool of the teams as they start."""
        teams = stack_trees([self.team.init(rng, settings) for _ in range(settings.teams)])
        learning = IPPO.init(self, rng, settings)
        pool = jax.tree.map(lambda x: np.concatenate([x] * CHECKPOINTS), teams.networks.actor)
        drawn = np.zeros((self.task.copies, self.task.size), dtype=np.int32)
        return State(teams, learning, pool, np.zeros((), dtype=np.int32), drawn)

    def acting(self, state: Any) -> Any:
        """The learner's actors, the pool's, and who is drawn."""
        return state.learning.networks.actor, state.pool, state.drawn

    def draw(self, key: Any) -> Any:
        """One entry of the pool for each copy, all of its seats: (E, L)."""
        entries = jax.random.randint(key, (self.task.copies, 1), 0, CHECKPOINTS * self.settings.teams, dtype=jnp.int32)
        return jnp.broadcast_to(entries, (self.task.copies, self.task.size))

    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """PPO's epochs of the learner; the pool stays as it is."""
        learn_key, draw_key = jax.random.split(key)
        learning = self.improve(state.learning, data, learn_key, settings)
        state = state._replace(learning=learning, drawn=self.draw(draw_key), updates=state.updates + 1)
        return state, {"phase": jnp.float32(2.0)}

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:
        """Hold the spread of the learner down, who begins in the middle."""
        return super().settle(state, settings, 2.0 * progress - 1.0)


class Partners(Algorithm):
    """The first half: teams of IPPO, which leave checkpoints in the pool.

    Parameters
    ----------
    fcp : FCP
        Whose partners they are.
    half : int
        Updates of this phase.
    """

    name = "FCP"
    citation = FCP.citation
    Settings: ClassVar[type] = Settings

    def __init__(self, fcp: FCP, half: int) -> None:
        super().__init__(fcp.task, fcp.settings, fcp.swept)
        self.fcp, self.half = fcp, half

    def by_team(self, x: Any, axis: int) -> Any:
        """Split the axis of copies, (..., E, ...) to (S, ..., E / S, ...): copy e belongs to team e mod S."""
        teams = self.settings.teams
        split = x.reshape(*x.shape[:axis], x.shape[axis] // teams, teams, *x.shape[axis + 1 :])
        return jnp.moveaxis(split, axis + 1, 0)

    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """As FCP."""
        return self.fcp.init(rng, settings)

    def acting(self, state: Any) -> Any:
        """The teams' actors."""
        return state.teams.networks.actor

    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:
        """Every team in its own copies."""
        keys = jax.random.split(key, self.settings.teams)
        each = jax.vmap(self.fcp.team.act, in_axes=(0, 0, 0, None))
        drawn = each(acting, self.by_team(observations, 0), keys, settings)

        def together(x: Any) -> Any:
            return jnp.moveaxis(x, 0, 1).reshape(self.task.copies, *x.shape[2:])

        return together(drawn[0]), together(drawn[1])

    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """IPPO for every team; half-way and at the end its actors enter the pool, for good."""
        draw_key, key = jax.random.split(key)
        mine = jax.tree.map(self.by_team, data, RUN_AXES)
        keys = jax.random.split(key, self.settings.teams)
        teams, _ = jax.vmap(self.fcp.team.update, in_axes=(0, 0, 0, None))(state.teams, mine, keys, settings)
        updates = state.updates + 1
        pool = state.pool
        for checkpoint, when in ((1, max(self.half // 2, 1)), (2, self.half)):
            first = checkpoint * self.settings.teams
            entered = jax.tree.map(lambda p, x, k=first: p.at[k : k + len(x)].set(x), pool, teams.networks.actor)
            pool = jax.tree.map(lambda old, new, now=updates == when: jnp.where(now, new, old), pool, entered)
        state = State(teams, state.learning, pool, updates, self.fcp.draw(draw_key))
        return state, {"phase": jnp.float32(1.0)}

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:
        """Hold the spread of the teams down, who end in the middle."""
        return state._replace(teams=self.fcp.team.settle(state.teams, settings, 2.0 * progress))

    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """As FCP: the learner, which has not learnt yet."""
        return self.fcp.export(state)
