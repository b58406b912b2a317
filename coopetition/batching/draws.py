"""What is random in a batch: drawn here, one stream a copy, and handed to the kernel as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.batching.memory import Memory
from coopetition.games.variants import from_arrays

#: How many draws each copy makes at a time: of observation noise, and of what an episode starts with.
NOISE_BLOCK = 64
GAMMA_BLOCK = 32
#: An episode's chance is a whole number below this, which float64 holds exactly.
CHANCES = 2**53


class Draws:
    """The random streams of a game that draws: observation noise, and the gamma and the chance of the next episode.

    Parameters
    ----------
    memory : Memory
        Where the kernel finds what is drawn.
    vary : dict of str to (float, float), optional
        Parameters drawn for each copy and episode, and the ranges in which they are uniform.
    """

    def __init__(self, memory: Memory, vary: Mapping[str, tuple[float, float]] | None = None) -> None:
        self.memory = memory
        self.game = memory.game
        copies = memory.copies
        self.noisy = memory.noise.size > 0
        self._rngs: list[np.random.Generator] = []
        self._noise_block = np.zeros((copies, NOISE_BLOCK, memory.noise.shape[2]))
        self._noise_cursor = np.full(copies, NOISE_BLOCK)
        self._gamma_block = np.zeros((copies, GAMMA_BLOCK))
        self._gamma_cursor = np.full(copies, GAMMA_BLOCK)
        self._chance_block = np.zeros((copies, GAMMA_BLOCK if self.game.uncertain else 0))
        self._chance_cursor = np.full(copies, GAMMA_BLOCK)
        self.vary = dict(vary or {})
        self._chosen = memory.variants.source.chosen if vary and memory.variants is not None else None
        self._bounds = np.array(list(self.vary.values()), dtype=np.float64).reshape(-1, 2)

    def seed(self, seeds: Sequence[int | None], copies: np.ndarray) -> None:
        """Start the streams of these copies, by index; those whose seed is None go on."""
        if not self._rngs:
            self._rngs = [np.random.default_rng() for _ in range(self.memory.copies)]
            self.after_restart(np.arange(self.memory.copies))
        for copy, own_seed in zip(copies, seeds, strict=True):
            if own_seed is not None:
                self.start_stream(copy, np.random.default_rng(own_seed))

    def start_stream(self, copy: int, generator: np.random.Generator) -> None:
        """Let one copy draw from this generator from now on."""
        if not self._rngs:
            self.seed([], np.arange(0))
        self._rngs[copy] = generator
        self._noise_cursor[copy] = NOISE_BLOCK
        self._gamma_cursor[copy] = GAMMA_BLOCK
        self._chance_cursor[copy] = GAMMA_BLOCK
        # The next gamma is always drawn ahead, so only a new stream draws one here: an episode that is reset by hand
        # and one that is reset by the kernel read the same numbers.
        self.after_restart(np.array([copy]))

    def _draw_gamma(self, copies: np.ndarray) -> None:
        """Put these copies' next gammas where the kernel finds them when it restarts one."""
        if not self.game.random_gamma:
            return
        sets = self.memory.variants
        for copy in copies[self._gamma_cursor[copies] == GAMMA_BLOCK]:
            own = self.game.parameters if sets is None else sets.parameters_of(copy // self.memory.copies_of_set)
            low, high = own.gamma_range  # type: ignore[attr-defined]
            self._gamma_block[copy] = self._rngs[copy].uniform(low, high, size=GAMMA_BLOCK)
            self._gamma_cursor[copy] = 0
        self.memory.next_gamma[copies] = self._gamma_block[copies, self._gamma_cursor[copies]]
        self._gamma_cursor[copies] += 1

    def _draw_chance(self, copies: np.ndarray) -> None:
        """The same for what uncertainty follows from."""
        if not self.game.uncertain:
            return
        for copy in copies[self._chance_cursor[copies] == GAMMA_BLOCK]:
            self._chance_block[copy] = self._rngs[copy].integers(CHANCES, size=GAMMA_BLOCK)
            self._chance_cursor[copy] = 0
        self.memory.next_chance[copies] = self._chance_block[copies, self._chance_cursor[copies]]
        self._chance_cursor[copies] += 1

    def _draw_noise(self, copies: np.ndarray, draws: int) -> None:
        """Fill the first `draws` noise rows of these copies from their blocks, without using them up."""
        for copy in copies[self._noise_cursor[copies] > NOISE_BLOCK - 2]:
            kept = self._noise_block[copy, self._noise_cursor[copy] :].copy()
            drawn = self._rngs[copy].standard_normal((NOISE_BLOCK - len(kept), self._noise_block.shape[2]))
            self._noise_block[copy] = np.concatenate([kept, drawn])
            self._noise_cursor[copy] = 0
        for draw in range(draws):
            self.memory.noise[draw, copies] = self._noise_block[copies, self._noise_cursor[copies] + draw]

    def before_reset(self, copies: np.ndarray) -> None:
        """What the first view of these copies' new episodes shows."""
        if self.noisy:
            self._draw_noise(copies, 1)
            self._noise_cursor[copies] += 1

    def before_step(self) -> None:
        """What the next views show, if they end their episodes too."""
        if self.noisy:
            self._draw_noise(np.arange(self.memory.copies), 2)

    def after_step(self, ended: np.ndarray) -> None:
        """Use up what was shown: two views of copies, by a mask, that ended and were restarted in the same step."""
        if self.noisy:
            self._noise_cursor += 1
            self._noise_cursor[ended] += 1

    def after_restart(self, copies: np.ndarray) -> None:
        """Draw what the next episodes of these copies start with."""
        self._draw_gamma(copies)
        self._draw_chance(copies)
        if self.vary and copies.size:
            low, high = self._bounds.T
            drawn = np.stack([self._rngs[copy].uniform(low, high) for copy in copies])
            arrays = dict(zip(self.vary, drawn.T, strict=True))
            self.memory.next_numbers[copies] = from_arrays(self.game, arrays, self._chosen).rows()

    def snapshot(self) -> tuple[Any, ...]:
        """The streams as they stand; empty before they were seeded."""
        if not self._rngs:
            return ()
        return ([rng.bit_generator.state for rng in self._rngs], *(array.copy() for array in self._arrays()))

    def _arrays(self) -> tuple[np.ndarray, ...]:
        memory = self.memory
        held: tuple[np.ndarray, ...] = (memory.next_gamma, memory.noise, self._noise_block, self._noise_cursor)
        held += (self._gamma_block, self._gamma_cursor, memory.next_chance, self._chance_block, self._chance_cursor)
        if self.vary and memory.variants is not None:
            sets = memory.variants
            held += (memory.next_numbers, sets.parameters, sets.initial, sets.observation_scales, sets.joint_scales)
        return held

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a snapshot."""
        if not snapshot:
            return
        self.seed([], np.arange(0))
        states, *arrays = snapshot
        for rng, state in zip(self._rngs, states, strict=True):
            rng.bit_generator.state = state
        for mine, kept in zip(self._arrays(), arrays, strict=True):
            mine[...] = kept
