"""PettingZoo's AEC API: simultaneous moves one after another, as in the Parallel API, or a sequential-move game."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from pettingzoo import AECEnv
from pettingzoo.utils.env import AECIterable
from pettingzoo.utils.env_logger import EnvLogger

from coopetition.api.options import RENDER_MODES, ViewOptions
from coopetition.api.parallel import ZooView
from coopetition.api.view import View, ViewSnapshot, as_memoryview
from coopetition.games.game import Game
from coopetition.games.parameters import nearest

RANDOM = "random"


def shown_of_movers(game: Game) -> int:
    """Columns that a sequential view adds: each agent's rate, whether it has moved, and its intensity if it has one."""
    return (1 + game.axes) * game.n


class SequentialGame(Game):
    """A game whose observations end with what earlier movers of the round have revealed.

    Parameters
    ----------
    game : Game
        The simultaneous game, which stays as it is.
    """

    def __init__(self, game: Game) -> None:
        self.__dict__.update(game.__dict__)
        n, size = game.n, game.observation_size
        more = shown_of_movers(game)
        wide = size + more
        self.observation_layout = {
            **game.observation_layout,
            "revealed": slice(size, size + n),
            "moved": slice(size + n, size + 2 * n),
        }
        if game.axes > 1:
            self.observation_layout["revealed_intensity"] = slice(size + 2 * n, wide)
        # The kernel writes the added columns as zeros: any state row, times nothing. Movers fill them in.
        rows = game.observation_rows.reshape(n, size)
        scales = game.observation_scales.reshape(n, size)
        self.observation_rows = np.concatenate([rows, np.zeros((n, more), dtype=np.int64)], axis=1).reshape(-1)
        self.observation_scales = np.concatenate([scales, np.zeros((n, more))], axis=1).reshape(-1)
        agents, columns = np.divmod(game.noise_places, size)
        self.noise_places = agents * wide + columns
        self.observation_size = wide


def checked_order(game: Game, turn_order: Any) -> tuple[int, ...] | None:
    """Indices of the agents in the order of their moves; None if it is drawn anew each round.

    Raises
    ------
    ValueError
        Not every agent once, or an unknown word.
    """
    if turn_order is None:
        return tuple(range(game.n))
    if isinstance(turn_order, str):
        if turn_order != RANDOM:
            raise ValueError(
                f"turn_order = {turn_order!r}: expected 'random', or all agents' names, the leader first"
                f"{nearest(turn_order, [RANDOM])}"
            )
        return None
    if not isinstance(turn_order, Sequence):
        raise ValueError(f"turn_order = {turn_order!r}: expected 'random', or all agents' names, the leader first")
    for name in turn_order:
        if name not in game.agents:
            agents = ", ".join(game.agents)
            raise ValueError(f"turn_order names unknown agent {name!r}{nearest(name, game.agents)} (agents: {agents})")
    if sorted(turn_order) != sorted(game.agents):
        raise ValueError(f"turn_order = {list(turn_order)!r}: expected each of {', '.join(game.agents)} once")
    return tuple(game.agents.index(name) for name in turn_order)


class CoopetitionAECEnv(ZooView, AECEnv[str, np.ndarray, np.ndarray]):
    """Agents move one after another; when all have moved, the round is played.

    Parameters
    ----------
    game : Game
        What is played.
    turn_order : sequence of str or "random", optional
        The agents' names, the leader first; or an order drawn anew each round. It makes the game sequential.
    options : ViewOptions, optional
        How it is shown.
    sequential : bool
        Whether later movers of a round see what earlier ones have played.

    Notes
    -----
    By default it is the plain conversion of the Parallel view: the same observations, a round's moves hidden until all
    have moved, in index order, so that a policy trained on one plays the other.

    A sequential-move game shows more: an observation is the agent's own, then ``revealed`` (N), the rates that this
    round's earlier movers have played, and ``moved`` (N), who has. An agent that looks again after its move sees what
    has been revealed since. ``metadata["sequential"]`` says which of the two it is.

    Rewards come when the round is played, and infos change then.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "coopetition",
        "render_modes": list(RENDER_MODES),
        "render_fps": 5,
        "is_parallelizable": True,
    }
    _remembered = (
        *View._remembered,
        "agents",
        "agent_selection",
        "rewards",
        "_cumulative_rewards",
        "terminations",
        "truncations",
        "infos",
        "_order",
        "_position",
        "_paid",
        "_revealed_rates",
        "_order_stream",
        "_skip_agent_selection",
    )
    _hooked = (*View._hooked, "_nothing", "_revealed", "_rows")

    def __init__(
        self,
        game: Game,
        turn_order: Sequence[str] | str | None = None,
        options: ViewOptions | None = None,
        sequential: bool = False,
    ) -> None:
        self.sequential = sequential or turn_order is not None
        order = checked_order(game, turn_order)
        self.turn_order = turn_order if isinstance(turn_order, str) or turn_order is None else tuple(turn_order)
        self._random_order = order is None
        self._order = order or tuple(range(game.n))
        self._order_stream = np.random.default_rng() if self._random_order else None
        self._revealed_rates = np.zeros(shown_of_movers(game), dtype=np.float32)
        self.simultaneous_game = game
        self._lows = game.action_low.reshape(game.n, -1)[:, 0].tolist()
        self._highs = game.action_high.reshape(game.n, -1)[:, 0].tolist()
        super().__init__(SequentialGame(game) if self.sequential else game, options or ViewOptions())
        order_of_moves = self.turn_order or game.agents
        view = {"name": game.id, "sequential": self.sequential, "turn_order": order_of_moves}
        self.metadata = {**type(self).metadata, **view}  # type: ignore[misc]
        self._start_round_book()

    def _start_round_book(self) -> None:
        names = self.possible_agents
        self.rewards: dict[str, float] = dict.fromkeys(names, 0.0)
        self._cumulative_rewards: dict[str, float] = dict.fromkeys(names, 0.0)
        self.terminations: dict[str, bool] = dict.fromkeys(names, False)
        self.truncations: dict[str, bool] = dict.fromkeys(names, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in names}
        self._skip_agent_selection: str | None = None
        self._paid = False
        self._position = 0
        self.agent_selection = names[self._order[0]]

    def _hook(self) -> None:
        super()._hook()
        self._nothing = as_memoryview(np.zeros_like(self._revealed_rates))
        own = self.game.observation_size - (shown_of_movers(self.game) if self.sequential else 0)
        #: Each agent's observation, and its end, for what has been revealed.
        self._rows = {
            agent: (row, as_memoryview(row[own:]))
            for agent, row in zip(self.game.agents, self._batch.observations[0], strict=True)
        }

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Seed of the game's draws, and of a random order; None goes on with their streams.
        options : dict, optional
            State to start from, by name, such as ``{"trust": 0.9}``; for this episode only.
        """
        self._restart(seed, self._checked_options(options))
        if self._order_stream is not None:
            if seed is not None:
                self._order_stream = np.random.default_rng([seed, self.game.n])
            self._order = tuple(self._order_stream.permutation(self.game.n).tolist())
        self._revealed[:] = self._nothing
        self.agents = self.possible_agents[:]
        self._start_round_book()
        self.infos = self._infos()
        if self.render_mode == "human":
            self._draw()

    def observe(self, agent: str) -> np.ndarray:
        """What an agent sees now, float32 (O,); in a sequential game (O + 2N,), with ``revealed`` and ``moved``."""
        if not self._has_reset:
            EnvLogger.error_observe_before_reset()
        row, end = self._rows[agent]
        if self.sequential:
            # Most moves are made without a look by the others, so what is revealed is written when somebody looks.
            end[:] = self._revealed
        return row.copy()

    def step(self, action: Any) -> None:
        """Play the selected agent's move; the round, if it was the last one.

        Parameters
        ----------
        action : array_like (1,) or None
            (2,), a rate and an intensity, where an action has two numbers. None for an agent whose episode has ended,
            as PettingZoo wants it.

        Raises
        ------
        ValueError
            A wrong shape, an action that is not finite, or one after the end; nothing has moved.
        AssertionError
            PettingZoo's own, before the first reset and when no agents are left.
        """
        agent = self.agent_selection
        if self._over:
            if not self.agents:
                EnvLogger.error_step_before_reset()
            self._was_dead_step(action)
            return
        order = self._order
        position = self._position
        real, array, names, lows, highs, actions, revealed, nobody = self._hot
        i = order[position]
        try:
            value = action.item()
            if type(value) is not real or type(action) is not array:
                value = self._one_number(action, agent)
        except (AttributeError, ValueError):
            if self.game.axes > 1:
                self._step_with_intensity(action, agent, i)
                return
            value = self._one_number(action, agent)
        low = lows[i]
        rate = (value - low) / (highs[i] - low)
        if not 0.0 <= rate <= 1.0:
            rate = self._out_of_bounds(value, i)
        actions[i] = value
        position += 1
        if position == len(order):
            self._play_round()
            return
        self._cumulative_rewards[agent] = 0.0
        revealed[i] = rate
        revealed[len(order) + i] = 1.0
        if self._paid:
            self.rewards = nobody.copy()
            self._paid = False
        self._position = position
        self.agent_selection = names[order[position]]

    def _step_with_intensity(self, action: Any, agent: str, i: int) -> None:
        """The same for an action of two numbers."""
        value, intensity = self._both_numbers(action, agent)
        low, width = self._lows[i], self._highs[i] - self._lows[i]
        rate = (value - low) / width
        if not 0.0 <= rate <= 1.0:
            rate = self._out_of_bounds(value, i)
        shown = (intensity - min(low, 0.0)) / (1.0 - min(low, 0.0))  # a level's bound is 0, as a rate's is
        if not 0.0 <= shown <= 1.0:
            shown = self._out_of_bounds(intensity, i, 1)
        self._actions[2 * i], self._actions[2 * i + 1] = value, intensity
        self._position += 1
        if self._position == len(self._order):
            self._play_round()
            return
        self._cumulative_rewards[agent] = 0.0
        self._revealed[i] = rate
        self._revealed[self.game.n + i] = 1.0
        self._revealed[2 * self.game.n + i] = shown
        if self._paid:
            self.rewards = dict.fromkeys(self.possible_agents, 0.0)
            self._paid = False
        self.agent_selection = self.possible_agents[self._order[self._position]]

    def _gather(self) -> None:
        names = self.game.agents
        self._revealed = as_memoryview(self._revealed_rates)
        nobody = dict.fromkeys(names, 0.0)
        real = self._plain_number
        self._hot = (real, np.ndarray, names, self._lows, self._highs, self._actions, self._revealed, nobody)

    def _out_of_bounds(self, value: float, i: int, axis: int = 0) -> float:
        batch = self._batch
        place = i * self.game.axes + axis
        refused = place + 1 if not math.isfinite(value) else -(place + 1)
        if refused > 0 or batch.strict_actions:
            before = self._actions[place]
            self._actions[place] = value
            error = self._refused(refused)
            self._actions[place] = before
            raise error
        return 0.0 if value < self._lows[i] else 1.0

    def _play_round(self) -> None:
        refused = self._play()
        if refused:  # moves were checked one by one
            raise self._refused(refused)
        self._revealed[:] = self._nothing
        over = self._ended[0] != 0
        outcome = int(self._head[self._outcome_row]) if over else 0
        earned = self._reward_cells.tolist()
        numbers = self._numbers.tolist()
        rewards = {}
        infos: dict[str, dict[str, Any]] = {}
        # As in `_infos`: together with the rewards, which saves a tenth of the round.
        for agent, i, j, rate, reward, payoff in self._seats:
            rewards[agent] = earned[i]
            infos[agent] = {
                "payoff": numbers[i],
                "utility": numbers[j],
                "cooperation": numbers[rate],
                "episode_reward": numbers[reward],
                "episode_payoff": numbers[payoff],
                "outcome": outcome,
            }
        if self._full:
            self._add_state(infos)
        self.infos = infos
        self.rewards, self._cumulative_rewards = rewards, rewards.copy()
        self._paid = True
        if self._order_stream is not None:
            self._order = tuple(self._order_stream.permutation(self.game.n).tolist())
        self._position = 0
        names = self.possible_agents
        self.agent_selection = names[self._order[0]]
        if over:
            self._over = True
            self.terminations = dict.fromkeys(names, self._terminated[0])
            self.truncations = dict.fromkeys(names, self._truncated[0])
            self._deads_step_first()
        if self._draws:
            self._record()
            if self.render_mode == "human":
                self._draw()

    def _clear_rewards(self) -> None:
        for agent in self.rewards:
            self.rewards[agent] = 0.0

    def agent_iter(self, max_iter: int = 2**63) -> AECIterable[str, np.ndarray, np.ndarray]:
        """Iterate over the agents that move, until none is left."""
        if not self._has_reset:
            EnvLogger.error_agent_iter_before_reset()
        return super().agent_iter(max_iter)

    def restore(self, snapshot: ViewSnapshot) -> np.ndarray:
        """Go back to a snapshot; what the selected agent sees there, as `observe` gives it."""
        self._go_back(snapshot)
        self._gather()
        return self.observe(self.agent_selection)
