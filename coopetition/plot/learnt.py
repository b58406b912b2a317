"""What was learnt: curves, sweeps of hyper-parameters, and who does how well against whom."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot.panels import draw_band
from coopetition.plot.style import (
    COLOURS,
    INK,
    MAP,
    MODE_COLOURS,
    agent_colour,
    blank,
    inches,
    ink_on,
    label,
    least_span,
    legend_columns,
    plain_numbers,
    short,
    tidy,
    write,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coopetition.baselines.learning import TrainedPopulation

#: With more agents than this their rates are a band; with more entrants than this a matrix has no numbers in it.
MOST_AGENTS, MOST_NUMBERS = 8, 12
#: Rows of a curve over which it is smoothed, as a part of all.
SMOOTH = 0.05


@dataclass(frozen=True)
class Log:
    """Curves of R runs with K logged rows: arrays (K, R) and (K, R, N), and what tells runs apart."""

    title: str
    agents: tuple[str, ...]
    steps: np.ndarray
    modes: tuple[str, ...]
    values: tuple[dict[str, float], ...]
    efficiency: np.ndarray
    payoffs: np.ndarray
    rates: np.ndarray

    @property
    def groups(self) -> dict[str, list[int]]:
        """Runs that differ in their seed alone, by what they have in common."""
        found: dict[str, list[int]] = {}
        for k, (mode, values) in enumerate(zip(self.modes, self.values, strict=True)):
            words = [mode] if len(set(self.modes)) > 1 or not values else []
            words += [f"{name} {value:g}" for name, value in values.items()]
            found.setdefault(", ".join(words), []).append(k)
        return found


def read_log(population: TrainedPopulation | str | Path) -> Log:
    """Curves of a trained population, or of the folder that ``coopetition train`` wrote.

    Raises
    ------
    FileNotFoundError
        A folder without ``curves.csv``.
    """
    if isinstance(population, str | Path):
        return _from_folder(Path(population))
    curves = population.curves
    return Log(
        f"{population.algorithm} on {population.games[0].id}",
        population.games[0].agents,
        curves.steps,
        tuple(run.reward_mode for run in population.runs),
        tuple(dict(run.values) for run in population.runs),
        population.efficiency(),
        curves.payoffs,
        curves.rates,
    )


def _from_folder(folder: Path) -> Log:
    from coopetition.baselines.learning import read_population

    about = read_population(folder)
    with (folder / "curves.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f"{folder / 'curves.csv'} has no rows: nothing has been logged yet")
    agents = tuple(name.removeprefix("rate ") for name in rows[0] if name.startswith("rate "))
    names = list(dict.fromkeys(row["run"] for row in rows))
    steps = np.array(list(dict.fromkeys(int(row["steps"]) for row in rows)))
    first = {row["run"]: row for row in reversed(rows)}
    header = list(rows[0])
    swept = header[header.index("reward_mode") + 1 : header.index("efficiency")]

    def table(column: str) -> np.ndarray:
        numbers = [float(row[column]) if row[column] else np.nan for row in rows]
        return np.array(numbers).reshape(len(steps), len(names))

    return Log(
        f"{about['algorithm']} on {about['environment']}",
        agents,
        steps,
        tuple(first[name]["reward_mode"] for name in names),
        tuple({one: float(first[name][one]) for one in swept} for name in names),
        table("efficiency"),
        np.stack([table(f"payoff {agent}") for agent in agents], axis=2),
        np.stack([table(f"rate {agent}") for agent in agents], axis=2),
    )


def smoothed(values: np.ndarray) -> np.ndarray:
    """Running mean over the first axis, of those that are known; NaN where none is."""
    width = max(1, int(round(SMOOTH * len(values))))
    known = np.isfinite(values)
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(np.where(known, values, 0.0), axis=0)])
    counts = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(known, axis=0)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums[ends] - sums[starts]) / (counts[ends] - counts[starts]))


def learning_curves(population: TrainedPopulation | str | Path, path: str | Path | None = None) -> Figure:
    """Draw how a population learnt: efficiency or payoff by reward mode, and each agent's rate.

    Parameters
    ----------
    population : TrainedPopulation, str or Path
        From `coopetition.baselines.learning.learn`, or the folder that it or ``coopetition train`` wrote.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure
        Left, the mean over seeds of each kind of run, in its mode's colour, with all seeds in the band; curves are
        running means over a twentieth of the rows. Right, the agents' mean rates, a panel a kind.

    Raises
    ------
    ImportError
        Without matplotlib.
    FileNotFoundError, ValueError
        A folder without curves, or with empty ones.
    """
    log = read_log(population)
    groups = log.groups
    known = bool(np.isfinite(log.efficiency).any())
    scores = smoothed(log.efficiency if known else log.payoffs.sum(axis=2))
    seeds = max(map(len, groups.values()))
    said = f"{int(log.steps[-1]):,} steps a run, {seeds} seed{'s' if seeds > 1 else ''}"
    lines = -(-len(groups) // legend_columns(list(groups)))
    if seeds > 1:
        said += ": mean, lowest to highest"
    figure = blank(log.title, said, 4.4 + 0.2 * lines)
    shown = list(groups.items())[:3]
    spec: Any = inches(figure, 0.8, 0.55, 0.25, 1.05 + 0.2 * lines)
    outer = figure.add_gridspec(1, 2, width_ratios=(1.5, 1.0), wspace=0.2, **spec)
    axes = figure.add_subplot(outer[0])
    tidy(axes)
    handles = []
    for k, (name, runs) in enumerate(groups.items()):
        colour = _colour(name, k)
        own = scores[:, runs]
        rows = np.isfinite(own).any(axis=1)
        steps, own = log.steps[rows], own[rows]
        if len(runs) > 1:
            axes.fill_between(
                steps, np.nanmin(own, axis=1), np.nanmax(own, axis=1), color=colour, alpha=0.18, linewidth=0
            )
        # When colours come again, lines are dashed; a single row is a dot.
        look: dict[str, Any] = {"linestyle": "-" if k < len(COLOURS) else (0, (4, 2))}
        look |= {"marker": "o", "markersize": 4} if len(steps) <= 3 else {}
        handles += axes.plot(steps, np.nanmean(own, axis=1), color=colour, linewidth=2.0, **look)
    if known:
        axes.axhline(1.0, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)))
    least_span(axes, np.append(scores, 1.0) if known else scores)
    plain_numbers(axes)
    _steps_axis(axes, log)
    label(axes, "environment steps", "efficiency: payoffs over the optimum" if known else "summed payoff of an episode")
    inner = outer[1].subgridspec(len(shown), 1, hspace=0.42)
    for k, (name, runs) in enumerate(shown):
        panel = figure.add_subplot(inner[k])
        _draw_rates(panel, log, runs)
        panel.set_title(f"rates, {name}", fontsize=9.5, color=INK, loc="left", pad=3)
        panel.tick_params(labelbottom=k == len(shown) - 1)
        label(panel, "environment steps" if k == len(shown) - 1 else "", "")
    _legend(figure, handles, list(groups))
    return write(figure, path)


def _colour(name: str, k: int) -> str:
    return MODE_COLOURS.get(name, COLOURS[k % len(COLOURS)])


def _steps_axis(axes: Axes, log: Log) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def brief(value: float, _: Any) -> str:
        return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"

    axes.set_xlim(0, log.steps[-1])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(brief))


def _draw_rates(axes: Axes, log: Log, runs: Sequence[int]) -> None:
    """Mean rates over seeds: a line an agent, named at its end, or a band of many."""
    tidy(axes)
    rows = np.isfinite(log.rates[:, runs]).all(axis=(1, 2))
    rates = smoothed(log.rates[:, runs][rows]).mean(axis=1)
    steps = log.steps[rows]
    if len(log.agents) > MOST_AGENTS:
        draw_band(axes, steps, rates, COLOURS[0])
    else:
        for i in range(len(log.agents)):
            dots: dict[str, Any] = {"marker": "o", "markersize": 4} if len(steps) <= 3 else {}
            axes.plot(steps, rates[:, i], color=agent_colour(i), linewidth=1.6, **dots)
        if len(steps):
            _name_ends(axes, short(log.agents), rates[-1])
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0.0, 0.5, 1.0], ["0", "", "1"])
    _steps_axis(axes, log)


def _name_ends(axes: Axes, names: Sequence[str], heights: np.ndarray) -> None:
    """Agents' names at the ends of their lines, outside, moved apart where they would meet."""
    least = 14.0 / max(axes.get_window_extent().height, 1.0) * 1.1
    places: dict[int, float] = {}
    floor = -np.inf
    for i in np.argsort(heights):
        floor = max(float(heights[i]), floor + least)
        places[int(i)] = floor
    over = max(0.0, max(places.values()) - 1.05)
    for i, place in places.items():
        axes.text(
            1.01, place - over, names[i], transform=axes.get_yaxis_transform(), fontsize=8.5, color=agent_colour(i),
            va="center", ha="left",
        )  # fmt: skip


def _legend(figure: Figure, handles: Sequence[Any], names: Sequence[str]) -> None:
    place = (0.1 / figure.get_figwidth(), 1.0 - 0.58 / figure.get_figheight())
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=place, ncols=legend_columns(names, figure.get_figwidth()),
        frameon=False, fontsize=9, labelcolor=INK, columnspacing=1.4,
    )  # fmt: skip


def sweep(population: TrainedPopulation | str | Path, path: str | Path | None = None) -> Figure:
    """Draw what a sweep of one or two hyper-parameters came to, by reward mode.

    Parameters
    ----------
    population : TrainedPopulation, str or Path
        Trained with `sweep`, or the folder of one.
    path : str or Path, optional
        Where to write it, in the format of the suffix.

    Returns
    -------
    matplotlib.figure.Figure
        Of one hyper-parameter, the last efficiency or payoff of every seed and their mean; of two, a map of the means.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        Nothing, or more than two hyper-parameters, were swept.
    """
    log = read_log(population)
    names = list(log.values[0])
    if not 1 <= len(names) <= 2:
        raise ValueError(f"{len(names)} hyper-parameters were swept: one or two can be drawn")
    known = bool(np.isfinite(log.efficiency).any())
    last = _last_known(smoothed(log.efficiency if known else log.payoffs.sum(axis=2)))
    what = "efficiency" if known else "summed payoff"
    modes = list(dict.fromkeys(log.modes))
    if len(names) == 1:
        return write(_sweep_of_one(log, names[0], last, what, modes), path)
    figure = blank(log.title, f"last {what}, mean over seeds", 4.3)
    spec: Any = inches(figure, 0.9, 0.65, 0.3, 0.95)
    grid = figure.add_gridspec(1, len(modes), wspace=0.3, **spec)
    first, second = (sorted({values[name] for values in log.values}) for name in names)
    for k, mode in enumerate(modes):
        cells = np.full((len(second), len(first)), np.nan)
        for i, x in enumerate(first):
            for j, y in enumerate(second):
                runs = [
                    r for r, (m, v) in enumerate(zip(log.modes, log.values, strict=True))
                    if m == mode and v[names[0]] == x and v[names[1]] == y
                ]  # fmt: skip
                cells[j, i] = last[runs].mean() if runs else np.nan
        axes = figure.add_subplot(grid[0, k])
        _draw_matrix(axes, cells, [f"{y:g}" for y in second], [f"{x:g}" for x in first], last)
        axes.invert_yaxis()
        axes.set_title(mode, fontsize=10, color=INK, loc="left")
        label(axes, names[0], names[1] if k == 0 else "")
    return write(figure, path)


def _last_known(values: np.ndarray) -> np.ndarray:
    """Of each run (K, R), the last value that is not NaN."""
    known = np.isfinite(values)
    rows = len(values) - 1 - np.argmax(known[::-1], axis=0)
    return np.asarray(np.where(known.any(axis=0), values[rows, np.arange(values.shape[1])], np.nan))


def _sweep_of_one(log: Log, name: str, last: np.ndarray, what: str, modes: Sequence[str]) -> Figure:
    figure = blank(log.title, f"last {what} by {name}: every seed, and their mean", 4.2, 7.0)
    spec: Any = inches(figure, 0.8, 0.6, 0.25, 1.2)
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **spec)[0, 0])
    tidy(axes)
    places = sorted({values[name] for values in log.values})
    handles = []
    for k, mode in enumerate(modes):
        means = []
        for place in places:
            runs = [r for r, m in enumerate(log.modes) if m == mode and log.values[r][name] == place]
            axes.plot([place] * len(runs), last[runs], "o", color=_colour(mode, k), alpha=0.45, markersize=4)
            means.append(last[runs].mean() if runs else np.nan)
        handles += axes.plot(places, means, color=_colour(mode, k), linewidth=2.0)
    if len(places) > 2 and places[0] > 0.0 and places[-1] / places[0] > 8.0:
        axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    least_span(axes, last)
    plain_numbers(axes)
    label(axes, name, what)
    _legend(figure, handles, list(modes))
    return figure


def cross_play(
    scores: Any, names: Sequence[str] | None = None, path: str | Path | None = None, *, what: str = "return"
) -> Figure:
    """Draw who does how well against whom.

    Parameters
    ----------
    scores : array_like (K, L), or iterable of mappings
        What the row's policy has when all others play the column's, such as `coopetition.oracles.Tournament.scores`; or
        rows with ``focal``, ``field`` and ``focal_return``, such as the study's table ``crossplay``, whose means are
        taken.
    names : sequence of str, optional
        Of the K policies, where `scores` is an array; of the L ones too if they are the same.
    path : str or Path, optional
        Where to write it, in the format of the suffix.
    what : str
        What a score is, for the title.

    Returns
    -------
    matplotlib.figure.Figure
        A map, the best row first; beside each row its mean.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        Names of another number than rows, or none.

    Examples
    --------
    >>> from coopetition import plot
    >>> from coopetition.oracles import tournament
    >>> names = ["constant_000", "constant_100", "tit_for_tat"]
    >>> figure = plot.cross_play(tournament("PublicGoods-v0", names).scores, names)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['constant_000', 'tit_for_tat', 'constant_100']
    """
    cells, rows, columns = _as_matrix(scores, names)
    means = np.nanmean(cells, axis=1)
    order = np.argsort(-means, kind="stable")
    cells, means, rows = cells[order], means[order], [rows[k] for k in order]
    if sorted(rows) == sorted(columns):  # the same order across, so that self-play is the diagonal
        places = [columns.index(name) for name in rows]
        cells, columns = cells[:, places], rows
    count, wide = cells.shape
    longest = max(map(len, (*rows, *columns)))
    room = 0.075 * longest + 0.25
    side = float(np.clip(0.46 * max(count, wide), 2.2, 6.2))
    height, width = side * count / max(count, wide) + room + 1.0, side * wide / max(count, wide) + room + 1.75
    figure = blank(
        "Who does how well against whom", f"{what} of the row when all others play the column", height, max(width, 5.6)
    )
    spec: Any = inches(figure, room, room, figure.get_figwidth() - room - side * wide / max(count, wide), 0.85)
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **spec)[0, 0])
    _draw_matrix(axes, cells, rows, columns, cells)
    axes.tick_params(axis="x", labelrotation=90)
    for k, mean in enumerate(means):
        axes.text(wide - 0.3, k, _number(mean), fontsize=8.5, color=INK, va="center", ha="left")
    axes.text(wide - 0.3, -0.62, "mean", fontsize=8.5, color=INK, va="bottom", ha="left", fontweight="bold")
    return write(figure, path)


def _as_matrix(scores: Any, names: Sequence[str] | None) -> tuple[np.ndarray, list[str], list[str]]:
    table = list(scores.iter_rows(named=True)) if hasattr(scores, "iter_rows") else scores
    if not isinstance(table, np.ndarray) and len(table) and isinstance(table[0], Mapping):
        chosen = [row for row in table if row.get("field")]
        rows = list(dict.fromkeys(row["focal"] for row in chosen))
        columns = list(dict.fromkeys(row["field"] for row in chosen))
        sums, counts = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
        for row in chosen:
            place = rows.index(row["focal"]), columns.index(row["field"])
            sums[place] += row["focal_return"]
            counts[place] += 1.0
        with np.errstate(invalid="ignore"):
            return sums / counts, rows, columns
    cells = np.asarray(table, dtype=np.float64)
    if cells.ndim != 2 or names is None or len(names) != len(cells) or not len(cells):
        given = 0 if names is None else len(names)
        raise ValueError(f"scores have shape {cells.shape} and {given} names: expected (K, L), and K names")
    columns = list(names) if cells.shape[1] == len(names) else [str(k) for k in range(cells.shape[1])]
    return cells, list(names), columns


def _number(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _draw_matrix(axes: Axes, cells: np.ndarray, rows: Sequence[str], columns: Sequence[str], scale: np.ndarray) -> None:
    """A map of numbers, on a scale that spans at least a tenth of their size."""
    known = scale[np.isfinite(scale)]
    low, high = float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))
    span = max(high - low, 0.1 * max(abs(low), abs(high)), 1e-9)
    low, high = 0.5 * (low + high - span), 0.5 * (low + high + span)
    axes.imshow(cells, cmap=MAP, vmin=low, vmax=high, aspect="auto")
    axes.set_facecolor("#EEEEEE")
    axes.set_xticks(range(len(columns)), columns, fontsize=8.5, color=INK)
    axes.set_yticks(range(len(rows)), rows, fontsize=8.5, color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if max(cells.shape) <= MOST_NUMBERS:
        for j, i in np.ndindex(cells.shape):
            if np.isfinite(cells[j, i]):
                share = float((cells[j, i] - low) / (high - low))
                axes.text(
                    i, j, _number(float(cells[j, i])), ha="center", va="center", fontsize=7.5, color=ink_on(share)
                )
