"""The story of `coopetition demo`."""

from __future__ import annotations

import json
import re
import sys

from distribution.readme import README
from typer.testing import CliRunner

from coopetition.cli import app


def test_it_names_the_extra_that_pictures_need(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "coopetition.plot", None)
    found = CliRunner().invoke(app, ["demo"])
    assert found.exit_code == 0
    assert "pip install 'coopetition[plot]'" in found.stdout
    assert "58 of 60" in found.stdout


def test_the_readme_shows_what_it_prints(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(app, ["demo"]).stdout
    shown = next(
        block for block in re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL) if "Trust is slow" in block
    )
    for line in shown.splitlines():
        assert line in printed.splitlines()


def test_betrayal_costs_trust_and_payoff():
    told = json.loads(CliRunner().invoke(app, ["demo", "--json"]).stdout)
    assert told["kept"]["trust"][-1] > told["lost"]["trust"][-1] + 0.2
    assert told["kept"]["payoff"] > told["lost"]["payoff"]
