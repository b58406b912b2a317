"""Shards are whole or not there, and what is broken is named."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

pl = pytest.importorskip("polars")

from coopetition.study.shards import BrokenShard, Shard, ShardStore  # noqa: E402
from coopetition.study.tables import SCHEMAS, frame  # noqa: E402


def shard(name: str = "train-IPPO-SLCD-v0-0123", value: float = 1.0) -> Shard:
    rows = [
        {"shard": name, "environment": "SLCD-v0", "reward_mode": "private", "efficiency": value, "returns": [1.0, 2.0]}
    ]
    return Shard(name, {"kind": "train"}, "done", {"runs": frame("runs", rows)}, {"a.safetensors": b"abc"})


def test_what_is_written_is_read(tmp_path):
    store = ShardStore(tmp_path)
    assert store.write(shard())
    again = store.read(shard().name)
    assert again.tables["runs"].equals(shard().tables["runs"])
    assert again.networks == {"a.safetensors": b"abc"}
    assert store.names() == [shard().name]
    assert store.has(shard().name)


def test_the_second_writer_drops_its_own(tmp_path):
    store = ShardStore(tmp_path)
    assert store.write(shard(value=1.0))
    assert not store.write(shard(value=2.0))
    assert store.read(shard().name).tables["runs"]["efficiency"].to_list() == [1.0]
    assert [path.name for path in tmp_path.iterdir()] == [shard().name]


BREAKAGES = {
    "a file cut short": lambda home: (home / "runs.parquet").write_bytes((home / "runs.parquet").read_bytes()[:-9]),
    "a file changed": lambda home: (home / "networks" / "a.safetensors").write_bytes(b"abd"),
    "a file missing": lambda home: (home / "runs.parquet").unlink(),
    "no description": lambda home: (home / "shard.json").unlink(),
    "a description that is not JSON": lambda home: (home / "shard.json").write_text("{", encoding="utf-8"),
    "another's description": lambda home: (home / "shard.json").write_text('{"format": "x"}', encoding="utf-8"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_shard_is_named(tmp_path, breakage):
    store = ShardStore(tmp_path)
    store.write(shard())
    BREAKAGES[breakage](store.path(shard().name))
    assert not store.has(shard().name)
    with pytest.raises(BrokenShard, match=shard().name):
        store.read(shard().name)
    store.set_aside(shard().name)
    assert store.names() == []
    assert store.write(shard())
    assert store.has(shard().name)


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    store = ShardStore(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(shard())
    assert list(tmp_path.iterdir()) == []


FULL = """
import os, resource, sys
from coopetition.study import engine
from coopetition.study.plan import Job
from coopetition.study.shards import ShardStore
sys.path.insert(0, sys.argv[2])
from test_shards import shard
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
try:
    ShardStore(sys.argv[1]).write(shard())
except OSError as error:
    print("named:", error.strerror)
engine._carry_out = lambda *_: ({}, {"a.safetensors": bytes(1000)})
print(engine.work(Job("train", "SLCD-v0", "IPPO"), shard().name, sys.argv[1]).status, os.listdir(sys.argv[1]))
"""


@pytest.mark.skipif(os.name != "posix", reason="no limit of file sizes there")
def test_a_file_that_cannot_grow_is_a_disk_that_is_full(tmp_path):
    """The operating system refuses to write more, as on a full disk: named, and nothing is left."""
    import subprocess
    import sys

    told = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == ["named: File too large", "unwritten []"]


def test_what_dead_writers_left_is_swept(tmp_path):
    import socket
    import subprocess
    import sys

    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    dead = tmp_path / f".writing-{socket.gethostname()}-{finished.pid}-train"
    alive = tmp_path / f".writing-{socket.gethostname()}-{os.getpid()}-train"
    for path in (dead, alive):
        path.mkdir()
    if Path("/proc").exists():
        assert ShardStore(tmp_path).sweep() == [dead.name]
        assert alive.exists()


def test_a_column_that_a_table_does_not_have_is_refused():
    with pytest.raises(KeyError, match="nonsense"):
        frame("runs", [{"nonsense": 1}])


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_says_what_it_means(table):
    assert all(len(column.about) > 3 for column in SCHEMAS[table].values())
    assert frame(table, []).width == len(SCHEMAS[table])
