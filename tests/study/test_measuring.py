"""Every agent is asked, and everything that is compared is played under the same draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pl = pytest.importorskip("polars")

from coopetition.api.make import make_game  # noqa: E402
from coopetition.oracles import exploitability  # noqa: E402
from coopetition.oracles.episode.rollouts import Episode  # noqa: E402
from coopetition.oracles.episode.yardstick import best_known_optimum  # noqa: E402
from coopetition.policies.policy import Classifier, Policy  # noqa: E402
from coopetition.policies.registry import make_policy  # noqa: E402
from coopetition.study import reference, scenarios  # noqa: E402
from coopetition.study.arena import MOST_ASKED, asked, play, play_alike, role_of, seats  # noqa: E402
from coopetition.study.audit import audit_policy, best_deviation, classify, impulse, swapped_partners, timing  # noqa: E402
from coopetition.study.crossplay import against_fields, mixed_teams  # noqa: E402
from coopetition.study.measuring import (  # noqa: E402
    EVALUATION_SEED,
    best_total,
    disagreement,
    evaluated,
    game_of,
    measure,
    scale_on,
)
from coopetition.study.plan import Job, first_jobs, scales  # noqa: E402
from coopetition.study.reading import Corpus, binned_curves, exploited, longer_jobs, moving_cells, ranking  # noqa: E402
from coopetition.study.scenarios import play_scenario  # noqa: E402
from coopetition.study.training import _thinned, rising  # noqa: E402

DRAWING = "SynergySearch-v0"


class Faces(Policy):
    """A rate of its own in every seat, as networks of their own might play."""

    name = "faces"
    classifier = Classifier()

    def __init__(self, game, rates):
        super().__init__(game)
        self.rates = rates

    def act(self, observations, agent):
        return np.full(len(observations), self.rates[agent])


class Plan(Policy):
    """Rates (T, N) that are played whatever happens."""

    name = "plan"
    classifier = Classifier()

    def __init__(self, game, rates):
        super().__init__(game)
        self.rates = rates
        self.at = {}

    def reset(self, seed=None, num_envs=1):
        super().reset(seed=seed, num_envs=num_envs)
        self.at = {}

    def act(self, observations, agent):
        step = self.at[agent] = self.at.get(agent, -1) + 1
        return np.full(len(observations), self.rates[step, agent])


def maker(name):
    return lambda game: make_policy(name, game)


def faces(*rates):
    return lambda game: Faces(game, rates)


# --- who is asked


def test_all_of_few_agents_are_asked_and_of_many_a_spread_with_every_role():
    assert asked(make_game("GraduatedSanction-v0")) == list(range(6))
    assert asked(make_game("ApacheProjectStrong-v0")) == list(range(8))
    game = make_game("ApacheProject-v0")
    found = asked(game)
    assert len(found) == MOST_ASKED
    assert set(seats(game)) <= set(found)
    assert {role_of(game, i) for i in found} == {role_of(game, i) for i in range(game.n)}
    assert max(np.diff(found)) <= 2 * game.n // MOST_ASKED


def test_the_gains_are_those_of_every_seats_own_policy():
    game = game_of("TrustDilemma-v0", "private")
    found = measure("TrustDilemma-v0", "private", faces(0.9, 0.1), 1, 0)
    expected = exploitability(game, ["constant_090", "constant_010"], climb=False).gains
    assert found["gains"] == pytest.approx(expected.tolist(), rel=1e-4)
    assert expected[0] > 2.0 * expected[1]  # two seats, two gains
    assert found["exploitability"] == max(found["gains"])
    assert found["nash_conv"] == pytest.approx(sum(found["gains"]))


def test_the_sum_of_gains_is_not_said_where_not_all_are_asked(monkeypatch):
    monkeypatch.setattr("coopetition.study.arena.MOST_ASKED", 3)
    monkeypatch.setattr("coopetition.study.measuring.MOST_ASKED", 3)
    found = measure("PublicGoods-v0", "private", faces(0.9, 0.1, 0.1, 0.1, 0.1), 1, 0)
    assert [gain is not None for gain in found["gains"]] == [True, False, True, False, True]
    assert found["nash_conv"] is None
    assert found["exploitability"] == max(found["gains"][i] for i in (0, 2, 4))


def test_every_audit_asks_every_agent():
    game = make_game("PublicGoods-v0", reward_mode="private", horizon=20)
    rows = audit_policy(game, faces(1.0, 0.0, 0.0, 0.0, 0.0), 0, thorough=False)
    for audit in ("surface", "deviation", "timing", "optimal", "impulse"):
        assert {row["agent"] for row in rows if row["audit"] == audit} == set(game.agents), audit
    partners = swapped_partners(game, {0: maker("constant_000"), 1: maker("constant_050")}, 0)
    assert {row["agent"] for row in partners[0]} == set(game.agents)


def test_a_class_is_that_of_all_agents():
    """Whoever gives all in the last seat of PublicGoods alone gains by leaving; the others give nothing."""
    game = make_game("PublicGoods-v0", reward_mode="private", horizon=20)
    assert classify(timing(game, faces(0.0, 0.0, 0.0, 0.0, 1.0), 0), 20)[0] == "broad"
    assert classify(timing(game, faces(0.0, 0.0, 0.0, 0.0, 0.0), 0), 20)[0] == "immune"


def test_a_thorough_audit_climbs_for_one_agent_of_each_role():
    game = make_game("TrustDilemma-v0", reward_mode="private", horizon=10)
    rows = best_deviation(game, make_policy("constant_050", game), 0, True)
    assert [(row["agent"], row["label"]) for row in rows] == [
        ("agent_0", "quick"),
        ("agent_1", "quick"),
        ("agent_0", "climbing"),
    ]
    known = best_deviation(game, make_policy("constant_050", game), 0, False, [1.0, 2.0])
    assert [row["value"] for row in known] == [1.0, 2.0]


def test_a_newcomer_sits_in_every_seat_of_its_role():
    game = make_game("PublicGoods-v0", reward_mode="private", horizon=10)
    rates = (0.0, 0.2, 0.4, 0.6, 0.8)
    rows = list(against_fields(game, ["faces", "half"], [faces(*rates), maker("constant_050")], 0))
    (row,) = (row for row in rows if (row["focal"], row["field"]) == ("faces", "half"))
    team = np.ones((5, 5), dtype=int) - np.eye(5, dtype=int)
    played = play(game, [faces(*rates), maker("constant_050")], team)
    assert row["focal_return"] == pytest.approx(np.mean([played.returns[i, i] for i in range(5)]))
    assert row["payoff_total"] == pytest.approx(played.payoffs.sum(axis=1).mean())


# --- draws


def test_teams_are_played_under_the_same_draws():
    game = game_of(DRAWING, "private")
    team = np.zeros((3, game.n), dtype=int)
    found = play_alike(game, [maker("constant_060")], team, 5, 4)
    assert (found.returns == found.returns[0]).all()
    alone = play(game, [maker("constant_060")], team[[0, 0, 0, 0]], 5)
    np.testing.assert_allclose(found.returns[0], alone.returns.mean(axis=0))
    assert np.ptp(alone.returns[:, 0]) > 0.0


def test_copies_have_the_seeds_that_are_given():
    game = game_of(DRAWING, "private")
    team = np.zeros((3, game.n), dtype=int)
    given = play(game, [maker("random")], team, [7, 5, 6])
    alone = [play(game, [maker("random")], team[:1], seed).returns[0] for seed in (7, 5, 6)]
    np.testing.assert_allclose(given.returns, alone)


def test_nothing_changes_where_like_meets_like_in_a_game_that_draws():
    game = game_of(DRAWING, "private")
    rows = swapped_partners(game, {0: maker("constant_050"), 1: maker("constant_050")}, 0)
    assert all(row["value"] == row["reference"] for rows in rows.values() for row in rows)
    names, makers = ["one", "other"], [maker("constant_050"), maker("constant_050")]
    assert len({row["focal_return"] for row in against_fields(game, names, makers, 0, 3)}) == 1
    assert len({row["focal_return"] for row in mixed_teams(game, names, makers, 6, 0, 3)}) == 1
    answered = impulse(game, maker("tit_for_tat"), 0)
    last = [row for row in answered if row["agent"] == game.agents[0]][0]
    assert last["reference"] > last["value"]


def test_learners_are_evaluated_on_the_draws_of_all_of_a_reference_policys_rows(monkeypatch):
    monkeypatch.setattr(reference, "PUBLISHED", ("constant_060",))
    job = Job("reference", DRAWING, modes=("private",), episodes=2, drawn_seeds=3)
    tables, _ = reference.evaluate_reference(job, "")
    game = game_of(DRAWING, "private")
    count = evaluated(game, job.episodes, job.drawn_seeds)
    learner = measure(DRAWING, "private", maker("constant_060"), count, EVALUATION_SEED, gains=False)
    assert (count, learner["episodes"]) == (6, 6)
    assert np.mean([row["payoff_total"] for row in tables["reference"]]) == pytest.approx(learner["payoff_total"])
    assert evaluated(game_of("TrustDilemma-v0", "private"), 2, 3) == 2
    scale = dataclasses.replace(scales()["smoke"], environments=(DRAWING,))
    assert {job.drawn_seeds for job in first_jobs(scale)} == {scale.drawn_seeds}


def test_the_best_plan_known_has_efficiency_one_on_any_draws():
    game = game_of(DRAWING, "cooperative")
    plan = best_known_optimum(Episode(game, "cooperative"))
    for seed in (EVALUATION_SEED, 3):
        found = measure(DRAWING, "cooperative", lambda game: Plan(game, plan), 4, seed, gains=False)
        assert found["efficiency"] == pytest.approx(1.0)
    assert best_total(DRAWING, 4, 0) != best_total(DRAWING, 4, 50)
    assert scale_on("TrustDilemma-v0", "private", 4, 0) == scale_on("TrustDilemma-v0", "private", 8, 5)


def test_disagreement_is_played_on_the_draws_of_the_evaluation():
    apart = [disagreement(DRAWING, 1, seed) for seed in (0, 1, 2)]
    np.testing.assert_allclose(disagreement(DRAWING, 3, 0), np.mean(apart, axis=0))
    assert np.ptp(apart) > 0.0


def test_a_scenario_that_draws_is_played_over_several_draws_the_same_for_all():
    scenario = next(one for one in scenarios.scenarios(DRAWING) if one.background == "constant_030")
    game = scenario.game("private")
    found = play_scenario(scenario, maker("constant_030"), "private", 4)
    team = np.zeros((4, game.n), dtype=int)
    alone = play(game, [maker("constant_030")], team, scenario.seed)
    (i,) = scenario.focal
    assert found.focal_return == pytest.approx(alone.returns[:, i].mean())
    assert found.best_response >= found.focal_return


def test_best_responses_are_of_all_focal_agents():
    """In PlatformEcosystem the others of whoever is left out have other roles than the first of each."""
    for scenario in scenarios.scenarios("PlatformEcosystem-v0"):
        if len(scenario.focal) == 1 or scenario.background != "constant_030":
            continue
        game = scenario.game("private")
        background = scenario.others(game)
        own = play(game, [scenario.others], np.zeros((1, game.n), dtype=int), scenario.seed).returns[0]
        gains = exploitability(game, [background] * game.n, seed=scenario.seed, climb=False).gains
        focal = list(scenario.focal)
        found = play_scenario(scenario, maker("constant_030"), "private")
        assert found.best_response == pytest.approx(float((own + gains)[focal].mean()))


def test_the_best_constant_is_the_best_on_average():
    corpus = Corpus.__new__(Corpus)
    rows = [("constant_010", 0.0), ("constant_010", 100.0), ("constant_020", 60.0), ("constant_020", 60.0)]
    corpus.reference = pl.DataFrame(
        [{"environment": "E", "reward_mode": "private", "policy": p, "payoff_total": v} for p, v in rows]
    )
    assert corpus.best_constants() == {("E", "private"): 60.0}


# --- curves


def test_points_of_a_curve_are_means_over_episodes():
    steps = np.array([10, 20, 30, 40])
    values = np.array([[1.0], [4.0], [np.nan], [np.nan]])
    found = _thinned(steps, values, np.array([3, 1, 0, 0]), 2)
    np.testing.assert_array_equal(found[0], [20, 40])
    np.testing.assert_array_equal(found[1], [[1.75], [np.nan]])
    np.testing.assert_array_equal(found[2], [4, 0])


def test_the_last_fifth_is_one_of_steps_and_counts_episodes():
    steps = np.arange(1, 11) * 10
    totals = np.full(10, np.nan)
    totals[[1, 6, 8, 9]] = 0.0, 2.0, 4.0, 3.0
    episodes = np.array([0, 5, 0, 0, 0, 0, 2, 0, 1, 3])
    assert rising(steps, totals, episodes) == pytest.approx((3.25 - 2.0) / 4.0)
    totals[6] = np.nan
    assert rising(steps, totals, np.where(np.isnan(totals), 0, episodes)) is None


def test_points_of_the_figure_are_means_over_the_same_runs():
    rows = []
    for algorithm, ends in (("A", [(25, 1, 1.0), (50, 3, 2.0), (100, 1, 3.0)]), ("B", [(20, 1, 5.0), (40, 2, 7.0)])):
        for step, episodes, value in ends:
            rows.append(
                {
                    "environment": "E",
                    "reward_mode": "private",
                    "algorithm": algorithm,
                    "seed": 0,
                    "environment_steps": step,
                    "episodes": episodes,
                    "payoff_total": value,
                }
            )
    rows.append({**rows[0], "environment_steps": 60, "episodes": 0, "payoff_total": None})
    corpus = Corpus.__new__(Corpus)
    corpus.curves = pl.DataFrame(rows)
    found = binned_curves(corpus, "E")
    assert found.select("algorithm", "share", "payoff_total").rows() == [
        ("A", 0.5, 1.75),
        ("A", 1.0, 3.0),
        ("B", 0.5, 5.0),
        ("B", 1.0, 7.0),
    ]


def test_seeds_that_move_are_of_those_that_are_known():
    corpus = Corpus.__new__(Corpus)
    common = {"environment": "E", "reward_mode": "private", "algorithm": "A", "environment_steps": 10}
    corpus.done = pl.DataFrame([{**common, "rising": rise} for rise in (0.2, None, 0.1)])
    (row,) = moving_cells(corpus).iter_rows(named=True)
    assert (row["seeds"], row["of"]) == (2, 2)


def test_curves_that_fall_move_too():
    corpus = Corpus.__new__(Corpus)
    common = {"environment": "E", "reward_mode": "private", "environment_steps": 10}
    moves = {"A": (0.1, 0.1), "B": (-0.2, -0.3), "C": (0.2, -0.2)}
    corpus.done = pl.DataFrame(
        [{**common, "algorithm": name, "rising": move} for name, both in moves.items() for move in both]
    )
    assert moving_cells(corpus).select("algorithm", "seeds").rows() == [("B", 2), ("A", 2)]


def test_each_learner_is_trained_for_longer_once_before_any_is_twice():
    corpus = Corpus.__new__(Corpus)
    common = {"reward_mode": "private", "environment_steps": 10}
    moves = {("A", "E"): 0.5, ("A", "F"): -0.4, ("B", "E"): 0.3, ("B", "F"): 0.0, ("C", "F"): -0.2}
    corpus.done = pl.DataFrame(
        [{**common, "shard": f"{a}{e}", "algorithm": a, "environment": e, "rising": m} for (a, e), m in moves.items()]
    )
    corpus.jobs = {f"{a}{e}": {"kind": "train", "environment": e, "algorithm": a, "steps": 8} for a, e in moves}
    asked = [
        [(job.algorithm, job.environment, job.steps) for job in longer_jobs(corpus, cells, times=2)]
        for cells in (3, 4, 9)
    ]
    first = [("A", "E", 16), ("B", "E", 16), ("C", "F", 16)]
    assert asked == [first, [*first, ("A", "F", 16)], [*first, ("A", "F", 16)]]


# --- the audit's time


def test_starts_and_classes_round_alike():
    """Of 66 steps the last fifth begins at 52.8: a start at 52 is late, since the audit asks there for 80 %."""
    row = {"audit": "timing", "start": 52, "value": 110.0, "reference": 100.0}
    assert classify([row], 66)[0] == "late"
    assert classify([{**row, "start": 51}], 66)[0] == "early"


def test_starts_are_shares_of_an_episode_that_ends_early():
    """Late is late in what was played."""
    game = make_game("RecoveryRace-v0", reward_mode="private")
    length = int(play(game, [maker("constant_100")], np.zeros((1, game.n), dtype=int)).lengths[0])
    assert length < game.horizon
    rows = timing(game, maker("constant_100"), 0)
    assert max(row["start"] for row in rows) == length - 1
    whole = audit_policy(game, maker("constant_100"), 0, thorough=False)
    assert whole[-1]["steps"] == length


# --- the report


def test_gains_are_shares_of_the_agents_own_return():
    runs = pl.DataFrame(
        {"gains": [[1.0, 6.0], [None, 5.0], None], "returns": [[-2.0, 60.0], [1.0, 50.0], [1.0, 1.0]]},
        schema={"gains": pl.List(pl.Float64), "returns": pl.List(pl.Float64)},
    )
    assert exploited(runs).to_list() == [0.5, 0.1, None]


def test_who_lacks_a_game_is_named_and_not_ranked():
    rows = [
        {"kind": "field", "reward_mode": "private", "environment": e, "focal": a, "field": b, "focal_return": r}
        for e in ("E", "F")
        for a, r in (("A", 1.0), ("B", 2.0), ("C", 3.0))
        for b in ("A", "B", "C")
        if not (e == "F" and "C" in (a, b))
    ]
    corpus = Corpus.__new__(Corpus)
    corpus.crossplay = pl.DataFrame(rows)
    ranked, dropped = ranking(corpus, ["E", "F"], "private")
    assert sorted(name for name, _ in ranked) == ["A", "B"]
    assert dropped == ["C"]


def test_every_seat_of_a_drawn_team_is_looked_at():
    game = make_game("PublicGoods-v0", reward_mode="private", horizon=5)
    rows = list(mixed_teams(game, ["all", "half"], [maker("constant_100"), maker("constant_050")], 2, 0))
    assert [row["seat"] for row in rows] == 2 * list(game.agents)
    assert all(row["focal"] == row["team"][game.agents.index(row["seat"])] for row in rows)
