"""How a command refuses what it was given."""

from __future__ import annotations

import typer


def refusal(message: str) -> typer.Exit:
    """What a command raises for wrong input: the message is printed, and the exit code is 2."""
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(2)
