"""Players: one way to play every kind of environment."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from pettingzoo import AECEnv, ParallelEnv

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.testing.frames import ConformanceError, Frame, kept, require, same


class Player:
    """One environment, played with the actions of all agents at once.

    Parameters
    ----------
    env : environment
        Of the kind that the subclass plays.
    """

    #: Type of rewards and flags that the interface promises.
    reward_type: type = float
    flag_type: type = bool
    #: Whether infos have the same keys at every step.
    constant_infos = False
    #: What a step before the first reset, or after the end, raises.
    order_errors: tuple[type[Exception], ...] = (gymnasium.error.ResetNeeded,)
    refuses_after_end = True
    copies = 1

    def __init__(self, env: Any) -> None:
        self.env = env

    @property
    def inner(self) -> Any:
        """The environment itself, wrappers removed."""
        return getattr(self.env, "unwrapped", self.env)

    @property
    def game(self) -> Game:
        """The game that is played, observations as agents see them when all move at once."""
        game: Game = self.inner.game
        return game

    def labels(self) -> list[str]:
        """Keys of a frame."""
        return ["joint"]

    def spaces(self) -> Iterator[tuple[str, Any]]:
        """Observation and action spaces, with their names."""
        raise NotImplementedError

    def observation_space(self, label: str) -> Any:
        """The space of one label's observations; None if the interface has none."""
        raise NotImplementedError

    def reset(self, seed: int | None) -> Frame:
        """Start an episode."""
        raise NotImplementedError

    def step(self, actions: np.ndarray) -> Frame:
        """Play one step; `actions` (copies, N), or (copies, N, 2)."""
        raise NotImplementedError

    @property
    def levels(self) -> int | None:
        """Number of levels that an action is one of; None where actions are a continuum."""
        levels: int | None = getattr(self.inner, "discrete", None)
        return levels

    def given(self, actions: np.ndarray) -> np.ndarray:
        """Actions (..., N) as the environment takes them: float32, or numbers of levels, NaN being no level."""
        if self.levels is None:
            return actions.astype(np.float32)
        low, span = self.game.action_low, self.game.action_high - self.game.action_low
        numbers = np.rint((actions - low) / span * (self.levels - 1))
        return np.where(np.isnan(numbers), self.levels, numbers).astype(np.int64)

    def another(self) -> Player:
        """A player of an equal environment."""
        return type(self)(copy.deepcopy(self.env))

    def state_space(self) -> Any:
        """The space of `state`, if there is one."""
        return getattr(self.env, "state_space", None)

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        """What the reference says that a label sees."""
        raise NotImplementedError

    def expected_reward(self, reference: Batch, label: str, k: int) -> Any:
        """What the reference says that a label earns."""
        raise NotImplementedError

    def played(self, actions: np.ndarray) -> np.ndarray:
        """The actions that all agents really played in the last step."""
        return actions

    def step_blindly(self, actions: np.ndarray) -> None:
        """Step out of order: nothing is looked at."""
        self.step(actions)

    def bad_action(self, frame_actions: np.ndarray) -> None:
        """Step with a NaN in place of the first agent's action."""
        broken = frame_actions.copy()
        broken[0, 0] = np.nan
        self.step(broken)


class GymnasiumPlayer(Player):
    """Joint or single-agent control."""

    @property
    def index(self) -> int | None:
        """The controlled agent; None for joint control."""
        return getattr(self.inner, "index", None)

    def labels(self) -> list[str]:
        return ["joint" if self.index is None else self.game.agents[self.index]]

    def spaces(self) -> Iterator[tuple[str, Any]]:
        yield "observation_space", self.env.observation_space
        yield "action_space", self.env.action_space

    def observation_space(self, label: str) -> Any:
        return self.env.observation_space

    def reset(self, seed: int | None) -> Frame:
        observation, info = self.env.reset(seed=seed)
        label = self.labels()[0]
        return Frame({label: observation}, {}, {}, {}, {label: info}, self.inner.state())

    def step(self, actions: np.ndarray) -> Frame:
        given = self.given(actions)[0]
        if self.index is not None:
            given = given[self.index : self.index + 1] if self.levels is None else given[self.index]
        if self.game.axes > 1:
            given = given.reshape(-1)
        before = given.copy()
        observation, reward, terminated, truncated, info = self.env.step(given)
        require(same(before, given), "actions", "step changed the actions that it was given")
        label = self.labels()[0]
        over = bool(terminated or truncated)
        return Frame(
            {label: observation},
            {label: reward},
            {label: terminated},
            {label: truncated},
            {label: info},
            self.inner.state(),
            over,
        )

    def played(self, actions: np.ndarray) -> np.ndarray:
        return actions if self.index is None else self.inner._batch.actions.copy()

    def bad_action(self, frame_actions: np.ndarray) -> None:
        broken = frame_actions.copy()
        broken[0, self.index or 0] = np.nan
        self.step(broken)

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        return reference.joint[k] if self.index is None else reference.observations[k, self.index]

    def expected_reward(self, reference: Batch, label: str, k: int) -> Any:
        return float(reference.joint_rewards[k] if self.index is None else reference.rewards[k, self.index])


class ParallelPlayer(Player):
    """PettingZoo's Parallel API."""

    constant_infos = True
    order_errors = (AssertionError,)

    def labels(self) -> list[str]:
        return list(self.env.possible_agents)

    def spaces(self) -> Iterator[tuple[str, Any]]:
        for agent in self.env.possible_agents:
            yield f"observation_space({agent!r})", self.env.observation_space(agent)
            yield f"action_space({agent!r})", self.env.action_space(agent)

    def observation_space(self, label: str) -> Any:
        return self.env.observation_space(label)

    def reset(self, seed: int | None) -> Frame:
        observations, infos = self.env.reset(seed=seed)
        return Frame(observations, {}, {}, {}, infos, self.env.state())

    def step(self, actions: np.ndarray) -> Frame:
        row = self.given(actions)[0]
        given = {a: self.one(row, i) for i, a in enumerate(self.env.possible_agents)}
        before = kept(given)
        observations, rewards, terminated, truncated, infos = self.env.step(given)
        require(same(before, given), "actions", "step changed the actions that it was given")
        return Frame(observations, rewards, terminated, truncated, infos, self.env.state(), not self.env.agents)

    def one(self, row: np.ndarray, i: int) -> Any:
        """One agent's action, out of a row that `given` made."""
        return row[i : i + 1] if self.levels is None and row.ndim == 1 else row[i]

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        row: np.ndarray = reference.observations[k, self.game.agents.index(label)]
        return row

    def expected_reward(self, reference: Batch, label: str, k: int) -> Any:
        return float(reference.rewards[k, self.game.agents.index(label)])


class AECPlayer(ParallelPlayer):
    """PettingZoo's AEC API, a round at a time."""

    @property
    def game(self) -> Game:
        game: Game = self.inner.simultaneous_game
        return game

    @property
    def sequential(self) -> bool:
        """Whether later movers see earlier moves."""
        return bool(self.env.metadata["sequential"])

    def reset(self, seed: int | None) -> Frame:
        self.env.reset(seed=seed)
        return self._frame()

    def _frame(self) -> Frame:
        env = self.env
        agents = env.possible_agents
        return Frame(
            {agent: env.observe(agent) for agent in agents},
            dict(env.rewards),
            dict(env.terminations),
            dict(env.truncations),
            kept(env.infos),
            env.state(),
            any(env.terminations.values()) or any(env.truncations.values()),
        )

    def step(self, actions: np.ndarray) -> Frame:
        env, game = self.env, self.game
        span = game.action_high - game.action_low
        given = self.given(actions)[0]
        exact = actions[0] if self.levels else given.astype(np.float64)
        rates = np.clip((exact - game.action_low) / span, 0.0, 1.0)
        revealed = np.zeros((1 + game.axes) * game.n, dtype=np.float32)
        first = {} if self.sequential else {agent: env.observe(agent).copy() for agent in env.possible_agents}
        for _ in range(game.n):
            agent = env.agent_selection
            i = game.agents.index(agent)
            seen = env.last()[0]
            if not self.sequential:
                require(
                    same(seen, first[agent]), "hidden", f"{agent!r} sees something of the moves of a simultaneous round"
                )
            elif not same(seen[-revealed.size :], revealed):
                raise ConformanceError(
                    "revealed", f"{agent!r} sees {seen[-revealed.size :]}, expected rates and movers {revealed}"
                )
            env.step(self.one(given, i))
            revealed[i], revealed[game.n + i] = float(np.ravel(rates[i])[0]), 1.0
            if game.axes > 1:
                revealed[2 * game.n + i] = rates[i, 1]
        return self._frame()

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        row = super().expected_observation(reference, label, k)
        if not self.sequential:
            return row
        return np.concatenate([row, np.zeros((1 + self.game.axes) * self.game.n, dtype=np.float32)])

    def step_blindly(self, actions: np.ndarray) -> None:
        self.env.step(self.one(self.given(actions)[0], 0))

    def bad_action(self, frame_actions: np.ndarray) -> None:
        self.env.step(self.one(self.given(np.full((1, *self.game.action_shape), np.nan))[0], 0))


class BatchPlayer(Player):
    """`coopetition.batching.batch.Batch`, a frame of copies."""

    reward_type = np.ndarray
    flag_type = np.ndarray
    order_errors = (RuntimeError,)
    refuses_after_end = False

    @property
    def copies(self) -> int:  # type: ignore[override]
        """Number of copies."""
        copies: int = self.env.num_envs
        return copies

    def labels(self) -> list[str]:
        return ["observations"]

    def spaces(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def observation_space(self, label: str) -> Any:
        return Box(0.0, 1.0, self.env.observations.shape, np.float32)

    def reset(self, seed: int | None) -> Frame:
        # A batch writes in place: what is kept must be copied.
        return Frame({"observations": self.env.reset(seed=seed).copy()}, {}, {}, {}, {})

    def step(self, actions: np.ndarray) -> Frame:
        env = self.env
        observations, rewards, terminated, truncated = env.step(actions.astype(np.float32))
        ended = terminated | truncated
        if ended.any() and env.autoreset == "same_step":
            observations = np.where(ended[:, None, None], env.final_observations, observations)
        return Frame(
            {"observations": observations.copy()},
            {"observations": rewards.copy()},
            {"observations": terminated.copy()},
            {"observations": truncated.copy()},
            {"observations": {"payoff": env.payoffs.copy(), "utility": env.utilities.copy()}},
            None,
            bool(ended.any()),
        )

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        row: np.ndarray = reference.observations[k]
        return row

    def expected_reward(self, reference: Batch, label: str, k: int) -> Any:
        return reference.rewards[k]


class VectorPlayer(Player):
    """Gymnasium's vector API."""

    reward_type = np.ndarray
    flag_type = np.ndarray

    @property
    def copies(self) -> int:  # type: ignore[override]
        """Number of copies."""
        copies: int = self.env.num_envs
        return copies

    @property
    def refuses_after_end(self) -> bool:  # type: ignore[override]
        """Only without autoreset is there an end."""
        return bool(self.env.metadata["autoreset_mode"] is AutoresetMode.DISABLED)

    def labels(self) -> list[str]:
        return ["vector"]

    def spaces(self) -> Iterator[tuple[str, Any]]:
        for name in ("single_observation_space", "observation_space", "single_action_space", "action_space"):
            yield name, getattr(self.env, name)

    def observation_space(self, label: str) -> Any:
        return self.env.observation_space

    def reset(self, seed: int | None) -> Frame:
        observations, infos = self.env.reset(seed=seed)
        return Frame({"vector": observations}, {}, {}, {}, {"vector": infos})

    def step(self, actions: np.ndarray) -> Frame:
        index = self.inner.index
        given = self.given(actions)
        if index is not None:
            given = given[:, index : index + 1] if self.levels is None else given[:, index]
        if self.game.axes > 1:
            given = given.reshape(self.copies, -1)
        observations, rewards, terminated, truncated, infos = self.env.step(given)
        ended = terminated | truncated
        if ended.any() and self.env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP:
            observations = observations.copy()
            for k in np.flatnonzero(ended):
                observations[k] = infos["final_obs"][k]
        return Frame(
            {"vector": observations},
            {"vector": rewards},
            {"vector": terminated},
            {"vector": truncated},
            {"vector": infos},
            None,
            bool(ended.any()),
        )

    def played(self, actions: np.ndarray) -> np.ndarray:
        return actions if self.inner.index is None else self.inner._given.copy()

    def bad_action(self, frame_actions: np.ndarray) -> None:
        broken = frame_actions.copy()
        broken[0, self.inner.index or 0] = np.nan
        self.step(broken)

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        index = self.inner.index
        return reference.joint[k] if index is None else reference.observations[k, index]

    def expected_reward(self, reference: Batch, label: str, k: int) -> Any:
        index = self.inner.index
        return float(reference.joint_rewards[k] if index is None else reference.rewards[k, index])


def player_of(env: Any) -> Player:
    """The player for an environment's kind.

    Raises
    ------
    TypeError
        Not an environment of this package.
    """
    kinds: tuple[tuple[type, type[Player]], ...] = (
        (Batch, BatchPlayer),
        (VectorEnv, VectorPlayer),
        (gymnasium.Env, GymnasiumPlayer),
        (ParallelEnv, ParallelPlayer),
        (AECEnv, AECPlayer),
    )
    for kind, player in kinds:
        if isinstance(env, kind) and hasattr(getattr(env, "unwrapped", env), "game"):
            return player(env)
    raise TypeError(f"{env!r} is not an environment of coopetition")
