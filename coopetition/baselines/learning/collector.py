"""Playing: the runs of a population in their environments, on the host, one kernel call a step and reward mode.

Runs of one reward mode are one `Batch` of runs x copies. All batches write into slices of the same arrays, so that a
step's observations of the whole population are one array without copying. Copy k of a run is seeded from the run's own
seed and k, wherever the run stands in the population.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from coopetition.baselines.learning.task import Task, Trajectory
from coopetition.batching.batch import Batch
from coopetition.batching.memory import aligned_zeros
from coopetition.games.game import Game
from coopetition.policies.policy import Policy, scale_rates, whole_actions
from coopetition.policies.registry import make_policy

#: From observations (R, E, L, O) and the step within the trajectory to latents and rates (R, E, L, A).
Actor = Callable[[np.ndarray, int], tuple[Any, Any]]


def copy_seeds(seed: int, copies: int) -> list[int]:
    """Seeds of a run's copies, from the run's alone."""
    return [int(word) for word in np.random.SeedSequence([seed, 1]).generate_state(copies)]


class Collector:
    """The environments of a population.

    Parameters
    ----------
    games : sequence of Game
        Each run's; runs of one game object stand together.
    seeds : sequence of int
        Each run's.
    task : Task
        Shapes, copies, and who learns.
    length : int
        T.
    partners : dict of int to str
        Names of the policies of the agents that do not learn, by index.
    observe_joint : bool
        Whether to record joint states.

    Attributes
    ----------
    episodes : dict of str to ndarray
        Of the episodes that ended since `forget`: their number ``count`` (R,), and sums over them of ``length`` (R,),
        ``payoffs``, ``rewards`` and ``rates`` (R, N).
    """

    def __init__(
        self,
        games: Sequence[Game],
        seeds: Sequence[int],
        task: Task,
        length: int,
        partners: dict[int, str] | None = None,
        observe_joint: bool = False,
    ) -> None:
        self.task, self.length, self.seeds = task, int(length), tuple(seeds)
        self.game = games[0]
        runs, copies, n = len(games), task.copies, self.game.n
        total = runs * copies
        observation, joint = self.game.observation_size, self.game.joint_size if observe_joint else 0
        self._whole = {
            "actions": aligned_zeros((total, *self.game.action_shape), np.float64),
            "observations": aligned_zeros((total, n, observation), np.float32),
            "rewards": aligned_zeros((total, n), np.float32),
            "payoffs": aligned_zeros((total, n), np.float64),
            "terminated": aligned_zeros((total,), np.bool_),
            "truncated": aligned_zeros((total,), np.bool_),
            "final_observations": aligned_zeros((total, n, observation), np.float32),
        }
        if observe_joint:
            self._whole["joint"] = aligned_zeros((total, joint), np.float32)
            self._whole["final_joint"] = aligned_zeros((total, joint), np.float32)
        self.batches: list[Batch] = []
        first = 0
        for _, same in groupby(games, key=id):
            members = len(list(same))
            part = slice(first * copies, (first + members) * copies)
            buffers = {name: whole[part] for name, whole in self._whole.items()}
            batch = Batch(
                games[first], members * copies, autoreset="same_step", observe_joint=observe_joint, buffers=buffers
            )
            self.batches.append(batch)
            first += members
        self._shape = (runs, copies)
        self._learners = list(task.learners)
        self._everybody = self._learners == list(range(n))
        self._partners: list[dict[int, Policy]] = [
            {i: make_policy(name, game) for i, name in (partners or {}).items()} for game in games
        ]
        # A copy is truncated at most once in a horizon, where nothing but the horizon truncates it.
        certain = self.game.parameters.continuation >= 1.0 or self.game.parameters.continuation_form == "expected"
        self._slots = math.ceil(self.length / self.game.horizon) if certain else self.length
        self._running = {
            "length": np.zeros(self._shape),
            **{name: np.zeros((*self._shape, n)) for name in ("payoffs", "rewards", "rates")},
        }
        self.forget()
        self._allocate(observation, joint)

    def _allocate(self, observation: int, joint: int) -> None:
        """Memory of one trajectory, filled anew by every call."""
        time, (runs, copies), learners, actions = self.length, self._shape, self.task.size, self.task.action_size

        def space(*shape: int, dtype: Any = np.float32) -> np.ndarray:
            return aligned_zeros(shape, dtype)

        self._data = Trajectory(
            observations=space(time, runs, copies, learners, observation),
            joint=space(time, runs, copies, joint),
            latents=space(time, runs, copies, learners, actions),
            rates=space(time, runs, copies, learners, actions),
            rewards=space(time, runs, copies, learners),
            terminated=space(time, runs, copies, dtype=np.bool_),
            truncated=space(time, runs, copies, dtype=np.bool_),
            next_observations=space(runs, copies, learners, observation),
            next_joint=space(runs, copies, joint),
            final_observations=space(self._slots, runs, copies, learners, observation),
            final_joint=space(self._slots, runs, copies, joint),
        )

    def forget(self) -> None:
        """Start counting episodes anew."""
        runs, n = self._shape[0], self.game.n
        self.episodes: dict[str, np.ndarray] = {
            "count": np.zeros(runs),
            "length": np.zeros(runs),
            **{name: np.zeros((runs, n)) for name in ("payoffs", "rewards", "rates")},
        }

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays: a step of the environments and a trajectory."""
        return sum(array.nbytes for array in (*self._whole.values(), *self._data))

    # --- episodes

    def reset(self) -> None:
        """Start every copy's first episode."""
        seeds = [seed for run in self.seeds for seed in copy_seeds(run, self.task.copies)]
        first = 0
        for batch in self.batches:
            batch.reset(seed=seeds[first : first + batch.num_envs])
            first += batch.num_envs
        for run, policies in zip(self.seeds, self._partners, strict=True):
            for i, policy in policies.items():
                policy.reset(seed=copy_seeds(run, 1)[0] + i, num_envs=self.task.copies)

    def _view(self, name: str) -> np.ndarray:
        """A whole array by runs and copies, (R, E, ...)."""
        whole = self._whole[name]
        return whole.reshape(*self._shape, *whole.shape[1:])

    def _seen(self, name: str) -> np.ndarray:
        """The same for the agents that learn."""
        array = self._view(name)
        return array if self._everybody else array[:, :, self._learners]

    def collect(self, act: Actor) -> Trajectory:
        """Play T steps.

        Parameters
        ----------
        act : callable
            From observations (R, E, L, O) and the number of the step to latents and rates.

        Returns
        -------
        Trajectory
            Of the whole population, in memory that the next call overwrites.
        """
        data = self._data
        joint = "joint" in self._whole
        used = np.zeros(self._shape, dtype=np.int64)
        actions = self._view("actions")
        terminated, truncated = self._view("terminated"), self._view("truncated")
        for t in range(self.length):
            observations = self._seen("observations")
            data.observations[t] = observations
            if joint:
                data.joint[t] = self._view("joint")
            latents, rates = act(data.observations[t], t)
            data.latents[t], data.rates[t] = latents, rates
            self._play(actions, data.rates[t])
            for batch in self.batches:
                batch.step(batch.actions)
            data.rewards[t] = self._seen("rewards")
            data.terminated[t], data.truncated[t] = terminated, truncated
            self._count(actions, terminated | truncated)
            if truncated.any():
                where = (used[truncated], *np.nonzero(truncated))
                data.final_observations[where] = self._seen("final_observations")[truncated]
                if joint:
                    data.final_joint[where] = self._view("final_joint")[truncated]
                used += truncated
        data.next_observations[:] = self._seen("observations")
        if joint:
            data.next_joint[:] = self._view("joint")
        return data

    def _play(self, actions: np.ndarray, rates: np.ndarray) -> None:
        """Everybody's actions, in the game's scale; partners look for themselves."""
        rates = rates[..., 0] if self.game.axes == 1 else rates
        if self._everybody and self.game.action_scale == "unit":
            actions[:] = rates
            return
        actions[:, :, self._learners] = rates
        seen = self._view("observations")
        for run, policies in enumerate(self._partners):
            for i, policy in policies.items():
                actions[run, :, i] = whole_actions(self.game, policy.act(seen[run, :, i], i))
        actions[:] = scale_rates(self.game, actions)

    def _count(self, actions: np.ndarray, ended: np.ndarray) -> None:
        """Sum what episodes pay, and note those that ended."""
        running = self._running
        running["length"] += 1.0
        running["payoffs"] += self._view("payoffs")
        running["rewards"] += self._view("rewards")
        low, high = self.game.action_low, self.game.action_high
        rates = (actions - low) / (high - low)
        running["rates"] += rates if self.game.axes == 1 else rates[..., 0]
        if not ended.any():
            return
        self.episodes["count"] += ended.sum(axis=1)
        for name, sums in running.items():
            mask = ended if sums.ndim == 2 else ended[..., np.newaxis]
            self.episodes[name] += np.where(mask, sums, 0.0).sum(axis=1)
            sums[ended] = 0.0

    # --- what a checkpoint keeps

    def snapshot(self) -> dict[str, Any]:
        """Everything that the next trajectory depends on.

        Raises
        ------
        ValueError
            A partner draws random numbers, whose stream cannot be kept.
        """
        for i, policy in self._partners[0].items():
            if policy.classifier.stochastic:
                raise ValueError(
                    f"a checkpoint cannot keep the draws of {policy.name}, who plays {self.game.agents[i]}"
                )
        snapshots = [batch.snapshot() for batch in self.batches]
        return {
            # Which game it is stands in the checkpoint's request.
            "batches": [{"state": kept.state, "random": kept.random} for kept in snapshots],
            "memories": [{str(i): one.remembered() for i, one in policies.items()} for policies in self._partners],
            "running": self._running,
            "episodes": self.episodes,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on where a snapshot was taken."""
        self.reset()
        for batch, values in zip(self.batches, kept["batches"], strict=True):
            batch.restore(replace(batch.snapshot(), **values))
        for policies, memories in zip(self._partners, kept["memories"], strict=True):
            for i, policy in policies.items():
                policy.remember(memories[str(i)])
        for name in self._running:
            self._running[name][...] = kept["running"][name]
        for name in self.episodes:
            self.episodes[name][...] = kept["episodes"][name]
