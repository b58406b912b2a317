"""The explorer's page, run by Streamlit's own test harness, and in a browser (slow)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import coopetition
from coopetition.commands.exploring import ADDRESS, served, taken
from coopetition.oracles import solve

pytest.importorskip("streamlit")
PAGE = Path(coopetition.__file__).parent / "explorer" / "page.py"


def nash(**settings):
    """Levels as the page writes them."""
    return [f"{level:.2f}" for level in solve(coopetition.make_game("GiftExchange-v0", **settings), "nash").actions]


def test_a_slider_moves_the_equilibrium(monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setattr(sys, "argv", ["page.py", "GiftExchange-v0"])
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["view"] = "Python"  # draws nothing
    page.run()
    assert not page.exception
    assert not page.error
    assert page.dataframe[0].value["nash"].tolist() == nash()
    page.slider(key="GiftExchange-v0/published/gamma").set_value(1.0).run()
    assert page.dataframe[0].value["nash"].tolist() == nash(gamma=1.0) != nash()
    assert "make_game('GiftExchange-v0', reward_mode='private', gamma=1.0)" in page.code[0].value
    page.text_input(key="GiftExchange-v0/published/endowment").set_value("[100, -80]").run()
    assert "endowment = [100, -80] is out of its domain" in page.error[0].value
    assert not page.exception


def test_it_is_served_to_this_machine_alone():
    command = served("SLCD-v0", 8501)
    assert command[-2:] == ["--", "SLCD-v0"]
    options = dict(part.removeprefix("--").split("=", 1) for part in command if "=" in part)
    assert options["server.address"] == ADDRESS == "127.0.0.1"
    assert options["browser.gatherUsageStats"] == options["server.showEmailPrompt"] == "false"
    assert options["server.headless"] == "true"


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def address(tmp_path):
    """Where ``coopetition explore`` answers, started as a user starts it."""
    with socket.socket() as free:
        free.bind((ADDRESS, 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "coopetition.cli",
        "explore",
        "GiftExchange-v0",
        "--port",
        str(port),
        "--no-browser",
    ]
    with (tmp_path / "log").open("w") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            ends = time.monotonic() + 120
            while not taken(port):
                assert started.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < ends, "the page does not answer"
                time.sleep(0.2)
            yield f"http://{ADDRESS}:{port}"
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(20)
            assert not taken(port), "the page outlives its command"


@pytest.mark.slow
def test_in_a_browser(address, tmp_path):
    """A slider, moved with the keyboard, moves the equilibrium to the oracle's number; a bad value gets a message."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(120_000)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.get_by_text("Solutions of one step").wait_for()
        page.get_by_test_id("stDataFrame").wait_for()
        page.get_by_test_id("stImage").locator("img").first.wait_for()
        page.get_by_role("radio", name="Python").or_(page.get_by_role("button", name="Python")).first.click()
        page.get_by_text("reward_mode=").first.wait_for()
        page.get_by_role("slider", name="gamma").first.press("ArrowRight")
        page.get_by_text("gamma=", exact=False).first.wait_for()
        text = page.get_by_test_id("stCode").inner_text()
        gamma = float(text.partition("gamma=")[2].partition(")")[0])
        assert gamma > coopetition.make_game("GiftExchange-v0").parameters.gamma
        cells = shown_table(page)
        for level in nash(gamma=gamma):
            assert level in cells
        page.get_by_text("other").and_(page.get_by_text("numbers")).first.click()
        box = page.get_by_role("textbox", name="endowment").first
        box.fill("[100, -80]")
        box.press("Enter")
        page.get_by_text("is out of its domain").wait_for()
        assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked
        browser.close()


def shown_table(page):
    """What the table of solutions says; it is drawn on a canvas, beside which its cells stand for screen readers."""
    return page.get_by_test_id("stDataFrame").first.locator("td, [role=gridcell]").all_text_contents()
