"""Learning is tested on tiny populations; JAX comes with the extra ``learn``."""

from __future__ import annotations

import os

import pytest

# Most of a tiny training's time is compiling. Programs that run for milliseconds need no optimised code; training that
# is to be timed, or takes minutes (-m learn), is run in a process of its own or says so.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

pytest.importorskip("jax")
pytest.importorskip("optax")
