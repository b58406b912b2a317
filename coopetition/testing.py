"""Conformance: does an environment keep what its interface promises, over whole episodes?

`check_env` asks what the checks of Gymnasium and PettingZoo do not: that every observation lies in its space, to the
last step; that a seed fixes the whole episode, in this instance and in another; that snapshots and pickles go on
where they were taken; that bad actions change nothing; and that rewards, observations and ends are those of the game,
bit for bit, whatever the interface.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from gymnasium.vector import AutoresetMode, VectorEnv
from pettingzoo import AECEnv, ParallelEnv

from coopetition.api.make import aec_env, batch, gymnasium_env, parallel_env, vector_env
from coopetition.api.view import ViewSnapshot
from coopetition.batching.batch import Batch
from coopetition.games.game import Game

COPIES = 3
#: Numbers that every info has, per agent.
INFO_KEYS = ("payoff", "utility", "cooperation")


class ConformanceError(AssertionError):
    """An environment breaks its interface's promise.

    Attributes
    ----------
    check : str
        Name of the check, one of `CHECKS`.
    """

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check


def require(condition: Any, check: str, message: str) -> None:
    """Raise a `ConformanceError` unless the condition holds."""
    if not condition:
        raise ConformanceError(check, message)


@dataclass
class Frame:
    """What an environment returned at a reset or a step, by agent (or by copy, or "joint")."""

    observations: dict[str, Any]
    rewards: dict[str, Any]
    terminated: dict[str, Any]
    truncated: dict[str, Any]
    infos: dict[str, Any]
    state: Any = None
    over: bool = False


def same(one: Any, other: Any) -> bool:
    """Equality in value, type and shape, through dicts and sequences; bit for bit, except that -0 is 0."""
    if isinstance(one, Frame):
        return isinstance(other, Frame) and same(one.__dict__, other.__dict__)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.shape == other.shape
            and one.dtype == other.dtype
            and (all(map(same, one.flat, other.flat)) if one.dtype == object else bool(np.array_equal(one, other)))
        )
    return type(one) is type(other) and bool(one == other)


def kept(value: Any) -> Any:
    """A copy of what an environment returned, arrays and dicts included."""
    if isinstance(value, Frame):
        return Frame(*(kept(part) for part in value.__dict__.values()))
    if isinstance(value, dict):
        return {name: kept(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.copy()
    return value


def finite(value: Any) -> bool:
    """Whether a number, or every number of an array, is finite; words are."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "O" or bool(np.isfinite(value).all())
    return not isinstance(value, float | int | np.number) or math.isfinite(value)


def some(flag: Any) -> bool:
    """A flag, or whether any flag of an array is set."""
    return bool(flag.any()) if isinstance(flag, np.ndarray) else bool(flag)


# --- players: one way to play every kind of environment


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
        """Play one step; `actions` (copies, N)."""
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
        return row[i : i + 1] if self.levels is None else row[i]

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
        revealed = np.zeros(2 * game.n, dtype=np.float32)
        first = {} if self.sequential else {agent: env.observe(agent).copy() for agent in env.possible_agents}
        for _ in range(game.n):
            agent = env.agent_selection
            i = game.agents.index(agent)
            seen = env.last()[0]
            if not self.sequential:
                require(
                    same(seen, first[agent]), "hidden", f"{agent!r} sees something of the moves of a simultaneous round"
                )
            elif not same(seen[-2 * game.n :], revealed):
                raise ConformanceError(
                    "revealed", f"{agent!r} sees {seen[-2 * game.n :]}, expected rates and movers {revealed}"
                )
            env.step(self.one(given, i))
            revealed[i], revealed[game.n + i] = rates[i], 1.0
        return self._frame()

    def expected_observation(self, reference: Batch, label: str, k: int) -> np.ndarray:
        row = super().expected_observation(reference, label, k)
        if not self.sequential:
            return row
        return np.concatenate([row, np.zeros(2 * self.game.n, dtype=np.float32)])

    def step_blindly(self, actions: np.ndarray) -> None:
        self.env.step(self.one(self.given(actions)[0], 0))

    def bad_action(self, frame_actions: np.ndarray) -> None:
        self.env.step(self.one(self.given(np.full((1, self.game.n), np.nan))[0], 0))


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


# --- checks of one episode, frame by frame


def script_for(player: Player, seed: int) -> np.ndarray:
    """Actions (horizon, copies, N): cooperative for the most part, so that episodes last, some of every kind."""
    game = player.game
    stream = np.random.default_rng(seed)
    rates = stream.uniform(0.5, 1.0, (game.horizon, player.copies, game.n))
    rates[3:6] = stream.uniform(0.0, 1.0, rates[3:6].shape)
    if player.levels is not None:
        numbers = np.rint(rates * (player.levels - 1)).astype(np.int64)
        levels = np.linspace(game.action_low, game.action_high, player.levels, axis=-1)
        return levels[np.arange(game.n), numbers]
    actions = game.action_low + rates * (game.action_high - game.action_low)
    # Trainers send float32; the reference must play the same numbers.
    return actions.astype(np.float32).astype(np.float64)


def check_spaces(player: Player) -> None:
    """Spaces are finite float32 boxes, or of actions by number, and the same objects at every call."""
    for (name, one), (_, other) in zip(player.spaces(), player.spaces(), strict=True):
        require(one is other, "spaces", f"{name} is another object at every call")
        if player.levels is not None and "action_space" in name:
            numbered = isinstance(one, Discrete | MultiDiscrete | Box) and one.dtype.kind == "i"
            require(numbered, "spaces", f"{name} is {one}, and holds no numbers of levels")
            continue
        require(isinstance(one, Box), "spaces", f"{name} is {type(one).__name__}, not Box")
        require(one.dtype == np.float32, "spaces", f"{name} has dtype {one.dtype}, not float32")
        require(np.all(np.isfinite(one.low)) and np.all(np.isfinite(one.high)), "spaces", f"{name} is unbounded")


def check_observations(player: Player, frame: Frame, step: int) -> None:
    """Observations have the promised type and lie in their space; so does the state."""
    for label, seen in frame.observations.items():
        require(isinstance(seen, np.ndarray), "observation_dtype", f"{label}: {type(seen).__name__}, not an array")
        require(seen.dtype == np.float32, "observation_dtype", f"{label}: {seen.dtype}, not float32")
        space = player.observation_space(label)
        if seen not in space:
            raise ConformanceError(
                "observation_space", f"the observation of {label} at step {step} is not in {space}: {seen}"
            )
    space = player.state_space()
    if space is not None and frame.state not in space:
        raise ConformanceError("state_space", f"the state at step {step} is not in {space}: {frame.state}")


def check_numbers(player: Player, frame: Frame) -> None:
    """Rewards and flags have the promised types; every number is finite."""
    for label, reward in frame.rewards.items():
        require(
            type(reward) is player.reward_type,
            "reward_type",
            f"{label}: {type(reward).__name__}, not {player.reward_type.__name__}",
        )
        if not finite(reward):
            raise ConformanceError("finite", f"the reward of {label} is {reward}")
    for flags in (frame.terminated, frame.truncated):
        for label, flag in flags.items():
            require(
                type(flag) is player.flag_type,
                "flag_type",
                f"{label}: {type(flag).__name__}, not {player.flag_type.__name__}",
            )
    for label, info in frame.infos.items():
        for name, value in info.items():
            if not finite(value):
                raise ConformanceError("finite", f"info {name!r} of {label} is {value}")


def check_keys(player: Player, frame: Frame, first: Frame) -> None:
    """Every dict has every agent; infos have what they promise, and where trainers need it always the same."""
    labels = set(player.labels())
    parts = {"observations": frame.observations, "infos": frame.infos}
    if frame is not first:
        parts |= {"rewards": frame.rewards, "terminated": frame.terminated, "truncated": frame.truncated}
    for name, part in parts.items():
        require(set(part) == labels, "keys", f"{name} has keys {sorted(part)}, expected {sorted(labels)}")
    for label, info in frame.infos.items():
        wanted = [key for key in INFO_KEYS if not isinstance(player, BatchPlayer) or key != "cooperation"]
        missing = [key for key in wanted if key not in info]
        require(not missing, "info_keys", f"the info of {label} lacks {missing}")
        if player.constant_infos:
            require(
                info.keys() == first.infos[label].keys(),
                "info_keys",
                f"the info of {label} changed its keys from {sorted(first.infos[label])} to {sorted(info)}",
            )
            for name, value in info.items():
                require(
                    isinstance(value, int | float | np.ndarray),
                    "info_keys",
                    f"info {name!r} of {label} is not a number: {value!r}",
                )


def check_fresh(before: Frame, after: Frame) -> None:
    """What was returned is not written again."""
    for label, seen in after.observations.items():
        require(
            not np.shares_memory(seen, before.observations[label]),
            "fresh",
            f"consecutive observations of {label} share memory",
        )
    for name in ("observations", "infos", "rewards"):
        require(
            getattr(before, name) is not getattr(after, name),
            "fresh",
            f"two steps returned the same dict of {name}",
        )


def check_aliasing(frame: Frame) -> None:
    """No two agents are handed the same memory: what one does with its observation is nothing to the others."""
    arrays = list(frame.observations.items())
    for k, (label, seen) in enumerate(arrays):
        for other, shown in arrays[:k]:
            require(not np.shares_memory(seen, shown), "aliasing", f"{label} and {other} see through the same memory")
    infos = list(frame.infos.items())
    for k, (label, info) in enumerate(infos):
        for other, told in infos[:k]:
            require(info is not told, "aliasing", f"{label} and {other} have the same info")


#: Arrays of a batch that kernels write and callers read.
PUBLIC_ARRAYS = ("observations", "rewards", "payoffs", "utilities", "terminated", "truncated")


def check_bound(player: Player, script: np.ndarray, seed: int) -> None:
    """A public array that is replaced by another is refused, or from then on the one that is written."""
    if not isinstance(player, BatchPlayer):
        return
    twin = player.another()
    twin.reset(seed)
    env, wrong = twin.env, []
    for name in PUBLIC_ARRAYS:
        array = getattr(env, name)
        if not array.size:
            continue
        other = np.ones_like(array)
        try:
            setattr(env, name, other)
        except (AttributeError, TypeError, ValueError):
            continue
        wrong.append(name)
    twin.step(script[0])
    player.reset(seed)
    player.step(script[0])
    for name in wrong:
        require(
            same(getattr(env, name), getattr(player.env, name)),
            "detached",
            f"{name} was replaced by another array without a word, and shows nothing of the game any more",
        )
    arrays = [(name, getattr(env, name)) for name in PUBLIC_ARRAYS]
    for k, (name, array) in enumerate(arrays):
        for other_name, other in arrays[:k]:
            require(not np.shares_memory(array, other), "aliasing", f"{name} and {other_name} share memory")


def check_end(player: Player, frame: Frame, step: int) -> None:
    """All end together, by the horizon at the latest, and never in two ways."""
    horizon = player.game.horizon
    by_chance = player.game.parameters.continuation < 1.0
    for label in frame.terminated:
        both = frame.terminated[label] & frame.truncated[label]
        require(not some(both), "end", f"{label} was both terminated and truncated at step {step}")
    ends = [some(frame.terminated[label]) or some(frame.truncated[label]) for label in frame.terminated]
    require(len(set(ends)) == 1, "end", f"at step {step} some ended and some did not")
    require(frame.over == ends[0], "end", f"at step {step} flags and agents disagree about the end")
    require(step < horizon or frame.over, "end", f"the episode goes on after its horizon of {horizon}")
    for label, flag in frame.truncated.items():
        early = some(flag) and not by_chance
        require(step == horizon or not early, "end", f"{label} was truncated at step {step}, not at {horizon}")


def play(player: Player, script: np.ndarray, seed: int | None, steps: int | None = None) -> list[Frame]:
    """The frames of an episode, copied, from the reset to the end."""
    frames = [kept(player.reset(seed))]
    for actions in script[:steps]:
        frames.append(kept(player.step(actions)))
        if frames[-1].over:
            break
    return frames


def check_episode(player: Player, script: np.ndarray, seed: int) -> None:
    """One whole episode: types, spaces, keys, freshness, end, and equality with the game's own kernel."""
    game = player.game
    reference = Batch(game, player.copies, autoreset="disabled", observe=True, observe_joint=True)
    reference.reset(seed=seed)
    first = frame = player.reset(seed)
    check_observations(player, frame, 0)
    if not isinstance(player, BatchPlayer):
        check_keys(player, frame, first)
    check_equality(player, frame, reference, 0)
    for step, actions in enumerate(script, start=1):
        before, shown = frame, kept(frame.observations)
        frame = player.step(actions)
        require(same(before.observations, shown), "fresh", f"step {step} changed the observations of the step before")
        check_observations(player, frame, step)
        check_numbers(player, frame)
        check_keys(player, frame, first)
        check_fresh(before, frame)
        check_aliasing(frame)
        check_end(player, frame, step)
        reference.step(player.played(actions))
        check_equality(player, frame, reference, step)
        if frame.over:
            return


def check_equality(player: Player, frame: Frame, reference: Batch, step: int) -> None:
    """Observations, rewards, pay and ends are those of the kernel, bit for bit."""
    stacked = isinstance(player, BatchPlayer | VectorPlayer)
    for label in player.labels():
        for k in range(player.copies):
            seen = frame.observations[label][k] if stacked else frame.observations[label]
            expected = player.expected_observation(reference, label, k)
            where = f"{label} {k} at step {step}"
            if not np.array_equal(seen, expected):
                raise ConformanceError("equality", f"{where} sees {seen}, but the game shows {expected}")
            if step == 0:
                continue
            reward = frame.rewards[label][k] if stacked else frame.rewards[label]
            expected_reward = player.expected_reward(reference, label, k)
            if not (
                reward == expected_reward if isinstance(reward, float) else np.array_equal(reward, expected_reward)
            ):
                raise ConformanceError("equality", f"{where} earns {reward}, but the game pays {expected_reward}")
            for name, flags in (("terminated", frame.terminated), ("truncated", frame.truncated)):
                flag = flags[label][k] if stacked else flags[label]
                expected_flag = bool(getattr(reference, name)[k])
                require(
                    bool(flag) == expected_flag, "equality", f"{where}: {name} is {flag}, the game's {expected_flag}"
                )
    if step > 0 and isinstance(player, ParallelPlayer):
        for i, agent in enumerate(player.game.agents):
            for name, table in (("payoff", reference.payoffs), ("utility", reference.utilities)):
                require(
                    frame.infos[agent][name] == table[0, i],
                    "equality",
                    f"info {name!r} of {agent!r} at step {step} is {frame.infos[agent][name]}, not {table[0, i]}",
                )


# --- checks that play several times


def compare(check: str, what: str, one: list[Frame], other: list[Frame]) -> None:
    """The same frames, or an error that says where they part."""
    for step, (a, b) in enumerate(zip(one, other, strict=False)):
        require(same(a, b), check, f"{what} differ at step {step}")
    require(len(one) == len(other), check, f"{what} last {len(one) - 1} and {len(other) - 1} steps")


def check_determinism(player: Player, script: np.ndarray, seed: int) -> list[Frame]:
    """A seed fixes the whole episode, and what comes after it."""
    one = play(player, script, seed)
    after = kept(player.reset(None))
    other = play(player, script, seed)
    compare("determinism", "two episodes with one seed", one, other)
    require(same(after, player.reset(None)), "determinism", "the episodes after them start differently")
    return one


def check_instances(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """Another instance plays the same episode, even when both are played in turns."""
    one, other = player.another(), player.another()
    frames = [[kept(one.reset(seed))], [kept(other.reset(seed))]]
    for actions in script[: len(expected) - 1]:
        frames[0].append(kept(one.step(actions)))
        frames[1].append(kept(other.step(actions)))
    compare("instances", "two instances with one seed", frames[0], frames[1])
    compare("instances", "an instance played alone and one played in turns", expected, frames[0])


def check_global_random(player: Player, script: np.ndarray, seed: int) -> None:
    """NumPy's global generator is neither used nor seeded."""
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002 - it is what must not be used
    play(player, script, seed, 5)
    after = pickle.dumps(np.random.get_state())  # noqa: NPY002
    require(before == after, "global_random", "an episode used NumPy's global random numbers")


def check_snapshot(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """A snapshot in the middle of an episode can be gone back to, twice."""
    middle = len(expected) // 2
    play(player, script, seed, middle)
    snapshot = player.inner.snapshot()
    for _ in range(2):
        frames = [kept(player.step(actions)) for actions in script[middle : len(expected) - 1]]
        compare("snapshot", "an episode and its continuation from a snapshot", expected[middle + 1 :], frames)
        player.inner.restore(snapshot)


def check_foreign_snapshot(player: Player, seed: int) -> None:
    """A snapshot of a game with other parameters is refused with a ValueError."""
    game = player.game
    parameters = dataclasses.replace(game.parameters, horizon=game.horizon + 1)
    other = Batch(Game(parameters, game.mode, game.observation, game.action_scale), player.copies)
    other.reset(seed=seed)
    player.reset(seed)
    own: Any = player.inner.snapshot()
    foreign: Any = other.snapshot()
    if isinstance(own, ViewSnapshot):
        foreign = dataclasses.replace(own, batch=foreign)
    try:
        player.inner.restore(foreign)
    except ValueError:
        return
    raise ConformanceError("foreign_snapshot", "a snapshot of a game with another horizon was restored")


def check_healing(player: Player, seed: int) -> None:
    """Where agents hold at the baseline, as float32 actions say it, damage heals; hands that tremble do not hold."""
    game = player.game
    field = game.layout.get("damage")
    heals = field is not None and field.settable and getattr(game.parameters, "delta_R", 0.0) > 0.0
    # Partners play as they like, trembling hands do not hold, and few levels meet the baseline.
    controlled = getattr(player.inner, "index", None) is not None
    if not heals or game.parameters.tremble > 0.0 or player.levels is not None or controlled:
        return
    twin = type(player)(copy.deepcopy(player.inner))
    twin.inner.reset(seed=seed, options={"damage": 0.5})
    batch = getattr(twin.inner, "_batch", twin.inner)
    actions = game.action_low + game.baseline_rate * (game.action_high - game.action_low)
    before = batch.read("damage")
    for _ in range(min(3, game.horizon - 1)):
        if twin.step(np.tile(actions, (player.copies, 1))).over:
            return
        after = batch.read("damage")
        require(
            np.all((after < before) | (before == 0.0)),
            "healing",
            "agents hold at the baseline, and what they damaged does not heal",
        )
        before = after


def check_pickle(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """An environment pickled in the middle of an episode goes on where it was; so does the original."""
    middle = len(expected) // 2
    play(player, script, seed, middle)
    other = type(player)(pickle.loads(pickle.dumps(player.env)))
    for one in (other, player):
        frames = [kept(one.step(actions)) for actions in script[middle : len(expected) - 1]]
        compare("pickle", "an episode and its continuation from a pickle", expected[middle + 1 :], frames)


def check_refusal(player: Player, script: np.ndarray, seed: int, expected: list[Frame]) -> None:
    """A NaN is refused with a ValueError, and the episode goes on as if it had not been there."""
    play(player, script, seed, 1)
    try:
        player.bad_action(script[1])
    except ValueError:
        pass
    except Exception as error:
        raise ConformanceError("refusal", f"a NaN raised {type(error).__name__}, not ValueError") from error
    else:
        raise ConformanceError("refusal", "a NaN was played")
    require(same(player.step(script[1]), expected[2]), "refusal", "a refused action changed the state")


def check_order(player: Player, script: np.ndarray, seed: int) -> None:
    """A step before the first reset, and one after the end, raise the API's own error."""
    fresh = player.another()
    with _expected(fresh.order_errors, "a step before the first reset"):
        fresh.step_blindly(script[0])
    if not player.refuses_after_end:
        return
    play(player, script, seed)
    if isinstance(player, AECPlayer):
        while player.env.agents:  # each agent takes its last look, as PettingZoo wants it
            player.env.step(None)
    with _expected(player.order_errors, "a step after the end"):
        player.step_blindly(script[0])


class _expected:
    """A context that wants one of these errors."""

    def __init__(self, errors: tuple[type[Exception], ...], what: str) -> None:
        self.errors, self.what = errors, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        names = " or ".join(one.__name__ for one in self.errors)
        if kind is None or issubclass(kind, ConformanceError):
            raise ConformanceError("order", f"{self.what} raised nothing, expected {names}")
        require(issubclass(kind, self.errors), "order", f"{self.what} raised {kind.__name__}, expected {names}")
        return True


#: Names of the checks, as `ConformanceError.check` has them.
CHECKS = (
    "spaces",
    "order",
    "observation_dtype",
    "observation_space",
    "state_space",
    "reward_type",
    "finite",
    "flag_type",
    "keys",
    "info_keys",
    "fresh",
    "aliasing",
    "detached",
    "actions",
    "end",
    "revealed",
    "hidden",
    "equality",
    "determinism",
    "instances",
    "global_random",
    "snapshot",
    "foreign_snapshot",
    "healing",
    "pickle",
    "refusal",
)


def check_env(env: Any, seed: int = 7) -> None:
    """Check that an environment keeps what its interface promises, over whole episodes.

    Parameters
    ----------
    env : environment or str
        Any of this package's: a `Batch`, a Gymnasium environment or vector, a PettingZoo environment, wrapped or
        not. It must be newly made. A str is an id, which is checked behind every interface.
    seed : int
        Seed of episodes and actions.

    Raises
    ------
    ConformanceError
        The first broken promise; its attribute `check` names the check, one of `CHECKS`.
    TypeError
        Not an environment of this package.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.testing import check_env
    >>> check_env(coopetition.parallel_env("SLCD-v0", horizon=20))
    """
    if isinstance(env, str):
        for maker in makers(env).values():
            check_env(maker(), seed)
        return
    player = player_of(env)
    script = script_for(player, seed)
    check_spaces(player)
    check_order(player, script, seed)
    check_episode(player, script, seed)
    check_bound(player, script, seed)
    frames = check_determinism(player, script, seed)
    check_instances(player, script, seed, frames)
    check_global_random(player, script, seed)
    check_snapshot(player, script, seed, frames)
    check_pickle(player, script, seed, frames)
    check_refusal(player, script, seed, frames)
    check_foreign_snapshot(player, seed)
    check_healing(player, seed)


def makers(environment_id: str, **options: Any) -> dict[str, Callable[[], Any]]:
    """Every interface to an id, by name, each as a function that makes it.

    Parameters
    ----------
    environment_id : str
        Such as ``"SLCD-v0"``.
    **options
        Passed on to each.
    """
    # A batch draws nothing and writes no infos, and refuses to be told how.
    bare = {name: value for name, value in options.items() if name not in ("render_mode", "info_level")}
    return {
        "batch": lambda: batch(environment_id, COPIES, **bare),
        "vector": lambda: vector_env(environment_id, COPIES, **options),
        "vector_same_step": lambda: vector_env(environment_id, COPIES, autoreset_mode="SameStep", **options),
        "joint": lambda: gymnasium_env(environment_id, **options),
        "agent": lambda: gymnasium_env(environment_id, control=0, **options),
        "parallel": lambda: parallel_env(environment_id, **options),
        "aec": lambda: aec_env(environment_id, **options),
        "sequential": lambda: aec_env(environment_id, sequential=True, **options),
    }
