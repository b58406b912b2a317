"""Who plays: a game from an id, and one policy for each of its agents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from coopetition.batching.streams import Seeds
from coopetition.envs import environment_class
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.policies.policy import Policy, scale_rates, whole_actions
from coopetition.policies.registry import as_policy, make_policy

#: One policy or name for all agents, or one for each.
Policies = str | Policy | Sequence[str | Policy]

GAME_OPTIONS = ("reward_mode", "observation", "action_scale")


def as_game(game: Game | Parameters | str, options: dict[str, Any]) -> Game:
    """The game of an id and its options; a game is taken as it is.

    Raises
    ------
    ValueError, TypeError
        An unknown id or option, or options for a game that exists already.
    """
    if isinstance(game, Game):
        if options:
            raise TypeError(f"a Game has its options already; {', '.join(options)} cannot be set here")
        return game
    chosen = {name: value for name, value in options.items() if name in GAME_OPTIONS}
    given = {name: value for name, value in options.items() if name not in (*GAME_OPTIONS, "preset")}
    if isinstance(game, Parameters):
        given = {**game.to_dict(), **given}
        given.pop("id")
        return Game(type(game).build(given), **chosen)
    return Game(environment_class(game, options.get("preset")).build(given), **chosen)


class Players:
    """One policy for each agent, a single object for all agents that were given the same name.

    Parameters
    ----------
    game : Game
        What is played.
    policies : str, policy, or sequence of either
        For all agents, or for each.
    """

    def __init__(self, game: Game, policies: Policies) -> None:
        self.game = game
        if not isinstance(policies, str | Policy | Iterable):
            raise TypeError(f"policies = {checks.shown(policies)}: expected a name or a policy, or one for each agent")
        chosen = [policies] * game.n if isinstance(policies, str | Policy) else list(policies)
        if len(chosen) != game.n:
            raise ValueError(
                f"{len(chosen)} policies for the {game.n} agents of {game.id} ({', '.join(game.agents)}): "
                "give one for all, or one for each"
            )
        made: dict[str, Policy] = {}
        for policy in chosen:
            if isinstance(policy, str) and policy not in made:
                made[policy] = make_policy(policy, game)
        self.policies = [made[policy] if isinstance(policy, str) else as_policy(policy, game) for policy in chosen]
        self.names = tuple(
            policy if isinstance(policy, str) else getattr(policy, "name", type(policy).__name__) for policy in chosen
        )

    def reset(self, seed: Seeds, num_envs: int) -> None:
        """Start everybody's episodes: with the seeds ``seed + k``, or with one for each copy."""
        started: list[Policy] = []
        for policy in self.policies:
            if not any(policy is other for other in started):
                policy.reset(seed=seed, num_envs=num_envs)
                started.append(policy)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Everybody's actions (B, N), or (B, N, 2), in the game's scale, from observations (B, N, O)."""
        rates = [policy.act(observations[:, i], i) for i, policy in enumerate(self.policies)]
        if self.game.axes > 1:
            rates = [whole_actions(self.game, one) for one in rates]
        return scale_rates(self.game, np.stack(rates, axis=1))

    def script(self, steps: int) -> tuple[list[str], np.ndarray | None] | None:
        """What the kernel needs to play everybody by itself, or None if somebody has to look.

        Returns
        -------
        names : list of str
            For `Batch.rollout`.
        actions : ndarray (steps, B, N) or None
            Of those whose name is "actions".
        """
        names: list[str] = []
        scripts: dict[int, np.ndarray] = {}
        for i, policy in enumerate(self.policies):
            name = getattr(policy, "compiled", None)
            script = policy.script(steps, i) if name is None and hasattr(policy, "script") else None
            if script is not None:
                alone = self.game.axes > 1 and script.ndim == 2  # of an intensity of zero
                whole = self.game.levels_of(script) if alone else script
                scripts[i] = scale_rates(self.game, whole, i)
            elif name is None:
                return None
            names.append(name or "actions")
        if not scripts:
            return names, None
        copies = next(iter(scripts.values())).shape[1]
        actions = np.zeros((steps, copies, *self.game.action_shape))
        for i, script in scripts.items():
            actions[:, :, i] = script
        return names, actions
