"""``coopetition list``."""

from __future__ import annotations

from rich.table import Table

from coopetition.commands.asking import console, print_json, refusals
from coopetition.commands.catalogue import catalogue


def run(preset: str, as_json: bool) -> None:
    """Print the twenty environments, as published or under another preset."""
    with refusals():
        entries = catalogue(preset)
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    table = Table(
        title=f"{len(entries)} environments, {preset}",
        title_justify="left",
        caption="presets: `list --preset strong`; TrustDilemmaStrong-v0 is TrustDilemma-v0 under its preset strong",
        caption_justify="left",
    )
    table.add_column("id", no_wrap=True)
    table.add_column("mechanism")
    table.add_column("agents")
    table.add_column("horizon", justify="right")
    table.add_column("presets")
    table.add_column("models")
    for entry in entries:
        agents = f"{len(entry.agents)}: {entry.cast}"
        table.add_row(entry.id, entry.mechanism, agents, str(entry.horizon), ", ".join(entry.presets[1:]), entry.models)
    console().print(table)
