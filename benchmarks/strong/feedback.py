"""Does the state matter? The best sequence known, the best constants, and a rule that looks at what it has.

Condition 4 of docs/strong.md: in some games no constant rates, one for each agent, come within 8 % of what a sequence
earns, and a simple feedback policy gets a third of that difference or more. The rule is a pulse, the same for all
agents of a role, on what an agent sees of itself alone: its mean trust in the others (or its own loyalty), and the rate
that it played last:

    give `build` while trust is below `lower`, and on until it has reached `upper`; then `hold`.

A second search may look at the clock as well: from `late` on, give `end`. Numbers are found by the cross-entropy
method (Rubinstein 1999) on batches of whole episodes.

Run ``python benchmarks/strong/feedback.py [--ids ID ...] [--out file.json]``, then ``python docs/strong_tables.py
feedback FILE``: half a minute a game whose optimum is stored.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.presets import preset_id, presets_of
from coopetition.oracles import Episode, best_constant
from coopetition.oracles.episode.yardstick import best_known_optimum

Array = NDArray[np.float64]
#: What a rule says, each in [0, 1]; without the clock the last two are left out.
NUMBERS = ("build", "hold", "lower", "upper", "end", "late")
#: What a rule looks at: four numbers, and six.
LOOKS = ("state", "state and clock")
#: Of the search: rules a generation, those that the next one is drawn about, generations, and searches a game.
COPIES, ELITE, GENERATIONS, SEARCHES = 256, 24, 60, 8
#: How much of the last distribution is kept, and the least deviation.
INERTIA, LEAST = 0.2, 0.004
#: Digits that are kept of a rule.
DIGITS = 3


def games() -> list[tuple[str, str]]:
    """Where condition 4 is asked, and under which mode: trust at stake in utilities, membership in payoffs."""
    relational = [key for key in ENVIRONMENTS if "relational" in presets_of(environment_class(key))]
    asked = [(preset_id(key, "relational"), "integrated") for key in relational]
    return [*asked, ("CoalitionFormationStrong-v0", "private")]


def roles_of(episode: Episode, constants: Array) -> list[NDArray[np.int64]]:
    """Who plays alike, a number (N,) for each agent: exchangeable ones; and of those, who has the same constant."""
    options = [episode.groups(), np.column_stack([episode.groups(), constants])]
    found = [np.unique(table, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64) for table in options]
    return found[:1] if found[0].max() == found[1].max() else found


def play(episode: Episode, rules: Array, roles: NDArray[np.int64]) -> Array:
    """Summed returns (B,) of episodes in which every agent follows its role's rule (B, roles, 4 or 6)."""
    batch = episode.batch(len(rules), observe=True)
    layout = batch.game.observation_layout
    watched = layout["trust_in" if "trust_in" in layout else "loyalty"]
    if "loyalty" in layout:
        watched = slice(watched.start, watched.start + 1)  # its own comes first
    build, hold, lower, upper, *ending = np.moveaxis(rules[:, roles], -1, 0)
    for _ in range(batch.game.horizon):
        seen = batch.observations.astype(np.float64)
        standing, last = seen[..., watched].mean(axis=-1), seen[..., layout["own_rate"].start]
        started = np.abs(last - build) < np.abs(last - hold)
        going = (standing < lower) | ((standing < upper) & started)
        rates = np.where(going, build, hold)
        if ending:
            rates = np.where(seen[..., layout["time"].start] >= ending[1], ending[0], rates)
        batch.step(rates)
        if (batch.terminated | batch.truncated).all():
            break
    return np.asarray(batch.state()["reward_total"].sum(axis=1))


def search(episode: Episode, roles: NDArray[np.int64], known: Array, seed: int) -> tuple[Array, float]:
    """The best rule (roles, numbers) that one cross-entropy run meets beside a known one, and what it earns."""
    rng = np.random.default_rng(seed)
    mean, deviation = known if seed % 2 else rng.uniform(0.2, 0.8, size=known.shape), np.full(known.shape, 0.35)
    best, height = known, -np.inf
    for _ in range(GENERATIONS):
        rules = np.clip(mean + deviation * rng.standard_normal((COPIES, *known.shape)), 0.0, 1.0)
        rules[0] = best
        rules = np.round(rules, DIGITS)
        paid = play(episode, rules, roles)
        order = np.argsort(-paid, kind="stable")[:ELITE]
        if paid[order[0]] > height:
            best, height = rules[order[0]], float(paid[order[0]])
        mean = INERTIA * mean + (1.0 - INERTIA) * rules[order].mean(axis=0)
        deviation = np.maximum(INERTIA * deviation + (1.0 - INERTIA) * rules[order].std(axis=0), LEAST)
    return best, height


def measure(game_id: str, mode: str, searches: int = SEARCHES) -> dict[str, Any]:
    """Best constants, best sequence and best rule of a game: totals, and the rule, one for each role."""
    episode = Episode(game_id, mode)
    constants = best_constant(None, episode=episode, per_agent=True, split=True)
    rates = constants.actions[0] / episode.game.endowment
    best: dict[str, Any] = {}
    for roles in roles_of(episode, rates):
        rules: dict[str, Any] = {}
        known = np.repeat(
            rates[np.unique(roles, return_index=True)[1]][:, None], 4, axis=1
        )  # no rule yet, but a constant
        for name in LOOKS:
            if rules:  # the rule that was found, which never ends
                known = np.concatenate([known, known[:, 1:2], np.ones((len(known), 1))], axis=1)
            known, value = max((search(episode, roles, known, k) for k in range(searches)), key=lambda one: one[1])
            rules[name] = {"value": value, "numbers": known.tolist()}
        if not best or rules[LOOKS[0]]["value"] > best["rules"][LOOKS[0]]["value"]:
            best = {"roles": roles.tolist(), "rules": rules}
    return {
        "mode": mode,
        "constants": constants.value,
        "optimum": float(episode.returns(best_known_optimum(episode)[None]).sum()),
        **best,
    }


def main() -> None:
    """Search, print, and write."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ids", nargs="*", default=[key for key, _ in games()])
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    table = json.loads(asked.out.read_text()) if asked.out and asked.out.exists() else {}
    for key, mode in games():
        if key not in asked.ids:
            continue
        began = time.process_time()
        row = table[key] = measure(key, mode)
        room = row["optimum"] - row["constants"]
        words = [
            f"{name} {(one['value'] - row['constants']) / room:.2f} {one['numbers']}"
            for name, one in row["rules"].items()
        ]
        print(
            f"{key:36s} {mode:10s} constants {row['constants']:,.0f}  optimum {row['optimum']:,.0f} "
            f"(+{100 * room / row['constants']:.1f} %)  {'  '.join(words)}  {time.process_time() - began:.0f} s",
            flush=True,
        )
        if asked.out:
            asked.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
