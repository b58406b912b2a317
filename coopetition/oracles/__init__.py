"""Oracles: game-theoretic solutions with certificates that anyone can recompute.

Stage game: `solve`, `solve_many`, `equilibria`, `certify`, `prices`, `added_value`, `dependence_power`, `dilemma`; its
concepts are `CONCEPTS`, and `register_concept` adds one. Episodes: `best_constant`, `open_loop_optimum`,
`open_loop_nash`, `best_response`, `exploitability`, `normalised_return`. Policies: `Oracle` and the seven names of
`ORACLES`. Meta-games: `empirical_game`, `replicator_dynamics`, `alpha_rank`, `tournament`. Names load when they are
first used, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "stage.game": ("StageGame", "Objective", "as_game", "OBJECTIVES"),
    "stage.solution": ("Solution", "Certificate", "NotConverged"),
    "stage.solving": ("solve", "equilibria", "certify", "EquilibriumSet"),
    "stage.many": ("solve_many", "ManySolutions"),
    "stage.registry": ("CONCEPTS", "Concept", "concept_names", "register_concept", "unregister_concept"),
    "evidence": ("Status",),
    "stage.stability": ("spectral_radius", "rosen_condition", "RosenReport"),
    "stage.information": ("with_gamma_known", "Informed"),
    "stage.uniqueness": ("Uniqueness",),
    "stage.pareto_front": ("Frontier",),
    "stage.indices": ("prices", "Prices", "added_value", "value_created", "dependence_power", "PowerIndices"),
    "episode.rollouts": ("Episode",),
    "episode.results": ("Sequences",),
    "episode.constants": ("constant_returns", "best_constant"),
    "episode.optimum": ("open_loop_optimum",),
    "episode.nash": ("open_loop_nash",),
    "episode.replies": ("best_response",),
    "episode.exploitability": ("exploitability", "Exploitability"),
    "episode.yardstick": ("yardstick", "Yardstick", "normalised_return", "efficiency"),
    "meta.empirical_game": ("EmpiricalGame", "empirical_game", "symmetric_payoffs"),
    "meta.replicator": ("replicator_dynamics", "Replicator"),
    "meta.alpha_rank": ("alpha_rank", "AlphaRank"),
    "episode.patience": ("critical_continuation", "CriticalContinuation"),
    "conditions": ("stakes", "Stakes", "margin", "Margin"),
    "meta.diversity": ("suite_diversity", "SuiteDiversity"),
    "meta.tournament": ("tournament", "Tournament"),
    "policies": ("Oracle", "ORACLES", "oracles_of"),
    "dilemmas": ("dilemma", "Dilemma", "dilemma_along", "dilemma_along_each", "dilemma_table"),
    "status": ("STATUS", "status_of"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
