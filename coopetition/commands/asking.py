"""Reading what was asked for, and refusing it politely."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopetition.games.doors import without_module
from coopetition.games.parameters import nearest

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.games.game import Game

Preset = Annotated[
    str | None,
    typer.Option("--preset", help="Which set of numbers: published, strong, or another that `list` names."),
]
#: Columns of a table that goes into a file or a pager, which should not be cut to eighty.
PIPED_WIDTH = 140


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a constructor refuses into a message and exit code 2; used only around constructors."""
    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        raise refuse(str(error)) from None


def refuse(message: str) -> typer.Exit:
    """Print an error; the exit to raise."""
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(2)


def find_id(asked: str) -> str:
    """The id that was meant: exact, or up to upper case and the version; a preset may stand behind a colon."""
    from coopetition.envs import environment_ids

    with refusals():
        asked = without_module(asked)
        ids = environment_ids(strong=True)
    named, colon, preset = asked.removeprefix("coopetition/").partition(":")
    for known in ids:
        if named.lower() in (known.lower(), known.lower().rpartition("-")[0]):
            return known + colon + preset
    # Compare without the version, whose letters would count as a likeness between any two ids.
    names = {known.rpartition("-")[0].lower(): known for known in ids}
    hint = nearest(asked.lower().removesuffix("-v0"), names)
    for name, known in names.items():
        hint = hint.replace(repr(name), repr(known))
    raise refuse(f"unknown environment {asked!r}{hint} (see `coopetition list`)")


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Parameters from NAME=VALUE; values are JSON, or words."""
    given: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise refuse(f"--set {setting!r}: expected NAME=VALUE, such as horizon=50")
        try:
            given[name] = json.loads(text)
        except json.JSONDecodeError:
            given[name] = {"True": True, "False": False}.get(text, text)
    return given


def make_game(environment_id: str, settings: Sequence[str], **options: Any) -> Game:
    """The game that was asked for."""
    from coopetition.api.make import make_game as build

    name = find_id(environment_id)
    given = read_settings(settings)
    with refusals():
        return build(name, **options, **given)


def read_policies(text: str) -> str | list[str]:
    """One name, or one for each agent, joined by "+"."""
    from coopetition.baselines import check_policy_name

    names = [name.strip() for name in text.split("+")]
    with refusals():
        for name in names:
            check_policy_name(name)
    return names[0] if len(names) == 1 else names


def print_json(value: Any) -> None:
    """Print a value for machines."""
    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def console() -> Console:
    """Where tables go."""
    from rich.console import Console

    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


@contextmanager
def progress(what: str, total: int, quiet: bool) -> Iterator[Any]:
    """A progress bar on a terminal's stderr; the function that it yields tells it of one part done."""
    if quiet or not sys.stderr.isatty():
        yield lambda part: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda part: bar.update(task, advance=1, description=f"{what} {part}")
