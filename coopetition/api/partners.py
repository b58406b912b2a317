"""Who plays the agents that a single-agent learner does not control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.batching.streams import Seeds
from coopetition.games.game import Game
from coopetition.games.parameters import nearest
from coopetition.policies.policy import Policy, whole_actions
from coopetition.policies.registry import as_policy

DEFAULT_PARTNER = "tit_for_tat"


def policies_for(game: Game, control: int, partners: Any) -> list[tuple[int, Policy]]:
    """The policies of all agents but one.

    Parameters
    ----------
    game : Game
        What is played.
    control : int
        Index of the agent that the learner plays.
    partners : str, policy, sequence or mapping
        A baseline's name or a policy, for all others; or one for each of them, in index order or by name.

    Returns
    -------
    list of (int, policy)
        In index order.

    Raises
    ------
    ValueError
        An unknown baseline or agent, or not one for each.
    TypeError
        Something without an ``act`` method.
    """
    others = [i for i in range(game.n) if i != control]
    if isinstance(partners, Mapping):
        names = [game.agents[i] for i in others]
        for name in partners:
            if name not in names:
                raise ValueError(
                    f"partners name {name!r}, which is not one of the other agents: {', '.join(names)}"
                    f"{nearest(name, names)}"
                )
        missing = [name for name in names if name not in partners]
        if missing:
            raise ValueError(f"partners leave out {', '.join(missing)}")
        chosen = [partners[name] for name in names]
    elif isinstance(partners, Sequence) and not isinstance(partners, str):
        chosen = list(partners)
        if len(chosen) != len(others):
            raise ValueError(f"{len(chosen)} partners for {len(others)} other agents")
    else:
        chosen = [partners] * len(others)
    made: dict[str, Policy] = {}
    found = []
    for i, partner in zip(others, chosen, strict=True):
        policy = made.get(partner) if isinstance(partner, str) else None
        if policy is None:
            policy = as_policy(partner, game)
        if isinstance(partner, str):  # one object for all who were given one name
            made[partner] = policy
        found.append((i, policy))
    return found


def reset_policies(policies: Sequence[tuple[int, Policy]], seed: Seeds, num_envs: int) -> None:
    """Start the policies' episodes; None goes on with the random streams of those that draw."""
    done: list[Policy] = []
    for _, policy in policies:
        # One object may play several agents; it starts once.
        if not any(policy is other for other in done) and hasattr(policy, "reset"):
            policy.reset(seed=seed, num_envs=num_envs)
        done.append(policy)


def to_actions(game: Game, i: int, rates: Any) -> np.ndarray:
    """Rates (B,) of agent i in the game's action scale; (B, 2), with an intensity, where an action has two numbers."""
    values = np.asarray(rates, dtype=np.float64)
    values = values.reshape(-1) if game.axes == 1 else whole_actions(game, values)
    if game.action_scale == "unit":
        return values
    low = game.action_low[i]
    scaled: np.ndarray = low + values * (game.action_high[i] - low)
    return scaled
