"""The panels of an episode's figure: lines, bands and maps over time, marks, ends, totals, and who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.games.game import Game
from coopetition.plot.style import (
    COLOURS,
    INK,
    MAP,
    MUTED,
    PAST,
    WIDTH,
    agent_colour,
    agent_style,
    least_span,
    legend_columns,
    plain_numbers,
    short,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Up to so many agents share a panel; up to so many have a column each; up to so many groups have a band each.
TOGETHER, APART, BANDS = 3, 8, 4
BANDS_SAID = "   bands: median, middle half, middle 80 %"


@dataclass
class Row:
    """One quantity over time: what it is called, from which step it is known, and its values (T, N)."""

    name: str
    values: np.ndarray
    first: int = 1
    #: Levels that are marked, by what they are called.
    marks: dict[str, float] = field(default_factory=dict)
    #: Rates and bonds lie in [0, 1]; others have a scale of their own.
    unit: bool = False

    @property
    def steps(self) -> np.ndarray:
        """The step of each row of values."""
        return np.arange(self.first, self.first + len(self.values))


def groups_of(game: Game, policies: Sequence[str]) -> dict[str, np.ndarray]:
    """Who is drawn as one band: those who play alike; everybody where that would be too many groups."""
    names = list(dict.fromkeys(policies))
    if not 1 < len(names) <= BANDS:
        return {f"{game.n} agents": np.arange(game.n)}
    return {tail(name): np.array([i for i, one in enumerate(policies) if one == name]) for name in names}


def band_colours(game: Game, policies: Sequence[str]) -> list[str]:
    """Each agent's colour: its own, or its band's."""
    if game.n <= APART:
        return [agent_colour(i) for i in range(game.n)]
    colours = [COLOURS[0]] * game.n
    for k, members in enumerate(groups_of(game, policies).values()):
        for i in members:
            colours[i] = COLOURS[k]
    return colours


def draw_lines(axes: Axes, game: Game, policies: Sequence[str], row: Row) -> None:
    """A line an agent, or a band a group of many."""
    if not len(row.steps):
        return
    dots: dict[str, Any] = {"marker": "o", "markersize": 4} if len(row.steps) == 1 else {}
    if game.n <= TOGETHER:
        for i in range(game.n):
            axes.plot(row.steps, row.values[:, i], **agent_style(i, game.n), **dots)
        return
    for k, members in enumerate(groups_of(game, policies).values()):
        draw_band(axes, row.steps, row.values[:, members], COLOURS[k])


def draw_band(axes: Axes, steps: np.ndarray, values: np.ndarray, colour: str) -> None:
    """Median, middle half and middle eight tenths of values (T, M) at each step."""
    low, quarter, middle, three_quarters, high = np.quantile(values, (0.1, 0.25, 0.5, 0.75, 0.9), axis=1)
    if len(steps) == 1:
        axes.vlines(steps, low, high, color=colour, alpha=0.25, linewidth=5)
        axes.vlines(steps, quarter, three_quarters, color=colour, alpha=0.4, linewidth=5)
        axes.plot(steps, middle, color=colour, marker="o", markersize=4)
        return
    axes.fill_between(steps, low, high, color=colour, alpha=0.16, linewidth=0)
    axes.fill_between(steps, quarter, three_quarters, color=colour, alpha=0.32, linewidth=0)
    axes.plot(steps, middle, color=colour, linewidth=1.8)


def draw_one(axes: Axes, game: Game, row: Row, i: int) -> None:
    """Agent i's line over the others' grey ones."""
    if not len(row.steps):
        return
    dots: dict[str, Any] = {"marker": "o", "markersize": 4} if len(row.steps) == 1 else {}
    for j in range(game.n):
        if j != i:
            axes.plot(row.steps, calmed(row.values[:, j]), color="#D2D2D2", linewidth=0.8, **dots)
    own = row.values[:, i]
    if jagged(own):
        axes.plot(row.steps, own, color=agent_colour(i), linewidth=0.6, alpha=0.35)
    axes.plot(row.steps, calmed(own), color=agent_colour(i), linewidth=1.8, **dots)


def jagged(values: np.ndarray) -> bool:
    """Whether values (T,) go up and down so often that their line is a block of colour in a narrow panel."""
    steps = len(values)
    return steps >= 24 and bool(np.abs(np.diff(values)).sum() > 0.12 * steps * max(float(np.ptp(values)), 1e-12))


def calmed(values: np.ndarray) -> np.ndarray:
    """Values (T,), or where they are jagged their running mean over a twelfth of the episode."""
    if not jagged(values):
        return values
    steps = len(values)
    width = max(3, steps // 12)
    ends = np.minimum(np.arange(steps) + width // 2 + 1, steps)
    starts = np.maximum(np.arange(steps) - width // 2, 0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def draw_map(axes: Axes, game: Game, policies: Sequence[str], row: Row) -> None:
    """Rates as a map: a row an agent, those who play alike together."""
    tidy(axes, lines="")
    bands = groups_of(game, policies)
    order = np.concatenate(list(bands.values()))
    done = 0
    for k, members in enumerate(bands.values()):  # whose rows these are
        axes.plot(
            [-0.006, -0.006], [done - 0.5, done + len(members) - 0.5], transform=axes.get_yaxis_transform(),
            color=COLOURS[k], linewidth=5, clip_on=False, solid_capstyle="butt", gid="fixed",
        )  # fmt: skip
        done += len(members)
    axes.set_ylim(game.n - 0.5, -0.5)
    axes.set_yticks([0, game.n - 1], ["1", str(game.n)])
    axes.tick_params(axis="y", pad=8, length=0)
    if len(row.steps):
        extent = (0.0, float(len(row.steps)), game.n - 0.5, -0.5)
        values = row.values.T[order]
        picture = axes.imshow(
            values, vmin=0.0, vmax=1.0, cmap=MAP, aspect="auto", extent=extent, interpolation="nearest"
        )
        where = axes.inset_axes((0.76, 1.05, 0.24, 0.06))
        bar = axes.figure.colorbar(picture, cax=where, orientation="horizontal", ticks=[0.0, 1.0])
        bar.outline.set_visible(False)
        where.set_xticks([])
        for x, text, side in ((-0.03, "rate 0", "right"), (1.03, "1", "left")):
            where.text(x, 0.5, text, transform=where.transAxes, ha=side, va="center", fontsize=8.5, color=INK)


def scale(group: Sequence[Axes], game: Game, row: Row) -> None:
    """One scale for a row of panels."""
    for axes in group:
        tidy(axes)
        if row.unit:
            axes.set_ylim(-0.05, 1.05)
            axes.set_yticks([0.0, 0.5, 1.0], ["0", "", "1"])
        else:
            plain_numbers(axes)
            if game.n > APART and len(row.values):
                shown = np.quantile(row.values, (0.1, 0.9), axis=1)
                least_span(axes, shown)
            else:
                least_span(axes, row.values)


def mark(axes: Axes, game: Game, row: Row, named: bool) -> None:
    """Levels that matter, dotted, and named outside, where no line can run through the word."""
    if game.n > APART and row.name == "rate":
        return
    for word, level in row.marks.items():
        axes.axhline(level, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
        if named and not word[-1].isdigit():
            where = axes.get_yaxis_transform()
            axes.text(1.01, level, word, transform=where, fontsize=8.5, color=MUTED, va="center", ha="left")


def head(group: Sequence[Axes], game: Game, policies: Sequence[str]) -> None:
    """The agent's name over its column; its policy stands in the legend."""
    for i, (axes, name) in enumerate(zip(group, short(game.agents), strict=True)):
        axes.set_title(name, fontsize=10, color=INK, pad=8, fontweight="bold")
        axes.plot(
            [0.0, 1.0], [1.03, 1.03], transform=axes.transAxes, color=agent_colour(i), linewidth=4, clip_on=False,
            solid_capstyle="butt", gid="fixed",
        )  # fmt: skip


def time_axis(
    axes: Axes, game: Game, end: tuple[int, str] | None, last: bool, named: bool = False, thin: bool = False
) -> None:
    """Steps from reset to the horizon; after the end nothing is played, and the ground is grey."""
    axes.set_xlim(0, game.horizon)
    if thin:
        axes.set_xticks([0, game.horizon])
        first, final = axes.get_xticklabels()
        first.set_horizontalalignment("left")
        final.set_horizontalalignment("right")
    axes.tick_params(labelbottom=last)
    if end is None:
        return
    step, word = end
    axes.axvspan(step, game.horizon, color=PAST, zorder=0, linewidth=0, gid="end")
    axes.axvline(step, color=INK, linewidth=1.2, linestyle=(0, (4, 2)), zorder=3, gid="end")
    if named:
        share = step / game.horizon
        side, text = ("right", f"{word} at step {step} ") if share > 0.5 else ("left", f" {word} at step {step}")
        where = axes.get_xaxis_transform()
        axes.text(
            step,
            1.02,
            text,
            transform=where,
            ha=side,
            va="bottom",
            fontsize=9.5,
            fontweight="bold",
            color=INK,
            gid="end",
        )


def draw_totals(
    axes: Axes,
    game: Game,
    title: str,
    totals: np.ndarray,
    colours: Sequence[str],
) -> None:
    """What each has in the end, as bars with their numbers; of many, sorted."""
    tidy(axes, lines="")
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    n = game.n
    if n > APART:
        order = np.argsort(-totals, kind="stable")
        axes.bar(np.arange(n), totals[order], width=0.9, color=[colours[i] for i in order])
        axes.set_xticks([])
        plain_numbers(axes)
        axes.set_xlim(-0.8, n - 0.2)
        axes.set_xlabel(f"{n} agents, highest first; sum {totals.sum():,.0f}", fontsize=9, color=INK)
        return
    axes.barh(np.arange(n), totals, height=0.72, color=list(colours))
    axes.set_yticks(range(n), short(game.agents), fontsize=9, color=INK)
    axes.set_ylim(n - 0.4, -0.6)
    low, high = float(totals.min(initial=0.0)), float(totals.max(initial=0.0))
    span = (high - low) or 1.0
    # Room for the numbers, which stand outside of their bars.
    axes.set_xlim(low - (0.42 * span if low < 0.0 else 0.0), high + (0.42 * span if high > 0.0 or low == 0.0 else 0.0))
    for i, total in enumerate(totals):
        side = "left" if total >= 0.0 else "right"
        axes.text(total, i, f" {amount(total)} ", ha=side, va="center", fontsize=9, color=INK)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_position(("data", 0.0))
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    if low < 0.0:
        axes.tick_params(axis="y", pad=2)
        for text in axes.get_yticklabels():
            text.set_x(0.0)


def amount(total: float) -> str:
    """A sum of payoffs in short."""
    return f"{total:,.0f}" if abs(total) >= 100 else f"{total:,.1f}"


# --- names


def tail(policy: str) -> str:
    """A policy's name; of a file, its last part."""
    return Path(policy).name if policy.endswith(".safetensors") else policy


def names(game: Game, policies: Sequence[str]) -> list[str]:
    """What the legend says: the agents, or what bands are drawn of."""
    if game.n > APART:
        bands = groups_of(game, policies)
        return [f"{name} ({len(members)})" if len(bands) > 1 else name for name, members in bands.items()]
    names = list(game.agents)
    if game.n > TOGETHER:
        names = [
            f"{name} ({brief})" if brief != name else name for name, brief in zip(names, short(names), strict=True)
        ]
    if len(set(policies)) > 1:
        names = [f"{name}: {tail(policy)}" for name, policy in zip(names, policies, strict=True)]
    return names


def name_agents(figure: Figure, game: Game, names: Sequence[str], policies: Sequence[str]) -> None:
    """The legend, in a strip of its own under the title."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if game.n <= APART:
        handles: list[Any] = [
            Line2D([], [], **(agent_style(i, game.n) if game.n <= TOGETHER else {"color": agent_colour(i), "lw": 3}))
            for i in range(game.n)
        ]
    else:
        handles = [Patch(color=COLOURS[k], alpha=0.5, linewidth=0) for k in range(len(names))]
    figure.legend(
        handles,
        names,
        loc="upper left",
        bbox_to_anchor=(0.1 / WIDTH, 1.0 - 0.58 / figure.get_figheight()),
        ncols=legend_columns(names),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.6,
        columnspacing=1.6,
    )
