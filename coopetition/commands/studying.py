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
Address = Annotated[str | None, typer.Option("--address", help="Of a running Ray cluster; 'here' is this process.")]
Cores = Annotated[int | None, typer.Option("--cores", min=1, help="Of this machine; all by default.")]
Retry = Annotated[bool, typer.Option("--retry", help="Run failed jobs again.")]
Settings = Annotated[
    Path | None,
    typer.Option(
        "--settings", exists=True, dir_okay=False, help="Hyper-parameters by learner; the package's are used."
    ),
]
FOLDER = Path("study")


def _scale(scale: str, only: list[str] | None, settings: Path | None = None) -> Any:
    from dataclasses import replace

    from coopetition.study.plan import chosen_settings, find_scale, restrict

    try:
        found = restrict(find_scale(scale), only or ())
        return found if settings is None else replace(found, chosen=chosen_settings(settings))
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
    address: Address = None,
    cores: Cores = None,
    retry: Retry = False,
    settings: Settings = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0.0, help="Core-hours after which no job is sent; whole environments come first."),
    ] = None,
) -> None:
    """Run what is missing of the study; start it again after any end."""
    _needs_the_extra()
    _run(
        folder,
        _scale(scale, only, settings),
        address=address,
        cores=cores,
        retry=retry,
        budget=None if budget is None else budget * 3600.0,
    )


def _warn(environments: list[str]) -> None:
    """Say which games have no stored optimum."""
    if environments:
        typer.echo(
            f"no optimum is stored of {', '.join(environments)}: every job of theirs searches for it, for minutes, "
            "which no estimate counts; store it first",
            err=True,
        )


def _run(folder: Path, scale: Any, *, quiet: bool = False, **options: Any) -> None:
    """Run with a bar, and say how it went, beside the output where that is for machines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from coopetition.study.engine import Report, run
    from coopetition.study.estimates import without_optimum

    _warn(without_optimum(scale.environments, scale.modes))
    started = time.monotonic()
    done = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=Console(stderr=quiet)) as progress:
        task = progress.add_task("study", total=None, left="")

        def told(report: Report, left: int) -> None:
            nonlocal done
            done += 1
            hours = (time.monotonic() - started) / done * left / 3600.0
            progress.update(task, total=done + left, completed=done, left=f"about {hours:.1f} h left")
            if report.status in ("failed", "unwritten"):
                last = report.error.strip().splitlines()[-1] if report.error.strip() else ""
                progress.console.print(f"{report.status}: {report.label}: {last}", markup=False)

        summary = run(folder, scale, told=told, **options)
    for name in summary.broken:
        typer.echo(f"broken, set aside and made anew: {name}", err=quiet)
    counts = ", ".join(
        f"{summary.count(status)} {status}"
        for status in ("done", "failed", "unwritten", "there")
        if summary.count(status)
    )
    typer.echo(f"{folder}: {counts or ('nothing was run' if summary.unsent else 'nothing was missing')}", err=quiet)
    if summary.unsent:
        typer.echo(f"{summary.unsent} jobs were beyond the budget, and what follows them", err=quiet)
    if summary.count("unwritten"):
        raise typer.Exit(1)


@study.command("status", epilog=epilog("study status"))
def status_of_study(
    folder: Folder = FOLDER,
    scale: Scale = "smoke",
    only: Only = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """How much of the study there is, and what is missing or broken."""
    _needs_the_extra()
    from coopetition.study.engine import all_jobs
    from coopetition.study.fingerprint import shard_name
    from coopetition.study.shards import ShardStore

    chosen = _scale(scale, only, settings)
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
    scale: Annotated[
        str | None, typer.Option("--scale", help="Only what there is of this scale; what is missing of it is listed.")
    ] = None,
    only: Only = None,
    settings: Settings = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the corpus's records of environments that the folder has nothing of.")
    ] = False,
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
        found = publish(folder, to, scale=None if scale is None else _scale(scale, only, settings), keep=keep)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    rows = ", ".join(f"{table} {count:,}" for table, count in found["rows"].items())
    typer.echo(f"{to}: {found['bytes'] / 1e6:.1f} MB; {rows}; {found['networks']} networks")
    if found["missing"]:
        typer.echo(f"{found['missing']} jobs of {scale} have not been run; excluded.parquet lists them")
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
    measures: Annotated[
        Path | None, typer.Option("--measures", help="A JSON file for what the ledger of claims counts.")
    ] = None,
) -> None:
    """Write the report's page and figures from the corpus alone."""
    _needs_the_extra()
    from coopetition.study.report import write_measures, write_report

    written = write_report(corpus, page, figures or page.parent / "figures" / "study")
    typer.echo(f"{written}")
    if measures is not None:
        typer.echo(f"{write_measures(corpus, measures)}")


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


@study.command("plan", epilog=epilog("study plan"))
def plan_study(
    scale: Scale = "full",
    only: Only = None,
    settings: Settings = None,
    cores: Annotated[
        list[int] | None, typer.Option("--cores", min=1, help="For how many cores to say how long it takes; repeat.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count a scale's cells, and estimate what they cost, before anything is run."""
    _needs_the_extra()
    from coopetition.study.estimates import summary, without_optimum
    from coopetition.study.plan import exclusions, first_jobs, second_jobs

    chosen = _scale(scale, only, settings)
    first = first_jobs(chosen)
    names: dict[str, list[str]] = {}
    for job in first:
        if job.kind == "train":
            names.setdefault(job.environment, []).append(job.label)
    after = second_jobs(chosen, {environment: tuple(labels) for environment, labels in names.items()})
    found = summary([*first, *after], tuple(cores or (1, 2, 16, 256, 4096)))
    reasons: dict[str, dict[str, list[str]]] = {}
    for algorithm, environment, reason in exclusions(chosen):
        reasons.setdefault(algorithm, {}).setdefault(reason, []).append(environment)
    found["cells"] = len(chosen.algorithms) * len(chosen.environments)
    found["impossible"] = reasons
    found["without_optimum"] = without_optimum(chosen.environments, chosen.modes)
    if as_json:
        print_json(found)
        return
    _warn(found["without_optimum"])
    none = sum(len(games) for why in reasons.values() for games in why.values())
    typer.echo(f"{found['cells']} cells of a learner and a game, of which {none} do not exist:")
    for algorithm, why in reasons.items():
        for reason, games in why.items():
            typer.echo(f"  {algorithm} on {len(games)} games: {reason}")
    typer.echo(f"{found['runs']:,} runs, {found['audited']:,} policies audited")
    cells = [(kind, str(found["jobs"][kind]), f"{hours:.2f}") for kind, hours in found["hours"].items()]
    print_rows(console(), Rows(f"{scale}, estimated", (text("jobs"), Column("number"), Column("core-hours")), cells))
    typer.echo(", ".join(f"{half} games {hours:.2f} core-hours" for half, hours in found["halves"].items()))
    for title in ("learners", "environments"):
        dear = list(found[title].items())
        typer.echo(f"{title}: " + ", ".join(f"{name} {hours:.2f} h" for name, hours in dear[:8]) + " ...")
    label, seconds = next(iter(found["longest"].items()))
    typer.echo(f"longest job: {label}, {seconds:,.0f} s")
    for count, hours in found["makespan"].items():
        typer.echo(f"on {count} cores: {hours:.2f} h" if hours >= 0.1 else f"on {count} cores: {hours * 60:.1f} min")


@study.command("settings", epilog=epilog("study settings"))
def search_settings(
    folder: Folder = FOLDER,
    scale: Scale = "smoke",
    only: Only = None,
    address: Address = None,
    cores: Cores = None,
    retry: Retry = False,
    write: Annotated[Path | None, typer.Option("--write", help="The file that `run --settings` reads.")] = None,
    as_json: Json = False,
) -> None:
    """Search for hyper-parameters: one set a learner, on four games and seeds of its own; kept with the study."""
    _needs_the_extra()
    from coopetition.study.choice import choose_settings, settings_jobs, tried_settings, without_search, write_settings
    from coopetition.study.shards import ShardStore

    chosen = _scale(scale, None)
    try:
        from coopetition.study.plan import restrict

        chosen = restrict(chosen, only or ())
        jobs = settings_jobs(chosen)
    except ValueError as error:
        raise refuse(str(error)) from None
    _run(folder, without_search(chosen), quiet=as_json, extra=jobs, address=address, cores=cores, retry=retry)
    table = choose_settings(tried_settings(ShardStore(folder), jobs))
    if write is not None:
        typer.echo(f"{write_settings(write, table)}", err=as_json)
    if as_json:
        print_json(table.to_dicts())
        return
    for row in table.filter(table["chosen"]).iter_rows(named=True):
        kept = "its own settings stay" if row["own"] else row["candidate"]
        typer.echo(f"{row['algorithm']}: {kept}, score {row['score']:.3f} over {row['cells']} games and modes")


@study.command("longer", epilog=epilog("study longer"))
def train_for_longer(
    folder: Folder = FOLDER,
    corpus: Annotated[Path, typer.Option("--corpus", help="Which says what still moves.")] = Path("corpus"),
    cells: Annotated[int, typer.Option("--cells", min=1, help="How many learners on a game.")] = 10,
    times: Annotated[int, typer.Option("--times", min=2, help="How many times the steps.")] = 4,
    address: Address = None,
    cores: Cores = None,
    as_json: Json = False,
) -> None:
    """Train the cells whose curves move most for longer; `publish` and `report` say what that changed."""
    _needs_the_extra()
    from coopetition.study.choice import without_search
    from coopetition.study.plan import find_scale
    from coopetition.study.reading import Corpus, longer_jobs

    jobs = longer_jobs(Corpus(corpus), cells, times)
    if not jobs:
        typer.echo("no curve of this corpus still moves", err=as_json)
    else:
        _run(folder, without_search(find_scale("full")), quiet=as_json, extra=jobs, address=address, cores=cores)
    if as_json:
        print_json([job.label for job in jobs])


@study.command("verify", epilog=epilog("study verify"))
def verify_study(
    folder: Folder = FOLDER,
    records: Annotated[int, typer.Option("--records", min=0, help="To evaluate again from their networks.")] = 3,
    cells: Annotated[int, typer.Option("--cells", min=0, help="Populations to train again; as long as they took.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw.")] = 0,
    as_json: Json = False,
) -> None:
    """Take trained records at random, and make them again: every number must be the same to the last bit."""
    _needs_the_extra()
    from coopetition.study.verifying import recompute, retrain

    lines: list[str] = []
    told = lines.append if as_json else typer.echo
    wrong = recompute(folder, records, seed, told=told) + retrain(folder, cells, seed, told=told)
    if as_json:
        print_json({"checked": lines, "wrong": wrong})
    for line in wrong:
        typer.echo(line, err=True)
    if wrong:
        raise typer.Exit(1)


@study.command("submit", epilog=epilog("study submit"))
def submit_results(
    file: Annotated[
        Path | None, typer.Argument(help="A table, .csv or .parquet, or a trained policy, .safetensors.")
    ] = None,
    corpus: Annotated[Path, typer.Option("--corpus", help="To which it is added.")] = Path("corpus"),
    check: Annotated[bool, typer.Option("--check", help="Check only.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of a row.")] = False,
    name: Annotated[str, typer.Option("--name", help="Of the entrant, for a policy's file.")] = "",
    submitter: Annotated[str, typer.Option("--submitter", help="Who submits a policy's file.")] = "",
    link: Annotated[str, typer.Option("--link", help="Paper or code, for a policy's file.")] = "",
    as_json: Json = False,
) -> None:
    """Check results of your own, and let them stand in the report's tables."""
    _needs_the_extra()
    from coopetition.study.submission import SubmissionError, check_submission, json_schema, submit

    if schema:
        print_json(json_schema())
        return
    if file is None:
        raise refuse("a file, or --schema")
    try:
        if check:
            table, notes = check_submission(file)
        else:
            table, notes = submit(file, corpus, name=name, submitter=submitter, link=link)
    except (SubmissionError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if as_json:
        print_json({"notes": notes, "rows": table.to_dicts()})
        return
    for note in notes:
        typer.echo(note)
    typer.echo(f"{table.height} rows are sound" if check else f"{table.height} rows were added to {corpus}")
