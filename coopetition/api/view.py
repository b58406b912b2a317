"""What the views of one copy share: the copy itself, fresh memory for what they return, rendering, snapshots.

A view's step is mostly Python, so this file is written for few and cheap calls. The kernel is called directly. All
its outputs lie in one block; what leaves as arrays is copied in one piece to a line of a page, memory that nobody
has seen yet, and handed out as views of that line. Numbers leave through memoryviews, which cost a fraction of
indexing an array; iterating over the lines of a page costs less than indexing them, too.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coopetition.api import render
from coopetition.api.options import ViewOptions, checked_reset_options
from coopetition.batching.batch import Batch, Snapshot
from coopetition.games import checks
from coopetition.games.game import Game

#: A page is one allocation for the outputs of several steps. What is kept of a step, such as an observation in a replay
#: buffer, keeps the page that it lies on: a page is at most so large, unless one array alone is larger.
PAGE_BYTES = 4096
#: State that `info_level="full"` leaves out, since flags and the outcome have keys of their own.
NOT_IN_INFO = ("ended", "outcome")

#: Arrays of the batch in the order in which they lie in the block; the state begins with the rates.
BLOCK = ("rewards", "joint", "payoffs", "utilities", "state", "observations", "terminated", "truncated")


def as_memoryview(array: Any) -> Any:
    """A one-dimensional array as a memoryview: cells read and written as Python numbers."""
    return memoryview(array)


def fresh_lines(source: memoryview, pieces: list[tuple[slice, Any]]) -> Iterator[tuple[np.ndarray, ...]]:
    """Whenever asked, a copy of the source in memory that nobody has seen yet.

    Parameters
    ----------
    source : memoryview
        Bytes, copied in one piece.
    pieces : list of (slice, dtype)
        The arrays in it.

    Yields
    ------
    tuple of ndarray
        The pieces of the copy.
    """
    size = len(source)
    count = max(1, PAGE_BYTES // size)
    parts = [slice(line * size, (line + 1) * size) for line in range(count)]
    names = [f"f{k}" for k in range(len(pieces))]
    # One record a line: a field of an array of records is had in a third of the time of a slice in another type.
    record = np.dtype(
        {
            "names": names,
            "formats": [(dtype, ((piece.stop - piece.start) // np.dtype(dtype).itemsize,)) for piece, dtype in pieces],
            "offsets": [piece.start for piece, _ in pieces],
            "itemsize": size,
        }
    )
    while True:
        page = np.empty(count, dtype=record)
        cells = as_memoryview(page.view(np.uint8))
        for part, line in zip(parts, zip(*[page[name] for name in names], strict=True), strict=True):
            cells[part] = source
            yield line


def fresh_rows(source: memoryview, rows: int) -> Iterator[Sequence[np.ndarray]]:
    """The same for a table of float32, in one array a row: the observations of all agents.

    Parameters
    ----------
    source : memoryview
        Bytes of the table.
    rows : int
        How many rows it has.

    Yields
    ------
    sequence of ndarray
        The rows of the copy.
    """
    size = len(source)
    columns = size // (4 * rows)
    count = PAGE_BYTES // size
    if count > 0:
        parts = [slice(line * size, (line + 1) * size) for line in range(count)]
        while True:
            page = np.empty((count * rows, columns), dtype=np.float32)
            cells = as_memoryview(page.reshape(-1)).cast("B")
            # The same iterator for each agent: row after row.
            for part, line in zip(parts, zip(*[iter(page)] * rows, strict=True), strict=True):
                cells[part] = source
                yield line
    # A line of many agents is larger than a page: as many agents as fit share one.
    shared = max(1, PAGE_BYTES // (4 * columns))
    groups = [(first, min(rows, first + shared)) for first in range(0, rows, shared)]
    spans = [(stop - first, slice(4 * columns * first, 4 * columns * stop)) for first, stop in groups]
    while True:
        whole: list[np.ndarray] = []
        for length, span in spans:
            block = np.empty((length, columns), dtype=np.float32)
            as_memoryview(block.reshape(-1)).cast("B")[:] = source[span]
            whole.extend(block)
        yield whole


@dataclass(frozen=True)
class ViewSnapshot:
    """A copy of a game in the middle of an episode, and of what its view remembers."""

    batch: Snapshot
    memory: dict[str, Any]
    outputs: dict[str, np.ndarray] = field(default_factory=dict)


def refuse_of_another_view(view: Any, snapshot: Any, remembered: Sequence[str]) -> None:
    """Refuse what is no snapshot of a view, or one of a view that remembers other things."""
    if not isinstance(snapshot, ViewSnapshot):
        raise TypeError(f"expected what snapshot() of {view!r} returns, not {checks.kind_of(snapshot)}")
    if set(snapshot.memory) != set(remembered):
        raise ValueError(f"the snapshot belongs to a view of another kind, this is {view!r}")
    if "_policies" in snapshot.memory:
        own, others = ([j for j, _ in policies] for policies in (view._policies, snapshot.memory["_policies"]))
        if own != others:
            raise ValueError(f"the snapshot belongs to a view in which others play along, this is {view!r}")


class View:
    """One copy of a game behind an API.

    Parameters
    ----------
    game : Game
        What is played.
    options : ViewOptions
        How it is shown.
    joint : bool
        Whether each step writes the joint state, and not the agents' observations.
    paged : tuple of str
        Outputs that leave as arrays: the observations, each agent's an array of its own; or some that are adjacent in
        `BLOCK`, ``rates`` perhaps the last.
    """

    #: Attributes, besides the batch, that make up the state of an episode.
    _remembered: tuple[str, ...] = ("_over", "_has_reset", "_history")
    #: Attributes with addresses in them, rebuilt in another process.
    _hooked: tuple[str, ...] = (
        "_actions",
        "_head",
        "_pay",
        "_numbers",
        "_play",
        "_reward_cells",
        "_terminated",
        "_truncated",
        "_ended",
        "_lines",
        "_hot",
    )

    def __init__(self, game: Game, options: ViewOptions, joint: bool, paged: tuple[str, ...]) -> None:
        self.game = game
        self.info_level = options.info_level
        self.render_mode = options.render_mode
        self._full = options.info_level == "full"
        self._draws = options.render_mode in ("human", "rgb_array")
        # What a step does beyond the bare minimum is decided once, not at every step.
        self._extra = self._full or self._draws
        self._paged = paged
        self._batch = Batch(
            game,
            1,
            autoreset="disabled",
            strict_actions=options.strict_actions,
            observe=not joint,
            observe_joint=joint,
            block=BLOCK,
        )
        self._history: dict[str, list[Any]] = {"rates": [], "payoffs": []}
        self._has_reset = False
        self._over = True
        self._window: Any = None
        self._hook()

    # --- memory

    def _hook(self) -> None:
        """Take the memoryviews that a step needs of the block in which all outputs of the batch lie."""
        batch, game = self._batch, self.game
        block, spans = batch.memory.block, dict(batch.memory.spans)
        start = spans["state"].start
        spans["rates"] = slice(start, start + 8 * game.n)

        totals = game.layout["reward_total"]
        head = totals.first + totals.size
        self._actions = as_memoryview(batch.actions.reshape(-1))
        self._head = as_memoryview(batch.memory.state[0, :head, 0])
        self._pay = as_memoryview(block[spans["payoffs"].start : spans["utilities"].stop].view(np.float64))
        # Payoffs, utilities and the head of the state, read in one go.
        self._numbers = as_memoryview(block[spans["payoffs"].start : start + 8 * head].view(np.float64))
        self._reward_cells = as_memoryview(batch.rewards.reshape(-1))
        self._terminated = as_memoryview(batch.terminated)
        self._truncated = as_memoryview(batch.truncated)
        # Both flags as one number, which is zero after nearly every step.
        self._ended = as_memoryview(block[spans["terminated"].start : spans["truncated"].stop]).cast("H")
        self._play = batch.player()
        self._lines = self._pages_of(block, spans)
        self._gather()

    def _pages_of(self, block: np.ndarray, spans: dict[str, slice]) -> Iterator[Any]:
        if self._paged == ("observations",):
            return fresh_rows(as_memoryview(block[spans["observations"]]), self.game.n)
        first, last = spans[self._paged[0]].start, spans[self._paged[-1]].stop
        pieces = []
        for name in self._paged:
            dtype = np.float64 if name == "rates" else getattr(self._batch, name).dtype
            pieces.append((slice(spans[name].start - first, spans[name].stop - first), dtype))
        return fresh_lines(as_memoryview(block[first:last]), pieces)

    def _gather(self) -> None:
        """Put what every step needs into one tuple, which costs a step one look-up."""
        self._hot: tuple[Any, ...] = ()

    def _fresh_outputs(self) -> Any:
        """The outputs, copied to a line that nobody has seen. Steps have this written out."""
        return next(self._lines)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but addresses, windows and compiled code."""
        return {name: value for name, value in self.__dict__.items() if name not in (*self._hooked, "_window")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._window = None
        self._hook()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.game!r}>"

    def __str__(self) -> str:
        return repr(self)

    # --- starting, looking, going back

    @property
    def observation_layout(self) -> dict[str, slice]:
        """Where each named part of an agent's observation lies."""
        return dict(self.game.observation_layout)

    @property
    def state_layout(self) -> dict[str, slice]:
        """Where each named part of `state` lies."""
        return dict(self.game.joint_layout)

    @property
    def outcome(self) -> str:
        """How the episode ended by the game's own rule; empty before, and at the horizon."""
        return self.game.outcomes[int(self._head[self.game.layout["outcome"].first])]

    def named_state(self) -> dict[str, np.ndarray]:
        """The game's state by name, as fresh arrays: ``trust`` (N, N), ``loyalty`` (N,), ``time`` () and so on."""
        return {name: value[0].copy() for name, value in self._batch.state().items()}

    def _checked_options(self, options: Mapping[str, Any] | None) -> dict[str, Any]:
        return checked_reset_options(self.game, options)

    def _restart(self, seed: int | None, options: dict[str, Any]) -> None:
        """Start an episode."""
        batch = self._batch
        batch.reset(seed=seed, options=options)
        batch.payoffs[:] = batch.utilities[:] = batch.rewards[:] = 0.0
        self._has_reset, self._over = True, False
        self._history = {"rates": [], "payoffs": []}

    def _joint_state(self) -> np.ndarray:
        """The joint state, float32, written for this call alone."""
        joint: np.ndarray = self._batch.joint_state()[0]
        return joint

    def snapshot(self) -> ViewSnapshot:
        """A copy of the episode as it stands, random streams included, for planning."""
        memory = {name: copy.deepcopy(getattr(self, name)) for name in self._remembered}
        batch = self._batch
        outputs = {name: getattr(batch, name).copy() for name in ("payoffs", "utilities", "rewards", "actions")}
        return ViewSnapshot(batch.snapshot(), memory, outputs)

    def _go_back(self, snapshot: ViewSnapshot) -> None:
        """Restore a snapshot, views rewritten."""
        refuse_of_another_view(self, snapshot, self._remembered)
        self._batch.restore(snapshot.batch)
        for name, value in snapshot.outputs.items():
            getattr(self._batch, name)[...] = value
        self.__dict__.update(copy.deepcopy(snapshot.memory))

    # --- bad input

    def _refused(self, code: int) -> ValueError:
        return self._batch.refusal(code)

    @property
    def _plain_number(self) -> type | None:
        """What an action's `item()` is of where an action is one number; nothing else is read without a closer look."""
        return float if self.game.axes == 1 else None

    def _both_numbers(self, action: Any, agent: str) -> list[float]:
        """An agent's action as a rate and an intensity; an error that names the agent."""
        array = checks.reals(f"action of agent {agent!r}", action)
        if array.shape != (self.game.axes,):
            raise ValueError(
                f"action of agent {agent!r} has shape {array.shape}, expected ({self.game.axes},), a rate and an "
                "intensity; the state is unchanged"
            )
        numbers: list[float] = array.tolist()
        return numbers

    def _one_number(self, action: Any, agent: str) -> float:
        """An agent's action as a number; an error that names the agent."""
        array = checks.reals(f"action of agent {agent!r}", action)
        if array.size != 1 or self.game.axes > 1:
            raise ValueError(
                f"action of agent {agent!r} has shape {array.shape}, expected (1,); the state is unchanged"
            )
        return float(array.reshape(()))

    # --- rendering

    def _record(self) -> None:
        n = self.game.n
        self._history["rates"].append(self._head[:n].tolist())
        self._history["payoffs"].append(self._pay[:n].tolist())

    def history(self) -> dict[str, np.ndarray]:
        """What figures are drawn from; recorded only when the render mode is one of figures.

        Returns
        -------
        dict
            ``rates`` and ``payoffs`` (T, N) of the episode so far, ``trust`` (N, N) or ``loyalty`` (N,) as it is
            now, and ``time`` ().
        """
        return render.history(self.game, self._history, self.named_state())

    def _draw(self) -> Any:
        """What `render` returns in this render mode."""
        if self.render_mode is None:
            render.warn_without_mode(self.game)
            return None
        if self.render_mode == "ansi":
            n = self.game.n
            pay = self._pay.tolist()
            return render.table(self.game, self.named_state(), pay[:n], pay[n:], self._reward_cells.tolist())
        frame = render.frame(self.game, self.history())
        if self.render_mode == "rgb_array":
            return frame
        self._window = render.show(frame, self._window, self.game.id)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            render.close(self._window)
            self._window = None
