"""What the engine needs to know of a case: the model's runs, and the data that they are held against.

A case is one value of `Case`, registered with `coopetition.calibration.register_case`. Its record, rubrics and ranges
are data (`CaseData`): four files in the case's folder, or four tables of one file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .files import RubricError, check_fields, finite_number, nearest, number_pair, read_data, refusing
from .record import Record, parse_record
from .rubric import KINDS, Quantity, Rubric, Values, parse_rubric

if TYPE_CHECKING:
    from .report import Report

#: "stated": the ranges of the report's own study or case; "wide": every parameter, structure included, over
#: its domain.
Ranges = Literal["stated", "wide"]
Kind = Literal["published", "ours"]
#: The tables of a case's data, and the file of its folder in which each stands.
TABLES = {"record": "record", "draws": "draws", "rubric": "rubric", "rubric-ours": "rubric-ours"}


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


@refusing
def parse_draws(where: str, content: Any) -> Draws:
    """Ranges from plain data.

    Raises
    ------
    RubricError
        A missing or unknown field, or bounds that are no pair of numbers in order.
    """
    check_fields(where, content, ("seed", "count", "stated", "wide", "note"))
    pairs: dict[str, dict[str, tuple[float, float]]] = {}
    for ranges in ("stated", "wide"):
        pairs[ranges] = {}
        if not isinstance(content[ranges], Mapping):
            raise RubricError(f"{where}: {ranges}: expected an object of ranges, found {content[ranges]!r}")
        for name, bounds in content[ranges].items():
            here = f"{where}: {ranges}: {name}"
            low, high = number_pair(here, bounds)
            if low > high:
                raise RubricError(f"{here}: expected [low, high], found {bounds}")
            pairs[ranges][name] = low, high
    for name in ("seed", "count"):
        if finite_number(f"{where}: {name}", content[name]) != int(content[name]) or content[name] < 0:
            raise RubricError(f"{where}: {name}: expected a whole number, found {content[name]!r}")
    return Draws(int(content["seed"]), int(content["count"]), pairs["stated"], pairs["wide"], content["note"])


class CaseData:
    """What a case is held against: the historical record, the two rubrics, the ranges of its random parameters.

    Parameters
    ----------
    where : str
        Where the tables come from, for messages.
    tables : mapping of str to mapping, or path
        ``record``, ``rubric``, ``rubric-ours`` and ``draws`` as plain data; or the folder with the files
        ``record.json``, ``rubric.json``, ``rubric-ours.json`` and ``draws.json``, which are read when they are needed.
    """

    def __init__(self, where: str, tables: Mapping[str, Any] | Path) -> None:
        self.where = where
        self.tables = tables

    def _table(self, name: str) -> tuple[str, Any]:
        """Where a table stands, and the table."""
        if isinstance(self.tables, Path):
            path = self.tables / f"{TABLES[name]}.json"
            return f"{self.where}: {path.name}", read_data(path)
        if name not in self.tables:
            raise RubricError(f"{self.where}: the table {name!r} is missing")
        return f"{self.where}: {name}", self.tables[name]

    @cached_property
    def record(self) -> Record:
        """The historical record."""
        return parse_record(*self._table("record"))

    @cached_property
    def draws(self) -> Draws:
        """The ranges of random parameters."""
        return parse_draws(*self._table("draws"))

    def rubric(self, kind: Kind, quantities: Mapping[str, Quantity]) -> Rubric:
        """A rubric, checked against the record's phases and what the case measures."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of rubric {kind!r}; {nearest(kind, KINDS)}")
        where, content = self._table("rubric" if kind == "published" else "rubric-ours")
        return parse_rubric(where, content, quantities, self.record.phase_names)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One historical case.

    Attributes
    ----------
    name, title, report : str
        `report` is the source of the published validation.
    data : CaseData
        Record, rubrics and ranges.
    quantities : mapping of str to Quantity
        Everything a rubric may measure.
    variants : callable () -> tuple of Run
        The published runs; the first is the case's own, the others its variants.
    draws : callable (Generator, count, ranges) -> Run
        Runs with random parameters.
    nulls : callable (Generator, count) -> tuple of Run
        Named null models; `count` is how many runs a random one may have.
    ablations : callable () -> tuple of Run
        Each mechanism off.
    history : callable () -> Run
        The record itself in the place of the run; NaN where it says nothing.
    seeds : callable () -> Run, optional
        The run over the seeds of its noise, if it has noise.
    comparison : callable (Report) -> (header, rows), optional
        The table "run against record"; by default the figures of the record that bear the name of a quantity.
    notes : callable (Report) -> tuple of str, optional
        What the case adds to its tables.
    figure : callable (matplotlib figure, grid cell, Report) -> None, optional
        The upper half of the case's figure; by default the same figures of the record as bands.
    measures : callable (tuple of Run) -> mapping of str to float, optional
        Further numbers for the ledger, from the variants.
    environment : str, optional
        The environment whose preset ``case`` holds the case's numbers.
    departures : mapping of str to str
        Where the published model departs from the environments' kernels: name, and what is different.
    """

    name: str
    title: str
    report: str
    data: CaseData
    quantities: Mapping[str, Quantity]
    variants: Callable[[], tuple[Run, ...]]
    draws: Callable[[np.random.Generator, int, Ranges], Run]
    nulls: Callable[[np.random.Generator, int], tuple[Run, ...]]
    ablations: Callable[[], tuple[Run, ...]]
    history: Callable[[], Run]
    seeds: Callable[[], Run] | None = None
    comparison: Callable[[Report], tuple[tuple[str, ...], list[tuple[str, ...]]]] | None = None
    notes: Callable[[Report], tuple[str, ...]] | None = None
    figure: Callable[[Any, Any, Report], None] | None = None
    measures: Callable[[tuple[Run, ...]], Mapping[str, float]] | None = None
    environment: str | None = None
    departures: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Record:
        """The historical record."""
        return self.data.record

    def rubric(self, kind: Kind = "published") -> Rubric:
        """The published rubric, or the discriminating one that is ours."""
        return self.data.rubric(kind, self.quantities)

    @property
    def documented(self) -> tuple[str, ...]:
        """Quantities for which the record has a figure of the same name: a number, or a band of two."""
        return tuple(name for name in self.quantities if name in self.record.figures)


def quantities(*rows: tuple[str, str, str] | tuple[str, str, str, bool]) -> dict[str, Quantity]:
    """A table of quantities from (name, what, unit[, by phase]) rows."""
    return {row[0]: Quantity(*row) for row in rows}
