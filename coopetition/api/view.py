"""What the views of one copy share: the copy itself, fresh memory for what they return, rendering, snapshots.

A view's step is mostly Python, so this file is written for few and cheap calls: the kernel is called directly, it
writes its outputs into memory that nobody has seen yet, and numbers leave through memoryviews, which cost a
fraction of indexing an array.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from coopetition.api import render
from coopetition.api.options import ViewOptions, checked_reset_options
from coopetition.batch import Batch, Snapshot
from coopetition.game import OUTCOMES, Game
from coopetition.kernels import places

#: Steps whose outputs share one allocation. Each step has its own part of it, written once.
PAGE = 64
#: State that `info_level="full"` leaves out, since flags and the outcome have keys of their own.
NOT_IN_INFO = ("ended", "outcome")

OUTPUTS = {
    "observations": (places.OBSERVATIONS, np.float32),
    "joint": (places.JOINT, np.float32),
    "rewards": (places.REWARDS, np.float32),
    "payoffs": (places.PAYOFFS, np.float64),
    "utilities": (places.UTILITIES, np.float64),
}


@dataclass(frozen=True)
class ViewSnapshot:
    """A copy of a game in the middle of an episode, and of what its view remembers."""

    batch: Snapshot
    memory: dict[str, Any]


class View:
    """One copy of a game behind an API.

    Parameters
    ----------
    game : Game
        What is played.
    options : ViewOptions
        How it is shown.
    observe, observe_joint : bool
        Whether each step writes the agents' observations, and the joint state.
    paged : tuple of str
        Outputs that leave as arrays; each step writes them to memory of its own.
    """

    #: Attributes, besides the batch, that make up the state of an episode.
    _remembered: tuple[str, ...] = ("_over", "_has_reset", "_history")
    #: Attributes with addresses in them, rebuilt in another process.
    _hooked = (
        "_actions",
        "_descriptor",
        "_head",
        "_pay",
        "_play",
        "_reward_cells",
        "_terminated",
        "_truncated",
        "_rates",
        "_pages",
        "_addresses",
    )

    def __init__(
        self, game: Game, options: ViewOptions, observe: bool, observe_joint: bool, paged: tuple[str, ...]
    ) -> None:
        self.game = game
        self.info_level = options.info_level
        self.render_mode = options.render_mode
        self._full = options.info_level == "full"
        self._draws = options.render_mode in ("human", "rgb_array")
        # What a step does beyond the bare minimum is decided once, not at every step.
        self._extra = self._full or self._draws
        self._paged = paged
        self._observe_joint = observe_joint
        pay = np.zeros((2, game.n))
        self._batch = Batch(
            game,
            1,
            autoreset="disabled",
            strict_actions=options.strict_actions,
            observe=observe,
            observe_joint=True,
            buffers={"payoffs": pay[:1], "utilities": pay[1:]},
        )
        self._pay_block = pay
        self._history: dict[str, list[Any]] = {"rates": [], "payoffs": []}
        self._has_reset = False
        self._over = True
        self._window: Any = None
        self._hook()

    # --- memory

    def _hook(self) -> None:
        batch, game = self._batch, self.game
        totals = game.layout["reward_total"]
        self._actions = memoryview(batch._actions.reshape(-1))
        self._descriptor = memoryview(batch._descriptor)
        self._head = memoryview(batch._state[0, : totals.first + totals.size, 0])
        self._rates = batch._state[0, game.layout["rates"].rows, 0]
        self._pay = memoryview(self._pay_block.reshape(-1))
        self._reward_cells = memoryview(batch.rewards.reshape(-1))
        self._terminated = memoryview(batch.terminated)
        self._truncated = memoryview(batch.truncated)
        self._play: Callable[[], int] = (
            partial(batch._kernel, batch._descriptor) if not batch._stochastic else self._play_with_draws
        )
        if not self._observe_joint:
            self._descriptor[places.JOINT] = 0
            self._descriptor[places.JOINT_REWARDS] = 0
        self._turn_page()

    def _play_with_draws(self) -> int:
        self._batch._step_with_draws()
        return 0

    def _turn_page(self) -> None:
        """Allocate outputs for the next steps, and point the kernel to the first of them."""
        game = self.game
        shapes = {
            "observations": (game.n, game.observation_size),
            "joint": (game.joint_size,),
            "rewards": (game.n,),
            "payoffs": (game.n,),
            "utilities": (game.n,),
        }
        pages, addresses = [], []
        for name in self._paged:
            place, dtype = OUTPUTS[name]
            page = np.zeros((PAGE, *shapes[name]), dtype=dtype)
            start, stride = page.ctypes.data, page.strides[0]
            pages.append(page)
            addresses.append(range(start, start + PAGE * stride, stride))
            self._descriptor[place] = start
        self._pages, self._addresses = tuple(pages), tuple(addresses)
        self._line = 0

    def _turn_line(self) -> int:
        """Point the kernel to outputs that nobody has seen; the number of their line on the page."""
        line = self._line + 1
        if line == PAGE:
            self._turn_page()
            return 0
        self._line = line
        for name, addresses in zip(self._paged, self._addresses, strict=True):
            self._descriptor[OUTPUTS[name][0]] = addresses[line]
        return line

    def __getstate__(self) -> dict[str, Any]:
        """Everything but addresses, windows and compiled code."""
        return {name: value for name, value in self.__dict__.items() if name not in (*self._hooked, "_window")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._window = None
        # Pickling separates the two halves of the block of payoffs and utilities.
        self._pay_block = np.concatenate([self._batch.payoffs, self._batch.utilities])
        self._batch.payoffs, self._batch.utilities = self._pay_block[:1], self._pay_block[1:]
        self._batch._describe(self._batch._noise.shape[2])
        self._hook()
        if self._has_reset:
            self._batch._run(places.OBSERVE)

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
        return OUTCOMES[int(self._head[self.game.layout["outcome"].first])]

    def named_state(self) -> dict[str, np.ndarray]:
        """The game's state by name, as fresh arrays: ``trust`` (N, N), ``loyalty`` (N,), ``time`` () and so on."""
        return {name: value[0].copy() for name, value in self._batch.state().items()}

    def _checked_options(self, options: Mapping[str, Any] | None) -> dict[str, Any]:
        return checked_reset_options(self.game, options)

    def _restart(self, seed: int | None, options: dict[str, Any]) -> int:
        """Start an episode; the number of the line with its first views."""
        line = self._turn_line()
        self._batch.reset(seed=seed, options=options)
        self._pay_block[:] = 0.0
        self._reward_cells[:] = memoryview(np.zeros(self.game.n, dtype=np.float32))
        self._has_reset, self._over = True, False
        self._history = {"rates": [], "payoffs": []}
        return line

    def _joint_state(self) -> np.ndarray:
        """The joint state, float32, written for this call alone."""
        fresh = np.empty(self.game.joint_size, dtype=np.float32)
        cells = self._descriptor
        before = cells[places.OBSERVATIONS], cells[places.JOINT]
        cells[places.OBSERVATIONS], cells[places.JOINT] = 0, fresh.ctypes.data
        self._batch._run(places.OBSERVE)
        cells[places.OBSERVATIONS], cells[places.JOINT] = before
        return fresh

    def snapshot(self) -> ViewSnapshot:
        """A copy of the episode as it stands, random streams included, for planning."""
        memory = {name: copy.deepcopy(getattr(self, name)) for name in self._remembered}
        memory["_pay_block"] = self._pay_block.copy()
        memory["_last_rewards"] = self._reward_cells.tolist()
        memory["_last_actions"] = self._actions.tolist()
        return ViewSnapshot(self._batch.snapshot(), memory)

    def _go_back(self, snapshot: ViewSnapshot) -> int:
        """Restore a snapshot; the number of the line with the views rewritten."""
        line = self._turn_line()
        self._batch.restore(snapshot.batch)
        memory = copy.deepcopy(snapshot.memory)
        self._pay_block[:] = memory.pop("_pay_block")
        for cells, name in ((self._reward_cells, "_last_rewards"), (self._actions, "_last_actions")):
            for i, value in enumerate(memory.pop(name)):
                cells[i] = value
        self.__dict__.update(memory)
        return line

    # --- bad input

    def _refused(self, code: int) -> ValueError:
        return self._batch._refusal(code, self._batch._actions)

    def _one_number(self, action: Any, agent: str) -> float:
        """An agent's action as a number; a ValueError that names the agent."""
        try:
            array = np.asarray(action, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"action {action!r} of agent {agent!r} is not a number; the state is unchanged"
            ) from None
        if array.size != 1:
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
