"""The options that all views share, told apart from the parameters of an environment in one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from coopetition.envs import environment_class
from coopetition.games import checks
from coopetition.games.checks import choose, nearest
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

GAME_OPTIONS = ("reward_mode", "observation", "action_scale")
#: Which of an environment's sets of numbers its other arguments start from.
PRESET = "preset"
VIEW_OPTIONS = ("render_mode", "info_level", "strict_actions")
RENDER_MODES = ("ansi", "human", "rgb_array")
INFO_LEVELS = ("basic", "full")
#: Key of an episode's totals in the info of its last step. Not "episode": Gymnasium's RecordEpisodeStatistics
#: refuses an info that already has that key, and Stable-Baselines3 reads its own numbers from it.
EPISODE_TOTALS = "episode_totals"


@dataclass(frozen=True)
class ViewOptions:
    """How a view shows a game.

    Attributes
    ----------
    render_mode : {"ansi", "human", "rgb_array"} or None
        What `render` gives: a table, a window, or an array.
    info_level : {"basic", "full"}
        "full" adds the game's state by name to every info, which costs more than the step itself.
    strict_actions : bool
        Refuse actions out of bounds instead of clipping them.
    """

    render_mode: str | None = None
    info_level: str = "basic"
    strict_actions: bool = False

    def __post_init__(self) -> None:
        if self.render_mode is not None:
            choose("render_mode", self.render_mode, RENDER_MODES)
        choose("info_level", self.info_level, INFO_LEVELS)
        checks.flag("strict_actions", self.strict_actions)


def split_options(
    environment: str | Parameters,
    given: Mapping[str, Any],
    more: tuple[str, ...] = (),
    view: tuple[str, ...] = VIEW_OPTIONS,
) -> tuple[Game, ViewOptions]:
    """Build the game and the view's options from keyword arguments.

    Parameters
    ----------
    environment : str or Parameters
        An id, with or without ``coopetition/``, or an instance of an environment's parameter class.
    given : mapping
        Options common to all views, and parameters of the environment.
    more : tuple of str
        What the caller accepts besides, for the message.
    view : tuple of str
        The options of `ViewOptions` that mean something to the caller.

    Raises
    ------
    TypeError
        An unknown keyword, with what is allowed and the nearest match.
    ValueError
        An unknown id or mode, or a parameter out of its domain.
    """
    preset = given.get(PRESET)
    if isinstance(environment, Parameters):
        cls = type(environment)
        if preset is not None:
            raise ValueError(f"preset = {preset!r}: parameters of {cls.id} have all their numbers; give an id instead")
    else:
        cls = environment_class(environment, preset)
    names = [field.name for field in dataclasses.fields(cls)]
    checks.arguments(cls.id, given, [*more, PRESET, *GAME_OPTIONS, *view, *names])
    values = {name: given[name] for name in names if name in given}
    parameters = dataclasses.replace(environment, **values) if isinstance(environment, cls) else cls.build(values)
    game = Game(parameters, **{name: given[name] for name in GAME_OPTIONS if name in given})
    return game, ViewOptions(**{name: given[name] for name in VIEW_OPTIONS if name in given})


def checked_reset_options(game: Game, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The state that a reset's ``options=`` name, checked before anything moves.

    Raises
    ------
    TypeError
        Not a mapping.
    ValueError
        An unknown name, with the nearest one, or a value out of its range.
    """
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise TypeError(f"options must be a mapping of state names to values, not {type(options).__name__}")
    for name, value in options.items():
        game.checked_state(name, value)
    return dict(options)


def agent_index(game: Game, agent: Any) -> int:
    """Index of an agent, given by name or index.

    Raises
    ------
    ValueError
        No such agent, with the nearest name.
    """
    if isinstance(agent, int | np.integer) and not isinstance(agent, bool):
        if not 0 <= agent < game.n:
            raise ValueError(f"control = {agent!r}: {game.id} has agents 0 to {game.n - 1}")
        return int(agent)
    if agent not in game.agents:
        allowed = ["joint", *game.agents]
        names = ", ".join(repr(name) for name in allowed)
        raise ValueError(f"control = {agent!r} is unknown; allowed: {names}{nearest(agent, allowed)}")
    return game.agents.index(agent)


def observation_box(size: int) -> Box:
    """All views of a game lie in [0, 1]."""
    return Box(0.0, 1.0, (size,), np.float32)


def action_box(game: Game, agents: slice | list[int]) -> Box:
    """The space of some agents' actions, one after another in the game's action scale: Box (M,), or (2 M,)."""
    low = game.action_low[agents].astype(np.float32).reshape(-1)
    exact = game.action_high[agents].reshape(-1)
    high = exact.astype(np.float32)
    # Rounding to float32 must not put the upper bound above the endowment, which strict_actions would refuse.
    high = np.where(high > exact, np.nextafter(high, np.float32(0.0)), high).astype(np.float32)
    return Box(low, high, dtype=np.float32)
