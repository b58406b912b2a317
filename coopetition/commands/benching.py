"""``coopetition bench``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopetition.commands.asking import console, refuse
from coopetition.commands.options import Json
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.benchmarks.report import Report


def _print(out: Console, report: Report) -> None:
    from coopetition.benchmarks.report import HEADINGS, cells, figure

    importance = {"goal": 7, "reference": 6, "ratio": 8}
    folded = {"what": 24, "reference": 16}
    columns = [
        Column(
            heading,
            importance.get(heading, 9),
            "right" if heading in ("goal", "ours", "ratio") else "left",
            folded.get(heading),
        )
        for heading in HEADINGS
    ]
    out.print(", ".join(f"{key} {value}" for key, value in report.machine.items()), markup=False)
    for section in dict.fromkeys(row.section for row in report.rows):
        print_rows(out, Rows(section, columns, [cells(row) for row in report.rows if row.section == section]))
        for row in report.rows:
            if row.section == section and row.note:
                out.print(f"  {row.what}: {row.note}", markup=False)
    for curve in report.curves:
        headings = (Column(curve.size), Column("ns an environment step"), Column(f"ns {curve.per_what}"))
        numbers = [
            (f"{size:,}", figure(cost), figure(per))
            for size, cost, per in zip(curve.sizes, curve.nanoseconds, curve.per, strict=True)
        ]
        print_rows(out, Rows(curve.what, headings, numbers))


def _print_changes(out: Console, report: Report, before: dict[str, Any]) -> None:
    from coopetition.benchmarks.report import compare, figure

    columns = (text("what", least=24), Column("ours"), Column("ratio to\nthe reference"))
    changes = [
        (f"{change.what} [{change.key}]", figure(change.ours), figure(change.ratio))
        for change in compare(report, before)
    ]
    print_rows(out, Rows("now over before; above 1 is better", columns, changes))


def bench(
    against: Annotated[
        Path | None, typer.Option("--compare", metavar="FILE", help="Set beside an earlier run's JSON.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short turns: a first look, not figures to quote.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="SECTION",
            help="batches, games, views, start, solving, learning, growth or profile; repeat for more.",
        ),
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables, for the docs.")] = False,
    as_json: Json = False,
) -> None:
    """Measure the suite: goals, figures, references beside them, ratios and verdicts."""
    from coopetition.benchmarks.report import compare, markdown
    from coopetition.benchmarks.suite import measure
    from coopetition.benchmarks.timing import QUICK, Effort

    before = None
    if against is not None:
        try:
            before = json.loads(against.read_text(encoding="utf-8"))
            rows = before.get("rows") if isinstance(before, dict) else None
            if not isinstance(rows, list) or not all(
                isinstance(row, dict) and {"key", "ours"} <= set(row) for row in rows
            ):
                raise ValueError("not a report that `coopetition bench --json` wrote")
        except (OSError, ValueError) as error:
            raise refuse(f"cannot read {against}: {error}") from None
    try:
        report = measure(QUICK if quick else Effort(), only or None, lambda name: typer.echo(f"{name} ...", err=True))
    except ValueError as error:
        raise refuse(str(error)) from None
    if as_json:
        found = report.to_dict()
        if before is not None:
            found["changes"] = [vars(change) for change in compare(report, before)]
        typer.echo(json.dumps(found, indent=1))
        return
    if as_markdown:
        typer.echo(markdown(report))
        return
    out = console()
    _print(out, report)
    if before is not None:
        _print_changes(out, report, before)
