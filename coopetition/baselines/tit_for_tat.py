"""Tit for tat on a continuous scale."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight


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

    @property
    def compiled(self) -> str:
        """Its own name: the kernel plays it, reading rates as agents see them, in float32."""
        return self.name

    def play(self, seen: Sight) -> np.ndarray:
        """The mean of the others' rates, or b/e at the first step."""
        rates = seen.others_mean
        rates[seen.first] = seen.baseline_rate
        return rates
