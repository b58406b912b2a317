"""Values as cells of a table: short, and to the last digit that six significant ones have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from coopetition.games.declared import Domain


def number(value: float) -> str:
    """A number in six significant digits."""
    return f"{float(value):g}"


def runs(values: Iterable[float], form: str = "g") -> str:
    """One number for all, or runs of equal neighbours: ``212.02, 139.71 x4``."""
    texts = [format(float(value), form) for value in values]
    if len(set(texts)) == 1:
        return f"{texts[0]} each" if len(texts) > 1 else texts[0]
    pairs = [(text, len(list(group))) for text, group in groupby(texts)]
    return ", ".join(text if count == 1 else f"{text} x{count}" for text, count in pairs)


def shared(values: Any) -> str:
    """One number for all, or each."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    if flat.size and (flat == flat[0]).all():
        return number(flat[0])
    return ", ".join(number(value) for value in flat)


def matrix(values: Any) -> str:
    """One number for all ordered pairs, or rows in brackets."""
    table = np.asarray(values, dtype=np.float64)
    others = table[~np.eye(len(table), dtype=bool)]
    if others.size and (others == others[0]).all():
        return number(others[0])
    return "(" + ", ".join("(" + ", ".join(number(value) for value in row) + ")" for row in table) + ")"


def argument(value: Any, domain: Domain) -> str:
    """A parameter's value."""
    if value is None or domain.kind in ("choice", "flag"):
        return "drawn at reset" if value is None else str(value)
    return matrix(value) if domain.kind == "pairs" else shared(value)


def domain_of(domain: Domain) -> str:
    """What a parameter may be."""
    if domain.kind in ("choice", "flag"):
        return ", ".join(domain.choices) or "True, False"
    words = {"agents": "{} per agent", "pairs": "{} per pair", "integer": "integer {}", "numbers": "{} each"}
    return words.get(domain.kind, "{}").format(interval(domain.low, domain.high, domain.open_low))


def interval(low: float, high: float, open_low: bool = False) -> str:
    """A range, open where it is infinite."""
    left = "(" if open_low or math.isinf(low) else "["
    return f"{left}{low:g}, {high:g}{')' if math.isinf(high) else ']'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [" | ".join(head), "|".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"|{line}|" if set(line) <= {"-", "|"} else f"| {line} |" for line in lines)


def groups_of(agents: Sequence[str], *columns: Any) -> list[range]:
    """Neighbouring agents of one role with equal numbers in every column."""
    keys = [
        (agent.rpartition("_")[0] or agent, *(float(np.asarray(column)[i]) for column in columns))
        for i, agent in enumerate(agents)
    ]
    found, first = [], 0
    for _, members in groupby(keys):
        count = len(list(members))
        found.append(range(first, first + count))
        first += count
    return found


def names_of(agents: Sequence[str], group: range) -> str:
    """``samsung``, or ``developer_0 to developer_3``."""
    return agents[group[0]] if len(group) == 1 else f"{agents[group[0]]} to {agents[group[-1]]}"
