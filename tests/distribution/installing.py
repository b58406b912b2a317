"""Fresh environments for tests: interpreters that are on this machine, and what is installed into them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def interpreter(version: str) -> str | None:
    """An executable of that Python version: on the path, or one of pyenv's."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *map(str, sorted(homes.glob(f"{version}.*/bin/python"), reverse=True))]
    for one in found:
        asked = one and subprocess.run(
            [one, "-c", "import sys; print(sys.version[:4])"], capture_output=True, text=True
        )
        if asked and asked.stdout.strip() == version:
            return one
    return None


def requirements(*extras: str) -> list[str]:
    """What the project requires, with these extras, as it is declared."""
    return [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]


def floors(*extras: str) -> list[str]:
    """The oldest versions that the project allows of all that it requires."""
    pinned = []
    for line in requirements(*extras):
        name, _, version = re.fullmatch(r"([A-Za-z0-9_.-]+)(>=)([0-9.]+)", line).groups()
        pinned.append(f"{name}=={version}")
    return pinned


def make_environment(python: str, folder: Path, *packages: str) -> Path:
    """A virtual environment with these packages; its folder of executables."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    executables = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(executables / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True)
    return executables


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution of this tree."""
    arguments = ["-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))
