"""The run against the record, phase by phase: the rows of the tables and of the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .report import Report


def comparison(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows of the table "run against record".

    Parameters
    ----------
    report : Report

    Returns
    -------
    tuple of (header, rows)
        Cells as text; a dash where the record says nothing.
    """
    record, run = report.case.record, report.run
    rows: list[tuple[str, ...]] = []
    if report.case.name == "slcd":
        for name, figure in (
            ("rise_of_cooperation", "rise_of_cooperation"),
            ("samsung_share", "samsung_share"),
        ):
            low, high = record[figure]
            unit = record.figures[figure].unit
            rows.append(
                (
                    record.figures[figure].what,
                    f"{low:g} - {high:g} {unit}",
                    f"{float(np.asarray(run.values[name])[0]):.4g} {unit}",
                )
            )
        return ("quantity", "record", "run"), rows
    if report.case.name == "renault-nissan":
        trust, levels = run.series["trust"], record["trust_levels"]
        for phase in record.phases:
            t = phase.end
            known = levels.get(str(t))
            for k, (name, (i, j)) in enumerate(
                (("renault in nissan", (0, 1)), ("nissan in renault", (1, 0)))
            ):
                rows.append(
                    (
                        f"{phase.name}, {phase.years}",
                        f"trust of {name}, t = {t}",
                        "-" if known is None else f"{known[k]:.2f}",
                        f"{trust[t, i, j]:.3f}",
                    )
                )
        return ("phase", "quantity", "record", "run"), rows
    if report.case.name == "apache":
        efforts, history = np.asarray(run.values["effort"])[0], [p.values["effort"] for p in record.phases]
        for k, phase in enumerate(record.phases):
            rows.append(
                (
                    f"{phase.name}, {phase.years}",
                    f"{history[k]:.1f}",
                    f"{efforts[k]:.4g}",
                    f"{history[k] / history[0]:.2f}",
                    f"{efforts[k] / efforts[0]:.4g}",
                )
            )
        return ("phase", "record", "run", "record / first", "run / first"), rows
    means = np.asarray(run.series["phase_means"])
    for k, phase in enumerate(record.phases):
        reference = phase.values["reference_means"]
        for i, player in enumerate(record.players):
            rows.append(
                (
                    f"{phase.name}, quarters {phase.start}-{phase.end}",
                    player,
                    f"{reference[i]:.2f}",
                    f"{means[k, i]:.3f}",
                    f"{means[k, i] - reference[i]:+.3f}",
                )
            )
    return ("phase", "quantity", "reference", "run", "difference"), rows
