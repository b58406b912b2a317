"""The tables of the docs are what `solve` finds today."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from coopetition.envs import ENVIRONMENTS
from coopetition.oracles import dilemma, solve

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
EQUILIBRIA = json.loads((DOCS / "equilibria.json").read_text())
DILEMMAS = {(row["environment"], row["mode"]): row for row in json.loads((DOCS / "dilemmas.json").read_text())}


@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_equilibria(key: str) -> None:
    """docs/equilibria.json against `solve`, and the page's table against the file."""
    entry = EQUILIBRIA[key]
    for concept in ("nash", "coopetitive", "social_optimum"):
        found = solve(key, concept)
        np.testing.assert_allclose(entry[concept]["actions"], found.actions, atol=1e-4)
        np.testing.assert_allclose(entry[concept]["payoffs"], found.payoffs, rtol=1e-7)
        np.testing.assert_allclose(entry[concept]["utilities"], found.utilities, rtol=1e-6)
        assert found.certificate.epsilon <= entry[concept]["epsilon_at_most"]
    totals = [sum(entry[concept]["payoffs"]) for concept in ("social_optimum", "nash")]
    assert entry["price_of_anarchy"] == pytest.approx(totals[0] / totals[1], rel=1e-6)
    assert f"| {key} |" in (DOCS / "oracles.md").read_text()


@pytest.mark.parametrize("mode", ["private", "integrated", "cooperative"])
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_dilemmas(key: str, mode: str) -> None:
    """The static part of docs/dilemmas.json against `dilemma`; the episode part is ordered as it must be."""
    entry = DILEMMAS[key, mode]
    found = dilemma(key, mode, episode=False)
    for name in ("price_of_anarchy", "greed", "fear", "cooperation_gap"):
        assert entry[name] == pytest.approx(getattr(found, name), rel=1e-4, abs=1e-4), name
    assert entry["converged"] is True
    whole = entry["episode"]
    assert whole["optimum"] >= whole["nash"] - 1e-6
    assert 1.0 <= whole["nash_length"] <= whole["horizon"]
    assert f"{whole['nash_length']:.0f} of {whole['horizon']:.0f}" in (DOCS / "oracles.md").read_text()
