"""The search for strong parameter sets finds what arithmetic and the oracles say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from coopetition.oracles import margin

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "strong" / "search.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strong_search", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_a_linear_game_is_its_arithmetic(script: ModuleType) -> None:
    found = script.search("PublicGoods-v0", {"multiplier": (1.2, 1.5)})  # five players with 50 each, 100 steps
    by = {one.values["multiplier"]: one for one in found}
    for m, one in by.items():
        assert one.optimum == pytest.approx(5 * 100 * 50 * m)
        assert one.nash == pytest.approx(1 / m)
        assert one.half == pytest.approx((0.5 + 0.5 * m) / m)
        assert one.fear == pytest.approx(1 - m / 5)
        assert one.lasts == 1.0
    assert by[1.5].margin == pytest.approx(25 / 75)
    assert (by[1.5].high, by[1.5].low) == (1.0, 0.0)
    assert all(by[1.5].met.values())
    assert by[1.2].met == {"nash": False, "fear": True, "margin": True, "half": False, "lasts": True}
    assert found[0] is by[1.5]
    assert "83.3*" in script.table("PublicGoods-v0", found)


def test_margins_are_the_oracles_and_refused_sets_are_left_out(script: ModuleType) -> None:
    found = script.search("SLCD-v0", {"gamma": (2.9,), "initial_trust": (0.3, 1.5)})
    assert [one.values["initial_trust"] for one in found] == [0.3]
    wanted = margin("SLCDStrong-v0")
    assert found[0].margin == pytest.approx(wanted.value, rel=1e-9)
    assert (found[0].high, found[0].low) == (wanted.high, wanted.low)
    assert 0.7 < found[0].nash < 0.8
    with pytest.raises(ValueError, match="no combination"):
        script.search("SLCD-v0", {"initial_trust": (1.5,)})


def test_round_numbers_come_first(script: ModuleType) -> None:
    assert [script.digits(value) for value in (3.0, 2.9, 200.0, (0.55, 0.45), 0.0, "raw")] == [1, 2, 1, 4, 1, 0]
