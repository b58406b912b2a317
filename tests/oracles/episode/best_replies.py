"""Best replies known to the policies of `lookers`, in all twenty games: ``best_replies.json``.

``python -m tests.oracles.episode.best_replies [--missing] [IDS]`` writes the file, from the thorough search and from a
random search of another kind on top of it; run again, it only ever raises what is there. What is kept is the first
agent's sequence of rates, and what it gained when it was found.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import coopetition
from coopetition.envs import ENVIRONMENTS
from coopetition.oracles import Episode, best_response
from coopetition.oracles.episode.players import Table
from coopetition.oracles.episode.stored import folded, unfolded
from tests.oracles.episode.lookers import lookers_of

FILE = Path(__file__).with_suffix(".json")


def disturbed(table: Table, best: np.ndarray, height: float, rounds: int = 12, size: int = 192) -> tuple[Any, float]:
    """A random search: blocks of the best sequence at other rates, and every k-th step, as long as rounds last."""
    rng = np.random.default_rng(7)
    horizon = len(best)
    for _ in range(rounds):
        trials = np.repeat(best[None], size, axis=0)
        for row in trials:
            for _ in range(rng.integers(1, 4)):
                first = rng.integers(0, horizon)
                last = first + rng.geometric(0.15)
                every = rng.choice([1, 1, 1, 2, 3, 5])
                row[first:last:every] = rng.choice([0.0, 1.0, rng.random(), rng.choice(best)])
        paid = table.returns(0, trials)[0][:, 0]
        if paid.max() > height:
            best, height = trials[int(paid.argmax())], float(paid.max())
    return best, height


def main() -> None:
    """Search, and raise what is kept."""
    kept: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    asked = [word for word in sys.argv[1:] if word != "--missing"]
    for key in asked or ENVIRONMENTS:
        game = coopetition.make_game(key, reward_mode="integrated")
        for name, build in lookers_of(key).items():
            if "--missing" in sys.argv and f"{key} {name}" in kept:
                continue
            episode = Episode(game)
            table = Table(episode, build(episode.game))
            known = kept.get(f"{key} {name}")
            starts = [] if known is None else [unfolded(known)[:, 0] * episode.game.endowment[0]]
            found = best_response(None, None, 0, episode=episode, table=table, starts=starts)
            own = float(found.solver["own"])
            best, height = disturbed(table, found.actions[:, 0] / episode.game.endowment[0], found.value)
            if known is None or height - own > known["gain"]:
                kept[f"{key} {name}"] = {**folded(np.round(best[:, None], 9)), "gain": float(f"{height - own:.8g}")}
            print(f"{key} {name}: climbed {found.value - own:.3f}, disturbed {height - own:.3f}", flush=True)
            FILE.write_text(json.dumps(kept, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
