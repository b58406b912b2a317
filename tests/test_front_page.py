"""What the README shows works as shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from distribution.readme import COMMANDS
from typer.testing import CliRunner

from coopetition.commands.catalogue import catalogue
from coopetition.envs import ENVIRONMENTS, EXTENSIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_python_blocks_run(block):
    exec(compile(block, "README.md", "exec"), {})


def test_there_are_blocks_for_every_interface():
    for word in ("gymnasium.make(", "make_vec", "parallel_env", "aec_env", "coopetition.batch(", "evaluate("):
        assert any(word in block for block in BLOCKS), word


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_the_table_has_every_environment(entry):
    file = f"coopetition/envs/{(ENVIRONMENTS | EXTENSIONS)[entry.id][0]}.py"
    row = f"| [{entry.id}]({file}) | {entry.mechanism} | {len(entry.agents)} | {entry.horizon} | {entry.models} |"
    named = f"Beside the twenty: [{entry.id}]({file}), {entry.models}"
    assert row in README.splitlines() if entry.id in ENVIRONMENTS else named in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "command",
    [pytest.param(line, marks=pytest.mark.learn if " train " in line else ()) for line in COMMANDS],
)
def test_commands_run_word_for_word(command, monkeypatch, tmp_path):
    """In this environment; `tests/distribution` runs them in a bare one, from the wheel."""
    from coopetition.cli import app

    monkeypatch.chdir(tmp_path)
    name, *arguments = shlex.split(command)
    assert name == "coopetition"
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    if "--plot" in arguments:
        assert (tmp_path / arguments[arguments.index("--plot") + 1]).stat().st_size > 10_000


def test_it_is_short():
    assert len(README.splitlines()) <= 200


def test_commands_of_the_readme_exist():
    from coopetition.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert set(re.findall(r"^coopetition (\w+)", README, flags=re.MULTILINE)) <= known
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
