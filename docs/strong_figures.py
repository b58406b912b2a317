"""Draw the figures of docs/strong.md: ``python docs/strong_figures.py [episodes] [diversity]``; both by default.

Episodes: rates and trust (or loyalty) of the stored optimum, of the stored worst nash and of the best constant, in each
reward mode. Diversity: effective dimension of the suite before and after, as docs/strong_tables.py measured it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coopetition.games.game import Game
from coopetition.oracles import Episode, best_constant
from coopetition.oracles.episode.stored import stored_sequence
from coopetition.plot import COLOURS, INK

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures" / "strong"
MEASURED = HERE.parent / "coopetition" / "oracles" / "data" / "strong.json"
MODES = ("private", "integrated", "cooperative")
#: Games whose episodes are drawn.
EPISODES = ("TrustDilemmaStrong-v0", "SLCDStrong-v0", "ApacheProjectStrong-v0")
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
        words, best = [], np.nan
        for name, levels in plays(game_id, mode).items():
            colour, dashes, width = STYLES[name]
            what, course, paid = watched(game, levels)
            best = paid if name == "optimum" and mode == "private" else best
            steps = np.arange(1, len(course) + 1)
            rates = levels[: len(course)] / game.endowment
            if game.n == 2:
                for i in range(game.n):
                    upper.plot(steps, rates[:, i], color=colour, linestyle=dashes, linewidth=width - 0.8 * i)
            else:
                upper.plot(steps, rates.mean(axis=1), color=colour, linestyle=dashes, linewidth=width)
            lower.plot(steps, course, color=colour, linestyle=dashes, linewidth=width)
            words.append(f"{paid:,.0f}")
        upper.set_title(f"{mode}\npayoffs {' / '.join(words)}", fontsize=9.5, color=INK, loc="left")
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
    figure.savefig(path, dpi=100)


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
    figure.savefig(path, dpi=100)


def main() -> None:
    """What was asked for."""
    asked = sys.argv[1:] or ["episodes", "diversity"]
    FIGURES.mkdir(parents=True, exist_ok=True)
    if "episodes" in asked:
        for game_id in EPISODES:
            draw_episode(game_id, FIGURES / f"{game_id.removesuffix('-v0').lower()}.png")
    if "diversity" in asked:
        draw_diversity(FIGURES / "diversity.png")


if __name__ == "__main__":
    main()
