"""Many parameter sets of one game, played side by side by its own kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

Array = NDArray[np.float64]


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
        self._batches = []
        for k in range(count):
            own = {name: np.asarray(value)[k].tolist() for name, value in varied.items()}
            game = Game(parameters.build({**fixed, **own}), action_scale="endowment")
            self._batches.append(Batch(game, copies, autoreset="disabled", observe=False))
            self._batches[-1].reset()

    def step(self, levels: Array) -> None:
        """One step at levels (B, N), B = K times copies, set after set."""
        for k, batch in enumerate(self._batches):
            batch.step(levels[k * self.copies : (k + 1) * self.copies])

    def read(self, name: str) -> Array:
        """A part of the state, (B, ...)."""
        return np.concatenate([batch.read(name) for batch in self._batches])

    @property
    def utilities(self) -> Array:
        """Utilities of the last step, (B, N)."""
        return np.concatenate([batch.utilities for batch in self._batches])

    def evaluate(self, levels: Array) -> tuple[Array, Array]:
        """Payoffs and utilities (K, copies, N) of the first step at levels of that shape; states are overwritten."""
        found = [batch.evaluate(own) for batch, own in zip(self._batches, levels, strict=True)]
        found = [(payoffs.copy(), utilities.copy()) for payoffs, utilities in found]
        return np.stack([pair[0] for pair in found]), np.stack([pair[1] for pair in found])
