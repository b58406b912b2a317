"""Constant rates: the 101 policies that play the same whatever happens."""

from __future__ import annotations

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.sight import Sight


class Constant(Policy):
    """Play one rate for ever.

    Parameters
    ----------
    game : Game
        What is played.
    percent : int
        The rate in per cent, 0 to 100.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.baselines import make_policy
    >>> copies = coopetition.batch("SLCD-v0", num_envs=2)
    >>> policy = make_policy("constant_035", copies.game)
    >>> policy.act(copies.reset()[:, 0], agent=0)
    array([0.35, 0.35])
    """

    classifier = Classifier()
    citation = (
        "Unconditional strategies; constant_000 and constant_100 are AllD and AllC in continuous form "
        "(R. Axelrod, The Evolution of Cooperation, 1984)."
    )

    def __init__(self, game: Game, percent: int) -> None:
        super().__init__(game)
        if not 0 <= percent <= 100:
            raise ValueError(f"percent = {percent!r}: expected an integer in [0, 100]")
        self.name = f"constant_{percent:03d}"
        self.rate = percent / 100.0

    @property
    def compiled(self) -> str:
        """Its own name: the kernel plays constants."""
        return self.name

    def play(self, seen: Sight) -> np.ndarray:
        """The rate, in every copy."""
        return np.full(seen.copies, self.rate)
