"""The search for settings, at the smallest scale, and what is chosen."""

from __future__ import annotations

import dataclasses
import json

import pytest

pl = pytest.importorskip("polars")
pytest.importorskip("jax")

from coopetition.baselines.learning.algorithm import find_algorithm  # noqa: E402
from coopetition.study import choice, engine  # noqa: E402
from coopetition.study.corpus import collect  # noqa: E402
from coopetition.study.plan import ALGORITHMS, Scale, chosen_settings, first_jobs, scales  # noqa: E402
from coopetition.study.search import score  # noqa: E402
from coopetition.study.shards import ShardStore  # noqa: E402
from coopetition.study.tables import frame  # noqa: E402

TINY = Scale(
    "tiny", environments=(), algorithms=("IPPO",), modes=("private", "cooperative"), seeds=(0,), audited=(0,),
    steps={"*": 256}, episodes=1, settings={"copies": 4, "length": 8},
)  # fmt: skip


def test_the_search_has_seeds_of_its_own():
    for scale in scales().values():
        assert not set(choice.SEEDS) & set(scale.seeds)
    with pytest.raises(ValueError, match=r"seeds \[100\] are the study's own"):
        choice.settings_jobs(dataclasses.replace(TINY, seeds=(100,)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_learners_own_settings_are_among_its_candidates(algorithm):
    own = find_algorithm(algorithm).Settings()
    for name, values in choice.sweep_of(algorithm).items():
        assert getattr(own, name) in values
        assert len(values) > 1


def test_four_games_of_all_families_and_learners_that_can_play_them():
    from coopetition.api.make import make_game

    assert len(choice.GAMES) == 4
    assert {make_game(name).parameters.family for name in choice.GAMES} == {"trust", "team", "reciprocity"}
    jobs = choice.settings_jobs(dataclasses.replace(TINY, algorithms=ALGORITHMS))
    assert {job.algorithm for job in jobs} == set(ALGORITHMS)


def test_a_search_is_run_kept_and_used(tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "DISCOUNTS", (0.95,))
    monkeypatch.setattr(choice, "RATES", (1.0, 3.0))
    (job,) = choice.settings_jobs(TINY, games=("TrustDilemma-v0",), seeds=(100,))
    summary = engine.run(tmp_path / "study", TINY, address="here", extra=[job])
    assert [report.status for report in summary.reports] == ["done"], [r.error for r in summary.reports]
    assert engine.run(tmp_path / "study", TINY, address="here", extra=[job]).reports == []
    store = ShardStore(tmp_path / "study")
    tried = choice.tried_settings(store, [job])
    assert tried.height == 2 * 2
    assert tried["score"].is_between(0.0, 1.0).all()
    assert set(tried["seed"]) == {100}
    tables, broken = collect(store)
    assert not broken
    assert tables["settings"].height == 4
    assert tables["chosen"].filter(pl.col("chosen")).height == 1
    path = choice.write_settings(tmp_path / "settings.json", tables["chosen"].with_columns(own=pl.lit(False)))
    chosen = chosen_settings(path)
    assert set(chosen) == {"IPPO"}
    asked = first_jobs(dataclasses.replace(TINY, environments=("TrustDilemma-v0",), chosen=chosen))[0]
    assert asked.settings == {**chosen["IPPO"], "copies": 4, "length": 8}


def test_the_discount_is_one_for_all():
    """A learner that is better with another discount takes the best of its candidates with the common one."""
    scores = {
        ("IPPO", 3e-3, 0.95): 0.6, ("IPPO", 1e-3, 0.95): 0.9, ("IPPO", 3e-3, 0.99): 0.5, ("IPPO", 1e-3, 0.99): 0.7,
        ("MAPPO", 3e-3, 0.95): 0.9, ("MAPPO", 1e-3, 0.95): 0.6, ("MAPPO", 3e-3, 0.99): 0.5, ("MAPPO", 1e-3, 0.99): 0.7,
        ("IA2C", 3e-3, 0.95): 0.6, ("IA2C", 1e-3, 0.95): 0.7, ("IA2C", 3e-3, 0.99): 0.5, ("IA2C", 1e-3, 0.99): 0.8,
    }  # fmt: skip
    tried = frame(
        "settings",
        [
            {
                "shard": "x", "environment": "TrustDilemma-v0", "reward_mode": "private", "algorithm": algorithm,
                "seed": 100, "status": "done", "score": score,
                "candidate": json.dumps({"discount": discount, "learning_rate": rate}, sort_keys=True),
            }
            for (algorithm, rate, discount), score in scores.items()
        ],
    )  # fmt: skip
    chosen = choice.choose_settings(tried).filter(pl.col("chosen"))
    found = {
        algorithm: json.loads(candidate) for algorithm, candidate in chosen.select("algorithm", "candidate").rows()
    }
    assert {one["discount"] for one in found.values()} == {0.95}
    assert {name: one["learning_rate"] for name, one in found.items()} == {
        "IPPO": 1e-3,
        "MAPPO": 3e-3,
        "IA2C": 1e-3,
    }


def rows(scores: dict[tuple[float, str, int], float | None]) -> pl.DataFrame:
    return frame(
        "settings",
        [
            {
                "environment": game, "reward_mode": "private", "algorithm": "IPPO", "seed": seed, "status": "done",
                "candidate": json.dumps({"learning_rate": rate}), "score": value,
            }
            for (rate, game, seed), value in scores.items()
        ],
    )  # fmt: skip


OWN = 0.003
CHOICES = {
    "the best mean over games": (
        {(OWN, "a", 1): 0.5, (OWN, "b", 1): 0.5, (0.01, "a", 1): 0.4, (0.01, "b", 1): 0.8}, 0.01,
    ),
    "its own where little is gained": ({(OWN, "a", 1): 0.5, (0.01, "a", 1): 0.504}, OWN),
    "games count once, whatever their seeds": (
        {(OWN, "a", 1): 0.2, (OWN, "b", 1): 0.9, (OWN, "b", 2): 0.9, (0.01, "a", 1): 0.5, (0.01, "b", 1): 0.7}, 0.01,
    ),
    "a game where one has no score is no comparison": (
        {(OWN, "a", 1): 0.6, (OWN, "b", 1): None, (0.01, "a", 1): 0.5, (0.01, "b", 1): 1.0}, OWN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHOICES)
def test_what_is_chosen(case):
    scores, best = CHOICES[case]
    table = choice.choose_settings(rows(scores))
    (chosen,) = table.filter(pl.col("chosen"))["candidate"]
    assert json.loads(chosen)["learning_rate"] == best
    assert table.filter(pl.col("own")).height == 1


def test_a_score_is_about_what_is_asked():
    """Nobody is rewarded for giving where each earns for itself; for what all share, everybody is."""
    found = {"return_total": 100.0, "returns": [50.0, 50.0], "nash_conv": 10.0}
    assert score("IPPO", "TrustDilemma-v0", "private", found) == pytest.approx(0.9)
    from coopetition.study.measuring import best_total

    shared = {**found, "return_total": 0.5 * best_total("TrustDilemma-v0")}
    assert score("IPPO", "TrustDilemma-v0", "cooperative", shared) == pytest.approx(0.5, rel=1e-6)
    assert score("QMIX", "TrustDilemma-v0", "private", shared) == pytest.approx(0.5, rel=1e-6)
