"""Figures of the cases and studies (matplotlib, extra ``plot``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .audit import Audit
    from .report import Report
    from .study import Study

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


def _pyplot() -> Any:
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


def _phases(axes: Any, report: Report, names: bool = True) -> None:
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


def _slcd(figure: Any, spec: Any, report: Report) -> None:
    left, right = (figure.add_subplot(s) for s in spec.subgridspec(1, 2, wspace=0.28))
    record = report.case.record
    rows = [
        ("published", report.runs.variants[:2]),
        ("D transposed", report.runs.variants[2:4]),
        ("baseline with\nonly D = 0", report.runs.variants[4:6]),
    ]
    for axes, name, label in (
        (left, "rise_of_cooperation", "rise of cooperation, %"),
        (right, "samsung_share", "Samsung's share of the payoffs"),
    ):
        low, high = record[name]
        axes.axvspan(low, high, color=GREEN, alpha=0.18, lw=0, label="documented band")
        drawn = np.asarray(report.runs.draws.values[name])
        for y, (_, pair) in enumerate(rows):
            for run, colour, mark in zip(pair, (BLUE, RED), MARKS, strict=False):
                axes.plot(
                    float(np.asarray(run.values[name])[0]),
                    y,
                    mark,
                    color=colour,
                    ms=7,
                    label=run.label.split(",")[0] + " value" if y == 0 else None,
                )
        quantiles = np.quantile(drawn, [0.05, 0.5, 0.95])
        axes.plot(
            quantiles[[0, 2]],
            [3, 3],
            color=GREY,
            lw=5,
            solid_capstyle="butt",
            label="5-95 % of random D, alpha",
        )
        axes.plot(quantiles[1], 3, "|", color=BLACK, ms=11)
        axes.set(xlabel=label, ylim=(3.6, -0.6), yticks=range(4))
        axes.set_yticklabels([*[r[0] for r in rows], "random\nD, alpha"] if axes is left else [""] * 4)
    left.set_title("Equilibrium against the documented bands")
    figure.legend(*left.get_legend_handles_labels(), loc="upper right", ncols=4, bbox_to_anchor=(0.985, 0.945))


def _renault(figure: Any, spec: Any, report: Report) -> None:
    axes = figure.add_subplot(spec)
    _phases(axes, report)
    swapped = report.runs.variants[1].series["trust"]
    t = np.arange(80)
    for (i, j), colour, mark, name in (
        ((0, 1), BLUE, "o", "Renault in Nissan"),
        ((1, 0), RED, "s", "Nissan in Renault"),
    ):
        axes.plot(
            t,
            report.run.series["trust"][:, i, j],
            color=colour,
            lw=2 if i == 0 else 1.6,
            ls="-" if i == 0 else (0, (5, 2)),
            label=f"trust of {name}",
        )
        for k, (when, levels) in enumerate(report.case.record["trust_levels"].items()):
            axes.plot(
                int(when),
                levels[i],
                mark,
                color=colour,
                mec="white",
                ms=8,
                zorder=5,
                label=f"documented, {name}" if k == 0 else None,
            )
    axes.plot(t, swapped[:, 1, 0], color=ORANGE, lw=2.2, ls=":", label="Nissan in Renault, swapped start", zorder=4)
    axes.plot(t, 1.0 - report.run.series["damage"][:, 0, 1], color=GREY, lw=1, ls="-.", label="ceiling 1 - R")
    axes.set(xlabel="period", ylabel="trust", ylim=(0, 1.05), xlim=(0, 79))
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def _apache(figure: Any, spec: Any, report: Report) -> None:
    left, right = (figure.add_subplot(s) for s in spec.subgridspec(1, 2, wspace=0.25))
    phases = report.case.record.phases
    x = np.arange(4)
    known = np.array([p.values["effort"] for p in phases], dtype=float)
    lines = [
        ("record", known, BLACK, "D"),
        *[
            (run.label, np.asarray(run.values["effort"])[0], c, m)
            for run, c, m in zip(report.runs.variants, (BLUE, RED), MARKS, strict=False)
        ],
    ]
    for axes, relative in ((left, False), (right, True)):
        for label, y, colour, mark in lines:
            y = y / y[0] if relative else y
            axes.plot(x, y, mark + "-", color=colour, lw=1.8, ms=6, label=label)
        axes.set_xticks(x, [f"{p.name}\n{p.years}" for p in phases])
        axes.set_xlim(-0.3, 3.3)
    left.set(yscale="log", ylabel="mean effort (log scale)")
    ratio = lines[1][1] / known
    other = lines[2][1] / known
    left.set_title(
        f"Level: {ratio.min():.1f}-{ratio.max():.1f} x the record (sum), {other.min():.3f}-{other.max():.1f} x (mean)"
    )
    right.set(ylim=(0, 1.08), ylabel="mean effort / first phase")
    right.set_title("Shape: the decline")
    right.legend(loc="upper right")


def _apple(figure: Any, spec: Any, report: Report) -> None:
    axes = [figure.add_subplot(s) for s in spec.subgridspec(1, 3, wspace=0.12)]
    record = report.case.record
    actions = report.run.series["actions"]
    quiet = report.runs.variants[1].series["actions"]
    t = np.arange(67)
    for i, (ax, player) in enumerate(zip(axes, record.players, strict=True)):
        _phases(ax, report, names=False)
        for k, phase in enumerate(record.phases):
            ax.annotate(
                phase.name[0].upper(),
                ((phase.start + phase.end) / 2, 0.015),
                xycoords=("data", "axes fraction"),
                ha="center",
                fontsize=8,
                color=GREY,
            )
            ax.hlines(
                phase.values["reference_means"][i],
                phase.start,
                phase.end,
                color=BLACK,
                lw=1.2,
                ls="--",
                label="reference, phase mean" if k == 0 else None,
            )
        ax.plot(
            record["reference_quarters"],
            record["reference_points"][player],
            "o",
            color=ORANGE,
            mec="white",
            ms=5.5,
            label="reference point (authors' figure)",
        )
        ax.plot(t, quiet[:, i], color=SKY, lw=1.4, label="model, no noise")
        ax.plot(t, actions[:, i], color=BLUE, lw=1.8, label="model, seed 42")
        ax.set(xlim=(0, 66), ylim=(0, 1.08), xlabel="quarter", title=player.replace("_", " "))
        if i:
            ax.set_yticklabels([])
    axes[0].set_ylabel("cooperation")
    initials = ", ".join(f"{p.name[0].upper()} {p.name}" for p in record.phases)
    axes[1].set_xlabel(f"quarter  ({initials})")
    for ax in (axes[0], axes[2]):
        ax.set_xlabel("")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="upper right", ncols=4, bbox_to_anchor=(0.985, 0.945))


def _null(axes: Any, audit: Audit, wide: bool) -> None:
    """The case's score inside the distribution of random parameters, with the null models below it."""
    sample = audit.wide if wide else audit.draws
    low, high = min(sample.scores.min(), audit.score), max(sample.scores.max(), audit.score)
    whole = audit.rubric.kind == "published"
    grain = 0.5 if audit.rubric.name == "apple" else 1.0
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
    plt = _pyplot()
    figure = plt.figure(figsize=(10.5, 9.0))
    top, bottom = figure.add_gridspec(
        2, 1, height_ratios=(1.0, 0.85), hspace=0.30, left=0.105, right=0.975, top=0.87, bottom=0.225
    )
    if report.case.name == "renault-nissan":
        top = figure.add_gridspec(
            2, 1, height_ratios=(1.0, 0.85), hspace=0.30, left=0.105, right=0.72, top=0.87, bottom=0.225
        )[0]
    {"slcd": _slcd, "renault-nissan": _renault, "apache": _apache, "apple": _apple}[report.case.name](
        figure, top, report
    )
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


def draw_study(study: Study, path: str | Path) -> Path:
    """A study's main effects: one panel a metric, one line a parameter over its range scaled to [0, 1].

    Parameters
    ----------
    study : Study
    path : path

    Returns
    -------
    Path

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    from importlib import import_module

    plt = _pyplot()
    names = import_module(f"{__package__}.study_{study.name}").SOBOL
    columns = min(2, len(names)) if len(names) != 3 else 3
    rows = -(-len(names) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(10.5, 3.3 * rows + 1.1), squeeze=False, layout="constrained")
    parameters = list(study.levels)
    for axes, metric in zip(grid.ravel(), names, strict=False):
        for effect in study.effects:
            if effect.metric != metric:
                continue
            k = parameters.index(effect.parameter)
            x = np.array(effect.levels)
            span = f"{x.min():g} - {x.max():g}"
            axes.plot(
                (x - x.min()) / np.ptp(x),
                effect.means,
                MARKS[k],
                ls="-" if k < 4 else (0, (4, 3)),
                color=CYCLE[k],
                ms=5,
                lw=1.6,
                label=f"{effect.parameter}: {span}",
            )
        axes.set(title=metric, xlabel="parameter, lowest to highest level", ylabel="mean over the grid")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))
    figure.suptitle(
        f"{study.title}: main effects, {study.runs:,} runs", x=0.01, ha="left", fontsize=12, fontweight="bold"
    )
    path = Path(path)
    figure.savefig(path)
    plt.close(figure)
    return path


__all__ = ["draw_case", "draw_study"]
