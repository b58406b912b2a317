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
from coopetition.study.measuring import game_of, measure
from coopetition.study.plan import Job

#: Points of a learning curve.
POINTS = 50
#: Training seeds are small numbers; evaluation draws from here on, so that no episode was trained on.
EVALUATION_SEED = 1_000_000


def maker_of(path: Path) -> Maker:
    """Makes the policy of a file."""

    def make(game: Game) -> Policy:
        return TrainedPolicy(game, path)

    return make


def _thinned(steps: np.ndarray, values: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """At most so many rows of a curve (K, ...): means of neighbours, by the last step of each group."""
    groups = np.array_split(np.arange(len(steps)), min(points, len(steps)))
    with np.errstate(invalid="ignore"):
        means = [_mean(values[group]) for group in groups]
    return steps[[group[-1] for group in groups]], np.array(means)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def rising(totals: np.ndarray) -> float | None:
    """How much the last fifth of a curve lies above the fifth before, as a share of the curve's range.

    None for curves of fewer than ten known points.
    """
    known = totals[np.isfinite(totals)]
    if known.size < 10:
        return None
    fifth = known.size // 5
    spread = float(known.max() - known.min())
    if spread <= 0.0:
        return 0.0
    return float((known[-fifth:].mean() - known[-2 * fifth : -fifth].mean()) / spread)


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
            steps, thin = _thinned(curves.steps, totals, POINTS)
            rows["curves"] += [
                {
                    **who,
                    **learner,
                    "environment_steps": int(step),
                    **dict(zip(("payoff_total", "reward_total", "rate_mean"), (_known(x) for x in point), strict=True)),
                }
                for step, point in zip(steps, thin, strict=True)
            ]
            found = measure(job.environment, run.reward_mode, maker_of(path), job.episodes, EVALUATION_SEED)
            hyperparameters = json.dumps({**population.settings, **run.values}, sort_keys=True)
            rows["runs"].append(
                {
                    **who,
                    **learner,
                    "hyperparameters": hyperparameters,
                    "settings_hash": hashlib.sha256(hyperparameters.encode()).hexdigest()[:12],
                    "environment_steps": population.steps,
                    "shared": population.shared,
                    "rising": rising(thin[:, 1]),
                    **found,
                    "cpu_seconds": trained + time.process_time() - began,
                }
            )
        for mode in job.modes:
            rows["audit"] += _audit(job, mode, name, population, files)
    return rows, networks


def train_longer(job: Job, name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry out a job that asks what more steps would have changed: `train`, its runs in the table ``longer``."""
    rows, _ = train(job, name)
    return {"longer": rows["runs"]}, {}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _audit(job: Job, mode: str, name: str, population: Any, files: list[Path]) -> list[dict[str, Any]]:
    """Audits of a mode's policies of the audited seeds."""
    game = game_of(job.environment, mode)
    makers = {
        run.seed: maker_of(path)
        for run, path in zip(population.runs, files, strict=True)
        if run.reward_mode == mode and run.seed in job.audited
    }
    swapped = swapped_partners(game, makers, EVALUATION_SEED) if len(makers) > 1 else {}
    who = {"shard": name, "environment": job.environment, "reward_mode": mode, "algorithm": job.algorithm}
    rows = []
    for seed, maker in makers.items():
        found = audit_policy(game, maker, EVALUATION_SEED, thorough=seed in job.climbed) + swapped.get(seed, [])
        rows += [{**who, "seed": seed, **row} for row in found]
    return rows
