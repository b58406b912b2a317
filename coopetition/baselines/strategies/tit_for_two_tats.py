"""Tit for two tats."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight


class TitForTwoTats(Policy):
    """Reply with the higher of the others' last two mean rates: one low step is overlooked, two are not.

    Axelrod's strategy defects only after two defections in a row. It opens with b/e, as `tit_for_tat` does.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    R. Axelrod, Effective choice in the prisoner's dilemma, Journal of Conflict Resolution 24 (1980), 3-25.
    """

    name = "tit_for_two_tats"
    classifier = Classifier(memory=2, alike=True)
    citation = "R. Axelrod, Effective choice in the prisoner's dilemma, Journal of Conflict Resolution 24 (1980)."

    def play(self, seen: Sight) -> np.ndarray:
        """The better of their last two; b/e first."""
        latest = seen.others_mean
        before = seen.memory("before", start=latest)
        reply = np.maximum(latest, before)
        before[:] = latest
        return np.where(seen.first, seen.baseline_rate, reply)
