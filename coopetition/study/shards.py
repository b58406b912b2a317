"""Shards: the tables of one job in one folder, written whole or not at all, and checked when they are read.

A shard is a folder with a Parquet file a table, the networks where there are any, and ``shard.json``, which names the
job and holds every file's checksum. It is written under a temporary name and renamed, so that a folder that bears a
shard's name is complete, however a worker or the machine ended; the first to rename wins, and a second writer of the
same shard drops its own.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

ABOUT = "shard.json"
FORMAT = "coopetition-shard-1"
#: Columns that differ from run to run of the same work.
CIRCUMSTANCES = ("cpu_seconds", "hardware", "versions", "error")


class BrokenShard(ValueError):
    """A shard that is not what it should be; the message names it, and says why."""


@dataclass(frozen=True)
class Shard:
    """What a job leaves behind.

    Attributes
    ----------
    name : str
        As `fingerprint.shard_name` gives it.
    job : dict
        The job, as plain values.
    status : {"done", "failed"}
    tables : dict of str to polars.DataFrame
    networks : dict of str to bytes
        File name: a trained policy's file.
    """

    name: str
    job: dict[str, Any]
    status: str
    tables: Mapping[str, pl.DataFrame]
    networks: Mapping[str, bytes]


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_table(frame: pl.DataFrame, path: Path, level: int | None = None) -> None:
    """Write a table as Parquet, by way of memory: a disk that is full is then an OSError that says so."""
    written = io.BytesIO()
    frame.write_parquet(written, compression="zstd", compression_level=level)
    path.write_bytes(written.getbuffer())


class ShardStore:
    """The shards of one study.

    Parameters
    ----------
    folder : path
        Made if it does not exist; drivers on several machines may share it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a shard lies."""
        return self.folder / name

    def names(self) -> list[str]:
        """Of all shards, sound or not, sorted."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def about(self, name: str) -> dict[str, Any]:
        """What ``shard.json`` says.

        Raises
        ------
        BrokenShard
            It is missing, or not JSON, or another's.
        """
        path = self.path(name) / ABOUT
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise BrokenShard(f"shard {name}: {ABOUT} cannot be read ({type(error).__name__})") from None
        if not isinstance(about, dict) or about.get("format") != FORMAT or about.get("name") != name:
            raise BrokenShard(f"shard {name}: {ABOUT} does not belong to it")
        return about

    def check(self, name: str) -> dict[str, Any]:
        """Compare every file with its checksum.

        Returns
        -------
        dict
            What ``shard.json`` says.

        Raises
        ------
        BrokenShard
            A file is missing or differs.
        """
        about = self.about(name)
        for file, expected in about["files"].items():
            try:
                data = (self.path(name) / file).read_bytes()
            except OSError:
                raise BrokenShard(f"shard {name}: {file} is missing") from None
            if _checksum(data) != expected:
                raise BrokenShard(f"shard {name}: {file} is not as it was written")
        return about

    def has(self, name: str) -> bool:
        """Whether there is a sound shard of this name."""
        if not self.path(name).is_dir():
            return False
        with contextlib.suppress(BrokenShard):
            self.check(name)
            return True
        return False

    def set_aside(self, name: str) -> Path:
        """Move a broken shard out of the way, to a hidden folder beside the others."""
        grave = self.folder / ".broken"
        grave.mkdir(exist_ok=True)
        target = grave / name
        shutil.rmtree(target, ignore_errors=True)
        os.replace(self.path(name), target)
        return target

    def write(self, shard: Shard) -> bool:
        """Write a shard, whole or not at all.

        Returns
        -------
        bool
            False if somebody else has written it meanwhile.

        Raises
        ------
        OSError
            The disk is full, or cannot be written; nothing is left behind.
        """
        temporary = self.folder / f".writing-{socket.gethostname()}-{os.getpid()}-{shard.name}"
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            temporary.mkdir()
            for table, frame in shard.tables.items():
                write_table(frame, temporary / f"{table}.parquet")
            if shard.networks:
                (temporary / "networks").mkdir()
                for file, data in shard.networks.items():
                    (temporary / "networks" / file).write_bytes(data)
            files = {
                path.relative_to(temporary).as_posix(): _checksum(path.read_bytes())
                for path in sorted(temporary.rglob("*"))
                if path.is_file()
            }
            about = {
                "format": FORMAT,
                "name": shard.name,
                "status": shard.status,
                "job": shard.job,
                "files": files,
            }
            with (temporary / ABOUT).open("w", encoding="utf-8") as opened:
                json.dump(about, opened, indent=1)
                opened.flush()
                os.fsync(opened.fileno())
            os.rename(temporary, self.path(shard.name))
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and self.path(shard.name).is_dir():
                return False
            raise
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        return True

    def sweep(self) -> list[str]:
        """Remove what dead writers of this machine left unfinished; their names."""
        removed = []
        for path in self.folder.glob(f".writing-{socket.gethostname()}-*"):
            writer = path.name.removeprefix(f".writing-{socket.gethostname()}-").partition("-")[0]
            if writer.isdigit() and not Path(f"/proc/{writer}").exists() and Path("/proc").exists():
                shutil.rmtree(path, ignore_errors=True)
                removed.append(path.name)
        return removed

    def read(self, name: str) -> Shard:
        """A shard, checked.

        Raises
        ------
        BrokenShard
            It is not sound.
        """
        about = self.check(name)
        home = self.path(name)
        tables = {path.stem: pl.read_parquet(path) for path in sorted(home.glob("*.parquet"))}
        networks = {path.name: path.read_bytes() for path in sorted((home / "networks").glob("*"))}
        return Shard(name, about["job"], about["status"], tables, networks)

    def tables(self, table: str, names: list[str] | None = None) -> Iterator[pl.DataFrame]:
        """One table of every shard that has it."""
        for name in self.names() if names is None else names:
            path = self.path(name) / f"{table}.parquet"
            if path.exists():
                self.check(name)
                yield pl.read_parquet(path)
