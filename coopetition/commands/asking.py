"""Reading what was asked for, and refusing it politely."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from coopetition.games.doors import module_in, not_registered, without_module
from coopetition.games.parameters import nearest

if TYPE_CHECKING:
    from rich.console import Console

    from coopetition.games.game import Game

#: What goes into a file, a pager or another program is never wrapped.
PIPED_WIDTH = 100_000
#: Steps of an episode that the command line plays: more take minutes, and nobody would look at them.
LONGEST = 100_000


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a constructor refuses into a message and exit code 2; used only around constructors."""
    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        raise refuse(str(error)) from None
    except LookupError as error:
        if type(error) is not LookupError:  # a KeyError is a mistake in code
            raise
        raise refuse(str(error)) from None


def refuse(message: str) -> typer.Exit:
    """Print an error; the exit to raise."""
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(2)


def find_id(asked: str) -> str:
    """The id that was meant: exact, or up to upper case and the version; a preset may stand behind a colon."""
    from coopetition import envs

    given = asked.removeprefix("coopetition/")
    with refusals():
        asked = without_module(given)
        ids = envs.environment_ids(strong=True)
    named, colon, preset = asked.removeprefix("coopetition/").partition(":")
    for known in ids:
        if named.lower() in (known.lower(), known.lower().rpartition("-")[0]):
            return known + colon + preset
    if module_in(given):
        raise refuse(str(not_registered(given, "environment", "coopetition.register", envs._registered)))
    # Compare without the version, whose letters would count as a likeness between any two ids.
    names = {known.rpartition("-")[0].lower(): known for known in ids}
    hint = nearest(asked.lower().removesuffix("-v0"), names)
    for name, known in names.items():
        hint = hint.replace(repr(name), repr(known))
    raise refuse(f"unknown environment {asked!r}{hint} (see `coopetition list`)")


def read_settings(settings: Sequence[str], option: str = "--set", such_as: str = "horizon=50") -> dict[str, Any]:
    """Names and values from NAME=VALUE; values are JSON, or words."""
    given: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise refuse(f"{option} {setting!r}: expected NAME=VALUE, such as {such_as}")
        given[name.strip()] = read_value(text)
    return given


def read_value(text: str) -> Any:
    """A value: JSON, or a word."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {"True": True, "False": False}.get(text.strip(), text.strip())


def read_values(text: str, option: str, such_as: str) -> tuple[str, list[Any]]:
    """A name and its values, from NAME=V1,V2,...; values are JSON, or words."""
    name, equals, listed = text.partition("=")
    if not equals or not name.strip() or not listed.strip():
        raise refuse(f"{option} {text!r}: expected NAME=V1,V2,..., such as {such_as}")
    try:
        values = json.loads(f"[{listed}]")
    except json.JSONDecodeError:
        values = [read_value(word) for word in listed.split(",")]
    return name.strip(), values


def make_game(environment_id: str, settings: Sequence[str], longest: int = LONGEST, **options: Any) -> Game:
    """The game that was asked for, of no more steps than somebody waits for."""
    from coopetition.api.make import make_game as build

    name = find_id(environment_id)
    given = read_settings(settings)
    with refusals():
        game = build(name, **options, **given)
    if game.horizon > longest:
        raise refuse(
            f"{game.id}: horizon = {game.horizon:,}: the command line plays at most {longest:,} steps an episode here; "
            "from Python there is no such limit"
        )
    return game


def read_policies(text: str) -> str | list[str]:
    """One name, or one for each agent, joined by "+"."""
    from coopetition.baselines import check_policy_name

    if not text.strip():
        raise refuse("no policy is named; `coopetition policies` lists them")
    names = [name.strip() for name in text.split("+")]
    with refusals():
        for name in names:
            check_policy_name(name)
    return names[0] if len(names) == 1 else names


def print_json(value: Any) -> None:
    """Print a value for machines."""
    typer.echo(json.dumps(value, indent=1, allow_nan=False))


def console() -> Console:
    """Where tables go: as wide as the terminal, or as anything if it is none."""
    from rich.console import Console

    made = Console()
    return made if made.is_terminal else Console(width=PIPED_WIDTH)


def figure_path(plot: Path | None, moving: bool = False) -> Path | None:
    """Where a figure goes, checked before anything is computed; PNG where there is no suffix. Some can move, as GIF."""
    if plot is None:
        return None
    from coopetition.plot import require_matplotlib

    with refusals():
        require_matplotlib()
    from matplotlib.backend_bases import FigureCanvasBase

    path = plot if plot.suffix else plot.with_name(f"{plot.name}.png")
    known = {name for name in FigureCanvasBase.get_supported_filetypes() if moving or name != "gif"}
    known |= {"gif"} if moving else set()
    if path.suffix[1:].lower() not in known:
        raise refuse(f"--plot {plot}: there is no format {path.suffix[1:]!r}; known: {', '.join(sorted(known))}")
    if path.is_dir():
        raise refuse(f"--plot {plot}: that is a folder")
    if not path.parent.is_dir():
        raise refuse(f"--plot {plot}: there is no folder {str(plot.parent)!r}")
    return path


def say_written(path: Path, what: str = "figure", as_json: bool = False) -> None:
    """Say which file was written; beside JSON on stderr."""
    typer.echo(f"{what}: {path}", err=as_json)


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
