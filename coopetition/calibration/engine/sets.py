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
    """B copies of a game, each with numbers of its own, at its starting state.

    Parameters
    ----------
    parameters : type
        The game's class of parameters.
    count : int
        Number of copies B.
    fixed : mapping of str to object
        Arguments that all copies share.
    varied : mapping of str to ndarray, shape (B, ...)
        Arguments that differ; those that are a scalar, or have one entry, are shared too.

    Notes
    -----
    Actions are levels; nothing starts anew when an episode ends.
    """

    def __init__(
        self, parameters: type[Parameters], count: int, fixed: Mapping[str, Any], varied: Mapping[str, Any]
    ) -> None:
        self.count = count
        self._batches = []
        for k in range(count):
            own = {name: np.asarray(value)[k].tolist() for name, value in varied.items()}
            batch = Batch(
                Game(parameters.build({**fixed, **own}), action_scale="endowment"),
                1,
                autoreset="disabled",
                observe=False,
            )
            batch.reset()
            self._batches.append(batch)

    def step(self, levels: Array) -> None:
        """One step at levels (B, N)."""
        for batch, level in zip(self._batches, levels, strict=True):
            batch.step(level[None])

    def read(self, name: str) -> Array:
        """A part of the state, (B, ...)."""
        return np.concatenate([batch.read(name) for batch in self._batches])

    @property
    def utilities(self) -> Array:
        """Utilities of the last step, (B, N)."""
        return np.concatenate([batch.utilities for batch in self._batches])
