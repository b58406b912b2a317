"""An episode: one frame while it is played, and the whole of a recorded one.

Rates, trust or loyalty, payoffs and running returns stand one above the other, so that an event is seen at the same
place in all. Up to three agents share a panel; up to eight have a column each, with the others in grey; more are drawn
as bands, and their rates as a map with a row an agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.games.game import Game
from coopetition.plot import panels, relations
from coopetition.plot.panels import APART, BANDS_SAID, TOGETHER, Row
from coopetition.plot.style import INK, blank, inches, label, legend_columns, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coopetition.baselines.record import EpisodeRecord

#: Height in inches of a whole episode, and of a frame: with 10.24 across, 1024 x 688 and 1024 x 576.
HEIGHT, FRAME = 6.88, 5.76
#: Ends that an episode comes to by the game's own rule; the horizon is none.
HORIZON = ("horizon", "stopped")


@dataclass
class Drawn:
    """A figure of an episode and what an animation moves in it."""

    figure: Figure
    panels: list[Axes]
    data: list[Any]
    beside: Axes
    totals: Axes
    title: str
    said: Any


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
    rates = _over_time(game, "rates", history["rates"])
    payoffs = _over_time(game, "payoffs", history["payoffs"])
    time = int(np.asarray(history.get("time", len(rates))))
    rows = [_rate_row(game, rates), Row("payoff", payoffs)]
    totals = ("payoff so far", payoffs.sum(axis=0))
    drawn = _draw(game, (), rows, f"step {time} of {game.horizon}", None, history, totals, FRAME)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(drawn.figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()


def episode(record: EpisodeRecord, path: str | Path | None = None) -> Figure:
    """Draw a recorded episode: rates, trust or loyalty, payoffs and running returns, and how it ended.

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

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.baselines import record_episode
    >>> figure = plot.episode(record_episode("TrustDilemma-v0", "constant_020"))
    >>> figure.texts[1].get_text()
    'collapsed at step 3 of 100   integrated rewards   all play constant_020'
    """
    return write(drawn_episode(record).figure, path)


def drawn_episode(record: EpisodeRecord) -> Drawn:
    """The figure of `episode`, with its parts."""
    game = record.game
    state = "loyalty" if "loyalty" in record.states else "trust"
    rows = [
        _rate_row(game, record.rates),
        *([Row("intensity", record.states["intensity"][1:], unit=True)] if game.axes > 1 else []),
        bond_row(record),
        Row("payoff", record.payoffs),
        Row("running return", record.rewards.cumsum(axis=0)),
    ]
    totals = (f"return in all ({game.reward_mode})", record.rewards.sum(axis=0))
    last = {state: record.states[state][-1]}
    return _draw(game, record.policies, rows, said_of(record), end_of(record), last, totals, HEIGHT)


def end_of(record: EpisodeRecord) -> tuple[int, str] | None:
    """The step and the word of an end by the game's own rule; None at the horizon."""
    return None if record.end in HORIZON else (record.steps, record.end)


def said_of(record: EpisodeRecord) -> str:
    """How it ended, what was rewarded, and who played if that was one policy."""
    game = record.game
    if end_of(record):
        how = f"{record.end} at step {record.steps} of {game.horizon}"
    elif record.end == "horizon":
        how = f"played to the horizon of {game.horizon} steps"
    else:
        how = f"{record.steps} of {game.horizon} steps"
    parts = [how, f"{game.reward_mode} rewards"]
    if len(set(record.policies)) == 1:
        parts.append(f"all play {panels.tail(record.policies[0])}")
    return "   ".join(parts)


def bond_row(record: EpisodeRecord) -> Row:
    """Trust that each agent enjoys, or its loyalty, from reset on, and what of it decides the end."""
    game = record.game
    parameters: Any = game.parameters
    if "loyalty" in record.states:
        marks = {"cap": parameters.loyalty_cap} if parameters.loyalty_cap < 1.0 else {}
        if hasattr(parameters, "exit_threshold"):
            marks["exit"] = parameters.exit_threshold
        return Row("loyalty", record.states["loyalty"], 0, marks, unit=True)
    marks = {"collapse": parameters.collapse_threshold} if parameters.collapse_threshold > 0.0 else {}
    if np.isfinite(parameters.recovery_target):
        marks["recovery"] = parameters.recovery_target
    return Row("trust in it", record.states["trust"].sum(axis=1) / (game.n - 1), 0, marks, unit=True)


# --- the whole


def _draw(
    game: Game,
    policies: Sequence[str],
    rows: Sequence[Row],
    said: str,
    end: tuple[int, str] | None,
    state: Mapping[str, Any],
    totals: tuple[str, np.ndarray],
    height: float,
) -> Drawn:
    if game.n > APART:
        said += BANDS_SAID
    elif game.n > TOGETHER and any(panels.jagged(row.values[:, i]) for row in rows for i in range(game.n)):
        said += "   bold where values jump: running means"
    figure = blank(game.id, said, height)
    names = panels.names(game, policies)
    lines = -(-len(names) // legend_columns(names))
    many = game.n > APART
    columns = game.n if TOGETHER < game.n <= APART else 1
    spec: Any = inches(figure, 0.98 if columns > 1 else 0.8, 0.5, 0.18, 0.98 + 0.2 * lines)
    tall = [1.5 if many and k == 0 else 1.0 for k in range(len(rows))]
    outer = figure.add_gridspec(1, 2, width_ratios=(2.3, 1.0), wspace=0.23, **spec)
    inner = outer[0].subgridspec(len(rows), columns, height_ratios=tall, hspace=0.2, wspace=0.1)
    drawn: list[Axes] = []
    data: list[Any] = []
    for k, row in enumerate(rows):
        last = k == len(rows) - 1
        if many and k == 0:
            axes = figure.add_subplot(inner[k, 0])
            panels.draw_map(axes, game, policies, row)
            drawn.append(axes)
        elif columns == 1:
            axes = figure.add_subplot(inner[k, 0])
            panels.draw_lines(axes, game, policies, row)
            drawn.append(axes)
            panels.scale([axes], game, row)
        else:
            group = [figure.add_subplot(inner[k, i]) for i in range(columns)]
            for i, axes in enumerate(group):
                panels.draw_one(axes, game, row, i)
                axes.tick_params(labelleft=i == 0)
            panels.scale(group, game, row)
            drawn += group
            if k == 0:
                panels.head(group, game, policies)
        for i, axes in enumerate(drawn[-columns:]):
            data += [one for one in (*axes.lines, *axes.collections, *axes.images) if one.get_gid() != "fixed"]
            panels.mark(axes, game, row, named=i == columns - 1)
            panels.time_axis(axes, game, end, last, named=k == 0 and columns == 1, thin=columns > 1)
            label(axes, "step" if last else "", row.name if i == 0 else "")
            if k == 0 and many:
                axes.set_ylabel("agent", fontsize=10, color=INK)
    figure.align_ylabels([panel for panel in drawn if panel.get_ylabel()])
    right = outer[1].subgridspec(2, 1, height_ratios=(1.5, 1.0), hspace=0.34)
    beside = figure.add_subplot(right[0])
    relations.draw_state(beside, game, state, panels.band_colours(game, policies))
    below = figure.add_subplot(right[1])
    panels.draw_totals(below, game, *totals, panels.band_colours(game, policies))
    panels.name_agents(figure, game, names, policies)
    return Drawn(figure, drawn, data, beside, below, totals[0], figure.texts[1])


def _over_time(game: Game, name: str, values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, game.n))
    if array.ndim != 2 or array.shape[1] != game.n:
        raise ValueError(f"{name} have shape {array.shape}, expected (steps, {game.n})")
    return array


def _rate_row(game: Game, rates: np.ndarray) -> Row:
    baselines = sorted({round(float(rate), 6) for rate in game.baseline_rate})
    marks = {"b/e" if k == len(baselines) - 1 else f"b/e {k}": rate for k, rate in enumerate(baselines)}
    return Row("rate", rates, marks=marks, unit=True)
