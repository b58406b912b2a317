"""The kernel cache: content is the key, nothing in it is trusted blindly, nobody else can write to it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import pytest

from coopetition.kernels.machine.cache import KEPT_DAYS, MAGIC, SECONDS_A_DAY, digest_of, remove_unused

posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders have owners on POSIX systems")

#: A package outside the repository: one stage in one module, which calls what is merged into it and reads a global.
RULES = """
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import stage

FACTOR = {factor}


@merged
def scaled(value):
    return {callee}


@stage
def rule(at, parameters, state, work):
    row = state[0]
    for lane in range(row.size):
        row[lane] = scaled(row[lane]) * FACTOR + {constant}
"""
DRIVE = '''
import sys
import numpy as np
from coopetition.kernels.machine.numbers import DESCRIPTOR_SIZE, Descriptor
from coopetition.kernels.machine.compiled import compiled

cached = []
from coopetition.kernels.machine import cache
load = cache.KernelCache.load_overload


def noted(self, *arguments):
    found = load(self, *arguments)
    cached.append(found is not None)
    return found


cache.KernelCache.load_overload = noted


def run(stage):
    """Row 0 of a state of one row and one lane, 3 before the stage."""
    from numba import njit
    from coopetition.kernels.machine.memory import call_stage
    state, parameters, at = np.full((1, 1), 3.0), np.zeros(4096), np.zeros(4096, dtype=np.int64)
    d = np.zeros(DESCRIPTOR_SIZE, dtype=np.int64)
    for name in ("AGENTS", "LANES", "COPIES", "STATE_ROWS", "WORK_ROWS"):
        d[Descriptor.numbers[name]] = 1
    d[Descriptor.AT], d[Descriptor.PARAMETERS] = at.ctypes.data, parameters.ctypes.data
    work = np.zeros((8, 1))
    call = njit(lambda *a: call_stage(a[0], a[1], a[2], a[3], a[4], a[5]))
    call(stage.address(), d.ctypes.data, state.ctypes.data, work.ctypes.data, 0, 0)
    return state[0, 0]
'''


def write_package(folder: Path, *, factor: str = "1.0", callee: str = "value", constant: str = "0.5") -> Path:
    package = folder / "ourgame"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "rules.py").write_text(RULES.format(factor=factor, callee=callee, constant=constant))
    return folder


def run_python(code: str, cache: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "COOPETITION_CACHE_DIR": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def play(package: Path, cache: Path) -> tuple[float, bool, str]:
    """What the stage makes of 3, whether it came from the cache, and what was said."""
    code = (
        DRIVE + f"sys.path.insert(0, {str(package)!r})\nfrom ourgame.rules import rule\nprint(run(rule), cached[0])\n"
    )
    done = run_python(code, cache)
    assert done.returncode == 0, done.stderr
    value, found = done.stdout.split()
    return float(value), found == "True", done.stderr


@pytest.mark.slow
def test_an_edited_stage_is_compiled_anew_and_an_equal_one_is_found(tmp_path):
    cache = tmp_path / "cache"
    package = write_package(tmp_path / "one")
    assert play(package, cache)[:2] == (3.5, False)
    assert play(package, cache)[:2] == (3.5, True)
    # Constants, globals and merged callees do not show in a function's byte code.
    for edit, wanted in (
        ({"constant": "0.25"}, 3.25),
        ({"factor": "2.0"}, 6.5),
        ({"callee": "value + 1.0"}, 4.5),
    ):
        write_package(tmp_path / "one", **edit)
        assert play(package, cache)[:2] == (wanted, False), edit


@pytest.mark.slow
def test_packages_of_equal_names_share_no_code_on_disk_or_in_one_process(tmp_path):
    cache = tmp_path / "cache"
    first = write_package(tmp_path / "one")
    second = write_package(tmp_path / "two", callee="value * 10.0")
    assert play(first, cache)[:2] == (3.5, False)
    assert play(second, cache)[:2] == (30.5, False)
    assert play(first, cache)[:2] == (3.5, True)
    assert play(second, cache)[:2] == (30.5, True)
    # Both at once, from the cache: their symbols must differ as well.
    code = DRIVE + textwrap.dedent(
        f"""
        stages = []
        for folder in ({str(first)!r}, {str(second)!r}):
            sys.path.insert(0, folder)
            from ourgame.rules import rule
            stages.append(rule)
            for name in ("ourgame", "ourgame.rules"):
                del sys.modules[name]
            sys.path.remove(folder)
        print([float(run(stage)) for stage in stages], [float(run(stage)) for stage in stages])
        """
    )
    done = run_python(code, cache)
    assert done.stdout.strip() == "[3.5, 30.5] [3.5, 30.5]", done.stderr


def with_constant(constant: float) -> types.FunctionType:
    source = f"def body(x):\n    return x + {constant}\n"
    names: dict[str, object] = {"__name__": "ourgame"}
    exec(compile(source, "ourgame.py", "exec"), names)
    body = names["body"]
    assert isinstance(body, types.FunctionType)
    return body


def test_a_digest_knows_constants_globals_closures_and_namespaces_but_not_place_or_time():
    assert digest_of(with_constant(1.0)) == digest_of(with_constant(1.0))
    assert digest_of(with_constant(1.0)) != digest_of(with_constant(2.0))

    def closing(over: object) -> types.FunctionType:
        return lambda x: (x, over)

    numbers = [types.SimpleNamespace(a=1), types.SimpleNamespace(a=2), 1, 2, 1.0, (1, 2), (1, 3), with_constant(1.0),
               with_constant(3.0), "1", b"1", True, None]  # fmt: skip
    assert len({digest_of(closing(value)) for value in numbers}) == len(numbers)

    class Places:
        FIRST = 1

    def reading() -> int:
        return Places.FIRST

    before = digest_of(reading)
    Places.FIRST = 2
    assert digest_of(reading) != before


def damage(files: list[Path], how: str) -> None:
    if how == "truncated":
        for path in files:
            path.write_bytes(path.read_bytes()[: len(MAGIC) + 40])
    elif how == "empty":
        for path in files:
            path.write_bytes(b"")
    elif how == "garbled":
        for path in files:
            data = bytearray(path.read_bytes())
            data[-100] ^= 1
            path.write_bytes(bytes(data))
    elif how == "a pickle":
        for path in files:
            path.write_bytes(b"cos\nsystem\n(S'echo ran > pwned'\ntR.")
    else:  # exchanged: each lies where the next one should
        contents = [path.read_bytes() for path in files]
        for path, data in zip(files, contents[1:] + contents[:1], strict=True):
            path.write_bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["truncated", "empty", "garbled", "a pickle", "exchanged"])
def test_a_damaged_cache_is_named_once_thrown_away_and_compiled_anew(tmp_path, how, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.chdir(tmp_path)
    packages = [write_package(tmp_path / "one"), write_package(tmp_path / "two", constant="0.25")]
    wanted = [(3.5, True, ""), (3.25, True, "")]
    for package in packages:
        assert play(package, cache)[1] is False
    assert [play(package, cache) for package in packages] == wanted
    (folder,) = cache.iterdir()
    files = sorted(folder.glob("*.kernel"))
    damage(files, how)
    for package, (value, _, _) in zip(packages, wanted, strict=True):
        again = play(package, cache)
        assert again[:2] == (value, False)
        assert again[2].count(str(folder)) == again[2].count(" is damaged") == 1
    assert not (tmp_path / "pwned").exists()
    assert sorted(folder.glob("*.kernel")) == files
    assert [play(package, cache) for package in packages] == wanted


FOLDER = "from coopetition.kernels.machine.cache import cache_folder\nprint(cache_folder())\n"


@posix
def test_the_folder_is_this_users_alone(tmp_path):
    found = run_python(FOLDER, tmp_path)
    folder = Path(found.stdout.strip())
    assert folder.parent == tmp_path
    assert str(os.getuid()) in folder.name
    assert not found.stderr
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def plant(folder: Path, how: str) -> None:
    if how == "others write":
        folder.mkdir()
        folder.chmod(0o777)
    elif how == "a link":
        real = folder.parent / "elsewhere"
        real.mkdir(mode=0o700)
        folder.symlink_to(real)
    elif how == "a file":
        folder.write_text("")
    else:
        folder.mkdir(mode=0o700)
        os.chown(folder, 12345, 12345)


@posix
@pytest.mark.parametrize("how", ["others write", "a link", "a file", "another's"])
def test_the_shared_temporary_folder_is_used_only_if_nobody_else_can_write_there(tmp_path, how):
    if how == "another's" and os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    plant(tmp_path / f"coopetition-kernels-{os.getuid()}", how)
    home = tmp_path / "no-folder"
    home.write_text("")  # the user's own cache cannot be made
    code = "import os\ndel os.environ['COOPETITION_CACHE_DIR']\n" + FOLDER
    found = run_python(code, tmp_path, XDG_CACHE_HOME=str(home), TMPDIR=str(tmp_path))
    assert found.stdout.strip() == "None"
    assert len(found.stderr.strip().splitlines()) == 1
    assert "without a cache" in found.stderr
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)


def test_kernels_that_nobody_has_used_for_long_are_removed(tmp_path):
    """Those of other versions and of stages that were edited; nothing else in the folder is touched."""
    names = ["old.kernel", "young.kernel", "old.txt"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    long_ago = time.time() - (KEPT_DAYS + 1) * SECONDS_A_DAY
    for name in ("old.kernel", "old.txt"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    remove_unused(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.txt", "young.kernel"]


@pytest.mark.slow
def test_a_kernel_that_is_loaded_counts_as_used(tmp_path):
    """Its file is as young as its last use, to the day."""
    package, cache = write_package(tmp_path / "one"), tmp_path / "cache"
    play(package, cache)
    cached = list(cache.rglob("*.kernel"))
    long_ago = time.time() - 30 * SECONDS_A_DAY
    for path in cached:
        os.utime(path, (long_ago, long_ago))
    assert play(package, cache)[1]
    assert cached
    assert all(path.stat().st_mtime > long_ago + 29 * SECONDS_A_DAY for path in cached)
