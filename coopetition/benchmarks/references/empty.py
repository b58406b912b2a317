"""Environments that do nothing: the least that an API costs."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from pettingzoo import ParallelEnv

EMPTY_ID = "coopetition-benchmarks/Empty-v0"
AGENTS = ("agent_0", "agent_1")


class EmptyEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A Gymnasium environment that returns the same at every step."""

    observation_space = Box(0.0, 1.0, (9,), np.float32)
    action_space = Box(0.0, 1.0, (2,), np.float32)

    def __init__(self) -> None:
        self._observation = np.zeros(9, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode."""
        super().reset(seed=seed)
        return self._observation, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Do nothing."""
        return self._observation, 0.0, False, False, {}


class EmptyParallelEnv(ParallelEnv[str, np.ndarray, np.ndarray]):
    """A two-agent ParallelEnv that returns the same at every step."""

    metadata: ClassVar[dict[str, Any]] = {
        "name": "empty",
        "render_modes": [],
        "is_parallelizable": True,
    }

    def __init__(self) -> None:
        self.possible_agents = list(AGENTS)
        self.agents: list[str] = []
        self.render_mode = None
        self._spaces = {agent: Box(0.0, 1.0, (6,), np.float32) for agent in AGENTS}
        self._actions = {agent: Box(0.0, 1.0, (1,), np.float32) for agent in AGENTS}
        self._observation = np.zeros(6, dtype=np.float32)

    def observation_space(self, agent: str) -> Box:
        """An agent's observation space."""
        return self._spaces[agent]

    def action_space(self, agent: str) -> Box:
        """An agent's action space."""
        return self._actions[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """Start an episode."""
        self.agents = self.possible_agents[:]
        return dict.fromkeys(AGENTS, self._observation), {agent: {} for agent in AGENTS}

    def step(
        self, actions: Any
    ) -> tuple[dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Do nothing."""
        return (
            dict.fromkeys(AGENTS, self._observation),
            dict.fromkeys(AGENTS, 0.0),
            dict.fromkeys(AGENTS, False),
            dict.fromkeys(AGENTS, False),
            {agent: {} for agent in AGENTS},
        )


def make_empty() -> gymnasium.Env[Any, Any]:
    """The empty environment through ``gymnasium.make``, with the wrappers that make puts around."""
    if EMPTY_ID not in gymnasium.registry:
        gymnasium.register(EMPTY_ID, entry_point=f"{__name__}:EmptyEnv")
    return gymnasium.make(EMPTY_ID)
