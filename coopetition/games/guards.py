"""Guards: what a stage reads must be there. Asked when a game is first stepped, not while it is.

A kernel reads memory by number. A stage that names a field its game lacks would write over somebody else's rows, and
one that reads a number nobody filled in would compute with whatever lies there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from coopetition.games.checks import nearest
from coopetition.kernels.machine import numbers

if TYPE_CHECKING:
    from coopetition.games.game import Game

#: What every game's kernels may read, whatever its family: filled in by `Game`, or scratch.
ALWAYS = {
    "Integer": {"N"},
    "Vector": {"ACTION_LOW", "ACTION_SPAN"},
    "Outcome": set(numbers.Outcome.numbers),
    "Work": set(numbers.Work.numbers),
}
WORDS = {
    "State": "state field",
    "Integer": "integer",
    "Scalar": "number",
    "Vector": "number per agent",
    "Matrix": "number per pair",
    "Outcome": "outcome",
    "Work": "scratch vector",
}


class StageError(TypeError):
    """A stage that reads what its game does not have."""


def check_stages(game: Game, stages: Iterable[Any]) -> None:
    """Refuse a stage that reads a name which the game does not have, its merged callees included.

    Raises
    ------
    StageError
        Naming the stage, what it reads, and the game.
    """
    from coopetition.kernels.machine.names import read_by

    known = known_numbers(game)
    for part in stages:
        if not hasattr(part, "address"):
            raise StageError(f"{game.id}: {part!r} is listed among the stages and is none; decorate it with @stage")
        reading = read_by(part)
        stage = f"{part.body.__module__}.{part.body.__qualname__}"
        for (space, name), number in reading.names.items():
            if space not in WORDS:
                raise StageError(f"{game.id}: the stage {stage} reads {space}.{name}, which only the driver may")
            if number is None or (name, int(number)) not in known[space]:
                held = sorted({one for one, _ in known[space]})
                raise StageError(
                    f"{game.id}: the stage {stage} reads the {WORDS[space]} {space}.{name}, which this game does not "
                    f"have{nearest(name, held)} (it has {', '.join(held)})"
                )


def check_used(game: Game, stages: Iterable[Any]) -> None:
    """Refuse a reward mode that pays nothing, and what an environment without stages of its own declares for them.

    Raises
    ------
    StageError
        Naming the mode's stage, or the fields and parameters.
    """
    from coopetition.games.parameters import Parameters
    from coopetition.kernels.machine.names import read_by

    paying = game.mode.stage()
    if ("Work", "REWARD") not in read_by(paying).names:
        raise StageError(
            f"{game.id}: the stage {paying.body.__module__}.{paying.body.__qualname__} of the reward mode "
            f"{game.mode.name!r} never writes Work.REWARD, so that it would pay nothing"
        )
    cls = type(game.parameters)
    if cls.stages is not Parameters.stages:
        return
    read = {name for part in stages for name in read_by(part).names}
    fields = [line.name for line in game.additions if ("State", line.name.upper()) not in read]
    declared = [name for name, (space, _) in cls._own_numbers.items() if (space, name.upper()) not in read]
    unread = [f"the state field {name!r}" for name in fields] + [f"the kernel number {name!r}" for name in declared]
    if unread:
        environment = cls.published_class()
        own = [name for name, value in vars(environment).items() if callable(value)]
        raise StageError(
            f"{game.id} declares {', '.join(unread)}, which none of its family's stages reads: "
            f"{environment.__name__} has no method stages{nearest('stages', own)}"
        )


def needs_pairs(stages: Iterable[Any]) -> bool:
    """Whether a stage uses the scratch matrix of n * n rows."""
    from coopetition.kernels.machine.memory import work_matrix
    from coopetition.kernels.machine.names import read_by

    return any(called is work_matrix for part in stages for called in read_by(part).called)


def known_numbers(game: Game) -> dict[str, set[tuple[str, int]]]:
    """The names of each namespace that the game's stages may read, with their numbers."""
    cls = type(game.parameters)
    known: dict[str, set[tuple[str, int]]] = {}
    for space in WORDS:
        names: Any = getattr(numbers, space)
        known[space] = {(name, int(number)) for name, number in names.numbers.items() if name in ALWAYS.get(space, ())}
    known["Outcome"] = {(name, int(number)) for name, number in cls.Outcome.numbers.items()}
    known["State"] = {(name, int(number)) for name, number in cls.State.numbers.items() if name.lower() in game.layout}
    for space, declared in game.declared_numbers().items():
        known[space] |= {(number.name, int(number)) for number in declared}
    return known
