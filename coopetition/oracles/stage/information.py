"""What knowing a number is worth where an environment draws it: SynergySearch's complementarity gamma.

`solve` answers ex ante: payoffs are linear in gamma, so who has not seen the draw plays the game of its expected value.
Beside that stands the answer of who has: the game is solved for every gamma, and results are averaged over the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.oracles.stage.game import Array, as_game, given_game
from coopetition.oracles.stage.many import ManySolutions, solve_many


@dataclass(frozen=True, eq=False)
class Informed:
    """A concept solved ex ante, and with the draw known.

    Attributes
    ----------
    environment, concept : str
        Of what.
    ex_ante : ndarray (N,)
        Levels of who knows the distribution only.
    gammas, weights : ndarray (K,)
        Gauss-Legendre nodes of the uniform draw, and their weights, which sum to one.
    known : ManySolutions
        The solutions with each of them known, in their order.
    ex_ante_total, known_total : float
        Expected sums of payoffs.
    """

    environment: str
    concept: str
    ex_ante: Array
    gammas: Array
    weights: Array
    known: ManySolutions
    ex_ante_total: float
    known_total: float

    @property
    def value_of_information(self) -> float:
        """How much more the agents have together if they know; of equilibria it may be negative."""
        return self.known_total - self.ex_ante_total


def with_gamma_known(env_or_id: Any, concept: str = "social_optimum", *, points: int = 9) -> Informed:
    """Solve an environment that draws gamma, ex ante and with the draw known.

    Parameters
    ----------
    concept : {"nash", "coopetitive", "social_optimum"}
        What is solved.
    points : int
        Nodes over the range of the draw.

    Raises
    ------
    ValueError
        The environment draws nothing.

    Examples
    --------
    >>> found = with_gamma_known("SynergySearch-v0")
    >>> found.known_total > found.ex_ante_total
    True
    """
    game: Game = given_game(env_or_id)
    if not game.random_gamma:
        raise ValueError(f"{game.id} draws no gamma: `solve` says it all")
    parameters: Any = game.parameters
    low, high = parameters.gamma_range
    nodes, weights = np.polynomial.legendre.leggauss(points)
    gammas, weights = 0.5 * (low + high) + 0.5 * (high - low) * nodes, 0.5 * weights
    known = solve_many(game, {"gamma": gammas}, concept)
    expected = solve_many(as_game(game), [{}], concept)
    return Informed(
        game.id,
        concept,
        expected.actions[0],
        gammas,
        weights,
        known,
        float(expected.payoffs[0].sum()),
        float(weights @ known.payoffs.sum(axis=1)),
    )
