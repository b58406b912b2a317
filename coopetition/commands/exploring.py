"""``coopetition explore``: the games in a browser."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from coopetition.commands.asking import find_id, refusals, refuse
from coopetition.commands.options import complete_ids

ADDRESS = "127.0.0.1"
#: Seconds in which the page has to answer before a browser is opened.
PATIENCE = 30.0


def explore(
    environment_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="The game that is shown first; TrustDilemma-v0 by default.",
            autocompletion=complete_ids,
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1024, max=65535, help="On this port of this machine.")] = 8501,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Look at games in a browser: move their numbers, put policies in their seats. This machine alone can see it."""
    asked = None if environment_id is None else find_id(environment_id)
    with refusals():
        require()
    if taken(port):
        raise refuse(f"--port {port} of this machine is in use; choose another")
    url = f"http://{ADDRESS}:{port}"
    typer.echo(f"explorer: {url}   (Ctrl-C ends it)")
    if browser:
        threading.Thread(target=open_when_ready, args=(url, port), daemon=True).start()
    page = subprocess.Popen(served(asked, port))
    # Who ends this command, by Ctrl-C or otherwise, ends the page with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = page.wait()
    except KeyboardInterrupt:
        status = 0
    finally:
        page.terminate()
        page.wait()
    raise typer.Exit(max(status, 0))


def require() -> None:
    """Refuse to go on without what the page needs."""
    missing = [name for name in ("streamlit", "matplotlib") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"the explorer needs {' and '.join(missing)}, which is not installed: pip install 'coopetition[explore]'"
        )


def taken(port: int) -> bool:
    """Whether something answers on a port of this machine."""
    with socket.socket() as asked:
        return asked.connect_ex((ADDRESS, port)) == 0


def served(environment_id: str | None, port: int) -> list[str]:
    """The command that serves the page: on this machine alone, with nothing sent, asked or watched."""
    options = {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": "true",  # no browser and no question for an address at the first run
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "browser.serverAddress": ADDRESS,
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "global.developmentMode": "false",
        "logger.level": "warning",
    }
    page = Path(__file__).resolve().parents[1] / "explorer" / "page.py"
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += [f"--{name}={value}" for name, value in options.items()]
    return [*command, "--", *([environment_id] if environment_id else [])]


def open_when_ready(url: str, port: int) -> None:
    """Open a browser as soon as the page answers."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if taken(port):
            webbrowser.open(url)
            return
        time.sleep(0.2)
