"""``coopetition list``."""

from __future__ import annotations

from rich.table import Table

from coopetition.commands.asking import console, print_json
from coopetition.commands.catalogue import catalogue


def run(as_json: bool) -> None:
    """Print the twenty environments."""
    entries = catalogue()
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    table = Table(title=f"{len(entries)} environments", title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("mechanism")
    table.add_column("agents")
    table.add_column("horizon", justify="right")
    table.add_column("models")
    for entry in entries:
        agents = f"{len(entry.agents)}: {entry.cast}"
        table.add_row(entry.id, entry.mechanism, agents, str(entry.horizon), entry.models)
    console().print(table)
