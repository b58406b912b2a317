"""The corpus that lies in the repository: whole or saying what it lacks, sound, and what the page of findings says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from coopetition.calibration.claims import STUDY
from coopetition.study.arena import draws
from coopetition.study.corpus import MOST_BYTES
from coopetition.study.measuring import game_of, measure
from coopetition.study.plan import find_scale, left_out
from coopetition.study.reading import Corpus, ledger_measures
from coopetition.study.report import page_text
from coopetition.study.tables import SCHEMAS, schema
from coopetition.study.training import EVALUATION_SEED, maker_of

ROOT = Path(__file__).parents[2]
HOME = ROOT / "corpus"
PAGE = ROOT / "docs" / "findings.md"
FULL = find_scale("full")


@pytest.fixture(scope="module")
def corpus():
    return Corpus(HOME)


def test_every_cell_has_a_record_or_a_reason(corpus):
    """Of the full factorial: all modes and seeds of a cell, or a row that says why not."""
    found = corpus.runs.group_by("environment", "algorithm").len()
    runs = {(environment, algorithm): count for environment, algorithm, count in found.iter_rows()}
    excused = {(e, a): kind for e, a, kind in corpus.excluded.select("environment", "algorithm", "kind").iter_rows()}
    for environment in FULL.environments:
        for algorithm in FULL.algorithms:
            cell = (environment, algorithm)
            if left_out(algorithm, environment) is not None:
                assert cell not in runs
                assert excused[cell] == "impossible"
            elif cell in runs:
                assert runs[cell] == len(FULL.modes) * len(FULL.seeds)
                assert cell not in excused
            else:
                assert excused[cell] == "not run", cell


def test_an_environment_is_there_whole(corpus):
    """All of its learners, reference policies, audits, cross-play and scenarios."""
    for environment in corpus.environments:
        learners = {name for name in FULL.algorithms if left_out(name, environment) is None}
        assert set(corpus.runs.filter(pl.col("environment") == environment)["algorithm"]) == learners
        here = {
            name: getattr(corpus, name).filter(pl.col("environment") == environment)
            for name in ("reference", "audit", "crossplay", "scenarios", "yardsticks")
        }
        assert here["reference"]["policy"].n_unique() == 110
        classes = here["audit"].filter(pl.col("audit") == "class")
        assert classes.height == len(learners) * len(FULL.modes) * len(FULL.audited)
        assert learners <= set(here["crossplay"]["focal"])
        assert learners <= set(here["scenarios"]["entrant"])
        assert here["yardsticks"].height == len(FULL.modes)


def test_tables_are_as_their_schema_says():
    for table in SCHEMAS:
        assert pl.read_parquet_schema(HOME / f"{table}.parquet") == schema(table), table
    assert sum(path.stat().st_size for path in HOME.rglob("*") if path.is_file()) <= MOST_BYTES
    assert (HOME / "LICENSE").read_text(encoding="utf-8").startswith("This corpus is published under the Creative")


def test_croissant_is_valid():
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(HOME / "croissant.json"))
    assert dataset.metadata.issues.errors == set()
    files = {one["name"] for one in json.loads((HOME / "croissant.json").read_text())["distribution"]}
    assert {f"{table}.parquet" for table in SCHEMAS} <= files


def test_numbers_are_numbers(corpus):
    """No efficiency above the best that is known, payoffs that sum up, and rates in [0, 1].

    Where a game draws, the best that is known is a plan for all draws, and a policy that looks may do better.
    """
    done = corpus.done
    drawing = [name for name in corpus.environments if draws(game_of(name, "private"))]
    assert done.filter(~pl.col("environment").is_in(drawing))["efficiency"].max() <= 1.0 + 1e-6
    assert done["efficiency"].max() < 1.2
    sums = done.select((pl.col("payoffs").list.sum() - pl.col("payoff_total")).abs() / pl.col("payoff_total").abs())
    assert sums.to_series().max() < 1e-9
    rates = done["rates"].explode()
    assert 0.0 <= rates.min() <= rates.max() <= 1.0
    private = done.filter(pl.col("reward_mode") == "private")
    gaps = (private["return_total"] - private["payoff_total"]).abs() / private["payoff_total"].abs()
    assert gaps.max() < 1e-9


def test_three_records_again_from_their_networks(corpus):
    """Networks are published in half precision, which moves payoffs a little."""
    files = sorted((HOME / "networks").glob("*.safetensors"))
    assert len(files) >= 3
    for file in files[:: max(1, len(files) // 3)][:3]:
        environment, algorithm, mode, seed = re.fullmatch(r"(.+-v0)-(\w+)-(\w+)-seed(\d+)", file.stem).groups()  # type: ignore[union-attr]
        who = {"environment": environment, "algorithm": algorithm, "reward_mode": mode, "seed": int(seed)}
        row = corpus.done.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in who.items()), named=True)
        again = measure(environment, mode, maker_of(file), row["episodes"], EVALUATION_SEED, gains=False)
        assert again["payoff_total"] == pytest.approx(row["payoff_total"], rel=1e-2), who


def test_the_page_of_findings_is_written_from_the_corpus(corpus):
    """`coopetition study report` would write it again, word for word."""
    written = PAGE.read_text(encoding="utf-8")
    links = {Path(link).stem: link for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", written)}
    assert all((PAGE.parent / link).is_file() for link in links.values())
    assert page_text(corpus, links) == written


def test_the_ledger_counts_this_corpus(corpus):
    """`coopetition study report --measures` would write the file again."""
    assert json.loads(STUDY.read_text(encoding="utf-8")) == ledger_measures(corpus)
