"""Output that cannot be written ends the command with a status, never with a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commands.terminals import COMMAND


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["list", "--help"], ["--version"]])
def test_a_full_device(arguments):
    with open("/dev/full", "w") as full:
        ended = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert ended.returncode == 1
    assert ended.stderr == "error: No space left on device\n"


@pytest.mark.parametrize("arguments", [["show", "SLCD-v0"], ["show", "SLCD-v0", "--json"]])
def test_a_pipe_that_is_closed(arguments):
    """As by `| head -1`: one line is read, and the other end closes."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=120) in (0, 1)  # it may have written everything before
