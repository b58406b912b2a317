"""What the explorer shows, without the page."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import coopetition
from coopetition import plot
from coopetition.envs import environment_class
from coopetition.explorer import scene
from coopetition.explorer.scene import Choice
from coopetition.oracles import solve


@pytest.mark.parametrize("environment_id", coopetition.ENVIRONMENT_IDS)
def test_every_number_has_a_knob_that_stands_at_the_presets(environment_id):
    for preset in scene.preset_names(environment_id):
        defaults = environment_class(environment_id, preset)()
        first, rest = scene.knobs(environment_id, preset)
        assert {knob.name for knob in first + rest} == {one.name for one in dataclasses.fields(defaults)}
        for knob in first + rest:
            if knob.kind == "slider":
                assert knob.low <= knob.value <= knob.high, knob
                assert 0.0 < knob.step < knob.high - knob.low, knob
            if knob.kind == "choice":
                assert knob.value in knob.choices


@pytest.mark.slow
@pytest.mark.parametrize("environment_id", coopetition.ENVIRONMENT_IDS)
def test_where_sliders_end_games_still_exist_or_say_why_not(environment_id):
    for preset in scene.preset_names(environment_id):
        first, _ = scene.knobs(environment_id, preset)
        ends = {knob.name: (knob.low, knob.high) for knob in first if knob.kind == "slider"}
        for name, value in ((name, value) for name, pair in ends.items() for value in pair):
            said = why_not(Choice(environment_id, preset, settings={name: value}))
            assert said is None or name in said or "payoffs can reach" in said


def why_not(choice):
    """What a game refuses; None if there is such a game."""
    try:
        choice.game()
    except ValueError as error:
        return str(error)
    return None


def test_what_follows_is_the_oracles():
    choice = Choice("GiftExchange-v0", settings={"gamma": 0.9})
    rows = scene.solutions(choice)
    game = coopetition.make_game("GiftExchange-v0", gamma=0.9)
    for concept in scene.CONCEPTS:
        found = [row["level"] for row in rows if row["concept"] == concept.replace("_", " ")]
        np.testing.assert_allclose(found, solve(game, concept).actions, rtol=1e-9)
    assert scene.best_known(choice) is None
    assert scene.best_known(Choice("GiftExchange-v0")) > 0.0


def test_agents_that_do_alike_share_a_line():
    (line,) = scene.as_table(scene.solutions(Choice("PublicGoods-v0")))
    assert line == {"agent": "player_0 to player_4", "nash": "0.00", "coopetitive": "0.00", "social optimum": "50.00"}


def test_a_choice_is_remembered_as_text():
    choice = Choice("SLCD-v0", "strong", "integrated", {"shares": [0.5, 0.5]}, ("random", "pavlov"), 3)
    assert Choice.from_key(choice.key()) == choice
    assert not scene.is_slow(choice)
    assert scene.is_slow(Choice(policies=("Oracle_TrustAware", "random")))


REFUSED = [
    (Choice(settings={"gamma": -1.0}), "gamma = -1.0 is out of its domain"),
    (Choice("SLCD-v0", settings={"shares": 0.9}), "they must sum to 1"),
    (Choice(settings={"horizon": 10**6}), "at most 1,000 steps"),
    (Choice(policies=("tit_for_tatt",)), "unknown policy 'tit_for_tatt'"),
    (Choice(policies=("nobody.safetensors", "random")), "no file 'nobody.safetensors'"),
]


@pytest.mark.parametrize(("choice", "words"), REFUSED)
def test_what_cannot_be_is_refused_with_a_reason(choice, words):
    with pytest.raises(ValueError, match=words):
        scene.play(choice)


def test_groups_of_players():
    assert (
        scene.read_cast("random x 2 + pavlov + tit_for_tat", 5) == ("random",) * 2 + ("pavlov",) + ("tit_for_tat",) * 2
    )
    for text, words in (("random x 9", "names 9 players"), ("random x two + pavlov", "expected a policy's name")):
        with pytest.raises(ValueError, match=words):
            scene.read_cast(text, 5)
    with pytest.raises(ValueError, match="is not JSON"):
        scene.read_text("shares", "[0.5")


CHOICES = [
    Choice("GiftExchange-v0", "strong", "integrated", {"horizon": 4, "gamma": 0.9}, ("random", "tit_for_tat"), 2),
    Choice("ApacheProject-v0", "published", "private", {}, ("random",) * 30 + ("pavlov",) * 10, 2),
]


def run_copied(choice):
    """The code of a choice, run, and compared with what is seen."""
    made: dict = {}
    exec(compile(scene.code(choice), "copied", "exec"), made)
    seen = scene.play(choice)
    np.testing.assert_array_equal(made["record"].rewards, seen.rewards)
    assert made["record"].policies == seen.policies
    assert made["stakes"].greed == scene.stakes(choice).greed


def test_the_code_comes_to_what_is_seen(monkeypatch, capsys):
    drawn = []
    for name in ("episode", "bonds", "payoff_surface", "response_surface", "response_curves", "schelling"):
        monkeypatch.setattr(plot, name, lambda *given, **_: drawn.append(given[1]))
    run_copied(CHOICES[0])
    assert "nash" in capsys.readouterr().out
    assert set(drawn) == {f"{name}.png" for name in scene.FIGURES}


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES)
def test_the_code_draws_what_is_seen(choice, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_copied(choice)
    for name in scene.FIGURES:
        assert (tmp_path / f"{name}.png").stat().st_size > 1000
        assert scene.picture(choice, name, dpi=50).startswith(b"\x89PNG")
