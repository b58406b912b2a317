"""The examples run, and show what they say."""

from __future__ import annotations

import importlib.util
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
    tested = {"pettingzoo_loop", "evolution_strategy", "overview", "sb3_joint", "sb3_single_agent"}
    assert {path.stem for path in FOLDER.glob("*.py")} == tested


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
@pytest.mark.parametrize("name", ["sb3_joint", "sb3_single_agent"])
def test_ppo_improves(name):
    before, after = load(name).main(steps=50_000)
    assert after > before
