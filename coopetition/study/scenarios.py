"""Held-out scenarios: a policy under test in the focal seats, frozen background policies in the others.

After the habit of Melting Pot (Leibo et al. 2021): what is tested is not how a population plays itself but how it meets
strangers. Backgrounds are strategies, oracles, and learners that are frozen (`backgrounds`), of a seed that no training
uses; the parameters of the game are drawn. The splits differ in their draws and backgrounds, and nothing of the test
split is used in any training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.games.parameters import choose
from coopetition.policies.policy import Policy
from coopetition.study import backgrounds, reference
from coopetition.study.arena import Maker, asked, draws, play_alike, seats
from coopetition.study.plan import Job

SPLITS = ("train", "test")
#: Policies of the seats that are not focal, beside the environment's frozen learners.
BACKGROUNDS = {
    "train": ("tit_for_tat", "constant_050", "constant_100"),
    "test": ("generous_tit_for_tat", "grim_trigger", "conditional_cooperator", "Oracle_Nash", "constant_030"),
}
#: Numbers that are drawn, within this share of their default, as far as an environment has them.
DRAWN = ("gamma", "omega", "multiplier", "theta", "cost", "lambda_plus", "lambda_minus")
SPREAD = 0.2
ROOTS = {"train": 11, "test": 12}
SEED = 3_000_000
#: Played in a game that draws, unless it is said: the same for every policy.
EPISODES = 8


@dataclass(frozen=True)
class Scenario:
    """One test.

    Attributes
    ----------
    name : str
        Such as ``SLCD-v0/test/3``.
    environment, split : str
    parameters : dict of str to float
        Numbers that differ from the environment's.
    focal : tuple of int
        Seats of the policy under test.
    background : str
        Who plays the others: a policy's name, or a frozen learner's, such as ``IPPO-private-seed9001``.
    seed : int
        Of the first episode; others are played in games that draw.
    """

    name: str
    environment: str
    split: str
    parameters: dict[str, float]
    focal: tuple[int, ...]
    background: str
    seed: int

    def game(self, reward_mode: str = "integrated") -> Game:
        """What is played."""
        from coopetition.api.make import make_game

        return make_game(self.environment, reward_mode=reward_mode, **self.parameters)

    def others(self, game: Game) -> Policy:
        """Who plays the seats that are not focal, for a game of this scenario."""
        return backgrounds.maker_of(self.environment, self.background)(game)

    def play(self, policy: str | Callable[[Game], Policy], reward_mode: str = "integrated") -> ScenarioResult:
        """Put a policy into the focal seats, for one episode; for `EPISODES` in a game that draws.

        Parameters
        ----------
        policy : str or callable
            A policy's name or file, or what makes it for the scenario's game.
        reward_mode : str

        Examples
        --------
        >>> import coopetition
        >>> scenario = coopetition.scenarios("SLCD-v0")[0]
        >>> found = scenario.play("tit_for_tat")
        >>> 0.5 < found.normalised <= 1.0
        True
        """
        maker = policy if callable(policy) else reference.maker_of(policy)
        return play_scenario(self, maker, reward_mode)


def scenarios(environment_id: str, split: str = "test") -> list[Scenario]:
    """The scenarios of an environment.

    Parameters
    ----------
    environment_id : str
    split : {"train", "test"}

    Returns
    -------
    list of Scenario
        For each background and role: the role's first agent alone in focus, and, with more than two agents, all agents
        but one.

    Raises
    ------
    ValueError
        An unknown id or split, with the nearest.

    Examples
    --------
    >>> import coopetition
    >>> found = coopetition.scenarios("SLCD-v0", split="train")
    >>> found[0].name, found[0].focal, found[0].background
    ('SLCD-v0/train/0', (0,), 'tit_for_tat')
    """
    from coopetition.api.make import make_game

    choose("split", split, SPLITS)
    game = make_game(environment_id)
    numbers = {field.name for field in fields(game.parameters)}
    draw = np.random.default_rng([ROOTS[split], *environment_id.encode()])
    made: list[Scenario] = []
    for background in (*BACKGROUNDS[split], *backgrounds.learners_of(game.id, split)):
        for focal in _focal_seats(game):
            drawn: dict[str, float] = {}
            for name in DRAWN:
                value = getattr(game.parameters, name, None) if name in numbers else None
                factor = float(draw.uniform(1.0 - SPREAD, 1.0 + SPREAD))
                if isinstance(value, float) and value > 0.0:
                    moved = min(value * factor, type(game.parameters).domain(name).high)
                    if _takes(environment_id, {**drawn, name: moved}):
                        drawn[name] = moved
            k = len(made)
            made.append(Scenario(f"{game.id}/{split}/{k}", game.id, split, drawn, focal, background, SEED + k))
    return made


def _takes(environment_id: str, parameters: dict[str, float]) -> bool:
    """Whether an environment can be played with these numbers; some follow from others, and cannot be set."""
    from coopetition.api.make import make_game

    try:
        make_game(environment_id, **parameters)
    except ValueError:
        return False
    return True


def _focal_seats(game: Game) -> list[tuple[int, ...]]:
    single: list[tuple[int, ...]] = [(i,) for i in seats(game)]
    if game.n == 2:
        return single
    return [*single, *(tuple(j for j in range(game.n) if j != i) for i in seats(game))]


@dataclass(frozen=True)
class ScenarioResult:
    """What a policy earned in a scenario, per head.

    Attributes
    ----------
    scenario, reward_mode : str
    focal_return, background_return : float
        Mean over the focal agents, and over the others, of the summed rewards of the mode.
    best_response : float
        What a focal agent earns by the best response found, all others playing the background: the mean over the focal
        agents (of those that `arena.asked` names, in games of more than eight), and the scale of `normalised`. A lower
        bound.
    normalised, background_normalised : float or None
        focal_return and background_return over best_response; None where that is not positive.
    """

    scenario: str
    reward_mode: str
    focal_return: float
    background_return: float
    best_response: float
    normalised: float | None
    background_normalised: float | None


@lru_cache(maxsize=4096)
def _best_response(environment: str, split: str, index: int, mode: str, episodes: int) -> float:
    """Mean over focal agents of the best response's return against a field of backgrounds."""
    from coopetition.oracles import exploitability

    scenario = scenarios(environment, split)[index]
    game = scenario.game(mode)
    background = scenario.others(game)
    own = play_alike(game, [scenario.others], np.zeros((1, game.n), dtype=np.int64), scenario.seed, episodes)
    focal = [i for i in asked(game) if i in scenario.focal]
    if draws(game):
        best = _over_draws(scenario, game, background, focal, own.returns[0], episodes)
    else:
        gains = exploitability(game, [background] * game.n, seed=scenario.seed, agents=focal, climb=False).gains
        best = own.returns[0, focal] + gains[focal]
    return float(np.mean(best))


def _over_draws(
    scenario: Scenario, game: Game, background: Policy, focal: list[int], own: np.ndarray, episodes: int
) -> np.ndarray:
    """Returns of best responses to the game as it is expected, on the draws that everybody meets in the scenario."""
    from coopetition.oracles import best_response

    script = np.full((game.horizon, len(focal), game.n), np.nan)
    for k, i in enumerate(focal):
        found = best_response(game, [background] * game.n, i, seed=scenario.seed, climb=False)
        script[:, k, i] = found.actions[:, i] / game.endowment[i]
    team = np.zeros((len(focal), game.n), dtype=np.int64)
    played = play_alike(game, [scenario.others], team, scenario.seed, episodes, override=script).returns
    return np.maximum(own[focal], played[np.arange(len(focal)), focal])


def play_scenario(
    scenario: Scenario, entrant: Callable[[Game], Policy], reward_mode: str, episodes: int = EPISODES
) -> ScenarioResult:
    """Play a policy in a scenario.

    Parameters
    ----------
    scenario : Scenario
    entrant : callable
        Makes the policy for the scenario's game.
    reward_mode : str
    episodes : int
        Played in a game that draws: the same draws for every entrant, and for the best response.
    """
    game = scenario.game(reward_mode)
    makers: list[Maker] = [entrant, scenario.others]
    team = np.ones((1, game.n), dtype=np.int64)
    team[0, list(scenario.focal)] = 0
    returns = play_alike(game, makers, team, scenario.seed, episodes).returns[0]
    others = [j for j in range(game.n) if j not in scenario.focal]
    focal, background = float(returns[list(scenario.focal)].mean()), float(returns[others].mean())
    index = int(scenario.name.rpartition("/")[2])
    best = _best_response(scenario.environment, scenario.split, index, reward_mode, episodes)
    shares = (focal / best, background / best) if best > 0.0 else (None, None)
    return ScenarioResult(scenario.name, reward_mode, focal, background, best, *shares)


def enter(
    job: Job, name: str, networks: dict[str, dict[str, bytes]]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry a job of scenarios out: the table ``scenarios``."""
    from coopetition.study.crossplay import entrants

    rows = []
    for mode in job.modes:
        with TemporaryDirectory() as folder:
            who = entrants(job, mode, networks, Path(folder))
            for scenario in scenarios(job.environment, "test"):
                for entrant, maker in who.items():
                    found = play_scenario(scenario, maker, mode, job.episodes)
                    rows.append(
                        {
                            "shard": name,
                            "environment": job.environment,
                            "reward_mode": mode,
                            "scenario": scenario.name,
                            "split": scenario.split,
                            "background": scenario.background,
                            "entrant": entrant,
                            "focal_return": found.focal_return,
                            "background_return": found.background_return,
                            "best_response": found.best_response,
                            "normalised": found.normalised,
                            "background_normalised": found.background_normalised,
                        }
                    )
    return {"scenarios": rows}, {}
