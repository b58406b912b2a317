"""Tables that fit the terminal: by the width that there is, all columns, the more important ones, or a block a row.

Piped output is as wide as it likes, alike for every command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        Its heading.
    importance : int
        Columns of the lowest importance are left out first; those of 9 never.
    justify : {"left", "right"}
    """

    name: str
    importance: int = 9
    justify: str = "right"


@dataclass(frozen=True)
class Rows:
    """What a table shows.

    Attributes
    ----------
    title, caption : str
    columns : sequence of Column
    cells : sequence of sequence of str
        One row each; an empty first cell belongs to the row before.
    sections : sequence of int
        Indices of rows before which there is a line.
    """

    title: str
    columns: Sequence[Column]
    cells: Sequence[Sequence[str]]
    caption: str = ""
    sections: Sequence[int] = ()


def _table(rows: Rows, kept: Sequence[int]) -> Table:
    from rich.table import Table

    table = Table(title=rows.title, title_justify="left", caption=rows.caption or None, caption_justify="left")
    for k in kept:
        column = rows.columns[k]
        table.add_column(column.name, justify="left" if column.justify == "left" else "right", no_wrap=True)
    for index, row in enumerate(rows.cells):
        if index in rows.sections:
            table.add_section()
        table.add_row(*(row[k] for k in kept))
    return table


def _width(out: Console, table: Table) -> int:
    """What the columns need, title and caption aside, which wrap."""
    table.title = table.caption = None
    return out.measure(table, options=out.options.update(width=10_000)).maximum


def print_rows(out: Console, rows: Rows) -> None:
    """Print a table in the form that fits."""
    if not out.is_terminal:
        every = range(len(rows.columns))
        out.width = max(out.width, _width(out, _table(rows, every)))
        out.print(_table(rows, every))
        return
    levels = sorted({column.importance for column in rows.columns})
    for level in levels:
        kept = [k for k, column in enumerate(rows.columns) if column.importance >= level]
        if _width(out, _table(rows, kept)) <= out.width:
            out.print(_table(rows, kept))
            left = [column.name.replace("\n", "") for column in rows.columns if column.importance < level]
            if left:
                out.print(f"[dim]left out for want of width: {', '.join(left)} (a wider terminal, or --json)[/dim]")
            return
    _print_blocks(out, rows)


def _print_blocks(out: Console, rows: Rows) -> None:
    """A block a row: heading and value, one a line."""
    out.print(rows.title)
    names = [column.name.replace("-\n", "").replace("\n", " ") for column in rows.columns]
    width = max(len(name) for name in names)
    lead = ""
    for row in rows.cells:
        lead = row[0] or lead
        out.print(f"\n[bold]{names[0]:<{width}}  {lead}[/bold]")
        for name, cell in zip(names[1:], row[1:], strict=True):
            if cell:
                out.print(f"{name:<{width}}  {cell}")
    if rows.caption:
        out.print(f"\n[italic]{rows.caption}[/italic]")
