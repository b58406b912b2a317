"""A training job: one population of modes x seeds, then its evaluation and audit while the networks are at hand."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Policy
from coopetition.policies.trained import TrainedPolicy
from coopetition.study.arena import Maker
from coopetition.study.audit import audit_policy, swapped_partners
from coopetition.study.measuring import EVALUATION_SEED, evaluated, game_of, measure
from coopetition.study.plan import Job

#: Points of a learning curve.
POINTS = 50


def maker_of(path: Path) -> Maker:
    """Makes the policy of a file."""

    def make(game: Game) -> Policy:
        return TrainedPolicy(game, path)

    return make


def _thinned(
    steps: np.ndarray, values: np.ndarray, episodes: np.ndarray, points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At most so many rows of a curve: steps (P,), means (P, M) over the episodes of neighbours, and how many (P,).

    Parameters
    ----------
    steps : ndarray (K,)
    values : ndarray (K, M)
        Means over the episodes that ended in a row; NaN where none did.
    episodes : ndarray (K,)
        How many those are: copies begin together, so that most rows have none and others very unlike numbers.
    points : int
    """
    groups = np.array_split(np.arange(len(steps)), min(points, len(steps)))
    means = [_mean(values[group], episodes[group]) for group in groups]
    counts = np.array([episodes[group].sum() for group in groups], dtype=np.int64)
    return steps[[group[-1] for group in groups]], np.array(means), counts


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the first axis of values (K, M) that are known; NaN where nothing is."""
    mine = np.where(np.isfinite(values), weights[:, np.newaxis], 0.0)
    total = (mine * np.where(np.isfinite(values), values, 0.0)).sum(axis=0)
    count = mine.sum(axis=0)
    return np.where(count > 0.0, total / np.where(count > 0.0, count, 1.0), np.nan)


def rising(steps: np.ndarray, totals: np.ndarray, episodes: np.ndarray) -> float | None:
    """How much a curve lies higher in the last fifth of its steps than in the fifth before, as a share of its range.

    None where no episode ended in either of the two.

    Parameters
    ----------
    steps, totals, episodes : ndarray (P,)
        Points of the curve: means over so many episodes.
    """
    share = steps / steps[-1]
    last, before = share > 0.8, (share > 0.6) & (share <= 0.8)
    late, early = (float(_mean(totals[part, np.newaxis], episodes[part])[0]) for part in (last, before))
    if not (np.isfinite(late) and np.isfinite(early)):
        return None
    spread = float(np.nanmax(totals) - np.nanmin(totals))
    return (late - early) / spread if spread > 0.0 else 0.0


def refuse_part(population: Any) -> None:
    """An interrupted training is no record: the interrupt that `learn` has answered goes on to whoever runs the job."""
    if not population.finished:
        raise KeyboardInterrupt


def train(job: Job, name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry a training job out.

    Parameters
    ----------
    job : Job
    name : str
        Of its shard.

    Returns
    -------
    rows : dict of str to list of dict
        Tables ``runs``, ``curves`` and ``audit``.
    networks : dict of str to bytes
        File name: every run's policy.
    """
    from coopetition.baselines.learning import learn

    start = time.process_time()
    population = learn(
        job.environment,
        job.algorithm,
        reward_mode=list(job.modes),
        steps=job.steps,
        seeds=list(job.seeds),
        settings=job.settings,
        measure_efficiency=False,
    )
    refuse_part(population)
    trained = (time.process_time() - start) / len(population.runs)
    rows: dict[str, list[dict[str, Any]]] = {"runs": [], "curves": [], "audit": []}
    curves = population.curves
    with TemporaryDirectory() as folder:
        files = population.save(folder)
        networks = {path.name: path.read_bytes() for path in files}
        for k, (run, path) in enumerate(zip(population.runs, files, strict=True)):
            began = time.process_time()
            who = {"shard": name, "environment": job.environment, "reward_mode": run.reward_mode}
            learner = {"algorithm": job.algorithm, "seed": run.seed}
            totals = np.stack(
                [curves.payoffs[:, k].sum(axis=1), curves.rewards[:, k].sum(axis=1), curves.rates[:, k].mean(axis=1)],
                axis=1,
            )
            steps, thin, counts = _thinned(curves.steps, totals, curves.episodes[:, k], POINTS)
            rows["curves"] += [
                {
                    **who,
                    **learner,
                    "environment_steps": int(step),
                    "episodes": int(count),
                    **dict(zip(("payoff_total", "reward_total", "rate_mean"), (_known(x) for x in point), strict=True)),
                }
                for step, point, count in zip(steps, thin, counts, strict=True)
            ]
            episodes = evaluated(game_of(job.environment, run.reward_mode), job.episodes, job.drawn_seeds)
            found = measure(job.environment, run.reward_mode, maker_of(path), episodes, EVALUATION_SEED)
            hyperparameters = json.dumps({**population.settings, **run.values}, sort_keys=True)
            rows["runs"].append(
                {
                    **who,
                    **learner,
                    "hyperparameters": hyperparameters,
                    "settings_hash": hashlib.sha256(hyperparameters.encode()).hexdigest()[:12],
                    "environment_steps": population.steps,
                    "shared": population.shared,
                    "rising": rising(steps, thin[:, 1], counts),
                    **found,
                    "cpu_seconds": trained + time.process_time() - began,
                }
            )
        gains = {(row["reward_mode"], row["seed"]): row["gains"] for row in rows["runs"]}
        for mode in job.modes:
            rows["audit"] += _audit(job, mode, name, population, files, gains)
    return rows, networks


def train_longer(job: Job, name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry out a job that asks what more steps would have changed: `train`, its runs in the table ``longer``."""
    rows, _ = train(job, name)
    return {"longer": rows["runs"]}, {}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _audit(
    job: Job, mode: str, name: str, population: Any, files: list[Path], gains: dict[tuple[str, int], list[float | None]]
) -> list[dict[str, Any]]:
    """Audits of a mode's policies of the audited seeds."""
    game = game_of(job.environment, mode)
    makers = {
        run.seed: maker_of(path)
        for run, path in zip(population.runs, files, strict=True)
        if run.reward_mode == mode and run.seed in job.audited
    }
    swapped = swapped_partners(game, makers, EVALUATION_SEED, job.episodes) if len(makers) > 1 else {}
    who = {"shard": name, "environment": job.environment, "reward_mode": mode, "algorithm": job.algorithm}
    rows = []
    for seed, maker in makers.items():
        found = audit_policy(
            game,
            maker,
            EVALUATION_SEED,
            thorough=seed in job.climbed,
            episodes=job.episodes,
            gains=gains[mode, seed],
        ) + swapped.get(seed, [])
        rows += [{**who, "seed": seed, **row} for row in found]
    return rows
