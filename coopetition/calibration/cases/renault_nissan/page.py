"""What the page of Renault-Nissan shows: the run against the record, notes, figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures import BLUE, GREY, ORANGE, RED, phase_bands
from .model import fit, phase_anova, phase_regressions

if TYPE_CHECKING:
    from ...engine.report import Report


def comparison(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Both sides' trust at the end of each phase, against the documented levels."""
    record = report.case.record
    trust, levels = report.run.series["trust"], record["trust_levels"]
    rows: list[tuple[str, ...]] = []
    for phase in record.phases:
        t = phase.end
        known = levels.get(str(t))
        for k, (name, (i, j)) in enumerate((("renault in nissan", (0, 1)), ("nissan in renault", (1, 0)))):
            rows.append(
                (
                    f"{phase.name}, {phase.years}",
                    f"trust of {name}, t = {t}",
                    "-" if known is None else f"{known[k]:.2f}",
                    f"{trust[t, i, j]:.3f}",
                )
            )
    return ("phase", "quantity", "record", "run"), rows


def notes(report: Report) -> tuple[str, ...]:
    """Fit to the documented levels; slopes and the published test, and what they are worth."""
    rmse, r2 = fit(report.run)
    f, swapped = phase_anova(report.run)[0], phase_anova(report.runs.variants[1])[0]
    lines = ", ".join(
        f"{row['phase']} {row['slope']:+.4f} (R^2 {row['r2']:.2f})" for row in phase_regressions(report.run)
    )
    return (
        f"Against the six documented levels: root mean square error {rmse:.4f}, R^2 {r2:.3f}.",
        f"Slope of mean trust a period, by phase: {lines}.",
        f"One-way ANOVA over phases: F = {f:.4f}, with the swapped start {swapped:.4f}. The samples are "
        "successive states of one deterministic trajectory, autocorrelated by construction: p-values of "
        "this test and of the regressions mean nothing.",
    )


def draw(figure: Any, spec: Any, report: Report) -> None:
    """Trust of each in the other against the documented levels, the swapped start, and the ceiling that damage sets."""
    axes = figure.add_subplot(spec.subgridspec(1, 2, width_ratios=(0.615, 0.255), wspace=0.0)[0])  # and the legend
    phase_bands(axes, report)
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
