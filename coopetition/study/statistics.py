"""Statistics of few seeds: interquartile means, stratified bootstraps, performance profiles (Agarwal et al. 2021)."""

from __future__ import annotations

import numpy as np
from scipy import stats

RESAMPLES = 2_000


def interquartile_mean(scores: np.ndarray) -> float:
    """Mean of the middle half of all scores, whatever their shape; NaN entries do not count."""
    known = np.sort(scores[np.isfinite(scores)])
    cut = known.size // 4
    return float(known[cut : known.size - cut].mean()) if known.size else float("nan")


def stratified_interval(scores: np.ndarray, *, seed: int = 0) -> tuple[float, float]:
    """A 95 % percentile interval of the interquartile mean of (seeds, tasks); seeds are drawn anew within each task."""
    generator = np.random.default_rng(seed)
    columns = [column[np.isfinite(column)] for column in scores.T]
    drawn = [generator.choice(column, (RESAMPLES, column.size)) for column in columns if column.size]
    if not drawn:
        return float("nan"), float("nan")
    ranked = np.sort(np.concatenate(drawn, axis=1), axis=1)
    cut = ranked.shape[1] // 4
    low, high = np.percentile(ranked[:, cut : ranked.shape[1] - cut].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def paired_interval(differences: np.ndarray) -> tuple[float, float, float]:
    """Mean of paired differences, with a 95 % BCa interval; the interval is NaN for fewer than three."""
    known = differences[np.isfinite(differences)]
    mean = float(known.mean()) if known.size else float("nan")
    if known.size < 3 or np.ptp(known) == 0.0:
        return mean, float("nan"), float("nan")
    interval = stats.bootstrap((known,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(0))
    return mean, float(interval.confidence_interval.low), float(interval.confidence_interval.high)


def profile(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of the scores above each threshold."""
    known = scores[np.isfinite(scores)]
    above: np.ndarray = (known[np.newaxis] > thresholds[:, np.newaxis]).mean(axis=1)
    return above


def improvement(one: np.ndarray, other: np.ndarray) -> float:
    """Probability that a run of `one` beats a run of `other`, (seeds, tasks) each: mean over tasks, ties count half."""
    found = []
    for a, b in zip(one.T, other.T, strict=True):
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if a.size and b.size:
            difference = a[:, np.newaxis] - b[np.newaxis]
            found.append(float((difference > 0.0).mean() + 0.5 * (difference == 0.0).mean()))
    return float(np.mean(found)) if found else float("nan")
