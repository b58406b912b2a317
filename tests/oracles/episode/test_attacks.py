"""Attacks on solutions of whole episodes by methods that the solvers do not use, over wide random parameters (slow).

What they gain is printed: ``pytest -m slow tests/oracles/episode/test_attacks.py -s``. Sequences are attacked by the
genetic algorithm and the cross-entropy method of `best_known`. A solution that says it converged must hold; one that
does not is counted, and no solution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.oracles import (
    Episode,
    best_constant,
    best_response,
    constant_returns,
    open_loop_nash,
    open_loop_optimum,
)
from coopetition.oracles.episode.players import Table
from coopetition.oracles.stage.game import Array
from tests.oracles.episode.best_known import RANGES, concentrate, evolve

GAMES = 2
MODES = ("private", "integrated")
#: Episodes that an attack plays, beside as many as the solver did.
LEAST = 60_000
every_id = pytest.mark.parametrize("key", list(ENVIRONMENTS))


def wide_games(key: str, count: int = GAMES) -> list[Game]:
    """Games with numbers drawn from `RANGES`, in turn for payoffs and for utilities."""
    rng = np.random.default_rng(7 + sum(map(ord, key)))
    kind = environment_class(key)
    games: list[Game] = []
    while len(games) < count:
        numbers: dict[str, Any] = {"horizon": int(rng.integers(10, 17))}
        for name, (low, high) in RANGES.items():
            if name in kind.__dataclass_fields__ and rng.random() < 0.75:
                numbers[name] = round(float(low * (high / low) ** rng.random()), 3)
        try:
            games.append(Game(kind.build(numbers), MODES[len(games) % 2]))
        except ValueError:  # a combination that the environment refuses
            continue
    return games


class Alone:
    """One agent's return by its own sequence, in the form that `evolve` and `concentrate` play episodes."""

    n = 1

    def __init__(self, horizon: int, value: Callable[[Array], Array]) -> None:
        self.horizon, self.value, self.rollouts = horizon, value, 0

    def returns(self, tables: Array) -> Array:
        """Returns (K, 1) of rates (K, T, 1)."""
        self.rollouts += len(tables)
        return self.value(tables[:, :, 0])[:, None]


def attack(episode: Any, most: int) -> float:
    """The most that either method finds."""
    found = [method(episode, most, seed=5) for method in (evolve, concentrate)]
    return max(float(episode.returns(rates[None]).sum()) for rates in found)


@pytest.mark.slow
@every_id
def test_evolved_sequences(key: str) -> None:
    """Against the optimum: no more than .3 % above it."""
    for game in wide_games(key):
        found = open_loop_optimum(game)
        episode = Episode(game)
        reached = attack(episode, max(LEAST, found.solver["rollouts"]))
        gain = (reached - found.value) / max(abs(found.value), 1.0)
        print(f"{key} {game.reward_mode} optimum: an attack reaches {gain:+.2e} of {found.value:,.1f}")
        assert gain <= 0.003


@pytest.mark.slow
@every_id
def test_fine_constants(key: str) -> None:
    """Against the best constant of all agents: 10,001 levels and as many drawn ones reach no millionth more."""
    for game in wide_games(key):
        found = best_constant(game)
        drawn = np.concatenate([np.linspace(0.0, 1.0, 10_001), np.random.default_rng(3).random(10_001)])
        reached = float(constant_returns(game, rates=drawn).sum(axis=1).max())
        gain = (reached - found.value) / max(abs(found.value), 1.0)
        print(f"{key} {game.reward_mode} constant: an attack reaches {gain:+.2e} of {found.value:,.1f}")
        assert gain <= 1e-6


@pytest.mark.slow
@every_id
def test_evolved_replies_to_an_equilibrium(key: str) -> None:
    """Against open-loop profiles: nobody gains a thousandth of what it has more than their certificate found.

    Where none is certified, it says what somebody gains.
    """
    for game in wide_games(key):
        found = open_loop_nash(game, strict=False)
        if not found.converged:
            print(f"{key} {game.reward_mode} nash: none certified, a reply gains {found.epsilon:.3g}")
            assert found.solver["uncertified"]
        episode = Episode(game)
        rates = episode.rates(found.actions)
        for i in range(min(episode.n, 3)):

            def value(rows: Array, i: int = i, rates: Array = rates, episode: Episode = episode) -> Array:
                tables = np.repeat(rates[None], len(rows), axis=0)
                tables[:, :, i] = rows
                return np.asarray(episode.returns(tables)[:, i])

            gain = attack(Alone(episode.horizon, value), LEAST) - float(found.returns[i])
            print(f"{key} {game.reward_mode} nash: an attack gains {gain:+.2e} of {found.returns[i]:,.1f}")
            assert gain <= found.epsilon + max(1e-3 * abs(found.returns[i]), 1e-3 * episode.horizon)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["tit_for_tat", "constant_100"])
@every_id
def test_evolved_replies_to_a_policy(key: str, policy: str) -> None:
    """Against best responses to a policy that the kernel plays: no more than .3 % of what is paid."""
    for game in wide_games(key):
        episode = Episode(game)
        table = Table(episode, policy)
        found = best_response(None, None, 0, episode=episode, table=table)

        def value(rows: Array, table: Table = table) -> Array:
            return np.ascontiguousarray(table.returns(0, rows)[0][:, 0])

        reached = attack(Alone(episode.horizon, value), LEAST)
        gain = (reached - found.value) / max(abs(found.value), 1.0)
        print(f"{key} {game.reward_mode} reply to {policy}: an attack reaches {gain:+.2e} of {found.value:,.1f}")
        assert gain <= 0.003
