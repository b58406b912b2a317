"""The figures of the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from coopetition.study.reading import Corpus, binned_curves, groups
from coopetition.study.statistics import interquartile_mean, profile

#: Colours that stay apart for the colour-blind (Okabe and Ito), a mode each.
COLOURS = {"private": "#D55E00", "integrated": "#0072B2", "cooperative": "#009E73"}


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
    """Efficiencies by game, a row each: every run a dot, the interquartile mean a bar."""
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
    """Learning curves by game: the mean over learners and seeds of each mode, with the middle half of the runs.

    Every point is a mean over the same runs, each of which counts the episodes that ended in that part of its training.
    Where a run has hardly more than one episode there is one point, which is drawn with a bar.
    """
    names = corpus.environments
    width = min(5, len(names))
    height = -(-len(names) // width)
    figure, panels = plt.subplots(
        height, width, figsize=(2.5 * width, 2.0 * height), layout="constrained", squeeze=False
    )
    for axes, environment in zip(panels.flat, names, strict=False):
        binned = binned_curves(corpus, environment)
        for place, mode in enumerate(corpus.modes):
            line = binned.filter(pl.col("reward_mode") == mode).group_by("share").agg(
                pl.col("payoff_total").mean(),
                pl.col("payoff_total").quantile(0.25).alias("low"),
                pl.col("payoff_total").quantile(0.75).alias("high"),
            ).sort("share")  # fmt: skip
            x, mean, low, high = (line[name].to_numpy() for name in ("share", "payoff_total", "low", "high"))
            if len(x) == 1:
                x = x - 0.02 * (len(corpus.modes) - 1 - place)
                axes.vlines(x, low, high, color=COLOURS[mode], alpha=0.4, lw=4.0)
                axes.set_xlim(0.85, 1.05)
            axes.plot(x, mean, color=COLOURS[mode], lw=1.2, label=mode, marker="o" if len(x) == 1 else None, ms=4)
            axes.fill_between(x, low, high, color=COLOURS[mode], alpha=0.15)
        axes.set_title(environment.removesuffix("-v0"), fontsize=8)
        axes.tick_params(labelsize=6)
    for axes in list(panels.flat)[len(names) :]:
        axes.set_axis_off()
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    figure.supxlabel("share of training", fontsize=8)
    figure.supylabel("summed payoff of an episode", fontsize=8)
    return figure
