"""Figures: what is drawn, and that nothing covers anything."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from legible import check_legible

import coopetition
from coopetition import plot
from coopetition.baselines import record_episode

SIZES = [("SLCD-v0", 2, 0), ("LoyaltyTeam-v0", 4, 1), ("ApacheProject-v0", 40, 1)]


def history_of(record, steps):
    state = {name: record.states[name][steps] for name in ("trust", "loyalty") if name in record.states}
    return {"rates": record.rates[:steps], "payoffs": record.payoffs[:steps], "time": steps, **state}


@pytest.mark.parametrize(("environment_id", "n", "steps"), SIZES)
def test_frames(environment_id, n, steps):
    record = record_episode(environment_id, "random", seed=2, steps=2)
    assert record.game.n == n
    steps = min(steps, record.steps)
    image = plot.frame(record.game, history_of(record, steps))
    assert image.shape == (576, 1024, 3)
    assert image.dtype == np.uint8
    assert image.flags.owndata
    assert (image[0] == 255).all()
    assert (image < 128).any()


@pytest.mark.slow
def test_frames_show_what_happens():
    record = record_episode("SLCD-v0", ["constant_090", "constant_010"], steps=6)
    frames = [plot.frame(record.game, history_of(record, steps)) for steps in (3, 6, 6)]
    assert not np.array_equal(frames[0], frames[1])
    np.testing.assert_array_equal(frames[1], frames[2])


@pytest.mark.slow
def test_frames_of_trust_that_many_agents_have():
    game = coopetition.make_game("DynamicPartnerSelection-v0", n_agents=40)
    history = {"rates": np.full((2, 40), 0.5), "payoffs": np.ones((2, 40)), "time": 2, "trust": np.eye(40)}
    assert plot.frame(game, history).shape == (576, 1024, 3)


def test_wrong_shapes_are_refused():
    game = coopetition.make_game("SLCD-v0")
    with pytest.raises(ValueError, match=r"rates have shape \(4, 3\), expected \(steps, 2\)"):
        plot.frame(game, {"rates": np.zeros((4, 3)), "payoffs": np.zeros((4, 2)), "trust": np.zeros((2, 2))})


CASTS = [
    ("SLCD-v0", ["random", "constant_080"]),
    ("GraduatedSanction-v0", ["random", *["constant_080"] * 5]),
    ("ApacheProject-v0", ["random"] * 30 + ["constant_080"] * 10),
]


@pytest.mark.parametrize(("environment_id", "policies"), CASTS, ids=["two", "six", "forty"])
def test_everything_can_be_read(environment_id, policies):
    check_legible(plot.episode(record_episode(environment_id, policies, seed=2, steps=30)))


@pytest.mark.slow
def test_trust_and_loyalty_can_be_read():
    for environment_id in ("GraduatedSanction-v0", "ApacheProject-v0"):
        check_legible(plot.bonds(record_episode(environment_id, "random", seed=2, steps=6)))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["random", "tit_for_tat", "constant_010"])
@pytest.mark.parametrize("environment_id", [*coopetition.ENVIRONMENT_IDS, *coopetition.STRONG_IDS])
def test_everything_can_be_read_in_every_game(environment_id, policy):
    record = record_episode(environment_id, policy, seed=2)
    check_legible(plot.episode(record))
    check_legible(plot.bonds(record))


def test_what_cannot_be_read_is_noticed():
    figure = plot.episode(record_episode("SLCD-v0", steps=3))
    for place, words in (((0.02, 0.95), "covers"), ((0.95, 0.02), "cut off")):
        added = figure.text(*place, "far too long a text", fontsize=14)
        with pytest.raises(AssertionError, match=words):
            check_legible(figure)
        added.remove()


ENDS = [
    ("TrustDilemma-v0", "constant_020", {}, "collapsed at step 3 of 100"),
    pytest.param("RecoveryRace-v0", "constant_100", {}, "recovered at step 174 of 200", marks=pytest.mark.slow),
    pytest.param("CoalitionFormation-v0", "constant_000", {}, "dissolved", marks=pytest.mark.slow),
    ("SLCD-v0", "tit_for_tat", {"horizon": 5}, "played to the horizon of 5 steps"),
]


@pytest.mark.parametrize(("environment_id", "policy", "options", "said"), ENDS)
def test_the_end_is_said_and_marked(environment_id, policy, options, said):
    record = record_episode(environment_id, policy, **options)
    figure = plot.episode(record)
    assert said in figure.texts[1].get_text()
    panels = [axes for axes in figure.axes if axes.get_xlim() == (0.0, record.game.horizon)]
    marks = [line for axes in panels for line in axes.lines if line.get_gid() == "end"]
    by_rule = record.end != "horizon"
    assert len(marks) == (len(panels) if by_rule else 0)
    assert all(line.get_xdata()[0] == record.steps for line in marks)


def test_running_returns_are_what_was_rewarded():
    record = record_episode("GiftExchange-v0", ["constant_060", "random"], seed=1, steps=9)
    figure = plot.episode(record)
    (axes,) = [axes for axes in figure.axes if axes.get_ylabel() == "running return"]
    for i in range(2):
        np.testing.assert_allclose(axes.lines[i].get_ydata(), record.rewards[:, i].cumsum())


def test_agents_keep_their_colours():
    from matplotlib.colors import to_hex

    record = record_episode("AppleAppStore-v0", ["random", "constant_030", "constant_090"], seed=1, steps=9)
    own = [plot.agent_colour(i) for i in range(3)]
    lines = {
        axes.get_ylabel(): [to_hex(line.get_color()).upper() for line in axes.lines[:3]]
        for axes in plot.episode(record).axes
        if axes.get_ylabel()
    }
    assert lines == dict.fromkeys(("rate", "trust in it", "payoff", "running return"), own)
    first = plot.bonds(record).axes[0]  # the first agent trusts the second and the third
    solid = [to_hex(line.get_color()).upper() for line in first.lines if line.get_linestyle() == "-"]
    assert solid == own[1:]


@pytest.mark.slow
def test_episode_is_written(tmp_path):
    record = record_episode("RenaultNissan-v0", "constant_060", steps=3)
    for suffix in ("png", "svg"):
        path = tmp_path / f"episode.{suffix}"
        plot.episode(record, path)
        assert path.stat().st_size > 1000


def test_nothing_global_is_left_behind():
    import matplotlib.pyplot as plt

    plot.episode(record_episode("SLCD-v0", steps=3))
    assert plt.get_fignums() == []


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    record = record_episode("SLCD-v0", steps=3)
    for draw in (lambda: plot.episode(record), lambda: plot.frame(record.game, history_of(record, 3))):
        with pytest.raises(ImportError, match=r"pip install 'coopetition\[plot\]'"):
            draw()


#: Machado, Oliveira and Fernandes (2009), severity 1: what linear RGB looks like to people without red or green cones.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]


@pytest.mark.parametrize("seen_as", [np.eye(3), PROTANOPIA, DEUTERANOPIA], ids=["all", "protanopia", "deuteranopia"])
def test_colours_are_told_apart(seen_as):
    values = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in plot.COLOURS]
    linear = np.where(
        np.array(values) <= 0.04045, np.array(values) / 12.92, ((np.array(values) + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(linear @ np.array(seen_as).T, 0.0, 1.0) ** (1 / 2.2)
    for i in range(len(seen)):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 0.1, (plot.COLOURS[i], plot.COLOURS[j])
