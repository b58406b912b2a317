"""The conditional cooperator of public goods experiments."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight

#: Slope of the reply. The schedules of conditional cooperators lie on average a little below the diagonal, a
#: "self-serving bias"; the paper draws it and prints no slope: 0.9 is our reading.
SLOPE = 0.9


class ConditionalCooperator(Policy):
    """Match the others' mean rate, with a self-serving bias: nine tenths of it.

    About half of the subjects of Fischbacher, Gaechter and Fehr contribute the more, the more the others do, and a
    little less than they. It opens with nine tenths of its baseline b/e.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    U. Fischbacher, S. Gaechter and E. Fehr, Are people conditionally cooperative? Evidence from a public goods
    experiment, Economics Letters 71 (2001), 397-404.
    """

    name = "conditional_cooperator"
    classifier = Classifier(memory=1, alike=True)
    citation = "U. Fischbacher, S. Gaechter and E. Fehr, Are people conditionally cooperative? (2001)."

    def play(self, seen: Sight) -> np.ndarray:
        """A little less than they gave."""
        return SLOPE * np.where(seen.first, seen.baseline_rate, seen.others_mean)
