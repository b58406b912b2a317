"""Myopic best reply."""

from __future__ import annotations

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.replica import Replica
from coopetition.policies.sight import Sight


class BestReply(Policy):
    """Play what would have paid best against the others' last rates, now, in one step, by the reward of the mode.

    Cournot's adjustment: it takes the others to repeat what they did, and looks no further than this step. It knows the
    payoffs and follows the state. At the first step the others' last rates are their baselines. The rate is found to
    2e-6.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    A. Cournot, Recherches sur les principes mathematiques de la theorie des richesses, Paris 1838, ch. 7.
    """

    name = "best_reply"
    classifier = Classifier(memory=1, needs_model=True, alike=True)
    citation = "A. Cournot, Recherches sur les principes mathematiques de la theorie des richesses (1838), ch. 7."

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self._replicas: dict[int, Replica] = {}

    def reset(self, seed: object = None, num_envs: int = 1) -> None:
        """Start new episodes."""
        super().reset(None, num_envs)
        self._replicas.clear()

    def play(self, seen: Sight) -> np.ndarray:
        """The best rate against what the others did last."""
        if seen.agent not in self._replicas:
            self._replicas[seen.agent] = Replica(self.game, seen.copies)
        replica = self._replicas[seen.agent]
        replica.follow(seen)
        return replica.best_rates(seen.agent, seen.other_rates)
