"""The status of every concept in every class of environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coopetition.games.checks import choose
from coopetition.oracles.evidence import CLASSES, LEVELS, Status, by_class
from coopetition.oracles.stage.registry import concept, concept_names

_STAGE = "tests/oracles/stage/test_stage.py"
_CROSS = "tests/oracles/stage/test_cross_checks.py"
_EPISODE = "tests/oracles/episode/test_episodes.py"
_SEARCHES = "tests/oracles/episode/test_searches.py"
_ATTACKS = "tests/oracles/episode/test_attacks.py"
_UNIQUE = "tests/oracles/stage/test_uniqueness.py"
_META = "tests/oracles/meta/test_metagame.py"
_RANKED = "tests/oracles/meta/test_alpha_rank.py"

_REPLIED = Status(
    "cross-checked",
    f"{_ATTACKS}::test_evolved_replies_to_a_policy",
    "a lower bound; a genetic algorithm and the cross-entropy method reach no more over wide random parameters",
)
_LOOKED = Status(
    "cross-checked",
    f"{_SEARCHES}::test_quick_replies_in_all_twenty",
    "a lower bound; at least 80 % of the best reply known to policies that look",
)
_BY_HAND = Status(
    "proven",
    f"{_EPISODE}::test_exploitability",
    "public goods and team production by hand; CoalitionFormation excepted",
)

#: Of episodes and meta-games; a concept of the stage game states its own where it is registered.
BEYOND_THE_STAGE: dict[str, dict[str, Status]] = {
    "best_constant": by_class(Status("cross-checked", f"{_EPISODE}::test_order_of_values", "all 101 constants")),
    "open_loop_optimum": by_class(
        Status(
            "cross-checked",
            f"{_SEARCHES}::test_drawn_games",
            "within .3 % of the best of two searches of other methods, each of twenty times the episodes",
        ),
        team=Status(
            "proven",
            f"{_EPISODE}::test_team_optimum_is_the_repeated_one",
            "payoffs without state: the stage optimum repeated; CoalitionFormation excepted",
        ),
    ),
    "open_loop_nash": by_class(
        Status(
            "cross-checked",
            f"{_ATTACKS}::test_evolved_replies_to_an_equilibrium",
            "what is certified: evolved and random replies gain nothing to speak of, over wide random parameters",
        ),
        team=Status(
            "proven",
            f"{_EPISODE}::test_open_loop_nash",
            "payoffs without state: the stage nash repeated; CoalitionFormation excepted",
        ),
    ),
    "best_response": by_class(_REPLIED, team=_BY_HAND),
    "exploitability": by_class(_LOOKED, team=_BY_HAND),
    "yardstick": by_class(
        Status(
            "cross-checked",
            f"{_EPISODE}::test_stored_equilibria",
            "constants, switches and shifts gain nothing against the nash; CoalitionFormation (private) has none",
        )
    ),
    "uniqueness": by_class(
        Status("proven", f"{_UNIQUE}::test_proofs", "for payoffs a theorem over the whole box; samples prove nothing")
    ),
    "empirical_game": by_class(
        Status("cross-checked", f"{_META}::test_tensor_against_single_episodes", "episodes played one by one")
    ),
    "alpha_rank": by_class(
        Status(
            "cross-checked",
            f"{_RANKED}::test_against_exact_arithmetic",
            "exact arithmetic, up to five strategies",
        )
    ),
    "replicator_dynamics": by_class(Status("cross-checked", f"{_META}::test_replicator", "logistic closed form")),
    "dilemma": by_class(
        Status("cross-checked", f"{_CROSS}::test_dilemmas_on_a_grid", "greed and fear on 20,001 levels"),
        team=Status("proven", f"{_STAGE}::test_dilemma_of_public_goods", "public goods, by hand"),
    ),
}


class Statuses(Mapping[str, Mapping[str, Status]]):
    """Every concept's status in every class, registered concepts among them."""

    def __getitem__(self, name: str) -> Mapping[str, Status]:
        return BEYOND_THE_STAGE[name] if name in BEYOND_THE_STAGE else concept(name).status

    def __iter__(self) -> Iterator[str]:
        return iter((*concept_names(), *BEYOND_THE_STAGE))

    def __len__(self) -> int:
        return len(concept_names()) + len(BEYOND_THE_STAGE)


STATUS = Statuses()

__all__ = ["CLASSES", "LEVELS", "STATUS", "Status", "Statuses", "status_of"]


def status_of(concept: str, mechanism: str) -> Status:
    """Status of a concept in a class of environments.

    Raises
    ------
    ValueError
        An unknown concept or class.
    """
    return STATUS[choose("concept", concept, STATUS)][choose("mechanism", mechanism, CLASSES)]
