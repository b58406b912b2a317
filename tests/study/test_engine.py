"""A study at the smallest scale: what is there at the end does not depend on how often it was interrupted."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

pl = pytest.importorskip("polars")
pytest.importorskip("jax")

from study_tiny import FEW, TINY, assert_same, contents  # noqa: E402

from coopetition.study import engine, fingerprint, reference  # noqa: E402
from coopetition.study.corpus import _with_earlier, checksum, export_scores, publish, write_archive  # noqa: E402
from coopetition.study.fingerprint import code_of, modules_of, shard_name  # noqa: E402
from coopetition.study.measuring import measure  # noqa: E402
from coopetition.study.plan import Job, find_scale, first_jobs, left_out, restrict  # noqa: E402
from coopetition.study.reading import Corpus, longer_effects, longer_jobs, moving_cells  # noqa: E402
from coopetition.study.report import page_text, write_report  # noqa: E402
from coopetition.study.shards import Shard, ShardStore  # noqa: E402
from coopetition.study.training import EVALUATION_SEED, maker_of, rising  # noqa: E402
from coopetition.study.verifying import recompute, retrain  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def few_references():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "PUBLISHED", FEW)
        patch.setattr("coopetition.study.crossplay.REFERENCES", FEW)
        patch.setattr("coopetition.study.statistics.RESAMPLES", 50)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("study")
    summary = engine.run(folder, TINY, address="here")
    assert [report.status for report in summary.reports] == ["done"] * 4, [r.error for r in summary.reports]
    return folder


@pytest.fixture(scope="module")
def corpus(whole, tmp_path_factory):
    target = tmp_path_factory.mktemp("corpus")
    publish(whole, target)
    return target


def test_every_cell_has_a_record_or_a_reason(whole):
    tables = contents(whole)
    assert tables["runs"].height == 4
    assert set(tables["runs"]["status"]) == {"done"}
    reason = left_out("MeanFieldAC", "TrustDilemma-v0")
    assert tables["excluded"].rows() == [("TrustDilemma-v0", "MeanFieldAC", "impossible", reason)]
    assert tables["yardsticks"].height == 2
    assert tables["reference"].height == len(FEW) * 2
    assert {"surface", "deviation", "timing", "optimal", "impulse", "partners", "class"} == set(
        tables["audit"]["audit"]
    )
    assert {"field", "team"} == set(tables["crossplay"]["kind"])
    assert tables["scenarios"].height > 0


def test_a_second_call_has_nothing_to_do(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.json")}
    assert engine.run(whole, TINY, address="here").reports == []
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.json")} == before


def test_what_is_broken_is_named_and_made_anew(whole, tmp_path):
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    name = next(name for name in ShardStore(folder).names() if name.startswith("reference"))
    (folder / name / "reference.parquet").write_bytes(b"nonsense")
    summary = engine.run(folder, TINY, address="here")
    assert summary.broken == [name]
    assert [report.name for report in summary.reports] == [name]
    assert_same(whole, folder)


def test_a_failure_is_rows_with_their_traceback(tmp_path, monkeypatch):
    def fails(job, name):
        raise ArithmeticError("on purpose")

    monkeypatch.setattr("coopetition.study.training.train", fails)
    only = dataclasses.replace(TINY, algorithms=("IPPO",))
    job = first_jobs(only)[0]
    report = engine.work(job, shard_name(job), str(tmp_path))
    assert report.status == "failed"
    rows = ShardStore(tmp_path).read(shard_name(job)).tables["runs"]
    assert rows.height == 4
    assert all("ArithmeticError: on purpose" in error for error in rows["error"])
    wanted, _ = engine.missing(ShardStore(tmp_path), [job], retry=False)
    assert wanted == []
    wanted, _ = engine.missing(ShardStore(tmp_path), [job], retry=True)
    assert [pair[0] for pair in wanted] == [job]


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(self, shard):
        raise OSError(28, "No space left on device")

    job = Job("reference", "TrustDilemma-v0", modes=("private",))
    with monkeypatch.context() as patch:
        patch.setattr(ShardStore, "write", full)
        report = engine.work(job, shard_name(job), str(tmp_path))
        assert report.status == "unwritten"
        assert "No space left" in report.error
    assert engine.work(job, shard_name(job), str(tmp_path)).status == "done"


# --- what names a shard


def test_docs_and_other_learners_void_nothing(tmp_path):
    source = '"""Docs."""\n\nX = 1  # a number\n\n\ndef f(x):\n    """Say."""\n    return x\n'
    other = '"""Other docs."""\nX = 1\ndef f(x):\n    # a comment\n    return x\n'
    changed = source.replace("X = 1", "X = 2")
    paths = []
    for k, text in enumerate((source, other, changed)):
        paths.append(tmp_path / f"{k}.py")
        paths[-1].write_text(text, encoding="utf-8")
    codes = [code_of(path) for path in paths]
    assert codes[0] == codes[1] != codes[2]
    modules = modules_of(["baselines.learning.ippo"])
    assert "baselines.learning.task" in modules
    assert "baselines.learning.qmix" not in modules
    assert not any(module.startswith(("api", "pages", "commands", "plot")) for module in modules)


def test_names_follow_from_what_is_asked():
    job = first_jobs(dataclasses.replace(TINY, algorithms=("IPPO",)))[0]
    assert shard_name(job) == shard_name(Job.from_dict(json.loads(json.dumps(job.to_dict()))))
    for change in ({"seeds": (0, 2)}, {"steps": 512}, {"settings": {"copies": 8, "length": 8}}):
        assert shard_name(dataclasses.replace(job, **change)) != shard_name(job)


def test_only_names_what_it_cannot_find():
    assert restrict(find_scale("full"), ["QMIX", "SLCD*"]).algorithms == ("QMIX",)
    with pytest.raises(ValueError, match="did you mean 'QMIX'"):
        restrict(find_scale("full"), ["QMIXX"])


def test_rising_curves_are_noticed():
    steps, one = np.arange(1, 51), np.ones(50)
    assert rising(steps, np.linspace(0.0, 1.0, 50), one) == pytest.approx(0.2, abs=0.02)
    assert abs(rising(steps, np.concatenate([np.linspace(0, 1, 25), np.ones(25)]), one)) < 1e-9


def test_an_interrupted_training_leaves_no_record(tmp_path, monkeypatch):
    """`learn` answers Ctrl-C with what there is; a study must not take that for the whole."""
    import coopetition.baselines.learning as learning

    learn = learning.learn

    def cut(*arguments, **options):
        return dataclasses.replace(learn(*arguments, **options), finished=False)

    monkeypatch.setattr(learning, "learn", cut)
    scale = dataclasses.replace(TINY, algorithms=("IPPO",))
    with pytest.raises(KeyboardInterrupt):
        engine.run(tmp_path, scale, address="here")
    assert not [name for name in ShardStore(tmp_path).names() if name.startswith("train")]


def test_a_better_optimum_voids_only_what_is_scaled_when_it_is_made(monkeypatch):
    jobs = [Job("reference", name, modes=("private",)) for name in ("TrustDilemma-v0", "SynergySearch-v0")]
    before = [shard_name(job) for job in jobs]
    monkeypatch.setattr("coopetition.oracles.episode.stored.stored_entry", lambda *_: None)
    fingerprint._known_of.cache_clear()
    after = [shard_name(job) for job in jobs]
    fingerprint._known_of.cache_clear()
    assert before[0] == after[0]
    assert before[1] != after[1]


# --- what is published


def test_the_corpus_is_read_back_and_recomputed(corpus):
    """Runs' evaluations from the published networks, which are in half precision: within 1 % of the payoff."""
    runs = pl.read_parquet(corpus / "runs.parquet")
    for row in runs.sample(3, seed=1).iter_rows(named=True):
        file = f"{row['environment']}-{row['algorithm']}-{row['reward_mode']}-seed{row['seed']}.safetensors"
        again = measure(
            row["environment"],
            row["reward_mode"],
            maker_of(corpus / "networks" / file),
            1,
            EVALUATION_SEED,
            gains=False,
        )
        assert again["payoff_total"] == pytest.approx(row["payoff_total"], rel=1e-2)


def test_records_are_put_on_the_yardsticks_of_the_day_that_publishes(whole, tmp_path, monkeypatch):
    """What was observed stays; an optimum that was found since counts for old records too."""
    publish(whole, tmp_path / "before")
    from coopetition.oracles.episode.yardstick import Yardstick
    from coopetition.study import measuring

    measuring.scale_on.cache_clear()
    known = measuring.scale_on("TrustDilemma-v0", "cooperative").optimum
    monkeypatch.setattr(measuring, "scale_on", lambda *_: Yardstick(0.5 * known, 2.0 * known))
    publish(whole, tmp_path / "after")
    before, after = (pl.read_parquet(tmp_path / name / "runs.parquet") for name in ("before", "after"))
    assert after["payoff_total"].equals(before["payoff_total"])
    assert after["efficiency"].to_list() == pytest.approx((0.5 * before["efficiency"]).to_list())
    yardsticks = pl.read_parquet(tmp_path / "after" / "yardsticks.parquet")
    assert yardsticks["best_total"].to_list() == pytest.approx([2.0 * known] * yardsticks.height)


def test_networks_of_the_last_seeds_are_left_out_of_a_corpus_that_is_too_large(whole, tmp_path, monkeypatch):
    def kept(most):
        """Networks by seed, of a corpus that has so many bytes at most."""
        monkeypatch.setattr("coopetition.study.corpus.MOST_BYTES", most)
        found = publish(whole, tmp_path)
        names = sorted(path.stem for path in (tmp_path / "networks").glob("*"))
        assert found["networks"] == len(names)
        assert not names or found["bytes"] <= most
        return [{name for name in names if name.endswith(f"-seed{seed}")} for seed in (0, 1)]

    first, last = kept(25_000_000)
    assert len(first) == len(last) > 1
    sizes = {path.stem: path.stat().st_size for path in (tmp_path / "networks").glob("*")}
    others = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) - sum(sizes.values())
    some_first, some_last = kept(others + sum(sizes.values()) - 1)
    assert some_first == first
    assert some_last < last
    assert some_last
    few, none = kept(others + sum(sizes[name] for name in first) - 1)
    assert few < first
    assert few
    assert not none
    assert kept(10) == [set(), set()]


def test_records_are_recomputed_from_their_networks_to_the_bit(whole):
    """Three at random, with every number that was found of them."""
    told: list[str] = []
    assert recompute(whole, records=3, seed=4, told=told.append) == []
    assert len(told) == 3


def test_a_record_that_its_network_does_not_give_is_named(whole, tmp_path):
    store = ShardStore(whole)
    name = next(name for name in store.names() if name.startswith("train"))
    shard = store.read(name)
    changed = {**shard.tables, "runs": shard.tables["runs"].with_columns(pl.col("payoff_total") + 1.0)}
    ShardStore(tmp_path).write(dataclasses.replace(shard, tables=changed))
    found = recompute(tmp_path, records=2)
    assert len(found) == 2
    assert all("payoff_total" in line for line in found)


RESPONSIBLE = (
    *("dataCollection", "dataCollectionType", "dataBiases", "dataLimitations", "dataUseCases", "dataSocialImpact"),
    *("personalSensitiveInformation", "dataReleaseMaintenancePlan", "dataPreprocessingProtocol"),
    *("dataImputationProtocol", "dataAnnotationProtocol", "machineAnnotationTools"),
)


def test_croissant_is_valid_and_loads(corpus):
    import mlcroissant

    about = json.loads((corpus / "croissant.json").read_text(encoding="utf-8"))
    assert all(about[f"rai:{name}"] for name in RESPONSIBLE)
    assert about["license"].startswith("https://creativecommons.org/licenses/by/4.0")
    dataset = mlcroissant.Dataset(jsonld=str(corpus / "croissant.json"))
    assert dataset.metadata.issues.errors == set()
    record = next(iter(dataset.records("runs")))
    assert record["runs/algorithm"] == b"IPPO"


def test_scores_leave_for_other_libraries(corpus):
    scores = export_scores(corpus)
    assert np.array(scores["rliable"]["private"]["IPPO"]).shape == (2, 1)
    seeds = scores["marl_eval"]["TrustDilemma-v0"]["private"]["IPPO"]
    assert set(seeds) == {"seed_0", "seed_1"}
    for run in seeds.values():
        steps = [key for key in run if key.startswith("step_")]
        assert set(run) == {*steps, "absolute_metrics"}
        assert all(set(run[step]) == {"step_count", "return"} for step in steps)
        assert len(run["absolute_metrics"]["return"]) == 1


def test_the_corpus_says_where_everything_comes_from(corpus):
    shards = pl.read_parquet(corpus / "shards.parquet")
    for row in shards.iter_rows(named=True):
        job = Job.from_dict(json.loads(row["job"]))
        assert row["shard"] == shard_name(job)
        files = json.loads(row["files"])
        assert files
        assert all(len(checksum) == 64 for checksum in files.values())
    named = {
        shard
        for table in ("runs", "audit", "crossplay")
        for shard in pl.read_parquet(corpus / f"{table}.parquet")["shard"]
    }
    assert named <= set(shards["shard"])
    sheet = (corpus / "DATASHEET.md").read_text(encoding="utf-8")
    for heading in ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution and maintenance"):
        assert f"## {heading}" in sheet
    assert "Is it a sample?** No" in sheet


def test_part_of_a_study_is_a_sound_corpus_that_says_what_is_missing(whole, tmp_path):
    wider = dataclasses.replace(TINY, environments=("TrustDilemma-v0", "PublicGoods-v0"))
    found = publish(whole, tmp_path, scale=wider)
    assert found["missing"] == 3
    excluded = pl.read_parquet(tmp_path / "excluded.parquet")
    assert set(excluded.filter(pl.col("kind") == "not run")["environment"]) == {"PublicGoods-v0"}
    assert "part of a study" in (tmp_path / "DATASHEET.md").read_text(encoding="utf-8")
    assert "3 jobs have not been run" in page_text(Corpus(tmp_path), {})


def test_a_study_in_pieces(whole, tmp_path):
    """What an earlier corpus has of other environments stays, as if all had been published at once."""
    publish(whole, tmp_path, scale=TINY)
    for path in tmp_path.glob("*.parquet"):
        rows = pl.read_parquet(path)
        renamed = [pl.col(pl.String).str.replace("TrustDilemma-v0", "PublicGoods-v0", literal=True)]
        rows.with_columns(renamed).write_parquet(path)
    for path in (tmp_path / "networks").glob("*"):
        path.rename(path.with_name(path.name.replace("TrustDilemma", "PublicGoods")))
    wider = dataclasses.replace(TINY, environments=("TrustDilemma-v0", "PublicGoods-v0", "SLCD-v0"))
    once = publish(whole, tmp_path / "alone", scale=wider)
    found = publish(whole, tmp_path, scale=wider, keep=True)
    for table, count in found["rows"].items():
        rows = pl.read_parquet(tmp_path / f"{table}.parquet")
        assert rows.height == count
        if table not in ("excluded", "longer", "settings", "chosen", "submitted"):
            assert count == 2 * once["rows"][table] > 0, table
    assert found["networks"] == 2 * once["networks"] > 0
    excluded = pl.read_parquet(tmp_path / "excluded.parquet")
    assert set(excluded.filter(pl.col("kind") == "not run")["environment"]) == {"SLCD-v0"}
    assert found["missing"] == excluded.filter(pl.col("kind") == "not run").height
    assert publish(whole, tmp_path, scale=wider)["rows"]["runs"] == once["rows"]["runs"]


@pytest.mark.parametrize("table", ["longer", "shards", "runs"])
def test_what_was_trained_for_longer_is_new_where_all_else_is_kept(table, tmp_path):
    def rows(*shards):
        """A record of each, all of one environment, in a table's columns."""
        common = {"environment": "E", "reward_mode": "private", "algorithm": "A", "seed": 0, "environment_steps": 1}
        about = {"status": "done", "job": json.dumps(common), "files": ""} if table == "shards" else common
        return pl.DataFrame([{"shard": name, **about} for name in shards])

    rows("longer-A-E-1", "longer-B-E-1", "train-A-E-1").write_parquet(tmp_path / f"{table}.parquet")
    both = _with_earlier(table, rows("longer-B-E-1", "longer-C-E-2", "train-A-E-2"), tmp_path, {"E"})
    new = [] if table == "runs" else ["longer-C-E-2"]
    assert sorted(both["shard"]) == ["longer-A-E-1", "longer-B-E-1", *new, "train-A-E-1"]


def test_two_records_of_one_thing_are_not_published(whole, tmp_path):
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    store = ShardStore(folder)
    name = next(name for name in store.names() if name.startswith("train"))
    shard = store.read(name)
    older = name[:-4] + "0000"
    tables = {key: rows.with_columns(pl.lit(older).alias("shard")) for key, rows in shard.tables.items()}
    store.write(dataclasses.replace(shard, name=older, tables=tables))
    with pytest.raises(ValueError, match="several shards.*publish one scale"):
        publish(folder, tmp_path / "corpus")
    assert publish(folder, tmp_path / "corpus", scale=TINY)["rows"]["runs"] == 4


def test_the_archive_holds_every_network(whole, tmp_path):
    import tarfile

    with tarfile.open(write_archive(whole, tmp_path / "networks.tar.gz")) as archive:
        assert len(archive.getnames()) == 4


def test_the_report_is_written_from_the_corpus_alone(corpus, tmp_path):
    page = write_report(corpus, tmp_path / "docs" / "study.md", tmp_path / "docs" / "figures")
    text = page.read_text(encoding="utf-8")
    for heading in ("Does the reward mode change", "Against the best constant", "The audit", "Cross-play", "Cost"):
        assert heading in text
    for link in ("modes-published.png", "profiles-published.png", "curves.png"):
        assert (tmp_path / "docs" / "figures" / link).stat().st_size > 10_000
        assert f"figures/{link}" in text


def test_submissions_stand_beside_the_studys_own_and_survive_a_new_corpus(whole, corpus, tmp_path):
    import shutil

    from coopetition.study.backgrounds import file_of, name_of
    from coopetition.study.submission import SubmissionError, submit

    home = tmp_path / "corpus"
    shutil.copytree(corpus, home)
    policy = file_of("TrustDilemma-v0", name_of("private"))
    submit(policy, home, name="Frozen", submitter="Somebody")
    with pytest.raises(SubmissionError, match="already"):
        submit(policy, home, name="Frozen", submitter="Somebody")
    publish(whole, home)
    assert pl.read_parquet(home / "submitted.parquet")["algorithm"].to_list() == ["Frozen"]
    assert "1 rows of `submitted.parquet`" in (home / "DATASHEET.md").read_text(encoding="utf-8")
    files = {one["name"]: one["sha256"] for one in json.loads((home / "croissant.json").read_text())["distribution"]}
    assert files["submitted.parquet"] == checksum(home / "submitted.parquet")
    page = page_text(Corpus(home), {})
    line = next(line for line in page.splitlines() if line.startswith("| Frozen (submitted) | 1 |"))
    assert "nan" in line or "0." in line


def test_an_empty_study_is_not_published(tmp_path):
    with pytest.raises(ValueError, match="no shard"):
        publish(tmp_path / "nothing", tmp_path / "corpus")


def test_curves_that_move_are_named_and_can_be_trained_for_longer(whole, corpus, tmp_path):
    import shutil

    home = tmp_path / "corpus"
    shutil.copytree(corpus, home)
    runs = pl.read_parquet(home / "runs.parquet")
    rises = pl.when(pl.col("reward_mode") == "private").then(0.3).otherwise(0.0)
    runs.with_columns(rising=rises).write_parquet(home / "runs.parquet")
    found = moving_cells(Corpus(home))
    assert found.rows() == [("TrustDilemma-v0", "private", "IPPO", 0.3, 2, 2, 256)]
    (job,) = longer_jobs(Corpus(home), cells=10, times=3)
    assert (job.kind, job.steps, job.seeds, job.modes, job.audited) == ("longer", 768, TINY.seeds, TINY.modes, ())
    # What the longer runs say comes into the corpus and its report.
    name = shard_name(job)
    rows = runs.with_columns(pl.lit(name).alias("shard"), pl.lit(768, pl.Int64).alias("environment_steps"))
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    ShardStore(folder).write(Shard(name, job.to_dict(), "done", {"longer": rows}, {}))
    publish(folder, home, scale=TINY)
    effects = longer_effects(Corpus(home))
    assert [(row["environment_steps"], row["environment_steps_longer"]) for row in effects] == [(256.0, 768.0)] * 2
    assert "What more steps changed" in page_text(Corpus(home), {})


def test_the_box_of_an_environments_page_is_the_corpus(corpus, tmp_path):
    from coopetition.pages import results

    box = results("TrustDilemma-v0", corpus)
    lines = [line for line in box.splitlines() if line.startswith("| published |")]
    assert len(lines) == len(TINY.modes)
    reference = pl.read_parquet(corpus / "reference.parquet").filter(pl.col("reward_mode") == "cooperative")
    best = reference.filter(pl.col("policy").str.starts_with("constant")).sort("return_total")[-1]
    line = next(line for line in lines if "cooperative" in line)
    assert f"{int(best['policy'][0][-3:]) / 100:.2f}: {best['return_total'][0]:,.0f}" in line
    runs = pl.read_parquet(corpus / "runs.parquet").filter(pl.col("reward_mode") == "cooperative")
    scales = pl.read_parquet(corpus / "yardsticks.parquet").filter(pl.col("reward_mode") == "cooperative")
    assert f"IPPO {100 * runs['return_total'].mean() / scales['optimum'][0]:.1f} %" in line
    assert results("SLCD-v0", corpus) == results("TrustDilemma-v0", tmp_path) == ""


@pytest.mark.slow
def test_a_population_that_is_trained_again_is_the_same_to_the_bit(whole):
    """Curves, records, audit and networks."""
    told: list[str] = []
    assert retrain(whole, cells=1, told=told.append) == []
    assert "the same" in told[0]
