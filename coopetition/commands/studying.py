"""``coopetition study``: run the reference study, look at it, publish it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from coopetition.commands.asking import console, print_json, refuse
from coopetition.commands.examples import epilog
from coopetition.commands.options import Json
from coopetition.commands.tables import Column, Rows, print_rows, text

study = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

Folder = Annotated[Path, typer.Option("--folder", help="Where the study's shards lie.")]
Scale = Annotated[str, typer.Option("--scale", help="smoke (minutes), standard, or full.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Algorithms, environments or modes, with * and ?; repeat for more."),
]
FOLDER = Path("study")


def _scale(scale: str, only: list[str] | None) -> Any:
    from coopetition.study.plan import find_scale, restrict

    try:
        return restrict(find_scale(scale), only or ())
    except ValueError as error:
        raise refuse(str(error)) from None


def _needs_the_extra() -> None:
    try:
        import polars  # noqa: F401
    except ImportError:
        raise refuse("the study needs more: pip install 'coopetition[study]'") from None


@study.command("run", epilog=epilog("study run"))
def run_study(
    folder: Folder = FOLDER,
    scale: Scale = "smoke",
    only: Only = None,
    address: Annotated[
        str | None, typer.Option("--address", help="Of a running Ray cluster; 'here' runs in this process.")
    ] = None,
    cores: Annotated[int | None, typer.Option("--cores", min=1, help="Of this machine; all by default.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Run failed jobs again.")] = False,
) -> None:
    """Run what is missing of the study; start it again after any end."""
    _needs_the_extra()
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from coopetition.study.engine import Report, run

    chosen = _scale(scale, only)
    started = time.monotonic()
    done = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}")) as progress:
        task = progress.add_task("study", total=None, left="")

        def told(report: Report, left: int) -> None:
            nonlocal done
            done += 1
            hours = (time.monotonic() - started) / done * left / 3600.0
            progress.update(task, total=done + left, completed=done, left=f"about {hours:.1f} h left of this round")
            if report.status in ("failed", "unwritten"):
                last = report.error.strip().splitlines()[-1] if report.error.strip() else ""
                progress.console.print(f"{report.status}: {report.label}: {last}", markup=False)

        summary = run(folder, chosen, address=address, cores=cores, retry=retry, told=told)
    for name in summary.broken:
        typer.echo(f"broken, set aside and made anew: {name}")
    counts = ", ".join(
        f"{summary.count(status)} {status}"
        for status in ("done", "failed", "unwritten", "there")
        if summary.count(status)
    )
    typer.echo(f"{folder}: {counts or 'nothing was missing'}")
    if summary.count("unwritten"):
        raise typer.Exit(1)


@study.command("status", epilog=epilog("study status"))
def status_of_study(folder: Folder = FOLDER, scale: Scale = "smoke", only: Only = None, as_json: Json = False) -> None:
    """How much of the study there is, and what is missing or broken."""
    _needs_the_extra()
    from coopetition.study.engine import all_jobs
    from coopetition.study.fingerprint import shard_name
    from coopetition.study.shards import ShardStore

    chosen = _scale(scale, only)
    store = ShardStore(folder)
    counts: dict[str, dict[str, int]] = {}
    for job in all_jobs(store, chosen):
        name = shard_name(job)
        if not store.path(name).is_dir():
            state = "missing"
        elif not store.has(name):
            state = "broken"
        else:
            state = store.about(name)["status"]
        kind = counts.setdefault(job.kind, {"done": 0, "failed": 0, "broken": 0, "missing": 0})
        kind[state] += 1
    if as_json:
        print_json(counts)
        return
    states = ("done", "failed", "broken", "missing")
    cells = [(kind, *(str(found[state] or "") for state in states)) for kind, found in counts.items()]
    print_rows(console(), Rows(f"{folder}, {scale}", (text("jobs"), *map(Column, states)), cells))


@study.command("publish", epilog=epilog("study publish"))
def publish_study(
    folder: Folder = FOLDER,
    to: Annotated[Path, typer.Option("--to", help="Folder of the corpus.")] = Path("corpus"),
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Write the networks of all runs to this .tar.gz.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write scores for rliable and marl-eval to this JSON file.")
    ] = None,
) -> None:
    """Write the corpus: tables, Croissant metadata, datasheet, networks of the audited policies."""
    _needs_the_extra()
    from coopetition.study.corpus import export_scores, publish, write_archive

    try:
        found = publish(folder, to)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    rows = ", ".join(f"{table} {count:,}" for table, count in found["rows"].items())
    typer.echo(f"{to}: {found['bytes'] / 1e6:.1f} MB; {rows}; {found['networks']} networks")
    for problem in found["broken"]:
        typer.echo(f"left out: {problem}", err=True)
    if archive is not None:
        typer.echo(f"{write_archive(folder, archive)}")
    if export is not None:
        export.write_text(json.dumps(export_scores(to)) + "\n", encoding="utf-8")
        typer.echo(f"{export}")


@study.command("report", epilog=epilog("study report"))
def report_study(
    corpus: Annotated[Path, typer.Option("--corpus", help="Folder of the corpus.")] = Path("corpus"),
    page: Annotated[Path, typer.Option("--page", help="The Markdown file to write.")] = Path("study.md"),
    figures: Annotated[Path | None, typer.Option("--figures", help="Folder for figures; beside the page.")] = None,
) -> None:
    """Write the report's page and figures from the corpus alone."""
    _needs_the_extra()
    from coopetition.study.report import write_report

    written = write_report(corpus, page, figures or page.parent / "figures" / "study")
    typer.echo(f"{written}")


@study.command("audit", epilog=epilog("study audit"))
def audit_file(
    policy: Annotated[Path, typer.Argument(help="File of a trained policy.")],
    thorough: Annotated[bool, typer.Option("--thorough", help="Search for the best deviation by climbing.")] = False,
    as_json: Json = False,
) -> None:
    """Audit one trained policy: surface, best deviation, timing, forgiveness, class."""
    _needs_the_extra()
    from coopetition.study.audit import audit_file as audited

    found = audited(policy, thorough=thorough)
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['algorithm']} on {found['environment']}, {found['reward_mode']} rewards: {found['class']}")
    typer.echo(f"largest gain of a deviation in time: {found['largest_gain']:.2%} of the agent's return")
    for agent, gain in found["gains"].items():
        typer.echo(f"best deviation found of {agent}: {gain:,.1f}")
