"""Graduated reply: sanctions that grow with repeated offences."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import SAME_RATE, Sight

#: The harshest sanction withholds so many times what was lacking.
HARSHEST = 3


class GraduatedReply(Policy):
    """Match the others; when they fall short of what is expected, withhold once, then twice, then thrice as much.

    Ostrom's fifth design principle: who breaks a rule is first met with a mild sanction, which grows with every further
    offence. An offence is a step at which the others' mean rate lies below the mean of their baselines b/e (by more
    than 2^-21, what float32 can tell apart). At the k-th of them the reply is b/e less min(k, 3) times what was
    lacking; a step without an offence is matched, and takes one back from the count. It opens with b/e.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    E. Ostrom, Governing the Commons: The Evolution of Institutions for Collective Action, Cambridge 1990, ch. 3.
    """

    name = "graduated_reply"
    classifier = Classifier(memory=float("inf"), alike=True)
    citation = "E. Ostrom, Governing the Commons, Cambridge 1990 (graduated sanctions)."

    def play(self, seen: Sight) -> np.ndarray:
        """Match, or sanction by the number of offences; b/e first."""
        offences = seen.memory("offences", start=0)
        lacking = seen.other_baselines.mean() - seen.others_mean
        offended = (lacking > SAME_RATE) & ~seen.first
        offences += np.where(offended, 1, -1)
        np.maximum(offences, 0, out=offences)
        sanction = seen.baseline_rate - np.minimum(offences, HARSHEST) * lacking
        reply = np.where(offended, np.maximum(sanction, 0.0), seen.others_mean)
        return np.where(seen.first, seen.baseline_rate, reply)
