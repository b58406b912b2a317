"""The report: a page and figures, from the corpus alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from coopetition.study.plan import ALGORITHMS, MODES
from coopetition.study.statistics import improvement, interquartile_mean, paired_interval, profile, stratified_interval

#: Colours that stay apart for the colour-blind (Okabe and Ito), a mode each.
COLOURS = {"private": "#D55E00", "integrated": "#0072B2", "cooperative": "#009E73"}
#: A learner beats a constant where it earns more than this share above it.
MARGIN = 0.01
#: A curve still rises where its last fifth lies this share of its range above the fifth before.
RISES = 0.05


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
        self.done = self.runs.filter(pl.col("status") == "done")

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

    def scores(self, mode: str, algorithm: str, environments: Sequence[str], column: str = "efficiency") -> np.ndarray:
        """(seeds, environments), NaN where there is no record."""
        rows = self.done.filter((pl.col("reward_mode") == mode) & (pl.col("algorithm") == algorithm))
        seeds = sorted(rows["seed"].unique())
        table = np.full((max(len(seeds), 1), len(environments)), np.nan)
        for seed, environment, value in rows.select("seed", "environment", column).iter_rows():
            if environment in environments and value is not None:
                table[seeds.index(seed), environments.index(environment)] = value
        return table

    def best_constants(self) -> dict[tuple[str, str], float]:
        """(environment, mode): the largest total payoff of a constant that all play."""
        constants = self.reference.filter(pl.col("policy").str.starts_with("constant_"))
        best = constants.group_by("environment", "reward_mode").agg(pl.col("payoff_total").max())
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
    """Efficiency and rate of each mode less those under private rewards, paired by environment, learner and seed."""
    keys = ["environment", "algorithm", "seed"]
    chosen = corpus.done.filter(pl.col("environment").is_in(list(environments)))
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
                .group_by("seed")
                .agg(pl.col("gain").mean())
            )
            row[f"{column}_gain"] = paired_interval(per_seed["gain"].to_numpy())
        rows.append(row)
    return rows


def beating_constants(corpus: Corpus) -> list[dict[str, Any]]:
    """For each environment and mode: the best constant's total payoff, the best learner's mean, and their ratio."""
    best = corpus.best_constants()
    means = corpus.done.group_by("environment", "reward_mode", "algorithm").agg(pl.col("payoff_total").mean())
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


def ranking(corpus: Corpus, environments: Sequence[str], mode: str) -> list[tuple[str, float]]:
    """Entrants of cross-play by alpha-rank of the mean focal payoff, in units of each environment's spread."""
    from coopetition.oracles import alpha_rank

    rows = corpus.crossplay.filter(
        (pl.col("kind") == "field") & (pl.col("reward_mode") == mode) & pl.col("environment").is_in(list(environments))
    )
    if not rows.height:
        return []
    # Only entrants that there are in every environment can be compared.
    counts = rows.group_by("focal").agg(pl.col("environment").n_unique().alias("count"))
    names = sorted(counts.filter(pl.col("count") == len(set(rows["environment"])))["focal"])
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
    return sorted(zip(names, ranked.tolist(), strict=True), key=lambda pair: -pair[1])


def _interval(low: float, high: float) -> str:
    return f"[{low:.3f}, {high:.3f}]" if np.isfinite(low) else "(too few seeds)"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def write_report(corpus_folder: str | Path, page: str | Path, figures: str | Path) -> Path:
    """Write the page and its figures.

    Parameters
    ----------
    corpus_folder : path
    page : path
        A Markdown file.
    figures : path
        Folder for the figures, which the page names relative to itself.

    Returns
    -------
    Path
        Of the page.
    """
    corpus = Corpus(corpus_folder)
    home = Path(figures)
    home.mkdir(parents=True, exist_ok=True)
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = draw_figures(corpus, home)
    links = {name: _relative(path, target) for name, path in drawn.items()}
    target.write_text(_page(corpus, links), encoding="utf-8")
    return target


def _relative(path: Path, page: Path) -> str:
    import os

    return Path(os.path.relpath(path, page.parent)).as_posix()


def _page(corpus: Corpus, links: dict[str, str]) -> str:
    failed = corpus.runs.filter(pl.col("status") == "failed")
    still = corpus.done.filter(pl.col("rising") > RISES)
    steps = sorted(corpus.done["environment_steps"].unique())
    parts = [
        "# The reference study",
        "Written by `coopetition study report` from the corpus alone; numbers in it are not typed by hand.",
        f"{corpus.runs.height:,} runs of {len(corpus.algorithms)} learners on {len(corpus.environments)} games "
        f"under {len(corpus.modes)} reward modes, of which {failed.height:,} failed; {corpus.excluded.height} cells of "
        f"learners and games do not exist ({', '.join(sorted(corpus.excluded['algorithm'].unique())) or 'none'}). Runs "
        f"took {', '.join(f'{step:,}' for step in steps)} environment steps. The efficiency is the summed private "
        "payoff over the best known, in every mode.",
        f"{still.height:,} curves ({still.height / max(corpus.done.height, 1):.0%}) still rise at their end: their "
        f"last fifth lies more than {RISES:.0%} of their range above the fifth before.",
    ]
    for kind, environments in groups(corpus.environments).items():
        parts += [
            f"## Does the reward mode change what learners do? ({kind} games)",
            _modes_table(corpus, environments),
        ]
        if f"modes-{kind}" in links:
            parts.append(f"![Efficiency by reward mode]({links[f'modes-{kind}']})")
        parts += [f"## Learners ({kind} games)", _learners_table(corpus, environments)]
        if f"profiles-{kind}" in links:
            parts.append(f"![Performance profiles]({links[f'profiles-{kind}']})")
    parts += ["## Against the best constant", _constants_table(corpus)]
    parts += ["## Distance from theory", _theory_table(corpus), "## The audit", _audit_table(corpus)]
    parts += ["## Cross-play", _ranking_tables(corpus), "## Held-out scenarios", _scenarios_table(corpus)]
    if "curves" in links:
        parts += ["## Learning curves", f"![Learning curves]({links['curves']})"]
    parts += ["## Cost", _cost_table(corpus)]
    return "\n\n".join(parts) + "\n"


def _modes_table(corpus: Corpus, environments: Sequence[str]) -> str:
    rows = []
    for row in mode_effects(corpus, environments):
        mean, low, high = row["efficiency_gain"]
        rate, rate_low, rate_high = row["rate_mean_gain"]
        rows.append(
            [
                row["mode"],
                str(row["runs"]),
                f"{row['efficiency']:.3f}",
                f"{mean:+.3f} {_interval(low, high)}",
                f"{row['rate']:.3f}",
                f"{rate:+.3f} {_interval(rate_low, rate_high)}",
            ]
        )
    header = ("mode", "runs", "efficiency (IQM)", "less private, 95 % BCa over seeds", "rate", "less private")
    return _table(header, rows)


def _learners_table(corpus: Corpus, environments: Sequence[str]) -> str:
    rows = []
    for algorithm in corpus.algorithms:
        cells = [algorithm]
        for mode in corpus.modes:
            scores = corpus.scores(mode, algorithm, environments)
            low, high = stratified_interval(scores)
            cells.append(f"{interquartile_mean(scores):.3f} {_interval(low, high)}")
        first = corpus.scores(corpus.modes[-1], corpus.algorithms[0], environments)
        own = corpus.scores(corpus.modes[-1], algorithm, environments)
        cells.append(f"{improvement(own, first):.2f}")
        rows.append(cells)
    header = ["learner", *(f"efficiency, {mode}" for mode in corpus.modes)]
    return _table([*header, f"P(beats {corpus.algorithms[0]}), {corpus.modes[-1]}"], rows)


def _constants_table(corpus: Corpus) -> str:
    found = beating_constants(corpus)
    won = [row for row in found if row["beats"]]
    rows = [
        [row["environment"], row["mode"], f"{row['constant']:,.0f}", row["learner"], f"{row['payoff']:,.0f}",
         f"{row['payoff'] / row['constant']:.3f}" if row["constant"] > 0 else "", "yes" if row["beats"] else ""]
        for row in found
    ]  # fmt: skip
    text = (
        f"In {len(won)} of {len(found)} games and modes the mean of the best learner's seeds lies more than "
        f"{MARGIN:.0%} above the best of the 101 constants played by everybody."
    )
    header = ("environment", "mode", "best constant", "best learner", "its payoff", "ratio", "beats it")
    return text + "\n\n" + _table(header, rows)


def _theory_table(corpus: Corpus) -> str:
    rows = []
    for mode in corpus.modes:
        mine = corpus.done.filter(pl.col("reward_mode") == mode)
        share = mine.with_columns(
            (pl.col("exploitability") / pl.col("return_total").abs() * pl.col("agents").list.len()).alias("share")
        )
        normalised = mine["normalised"].drop_nulls()
        rows.append(
            [
                mode,
                f"{_median(mine['efficiency']):.3f}",
                f"{_median(normalised):.3f} ({normalised.len()} of {mine.height} runs)" if normalised.len() else "",
                f"{_median(share['share']):.4f}",
            ]
        )
    header = ("mode", "efficiency (median)", "nash to optimum (median)", "exploitability, share of an agent's return")
    return _table(header, rows)


def _median(column: pl.Series) -> float:
    """NaN of nothing."""
    known = column.drop_nulls().to_numpy()
    return float(np.median(known)) if known.size else float("nan")


def _audit_table(corpus: Corpus) -> str:
    classes = corpus.audit.filter(pl.col("audit") == "class")
    counts = classes.group_by("reward_mode", "label").len()
    found = {(mode, label): count for mode, label, count in counts.iter_rows()}
    labels = ("immune", "late", "early", "broad")
    rows = [[mode, *(str(found.get((mode, label), 0)) for label in labels)] for mode in corpus.modes]
    text = (
        f"{classes.height:,} policies were audited: the trained networks themselves. A policy is immune where no "
        "deviation in time gains 1 % of the agent's own return, late where only those do that start in the last "
        "fifth of the episode, early where only those that start before, broad where both do."
    )
    return text + "\n\n" + _table(("mode", *labels), rows)


def _ranking_tables(corpus: Corpus) -> str:
    parts = []
    for kind, environments in groups(corpus.environments).items():
        for mode in corpus.modes:
            ranked = ranking(corpus, environments, mode)[:5]
            if ranked:
                names = ", ".join(f"{name} ({mass:.2f})" for name, mass in ranked)
                parts.append(f"- {kind} games, {mode} rewards: {names}")
    text = (
        "Alpha-rank of the mean focal return against homogeneous fields, each environment in units of its own spread."
    )
    return text + "\n\n" + "\n".join(parts)


def _scenarios_table(corpus: Corpus) -> str:
    if not corpus.scenarios.height:
        return "No scenarios were played."
    means = (
        corpus.scenarios.group_by("entrant")
        .agg(pl.col("normalised").mean(), pl.col("normalised").min().alias("worst"), pl.len())
        .sort("normalised", descending=True, nulls_last=True)
    )
    rows = [
        [entrant, f"{mean:.3f}" if mean is not None else "", f"{worst:.3f}" if worst is not None else "", str(count)]
        for entrant, mean, worst, count in means.iter_rows()
    ]
    return _table(("entrant", "focal return over the best response's", "worst", "scenarios"), rows)


def _cost_table(corpus: Corpus) -> str:
    costs = corpus.done.group_by("algorithm").agg(
        (pl.col("cpu_seconds").sum() / 3600.0).alias("hours"), pl.len().alias("runs"), pl.col("cpu_seconds").mean()
    )
    rows = [
        [name, str(count), f"{hours:.2f}", f"{mean:.1f}"]
        for name, hours, count, mean in costs.sort("hours", descending=True).iter_rows()
    ]
    total = float(corpus.done["cpu_seconds"].sum()) / 3600.0
    return f"{total:.2f} core-hours in all.\n\n" + _table(("learner", "runs", "core-hours", "seconds a run"), rows)


def draw_figures(corpus: Corpus, home: Path) -> dict[str, Path]:
    """Draw every figure that the corpus has data for; their files by name."""
    import matplotlib

    matplotlib.use("Agg", force=False)
    import matplotlib.pyplot as plt

    drawn: dict[str, Path] = {}

    def keep(figure: Any, name: str) -> None:
        drawn[name] = home / f"{name}.png"
        figure.savefig(drawn[name], dpi=120)
        plt.close(figure)

    for kind, environments in groups(corpus.environments).items():
        keep(_draw_modes(plt, corpus, environments), f"modes-{kind}")
        keep(_draw_profiles(plt, corpus, environments), f"profiles-{kind}")
    if corpus.curves.height:
        keep(_draw_curves(plt, corpus), "curves")
    return drawn


def _draw_modes(plt: Any, corpus: Corpus, environments: Sequence[str]) -> Any:
    """Efficiencies by game, a row each: every run a dot, the mean a bar."""
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.36 * len(environments)), layout="constrained")
    for k, environment in enumerate(environments):
        for m, mode in enumerate(corpus.modes):
            rows = corpus.done.filter((pl.col("environment") == environment) & (pl.col("reward_mode") == mode))
            values = rows["efficiency"].to_numpy()
            height = k + 0.25 * (m - (len(corpus.modes) - 1) / 2)
            axes.plot(values, np.full(values.size, height), ".", ms=3, alpha=0.35, color=COLOURS[mode])
            label = mode if k == 0 else None
            axes.plot([interquartile_mean(values)], [height], "|", ms=11, mew=2.5, color=COLOURS[mode], label=label)
    axes.set_yticks(range(len(environments)), [name.removesuffix("-v0") for name in environments])
    axes.invert_yaxis()
    axes.set_xlabel("efficiency: summed payoff over the best known")
    axes.set_xlim(left=max(axes.get_xlim()[0], -0.25))
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return figure


def _draw_profiles(plt: Any, corpus: Corpus, environments: Sequence[str]) -> Any:
    """Share of runs above each efficiency, a panel a mode, a line a learner."""
    figure, panels = plt.subplots(
        1, len(corpus.modes), figsize=(10, 4), sharey=True, layout="constrained", squeeze=False
    )
    thresholds = np.linspace(0.0, 1.02, 103)
    colours = plt.get_cmap("viridis")(np.linspace(0.0, 0.95, len(corpus.algorithms)))
    for axes, mode in zip(panels[0], corpus.modes, strict=True):
        for algorithm, colour, style in zip(
            corpus.algorithms, colours, ["-", "--", "-.", ":"] * len(corpus.algorithms), strict=False
        ):
            scores = corpus.scores(mode, algorithm, environments)
            axes.plot(thresholds, profile(scores, thresholds), style, color=colour, lw=1.3, label=algorithm)
        axes.set_title(mode, fontsize=10)
        axes.set_xlabel("efficiency")
        axes.grid(alpha=0.3)
    panels[0, 0].set_ylabel("share of runs above")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(8, len(labels)), frameon=False, fontsize=8)
    return figure


def _draw_curves(plt: Any, corpus: Corpus) -> Any:
    """Learning curves by game: the mean over learners and seeds of each mode, with the middle half of the runs."""
    names = corpus.environments
    width = min(5, len(names))
    height = -(-len(names) // width)
    figure, panels = plt.subplots(
        height, width, figsize=(2.5 * width, 2.0 * height), layout="constrained", squeeze=False
    )
    for axes, environment in zip(panels.flat, names, strict=False):
        for mode in corpus.modes:
            rows = corpus.curves.filter((pl.col("environment") == environment) & (pl.col("reward_mode") == mode))
            ranked = rows.with_columns(
                (pl.col("environment_steps") / pl.col("environment_steps").max().over("algorithm") * 50)
                .ceil()
                .alias("point")
            )
            line = ranked.group_by("point").agg(
                pl.col("payoff_total").mean(),
                pl.col("payoff_total").quantile(0.25).alias("low"),
                pl.col("payoff_total").quantile(0.75).alias("high"),
            ).sort("point")  # fmt: skip
            x = line["point"].to_numpy() / 50
            axes.plot(x, line["payoff_total"].to_numpy(), color=COLOURS[mode], lw=1.2, label=mode)
            axes.fill_between(x, line["low"].to_numpy(), line["high"].to_numpy(), color=COLOURS[mode], alpha=0.15)
        axes.set_title(environment.removesuffix("-v0"), fontsize=8)
        axes.tick_params(labelsize=6)
    for axes in list(panels.flat)[len(names) :]:
        axes.set_axis_off()
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    figure.supxlabel("share of training", fontsize=8)
    figure.supylabel("summed payoff of an episode", fontsize=8)
    return figure
