"""Rubrics as data, and the one engine that reads, checks and scores them.

A rubric is a list of criteria with an id, a sentence, points, the evidence they rest on and its source, the measured
quantity, and a rule of `coopetition.calibration.engine.rules`, so that it can be read, audited and refused by a
machine; no file holds code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import RubricError, check_fields, entries, finite_number, nearest, read_data, refusing
from .rules import Rule, read_rule

Array = NDArray[np.float64]
Values = Mapping[str, Any]

KINDS = ("published", "ours")

_RUBRIC_FIELDS = {
    "required": ("name", "case", "kind", "title", "source", "total", "phases", "categories", "criteria"),
    "optional": ("note",),
}
_CRITERION_FIELDS = {
    "required": ("id", "category", "sentence", "points", "evidence", "source"),
    "optional": ("quantity", "rule", "constant", "cells", "not_scored"),
}
_CELL_FIELDS = ("points", "quantity", "rule", "constant", "sentence")
_CATEGORY_FIELDS = ("id", "points")


@dataclass(frozen=True)
class Quantity:
    """A measured quantity that a rubric may refer to.

    Attributes
    ----------
    name : str
        The name rubrics use.
    what : str
        What it measures, in one line.
    unit : str
        Its unit; ``"1"`` for a pure number, ``"bool"`` for a truth value.
    by_phase : bool
        Whether it has one value a phase (last axis) or one value a run.
    """

    name: str
    what: str
    unit: str = "1"
    by_phase: bool = False


@dataclass(frozen=True)
class Cell:
    """One scored cell: a criterion, in one phase if the rubric has phases.

    Attributes
    ----------
    criterion, category, sentence, evidence, source : str
        As in the file.
    phase : str or None
        The phase, or None for a criterion over the whole run.
    points : float
        The points the published total counts for it.
    quantity : str or None
        The measured quantity; None only for a constant cell.
    rule : Rule
        How the quantity becomes points.
    constant : bool
        The cell cannot be lost: nothing a run does changes its points.
    """

    criterion: str
    category: str
    sentence: str
    evidence: str
    source: str
    phase: str | None
    points: float
    quantity: str | None
    rule: Rule
    constant: bool

    @property
    def label(self) -> str:
        """``criterion`` or ``criterion, phase``."""
        return self.criterion if self.phase is None else f"{self.criterion}, {self.phase}"


@dataclass(frozen=True)
class Rubric:
    """A checked rubric.

    Attributes
    ----------
    name, case, kind, title, source, note : str
        From the file; ``kind`` is ``"published"`` or ``"ours"``.
    total : float
        Declared (and checked) total of points.
    phases : tuple of str
        Phases in order; empty when the rubric has none.
    categories : mapping of str to float
        Declared (and checked) points a category.
    cells : tuple of Cell
        Every scored cell, in the file's order.
    """

    name: str
    case: str
    kind: str
    title: str
    source: str
    note: str
    total: float
    phases: tuple[str, ...]
    categories: Mapping[str, float]
    cells: tuple[Cell, ...]

    @property
    def floor(self) -> float:
        """The lowest score that any run can get, its constant cells given."""
        return sum(cell.rule.most if cell.constant else cell.rule.least for cell in self.cells)

    @property
    def ceiling(self) -> float:
        """The highest score that any run whatever can get."""
        return sum(cell.rule.most for cell in self.cells)

    @property
    def constant_points(self) -> float:
        """Points given by the cells that cannot be lost."""
        return sum(cell.rule.most for cell in self.cells if cell.constant)


@dataclass(frozen=True)
class Scorecard:
    """Scores of B runs under one rubric.

    Attributes
    ----------
    rubric : Rubric
    points : ndarray, shape (B, cells)
        Points a cell; NaN where the quantity is undefined for that run ("not scored").
    values : ndarray, shape (B, cells)
        The measured values (NaN for constant cells).
    """

    rubric: Rubric
    points: Array
    values: Array

    @property
    def total(self) -> Array:
        """Score a run, shape (B,); cells that are not scored count nothing."""
        return np.nansum(self.points, axis=1)

    @property
    def at_stake(self) -> Array:
        """Points of the cells that were scored, shape (B,)."""
        worth = np.array([cell.points for cell in self.rubric.cells])
        return np.where(np.isnan(self.points), 0.0, worth).sum(axis=1)

    @property
    def losable(self) -> Array:
        """Score on the cells that can be lost, shape (B,)."""
        keep = np.array([not cell.constant for cell in self.rubric.cells])
        return np.nansum(self.points[:, keep], axis=1)

    @property
    def losable_points(self) -> float:
        """Points of the cells that can be lost."""
        return sum(cell.points for cell in self.rubric.cells if not cell.constant)

    def by_category(self, run: int = 0) -> dict[str, float]:
        """Points a category of one run, in the rubric's order."""
        out = dict.fromkeys(self.rubric.categories, 0.0)
        for cell, points in zip(self.rubric.cells, self.points[run], strict=True):
            out[cell.category] += 0.0 if math.isnan(points) else float(points)
        return out

    def rows(self, run: int = 0) -> list[dict[str, Any]]:
        """One mapping a cell for one run: what the tables and the JSON output print."""
        out = []
        for k, cell in enumerate(self.rubric.cells):
            value, points = float(self.values[run, k]), float(self.points[run, k])
            out.append(
                {
                    "category": cell.category,
                    "criterion": cell.criterion,
                    "phase": cell.phase,
                    "sentence": cell.sentence,
                    "rule": cell.rule.sentence(),
                    "quantity": cell.quantity,
                    "value": None if math.isnan(value) else value,
                    "points": None if math.isnan(points) else points,
                    "of": cell.points,
                    "constant": cell.constant,
                    "evidence": cell.evidence,
                    "source": cell.source,
                }
            )
        return out


def _cell(
    where: str,
    criterion: Mapping[str, Any],
    phase: str | None,
    override: Mapping[str, Any],
    quantities: Mapping[str, Quantity],
) -> Cell:
    merged = {**criterion, **override}
    points = finite_number(f"{where}: points", merged["points"])
    constant = merged.get("constant", False)
    if not isinstance(constant, bool):
        raise RubricError(f"{where}: 'constant' is true or false, found {constant!r}")
    if "rule" not in merged:
        raise RubricError(f"{where}: field 'rule' is missing")
    rule = read_rule(where, merged["rule"], points)
    quantity = merged.get("quantity")
    if quantity is None:
        if rule.kind != "constant":
            raise RubricError(f"{where}: field 'quantity' is missing")
        if not constant:
            raise RubricError(f"{where}: the rule 'constant' cannot be lost, so 'constant' must be true")
    elif quantity not in quantities:
        raise RubricError(f"{where}: unknown quantity {quantity!r}; {nearest(quantity, quantities)}")
    elif quantities[quantity].by_phase and phase is None:
        raise RubricError(f"{where}: {quantity!r} is measured by phase; give the criterion 'cells'")
    return Cell(
        str(merged["id"]),
        str(merged["category"]),
        str(merged["sentence"]),
        str(merged["evidence"]),
        str(merged["source"]),
        phase,
        points,
        quantity,
        rule,
        constant,
    )


def read_rubric(path: str | Path, quantities: Mapping[str, Quantity], phases: Iterable[str] = ()) -> Rubric:
    """A rubric from a JSON or TOML file; see `parse_rubric`."""
    return parse_rubric(Path(path).name, read_data(path), quantities, phases)


@refusing
def parse_rubric(
    file: str, content: Mapping[str, Any], quantities: Mapping[str, Quantity], phases: Iterable[str] = ()
) -> Rubric:
    """A rubric from plain data, checked against the quantities and phases its case offers.

    Parameters
    ----------
    file : str
        Where the data come from, for messages.
    content : mapping
    quantities : mapping of str to Quantity
        What the case measures.
    phases : iterable of str
        The phases of the case's historical record, in order.

    Raises
    ------
    RubricError
        An unknown or missing field, an unknown quantity or rule, a missing phase, points that do not add up,
        or no source. The message names the file, the criterion and the nearest allowed name.
    """
    check_fields(file, content, _RUBRIC_FIELDS["required"], _RUBRIC_FIELDS["optional"])
    if content["kind"] not in KINDS:
        raise RubricError(f"{file}: unknown kind {content['kind']!r}; {nearest(content['kind'], KINDS)}")
    declared = tuple(entries(file, content, "phases"))
    known = tuple(phases)
    if declared:
        for phase in known:
            if phase not in declared:
                raise RubricError(f"{file}: the phase {phase!r} of the record is missing from 'phases'")
        for phase in declared:
            if phase not in known:
                raise RubricError(f"{file}: unknown phase {phase!r}; {nearest(phase, known)}")
        if declared != known:
            raise RubricError(f"{file}: phases must be in the record's order, {', '.join(known)}")

    categories: dict[str, float] = {}
    for entry in entries(file, content, "categories"):
        check_fields(
            f"{file}: category {entry.get('id') if isinstance(entry, dict) else entry!r}",
            entry,
            _CATEGORY_FIELDS,
        )
        categories[entry["id"]] = finite_number(f"{file}: category {entry['id']!r}", entry["points"])

    cells: list[Cell] = []
    seen: set[str] = set()
    for number, entry in enumerate(entries(file, content, "criteria")):
        name = entry.get("id", f"number {number + 1}") if isinstance(entry, dict) else f"number {number + 1}"
        where = f"{file}: criterion {name!r}"
        check_fields(where, entry, _CRITERION_FIELDS["required"], _CRITERION_FIELDS["optional"])
        if name in seen:
            raise RubricError(f"{where}: the id is used twice")
        seen.add(name)
        if entry["category"] not in categories:
            raise RubricError(
                f"{where}: unknown category {entry['category']!r}; {nearest(entry['category'], categories)}"
            )
        if "cells" not in entry:
            cells.append(_cell(where, entry, None, {}, quantities))
            continue
        if not declared:
            raise RubricError(f"{where}: has 'cells', but the rubric declares no phases")
        spread, skipped = entry["cells"], entry.get("not_scored", [])
        if not isinstance(spread, dict):
            raise RubricError(f"{where}: 'cells' maps each phase to its rule")
        for phase in (*spread, *skipped):
            if phase not in declared:
                raise RubricError(f"{where}: unknown phase {phase!r}; {nearest(phase, declared)}")
        for phase in declared:
            here = f"{where} [{phase}]"
            if phase in skipped:
                if phase in spread:
                    raise RubricError(f"{here}: is both scored and in 'not_scored'")
                continue
            if phase not in spread:
                raise RubricError(f"{here}: the phase is missing from 'cells' (list it in 'not_scored' if it is meant)")
            if not isinstance(spread[phase], dict):
                raise RubricError(f"{here}: expected an object, found {spread[phase]!r}")
            for field in spread[phase]:
                if field not in _CELL_FIELDS:
                    raise RubricError(f"{here}: unknown field {field!r}; {nearest(field, _CELL_FIELDS)}")
            cells.append(_cell(here, entry, phase, spread[phase], quantities))

    for category, points in categories.items():
        found = sum(cell.points for cell in cells if cell.category == category)
        if abs(found - points) > 1e-9:
            raise RubricError(
                f"{file}: category {category!r} declares {points:g} points, its criteria add up to {found:g}"
            )
    total = finite_number(f"{file}: total", content["total"])
    found = sum(cell.points for cell in cells)
    if abs(found - total) > 1e-9:
        raise RubricError(f"{file}: the total is declared as {total:g}, the criteria add up to {found:g}")
    return Rubric(
        content["name"],
        content["case"],
        content["kind"],
        content["title"],
        content["source"],
        content.get("note", ""),
        total,
        declared,
        categories,
        tuple(cells),
    )


def score(rubric: Rubric, values: Values) -> Scorecard:
    """Score B runs.

    Parameters
    ----------
    rubric : Rubric
    values : mapping of str to array_like
        Measured quantities: shape (B,) for a value a run, (B, phases) for a value a phase. A scalar stands
        for all runs. NaN means "undefined for this run": the cell is then not scored.

    Returns
    -------
    Scorecard

    Raises
    ------
    KeyError
        A quantity that the rubric needs is not in `values`.
    """
    measured = {
        name: np.asarray(values[name], dtype=float)
        for name in {cell.quantity for cell in rubric.cells if cell.quantity is not None}
    }
    count = max((x.shape[0] for x in measured.values() if x.ndim), default=1)
    points = np.empty((count, len(rubric.cells)))
    seen = np.full_like(points, np.nan)
    for k, cell in enumerate(rubric.cells):
        if cell.quantity is not None:
            x = measured[cell.quantity]
            if x.ndim == 2:
                if cell.phase is None:
                    raise ValueError(f"{cell.label}: {cell.quantity!r} has a value a phase, the cell has no phase")
                x = x[:, rubric.phases.index(cell.phase)]
            seen[:, k] = x
        points[:, k] = cell.rule.points(seen[:, k])
    return Scorecard(rubric, points, seen)
