"""Sequences and profiles that searches start from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numpy.typing import NDArray

from coopetition.oracles.stage.game import Array

CONSTANTS = np.arange(101) / 100.0
#: Rates that sequences which switch may begin with.
FINE = tuple(np.linspace(0.0, 1.0, 21).tolist())


def switching_sequences(horizon: int, early: Sequence[float], late: Sequence[float]) -> Array:
    """Sequences (K, T) that play one rate and then another: build something up first, or spend it in the last steps."""
    few = (1, 2, 3, 4, 5, 6, 7, 10, 15, 20, 30, horizon // 2)
    switches = sorted({k for first in few for k in (first, horizon - first) if 1 <= k < horizon})
    pairs = [(first, last) for first in early for last in late if first != last]
    rows = np.array([np.repeat([first, last], [k, horizon - k]) for first, last in pairs for k in switches])
    return rows.reshape(-1, horizon).astype(np.float64)


def partitions(groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The groups themselves, and with one or half of the agents of a group taken out of it."""
    options = [groups]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        for count in sorted({1, len(members) // 2} if len(members) > 1 else set()):
            apart = groups.copy()
            apart[members[:count]] = groups.max() + 1
            options.append(np.unique(apart, return_inverse=True)[1].astype(np.int64))
    return options


def cast_profiles(groups: NDArray[np.int64], marks: Sequence[float], most: int = 1000) -> Array:
    """Constant profiles (K, N) in which so many of the agents of a group play one key rate, so many the next.

    Every such division of each group, the groups in turn with the others at the middle key rate; where key rates are
    too many for that, some of them.
    """
    profiles = []
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        rates = list(marks)
        while len(rates) > 2 and comb(len(members) + len(rates) - 1, len(rates) - 1) > most:
            del rates[len(rates) // 2]
        for chosen in combinations_with_replacement(rates, len(members)):
            profile = np.full(len(groups), marks[len(marks) // 2])
            profile[members] = chosen
            profiles.append(profile)
    return np.array(profiles)


def mixed_rates(marks: Sequence[float], kinds: int, most: int = 800) -> Array:
    """Every combination of the key rates (K, kinds), or a random choice of them when they are many."""
    if len(marks) ** kinds <= most:
        return np.array(np.meshgrid(*[marks] * kinds)).reshape(kinds, -1).T
    return np.random.default_rng(0).choice(np.asarray(marks), size=(most, kinds))
