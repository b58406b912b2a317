"""Best known optima of forty-three games, from two searches of other methods than the solver's: ``best_known.json``.

``python -m tests.oracles.episode.best_known`` writes the file; run again, it only ever raises what is there. One search
is a genetic algorithm (crossing sequences in time, mutating steps, blocks and shifts), the other CMA-ES on blocks of
steps from coarse to fine, started again and again; each has twenty times the CPU time that `open_loop_optimum` takes
with its default effort on that game. What is kept is the sequence: the value is played anew by whoever asks.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.oracles import Episode, open_loop_optimum
from coopetition.oracles.episode.stored import folded, unfolded

FILE = Path(__file__).with_suffix(".json")
TIMES = 20.0
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


def evolve(episode: Episode, seconds: float, seed: int = 0, size: int = 512) -> np.ndarray:
    """A genetic algorithm over sequences: the best rates (T, N)."""
    rng = np.random.default_rng(seed)
    horizon, n = episode.horizon, episode.n
    until = time.process_time() + seconds
    best, height = np.zeros((horizon, n)), -np.inf
    while time.process_time() < until:  # another population each time
        coarse = np.round(rng.uniform(size=(size, horizon, n)) * 10.0) / 10.0
        shared = rng.random(size) < 0.5
        coarse[shared] = coarse[shared][:, :, :1]
        coarse[: size // 4] = rng.choice([0.0, 0.3, 0.5, 1.0], size=(size // 4, 1, 1))
        here, values = coarse, episode.returns(coarse).sum(axis=1)
        stale, top = 0, -np.inf
        while stale < 60 and time.process_time() < until:
            winners = rng.integers(size, size=(2, size, 3))
            first, second = (here[w[np.arange(size), values[w].argmax(axis=1)]] for w in winners)
            cut = rng.integers(0, horizon, size=(size, 1, 1))
            children = np.where(np.arange(horizon)[None, :, None] < cut, first, second)
            begin = rng.integers(0, horizon, size=(size, 1, 1))
            length = rng.geometric(0.3, size=(size, 1, 1))
            steps = np.arange(horizon)[None, :, None]
            block = (steps >= begin) & (steps < begin + length) & (rng.random((size, 1, n)) < 0.7)
            kind = rng.random((size, 1, 1))
            rates = np.where(kind < 0.6, rng.choice([0.0, 0.3, 0.5, 1.0], size=(size, 1, 1)), rng.random((size, 1, 1)))
            nudged = np.clip(children + rng.normal(0.0, 0.05, size=(size, 1, 1)), 0.0, 1.0)
            children = np.where(block, np.where(kind > 0.8, nudged, rates), children)
            paid = episode.returns(children).sum(axis=1)
            everything, totals = np.concatenate([here, children]), np.concatenate([values, paid])
            _, distinct = np.unique(totals.round(9), return_index=True)
            order = distinct[np.argsort(-totals[distinct])][:size]
            order = np.resize(order, size)
            here, values = everything[order], totals[order]
            stale = stale + 1 if values[0] <= top * (1.0 + 1e-9) else 0
            top = max(top, float(values[0]))
            if values[0] > height:
                best, height = here[0].copy(), float(values[0])
    return best


def adapt(episode: Episode, seconds: float, seed: int = 0) -> np.ndarray:
    """CMA-ES on blocks of steps, from coarse to fine, from other starts until time is up: the best rates (T, N)."""
    import cma

    rng = np.random.default_rng(seed)
    horizon, n = episode.horizon, episode.n
    until = time.process_time() + seconds
    best, height = np.zeros((horizon, n)), -np.inf
    while time.process_time() < until:
        point, shared = rng.uniform(size=(2, n)), rng.random() < 0.5
        if shared:
            point[:] = point[:, :1]
        pieces = 2
        while time.process_time() < until:
            edges = np.arange(horizon) * pieces // horizon
            roles = 1 if shared else n
            start = point[:, :roles].reshape(-1)
            options = {"bounds": [0.0, 1.0], "seed": int(rng.integers(1, 2**31)), "verbose": -9,
                       "popsize": 48 + 4 * len(start), "maxiter": 150, "tolfun": 1e-6}  # fmt: skip
            search = cma.CMAEvolutionStrategy(start, 0.3 if pieces == 2 else 0.15, options)
            while not search.stop() and time.process_time() < until:
                asked = np.array(search.ask())
                tables = asked.reshape(len(asked), pieces, roles)[:, edges] * np.ones(n)
                totals = episode.returns(tables).sum(axis=1)
                search.tell(asked, -totals)
                if totals.max() > height:
                    best, height = tables[totals.argmax()].copy(), float(totals.max())
            found = np.clip(search.result.xbest, 0.0, 1.0).reshape(pieces, roles) * np.ones(n)
            if pieces >= horizon:
                break
            finer = min(2 * pieces, horizon)
            centres = np.arange(finer) * horizon // finer
            point, pieces = found[edges][centres], finer
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
        began = time.process_time()
        found = open_loop_optimum(episode.game, game[1])
        seconds = time.process_time() - began
        known = table.get(name)
        best = None if known is None else episode.rates(unfolded(known))
        height = -np.inf if best is None else float(episode.returns(best[None]).sum())
        reached = {"solver": found.value}
        for method in (evolve, adapt):
            rates = method(episode, TIMES * seconds, seed=0 if known is None else known["runs"])
            value = reached[method.__name__] = float(episode.returns(rates[None]).sum())
            if value > height:
                best, height = rates, value
        if found.value > height:  # what is known is known, whoever found it
            best, height = episode.rates(found.actions), found.value
        assert best is not None
        runs = 1 if known is None else known["runs"] + 1
        table[name] = {**folded(np.round(episode.levels(best), 9)), "runs": runs}
        shares = ", ".join(f"{method} {value / height:.5f}" for method, value in reached.items())
        print(f"{name}: {height:.4f}; {shares} [{seconds:.2f} s]", flush=True)
        FILE.write_text(json.dumps(table, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
