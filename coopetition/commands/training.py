"""``coopetition train``: learn policies, many runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from coopetition.commands.asking import (
    console,
    figure_path,
    make_game,
    print_json,
    read_settings,
    read_values,
    refusals,
    refuse,
    say_written,
)
from coopetition.commands.options import (
    Id,
    Json,
    Plot,
    Preset,
    Settings,
    complete_algorithms,
    complete_modes,
    complete_policies,
)
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from coopetition.baselines.learning import TrainedPopulation


def train(
    environment_id: Id,
    preset: Preset = None,
    algorithm: Annotated[
        str, typer.Option("--algorithm", help="Which algorithm learns.", autocompletion=complete_algorithms)
    ] = "IPPO",
    reward_mode: Annotated[
        str,
        typer.Option(
            "--reward-mode", help="Reward modes to train under, separated by commas.", autocompletion=complete_modes
        ),
    ] = "integrated",
    steps: Annotated[
        int, typer.Option("--steps", min=1, max=10_000_000_000, help="Environment steps of each run.")
    ] = 200_000,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=10_000, help="How many runs of each kind, seeded 0, 1, ...")
    ] = 1,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="NAME=V1,V2", help="Values of a hyper-parameter; repeat for combinations."),
    ] = None,
    hyper: Annotated[
        list[str] | None,
        typer.Option("--hyper", metavar="NAME=VALUE", help="Set a hyper-parameter of the algorithm; repeat for more."),
    ] = None,
    settings: Settings = None,
    share: Annotated[
        bool | None,
        typer.Option(
            "--share-parameters/--own-parameters", help="One network for all agents; by default from eleven agents on."
        ),
    ] = None,
    control: Annotated[
        str | None, typer.Option("--control", help="The agents that learn, separated by commas; all by default.")
    ] = None,
    partners: Annotated[
        str,
        typer.Option(
            "--partners", help="Who plays the others: a policy's name or file.", autocompletion=complete_policies
        ),
    ] = "tit_for_tat",
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for policies, curves and checkpoints; named by default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")] = False,
    tensorboard: Annotated[
        Path | None, typer.Option("--tensorboard", help="Folder for TensorBoard's event files.")
    ] = None,
    efficiency: Annotated[
        bool, typer.Option("--efficiency/--no-efficiency", help="Relate payoffs to the open-loop optimum.")
    ] = True,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Train policies, all runs at once, and save them; Ctrl-C ends with a checkpoint."""
    from coopetition.baselines.learning import learn

    modes = [mode.strip() for mode in reward_mode.split(",")]
    game = [make_game(environment_id, settings or [], preset=preset, reward_mode=mode) for mode in modes][0]
    path = figure_path(plot)
    home = folder or Path("trained") / f"{game.id}-{algorithm}"
    with refusals():
        population = learn(
            game.parameters,
            algorithm,
            reward_mode=modes,
            steps=steps,
            seeds=seeds,
            settings=read_settings(hyper or [], "--hyper", "learning_rate=1e-3"),
            sweep=dict(_read_sweep(given) for given in sweep or []),
            share_parameters=share,
            control=None if control is None else [agent.strip() for agent in control.split(",")],
            partners=partners,
            folder=home,
            resume=resume,
            progress=not as_json,
            tensorboard_folder=tensorboard,
            measure_efficiency=efficiency,
        )
    _report(population, home, as_json)
    if path is not None:
        from coopetition.plot import learning_curves

        learning_curves(population, path)
        say_written(path, as_json=as_json)


def _read_sweep(given: str) -> tuple[str, list[float]]:
    such_as = "learning_rate=1e-4,1e-3"
    name, values = read_values(given, "--sweep", such_as)
    try:
        return name, [float(value) for value in values]
    except (TypeError, ValueError):
        raise refuse(f"--sweep {given!r}: expected numbers, such as {such_as}") from None


def _report(population: TrainedPopulation, home: Path, as_json: bool) -> None:
    """What was learnt, a row for each run."""
    game, curves = population.games[0], population.curves
    efficiency = population.efficiency()
    rows = []
    for k, run in enumerate(population.runs):
        known = np.flatnonzero(np.isfinite(curves.payoffs[:, k, 0])) if len(curves.steps) else np.zeros(0, dtype=int)
        last = int(known[-1]) if known.size else None
        row = {
            "run": run.name,
            "efficiency": None if last is None or np.isnan(efficiency[last, k]) else float(efficiency[last, k]),
            "payoff": None if last is None else float(curves.payoffs[last, k].mean()),
            "reward": None if last is None else float(curves.rewards[last, k].mean()),
            "rate": None if last is None else float(curves.rates[last, k].mean()),
            "file": str(home / population.file_name(k)),
        }
        rows.append(row)
    if as_json:
        about = {
            "environment": game.id,
            "algorithm": population.algorithm,
            "steps": population.steps,
            "finished": population.finished,
            "share_parameters": population.shared,
            "processor_seconds": population.seconds,
        }
        print_json({**about, "runs": rows})
        return
    state = "" if population.finished else "; interrupted, go on with --resume"
    shared = ", one network shared by all agents" if population.shared else ""
    columns = (
        text("run"),
        Column("efficiency"),
        Column("payoff", 8),
        Column("return", 7),
        Column("rate"),
        text("file", least=16),
    )
    cells = []
    forms = {"efficiency": ".3f", "payoff": ",.1f", "reward": ",.1f", "rate": ".3f"}
    for row in rows:
        numbers = ["-" if row[name] is None else format(row[name], form) for name, form in forms.items()]
        cells.append((str(row["run"]), *numbers, str(row["file"])))
    title = f"{population.algorithm} on {game.id}: {population.steps:,} steps a run{shared}{state}"
    caption = (
        "of the last logged episodes, exploring; efficiency: summed payoffs over the open-loop optimum; "
        "others: means per agent"
    )
    print_rows(console(), Rows(title, columns, cells, caption))
