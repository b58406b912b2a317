"""The behavioural audit of trained policies: what happens when somebody leaves them.

Five questions, asked of the policies themselves: the response surface of constants, the best deviation that a
search finds, when a deviation pays and which pays most, what others do after a single defection, and how policies of
other seeds are met. The class of a policy follows from the numbers of the third, by `classify`. Every agent is asked,
since each may play a network of its own; in games of more than eight, eight that are evenly spread, one of each role
among them (`arena.asked`). A game that draws is played over the same draws whoever deviates: values are means over
episodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Policy
from coopetition.study.arena import Maker, Played, asked, play_alike, seats

CONSTANTS = np.linspace(0.0, 1.0, 21)
#: Rates to which a deviation in time goes.
DEVIATIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Starts of a deviation in time, as shares of the undisturbed episode; its last step is asked besides.
STARTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
#: The finer grid around the best of these: so many starts between its neighbours, and levels beside it.
FINER = 5
FINER_LEVELS = (-0.2, -0.1, 0.0, 0.1, 0.2)
#: Steps that are watched after a defection, and when in the episode that comes.
WATCHED = 10
DEFECTION_AT = 0.5
#: A deviation counts when it gains at least this share of the agent's own return (in absolute value).
WORTH = 0.01
#: The undisturbed episode's last part: a policy from which leaving pays only there is called late.
LATE = 0.8
#: Episodes over which a game that draws is played, unless it is said.
EPISODES = 8


def _overridden(game: Game, maker: Maker, seed: int, episodes: int, override: np.ndarray) -> Played:
    """One policy in every seat, some rates of each copy replaced: (T, B, N)."""
    team = np.zeros((override.shape[1], game.n), dtype=np.int64)
    return play_alike(game, [maker], team, seed, episodes, override=override, trace=True)


def undisturbed_length(game: Game, maker: Maker, seed: int, episodes: int = EPISODES) -> int:
    """Steps of the episode in which nobody leaves; of the shortest, where the game draws."""
    trace = _overridden(game, maker, seed, episodes, np.full((game.horizon, 1, game.n), np.nan)).trace
    assert trace is not None
    return int((~np.isnan(trace[:, 0, 0])).sum())


def response_surface(game: Game, maker: Maker, seed: int, episodes: int = EPISODES) -> list[dict[str, Any]]:
    """What each agent earns by each of 21 constants, the others playing their policies."""
    roles = asked(game)
    copies = 1 + len(roles) * len(CONSTANTS)
    override = np.full((game.horizon, copies, game.n), np.nan)
    for k, i in enumerate(roles):
        first = 1 + k * len(CONSTANTS)
        override[:, first : first + len(CONSTANTS), i] = CONSTANTS
    played = _overridden(game, maker, seed, episodes, override).returns
    rows = []
    for k, i in enumerate(roles):
        for c, level in enumerate(CONSTANTS):
            copy = 1 + k * len(CONSTANTS) + c
            rows.append(
                {
                    "audit": "surface",
                    "agent": game.agents[i],
                    "level": float(level),
                    "start": 0,
                    "steps": game.horizon,
                    "value": float(played[copy, i]),
                    "reference": float(played[0, i]),
                }
            )
    return rows


def best_deviation(
    game: Game, policy: Policy, seed: int, thorough: bool, quick: Sequence[float | None] | None = None
) -> list[dict[str, Any]]:
    """What each agent gains by the best deviation that `exploitability` finds quickly: a lower bound.

    A thorough search climbs besides, for one agent of each role, in rows of their own.

    Parameters
    ----------
    quick : sequence of float, optional
        Each agent's gain by a quick search from the same seed, if that was made already, as by `measuring.measure`.
    """
    from coopetition.oracles import exploitability

    rows = []
    for label, who in (("quick", asked(game)), ("climbing", seats(game) if thorough else [])):
        if not who:
            continue
        gains = quick
        if label == "climbing" or gains is None:
            climb = label == "climbing"
            gains = exploitability(game, [policy] * game.n, seed=seed, agents=who, climb=climb).gains.tolist()
        rows += [
            {
                "audit": "deviation",
                "agent": game.agents[i],
                "start": 0,
                "steps": game.horizon,
                "value": gains[i],
                "label": label,
            }
            for i in who
        ]
    return rows


def timing(
    game: Game, maker: Maker, seed: int, episodes: int = EPISODES, length: int | None = None
) -> list[dict[str, Any]]:
    """What each agent gains by another rate from step s on: for all starts, and for the last step alone.

    Starts are shares of the undisturbed episode, which may end before the horizon.

    Parameters
    ----------
    length : int, optional
        Of that episode, if it is known.
    """
    starts = _starts(length or undisturbed_length(game, maker, seed, episodes))
    cases = [(i, level, start) for i in asked(game) for level in DEVIATIONS for start in starts]
    return _from_steps_on(game, maker, seed, episodes, cases, "timing")


def _starts(length: int) -> list[int]:
    return sorted({int(share * length) for share in STARTS} | {length - 1})


def optimal_deviation(
    game: Game, maker: Maker, seed: int, in_time: Sequence[dict[str, Any]], episodes: int = EPISODES
) -> list[dict[str, Any]]:
    """The level and the start of the best deviation in time of each agent: around the best of `timing`, more finely.

    Parameters
    ----------
    in_time : sequence of dict
        The rows of `timing`.
    """
    starts = sorted({row["start"] for row in in_time})
    cases = []
    for i in asked(game):
        best = max((row for row in in_time if row["agent"] == game.agents[i]), key=lambda row: row["value"])
        place = starts.index(best["start"])
        low, high = starts[max(place - 1, 0)], starts[min(place + 1, len(starts) - 1)]
        around = sorted({*np.linspace(low, high, FINER).round().astype(int).tolist(), best["start"]})
        levels = sorted({float(np.clip(best["level"] + step, 0.0, 1.0)) for step in FINER_LEVELS})
        cases += [(i, level, start) for level in levels for start in around]
    tried = _from_steps_on(game, maker, seed, episodes, cases, "optimal")
    return [
        max((row for row in tried if row["agent"] == game.agents[i]), key=lambda row: row["value"]) for i in asked(game)
    ]


def _from_steps_on(
    game: Game, maker: Maker, seed: int, episodes: int, cases: Sequence[tuple[int, float, int]], audit: str
) -> list[dict[str, Any]]:
    """Rows of agents that play another rate from a step on: (agent, level, start)."""
    override = np.full((game.horizon, 1 + len(cases), game.n), np.nan)
    for k, (i, level, start) in enumerate(cases):
        override[start:, 1 + k, i] = level
    returns = _overridden(game, maker, seed, episodes, override).returns
    return [
        {
            "audit": audit,
            "agent": game.agents[i],
            "level": level,
            "start": start,
            "steps": game.horizon - start,
            "value": float(returns[1 + k, i]),
            "reference": float(returns[0, i]),
        }
        for k, (i, level, start) in enumerate(cases)
    ]


def impulse(
    game: Game, maker: Maker, seed: int, episodes: int = EPISODES, length: int | None = None
) -> list[dict[str, Any]]:
    """How the others' mean rate moves in the ten steps after one agent gave nothing for one step.

    Where the episode of the undisturbed policies ends earlier, the defection comes in the middle of that. Where the
    game draws, rows are means over episodes, until the first of them ends.
    """
    roles = asked(game)
    at = int(DEFECTION_AT * (length or undisturbed_length(game, maker, seed, episodes)))
    override = np.full((game.horizon, 1 + len(roles), game.n), np.nan)
    for k, i in enumerate(roles):
        override[at, 1 + k, i] = 0.0
    trace = _overridden(game, maker, seed, episodes, override).trace
    assert trace is not None
    rows = []
    for k, i in enumerate(roles):
        others = [j for j in range(game.n) if j != i]
        for after in range(1, min(WATCHED, game.horizon - 1 - at) + 1):
            with_it, without = trace[at + after, 1 + k, others], trace[at + after, 0, others]
            if np.isnan(with_it).any() or np.isnan(without).any():
                break
            rows.append(
                {
                    "audit": "impulse",
                    "agent": game.agents[i],
                    "level": 0.0,
                    "start": at,
                    "steps": after,
                    "value": float(with_it.mean()),
                    "reference": float(without.mean()),
                }
            )
    return rows


def swapped_partners(
    game: Game, makers: dict[int, Maker], seed: int, episodes: int = EPISODES
) -> dict[int, list[dict[str, Any]]]:
    """Each seed's policy in one seat, another seed's in all others.

    Returns
    -------
    dict of int to list of dict
        Rows by the training seed of the one in the focal seat.
    """
    known = sorted(makers)
    roles = asked(game)
    cases = [(a, b, i) for a in range(len(known)) for b in range(len(known)) for i in roles]
    team = np.array([[a if j == i else b for j in range(game.n)] for a, b, i in cases])
    returns = play_alike(game, [makers[s] for s in known], team, seed, episodes).returns
    alone = {(a, i): returns[k, i] for k, (a, b, i) in enumerate(cases) if a == b}
    rows: dict[int, list[dict[str, Any]]] = {s: [] for s in known}
    for k, (a, b, i) in enumerate(cases):
        if a != b:
            rows[known[a]].append(
                {
                    "audit": "partners",
                    "agent": game.agents[i],
                    "partner_seed": known[b],
                    "value": float(returns[k, i]),
                    "reference": float(alone[a, i]),
                }
            )
    return rows


def classify(rows: Sequence[dict[str, Any]], length: int) -> tuple[str, float]:
    """The class of a policy, from its rows of `timing`, and the largest gain as a share of the agent's return.

    immune: no deviation gains 1 % of the agent's own return. late: only those do that start in the last fifth of the
    undisturbed episode. early: only those that start before. broad: both.

    Parameters
    ----------
    rows : sequence of dict
        Of the table ``audit``.
    length : int
        Steps of the undisturbed episode.
    """
    last_part = int(LATE * length)  # rounded as starts are
    late = early = False
    largest = 0.0
    for row in rows:
        if row["audit"] != "timing":
            continue
        scale = max(abs(row["reference"]), 1e-9)
        gain = (row["value"] - row["reference"]) / scale
        largest = max(largest, gain)
        if gain >= WORTH:
            if row["start"] >= last_part:
                late = True
            else:
                early = True
    label = {(False, False): "immune", (True, False): "late", (False, True): "early", (True, True): "broad"}
    return label[late, early], largest


def audit_policy(
    game: Game,
    maker: Maker,
    seed: int,
    *,
    thorough: bool,
    episodes: int = EPISODES,
    gains: Sequence[float | None] | None = None,
) -> list[dict[str, Any]]:
    """Every audit of one policy but the one that needs other seeds', and its class.

    Parameters
    ----------
    game : Game
        In the reward mode in which the policy was trained.
    maker : callable
        Makes the policy.
    seed : int
        Of the draws of the episodes.
    thorough : bool
        Whether the best deviation is searched for by climbing too.
    episodes : int
        Over which a game that draws is played.
    gains : sequence of float, optional
        See `best_deviation`.

    Returns
    -------
    list of dict
        Columns of the table ``audit``.
    """
    rows = response_surface(game, maker, seed, episodes)
    rows += best_deviation(game, maker(game), seed, thorough, gains)
    length = undisturbed_length(game, maker, seed, episodes)
    in_time = timing(game, maker, seed, episodes, length)
    rows += in_time + optimal_deviation(game, maker, seed, in_time, episodes)
    rows += impulse(game, maker, seed, episodes, length)
    label, largest = classify(in_time, length)
    return [*rows, {"audit": "class", "steps": length, "label": label, "value": largest, "reference": WORTH}]


def audit_file(path: str | Path, *, thorough: bool = False) -> dict[str, Any]:
    """Audit the trained policy of a file, in the game that it was trained on.

    Parameters
    ----------
    path : path
    thorough : bool
        See `audit_policy`.

    Returns
    -------
    dict
        ``environment``, ``algorithm``, ``reward_mode``, ``class``, ``largest_gain`` (a share of the agent's return),
        ``gains`` by agent, the best of the searches that were made for it, and ``rows``.
    """
    from coopetition.api.make import make_game
    from coopetition.games.rewards import restored_mode
    from coopetition.policies.tensors import read_tensors
    from coopetition.policies.trained import FORMAT, TrainedPolicy, read_about

    _, metadata = read_tensors(path)
    about = read_about(path, metadata, FORMAT, "policy")
    given = {name: value for name, value in about["parameters"].items() if name != "id"}
    mode = restored_mode(about["reward_mode"], about.get("reward_numbers", {}))
    game = make_game(about["environment"], reward_mode=mode, **given)
    rows = audit_policy(game, lambda played: TrainedPolicy(played, path), 1_000_000, thorough=thorough)
    last = rows[-1]
    gains: dict[str, float] = {}
    for row in rows:
        if row["audit"] == "deviation":
            gains[row["agent"]] = max(row["value"], gains.get(row["agent"], 0.0))
    return {
        "environment": game.id,
        "algorithm": about["algorithm"],
        "reward_mode": game.reward_mode,
        "class": last["label"],
        "largest_gain": last["value"],
        "gains": gains,
        "rows": rows,
    }
