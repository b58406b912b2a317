"""Figures of episodes: one frame while it is played, and the whole of a recorded one.

Matplotlib is the extra ``plot``; it is imported when something is drawn, and never through pyplot, so that
drawing leaves no global state behind and works without a display.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.games.game import Game

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coopetition.baselines.record import EpisodeRecord

#: Okabe and Ito's colours, told apart with every common colour blindness; yellow, too pale for lines, is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: With more agents than this, single lines cannot be told apart: their spread is drawn.
MOST_LINES = len(COLOURS)
#: Inches and dots: 1024 x 576, which video encoders take (both are multiples of 16).
SIZE = (10.24, 5.76)
DPI = 100
INK = "#333333"


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


def frame(game: Game, history: Mapping[str, Any]) -> np.ndarray:
    """Draw the episode so far: rates and payoffs over time, and trust or loyalty as they are.

    Parameters
    ----------
    game : Game
        What is played.
    history : mapping
        ``rates`` (T, N) and ``payoffs`` (T, N) of the steps played, ``time``, and the present ``trust`` (N, N) or
        ``loyalty`` (N,).

    Returns
    -------
    ndarray (576, 1024, 3) uint8

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        Rates or payoffs of another shape.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rates = _over_time(game, "rates", history["rates"])
    payoffs = _over_time(game, "payoffs", history["payoffs"])
    time = int(np.asarray(history.get("time", len(rates))))
    figure = _figure(f"{game.id}   step {time} of {game.horizon}")
    names = _names(game)
    grid = _grid(figure, 2, names)
    _draw_rates(figure.add_subplot(grid[0, 0]), game, rates)
    _draw_payoffs(figure.add_subplot(grid[1, 0]), game, payoffs, last=True)
    _draw_relations(figure.add_subplot(grid[:, 1]), game, history)
    _name_agents(figure, game, names)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()


def episode(record: EpisodeRecord, path: str | Path | None = None) -> Figure:
    """Draw a recorded episode: rates, payoffs, trust or loyalty over time, and how it stood at the end.

    Parameters
    ----------
    record : EpisodeRecord
        From `coopetition.baselines.record_episode`.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        A suffix that matplotlib cannot write.
    """
    require_matplotlib()
    game = record.game
    title = f"{game.id}   {record.steps} of {game.horizon} steps, end: {record.end}"
    if len(set(record.policies)) == 1:
        title += f"   all play {record.policies[0]}"
    figure = _figure(title, height=6.88)
    names = _names(game, record.policies)
    grid = _grid(figure, 3, names)
    _draw_rates(figure.add_subplot(grid[0, 0]), game, record.rates)
    _draw_payoffs(figure.add_subplot(grid[1, 0]), game, record.payoffs)
    state = "loyalty" if "loyalty" in record.states else "trust"
    values = record.states[state]
    _draw_state(figure.add_subplot(grid[2, 0]), game, state, values)
    _draw_relations(figure.add_subplot(grid[:, 1]), game, {state: values[-1]})
    _name_agents(figure, game, names)
    if path is not None:
        figure.savefig(path, dpi=DPI)
    return figure


# --- parts


def _over_time(game: Game, name: str, values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, game.n))
    if array.ndim != 2 or array.shape[1] != game.n:
        raise ValueError(f"{name} have shape {array.shape}, expected (steps, {game.n})")
    return array


def _figure(title: str, height: float = SIZE[1]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0], height), dpi=DPI, facecolor="white")
    figure.text(0.02, 1.0 - 0.15 / height, title, ha="left", va="top", fontsize=13, fontweight="bold", color=INK)
    return figure


def _grid(figure: Figure, rows: int, names: Sequence[str]) -> Any:
    # The lines of names stand between the title and the plots; margins in inches.
    height = figure.get_figheight()
    lines = -(-len(names) // _columns(names))
    bottom, top = 0.55 / height, 1.0 - (0.75 + 0.2 * lines) / height
    spec: dict[str, Any] = {"left": 0.075, "right": 0.975, "bottom": bottom, "top": top, "hspace": 0.22, "wspace": 0.2}
    return figure.add_gridspec(rows, 2, width_ratios=(1.55, 1.0), **spec)


def _columns(names: Sequence[str]) -> int:
    """How many names go on a line: a letter is about eight dots wide, the line before it and the gaps sixty."""
    return max(1, min(len(names), 4, int(SIZE[0] * DPI / (7.5 * max(map(len, names)) + 62))))


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors=INK, labelsize=9, length=3)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    axes.set_axisbelow(True)


def _style(i: int, n: int) -> dict[str, Any]:
    """Colour, dashes and width of agent i of n, such that lines of equal agents, one on another, are seen."""
    colour = COLOURS[i % len(COLOURS)]
    if n <= 2:
        return {"color": colour, "linestyle": ("-", (0, (5, 3)))[i], "linewidth": 2.0}
    # Dashes of many jagged lines cannot be read: later ones lie on earlier ones and are thinner.
    return {"color": colour, "linestyle": "-", "linewidth": 3.2 - 2.2 * i / (n - 1)}


def _draw_lines(axes: Axes, game: Game, steps: np.ndarray, values: np.ndarray) -> None:
    """One line an agent, or the spread of many."""
    if not len(steps):
        return
    single = len(steps) == 1
    marker: dict[str, Any] = {"marker": "o", "markersize": 4} if single else {}
    if game.n <= MOST_LINES:
        for i in range(game.n):
            axes.plot(steps, values[:, i], **_style(i, game.n), **marker)
        return
    low, quarter, middle, three_quarters, high = np.quantile(values, (0.0, 0.25, 0.5, 0.75, 1.0), axis=1)
    if single:
        axes.vlines(steps, low, high, color=COLOURS[5], alpha=0.25, linewidth=5)
        axes.vlines(steps, quarter, three_quarters, color=COLOURS[0], alpha=0.35, linewidth=5)
    else:
        axes.fill_between(steps, low, high, color=COLOURS[5], alpha=0.25, linewidth=0)
        axes.fill_between(steps, quarter, three_quarters, color=COLOURS[0], alpha=0.35, linewidth=0)
    axes.plot(steps, middle, color=COLOURS[0], linewidth=2.0, **marker)


def _time_axis(axes: Axes, game: Game, last: bool) -> None:
    axes.set_xlim(0, game.horizon)
    if last:
        axes.set_xlabel("step", fontsize=10, color=INK)
    else:
        axes.tick_params(labelbottom=False)


def _draw_rates(axes: Axes, game: Game, rates: np.ndarray) -> None:
    _tidy(axes)
    for baseline in sorted({round(float(rate), 6) for rate in game.baseline_rate}):
        axes.axhline(baseline, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)))
    baseline = float(game.baseline_rate.max())
    # Written outside, where no line can run through it.
    axes.text(game.horizon * 1.005, baseline, "b/e", fontsize=8.5, color="#777777", va="center", ha="left")
    _draw_lines(axes, game, np.arange(1, len(rates) + 1), rates)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("cooperation rate", fontsize=10, color=INK)
    _time_axis(axes, game, last=False)


def _draw_payoffs(axes: Axes, game: Game, payoffs: np.ndarray, last: bool = False) -> None:
    _tidy(axes)
    _draw_lines(axes, game, np.arange(1, len(payoffs) + 1), payoffs)
    axes.margins(y=0.12)
    if len(payoffs) and np.ptp(payoffs) < 1e-3 * (1.0 + np.abs(payoffs).max()):
        # A payoff that hardly moves should look so, not like its rounding errors.
        middle = float(payoffs.mean())
        axes.set_ylim(middle - 0.1 * abs(middle) - 1.0, middle + 0.1 * abs(middle) + 1.0)
    axes.set_ylabel("payoff", fontsize=10, color=INK)
    axes.ticklabel_format(axis="y", useOffset=False)
    _time_axis(axes, game, last)


def _draw_state(axes: Axes, game: Game, name: str, values: np.ndarray) -> None:
    """Trust that each agent enjoys, or its loyalty, from reset on."""
    _tidy(axes)
    per_agent = values.sum(axis=1) / (game.n - 1) if name == "trust" else values
    _draw_lines(axes, game, np.arange(len(values)), per_agent)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("trust in it" if name == "trust" else "loyalty", fontsize=10, color=INK)
    _time_axis(axes, game, last=True)


def _draw_relations(axes: Axes, game: Game, state: Mapping[str, Any]) -> None:
    """The present trust as a heat map, or loyalty as bars."""
    if "loyalty" in state:
        _draw_loyalty(axes, game, np.asarray(state["loyalty"], dtype=np.float64))
    elif "trust" in state:
        _draw_trust(axes, game, np.asarray(state["trust"], dtype=np.float64))
    else:
        axes.set_axis_off()


def _short(agents: Sequence[str]) -> list[str]:
    """Names for narrow places: role_k as the role's first letter and k."""
    return [f"{name[0]}{name.rpartition('_')[2]}" if "_" in name else name for name in agents]


def _draw_trust(axes: Axes, game: Game, trust: np.ndarray) -> None:
    n = game.n
    shown = np.ma.masked_array(trust, mask=np.eye(n, dtype=bool))
    picture = axes.imshow(shown, vmin=0.0, vmax=1.0, cmap="cividis", aspect="equal")
    axes.set_facecolor("#EEEEEE")
    names = list(game.agents) if n <= 3 else _short(game.agents)
    stride = max(1, -(-n // 12))
    places = range(0, n, stride)
    axes.set_xticks(places, [names[i] for i in places], fontsize=9, color=INK)
    axes.set_yticks(places, [names[i] for i in places], fontsize=9, color=INK)
    if n <= 3:
        axes.tick_params(axis="y", labelrotation=90)
        for label in axes.get_yticklabels():
            label.set_verticalalignment("center")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("trust of row in column", fontsize=10, color=INK)
    if n <= 10:
        for i in range(n):
            for j in range(n):
                if i != j:
                    ink = "white" if trust[i, j] < 0.55 else "black"
                    size = 13 if n <= 3 else 9 if n <= 6 else 7
                    axes.text(j, i, f"{trust[i, j]:.2f}", ha="center", va="center", color=ink, fontsize=size)
    axes.set_anchor("N")
    below = axes.inset_axes((0.0, -0.17, 1.0, 0.045))
    bar = axes.figure.colorbar(picture, cax=below, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, colors=INK, length=3)


def _draw_loyalty(axes: Axes, game: Game, loyalty: np.ndarray) -> None:
    _tidy(axes)
    n = game.n
    many = n > MOST_LINES
    # Many are sorted: what matters then is how loyalty is spread, not who is who.
    heights = np.sort(loyalty)[::-1] if many else loyalty
    colours: Any = COLOURS[0] if many else [COLOURS[i] for i in range(n)]
    axes.bar(np.arange(n), heights, width=0.75 if n <= 12 else 0.9, color=colours)
    cap = float(getattr(game.parameters, "loyalty_cap", 1.0))
    if cap < 1.0:
        axes.axhline(cap, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)))
        axes.text(n - 0.4, cap + 0.01, "cap", fontsize=8.5, color="#777777", va="bottom", ha="right")
    axes.set_xlim(-0.6, n - 0.4)
    axes.set_ylim(0.0, 1.04)
    if many:
        axes.set_xticks([])
        axes.set_xlabel(f"{n} agents, most loyal first", fontsize=10, color=INK)
    else:
        axes.set_xticks(range(n), _short(game.agents), fontsize=9, color=INK)
    axes.set_title("loyalty", fontsize=10, color=INK)


def _names(game: Game, policies: Sequence[str] = ()) -> list[str]:
    """What the legend says: the agents, or what their spread is drawn as."""
    if game.n > MOST_LINES:
        return [f"median of {game.n} agents", "middle half", "all"]
    names = list(game.agents)
    if game.n > 3:
        shorts = _short(names)
        names = [f"{name} ({short})" if name != short else name for name, short in zip(names, shorts, strict=True)]
    if len(set(policies)) > 1:
        names = [f"{name}: {policy}" for name, policy in zip(names, policies, strict=True)]
    return names


def _name_agents(figure: Figure, game: Game, names: Sequence[str]) -> None:
    """The legend, in a strip of its own under the title."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if game.n <= MOST_LINES:
        handles: list[Any] = [Line2D([], [], **_style(i, game.n)) for i in range(game.n)]
    else:
        handles = [
            Line2D([], [], color=COLOURS[0], linewidth=2.0),
            Patch(color=COLOURS[0], alpha=0.45, linewidth=0),
            Patch(color=COLOURS[5], alpha=0.25, linewidth=0),
        ]
    figure.legend(
        handles,
        names,
        loc="upper left",
        bbox_to_anchor=(0.012, 1.0 - 0.38 / figure.get_figheight()),
        ncols=_columns(names),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.6,
        columnspacing=1.6,
    )
