"""`validate`: everything about one case in one frozen value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .audit import Audit, Populations, audit, populations
from .case import Case, Run
from .registry import check_case, load_case
from .rubric import score
from .verdict import verdict


def plain(x: Any) -> Any:
    """Nested lists of numbers, with None for what is undefined: JSON has no NaN."""
    values = np.asarray(x, dtype=float)
    out = values.astype(object)
    out[np.isnan(values)] = None
    return out.tolist()


@dataclass(frozen=True)
class VariantScore:
    """A published run or variant of the case, scored by the published rubric and by ours."""

    label: str
    score: float
    ours: float


@dataclass(frozen=True)
class Report:
    """The validation of one case.

    Attributes
    ----------
    case : Case
    run : Run
        The case's own run (the first variant).
    variants : tuple of VariantScore
    published, ours : Audit
    verdict : tuple of two str
    runs : Populations
        The runs behind the audits, for figures.
    """

    case: Case
    run: Run
    variants: tuple[VariantScore, ...]
    published: Audit
    ours: Audit
    verdict: tuple[str, str]
    runs: Populations

    @property
    def score(self) -> float:
        """Score under the published rubric."""
        return self.published.score

    @property
    def total(self) -> float:
        """Points of the published rubric."""
        return self.published.rubric.total

    def comparison(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Header and rows of the table "run against record", as text; a dash where the record says nothing."""
        if self.case.comparison is not None:
            return self.case.comparison(self)
        rows: list[tuple[str, ...]] = []
        for name in self.case.documented:
            figure = self.case.record.figures[name]
            known = " - ".join(f"{x:g}" for x in np.atleast_1d(figure.value))
            own = float(np.asarray(self.run.values[name])[0])
            rows.append((figure.what, f"{known} {figure.unit}", f"{own:.4g} {figure.unit}"))
        return ("quantity", "record", "run"), rows

    def notes(self) -> tuple[str, ...]:
        """What the case adds to its tables: certificates, fit, tests and what they are worth."""
        return () if self.case.notes is None else self.case.notes(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`."""
        record = self.case.record
        return {
            "case": self.case.name,
            "title": self.case.title,
            "report": self.case.report,
            "score": self.score,
            "total": self.total,
            "verdict": list(self.verdict),
            "notes": list(self.notes()),
            "departures": dict(self.case.departures),
            "variants": [vars(v) for v in self.variants],
            "quantities": {name: plain(x) for name, x in self.run.values.items()},
            "series": {name: plain(x) for name, x in self.run.series.items()},
            "record": {
                "about": record.about,
                "figures": [vars(f) for f in record.figures.values()],
                "phases": [
                    {
                        "name": p.name,
                        "years": p.years,
                        "start": p.start,
                        "end": p.end,
                        "source": p.source,
                        "values": dict(p.values),
                    }
                    for p in record.phases
                ],
            },
            "published": self.published.to_dict(),
            "ours": self.ours.to_dict(),
        }


def validate(
    case: str | Path | Case,
    count: int | None = None,
    seed: int | None = None,
    report: Callable[[str], None] | None = None,
) -> Report:
    """Run a case, score it by the published rubric and by ours, and audit both scores.

    Parameters
    ----------
    case : str, path or Case
        A name of :func:`case_names`, a file that holds a case as data alone, or a case itself.
    count : int, optional
        Random parameter draws of the audit; 10,000 by default.
    seed : int, optional
        Seed of the audit's random numbers; fixed in the data file by default.
    report : callable, optional
        Told each step before it starts (progress bars).

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        An unknown case, or one that lacks a piece.

    Examples
    --------
    >>> from coopetition import calibration
    >>> report = calibration.validate("slcd", count=100)
    >>> report.score, report.total
    (58.0, 60.0)
    """
    chosen = check_case(case) if isinstance(case, Case) else load_case(case)
    runs = populations(chosen, count, seed, report)
    published, ours = audit(chosen, runs, "published"), audit(chosen, runs, "ours")
    rubrics = published.rubric, ours.rubric
    scored = tuple(
        VariantScore(run.label, *(float(score(r, run.values).total[0]) for r in rubrics)) for run in runs.variants
    )
    return Report(chosen, runs.variants[0], scored, published, ours, verdict(published, ours), runs)
