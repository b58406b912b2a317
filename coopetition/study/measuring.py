"""What one evaluation of policies finds, as columns that are the same for learners and reference policies."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Policy
from coopetition.study.arena import MOST_ASKED, Maker, Played, asked, draws, play, play_alike

if TYPE_CHECKING:
    from coopetition.oracles.episode.yardstick import Yardstick

#: Training seeds are small numbers; evaluation draws from here on, so that no episode was trained on.
EVALUATION_SEED = 1_000_000
#: Episodes of the draws on which a game's scale stands where nobody says on how many somebody was evaluated.
DRAWN = 56


@lru_cache(maxsize=256)
def game_of(environment: str, mode: str) -> Game:
    """The game of an id in a reward mode."""
    from coopetition.api.make import make_game

    return make_game(environment, reward_mode=mode)


def evaluated(game: Game, episodes: int, drawn_seeds: int) -> int:
    """Episodes that evaluate a learner: as many as a reference policy's evaluations together where the game draws."""
    return episodes * drawn_seeds if draws(game) else episodes


@lru_cache(maxsize=1024)
def scale_on(environment: str, mode: str, episodes: int = DRAWN, seed: int = EVALUATION_SEED) -> Yardstick:
    """`yardstick` of a mode; in a game that draws, of the same plans on the draws of some episodes.

    Parameters
    ----------
    environment, mode : str
    episodes, seed : int
        Of the evaluation that is put on the scale; they count in a game that draws alone.
    """
    from coopetition.oracles import yardstick
    from coopetition.oracles.episode.rollouts import Episode
    from coopetition.oracles.episode.yardstick import Yardstick, best_known_optimum, worst_known_nash

    game = game_of(environment, mode)
    if not draws(game):
        return yardstick(game, mode)
    episode = Episode(game, mode)
    best = best_known_optimum(episode)
    worst = worst_known_nash(episode, best)
    totals = [
        math.nan if plan is None else float(planned(environment, mode, plan, episodes, seed).returns.sum())
        for plan in (worst, best)
    ]
    return Yardstick(*totals)


def planned(environment: str, mode: str, plan: np.ndarray, episodes: int, seed: int) -> Played:
    """What rates (T, N) earn that are played whatever happens: means over the draws of some episodes."""
    game = game_of(environment, mode)
    team = np.zeros((1, game.n), dtype=np.int64)
    return play_alike(game, [_still], team, seed, episodes, override=np.asarray(plan)[:, np.newaxis])


def _still(game: Game) -> Policy:
    from coopetition.policies.registry import make_policy

    return make_policy("constant_000", game)


def best_total(environment: str, episodes: int = DRAWN, seed: int = EVALUATION_SEED) -> float:
    """The largest total of private payoffs known: the yardstick of the efficiency, in every mode; see `scale_on`."""
    return float(scale_on(environment, "cooperative", episodes, seed).optimum)


def scale_of(
    environment: str, mode: str, episodes: int = DRAWN, seed: int = EVALUATION_SEED
) -> dict[str, float | None]:
    """The columns of `tables`' ``yardsticks``: the mode's optimum and worst nash found, and the best total payoff."""
    from coopetition.oracles import NotConverged

    best = best_total(environment, episodes, seed)
    found: dict[str, float | None] = {"optimum": None, "nash": None, "best_total": best}
    try:
        scale = scale_on(environment, mode, episodes, seed)
    except NotConverged:
        return found
    found["optimum"] = float(scale.optimum)
    found["nash"] = float(scale.nash) if np.isfinite(scale.nash) else None
    return found


@lru_cache(maxsize=1024)
def disagreement(environment: str, episodes: int = DRAWN, seed: int = EVALUATION_SEED) -> np.ndarray:
    """What each agent earns (N,) in private payoffs when the stage nash is repeated; of the draws see `scale_on`."""
    from coopetition.oracles import NotConverged, solve

    game = game_of(environment, "private")
    try:
        levels = np.asarray(solve(game, "nash").actions)
    except NotConverged as failed:
        levels = np.asarray(failed.solution.actions)
    rates = levels / game.endowment
    plan = np.broadcast_to(rates, (game.horizon, game.n))
    return planned(environment, "private", plan, episodes, seed).payoffs[0]


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
        Whether to search for exploiting deviations (quickly), of the agents that `asked` names.
    """
    from coopetition.oracles import exploitability

    game = game_of(environment, mode)
    policy: Policy = maker(game)
    copies = episodes if draws(game) or policy.classifier.stochastic else 1
    played = play(game, [maker], np.zeros((copies, game.n), dtype=np.int64), seed)
    payoffs, returns = played.payoffs.mean(axis=0), played.returns.mean(axis=0)
    found = np.full(game.n, np.nan)
    if gains:
        who = asked(game)
        # Of more agents than are asked the sum is not known; and to scale it up would be no lower bound.
        found[who] = exploitability(game, [policy] * game.n, seed=seed, agents=who, climb=False).gains[who]
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
        **derived(environment, mode, returns, payoffs, episodes=copies, seed=seed),
        "sustainability": float(played.sustained.mean()),
        "gains": [None if np.isnan(gain) else float(gain) for gain in found] if gains else None,
        "exploitability": float(np.nanmax(found)) if gains else None,
        "nash_conv": float(found.sum()) if gains and game.n <= MOST_ASKED else None,
    }


def derived(
    environment: str,
    mode: str,
    returns: np.ndarray,
    payoffs: np.ndarray,
    *,
    episodes: int = DRAWN,
    seed: int = EVALUATION_SEED,
) -> dict[str, float | None]:
    """What follows from summed returns and payoffs (N,): totals, and their places on the yardsticks of these draws."""
    from coopetition.oracles import NotConverged

    total = float(payoffs.sum())
    if not draws(game_of(environment, mode)):  # one scale, kept once
        episodes, seed = DRAWN, EVALUATION_SEED
    try:
        scale = scale_on(environment, mode, episodes, seed).normalise(float(returns.sum()))
        normalised = None if scale is None or not np.isfinite(scale) else float(scale)
    except NotConverged:
        normalised = None
    return {
        "return_total": float(returns.sum()),
        "payoff_total": total,
        "efficiency": total / best_total(environment, episodes, seed),
        "normalised": normalised,
        "least_share": float(payoffs.min() / payoffs.mean()) if payoffs.mean() > 0 else None,
        "gini": gini(payoffs - disagreement(environment, episodes, seed)),
    }
