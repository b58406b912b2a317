"""Draw the figures of docs/strong.md: ``python docs/strong_figures.py [episodes stakes diversity]``.

Episodes: rates and trust (or loyalty) of the stored optimum, of the stored worst nash and of the best constant, in each
reward mode, for every strong game. Stakes: what is learnt under each mode and what the worst nash earns, game by game.
Diversity: effective dimension of the suite before and after. The last two as docs/strong_tables.py measured them.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from coopetition.envs import ENVIRONMENTS, STRONG_IDS
from coopetition.games.game import Game
from coopetition.oracles import Episode, best_constant
from coopetition.oracles.episode.stored import stored_sequence
from coopetition.plot import COLOURS, INK

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures" / "strong"
MEASURED = HERE.parent / "coopetition" / "oracles" / "data" / "strong.json"
MODES = ("private", "integrated", "cooperative")
STYLES = {
    "optimum": (COLOURS[0], "-", 2.6),
    "worst nash found": (COLOURS[1], "-", 1.8),
    "best constant": (COLOURS[6], (0, (2, 3)), 1.8),
}


def plays(game_id: str, mode: str) -> dict[str, np.ndarray]:
    """Levels (T, N) by what they are."""
    episode = Episode(game_id, mode)
    found = {
        "optimum": stored_sequence(episode.game, "optimum"),
        "worst nash found": stored_sequence(episode.game, "nash"),
        "best constant": best_constant(None, episode=episode).actions,
    }
    return {name: levels for name, levels in found.items() if levels is not None}


def watched(game: Game, levels: np.ndarray) -> tuple[str, np.ndarray, float]:
    """Name and mean (T,) of trust or loyalty, and the summed payoffs of the episode."""
    batch = Episode(game, "private").batch(1)
    name = "loyalty" if "loyalty" in game.layout else "trust"
    course = []
    for rates in levels / game.endowment:
        if batch.terminated.any():
            break
        batch.step(rates[None])
        held = batch.state()[name][0]
        course.append(held.mean() if name == "loyalty" else held.sum() / (game.n * (game.n - 1)))
    return name, np.array(course), float(batch.state()["payoff_total"].sum())


def save(figure: Figure, path: Path) -> None:
    """As a PNG of few colours, a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100)
    Image.open(drawn).convert("RGB").quantize(32).save(path, optimize=True)


def _tidy(axes: Axes, last: bool) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylim(-0.03, 1.05)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.tick_params(labelsize=8.5, length=3, colors=INK, labelbottom=last)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8)


def draw_episode(game_id: str, path: Path) -> None:
    """Two rows, rates and what is watched; a column for each mode."""
    figure = Figure(figsize=(10.0, 4.4), dpi=100, facecolor="white")
    grid = figure.subplots(2, 3, sharex=True)
    figure.subplots_adjust(left=0.07, right=0.985, bottom=0.11, top=0.78, hspace=0.16, wspace=0.16)
    for column, mode in enumerate(MODES):
        game = Game(Episode(game_id, mode).game.parameters, mode)
        upper, lower = grid[0][column], grid[1][column]
        words = dict.fromkeys(STYLES, "none")
        for name, levels in plays(game_id, mode).items():
            colour, dashes, width = STYLES[name]
            what, course, paid = watched(game, levels)
            steps = np.arange(1, len(course) + 1)
            rates = levels[: len(course)] / game.endowment
            if game.n == 2:
                for i in range(game.n):
                    upper.plot(steps, rates[:, i], color=colour, linestyle=dashes, linewidth=width - 0.8 * i)
            else:
                upper.plot(steps, rates.mean(axis=1), color=colour, linestyle=dashes, linewidth=width)
            lower.plot(steps, course, color=colour, linestyle=dashes, linewidth=width)
            words[name] = f"{paid:,.0f}"
        upper.set_title(f"{mode}\npayoffs {' / '.join(words.values())}", fontsize=9.5, color=INK, loc="left")
        _tidy(upper, last=False)
        _tidy(lower, last=True)
        lower.set_xlabel("step", fontsize=8.5, color=INK)
        if column == 0:
            upper.set_ylabel("rate" if game.n == 2 else "mean rate", fontsize=9, color=INK)
            lower.set_ylabel(f"mean {what}", fontsize=9, color=INK)
    figure.text(0.07, 0.955, game_id, fontsize=12, fontweight="bold", color=INK)
    handles = [
        figure.axes[0].plot([], [], color=colour, linestyle=dashes, linewidth=width)[0]
        for colour, dashes, width in STYLES.values()
    ]
    figure.legend(handles, list(STYLES), loc="upper right", ncols=3, frameon=False, fontsize=9)
    save(figure, path)


def draw_diversity(path: Path) -> None:
    """Effective dimension of the published suite and of the strong and relational games, by mode."""
    rows = json.loads(MEASURED.read_text())["diversity"]
    kinds = [*MODES, "all three"]
    suites = ("published", "strong", "strong and relational")
    figure = Figure(figsize=(10.0, 3.6), dpi=100, facecolor="white")
    panels = figure.subplots(1, 2, sharey=True)
    figure.subplots_adjust(left=0.065, right=0.985, bottom=0.11, top=0.76, wspace=0.06)
    titles = {"self_play": "in self-play", "against": "and against each other"}
    for axes, (key, title) in zip(panels, titles.items(), strict=True):
        for k, suite in enumerate(suites):
            values = [
                next(r[key] for r in rows if (r["uncertainty"], r["suite"], r["mode"]) == ("none", suite, kind))
                for kind in kinds
            ]
            places = np.arange(len(kinds)) + 0.27 * (k - 1)
            axes.bar(places, values, width=0.25, color=COLOURS[(6, 5, 0)[k]], label=suite)
            for place, value in zip(places, values, strict=True):
                axes.text(place, value + 0.05, f"{value:.1f}", ha="center", va="bottom", fontsize=8, color=INK)
        axes.axhline(5.0, color="#888888", linewidth=1.0, linestyle=(0, (4, 3)))
        axes.set_xticks(np.arange(len(kinds)), kinds)
        axes.set_title(f"policies {title}", fontsize=10, color=INK, loc="left")
        axes.set_ylim(0.0, 5.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9, length=3, colors=INK)
    panels[0].set_ylabel("effective dimension", fontsize=9, color=INK)
    panels[1].text(3.42, 5.06, "goal", ha="right", fontsize=8.5, color="#666666")
    figure.text(0.065, 0.94, "How many games the suite is, for fourteen reference policies", fontsize=12, color=INK)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.055, 0.93), ncols=3, frameon=False, fontsize=9)
    save(figure, path)


def draw_stakes(path: Path) -> None:
    """For each strong game: what is learnt under each mode, the worst private nash, and the published game's."""
    table = json.loads(MEASURED.read_text())
    figure = Figure(figsize=(10.0, 6.6), dpi=100, facecolor="white")
    axes = figure.subplots()
    figure.subplots_adjust(left=0.19, right=0.985, bottom=0.075, top=0.87)
    looks = {"cooperative": (INK, "o"), "integrated": (COLOURS[0], "D"), "private": (COLOURS[1], "o")}
    for k, (key, published) in enumerate(zip(STRONG_IDS, ENVIRONMENTS, strict=True)):
        learnt, here, before = table["learning"].get(key), *(table["games"].get(name) for name in (key, published))
        axes.axhline(k, color="#E6E6E6", linewidth=0.8, zorder=0)
        if learnt:
            ends = [learnt["private"]["share"], learnt["cooperative"]["share"]]
            axes.plot(ends, [k, k], color="#BBBBBB", linewidth=2.4, zorder=1)
            for mode, (colour, mark) in looks.items():
                face = "white" if mode == "cooperative" else colour
                share = learnt[mode]["share"]
                size = 10.5 if mode == "cooperative" else 6.5
                axes.plot(share, k, mark, color=colour, markerfacecolor=face, markersize=size, markeredgewidth=1.6)
        for row, colour in ((before, "#999999"), (here, COLOURS[1])):
            if row and row["private"]["nash"] is not None:
                axes.plot(row["private"]["nash"], k, "|", color=colour, markersize=15, markeredgewidth=2.0, zorder=4)
    for mode, (colour, mark) in looks.items():
        face = "white" if mode == "cooperative" else colour
        axes.plot([], [], mark, color=colour, markerfacecolor=face, markersize=7.5, label=f"learnt, {mode}")
    for colour, name in ((COLOURS[1], "worst nash, private"), ("#999999", "as published")):
        axes.plot([], [], "|", color=colour, markersize=13, markeredgewidth=2.0, linestyle="none", label=name)
    axes.set_yticks(np.arange(len(STRONG_IDS)), [key.removesuffix("Strong-v0") for key in STRONG_IDS])
    axes.set_ylim(len(STRONG_IDS) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.03)
    axes.set_xlabel("summed payoffs, as a share of the optimum", fontsize=9, color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=9, length=0, colors=INK)
    figure.text(
        0.02,
        0.955,
        "What is at stake in the strong games: payoffs that the reward mode decides",
        fontsize=12,
        color=INK,
    )
    figure.legend(
        loc="upper left", bbox_to_anchor=(0.012, 0.945), columnspacing=1.4, ncols=5, frameon=False, fontsize=8.5
    )
    save(figure, path)


def main() -> None:
    """What was asked for."""
    asked = sys.argv[1:] or ["episodes", "stakes", "diversity"]
    FIGURES.mkdir(parents=True, exist_ok=True)
    if "episodes" in asked:
        for game_id in STRONG_IDS:
            if stored_sequence(Episode(game_id, "private").game, "optimum") is not None:
                draw_episode(game_id, FIGURES / f"{game_id.removesuffix('-v0').lower()}.png")
    if "stakes" in asked:
        draw_stakes(FIGURES / "stakes.png")
    if "diversity" in asked:
        draw_diversity(FIGURES / "diversity.png")


if __name__ == "__main__":
    main()
