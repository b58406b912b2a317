"""The how-to pages as a package of somebody else's: its files are the pages' own, written into an empty folder."""

from __future__ import annotations

import importlib
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import coopetition
from coopetition import envs
from coopetition.calibration.engine import registry as cases
from coopetition.games import rewards
from coopetition.oracles.stage import registry as concepts
from coopetition.policies import registry as policies

ROOT = Path(coopetition.__file__).parents[1]
HOWTO = ROOT / "docs" / "howto"
BLOCK = re.compile(r"```\{code-block\} (?:python|toml)\n:caption: (?P<caption>[^\n]+)\n\n(?P<code>.*?)\n```", re.DOTALL)
PAGES = ("environment", "reward_mode", "policy", "concept", "case")
FILES = {
    "environment": "fishery",
    "reward_mode": "quasi_maximin",
    "policy": "slow_reciprocator",
    "concept": "common_rate",
    "case": "meetings",
}
COUNT = itertools.count()


def blocks(page: str) -> dict[str, str]:
    """The code of a how-to page by its captions."""
    text = (HOWTO / f"{page}.md").read_text(encoding="utf-8")
    return {match["caption"]: match["code"] + "\n" for match in BLOCK.finditer(text)}


def source(page: str) -> str:
    """The complete file of a how-to page."""
    return blocks(page)[f"fairshare/{FILES[page]}.py"]


def entry_points() -> str:
    """The entry points that the front page of the how-tos declares, as an installed package has them."""
    text = (HOWTO / "index.md").read_text(encoding="utf-8")
    block = re.search(r"```toml\n(.*?)\n```", text, re.DOTALL)
    assert block is not None
    lines = block[1].replace('[project.entry-points."', "[").replace('"]', "]").replace('"', "")
    return lines + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the package `fairshare`, and nothing installed: every file that a how-to page has."""
    package = tmp_path / "fairshare"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for page in PAGES:
        for caption, text in blocks(page).items():
            if caption != "use":
                (tmp_path / caption).write_text(text)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Callable[..., str]:
    """Run Python in that folder, in a process of its own, and give what it prints."""

    def call(*arguments: str, load: str = "", fails: bool = False) -> str:
        path = os.pathsep.join([str(folder), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "COOPETITION_LOAD": load}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + (done.stderr if fails else "")

    return call


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Import a text as a module of its own; what it registers is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(rewards, "REWARD_MODES", dict(rewards.REWARD_MODES))
    monkeypatch.setattr(policies, "_POLICIES", dict(policies._POLICIES))
    monkeypatch.setattr(concepts, "_registered", dict(concepts._registered))
    monkeypatch.setattr(cases, "_registered", dict(cases._registered))
    before = set(envs._registered)
    names = []

    def write(text: str) -> ModuleType:
        name = f"of_ones_own_{next(COUNT)}"
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        names.append(name)
        return importlib.import_module(name)

    yield write
    for environment_id in set(envs._registered) - before:
        envs.unregister(environment_id)
    for name in names:
        sys.modules.pop(name, None)
