"""Every closed form of the specification: the gain of the best deviation is asserted, not only the point."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from scipy.optimize import brentq

from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.oracles import certify, solve

#: A deviation may gain this part of the endowment.
GAIN = 1e-6


def build(environment_id: str, **parameters: object) -> Game:
    return Game(environment_class(environment_id).build(parameters))


def test_slcd() -> None:
    """The published S-LCD equilibrium, w = D: 26.633376832 and 27.399141840 (TR-1)."""
    found = solve("SLCD-v0", "coopetitive", objective="interdependence")
    assert np.abs(found.actions - [26.633376832, 27.399141840]).max() < 1e-7
    assert found.certificate.epsilon <= GAIN * 100.0
    again = certify("SLCD-v0", [26.633376832, 27.399141840], "interdependence", points=2001)
    assert again.epsilon <= GAIN * 100.0


@pytest.mark.parametrize("beta", [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
def test_team_nash_and_optimum(beta: float) -> None:
    """TR-3's symmetric Nash effort and optimum, for n from 2 to 40."""
    check_teams(beta, (2, 3, 4, 6, 10, 20, 40))


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])
def test_every_team_size(beta: float) -> None:
    """The same for every n in 2..40."""
    check_teams(beta, range(2, 41))


def check_teams(beta: float, sizes: Iterable[int]) -> None:
    omega, cost, most = 25.0, 1.0, 50.0
    for n in sizes:
        game = build("TeamProduction-v0", n_agents=n, beta=beta, omega=omega)
        if beta == 1.0:
            nash, best = (0.0 if omega / n < cost else most), (most if omega > cost else 0.0)
        else:
            nash = min((omega * beta / (cost * n ** (2.0 - beta))) ** (1.0 / (1.0 - beta)), most)
            best = min((omega * beta / cost) ** (1.0 / (1.0 - beta)) / n, most)
        assert certify(game, np.full(n, nash)).epsilon <= GAIN * most, (n, beta)
        found = solve(game, "nash")
        assert found.certificate.epsilon <= GAIN * most
        # At omega/n = c everybody is indifferent; else the total is unique, and the symmetric split is found.
        if not (beta == 1.0 and omega / n == cost):
            np.testing.assert_allclose(found.actions, nash, rtol=1e-6, atol=1e-9)
        optimum = solve(game, "social_optimum")
        payoff = omega * (n * best) ** beta - cost * n * best
        assert optimum.payoffs.sum() == pytest.approx(payoff, abs=GAIN * most)


@pytest.mark.parametrize(
    ("theta", "endowment"), [(20.0, 100.0), (20.0, 15.0), (5.0, 100.0), (1.0, 100.0), (0.5, 100.0)]
)
def test_no_dependence_no_synergy(theta: float, endowment: float) -> None:
    """D = 0, gamma = 0, logarithmic: a_i* = theta - 1, clipped; nash, coopetitive and optimum alike."""
    game = build(
        "TrustDilemma-v0", dependence=0.0, gamma=0.0, theta=theta, endowment=endowment, baseline=min(40.0, endowment)
    )
    expected = np.clip(theta - 1.0, 0.0, endowment)
    for concept in ("nash", "coopetitive", "social_optimum"):
        found = solve(game, concept)
        np.testing.assert_allclose(found.actions, expected, atol=1e-6)
        assert found.certificate.epsilon <= GAIN * endowment
    assert certify(game, np.full(2, expected)).epsilon <= GAIN * endowment


@pytest.mark.parametrize("beta", [0.25, 0.5, 0.75, 0.9])
def test_power_form(beta: float) -> None:
    """Power: a* = beta^(1 / (1 - beta))."""
    game = build("TrustDilemma-v0", dependence=0.0, gamma=0.0, value_form="power", beta=beta)
    found = solve(game, "nash")
    np.testing.assert_allclose(found.actions, beta ** (1.0 / (1.0 - beta)), atol=1e-6)
    assert found.certificate.epsilon <= GAIN * 100.0


@pytest.mark.parametrize(("players", "multiplier"), [(2, 1.5), (5, 2.0), (10, 4.0), (40, 39.0)])
def test_public_goods(players: int, multiplier: float) -> None:
    """PublicGoods: nash 0, optimum e, for 1 < m < n."""
    game = build("PublicGoods-v0", n_agents=players, multiplier=multiplier)
    nash, best = solve(game, "nash"), solve(game, "social_optimum")
    assert np.all(nash.actions == 0.0)
    assert np.all(best.actions == 50.0)
    assert max(nash.certificate.epsilon, best.certificate.epsilon) <= GAIN * 50.0
    assert best.payoffs == pytest.approx(np.full(players, multiplier * 50.0))


@pytest.mark.parametrize("dependence", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 1.5])
def test_two_player_symmetric_equilibrium(dependence: float, gamma: float) -> None:
    """-1 + theta / (1 + a) + gamma alpha / 2 + D gamma alpha / 2 = 0 in the interior."""
    for key in ("TrustDilemma-v0", "ReciprocalDilemma-v0", "RecoveryRace-v0", "SynergySearch-v0"):
        game = build(key, dependence=dependence, gamma=gamma)
        theta, share = 20.0, 0.5
        push = gamma * share / 2.0 * (1.0 + dependence)
        expected = min(theta / (1.0 - push) - 1.0, 100.0) if push < 1.0 else 100.0
        assert -1.0 + theta / (1.0 + expected) + push >= -1e-12
        found = solve(game, "coopetitive", objective="interdependence")
        np.testing.assert_allclose(found.actions, expected, atol=1e-6)
        assert found.certificate.epsilon <= GAIN * 100.0
        assert certify(game, np.full(2, expected), "interdependence").epsilon <= GAIN * 100.0
        alone = theta / (1.0 - gamma * share / 2.0) - 1.0  # payoffs know no dependence
        nash = solve(game, "nash")
        np.testing.assert_allclose(nash.actions, alone, atol=1e-6)
        assert nash.certificate.epsilon <= GAIN * 100.0


def test_teams_with_a_leader_and_against_all() -> None:
    """Followers fill up to the same total, so the leader gives nothing; alone, omega beta a^(beta - 1) / n = c."""
    omega, beta, cost, n = 25.0, 0.7, 1.0, 4
    total = (omega * beta / (cost * n)) ** (1.0 / (1.0 - beta))
    game = build("TeamProduction-v0", omega=omega, beta=beta, cost=cost, n_agents=n, endowment=total)
    led = solve(game, "stackelberg", leader=0)
    assert led.actions[0] == 0.0
    assert led.actions.sum() == pytest.approx(total, rel=1e-6)  # who of the followers gives is anybody's matter
    assert led.payoffs[0] == pytest.approx(omega * total**beta / n, abs=GAIN * total)
    security = solve(game, "maximin").values["security_levels"]
    np.testing.assert_allclose(security, omega * total**beta / n - cost * total, atol=GAIN * total)
    public = solve("PublicGoods-v0", "stackelberg", leader=2)
    assert np.all(public.actions == 0.0)
    np.testing.assert_allclose(solve("PublicGoods-v0", "maximin").values["security_levels"], 50.0)


@pytest.mark.parametrize("solution", ["nash", "kalai_smorodinsky"])
def test_symmetric_teams_bargain_for_the_optimum(solution: str) -> None:
    """Symmetry and efficiency leave one point: the optimum, shared equally."""
    for key in ("TeamProduction-v0", "PublicGoods-v0"):
        found = solve(key, "bargaining", solution=solution)
        best = solve(key, "social_optimum").payoffs.sum()
        np.testing.assert_allclose(found.payoffs, best / len(found.payoffs), atol=1e-4 * best)


def test_two_player_symmetric_optimum() -> None:
    """theta / (1 + a) = 1 - gamma / 2 at the utilitarian optimum."""
    for gamma in (0.0, 0.5, 0.7, 0.9):
        game = build("TrustDilemma-v0", gamma=gamma)
        expected = brentq(lambda a, gamma=gamma: 20.0 / (1.0 + a) - 1.0 + gamma / 2.0, 0.0, 100.0)
        found = solve(game, "social_optimum")
        np.testing.assert_allclose(found.actions, expected, atol=1e-6)
        assert found.residual < 1e-8
