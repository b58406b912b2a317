"""The tables of the docs are what `solve` finds today."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import re
from typing import Any

import numpy as np
import pytest

from coopetition.envs import ENVIRONMENTS
from coopetition.oracles import Objective, StageGame, dilemma, dilemma_along_each, solve, yardstick
from coopetition.oracles.stage.solved import solved_table

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
EQUILIBRIA = solved_table()
DILEMMAS = {(row["environment"], row["mode"]): row for row in json.loads((DOCS / "dilemmas.json").read_text())}
ALONG = json.loads((DOCS / "along.json").read_text())


def load_script() -> Any:
    """docs/oracles_tables.py, which is no part of the package."""
    found = importlib.util.spec_from_file_location("oracles_tables", DOCS / "oracles_tables.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_equilibria(key: str) -> None:
    """The kept equilibria against `solve`, and the page's table against the file."""
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
    """The static part of docs/dilemmas.json against `dilemma`; the ends of the episode part against `yardstick`."""
    entry = DILEMMAS[key, mode]
    found = dilemma(key, mode, episode=False)
    for name in ("price_of_anarchy", "greed", "fear", "cooperation_gap"):
        assert entry[name] == pytest.approx(getattr(found, name), rel=1e-4, abs=1e-4), name
    assert entry["converged"] is True
    curves = np.array(entry["schelling"], dtype=np.float64)
    np.testing.assert_allclose(curves, found.schelling, rtol=1e-4, atol=1e-4)
    # Nobody is high at the equilibrium, and everybody at the optimum.
    assert np.isnan(curves[0, 0])
    assert np.isnan(curves[-1, 1])
    objective = Objective(StageGame(key), mode)
    for end, levels in ((curves[0, 1], found.equilibrium), (curves[-1, 0], found.optimum)):
        values = objective(*StageGame(key).evaluate(levels[None]))
        assert end == pytest.approx(values.mean(), rel=1e-4, abs=1e-4)
    whole, scale = entry["episode"], yardstick(key, mode)
    assert whole["optimum"] == pytest.approx(scale.optimum, rel=1e-8)
    if np.isfinite(scale.nash):
        assert whole["nash"] == pytest.approx(scale.nash, rel=1e-8)
        assert whole["price_of_anarchy"] == pytest.approx(scale.optimum / scale.nash, rel=1e-8)
        assert 1.0 <= whole["nash_length"] <= whole["horizon"]
    else:
        assert scale.no_scale == "no open-loop nash could be certified"
        assert [whole[name] for name in ("nash", "nash_length", "price_of_anarchy", "fear")] == [None] * 4
    assert whole["optimum"] >= whole["repeated"] - 1e-6
    assert f"{whole['repeated_length']:.0f} of {whole['horizon']:.0f}" in (DOCS / "oracles.md").read_text()
    if mode == "cooperative":  # what one agent's best response still gains is what the search for the optimum missed
        assert whole["greed"] <= 1e-3


@pytest.mark.parametrize("key", ["TeamProduction-v0", "LoyaltyTeam-v0", "PublicGoods-v0"])
def test_along_each_parameter(key: str) -> None:
    """docs/along.json against `dilemma_along_each`."""
    check_along(key)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(ENVIRONMENTS))
def test_along_each_parameter_of_all(key: str) -> None:
    """The same for all twenty."""
    check_along(key)


def check_along(key: str) -> None:
    found = dilemma_along_each(key)
    assert set(found) == set(ALONG[key])
    for name, ends in found.items():
        entry = ALONG[key][name]
        np.testing.assert_allclose([value for value, _ in ends], entry["values"], rtol=1e-9)
        for field in ("greed", "price_of_anarchy"):
            assert [getattr(row, field) for _, row in ends] == pytest.approx(entry[field], rel=1e-4, abs=1e-4)


def test_public_goods_along_each_parameter_by_hand() -> None:
    """Greed is e (1 - m/n), the price of anarchy m: a quarter less and a quarter more of each."""
    entry = ALONG["PublicGoods-v0"]
    assert entry["multiplier"]["greed"] == pytest.approx([50.0 * (1.0 - 1.5 / 5.0), 50.0 * (1.0 - 2.5 / 5.0)])
    assert entry["multiplier"]["price_of_anarchy"] == pytest.approx([1.5, 2.5])
    assert entry["n_agents"]["values"] == [4, 6]
    assert entry["n_agents"]["greed"] == pytest.approx([50.0 * (1.0 - 2.0 / 4.0), 50.0 * (1.0 - 2.0 / 6.0)])


def test_page_has_all_tables() -> None:
    """Between each pair of markers of the page stands what the script writes there."""
    script = load_script()
    text = (DOCS / "oracles.md").read_text()
    parts = script.parts()
    assert set(re.findall("<!-- begin (.*?) -->", text)) == set(parts)
    for name, content in parts.items():
        assert f"<!-- begin {name} -->\n{content}\n<!-- end {name} -->" in text, name
