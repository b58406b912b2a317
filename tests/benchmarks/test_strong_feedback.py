"""Condition 4 of docs/strong.md: stored rules, played again, against the best constants and the best sequences."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from coopetition.oracles import Episode, best_constant
from coopetition.oracles.episode.stored import stored_sequence

ROOT = Path(__file__).resolve().parents[2]
FOUND: dict[str, dict[str, Any]] = json.loads((ROOT / "coopetition/oracles/data/strong.json").read_text())["feedback"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strong_feedback", ROOT / "benchmarks" / "strong" / "feedback.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("game_id", FOUND)
def test_a_rule_earns_what_is_said(script: ModuleType, game_id: str) -> None:
    row = FOUND[game_id]
    episode = Episode(game_id, row["mode"])
    for one in row["rules"].values():
        rules = np.array([one["numbers"]])
        assert script.play(episode, rules, np.array(row["roles"]))[0] == pytest.approx(one["value"], rel=1e-5)
    best = stored_sequence(episode.game, "optimum")
    assert best is not None
    assert episode.returns(episode.rates(best)[None]).sum() == pytest.approx(row["optimum"], rel=1e-5)


def test_the_state_matters_in_eight_games(script: ModuleType) -> None:
    assert set(FOUND) <= {key for key, _ in script.games()}
    wide = [key for key, row in FOUND.items() if row["optimum"] > 1.08 * row["constants"]]
    reached = [
        key
        for key in wide
        if FOUND[key]["rules"]["state"]["value"] - FOUND[key]["constants"]
        > (FOUND[key]["optimum"] - FOUND[key]["constants"]) / 3
    ]
    assert len(reached) >= 8
    assert "CoalitionFormationStrong-v0" in reached


@pytest.mark.parametrize("game_id", list(FOUND)[:1])
def test_constants_are_the_oracles(game_id: str) -> None:
    row = FOUND[game_id]
    found = best_constant(None, episode=Episode(game_id, row["mode"]), per_agent=True, split=True)
    assert found.value == pytest.approx(row["constants"], rel=1e-5)


def test_a_pulse_by_hand(script: ModuleType) -> None:
    """Everything until trust reaches a half, the baseline from then on: the same as the sequence that this makes."""
    episode = Episode("TrustDilemma-v0:relational", "integrated")
    paid = script.play(episode, np.array([[[1.0, 0.3, 0.5, 0.5]]]), np.zeros(2, dtype=int))
    batch, rates = episode.batch(1), []
    for _ in range(episode.horizon):
        trust = batch.state()["trust"][0][0, 1]
        rates.append([1.0 if trust < 0.5 else 0.3] * 2)
        batch.step(np.array([rates[-1]]))
    assert 1 <= sum(row[0] == 1.0 for row in rates) < 20
    assert paid[0] == pytest.approx(episode.returns(np.array([rates])).sum(), rel=1e-9)
