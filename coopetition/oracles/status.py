"""How far each concept can be trusted in each class of environments, and which test shows it.

proven
    A closed form or a theorem gives the answer, and a test compares the two.
cross-checked
    A second, independent method agrees, in a test.
experimental
    The certificate of the solution itself is all there is; it is a lower bound of what could be gained.
"""

from __future__ import annotations

from dataclasses import dataclass

from coopetition.parameters import choose

CLASSES = ("interdependence", "trust", "team", "reciprocity")
LEVELS = ("proven", "cross-checked", "experimental")


@dataclass(frozen=True)
class Status:
    """Status of a concept in a class of environments.

    Attributes
    ----------
    level : str
        One of `LEVELS`.
    test : str
        Path and name of the test that shows it.
    why : str
        One line.
    """

    level: str
    test: str
    why: str


_CLOSED = "tests/oracles/test_closed_forms.py"
_CROSS = "tests/oracles/test_cross_checks.py"
_STAGE = "tests/oracles/test_stage.py"
_EPISODE = "tests/oracles/test_episodes.py"
_META = "tests/oracles/test_metagame.py"


def _everywhere(level: str, test: str, why: str) -> dict[str, Status]:
    return dict.fromkeys(CLASSES, Status(level, test, why))


STATUS: dict[str, dict[str, Status]] = {
    "nash": {
        "interdependence": Status("proven", f"{_CLOSED}::test_two_player_symmetric_equilibrium",
                                  "first-order condition in closed form; contraction in log a"),
        "trust": Status("cross-checked", f"{_CROSS}::test_grid_of_2001", "2,001 x 2,001 grid of payoffs"),
        "team": Status("proven", f"{_CLOSED}::test_team_nash_and_optimum", "TR-3's closed form, n = 2..40"),
        "reciprocity": Status("proven", f"{_CLOSED}::test_two_player_symmetric_equilibrium",
                              "payoffs are TR-1's"),
    },
    "coopetitive": {
        "interdependence": Status("proven", f"{_CLOSED}::test_slcd", "S-LCD with w = D to 1e-7"),
        "trust": Status("cross-checked", f"{_CROSS}::test_grid_of_2001", "2,001 x 2,001 grid of utilities"),
        "team": Status("cross-checked", f"{_CROSS}::test_discretised_game", "game-theory library on a discretised game"),
        "reciprocity": Status("cross-checked", f"{_CROSS}::test_first_order_conditions",
                              "SciPy root on first-order conditions of another kind of difference"),
    },
    "social_optimum": {
        "interdependence": Status("cross-checked", f"{_CROSS}::test_optimum_by_another_search", "differential evolution"),
        "trust": Status("cross-checked", f"{_CROSS}::test_optimum_by_another_search", "differential evolution"),
        "team": Status("proven", f"{_CLOSED}::test_team_nash_and_optimum", "TR-3's closed form, n = 2..40"),
        "reciprocity": Status("cross-checked", f"{_CROSS}::test_optimum_by_another_search", "differential evolution"),
    },
    "stackelberg": _everywhere("cross-checked", f"{_CROSS}::test_stackelberg_on_a_grid", "backward induction on a grid"),
    "bargaining": _everywhere("cross-checked", f"{_CROSS}::test_bargains_on_a_grid", "enumeration on a grid, two players"),
    "pareto_front": _everywhere("experimental", f"{_STAGE}::test_frontier", "no sampled profile dominates it"),
    "maximin": _everywhere("cross-checked", f"{_CROSS}::test_maximin_on_a_grid", "enumeration on a grid"),
    "best_constant": _everywhere("cross-checked", f"{_EPISODE}::test_order_of_values", "all 101 constants"),
    "open_loop_optimum": {
        **_everywhere("experimental", f"{_EPISODE}::test_order_of_values",
                      "never below any constant; single replacements gain nothing"),
        "team": Status("proven", f"{_EPISODE}::test_team_optimum_is_the_repeated_one",
                       "payoffs do not depend on state: the stage optimum repeated"),
    },
    "open_loop_nash": {
        **_everywhere("experimental", f"{_EPISODE}::test_open_loop_nash", "best responses found gain nothing"),
        "team": Status("proven", f"{_EPISODE}::test_open_loop_nash", "payoffs do not depend on state: the stage nash repeated"),
    },
    "best_response": _everywhere("experimental", f"{_EPISODE}::test_exploitability", "a lower bound, checked by random search"),
    "exploitability": _everywhere("experimental", f"{_EPISODE}::test_exploitability", "a lower bound"),
    "empirical_game": _everywhere("cross-checked", f"{_META}::test_tensor_against_single_episodes", "episodes stepped one by one"),
    "alpha_rank": _everywhere("cross-checked", f"{_META}::test_alpha_rank", "dominance and cycles known in advance"),
    "replicator_dynamics": _everywhere("cross-checked", f"{_META}::test_replicator", "logistic closed form"),
    "dilemma": _everywhere("cross-checked", f"{_STAGE}::test_dilemma_of_public_goods", "public goods, by hand"),
}  # fmt: skip


def status_of(concept: str, mechanism: str) -> Status:
    """Status of a concept in a class of environments.

    Raises
    ------
    ValueError
        An unknown concept or class.
    """
    return STATUS[choose("concept", concept, STATUS)][choose("mechanism", mechanism, CLASSES)]
