"""``coopetition experiment``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from coopetition.calibration import experiment as run_study
from coopetition.commands.asking import console, print_json, progress, refusals

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.calibration import Study


def _print_study(out: Console, study: Study) -> None:
    out.print(f"\n[bold]{study.title}[/bold]: {study.runs:,} runs in {study.seconds:.2f} s ({study.grid} grid)")
    out.print(study.note + "\n")
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
    out.print(table)
    for part in study.audits:
        out.print(part)
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
    out.print(effects)
    for index in study.sobol:
        out.print(index.sentence())


def experiment(
    study: Annotated[str, typer.Argument(help="tr1, tr2, tr3 or tr4")],
    grid: Annotated[str, typer.Option("--grid", help="standard (the published grid) or fine")] = "standard",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="write a figure of the main effects")] = None,
    sobol: Annotated[bool, typer.Option("--sobol", help="add Sobol indices (needs SALib)")] = False,
) -> None:
    """Run a technical report's parameter study."""
    with refusals(), progress(f"study {study}", 3, as_json) as tell:
        result = run_study(study, grid=grid, sobol=sobol, report=tell)  # type: ignore[arg-type]
    if plot is not None:
        from coopetition.calibration.studies.figures import draw_study

        draw_study(result, plot)
    if as_json:
        print_json(result.to_dict())
        return
    _print_study(console(), result)
