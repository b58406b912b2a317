"""Uniqueness is proven, not refuted, or refuted; samples alone never prove it."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.envs import environment_class
from coopetition.oracles import equilibria

THREE = {
    "gamma": 0.9, "theta": 21, "dependence": 0.84, "initial_trust": 0.7, "lambda_minus": 0.87, "mu_R": 0.73,
    "baseline": 31,
}  # fmt: skip


def test_three_equilibria_refute_it() -> None:
    """Rosen's condition holds at all samples, and yet there are three equilibria."""
    found = equilibria(environment_class("TrustDilemma-v0").build(THREE), "coopetitive")
    assert found.rosen.holds
    assert len(found) == 3
    assert found.uniqueness.verdict == "refuted"
    assert "3 equilibria" in found.uniqueness.why


PROVEN = ["TrustDilemma-v0", "SLCD-v0", "PlatformEcosystem-v0", "GiftExchange-v0", "PublicGoods-v0"]


@pytest.mark.parametrize("key", PROVEN)
def test_proofs(key: str) -> None:
    """Under payoffs alone a theorem holds; replies from twenty random profiles end at the one equilibrium."""
    found = equilibria(key, "nash")
    assert found.uniqueness.verdict == "proven"
    assert found.uniqueness.samples == 0
    assert len(found) == 1


def test_dependence_without_trust_is_proven_too() -> None:
    assert equilibria("SLCD-v0", "coopetitive", objective="interdependence").uniqueness.verdict == "proven"


def test_what_the_theorems_do_not_cover() -> None:
    """Weights that move with the actions, an own value that does not pay at first, team production."""
    assert equilibria("SLCD-v0", "coopetitive").uniqueness.verdict != "proven"
    shy = environment_class("TrustDilemma-v0").build({"theta": 0.9, "gamma": 2.5})
    found = equilibria(shy, "nash")
    assert found.uniqueness.verdict == "refuted"  # nothing for nothing, and everything for everything
    np.testing.assert_allclose(sorted(one.actions.max() for one in found)[0], 0.0, atol=1e-9)
    assert equilibria("TeamProduction-v0", "nash", starts=6).uniqueness.verdict != "proven"
