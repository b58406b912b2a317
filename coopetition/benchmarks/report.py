"""Rows, the report that they make, and the comparison of two reports."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

MET = "met"
SHORT = "short"
OPEN = "-"  # no goal is set
SKIPPED = "not measured"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    key : str
        Name for comparisons.
    section : str
    what : str
        What is measured.
    unit : str
        Of `ours` and `reference`.
    ours : float or None
        None: not measured, and `note` says why.
    goal : float or None
        What `judged` must reach.
    judged : {"ours", "ratio"}
        Which number the goal is about.
    at_least : bool
        Whether larger is better.
    reference_name : str
        What `reference` is.
    reference : float or None
    ratio : float or None
        How many times better ours is than the reference, by the median over turns.
    note : str
    """

    key: str
    section: str
    what: str
    unit: str
    ours: float | None
    goal: float | None = None
    judged: str = "ours"
    at_least: bool = True
    reference_name: str = ""
    reference: float | None = None
    ratio: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        value = self.ours if self.judged == "ours" else self.ratio
        if value is None or not math.isfinite(value):
            return SKIPPED
        if self.goal is None:
            return OPEN
        return MET if (value >= self.goal if self.at_least else value <= self.goal) else SHORT

    @property
    def goal_text(self) -> str:
        """The goal with its sign and unit."""
        if self.goal is None:
            return ""
        unit = "x" if self.judged == "ratio" else self.unit
        return f"{'>=' if self.at_least else '<='} {figure(self.goal)} {unit}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**dataclasses.asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class Curve:
    """Cost against a size: seconds an environment step, at each size."""

    key: str
    what: str
    size: str
    sizes: tuple[int, ...]
    nanoseconds: tuple[float, ...]
    per: tuple[float, ...]
    per_what: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Report:
    """The table, the curves and the machine."""

    machine: dict[str, Any]
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "machine": self.machine,
            "rows": [row.to_dict() for row in self.rows],
            "curves": [curve.to_dict() for curve in self.curves],
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Report:
        """The report of `to_dict`, also after JSON."""
        rows = [Row(**{name: value for name, value in row.items() if name != "verdict"}) for row in kept["rows"]]
        curves = []
        for curve in kept["curves"]:
            fields: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in curve.items()}
            curves.append(Curve(**fields))
        return cls(kept["machine"], tuple(rows), tuple(curves))


def figure(value: float | None) -> str:
    """A number with three significant digits."""
    if value is None:
        return ""
    if value == 0 or not math.isfinite(value) or abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


HEADINGS = ("what", "goal", "ours", "reference", "ratio", "verdict")


def cells(row: Row) -> tuple[str, ...]:
    """A row's texts under `HEADINGS`."""
    ours = "" if row.ours is None else f"{figure(row.ours)} {row.unit}"
    reference = row.reference_name
    if row.reference is not None:
        reference += f": {figure(row.reference)} {row.unit}"
    ratio = "" if row.ratio is None else f"{figure(row.ratio)} x"
    return row.what, row.goal_text, ours, reference, ratio, row.verdict


def markdown(report: Report) -> str:
    """The report as Markdown tables, for the docs."""
    lines: list[str] = []
    for section in dict.fromkeys(row.section for row in report.rows):
        lines += ["", f"### {section}", "", "| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        lines += ["| " + " | ".join(cells(row)) + " |" for row in report.rows if row.section == section]
    for curve in report.curves:
        lines += ["", f"### {curve.what}", ""]
        lines += ["| " + " | ".join([curve.size, *(f"{size:,}" for size in curve.sizes)]) + " |"]
        lines += ["|---" * (len(curve.sizes) + 1) + "|"]
        lines += ["| ns an environment step | " + " | ".join(figure(x) for x in curve.nanoseconds) + " |"]
        lines += [f"| ns {curve.per_what} | " + " | ".join(figure(x) for x in curve.per) + " |"]
    return "\n".join(lines).strip() + "\n"


@dataclass(frozen=True)
class Change:
    """One row now and before: `ours`, and the ratio to its reference, each now over before, larger being better."""

    key: str
    what: str
    ours: float | None
    ratio: float | None


def compare(report: Report, before: dict[str, Any]) -> list[Change]:
    """How a report stands to an earlier one, from `Report.to_dict`.

    Ratios to references are the ones to trust: figures alone also compare two machines, or two moods of one.
    """
    old = {row["key"]: row for row in before.get("rows", ())}
    changes = []
    for row in report.rows:
        was = old.get(row.key)
        if was is None or row.ours is None or not was["ours"]:
            continue
        moved = row.ours / was["ours"]
        ratio = row.ratio / was["ratio"] if row.ratio and was.get("ratio") else None
        changes.append(Change(row.key, row.what, moved if row.at_least else 1.0 / moved if moved else None, ratio))
    return changes
