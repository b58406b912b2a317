"""Statistics of few seeds, against cases that are known."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.study.statistics import improvement, interquartile_mean, paired_interval, profile, stratified_interval


def test_interquartile_mean_drops_the_outer_quarters():
    assert interquartile_mean(np.array([-100.0, 1.0, 3.0, 100.0])) == 2.0
    assert interquartile_mean(np.array([[np.nan, 1.0], [3.0, np.nan]])) == 2.0


def test_improvement_counts_pairs():
    one, other = np.array([[2.0], [1.0]]), np.array([[1.0], [0.0]])
    assert improvement(one, other) == pytest.approx((3 + 0.5) / 4)
    assert improvement(one, one) == pytest.approx(0.5)


def test_profile_is_a_share():
    np.testing.assert_allclose(profile(np.array([0.1, 0.5, np.nan]), np.array([0.0, 0.3, 0.9])), [1.0, 0.5, 0.0])


def test_intervals_cover_the_mean():
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(20):
        draws = generator.normal(1.0, 1.0, size=12)
        _, low, high = paired_interval(draws)
        covered += low <= 1.0 <= high
    assert covered >= 15
    scores = generator.normal(size=(7, 5))
    low, high = stratified_interval(scores)
    assert low < interquartile_mean(scores) < high
    assert high - low < 4.0 * scores.std() / np.sqrt(scores.size) * 1.5
