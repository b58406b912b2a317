"""Who plays the agents that a single-agent learner does not control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from coopetition.games.game import Game
from coopetition.games.parameters import nearest

DEFAULT_PARTNER = "tit_for_tat"


class Policy(Protocol):
    """What plays an agent: the reference policies of `coopetition.baselines`, or anything of this form."""

    def reset(self, seed: int | None = None, num_envs: int = 1) -> None:
        """Start episodes in `num_envs` copies."""

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        """Rates (B,) in [0, 1] from agent i's observations (B, O)."""


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
    return [(i, _policy(game, partner)) for i, partner in zip(others, chosen, strict=True)]


def _policy(game: Game, partner: Any) -> Policy:
    if isinstance(partner, str):
        from coopetition.baselines import make_policy

        made: Policy = make_policy(partner, game)
        return made
    if not callable(getattr(partner, "act", None)):
        raise TypeError(f"partner {partner!r} is neither a baseline's name nor a policy with act(observations, i)")
    return partner


def reset_policies(policies: Sequence[tuple[int, Policy]], stream: np.random.Generator, num_envs: int) -> None:
    """Start the policies' episodes, each with a seed of its own."""
    done: list[Policy] = []
    for _, policy in policies:
        seed = int(stream.integers(2**32))
        # One object may play several agents; it starts once.
        if not any(policy is other for other in done) and hasattr(policy, "reset"):
            policy.reset(seed=seed, num_envs=num_envs)
        done.append(policy)


def to_actions(game: Game, i: int, rates: Any) -> np.ndarray:
    """Rates (B,) of agent i in the game's action scale."""
    values = np.asarray(rates, dtype=np.float64).reshape(-1)
    if game.action_scale == "unit":
        return values
    low = game.action_low[i]
    scaled: np.ndarray = low + values * (game.action_high[i] - low)
    return scaled
