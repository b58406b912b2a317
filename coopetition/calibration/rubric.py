"""Rubrics as data, and the one engine that reads, checks and scores them.

A rubric is a JSON file: criteria with an id, a sentence, points, the evidence they rest on and its source,
the measured quantity, and a rule. Rules come from a small declarative vocabulary, so that a rubric can be
read, audited and refused by a machine; no file holds code.

========================
========================================================================================= rule
     points ========================
     =========================================================================================
``{"above": x}``          all if the quantity is > x, else ``otherwise`` (0 when absent)
``{"at_least": x}``       all if >= x
``{"below": x}``          all if < x
``{"at_most": x}``        all if <= x
``{"between": [x, y]}``   all if x <= quantity <= y
``{"inside": [x, y]}``    all if x < quantity < y
``{"equals": x}``         all if it is x exactly
``{"holds": true}``       all if it is true (or not, with ``false``)
``{"sign": "positive"}``  all if its sign is ``positive``, ``negative`` or ``zero``
``{"tiers": [...]}``      ``[[condition, points], ...]``: the first condition that holds gives its points
``{"per_unit": p}``       p points a unit, at most all of them
``{"ramp": [w, b]}``      none at w (worst) or beyond, all at b (best) or beyond, linear between
``{"constant": p}``       p points whatever the run does
========================
=========================================================================================
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Mapping[str, Any]

CONDITIONS = ("above", "at_least", "below", "at_most", "between", "inside", "equals", "holds", "sign")
RULES = (*CONDITIONS, "tiers", "per_unit", "ramp", "constant")
SIGNS = ("positive", "negative", "zero")
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


class RubricError(ValueError):
    """A rubric or record file that cannot be used; the message names the file, the entry and the remedy."""


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
class Rule:
    """One rule of the vocabulary, bound to the points it can give.

    Attributes
    ----------
    kind : str
        One of :data:`RULES`.
    argument : object
        The rule's bound, pair of bounds, sign, tiers or points.
    full : float
        Points when the rule is met.
    otherwise : float
        Points when it is not.
    """

    kind: str
    argument: Any
    full: float
    otherwise: float = 0.0

    def points(self, value: Any) -> Array:
        """Points for an array of values; a NaN (undocumented, undefined) value earns NaN, "not scored".

        Parameters
        ----------
        value : array_like, shape (B,)
            The measured quantity over B runs.

        Returns
        -------
        ndarray, shape (B,)
        """
        x = np.atleast_1d(np.asarray(value, dtype=float))
        if self.kind == "constant":
            return np.full(x.shape, float(self.argument))
        if self.kind == "tiers":
            out = np.full(x.shape, self.otherwise)
            open_ = np.ones(x.shape, dtype=bool)
            for (kind, bound), points in self.argument:
                hit = open_ & _holds(kind, bound, x)
                out[hit] = points
                open_ &= ~hit
        elif self.kind == "per_unit":
            out = np.minimum(self.full, np.maximum(0.0, float(self.argument) * x))
        elif self.kind == "ramp":
            worst, best = self.argument
            out = self.full * np.clip((x - worst) / (best - worst), 0.0, 1.0)
        else:
            out = np.where(_holds(self.kind, self.argument, x), self.full, self.otherwise)
        return np.where(np.isnan(x), np.nan, out)

    @property
    def least(self) -> float:
        """The fewest points the rule can give, whatever the value."""
        if self.kind == "constant":
            return float(self.argument)
        if self.kind == "tiers":
            return min([self.otherwise, *(points for _, points in self.argument)])
        return 0.0 if self.kind in ("per_unit", "ramp") else min(self.full, self.otherwise)

    @property
    def most(self) -> float:
        """The most points the rule can give."""
        if self.kind == "constant":
            return float(self.argument)
        if self.kind == "tiers":
            return max([self.otherwise, *(points for _, points in self.argument)])
        return max(self.full, self.otherwise)

    def sentence(self) -> str:
        """The rule in words, for tables."""
        if self.kind == "tiers":
            tiers = ", ".join(f"{_words(kind, bound)}: {points:g}" for (kind, bound), points in self.argument)
            return f"{tiers}, else {self.otherwise:g}"
        if self.kind == "constant":
            return f"always {self.argument:g}"
        if self.kind == "per_unit":
            return f"{self.argument:g} a unit, at most {self.full:g}"
        if self.kind == "ramp":
            return f"{self.full:g} at {self.argument[1]:g}, falling to 0 at {self.argument[0]:g}"
        return f"{_words(self.kind, self.argument)}: {self.full:g}, else {self.otherwise:g}"


def _holds(kind: str, bound: Any, x: Array) -> NDArray[np.bool_]:
    if kind == "above":
        return x > bound
    if kind == "at_least":
        return x >= bound
    if kind == "below":
        return x < bound
    if kind == "at_most":
        return x <= bound
    if kind == "between":
        return (x >= bound[0]) & (x <= bound[1])
    if kind == "inside":
        return (x > bound[0]) & (x < bound[1])
    if kind == "equals":
        return x == bound
    if kind == "holds":
        return (x != 0) == bound
    return np.sign(x) == {"positive": 1.0, "negative": -1.0, "zero": 0.0}[bound]


def _words(kind: str, bound: Any) -> str:
    if kind == "between":
        return f"in [{bound[0]:g}, {bound[1]:g}]"
    if kind == "inside":
        return f"in ({bound[0]:g}, {bound[1]:g})"
    if kind == "holds":
        return "true" if bound else "false"
    if kind == "sign":
        return str(bound)
    symbol = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<=", "equals": "="}[kind]
    return f"{symbol} {bound:g}"


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


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The hint of an error message: the nearest allowed name, or all of them."""
    choices = sorted(allowed)
    close = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(map(repr, choices))}"


def data_file(name: str) -> Path:
    """Path of a data file shipped with the package, such as ``"rubric-slcd.json"``."""
    return Path(str(resources.files("coopetition.calibration").joinpath("data", name)))


def read_json(path: str | Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises
    ------
    RubricError
        The file is missing, is not JSON, or is not an object.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RubricError(f"{path}: no such file") from None
    except json.JSONDecodeError as error:
        raise RubricError(f"{path}: not valid JSON, line {error.lineno}: {error.msg}") from None
    if not isinstance(content, dict):
        raise RubricError(f"{path}: expected an object at the top level, found {type(content).__name__}")
    return content


def check_fields(where: str, entry: Any, required: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Refuse an entry with a missing or an unknown field, naming the nearest known one."""
    if not isinstance(entry, dict):
        raise RubricError(f"{where}: expected an object, found {type(entry).__name__}")
    required, optional = tuple(required), tuple(optional)
    for field in entry:
        if field not in required and field not in optional:
            raise RubricError(f"{where}: unknown field {field!r}; {nearest(field, (*required, *optional))}")
    for field in required:
        if field not in entry:
            raise RubricError(f"{where}: field {field!r} is missing")
        if isinstance(entry[field], str) and not entry[field].strip():
            raise RubricError(f"{where}: field {field!r} is empty")


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RubricError(f"{where}: expected a finite number, found {value!r}")
    return float(value)


def _pair(where: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise RubricError(f"{where}: expected a pair [x, y], found {value!r}")
    return _number(where, value[0]), _number(where, value[1])


def _condition(where: str, kind: str, bound: Any) -> Any:
    if kind in ("between", "inside"):
        low, high = _pair(where, bound)
        if low > high:
            raise RubricError(f"{where}: the bounds [{low:g}, {high:g}] are in the wrong order")
        return low, high
    if kind == "holds":
        if not isinstance(bound, bool):
            raise RubricError(f"{where}: 'holds' takes true or false, found {bound!r}")
        return bound
    if kind == "sign":
        if bound not in SIGNS:
            raise RubricError(f"{where}: unknown sign {bound!r}; {nearest(bound, SIGNS)}")
        return bound
    return _number(where, bound)


def _rule(where: str, spec: Any, full: float) -> Rule:
    if not isinstance(spec, dict):
        raise RubricError(f"{where}: a rule is an object, found {spec!r}")
    for key in spec:
        if key not in RULES and key != "otherwise":
            raise RubricError(f"{where}: unknown rule {key!r}; {nearest(key, (*RULES, 'otherwise'))}")
    kinds = [key for key in spec if key != "otherwise"]
    if len(kinds) != 1:
        raise RubricError(f"{where}: a rule names exactly one of {', '.join(RULES)}; found {kinds}")
    kind = kinds[0]
    otherwise = _number(where, spec.get("otherwise", 0.0))
    if kind in ("constant", "ramp", "per_unit") and "otherwise" in spec:
        raise RubricError(f"{where}: {kind!r} takes no 'otherwise'")
    argument: Any
    if kind == "tiers":
        argument = []
        if not isinstance(spec[kind], list) or not spec[kind]:
            raise RubricError(f"{where}: 'tiers' is a list of [condition, points]")
        for tier in spec[kind]:
            if not isinstance(tier, list) or len(tier) != 2 or not isinstance(tier[0], dict) or len(tier[0]) != 1:
                raise RubricError(f"{where}: a tier is [condition, points], found {tier!r}")
            ((name, bound),) = tier[0].items()
            if name not in CONDITIONS:
                raise RubricError(f"{where}: unknown condition {name!r}; {nearest(name, CONDITIONS)}")
            argument.append(((name, _condition(where, name, bound)), _number(where, tier[1])))
        argument = tuple(argument)
    elif kind == "ramp":
        argument = _pair(where, spec[kind])
        if argument[0] == argument[1]:
            raise RubricError(f"{where}: the two ends of a ramp must differ")
    elif kind in ("per_unit", "constant"):
        argument = _number(where, spec[kind])
    else:
        argument = _condition(where, kind, spec[kind])
    rule = Rule(kind, argument, full, otherwise)
    if rule.most > full + 1e-12 or rule.least < 0:
        raise RubricError(f"{where}: the rule gives {rule.least:g} to {rule.most:g} points, the criterion has {full:g}")
    return rule


def _cell(
    where: str,
    criterion: Mapping[str, Any],
    phase: str | None,
    override: Mapping[str, Any],
    quantities: Mapping[str, Quantity],
) -> Cell:
    merged = {**criterion, **override}
    points = _number(f"{where}: points", merged["points"])
    constant = merged.get("constant", False)
    if not isinstance(constant, bool):
        raise RubricError(f"{where}: 'constant' is true or false, found {constant!r}")
    if "rule" not in merged:
        raise RubricError(f"{where}: field 'rule' is missing")
    rule = _rule(where, merged["rule"], points)
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
    """A rubric from a file, checked against the quantities and phases its case offers.

    Parameters
    ----------
    path : path
        The JSON file.
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
    file = Path(path).name
    content = read_json(path)
    check_fields(file, content, _RUBRIC_FIELDS["required"], _RUBRIC_FIELDS["optional"])
    if content["kind"] not in KINDS:
        raise RubricError(f"{file}: unknown kind {content['kind']!r}; {nearest(content['kind'], KINDS)}")
    declared = tuple(content["phases"])
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
    for entry in content["categories"]:
        check_fields(
            f"{file}: category {entry.get('id') if isinstance(entry, dict) else entry!r}",
            entry,
            _CATEGORY_FIELDS,
        )
        categories[entry["id"]] = _number(f"{file}: category {entry['id']!r}", entry["points"])

    cells: list[Cell] = []
    seen: set[str] = set()
    for number, entry in enumerate(content["criteria"]):
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
    total = _number(f"{file}: total", content["total"])
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
