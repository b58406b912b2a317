"""The command line: ``coopetition``.

Commands import what they need when they run, so that ``coopetition --help`` and completion stay quick.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import coopetition
from coopetition.commands import (
    benching,
    demonstrating,
    dilemmas,
    evaluating,
    experimenting,
    exploring,
    listing,
    naming,
    recording,
    running,
    showing,
    solving,
    studying,
    training,
    validating,
)
from coopetition.commands.examples import epilog
from coopetition.commands.options import HELP_NAMES
from coopetition.games import doors

app = typer.Typer(
    name="coopetition",
    help="Twenty mixed-motive multi-agent environments: look at them, play them, solve and validate them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=HELP_NAMES,
)

#: Commands, in the order in which they are listed: from a first look to a study.
COMMANDS: dict[str, Callable[..., Any]] = {
    "demo": demonstrating.demo,
    "list": listing.list_environments,
    "show": showing.show,
    "policies": naming.policies,
    "run": running.run,
    "evaluate": evaluating.evaluate,
    "record": recording.record,
    "solve": solving.solve,
    "dilemma": dilemmas.dilemma,
    "train": training.train,
    "validate": validating.validate,
    "experiment": experimenting.experiment,
    "explore": exploring.explore,
    "bench": benching.bench,
}

#: Commands of commands, and what they are.
GROUPS: dict[str, tuple[typer.Typer, str]] = {
    "study": (studying.study, "The reference study: plan, run, publish, report."),
}


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


for _name, _command in COMMANDS.items():
    app.command(_name, epilog=epilog(_name))(_command)
for _name, (_group, _about) in GROUPS.items():
    app.add_typer(_group, name=_name, help=_about)


def main() -> None:
    """Entry point of the ``coopetition`` script: output that has nowhere to go is no reason for a traceback."""
    status: Any = 0
    try:
        try:
            app()
        except SystemExit as end:
            status = end.code
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # What is left in the buffers cannot be written either, and Python would try again when it ends.
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and (stream is sys.stdout or error.errno == errno.EPIPE):
                _discard(stream)
        if error.errno != errno.EPIPE:
            where = f": {error.filename}" if error.filename else ""
            typer.echo(f"error: {error.strerror or error}{where}", err=True)
        status = 1
    sys.exit(status)


def _discard(stream: Any) -> None:
    """Let a stream write to nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
