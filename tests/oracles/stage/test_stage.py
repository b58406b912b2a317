"""The stage game: all twenty at reset and at random states, certificates that can fail, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.oracles import (
    Episode,
    NotConverged,
    Objective,
    StageGame,
    added_value,
    as_game,
    certify,
    dependence_power,
    dilemma,
    equilibria,
    prices,
    rosen_condition,
    solve,
    spectral_radius,
)
from coopetition.oracles.dilemmas import dilemma_along, dilemma_along_each
from coopetition.oracles.stage.game import gradients, symmetry_groups

EVERY = list(ENVIRONMENTS)


def random_states(game: Game, count: int, seed: int = 0) -> list[np.ndarray]:
    """State vectors met in play: episodes of random rates from random starts, at random times."""
    episode = Episode(game)
    rng = np.random.default_rng([seed, EVERY.index(game.id)])
    batch = episode.batch(count)
    start: dict[str, np.ndarray] = {}
    for name, field in game.layout.items():
        if name in ("trust", "damage", "loyalty", "reputation", "image", "memory_mean"):
            shape = (count, *field.shape)
            start[name] = rng.uniform(0.0, field.high, size=shape)
    batch.set_state(start)
    for _ in range(int(rng.integers(1, 12))):
        batch.step(rng.uniform(size=(count, game.n)))
    rows = batch.rows()
    rows[game.layout["ended"].rows] = 0.0
    rows[game.layout["time"].rows] = np.minimum(rows[game.layout["time"].rows], game.horizon - 1)
    return list(rows.T.copy())


def solve_at_random_states(key: str | Game, count: int) -> tuple[int, int, float]:
    """Solved, unsolved, and the largest epsilon among the solved."""
    solved, unsolved, largest = 0, 0, 0.0
    for vector in random_states(as_game(key), count):
        for concept in ("nash", "coopetitive"):
            found = solve(key, concept, vector, strict=False)
            if not found.converged:
                with pytest.raises(NotConverged) as caught:
                    solve(key, concept, vector)
                assert caught.value.epsilon > 1e-6
                assert caught.value.best.converged is False
                unsolved += 1
                continue
            assert found.certificate.epsilon <= 1e-5
            solved += 1
            largest = max(largest, found.certificate.epsilon)
    return solved, unsolved, largest


@pytest.mark.parametrize("key", EVERY)
def test_every_environment_at_reset(key: str) -> None:
    """Both equilibria and the optimum are certified; a finer, independent certificate agrees."""
    for concept, objective in (("nash", "private"), ("coopetitive", "integrated")):
        found = solve(key, concept)
        assert found.converged
        assert found.certificate.epsilon <= 1e-5
        assert certify(key, found.actions, objective, points=1001).epsilon <= 1e-5
    best = solve(key, "social_optimum")
    assert best.certificate.details["projected_gradient"] == pytest.approx(best.residual)
    assert best.payoffs.sum() >= solve(key, "nash").payoffs.sum() - 1e-9
    assert best.payoffs.sum() >= best.certificate.details["best_of_starts"] - 1e-9


@pytest.mark.parametrize("key", EVERY)
def test_random_states(key: str) -> None:
    """Every Nash-type solution at states met in play has epsilon <= 1e-5, or says that there is none."""
    count = 5
    solved, unsolved, largest = solve_at_random_states(key, count)
    print(f"{key}: {solved} solved, {unsolved} not, epsilon <= {largest:.1e}")
    assert solved + unsolved == 2 * count
    assert solved > 0


@pytest.mark.slow
@pytest.mark.parametrize("key", EVERY)
def test_fifty_random_states(key: str) -> None:
    """The same at 50 states."""
    solved, unsolved, largest = solve_at_random_states(key, 50)
    print(f"{key}: {solved} solved, {unsolved} not, epsilon <= {largest:.1e}")
    assert solved + unsolved == 100


@pytest.mark.parametrize("most_loyal", [[17], [3, 17, 20]])
def test_volunteers_among_many(most_loyal: list[int]) -> None:
    """Where loyalties differ, the most loyal committers give alone, and alike: efforts are substitutes."""
    loyalty = np.linspace(0.1, 0.6, 40)
    loyalty[most_loyal] = 0.6001
    found = solve("ApacheProject-v0", "coopetitive", {"loyalty": loyalty})
    assert found.certificate.epsilon <= 1e-9
    assert np.flatnonzero(found.actions).tolist() == most_loyal
    np.testing.assert_allclose(found.actions[most_loyal], found.actions[most_loyal[0]], rtol=1e-9)


def test_certificates_can_fail() -> None:
    """Epsilon grows as a solution is perturbed, quadratically near it."""
    for key in ("SLCD-v0", "TeamProduction-v0", "AppleAppStore-v0"):
        found = solve(key, "nash")
        epsilons = []
        for shift in (0.0, 0.1, 1.0, 5.0):
            moved = found.actions.copy()
            moved[0] += shift
            epsilons.append(certify(key, moved).epsilon)
        assert epsilons[0] <= 1e-9 < epsilons[1] < epsilons[2] < epsilons[3]


def test_certificate_sees_jumps() -> None:
    """Just below a reputation tier there is much to gain, and the certificate says how much and where."""
    certificate = certify("ReputationMarket-v0", np.full(5, 49.9))
    assert certificate.epsilon > 10.0
    assert certificate.replies[0] == pytest.approx(50.0, abs=1e-6)
    assert certify("ReputationMarket-v0", np.full(5, 50.0)).epsilon <= 1e-9


class PenniesStage(StageGame):
    """Matching pennies with a kink: the first wants to be near the second, the second far from the first."""

    def evaluate(self, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distance = np.abs(levels[:, 0] - levels[:, 1])
        payoffs = np.column_stack([-distance, distance])
        return payoffs, payoffs


def test_no_pure_equilibrium() -> None:
    """A game without one ends in NotConverged, which carries the best point and its epsilon."""
    from coopetition.oracles.stage.equilibrium import equilibrium

    stage = PenniesStage("TrustDilemma-v0")
    with pytest.raises(NotConverged) as caught:
        equilibrium(stage, Objective(stage, "private"), "nash", starts=1)
    assert caught.value.epsilon > 1.0
    assert caught.value.best.converged is False
    kept = equilibrium(stage, Objective(stage, "private"), "nash", strict=False, starts=1)
    assert kept.converged is False
    assert kept.certificate.epsilon == pytest.approx(caught.value.epsilon)


def test_corner() -> None:
    """At a corner the gradient does not vanish; the residual of the variational inequality does."""
    found = solve("PublicGoods-v0", "nash")
    assert np.all(found.actions == 0.0)
    assert found.residual == 0.0
    stage = StageGame("PublicGoods-v0")
    assert np.all(gradients(stage, found.actions[None], Objective(stage, "private")) < -0.5)


def test_equilibria_and_stability() -> None:
    """One stable equilibrium where Rosen's condition holds; three in the app store, one of them unstable."""
    single = equilibria("TrustDilemma-v0", "nash")
    assert len(single) == 1
    assert single.rosen.holds
    assert single[0].values["spectral_radius"] < 1.0
    several = equilibria("AppleAppStore-v0", "coopetitive")
    assert len(several) >= 2
    assert not several.rosen.holds
    assert not all(found.values["stable"] for found in several)
    for found in several:
        assert certify("AppleAppStore-v0", found.actions, "integrated", points=1001).epsilon <= 1e-5


def test_spectral_radius_of_a_quadratic_game() -> None:
    """Payoffs -(a_i - k a_j)^2 have the best-response map k, whose spectral radius is k."""

    class Linear(StageGame):
        def evaluate(self, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            payoffs = -((levels - 0.4 * levels[:, ::-1] - 10.0) ** 2)
            return payoffs, payoffs

    stage = Linear("TrustDilemma-v0")
    objective = Objective(stage, "private")
    point = np.full(2, 10.0 / 0.6)
    assert spectral_radius(stage, point, objective) == pytest.approx(0.4, abs=1e-6)
    report = rosen_condition(stage, objective)
    assert report.holds
    assert report.largest_eigenvalue == pytest.approx(-4.0 + 1.6, abs=1e-4)


def test_welfares() -> None:
    """Each welfare's optimum is the best of the three in its own welfare."""
    for key in ("PartnerHoldUp-v0", "GiftExchange-v0"):
        disagreement = solve(key, "nash").payoffs
        found = {
            name: solve(key, "social_optimum", welfare=name).payoffs for name in ("utilitarian", "nash", "egalitarian")
        }
        assert found["utilitarian"].sum() >= max(p.sum() for p in found.values()) - 1e-7
        assert found["egalitarian"].min() >= max(p.min() for p in found.values()) - 1e-7
        product = {name: np.prod(np.maximum(p - disagreement, 0.0)) for name, p in found.items()}
        assert product["nash"] >= max(product.values()) - 1e-7


def test_bargains_are_nobodys_loss() -> None:
    """Nobody bargains below disagreement; Kalai-Smorodinsky's gains are in proportion to the ideal ones."""
    for key in ("SLCD-v0", "PlatformEcosystem-v0", "AppleAppStore-v0"):
        for solution in ("nash", "kalai_smorodinsky"):
            found = solve(key, "bargaining", solution=solution)
            assert np.all(found.payoffs >= found.values["disagreement"] - 1e-7)
        ideal = found.values["ideal"] - found.values["disagreement"]
        assert np.ptp(found.values["gains"] / ideal) < 1e-4


def test_frontier() -> None:
    """No profile of a cloud dominates a point, and for two agents payoffs trade off evenly."""
    front = solve("SLCD-v0", "pareto_front", points=17)
    assert front.epsilon <= 1e-6
    assert np.all(np.diff(front.payoffs[:, 0]) > 0.0)
    assert np.all(np.diff(front.payoffs[:, 1]) < 0.0)
    steps = np.linalg.norm(np.diff(front.payoffs, axis=0), axis=1)
    assert steps.max() < 2.5 * steps.min()
    for key in ("AppleAppStore-v0", "RenaultNissan-v0", "PublicGoods-v0"):
        assert solve(key, "pareto_front", points=12).epsilon <= 1e-6


def test_frontier_of_a_market_with_tiers() -> None:
    """Where reputation tiers make payoffs jump, clouds of another kind find no profile better for all."""
    found = solve("ReputationMarket-v0", "pareto_front")
    assert found.converged
    stage = StageGame("ReputationMarket-v0")
    rng = np.random.default_rng(11)
    for payoffs, actions in zip(found.payoffs, found.actions, strict=True):
        for distance in (1.0, 0.3, 0.1, 0.03, 0.003):
            cloud = actions + distance * stage.upper * rng.standard_t(3, size=(4000, stage.n))
            reached = stage.evaluate(np.clip(cloud, 0.0, stage.upper))[0]
            assert (reached - payoffs).min(axis=1).max() <= 1e-5


def test_the_least_payoff_at_a_kink() -> None:
    """The egalitarian optimum of RecoveryRace's utilities lies where damage begins, and no gradient leads there."""
    found = solve("RecoveryRace-v0", "social_optimum", objective="integrated", welfare="egalitarian")
    stage = StageGame("RecoveryRace-v0")
    axis = np.linspace(0.0, 100.0, 801)
    table = np.array(np.meshgrid(axis, axis)).reshape(2, -1).T
    assert stage.evaluate(table)[1].min(axis=1).max() <= found.values["welfare"] + 1e-9


def test_stackelberg_and_maximin_of_more_agents() -> None:
    """Three agents and more: followers answer with their equilibrium; nobody is held below security at nash."""
    found = solve("AppleAppStore-v0", "stackelberg", leader="apple")
    nash = solve("AppleAppStore-v0", "nash")
    assert found.certificate.epsilon <= 1e-5
    assert found.payoffs[0] >= nash.payoffs[0] - 1e-7
    security = solve("AppleAppStore-v0", "maximin")
    assert np.all(nash.payoffs >= security.values["security_levels"] - 1e-7)
    # Platform: others at zero leave theta ln(1 + a) + e - a, at its best theta - 1.
    platform = solve("PlatformEcosystem-v0", "maximin")
    np.testing.assert_allclose(platform.actions, 24.0, atol=1e-4)


def test_prices_and_added_value() -> None:
    """Price of anarchy 2 in public goods; added value of the two-player game by hand."""
    found = prices("PublicGoods-v0", starts=4)
    assert found.anarchy == pytest.approx(2.0)
    assert found.stability == pytest.approx(2.0)
    assert found.gap == pytest.approx(250.0)
    actions = np.array([25.0, 36.0])
    expected = 20.0 * np.log1p(actions) + 0.65 * np.sqrt(25.0 * 36.0)
    np.testing.assert_allclose(added_value("SLCD-v0", actions), expected, rtol=1e-12)
    assert added_value("PublicGoods-v0", np.full(5, 50.0)) == pytest.approx(np.full(5, 100.0))
    assert np.isnan(prices("ApacheProject-v0", starts=1).anarchy) or prices("ApacheProject-v0", starts=1).anarchy > 1.0


def test_dependence_power() -> None:
    """The strong partner has the power that the weak one lacks."""
    power = dependence_power("PartnerHoldUp-v0")
    assert power.net[0, 1] == pytest.approx(0.5)
    np.testing.assert_allclose(power.net, -power.net.T)
    assert power.power == pytest.approx([0.5, -0.5])
    assert power.mutual[0, 1] == pytest.approx(1.2)
    with pytest.raises(ValueError, match="no interdependence"):
        dependence_power("TeamProduction-v0")


def test_dilemma_of_public_goods() -> None:
    """By hand: greed e (1 - m/n), fear the same, Schelling's lines parallel with slope e m / n."""
    found = dilemma("PublicGoods-v0", episode=False)
    assert found.price_of_anarchy == pytest.approx(2.0)
    assert found.greed == pytest.approx(30.0)
    assert found.fear == pytest.approx(30.0)
    np.testing.assert_allclose(np.diff(found.schelling[:-1, 1]), 20.0)
    np.testing.assert_allclose(np.diff(found.schelling[1:, 0]), 20.0)
    cooperative = dilemma("PublicGoods-v0", "cooperative", episode=False)
    assert cooperative.greed == 0.0
    assert cooperative.price_of_anarchy == pytest.approx(1.0)
    along = dilemma_along("PublicGoods-v0", "multiplier", [1.5, 3.0])
    assert [row.price_of_anarchy for row in along] == pytest.approx([1.5, 3.0])


def test_stage_optimum_of_published_trust_games_is_less_than_one_per_cent_better() -> None:
    """As the specification says of the TR-1 class: what is at stake there is trust."""
    for key in EVERY:
        if as_game(key).parameters.family != "team":
            assert (
                1.0 - 1e-12 <= dilemma(key, episode=False).price_of_anarchy < 1.01
            )  # 1 to rounding where they are one


def test_objectives_and_states() -> None:
    """Matrices, modes and states do what they say."""
    by_matrix = solve("SLCD-v0", "nash", objective=[[1.0, 0.64], [0.86, 1.0]])
    by_name = solve("SLCD-v0", "nash", objective="interdependence")
    np.testing.assert_allclose(by_matrix.actions, by_name.actions, atol=1e-9)
    trusting = solve("SLCD-v0", "coopetitive", {"trust": 1.0})
    wary = solve("SLCD-v0", "coopetitive", {"trust": 0.1})
    assert np.all(trusting.actions > wary.actions)
    shared = solve("SLCD-v0", "nash", objective="cooperative")
    np.testing.assert_allclose(shared.actions, solve("SLCD-v0", "social_optimum").actions, atol=1e-6)
    expected = solve("SynergySearch-v0", "nash")
    np.testing.assert_allclose(expected.actions, solve("SynergySearch-v0", "nash", {"gamma": 0.55}).actions, atol=1e-9)
    assert not np.allclose(expected.actions, solve("SynergySearch-v0", "nash", {"gamma": 0.9}).actions, atol=1e-2)


def test_symmetry_groups() -> None:
    """Developers are exchangeable, the platform is not; a state can break symmetry."""
    stage = StageGame("PlatformEcosystem-v0")
    assert symmetry_groups(stage, Objective(stage, "integrated")).tolist() == [0, 1, 1, 1, 1]
    uneven = StageGame("LoyaltyTeam-v0", {"loyalty": [0.1, 0.1, 0.5, 0.5]})
    assert symmetry_groups(uneven, Objective(uneven, "integrated")).tolist() == [0, 0, 1, 1]
    assert symmetry_groups(uneven, Objective(uneven, "private")).tolist() == [0, 0, 0, 0]
    # High levels lift all of these to the cap, low ones do not.
    near = StageGame("LoyaltyTeam-v0", {"loyalty": [1.0, 0.995, 1.0, 0.995]})
    assert symmetry_groups(near, Objective(near, "integrated")).tolist() == [0, 1, 0, 1]


def test_solution_is_frozen_and_becomes_json() -> None:
    found = solve("SLCD-v0", "bargaining")
    with pytest.raises(AttributeError):
        found.actions = np.zeros(2)  # type: ignore[misc]
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["certificate"]["kind"] == "optimum"
    json.dumps(solve("SLCD-v0", "pareto_front", points=3).to_dict(), allow_nan=False)


def test_any_form_of_game_is_solved() -> None:
    """Ids, parameters, games, and environments that hold a game."""
    parameters = environment_class("SLCD-v0")()
    holder = type("Holder", (), {"game": Game(parameters)})()
    wrapped = type("Wrapper", (), {"unwrapped": holder})()
    expected = solve("SLCD-v0", "nash").actions
    for form in (parameters, Game(parameters, action_scale="symmetric"), holder, wrapped, "coopetition/SLCD-v0"):
        np.testing.assert_allclose(solve(form, "nash").actions, expected, atol=1e-9)


BAD = [
    (("SLCD-v0", "nsh"), {}, ValueError, "did you mean 'nash'"),
    (("SLCD-v1", "nash"), {}, ValueError, "SLCD-v0"),
    (("SLCD-v0", "stackelberg"), {"leader": "intel"}, ValueError, "samsung, sony"),
    (("SLCD-v0", "stackelberg"), {"leader": 2}, ValueError, "not an agent"),
    (("SLCD-v0", "nash", {"trust": 1.5}), {}, ValueError, "out of its range"),
    (("SLCD-v0", "nash", {"trst": 0.5}), {}, ValueError, "did you mean 'trust'"),
    (("SLCD-v0", "nash", {"trust": float("nan")}), {}, ValueError, "out of its range"),
    (("SLCD-v0", "nash", np.zeros(3)), {}, ValueError, "shape"),
    (("SLCD-v0", "nash", 0.5 * as_game("SLCD-v0").initial_state), {}, ValueError, "'dependence' is fixed"),
    (("SLCD-v0", "nash", None, "greedy"), {}, ValueError, "unknown objective"),
    (("SLCD-v0", "nash", None, [[1.0]]), {}, ValueError, "matrix"),
    (("TeamProduction-v0", "nash", None, "interdependence"), {}, ValueError, "no interdependence"),
    (("SLCD-v0", "social_optimum"), {"welfare": "rawls"}, ValueError, "egalitarian"),
    (("SLCD-v0", "bargaining"), {"solution": "raiffa"}, ValueError, "kalai_smorodinsky"),
    (("SLCD-v0", "bargaining"), {"disagreement": [1.0]}, ValueError, "finite payoffs"),
    (("SLCD-v0", "nash"), {"leader": "sony"}, TypeError, "no option 'leader'"),
    (("SLCD-v0", "nash"), {"start": [1.0, float("nan")]}, ValueError, "sony"),
    (("SLCD-v0", "nash"), {"start": [1.0, 101.0]}, ValueError, "sony"),
    (("SLCD-v0", "pareto_front"), {"points": 1}, ValueError, "at least 2"),
    ((3, "nash"), {}, TypeError, "environment's id"),
]


@pytest.mark.parametrize(("arguments", "options", "kind", "message"), BAD)
def test_bad_input(arguments: tuple, options: dict, kind: type[Exception], message: str) -> None:
    """Unknown names and values out of their domain are named, with what is allowed."""
    with pytest.raises(kind, match=message):
        solve(*arguments, **options)


def test_along_a_parameter_that_others_follow() -> None:
    """Parameters that follow from the one that is varied follow it; those that were given stay."""
    given = environment_class("PublicGoods-v0").build({"multiplier": 3.0, "n_agents": 4})
    assert [row.price_of_anarchy for row in dilemma_along(given, "multiplier", [1.5])] == pytest.approx([1.5])
    phases = dilemma_along("ApacheProject-v0", "phase", ["emergence", "growth"])
    assert [len(row.optimum) for row in phases] == [8, 15]
    with pytest.raises(TypeError, match="gamma"):
        dilemma_along("SLCD-v0", "gama", [0.5])
    with pytest.raises(ValueError, match="share = 1.5"):
        dilemma_along_each("PublicGoods-v0", share=1.5)
