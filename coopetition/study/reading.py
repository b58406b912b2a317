"""What the corpus says: its tables, and what is compared in the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from coopetition.study.plan import ALGORITHMS, MODES, Job
from coopetition.study.statistics import interquartile_mean, paired_interval

#: Learners of the agents' mean reward in every mode: the mode is nothing to them but a sum of what it pays.
TEAM = ("QMIX", "VDN")
#: A learner beats a constant where it earns more than this share above it.
MARGIN = 0.01
#: A curve still rises, or falls, where its last fifth lies this share of its range above, or below, the fifth before.
MOVES = 0.05


class Corpus:
    """The tables of a corpus.

    Parameters
    ----------
    folder : path
        As `corpus.publish` writes it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.runs = pl.read_parquet(self.folder / "runs.parquet")
        self.curves = pl.read_parquet(self.folder / "curves.parquet")
        self.reference = pl.read_parquet(self.folder / "reference.parquet")
        self.audit = pl.read_parquet(self.folder / "audit.parquet")
        self.crossplay = pl.read_parquet(self.folder / "crossplay.parquet")
        self.scenarios = pl.read_parquet(self.folder / "scenarios.parquet")
        self.excluded = pl.read_parquet(self.folder / "excluded.parquet")
        self.yardsticks = pl.read_parquet(self.folder / "yardsticks.parquet")
        self.chosen = pl.read_parquet(self.folder / "chosen.parquet")
        self.longer = pl.read_parquet(self.folder / "longer.parquet").filter(pl.col("status") == "done")
        self.submitted = pl.read_parquet(self.folder / "submitted.parquet")
        self.done = self.runs.filter(pl.col("status") == "done")
        shards = pl.read_parquet(self.folder / "shards.parquet")
        self.jobs = {name: json.loads(job) for name, job in shards.select("shard", "job").rows()}

    @property
    def environments(self) -> list[str]:
        """Ids that have trained records, sorted."""
        return sorted(self.done["environment"].unique())

    @property
    def algorithms(self) -> list[str]:
        """Learners that have records, in the order of the platform's paper."""
        there = set(self.done["algorithm"].unique())
        return [name for name in ALGORITHMS if name in there] + sorted(there - set(ALGORITHMS))

    @property
    def modes(self) -> list[str]:
        """Reward modes that have records."""
        there = set(self.done["reward_mode"].unique())
        return [mode for mode in MODES if mode in there]

    @property
    def entrants(self) -> list[str]:
        """The study's learners, then those of submissions."""
        return [*self.algorithms, *sorted(self.submitted["algorithm"].unique())]

    @property
    def entered(self) -> pl.DataFrame:
        """Runs of learners and submissions side by side, in the columns that both have."""
        both = [name for name in self.submitted.columns if name in self.done.columns]
        return pl.concat([self.done.select(both), self.submitted.select(both)])

    def scores(self, mode: str, algorithm: str, environments: Sequence[str], column: str = "efficiency") -> np.ndarray:
        """(seeds, environments) of a learner or a submission, NaN where there is no record."""
        rows = self.entered.filter((pl.col("reward_mode") == mode) & (pl.col("algorithm") == algorithm))
        seeds = sorted(rows["seed"].unique())
        table = np.full((max(len(seeds), 1), len(environments)), np.nan)
        for seed, environment, value in rows.select("seed", "environment", column).iter_rows():
            if environment in environments and value is not None:
                table[seeds.index(seed), environments.index(environment)] = value
        return table

    def best_constants(self) -> dict[tuple[str, str], float]:
        """(environment, mode): the largest total payoff of a constant that all play, the mean over its seeds."""
        constants = self.reference.filter(pl.col("policy").str.starts_with("constant_"))
        means = constants.group_by("environment", "reward_mode", "policy").agg(pl.col("payoff_total").mean())
        best = means.group_by("environment", "reward_mode").agg(pl.col("payoff_total").max())
        return {(e, m): value for e, m, value in best.iter_rows()}


def groups(environments: Sequence[str]) -> dict[str, list[str]]:
    """The published games and the strong ones."""
    strong = [name for name in environments if name.endswith("Strong-v0")]
    return {
        kind: names
        for kind, names in (("strong", strong), ("published", [e for e in environments if e not in strong]))
        if names
    }


def mode_effects(corpus: Corpus, environments: Sequence[str]) -> list[dict[str, Any]]:
    """Efficiency and rate of each mode less those under private rewards, paired by environment, learner and seed.

    Learners of a team's reward are left out.
    """
    keys = ["environment", "algorithm", "seed"]
    chosen = _own_rewards(corpus, environments)
    base = chosen.filter(pl.col("reward_mode") == "private").select(*keys, "efficiency", "rate_mean")
    rows = []
    for mode in corpus.modes:
        mine = chosen.filter(pl.col("reward_mode") == mode)
        paired = mine.join(base, on=keys, suffix="_private")
        row: dict[str, Any] = {
            "mode": mode,
            "efficiency": interquartile_mean(mine["efficiency"].to_numpy()),
            "rate": float(np.mean(mine["rate_mean"].to_numpy())) if mine.height else float("nan"),
            "runs": mine.height,
        }
        for column in ("efficiency", "rate_mean"):
            # One number a seed, the mean over cells: seeds are the units.
            per_seed = (
                paired.with_columns((pl.col(column) - pl.col(f"{column}_private")).alias("gain"))
                .sort(keys)
                .group_by("seed", maintain_order=True)
                .agg(pl.col("gain").mean().round(12))  # sums differ in their last bits by who adds first
                .sort("seed")  # a bootstrap draws by place
            )
            row[f"{column}_gain"] = paired_interval(per_seed["gain"].to_numpy())
        rows.append(row)
    return rows


def _own_rewards(corpus: Corpus, environments: Sequence[str]) -> pl.DataFrame:
    """Done runs of learners that each earn their own reward, on these games."""
    return corpus.done.filter(pl.col("environment").is_in(list(environments)) & ~pl.col("algorithm").is_in(TEAM))


def game_effects(corpus: Corpus, environments: Sequence[str]) -> list[dict[str, Any]]:
    """For each game: mean efficiency by mode, cooperative less private paired by seed, and how many learners agree.

    A learner counts as one whose modes come apart when each of its seeds has the higher payoff under cooperative
    rewards, or each the lower.
    """
    rows = []
    for environment in environments:
        mine = _own_rewards(corpus, [environment])
        wide = mine.pivot("reward_mode", index=["algorithm", "seed"], values="efficiency")
        if not {"private", "cooperative"} <= set(wide.columns):
            continue
        wide = wide.with_columns((pl.col("cooperative") - pl.col("private")).alias("gain")).drop_nulls("gain")
        per_seed = wide.group_by("seed").agg(pl.col("gain").mean()).sort("seed")
        learners = wide.group_by("algorithm").agg(
            (pl.col("gain") > 0.0).all().alias("above"), (pl.col("gain") < 0.0).all().alias("below")
        )
        rows.append(
            {
                "environment": environment,
                **{mode: float(wide[mode].mean()) for mode in corpus.modes if mode in wide.columns},  # type: ignore[arg-type]
                "gain": paired_interval(per_seed["gain"].to_numpy()),
                "above": int(learners["above"].sum()),
                "below": int(learners["below"].sum()),
                "learners": learners.height,
            }
        )
    return rows


def summed_rewards(corpus: Corpus, environments: Sequence[str]) -> list[dict[str, Any]]:
    """For each mode: median over games of what is earned in all, in payoffs and in the mode's own rewards.

    Both are shares of what learners of the same game earn under private rewards, where rewards are payoffs.
    """
    means = (
        _own_rewards(corpus, environments)
        .group_by("environment", "reward_mode")
        .agg(pl.col("payoff_total").mean(), pl.col("return_total").mean())
    )
    base = means.filter(pl.col("reward_mode") == "private").select("environment", pl.col("payoff_total").alias("base"))
    shares = means.join(base, on="environment").filter(pl.col("base") > 0.0)
    rows = []
    for mode in corpus.modes:
        mine = shares.filter(pl.col("reward_mode") == mode)
        payoffs, rewards = mine["payoff_total"] / mine["base"], mine["return_total"] / mine["base"]
        rows.append(
            {
                "mode": mode,
                "games": mine.height,
                "payoffs": float(payoffs.median()) if mine.height else float("nan"),  # type: ignore[arg-type]
                "rewards": float(rewards.median()) if mine.height else float("nan"),  # type: ignore[arg-type]
            }
        )
    return rows


def exploited(runs: pl.DataFrame) -> pl.Series:
    """For each run: the largest gain found of an agent, as a share of what that agent itself earns, in absolute value.

    Agents that were not asked do not count, nor do those that earn nothing.
    """
    shares: list[float | None] = []
    for gains, returns in runs.select("gains", "returns").iter_rows():
        known = [
            gain / abs(own)
            for gain, own in zip(gains or [], returns or [], strict=False)
            if gain is not None and own != 0.0
        ]
        shares.append(max(known) if known else None)
    return pl.Series("share", shares, dtype=pl.Float64)


def beating_constants(corpus: Corpus) -> list[dict[str, Any]]:
    """For each environment and mode: the best constant's total payoff, the best learner's mean, and their ratio."""
    best = corpus.best_constants()
    means = corpus.entered.group_by("environment", "reward_mode", "algorithm").agg(pl.col("payoff_total").mean())
    rows = []
    for (environment, mode), constant in sorted(best.items()):
        mine = means.filter((pl.col("environment") == environment) & (pl.col("reward_mode") == mode))
        if not mine.height:
            continue
        top = mine.sort("payoff_total", descending=True).row(0, named=True)
        rows.append(
            {
                "environment": environment,
                "mode": mode,
                "constant": constant,
                "learner": top["algorithm"],
                "payoff": top["payoff_total"],
                "beats": top["payoff_total"] > constant + MARGIN * abs(constant),
            }
        )
    return rows


def ledger_measures(corpus: Corpus) -> dict[str, int]:
    """What the ledger of published claims needs to know of the corpus: counts of what is done in it, by name."""
    classes = corpus.audit.filter(pl.col("audit") == "class")
    compared = beating_constants(corpus)
    return {
        "algorithms": corpus.runs["algorithm"].n_unique() + corpus.reference["policy"].n_unique(),
        "games": len(corpus.environments),
        "trained": corpus.done.height,
        "evaluated": corpus.reference.filter(pl.col("status") == "done").height,
        "records": corpus.done.height + corpus.reference.filter(pl.col("status") == "done").height,
        "audited": classes.height,
        "exploitable": classes.filter(pl.col("label") != "immune").height,
        "compared": len(compared),
        "beaten_constants": sum(row["beats"] for row in compared),
    }


def ranking(corpus: Corpus, environments: Sequence[str], mode: str) -> tuple[list[tuple[str, float]], list[str]]:
    """Entrants of cross-play by alpha-rank of the mean focal return, in units of each environment's spread.

    Returns
    -------
    ranked : list of (str, float)
        Names and masses, the largest first.
    dropped : list of str
        Who is not ranked, since some of the environments lack them.
    """
    from coopetition.oracles import alpha_rank

    rows = corpus.crossplay.filter(
        (pl.col("kind") == "field") & (pl.col("reward_mode") == mode) & pl.col("environment").is_in(list(environments))
    )
    if not rows.height:
        return [], []
    # Only entrants that there are in every environment can be compared.
    counts = rows.group_by("focal").agg(pl.col("environment").n_unique().alias("count"))
    names = sorted(counts.filter(pl.col("count") == len(set(rows["environment"])))["focal"])
    dropped = sorted(set(rows["focal"]) - set(names))
    total = np.zeros((len(names), len(names)))
    for _, part in rows.group_by("environment"):
        mean = part.group_by("focal", "field").agg(pl.col("focal_return").mean())
        table = np.full((len(names), len(names)), np.nan)
        for focal, against, value in mean.iter_rows():
            if focal in names and against in names:
                table[names.index(focal), names.index(against)] = value
        spread = np.nanstd(table)
        total += (table - np.nanmean(table)) / (spread if spread > 0.0 else 1.0)
    ranked = alpha_rank(total / max(len(set(rows["environment"])), 1)).masses
    return sorted(zip(names, ranked.tolist(), strict=True), key=lambda pair: -pair[1]), dropped


def binned_curves(corpus: Corpus, environment: str, most: int = 10) -> pl.DataFrame:
    """Each run's learning curve on one game in few points: means over the episodes of a part of its training.

    There are as many parts, up to a number, as leave no run without an episode in any of them: so every point of a mean
    over runs is one over the same learners.

    Returns
    -------
    DataFrame
        ``reward_mode``, ``algorithm``, ``seed``, ``share`` of training at the end of the part, ``payoff_total``.
    """
    keys = ["reward_mode", "algorithm", "seed"]
    mine = corpus.curves.filter(
        (pl.col("environment") == environment) & (pl.col("episodes") > 0) & pl.col("payoff_total").is_not_null()
    )
    ends = (
        corpus.curves.filter(pl.col("environment") == environment)
        .group_by(keys)
        .agg(pl.col("environment_steps").max().alias("end"))
    )
    mine = mine.join(ends, on=keys)
    for count in range(most, 0, -1):
        part = (pl.col("environment_steps") * count / pl.col("end")).ceil()
        binned = (
            mine.with_columns((part / count).alias("share"))
            .group_by(*keys, "share")
            .agg(((pl.col("payoff_total") * pl.col("episodes")).sum() / pl.col("episodes").sum()).alias("payoff_total"))
        )
        if binned.height == count * mine.select(keys).unique().height:
            break
    return binned.sort(*keys, "share")


def moving_cells(corpus: Corpus) -> pl.DataFrame:
    """Cells whose curves still move: environment, mode, learner, mean of `rising` over seeds, and how many seeds move.

    Those that move most, up or down, come first.
    """
    cells = corpus.done.group_by("environment", "reward_mode", "algorithm").agg(
        pl.col("rising").mean(),
        (pl.col("rising").abs() > MOVES).sum().alias("seeds"),
        pl.col("rising").count().alias("of"),
        pl.col("environment_steps").max(),
    )
    order = [pl.col("rising").abs(), "environment", "algorithm", "reward_mode"]
    return cells.filter(pl.col("rising").abs() > MOVES).sort(order, descending=[True, False, False, False])


def longer_jobs(corpus: Corpus, cells: int = 10, times: int = 4) -> list[Job]:
    """Jobs that train the cells whose curves move most for longer: what would more steps have changed?

    A learner on an environment is taken once, with all of its modes and seeds; each learner once before any is twice.
    """
    moving = moving_cells(corpus).select("environment", "algorithm").unique(maintain_order=True)
    turn = pl.int_range(pl.len()).over("algorithm")
    chosen = moving.with_columns(turn=turn).sort("turn", maintain_order=True).drop("turn")
    jobs: list[Job] = []
    for environment, algorithm in chosen.head(cells).rows():
        mine = corpus.done.filter((pl.col("environment") == environment) & (pl.col("algorithm") == algorithm))
        about = corpus.jobs[mine["shard"][0]]
        jobs.append(Job.from_dict({**about, "kind": "longer", "audited": [], "steps": times * about["steps"]}))
    return jobs


def longer_effects(corpus: Corpus) -> list[dict[str, Any]]:
    """For each cell that was trained for longer: efficiency and `rising`, before and after, paired by seed."""
    keys = ["environment", "reward_mode", "algorithm", "seed"]
    columns = ["environment_steps", "efficiency", "rising"]
    both = corpus.done.select(*keys, *columns).join(corpus.longer.select(*keys, *columns), on=keys, suffix="_longer")
    means = both.group_by("environment", "algorithm", "reward_mode").agg(
        *(pl.col(f"{name}{tail}").mean() for name in columns for tail in ("", "_longer"))
    )
    return means.sort("environment", "algorithm", "reward_mode").to_dicts()
