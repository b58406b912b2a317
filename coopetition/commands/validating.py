"""``coopetition validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from coopetition.calibration import case_names, load_case
from coopetition.calibration import validate as run_case
from coopetition.commands.asking import console, print_json, progress, refusals

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.calibration import Audit, Ledger, Report, Sample


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.1f} %"


def _sample_row(sample: Sample) -> tuple[str, ...]:
    s = sample.scores
    spread = f"{s.min():.1f} - {s.max():.1f}" if len(s) > 1 else ""
    partial = f" (of {sample.at_stake:g} on record)" if sample.at_stake else ""
    return sample.label, f"{len(s):,}", f"{s.mean():.1f}{partial}", spread, percent(sample.reaching)


def _print_rubric(out: Console, audit: Audit, whole: bool) -> None:
    rubric = audit.rubric
    table = Table(title=f"{rubric.title} ({rubric.kind}): {audit.score:.4g} / {rubric.total:g}", title_justify="left")
    for name in ("criterion", "rule", "value", "points", "of", "lost by draws"):
        table.add_column(name, justify="right" if name in ("value", "points", "of", "lost by draws") else "left")
    for constant in (False, True):
        rows = [
            (r, left) for r, left in zip(audit.card.rows(), audit.left_out, strict=True) if r["constant"] is constant
        ]
        if not rows:
            continue
        if constant:
            table.add_section()
            table.add_row("[bold]constant: cannot be lost[/bold]")
        for row, left in rows:
            value = "" if row["value"] is None else f"{row['value']:.5g}"
            points = "n/a" if row["points"] is None else f"{row['points']:.3g}"
            table.add_row(
                left.label,
                row["rule"] if whole else "",
                value,
                points,
                f"{row['of']:g}",
                "" if constant else percent(left.lost_by),
            )
    out.print(table)
    out.print(
        f"score as given {audit.score:.4g}/{rubric.total:g}; on the criteria that can be lost "
        f"{audit.card.losable[0]:.4g}/{audit.card.losable_points:g}; a run scores between "
        f"{rubric.floor:g} and {rubric.ceiling:g}\n"
    )


def _print_audit(out: Console, audit: Audit) -> None:
    table = Table(title=f"audit of {audit.rubric.name} (seed {audit.seed})", title_justify="left")
    for name in ("population", "runs", "mean score", "range", "reach the case's score"):
        table.add_column(name, justify="left" if name == "population" else "right")
    groups: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("random parameters", (audit.draws, audit.wide)),
        ("null models", audit.nulls),
        ("one mechanism off", audit.ablations),
        ("noise", (audit.seeds,) if audit.seeds else ()),
        ("the record itself", (audit.history,)),
    )
    for title, samples in groups:
        if samples:
            table.add_section()
            table.add_row(f"[bold]{title}[/bold]")
            for sample in samples:
                row = _sample_row(sample)
                if sample.at_stake == audit.rubric.total:
                    row = (row[0], row[1], row[2].split(" (")[0], *row[3:])
                table.add_row(*row)
    out.print(table)
    hinges = [left for left in audit.left_out if left.reaching_without > audit.draws.reaching + 0.05]
    for left in sorted(hinges, key=lambda row: -row.reaching_without)[:5]:
        out.print(
            f"without {left.label}: {percent(left.reaching_without)} of the draws reach the case's score "
            f"(with it {percent(audit.draws.reaching)})"
        )
    out.print()


def _print_report(out: Console, report: Report, whole: bool = True) -> None:
    out.print(f"\n[bold]{report.case.title}[/bold] ({report.case.report})")
    out.print(report.case.record.about + "\n")
    table = Table(title="published runs and variants", title_justify="left")
    table.add_column("run")
    for name in (f"published rubric / {report.total:g}", f"ours / {report.ours.rubric.total:g}"):
        table.add_column(name, justify="right")
    for variant in report.variants:
        table.add_row(variant.label, f"{variant.score:.4g}", f"{variant.ours:.1f}")
    out.print(table)
    headers, rows = report.comparison()
    record = Table(title="the run against the record", title_justify="left")
    for header in headers:
        record.add_column(header, justify="left" if header in ("phase", "quantity") else "right")
    for row in rows:
        record.add_row(*row)
    out.print(record)
    for note in report.notes():
        out.print(note)
    for name, what in report.case.departures.items():
        out.print(f"Departs from the environment's kernel, {name}: {what}")
    out.print()
    for audit in (report.published, report.ours):
        _print_rubric(out, audit, whole)
        _print_audit(out, audit)
    out.print("[bold]Verdict.[/bold] " + " ".join(report.verdict) + "\n")


def _print_summary(out: Console, reports: list[Report]) -> None:
    table = Table(title=f"the {len(reports)} cases", title_justify="left")
    for name in (
        "case",
        "published",
        "losable",
        "draws reaching it",
        "best null",
        "record itself",
        "ours",
        "percentile",
    ):
        table.add_column(name, justify="left" if name == "case" else "right")
    for r in reports:
        p, o = r.published, r.ours
        best = max(p.nulls, key=lambda s: s.scores.mean())
        table.add_row(
            r.case.name,
            f"{p.score:g}/{p.rubric.total:g}",
            f"{p.card.losable[0]:g}/{p.card.losable_points:g}",
            percent(p.draws.reaching),
            f"{best.scores.mean():.1f}",
            f"{p.history.scores[0]:g}/{p.history.at_stake:g}",
            f"{o.score:.1f}/{o.rubric.total:g}",
            f"{o.percentile:.0f}",
        )
    out.print(table)
    for r in reports:
        out.print(f"[bold]{r.case.name}.[/bold] " + " ".join(r.verdict) + "\n")


def _print_ledger(out: Console, book: Ledger) -> None:
    table = Table(title="the ledger: what the abstracts claim", title_justify="left")
    for name in ("abstract", "claim", "published", "ours", "verdict"):
        table.add_column(name, justify="right" if name in ("published", "ours") else "left")
    for claim in book.claims:
        table.add_row(claim.abstract, claim.sentence, claim.published_text, claim.ours_text, claim.verdict_text)
    out.print(table)


def validate(
    case: Annotated[
        str,
        typer.Argument(
            help="slcd, renault-nissan, apache, apple, another registered case, a .json or .toml file, or all"
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="write a figure (with 'all': a folder of figures)")
    ] = None,
    draws: Annotated[int | None, typer.Option("--draws", min=1, help="random parameter draws of the audit")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="seed of the audit")] = None,
) -> None:
    """Re-run a published validation, and audit what its score is worth."""
    with refusals():
        cases = [load_case(name) for name in (case_names() if case == "all" else (case,))]
    reports = []
    with progress("validate", 5 * len(cases) + (case == "all"), as_json) as tell:
        for one in cases:
            reports.append(run_case(one, draws, seed, lambda step, one=one: tell(f"{one.name}, {step}")))  # type: ignore[misc]
        book = None
        if case == "all":
            from coopetition.calibration import ledger

            tell("ledger")
            book = ledger(reports)
    if plot is not None:
        from coopetition.calibration.engine.figures import draw_case

        if case == "all":
            plot.mkdir(parents=True, exist_ok=True)
        for report in reports:
            draw_case(report, plot / f"{report.case.name}.png" if case == "all" else plot)
    if as_json:
        out: dict[str, Any] = reports[0].to_dict()
        if book is not None:
            out = {"cases": {r.case.name: r.to_dict() for r in reports}, "ledger": book.to_dict()}
        print_json(out)
        return
    if book is None:
        _print_report(console(), reports[0])
    else:
        _print_summary(console(), reports)
        _print_ledger(console(), book)
