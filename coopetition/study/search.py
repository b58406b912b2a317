"""A job of the search for settings: candidates of one learner on one game, all in one population.

A candidate's score says how well the learner does what it is asked, and not how much it cooperates: under a reward that
all share, and for learners of a team reward in any mode, the return over the optimum of the mode; otherwise one less
the gains that agents find by leaving their policies (NashConv), as a share of what they earn.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from coopetition.study.measuring import EVALUATION_SEED, measure, scale_on
from coopetition.study.plan import Job
from coopetition.study.training import maker_of, refuse_part

#: Learners of the agents' mean reward, in every mode.
TEAM = ("QMIX", "VDN")


def score(algorithm: str, environment: str, mode: str, found: dict[str, Any]) -> float | None:
    """How well a learner does what it is asked, in [0, 1]; None where the game has no such scale.

    That is where no optimum is known, or where agents are too many for all of them to be asked what they gain.

    Parameters
    ----------
    algorithm, environment, mode : str
    found : dict
        Columns of `measuring.measure`.
    """
    from coopetition.oracles import NotConverged

    if mode == "cooperative" or algorithm in TEAM:
        try:
            best = float(scale_on(environment, mode).optimum)
        except NotConverged:
            return None
        return float(np.clip(found["return_total"] / best, 0.0, 1.0)) if best > 0.0 else None
    if found["nash_conv"] is None:
        return None
    earned = float(np.abs(found["returns"]).sum())
    return float(np.clip(1.0 - found["nash_conv"] / earned, 0.0, 1.0)) if earned > 0.0 else None


def try_settings(job: Job, name: str) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Carry a job of the search out: the table ``settings``."""
    from coopetition.baselines.learning import learn

    began = time.process_time()
    population = learn(
        job.environment,
        job.algorithm,
        reward_mode=list(job.modes),
        steps=job.steps,
        seeds=list(job.seeds),
        settings=job.settings,
        sweep=job.sweep,
        measure_efficiency=False,
    )
    refuse_part(population)
    trained = (time.process_time() - began) / len(population.runs)
    rows = []
    with TemporaryDirectory() as folder:
        for run, path in zip(population.runs, population.save(Path(folder)), strict=True):
            began = time.process_time()
            found = measure(job.environment, run.reward_mode, maker_of(path), job.episodes, EVALUATION_SEED)
            rows.append(
                {
                    "shard": name,
                    "environment": job.environment,
                    "reward_mode": run.reward_mode,
                    "algorithm": job.algorithm,
                    "seed": run.seed,
                    "candidate": json.dumps(run.values, sort_keys=True),
                    "environment_steps": population.steps,
                    "score": score(job.algorithm, job.environment, run.reward_mode, found),
                    **{key: found[key] for key in ("return_total", "payoff_total", "efficiency", "nash_conv")},
                    "cpu_seconds": trained + time.process_time() - began,
                }
            )
    return {"settings": rows}, {}
