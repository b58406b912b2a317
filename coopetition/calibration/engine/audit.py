"""The audit of a case: what its score is worth.

Every rubric is run against (a) random parameters, (b) null models, (c) the model with each mechanism off, (d)
the seeds of its noise, (e) the historical record itself, and (f) with each criterion left out. A criterion
that nothing loses tells nothing; a score that most random parameters reach tells little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .case import Case, Ranges, Run
from .files import RubricError
from .rubric import Rubric, Scorecard, score

#: Scores are sums of multiples of a quarter point, or of real-valued ramps: this much is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Sample:
    """Scores of one population of runs, against the case's own score.

    Attributes
    ----------
    label : str
    scores : ndarray, shape (B,)
    reaching : float
        Share of the runs that reach the case's score.
    below : float
        Share that stays below it; ties count half. In per cent this is the case's percentile.
    at_stake : float
        Points of the criteria that could be scored (fewer than the total where the record says nothing).
    """

    label: str
    scores: NDArray[np.float64]
    reaching: float
    below: float
    at_stake: float

    def to_dict(self) -> dict[str, Any]:
        """Summary without the scores themselves: counts, moments, quantiles, a histogram."""
        quantiles = np.quantile(self.scores, [0.05, 0.25, 0.5, 0.75, 0.95])
        counts, edges = np.histogram(self.scores, bins=min(20, max(1, len(self.scores))))
        return {
            "label": self.label,
            "runs": len(self.scores),
            "mean": float(self.scores.mean()),
            "sd": float(self.scores.std()),
            "least": float(self.scores.min()),
            "most": float(self.scores.max()),
            "quantiles": dict(zip(("5", "25", "50", "75", "95"), map(float, quantiles), strict=True)),
            "share_reaching": self.reaching,
            "share_below": self.below,
            "at_stake": self.at_stake,
            "histogram": {"edges": [float(x) for x in edges], "counts": [int(n) for n in counts]},
        }


@dataclass(frozen=True)
class LeftOut:
    """One criterion left out.

    Attributes
    ----------
    label : str
        The criterion, with its phase if it has one.
    constant : bool
    points, of : float
        What the case gets for it, and its worth.
    lost_by : float
        Share of the random draws that get less than the case for it.
    reaching_without : float
        Share of the random draws that reach the case's score when it is left out.
    """

    label: str
    constant: bool
    points: float
    of: float
    lost_by: float
    reaching_without: float


@dataclass(frozen=True)
class Audit:
    """The audit of one case under one rubric.

    Attributes
    ----------
    rubric : Rubric
    card : Scorecard
        The case's own run.
    seed : int
    draws, wide : Sample
        Random parameters from the stated ranges, and from the wide ones.
    nulls, ablations : tuple of Sample
    seeds : Sample or None
    history : Sample
        The record fed to the rubric.
    left_out : tuple of LeftOut
    """

    rubric: Rubric
    card: Scorecard
    seed: int
    draws: Sample
    wide: Sample
    nulls: tuple[Sample, ...]
    ablations: tuple[Sample, ...]
    seeds: Sample | None
    history: Sample
    left_out: tuple[LeftOut, ...]

    @property
    def score(self) -> float:
        """The case's score."""
        return float(self.card.total[0])

    @property
    def percentile(self) -> float:
        """Percentile of the case's score among the wide draws, in [0, 100]: the headline of our rubrics."""
        return 100.0 * self.wide.below

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rubric, card = self.rubric, self.card
        return {
            "rubric": rubric.name,
            "kind": rubric.kind,
            "title": rubric.title,
            "note": rubric.note,
            "score": self.score,
            "total": rubric.total,
            "floor": rubric.floor,
            "ceiling": rubric.ceiling,
            "constant_points": rubric.constant_points,
            "constant_cells": sum(c.constant for c in rubric.cells),
            "cells": len(rubric.cells),
            "score_losable": float(card.losable[0]),
            "losable": card.losable_points,
            "categories": card.by_category(),
            "percentile": self.percentile,
            "seed": self.seed,
            "criteria": card.rows(),
            "draws": self.draws.to_dict(),
            "wide_draws": self.wide.to_dict(),
            "nulls": [s.to_dict() for s in self.nulls],
            "ablations": [s.to_dict() for s in self.ablations],
            "seeds": None if self.seeds is None else self.seeds.to_dict(),
            "history": self.history.to_dict(),
            "left_out": [vars(row) for row in self.left_out],
        }


@dataclass(frozen=True)
class Populations:
    """The runs that an audit scores; computed once, scored by both rubrics of a case."""

    variants: tuple[Run, ...]
    draws: Run
    wide: Run
    nulls: tuple[Run, ...]
    ablations: tuple[Run, ...]
    seeds: Run | None
    history: Run
    seed: int


def populations(
    case: Case, count: int | None = None, seed: int | None = None, report: Callable[[str], None] | None = None
) -> Populations:
    """Run everything that the audit of a case needs.

    Parameters
    ----------
    case : Case
    count, seed : int, optional
        Random draws and the seed of their generator; the data file's by default.
    report : callable, optional
        Told the name of each step before it starts.

    Returns
    -------
    Populations
    """
    settings = case.data.draws
    count = settings.count if count is None else count
    seed = settings.seed if seed is None else seed
    tell = report or (lambda step: None)
    # A child seed for each population, so that the number of draws of one never shifts another.
    stated, wide, nulls = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))

    def drawn(rng: np.random.Generator, ranges: Ranges) -> Run:
        tell(f"{count} {ranges} draws")
        return case.draws(rng, count, ranges)

    tell("published runs")
    runs = case.variants()
    a, b = drawn(stated, "stated"), drawn(wide, "wide")
    tell("null models and ablations")
    null, off = case.nulls(nulls, count), case.ablations()
    tell("seeds and record")
    return Populations(runs, a, b, null, off, case.seeds() if case.seeds else None, case.history(), seed)


def sample(rubric: Rubric, run: Run, reference: float) -> Sample:
    """Score a population of runs against a reference score."""
    card = score(rubric, run.values)
    total = card.total
    above = total > reference + ROUNDING
    tie = ~above & (total >= reference - ROUNDING)
    return Sample(
        run.label,
        total,
        float((above | tie).mean()),
        float(1.0 - above.mean() - 0.5 * tie.mean()),
        float(card.at_stake.mean()),
    )


def audit(case: Case, runs: Populations, kind: Literal["published", "ours"] = "published") -> Audit:
    """Audit a case under its published rubric, or under ours.

    Parameters
    ----------
    case : Case
    runs : Populations
    kind : {"published", "ours"}

    Returns
    -------
    Audit
    """
    rubric = case.rubric(kind)
    unmeasured = [c for c in rubric.cells if c.quantity is not None and c.quantity not in runs.variants[0].values]
    if unmeasured:
        raise RubricError(
            f"case {case.name!r}: the run {runs.variants[0].label!r} does not measure {unmeasured[0].quantity!r}, "
            f"which the {kind} rubric's criterion {unmeasured[0].label!r} needs"
        )
    card = score(rubric, runs.variants[0].values)
    reference = float(card.total[0])
    drawn = score(rubric, runs.draws.values)

    def rate(run: Run) -> Sample:
        return sample(rubric, run, reference)

    left_out = []
    for k, cell in enumerate(rubric.cells):
        own = float(card.points[0, k])
        others = drawn.total - np.nan_to_num(drawn.points[:, k])
        left_out.append(
            LeftOut(
                cell.label,
                cell.constant,
                own,
                cell.points,
                float((drawn.points[:, k] < own - ROUNDING).mean()),
                float((others >= reference - own - ROUNDING).mean()),
            )
        )
    return Audit(
        rubric,
        card,
        runs.seed,
        rate(runs.draws),
        rate(runs.wide),
        tuple(map(rate, runs.nulls)),
        tuple(map(rate, runs.ablations)),
        None if runs.seeds is None else rate(runs.seeds),
        rate(runs.history),
        tuple(left_out),
    )
