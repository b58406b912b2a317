"""Raise the stakes."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import SAME_RATE, Sight

#: The first investment, and the step by which it is raised: a tenth of what can be invested, each.
OPENING = STEP = 0.1


class RaiseTheStakes(Policy):
    """Start small; raise a little whoever matches, twice as much whoever betters, and match whoever gives less.

    Roberts and Sherratt's strategy, against the others' mean rate: it opens with .1; if they gave as much as it did
    (to 2^-21, what float32 can tell apart), it raises its own last rate by .1, if they gave more, by .2, and if they
    gave less, it plays what they gave. Never more than 1.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    G. Roberts and T. Sherratt, Development of cooperative relationships through increasing investment, Nature 394
    (1998), 175-179.
    """

    name = "raise_the_stakes"
    classifier = Classifier(memory=1, alike=True)
    citation = "G. Roberts and T. Sherratt, Development of cooperative relationships, Nature 394 (1998)."

    def play(self, seen: Sight) -> np.ndarray:
        """Raise after a match or better, match after less; a tenth first."""
        own, theirs = seen.own_rate, seen.others_mean
        raised = own + np.where(theirs > own + SAME_RATE, 2.0 * STEP, STEP)
        reply = np.where(theirs < own - SAME_RATE, theirs, np.minimum(raised, 1.0))
        return np.where(seen.first, OPENING, reply)
