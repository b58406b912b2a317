"""The ledgers of the README and of the docs are the computed one."""

from __future__ import annotations

import pathlib

from coopetition import calibration

ROOT = pathlib.Path(__file__).parents[2]


def test_the_readme_shows_a_line_a_report():
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- ledger -->")[1].split("<!-- /ledger -->")[0]
    assert shown.strip() == calibration.ledger().summary_markdown().strip()


def test_the_docs_show_the_whole_ledger():
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert calibration.ledger().to_markdown().strip() in text
