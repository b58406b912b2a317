"""Single-agent control: one agent learns, the others play policies."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from coopetition.api.joint import GymnasiumView
from coopetition.api.options import EPISODE_TOTALS, ViewOptions, action_box, agent_index, observation_box
from coopetition.api.partners import DEFAULT_PARTNER, policies_for, reset_policies, to_actions
from coopetition.api.view import View, ViewSnapshot
from coopetition.games.game import Game


class AgentEnv(GymnasiumView):
    """One learner plays one agent.

    Parameters
    ----------
    game : Game
        What is played.
    control : str or int
        The agent, by name or index.
    partners : str, policy, sequence or mapping
        Who plays the others: a baseline's name or a policy for all, or one for each.
    options : ViewOptions, optional
        How it is shown.

    Notes
    -----
    The action is Box (1,) in the game's action scale, the observation the agent's own, Box (O,), the reward its own,
    a Python float. Partners see their own observations. ``info`` has ``payoff``, ``utility`` and ``cooperation``
    of the agent as floats, from reset on; the last step of an episode adds ``episode_totals`` (``reward``,
    ``payoff``, ``length``) and ``outcome``.
    """

    _remembered = (*View._remembered, "_policies")
    _hooked = (*View._hooked, "_seen")

    def __init__(
        self,
        game: Game,
        control: str | int = 0,
        partners: Any = DEFAULT_PARTNER,
        options: ViewOptions | None = None,
    ) -> None:
        self.index = agent_index(game, control)
        self.agent = game.agents[self.index]
        self._policies = policies_for(game, self.index, partners)
        low, high = (bound.reshape(game.n, -1) for bound in (game.action_low, game.action_high))
        self._lows = low[:, 0].tolist()
        self._spans = (high - low)[:, 0].tolist()
        self._low, self._high = self._lows[self.index], float(high[self.index, 0])
        self._own_rate = game.layout["rates"].first + self.index
        super().__init__(game, options or ViewOptions(), False, ("observations",))
        self.action_space = action_box(game, [self.index])
        self.observation_space = observation_box(game.observation_size)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.agent} in {self.game!r}>"

    def _hook(self) -> None:
        super()._hook()
        #: What each agent saw last.
        self._seen = self._fresh_outputs()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Seed of Gymnasium's ``np_random``, from which the game draws, and of the partners.
        options : dict, optional
            State to start from, by name; for this episode only.

        Returns
        -------
        observation : ndarray (O,) float32
        info : dict
        """
        self._restart_seeded(seed, options)
        self._seen = self._fresh_outputs()
        reset_policies(self._policies, seed, 1)
        info: dict[str, Any] = {"payoff": 0.0, "utility": 0.0, "cooperation": self._head[self._own_rate]}
        if self._extra:
            self._show_more(info)
        return self._seen[self.index], info

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play one step; the partners choose first, from what they saw last.

        Parameters
        ----------
        action : array_like (1,)
            The agent's action.

        Returns
        -------
        observation : ndarray (O,) float32
            The agent's own.
        reward : float
            Its own.
        terminated, truncated : bool
            An end by the game's rule, and by the horizon.
        info : dict

        Raises
        ------
        ValueError
            A wrong shape or an action that is not finite; the state is as before.
        gymnasium.error.ResetNeeded
            Before the first reset, or after the end.
        """
        if self._over:
            raise self._need_reset()
        i = self.index
        if type(action) is np.ndarray and action.dtype.kind == "f" and action.size == 1:
            self._actions[i] = action.item()
        else:
            self._actions[i] = self._one_number(action, self.agent)
        self._check_own()
        seen = self._seen
        for j, policy in self._policies:
            rates = policy.act(seen[j][np.newaxis], j)
            try:
                self._actions[j] = self._lows[j] + rates.item() * self._spans[j]
            except (AttributeError, TypeError, ValueError):
                self._actions[j] = self._partners_action(rates, j)
        return self._finish()

    def _finish(self) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play the step for which everybody has chosen."""
        refused = self._play()
        if refused:
            raise self._refused(refused)
        i = self.index
        self._seen = seen = next(self._lines)
        info: dict[str, Any] = {
            "payoff": self._pay[i],
            "utility": self._pay[i + self.game.n],
            "cooperation": self._head[self._own_rate],
        }
        terminated = truncated = False
        if self._ended[0]:
            terminated, truncated = self._terminated[0], self._truncated[0]
            self._over = True
            self._add_end(info)
        if self._extra:
            if self._draws:
                self._record()
            self._show_more(info)
        return seen[i], self._reward_cells[i], terminated, truncated, info

    def _partners_action(self, rates: Any, j: int) -> float:
        """What a partner plays, if its policy does not give an array of one number."""
        actions = to_actions(self.game, j, rates)
        if actions.size != 1:
            raise ValueError(f"the policy of {self.game.agents[j]!r} gave {actions.size} actions, expected 1")
        return float(actions.item())

    def _check_own(self) -> None:
        """Refuse a bad action before any partner has acted on it, so that partners' states stay as they were."""
        i, value = self.index, self._actions[self.index]
        if not self._low <= value <= self._high:
            if not math.isfinite(value):
                raise self._batch.refusal(i + 1)
            if self._batch.strict_actions:
                raise self._batch.refusal(-(i + 1))

    def _add_end(self, info: dict[str, Any]) -> None:
        layout = self.game.layout
        info[EPISODE_TOTALS] = {
            "reward": self._head[layout["reward_total"].first + self.index],
            "payoff": self._head[layout["payoff_total"].first + self.index],
            "length": int(self._head[layout["time"].first]),
        }
        info["outcome"] = self.outcome

    def _show_more(self, info: dict[str, Any]) -> None:
        """Full infos, and what figures need."""
        if self._full:
            self._add_state(info)
        if self.render_mode == "human":
            self._draw()

    def restore(self, snapshot: ViewSnapshot) -> np.ndarray:
        """Go back to a snapshot; the agent's observation there, float32 (O,)."""
        self._go_back(snapshot)
        self._seen = self._fresh_outputs()
        # The snapshot keeps its own policies: it can be restored again.
        self._policies = copy.copy(self._policies)
        return self._seen[self.index]


class AxesAgentEnv(AgentEnv):
    """The same where an action is a rate and an intensity: Box (2,)."""

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play one step; see `AgentEnv.step`. Partners that speak of a rate play no intensity."""
        if self._over:
            raise self._need_reset()
        cells, axes, game = self._actions, self.game.axes, self.game
        first = self.index * axes
        for k, value in enumerate(self._both_numbers(action, self.agent), start=first):
            cells[k] = value
        for k, low, high in zip(range(axes), game.action_low[self.index], game.action_high[self.index], strict=True):
            value = cells[first + k]
            if not low <= value <= high:
                if not math.isfinite(value):
                    raise self._batch.refusal(first + k + 1)
                if self._batch.strict_actions:
                    raise self._batch.refusal(-(first + k + 1))
        seen = self._seen
        for j, policy in self._policies:
            played = to_actions(game, j, policy.act(seen[j][np.newaxis], j))
            if played.shape != (1, axes):
                raise ValueError(
                    f"the policy of {game.agents[j]!r} gave actions of shape {played.shape}, expected (1,)"
                )
            for k, value in enumerate(played[0].tolist(), start=j * axes):
                cells[k] = value
        return self._finish()
