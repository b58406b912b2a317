"""What a scale asks for, what it costs, and in which order it is done."""

from __future__ import annotations

import dataclasses
import json

import pytest

pytest.importorskip("polars")
pytest.importorskip("jax")

from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS  # noqa: E402
from coopetition.study import engine, estimates  # noqa: E402
from coopetition.study.plan import (  # noqa: E402
    ALGORITHMS,
    FROM_MEMORY,
    Job,
    Scale,
    chosen_settings,
    exclusions,
    find_scale,
    first_jobs,
    scales,
    second_jobs,
)
from coopetition.study.shards import Shard, ShardStore  # noqa: E402

SMALL = Scale(
    "small", environments=("TrustDilemmaStrong-v0", "TrustDilemma-v0", "GiftExchange-v0"), algorithms=("IPPO", "IA2C"),
    modes=("private",), seeds=(0,), audited=(0,), climbed=(),
)  # fmt: skip


def test_the_full_study_is_what_it_says():
    """Sixteen learners, twenty games twice, three modes, seven seeds, less the cells that do not exist."""
    full = find_scale("full")
    assert full.environments == (*STRONG_IDS, *ENVIRONMENT_IDS)
    assert (full.algorithms, len(full.modes), len(full.seeds), len(full.audited)) == (ALGORITHMS, 3, 7, 3)
    gone = {half: [cell for cell in exclusions(full) if (cell[1] in STRONG_IDS) == (half == "strong")]
            for half in ("strong", "published")}  # fmt: skip
    trained = [job for job in first_jobs(full) if job.kind == "train"]
    for half, cells in gone.items():
        mine = [job for job in trained if job.strong == (half == "strong")]
        assert len(mine) + len(cells) == 320
        assert sum(len(job.modes) * len(job.seeds) for job in mine) >= 6_000
        assert sum(len(job.modes) * len(job.audited) for job in mine) >= 930
    # No learner is left out for a number that could be another.
    assert {learner for learner, _, _ in exclusions(full)} == {"MeanFieldAC", "LOLA"}
    assert all("agents" in reason for _, _, reason in exclusions(full))
    reference = [job for job in first_jobs(full) if job.kind == "reference" and not job.strong]
    assert len(reference) * 110 * 3 == 6_600


def test_steps_are_data():
    scale = Scale.from_dict(
        {"name": "x", "environments": ["strong"], "steps": {"QMIX/SLCD*": 5, "memory": 7, "*/*Strong-v0": 9, "*": 11}}
    )
    asked = (("QMIX", "SLCDStrong-v0"), ("QMIX", "SLCD"), ("VDN", "SLCD-v0"), ("IPPO", "SLCDStrong-v0"), ("IPPO", "x"))
    assert [scale.steps_of(*one) for one in asked] == [5, 5, 7, 9, 11]
    with pytest.raises(ValueError, match="does not say how many steps IPPO"):
        dataclasses.replace(scale, steps={"memory": 7}).steps_of("IPPO", "SLCD-v0")
    with pytest.raises(ValueError, match="did you mean 'steps'"):
        Scale.from_dict({"name": "x", "step": {}})
    assert {name for name in ALGORITHMS if scale.steps_of(name, "x") == 7} == set(FROM_MEMORY)


def test_what_was_chosen_is_in_every_job_and_in_its_name():
    chosen = dataclasses.replace(SMALL, chosen={"IPPO": {"learning_rate": 0.001}})
    plain, other = first_jobs(dataclasses.replace(SMALL, chosen={}))[0], first_jobs(chosen)[0]
    assert (plain.settings, other.settings) == ({}, {"learning_rate": 0.001})
    assert engine.shard_name(plain) != engine.shard_name(other)
    assert first_jobs(dataclasses.replace(chosen, settings={"learning_rate": 0.1}))[0].settings["learning_rate"] == 0.1


def test_a_table_of_settings_that_is_none_is_named(tmp_path):
    for text in ("[", "[]", '{"chosen": 3}'):
        path = tmp_path / f"{len(text)}.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="not a table of settings"):
            chosen_settings(path)
    path.write_text('{"chosen": {"IPO": {}}}', encoding="utf-8")
    with pytest.raises(ValueError, match="did you mean"):
        chosen_settings(path.rename(tmp_path / "other.json"))


# --- order and budget


def done(store: ShardStore, job: Job) -> None:
    """A shard as if the job had been run."""
    name = engine.shard_name(job)
    store.write(Shard(name, json.loads(json.dumps(job.to_dict())), "done", {}, {}))


def sent(tmp_path, scale: Scale, budget: float | None, seconds: float = 1.0) -> list[Job]:
    """The jobs that an agenda sends, one after the other, each of so many seconds."""
    store = ShardStore(tmp_path)
    agenda = engine.Agenda(store, scale, engine.Summary(), False, budget, ())
    jobs = []
    while (taken := agenda.take()) is not None:
        done(store, taken[0])
        agenda.ended(taken[0], engine.Report(taken[1], taken[0].label, "done", seconds))
        jobs.append(taken[0])
    return jobs


def test_strong_games_come_first_and_the_longest_of_each_half(tmp_path):
    jobs = sent(tmp_path, SMALL, None)
    assert len(jobs) == 3 * (2 + 1 + 2)
    first = [job for job in jobs if job.kind in ("train", "reference")]
    halves = [job.strong for job in first]
    assert halves == sorted(halves, reverse=True)
    for strong in (True, False):
        costs = [job.cost() for job in first if job.strong == strong]
        assert costs == sorted(costs, reverse=True)
    # What needs an environment's networks follows its last training job, and reads all of them.
    for environment in SMALL.environments:
        mine = [job for job in jobs if job.environment == environment]
        last = max(k for k, job in enumerate(mine) if job.kind == "train")
        assert all(k > last for k, job in enumerate(mine) if job.kind in ("crossplay", "scenarios"))
        assert all(len(job.inputs) == 2 for job in mine if job.kind == "crossplay")
    assert sent(tmp_path, SMALL, None) == []


def test_a_budget_leaves_whole_environments(tmp_path):
    whole = [job.cost() for job in sent(tmp_path / "all", SMALL, 1e9)]
    jobs = sent(tmp_path / "half", SMALL, max(whole) + 5.5, seconds=1.0)
    order = list(dict.fromkeys(job.environment for job in jobs))
    assert order == list(SMALL.environments[: len(order)])
    for environment in order[:-1]:
        assert {job.kind for job in jobs if job.environment == environment} == {
            "train", "reference", "crossplay", "scenarios",
        }  # fmt: skip
    assert 5 <= len(jobs) < 15
    rest = sent(tmp_path / "half", SMALL, None)
    assert len(jobs) + len(rest) == 15


# --- what it costs


def test_what_was_measured_is_of_learners_that_there_are():
    found = estimates.costs()
    assert set(estimates.TYPICAL.values()) <= set(found["learners"]) <= set(ALGORITHMS)
    for name, cost in found["learners"].items():
        assert cost["step"], name
        assert all(seconds > 0 for seconds in (*cost["step"].values(), *cost["fixed"].values()))


def test_estimates_add_up():
    jobs = first_jobs(SMALL)
    jobs += second_jobs(SMALL, dict.fromkeys(SMALL.environments, ("a", "b")))
    found = estimates.summary(jobs, (1, 4, 1000))
    total = sum(job.cost() for job in jobs) / 3600.0
    assert sum(found["hours"].values()) == pytest.approx(total)
    assert sum(found["environments"].values()) == pytest.approx(total)
    assert found["makespan"][1] == pytest.approx(total)
    assert sum(found["halves"].values()) == pytest.approx(total)
    assert total / 4 <= found["makespan"][4] <= total
    # With cores to spare the longest chain of one environment is left: a job, and what follows it.
    chain = max(
        max(job.cost() for job in jobs if job.environment == name and job.kind in ("train", "reference"))
        + max(job.cost() for job in jobs if job.environment == name and job.kind in ("crossplay", "scenarios"))
        for name in SMALL.environments
    )
    assert found["makespan"][1000] == pytest.approx(chain / 3600.0)
    longer = dataclasses.replace(jobs[0], steps=2 * jobs[0].steps)
    assert longer.cost() > jobs[0].cost()


def test_games_whose_optimum_would_be_searched_for_in_every_job_are_named(monkeypatch):
    assert estimates.without_optimum(("TrustDilemma-v0", "SynergySearch-v0")) == []
    monkeypatch.setattr("coopetition.oracles.episode.stored.stored_entry", lambda *_: None)
    assert estimates.without_optimum(("TrustDilemma-v0",)) == ["TrustDilemma-v0"]


@pytest.mark.parametrize("name", scales())
def test_every_scale_can_be_planned(name):
    scale = find_scale(name)
    assert not set(scale.audited) - set(scale.seeds)
    assert all(job.cost() > 0 for job in first_jobs(scale))
