"""The examples run, and show what they say."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"


def load(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested():
    tested = {"pettingzoo_loop", "evolution_strategy", "overview", "check"}
    assert {path.stem for path in FOLDER.glob("*.py")} == tested | set(load("check").EXAMPLES)


def trainers():
    """The examples that `check.sh` runs, each in its trainer's own environment."""
    return sorted(load("check").EXAMPLES)


@pytest.mark.parametrize("name", trainers())
def test_trainers_examples_are_whole(name):
    """It compiles, has what `check.py` asks for, floors alone are required, and a page shows it."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {"main", "best"} <= functions
    assert f"examples/check.sh {name}" in " ".join(ast.get_docstring(tree).split()).replace("``", "")
    needs = (FOLDER / "requirements" / f"{name.partition('_')[0]}.txt").read_text().split()
    assert needs
    assert all(re.fullmatch(r"[\w\-\[\]]+>=[\d.]+", need) for need in needs)
    pages = "".join(page.read_text() for page in (FOLDER.parent / "docs/howto/trainers").glob("*.md"))
    assert f"{name}.py" in pages


def test_the_trainers_table_is_what_was_measured():
    check = load("check")
    assert check.table() in check.PAGE.read_text()
    kept = json.loads(check.RECORD.read_text())
    assert set(kept) <= set(check.EXAMPLES)
    assert all(min(row["share"]) >= check.LEARNT for row in kept.values())


def test_pettingzoo_loop(capsys):
    returns = load("pettingzoo_loop").main("ReciprocalDilemma-v0")
    assert set(returns) == {"agent_0", "agent_1"}
    assert "tit_for_tat" in capsys.readouterr().out


def test_evolution_strategy_learns_what_is_rewarded():
    example = load("evolution_strategy")
    assert example.learn("private", generations=40, copies=64) < 0.15
    assert example.learn("cooperative", generations=40, copies=64) > 0.85


def test_overview(tmp_path):
    path = tmp_path / "overview.png"
    load("overview").main(str(path))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 200_000


@pytest.mark.learn
@pytest.mark.parametrize("name", ["sb3_joint", "sb3_single_agent", "sb3_multi_agent"])
def test_stable_baselines_learns(name):
    before, after = load(name).main()
    assert after > before + 0.8 * (load(name).best() - before)
