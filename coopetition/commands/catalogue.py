"""The twenty environments at a glance."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import asdict, dataclass
from typing import Any

from coopetition.envs import ENVIRONMENTS, environment_class


@dataclass(frozen=True)
class Entry:
    """One environment in the list."""

    id: str
    mechanism: str
    agents: tuple[str, ...]
    horizon: int
    models: str

    @property
    def cast(self) -> str:
        """The agents in a few words: all names of a few, the first and last of many."""
        return cast(self.agents)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "agents": list(self.agents)}


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


def page(environment_id: str) -> str:
    """The environment's page: the docstring of its file."""
    module = importlib.import_module(f"coopetition.envs.{ENVIRONMENTS[environment_id][0]}")
    return inspect.cleandoc(module.__doc__ or "")


def models(environment_id: str) -> str:
    """What the environment models, in one line: the first of its page."""
    line = page(environment_id).partition("\n")[0].removeprefix(f"{environment_id}: ").rstrip(".")
    return line[:1].upper() + line[1:]


def catalogue() -> list[Entry]:
    """All twenty, at their defaults, in the order of the docs."""
    entries = []
    for name in ENVIRONMENTS:
        parameters = environment_class(name)()
        entries.append(Entry(name, parameters.mechanism, parameters.agents, parameters.horizon, models(name)))
    return entries
