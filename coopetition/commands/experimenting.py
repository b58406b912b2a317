"""``coopetition experiment``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from coopetition.commands.asking import console, figure_path, print_json, progress, refusals, say_written
from coopetition.commands.options import Json, Plot
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.calibration import Study


def _print_study(out: Console, study: Study) -> None:
    out.print(f"\n[bold]{study.title}[/bold]: {study.runs:,} runs in {study.seconds:.2f} s ({study.grid} grid)")
    out.print(study.note + "\n")
    columns = (
        text("target", least=20),
        text("test", 6, least=20),
        Column("published"),
        Column("ours"),
        text("agrees"),
        text("can fail", 7),
    )
    cells = [
        (
            target.name,
            target.test,
            target.published_text,
            target.ours_text,
            "" if target.agrees is None else "yes" if target.agrees else "no",
            "no" if target.cannot_fail else "yes",
        )
        for target in study.targets
    ]
    print_rows(out, Rows("targets", columns, cells))
    for part in study.audits:
        out.print(part, markup=False)
    effects = [
        (
            effect.parameter,
            effect.metric,
            "  ".join(f"{level:g}: {mean:.4g}" for level, mean in zip(effect.levels, effect.means, strict=True)),
        )
        for effect in study.effects
    ]
    title = "main effects: mean of each metric over the grid, lowest to highest level"
    print_rows(out, Rows(title, (text("parameter"), text("metric"), text("means by level", least=24)), effects))
    for index in study.sobol:
        out.print(index.sentence(), markup=False)


def complete_reports(incomplete: str) -> list[str]:
    """The reports that have a study."""
    return [name for name in ("tr1", "tr2", "tr3", "tr4") if name.startswith(incomplete)]


def experiment(
    study: Annotated[
        str,
        typer.Argument(metavar="REPORT", help="tr1, tr2, tr3 or tr4.", autocompletion=complete_reports),
    ],
    grid: Annotated[str, typer.Option("--grid", help="standard (the published grid) or fine.")] = "standard",
    sobol: Annotated[bool, typer.Option("--sobol", help="Add Sobol indices (needs SALib).")] = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Run a technical report's parameter study."""
    from coopetition.calibration import experiment as run_study

    path = figure_path(plot)
    with refusals(), progress(f"study {study}", 3, as_json) as tell:
        result = run_study(study, grid=grid, sobol=sobol, report=tell)  # type: ignore[arg-type]
    if path is not None:
        from coopetition.calibration.studies.figures import draw_study

        draw_study(result, path)
    if as_json:
        print_json(result.to_dict())
    else:
        _print_study(console(), result)
    if path is not None:
        say_written(path, as_json=as_json)
