"""What the engine needs to know of a case: the interface that the four case files fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

from .record import Record, load_record
from .rubric import Quantity, Rubric, RubricError, Values, check_fields, data_file, read_json, read_rubric

#: "stated": the ranges of the report's own study or case; "wide": every parameter, structure included, over
#: its domain.
Ranges = Literal["stated", "wide"]


@dataclass(frozen=True)
class Run:
    """Runs of a case's model, or of a model that takes its place.

    Attributes
    ----------
    label : str
        What was run, in one line.
    values : mapping of str to array_like
        Measured quantities, (B,) or (B, phases).
    series : mapping of str to ndarray
        Trajectories for tables and figures, by name; empty for batches.
    """

    label: str
    values: Values
    series: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Draws:
    """Ranges from which a case's random parameters are drawn, uniformly and independently.

    Attributes
    ----------
    seed, count : int
        Seed of the generator, number of draws.
    stated, wide : mapping of str to (low, high)
    note : str
        Where the ranges come from.
    """

    seed: int
    count: int
    stated: Mapping[str, tuple[float, float]]
    wide: Mapping[str, tuple[float, float]]
    note: str

    def sample(self, rng: np.random.Generator, count: int, ranges: Ranges) -> dict[str, np.ndarray]:
        """`count` uniform draws of every parameter of the chosen ranges, each of shape (count,)."""
        chosen = self.stated if ranges == "stated" else self.wide
        return {name: rng.uniform(low, high, count) for name, (low, high) in chosen.items()}


@cache
def load_draws(case: str) -> Draws:
    """The ranges of a case, from the data file that ships with the package."""
    content = read_json(data_file("draws.json"))
    if case not in content:
        raise RubricError(f"draws.json: no ranges for {case!r}")
    entry = content[case]
    check_fields(f"draws.json: {case}", entry, ("seed", "count", "stated", "wide", "note"))
    for ranges in ("stated", "wide"):
        for name, bounds in entry[ranges].items():
            if len(bounds) != 2 or bounds[0] > bounds[1]:
                raise RubricError(f"draws.json: {case}: {ranges}: {name}: expected [low, high], found {bounds}")
    pairs = {r: {k: (float(a), float(b)) for k, (a, b) in entry[r].items()} for r in ("stated", "wide")}
    return Draws(entry["seed"], entry["count"], pairs["stated"], pairs["wide"], entry["note"])


@dataclass(frozen=True)
class Case:
    """One historical case.

    Attributes
    ----------
    name, title, report : str
    quantities : mapping of str to Quantity
        Everything a rubric may measure.
    variants : callable () -> tuple of Run
        The published runs; the first is the case's own, the others its variants.
    draws : callable (Generator, count, ranges) -> Run
        Runs with random parameters.
    nulls, ablations : callable (Generator) -> tuple of Run
        Named null models; each mechanism off.
    seeds : callable () -> Run, or None
        The run over the seeds of its noise, if it has noise.
    history : callable () -> Run
        The record itself in the place of the run; NaN where it says nothing.
    figures : tuple of (str, str)
        For each series to draw: its label and the record's counterpart ("" for none).
    """

    name: str
    title: str
    report: str
    quantities: Mapping[str, Quantity]
    variants: Callable[[], tuple[Run, ...]]
    draws: Callable[[np.random.Generator, int, Ranges], Run]
    nulls: Callable[[np.random.Generator], tuple[Run, ...]]
    ablations: Callable[[], tuple[Run, ...]]
    seeds: Callable[[], Run] | None
    history: Callable[[], Run]

    @property
    def record(self) -> Record:
        """The historical record."""
        return _record(self.name)

    def rubric(self, kind: Literal["published", "ours"] = "published") -> Rubric:
        """The published rubric, or the discriminating one that is ours."""
        name = self.name if kind == "published" else f"{self.name}-ours"
        return read_rubric(data_file(f"rubric-{name}.json"), self.quantities, self.record.phase_names)


@cache
def _record(name: str) -> Record:
    return load_record(name)


def quantities(*rows: tuple[str, str, str] | tuple[str, str, str, bool]) -> dict[str, Quantity]:
    """A table of quantities from (name, what, unit[, by phase]) rows."""
    return {row[0]: Quantity(*row) for row in rows}
