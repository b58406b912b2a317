"""Pavlov: win-stay, lose-shift."""

from __future__ import annotations

import numpy as np

from coopetition.games.game import Game
from coopetition.oracles import solve
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.replica import Replica
from coopetition.policies.sight import Sight

#: A payoff that falls short of the aspiration by less than this part of it still wins: payoffs are followed through
#: rates that were seen in float32.
ENOUGH = 1e-6


class Pavlov(Policy):
    """Keep the rate that paid at least the nash payoff; otherwise play its opposite, one minus it.

    Nowak and Sigmund's strategy repeats a move after a good payoff and changes it after a bad one. The aspiration is
    the agent's own payoff pi_i in the nash equilibrium of the stage game at the start of an episode. It opens with
    full cooperation, as theirs does, so that its rates are 1 and 0.

    Parameters
    ----------
    game : Game
        What is played.

    References
    ----------
    M. Nowak and K. Sigmund, A strategy of win-stay, lose-shift that outperforms tit-for-tat in the prisoner's dilemma
    game, Nature 364 (1993), 56-58.
    """

    name = "pavlov"
    classifier = Classifier(memory=1, needs_model=True, uses_oracle=True, alike=True)
    citation = "M. Nowak and K. Sigmund, A strategy of win-stay, lose-shift, Nature 364 (1993)."

    def __init__(self, game: Game) -> None:
        super().__init__(game)
        self._replicas: dict[int, Replica] = {}
        self._aspirations: np.ndarray | None = None

    def reset(self, seed: object = None, num_envs: int = 1) -> None:
        """Start new episodes."""
        super().reset(None, num_envs)
        self._replicas.clear()

    def aspirations(self) -> np.ndarray:
        """What each agent earns in the stage game's nash equilibrium (N,)."""
        if self._aspirations is None:
            self._aspirations = solve(Replica(self.game, 1).game, "nash").payoffs
        return self._aspirations

    def play(self, seen: Sight) -> np.ndarray:
        """Stay after a win, shift after a loss; one first."""
        if seen.agent not in self._replicas:
            self._replicas[seen.agent] = Replica(self.game, seen.copies)
        replica = self._replicas[seen.agent]
        replica.follow(seen)
        aspiration = self.aspirations()[seen.agent]
        won = replica.payoffs(seen.agent) >= aspiration - ENOUGH * abs(aspiration)
        reply = np.where(won, seen.own_rate, 1.0 - seen.own_rate)
        return np.where(seen.first, 1.0, reply)
