"""What the page of Apache shows: the run against the record, notes, figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures import BLACK, BLUE, MARKS, RED

if TYPE_CHECKING:
    from ...engine.report import Report


def comparison(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Mean effort by phase against the historical effort, in level and relative to the first phase."""
    phases = report.case.record.phases
    efforts, history = np.asarray(report.run.values["effort"])[0], [p.values["effort"] for p in phases]
    rows: list[tuple[str, ...]] = [
        (
            f"{phase.name}, {phase.years}",
            f"{history[k]:.1f}",
            f"{efforts[k]:.4g}",
            f"{history[k] / history[0]:.2f}",
            f"{efforts[k] / efforts[0]:.4g}",
        )
        for k, phase in enumerate(phases)
    ]
    return ("phase", "record", "run", "record / first", "run / first"), rows


def notes(report: Report) -> tuple[str, ...]:
    """How many members work."""
    members = np.asarray(report.run.series["members"])
    working = [
        f"{phase.name} {int((row > 1.0).sum())} of {int((~np.isnan(row)).sum())}"
        for phase, row in zip(report.case.record.phases, members, strict=True)
    ]
    return (f"Members with an effort above 1: {', '.join(working)}; the rest stay at the lower bound.",)


def draw(figure: Any, spec: Any, report: Report) -> None:
    """Mean effort by phase, its level and its shape, beside the record's."""
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
