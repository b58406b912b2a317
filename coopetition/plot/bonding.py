"""Trust and loyalty through an episode: who trusts whom, up to which ceiling, and how loyal each is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot import relations
from coopetition.plot.episodes import bond_row, end_of, said_of
from coopetition.plot.panels import APART, BANDS_SAID, band_colours, draw_band, groups_of, time_axis
from coopetition.plot.style import COLOURS, INK, agent_colour, blank, inches, label, short, tidy, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coopetition.baselines.record import EpisodeRecord

#: Panels on a line, and the moments at which trust between all is shown.
ACROSS, MOMENTS = 4, 3
PANEL, MAPS, HEAD, GAP, FOOT = 1.45, 2.35, 1.2, 0.78, 0.42


def bonds(record: EpisodeRecord, path: str | Path | None = None) -> Figure:
    """Draw trust or loyalty through an episode.

    Parameters
    ----------
    record : EpisodeRecord
        From `coopetition.baselines.record_episode`.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each agent: its trust in each of the others, in their colours, with the ceiling 1 - R_ij that damage
        leaves dotted; or its loyalty. More than eight agents are bands. Below, all trust or loyalty at reset, midway
        and at the end.

    Raises
    ------
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.baselines import record_episode
    >>> figure = plot.bonds(record_episode("SLCD-v0", "tit_for_tat"))
    >>> [axes.get_title() for axes in figure.axes][:2]
    ['samsung trusts', 'sony trusts']
    """
    game = record.game
    trust = "trust" in record.states
    count = game.n if game.n <= APART else 1
    across = 3 if count in (5, 6) else min(ACROSS, count)
    down = -(-count // across)
    height = HEAD + down * (PANEL + 0.42) + GAP + MAPS + FOOT
    kind = "trust" if trust else "loyalty"
    said = said_of(record) + (BANDS_SAID if game.n > APART else "")
    figure = blank(f"{game.id}: {kind}", said, height)
    bottom = FOOT + MAPS + GAP
    upper: Any = inches(figure, 0.6, bottom, 0.75, HEAD)
    grid = figure.add_gridspec(down, across, hspace=0.42, wspace=0.12, **upper)
    for k in range(count):
        axes = figure.add_subplot(grid[k // across, k % across])
        tidy(axes)
        if game.n > APART:
            _draw_bands(axes, record, trust)
        elif trust:
            _draw_trust_of(axes, record, k)
        else:
            _draw_loyalty_of(axes, record, k)
        axes.set_ylim(-0.05, 1.05)
        axes.set_yticks([0.0, 0.5, 1.0])
        axes.tick_params(labelleft=k % across == 0)
        below = k + across >= count
        time_axis(axes, game, end_of(record), last=below, thin=across > 2)
        label(axes, "step" if below else "", kind if k % across == 0 else "")
    lower: Any = inches(figure, 0.6, FOOT, 0.3, height - FOOT - MAPS)
    moments = figure.add_gridspec(1, MOMENTS, wspace=0.22, **lower)
    steps = sorted({0, record.steps // 2, record.steps})
    for k, step in enumerate(steps):
        axes = figure.add_subplot(moments[0, k])
        when = "at reset" if step == 0 else f"after step {step}"
        if trust:
            title = f"{when}: row in column" if k == 0 else when
            relations.draw_trust(axes, game, record.states["trust"][step], title)
        else:
            relations.draw_loyalty(axes, game, record.states["loyalty"][step], band_colours(game, record.policies))
            axes.set_title(f"loyalty {when}", fontsize=10, color=INK, loc="left")
    _name(figure, record, trust)
    return write(figure, path)


def _draw_trust_of(axes: Axes, record: EpisodeRecord, i: int) -> None:
    """Agent i's trust in each of the others, and its ceilings."""
    game, trust, damage = record.game, record.states["trust"], record.states["damage"]
    steps = np.arange(len(trust))
    for j in range(game.n):
        if j != i:
            axes.plot(steps, 1.0 - damage[:, i, j], color=agent_colour(j), linewidth=1.0, linestyle=(0, (1, 2)))
            axes.plot(steps, trust[:, i, j], color=agent_colour(j), linewidth=1.8)
    name = game.agents[i] if game.n <= 3 else short(game.agents)[i]
    axes.set_title(f"{name} trusts", fontsize=10, color=INK, loc="left")


def _draw_loyalty_of(axes: Axes, record: EpisodeRecord, i: int) -> None:
    """Agent i's loyalty over the others' grey ones."""
    game, row = record.game, bond_row(record)
    for j in range(game.n):
        if j != i:
            axes.plot(row.steps, row.values[:, j], color="#D2D2D2", linewidth=0.8)
    axes.plot(row.steps, row.values[:, i], color=agent_colour(i), linewidth=2.0)
    for level in row.marks.values():
        axes.axhline(level, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
    axes.set_title(short(game.agents)[i], fontsize=10, color=INK, loc="left")


def _draw_bands(axes: Axes, record: EpisodeRecord, trust: bool) -> None:
    """Trust in those who play alike, or their loyalty, as a band a group."""
    game = record.game
    for k, members in enumerate(groups_of(game, record.policies).values()):
        if trust:
            pairs = ~np.eye(game.n, dtype=bool)[:, members]
            values = record.states["trust"][:, :, members][:, pairs]
        else:
            values = record.states["loyalty"][:, members]
        draw_band(axes, np.arange(len(values)), values, COLOURS[k])


def _name(figure: Figure, record: EpisodeRecord, trust: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    game = record.game
    if game.n > APART:
        groups = groups_of(game, record.policies)
        names = [f"trust in {name}" if trust else name for name in groups]
        handles: list[Any] = [Patch(color=COLOURS[k], alpha=0.5, linewidth=0) for k in range(len(groups))]
    elif trust:
        brief = list(game.agents) if game.n <= 3 else short(game.agents)
        names = [f"in {name}" for name in brief]
        handles = [Line2D([], [], color=agent_colour(i), linewidth=2.0) for i in range(game.n)]
        names.append("ceiling that damage leaves")
        handles.append(Line2D([], [], color="#666666", linewidth=1.2, linestyle=(0, (1, 2))))
    else:
        return
    place = (0.1 / figure.get_figwidth(), 1.0 - 0.58 / figure.get_figheight())
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=place, ncols=9, frameon=False, fontsize=9, labelcolor=INK,
        handlelength=1.8, columnspacing=1.2,
    )  # fmt: skip
