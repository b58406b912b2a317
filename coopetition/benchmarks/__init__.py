"""Benchmarks: one table of goals, our figures, references measured beside them, ratios and verdicts.

`coopetition bench` prints it; `measure` is the same from Python. Ratios come from one run in which the cases
take turns, so that a machine's mood hits all of them; a figure is the median of at least five turns. Nothing here
asserts a speed.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Report": "report",
    "Row": "report",
    "compare": "report",
    "measure": "suite",
    "SECTIONS": "suite",
    "interleaved": "timing",
}
__all__ = ["SECTIONS", "Report", "Row", "compare", "interleaved", "measure"]  # noqa: F822


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
