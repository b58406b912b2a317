"""What the tests of the views share."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from mirror import Mirror

import coopetition


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, np.ndarray]]:
    """A stand-in for `coopetition.plot`, which draws nothing and keeps the histories that it was given."""
    seen: list[dict[str, np.ndarray]] = []

    def frame(game: object, history: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(history)
        return np.zeros((40, 60, 3), dtype=np.uint8)

    plot = types.ModuleType("coopetition.plot")
    plot.frame = frame  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "coopetition.plot", plot)
    monkeypatch.setitem(coopetition.__dict__, "plot", plot)
    return seen
