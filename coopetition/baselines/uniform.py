"""Uniformly random rates."""

from __future__ import annotations

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy

#: Draws that each copy makes at a time, so that a step seldom costs a call of its generator.
BLOCK = 64


class Random(Policy):
    """Play a rate uniform on [0, 1], drawn anew at every step.

    Every agent of every copy has a stream of its own, so that neither the number of copies nor the order in
    which agents are asked changes what anyone plays.

    Parameters
    ----------
    game : Game
        What is played.
    """

    name = "random"
    classifier = Classifier(stochastic=True)
    citation = "RANDOM, with a continuous action (R. Axelrod, Effective Choice in the Prisoner's Dilemma, 1980)."

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self._num_envs: int | None = None
        self._seed: int | None = None
        self._streams: dict[int, _Stream] = {}

    def reset(self, seed: int | None = None, num_envs: int = 1) -> None:
        """Start new streams; without a seed, fresh ones from the operating system."""
        self._seed = None if seed is None else int(seed)
        self._num_envs = int(num_envs)
        self._streams = {}

    def _stream(self, agent: int, num_envs: int) -> _Stream:
        if self._num_envs is None:
            self.reset(num_envs=num_envs)
        if num_envs != self._num_envs:
            raise ValueError(f"observations of {num_envs} copies, but reset(num_envs={self._num_envs})")
        if agent not in self._streams:
            self._streams[agent] = _Stream(self._seed, agent, num_envs)
        return self._streams[agent]

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """A new draw for every copy."""
        return self._stream(agent, len(observations)).draw()

    def script(self, steps: int, agent: int) -> np.ndarray:
        """The next `steps` draws, (steps, B)."""
        stream = self._stream(agent, self._num_envs or 1)
        return np.stack([stream.draw() for _ in range(steps)])


class _Stream:
    """One agent's draws in all copies."""

    def __init__(self, seed: int | None, agent: int, num_envs: int) -> None:
        keys = [None if seed is None else [seed + copy, agent] for copy in range(num_envs)]
        self._generators = [np.random.default_rng(key) for key in keys]
        self._block = np.empty((0, num_envs))
        self._next = 0

    def draw(self) -> np.ndarray:
        """(B,) rates."""
        if self._next == len(self._block):
            self._block = np.stack([generator.uniform(size=BLOCK) for generator in self._generators], axis=1)
            self._next = 0
        self._next += 1
        # A copy: the caller may keep or change it.
        return np.array(self._block[self._next - 1])
