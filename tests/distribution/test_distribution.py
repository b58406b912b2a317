"""What is published is complete, and works by itself: the README's commands and code, word for word, from the wheel."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from distribution.installing import PROJECT, ROOT, build, make_environment
from distribution.readme import COMMANDS, EXTRAS, PYTHON_BLOCKS, README

#: Not of a tree that somebody unpacks.
NOT_OURS = {".git", ".venv", "build", "dist", "_build", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}


def page_of_setup():
    """The function of setup.py that makes the package page."""
    spec = importlib.util.spec_from_file_location("setup_of_ours", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.package_page


def test_the_package_page_has_no_dead_links():
    page = page_of_setup()
    bare = page(README)
    assert "](docs/" not in bare
    assert "](coopetition/" not in bare
    assert "![" not in bare
    assert "[the ledger](#the-calibration-ledger)" in bare  # links within the page stay
    placed = page(README, "https://example.org/us/coopetition/")
    assert "](https://example.org/us/coopetition/raw/main/docs/figures/overview.png)" in placed
    assert "](https://example.org/us/coopetition/blob/main/docs/strong.md)" in placed
    assert "](docs/" not in placed
    text = "[a](https://x.org) ![b](https://x.org/b.png) `a[0](1)`"
    assert page(text).startswith("[a](https://x.org) ![b](https://x.org/b.png)")


def test_classifiers_name_the_versions_that_are_tested():
    from distribution.test_versions import NEWEST, OLDEST

    for version in (OLDEST, *NEWEST):
        assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert PROJECT["requires-python"] == f">={OLDEST}"


def tree():
    """Files of the repository, as somebody has them who changed nothing."""
    return {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file()
        and not NOT_OURS & set(path.relative_to(ROOT).parts)
        and "__pycache__" not in path.parts
        and ".egg-info" not in str(path)
        and path.name not in (".gitignore", ".git", ".coverage")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source distribution."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.mark.slow
def test_twine_finds_nothing(built):
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, built)], check=True)


@pytest.mark.slow
def test_both_are_complete(built):
    wheel, source = built
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    generated = {name for name in tree() if name.startswith(("docs/environments/", "docs/learning/"))}
    assert not tree() - generated - names
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in tree() if name.startswith("coopetition/")} <= names
    assert {name.partition("/")[0] for name in names} == {"coopetition", f"coopetition-{PROJECT['version']}.dist-info"}


@pytest.mark.slow
def test_a_new_user_follows_the_readme(built, tmp_path):
    """A bare environment, the wheel with the extras that the README installs, and what stands there."""
    executables = make_environment(sys.executable, tmp_path / "venv", f"{built[0]}{EXTRAS}")
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {
        "PATH": f"{executables}{os.pathsep}{os.environ['PATH']}",
        "COOPETITION_CACHE_DIR": str(tmp_path / "cache"),
    }
    for command in COMMANDS:
        ran = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, (command, ran.stdout[-2000:], ran.stderr[-2000:])
    for block in PYTHON_BLOCKS:
        subprocess.run([str(executables / "python"), "-c", block], cwd=folder, env=environment, check=True)
    assert (folder / "gifts.png").read_bytes().startswith(b"\x89PNG")
    assert list(Path(folder, "trained").rglob("*.safetensors"))
