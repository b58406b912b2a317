"""``coopetition train``: learn policies, many runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from coopetition.commands.asking import console, find_id, print_json, read_settings, refusals, refuse

if TYPE_CHECKING:
    from coopetition.baselines.learning import TrainedPopulation


def train(
    environment_id: Annotated[str, typer.Argument(help="An environment id, such as TrustDilemma-v0.")],
    algorithm: Annotated[str, typer.Option("--algorithm", help="Which algorithm learns.")] = "IPPO",
    reward_mode: Annotated[
        str, typer.Option("--reward-mode", help="Reward modes to train under, separated by commas.")
    ] = "integrated",
    steps: Annotated[int, typer.Option("--steps", min=1, help="Environment steps of each run.")] = 200_000,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many runs of each kind, seeded 0, 1, ...")] = 1,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="NAME=V1,V2", help="Values of a hyper-parameter; repeat for combinations."),
    ] = None,
    hyper: Annotated[
        list[str] | None,
        typer.Option("--hyper", metavar="NAME=VALUE", help="Set a hyper-parameter of the algorithm; repeat for more."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the environment; repeat for more."),
    ] = None,
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
        str, typer.Option("--partners", help="Who plays the others: a policy's name or file.")
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Train policies, all runs at once, and save them; Ctrl-C ends with a checkpoint."""
    from coopetition.baselines.learning import learn

    name = find_id(environment_id)
    home = folder or Path("trained") / f"{name}-{algorithm}"
    with refusals():
        population = learn(
            name,
            algorithm,
            reward_mode=[mode.strip() for mode in reward_mode.split(",")],
            steps=steps,
            seeds=seeds,
            settings=read_settings(hyper or []),
            sweep=dict(_read_sweep(text) for text in sweep or []),
            share_parameters=share,
            control=None if control is None else [agent.strip() for agent in control.split(",")],
            partners=partners,
            folder=home,
            resume=resume,
            progress=not as_json,
            tensorboard_folder=tensorboard,
            measure_efficiency=efficiency,
            **read_settings(settings or []),
        )
    _report(population, home, as_json)


def _read_sweep(text: str) -> tuple[str, list[float]]:
    name, equals, values = text.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        numbers = []
    if not equals or not numbers:
        raise refuse(f"--sweep {text!r}: expected NAME=V1,V2, such as learning_rate=1e-4,1e-3")
    return name, numbers


def _report(population: TrainedPopulation, home: Path, as_json: bool) -> None:
    """What was learnt, a row for each run."""
    from rich.table import Table

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
    table = Table(
        title=f"{population.algorithm} on {game.id}: {population.steps:,} steps a run{shared}{state}",
        title_justify="left",
        caption="of the last logged episodes, exploring; efficiency: summed payoffs over the open-loop optimum; "
        "others: means per agent",
        caption_justify="left",
    )
    table.add_column("run", no_wrap=True)
    for title in ("efficiency", "payoff", "return", "rate"):
        table.add_column(title, justify="right")
    table.add_column("file", overflow="fold")
    forms = {"efficiency": ".3f", "payoff": ",.1f", "reward": ",.1f", "rate": ".3f"}
    for row in rows:
        cells = ["-" if row[name] is None else format(row[name], form) for name, form in forms.items()]
        table.add_row(str(row["run"]), *cells, str(row["file"]))
    console().print(table)
