"""The commands `coopetition validate` and `coopetition experiment`, ready to be registered with Typer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .report import CASES, Report, load_case
from .report import validate as run_case
from .rubric import nearest

if TYPE_CHECKING:
    from rich.console import Console

    from .audit import Audit, Sample
    from .claims import Ledger
    from .study import Study


@contextmanager
def _progress(quiet: bool, total: int, what: str) -> Iterator[Callable[[str], None]]:
    """A progress bar on stderr, told the name of each step; silent with --json or without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total)

        def tell(step: str) -> None:
            bar.update(task, advance=1, description=f"{what}: {step}")

        yield tell


def _percent(x: float) -> str:
    return f"{100 * x:.1f} %"


def _fail(message: str) -> typer.Exit:
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(2)


def _sample_row(sample: Sample) -> tuple[str, ...]:
    s = sample.scores
    spread = f"{s.min():.1f} - {s.max():.1f}" if len(s) > 1 else ""
    partial = f" (of {sample.at_stake:g} on record)" if sample.at_stake else ""
    return sample.label, f"{len(s):,}", f"{s.mean():.1f}{partial}", spread, _percent(sample.reaching)


def _print_rubric(console: Console, audit: Audit, whole: bool) -> None:
    from rich.table import Table

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
                "" if constant else _percent(left.lost_by),
            )
    console.print(table)
    console.print(
        f"score as given {audit.score:.4g}/{rubric.total:g}; on the criteria that can be lost "
        f"{audit.card.losable[0]:.4g}/{audit.card.losable_points:g}; a run scores between "
        f"{rubric.floor:g} and {rubric.ceiling:g}\n"
    )


def _print_audit(console: Console, audit: Audit) -> None:
    from rich.table import Table

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
    console.print(table)
    hinges = [left for left in audit.left_out if left.reaching_without > audit.draws.reaching + 0.05]
    for left in sorted(hinges, key=lambda row: -row.reaching_without)[:5]:
        console.print(
            f"without {left.label}: {_percent(left.reaching_without)} of the draws reach the case's score "
            f"(with it {_percent(audit.draws.reaching)})"
        )
    console.print()


def _print_report(console: Console, report: Report, whole: bool = True) -> None:
    from rich.table import Table

    console.print(f"\n[bold]{report.case.title}[/bold] ({report.case.report})")
    console.print(report.case.record.about + "\n")
    table = Table(title="published runs and variants", title_justify="left")
    table.add_column("run")
    for name in (f"published rubric / {report.total:g}", f"ours / {report.ours.rubric.total:g}"):
        table.add_column(name, justify="right")
    for variant in report.variants:
        table.add_row(variant.label, f"{variant.score:.4g}", f"{variant.ours:.1f}")
    console.print(table)
    from .trajectories import comparison, notes

    headers, rows = comparison(report)
    record = Table(title="the run against the record", title_justify="left")
    for header in headers:
        record.add_column(header, justify="left" if header in ("phase", "quantity") else "right")
    for row in rows:
        record.add_row(*row)
    console.print(record)
    for note in notes(report):
        console.print(note)
    console.print()
    for audit in (report.published, report.ours):
        _print_rubric(console, audit, whole)
        _print_audit(console, audit)
    console.print("[bold]Verdict.[/bold] " + " ".join(report.verdict) + "\n")


def _print_summary(console: Console, reports: list[Report]) -> None:
    from rich.table import Table

    table = Table(title="the four cases", title_justify="left")
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
            _percent(p.draws.reaching),
            f"{best.scores.mean():.1f}",
            f"{p.history.scores[0]:g}/{p.history.at_stake:g}",
            f"{o.score:.1f}/{o.rubric.total:g}",
            f"{o.percentile:.0f}",
        )
    console.print(table)
    for r in reports:
        console.print(f"[bold]{r.case.name}.[/bold] " + " ".join(r.verdict) + "\n")


def _print_ledger(console: Console, book: Ledger) -> None:
    from rich.table import Table

    table = Table(title="the ledger: what the abstracts claim", title_justify="left")
    for name in ("abstract", "claim", "published", "ours", "verdict"):
        table.add_column(name, justify="right" if name in ("published", "ours") else "left")
    for claim in book.claims:
        table.add_row(claim.abstract, claim.sentence, claim.published_text, claim.ours_text, claim.verdict_text)
    console.print(table)


def validate(
    case: Annotated[str, typer.Argument(help="slcd, renault-nissan, apache, apple, or all")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="write a figure (with 'all': a folder of figures)")
    ] = None,
    draws: Annotated[int | None, typer.Option("--draws", min=1, help="random parameter draws of the audit")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="seed of the audit")] = None,
) -> None:
    """Re-run a published validation, and audit what its score is worth."""
    names = CASES if case == "all" else (case,)
    if case != "all" and case not in CASES:
        raise _fail(f"unknown case {case!r}; {nearest(case, (*CASES, 'all'))}")
    reports = []
    with _progress(as_json, 5 * len(names) + (case == "all"), "validate") as tell:
        for name in names:
            reports.append(run_case(name, draws, seed, lambda step, name=name: tell(f"{name}, {step}")))  # type: ignore[misc]
        book = None
        if case == "all":
            from .claims import ledger

            tell("ledger")
            book = ledger(reports)
    if plot is not None:
        from .figures import draw_case

        if case == "all":
            plot.mkdir(parents=True, exist_ok=True)
        for report in reports:
            draw_case(report, plot / f"{report.case.name}.png" if case == "all" else plot)
    if as_json:
        out: dict[str, Any] = reports[0].to_dict()
        if book is not None:
            out = {"cases": {r.case.name: r.to_dict() for r in reports}, "ledger": book.to_dict()}
        typer.echo(json.dumps(out, indent=1))
        return
    from rich.console import Console

    console = Console()
    if book is None:
        _print_report(console, reports[0])
    else:
        _print_summary(console, reports)
        _print_ledger(console, book)


def _print_study(console: Console, study: Study) -> None:
    from rich.table import Table

    console.print(f"\n[bold]{study.title}[/bold]: {study.runs:,} runs in {study.seconds:.2f} s ({study.grid} grid)")
    console.print(study.note + "\n")
    table = Table(title="targets", title_justify="left")
    for name in ("target", "test", "published", "ours", "agrees", "can fail"):
        table.add_column(name, justify="right" if name in ("published", "ours") else "left")
    for target in study.targets:
        table.add_row(
            target.name,
            target.test,
            target.published_text,
            target.ours_text,
            "" if target.agrees is None else "yes" if target.agrees else "no",
            "no" if target.cannot_fail else "yes",
        )
    console.print(table)
    for part in study.audits:
        console.print(part)
    effects = Table(
        title="main effects: mean of each metric over the grid, lowest to highest level", title_justify="left"
    )
    for name in ("parameter", "metric", "means by level"):
        effects.add_column(name)
    for effect in study.effects:
        effects.add_row(
            effect.parameter,
            effect.metric,
            "  ".join(f"{level:g}: {mean:.4g}" for level, mean in zip(effect.levels, effect.means, strict=True)),
        )
    console.print(effects)
    for index in study.sobol:
        console.print(index.sentence())


def experiment(
    study: Annotated[str, typer.Argument(help="tr1, tr2, tr3 or tr4")],
    grid: Annotated[str, typer.Option("--grid", help="standard (the published grid) or fine")] = "standard",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="write a figure of the main effects")] = None,
    sobol: Annotated[bool, typer.Option("--sobol", help="add Sobol indices (needs SALib)")] = False,
) -> None:
    """Run a technical report's parameter study."""
    from .study import experiment as run_study

    try:
        with _progress(as_json, 3, f"study {study}") as tell:
            result = run_study(study, grid=grid, sobol=sobol, report=tell)  # type: ignore[arg-type]
    except (ValueError, ImportError) as error:
        raise _fail(str(error)) from None
    if plot is not None:
        from .figures import draw_study

        draw_study(result, plot)
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=1))
        return
    from rich.console import Console

    _print_study(Console(), result)


__all__ = ["experiment", "load_case", "validate"]
