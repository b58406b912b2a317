"""``coopetition list``."""

from __future__ import annotations

from coopetition.commands.asking import console, print_json, refusals
from coopetition.commands.options import Json, Preset
from coopetition.commands.tables import Column, Rows, print_rows, text


def list_environments(preset: Preset = None, as_json: Json = False) -> None:
    """List the twenty environments: mechanism, agents, horizon, presets, and what each models."""
    from coopetition.commands.catalogue import catalogue

    with refusals():
        entries = catalogue(preset or "published")
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    columns = (
        text("id"),
        text("mechanism", 5),
        text("agents", 6, least=12),
        Column("horizon", 4),
        text("presets", 3, least=10),
        text("models", 7, least=24),
    )
    cells = [
        (
            entry.id,
            entry.mechanism,
            f"{len(entry.agents)}: {entry.cast}",
            str(entry.horizon),
            ", ".join(entry.presets[1:]),
            entry.models,
        )
        for entry in entries
    ]
    caption = "presets: `list --preset strong`; TrustDilemmaStrong-v0 is TrustDilemma-v0 under its preset strong"
    print_rows(console(), Rows(f"{len(entries)} environments, {preset or 'published'}", columns, cells, caption))
