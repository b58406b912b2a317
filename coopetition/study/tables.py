"""The columns of every table, with their types and what they mean: the schema of shards, corpus and Croissant."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any, NamedTuple

import polars as pl


class Column(NamedTuple):
    """Type and meaning of a column."""

    dtype: Any
    about: str


NUMBERS = pl.List(pl.Float64)
WORDS = pl.List(pl.String)

WHO = {
    "shard": Column(pl.String, "name of the shard, which ends in the hash of what determines the record"),
    "environment": Column(pl.String, "environment id; ids that end in Strong-v0 are the strong presets"),
    "reward_mode": Column(pl.String, "private, integrated or cooperative"),
}
#: What one evaluation of policies finds; on the same yardstick for every mode.
OUTCOMES = {
    "agents": Column(WORDS, "names of the agents, in the order of the lists below"),
    "episodes": Column(
        pl.Int64,
        "episodes that were played; in a game that draws, a learner plays those of all of a reference policy's rows",
    ),
    "return_total": Column(pl.Float64, "mean over episodes of all agents' summed rewards of the mode"),
    "payoff_total": Column(pl.Float64, "mean over episodes of all agents' summed private payoffs pi"),
    "returns": Column(NUMBERS, "summed rewards of the mode, an agent"),
    "payoffs": Column(NUMBERS, "summed private payoffs, an agent"),
    "rates": Column(NUMBERS, "mean cooperation rate, an agent, in [0, 1]"),
    "rate_mean": Column(pl.Float64, "mean cooperation rate of all agents"),
    "bond_end": Column(pl.Float64, "mean trust over ordered pairs, or mean loyalty, after the last step, in [0, 1]"),
    "length": Column(pl.Float64, "mean number of steps"),
    "outcome": Column(pl.String, "the most frequent end: horizon, collapsed, recovered or dissolved"),
    "efficiency": Column(
        pl.Float64,
        "payoff_total over the best total of payoffs known for the environment; in a game that draws, over what the "
        "best plan known earns in the same episodes",
    ),
    "normalised": Column(
        pl.Float64,
        "return_total on the scale from the worst open-loop nash found (0) to the open-loop optimum (1) of the mode; "
        "empty where the two lie within 2 % of each other; in a game that draws, of what these plans earn in the same "
        "episodes",
    ),
    "least_share": Column(pl.Float64, "the worst paid agent's payoff over the mean payoff"),
    "gini": Column(pl.Float64, "Gini coefficient of gains over the stage nash repeated; empty where nobody gains"),
    "sustainability": Column(pl.Float64, "share of the horizon that was played, weighted by trust or loyalty"),
    "gains": Column(
        NUMBERS,
        "gain found of each agent that leaves its policy, in returns of the mode: lower bounds; all agents are asked, "
        "and in games of more than eight, eight of them, so that the others' are empty; where a game draws, it is "
        "played at the expected complementarity",
    ),
    "exploitability": Column(pl.Float64, "the largest of the gains found: a lower bound"),
    "nash_conv": Column(
        pl.Float64,
        "sum over agents of the gains found: a lower bound; empty in games of more than eight agents, which are not "
        "all asked",
    ),
}
CIRCUMSTANCES = {
    "status": Column(pl.String, "done or failed"),
    "error": Column(pl.String, "traceback of a failure, else empty"),
    "cpu_seconds": Column(pl.Float64, "processor time of the record's share of its job"),
    "versions": Column(pl.String, "versions of the libraries, as JSON"),
    "hardware": Column(pl.String, "processor and system"),
}

RUNS = {
    **WHO,
    "algorithm": Column(pl.String, "learner"),
    "seed": Column(pl.Int64, "training seed: the unit of statistics"),
    "hyperparameters": Column(pl.String, "all of the run's, as JSON"),
    "settings_hash": Column(pl.String, "of the hyper-parameters: equal where they are"),
    "environment_steps": Column(pl.Int64, "steps the run was trained for"),
    "shared": Column(pl.Boolean, "whether agents share one network"),
    "rising": Column(
        pl.Float64,
        "mean reward_total over the episodes of the last fifth of the steps less that of the fifth before, as a share "
        "of the curve's range; empty where either has no episode",
    ),
    **OUTCOMES,
    **CIRCUMSTANCES,
}

SCHEMAS: dict[str, dict[str, Column]] = {
    "runs": RUNS,
    "curves": {
        **WHO,
        "algorithm": Column(pl.String, "learner"),
        "seed": Column(pl.Int64, "training seed"),
        "environment_steps": Column(pl.Int64, "steps of the run so far"),
        "episodes": Column(
            pl.Int64,
            "episodes that ended since the row before: the weight of the row; copies begin together, so that many rows "
            "have none",
        ),
        "payoff_total": Column(pl.Float64, "mean over these episodes of summed private payoffs; empty without any"),
        "reward_total": Column(pl.Float64, "mean over these episodes of summed rewards of the mode"),
        "rate_mean": Column(pl.Float64, "mean rate in these episodes"),
    },
    "reference": {
        **WHO,
        "policy": Column(pl.String, "name of the reference policy, played by all agents"),
        "seed": Column(pl.Int64, "seed of the first episode"),
        **OUTCOMES,
        **CIRCUMSTANCES,
    },
    "yardsticks": {
        **WHO,
        "optimum": Column(
            pl.Float64,
            "largest total return of the mode found, of an open-loop plan; in a game that draws, what the best plan "
            "for the expected game earns on average in the episodes on which learners are evaluated; so do nash and "
            "best_total",
        ),
        "nash": Column(pl.Float64, "total return of the worst open-loop nash found; empty where none was"),
        "best_total": Column(pl.Float64, "largest total of payoffs known: what efficiencies divide by, in every mode"),
    },
    "audit": {
        **WHO,
        "algorithm": Column(pl.String, "learner"),
        "seed": Column(pl.Int64, "training seed of the audited policy"),
        "audit": Column(pl.String, "surface, deviation, timing, optimal, impulse, partners, or class"),
        "agent": Column(pl.String, "who deviates"),
        "level": Column(pl.Float64, "rate that is played instead, in [0, 1]"),
        "start": Column(pl.Int64, "first step of the deviation, from 0"),
        "steps": Column(
            pl.Int64, "length of the deviation, or steps after it; of a class, length of the undisturbed episode"
        ),
        "partner_seed": Column(pl.Int64, "training seed of the others, where partners are swapped"),
        "value": Column(pl.Float32, "what the audit measures; see the datasheet; in single precision"),
        "reference": Column(pl.Float32, "the same without the deviation"),
        "label": Column(
            pl.String, "immune, late, early or broad: the policy's class; quick or climbing: the deviation's search"
        ),
    },
    "crossplay": {
        **WHO,
        "kind": Column(pl.String, "field: one against a homogeneous field; team: drawn at random"),
        "team": Column(WORDS, "who plays each seat"),
        "focal": Column(pl.String, "entrant in the focal seat"),
        "field": Column(pl.String, "entrant in all other seats, or empty for a team"),
        "seat": Column(
            pl.String,
            "the focal agent; against a field in games of at most six agents the first of its role, and what follows "
            "is the mean over all seats of the role; in larger games only the first seat of a role is asked",
        ),
        "focal_return": Column(pl.Float64, "the focal agent's summed rewards of the mode"),
        "focal_payoff": Column(pl.Float64, "its summed private payoffs"),
        "field_payoff": Column(pl.Float64, "mean of the others' summed private payoffs"),
        "payoff_total": Column(pl.Float64, "all agents' summed private payoffs"),
    },
    "scenarios": {
        **WHO,
        "scenario": Column(pl.String, "name of the scenario"),
        "split": Column(pl.String, "train or test"),
        "background": Column(pl.String, "frozen policy in the other seats"),
        "entrant": Column(pl.String, "policy in the focal seats"),
        "focal_return": Column(pl.Float64, "mean return of the focal agents, per head"),
        "background_return": Column(pl.Float64, "mean return of the background agents, per head"),
        "best_response": Column(
            pl.Float64,
            "mean over focal agents of the return of the best response found, all others playing the background: a "
            "lower bound; of those of eight agents that are asked, in games of more",
        ),
        "normalised": Column(pl.Float64, "focal_return over best_response"),
        "background_normalised": Column(pl.Float64, "background_return over best_response"),
    },
    "longer": RUNS,
    "settings": {
        **WHO,
        "algorithm": Column(pl.String, "learner"),
        "seed": Column(pl.Int64, "training seed, of the search's own"),
        "candidate": Column(pl.String, "hyper-parameters that were tried, as JSON"),
        "environment_steps": Column(pl.Int64, "steps the run was trained for"),
        "score": Column(
            pl.Float64,
            "how well the learner does what it is asked, in [0, 1]: return over optimum where the reward is shared, "
            "else 1 - nash_conv over what agents earn; empty where the game has no such scale",
        ),
        **{name: OUTCOMES[name] for name in ("return_total", "payoff_total", "efficiency", "nash_conv")},
        **CIRCUMSTANCES,
    },
    "chosen": {
        "algorithm": Column(pl.String, "learner"),
        "candidate": Column(pl.String, "hyper-parameters that were tried, as JSON"),
        "score": Column(pl.Float64, "mean over games and modes of the mean over seeds"),
        "cells": Column(pl.Int64, "games and modes that count"),
        "seeds": Column(pl.Int64, "training seeds of a cell"),
        "own": Column(pl.Boolean, "whether these are the learner's own settings"),
        "chosen": Column(pl.Boolean, "whether the study uses them"),
    },
    "submitted": {
        **WHO,
        "algorithm": Column(pl.String, "name of the entrant, as it was submitted"),
        "seed": Column(pl.Int64, "training seed"),
        "environment_steps": Column(pl.Int64, "steps the run was trained for"),
        "submitter": Column(pl.String, "who submitted it"),
        "link": Column(pl.String, "paper or code"),
        **{name: OUTCOMES[name] for name in OUTCOMES if name not in ("gains", "exploitability", "nash_conv")},
    },
    "excluded": {
        "environment": WHO["environment"],
        "algorithm": Column(pl.String, "learner"),
        "kind": Column(pl.String, "impossible: the learner cannot play this game; not run: it has not been run"),
        "reason": Column(pl.String, "why there is no record"),
    },
}


def schema(table: str) -> dict[str, Any]:
    """Names and Polars types of a table's columns."""
    return {name: column.dtype for name, column in SCHEMAS[table].items()}


def frame(table: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a table; what a row does not have is empty, what the table does not have is an error.

    Raises
    ------
    KeyError
        A column that the table does not have.
    """
    columns = schema(table)
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise KeyError(f"table {table!r} has no columns {sorted(unknown)}")
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=columns)


LIBRARIES = ("coopetition", "numpy", "numba", "scipy", "jax", "optax", "polars", "ray")


@cache
def versions() -> dict[str, str]:
    """Versions of the libraries that numbers may depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def hardware() -> str:
    """Processor and system, in a few words."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass
    return f"{processor}, {platform.system()} {platform.machine()}"
