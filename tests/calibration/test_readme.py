"""The README's ledger is the computed one."""

from __future__ import annotations

import pathlib

from coopetition import calibration

README = pathlib.Path(__file__).parents[2] / "README.md"


def test_the_readme_shows_the_computed_ledger():
    shown = README.read_text().split("<!-- ledger -->")[1].split("<!-- /ledger -->")[0]
    assert shown.strip() == calibration.ledger().to_markdown().strip()
