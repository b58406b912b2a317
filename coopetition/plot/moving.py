"""Moving pictures: an episode that is drawn step by step, as a GIF.

The figure is drawn twice, with the data and without; each picture takes from the first what has been played so far, so
that a hundred steps take a second or two and no scale jumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot.episodes import Drawn, drawn_episode
from coopetition.plot.panels import APART, TOGETHER, amount, band_colours
from coopetition.plot.style import ink_on

if TYPE_CHECKING:
    from coopetition.baselines.record import EpisodeRecord

#: Pictures of an episode at most, seconds that they take in all and that the last one stays.
PICTURES, SECONDS, LAST = 40, 6.0, 2.5
#: Dots per inch: a GIF of 819 x 550.
DOTS = 80


def animate(record: EpisodeRecord, path: str | Path, *, seconds: float = SECONDS, pictures: int = PICTURES) -> Path:
    """Write an episode as a moving picture: the figure of `episode`, as it comes about.

    Parameters
    ----------
    record : EpisodeRecord
        From `coopetition.baselines.record_episode`.
    path : str or Path
        Where to write it; the suffix is ``.gif``.
    seconds : float
        How long the episode takes; the last picture stays a little longer.
    pictures : int
        How many pictures at most, at least 2; of longer episodes every so many steps are shown.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        Another suffix, or no time, or too few pictures.

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.baselines import record_episode
    >>> plot.animate(record_episode("SLCD-v0"), "slcd.gif")  # doctest: +SKIP
    PosixPath('slcd.gif')
    """
    to = Path(path)
    if to.suffix.lower() != ".gif":
        raise ValueError(f"path = {str(path)!r}: a moving picture is a .gif")
    if not seconds > 0.0:
        raise ValueError(f"seconds = {seconds!r}: expected a positive number")
    if pictures < 2:
        raise ValueError(f"pictures = {pictures!r}: expected at least 2")
    from PIL import Image

    steps = shown_steps(record.steps, pictures)
    raw = [Image.fromarray(one) for one in drawn_steps(record, steps)]
    # One palette for all, from the picture that has most in it, so that nothing flickers; paper stays white.
    palette = raw[-1].quantize(256)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[(colours >= 248).all(axis=1)] = 255
    palette.putpalette(colours.ravel().tolist())
    made: list[Image.Image] = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in raw]
    each = max(20, int(1000 * seconds / len(made)))
    durations = [each] * (len(made) - 1) + [int(1000 * LAST)]
    made[0].save(to, save_all=True, append_images=made[1:], duration=durations, loop=0, optimize=False)
    return to


def shown_steps(steps: int, pictures: int) -> list[int]:
    """Which steps have a picture: reset and the last always.

    Examples
    --------
    >>> shown_steps(4, 60), shown_steps(100, 5)
    ([0, 1, 2, 3, 4], [0, 25, 50, 75, 100])
    """
    return sorted({int(round(step)) for step in np.linspace(0, steps, min(pictures, steps + 1))})


def drawn_steps(record: EpisodeRecord, steps: list[int]) -> Iterator[np.ndarray]:
    """A picture (H, W, 3) uint8 of the episode after each of these steps.

    Parameters
    ----------
    steps : list of int
        Rising, from 0 to the episode's length.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = drawn_episode(record)
    drawn.figure.set_dpi(DOTS)
    canvas = FigureCanvasAgg(drawn.figure)

    def picture() -> np.ndarray:
        return np.array(canvas.buffer_rgba())[..., :3].copy()

    canvas.draw()
    whole = picture()
    ends = [one for axes in drawn.panels for one in axes.get_children() if one.get_gid() == "end"]
    moving = [*drawn.beside.images, *drawn.beside.patches, *drawn.totals.patches, *drawn.totals.texts, drawn.said]
    # Of few, numbers move too; of more they could not be read while they do.
    numbers = list(drawn.beside.texts) if "trust" in record.states else []
    readable = record.game.n <= TOGETHER
    moving += numbers if readable else []
    for artist in (*drawn.data, *ends, *moving, *numbers):
        artist.set_visible(False)
    canvas.draw()
    ground = canvas.copy_from_bbox(drawn.figure.bbox)
    for artist in moving:
        artist.set_visible(True)
    boxes = [_pixels(drawn, axes) for axes in drawn.panels]
    said, horizon = drawn.said.get_text(), record.game.horizon
    state = "loyalty" if "loyalty" in record.states else "trust"
    sums = np.concatenate([np.zeros((1, record.game.n)), record.rewards.cumsum(axis=0)])
    colours = band_colours(record.game, record.policies)
    axes = drawn.totals
    span = float(np.ptp(np.concatenate([sums[-1], [0.0]]))) or 1.0
    for step in steps:
        if step == record.steps:
            yield whole
            continue
        drawn.said.set_text(f"step {step} of {horizon}   {said.partition('   ')[2]}")
        _move_state(drawn.beside, record.states[state][step], colours, numbers if readable else [])
        _move_totals(axes, sums[step], colours, span)
        canvas.restore_region(ground)
        for artist in moving:
            drawn.figure.draw_artist(artist)
        shown = picture()
        for left, low, right, high in boxes:
            reached = left + int(np.ceil((right - left) * step / horizon)) + (2 if step else 0)
            shown[low:high, left - 3 : reached] = whole[low:high, left - 3 : reached]
        yield shown


def _move_state(axes: Any, values: np.ndarray, colours: list[str], numbers: list[Any]) -> None:
    """The heat map of trust, or the bars of loyalty, at another moment."""
    if values.ndim == 2:
        n = len(values)
        axes.images[0].set_data(np.ma.masked_array(values, mask=np.eye(n, dtype=bool)))
        pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
        for text, (i, j) in zip(numbers, pairs, strict=False):
            text.set_text(f"{values[i, j]:.2f}")
            text.set_color(ink_on(values[i, j]))
        return
    _move_bars(axes, values, colours)


def _move_bars(axes: Any, values: np.ndarray, colours: list[str]) -> None:
    order = np.argsort(-values, kind="stable") if len(values) > APART else np.arange(len(values))
    for bar, i in zip(axes.patches, order, strict=True):
        bar.set_height(values[i])
        bar.set_color(colours[i])


def _move_totals(axes: Any, totals: np.ndarray, colours: list[str], span: float) -> None:
    """The bars of `coopetition.plot.panels.draw_totals` at another moment, on the scale of the end."""
    if len(totals) > APART:
        _move_bars(axes, totals, colours)
        return
    for bar, text, total in zip(axes.patches, axes.texts, totals, strict=True):
        bar.set_width(total)
        text.set_text(f" {amount(total)} ")
        # A number beside a bar that is not there yet.
        text.set_x(total if abs(total) > 1e-3 * span else 0.0)


def _pixels(drawn: Drawn, axes: Any) -> tuple[int, int, int, int]:
    """A panel's left, upper, right and lower edge in the picture."""
    box = axes.get_window_extent()
    height = int(drawn.figure.bbox.height)
    return int(box.x0), int(height - box.y1) - 3, int(box.x1), int(height - box.y0) + 4
