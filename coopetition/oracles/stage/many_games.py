"""The stage games of many parameter sets of one environment, evaluated side by side in one kernel call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.games.variants import SHAPES, Columns, Variants, changed, from_arrays, stacked
from coopetition.oracles.stage.game import Array, as_game

#: Profiles a kernel call at most, over all sets; batches that are kept, and what of a set the kernel reads.
MOST_PROFILES, MOST_BATCHES = 1 << 16, 24
ARRAYS = (
    "parameters",
    "at",
    "initial",
    "observation_scales",
    "joint_scales",
    "horizons",
    "endowment",
    "action_low",
    "action_high",
)

Indices = NDArray[np.int64]


class ManyGames:
    """The stage games of K parameter sets, at their reset states.

    Parameters
    ----------
    groups : sequence of (ndarray of int, Variants)
        The places of the sets of one structure among all K, and their numbers.

    Attributes
    ----------
    upper, baseline : ndarray (K, N)
        Endowments, and the levels that others expect.
    n : int
        Agents.
    id : str, agents : tuple of str
        The environment and its agents.
    evaluations : int
        Profiles evaluated so far.
    """

    def __init__(self, groups: Sequence[tuple[Indices, Variants]]) -> None:
        self._groups = [variants for _, variants in groups]
        first = self._groups[0].game
        self.n, self.id, self.agents = first.n, first.id, first.agents
        count = sum(len(places) for places, _ in groups)
        self._group, self._place = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        self.upper, self.baseline = np.empty((count, self.n)), np.empty((count, self.n))
        for k, (places, variants) in enumerate(groups):
            self._group[places], self._place[places] = k, np.arange(len(places))
            self.upper[places] = variants.endowment
            self.baseline[places] = _baselines(variants)
        self.evaluations = 0
        self._batches: dict[tuple[int, int, int], Batch] = {}

    def __len__(self) -> int:
        return len(self.upper)

    def game(self, k: int) -> Game:
        """The game of one set."""
        return Game(self._groups[self._group[k]].parameters_of(int(self._place[k])))

    def dependence(self) -> Array:
        """D of every set at reset, (K, N, N).

        Raises
        ------
        ValueError
            The environment has none.
        """
        found = np.empty((len(self), self.n, self.n))
        for k, variants in enumerate(self._groups):
            field = variants.game.layout.get("dependence")
            if field is None:
                raise ValueError(f"{self.id} has no interdependence: use another objective")
            mine = self._group == k
            found[mine] = variants.initial[:, field.rows].reshape(-1, self.n, self.n)[self._place[mine]]
        return found

    def evaluate(self, which: Indices, levels: Array) -> tuple[Array, Array]:
        """Payoffs and utilities (S, M, N) of the sets `which` (S,) at levels (S, M, N)."""
        payoffs, utilities = np.empty_like(levels), np.empty_like(levels)
        self.evaluations += levels.shape[0] * levels.shape[1]
        for k in range(len(self._groups)):
            mine = np.flatnonzero(self._group[which] == k)
            most = max(1, MOST_PROFILES // levels.shape[1])
            for first in range(0, len(mine), most):
                rows = mine[first : first + most]
                payoffs[rows], utilities[rows] = self._evaluate(k, self._place[which[rows]], levels[rows])
        return payoffs, utilities

    def _evaluate(self, k: int, places: Indices, levels: Array) -> tuple[Array, Array]:
        """The same for sets of one structure, in one kernel call of a batch whose numbers are replaced."""
        sets, count, n = levels.shape
        held = 1 << (sets - 1).bit_length()
        variants = self._groups[k]
        batch = self._batches.get((k, held, count))
        if batch is None:
            if len(self._batches) >= MOST_BATCHES:
                self._batches.pop(next(iter(self._batches)))
            copied = {name: getattr(variants, name)[np.zeros(held, dtype=np.int64)].copy() for name in ARRAYS}
            own = dataclasses.replace(variants, **copied)
            batch = Batch(variants.game, held * count, autoreset="disabled", observe=False, variants=own)
            self._batches[k, held, count] = batch
        own = cast("Variants", batch.variants)
        shown = np.concatenate([places, np.repeat(places[-1:], held - sets)])
        for name in ARRAYS:
            getattr(own, name)[...] = getattr(variants, name)[shown]
        table = levels if held == sets else np.concatenate([levels, np.repeat(levels[-1:], held - sets, axis=0)])
        paid, felt = batch.evaluate(table.reshape(-1, n))
        return paid.reshape(held, count, n)[:sets].copy(), felt.reshape(held, count, n)[:sets].copy()


def _baselines(variants: Variants) -> Array:
    """What others expect, (K, N)."""
    if isinstance(variants.source, Columns):
        found = variants.source.values("baseline") if hasattr(variants.game.parameters, "baseline") else None
        if found is None:
            return np.repeat(variants.game.baseline[None], variants.count, axis=0)
        return np.asarray(found.reshape(variants.count, -1) * np.ones(variants.game.n))
    return np.array([Game(parameters).baseline for parameters in variants.source])


def many_games(env_or_id: Any, parameters: Sequence[Any] | Mapping[str, Any] | Variants) -> ManyGames:
    """The games of the sets, validated; of arrays of numbers as arrays.

    Raises
    ------
    ValueError
        No sets, arrays of different lengths, values out of their domains, or sets with different numbers of agents.
    TypeError
        An unknown parameter, with the nearest; a set that is neither a mapping nor parameters.
    """
    if isinstance(parameters, Variants):
        return ManyGames([(np.arange(parameters.count), parameters)])
    base = as_game(env_or_id)
    # What an id does not say is resolved anew in each set; what an object holds, somebody chose.
    chosen = () if isinstance(env_or_id, str) else tuple(f.name for f in dataclasses.fields(base.parameters))
    if isinstance(parameters, Mapping):
        if not parameters:
            raise ValueError("no parameter sets are given: expected arrays of one length K")
        columns = {name: np.atleast_1d(np.asarray(column)) for name, column in parameters.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError(
                f"parameters must be arrays of one length K, found { {name: len(c) for name, c in columns.items()} }"
            )
        cls = type(base.parameters)
        names = [field.name for field in dataclasses.fields(base.parameters)]
        if all(name in names and cls.domain(name).kind in SHAPES for name in columns) and len(columns):
            variants = from_arrays(base, columns, chosen)
            return ManyGames([(np.arange(variants.count), variants)])
        listed = {name: column.tolist() for name, column in columns.items()}
        sets: list[Any] = [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]
    else:
        sets = list(parameters)
    if not sets:
        raise ValueError("no parameter sets are given")
    games = []
    for entry in sets:
        if isinstance(entry, Parameters):
            games.append(as_game(entry))
        elif isinstance(entry, Mapping):
            games.append(as_game(changed(base.parameters, entry, chosen)))
        else:
            raise TypeError(f"a parameter set is a mapping or parameters, not {type(entry).__name__}")
    if len({(game.id, game.n) for game in games}) > 1:
        raise ValueError("all sets must be of one environment with the same number of agents")
    by_structure: dict[Any, list[int]] = {}
    for k, game in enumerate(games):
        key = (game.parameter_block.size, game.state_rows, tuple(id(stage) for stage in game.stages()))
        by_structure.setdefault(key, []).append(k)
    return ManyGames([(np.array(places), stacked([games[k] for k in places])) for places in by_structure.values()])
