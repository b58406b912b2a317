"""Best known optima of forty-three games, from two searches of other methods than the solver's: ``best_known.json``.

``python -m tests.oracles.episode.best_known`` writes the file; run again, it only ever raises what is there. One search
is a genetic algorithm (crossing sequences in time, mutating blocks of steps), the other the cross-entropy method on
blocks of steps from coarse to fine, started again and again; each plays twenty times the episodes that
`open_loop_optimum` plays with its default effort on that game. What is kept is the sequence: the value is played anew
by whoever asks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.oracles import Episode, open_loop_optimum
from coopetition.oracles.episode.stored import folded, unfolded

FILE = Path(__file__).with_suffix(".json")
TIMES = 20
#: The three on which an earlier search stood still: (environment, mode, numbers).
NAMED: list[tuple[str, str, dict[str, Any]]] = [
    ("GiftExchange-v0", "integrated",
     {"gamma": 1.0, "theta": 2.0, "dependence": 1.0, "initial_trust": 0.1, "lambda_plus": 0.5, "horizon": 60}),
    ("ReciprocalDilemma-v0", "integrated",
     {"gamma": 0.5, "theta": 20.0, "dependence": 1.0, "initial_trust": 0.1, "lambda_R": 5.0}),
    ("AppleAppStore-v0", "integrated",
     {"gamma": 1.5, "theta": 2.0, "dependence": 0.9, "initial_trust": 0.1, "lambda_plus": 0.5}),
]  # fmt: skip
#: Wide ranges of what is drawn, where an environment has it.
RANGES = {
    "gamma": (0.3, 6.0), "theta": (2.0, 25.0), "dependence": (0.1, 1.0), "initial_trust": (0.05, 0.9),
    "lambda_plus": (0.03, 0.6), "lambda_minus": (0.1, 0.9), "kappa": (0.5, 4.0), "mu_R": (0.1, 0.9),
    "delta_R": (0.005, 0.2), "lambda_R": (0.2, 5.0), "rho": (0.1, 1.5), "omega": (4.0, 30.0), "multiplier": (1.1, 3.0),
}  # fmt: skip


def drawn_games(count: int = 40) -> list[tuple[str, str, dict[str, Any]]]:
    """Games with numbers drawn from `RANGES`, of horizons that a search of twenty times the effort can afford."""
    rng = np.random.default_rng(2024)
    small = [key for key in ENVIRONMENTS if environment_class(key)().n <= 4]
    games: list[tuple[str, str, dict[str, Any]]] = []
    while len(games) < count:
        key = small[len(games) % len(small)]
        kind = environment_class(key)
        names = [name for name in RANGES if name in kind.__dataclass_fields__]
        numbers: dict[str, Any] = {"horizon": int(rng.integers(12, 21))}
        for name in names:
            if rng.random() < 0.75:
                low, high = RANGES[name]
                numbers[name] = round(float(low * (high / low) ** rng.random()), 3)
        try:
            kind.build(numbers)
        except (ValueError, TypeError):  # a combination that the environment refuses
            continue
        games.append((key, ("integrated", "private")[len(games) % 2 if len(games) % 4 else 0], numbers))
    return games


def all_games() -> list[tuple[str, str, dict[str, Any]]]:
    """The named ones first."""
    return NAMED + drawn_games()


def name_of(game: tuple[str, str, dict[str, Any]]) -> str:
    """What the file and the tests call a game."""
    key, mode, numbers = game
    return f"{key} {mode} " + " ".join(f"{name}={value:g}" for name, value in numbers.items())


def episode_of(game: tuple[str, str, dict[str, Any]]) -> Episode:
    """The episode of a game."""
    key, mode, numbers = game
    return Episode(environment_class(key).build(dict(numbers)), mode)


def evolve(episode: Episode, most: int, seed: int = 0, size: int = 512) -> np.ndarray:
    """A genetic algorithm over sequences, another population as often as it stands still: the best rates (T, N)."""
    rng = np.random.default_rng(seed)
    horizon, n = episode.horizon, episode.n
    until = episode.rollouts + most
    steps = np.arange(horizon)[None, :, None]
    best, height = np.zeros((horizon, n)), -np.inf
    while episode.rollouts < until:
        here = np.round(rng.uniform(size=(size, horizon, n)) * 10.0) / 10.0
        shared = rng.random(size) < 0.5
        here[shared] = here[shared][:, :, :1]
        here[: size // 4] = rng.choice([0.0, 0.3, 0.5, 1.0], size=(size // 4, 1, 1))
        values = episode.returns(here).sum(axis=1)
        stale, top = 0, -np.inf
        while stale < 60 and episode.rollouts < until:
            pairs = rng.integers(size, size=(2, size, 3))
            first, second = (here[one[np.arange(size), values[one].argmax(axis=1)]] for one in pairs)
            children = np.where(steps < rng.integers(0, horizon, size=(size, 1, 1)), first, second)
            begin = rng.integers(0, horizon, size=(size, 1, 1))
            inside = (steps >= begin) & (steps < begin + rng.geometric(0.3, size=(size, 1, 1)))
            inside = inside & (rng.random((size, 1, n)) < 0.7)
            kind = rng.random((size, 1, 1))
            marked, anything = rng.choice([0.0, 0.3, 0.5, 1.0], size=(size, 1, 1)), rng.random((size, 1, 1))
            nudged = np.clip(children + rng.normal(0.0, 0.05, size=(size, 1, 1)), 0.0, 1.0)
            changed = np.where(kind > 0.7, nudged, np.where(kind < 0.5, marked, anything))
            children = np.where(inside, changed, children)
            everything = np.concatenate([here, children])
            totals = np.concatenate([values, episode.returns(children).sum(axis=1)])
            _, distinct = np.unique(totals.round(9), return_index=True)
            order = np.resize(distinct[np.argsort(-totals[distinct])], size)
            here, values = everything[order], totals[order]
            stale = stale + 1 if values[0] <= top * (1.0 + 1e-9) else 0
            top = max(top, float(values[0]))
            if values[0] > height:
                best, height = here[0].copy(), float(values[0])
    return best


def concentrate(episode: Episode, most: int, seed: int = 0, size: int = 512) -> np.ndarray:
    """The cross-entropy method on blocks of steps, from coarse to fine, from other starts: the best rates (T, N)."""
    rng = np.random.default_rng(seed + 1)
    horizon, n = episode.horizon, episode.n
    until = episode.rollouts + most
    best, height = np.zeros((horizon, n)), -np.inf
    while episode.rollouts < until:
        roles = 1 if rng.random() < 0.5 else n
        mean, pieces = rng.uniform(size=(2, roles)), 2
        while episode.rollouts < until:
            edges = np.arange(horizon) * pieces // horizon
            spread = np.full(mean.shape, 0.4 if pieces == 2 else 0.25)
            for _ in range(40):
                drawn = np.clip(mean + spread * rng.normal(size=(size, pieces, roles)), 0.0, 1.0)
                tables = drawn[:, edges] * np.ones(n)
                totals = episode.returns(tables).sum(axis=1)
                elite = drawn[np.argsort(-totals)[: size // 10]]
                mean, spread = elite.mean(axis=0), 0.3 * spread + 0.7 * elite.std(axis=0)
                if totals.max() > height:
                    best, height = tables[totals.argmax()].copy(), float(totals.max())
                if spread.max() < 1e-4 or episode.rollouts >= until:
                    break
            if pieces >= horizon:
                break
            finer = min(2 * pieces, horizon)
            mean, pieces = mean[edges][np.arange(finer) * horizon // finer], finer
    return best


def main() -> None:
    """Search, and raise what is kept."""
    table: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    asked = sys.argv[1:]
    for game in all_games():
        name = name_of(game)
        if asked and not any(word in name for word in asked):
            continue
        episode = episode_of(game)
        found = open_loop_optimum(episode.game, game[1])
        most = int(TIMES * found.solver["rollouts"])
        known = table.get(name)
        best = None if known is None else episode.rates(unfolded(known))
        height = -np.inf if best is None else float(episode.returns(best[None]).sum())
        reached = {"solver": found.value}
        for method in (evolve, concentrate):
            rates = method(episode, most, seed=0 if known is None else known["runs"])
            value = reached[method.__name__] = float(episode.returns(rates[None]).sum())
            if value > height:
                best, height = rates, value
        if found.value > height:  # what is known is known, whoever found it
            best, height = episode.rates(found.actions), found.value
        assert best is not None
        runs = 1 if known is None else known["runs"] + 1
        table[name] = {**folded(np.round(episode.levels(best), 9)), "runs": runs}
        shares = ", ".join(f"{method} {value / height:.5f}" for method, value in reached.items())
        print(f"{name}: {height:.4f}; {shares}; {most:,} episodes each", flush=True)
        if FILE.exists():  # another run may have written meanwhile
            table = {**json.loads(FILE.read_text()), name: table[name]}
        FILE.write_text(json.dumps(table, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
