"""Running the command line as people and scripts do: on a pseudo-terminal of some width, or into something else."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COMMAND = [sys.executable, "-m", "coopetition.cli"]
#: Several commands in one process, which imports and compiles once, each on a terminal of its own width.
SEVERAL = """
import fcntl, json, struct, sys, termios
from coopetition.cli import app
for width, arguments in json.loads(sys.argv[1]):
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    print("===", flush=True)
    try:
        app(arguments)
    except SystemExit as end:
        assert not end.code, end.code
"""

Job = tuple[int, Sequence[str]]


def on_terminals(jobs: Sequence[Job], folder: Path) -> list[str]:
    """What each command prints on a pseudo-terminal of its width."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-c", SEVERAL, json.dumps([[width, list(command)] for width, command in jobs])],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
    )
    os.close(slave)
    parts = []
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    assert process.wait() == 0, b"".join(parts).decode()[-2000:]
    text = ESCAPES.sub("", b"".join(parts).decode()).replace("\r", "")
    sections = re.split(r"^===\n", text, flags=re.MULTILINE)[1:]
    assert len(sections) == len(jobs)
    return sections
