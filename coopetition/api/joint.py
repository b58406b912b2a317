"""Joint control: one learner plays all agents, as a Gymnasium environment with a scalar reward."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded

from coopetition.api.options import EPISODE_TOTALS, RENDER_MODES, ViewOptions, action_box, observation_box
from coopetition.api.view import NOT_IN_INFO, View, ViewSnapshot, as_memoryview
from coopetition.games import checks
from coopetition.games.game import Game

METADATA: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 5}


class GymnasiumView(View, gymnasium.Env[np.ndarray, np.ndarray]):
    """What joint and single-agent control share: Gymnasium's seeding, errors and rendering."""

    metadata: ClassVar[dict[str, Any]] = METADATA  # type: ignore[misc]
    _drawn_from: np.random.Generator | None = None

    def _restart_seeded(self, seed: int | None, options: dict[str, Any] | None) -> None:
        """Start an episode; the game draws from ``np_random``, Gymnasium's own stream."""
        values = self._checked_options(options)
        gymnasium.Env.reset(self, seed=checks.seed("seed", seed))
        if self._batch.stochastic and self._drawn_from is not self.np_random:
            self._drawn_from = self.np_random
            self._batch.use_generator(0, self.np_random)
        self._restart(None, values)

    def _need_reset(self) -> ResetNeeded:
        if not self._has_reset:
            return ResetNeeded("Cannot call env.step() before calling env.reset()")
        return ResetNeeded("The episode is over: call env.reset() before the next env.step()")

    def state(self) -> np.ndarray:
        """The joint normalised state, float32 (S,), in [0, 1]; `state_layout` names its parts."""
        if not self._has_reset:
            raise ResetNeeded("Cannot call env.state() before calling env.reset()")
        return self._joint_state()

    def render(self) -> Any:
        """A table as text ("ansi"), an image (H, W, 3) uint8 ("rgb_array"), or None ("human", in a window)."""
        if not self._has_reset:
            raise ResetNeeded("Cannot call env.render() before calling env.reset()")
        return self._draw()

    def _add_state(self, info: dict[str, Any]) -> None:
        state = self.named_state()
        info.update({name: value for name, value in state.items() if name not in NOT_IN_INFO})


class JointEnv(GymnasiumView):
    """One learner plays every agent.

    Parameters
    ----------
    game : Game
        What is played.
    options : ViewOptions, optional
        How it is shown.

    Notes
    -----
    The action is one number per agent, Box (N,) in the game's action scale (two, one agent's after another's, where an
    action has two: Box (2 N,)); the observation is the joint state, Box (S,). The reward is the mean over agents of the
    mode's rewards, a Python float. ``info`` has ``rewards``,
    ``payoff``, ``utility`` and ``cooperation``, each (N,), from reset on; the last step of an episode adds
    ``episode_totals`` (``reward`` the mean, ``rewards`` and ``payoff`` (N,), ``length`` in steps) and ``outcome``.
    """

    def __init__(self, game: Game, options: ViewOptions | None = None) -> None:
        super().__init__(game, options or ViewOptions(), True, ("rewards", "joint", "payoffs", "utilities", "rates"))
        self.action_space = action_box(game, slice(None))
        self.observation_space = observation_box(game.joint_size)
        self._shape = (game.n * game.axes,)

    _hooked = (*GymnasiumView._hooked, "_row")

    def _gather(self) -> None:
        batch = self._batch
        self._row = batch.actions.reshape(-1)
        self._hot = (
            np.ndarray,
            self.game.n == 2 and self.game.axes == 1,
            self._actions,
            self._play,
            self._lines,
            self._ended,
            as_memoryview(batch.joint_rewards),
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Seed of Gymnasium's ``np_random``, from which the game draws.
        options : dict, optional
            State to start from, by name, such as ``{"trust": 0.9}``; for this episode only.

        Returns
        -------
        observation : ndarray (S,) float32
        info : dict
        """
        self._restart_seeded(seed, options)
        rewards, observation, payoffs, utilities, rates = self._fresh_outputs()
        info = {"rewards": rewards, "payoff": payoffs, "utility": utilities, "cooperation": rates}
        if self._extra:
            self._show_more(info)
        return observation, info

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Play one step.

        Parameters
        ----------
        action : array_like (N,)
            One number per agent; (2 N,) where an action has two.

        Returns
        -------
        observation : ndarray (S,) float32
        reward : float
            Mean over agents of the mode's rewards.
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
        array, pair, cells, play, lines, ended, mean = self._hot
        if pair and type(action) is array and action.dtype.kind == "f":
            try:
                # Two numbers one by one take half as long as a NumPy assignment of two, which casts them.
                cells[0], cells[1] = action.tolist()
            except (TypeError, ValueError):
                self._take(action)
        else:
            self._take(action)
        refused = play()
        if refused:
            raise self._refused(refused)
        rewards, observation, payoffs, utilities, rates = next(lines)
        info = {"rewards": rewards, "payoff": payoffs, "utility": utilities, "cooperation": rates}
        terminated = truncated = False
        if ended[0]:
            terminated, truncated = self._terminated[0], self._truncated[0]
            self._over = True
            self._add_end(info)
        if self._extra:
            if self._draws:
                self._record()
            self._show_more(info)
        return observation, mean[0], terminated, truncated, info

    def _take(self, action: Any) -> None:
        """Write any number of agents' actions where the kernel reads them, or say why they are none."""
        if type(action) is not np.ndarray or action.dtype.kind != "f":
            action = checks.reals("actions", action)
        if action.shape != self._shape:
            each = "one" if self.game.axes == 1 else "a rate and an intensity"
            raise ValueError(
                f"actions have shape {action.shape}, expected {self._shape}, {each} for each agent of "
                f"{', '.join(self.game.agents)}; the state is unchanged"
            )
        self._row[...] = action

    def _add_end(self, info: dict[str, Any]) -> None:
        layout = self.game.layout
        rewards = np.array(self._head[layout["reward_total"].rows])
        info[EPISODE_TOTALS] = {
            "reward": float(rewards.mean()),
            "rewards": rewards,
            "payoff": np.array(self._head[layout["payoff_total"].rows]),
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
        """Go back to a snapshot; the observation there, float32 (S,)."""
        self._go_back(snapshot)
        return self._fresh_outputs()[1]
