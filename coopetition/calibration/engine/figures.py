"""Figures of the cases and studies (matplotlib, extra ``plot``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .audit import Audit
    from .report import Report

#: Okabe and Ito's palette, distinguishable under the common colour-vision deficiencies.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#8C8C8C",
    "#222222",
)
CYCLE = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, BLACK)
MARKS = ("o", "s", "^", "D", "v", "P", "X")


def pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'coopetition[plot]'") from error
    from matplotlib import pyplot

    matplotlib.rcParams.update(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "legend.frameon": False,
            "legend.fontsize": 8,
            "figure.dpi": 110,
        }
    )
    return pyplot


def phase_bands(axes: Any, report: Report, names: bool = True) -> None:
    """Alternating bands with the phases' names above them."""
    for k, phase in enumerate(report.case.record.phases):
        axes.axvspan(phase.start, phase.end, color=GREY, alpha=0.14 if k % 2 else 0.04, lw=0, zorder=0)
        if names:
            short = phase.end - phase.start < 6
            axes.annotate(
                phase.name,
                ((phase.start + phase.end) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="left" if short else "center",
                va="bottom",
                fontsize=8,
                color=BLACK,
                rotation=25 if short else 0,
            )


def _null(axes: Any, audit: Audit, wide: bool) -> None:
    """The case's score inside the distribution of random parameters, with the null models below it."""
    sample = audit.wide if wide else audit.draws
    low, high = min(sample.scores.min(), audit.score), max(sample.scores.max(), audit.score)
    whole = audit.rubric.kind == "published"
    grain = 0.5 if (sample.scores % 1.0).any() else 1.0  # the scores' own step
    bins = np.arange(low - grain / 2, high + grain, grain) if whole else np.linspace(low, high, 36)
    share = np.full(len(sample.scores), 100.0 / len(sample.scores))
    counts, _, _ = axes.hist(
        sample.scores,
        bins=bins,
        weights=share,
        color=SKY,
        edgecolor="white",
        lw=0.4,
        label=f"{len(sample.scores):,} random parameter sets",
    )
    top = counts.max()
    axes.axvline(audit.score, color=RED, lw=2, label=f"the case: {audit.score:.4g} of {audit.rubric.total:g}")
    for null, mark in zip(audit.nulls, MARKS, strict=False):
        axes.plot(
            null.scores.mean(),
            -0.07 * top,
            mark,
            color=BLACK,
            ms=5,
            mfc="none",
            clip_on=False,
            label=f"null: {null.label}",
        )
    if audit.history.at_stake == audit.rubric.total:
        axes.plot(
            audit.history.scores[0],
            -0.07 * top,
            "*",
            color=GREEN,
            ms=11,
            clip_on=False,
            label="the record itself",
        )
    axes.set(ylim=(-0.13 * top, 1.08 * top), xlabel="score", ylabel="% of the sets")
    axes.set_title(
        ("Published rubric: " if whole else "Our rubric: ")
        + (
            f"{100 * sample.reaching:.0f} % of random sets reach {audit.score:g}"
            if whole
            else f"percentile {audit.percentile:.0f}"
        )
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1, handletextpad=0.6)


def draw_bands(figure: Any, spec: Any, report: Report) -> None:
    """The run, its variants and random parameters in the bands of the record, a panel a documented quantity."""
    names = [name for name in report.case.documented if not report.case.quantities[name].by_phase][:4]
    panels = [figure.add_subplot(s) for s in spec.subgridspec(1, max(1, len(names)), wspace=0.28)]
    if not names:
        panels[0].set_axis_off()
        panels[0].annotate("no figure of the record bears the name of a quantity", (0.0, 0.5))
        return
    for axes, name in zip(panels, names, strict=True):
        known = np.atleast_1d(np.asarray(report.case.record[name], dtype=float))
        if known.size == 2:
            axes.axvspan(*known, color=GREEN, alpha=0.18, lw=0, label="record")
        else:
            axes.axvline(float(known.mean()), color=GREEN, lw=3, alpha=0.5, label="record")
        for y, run in enumerate(report.runs.variants):
            value = float(np.asarray(run.values[name])[0])
            axes.plot(value, y, MARKS[y % len(MARKS)], color=CYCLE[y % len(CYCLE)], ms=7)
        rows = len(report.runs.variants)
        low, middle, high = np.nanquantile(np.asarray(report.runs.draws.values[name], dtype=float), [0.05, 0.5, 0.95])
        axes.plot([low, high], [rows, rows], color=GREY, lw=5, solid_capstyle="butt", label="5-95 % of random sets")
        axes.plot(middle, rows, "|", color=BLACK, ms=11)
        axes.set(xlabel=f"{name.replace('_', ' ')}, {report.case.quantities[name].unit}", ylim=(rows + 0.6, -0.6))
        labels = [run.label for run in report.runs.variants] + ["random sets"]
        axes.set_yticks(range(rows + 1), labels if axes is panels[0] else [""] * (rows + 1), fontsize=7)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="upper right", ncols=2, bbox_to_anchor=(0.985, 0.945))


def draw_case(report: Report, path: str | Path) -> Path:
    """One figure a case: the run against the record by phase, and the score inside its null distributions.

    Parameters
    ----------
    report : Report
    path : path
        Where to write; the suffix chooses the format.

    Returns
    -------
    Path

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    plt = pyplot()
    figure = plt.figure(figsize=(10.5, 9.0))
    top, bottom = figure.add_gridspec(
        2, 1, height_ratios=(1.0, 0.85), hspace=0.30, left=0.105, right=0.975, top=0.87, bottom=0.225
    )
    (report.case.figure or draw_bands)(figure, top, report)
    left, right = (figure.add_subplot(s) for s in bottom.subgridspec(1, 2, wspace=0.22))
    _null(left, report.published, wide=False)
    _null(right, report.ours, wide=True)
    figure.suptitle(
        f"{report.case.title} ({report.case.report})",
        x=0.015,
        y=0.985,
        ha="left",
        fontsize=13,
        fontweight="bold",
    )
    path = Path(path)
    figure.savefig(path)
    plt.close(figure)
    return path
