"""``coopetition validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopetition.commands.asking import console, figure_path, print_json, progress, refusals, refuse, say_written
from coopetition.commands.options import Json, complete_cases
from coopetition.commands.tables import Column, Rows, print_rows, text

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
    columns = (
        text("criterion"),
        text("rule", 6, least=18),
        Column("value", 7),
        Column("points"),
        Column("of"),
        Column("lost by\ndraws", 8),
    )
    cells: list[tuple[str, ...]] = []
    heads = []
    for constant in (False, True):
        rows = [
            (r, left) for r, left in zip(audit.card.rows(), audit.left_out, strict=True) if r["constant"] is constant
        ]
        if not rows:
            continue
        if constant:
            heads.append(len(cells))
            cells.append(("constant: cannot be lost", *[""] * 5))
        for row, left in rows:
            value = "" if row["value"] is None else f"{row['value']:.5g}"
            points = "n/a" if row["points"] is None else f"{row['points']:.3g}"
            rule = row["rule"] if whole else ""
            lost = "" if constant else percent(left.lost_by)
            cells.append((left.label, rule, value, points, f"{row['of']:g}", lost))
    title = f"{rubric.title} ({rubric.kind}): {audit.score:.4g} / {rubric.total:g}"
    print_rows(out, Rows(title, columns, cells, sections=heads, heads=heads))
    out.print(
        f"score as given {audit.score:.4g}/{rubric.total:g}; on the criteria that can be lost "
        f"{audit.card.losable[0]:.4g}/{audit.card.losable_points:g}; a run scores between "
        f"{rubric.floor:g} and {rubric.ceiling:g}\n"
    )


def _print_audit(out: Console, audit: Audit) -> None:
    columns = (
        text("population"),
        Column("runs", 6),
        Column("mean score", 8),
        Column("range", 7),
        Column("reach the\ncase's score"),
    )
    cells: list[tuple[str, ...]] = []
    heads = []
    groups: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("random parameters", (audit.draws, audit.wide)),
        ("null models", audit.nulls),
        ("one mechanism off", audit.ablations),
        ("noise", (audit.seeds,) if audit.seeds else ()),
        ("the record itself", (audit.history,)),
    )
    for title, samples in groups:
        if samples:
            heads.append(len(cells))
            cells.append((title, *[""] * 4))
            for sample in samples:
                row = _sample_row(sample)
                if sample.at_stake == audit.rubric.total:
                    row = (row[0], row[1], row[2].split(" (")[0], *row[3:])
                cells.append(row)
    title = f"audit of {audit.rubric.name} (seed {audit.seed})"
    print_rows(out, Rows(title, columns, cells, sections=heads, heads=heads))
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
    columns = (
        text("run", least=24),
        Column(f"published\nrubric / {report.total:g}"),
        Column(f"ours / {report.ours.rubric.total:g}"),
    )
    cells = [(variant.label, f"{variant.score:.4g}", f"{variant.ours:.1f}") for variant in report.variants]
    print_rows(out, Rows("published runs and variants", columns, cells))
    headers, rows = report.comparison()
    compared = tuple(
        text(header, least=14) if header in ("phase", "quantity") else Column(header) for header in headers
    )
    print_rows(out, Rows("the run against the record", compared, rows))
    for note in report.notes():
        out.print(note, markup=False)
    for name, what in report.case.departures.items():
        out.print(f"Departs from the environment's kernel, {name}: {what}", markup=False)
    out.print()
    for audit in (report.published, report.ours):
        _print_rubric(out, audit, whole)
        _print_audit(out, audit)
    out.print("[bold]Verdict.[/bold] " + " ".join(report.verdict) + "\n")


def _print_summary(out: Console, reports: list[Report]) -> None:
    columns = (
        text("case"),
        Column("published"),
        Column("losable", 6),
        Column("draws\nreaching it"),
        Column("best null", 5),
        Column("record\nitself", 7),
        Column("ours"),
        Column("percentile", 8),
    )
    cells = []
    for r in reports:
        p, o = r.published, r.ours
        best = max(p.nulls, key=lambda s: s.scores.mean())
        cells.append(
            (
                r.case.name,
                f"{p.score:g}/{p.rubric.total:g}",
                f"{p.card.losable[0]:g}/{p.card.losable_points:g}",
                percent(p.draws.reaching),
                f"{best.scores.mean():.1f}",
                f"{p.history.scores[0]:g}/{p.history.at_stake:g}",
                f"{o.score:.1f}/{o.rubric.total:g}",
                f"{o.percentile:.0f}",
            )
        )
    print_rows(out, Rows(f"the {len(reports)} cases", columns, cells))
    for r in reports:
        out.print(f"[bold]{r.case.name}.[/bold] " + " ".join(r.verdict) + "\n")


def _print_ledger(out: Console, book: Ledger) -> None:
    columns = (
        text("abstract"),
        text("claim", least=20),
        Column("published", least=10),
        Column("ours", least=10),
        text("verdict", least=14),
    )
    cells = [
        (claim.abstract, claim.sentence, claim.published_text, claim.ours_text, claim.verdict_text)
        for claim in book.claims
    ]
    print_rows(out, Rows("the ledger: what the abstracts claim", columns, cells))


def validate(
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help="slcd, renault-nissan, apache, apple, another registered case, a .json or .toml file, or all.",
            autocompletion=complete_cases,
        ),
    ],
    draws: Annotated[
        int | None, typer.Option("--draws", min=1, max=1_000_000, help="Random parameter draws of the audit.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the audit.")] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Write a figure (with 'all': into this folder, one a case)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Re-run a published validation, and audit what its score is worth."""
    from coopetition.calibration import case_names, load_case
    from coopetition.calibration import validate as run_case

    with refusals():
        cases = [load_case(name) for name in (case_names() if case == "all" else (case,))]
    paths = _figure_paths(plot, [one.name for one in cases], whole=case == "all")
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

        for report, path in zip(reports, paths, strict=True):
            draw_case(report, path)
    if as_json:
        out: dict[str, Any] = reports[0].to_dict()
        if book is not None:
            out = {"cases": {r.case.name: r.to_dict() for r in reports}, "ledger": book.to_dict()}
        print_json(out)
    elif book is None:
        _print_report(console(), reports[0])
    else:
        _print_summary(console(), reports)
        _print_ledger(console(), book)
    for path in paths:
        say_written(path, as_json=as_json)


def _figure_paths(plot: Path | None, names: list[str], whole: bool) -> list[Path]:
    """Where each case's figure goes, checked before anything is computed."""
    if plot is None:
        return []
    if whole:
        try:
            plot.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refuse(f"--plot {plot}: {error.strerror}") from None
    asked = [plot / f"{name}.png" for name in names] if whole else [plot]
    return [path for path in map(figure_path, asked) if path is not None]
