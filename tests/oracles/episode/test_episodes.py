"""Whole episodes: the order of values, equilibria, exploitability, normalised returns, bad policies."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.optimize import differential_evolution, minimize_scalar

from coopetition.baselines import Classifier, Policy
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.oracles import (
    Episode,
    NotConverged,
    Oracle,
    best_constant,
    best_response,
    constant_returns,
    efficiency,
    exploitability,
    normalised_return,
    open_loop_nash,
    open_loop_optimum,
    solve,
    yardstick,
)
from coopetition.oracles.episode.moves import NEIGHBOURHOOD
from coopetition.oracles.episode.nash import gains_of
from coopetition.oracles.episode.searching import EFFORTS, Effort
from coopetition.oracles.episode.starts import switching_sequences
from coopetition.oracles.episode.stored import stored_entry, stored_optimum, stored_sequence
from coopetition.oracles.episode.yardstick import Yardstick

MODES = ("private", "integrated", "cooperative")
#: As little as a search can do: it must be right all the same.
LEAST = Effort(longest=2, beam=1, rounds=1, most=2000, climbs=1, iterations=3, generations=2, chains=8, steps=4,
               passes=1, sweeps=0)  # fmt: skip


def short(key: str, horizon: int) -> Game:
    """The same game with a nearer horizon: searches grow with its square."""
    return Game(environment_class(key).build({"horizon": horizon}))


def check_order(key: str | Game, mode: str, effort: str | Effort) -> None:
    constants = constant_returns(key, mode).sum(axis=1)
    constant = best_constant(key, mode)
    best = open_loop_optimum(key, mode, effort=effort)
    assert best.value >= constant.value >= constants.max()
    # The value is what the sequence really pays, in a rollout of its own.
    episode = Episode(key, mode)
    paid = episode.returns(episode.rates(best.actions)[None])[0]
    np.testing.assert_allclose(best.returns, paid, rtol=1e-12)
    assert best.value == pytest.approx(paid.sum(), rel=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_order_of_values(key: str, mode: str) -> None:
    """open_loop_optimum >= best_constant >= every one of the 101 constants, over 30 steps and with little effort."""
    check_order(short(key, 30), mode, LEAST)


ALONE = ["PartnerHoldUp-v0", "GiftExchange-v0"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_order_of_values_with_full_effort(key: str, mode: str) -> None:
    """The same over the whole horizon, with the default search."""
    check_order(key, mode, "default")


@pytest.mark.parametrize("key", ["TrustDilemma-v0", *(pytest.param(key, marks=pytest.mark.slow) for key in ALONE)])
def test_no_agent_alone_improves_the_optimum(key: str) -> None:
    """Where all share one objective, best responses to the optimum gain nothing; the common search alone misses it."""
    best = stored_optimum(Episode(key, "cooperative").game)
    assert best is not None
    assert exploitability(key, list(best.T), "cooperative").gains.max() <= 1e-3
    if key == "TrustDilemma-v0":
        common = open_loop_optimum(key, "cooperative", effort=dataclasses.replace(EFFORTS["quick"], sweeps=0))
        assert yardstick(key, "cooperative").optimum > common.value


def test_the_neighbourhood_is_stated() -> None:
    """Converged is said of a neighbourhood that is named, by what each family of moves still gains."""
    game = short("ReciprocalDilemma-v0", 16)
    found = open_loop_optimum(game, "integrated")
    assert set(found.neighbourhood) == {*NEIGHBOURHOOD, "one agent"}
    assert found.converged
    assert found.epsilon == max(found.neighbourhood.values()) <= 1e-6 * (1.0 + found.value)
    poor = open_loop_optimum(game, "integrated", effort=LEAST)
    assert poor.value <= found.value * (1.0 + 1e-9)
    assert poor.epsilon == max(poor.neighbourhood.values()) > 0.0
    again = open_loop_optimum(game, "integrated")
    np.testing.assert_array_equal(found.actions, again.actions)
    with pytest.raises(ValueError, match="quick"):
        open_loop_optimum(game, effort="quik")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_stored_optima(key: str, mode: str) -> None:
    """They pay what the yardstick says, no constant pays more, and they do not hang on the last bits of a level."""
    episode = Episode(key, mode)
    stored = stored_optimum(episode.game)
    assert stored is not None
    rates = episode.rates(stored)
    assert episode.groups().max() + 1 <= len(np.unique(rates, axis=1).T) <= episode.n
    signs = np.random.default_rng(5).choice([-1.0, 1.0], size=(20, *rates.shape))
    inside = (rates > 0.0) & (rates < 1.0)
    totals = episode.returns(np.concatenate([rates[None], np.clip(rates + 1e-8 * signs * inside, 0.0, 1.0)])).sum(
        axis=1
    )
    assert yardstick(key, mode).optimum == totals[0]
    assert totals[0] >= max(best_constant(key, mode).value, constant_returns(key, mode).sum(axis=1).max()) * (
        1.0 - 1e-9
    )
    np.testing.assert_allclose(totals, totals[0], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_stored_optima_against_a_search(key: str, mode: str) -> None:
    """A fresh search finds no more than a millionth above them."""
    found = open_loop_optimum(key, mode)
    print(f"{key} {mode}: stored {yardstick(key, mode).optimum:.4f}, found {found.value:.4f}")
    assert yardstick(key, mode).optimum >= found.value * (1.0 - 1e-6)


def test_only_defaults_have_a_stored_optimum() -> None:
    """Other parameters, and matrices of rewards, have none, and their yardstick is searched for."""
    assert stored_optimum(short("SLCD-v0", 30)) is None
    assert stored_optimum(Game(environment_class("SLCD-v0")(), np.eye(2))) is None
    searched = yardstick(short("PublicGoods-v0", 4), [[1.0, 0.0, 0.0, 0.0, 0.0]] * 5)
    assert searched.optimum > searched.nash
    game = short("TrustDilemma-v0", 6)
    assert yardstick(game, "integrated", {"trust": 0.9}).optimum > yardstick(game, "integrated").optimum


def test_team_optimum_is_the_repeated_one() -> None:
    """Team payoffs do not depend on the state, so the stage optimum repeated is the optimum."""
    for key in ("TeamProduction-v0", "LoyaltyTeam-v0", "PublicGoods-v0"):
        best = open_loop_optimum(key, "private", effort="quick")
        stage = solve(key, "social_optimum")
        assert best.value == pytest.approx(stage.payoffs.sum() * len(best.actions), rel=1e-12)


def test_optimum_keeps_trust_alive_and_spends_it_at_the_end() -> None:
    """TrustDilemma ends by mean trust: one agent stays at what is expected, 40, and carries both to the end.

    Now and then it spends a step of trust, as both do at the end, and earns it back by a little more in the others.
    """
    best = open_loop_optimum("TrustDilemma-v0", "private")
    assert best.length == 100
    stage = solve("TrustDilemma-v0", "social_optimum").actions
    levels = np.sort(best.actions, axis=1)
    carried = np.abs(levels[:90, 1] - 40.0) < 0.2
    assert carried.sum() >= 84
    np.testing.assert_allclose(levels[:90, 1][~carried], stage[0], atol=0.5)
    assert best.value > 29_726.9
    assert levels[:90, 0].max() < 35.0
    np.testing.assert_allclose(best.actions[-1], stage, atol=0.01)
    assert best.epsilon <= 1e-2
    together = best_constant("TrustDilemma-v0", "private")
    apart = best_constant("TrustDilemma-v0", "private", per_agent=True, split=True)
    assert best.value > apart.value > together.value


@pytest.mark.parametrize(
    ("key", "most"), [("TrustDilemma-v0", 5), ("PartnerHoldUp-v0", 5), ("PlatformEcosystem-v0", 8)]
)
def test_stage_nash_collapses_trust(key: str, most: int) -> None:
    """Playing the stage-game nash ends the episode by collapse within a few steps."""
    episode = Episode(key, "private")
    nash = solve(key, "nash").actions
    batch = episode.batch(1)
    played = batch.rollout("actions", episode.horizon, actions=np.tile(nash / episode.game.endowment, (100, 1)))
    assert played.terminated[0]
    assert batch.outcomes() == ["collapsed"]
    assert played.lengths[0] <= most


#: At least two of each class.
SEARCHED = ["TeamProduction-v0", "PublicGoods-v0"]


@pytest.mark.parametrize("key", SEARCHED)
def test_open_loop_nash(key: str) -> None:
    """Mutual best replies; two independent searches, without gradients or structure, find no gain for anybody."""
    check_open_loop_nash(key)


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in ENVIRONMENTS if key not in SEARCHED])
def test_open_loop_nash_of_the_others(key: str) -> None:
    """The same for the rest."""
    check_open_loop_nash(key)


def check_open_loop_nash(key: str) -> None:
    found = open_loop_nash(key, "private")
    assert found.converged
    episode = Episode(key, "private")
    allowed = 1e-3 * episode.horizon
    rates = episode.rates(found.actions)
    if key in ("TeamProduction-v0", "PublicGoods-v0", "LoyaltyTeam-v0"):
        np.testing.assert_allclose(found.actions, np.tile(solve(key, "nash").actions, (episode.horizon, 1)), atol=1e-4)
    for i in range(min(episode.n, 3)):
        assert best_of_disturbances(episode, rates, i) - found.returns[i] <= allowed
        assert best_of_evolution(episode, rates, i) - found.returns[i] <= allowed


def best_of_disturbances(episode: Episode, rates: np.ndarray, i: int, count: int = 1500) -> float:
    """What agent i gets at most when stretches of its sequence are shifted at random."""
    rng = np.random.default_rng(1)
    trials = np.repeat(rates[None], count, axis=0)
    for k in range(count):
        first, last = sorted(rng.integers(0, episode.horizon + 1, size=2))
        scale = 10.0 ** rng.uniform(-4.0, 0.0)
        trials[k, first:last, i] = np.clip(trials[k, first:last, i] + scale * rng.normal(), 0.0, 1.0)
    return float(episode.returns(trials)[:, i].max())


def best_of_evolution(episode: Episode, rates: np.ndarray, i: int, pieces: int = 6) -> float:
    """What agent i gets at most from sequences of a few constant pieces, by SciPy's differential evolution."""
    whose = np.minimum(np.arange(episode.horizon) * pieces // episode.horizon, pieces - 1)

    def loss(points: np.ndarray) -> np.ndarray:
        trials = np.repeat(rates[None], points.shape[1], axis=0)
        trials[:, :, i] = points.T[:, whose]
        return -episode.returns(trials)[:, i]

    found = differential_evolution(
        loss, [(0.0, 1.0)] * pieces, seed=2, vectorized=True, updating="deferred", polish=False, popsize=12, maxiter=25
    )
    return -float(found.fun)


def test_independent_searches_can_fail() -> None:
    """They do find the gains that there are: away from the equilibrium, most of what a best response gains."""
    episode = Episode("GiftExchange-v0", "private")
    half = np.full((episode.horizon, 2), 0.5)
    reply = best_response("GiftExchange-v0", "constant_050", 0, "private")
    for search in (best_of_disturbances, best_of_evolution):
        gain = search(episode, half, 0) - reply.solver["own"]
        assert 0.5 * (reply.value - reply.solver["own"]) < gain <= reply.value - reply.solver["own"] + 1e-9


@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_half_effort_is_exploited_everywhere(key: str) -> None:
    """constant_050 is no equilibrium of payoffs in any of the twenty: every agent gains by what one constant shows."""
    found = exploitability(key, "constant_050", "private", climb=False)
    episode = Episode(key, "private")
    assert found.lower_bound is True
    assert found.nash_conv == pytest.approx(found.gains.sum())
    for i in sorted({0, episode.n - 1}):
        trials = np.full((11, episode.horizon, episode.n), 0.5)
        trials[:, :, i] = np.linspace(0.0, 1.0, 11)[:, None]
        shown = episode.returns(trials)[:, i]
        assert found.gains[i] >= shown.max() - shown[5] - 1e-9
        assert found.gains[i] > 1.0


def test_exploitability() -> None:
    """About zero at open-loop equilibria, and by hand where payoffs do not depend on the state."""
    for key in ("TeamProduction-v0", "PublicGoods-v0", "TrustDilemma-v0"):
        game = short(key, 15)
        equilibrium = open_loop_nash(game, "private")
        found = exploitability(game, equilibrium, "private")
        assert found.nash_conv <= 2e-3 * len(equilibrium.actions)
        half = exploitability(game, "constant_050", "private")
        assert np.all(half.gains > 10.0)
    public = exploitability("PublicGoods-v0", "constant_050", "private")
    np.testing.assert_allclose(public.gains, 100 * 25.0 * 0.6, rtol=1e-9)  # keep 25 a step, of which 0.4 came back
    team = environment_class("TeamProduction-v0")()
    kept = minimize_scalar(
        lambda a: -(team.omega * (75.0 + a) ** team.beta / 4.0 - team.cost * a), bounds=(0.0, 50.0), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    now = team.omega * 100.0**team.beta / 4.0 - team.cost * 25.0
    np.testing.assert_allclose(
        exploitability("TeamProduction-v0", "constant_050", "private").gains, 100 * (-kept.fun - now), rtol=1e-6
    )


class Unlike(Policy):
    """Gives all in one seat and little in the others, whatever it sees."""

    name, citation = "unlike", "none"
    classifier = Classifier(memory=1)

    def play(self, seen: Any) -> np.ndarray:
        return np.full(seen.copies, 1.0 if seen.agent == 0 else 0.2)


def test_an_object_that_plays_every_seat_in_its_own_way() -> None:
    """Exchangeable agents whose networks differ do not gain the same."""
    game = short("TrustDilemma-v0", 20)
    one = exploitability(game, [Unlike(game)] * 2, "integrated", climb=False)
    two = exploitability(game, [Unlike(game), Unlike(game)], "integrated", climb=False)
    assert one.gains == pytest.approx(two.gains)
    assert abs(one.gains[0] - one.gains[1]) > 0.05 * one.gains.max()


def test_quick_and_climbed_replies() -> None:
    """Without climbing a reply is a candidate, found in one rollout; with it, no less."""
    game = short("ReciprocalDilemma-v0", 40)
    quick = best_response(game, "constant_040", 0, "private", climb=False)
    climbed = best_response(game, "constant_040", 0, "private")
    assert climbed.value > quick.value > quick.solver["own"]
    assert quick.solver["rollouts"] < 2000 < climbed.solver["rollouts"]
    assert len(np.unique(quick.actions[:, 0])) <= 2
    draws = [exploitability(game, ["random", "tit_for_tat"], "private", seed=k, climb=False).gains for k in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_best_response_to_policies_of_every_kind() -> None:
    """Names, sequences and policy objects; never worse than the agent's own policy."""
    against_constant = best_response("PublicGoods-v0", "constant_100", 0, "private")
    assert against_constant.value == pytest.approx(100 * (50.0 + 2.0 * 200.0 / 5.0))
    assert np.all(against_constant.actions[:, 0] == 0.0)
    reply = best_response(short("ReciprocalDilemma-v0", 40), "tit_for_tat", "agent_1", "private")
    assert reply.value >= reply.solver["own"] > 0.0
    oracle = Oracle("Oracle_Nash", "PublicGoods-v0")
    same = best_response(short("PublicGoods-v0", 20), oracle, 1, "private", iterations=2)
    assert same.value == pytest.approx(1000.0)
    game, sequence = short("SLCD-v0", 30), np.full(30, 20.0)
    mixed = exploitability(game, [sequence, "random"], "private", seed=4, iterations=5)
    again = exploitability(game, [sequence, "random"], "private", seed=4, iterations=5)
    assert mixed.nash_conv == again.nash_conv


class Broken:
    """A policy that returns NaN from its third step on."""

    def reset(self, seed: int | None = None, num_envs: int = 1) -> None:
        self.step = 0

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        self.step += 1
        return np.full(len(observations), np.nan if self.step > 2 else 0.5)


def test_bad_policies() -> None:
    """NaN, wrong shapes and unknown names are refused by name."""
    with pytest.raises(ValueError, match=r"samsung.*finite rates"):
        exploitability("SLCD-v0", [Broken(), "constant_050"], "private")
    with pytest.raises(ValueError, match="no compiled policy"):
        exploitability("SLCD-v0", "constant_500")
    with pytest.raises(ValueError, match="1 policies for 2 agents"):
        exploitability("SLCD-v0", ["tit_for_tat"])
    with pytest.raises(ValueError, match="100 levels"):
        exploitability("SLCD-v0", [np.full(3, 1.0), "tit_for_tat"])
    with pytest.raises(ValueError, match="100 levels"):
        exploitability("SLCD-v0", [np.full(100, np.nan), "tit_for_tat"])
    with pytest.raises(ValueError, match="not an agent"):
        best_response("SLCD-v0", "tit_for_tat", "intel")
    with pytest.raises(ValueError, match="unknown reward_mode"):
        open_loop_optimum("SLCD-v0", "greedy")
    with pytest.raises(ValueError, match="out of its range"):
        best_constant("SLCD-v0", state={"trust": 2.0})


def test_open_loop_nash_that_is_not_found() -> None:
    """With no rounds to search in, it says so and carries the best point."""
    with pytest.raises(NotConverged) as caught:
        open_loop_nash(short("ReciprocalDilemma-v0", 10), "integrated", sweeps=1, tolerance=1e-12)
    assert caught.value.epsilon > 0.0
    assert caught.value.best.actions.shape == (10, 2)


def test_normalised_return() -> None:
    """0 is the worst open-loop nash found, 1 the open-loop optimum, along a line between; shares of the optimum."""
    key = "TrustDilemma-v0"
    scale = yardstick(key, "integrated")
    assert scale.has_scale
    episode = Episode(key, "integrated")
    nash = stored_sequence(episode.game, "nash")
    assert nash is not None
    returns = episode.returns(np.array([episode.rates(nash), np.full((100, 2), 0.4)]))
    values = normalised_return(key, returns, "integrated")
    assert values[0] == pytest.approx(0.0, abs=1e-12)
    assert normalised_return(key, np.full(2, scale.optimum / 2.0), "integrated") == pytest.approx(1.0)
    np.testing.assert_allclose(efficiency(key, returns, "integrated"), returns.sum(axis=1) / scale.optimum)
    with pytest.raises(ValueError, match="shape"):
        normalised_return(key, [1.0, 2.0, 3.0])


def test_a_game_without_a_scale() -> None:
    """Where nash and optimum lie within 2 % of each other nothing is normalised; efficiency is told all the same."""
    scale = yardstick("SLCD-v0", "private")
    assert 0.98 * scale.optimum < scale.nash < scale.optimum
    assert not scale.has_scale
    assert np.isnan(scale.normalise(scale.optimum))
    assert scale.efficiency(scale.nash) == scale.nash / scale.optimum
    assert Yardstick(97.9, 100.0).has_scale
    assert not Yardstick(98.0, 100.0).has_scale
    assert not Yardstick(float("nan"), 100.0).has_scale
    assert Yardstick(97.9, 100.0).no_scale == ""
    assert Yardstick(98.0, 100.0).no_scale == "nash and optimum lie within 2% of each other"
    assert Yardstick(float("nan"), 100.0).no_scale == "no open-loop nash could be certified"
    assert np.isnan(Yardstick(-1.0, 0.0).efficiency([1.0])).all()


#: Every (id, mode) whose worst nash is stored.
STORED = [(key, mode) for key in ENVIRONMENTS for mode in MODES if stored_entry(Episode(key, mode).game, "nash")]


@pytest.mark.parametrize(("key", "mode"), STORED)
def test_stored_equilibria(key: str, mode: str) -> None:
    """No worse than what replies found when they were stored: no constant, switch or shift gains more than allowed."""
    episode = Episode(key, mode)
    stored = stored_sequence(episode.game, "nash")
    assert stored is not None
    rates = episode.rates(stored)
    scale = yardstick(key, mode)
    own = episode.returns(rates[None])[0]
    assert scale.nash == own.sum() <= scale.optimum * (1.0 + 1e-9)
    rng = np.random.default_rng(3)
    rows = np.concatenate([
        np.linspace(0.0, 1.0, 21)[:, None] * np.ones(episode.horizon),
        switching_sequences(episode.horizon, (0.0, 0.3, 0.5, 1.0), (0.0, 0.3, 0.5, 1.0)),
    ])  # fmt: skip
    for i in {0, episode.n - 1}:
        moves = rng.normal(0.0, 0.05, size=(100, 1)) * (rng.random((100, episode.horizon)) < 0.1)
        shifted = np.clip(rates[:, i] + moves, 0.0, 1.0)
        trials = np.repeat(rates[None], len(rows) + 100, axis=0)
        trials[:, :, i] = np.concatenate([rows, shifted])
        assert episode.returns(trials)[:, i].max() - own[i] <= 1e-3 * episode.horizon


@pytest.mark.slow
@pytest.mark.parametrize(("key", "mode"), STORED)
def test_stored_equilibria_against_replies(key: str, mode: str) -> None:
    """Every agent's best reply found gains nothing to speak of, or no more than the file says."""
    episode = Episode(key, mode)
    stored, entry = stored_sequence(episode.game, "nash"), stored_entry(episode.game, "nash")
    assert stored is not None
    assert entry is not None
    gains, claimed = gains_of(episode, episode.rates(stored)), entry.get("epsilon", 0.0)
    print(f"{key} {mode}: {gains.max():.2e} gained at most, {claimed:.2e} claimed")
    assert gains.max() <= max(1e-3 * episode.horizon, claimed)
