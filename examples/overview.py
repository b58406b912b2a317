"""The picture of the README: how much of a dilemma each of the twenty environments is, from whole episodes.

For each environment two curves over the cooperation rate: what everybody earns when all play it, and what one agent
earns who plays it alone among others who stay at their baseline. Run with ``python examples/overview.py FILE``; it
needs ``pip install 'coopetition[plot]'``.
"""

from __future__ import annotations

import sys

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

import coopetition
from coopetition.batching.batch import Batch
from coopetition.commands.catalogue import catalogue

MECHANISMS = ("interdependence", "trust", "team", "reciprocity")
RATES = np.linspace(0.0, 1.0, 101)
TOGETHER, ALONE, INK = "#0072B2", "#D55E00", "#333333"


def episode_payoffs(environment_id: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Episode payoffs over `RATES`: per agent when all play the rate, of the first agent alone; and its b/e."""
    game = coopetition.make_game(environment_id)
    batch = Batch(game, len(RATES), autoreset="disabled", observe=False)
    results = []
    for alone in (False, True):
        others = game.baseline_rate if alone else RATES[:, np.newaxis]
        profile = np.broadcast_to(others, (len(RATES), game.n)).copy()
        profile[:, 0] = RATES
        batch.reset(seed=[0] * len(RATES))  # where something is drawn, all rates meet the same draw
        totals = batch.rollout("actions", actions=np.broadcast_to(profile, (game.horizon, *profile.shape)))
        results.append(totals.payoff_totals[:, 0] if alone else totals.payoff_totals.mean(axis=1))
    return results[0], results[1], float(game.baseline_rate[0])


def main(path: str) -> None:
    """Draw all twenty, a row for each mechanism."""
    entries = [entry for entry in catalogue() if entry.id in coopetition.ENVIRONMENT_IDS]
    figure = Figure(figsize=(12.4, 8.6), dpi=100, facecolor="white")
    grid = figure.subplots(4, 5, sharex=True)
    figure.subplots_adjust(left=0.065, right=0.985, bottom=0.075, top=0.885, hspace=0.42, wspace=0.2)
    for row, mechanism in enumerate(MECHANISMS):
        of_row = [entry for entry in entries if entry.mechanism == mechanism]
        for axes, entry in zip(grid[row], of_row, strict=True):
            together, alone, baseline = episode_payoffs(entry.id)
            scale = max(together.max(), alone.max())
            axes.axvline(baseline, color="#AAAAAA", linewidth=1.0, linestyle=(0, (1, 2)))
            axes.plot(RATES, together / scale, color=TOGETHER, linewidth=2.2)
            axes.plot(RATES, alone / scale, color=ALONE, linewidth=2.2, linestyle=(0, (5, 2)))
            axes.set_title(f"{entry.id.removesuffix('-v0')}  ({len(entry.agents)})", fontsize=10, color=INK, loc="left")
            axes.set_xlim(0.0, 1.0)
            axes.set_ylim(-0.03, 1.05)
            axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
            axes.set_yticks([0.0, 0.5, 1.0], ["0", "", "1"])
            axes.tick_params(labelsize=8.5, length=3, colors=INK)
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color("#999999")
        box = grid[row][0].get_position()
        middle = (box.y0 + box.y1) / 2
        figure.text(0.014, middle, mechanism, rotation=90, va="center", ha="center", fontsize=12, fontweight="bold")
        figure.text(0.036, middle, "episode payoff", rotation=90, va="center", ha="center", fontsize=8.5, color=INK)
    for axes in grid[-1]:
        axes.set_xlabel("cooperation rate", fontsize=8.5, color=INK)
    figure.text(0.065, 0.968, "Twenty environments: cooperate to grow the pie, compete to split it", fontsize=15)
    handles = [
        Line2D([], [], color=TOGETHER, linewidth=2.2),
        Line2D([], [], color=ALONE, linewidth=2.2, linestyle=(0, (5, 2))),
        Line2D([], [], color="#AAAAAA", linewidth=1.0, linestyle=(0, (1, 2))),
    ]
    labels = [
        "all agents play the rate: payoff of each (mean)",
        "the first agent plays it alone, the others their baseline: its payoff",
        "baseline rate b/e",
    ]
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.058, 0.96), ncols=3, frameon=False, fontsize=10)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # Few colours are enough for lines, and make the file a third of the size.
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "overview.png")
