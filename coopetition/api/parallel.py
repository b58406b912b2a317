"""PettingZoo's Parallel API: all agents move at once. The native one of the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box
from pettingzoo import ParallelEnv
from pettingzoo.utils.env_logger import EnvLogger

from coopetition.api.options import RENDER_MODES, ViewOptions, action_box, observation_box
from coopetition.api.view import NOT_IN_INFO, View, ViewSnapshot
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import nearest

#: PettingZoo's own tests pass this name to `reset`, to see that options are taken; it means nothing.
PROBE = "options"


class ZooView(View):
    """What the Parallel and the AEC view share: agents, spaces, infos, errors, rendering."""

    def __init__(self, game: Game, options: ViewOptions) -> None:
        layout = game.layout
        n = game.n
        # Where an agent's numbers lie among payoffs, utilities and the head of the state.
        rates, rewards, payoffs = (2 * n + layout[name].first for name in ("rates", "reward_total", "payoff_total"))
        self._seats = tuple(
            (agent, i, n + i, rates + i, rewards + i, payoffs + i) for i, agent in enumerate(game.agents)
        )
        self._outcome_row = layout["outcome"].first
        self._np_random: np.random.Generator | None = None
        super().__init__(game, options, False, ("observations",))
        self.possible_agents = list(game.agents)
        self.agents: list[str] = []
        self.observation_spaces = {agent: observation_box(game.observation_size) for agent in game.agents}
        self.action_spaces = {agent: action_box(game, [i]) for i, agent in enumerate(game.agents)}
        self.state_space = observation_box(game.joint_size)

    @property
    def np_random(self) -> np.random.Generator:
        """The generator from which the game draws, by Gymnasium's name; `reset` seeds it."""
        if self._np_random is None:
            self.np_random = np.random.default_rng()
        generator = self._np_random
        assert generator is not None
        return generator

    @np_random.setter
    def np_random(self, generator: np.random.Generator) -> None:
        self._np_random = generator
        self._batch.use_generator(0, generator)

    def _restart(self, seed: int | None, options: dict[str, Any]) -> None:
        """Start an episode, with a new generator if there is a seed."""
        seed = checks.seed("seed", seed)
        if seed is not None or self._np_random is None:
            self.np_random = np.random.default_rng(seed)
        super()._restart(None, options)

    def observation_space(self, agent: str) -> Box:
        """An agent's observation space, the same object at every call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """An agent's action space, the same object at every call."""
        return self.action_spaces[agent]

    def state(self) -> np.ndarray:
        """The joint normalised state, float32 (S,), in [0, 1]; `state_layout` names its parts."""
        if not self._has_reset:
            EnvLogger.error_state_before_reset()
        return self._joint_state()

    def render(self) -> Any:
        """A table as text ("ansi"), an image (H, W, 3) uint8 ("rgb_array"), or None ("human", in a window)."""
        if not self._has_reset:
            EnvLogger.error_render_before_reset()
        return self._draw()

    def close(self) -> None:
        """Close the window, if there is one."""
        super().close()

    def _checked_options(self, options: Mapping[str, Any] | None) -> dict[str, Any]:
        if isinstance(options, Mapping):
            options = {name: value for name, value in options.items() if name != PROBE}
        return super()._checked_options(options)

    def _infos(self) -> dict[str, dict[str, Any]]:
        """Each agent's numbers: the same keys from reset to the end, since TorchRL makes its specs at reset."""
        numbers = self._numbers.tolist()
        outcome = int(self._head[self._outcome_row])
        infos: dict[str, dict[str, Any]] = {}
        for agent, i, j, rate, reward, payoff in self._seats:
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
        return infos

    def _add_state(self, infos: dict[str, dict[str, Any]]) -> None:
        state = self.named_state()
        for info in infos.values():
            info.update({name: value.copy() for name, value in state.items() if name not in NOT_IN_INFO})


class CoopetitionParallelEnv(ZooView, ParallelEnv[str, np.ndarray, np.ndarray]):
    """All agents move at once.

    Parameters
    ----------
    game : Game
        What is played.
    options : ViewOptions, optional
        How it is shown.

    Notes
    -----
    Every dict is fresh at every step. Rewards are Python floats, flags Python bools. All agents are present until
    all end together. Infos have the same numeric keys from reset on: ``payoff``, ``utility``, ``cooperation``,
    ``episode_reward`` and ``episode_payoff`` (totals so far, the episode's at its end), and ``outcome``, an index into
    the game's `outcomes`; the property `outcome` has its name.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "coopetition",
        "render_modes": list(RENDER_MODES),
        "render_fps": 5,
        "is_parallelizable": True,
    }

    def __init__(self, game: Game, options: ViewOptions | None = None) -> None:
        super().__init__(game, options or ViewOptions())
        self.metadata = {**type(self).metadata, "name": game.id}  # type: ignore[misc]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Seed of the game's draws; None goes on with its stream.
        options : dict, optional
            State to start from, by name, such as ``{"trust": 0.9}``; for this episode only.

        Returns
        -------
        observations : dict of str to ndarray (O,) float32
        infos : dict of str to dict
        """
        self._restart(seed, self._checked_options(options))
        self.agents = self.possible_agents[:]
        if self.render_mode == "human":
            self._draw()
        return self._observations(), self._infos()

    def _observations(self) -> dict[str, np.ndarray]:
        return dict(zip(self.possible_agents, self._fresh_outputs(), strict=True))

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, np.ndarray],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Play one step.

        Parameters
        ----------
        actions : mapping of str to array_like (1,)
            One for each agent; (2,), a rate and an intensity, where an action has two numbers.

        Returns
        -------
        observations : dict of str to ndarray (O,) float32
        rewards : dict of str to float
        terminations, truncations : dict of str to bool
            The same for all agents: an end by the game's rule, and by the horizon.
        infos : dict of str to dict

        Raises
        ------
        ValueError
            A missing or unknown agent, a wrong shape, an action that is not finite; the state is as before.
        AssertionError
            PettingZoo's own, before the first reset and after the end.
        """
        if self._over:
            EnvLogger.error_step_before_reset()
        real, array, indexed, seats, cells, play, lines, paid, numbers, ended, going = self._hot
        try:
            for i, agent in indexed:
                action = actions[agent]
                value = action.item()
                if type(value) is not real or type(action) is not array:
                    raise TypeError
                cells[i] = value
        except (KeyError, AttributeError, ValueError, TypeError):
            self._read_carefully(actions)
        if len(actions) != len(indexed):
            self._refuse_agents(actions)
        refused = play()
        if refused:
            raise self._refused(refused)
        outcome = 0
        if ended[0]:
            terminations, truncations = self._end()
            outcome = int(self._head[self._outcome_row])
        else:
            terminations, truncations = going.copy(), going.copy()
        seen = next(lines)
        earned = paid.tolist()
        found = numbers.tolist()
        observations = {}
        rewards = {}
        infos: dict[str, dict[str, Any]] = {}
        for agent, i, j, rate, reward, payoff in seats:
            observations[agent] = seen[i]
            rewards[agent] = earned[i]
            infos[agent] = {
                "payoff": found[i],
                "utility": found[j],
                "cooperation": found[rate],
                "episode_reward": found[reward],
                "episode_payoff": found[payoff],
                "outcome": outcome,
            }
        if self._extra:
            self._show_more(infos)
        return observations, rewards, terminations, truncations, infos

    def _end(self) -> tuple[dict[str, bool], dict[str, bool]]:
        """End the episode; how, agent by agent."""
        self._over = True
        self.agents = []
        names = self.possible_agents
        return dict.fromkeys(names, self._terminated[0]), dict.fromkeys(names, self._truncated[0])

    def _gather(self) -> None:
        names = self.game.agents
        self._hot = (
            self._plain_number,
            np.ndarray,
            tuple(enumerate(names)),
            self._seats,
            self._actions,
            self._play,
            self._lines,
            self._reward_cells,
            self._numbers,
            self._ended,
            dict.fromkeys(names, False),
        )

    def _show_more(self, infos: dict[str, dict[str, Any]]) -> None:
        """Full infos, and what figures need."""
        if self._full:
            self._add_state(infos)
        if self._draws:
            self._record()
            if self.render_mode == "human":
                self._draw()

    def _read_carefully(self, actions: Any) -> None:
        """Read actions that are not all arrays of one number, or say which of them cannot be read."""
        if not isinstance(actions, Mapping):
            raise ValueError(
                f"actions must map agents to numbers, not be {type(actions).__name__}; the state is unchanged"
            )
        self._refuse_agents(actions)
        axes = self.game.axes
        for i, agent in enumerate(self.possible_agents):
            if axes == 1:
                self._actions[i] = self._one_number(actions[agent], agent)
            else:
                for k, value in enumerate(self._both_numbers(actions[agent], agent), start=axes * i):
                    self._actions[k] = value

    def _refuse_agents(self, actions: Mapping[str, Any]) -> None:
        names = self.possible_agents
        for agent in actions:
            if agent not in names:
                raise ValueError(
                    f"action {actions[agent]!r} is for unknown agent {agent!r}{nearest(agent, names)} "
                    f"(agents: {', '.join(names)}); the state is unchanged"
                )
        missing = [agent for agent in names if agent not in actions]
        if missing:
            raise ValueError(
                f"no action for agent {', '.join(map(repr, missing))} among {dict(actions)!r}; the state is unchanged"
            )

    _remembered = (*View._remembered, "agents")

    def restore(self, snapshot: ViewSnapshot) -> dict[str, np.ndarray]:
        """Go back to a snapshot; the observations there, each float32 (O,)."""
        self._go_back(snapshot)
        return self._observations()
