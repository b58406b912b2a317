"""Generous tit for tat."""

from __future__ import annotations

import numpy as np

from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight

#: How much of what is missing to full cooperation is forgiven. For the payoffs T = 5, R = 3, P = 1, S = 0 it is
#: min(1 - (T - R) / (R - S), (R - P) / (T - P)) = 1/3.
GENEROSITY = 1.0 / 3.0


class GenerousTitForTat(Policy):
    """Reply with the others' mean rate, and forgive a third of what it lacks to full cooperation.

    Nowak and Sigmund's strategy cooperates after a defection with probability 1/3, the most that keeps defectors out
    under the usual payoffs of the dilemma. On rates that is linear: x becomes x + (1 - x) / 3, a linear reactive
    strategy of Wahl and Nowak. It opens with b/e, as `tit_for_tat` does.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    M. Nowak and K. Sigmund, Tit for tat in heterogeneous populations, Nature 355 (1992), 250-253.
    L. Wahl and M. Nowak, The continuous prisoner's dilemma: I. Linear reactive strategies, Journal of Theoretical
    Biology 200 (1999), 307-321.
    """

    name = "generous_tit_for_tat"
    classifier = Classifier(memory=1, alike=True)
    citation = "M. Nowak and K. Sigmund, Tit for tat in heterogeneous populations, Nature 355 (1992)."

    def play(self, seen: Sight) -> np.ndarray:
        """The others' mean, and a third of the rest; b/e first."""
        reply = seen.others_mean + GENEROSITY * (1.0 - seen.others_mean)
        return np.where(seen.first, seen.baseline_rate, reply)
