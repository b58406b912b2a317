"""Learners: populations of runs, trained with JAX (extra ``learn``) and played with NumPy.

`learn` trains, `algorithms` lists what there is, `register_algorithm` adds to it. Names load when they are first used,
so that importing this package does not import JAX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coopetition.baselines.learning.algorithm import Algorithm, algorithms, register_algorithm
    from coopetition.baselines.learning.population import Curves, Run, TrainedPopulation, read_population
    from coopetition.baselines.learning.training import learn

__all__ = [
    "Algorithm",
    "Curves",
    "Run",
    "TrainedPopulation",
    "algorithms",
    "learn",
    "read_population",
    "register_algorithm",
]

_HOMES = {
    "Algorithm": "algorithm",
    "Curves": "population",
    "Run": "population",
    "TrainedPopulation": "population",
    "algorithms": "algorithm",
    "learn": "training",
    "read_population": "population",
    "register_algorithm": "algorithm",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
