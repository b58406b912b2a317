"""Views with a number of levels instead of a continuum, for learners that need Discrete spaces.

Action k of K plays the k-th of K evenly spaced actions of the game's scale: of rates, k / (K - 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete, MultiDiscrete
from gymnasium.vector.utils import batch_space

from coopetition.api.aec import CoopetitionAECEnv
from coopetition.api.agent import AgentEnv
from coopetition.api.joint import JointEnv
from coopetition.api.parallel import CoopetitionParallelEnv
from coopetition.api.vector import CoopetitionVectorEnv
from coopetition.games import checks
from coopetition.games.game import Game

#: More levels than anybody tells apart.
MOST_LEVELS = 10_001


def checked_levels(discrete: Any) -> int:
    """The number of levels K, a whole number from 2 on."""
    return checks.count("discrete", discrete, 2, MOST_LEVELS)


def levels_of(game: Game, discrete: int) -> np.ndarray:
    """The actions that K levels play, (N, K), in the game's scale.

    Raises
    ------
    ValueError
        A game whose actions are two numbers.
    """
    if game.axes > 1:
        raise ValueError(
            f"discrete = {discrete}: an action of {game.id} is a rate and an intensity, which the number of a level "
            "does not say; play its Box, or let a learner divide both (QMIX and VDN do)"
        )
    return np.linspace(game.action_low, game.action_high, discrete, axis=-1)


def level_number(name: str, action: Any, discrete: int) -> int:
    """One agent's action as the number of a level.

    Raises
    ------
    TypeError
        No integer.
    ValueError
        Not one of the levels, or not one number.
    """
    if isinstance(action, np.ndarray):
        if action.size != 1:
            raise ValueError(f"{name} has shape {action.shape}, expected one number; the state is unchanged")
        action = action.reshape(())[()]
    return checks.count(name, action, 0, discrete - 1)


class DiscreteParallelEnv(CoopetitionParallelEnv):
    """The Parallel view with Discrete(K) actions."""

    def __init__(self, game: Game, options: Any, discrete: int) -> None:
        super().__init__(game, options)
        self.discrete = discrete
        self.action_spaces = {agent: Discrete(discrete) for agent in game.agents}  # type: ignore[misc]
        self._levels = levels_of(game, discrete)

    def step(self, actions: Mapping[str, Any]) -> Any:
        """Play one step, each agent's action the number of a level."""
        if self._over or not isinstance(actions, Mapping):
            return super().step(actions)
        self._refuse_agents(actions)
        played = {}
        for i, agent in enumerate(self.possible_agents):
            number = level_number(f"action of agent {agent!r}", actions[agent], self.discrete)
            played[agent] = self._levels[i, number : number + 1]
        return super().step(played)


class DiscreteAECEnv(CoopetitionAECEnv):
    """The AEC view with Discrete(K) actions."""

    def __init__(self, game: Game, turn_order: Any, options: Any, sequential: bool, discrete: int) -> None:
        super().__init__(game, turn_order, options, sequential)
        self.discrete = discrete
        self.action_spaces = {agent: Discrete(discrete) for agent in game.agents}  # type: ignore[misc]
        self._levels = levels_of(game, discrete)

    def step(self, action: Any) -> None:
        """Play the selected agent's move, the number of a level."""
        if not self._over:
            agent = self.agent_selection
            number = level_number(f"action of agent {agent!r}", action, self.discrete)
            action = self._levels[self.game.agents.index(agent), number : number + 1]
        super().step(action)


class DiscreteJointEnv(JointEnv):
    """Joint control with MultiDiscrete([K] * N) actions."""

    def __init__(self, game: Game, options: Any, discrete: int) -> None:
        super().__init__(game, options)
        self.discrete = discrete
        self.action_space = MultiDiscrete([discrete] * game.n)
        self._levels = levels_of(game, discrete)

    def step(self, action: Any) -> Any:
        """Play one step, a number of a level for each agent."""
        if self._over:
            raise self._need_reset()
        given = np.asarray(action)
        if given.shape != self._shape:
            raise ValueError(f"actions have shape {given.shape}, expected {self._shape}; the state is unchanged")
        numbers = [
            level_number(f"action of agent {agent!r}", one, self.discrete)
            for agent, one in zip(self.game.agents, given, strict=True)
        ]
        return super().step(self._levels[np.arange(self.game.n), numbers])


class DiscreteAgentEnv(AgentEnv):
    """Single-agent control with Discrete(K) actions."""

    def __init__(self, game: Game, control: Any, partners: Any, options: Any, discrete: int) -> None:
        super().__init__(game, control, partners, options)
        self.discrete = discrete
        self.action_space = Discrete(discrete)  # type: ignore[assignment]
        self._levels = levels_of(game, discrete)

    def step(self, action: Any) -> Any:
        """Play one step, the action the number of a level."""
        if self._over:
            raise self._need_reset()
        number = level_number(f"action of agent {self.agent!r}", action, self.discrete)
        return super().step(self._levels[self.index, number : number + 1])


class DiscreteVectorEnv(CoopetitionVectorEnv):
    """The vector view with MultiDiscrete([K] * N) actions for each copy, or Discrete(K) of one agent."""

    def __init__(self, game: Game, discrete: int, *arguments: Any) -> None:
        super().__init__(game, *arguments)
        self.discrete = discrete
        single = MultiDiscrete([discrete] * game.n) if self.index is None else Discrete(discrete)
        self.single_action_space = single
        self.action_space = batch_space(single, self.num_envs)
        self._levels = levels_of(game, discrete)[self._played]

    def _read(self, actions: Any) -> None:
        """Read numbers of levels, (B, N), or (B,) of one agent."""
        checks.reals("actions", actions)  # refuses flags within lists, masked arrays and what else is no number
        given = np.asarray(actions)
        if given.dtype.kind not in "iu":
            raise TypeError(f"actions are {given.dtype}, expected integers: numbers of levels; the state is unchanged")
        if given.shape != self.action_space.shape:
            raise ValueError(
                f"actions have shape {given.shape}, expected {self.action_space.shape}; the state is unchanged"
            )
        numbers = given.reshape(self._shape)
        wrong = np.argwhere((numbers < 0) | (numbers >= self.discrete))
        if wrong.size:
            k, i = wrong[0]
            agent = self.game.agents[i if self.index is None else self.index]
            raise ValueError(
                f"action of agent {agent!r} of copy {k} = {numbers[k, i]}: expected an integer in "
                f"[0, {self.discrete - 1}]; the state is unchanged"
            )
        super()._read(self._levels[np.arange(len(self._levels)), numbers])
