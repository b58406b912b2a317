"""Tables fit the terminal that there is, and what is piped is as wide as it likes."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys

import pytest

COMMAND = [
    "evaluate",
    "PublicGoods-v0",
    "--policies",
    "constant_000,tit_for_tat",
    "--episodes",
    "1",
    "--no-exploitability",
]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(width: int, *arguments: str) -> str:
    """What a command prints on a pseudo-terminal of that width."""
    import fcntl
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.getcwd()}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "coopetition.cli", *arguments], stdout=slave, stderr=subprocess.DEVNULL, env=environment
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
    assert process.wait() == 0
    return ESCAPES.sub("", b"".join(parts).decode())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_is_cut_off(width):
    text = on_a_terminal(width, *COMMAND)
    assert "…" not in text
    assert "..." not in text
    for needed in ("PublicGoods-v0", "tit_for_tat", "payoff"):
        assert needed in text
    if width >= 80:
        assert max(len(line.rstrip("\r")) for line in text.splitlines()) <= width


def test_a_wider_terminal_shows_more():
    narrow, wide = (on_a_terminal(width, *COMMAND) for width in (80, 240))
    assert "left out for want of width" in narrow
    assert "a step" in wide
    assert "left out" not in wide


def test_piped_output_is_whole():
    environment = {**os.environ, "COLUMNS": "40"}
    found = subprocess.run(
        [sys.executable, "-m", "coopetition.cli", *COMMAND], capture_output=True, text=True, env=environment, check=True
    )
    assert "a step" in found.stdout
    assert "left out" not in found.stdout
