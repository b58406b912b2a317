"""The coopetitive equilibrium of the stage game: no agent gains utility by leaving alone."""

from __future__ import annotations

from coopetition.oracles.evidence import Status, by_class
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective, StageGame
from coopetition.oracles.stage.registry import register_concept
from coopetition.oracles.stage.solution import Solution

#: Where the tests are that `status` names.
_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"


@register_concept(
    "coopetitive",
    objective="integrated",
    about="no agent gains utility, with interdependence and trust, by leaving alone",
    source="Pant and Yu, arXiv:2510.18802 (TR-1)",
    status=by_class(
        interdependence=Status("proven", f"{_CLOSED}::test_slcd", "S-LCD with w = D to 1e-7"),
        trust=Status("cross-checked", f"{_CROSS}::test_grid_of_2001", "2,001 x 2,001 grid"),
        team=Status(
            "cross-checked",
            f"{_CROSS}::test_discretised_game",
            "game-theory library on a discretised game",
        ),
        reciprocity=Status(
            "cross-checked",
            f"{_CROSS}::test_first_order_conditions",
            "SciPy root on first-order conditions",
        ),
    ),
)
def coopetitive(
    stage: StageGame,
    objective: Objective,
    start: Array | None = None,
    *,
    strict: bool = True,
    tolerance: float | None = None,
    starts: int = 12,
    seed: int = 0,
) -> Solution:
    """One certified equilibrium; see `coopetition.oracles.stage.equilibrium`.

    Parameters
    ----------
    start : ndarray (N,), optional
        Levels tried first.
    tolerance : float, optional
        Largest gain of a deviation, in payoff; by default a part of the game's scale.
    starts, seed : int
        Starting profiles at most; seed of the random ones.

    Raises
    ------
    NotConverged
        None was found, unless `strict` is False.
    """
    return equilibrium(
        stage, objective, "coopetitive", start, strict=strict, tolerance=tolerance, starts=starts, seed=seed
    )
