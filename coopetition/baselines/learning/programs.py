"""Algorithms mapped over the runs of a population and compiled, once for everything that is trained alike."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from coopetition.baselines.learning.algorithm import Algorithm, annealed
from coopetition.baselines.learning.task import RUN_AXES, Task, Trajectory
from coopetition.baselines.learning.xla import jax, jnp


class Programs(NamedTuple):
    """Who learns, and two programs: a step of everybody's actors, and an update of everybody.

    Attributes
    ----------
    learner : Algorithm
    act : callable
        From what `Algorithm.acting` gives, observations (R, E, L, O), keys (R,), settings (R), and the numbers of the
        iteration and of the step: latents and rates (R, E, L, A).
    update : callable
        From states (R, ...), a trajectory, keys, settings, the number of the iteration and how many there will be:
        states and metrics. It may reuse the memory of the states that it is given.
    """

    learner: Algorithm
    act: Any
    update: Any

    @staticmethod
    def of(learner: Algorithm) -> Programs:
        """Programs of an algorithm; JAX compiles them when they are first called, for every number of runs."""

        def key_of(key: Any, iteration: Any, step: Any) -> Any:
            return jax.random.fold_in(jax.random.fold_in(key, iteration), step)

        def act(acting: Any, observations: Any, key: Any, settings: Any, iteration: Any, step: Any) -> Any:
            return learner.act(acting, observations, key_of(key, iteration, step + 1), settings)

        def update(state: Any, data: Trajectory, key: Any, settings: Any, iteration: Any, iterations: Any) -> Any:
            done = iteration.astype(jnp.float32)
            now = annealed(settings, done / iterations)
            state, metrics = learner.update(state, data, key_of(key, iteration, 0), now)
            return learner.settle(state, settings, (done + 1.0) / iterations), metrics

        return Programs(
            learner,
            jax.jit(jax.vmap(act, in_axes=(0, 0, 0, 0, None, None))),
            jax.jit(jax.vmap(update, in_axes=(0, RUN_AXES, 0, 0, None, None)), donate_argnums=0),
        )


class Phases:
    """An algorithm on a task, and the programs of each of its phases.

    Parameters
    ----------
    learner : Algorithm
    """

    def __init__(self, learner: Algorithm) -> None:
        self.learner = learner
        self._programs: dict[int, Programs] = {}

    def programs(self, iteration: int, iterations: int) -> Programs:
        """Those of an iteration, from 0, of so many."""
        learner = self.learner.phase(iteration, iterations)
        if id(learner) not in self._programs:
            self._programs[id(learner)] = Programs.of(learner)
        return self._programs[id(learner)]


@lru_cache(maxsize=16)
def phases(cls: type[Algorithm], task: Task, settings: Any, swept: tuple[str, ...]) -> Phases:
    """The same object for the same algorithm, task and settings: a second training in a process compiles nothing.

    Programs know neither seeds nor games nor reward modes; `settings` are given to them anew, one value a run, and are
    here because an algorithm may leave out what it does not use.

    Raises
    ------
    ValueError
        The algorithm cannot learn with these.
    """
    return Phases(cls(task, settings, swept))
