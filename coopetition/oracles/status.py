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

from coopetition.games.parameters import choose

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


_CLOSED = "tests/oracles/stage/test_closed_forms.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"
_STAGE = "tests/oracles/stage/test_stage.py"
_EPISODE = "tests/oracles/episode/test_episodes.py"
_META = "tests/oracles/meta/test_metagame.py"


def _by_class(everywhere: tuple[str, str, str] | None = None, **classes: tuple[str, str, str]) -> dict[str, Status]:
    """A status for every class: the common one, unless the class has its own."""
    found = {}
    for name in CLASSES:
        chosen = classes.get(name, everywhere)
        assert chosen is not None
        found[name] = Status(*chosen)
    return found


_EPSILON = "tests/oracles/stage/test_stage.py::test_stackelberg_and_maximin_of_more_agents"
_ENUMERATED = ("cross-checked", f"{_CROSS}::test_maximin_on_a_grid", "enumeration on a grid")
_INDUCTION = ("cross-checked", f"{_CROSS}::test_stackelberg_on_a_grid", "backward induction, scalar search")
_LED = ("proven", f"{_CLOSED}::test_teams_with_a_leader_and_against_all", "team production and public goods by hand")
_BARGAINED = ("cross-checked", f"{_CROSS}::test_bargains_on_a_grid", "enumeration on a grid, two players")
_EVOLVED = ("cross-checked", f"{_CROSS}::test_optimum_by_another_search", "differential evolution")
_TR3 = ("proven", f"{_CLOSED}::test_team_nash_and_optimum", "TR-3's closed form, n from 2 to 40")
_SYMMETRIC = (
    "proven",
    f"{_CLOSED}::test_two_player_symmetric_equilibrium",
    "closed first-order condition, two players",
)
_GRID = ("cross-checked", f"{_CROSS}::test_grid_of_2001", "2,001 x 2,001 grid")

_REPLIED = (
    "cross-checked",
    f"{_EPISODE}::test_open_loop_nash",
    "a lower bound; random and evolutionary searches gain nothing where it is zero",
)
_BY_HAND = (
    "proven",
    f"{_EPISODE}::test_exploitability",
    "public goods and team production by hand; CoalitionFormation excepted",
)

STATUS: dict[str, dict[str, Status]] = {
    "nash": _by_class(interdependence=_SYMMETRIC, trust=_GRID, team=_TR3, reciprocity=_SYMMETRIC),
    "coopetitive": _by_class(
        interdependence=("proven", f"{_CLOSED}::test_slcd", "S-LCD with w = D to 1e-7"),
        trust=_GRID,
        team=("cross-checked", f"{_CROSS}::test_discretised_game", "game-theory library on a discretised game"),
        reciprocity=("cross-checked", f"{_CROSS}::test_first_order_conditions", "SciPy root on first-order conditions"),
    ),
    "social_optimum": _by_class(_EVOLVED, team=_TR3),
    "stackelberg": _by_class(_INDUCTION, team=_LED),
    "bargaining": _by_class(
        ("experimental", f"{_STAGE}::test_bargains_are_nobodys_loss", "a cloud of profiles has no better one"),
        interdependence=_BARGAINED,
        trust=_BARGAINED,
        team=("proven", f"{_CLOSED}::test_symmetric_teams_bargain_for_the_optimum", "symmetry and efficiency"),
    ),
    "pareto_front": _by_class(("experimental", f"{_STAGE}::test_frontier", "no sampled profile dominates it")),
    "maximin": _by_class(
        ("experimental", _EPSILON, "its certificate"), interdependence=_ENUMERATED, trust=_ENUMERATED, team=_LED
    ),
    "best_constant": _by_class(("cross-checked", f"{_EPISODE}::test_order_of_values", "all 101 constants")),
    "open_loop_optimum": _by_class(
        ("experimental", f"{_EPISODE}::test_no_agent_alone_improves_the_optimum", "best responses gain nothing"),
        team=("proven", f"{_EPISODE}::test_team_optimum_is_the_repeated_one",
              "payoffs without state: the stage optimum repeated; CoalitionFormation excepted"),
    ),
    "open_loop_nash": _by_class(
        ("cross-checked", f"{_EPISODE}::test_open_loop_nash", "random and evolutionary searches gain nothing"),
        team=("proven", f"{_EPISODE}::test_open_loop_nash",
              "payoffs without state: the stage nash repeated; CoalitionFormation excepted"),
    ),
    "best_response": _by_class(_REPLIED, team=_BY_HAND),
    "exploitability": _by_class(_REPLIED, team=_BY_HAND),
    "empirical_game": _by_class(
        ("cross-checked", f"{_META}::test_tensor_against_single_episodes", "episodes played one by one")
    ),
    "alpha_rank": _by_class(("cross-checked", f"{_META}::test_alpha_rank", "dominance and cycles known in advance")),
    "replicator_dynamics": _by_class(("cross-checked", f"{_META}::test_replicator", "logistic closed form")),
    "dilemma": _by_class(
        ("cross-checked", f"{_CROSS}::test_dilemmas_on_a_grid", "greed and fear on 20,001 levels"),
        team=("proven", f"{_STAGE}::test_dilemma_of_public_goods", "public goods, by hand"),
    ),
}  # fmt: skip


def status_of(concept: str, mechanism: str) -> Status:
    """Status of a concept in a class of environments.

    Raises
    ------
    ValueError
        An unknown concept or class.
    """
    return STATUS[choose("concept", concept, STATUS)][choose("mechanism", mechanism, CLASSES)]
