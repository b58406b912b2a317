"""Streams of random rates: one for each (seed, copy, seat), whoever plays it and however many others are played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Seeds = int | Sequence[int | None] | None

#: SplitMix64 (G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD = 2**64


def mixed(words: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser, a bijection of 64-bit words."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def seeds_of_copies(seed: Seeds, copies: int) -> list[int | None]:
    """A seed for each copy: ``seed + k`` for copy k, or its own entry.

    Raises
    ------
    ValueError
        Not one seed a copy.
    """
    if seed is None:
        return [None] * copies
    if isinstance(seed, int | np.integer):
        return [int(seed) + copy for copy in range(copies)]
    seeds = [None if one is None else int(one) for one in seed]
    if len(seeds) != copies:
        raise ValueError(f"{len(seeds)} seeds for {copies} copies")
    return seeds


class RateStreams:
    """One seat's rates, uniform on [0, 1), in each of B copies.

    The numbers of a copy depend on its seed and the seat alone, so that neither the number of copies nor the order in
    which seats are asked changes what anyone draws. No generator is made for a copy: ten thousand start in no time.

    Parameters
    ----------
    seed : int, sequence or None
        Copy k is seeded with ``seed + k``, or with its own entry; None takes seeds from the operating system.
    copies : int
        Number of copies B.
    seat : int
        Index of the agent.
    """

    def __init__(self, seed: Seeds, copies: int, seat: int) -> None:
        self.seat = int(seat)
        self._start = np.zeros(copies, dtype=np.uint64)
        self._drawn = np.zeros(copies, dtype=np.uint64)
        fresh = int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
        self._seed([(fresh + k) % _WORD if one is None else one for k, one in enumerate(seeds_of_copies(seed, copies))])

    @property
    def copies(self) -> int:
        """B."""
        return len(self._start)

    def _seed(self, seeds: Sequence[int | None]) -> None:
        chosen = [k for k, one in enumerate(seeds) if one is not None]
        words = np.array([int(one) % _WORD for one in seeds if one is not None], dtype=np.uint64)
        seat = np.full(len(chosen), self.seat + 1, dtype=np.uint64) * _GAMMA
        # Mixed twice, so that neighbouring seeds and seats start at unrelated places.
        self._start[chosen] = mixed(mixed(words + _GAMMA) ^ mixed(seat))
        self._drawn[chosen] = 0

    def reseed(self, seed: Seeds) -> None:
        """Start some copies' streams anew; those whose seed is None go on."""
        self._seed(seeds_of_copies(seed, self.copies))

    def draw(self) -> np.ndarray:
        """The next rate of each copy, (B,)."""
        self._drawn += np.uint64(1)
        return _uniform(self._start + self._drawn * _GAMMA)

    def draws(self, steps: int) -> np.ndarray:
        """The next `steps` rates of each copy, (steps, B): what as many calls of `draw` give."""
        count = np.arange(1, steps + 1, dtype=np.uint64)[:, np.newaxis]
        rates = _uniform(self._start + (self._drawn + count) * _GAMMA)
        self._drawn += np.uint64(steps)
        return rates

    def give_back(self, copies: np.ndarray) -> None:
        """Undo these copies' last draw: they were asked, but did not play."""
        self._drawn[copies] -= np.uint64(1)


def _uniform(words: np.ndarray) -> np.ndarray:
    rates: np.ndarray = (mixed(words) >> np.uint64(11)) * 2.0**-53
    return rates
