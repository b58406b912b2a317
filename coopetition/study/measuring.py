"""What one evaluation of policies finds, as columns that are the same for learners and reference policies."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Policy
from coopetition.study.arena import Maker, draws, play


@lru_cache(maxsize=256)
def game_of(environment: str, mode: str) -> Game:
    """The game of an id in a reward mode."""
    from coopetition.api.make import make_game

    return make_game(environment, reward_mode=mode)


@lru_cache(maxsize=256)
def best_total(environment: str) -> float:
    """The largest total of private payoffs known: the yardstick of the efficiency, in every mode."""
    from coopetition.oracles import yardstick

    return float(yardstick(game_of(environment, "cooperative"), "cooperative").optimum)


def scale_of(environment: str, mode: str) -> dict[str, float | None]:
    """The columns of `tables`' ``yardsticks``: the mode's optimum and worst nash found, and the best total payoff."""
    from coopetition.oracles import NotConverged, yardstick

    found: dict[str, float | None] = {"optimum": None, "nash": None, "best_total": best_total(environment)}
    try:
        scale = yardstick(game_of(environment, mode), mode)
    except NotConverged:
        return found
    found["optimum"] = float(scale.optimum)
    found["nash"] = float(scale.nash) if np.isfinite(scale.nash) else None
    return found


@lru_cache(maxsize=256)
def disagreement(environment: str) -> np.ndarray:
    """What each agent earns (N,) in private payoffs when the stage nash is repeated."""
    from coopetition.oracles import NotConverged, solve

    game = game_of(environment, "private")
    try:
        levels = np.asarray(solve(game, "nash").actions)
    except NotConverged as failed:
        levels = np.asarray(failed.solution.actions)
    rates = levels / game.endowment
    from coopetition.batching.batch import Batch

    batch = Batch(game, 1, autoreset="disabled")
    batch.reset(seed=0)
    low, high = game.action_low, game.action_high
    script = np.broadcast_to(low + rates * (high - low), (game.horizon, game.n))
    return np.asarray(batch.rollout("actions", game.horizon, actions=np.array(script)).payoff_totals[0])


def gini(values: np.ndarray) -> float | None:
    """Gini coefficient of non-negative values; None where they sum to nothing."""
    positive = np.sort(np.maximum(np.asarray(values, dtype=np.float64), 0.0))
    total = positive.sum()
    if total <= 0.0:
        return None
    n = positive.size
    return float((2.0 * np.arange(1, n + 1) - n - 1).dot(positive) / (n * total))


def measure(
    environment: str, mode: str, maker: Maker, episodes: int, seed: int, *, gains: bool = True
) -> dict[str, Any]:
    """One policy in every seat: the columns `tables.OUTCOMES`.

    Parameters
    ----------
    environment, mode : str
    maker : callable
        Makes the policy that all agents play.
    episodes : int
        One is played where neither game nor policy draws.
    seed : int
        Of the first episode.
    gains : bool
        Whether to search for exploiting deviations (quickly).
    """
    from coopetition.oracles import exploitability

    game = game_of(environment, mode)
    policy: Policy = maker(game)
    copies = episodes if draws(game) or policy.classifier.stochastic else 1
    played = play(game, [maker], np.zeros((copies, game.n), dtype=np.int64), seed)
    payoffs, returns = played.payoffs.mean(axis=0), played.returns.mean(axis=0)
    found = exploitability(game, [policy] * game.n, seed=seed, climb=False).gains if gains else None
    return {
        "agents": list(game.agents),
        "episodes": copies,
        "returns": returns.tolist(),
        "payoffs": payoffs.tolist(),
        "rates": played.rates.mean(axis=0).tolist(),
        "rate_mean": float(played.rates.mean()),
        "bond_end": float(played.bonds.mean()),
        "length": float(played.lengths.mean()),
        "outcome": Counter(played.outcomes).most_common(1)[0][0],
        **derived(environment, mode, returns, payoffs),
        "sustainability": float(played.sustained.mean()),
        "exploitability": None if found is None else float(np.max(found)),
        "nash_conv": None if found is None else float(np.sum(found)),
    }


def derived(environment: str, mode: str, returns: np.ndarray, payoffs: np.ndarray) -> dict[str, float | None]:
    """What follows from summed returns and payoffs (N,): totals, and their places on the yardsticks."""
    from coopetition.oracles import NotConverged, yardstick

    total = float(payoffs.sum())
    try:
        scale = yardstick(game_of(environment, mode), mode).normalise(float(returns.sum()))
        normalised = None if scale is None or not np.isfinite(scale) else float(scale)
    except NotConverged:
        normalised = None
    return {
        "return_total": float(returns.sum()),
        "payoff_total": total,
        "efficiency": total / best_total(environment),
        "normalised": normalised,
        "least_share": float(payoffs.min() / payoffs.mean()) if payoffs.mean() > 0 else None,
        "gini": gini(payoffs - disagreement(environment)),
    }
