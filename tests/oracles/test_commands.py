"""`coopetition solve` and `dilemma`, and the status of every concept."""

from __future__ import annotations

import ast
import json
import pathlib

import pytest
from typer.testing import CliRunner

from coopetition.cli import app
from coopetition.oracles import STATUS, solve, status_of
from coopetition.oracles.stage.registry import CONCEPTS
from coopetition.oracles.status import CLASSES, LEVELS

runner = CliRunner()


def test_solve_prints_a_table_and_json() -> None:
    """The table names agents and epsilon; JSON is the solution itself."""
    result = runner.invoke(app, ["solve", "SLCD-v0", "--concept", "coopetitive", "--reward-mode", "interdependence"])
    assert result.exit_code == 0, result.output
    assert "26.633377" in result.output
    assert "converged" in result.output
    result = runner.invoke(app, ["solve", "SLCD-v0", "--state", "trust=0.9", "--concept", "coopetitive", "--json"])
    found = json.loads(result.output)
    assert found["actions"] == pytest.approx(solve("SLCD-v0", "coopetitive", {"trust": 0.9}).actions.tolist())
    listed = runner.invoke(app, ["solve", "LoyaltyTeam-v0", "--state", '{"loyalty": [0.1, 0.2, 0.3, 0.4]}', "--json"])
    assert json.loads(listed.output)["converged"] is True


@pytest.mark.parametrize("concept", list(CONCEPTS))
def test_every_concept(concept: str) -> None:
    result = runner.invoke(app, ["solve", "GiftExchange-v0", "--concept", concept])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["SLCD-v9"], "SLCD-v0"),
        (["SLCD-v0", "--concept", "nsh"], "did you mean 'nash'"),
        (["SLCD-v0", "--state", "trust"], "NAME=VALUE"),
        (["SLCD-v0", "--state", "trust=high"], "neither a number"),
        (["SLCD-v0", "--state", "trust=3"], "out of its range"),
        (["SLCD-v0", "--concept", "stackelberg", "--leader", "intel"], "not an agent"),
    ],
)
def test_bad_input(arguments: list[str], message: str) -> None:
    result = runner.invoke(app, ["solve", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_dilemma_command() -> None:
    result = runner.invoke(app, ["dilemma", "PublicGoods-v0", "--json"])
    assert json.loads(result.output)[0]["price_of_anarchy"] == pytest.approx(2.0)
    assert "PublicGoods-v0" in runner.invoke(app, ["dilemma", "PublicGoods-v0", "TrustDilemma-v0"]).output


def test_dilemma_command_along_a_parameter() -> None:
    """Numbers and words; a row for each value."""
    arguments = ["dilemma", "PublicGoods-v0", "--along", "multiplier=1.5,3"]
    rows = json.loads(runner.invoke(app, [*arguments, "--json"]).output)
    assert [row["price_of_anarchy"] for row in rows] == pytest.approx([1.5, 3.0])
    table = runner.invoke(app, arguments).output
    assert "multiplier" in table
    assert "1.5000" in table
    words = runner.invoke(app, ["dilemma", "ApacheProject-v0", "--along", "phase=emergence,growth", "--json"])
    assert [len(row["optimum"]) for row in json.loads(words.output)] == [8, 15]
    for wrong, message in (("gama=1", "gamma"), ("gamma", "NAME=V1,V2"), ("gamma=-1", "out of its domain")):
        refused = runner.invoke(app, ["dilemma", "SLCD-v0", "--along", wrong])
        assert refused.exit_code == 2
        assert message in refused.output


def test_status_names_tests_that_exist() -> None:
    """Every concept has a status in every class, shown by a test of that name."""
    root = pathlib.Path(__file__).resolve().parents[2]
    assert set(CONCEPTS) <= set(STATUS)
    for concept, classes in STATUS.items():
        assert set(classes) == set(CLASSES), concept
        for status in classes.values():
            assert status.level in LEVELS
            path, name = status.test.split("::")
            tree = ast.parse((root / path).read_text())
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, status.test
    assert status_of("nash", "team").level == "proven"
    with pytest.raises(ValueError, match="did you mean 'nash'"):
        status_of("nsh", "team")
