"""The house stands as it was drawn: imports point down only, importing is cheap, team games are linear in size."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import coopetition
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.registration import ENVIRONMENT_IDS

PACKAGE = Path(coopetition.__file__).parent
GAMES = {"envs", "games", "batching"}
#: Part of the package: the other parts that it may import, at the top of a module or inside a function.
ARROWS = {
    "kernels": set(),
    "games": {"kernels"},
    "batching": {"kernels", "games"},
    "envs": {"kernels", "games", "registration"},
    "registration": {"games"},
    "policies": {"games", "batching"},
    "api": {*GAMES, "registration", "policies"},
    "oracles": {*GAMES, "policies"},
    "baselines": {*GAMES, "policies", "oracles"},
    "calibration": {*GAMES, "oracles", "kernels"},  # a published law that the kernels lack is a stage of the case's own
    "pages": {*GAMES, "oracles"},  # what of a stage game was solved
    "study": {*GAMES, "registration", "policies", "api", "oracles", "baselines"},
}
#: What may be imported beyond that, by one module and only inside a function.
LAZY = {
    ("api.render", "plot"),  # a figure is drawn on demand
    ("policies.registry", "baselines"),  # a name's policy is imported when it is first asked for
}
#: The roof, which may import everything, and which nothing below imports, but for `LAZY`.
ROOF = {"cli", "commands", "plot", "explorer", "testing", "benchmarks", "__init__"}


class Import(NamedTuple):
    """One import of the package by itself: both modules without the package's name, and whether it is lazy."""

    source: str
    target: str
    lazy: bool


def imports_in(source: str, tree: ast.AST) -> Iterator[Import]:
    inside = {id(node) for outer in ast.walk(tree) if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
              for node in ast.walk(outer)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = node.module or ""
            if node.level:  # relative: of the same part, or above it
                above = ["coopetition", *source.split(".")][: -node.level]
                home = ".".join([*above, home]).rstrip(".")
            deeper = home.count(".") == 0 or (PACKAGE.parent / home.replace(".", "/")).is_dir()
            targets = [f"{home}.{alias.name}" if deeper else home for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            targets = [text.value for text in ast.walk(node) if isinstance(text, ast.Constant)]
        else:
            continue
        for target in targets:
            if isinstance(target, str) and target.startswith("coopetition."):
                yield Import(source, target.removeprefix("coopetition.").rstrip("."), id(node) in inside)


@functools.cache
def all_imports() -> list[Import]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        source = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found += imports_in(source, ast.parse(path.read_text()))
    return found


def is_allowed(found: Import) -> bool:
    part, target = found.source.partition(".")[0], found.target.partition(".")[0]
    if part == target or part in ROOF or target in ARROWS[part]:
        return True
    return found.lazy and (found.source, target) in LAZY


def test_imports_point_down():
    refused = [found for found in all_imports() if not is_allowed(found)]
    assert refused == []


def test_every_part_has_its_arrows():
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if not path.name.startswith(".")}
    assert parts - {"__pycache__", "py"} <= set(ARROWS) | ROOF


def test_exceptions_are_used():
    """An exception that no module needs any more is taken off the list."""
    found = all_imports()
    assert {(one.source, one.target.partition(".")[0]) for one in found if one.lazy} >= LAZY


WRONG = [
    ("kernels.trust", "from coopetition.games.parameters import choose"),
    ("kernels.trust", "def f():\n    import coopetition.games.game"),
    ("games.game", "from coopetition.envs import ENVIRONMENTS"),
    ("batching.batch", "from coopetition import api"),
    ("envs.slcd", "from coopetition.batching.batch import Batch"),
    ("api.joint", "from coopetition.oracles import solve"),
    ("api.joint", "def f():\n    from coopetition.baselines import make_policy"),
    ("api.view", "from coopetition.kernels.trust import update_trust"),
    ("oracles.stage", "def f():\n    from coopetition import baselines"),
    ("oracles.stage", "from ..calibration import case"),
    ("calibration.case", "import importlib\nimportlib.import_module('coopetition.baselines')"),
    ("baselines.players", "from coopetition.calibration.case import Case"),
]


@pytest.mark.parametrize(("source", "text"), WRONG)
def test_a_wrong_arrow_is_noticed(source, text):
    found = list(imports_in(source, ast.parse(text)))
    assert found
    assert not any(is_allowed(one) for one in found)


RIGHT = [
    ("oracles.stage", "from .solution import Solution"),
    ("baselines.players", "def f():\n    from coopetition import oracles"),
    ("calibration.slcd", "from coopetition.oracles import nash"),
    ("games.game", "def f():\n    from coopetition.kernels.machine.driver import advance"),
]


@pytest.mark.parametrize(("source", "text"), RIGHT)
def test_a_right_arrow_passes(source, text):
    found = list(imports_in(source, ast.parse(text)))
    assert found
    assert all(is_allowed(one) for one in found)


# --- kernels speak of no interface, and draw nothing


def foreign_roots(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            roots.add((node.module or "").partition(".")[0])
    return roots - set(sys.stdlib_module_names) - {"coopetition"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").rglob("*.py")), ids=lambda path: path.stem)
def test_kernels_know_the_compiler_only_and_no_randomness(path):
    assert foreign_roots(path) <= {"numba", "llvmlite", "numpy"}
    assert "random" not in {
        node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize(
    "name",
    [
        *(f"games/{path.stem}" for path in sorted((PACKAGE / "games").glob("[!_]*.py"))),
        "batching/batch",
    ],
)
def test_the_core_needs_numpy_only(name):
    assert foreign_roots(PACKAGE / f"{name}.py") <= {"numpy"}


# --- imports are cheap

HEAVY = ("numba", "llvmlite", "scipy", "matplotlib", "typer", "rich", "pandas", "torch", "SALib", "nashpy")
HEAVY += (
    "coopetition.envs",
    "coopetition.games.game",
    "coopetition.batching.batch",
    "coopetition.api",
    "coopetition.oracles",
)
HEAVY += ("coopetition.calibration", "coopetition.baselines")
COSTS = """
import json, sys, time
import numpy, gymnasium
try:
    import pettingzoo
except ImportError:
    pass
before = set(sys.modules)
start = time.process_time()
{statement}
seconds = time.process_time() - start
print(json.dumps([seconds, sorted(set(sys.modules) - before)]))
"""


def cost_of(statement: str) -> tuple[float, set[str]]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-c", COSTS.format(statement=statement)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, modules = json.loads(finished.stdout)
    return seconds, set(modules)


def test_importing_the_package_is_cheap():
    """No compiler, no scipy, no figures; under 0.2 s of processor time, in the best of three processes."""
    runs = [cost_of("import coopetition") for _ in range(3)]
    assert "coopetition.registration" in runs[0][1]
    assert {name for name in HEAVY if name in runs[0][1]} == set()
    assert min(seconds for seconds, _ in runs) < 0.2


GAME = "from coopetition.envs import environment_class\nfrom coopetition.games.game import Game\n"


def test_parameters_come_without_scipy_and_figures():
    _, modules = cost_of(GAME + "Game(environment_class('SLCD-v0')())")
    assert "coopetition.envs.slcd" in modules
    assert modules & {"scipy", "matplotlib", "typer", "rich", "coopetition.oracles", "coopetition.api"} == set()


def test_the_cost_would_show():
    assert "scipy" in cost_of("import scipy")[1]


# --- one list of ids, and sizes


def test_ids_are_listed_once_and_alike():
    assert tuple(ENVIRONMENTS) == ENVIRONMENT_IDS
    assert len(ENVIRONMENTS) == 20
    for environment_id in ENVIRONMENTS:
        assert environment_class(environment_id).id == environment_id
    families = [environment_class(name).family for name in ENVIRONMENTS]
    assert {family: families.count(family) for family in families} == {"trust": 10, "team": 5, "reciprocity": 5}


TEAM_GAMES = [name for name in ENVIRONMENTS if environment_class(name).family == "team"]


@pytest.mark.parametrize("environment_id", TEAM_GAMES)
def test_team_games_are_linear_in_size(environment_id):
    """State and views hold no matrix of pairs."""
    cls = environment_class(environment_id)
    games = {n: Game(cls.build({"n_agents": n})) for n in (10, 20, 30, 120)}
    assert not {"trust", "damage", "dependence"} & set(games[10].layout)
    for game in games.values():
        assert all(field.size in (1, game.n) for field in game.layout.values())
    for name in ("state_rows", "observation_size", "joint_size"):
        sizes = {n: getattr(game, name) for n, game in games.items()}
        assert sizes[30] - sizes[20] == sizes[20] - sizes[10] > 0
        assert sizes[120] - sizes[30] == 9 * (sizes[20] - sizes[10])
    assert games[120].state_rows < 10 * 120


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_long_files_say_why(path):
    """At most 500 lines, or the reason in the first ten."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 500 or any("Longer than 500 lines" in line for line in lines[:10])
