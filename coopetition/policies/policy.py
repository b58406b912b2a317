"""What a policy is: rates from observations, on one copy of a game or on a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coopetition.games.game import Game


@dataclass(frozen=True)
class Classifier:
    """What a policy needs, so that tournaments and tables can select by it.

    Attributes
    ----------
    stochastic : bool
        It draws random numbers.
    memory : float
        How many past steps it conditions on; ``math.inf`` for all of them.
    needs_model : bool
        It knows the game's payoffs.
    uses_oracle : bool
        It plays what a solver computed.
    """

    stochastic: bool = False
    memory: float = 0
    needs_model: bool = False
    uses_oracle: bool = False


class Policy(ABC):
    """A reference policy: it maps an agent's observations to cooperation rates.

    One object may play several agents of a game, and any number of copies at once.

    Parameters
    ----------
    game : Game
        What is played; its `observation_layout` says where things are seen.

    Attributes
    ----------
    name : str
        The name that `make_policy` knows it by.
    classifier : Classifier
        What it needs.
    citation : str
        Where it comes from.
    """

    name: str
    classifier: ClassVar[Classifier] = Classifier()
    citation: ClassVar[str] = ""

    def __init__(self, game: Game) -> None:
        self.game = game

    @property
    def compiled(self) -> str | None:
        """The name under which the kernel itself plays it (`Batch.rollout`), or None."""
        return None

    def reset(self, seed: int | None = None, num_envs: int = 1) -> None:  # noqa: B027
        """Start new episodes.

        Parameters
        ----------
        seed : int, optional
            Seed of what it draws; copy k draws what a single copy with seed ``seed + k`` would.
        num_envs : int
            Number of copies B.
        """

    @abstractmethod
    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """Choose rates.

        Parameters
        ----------
        observations : ndarray (B, O) float32
            What the agent sees in each copy.
        agent : int
            Its index.

        Returns
        -------
        ndarray (B,) float64
            Rates in [0, 1]; `scale_rates` converts them for other action scales.
        """

    def script(self, steps: int, agent: int) -> np.ndarray | None:
        """The rates (steps, B) that it would play whatever it saw, if it looks at nothing; else None.

        Scripted steps count as played: the next call goes on after them.
        """
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} for {self.game.id}>"


def scale_rates(game: Game, rates: np.ndarray, agent: int | None = None) -> np.ndarray:
    """Rates as actions of the game's action scale.

    Parameters
    ----------
    game : Game
        Whose scale: rates, levels up to the endowment, or [-1, 1].
    rates : ndarray (..., N), or of any shape for one agent
        In [0, 1].
    agent : int, optional
        Whose rates they are; by default the last axis runs over all agents.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    low = game.action_low if agent is None else game.action_low[agent]
    high = game.action_high if agent is None else game.action_high[agent]
    actions: np.ndarray = low + np.asarray(rates, dtype=np.float64) * (high - low)
    return actions
