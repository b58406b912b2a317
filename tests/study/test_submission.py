"""Results from outside: what is taken, and how what is not is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

pl = pytest.importorskip("polars")
pytest.importorskip("jax")

from coopetition.api.make import make_game  # noqa: E402
from coopetition.study.measuring import best_total, game_of  # noqa: E402
from coopetition.study.submission import (  # noqa: E402
    COLUMNS,
    SubmissionError,
    check_submission,
    json_schema,
    measured_policy,
)

GOOD = {
    "algorithm": "MyLearner",
    "environment": "TrustDilemma-v0",
    "reward_mode": "private",
    "seed": 0,
    "environment_steps": 1000,
    "episodes": 8,
    "returns": [9000.0, 8000.0],
    "payoffs": [9000.0, 8000.0],
    "rates": [0.5, 0.75],
    "length": 100.0,
    "submitter": "Somebody",
}


def written(path, rows, suffix=".csv"):
    file = path / f"results{suffix}"
    if suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(file)
    else:
        cells = [{k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]
        pl.DataFrame(cells, infer_schema_length=None, strict=False).write_csv(file)
    return file


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_right_is_completed(tmp_path, suffix):
    table, notes = check_submission(written(tmp_path, [GOOD, {**GOOD, "seed": 1}], suffix))
    assert notes == []
    row = table.row(0, named=True)
    assert row["payoff_total"] == 17_000.0
    assert row["rate_mean"] == 0.625
    assert row["efficiency"] == pytest.approx(17_000.0 / best_total("TrustDilemma-v0"))
    assert row["agents"] == list(make_game("TrustDilemma-v0").agents)
    assert row["gini"] is None or 0.0 <= row["gini"] <= 1.0


WRONG = {
    "a learner of ours": ({"algorithm": "IPPO"}, "row 2, column 'algorithm'.*study's own"),
    "no such game": ({"environment": "TrustDilema-v0"}, "row 2, column 'environment'.*did you mean"),
    "no such mode": ({"reward_mode": "selfish"}, "row 2, column 'reward_mode': 'selfish' is none of"),
    "too few agents": ({"rates": [0.5]}, "row 2, column 'rates': 1 numbers; TrustDilemma-v0 has 2 agents"),
    "a rate that is none": ({"rates": [0.5, 1.2]}, r"row 2, column 'rates'.*not in \[0, 1\]"),
    "not finite": ({"payoffs": "[1.0, NaN]"}, "row 2, column 'payoffs'.*no list of finite numbers"),
    "no list": ({"payoffs": "9000; 8000"}, "row 2, column 'payoffs'.*no list of numbers"),
    "half a seed": ({"seed": 0.5}, "row 2, column 'seed'.*no whole number"),
    "a negative seed": ({"seed": -1}, "row 2, column 'seed'.*no whole number"),
    "too long": ({"length": 500}, r"row 2, column 'length': 500 is not in \[1, 100\]"),
    "nobody": ({"submitter": " "}, "row 2, column 'submitter': it is empty"),
    "twice": ({"seed": 0}, "row 2, column 'seed': there is a row of MyLearner.*already"),
    "returns that are no payoffs": ({"returns": [9000.0, 8100.0]}, "row 2, column 'returns': under private rewards"),
    "returns that are not shared": (
        {"reward_mode": "cooperative"}, "row 2, column 'returns': under cooperative rewards they are the mean payoff",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_by_row_and_column(tmp_path, case):
    change, message = WRONG[case]
    with pytest.raises(SubmissionError, match=message):
        check_submission(written(tmp_path, [GOOD, {**GOOD, "seed": 1, **change}]))


def test_all_problems_are_told_at_once(tmp_path):
    rows = [{**GOOD, "seed": 3 * k, "rates": [2.0, 0.5]} for k in range(30)]
    with pytest.raises(SubmissionError) as caught:
        check_submission(written(tmp_path, rows))
    assert len(caught.value.problems) == 30
    assert "row 7, column" in str(caught.value)
    assert "and 10 more" in str(caught.value)


FILES = {
    "a column that is misspelt": (lambda row: {"payofs" if k == "payoffs" else k: v for k, v in row.items()},
                                  "column 'payofs' is not known; did you mean 'payoffs'"),
    "a column that is missing": (lambda row: {k: v for k, v in row.items() if k != "length"},
                                 "column 'length' is missing"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_columns_are_named(tmp_path, case):
    change, message = FILES[case]
    with pytest.raises(SubmissionError, match=message):
        check_submission(written(tmp_path, [change(GOOD)]))


def test_what_is_no_table_is_named(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    for name in ("a.csv", "a.parquet", "a.txt", "missing.csv"):
        with pytest.raises(SubmissionError, match=f"{name} cannot be taken"):
            check_submission(tmp_path / name)


def test_more_than_the_best_known_is_looked_at(tmp_path):
    best = best_total("TrustDilemma-v0")
    _, notes = check_submission(written(tmp_path, [{**GOOD, "returns": [best, 1.0], "payoffs": [best, 1.0]}]))
    assert "more than the best known" in notes[0]


def test_the_schema_is_that_of_the_columns():
    schema = json_schema()
    assert set(schema["properties"]) == set(COLUMNS)
    assert set(schema["required"]) == set(GOOD)


def test_a_policy_is_played_as_the_studys_own_are():
    from coopetition.study.backgrounds import file_of, name_of

    path = file_of("TrustDilemma-v0", name_of("private"))
    row = measured_policy(path, name="Frozen", submitter="Somebody").row(0, named=True)
    assert (row["environment"], row["reward_mode"], row["seed"]) == ("TrustDilemma-v0", "private", 9001)
    game = game_of("TrustDilemma-v0", "private")
    np.testing.assert_allclose(row["returns"], row["payoffs"], rtol=1e-5)
    assert len(row["rates"]) == game.n
    with pytest.raises(SubmissionError, match="study's own"):
        measured_policy(path, name="IPPO", submitter="Somebody")
