"""The whole page: what its author says of an environment, and what follows from its numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from coopetition.envs import environment_class
from coopetition.envs.complete import page_of
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.oracles.stage.solved import solved_stage
from coopetition.pages import beside
from coopetition.pages import sections as write

#: Sections that are written from the game, in the order of the page.
SECTIONS = (
    "Worked step",
    "Agents",
    "Action space",
    "Observation space",
    "Rewards",
    "Starting state",
    "Episode end",
    "Constant rates",
    "Equilibria",
    "Presets",
    "Arguments",
)
#: Sections after which they stand; what an author adds otherwise, such as References, comes last.
BEFORE = ("", "Payoff", "Dynamics")


def sections(environment: str | Parameters | Game, equilibria: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What follows from a game's numbers, by the heading of its section.

    Parameters
    ----------
    environment : str, Parameters or Game
        An id, of a preset too, parameters with any numbers, or a game.
    equilibria : mapping, optional
        Solutions of its stage game, by concept, for the table of equilibria; by default those that are kept for the
        defaults of the twenty, see `coopetition.oracles.stage.solved`.

    Examples
    --------
    >>> from coopetition.pages import sections
    >>> print(sections("TeamProduction-v0")["Agents"].splitlines()[2])
    | 0-3 | worker_0 to worker_3 | 50 | 20 |
    """
    if isinstance(environment, str):
        environment = environment_class(environment)()
    game = environment if isinstance(environment, Game) else Game(environment)
    return {
        "Worked step": write.worked_step(game),
        "Agents": write.agents(game),
        "Action space": write.action_space(game),
        "Observation space": write.observation_space(game),
        "Rewards": write.rewards(game),
        "Starting state": write.starting_state(game),
        "Episode end": write.ends(game),
        "Constant rates": write.constant_rates(game),
        "Equilibria": write.equilibria(game, solved_stage(game) if equilibria is None else equilibria),
        "Presets": write.presets(game),
        "Arguments": write.arguments(game),
    }


def with_numbers(told: dict[str, str], parameters: Parameters) -> dict[str, str]:
    """An author's sections, the values of what their formulas name behind each, and what follows behind the last."""
    said: set[str] = set()
    found = {}
    for name, text in told.items():
        parts = [text]
        if name:
            parts.append(beside.values(text, parameters, said))
            if name == [*told][-1]:
                parts += [beside.consequences(parameters), beside.choices(parameters)]
        found[name] = "\n\n".join(part for part in parts if part)
    return found


def page(
    environment: str | Parameters | Game,
    equilibria: Mapping[str, Any] | None = None,
    leave_out: Collection[str] = (),
) -> str:
    """An environment's page in Markdown, without its first line.

    Parameters
    ----------
    environment, equilibria
        As for `sections`.
    leave_out : collection of str
        Headings of sections that are shown elsewhere.
    """
    if isinstance(environment, str):
        environment = environment_class(environment)()
    game = environment if isinstance(environment, Game) else Game(environment)
    written = sections(game, equilibria)
    parts = re.split(r"^## (.+)$", page_of(type(game.parameters)), flags=re.M)
    told = {"": parts[0].partition("\n")[2], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    told = {name: text.strip() for name, text in told.items() if name not in written}
    ordered = with_numbers({name: told[name] for name in BEFORE if name in told}, game.parameters)
    ordered |= written
    ordered |= {name: text for name, text in told.items() if name not in BEFORE}
    shown = {name: text for name, text in ordered.items() if text and name not in leave_out}
    return "\n\n".join(f"## {name}\n\n{text}" if name else text for name, text in shown.items()) + "\n"
