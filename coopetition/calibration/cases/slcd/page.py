"""What the page of the S-LCD case shows: notes and figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures import BLACK, BLUE, GREEN, GREY, MARKS, RED

if TYPE_CHECKING:
    from ...engine.report import Report


def notes(report: Report) -> tuple[str, ...]:
    """The certificate of the published runs."""
    regret = max(float(np.max(run.series["regret"])) for run in report.runs.variants)
    return (
        f"Certificate: no player of any published run gains more than {regret:.1e} by another action in "
        "the box (a grid of the box, on the utilities that the kernel pays).",
    )


def draw(figure: Any, spec: Any, report: Report) -> None:
    """Rise of cooperation and Samsung's share of each published run, in the documented bands."""
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
