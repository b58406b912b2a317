"""The Nash equilibrium of the stage game: no agent gains payoff by leaving alone."""

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
    "nash",
    objective="private",
    about="no agent gains payoff by leaving alone",
    source="Nash, Annals of Mathematics 54, 1951",
    status=by_class(
        interdependence=Status(
            "proven",
            f"{_CLOSED}::test_two_player_symmetric_equilibrium",
            "closed first-order condition, two players",
        ),
        trust=Status("cross-checked", f"{_CROSS}::test_grid_of_2001", "2,001 x 2,001 grid"),
        team=Status(
            "proven",
            f"{_CLOSED}::test_team_nash_and_optimum",
            "TR-3's closed form, n from 2 to 40",
        ),
        reciprocity=Status(
            "proven",
            f"{_CLOSED}::test_two_player_symmetric_equilibrium",
            "closed first-order condition, two players",
        ),
    ),
)
def nash(
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
    return equilibrium(stage, objective, "nash", start, strict=strict, tolerance=tolerance, starts=starts, seed=seed)
