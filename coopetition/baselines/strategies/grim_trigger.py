"""Grim trigger."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import SAME_RATE, Sight


class GrimTrigger(Policy):
    """Cooperate fully until anybody gives less than is expected of it, and never again in that episode.

    What is expected of an agent is its baseline b/e; a rate within 2^-21 of it, what float32 can tell apart, meets it.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    J. Friedman, A non-cooperative equilibrium for supergames, Review of Economic Studies 38 (1971), 1-12.
    """

    name = "grim_trigger"
    classifier = Classifier(memory=float("inf"), alike=True)
    citation = "J. Friedman, A non-cooperative equilibrium for supergames, Review of Economic Studies 38 (1971)."

    def play(self, seen: Sight) -> np.ndarray:
        """One until somebody falls short, then zero."""
        betrayed = seen.memory("betrayed", start=False)
        falls_short = (seen.other_rates < seen.other_baselines - SAME_RATE).any(axis=1)
        betrayed |= falls_short & ~seen.first
        return np.where(betrayed, 0.0, 1.0)
