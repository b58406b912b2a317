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


def notes(report: Report) -> tuple[str, ...]:
    """What a case adds to its tables: certificates, fit, tests and what they are worth.

    Parameters
    ----------
    report : Report

    Returns
    -------
    tuple of str
    """
    if report.case.name == "slcd":
        regret = max(float(np.max(run.series["regret"])) for run in report.runs.variants)
        return (
            f"Certificate: no player of any published run gains more than {regret:.1e} by another action in "
            "the box (dense grid and bounded refinement on the utilities).",
        )
    if report.case.name == "renault-nissan":
        from .renault_nissan import fit, phase_anova, phase_regressions

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
    if report.case.name == "apache":
        members = np.asarray(report.run.series["members"])
        working = [
            f"{phase.name} {int((row > 1.0).sum())} of {int((~np.isnan(row)).sum())}"
            for phase, row in zip(report.case.record.phases, members, strict=True)
        ]
        return (f"Members with an effort above 1: {', '.join(working)}; the rest stay at the lower bound.",)
    seeds = report.published.seeds
    if seeds is None:
        return ()
    return (
        f"Over {len(seeds.scores)} seeds of the noise the score is {seeds.scores.mean():.1f} on average, "
        f"{seeds.scores.min():g} to {seeds.scores.max():g}; the published run is one of them.",
    )
