"""Uniformly random rates."""

from __future__ import annotations

import numpy as np

from coopetition.batching.streams import RateStreams, Seeds, seeds_of_copies
from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight


class Random(Policy):
    """Play a rate uniform on [0, 1), drawn anew at every step.

    There is one stream for each (seed, copy, seat), the same one for whoever plays "random": neither the number of
    copies, nor the order in which agents are asked, nor the interface changes what anyone plays.

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
        self._streams: dict[int, RateStreams] = {}
        self._seeds: Seeds = None

    def reset(self, seed: Seeds = None, num_envs: int = 1) -> None:
        """Start the streams anew; without a seed they go on, at first from the operating system."""
        super().reset(seed, num_envs)
        if seed is not None or any(stream.copies != num_envs for stream in self._streams.values()):
            self._seeds = None if seed is None else seeds_of_copies(seed, num_envs)
            self._streams = {}

    def reseed(self, seed: Seeds) -> None:
        """Start some copies' streams anew."""
        copies = self._num_envs or 1
        for agent in range(self.game.n):
            self._stream(agent, copies).reseed(seed)

    def _stream(self, agent: int, copies: int) -> RateStreams:
        if agent not in self._streams:
            self._streams[agent] = RateStreams(self._seeds, copies, agent)
        return self._streams[agent]

    def play(self, seen: Sight) -> np.ndarray:
        """A new draw for every copy."""
        return self._stream(seen.agent, seen.copies).draw()

    def script(self, steps: int, agent: int) -> np.ndarray:
        """The next `steps` draws, (steps, B)."""
        return self._stream(agent, self._num_envs or 1).draws(steps)

    def waited(self, copies: np.ndarray) -> None:
        """The draws of copies that were asked while they restarted are given back."""
        for stream in self._streams.values():
            stream.give_back(copies)
