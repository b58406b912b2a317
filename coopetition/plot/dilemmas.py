"""Dilemmas: Schelling curves, and how much of a dilemma a game is along a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot.style import COLOURS, INK, MUTED, blank, inches, label, least_span, plain_numbers, tidy, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Panels on a line, and inches of one.
ACROSS, DOWN = 5, 1.62
#: A panel's scale spans at least this share of the payoffs in it, so that a difference of .1 % is a hundredth of it.
SPAN = 0.1
LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("high: its part of the optimum", {"color": COLOURS[0], "marker": "o", "linestyle": "-"}),
    ("low: its part of the nash", {"color": COLOURS[1], "marker": "s", "linestyle": (0, (4, 2))}),
)


def schelling(dilemmas: Any, path: str | Path | None = None) -> Figure:
    """Draw Schelling curves: what high and low players have, by the number of high ones.

    Parameters
    ----------
    dilemmas : Dilemma or dict, or a sequence of them
        From `coopetition.oracles.dilemma`, or of the same as dictionaries.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure
        A panel each. Every scale spans at least a tenth of what is paid, so that games in which little is at stake look
        so; under the title stands by how much, at most, it pays to be low.

    Raises
    ------
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.oracles import dilemma
    >>> figure = plot.schelling(dilemma("PublicGoods-v0", episode=False))
    >>> figure.axes[0].get_title(loc="left")
    'PublicGoods-v0'
    """
    given = dilemmas if isinstance(dilemmas, Sequence) else [dilemmas]
    rows = [_fields(one) for one in given]
    modes = list(dict.fromkeys(row["mode"] for row in rows))
    across = min(ACROSS, len(rows))
    down = -(-len(rows) // across)
    few = len(rows) == 1
    height = 1.35 + down * (3.0 if few else DOWN + 0.5) + 0.1
    figure = blank("Schelling curves", f"one step, {', '.join(modes)} rewards", height, 6.4 if few else 10.24)
    spec: Any = inches(figure, 0.7, 0.55, 0.2, 1.3)
    grid = figure.add_gridspec(down, across, hspace=0.62, wspace=0.36, **spec)
    for k, row in enumerate(rows):
        axes = figure.add_subplot(grid[k // across, k % across])
        curves = np.array(row["schelling"], dtype=np.float64)
        number = np.arange(len(curves))
        for column, (_, look) in enumerate(LOOKS):
            many = len(curves) > 12
            axes.plot(number, curves[:, column], markersize=0 if many else 4, linewidth=1.8, **look)
        tidy(axes)
        least_span(axes, curves, SPAN)
        plain_numbers(axes)
        axes.set_xticks(_ticks(len(curves)))
        axes.margins(x=0.06)
        name = row["environment"] if few else row["environment"].removesuffix("-v0")
        axes.set_title(name, fontsize=10 if few else 8.5, color=INK, loc="left", pad=15)
        axes.annotate(
            _temptation(curves), (0.0, 1.0), (0.0, 3.0), "axes fraction", "offset points", fontsize=8, color=MUTED
        )
        axes.tick_params(labelsize=8)
        below = k + across >= len(rows)
        label(axes, "high players" if below else "", "payoff" if k % across == 0 else "")
    handles = [figure.axes[0].plot([], [], linewidth=1.8, markersize=4, **look)[0] for _, look in LOOKS]
    _legend(figure, handles, [word for word, _ in LOOKS])
    return write(figure, path)


def _fields(dilemma: Any) -> Mapping[str, Any]:
    return dilemma if isinstance(dilemma, Mapping) else dilemma.to_dict()


def _ticks(count: int) -> list[int]:
    stride = 1 if count <= 7 else -(-(count - 1) // 4)
    return list(range(0, count, stride))


def _temptation(curves: np.ndarray) -> str:
    """What it pays at most to be the low one of k high players, (N + 1, 2), in payoff."""
    gain = curves[:-1, 1] - curves[1:, 0]
    gain = gain[np.isfinite(gain)]
    if not gain.size:
        return ""
    most = float(gain.max())
    return "never pays to be low" if most <= 0.0 else f"low pays up to {most:.2g} more"


def along(dilemmas: Sequence[Any], name: str, values: Sequence[Any], path: str | Path | None = None) -> Figure:
    """Draw how much of a dilemma a game is along one of its parameters.

    Parameters
    ----------
    dilemmas : sequence of Dilemma or dict
        From `coopetition.oracles.dilemma_along`, in the order of `values`; of several games one after the other.
    name : str
        The parameter.
    values : sequence
        Its values: numbers, or words.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure
        The price of anarchy, greed and fear, a panel each, with a line a game.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        Another number of dilemmas than a multiple of the values.

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.oracles import dilemma_along
    >>> found = dilemma_along("PublicGoods-v0", "multiplier", [1.5, 2.0, 3.0])
    >>> figure = plot.along(found, "multiplier", [1.5, 2.0, 3.0])
    >>> figure.axes[0].lines[0].get_ydata().round(2).tolist()
    [1.5, 2.0, 3.0]
    """
    rows = [_fields(one) for one in dilemmas]
    if not values or len(rows) % len(values):
        raise ValueError(f"{len(rows)} dilemmas for {len(values)} values of {name}: expected so many for each game")
    games = [rows[k : k + len(values)] for k in range(0, len(rows), len(values))]
    title = games[0][0]["environment"] if len(games) == 1 else f"{len(games)} games"
    figure = blank(f"{title} along {name}", f"one step, {rows[0]['mode']} rewards", 3.9)
    spec: Any = inches(figure, 0.7, 0.6, 0.2, 1.3 if len(games) > 1 else 1.0)
    grid = figure.add_gridspec(1, 3, wspace=0.3, **spec)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    x = np.asarray(values, dtype=np.float64) if numbers else np.arange(len(values), dtype=np.float64)
    panels = (("price_of_anarchy", "price of anarchy"), ("greed", "greed"), ("fear", "fear"))
    for k, (key, word) in enumerate(panels):
        axes = figure.add_subplot(grid[0, k])
        tidy(axes)
        drawn = []
        for g, game in enumerate(games):
            y = np.array([np.nan if row[key] is None else row[key] for row in game], dtype=np.float64)
            axes.plot(x, y, color=COLOURS[g % len(COLOURS)], marker="o", markersize=4, linewidth=1.8)
            drawn.append(y)
        least_span(axes, np.concatenate(drawn), SPAN)
        plain_numbers(axes)
        if not numbers:
            axes.set_xticks(x, [str(value) for value in values])
        axes.set_title(word, fontsize=10, color=INK, loc="left")
        label(axes, name, "payoff" if k == 1 else "")
    if len(games) > 1:
        _legend(figure, figure.axes[0].lines, [game[0]["environment"].removesuffix("-v0") for game in games])
    return write(figure, path)


def _legend(figure: Figure, handles: Sequence[Any], names: Sequence[str]) -> None:
    place = (0.1 / figure.get_figwidth(), 1.0 - 0.58 / figure.get_figheight())
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=place, ncols=min(5, len(names)), frameon=False, fontsize=9,
        labelcolor=INK, columnspacing=1.4,
    )  # fmt: skip
