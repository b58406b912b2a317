"""Do reward modes matter? One simple learner, the same for all games, under each of the three.

Independent evolution strategies (Salimans et al., 2017) on batches: every agent improves a linear policy on its own
observations by its own reward; all agents are disturbed at once, in antithetic pairs, and updated by ranks. All seeds
are played in one batch. What counts is the summed payoff of the undisturbed policies, the same quantity in every mode,
as a share of the open-loop optimum: condition 2 of docs/strong.md asks that private rewards end at least .05 below
cooperative ones.

Run ``python benchmarks/strong/learning.py [--ids SLCDStrong-v0 ...] [--out file.json]``: some ten minutes of one core
for all twenty.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import coopetition
from coopetition import STRONG_IDS
from coopetition.batching.batch import Batch
from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.oracles import Episode, best_constant, constant_returns
from coopetition.oracles.episode.stored import stored_sequence

MODES = ("private", "integrated", "cooperative")
#: Disturbance and step, in scores of the logistic policy; copies a seed; generations.
SIGMA, STEP, COPIES, GENERATIONS = 0.5, 0.5, 64, 300
#: Seeds, and how often the undisturbed policies are looked at.
SEEDS, EVERY = 5, 10
#: Episodes of a look.
LOOKS = 8


def play(batch: Batch, weights: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns and payoffs (B, N) of whole episodes under policies (B, N, O + 1), and mean rates (B,)."""
    observations = batch.reset(seed=seed)
    slopes, intercepts = weights[..., :-1], weights[..., -1]
    rates = np.zeros(len(weights))
    for _ in range(batch.game.horizon):
        scores = np.einsum("bno,bno->bn", observations - 0.5, slopes) + intercepts
        actions = 1.0 / (1.0 + np.exp(-scores))
        batch.step(actions)
        rates += actions.mean(axis=1) / batch.game.horizon
        if batch.terminated.all():
            break
    state = batch.state()
    return state["reward_total"], state["payoff_total"], rates


def learn(
    parameters: Parameters, mode: str, seeds: int = SEEDS, generations: int = GENERATIONS, copies: int = COPIES
) -> dict[str, Any]:
    """Summed payoffs (looks, seeds) of the learnt policies along the way, and the rates that they end with."""
    game = Game(parameters, mode)
    rng = np.random.default_rng(0)
    batch = Batch(game, seeds * copies, autoreset="disabled")
    # Games that draw gamma are looked at in the middles of eight equal parts of its range.
    sets: list[dict[str, Any]] = [{}] * LOOKS
    if game.random_gamma:
        low, high = parameters.gamma_range  # type: ignore[attr-defined]
        sets = [{"gamma": float(low + (high - low) * (k + 0.5) / LOOKS)} for k in range(LOOKS)]
    quiet = coopetition.batch(parameters, seeds * LOOKS, parameters=sets, reward_mode=mode, autoreset="disabled")
    weights = np.zeros((seeds, game.n, game.observation_size + 1))
    momentum = np.zeros_like(weights)
    curve = []
    for generation in range(generations + 1):
        if generation % EVERY == 0:
            payoffs, rates = play(quiet, np.tile(weights, (LOOKS, 1, 1)), 10**6)[1:]
            curve.append(payoffs.sum(axis=1).reshape(LOOKS, seeds).mean(axis=0))
        half = rng.standard_normal((seeds, copies // 2, *weights.shape[1:]))
        noise = np.concatenate([half, -half], axis=1)
        tried = weights[:, None] + SIGMA * noise
        returns = play(batch, tried.reshape(-1, *weights.shape[1:]), generation * seeds * copies)[0]
        table = returns.reshape(seeds, copies, game.n)
        ranks = table.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") / (copies - 1) - 0.5
        slope = np.einsum("skn,skno->sno", ranks, noise) / copies
        momentum = 0.5 * momentum + slope
        weights += STEP / SIGMA * momentum * (1.0 if generation < generations // 2 else 0.3)
    return {"curve": np.array(curve), "rates": rates.reshape(LOOKS, seeds).mean(axis=0)}


def compare(parameters: Parameters, optimum: float, **effort: Any) -> dict[str, Any]:
    """What is learnt in each mode, as shares of the optimum of payoffs: means over seeds, spread, and last drift."""
    found: dict[str, Any] = {}
    for mode in MODES:
        result = learn(parameters, mode, **effort)
        shares = result["curve"] / optimum
        tail = max(len(shares) // 5, 1)
        found[mode] = {
            "share": float(shares[-1].mean()),
            "seeds": [round(float(x), 4) for x in shares[-1]],
            "drift": float(abs(shares[-tail:].mean() - shares[-2 * tail : -tail].mean())),
            "rate": float(result["rates"].mean()),
        }
    found["separation"] = found["cooperative"]["share"] - found["private"]["share"]
    return found


def optimum_of(parameters: Parameters) -> float:
    """The optimum of payoffs: the stored one, or else what the best constants earn, one for each agent.

    Where gamma is drawn it is the mean of what is best for each gamma.
    """
    if getattr(parameters, "gamma", 0.0) is None:
        low, high = parameters.gamma_range  # type: ignore[attr-defined]
        gammas = low + (high - low) * (np.arange(40) + 0.5) / 40
        drawn = [replace(parameters, gamma=float(gamma)) for gamma in gammas]  # type: ignore[call-arg]
        return float(np.mean([constant_returns(one, "private").sum(axis=1).max() for one in drawn]))
    episode = Episode(parameters, "private")
    constants = best_constant(None, episode=episode, per_agent=True, split=True).value
    stored = stored_sequence(episode.game, "optimum")
    return constants if stored is None else float(episode.returns(episode.rates(stored)[None])[0].sum())


def main() -> None:
    """Learn, print, and write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--ids", nargs="*", default=list(STRONG_IDS))
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    table = {}
    for key in asked.ids:
        began = time.process_time()
        parameters = environment_class(key)()
        table[key] = compare(parameters, optimum_of(parameters))
        row = table[key]
        words = "  ".join(f"{mode} {row[mode]['share']:.3f} (drift {row[mode]['drift']:.3f})" for mode in MODES)
        print(f"{key:32s} {words}  separation {row['separation']:.3f}  {time.process_time() - began:.0f} s", flush=True)
        if asked.out:
            asked.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
