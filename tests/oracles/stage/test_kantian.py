"""Multiplicative Kantian equilibria: closed forms, no factor on a grid, efficiency, and zeros that are no solution."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.oracles import NotConverged, Objective, StageGame, solve
from coopetition.oracles.stage.kantian import scaling_certificate

SMALL = ["TrustDilemma-v0", "PartnerHoldUp-v0", "SLCD-v0", "RenaultNissan-v0", "PlatformEcosystem-v0"]


@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_no_factor_on_a_grid(key: str) -> None:
    """Nobody gains by any of 20,001 factors up to the box; efforts are positive."""
    found = solve(key, "kantian")
    assert found.actions.min() > 0.0
    stage = StageGame(key)
    factors = np.linspace(0.0, 1.0 / (found.actions / stage.upper).max(), 20_001)
    values = stage.evaluate(np.minimum(factors[:, None] * found.actions, stage.upper))[0]
    assert (values - found.payoffs).max() <= found.values["tolerance"]


@pytest.mark.parametrize("n", [2, 4, 9])
@pytest.mark.parametrize("omega", [0.5, 3.0, 12.0])
def test_symmetric_teams(n: int, omega: float) -> None:
    """Payoff omega (n a)^beta / n - cost a: the best common effort, or the whole endowment."""
    cls = environment_class("TeamProduction-v0")
    game = cls.build({"n_agents": n, "omega": omega})
    best = (omega * game.beta * n ** (game.beta - 1.0) / game.cost) ** (1.0 / (1.0 - game.beta))
    found = solve(game, "kantian")
    np.testing.assert_allclose(found.actions, np.minimum(best, 50.0), rtol=1e-5)


@pytest.mark.parametrize("key", SMALL)
def test_efficient_where_externalities_are_positive(key: str) -> None:
    """Roemer's theorem: no profile of a fine grid is better for everybody."""
    found = solve(key, "kantian")
    stage = StageGame(key)
    cloud = np.random.default_rng(0).uniform(size=(20_000, stage.n)) * stage.upper
    near = np.clip(found.actions + np.random.default_rng(1).normal(size=(20_000, stage.n)), 0.0, stage.upper)
    payoffs = stage.evaluate(np.concatenate([cloud, near]))[0]
    assert (payoffs - found.payoffs).min(axis=1).max() <= 1e-6


def test_certificate_can_fail() -> None:
    """Half the best effort is no solution: everybody would like twice as much."""
    stage = StageGame("PublicGoods-v0")
    certificate = scaling_certificate(stage, 0.5 * stage.upper, Objective(stage, "private"))
    np.testing.assert_allclose(certificate.replies, 2.0)
    assert certificate.epsilon > 1.0


def test_all_zeros_are_no_solution() -> None:
    """Where any common effort is a loss, only zeros remain, and they do not count."""
    game = environment_class("PublicGoods-v0").build({"multiplier": 0.5})
    with pytest.raises(NotConverged, match="positive efforts"):
        solve(game, "kantian")
