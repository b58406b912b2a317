"""Many parameter sets solved side by side: each as `solve` solves it alone, with the same certificate."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.envs import environment_class
from coopetition.oracles import certify, solve, solve_many
from coopetition.oracles.stage.many import MANY
from coopetition.oracles.stage.many_games import many_games

TRUST = ["TrustDilemma-v0", "SLCD-v0", "PlatformEcosystem-v0", "ReputationMarket-v0", "GiftExchange-v0"]
OBJECTIVES = {"nash": "private", "coopetitive": "integrated"}


def random_sets(key: str, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    if environment_class(key).family == "team":
        return {"omega": rng.uniform(5.0, 30.0, count), "beta": rng.uniform(0.5, 0.9, count)}
    return {"gamma": rng.uniform(0.0, 1.5, count), "theta": rng.uniform(5.0, 40.0, count)}


@pytest.mark.parametrize("concept", MANY)
@pytest.mark.parametrize("key", [*TRUST, "LoyaltyTeam-v0"])
def test_each_as_alone(key: str, concept: str) -> None:
    """Certified, no worse than `solve`, and for payoffs, whose equilibrium is unique in TR-1, the same point."""
    sets = random_sets(key, 12)
    found = solve_many(key, sets, concept)
    assert found.converged.all()
    games = many_games(key, sets)
    for k in (0, 5, 11):
        alone = solve(games.game(k), concept)
        if concept == "social_optimum":
            assert found.payoffs[k].sum() >= alone.payoffs.sum() - 1e-8 * (1.0 + abs(alone.payoffs.sum()))
            continue
        certificate = certify(games.game(k), found.actions[k], OBJECTIVES[concept])
        assert certificate.epsilon <= found.tolerance[k]
        assert found.epsilon[k] == pytest.approx(certificate.epsilon, abs=1e-10)
        if concept == "nash" and key in ("TrustDilemma-v0", "SLCD-v0"):
            np.testing.assert_allclose(found.actions[k], alone.actions, atol=1e-7)
            np.testing.assert_allclose(found.payoffs[k], alone.payoffs, rtol=1e-12)
            np.testing.assert_allclose(found.utilities[k], alone.utilities, rtol=1e-12)


def test_closed_forms() -> None:
    """Without synergy a = theta - 1, clipped; of public goods nothing, or everything for the sum."""
    theta = np.array([0.5, 2.0, 19.0, 300.0])
    found = solve_many("TrustDilemma-v0", {"gamma": np.zeros(4), "theta": theta})
    np.testing.assert_allclose(found.actions[:, 0], [0.0, 1.0, 18.0, 100.0], atol=1e-8)
    goods = solve_many("PublicGoods-v0", [{"multiplier": m} for m in (1.5, 2.0, 4.5)], "social_optimum")
    np.testing.assert_allclose(goods.actions, 50.0)
    np.testing.assert_allclose(solve_many("PublicGoods-v0", [{"multiplier": 2.0}]).actions, 0.0)


def test_endowments_and_forms_may_differ() -> None:
    """Sets that differ in more than one number: endowments, and the form of the value."""
    sets = [{"endowment": 50.0, "baseline": 20.0}, {"endowment": 200.0}, {"value_form": "power", "beta": 0.5}]
    found = solve_many("TrustDilemma-v0", sets, "coopetitive")
    for k, numbers in enumerate(sets):
        game = environment_class("TrustDilemma-v0").build(numbers)
        assert certify(game, found.actions[k], "integrated").epsilon <= found.tolerance[k]
        np.testing.assert_allclose(found.utilities[k], solve(game, "coopetitive").utilities, rtol=1e-9)


def test_one_set_by_objects_of_every_kind() -> None:
    cls = environment_class("SLCD-v0")
    by_object = solve_many("SLCD-v0", [cls.build({"gamma": 0.3})])
    by_mapping = solve_many("SLCD-v0", [{"gamma": 0.3}])
    by_array = solve_many(cls(), {"gamma": 0.3})
    np.testing.assert_array_equal(by_object.actions, by_mapping.actions)
    np.testing.assert_array_equal(by_object.actions, by_array.actions)


BAD = [
    ([], "nash", ValueError, "no parameter sets"),
    ({}, "nash", ValueError, "no parameter sets"),
    ({"gamma": [0.1, 0.2], "theta": [1.0]}, "nash", ValueError, "one length"),
    ([{"gama": 0.1}], "nash", TypeError, "did you mean 'gamma'"),
    ([{"gamma": -1.0}], "nash", ValueError, "gamma"),
    ([3.0], "nash", TypeError, "not float"),
    ([{}], "maximin", ValueError, "unknown concept"),
]


@pytest.mark.parametrize(("sets", "concept", "kind", "message"), BAD)
def test_bad_input(sets: object, concept: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        solve_many("TrustDilemma-v0", sets, concept)  # type: ignore[arg-type]


def test_what_has_no_certificate_is_refused() -> None:
    """No profile passes when not even rounding may be gained."""
    with pytest.raises(RuntimeError, match="of 2 sets have no certified coopetitive"):
        solve_many("SLCD-v0", {"gamma": [0.3, 0.6]}, "coopetitive", tolerance=-1.0)
    assert not solve_many("SLCD-v0", {"gamma": [0.3]}, "coopetitive", tolerance=-1.0, strict=False).converged.any()
