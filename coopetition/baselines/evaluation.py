"""What policies earn: many episodes at once, as a table with a row for each agent."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from coopetition.baselines.players import Players, Policies, as_game
from coopetition.batch import Batch
from coopetition.game import OUTCOMES, Game
from coopetition.parameters import Parameters

#: Copies that are played at once.
MOST_COPIES = 1024


@dataclass(frozen=True)
class Evaluation:
    """What one agent earned and did, as means over episodes.

    Attributes
    ----------
    environment, agent, policy, reward_mode : str
        Who played what.
    episodes : int
        How many.
    mean_return, return_deviation : float
        Mean and standard deviation over episodes of the summed rewards of the mode.
    payoff : float
        Mean of the summed private payoffs pi_i, the same quantity in every mode.
    rate : float
        Mean cooperation rate over all steps that were played.
    length : float
        Mean number of steps.
    outcomes : dict of str to int
        How many episodes ended how: "horizon", or an outcome such as "collapsed".
    """

    environment: str
    agent: str
    policy: str
    reward_mode: str
    episodes: int
    mean_return: float
    return_deviation: float
    payoff: float
    rate: float
    length: float
    outcomes: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values."""
        return asdict(self)


def evaluate(
    game: Game | Parameters | str,
    policies: Policies = "tit_for_tat",
    episodes: int = 100,
    seed: int = 0,
    **options: Any,
) -> list[Evaluation]:
    """Play episodes and report what each agent earned.

    Whole batches are stepped at once; policies that the kernel knows, and those that look at nothing, are played inside
    it. Episode k is the one that a single environment with seed ``seed + k`` plays.

    Parameters
    ----------
    game : Game, Parameters or str
        What to play; ids take `options`.
    policies : str, policy, or sequence of either
        For all agents, or one for each.
    episodes : int
        Number of episodes.
    seed : int
        Seed of the first.
    **options
        ``reward_mode``, ``observation``, and any parameter of the environment.

    Returns
    -------
    list of Evaluation
        A row for each agent, in index order.

    Raises
    ------
    ValueError, TypeError
        Unknown names, with the nearest match; numbers out of their domain.

    Examples
    --------
    >>> from coopetition.baselines import evaluate
    >>> rows = evaluate("PublicGoods-v0", "constant_100", episodes=1)
    >>> rows[0].agent, round(rows[0].payoff), rows[0].outcomes
    ('player_0', 10000, {'horizon': 1})
    """
    played = as_game(game, options)
    if int(episodes) < 1:
        raise ValueError(f"episodes = {episodes!r}: expected at least 1")
    if int(seed) < 0:
        raise ValueError(f"seed = {seed!r}: expected a non-negative integer")
    players = Players(played, policies)
    parts = []
    for first in range(0, int(episodes), MOST_COPIES):
        parts.append(_play(played, players, min(MOST_COPIES, int(episodes) - first), int(seed) + first))
    returns, payoffs, rate_sums, lengths, codes = (np.concatenate(column) for column in zip(*parts, strict=True))
    ends = Counter(OUTCOMES[int(code)] or "horizon" for code in codes)
    rates = rate_sums.sum(axis=0) / lengths.sum()
    return [
        Evaluation(
            environment=played.id,
            agent=agent,
            policy=players.names[i],
            reward_mode=played.reward_mode,
            episodes=int(episodes),
            mean_return=float(returns[:, i].mean()),
            return_deviation=float(returns[:, i].std()),
            payoff=float(payoffs[:, i].mean()),
            rate=float(rates[i]),
            length=float(lengths.mean()),
            outcomes=dict(ends),
        )
        for i, agent in enumerate(played.agents)
    ]


def _play(game: Game, players: Players, copies: int, seed: int) -> tuple[np.ndarray, ...]:
    """Returns, payoffs and sums of rates (B, N), lengths (B,) and outcome codes (B,) of whole episodes."""
    batch = Batch(game, copies, autoreset="disabled")
    batch.reset(seed=seed)
    players.reset(seed, copies)
    script = players.script(game.horizon)
    if script is None:
        # Somebody may have drawn a script before somebody else turned out to need eyes: start over.
        players.reset(seed, copies)
    own_rate = game.observation_layout["own_rate"].start
    rate_sums = np.zeros((copies, game.n))
    for step in range(game.horizon):
        playing = ~(batch.terminated | batch.truncated)
        if not playing.any():
            break
        if script is None:
            batch.step(players.act(batch.observations))
        else:
            names, actions = script
            batch.rollout(names, 1, actions=None if actions is None else actions[step : step + 1])
        rate_sums += playing[:, np.newaxis] * batch.observations[:, :, own_rate]
    state = batch.state()
    return state["reward_total"], state["payoff_total"], rate_sums, state["time"], state["outcome"]
