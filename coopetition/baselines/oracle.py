"""The seven reference oracles of the platform as baseline policies."""

from __future__ import annotations

import math

import numpy as np

from coopetition.batching.streams import Seeds
from coopetition.games.game import Game
from coopetition.oracles.policies import Oracle
from coopetition.policies.policy import Classifier, Policy


class OraclePolicy(Policy):
    """Play a solution of the game; see `coopetition.oracles.policies` for what each name plays.

    An oracle that does not condition on the state plays the same rates at every step. One that does follows the state
    by what it sees, so that it must be asked at every step, from the start of an episode on.

    Parameters
    ----------
    game : Game
        What is played.
    name : str
        One of `coopetition.oracles.ORACLES`.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.baselines import make_policy
    >>> copies = coopetition.batch("PublicGoods-v0", num_envs=2)
    >>> policy = make_policy("Oracle_SocialOptimum", copies.game)
    >>> policy.reset(num_envs=2)
    >>> policy.act(copies.reset()[:, 0], agent=0)
    array([1., 1.])
    """

    citation = (
        "Reference oracles of Coopetition-Gym v1 (V. Pant and E. Yu, arXiv:2605.02063), solved with certificates."
    )

    def __init__(self, game: Game, name: str) -> None:
        super().__init__(game)
        self.oracle = Oracle(name, game)
        self.name = name
        self._conditions = self.oracle.reference.conditions_on_state
        self.classifier = Classifier(memory=math.inf if self._conditions else 0, needs_model=True, uses_oracle=True)

    def reset(self, seed: Seeds = None, num_envs: int = 1) -> None:
        """Start new episodes; nothing is drawn."""
        super().reset(seed, num_envs)
        self.oracle.reset(None, int(num_envs))

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """The solution's rates, in every copy."""
        self.look(observations, agent)
        rates: np.ndarray = self.oracle.act(observations, agent)
        return rates

    def script(self, steps: int, agent: int) -> np.ndarray | None:
        """The rates (steps, B) of an oracle that does not condition on the state."""
        if self._conditions:
            return None
        rates = np.asarray(self.oracle.profile[agent])
        return np.broadcast_to(rates, (steps, self._num_envs or 1, *rates.shape)).copy()
