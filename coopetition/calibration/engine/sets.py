"""Many parameter sets of one game, played side by side by its own kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.games.variants import from_arrays

Array = NDArray[np.float64]


def distinct(arrays: Mapping[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of B sets are the first of their kind, and the kind of each: what is equal is played once.

    Parameters
    ----------
    arrays : mapping of str to ndarray, shape (B, ...)
        Everything in which the sets differ.

    Returns
    -------
    first : ndarray of int
        A set of each kind.
    kind : ndarray of int, shape (B,)
        ``x[first][kind]`` is x again.
    """
    rows = np.concatenate([np.asarray(x, dtype=float).reshape(len(x), -1) for x in arrays.values()], axis=1)
    _, first, kind = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, kind.reshape(-1)


class Sets:
    """K parameter sets of a game, the same number of copies of each, at their starting states.

    Parameters
    ----------
    parameters : type
        The game's class of parameters.
    count : int
        Number of sets K.
    fixed : mapping of str to object
        Arguments that all sets share.
    varied : mapping of str to ndarray, shape (K, ...)
        Arguments that differ.
    copies : int
        Copies of each set.

    Notes
    -----
    Actions are levels; nothing starts anew when an episode ends.
    """

    def __init__(
        self,
        parameters: type[Parameters],
        count: int,
        fixed: Mapping[str, Any],
        varied: Mapping[str, Any],
        copies: int = 1,
    ) -> None:
        self.count, self.copies = count, copies
        own = {name: np.ascontiguousarray(value) for name, value in varied.items()}
        first = {name: value[0].tolist() for name, value in own.items()}
        game = Game(parameters.build({**fixed, **first}), action_scale="endowment")
        #: The sets as the games' variants; None where nothing differs.
        self.variants = from_arrays(game, own, tuple(fixed)) if own else None
        self._batch = Batch(
            game if self.variants is None else self.variants.game,
            count * copies,
            variants=self.variants,
            autoreset="disabled",
            observe=False,
        )
        self._batch.reset()

    def step(self, levels: Array) -> None:
        """One step at levels (B, N), B = K times copies, set after set."""
        self._batch.step(levels)

    def read(self, name: str) -> Array:
        """A part of the state, (B, ...)."""
        return self._batch.read(name)

    @property
    def utilities(self) -> Array:
        """Utilities of the last step, (B, N)."""
        return self._batch.utilities

    def evaluate(self, levels: Array) -> tuple[Array, Array]:
        """Payoffs and utilities (K, copies, N) of the first step at levels of that shape; states are overwritten."""
        payoffs, utilities = self._batch.evaluate(levels.reshape(-1, levels.shape[-1]))
        return payoffs.reshape(levels.shape).copy(), utilities.reshape(levels.shape).copy()
