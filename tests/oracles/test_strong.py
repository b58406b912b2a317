"""Strong games: what is at stake in them, and the page that says so."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from coopetition.envs import STRONG_IDS
from coopetition.oracles import Episode, critical_continuation, margin, stakes, suite_diversity
from coopetition.oracles.episode.stored import stored_sequence

#: Conditions that a game misses.
MISSED: dict[str, set[str]] = {
    "RecoveryRaceStrong-v0": {"margin"},
    "GraduatedSanctionStrong-v0": {"nash", "fear"},  # no nash is certified yet
    "CoalitionFormationStrong-v0": {"nash", "fear"},  # nor here
}
DOCS = Path(__file__).resolve().parents[2] / "docs"


def written() -> dict:
    return json.loads((DOCS.parent / "coopetition" / "oracles" / "data" / "strong.json").read_text())


def test_the_margin_of_a_linear_game_is_its_arithmetic() -> None:
    found = margin("PublicGoodsStrong-v0")  # e = 50, m = 1.5, five players, 100 steps
    assert (found.high, found.low, found.kind) == (1.0, 0.0, "dilemma")
    assert (found.temptation, found.reward) == pytest.approx((100 * (50 + 1.5 * 40), 100 * 75))
    assert (found.punishment, found.sucker) == pytest.approx((100 * 50, 100 * 15))
    assert found.value == pytest.approx(25 / 75)


def test_other_kinds_of_games_are_told_apart() -> None:
    assert margin("PublicGoodsStrong-v0", "cooperative").kind == "harmony"
    assert margin("PublicGoods-v0", "private").kind == "dilemma"


@pytest.mark.parametrize("game_id", STRONG_IDS)
def test_two_levels_make_a_dilemma(game_id: str) -> None:
    # SLCD's unequal shares allow no more; RecoveryRace is a threshold game too.
    least = {"SLCDStrong-v0": 0.015, "RecoveryRaceStrong-v0": 0.01}.get(game_id, 0.03)
    found = margin(game_id, rates=[0.0, 0.05, 0.15, 0.25, 0.3, 0.4, 0.45, 0.6, 0.7, 0.75, 0.85, 1.0])
    assert found.kind == "dilemma"
    assert found.value >= least


def test_patience_of_a_linear_game_is_its_arithmetic() -> None:
    assert critical_continuation("PublicGoodsStrong-v0").delta == pytest.approx(35 / 60, abs=1e-6)


def test_one_game_twice_is_one_game() -> None:
    policies = ["constant_000", "constant_050", "constant_100", "tit_for_tat"]
    twice = suite_diversity(["PublicGoods-v0", "PublicGoods-v0"], policies, ["private"])
    assert twice.effective_dimension == pytest.approx(1.0)
    assert twice.correlations == pytest.approx(np.ones((2, 2)))
    opposed = suite_diversity(["PublicGoodsStrong-v0"], policies, ["private", "cooperative"])
    assert opposed.effective_dimension > 1.1
    assert opposed.part([0]).effective_dimension == pytest.approx(1.0)
    with pytest.raises(ValueError, match="policies"):
        suite_diversity(["PublicGoods-v0"], ["constant_000"])


def test_the_page_is_the_file() -> None:
    spec = importlib.util.spec_from_file_location("strong_tables", DOCS / "strong_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (DOCS / "strong.md").read_text()
    for name, table in module.tables(written()).items():
        assert f"<!-- {name}: docs/strong_tables.py -->\n\n{table}\n" in text, name


@pytest.mark.parametrize("game_id", list(written().get("games", {}))[:2])
def test_rows_are_what_is_measured(game_id: str) -> None:
    row = written()["games"][game_id]["private"]
    found = stakes(game_id, "private").to_dict()
    for name in ("optimum", "nash", "nash_payoffs", "best_rate", "half_length"):
        assert found[name] == pytest.approx(row[name], rel=1e-5), name
    assert found["fear"] == pytest.approx(row["fear"], rel=1e-4)
    assert found["efficiency"] == pytest.approx(row["efficiency"], rel=1e-5)


MEASURED = [key for key in STRONG_IDS if key in written().get("games", {})]


@pytest.mark.parametrize("game_id", MEASURED)
def test_rows_are_recomputed_from_stored_sequences(game_id: str) -> None:
    """What the optimum and the worst nash pay, and how much of it, in every mode."""
    measured = written()["games"][game_id]
    for mode in (name for name in ("private", "integrated", "cooperative") if name in measured):
        row = measured[mode]
        episode, paid = Episode(game_id, mode), Episode(game_id, "private")
        best, worst = (stored_sequence(episode.game, what) for what in ("optimum", "nash"))
        assert best is not None
        total = episode.returns(episode.rates(best)[None])[0].sum()
        assert total == pytest.approx(row["optimum"], rel=1e-5)
        if worst is None:
            assert row["nash"] is None
            continue
        rates = episode.rates(worst)
        assert episode.returns(rates[None])[0].sum() / total == pytest.approx(row["nash"], rel=1e-5)
        most = stored_sequence(paid.game, "optimum")
        share = paid.returns(rates[None])[0].sum() / paid.returns(paid.rates(most)[None])[0].sum()
        assert share == pytest.approx(row["nash_payoffs"], rel=1e-5)


@pytest.mark.parametrize("game_id", MEASURED)
def test_conditions_of_a_measured_game(game_id: str) -> None:
    """Conditions 1 and 3; those that a game misses are listed here, and on the page."""
    row = written()["games"][game_id]
    private, n = row["private"], Episode(game_id).n
    missed = set()
    missed |= {"nash"} if private["nash"] is None or private["nash"] > (0.87 if n == 2 else 0.78) else set()
    missed |= {"fear"} if private["fear"][0] is None or private["fear"][0] < 0.05 else set()
    missed |= {"margin"} if row["margin"]["value"] < (0.015 if game_id == "SLCDStrong-v0" else 0.03) else set()
    missed |= {"half"} if private["efficiency"]["0.5"] > 0.85 else set()
    missed |= {"lasts"} if private["half_length"] < 0.1 else set()
    assert missed == MISSED.get(game_id, set())
    assert (
        not missed or game_id.removesuffix("Strong-v0") in (DOCS / "strong.md").read_text().partition("### Misses")[2]
    )


@pytest.mark.parametrize("game_id", list(written()["learning"]))
def test_modes_are_learnt_apart(game_id: str) -> None:
    """Condition 2, from what benchmarks/strong/learning.py wrote: five seeds in each mode, curves that are flat."""
    row = written()["learning"][game_id]
    for mode in ("private", "integrated", "cooperative"):
        assert len(row[mode]["seeds"]) == 5
        assert row[mode]["share"] == pytest.approx(np.mean(row[mode]["seeds"]), abs=1e-3)
        assert row[mode]["drift"] < 0.1 * row["separation"]  # what still moves is little beside what lies between
    assert row["separation"] == pytest.approx(row["cooperative"]["share"] - row["private"]["share"], abs=1e-5)
    assert row["separation"] >= 0.05
