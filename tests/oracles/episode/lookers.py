"""Policies that look, of the kinds that a search for replies has to see through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coopetition.baselines import Classifier, Policy
from coopetition.games.game import Game


class Threshold(Policy):
    """Gives all if the others' last rates were at least so high on average, else nothing."""

    classifier = Classifier(memory=1)
    citation = "A test."

    def __init__(self, game: Game, level: float) -> None:
        super().__init__(game)
        self.level = level
        self.name = f"threshold_{level:g}"

    def play(self, seen):
        """All at first."""
        return np.where(seen.first | (seen.others_mean >= self.level - 1e-6), 1.0, 0.0)


class Grim(Policy):
    """Gives all until somebody once gives less than so much, and then nothing for ever."""

    classifier = Classifier(memory=np.inf)
    citation = "A test."

    def __init__(self, game: Game, level: float) -> None:
        super().__init__(game)
        self.level = level
        self.name = f"grim_{level:g}"

    def play(self, seen):
        """All at first."""
        betrayed = seen.memory("betrayed", False)
        betrayed |= ~seen.first & (seen.other_rates.min(axis=1) < self.level - 1e-6)
        return np.where(betrayed, 0.0, 1.0)


class Generous(Policy):
    """What the others gave, and so much of the rest as well."""

    classifier = Classifier(memory=1)
    citation = "A test."

    def __init__(self, game: Game, generosity: float) -> None:
        super().__init__(game)
        self.generosity = generosity
        self.name = f"generous_{generosity:g}"

    def play(self, seen):
        """All at first."""
        answer = seen.others_mean + self.generosity * (1.0 - seen.others_mean)
        return np.where(seen.first, 1.0, answer)


class Graduated(Policy):
    """Punishes a rate below so much by as many steps without giving as there were such rates before."""

    classifier = Classifier(memory=np.inf)
    citation = "A test."

    def __init__(self, game: Game, level: float) -> None:
        super().__init__(game)
        self.level = level
        self.name = f"graduated_{level:g}"

    def play(self, seen):
        """All at first."""
        offences, left = seen.memory("offences", 0), seen.memory("left", 0)
        wronged = ~seen.first & (seen.others_mean < self.level - 1e-6) & (left == 0)
        offences += wronged
        left[wronged] = offences[wronged]
        punishing = left > 0
        left[punishing] -= 1
        return np.where(punishing, 0.0, 1.0)


LOOKERS: dict[str, Callable[[Game], Policy]] = {
    "threshold_0.9": lambda game: Threshold(game, 0.9),
    "threshold_0.37": lambda game: Threshold(game, 0.37),
    "grim_0.5": lambda game: Grim(game, 0.5),
    "generous_0.3": lambda game: Generous(game, 0.3),
    "graduated_0.6": lambda game: Graduated(game, 0.6),
}
#: Further ones in TrustDilemma, integrated, where an earlier search found 0.00 of 280 and 272 of 1,013.
OF_TRUST: dict[str, Callable[[Game], Policy]] = {
    "threshold_0.95": lambda game: Threshold(game, 0.95),
    "threshold_0.8": lambda game: Threshold(game, 0.8),
    "grim_0.95": lambda game: Grim(game, 0.95),
    "graduated_0.8": lambda game: Graduated(game, 0.8),
}


def lookers_of(key: str) -> dict[str, Callable[[Game], Policy]]:
    """The policies that are met in an environment, by name."""
    return LOOKERS | OF_TRUST if key == "TrustDilemma-v0" else LOOKERS
