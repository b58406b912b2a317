"""Learning is tested on tiny populations; JAX comes with the extra ``learn``."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("jax")
pytest.importorskip("optax")


def pytest_configure(config: pytest.Config) -> None:
    """Most of a tiny training's time is compiling: what runs for milliseconds needs no optimised code."""
    expression = config.getoption("markexpr", "")
    if "learn" not in expression or "not learn" in expression:
        os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
