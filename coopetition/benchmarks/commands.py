"""The command `coopetition bench`, ready to be registered with Typer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.benchmarks.report import Report


def _print(console: Console, report: Report) -> None:
    from rich.table import Table

    from coopetition.benchmarks.report import HEADINGS, cells, figure

    console.print(", ".join(f"{key} {value}" for key, value in report.machine.items()))
    for section in dict.fromkeys(row.section for row in report.rows):
        table = Table(title=section, title_justify="left")
        for heading in HEADINGS:
            table.add_column(heading, justify="right" if heading in ("goal", "ours", "ratio") else "left")
        for row in report.rows:
            if row.section == section:
                table.add_row(*cells(row))
        console.print(table)
        for row in report.rows:
            if row.section == section and row.note:
                console.print(f"  {row.what}: {row.note}")
    for curve in report.curves:
        table = Table(title=curve.what, title_justify="left")
        for heading in (curve.size, "ns an environment step", f"ns {curve.per_what}"):
            table.add_column(heading, justify="right")
        for size, cost, per in zip(curve.sizes, curve.nanoseconds, curve.per, strict=True):
            table.add_row(f"{size:,}", figure(cost), figure(per))
        console.print(table)


def _print_changes(console: Console, report: Report, before: dict[str, Any]) -> None:
    from rich.table import Table

    from coopetition.benchmarks.report import compare, figure

    table = Table(title="now over before; above 1 is better", title_justify="left")
    for heading in ("what", "ours", "ratio to the reference"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for change in compare(report, before):
        table.add_row(f"{change.what} [{change.key}]", figure(change.ours), figure(change.ratio))
    console.print(table)


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    against: Annotated[
        Path | None, typer.Option("--compare", metavar="FILE", help="set beside an earlier run's JSON")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="short turns: a first look, not figures to quote")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", help="batches, games, views, start, solving, learning, growth or profile; repeat for more"
        ),
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="print Markdown tables, for the docs")] = False,
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
            typer.echo(f"error: cannot read {against}: {error}", err=True)
            raise typer.Exit(2) from None
    try:
        report = measure(QUICK if quick else Effort(), only or None, lambda name: typer.echo(f"{name} ...", err=True))
    except ValueError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        found = report.to_dict()
        if before is not None:
            found["changes"] = [vars(change) for change in compare(report, before)]
        typer.echo(json.dumps(found, indent=1))
        return
    if as_markdown:
        typer.echo(markdown(report))
        return
    from rich.console import Console

    console = Console()
    _print(console, report)
    if before is not None:
        _print_changes(console, report, before)


__all__ = ["bench"]
