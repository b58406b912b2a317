"""What one agent sees, by name: the only thing that a strategy has to know about observations."""

from __future__ import annotations

from typing import Any

import numpy as np

from coopetition.games.game import Game

#: Two rates that differ by less than this, what float32 can tell apart below 1, are the same rate.
SAME_RATE = 2.0**-21


class Sight:
    """One agent's view of B copies at one step.

    Parameters
    ----------
    game : Game
        What is played.
    observations : ndarray (B, O) float32
        What the agent sees.
    agent : int
        Its index.
    memory : dict
        What the policy remembers for this agent, by name; arrays (B, ...).

    Attributes
    ----------
    copies : int
        B.
    baseline_rate : float
        The agent's own b/e, the rate that others expect of it.
    """

    __slots__ = ("_memory", "_observations", "agent", "baseline_rate", "copies", "game")

    def __init__(self, game: Game, observations: np.ndarray, agent: int, memory: dict[str, np.ndarray]) -> None:
        self.game = game
        self.agent = agent
        self.copies = len(observations)
        self.baseline_rate: float = game.baseline_rate[agent]
        self._observations = observations
        self._memory = memory

    def __getitem__(self, name: str) -> np.ndarray:
        """A named part of the observation, float64 (B, size): ``seen["trust_in"]``.

        Raises
        ------
        KeyError
            The game shows nothing of that name; the message has what it shows.
        """
        try:
            columns = self.game.observation_layout[name]
        except KeyError:
            shown = ", ".join(self.game.observation_layout)
            raise KeyError(f"agents of {self.game.id} do not see {name!r}; they see {shown}") from None
        part: np.ndarray = self._observations[:, columns].astype(np.float64)
        return part

    def __contains__(self, name: str) -> bool:
        return name in self.game.observation_layout

    @property
    def first(self) -> np.ndarray:
        """Which copies are at the first step of an episode, (B,) bool."""
        layout = self.game.observation_layout
        column = layout["time" if "time" in layout else "begun"].start
        at_start: np.ndarray = self._observations[:, column] == 0.0
        return at_start

    @property
    def own_rate(self) -> np.ndarray:
        """The rate that the agent played last, (B,); b/e at the first step."""
        rates: np.ndarray = self._observations[:, self.game.observation_layout["own_rate"].start].astype(np.float64)
        return rates

    @property
    def other_rates(self) -> np.ndarray:
        """The rates that the others played last, (B, N - 1), in index order; their b/e at the first step."""
        return self["other_rates"]

    @property
    def others_mean(self) -> np.ndarray:
        """The mean of `other_rates`, (B,); with two players the other's rate."""
        seen = self._observations[:, self.game.observation_layout["other_rates"]]
        if seen.shape[1] == 1:
            only: np.ndarray = seen[:, 0].astype(np.float64)
            return only
        # One after another in float64, as the kernel adds them.
        means: np.ndarray = seen.cumsum(axis=1, dtype=np.float64)[:, -1] / seen.shape[1]
        return means

    @property
    def other_baselines(self) -> np.ndarray:
        """What is expected of the others, b/e of each, (N - 1,)."""
        return np.delete(self.game.baseline_rate, self.agent)

    def memory(self, name: str, start: Any) -> np.ndarray:
        """What the policy remembers under a name, (B,); `start` in copies at their first step. Written in place.

        Parameters
        ----------
        name : str
            Of the policy's own choice.
        start : number, bool, or ndarray (B,)
            What it holds when an episode starts.
        """
        kept = self._memory.get(name)
        if kept is None:
            kept = self._memory[name] = np.full(self.copies, start)
            return kept
        first = self.first
        if first.any():
            kept[first] = np.broadcast_to(start, self.copies)[first]
        return kept
