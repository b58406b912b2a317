"""What all figures share: colours, the title, axes, names, and how a figure is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, told apart with every common colour blindness; yellow, too pale for lines, is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Of reward modes; another one's is black.
MODE_COLOURS = {"private": "#D55E00", "integrated": "#0072B2", "cooperative": "#009E73"}
#: Inches across and dots per inch: 1024 pixels, a multiple of 16, as video encoders want.
WIDTH, DPI = 10.24, 100
INK, MUTED, GRID, PAST = "#333333", "#777777", "#E6E6E6", "#F3F3F3"
#: A map that is as light to the colour-blind as to others, from low to high.
MAP = "cividis"


def agent_colour(i: int) -> str:
    """The colour of agent number i in every figure; from the eighth agent on colours come again.

    Examples
    --------
    >>> agent_colour(0), agent_colour(7)
    ('#0072B2', '#0072B2')
    """
    return COLOURS[i % len(COLOURS)]


def agent_style(i: int, n: int) -> dict[str, Any]:
    """Colour, dashes and width of agent i of n, such that lines of equal agents, one on another, are seen."""
    if n <= 2:
        return {"color": agent_colour(i), "linestyle": ("-", (0, (5, 3)))[i], "linewidth": 2.0}
    # Dashes of many jagged lines cannot be read: later ones lie on earlier ones and are thinner.
    return {"color": agent_colour(i), "linestyle": "-", "linewidth": 3.2 - 2.2 * i / (n - 1)}


def require_matplotlib() -> None:
    """Import matplotlib.

    Raises
    ------
    ImportError
        It is not installed, with how to install it.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ImportError("figures need matplotlib, which is not installed: pip install 'coopetition[plot]'") from error


def blank(title: str, said: str = "", height: float = 5.76, width: float = WIDTH) -> Figure:
    """A figure with a title and a line under it."""
    require_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    left = 0.2 / width
    figure.text(left, 1.0 - 0.13 / height, title, ha="left", va="top", fontsize=13, fontweight="bold", color=INK)
    if said:
        figure.text(left, 1.0 - 0.40 / height, said, ha="left", va="top", fontsize=10, color=INK)
    return figure


def inches(figure: Figure, left: float, bottom: float, right: float, top: float) -> dict[str, float]:
    """Margins in inches as a grid takes them."""
    width, height = figure.get_size_inches()
    return {"left": left / width, "bottom": bottom / height, "right": 1.0 - right / width, "top": 1.0 - top / height}


def tidy(axes: Axes, lines: str = "y") -> None:
    """Few lines, and grey ones."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors=INK, labelsize=9, length=3)
    if lines:
        axes.grid(axis=lines, color=GRID, linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def label(axes: Axes, x: str = "", y: str = "") -> None:
    """Names of the axes."""
    axes.set_xlabel(x, fontsize=10, color=INK)
    axes.set_ylabel(y, fontsize=10, color=INK)


def plain_numbers(axes: Axes) -> None:
    """Payoffs as numbers with thousands set apart, without offsets or powers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def shown(value: float, _: Any) -> str:
        return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.4g}"

    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(shown))


def least_span(axes: Axes, values: Any, share: float = 0.1) -> None:
    """Let an axis span at least this share of the values' size: what hardly moves should look so.

    Parameters
    ----------
    values : array_like
        What is drawn; entries that are not finite do not count.
    share : float
        Of the largest absolute value.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return
    low, high = float(finite.min()), float(finite.max())
    span = max(1.16 * (high - low), share * max(abs(low), abs(high)), 1e-9)
    middle = 0.5 * (low + high)
    axes.set_ylim(middle - 0.5 * span, middle + 0.5 * span)


def legend_columns(names: Sequence[str], width: float = WIDTH) -> int:
    """How many names go on a line: a letter is about eight dots wide, the line before it and the gaps sixty."""
    return max(1, min(len(names), 4, int(width * DPI / (7.5 * max(map(len, names)) + 62))))


def short(agents: Sequence[str]) -> list[str]:
    """Names for narrow places: role_k as the role's first letter and k."""
    return [f"{name[0]}{name.rpartition('_')[2]}" if "_" in name else name for name in agents]


def ink_on(share: float) -> str:
    """Black or white, whichever is read on this place of `MAP`, in [0, 1]."""
    return "white" if share < 0.55 else "black"


def write(figure: Figure, path: str | Path | None) -> Figure:
    """The figure, written where a path is given."""
    if path is not None:
        figure.savefig(path, dpi=DPI)
    return figure
