"""Running the command line as people and scripts do: on a pseudo-terminal of some width, or into something else."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COMMAND = [sys.executable, "-m", "coopetition.cli"]
#: Several commands in one process, which compiles and imports once.
SEVERAL = """
import json, sys
from coopetition.cli import app
for arguments in json.loads(sys.argv[1]):
    print("===", *arguments, flush=True)
    try:
        app(arguments)
    except SystemExit as end:
        assert not end.code, end.code
"""


def on_a_terminal(width: int, commands: Sequence[Sequence[str]], folder: Path) -> dict[str, str]:
    """What commands print on a pseudo-terminal of that width, by command."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-c", SEVERAL, json.dumps([list(command) for command in commands])],
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
    sections = re.split(r"^=== ", text, flags=re.MULTILINE)[1:]
    return {" ".join(command): part.partition("\n")[2] for command, part in zip(commands, sections, strict=True)}
