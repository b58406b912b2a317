"""The whole benchmark, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from coopetition.benchmarks.report import Curve, Report, Row
from coopetition.benchmarks.timing import Effort, machine
from coopetition.games.parameters import choose

#: Section: the module and the function that measures it.
SECTIONS = {
    "batches": ("throughput", "rows"),
    "games": ("throughput", "game_rows"),
    "views": ("views", "rows"),
    "start": ("startup", "rows"),
    "solving": ("solving", "rows"),
    "learning": ("learning", "rows"),
    "growth": ("growth", "curves"),
    "profile": ("profile", "rows"),
}


def measure(
    effort: Effort | None = None,
    sections: Iterable[str] | None = None,
    report: Callable[[str], None] | None = None,
) -> Report:
    """Measure.

    Parameters
    ----------
    effort : Effort, optional
    sections : iterable of str, optional
        Of `SECTIONS`; all by default.
    report : callable, optional
        Told each section before it starts.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        An unknown section.
    RuntimeError
        A reference that does not play the same game.
    """
    effort = effort or Effort()
    chosen = [choose("section", name, SECTIONS) for name in (sections or SECTIONS)]
    rows: list[Row] = []
    curves: list[Curve] = []
    for name in chosen:
        if report is not None:
            report(name)
        module, function = SECTIONS[name]
        for found in getattr(import_module(f"{__package__}.{module}"), function)(effort):
            (curves if isinstance(found, Curve) else rows).append(found)
    return Report(machine(), tuple(rows), tuple(curves))
