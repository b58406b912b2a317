"""One step of a game as a list of stages: the mechanisms in the order in which the reports apply them.

An environment with rules of its own adds or replaces stages; it never copies a mechanism.
"""

from __future__ import annotations

from coopetition.kernels.loyalty import loyal_utilities, team_payoffs, update_loyalty
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.reciprocity import reciprocate, remember, responses
from coopetition.kernels.trust import end_by_trust, expected_levels, integrate, update_trust
from coopetition.kernels.value import equal_terms, private_payoffs


def trust_game(
    *,
    expectations: Stage | None = None,
    standings: Stage | None = None,
    update_trust: Stage = update_trust,
    integrate: Stage = integrate,
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
    update_trust, integrate : Stage
        Move trust, and turn payoffs into utilities.
    settle : Stage, optional
        Changes payoffs and utilities after they are computed.
    turn : Stage, optional
        Moves state at the end, after the game's own end was judged.
    """
    stages = [expected_levels, expectations, update_trust, equal_terms, standings, private_payoffs, integrate]
    stages += [settle, end_by_trust, turn]
    return [part for part in stages if part is not None]


def reciprocity_game(
    *, responses: Stage = responses, reciprocate: Stage = reciprocate, turn: Stage | None = None
) -> list[Stage]:
    """The trust game with TR-4's reciprocity added to utilities.

    Parameters
    ----------
    responses : Stage
        Writes phi of what is read of each agent.
    reciprocate : Stage
        Adds responses to utilities; `reciprocate_each` where agents read each other in different ways.
    turn : Stage, optional
        Moves state at the end.
    """
    stages = [expected_levels, update_trust, equal_terms, private_payoffs, integrate, responses, reciprocate]
    stages += [remember, end_by_trust]
    return stages if turn is None else [*stages, turn]


def team_game(
    *,
    assemble: Stage | None = None,
    payoffs: Stage = team_payoffs,
    utilities: Stage = loyal_utilities,
    turn: Stage | None = None,
) -> list[Stage]:
    """TR-3: loyalty moves first, then the team is paid.

    Parameters
    ----------
    assemble : Stage, optional
        Decides who is in the team.
    payoffs, utilities : Stage
        Pay.
    turn : Stage, optional
        Moves state, or ends the game, at the end.
    """
    return [part for part in (update_loyalty, assemble, payoffs, utilities, turn) if part is not None]
