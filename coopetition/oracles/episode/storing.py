"""Store optima and worst equilibria of whole episodes: ``python -m coopetition.oracles.episode.storing``.

It can be run again at any time: what is found is compared with what is stored, and an optimum is only ever replaced by
a higher one, a worst nash by a lower one, or where it turns out to be none. ``--settle`` only lets agents reply
on from the nash that is stored, where somebody gains, until nobody does.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.envs import ENVIRONMENTS
from coopetition.oracles.episode.nash import gains_of, open_loop_nash, settle
from coopetition.oracles.episode.optimum import open_loop_optimum
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.searching import EFFORTS
from coopetition.oracles.episode.stored import FILE, MODES, WHAT, folded, read_table, unfolded
from coopetition.oracles.stage.game import Array

#: Largest gain of a reply, in payoff of an episode per step, with which a stored nash is one.
TOLERANCE = 1e-3
#: How often a few levels are moved to draw a sequence in that is not drawn in by moving all alike.
_MOVES = 2000


def read(path: Path) -> dict[str, Any]:
    """The table of a file; empty where there is none."""
    return read_table(path) if path.exists() else {}


def keep(path: Path, environment_id: str, mode: str, what: str, entry: dict[str, Any] | None) -> None:
    """Write one entry into the file as it is now, in the order of environments; None takes it out."""
    table = read(path)
    entries = table.setdefault(environment_id, {}).setdefault(mode, {})
    if entry is None:
        entries.pop(what, None)
    else:
        entries[what] = entry
    known = {key: table[key] for key in ENVIRONMENTS if key in table}
    ordered = {**known, **{key: value for key, value in table.items() if key not in known}}
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(ordered, separators=(",", ":")).replace('}},"', '}},\n"') + "\n", encoding="utf-8")
    beside.replace(path)


def drawn_in(episode: Episode, actions: Array, strict: bool = True) -> tuple[Array, float]:
    """A sequence (T, N) of short levels whose total hardly changes when every level is off by a little: it, and total.

    A sequence that keeps trust alive to the last bit would collapse when a kernel rounds otherwise. So all levels are
    rounded, and moved up or down by as little as lets the game go on under 66 disturbances of 1e-8 of the endowment:
    all alike, or, where an edge lies between two levels (how far one may drift from an agreement), a few at a time.
    Levels at a bound are exact, and stay: ReputationMarket's premium tier begins after six steps of everything.

    Raises
    ------
    RuntimeError
        A millionth of the total is lost by that, unless `strict` is False.
    """
    endowment = episode.game.endowment
    total = episode.returns(episode.rates(actions)[None])[0].sum()
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(64, *actions.shape))
    signs = np.concatenate([signs, np.ones((1, *actions.shape)), -np.ones((1, *actions.shape))])
    best, height = actions, -np.inf
    inside = (actions > 0.0) & (actions < endowment)

    def tried(moves: Any) -> tuple[Array, Array]:
        """Levels moved by parts of the endowment, and their totals (K,) under the disturbances."""
        levels = np.where(inside, np.clip(np.round(actions + moves * endowment, 6), 0.0, endowment), actions)
        disturbed = np.clip(levels / endowment + 1e-8 * signs * inside, 0.0, 1.0)
        return levels, episode.returns(np.concatenate([levels[None] / endowment, disturbed])).sum(axis=1)

    for pull in (0.0, 1e-7, -1e-7, 3e-7, -3e-7, 1e-6, -1e-6, 1e-5, -1e-5):
        levels, totals = tried(pull)
        if totals.min() > height:
            best, height = levels, totals.min()
        if height >= total * (1.0 - 1e-8):
            break
    if height < total - 1e-6 * abs(total):
        rng, moves = np.random.default_rng(1), np.zeros(actions.shape)
        mean = tried(moves)[1].mean()
        for _ in range(_MOVES):
            other = np.where(rng.random(actions.shape) < 2.0 / actions.size, 1e-7 * rng.integers(-9, 10), moves)
            levels, totals = tried(other)
            if totals.mean() >= mean:
                moves, mean = other, totals.mean()
                if totals.min() > height:
                    best, height = levels, totals.min()
    if strict and height < total - 1e-6 * abs(total):
        raise RuntimeError(f"{episode.game.id}: {height} of {total} is left when levels are off by a little")
    return best, float(episode.returns(episode.rates(best)[None])[0].sum())


def store_optimum(path: Path, environment_id: str, mode: str, efforts: Sequence[str]) -> str:
    """Search for the optimum of one mode, from what is stored and anew, and keep the higher: a line about it."""
    episode = Episode(environment_id, mode)
    entry = read(path).get(environment_id, {}).get(mode, {}).get("optimum")
    known = None if entry is None else unfolded(entry)
    before = -np.inf if known is None else float(episode.returns(episode.rates(known)[None]).sum())
    best, total = known, before
    for k, effort in enumerate(efforts):
        starts = [] if best is None or k == 0 else [best]
        found = open_loop_optimum(episode.game, mode, starts=starts, effort=EFFORTS[effort], seed=k)
        if found.value > total:
            best, total = found.actions, found.value
    assert best is not None
    levels, paid = drawn_in(episode, best)
    if known is None or paid > before + 1e-9 * abs(before):
        keep(path, environment_id, mode, "optimum", folded(levels))
    return f"{environment_id} {mode} optimum: {before:.4f} before, {max(paid, before):.4f} stored"


def store_nash(path: Path, environment_id: str, mode: str, effort: str = "default") -> str:
    """Search for the worst nash of one mode and keep the lower: a line about it.

    What is stored must stand a look at every agent's reply; where it does not, it is replaced or taken out.
    """
    episode = Episode(environment_id, mode)
    allowed = TOLERANCE * episode.horizon
    entry = read(path).get(environment_id, {}).get(mode, {}).get("nash")
    before = np.inf
    starts: list[Array] = []
    if entry is not None:
        known = unfolded(entry)
        starts.append(known)
        if np.nanmax(gains_of(episode, episode.rates(known))) <= allowed:
            before = float(episode.returns(episode.rates(known)[None]).sum())
    found = open_loop_nash(
        episode.game,
        mode,
        starts=starts,
        select="worst",
        strict=False,
        tolerance=TOLERANCE,
        sweeps=30 if effort == "thorough" else 12,
    )
    named = f"{environment_id} {mode} nash"
    begun = "; ".join(f"{name} {total:.2f} ({gain:.1e})" for name, total, gain in found.solver["beginnings"])
    if not found.converged:
        if not np.isfinite(before):
            keep(path, environment_id, mode, "nash", None)
        return f"{named}: none found ({begun}); {before:.4f} stays"
    levels, paid = drawn_in(episode, found.actions, strict=False)
    gain = float(np.nanmax(gains_of(episode, episode.rates(levels))))
    if gain > allowed:  # at an edge rounding is not harmless
        levels, paid, gain = found.actions, found.value, found.epsilon
    if not np.isfinite(before) or paid < before - 1e-9 * abs(before):
        keep(path, environment_id, mode, "nash", {**folded(levels), "epsilon": float(f"{gain:.3g}")})
    return f"{named}: {before:.4f} before, {min(paid, before):.4f} stored, a reply gains {gain:.1e}; {begun}"


def settle_nash(path: Path, environment_id: str, mode: str, sweeps: int = 12) -> str:
    """Go on from the stored nash where a reply gains, and keep where that ends if less can be gained there."""
    named = f"{environment_id} {mode} nash"
    entry = read(path).get(environment_id, {}).get(mode, {}).get("nash")
    if entry is None:
        return f"{named}: none stored"
    episode = Episode(environment_id, mode)
    known = episode.rates(unfolded(entry))
    before = float(episode.returns(known[None]).sum())
    found = settle(episode, "stored", known, sweeps, TOLERANCE * episode.horizon)
    if np.array_equal(found.rates, known):
        gain = max(found.epsilon, float(entry.get("epsilon", 0.0)))
        keep(path, environment_id, mode, "nash", {**entry, "epsilon": float(f"{gain:.3g}")})
        return f"{named}: {before:.4f} stays, a reply gains {gain:.1e}"
    now = float(np.nanmax(gains_of(episode, known))) if found.epsilon > TOLERANCE * episode.horizon else np.inf
    if found.epsilon >= now:
        keep(path, environment_id, mode, "nash", {**entry, "epsilon": float(f"{now:.3g}")})
        return f"{named}: {before:.4f} stays, a reply gains {now:.1e}; {found.epsilon:.1e} where replies end"
    levels, paid = drawn_in(episode, episode.levels(found.rates), strict=False)
    if abs(paid - episode.returns(found.rates[None]).sum()) > 1e-6 * abs(paid):  # at an edge rounding is not harmless
        levels = episode.levels(found.rates)
        paid = float(episode.returns(found.rates[None]).sum())
    keep(path, environment_id, mode, "nash", {**folded(levels), "epsilon": float(f"{found.epsilon:.3g}")})
    return f"{named}: {before:.4f} before, {paid:.4f} stored, a reply gains {found.epsilon:.1e}"


def settle_optimum(path: Path, environment_id: str) -> str:
    """Let agents who all want the sum of payoffs reply on from the stored optimum, and keep what is higher."""
    episode = Episode(environment_id, "cooperative")
    entry = read(path)[environment_id]["private"]["optimum"]
    known = episode.rates(unfolded(entry))
    before = float(episode.returns(known[None]).sum())
    found = settle(episode, "stored", known, 6, 0.0)
    levels, paid = drawn_in(episode, episode.levels(found.rates), strict=False)
    if paid > before + 1e-9 * abs(before):
        keep(path, environment_id, "private", "optimum", folded(levels))
    return f"{environment_id} private optimum: {before:.4f} before, {max(paid, before):.4f} stored"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m coopetition.oracles.episode.storing", description=__doc__)
    parser.add_argument("ids", nargs="*", help="ids, of presets too; the twenty by default")
    parser.add_argument("--mode", action="append", choices=MODES, help="reward modes; all by default")
    parser.add_argument("--what", action="append", choices=WHAT, help="optimum, nash; both by default")
    parser.add_argument("--effort", default="default", choices=sorted(EFFORTS), help="of the searches")
    parser.add_argument("--settle", action="store_true", help="only reply on from what is stored")
    parser.add_argument("--file", type=Path, default=FILE, help="where to")
    asked = parser.parse_args(arguments)
    for environment_id in asked.ids or ENVIRONMENTS:
        for mode in asked.mode or MODES:
            for what in asked.what or WHAT:
                began = time.process_time()
                if asked.settle and what == "nash":
                    line = settle_nash(asked.file, environment_id, mode)
                elif asked.settle:
                    if mode != "private":
                        continue
                    line = settle_optimum(asked.file, environment_id)
                elif what == "nash":
                    line = store_nash(asked.file, environment_id, mode, asked.effort)
                elif mode == "cooperative":
                    continue  # cooperative rewards add up to what private ones do: one optimum
                else:
                    line = store_optimum(asked.file, environment_id, mode, ["default", asked.effort])
                print(f"{line} [{time.process_time() - began:.1f} s]", flush=True)


if __name__ == "__main__":
    main()
