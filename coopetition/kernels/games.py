"""One step of a game: the two templates that all twenty environments share, and the rules they may replace.

A template runs the mechanisms in the order in which the reports apply them. An environment with rules of its
own replaces some of the empty functions below, or one of the mechanisms, through `specialise`; it never copies a
template.
"""

from __future__ import annotations

from typing import Any

from coopetition.kernels.compiled import compiled
from coopetition.kernels.loyalty import loyal_utilities, team_payoffs, update_loyalty
from coopetition.kernels.places import MEMORY_LENGTH
from coopetition.kernels.reciprocity import reciprocate, remember, responses
from coopetition.kernels.trust import end_by_trust, expected_levels, integrate, update_trust
from coopetition.kernels.value import equal_terms, private_payoffs


@compiled
def expectations(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Rule: change what is expected of an agent before its signal is read."""


@compiled
def standings(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Rule: move public standings and shares, after trust and before pay."""


@compiled
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Rule: change payoffs and utilities after they are computed."""


@compiled
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Rule: move state at the end of the step, after pay and after the end was judged."""


@compiled
def assemble(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Rule: decide who is in the team, after loyalty and before pay."""


@compiled
def play_trust_game(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """TR-1 paid under TR-2's trust, and under TR-4's reciprocity where a memory exists."""
    expected_levels(at, parameters, work)
    expectations(at, parameters, state, work)
    update_trust(at, parameters, state, work)
    equal_terms(at, parameters, work)
    standings(at, parameters, state, work)
    private_payoffs(at, parameters, state, work)
    integrate(at, parameters, state, work)
    if at[MEMORY_LENGTH] > 0:
        responses(at, parameters, state, work)
        reciprocate(at, parameters, state, work)
        remember(at, state, work)
    settle(at, parameters, state, work)
    end_by_trust(at, parameters, state, work)
    turn(at, parameters, state, work)


@compiled
def play_team_game(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """TR-3: loyalty moves first, then the team is paid."""
    update_loyalty(at, parameters, state, work)
    assemble(at, parameters, state, work)
    team_payoffs(at, parameters, state, work)
    loyal_utilities(at, parameters, state, work)
    settle(at, parameters, state, work)
    turn(at, parameters, state, work)
