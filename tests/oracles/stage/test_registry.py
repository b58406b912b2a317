"""The door for concepts: a package outside the repository, and an error for each thing forgotten."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from coopetition.oracles import CONCEPTS, Status, concept_names, register_concept, solve, status_of, unregister_concept
from coopetition.oracles.evidence import CLASSES, by_class
from coopetition.oracles.stage.registry import BUILT_IN, concept

SHOWN = Status("experimental", "tests/test_mine.py::test_it", "its certificate")
PIECES = {"objective": "private", "about": "halves", "source": "nobody", "status": SHOWN}

PACKAGE = """
from coopetition.oracles import Certificate, Solution, Status, register_concept
import numpy as np


@register_concept(
    "halves",
    objective="private",
    about="everybody gives half",
    source="a test",
    status=Status("experimental", "tests/test_mine.py::test_it", "by definition"),
)
def halves(stage, objective, *, share=0.5):
    actions = share * stage.upper
    payoffs, utilities = stage.evaluate(actions[None])
    nothing = np.zeros(stage.n)
    certificate = Certificate("by definition", 0.0, nothing, nothing, 1)
    return Solution(
        stage.game.id, stage.game.agents, "halves", objective.name, actions, payoffs[0], utilities[0], True, 0.0,
        certificate, {"evaluations": 1, "seconds": 0.0},
    )
"""
PROGRAM = """
import json
from coopetition.oracles import CONCEPTS, solve, status_of
from typer.testing import CliRunner
from coopetition.cli import app
found = solve("TrustDilemma-v0", "halves", share=0.25)
run = CliRunner().invoke(app, ["solve", "TrustDilemma-v0", "--concept", "halves", "--json"])
print(json.dumps([found.actions.tolist(), "halves" in CONCEPTS, status_of("halves", "trust").level,
                  json.loads(run.output)["actions"]]))
"""


def test_a_concept_in_an_installed_package(tmp_path: pathlib.Path) -> None:
    """One file and one entry point: `solve`, the list, the status and the command line have it, without an import."""
    (tmp_path / "halving.py").write_text(PACKAGE)
    metadata = tmp_path / "halving-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: halving\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[coopetition.concepts]\nhalves = halving\n")
    root = pathlib.Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(tmp_path)])}
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [[25.0, 25.0], True, "experimental", [50.0, 50.0]]


def something(stage: object, objective: object) -> None:
    """No solution at all."""


FORGOTTEN = [
    ({"about": ""}, "lacks 'about'"),
    ({"source": " "}, "lacks 'source'"),
    ({"objective": "privat"}, "did you mean 'private'"),
    ({"status": {"trust": SHOWN}}, "no status for interdependence, team, reciprocity"),
]


@pytest.mark.parametrize(("changed", "message"), FORGOTTEN)
def test_forgotten_pieces_are_named(changed: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        register_concept("mine", **(PIECES | changed))(something)
    assert "mine" not in concept_names()


def test_functions_that_cannot_be_called() -> None:
    with pytest.raises(TypeError, match="a stage and an objective"):
        register_concept("mine", **PIECES)(lambda stage: None)
    with pytest.raises(TypeError, match="defaults: share"):
        register_concept("mine", **PIECES)(lambda stage, objective, *, share: None)


@pytest.mark.parametrize("name", ["nash", "kantian"])
def test_taken_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="taken by this package"):
        register_concept(name, **PIECES)(something)
    with pytest.raises(ValueError, match="belongs to this package"):
        unregister_concept(name)


def test_what_is_returned_is_checked() -> None:
    """Neither something else than a solution nor a point without its certificate passes."""
    register_concept("mine", **PIECES)(something)
    try:
        assert "mine" in CONCEPTS
        assert status_of("mine", "team") == SHOWN
        with pytest.raises(TypeError, match="'mine' returned NoneType"):
            solve("TrustDilemma-v0", "mine")
        with pytest.raises(ValueError, match="is taken by .*test_registry"):
            register_concept("mine", **PIECES)(lambda stage, objective: None)
    finally:
        unregister_concept("mine")
    with pytest.raises(ValueError, match="unknown concept 'mine'"):
        solve("TrustDilemma-v0", "mine")


def test_unknown_concepts_and_options_name_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'kantian'"):
        solve("TrustDilemma-v0", "kantain")
    with pytest.raises(TypeError, match="did you mean 'leader'"):
        solve("TrustDilemma-v0", "stackelberg", leeder=1)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_concepts_are_complete(name: str) -> None:
    known = concept(name)
    assert known.name == name
    assert set(known.status) == set(CLASSES)
    assert known.about
    assert known.source


def test_a_class_without_status_is_named() -> None:
    with pytest.raises(ValueError, match="'team' has no status"):
        by_class(interdependence=SHOWN, trust=SHOWN, reciprocity=SHOWN)
    with pytest.raises(ValueError, match="'teams' is no class"):
        by_class(SHOWN, teams=SHOWN)
    with pytest.raises(ValueError, match="level = 'certain'"):
        Status("certain", "here", "why")


def test_small_games_are_not_taken_for_solved() -> None:
    """TeamProduction(omega=.1): at zero a member gains 3.5e-7, which is much in a game whose optimum is worth 1e-6."""
    from coopetition.envs import environment_class

    game = environment_class("TeamProduction-v0").build({"omega": 0.1})
    n, beta = game.n_agents, game.beta
    effort = (0.1 * beta / (game.cost * n)) ** (1.0 / (1.0 - beta)) / n  # TR-3's closed form
    found = solve(game, "nash")
    np.testing.assert_allclose(found.actions.sum(), n * effort, rtol=1e-4)
