"""Tit for tat on a continuous scale."""

from __future__ import annotations

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy


class TitForTat(Policy):
    """Play the baseline rate b/e first, then the mean rate that the others played last.

    With two players this is the other's last rate. The first step is recognised by the clock in the observation, so
    that copies of a batch may restart at different times.

    Parameters
    ----------
    game : Game
        What is played.
    """

    name = "tit_for_tat"
    classifier = Classifier(memory=1)
    citation = (
        "TIT FOR TAT by A. Rapoport (R. Axelrod, The Evolution of Cooperation, 1984), continuous: it matches "
        "the other's last level."
    )

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self._others = game.observation_layout["other_rates"]
        self._time = game.observation_layout["time"].start

    @property
    def compiled(self) -> str:
        """Its own name: the kernel plays it."""
        return self.name

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """The mean of `other_rates`, or b/e at time 0."""
        seen = observations[:, self._others]
        # Sums in float64, as in the kernel; with two players there is nothing to sum, and steps should be quick.
        rates: np.ndarray = seen[:, 0].astype(np.float64) if self.game.n == 2 else seen.mean(axis=1, dtype=np.float64)
        first = observations[:, self._time] == 0.0
        if first.any():
            rates[first] = self.game.baseline_rate[agent]
        return rates
