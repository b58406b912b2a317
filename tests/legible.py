"""Whether a figure can be read: no text over another one, under a legend, or beyond the edge."""

from __future__ import annotations

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg


def texts_of(figure):
    """Every text that is drawn, with its box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    found = list(figure.texts)
    for axes in all_axes(figure):
        if not axes.get_visible():
            continue
        found += axes.texts
        if not axes.axison:
            continue
        found += [axes.title, axes._left_title, axes._right_title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            for tick in axis.get_major_ticks():
                if low - slack <= tick.get_loc() <= high + slack:
                    found += [tick.label1, tick.label2]
    for legend in [*figure.legends, *(one for axes in figure.axes if (one := axes.get_legend()))]:
        found += legend.get_texts()
    seen = [text for text in found if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent(renderer)) for text in seen]


def all_axes(figure):
    """Axes, and those that stand in others."""
    found = []
    for axes in figure.axes:
        found += [axes, *axes.child_axes]
    return list(dict.fromkeys(found))


def check_legible(figure):
    """Raise at the first two texts that cover each other, or at one that is cut off or lies on a legend."""
    texts = texts_of(figure)
    width, height = figure.bbox.width, figure.bbox.height
    for text, box in texts:
        inside = box.x0 >= -0.5 and box.y0 >= -0.5 and box.x1 <= width + 0.5 and box.y1 <= height + 0.5
        assert inside, f"{text.get_text()!r} is cut off: {box}"
    for (one, first), (other, second) in combinations(texts, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        along = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across < 1.0 or along < 1.0, f"{one.get_text()!r} covers {other.get_text()!r}"
    for legend in figure.legends:
        box = legend.get_window_extent()
        for axes in figure.axes:
            assert not box.overlaps(axes.get_window_extent()), f"the legend covers {axes.get_title()!r}"
