"""Figures: what is drawn, and that nothing covers anything."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import coopetition
from coopetition import plot
from coopetition.baselines import record_episode

SIZES = [("SLCD-v0", 2), ("AppleAppStore-v0", 3), ("PlatformEcosystem-v0", 5), ("GraduatedSanction-v0", 6)]
SIZES += [("LoyaltyTeam-v0", 4), ("CoalitionFormation-v0", 6), ("ApacheProject-v0", 40)]


def history_of(record, steps):
    state = {name: record.states[name][steps] for name in ("trust", "loyalty") if name in record.states}
    return {"rates": record.rates[:steps], "payoffs": record.payoffs[:steps], "time": steps, **state}


@pytest.mark.parametrize("steps", [0, 1, 6])
@pytest.mark.parametrize(("environment_id", "n"), SIZES)
def test_frames(environment_id, n, steps):
    record = record_episode(environment_id, "random", seed=2, steps=6)
    assert record.game.n == n
    steps = min(steps, record.steps)
    image = plot.frame(record.game, history_of(record, steps))
    assert image.shape == (576, 1024, 3)
    assert image.dtype == np.uint8
    assert image.flags.owndata
    assert (image[0] == 255).all()
    assert (image < 128).any()


def test_frames_show_what_happens():
    record = record_episode("SLCD-v0", ["constant_090", "constant_010"], steps=6)
    frames = [plot.frame(record.game, history_of(record, steps)) for steps in (0, 3, 6)]
    assert not np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[1], frames[2])
    np.testing.assert_array_equal(frames[2], plot.frame(record.game, history_of(record, 6)))


def test_frames_of_trust_that_many_agents_have():
    game = coopetition.make_game("DynamicPartnerSelection-v0", n_agents=40)
    history = {"rates": np.full((2, 40), 0.5), "payoffs": np.ones((2, 40)), "time": 2, "trust": np.eye(40)}
    assert plot.frame(game, history).shape == (576, 1024, 3)


def test_wrong_shapes_are_refused():
    game = coopetition.make_game("SLCD-v0")
    with pytest.raises(ValueError, match=r"rates have shape \(4, 3\), expected \(steps, 2\)"):
        plot.frame(game, {"rates": np.zeros((4, 3)), "payoffs": np.zeros((4, 2)), "trust": np.zeros((2, 2))})


def drawn_texts(figure):
    """Every text that is seen, with its box in pixels."""
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent(renderer)) for text in texts]


@pytest.mark.parametrize("policies", ["random", "mixed"])
@pytest.mark.parametrize(("environment_id", "n"), SIZES)
def test_legend_and_labels_cover_nothing(environment_id, n, policies):
    names = "random" if policies == "random" else ["random", *["constant_080"] * (n - 1)]
    figure = plot.episode(record_episode(environment_id, names, seed=2, steps=8))
    texts = drawn_texts(figure)
    width, height = figure.bbox.width, figure.bbox.height
    (legend,) = figure.legends
    box = legend.get_window_extent()
    for axes in figure.axes:
        assert not box.overlaps(axes.get_window_extent()), "the legend covers a plot"
    legend_texts = set(legend.get_texts())
    for text, place in texts:
        if text.axes is not None and text.get_text() not in ("b/e", "cap"):
            in_view = text.axes.get_window_extent().expanded(1.6, 1.6)
            if not in_view.overlaps(place):
                continue  # ticks outside the limits, which are not drawn
        assert place.x0 >= 0, text
        assert place.y0 >= 0, text
        assert place.x1 <= width + 1, text
        assert place.y1 <= height + 1, text
        if text not in legend_texts and text.axes is not None:
            assert not box.overlaps(place), f"the legend covers {text.get_text()!r}"
    title = [place for text, place in texts if text.get_text().startswith(environment_id)]
    assert not box.overlaps(title[0])


def test_episode_is_written(tmp_path):
    record = record_episode("RenaultNissan-v0", "constant_060", steps=20)
    for suffix in ("png", "pdf", "svg"):
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
