"""The stage game of a state: payoff surface, best replies, gradients and solutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot.style import INK, MAP, agent_colour, blank, inches, label, short, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coopetition.oracles.stage.game import Objective, StageGame

#: Grid of the surface, points of a best reply's curve, arrows a side.
GRID, CURVE, ARROWS = 61, 41, 11
#: Concepts, and the markers that tell them apart without colour.
MARKERS = {"nash": "o", "coopetitive": "D", "social_optimum": "*"}
WORDS = {"nash": "nash", "coopetitive": "coopetitive", "social_optimum": "social optimum"}
FACES = {"nash": "#D55E00", "coopetitive": "#56B4E9", "social_optimum": "#FFFFFF"}


def payoff_surface(
    game_or_id: Any,
    path: str | Path | None = None,
    *,
    objective: Any = "private",
    state: Mapping[str, Any] | None = None,
    solutions: Mapping[str, Any] | None = None,
    concepts: Sequence[str] = ("nash", "coopetitive", "social_optimum"),
) -> Figure:
    """Draw a stage game: what all earn together, who would move where, best replies, and the solutions.

    With two agents the axes are their rates; where an action has an intensity too, it is held at zero, in the solutions
    as well. With more, one axis is the rate of the first agent and the other that of
    all others alike, and the solutions stand at the others' mean rate.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or environment
        Which game.
    path : str or Path, optional
        Where to write it, in the format of the suffix.
    objective : str, RewardMode or array_like (N, N)
        What agents maximise, for arrows and best replies: "private", "integrated", "cooperative", ...
    state : mapping, optional
        Named parts of the state, such as ``{"trust": 0.9}``; at reset by default.
    solutions : mapping of str to array_like (N,), optional
        Levels by concept, where they are known already; by default `concepts` are solved for.
    concepts : sequence of str
        What is solved for: "nash", "coopetitive", "social_optimum".

    Returns
    -------
    matplotlib.figure.Figure
        Left, the sum of payoffs as a map with gradients as arrows (each agent's gain by giving more, of its own
        objective) and best replies as lines; right, the payoff of each agent along its own rate, the others at
        the nash.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError, TypeError
        An unknown id, objective or state.

    Examples
    --------
    >>> from coopetition import plot
    >>> figure = plot.payoff_surface("SLCD-v0")
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('rate of samsung', 'rate of sony')
    """
    from coopetition.oracles.stage.game import Objective, StageGame

    stage = StageGame(game_or_id, state, rates_only=True)
    aim = Objective(stage, objective)
    found = solved(stage, state, concepts) if solutions is None else dict(solutions)
    game = stage.game
    figure = blank(game.id, _said(stage, aim, state), 5.6)
    spec: Any = inches(figure, 0.65, 0.55, 0.25, 1.2)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.28, 1.0), wspace=0.34, **spec)
    axes = figure.add_subplot(grid[0, 0])
    handles = _draw_surface(axes, stage, aim, found)
    right = grid[0, 1].subgridspec(min(stage.n, 2), 1, hspace=0.34)
    _draw_own(figure, right, stage, aim, found)
    _name(figure, handles)
    return write(figure, path)


def solved(stage: StageGame, state: Mapping[str, Any] | None, concepts: Sequence[str]) -> dict[str, np.ndarray]:
    """Levels (N,) of each concept that could be solved for; those that do not converge are left out."""
    from coopetition.oracles.stage.game import Objective
    from coopetition.oracles.stage.registry import concept as registered
    from coopetition.oracles.stage.solution import NotConverged
    from coopetition.oracles.stage.solving import solve

    found = {}
    for concept in concepts:
        try:
            if stage.game.axes > 1:  # the game that is drawn, of rates alone
                chosen = registered(concept)
                found[concept] = chosen.function(stage, Objective(stage, chosen.objective)).actions
            else:
                found[concept] = solve(stage.game, concept, state).actions
        except NotConverged:
            continue
    return found


def _said(stage: StageGame, aim: Objective, state: Mapping[str, Any] | None) -> str:
    at = ", ".join(f"{name} {np.mean(value):g}" for name, value in (state or {}).items()) or "the state at reset"
    held = "; intensities at zero" if stage.game.axes > 1 else ""
    return f"one step from {at}; agents maximise {aim.name} rewards{held}"


def on_plane(stage: StageGame, first: Any, others: Any) -> np.ndarray:
    """Levels (..., N) where the first agent gives one rate and all others another."""
    first, others = np.broadcast_arrays(first, others)
    rates = np.repeat(others[..., None], stage.n, axis=-1)
    rates[..., 0] = first
    return np.asarray(rates * stage.upper)


def point_of(stage: StageGame, levels: Any) -> tuple[float, float]:
    """Where levels (N,) stand on the plane."""
    rates = np.asarray(levels, dtype=np.float64) / stage.upper
    return float(rates[0]), float(rates[1:].mean())


def _axis_names(stage: StageGame) -> tuple[str, str]:
    agents = stage.game.agents
    if stage.n == 2:
        return f"rate of {agents[0]}", f"rate of {agents[1]}"
    return f"rate of {agents[0]}", f"rate of all {stage.n - 1} others"


def _draw_surface(axes: Axes, stage: StageGame, aim: Objective, found: Mapping[str, Any]) -> list[Any]:
    from matplotlib.ticker import MaxNLocator

    sides = np.linspace(0.0, 1.0, GRID)
    x, y = np.meshgrid(sides, sides)
    welfare = stage.evaluate(on_plane(stage, x, y).reshape(-1, stage.n))[0].sum(axis=1).reshape(x.shape)
    filled = axes.contourf(x, y, welfare, levels=14, cmap=MAP)
    bar = axes.figure.colorbar(filled, ax=axes, fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, colors=INK, length=3)
    bar.locator = MaxNLocator(6)
    bar.update_ticks()
    bar.set_label("sum of payoffs", fontsize=9, color=INK)
    _draw_arrows(axes, stage, aim)
    handles = _draw_replies(axes, stage, aim)
    # The optimum last: a star over what it may coincide with, which is wider.
    for size, (concept, levels) in zip((15, 10, 13), found.items(), strict=False):
        (mark,) = axes.plot(
            *point_of(stage, levels), MARKERS.get(concept, "s"), color=FACES.get(concept, "#CC79A7"), markersize=size,
            markeredgecolor="black", markeredgewidth=1.3, clip_on=False, zorder=6, linestyle="none",
            label=WORDS.get(concept, concept.replace("_", " ")),
        )  # fmt: skip
        handles.append(mark)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_box_aspect(1.0)
    axes.set_anchor("W")
    axes.tick_params(colors=INK, labelsize=9, length=3)
    axes.spines[:].set_color("#999999")
    label(axes, *_axis_names(stage))
    return handles


def _draw_arrows(axes: Axes, stage: StageGame, aim: Objective) -> None:
    """Where agents would go: each axis the own gradient, in payoff per rate; its direction, paler where it is small."""
    from coopetition.oracles.stage.game import gradients

    places = (np.arange(ARROWS) + 0.5) / ARROWS
    x, y = (part.ravel() for part in np.meshgrid(places, places))
    own = gradients(stage, on_plane(stage, x, y), aim) * stage.upper
    u, v = own[:, 0], own[:, 1:].mean(axis=1)
    length = np.hypot(u, v)
    drawn = length > 1e-9 * max(float(length.max()), 1e-12)
    size = np.where(drawn, length, 1.0)
    axes.quiver(
        x[drawn], y[drawn], (u / size)[drawn], (v / size)[drawn], color="white", edgecolor="#444444", linewidth=0.4,
        angles="xy", scale_units="xy", scale=15.5, width=0.0055, pivot="mid", zorder=3,
        alpha=np.clip(0.35 + 0.65 * np.sqrt(length / size.max()), 0.35, 1.0)[drawn],
    )  # fmt: skip


def reply_curves(stage: StageGame, aim: Objective) -> list[np.ndarray]:
    """Best replies as curves (K, 2) on the plane: the first agent's, and with two agents the second's."""
    from coopetition.oracles.stage.replies import best_replies

    sides = np.linspace(0.0, 1.0, CURVE)
    curves = []
    for who in range(2 if stage.n == 2 else 1):
        points = []
        for side in sides:
            rates = (0.0, side) if who == 0 else (side, 0.0)
            profile = on_plane(stage, *rates)
            reply = float(best_replies(stage, profile, aim, np.array([who]), points=129)[0][0] / stage.upper[who])
            points.append((reply, side) if who == 0 else (side, reply))
        curves.append(np.array(points))
    return curves


def _draw_replies(axes: Axes, stage: StageGame, aim: Objective) -> list[Any]:
    handles = []
    names = short(stage.game.agents) if stage.n > 3 else stage.game.agents
    for who, curve in enumerate(reply_curves(stage, aim)):
        # A jump is a gap in the line, not a slope.
        jumps = np.flatnonzero(np.abs(np.diff(curve[:, who])) > 0.25) + 1
        parts = np.insert(curve, jumps, np.nan, axis=0)
        look: dict[str, Any] = {"linestyle": ("-", (0, (4, 2)))[who], "zorder": 5, "clip_on": False}
        axes.plot(parts[:, 0], parts[:, 1], color="white", linewidth=4.6, zorder=4, clip_on=False)
        (line,) = axes.plot(
            parts[:, 0],
            parts[:, 1],
            color=agent_colour(who),
            linewidth=2.4,
            label=f"best reply of {names[who]}",
            **look,
        )
        handles.append(line)
    return handles


def _draw_own(figure: Figure, grid: Any, stage: StageGame, aim: Objective, found: Mapping[str, Any]) -> None:
    """Each agent's objective along its own rate, the others at the nash; of many agents, of the first two."""
    from coopetition.plot.style import least_span, plain_numbers, tidy

    base = np.asarray(next(iter(found.values())) if found else stage.game.baseline, dtype=np.float64)
    word = WORDS.get(next(iter(found)), next(iter(found))) if found else "baseline"
    rates = np.linspace(0.0, 1.0, 101)
    shown = min(stage.n, 2)
    for i in range(shown):
        axes = figure.add_subplot(grid[i, 0])
        tidy(axes)
        table = np.repeat(base[None], len(rates), axis=0)
        table[:, i] = rates * stage.upper[i]
        own = aim(*stage.evaluate(table))[:, i]
        axes.plot(rates, own, color=agent_colour(i), linewidth=2.0)
        least_span(axes, own)
        for size, (concept, levels) in zip((11, 7, 11), found.items(), strict=False):
            level = float(levels[i])
            table[0] = base
            table[0, i] = level
            height = float(aim(*stage.evaluate(table[:1]))[0, i])
            axes.plot(
                level / stage.upper[i], height, MARKERS.get(concept, "s"), color=FACES.get(concept, "#CC79A7"),
                markeredgecolor="black", markeredgewidth=1.1, markersize=size,
                clip_on=False, zorder=5,
            )  # fmt: skip
        plain_numbers(axes)
        axes.set_xlim(0.0, 1.0)
        name = stage.game.agents[i]
        axes.set_title(f"{name}, the others at the {word}", fontsize=9.5, color=INK, loc="left")
        label(axes, "own rate" if i == shown - 1 else "", "reward" if aim.name != "private" else "payoff")


def _name(figure: Figure, handles: list[Any]) -> None:
    from matplotlib.lines import Line2D

    arrow = Line2D(
        [], [], color="#666666", marker=r"$\rightarrow$", markersize=13, linestyle="none", label="own gradients"
    )
    place = (0.1 / figure.get_figwidth(), 1.0 - 0.6 / figure.get_figheight())
    figure.legend(
        handles=[*handles, arrow], loc="upper left", bbox_to_anchor=place, ncols=len(handles) + 1, frameon=False,
        fontsize=9, labelcolor=INK, columnspacing=1.3, handlelength=2.0,
    )  # fmt: skip
