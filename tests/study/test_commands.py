"""`coopetition study`, as it is typed."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("polars")
pytest.importorskip("jax")

from typer.testing import CliRunner  # noqa: E402

from coopetition.commands.studying import study  # noqa: E402

SOME = ["--only", "IPPO", "--only", "MeanFieldAC", "--only", "TrustDilemma*"]


def said(*arguments: str, code: int = 0) -> str:
    found = CliRunner().invoke(study, list(arguments))
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


def test_a_plan_counts_cells_and_says_what_they_cost():
    found = json.loads(said("plan", "--scale", "full", *SOME, "--cores", "4", "--json"))
    assert (found["cells"], found["runs"], found["audited"]) == (4, 42, 18)
    (reason,) = found["impossible"]["MeanFieldAC"]
    assert found["impossible"]["MeanFieldAC"][reason] == ["TrustDilemmaStrong-v0", "TrustDilemma-v0"]
    text = said("plan", "--scale", "full", *SOME)
    assert "4 cells of a learner and a game, of which 2 do not exist" in text
    assert "on 4096 cores" in text


def test_the_status_of_a_study_that_has_not_begun(tmp_path):
    some = ("--only", "IPPO", "--only", "TrustDilemma*")
    counts = json.loads(said("status", "--folder", str(tmp_path / "x"), *some, "--json"))
    assert counts["train"] == {"done": 0, "failed": 0, "broken": 0, "missing": 1}


def test_no_budget_runs_nothing(tmp_path):
    asked = ("--folder", str(tmp_path / "x"), "--address", "here", "--budget", "0", "--only", "IPPO")
    assert "jobs were beyond the budget" in said("run", *asked)


def test_what_cannot_be_is_said(tmp_path):
    assert "did you mean" in said("plan", "--scale", "ful", code=2)
    assert "fits no algorithm" in said("settings", "--only", "SARSA", "--folder", str(tmp_path), code=2)
    said("run", "--settings", str(tmp_path / "missing.json"), code=2)
    (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
    assert "not a table" in said("plan", "--settings", str(tmp_path / "settings.json"), code=2)
    assert "there is no shard" in said("publish", "--folder", str(tmp_path / "x"), "--to", str(tmp_path / "y"), code=1)


def test_a_submission_is_checked_and_its_schema_printed(tmp_path):
    assert "environment_steps" in json.loads(said("submit", "--schema"))["required"]
    path = tmp_path / "results.csv"
    path.write_text("algorithm,environment\nMine,SLCD-v0\n", encoding="utf-8")
    assert "column 'rates' is missing" in said("submit", str(path), "--check", code=1)
    said("submit", code=2)
