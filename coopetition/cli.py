"""The command line: ``coopetition``.

Commands import what they need when they run, so that ``coopetition --help`` stays quick. The commands of other
sub-packages are registered here by name and imported when they are called.
"""

from __future__ import annotations

import importlib
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Annotated, Any

import typer

import coopetition
from coopetition.commands.asking import Preset
from coopetition.games import doors

app = typer.Typer(
    name="coopetition",
    help="Twenty mixed-motive multi-agent environments: look at them, play them, solve and validate them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

#: Commands of other sub-packages: module, and one line for the list of commands. What they take is theirs to say.
REGISTERED = {
    "demo": ("coopetition.commands.demonstrating", "What the suite is about, in one screen."),
    "solve": ("coopetition.commands.solving", "Solve an environment's game, with a certificate."),
    "dilemma": ("coopetition.commands.dilemmas", "How much of a dilemma an environment is."),
    "validate": ("coopetition.commands.validating", "Re-run a published validation, and audit its score."),
    "experiment": ("coopetition.commands.experimenting", "Run a technical report's parameter study."),
    "train": ("coopetition.commands.training", "Train policies by reinforcement learning, many runs at once."),
    "study": ("coopetition.commands.studying", "The reference study: run, status, report, publish, audit."),
    "bench": ("coopetition.benchmarks.commands", "Measure speed: goals, figures, references and verdicts."),
}

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Environment ids, such as SLCD-v0; all twenty by default.")]
Id = Annotated[str, typer.Argument(help="An environment id, such as SLCD-v0; see `coopetition list`.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the environment's draws and of the policies'.")]
RewardMode = Annotated[
    str, typer.Option("--reward-mode", help="What is rewarded: private, integrated, cooperative, or a registered mode.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the environment; repeat for more."),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"coopetition {coopetition.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    load: Annotated[
        list[str] | None,
        typer.Option(
            "--load",
            metavar="MODULE",
            help="Import a module first, here and in workers, which registers what is yours; repeatable.",
        ),
    ] = None,
) -> None:
    for module in load or []:
        try:
            doors.load(module)
        except ImportError as error:
            raise typer.BadParameter(f"{module!r} cannot be imported: {error}", param_hint="--load") from None


@app.command("list")
def list_environments(preset: Preset = None, as_json: Json = False) -> None:
    """List the twenty environments: mechanism, agents, horizon, presets, and what each models."""
    from coopetition.commands import listing

    listing.run(preset or "published", as_json)


@app.command()
def show(environment_id: Id, preset: Preset = None, settings: Settings = None, as_json: Json = False) -> None:
    """Show an environment's spec sheet: parameters, agents, spaces, layouts, and its page."""
    from coopetition.commands import showing

    showing.run(environment_id, preset, settings or [], as_json)


@app.command()
def run(
    environment_id: Id,
    preset: Preset = None,
    policy: Annotated[
        str,
        typer.Option("--policy", help="Who plays: a policy for all agents, or one each, joined by '+'."),
    ] = "tit_for_tat",
    seed: Seed = 0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Stop after so many steps; the horizon by default.")
    ] = None,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    every: Annotated[
        int | None,
        typer.Option("--every", min=1, help="Print every so many steps; about ten rows by default."),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write a figure of the episode.")] = None,
    as_json: Json = False,
) -> None:
    """Play one episode and print it, step by step and in total."""
    from coopetition.commands import running

    running.run(environment_id, preset, policy, seed, steps, reward_mode, settings or [], every, plot, as_json)


@app.command()
def evaluate(
    environment_ids: Ids = None,
    preset: Preset = None,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policies",
            help="Policies to compare, separated by commas; one for all agents, or one each, joined by '+'.",
        ),
    ] = None,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Episodes per environment and policy.")] = 100,
    seed: Seed = 0,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    agents: Annotated[bool, typer.Option("--agents", help="A row for each agent, not only their mean.")] = False,
    normalise: Annotated[
        bool,
        typer.Option(
            "--normalise/--no-normalise",
            help="Place returns between the stage nash, 0, and the open-loop optimum, 1; takes seconds for other "
            "parameters than the defaults.",
        ),
    ] = True,
    exploitability: Annotated[
        bool,
        typer.Option("--exploitability/--no-exploitability", help="What an agent gains at least by a better reply."),
    ] = True,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Search longer for better replies: a second or so an agent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Play many episodes and tabulate what policies earn, how good that is, and how exploitable they are."""
    from coopetition.commands import evaluating

    evaluating.run(
        environment_ids or [],
        preset,
        policies or [],
        episodes,
        seed,
        reward_mode,
        settings or [],
        agents,
        as_json,
        normalise,
        exploitability,
        thorough,
    )


def _exists(module: str) -> bool:
    """Whether there is such a module. Nothing is imported: `importlib.util.find_spec` would import parents."""
    path: Any = coopetition.__path__
    found = None
    name = "coopetition"
    for part in module.split(".")[1:]:
        name = f"{name}.{part}"
        found = PathFinder.find_spec(name, path)
        if found is None:
            return False
        path = found.submodule_search_locations
    return found is not None


def _register(name: str, module: str, about: str) -> None:
    # The stand-in takes whatever comes, --help included, and hands it to the real command.
    takes_all = {"allow_extra_args": True, "ignore_unknown_options": True}

    @app.command(name, help=about, context_settings=takes_all, add_help_option=False)
    def stand_in(context: typer.Context) -> None:
        command = getattr(importlib.import_module(module), name)
        if isinstance(command, typer.Typer):  # a group of commands
            real = command
        else:
            real = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            real.command(name)(command)
        real(args=context.args, prog_name=f"coopetition {name}")


for _name, (_module, _about) in REGISTERED.items():
    if _exists(_module):
        _register(_name, _module, _about)


def main() -> None:
    """Entry point of the ``coopetition`` script."""
    app()


if __name__ == "__main__":
    main()
