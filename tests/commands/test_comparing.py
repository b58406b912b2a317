"""What is at stake: what is shown is what the measured file says."""

from __future__ import annotations

import pytest

from coopetition.commands import comparing
from coopetition.commands.showing import sheet
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.games.presets import preset_id


@pytest.mark.parametrize("key", ENVIRONMENTS)
def test_the_same_under_every_preset(key: str) -> None:
    text = comparing.markdown(key)
    assert comparing.markdown(preset_id(key, "strong")) == text
    for table in text.split("\n\n"):
        if table.startswith("|"):
            assert len({line.count("|") for line in table.strip().splitlines()}) == 1


def test_what_is_at_stake_is_what_was_measured() -> None:
    rows = comparing.stakes("PublicGoods-v0")
    assert [(row["preset"], row["mode"]) for row in rows[-3:]] == [("strong", mode) for mode in comparing.MODES]
    assert rows[-3] == {
        "preset": "strong",
        "mode": "private",
        "margin": comparing.measured()["PublicGoodsStrong-v0"]["margin"],
        **comparing.measured()["PublicGoodsStrong-v0"]["private"],
    }
    assert "| strong | dilemma | 1 / 0 | 11,000 | 7,500 | 5,000 | 1,500 | 33.3 | player_0 |" in comparing.markdown(
        "PublicGoods-v0"
    )
    assert sheet(Game(environment_class("PublicGoodsStrong-v0")()))["stakes"] == rows
