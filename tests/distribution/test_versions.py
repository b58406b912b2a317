"""The oldest versions that we allow on the oldest Python, and the newest that there are on the others.

Each row makes an environment of its own, installs the wheel there, and runs every command and a part of the tests. The
extras with PyTorch and Ray are left out, which are gigabytes.
"""

from __future__ import annotations

import os
import subprocess

import pytest
from distribution.installing import ROOT, build, floors, interpreter, make_environment, requirements

OLDEST = "3.11"
NEWEST = ("3.12", "3.13")
EXTRAS = ("plot", "calibration", "oracles", "record", "learn")
ROWS = {"floors": (OLDEST, floors), **{f"newest on {version}": (version, requirements) for version in NEWEST}}
TOOLS = ("pytest", "hypothesis", "mpmath")
#: Interfaces, kernels against golden traces, the command line, recordings: what depends on others' versions. Not the
#: tests that take every warning for an error: an old matplotlib meets newer libraries than it knew, which warn of it.
PART = (
    "tests/test_traces.py",
    "tests/api/test_views.py",
    "tests/commands",
    "tests/study/test_recording.py",
    "tests/plot",
)
COMMANDS = (
    "demo",
    "list",
    "show SLCD-v0",
    "policies",
    "run GiftExchange-v0 --plot gifts.png",
    "evaluate PublicGoods-v0 --episodes 2",
    "record SLCD-v0 --episodes 2 --out slcd",
    "solve SLCD-v0",
    "dilemma SLCD-v0",
    "train TrustDilemma-v0 --steps 64 --no-efficiency",
    "validate slcd --draws 20",
    "experiment tr3",
)


def test_every_floor_is_stated():
    """Lower bounds only, each one a version."""
    for line in floors(*EXTRAS):
        assert line.count("==") == 1


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_versions(row, tmp_path):
    version, wanted = ROWS[row]
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    wheel, _ = build(tmp_path / "dist")
    packages = [*wanted(*EXTRAS), *TOOLS, str(wheel)]
    executables = make_environment(python, tmp_path / "venv", *packages)
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment["COOPETITION_CACHE_DIR"] = str(tmp_path / "cache")
    for command in COMMANDS:
        arguments = [str(executables / "coopetition"), *command.split()]
        ran = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, (command, ran.stdout[-2000:], ran.stderr[-2000:])
    tests = [str(ROOT / part) for part in PART]
    arguments = [str(executables / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    ran = subprocess.run([*arguments, *tests], cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:]
