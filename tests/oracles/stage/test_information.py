"""SynergySearch ex ante and with gamma known."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.envs import environment_class
from coopetition.oracles import solve, with_gamma_known


@pytest.mark.parametrize("concept", ["nash", "social_optimum"])
def test_ex_ante_and_known(concept: str) -> None:
    """Ex ante is what `solve` answers; each known draw is the game of that gamma; the planner gains by knowing."""
    found = with_gamma_known("SynergySearch-v0", concept, points=5)
    np.testing.assert_allclose(found.ex_ante, solve("SynergySearch-v0", concept).actions, atol=1e-6)
    assert found.weights.sum() == pytest.approx(1.0)
    low, high = environment_class("SynergySearch-v0")().gamma_range
    assert low < found.gammas.min() < found.gammas.max() < high
    game = environment_class("SynergySearch-v0").build({"gamma": float(found.gammas[0])})
    np.testing.assert_allclose(found.known.actions[0], solve(game, concept).actions, atol=1e-5)
    if concept == "social_optimum":
        assert 0.0 < found.value_of_information < 0.01 * found.ex_ante_total


def test_nothing_is_drawn_elsewhere() -> None:
    with pytest.raises(ValueError, match="draws no gamma"):
        with_gamma_known("TrustDilemma-v0")
