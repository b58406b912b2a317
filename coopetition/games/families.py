"""Families of games: the fields they have, the numbers that their kernels read, what is seen, and a step's stages.

A step is a list of stages: the mechanisms in the order in which the reports apply them. An environment with rules of
its own adds or replaces stages; it never copies a mechanism.

What a family's kernels read it declares by name: the name of a number is that of a parameter, a property or a method of
its parameters, in capitals. One that is missing is an error when a game is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from coopetition.games.checks import nearest
from coopetition.games.fields import Column, between_others, from_others, others, own_first, towards_others

if TYPE_CHECKING:
    from coopetition.kernels.machine.compiled import Stage


@dataclass(frozen=True)
class Family:
    """What games of a family share.

    Attributes
    ----------
    name : str
        Its name.
    fields : tuple of str
        The lines of `coopetition.games.fields.FIELDS` that it has, in the order in which they lie.
    integers, scalars, vectors, matrices : tuple of str
        What its kernels read of the parameters.
    columns : tuple of Column
        What agents see, between the rates and what the environment adds.
    joint : tuple of (str, str)
        Names and fields of the joint state, in order.
    stages : callable
        The stages of one step; keyword arguments replace or add some.
    """

    name: str
    fields: tuple[str, ...]
    integers: tuple[str, ...]
    scalars: tuple[str, ...]
    vectors: tuple[str, ...]
    matrices: tuple[str, ...]
    columns: tuple[Column, ...]
    joint: tuple[tuple[str, str], ...]
    stages: Callable[..., list[Stage]]


F = TypeVar("F", bound=Callable[..., Any])


def _naming_stages(function: F) -> F:
    """The same function, whose error for an unknown keyword says which there are."""
    allowed = tuple(inspect.signature(function).parameters)

    @wraps(function)
    def checked(*arguments: Any, **stages: Any) -> Any:
        for name in stages:
            if name not in allowed:
                names = ", ".join(allowed)
                raise TypeError(
                    f"{function.__name__}() has no stage {name!r}; allowed: {names}{nearest(name, allowed)}"
                )
        return function(*arguments, **stages)

    return cast(F, checked)


@_naming_stages
def trust_game(
    *,
    expectations: Stage | None = None,
    standings: Stage | None = None,
    update_trust: Stage | None = None,
    integrate: Stage | None = None,
    settle: Stage | None = None,
    turn: Stage | None = None,
) -> list[Stage]:
    """TR-1 paid under TR-2's trust.

    Parameters
    ----------
    expectations : Stage, optional
        Changes what is expected of an agent before its signal is read.
    standings : Stage, optional
        Moves public standings and shares, after trust and before pay.
    update_trust, integrate : Stage, optional
        Move trust, and turn payoffs into utilities, instead of the family's.
    settle : Stage, optional
        Changes payoffs and utilities after they are computed.
    turn : Stage, optional
        Moves state at the end, after the game's own end was judged.
    """
    from coopetition.kernels import trust, value

    stages = [
        trust.expected_levels,
        expectations,
        update_trust or trust.update_trust,
        value.equal_terms,
        standings,
        value.private_payoffs,
        integrate or trust.integrate,
        settle,
        trust.end_by_trust,
        turn,
    ]
    return [part for part in stages if part is not None]


@_naming_stages
def reciprocity_game(
    *, responses: Stage | None = None, reciprocate: Stage | None = None, turn: Stage | None = None
) -> list[Stage]:
    """The trust game with TR-4's reciprocity added to utilities.

    Parameters
    ----------
    responses : Stage, optional
        Writes phi of what is read of each agent, instead of the family's.
    reciprocate : Stage, optional
        Adds responses to utilities; `reciprocate_each` where agents read each other in different ways.
    turn : Stage, optional
        Moves state at the end.
    """
    from coopetition.kernels import reciprocity, trust, value

    stages = [
        trust.expected_levels,
        trust.update_trust,
        value.equal_terms,
        value.private_payoffs,
        trust.integrate,
        responses or reciprocity.responses,
        reciprocate or reciprocity.reciprocate,
        reciprocity.remember,
        trust.end_by_trust,
        turn,
    ]
    return [part for part in stages if part is not None]


@_naming_stages
def team_game(
    *,
    assemble: Stage | None = None,
    payoffs: Stage | None = None,
    utilities: Stage | None = None,
    turn: Stage | None = None,
) -> list[Stage]:
    """TR-3: loyalty moves first, then the team is paid.

    Parameters
    ----------
    assemble : Stage, optional
        Decides who is in the team.
    payoffs, utilities : Stage, optional
        Pay, instead of the family's.
    turn : Stage, optional
        Moves state, or ends the game, at the end.
    """
    from coopetition.kernels import loyalty

    stages = [
        loyalty.update_loyalty,
        assemble,
        payoffs or loyalty.team_payoffs,
        utilities or loyalty.loyal_utilities,
        turn,
    ]
    return [part for part in stages if part is not None]


#: What every game has, whatever its family.
COMMON_FIELDS = ("rates", "time", "ended", "outcome", "payoff_total", "reward_total")
COMMON_SCALARS = ("horizon", "noise_deviation", "continuation", "tremble", "monitoring_noise")
COMMON_VECTORS = ("endowment", "baseline", "baseline_rate")

TRUST = Family(
    "trust",
    fields=(*COMMON_FIELDS, "trust", "damage", "dependence", "gamma"),
    integers=("value_form", "watches_trust"),
    scalars=(
        *COMMON_SCALARS,
        *("lambda_plus", "lambda_minus", "mu_R", "delta_R", "xi", "kappa"),
        *("theta", "beta", "collapse_threshold", "recovery_target", "synergy_scale"),
    ),
    vectors=(*COMMON_VECTORS, "sigma", "shares"),
    matrices=("dependence", "watched"),
    columns=(
        Column("trust_in", "trust", towards_others),
        Column("trust_from", "trust", from_others, full=True),
        Column("damage_held", "damage", towards_others),
        Column("damage_from", "damage", from_others, full=True),
        Column("dependence", "dependence", towards_others),
        Column("trust_others", "trust", between_others, full=True),
        Column("damage_others", "damage", between_others, full=True),
    ),
    joint=(("trust", "trust"), ("damage", "damage"), ("dependence", "dependence")),
    stages=trust_game,
)

RECIPROCITY = Family(
    "reciprocity",
    fields=(*TRUST.fields, "memory", "memory_mean"),
    integers=(*TRUST.integers, "memory_length", "reciprocity_form"),
    scalars=(*TRUST.scalars, "omega", "lambda_R", "kappa_r", "mean_endowment"),
    vectors=TRUST.vectors,
    matrices=(*TRUST.matrices, "sensitivity"),
    columns=(*TRUST.columns, Column("memory", "memory_mean", others)),
    joint=(*TRUST.joint, ("memory", "memory_mean")),
    stages=reciprocity_game,
)

TEAM = Family(
    "team",
    fields=(*COMMON_FIELDS, "loyalty"),
    integers=("teammates",),
    scalars=(
        *COMMON_SCALARS,
        *("omega", "beta", "cost", "phi_B", "phi_C"),
        *("loyalty_gain", "loyalty_loss", "loyalty_threshold", "loyalty_cap"),
    ),
    vectors=(*COMMON_VECTORS, "kept"),
    matrices=(),
    columns=(Column("loyalty", "loyalty", own_first),),
    joint=(("loyalty", "loyalty"),),
    stages=team_game,
)

FAMILIES: dict[str, Family] = {family.name: family for family in (TRUST, TEAM, RECIPROCITY)}


def family_of(parameters: Any) -> Family:
    """The family of a game's parameters; a class that names none, or an unknown one, is a TypeError."""
    name = parameters.family
    if name not in FAMILIES:
        raise TypeError(
            f"{parameters.id or type(parameters).__name__}: family = {name!r} is none of {', '.join(FAMILIES)}; "
            "subclass TrustParameters, TeamParameters or ReciprocityParameters"
        )
    return FAMILIES[name]
