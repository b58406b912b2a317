"""Every array of a batch, and the descriptor that tells the kernel where they are: the port of views and tools.

`Memory` is public. What writes to a batch beside `Batch` itself, or calls its kernel with other addresses, does it
here: the views of one copy lay all outputs into one block, rollouts send outputs elsewhere, benchmarks take the call
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.variants import Variants
from coopetition.kernels.machine.numbers import DESCRIPTOR_SIZE, Autoreset, Descriptor

AUTORESETS = {"disabled": Autoreset.DISABLED, "next_step": Autoreset.NEXT_STEP, "same_step": Autoreset.SAME_STEP}
#: State and scratch of one chunk should fit half of a second-level cache; more than 128 lanes gain nothing.
CHUNK_BYTES = 256 * 1024
MOST_LANES = 128
#: Lanes come in multiples of the widest vector's.
WHOLE = 8
CACHE_LINE = 64

#: The arrays that callers see, and where the kernel finds them. Callers may bring memory for any of them.
PUBLIC = {
    "actions": Descriptor.ACTIONS,
    "observations": Descriptor.OBSERVATIONS,
    "joint": Descriptor.JOINT,
    "rewards": Descriptor.REWARDS,
    "joint_rewards": Descriptor.JOINT_REWARDS,
    "payoffs": Descriptor.PAYOFFS,
    "utilities": Descriptor.UTILITIES,
    "terminated": Descriptor.TERMINATED,
    "truncated": Descriptor.TRUNCATED,
    "final_observations": Descriptor.FINAL_OBSERVATIONS,
    "final_joint": Descriptor.FINAL_JOINT,
}


def aligned_zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that start on a cache line: a vector of 64 bytes that straddles two of them costs twice as much."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    block = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    start = -block.ctypes.data % CACHE_LINE
    return block[start : start + size].view(dtype).reshape(shape)


def checked_buffers(
    buffers: dict[str, np.ndarray] | None, wanted: dict[str, tuple[tuple[int, ...], Any]]
) -> dict[str, np.ndarray]:
    """The caller's memory, where the kernel can write to it.

    Raises
    ------
    ValueError
        An unknown name; memory of another shape or type, misaligned, read-only or not contiguous; two that overlap.
    """
    if buffers is not None and not isinstance(buffers, Mapping):
        raise TypeError(f"buffers must be a mapping of names to arrays, not {checks.kind_of(buffers)}")
    given = dict(buffers or {})
    unknown = [name for name in given if name not in wanted]
    if unknown:
        raise ValueError(f"unknown buffers: {', '.join(sorted(unknown))} (allowed: {', '.join(wanted)})")
    taken: dict[str, np.ndarray] = {}
    for name, buffer in given.items():
        shape, dtype = wanted[name]
        fits = isinstance(buffer, np.ndarray) and not isinstance(buffer, np.ma.MaskedArray | np.matrix)
        fits = fits and buffer.shape == shape and buffer.dtype == dtype
        if not fits or not (buffer.flags.c_contiguous and buffer.flags.writeable and buffer.flags.aligned):
            raise ValueError(
                f"buffer {name!r} must be a writeable, aligned, C-contiguous {np.dtype(dtype)} array of shape {shape}"
            )
        for other, array in taken.items():
            if np.may_share_memory(buffer, array):
                raise ValueError(f"buffers {other!r} and {name!r} overlap")
        taken[name] = buffer
    return taken


@dataclass(frozen=True)
class Snapshot:
    """The whole state of a batch: state rows, the random streams where the game has any, and what game it is of.

    `sets` holds the numbers of all parameter sets, (K, width), or the ranges from which numbers are drawn.
    """

    state: np.ndarray
    random: tuple[Any, ...]
    parameters: Any
    mode: Any
    sets: Any = None


class Memory:
    """The arrays of B copies, and the descriptor.

    Parameters
    ----------
    game : Game
        What is played.
    copies : int
        Number of copies B.
    autoreset, strict_actions, threads, observe, observe_joint, buffers
        As for `Batch`.
    block : tuple of str
        Arrays to lay into one block of bytes in this order, ``"state"`` among them if wanted: a view of one copy
        takes all that a step wrote in one piece.
    noisy : int
        Number of columns that are seen with noise.
    variants : Variants, optional
        Parameter sets, each played by the same number of copies, one set's after another's. A chunk holds copies of one
        set.
    varied : bool
        Whether each copy's numbers are drawn anew for every episode: then each is a set by itself.

    Attributes
    ----------
    arrays : dict of str to ndarray
        What callers see, by name; an array that is not wanted has no copies.
    state : ndarray (chunks, rows, lanes) float64
        The state: copy k of a set is lane ``k % lanes`` of the set's chunk ``k // lanes``.
    block : ndarray (bytes,) uint8, spans : dict of str to slice
        The one block, and where each array lies in it.
    descriptor : ndarray int64
        What the kernel reads, by the numbers of `coopetition.kernels.machine.numbers.Descriptor`. Its addresses are
        good as long as this object lives.
    kernel : callable
        ``kernel(address of a descriptor)``: 0, or the code of a refused action (`Batch.refusal`).
    """

    def __init__(
        self,
        game: Game,
        copies: int,
        *,
        autoreset: str,
        strict_actions: bool,
        threads: int,
        observe: bool,
        observe_joint: bool,
        buffers: dict[str, np.ndarray] | None = None,
        block: tuple[str, ...] = (),
        noisy: int = 0,
        variants: Variants | None = None,
        varied: bool = False,
    ) -> None:
        self.game = game
        self.copies = copies
        self.autoreset = autoreset
        self.strict_actions = strict_actions
        self.threads = threads
        self.noisy = noisy
        self.variants = variants
        self.sets = 1 if variants is None else variants.count
        self.copies_of_set = copies // self.sets
        n = game.n
        scratch_rows = game.scratch_rows
        fitting = CHUNK_BYTES // (8 * (game.state_rows + scratch_rows))
        # Whole vectors: rows stay aligned, and lanes without a copy cost less than scalar code for the last ones.
        few = self.copies_of_set
        whole = few + -few % WHOLE if few > 1 else 1
        self.lanes = min(whole, MOST_LANES, max(WHOLE, fitting - fitting % WHOLE))
        self.chunks_of_set = -(-few // self.lanes)
        self.chunks = self.sets * self.chunks_of_set
        self.work = aligned_zeros((threads, scratch_rows + game.state_rows, self.lanes), np.float64)
        same_step = autoreset == "same_step"
        seen, joined = (game.observation_size,), (game.joint_size,)
        shapes: dict[str, tuple[tuple[int, ...], Any]] = {
            "actions": ((copies, *game.action_shape), np.float64),
            "observations": ((copies, n, *seen), np.float32),
            "joint": ((copies, *joined), np.float32),
            "rewards": ((copies, n), np.float32),
            "joint_rewards": ((copies,), np.float32),
            "payoffs": ((copies, n), np.float64),
            "utilities": ((copies, n), np.float64),
            "terminated": ((copies,), np.bool_),
            "truncated": ((copies,), np.bool_),
            "final_observations": ((copies, n, *seen), np.float32),
            "final_joint": ((copies, *joined), np.float32),
        }
        unwanted = {
            "observations": not observe,
            "joint": not observe_joint,
            "joint_rewards": not observe_joint,
            "final_observations": not (observe and same_step),
            "final_joint": not (observe_joint and same_step),
        }
        given = checked_buffers(buffers, shapes)
        self.arrays: dict[str, np.ndarray] = {}
        for name, (shape, dtype) in shapes.items():
            empty = np.zeros((0, *shape[1:]), dtype=dtype)
            self.arrays[name] = given.get(name, empty if unwanted.get(name) else aligned_zeros(shape, dtype))
        self.state = aligned_zeros((self.chunks, game.state_rows, self.lanes), np.float64)
        self.initial = game.initial_state.copy() if variants is None else variants.initial
        self.state[:] = np.repeat(self.initial.reshape(self.sets, -1), self.chunks_of_set, axis=0)[..., np.newaxis]
        self.mask = np.zeros(copies, dtype=np.bool_)
        self.next_gamma = np.zeros(copies)
        self.next_chance = np.zeros(copies if game.uncertain else 0)
        self.noise = np.zeros((2, copies, noisy))
        self.next_numbers = variants.rows() if varied and variants is not None else np.zeros((0, 0))
        self._own = np.zeros((threads if variants is not None else 0, DESCRIPTOR_SIZE), dtype=np.int64)
        self._in_block = block
        self._lay_block()
        self.describe()

    def _lay_block(self) -> None:
        """Move the arrays of the block next to each other."""
        self.block, self.spans = np.zeros(0, dtype=np.uint8), {}
        end = 0
        moved = {name: self.state if name == "state" else self.arrays[name] for name in self._in_block}
        for name, array in moved.items():
            end += -end % array.itemsize
            self.spans[name] = slice(end, end + array.nbytes)
            end += array.nbytes
        if not moved:
            return
        self.block = aligned_zeros((end,), np.uint8)
        for name, array in moved.items():
            mine = self.block[self.spans[name]].view(array.dtype).reshape(array.shape)
            mine[...] = array
            if name == "state":
                self.state = mine
            else:
                self.arrays[name] = mine

    def describe(self) -> None:
        """Fill the descriptor in; compile what it names, or load it."""
        game = self.game
        d = np.zeros(DESCRIPTOR_SIZE, dtype=np.int64)
        d[Descriptor.AGENTS] = game.n
        d[Descriptor.AXES] = game.axes
        d[Descriptor.LANES] = self.lanes
        d[Descriptor.COPIES] = self.copies
        d[Descriptor.STATE_ROWS] = game.state_rows
        d[Descriptor.WORK_ROWS] = game.scratch_rows
        d[Descriptor.PARAMETER_COUNT] = game.parameter_block.size
        d[Descriptor.CHUNKS] = self.chunks
        d[Descriptor.END] = self.copies
        d[Descriptor.SETS] = 0 if self.variants is None else self.sets
        d[Descriptor.COPIES_OF_SET] = self.copies_of_set
        d[Descriptor.CHUNKS_OF_SET] = self.chunks_of_set
        d[Descriptor.STEPS] = 1
        d[Descriptor.AUTORESET] = AUTORESETS[self.autoreset]
        d[Descriptor.STRICT] = self.strict_actions
        d[Descriptor.OBSERVATION_COLUMNS] = game.n * game.observation_size
        d[Descriptor.JOINT_COLUMNS] = game.joint_size
        d[Descriptor.NOISE_COLUMNS] = self.noisy
        d[Descriptor.RANDOM_GAMMA] = game.random_gamma
        d[Descriptor.WORKERS] = self.threads
        numbers: Any = game if self.variants is None else self.variants
        arrays = {
            **{place: self.arrays[name] for name, place in PUBLIC.items()},
            Descriptor.AT: numbers.at,
            Descriptor.PARAMETERS: game.parameter_block if self.variants is None else self.variants.parameters,
            Descriptor.OWN: self._own,
            Descriptor.NEXT: self.next_numbers,
            Descriptor.INITIAL: self.initial,
            Descriptor.STATE: self.state,
            Descriptor.WORK: self.work,
            Descriptor.RESET_MASK: self.mask,
            Descriptor.NEXT_GAMMA: self.next_gamma,
            Descriptor.NEXT_CHANCE: self.next_chance,
            Descriptor.NOISE: self.noise,
            Descriptor.OBSERVATION_ROWS: game.observation_rows,
            Descriptor.OBSERVATION_SCALES: numbers.observation_scales,
            Descriptor.JOINT_ROWS: game.joint_rows,
            Descriptor.JOINT_SCALES: numbers.joint_scales,
            Descriptor.NOISE_PLACES: game.noise_places,
        }
        from coopetition.kernels.machine import driver

        stages = np.array([part.address() for part in self.stages()], dtype=np.int64)
        arrays[Descriptor.STAGES], d[Descriptor.STAGE_COUNT] = stages, stages.size
        for place, array in arrays.items():
            d[place] = array.ctypes.data if array.size else 0
        d[Descriptor.PREPARE] = driver.prepare.address()
        d[Descriptor.SHOW] = driver.show.address()
        d[Descriptor.BLUR] = driver.blur.address() if self.noisy else 0
        self._described = arrays  # the addresses in the descriptor are only good as long as these arrays live
        self.descriptor = d
        self.kernel: Callable[[int], int] = driver.kernel(self.threads)

    def stages(self) -> list[Any]:
        """The stages of one step: the game's own between those of the driver."""
        from coopetition.kernels.machine import driver

        begin = driver.begin if self.game.axes == 1 else driver.begin_axes
        parts = [begin, *self.game.stages(), driver.account]
        if self.autoreset == "same_step":
            return [*parts, driver.write_outcomes, driver.show, driver.restart_ended]
        return [*parts, driver.hold, driver.write_outcomes, driver.show]

    @property
    def address(self) -> int:
        """Where the descriptor lies: what the kernel is called with."""
        return int(self.descriptor.ctypes.data)

    def run(self, operation: int) -> None:
        """Carry out an operation other than a step: a reset of `mask`, or a new look at the state."""
        d = self.descriptor.copy()
        d[Descriptor.OPERATION], d[Descriptor.ACTIONS] = operation, 0
        self.kernel(d.ctypes.data)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but addresses and compiled code."""
        left = ("descriptor", "_described", "kernel", "block")
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lay_block()
        self.describe()

    # --- state rows by copy

    def lanes_of(self, copies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The chunks and lanes of these copies, by index."""
        sets, within = np.divmod(copies, self.copies_of_set)
        chunks, lanes = np.divmod(within, self.lanes)
        return sets * self.chunks_of_set + chunks, lanes

    def rows(self) -> np.ndarray:
        """State rows by copy, (rows, B): a copy of the state."""
        by_set = self.state.transpose(1, 0, 2).reshape(self.game.state_rows, self.sets, -1)
        return by_set[:, :, : self.copies_of_set].reshape(self.game.state_rows, -1).copy()

    def rows_of(self, copies: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
        """Some state rows of some copies, by index: a copy, (K, rows)."""
        chunks, lanes = self.lanes_of(copies)
        return self.state[chunks, rows, lanes]

    def write_rows(self, rows: np.ndarray) -> None:
        """Write state rows by copy, (rows, B); lanes without a copy shadow the last one of their set."""
        few, held = self.copies_of_set, self.chunks_of_set * self.lanes
        padded = np.empty((self.game.state_rows, self.sets, held))
        by_set = np.broadcast_to(rows, (self.game.state_rows, self.copies)).reshape(-1, self.sets, few)
        padded[:, :, :few] = by_set
        padded[:, :, few:] = by_set[:, :, -1:]
        self.state[:] = padded.reshape(self.game.state_rows, self.chunks, self.lanes).transpose(1, 0, 2)
