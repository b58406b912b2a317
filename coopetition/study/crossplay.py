"""Cross-play: every entrant in one seat against a homogeneous field of every other, and teams drawn at random.

All profiles would be millions; one seat against a field is what a newcomer meets, and drawn teams say how far that
carries. A learner may have a network of its own in each seat: in games of at most six agents what an entrant earns in a
role is the mean over all seats of the role; in larger games it is asked in the role's first seat alone. A game that
draws is played over the same draws by all, and values are means over them. Entrants are the learners' policies of the
first audited seed of the mode, and the reference policies below.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.registry import available
from coopetition.policies.trained import TrainedPolicy
from coopetition.study import reference, training
from coopetition.study.arena import Maker, play_alike, role_of, seats
from coopetition.study.measuring import game_of
from coopetition.study.plan import Job

#: Reference policies that play along, where they exist. No oracle that solves anew at every step of every copy.
REFERENCES = (
    "constant_000",
    "constant_050",
    "constant_100",
    "tit_for_tat",
    "generous_tit_for_tat",
    "tit_for_two_tats",
    "grim_trigger",
    "conditional_cooperator",
    "raise_the_stakes",
    "graduated_reply",
    "random",
    "Oracle_Equilibrium",
    "Oracle_Nash",
    "Oracle_SocialOptimum",
)
SEED = 2_000_000
#: Games of more agents are asked in the first seat of each role alone.
MOST_SEATS = 6


def entrants(job: Job, mode: str, networks: dict[str, dict[str, bytes]], folder: Path) -> dict[str, Maker]:
    """Who plays, by name.

    Parameters
    ----------
    job : Job
    mode : str
        Only policies that were trained in it.
    networks : dict of str to dict of str to bytes
        Shard: file name: a policy's file.
    folder : Path
        Where files are put for as long as they are played.
    """
    game = game_of(job.environment, mode)
    found: dict[str, Maker] = {}
    for files in networks.values():
        for file, data in sorted(files.items()):
            path = folder / file
            path.write_bytes(data)
            about = TrainedPolicy(game, path).about
            if about["reward_mode"] == mode and about["seed"] == job.audited[0]:
                found[str(about["algorithm"])] = training.maker_of(path)
    known = set(available())
    found.update({name: reference.maker_of(name) for name in REFERENCES if name in known})
    return found


def against_fields(
    game: Game, names: list[str], makers: list[Maker], seed: int, episodes: int = 1
) -> Iterable[dict[str, Any]]:
    """Rows of every entrant in each role against a field of each: means over the role's seats."""
    sitting = {i: [i] for i in seats(game)}
    if game.n <= MOST_SEATS:
        sitting = {i: [j for j in range(game.n) if role_of(game, j) == role_of(game, i)] for i in seats(game)}
    cases = [
        (a, b, i, seat)
        for a in range(len(names))
        for b in range(len(names))
        for i, role in sitting.items()
        for seat in role
    ]
    team = np.array([[a if j == seat else b for j in range(game.n)] for a, b, _, seat in cases])
    played = play_alike(game, makers, team, seed, episodes)
    found: dict[tuple[int, int, int], list[list[float]]] = {}
    for k, (a, b, i, seat) in enumerate(cases):
        others = [j for j in range(game.n) if j != seat]
        found.setdefault((a, b, i), []).append(
            [
                float(played.returns[k, seat]),
                float(played.payoffs[k, seat]),
                float(played.payoffs[k, others].mean()),
                float(played.payoffs[k].sum()),
            ]
        )
    columns = ("focal_return", "focal_payoff", "field_payoff", "payoff_total")
    for (a, b, i), values in found.items():
        yield {
            "kind": "field",
            "team": [names[a if j == i else b] for j in range(game.n)] if game.n <= MOST_SEATS else None,
            "focal": names[a],
            "field": names[b],
            "seat": game.agents[i],
            **dict(zip(columns, np.mean(values, axis=0).tolist(), strict=True)),
        }


def mixed_teams(
    game: Game, names: list[str], makers: list[Maker], teams: int, seed: int, episodes: int = 1
) -> Iterable[dict[str, Any]]:
    """Rows of teams whose seats are drawn at random, one a seat; in larger games one a seat of each role."""
    team = np.random.default_rng(seed).integers(len(names), size=(teams, game.n))
    played = play_alike(game, makers, team, seed, episodes)
    for k in range(teams):
        for i in range(game.n) if game.n <= MOST_SEATS else seats(game):
            others = [j for j in range(game.n) if j != i]
            yield {
                "kind": "team",
                "team": [names[t] for t in team[k]],
                "focal": names[team[k, i]],
                "field": "",
                "seat": game.agents[i],
                "focal_return": float(played.returns[k, i]),
                "focal_payoff": float(played.payoffs[k, i]),
                "field_payoff": float(played.payoffs[k, others].mean()),
                "payoff_total": float(played.payoffs[k].sum()),
            }


def cross_play(
    job: Job, name: str, networks: dict[str, dict[str, bytes]]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry a cross-play job out: the table ``crossplay``."""
    rows = []
    for mode in job.modes:
        game = game_of(job.environment, mode)
        with TemporaryDirectory() as folder:
            who = entrants(job, mode, networks, Path(folder))
            names, makers = list(who), list(who.values())
            found = list(against_fields(game, names, makers, SEED, job.episodes))
            if job.teams:
                found += mixed_teams(game, names, makers, job.teams, SEED, job.episodes)
        rows += [{"shard": name, "environment": job.environment, "reward_mode": mode, **row} for row in found]
    return {"crossplay": rows}, {}
