"""Tables that fit the terminal: by the width that there is, all columns, the more important ones, or a block a row.

Piped output is as wide as it likes, alike for every command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


#: In a cell: a space, or a new line where the table would be too wide.
BREAK = "\u2028"


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
    least : int, optional
        Text that may be wrapped on a terminal, to no fewer characters than these. None: a cell stays on its line.
    """

    name: str
    importance: int = 9
    justify: str = "right"
    least: int | None = None


def text(name: str, importance: int = 9, least: int | None = None) -> Column:
    """A column of words."""
    return Column(name, importance, "left", least)


@dataclass(frozen=True)
class Rows:
    """What a table shows.

    Attributes
    ----------
    title, caption : str
    meanings : mapping of str to str
        What columns mean, by their headings, and other words by themselves; a column that is left out is not explained.
    columns : sequence of Column
    cells : sequence of sequence of str
        One row each; an empty first cell belongs to the row before.
    sections : sequence of int
        Indices of rows before which there is a line.
    heads : sequence of int
        Indices of rows that are headings of those below.
    """

    title: str
    columns: Sequence[Column]
    cells: Sequence[Sequence[str]]
    caption: str = ""
    sections: Sequence[int] = ()
    heads: Sequence[int] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)


def _table(rows: Rows, kept: Sequence[int], folded: bool, narrowest: bool = False) -> Table:
    """The table of some columns: with text folded where it may be, to the least width if that is to be measured."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(rows.title) if rows.title else None,
        title_justify="left",
        caption=Text(rows.caption) if rows.caption else None,
        caption_justify="left",
    )
    for k in kept:
        column = rows.columns[k]
        folds = folded and column.least is not None
        table.add_column(
            Text(column.name if folded else _flat(column.name)),
            justify="left" if column.justify == "left" else "right",
            no_wrap=not folds,
            overflow="fold",
            min_width=_least(rows, k) if folds else None,
            max_width=_least(rows, k) if folds and narrowest else None,
        )
    for index, row in enumerate(rows.cells):
        if index in rows.sections:
            table.add_section()
        style = "bold" if index in rows.heads else ""
        table.add_row(*(Text(row[k].replace(BREAK, "\n" if folded else " "), style=style) for k in kept))
    return table


def _flat(name: str) -> str:
    """A heading on one line."""
    return name.replace("-\n", "").replace("\n", " ")


def _least(rows: Rows, k: int) -> int:
    """The narrowest that a column of text may be: what it asks for, or all that there is if that is less."""
    lines = [line for row in rows.cells for line in row[k].replace(BREAK, "\n").split("\n")] + rows.columns[
        k
    ].name.split("\n")
    return min(rows.columns[k].least or 0, max(len(line) for line in lines))


def _width(out: Console, table: Table) -> int:
    """What the columns need, title and caption aside, which wrap."""
    table.title = table.caption = None
    return out.measure(table, options=out.options.update(width=10_000)).maximum


def print_rows(out: Console, rows: Rows) -> None:
    """Print a table in the form that fits."""
    every = range(len(rows.columns))
    if not out.is_terminal or _width(out, _table(rows, every, folded=False)) <= out.width:
        out.print(_table(rows, every, folded=False))
        _print_meanings(out, rows, every)
        return
    if _width(out, _table(rows, every, folded=True, narrowest=True)) > out.width:
        rows = _lifted(rows)
    for level in sorted({column.importance for column in rows.columns}):
        kept = [k for k, column in enumerate(rows.columns) if column.importance >= level]
        if _width(out, _table(rows, kept, folded=True, narrowest=True)) <= out.width:
            out.print(_table(rows, kept, folded=True))
            _print_meanings(out, rows, kept)
            left = [_flat(column.name) for column in rows.columns if column.importance < level]
            if left:
                out.print(f"[dim]left out for want of width: {', '.join(left)} (a wider terminal, or --json)[/dim]")
            return
    _print_blocks(out, rows)
    out.print()
    _print_meanings(out, rows, range(len(rows.columns)))


def _lifted(rows: Rows) -> Rows:
    """Without a first column that says the same in all rows: its word begins the title."""
    first = {row[0] for row in rows.cells} - {""}
    if len(first) != 1 or len(rows.cells) < 2 or len(rows.columns) < 3 or rows.heads:
        return rows
    cells = [row[1:] for row in rows.cells]
    return replace(rows, title=f"{first.pop()}: {rows.title}", columns=rows.columns[1:], cells=cells)


def _print_meanings(out: Console, rows: Rows, kept: Sequence[int]) -> None:
    """What the columns that are shown mean, a line or a few each."""
    from rich.table import Table
    from rich.text import Text

    left = {_flat(column.name) for k, column in enumerate(rows.columns) if k not in kept}
    shown = {name: meaning for name, meaning in rows.meanings.items() if name not in left}
    if not shown:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, meaning in shown.items():
        grid.add_row(Text(name, style="dim"), Text(meaning, style="dim"))
    out.print(grid)


def _print_blocks(out: Console, rows: Rows) -> None:
    """A block a row: heading and value, one a line."""
    from rich.text import Text

    out.print(Text(rows.title))
    names = [_flat(column.name) for column in rows.columns]
    width = max(len(name) for name in names)
    lead = ""
    for index, row in enumerate(rows.cells):
        if index in rows.heads:
            out.print(Text(f"\n{row[0]}", style="bold"))
            continue
        lead = row[0].replace(BREAK, " ") or lead
        out.print(Text(f"\n{names[0]:<{width}}  {lead}", style="bold"))
        for name, cell in zip(names[1:], row[1:], strict=True):
            if cell:
                out.print(Text(f"{name:<{width}}  {cell.replace(BREAK, ' ')}"))
    if rows.caption:
        out.print(Text(f"\n{rows.caption}", style="italic"))


def print_markdown(out: Console, markdown: str) -> None:
    """Print a page: set on a terminal, its tables in the form that fits; as it is written where something reads it."""
    if not out.is_terminal:
        out.print(markdown, markup=False, highlight=False)
        return
    from rich.markdown import Markdown

    prose: list[str] = []
    for block in markdown.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if len(lines) > 1 and lines[0].startswith("|") and lines[1].startswith("|--"):
            out.print(Markdown("\n\n".join(prose)))
            prose = []
            out.print()
            print_rows(out, _of_markdown(lines))
        else:
            prose.append(block)
    out.print(Markdown("\n\n".join(prose)))


#: Cells of a page's table that are longer than this are text, which may be folded.
LONG = 24


def _of_markdown(lines: Sequence[str]) -> Rows:
    """A table of a page, whose first row has the headings and whose second the rules."""
    heads, rules, *rest = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    cells = [row + [""] * (len(heads) - len(row)) for row in rest]
    columns = []
    for k, (head, rule) in enumerate(zip(heads, rules, strict=True)):
        longest = max((len(row[k]) for row in cells), default=0)
        justify = "right" if rule.endswith(":") else "left"
        columns.append(Column(head, justify=justify, least=LONG if longest > LONG else None))
    return Rows("", columns, cells)
