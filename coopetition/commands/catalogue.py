"""The twenty environments at a glance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from coopetition.envs import environment_class, environment_ids
from coopetition.envs.complete import page_of
from coopetition.games.parameters import choose
from coopetition.games.presets import PUBLISHED, presets_of


@dataclass(frozen=True)
class Entry:
    """One environment in the list."""

    id: str
    mechanism: str
    agents: tuple[str, ...]
    horizon: int
    presets: tuple[str, ...]
    models: str

    @property
    def cast(self) -> str:
        """The agents in a few words: all names of a few, the first and last of many."""
        return cast(self.agents)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "agents": list(self.agents), "presets": list(self.presets)}


def cast(agents: tuple[str, ...]) -> str:
    """Names of agents in a few words, such as ``member_0..39``."""
    if len(agents) <= 3:
        return ", ".join(agents)
    roles: dict[str, list[str]] = {}
    for agent in agents:
        role, _, number = agent.rpartition("_")
        roles.setdefault(role or agent, []).append(number)
    parts = [f"{role}_{ks[0]}..{ks[-1]}" if len(ks) > 1 else role for role, ks in roles.items()]
    return ", ".join(parts)


def models(environment_id: str) -> str:
    """What the environment models, in one line: the first of its page."""
    line = page_of(environment_class(environment_id)).partition("\n")[0].partition(": ")[2].rstrip(".")
    return line[:1].upper() + line[1:]


def catalogue(preset: str = PUBLISHED) -> list[Entry]:
    """All of them under a preset, those that have it, in the order of the docs.

    Raises
    ------
    ValueError
        No environment has such a preset, with the nearest that some have.
    """
    entries = []
    classes = {name: environment_class(name) for name in environment_ids()}
    known = dict.fromkeys(one for cls in classes.values() for one in presets_of(cls))
    choose("preset", preset, known)
    for name, cls in classes.items():
        if preset in presets_of(cls):
            parameters = environment_class(name, preset)()
            about = (presets_of(cls), models(name))
            entries.append(Entry(parameters.id, parameters.mechanism, parameters.agents, parameters.horizon, *about))
    return entries
