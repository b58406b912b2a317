"""The verdict on a case: two sentences, generated from the audit's numbers and from nothing else."""

from __future__ import annotations

from .audit import Audit

#: Shares of random draws that reach a score, and how much such a score can tell.
WORTH = (
    (0.50, "so the score says almost nothing about the case"),
    (0.20, "so the score says little about the case"),
    (0.05, "so the score says something about the case"),
    (0.00, "so the score does separate the case from chance"),
)
#: Percentiles of the case under our rubric, and what they mean.
STANDING = (
    (95.0, "clearly closer to the record than chance"),
    (75.0, "closer to the record than most random parameters, but not clearly"),
    (50.0, "hardly closer to the record than a random parameter set"),
    (0.0, "no closer to the record than a random parameter set"),
)


def _pick(table: tuple[tuple[float, str], ...], x: float) -> str:
    return next((words for bound, words in table if x >= bound), table[-1][1])


def verdict(published: Audit, ours: Audit) -> tuple[str, str]:
    """Two sentences: what the published score is worth, and how far the run is from the record.

    Parameters
    ----------
    published, ours : Audit
        The audits under the published rubric and under ours.

    Returns
    -------
    tuple of two str
    """
    rubric, share = published.rubric, published.draws.reaching
    best = max(published.nulls, key=lambda s: s.scores.mean())
    certain = (
        f"{rubric.constant_points:g} of them for criteria that cannot be lost"
        if rubric.constant_points
        else "all for criteria that can be lost"
    )
    first = (
        f"The published score is {published.score:g} of {rubric.total:g}, {certain}; {100 * share:.0f} % of "
        f"{len(published.draws.scores):,} random parameter sets reach it and the best null model "
        f"({best.label}) scores {best.scores.mean():.1f} on average, {_pick(WORTH, share)}."
    )
    kinds: dict[str, float] = {}
    phases: dict[str, float] = {}
    # A rubric with one category is told apart by its criteria.
    single = len(ours.rubric.categories) == 1
    for cell, points in zip(ours.rubric.cells, ours.card.points[0], strict=True):
        lost = cell.points - float(points)
        kind = cell.criterion.replace("_", " ") if single else cell.category
        kinds[kind] = kinds.get(kind, 0.0) + lost
        if cell.phase is not None:
            phases[cell.phase] = phases.get(cell.phase, 0.0) + lost
    worst = max(kinds, key=lambda name: kinds[name])
    where = ""
    if phases:
        phase = max(phases, key=lambda name: phases[name])
        where = f", and by phase most in {phase} ({phases[phase]:.1f})"
    standing = _pick(STANDING, ours.percentile)
    second = (
        f"By distance to the documented record it earns {ours.score:.1f} of {ours.rubric.total:g}, "
        f"percentile {ours.percentile:.0f} of random parameters, {standing}; of the "
        f"{sum(kinds.values()):.1f} points lost it loses most on {worst} ({kinds[worst]:.1f}){where}."
    )
    return first, second
