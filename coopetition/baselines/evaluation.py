"""What policies earn: many episodes at once, as a table with a row for each agent."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from coopetition.baselines import outcomes
from coopetition.baselines.outcomes import known
from coopetition.baselines.players import Players, Policies, as_game
from coopetition.batching.batch import Batch
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

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
    efficiency : float or None
        Mean of the total return, all agents' in the mode, as a part of the open-loop optimum's. None where that pays
        nothing, and when it was not asked for.
    normalised : float or None
        The same total on the scale where 0 is the worst open-loop nash found in the mode and 1 the open-loop optimum.
        None where the two lie within 2 % of each other, so that the game has no such scale, where no equilibrium was
        found, and when it was not asked for.
    exploitability : float or None
        What this agent gains, in returns of the mode, by its best response found against the others' policies: a lower
        bound. None when it was not asked for.
    nash_conv : float or None
        Sum of all agents' exploitability.
    equality, least_share, sustainability, retaliation, forgiveness : float or None
        Social outcomes, defined in `coopetition.baselines.outcomes`: the first three are all agents', the last two
        what this agent answers to a defection. None where they are not defined, and when they were not asked for.
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
    efficiency: float | None = None
    normalised: float | None = None
    exploitability: float | None = None
    nash_conv: float | None = None
    equality: float | None = None
    least_share: float | None = None
    sustainability: float | None = None
    retaliation: float | None = None
    forgiveness: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as plain values."""
        return asdict(self)


def evaluate(
    game: Game | Parameters | str,
    policies: Policies = "tit_for_tat",
    episodes: int = 100,
    seed: int = 0,
    *,
    normalise: bool = True,
    exploitability: bool = True,
    thorough: bool = False,
    social: bool = True,
    **options: Any,
) -> list[Evaluation]:
    """Play episodes and report what each agent earned, how good that is, and what somebody else would gain.

    Whole batches are stepped at once; policies that the kernel knows, and those that look at nothing, are played inside
    it. Episode k is the one that a single environment with seed ``seed + k`` plays.

    A game that draws its complementarity (SynergySearch) is measured against the yardstick, and best responses, of its
    expected value. Replies to a policy that draws are searched for on some seeds and scored on others.

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
    normalise : bool
        Whether to measure returns by the yardstick of nash and optimum. At an environment's defaults that costs one
        rollout; for other parameters both are searched for, which takes seconds to minutes.
        Not of games whose actions have two numbers, nor is exploitability: their sequences are not searched.
    exploitability : bool
        Whether to look for best responses: among constants and sequences that switch once, or, if they are `thorough`,
        by climbing from there, which takes a second or so an agent.
    thorough : bool
        See `exploitability`.
    social : bool
        Whether to report social outcomes.
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
    >>> round(rows[0].efficiency, 3), round(rows[0].normalised, 3), round(rows[0].exploitability)
    (1.0, 1.0, 312)
    """
    played = as_game(game, options)
    episodes = checks.count("episodes", episodes)
    seed = checks.count("seed", seed, low=0)
    if played.axes > 1:  # what whole episodes are measured by is known of games with one number an action
        normalise = exploitability = False
    players = Players(played, policies)
    parts = []
    for first in range(0, episodes, MOST_COPIES):
        parts.append(_play(played, players, min(MOST_COPIES, episodes - first), seed + first))
    returns, payoffs, rate_sums, lengths, codes, lasting = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    ends = Counter(played.outcomes[int(code)] or "horizon" for code in codes)
    rates = rate_sums.sum(axis=0) / lengths.sum()
    share, place = _measured(played, float(returns.sum(axis=1).mean())) if normalise else (None, None)
    gains = _gains(played, players, seed, thorough) if exploitability else None
    shared: dict[str, Any] = {}
    if social:
        gained = outcomes.gains(played, payoffs.mean(axis=0), float(lengths.mean()))
        shared = {
            "equality": outcomes.equality(gained),
            "least_share": outcomes.least_share(gained),
            "sustainability": float(lasting.mean()),
        }
        retaliation, forgiveness = outcomes.responses(played, players, seed)
    return [
        Evaluation(
            environment=played.id,
            agent=agent,
            policy=players.names[i],
            reward_mode=played.reward_mode,
            episodes=episodes,
            mean_return=float(returns[:, i].mean()),
            return_deviation=float(returns[:, i].std()),
            payoff=float(payoffs[:, i].mean()),
            rate=float(rates[i]),
            length=float(lengths.mean()),
            outcomes=dict(ends),
            efficiency=share,
            normalised=place,
            exploitability=None if gains is None else float(gains[i]),
            nash_conv=None if gains is None else float(gains.sum()),
            **(shared | {"retaliation": known(retaliation[i]), "forgiveness": known(forgiveness[i])} if social else {}),
        )
        for i, agent in enumerate(played.agents)
    ]


def _measured(game: Game, total: float) -> tuple[float | None, float | None]:
    """A total return as a part of the open-loop optimum, and on the scale from the worst open-loop nash to it."""
    from coopetition.oracles import yardstick

    mode = game.asked_mode
    scale = yardstick(game, mode)
    share, place = float(scale.efficiency(total)), float(scale.normalise(total))
    return share if math.isfinite(share) else None, place if math.isfinite(place) else None


def _gains(game: Game, players: Players, seed: int, thorough: bool) -> np.ndarray:
    """What each agent's best response found gains (N,)."""
    from coopetition.oracles import exploitability

    return exploitability(game, players.policies, seed=seed, climb=thorough).gains


def _play(game: Game, players: Players, copies: int, seed: int) -> tuple[np.ndarray, ...]:
    """Returns, payoffs and sums of rates (B, N), lengths, outcome codes and sustainability (B,) of whole episodes."""
    batch = Batch(game, copies, autoreset="disabled")
    batch.reset(seed=seed)
    players.reset(seed, copies)
    script = players.script(game.horizon)
    if script is None:
        # A policy may have drawn its script before another asked for observations: all start over.
        players.reset(seed, copies)
    own_rate = game.observation_layout["own_rate"].start
    rate_sums = np.zeros((copies, game.n))
    lasting = outcomes.Lasting(batch)
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
        lasting.see(playing)
    state = batch.state()
    lengths, codes = state["time"], state["outcome"]
    recovered = np.array([game.outcomes[int(code)] == "recovered" for code in codes])
    shares = lasting.shares(lengths, recovered)
    return state["reward_total"], state["payoff_total"], rate_sums, lengths, codes, shares
