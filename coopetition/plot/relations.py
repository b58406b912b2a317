"""Trust between agents and loyalty of agents, as they are at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.games.game import Game
from coopetition.plot.style import INK, MAP, MUTED, ink_on, short, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
#: With more agents than this, pairs are drawn as bands.
MOST = 8


def draw_state(axes: Axes, game: Game, state: Mapping[str, Any], colours: Sequence[str]) -> None:
    """The present trust as a heat map, or loyalty as bars in the agents' colours."""
    if "loyalty" in state:
        draw_loyalty(axes, game, np.asarray(state["loyalty"], dtype=np.float64), colours)
    elif "trust" in state:
        draw_trust(axes, game, np.asarray(state["trust"], dtype=np.float64))
    else:
        axes.set_axis_off()


def draw_trust(axes: Axes, game: Game, trust: np.ndarray, title: str = "trust of row in column") -> None:
    """Trust (N, N) as a heat map with its numbers, where they can be read."""
    n = game.n
    shown = np.ma.masked_array(trust, mask=np.eye(n, dtype=bool))
    picture = axes.imshow(shown, vmin=0.0, vmax=1.0, cmap=MAP, aspect="equal")
    axes.set_facecolor("#EEEEEE")
    names = list(game.agents) if n <= 3 else short(game.agents)
    stride = max(1, -(-n // 12))
    places = range(0, n, stride)
    axes.set_xticks(places, [names[i] for i in places], fontsize=9, color=INK)
    axes.set_yticks(places, [names[i] for i in places], fontsize=9, color=INK)
    if n <= 3:
        axes.tick_params(axis="y", labelrotation=90)
        for text in axes.get_yticklabels():
            text.set_verticalalignment("center")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_anchor("N")
    if n <= MOST:
        for i in range(n):
            for j in range(n):
                if i != j:
                    size = 13 if n <= 3 else 9 if n <= 5 else 7.5
                    axes.text(
                        j, i, f"{trust[i, j]:.2f}", ha="center", va="center", color=ink_on(trust[i, j]), fontsize=size
                    )
    else:
        below = axes.inset_axes((0.0, -0.16, 1.0, 0.04))
        strip = axes.figure.colorbar(picture, cax=below, orientation="horizontal", ticks=[0.0, 0.5, 1.0])
        strip.outline.set_visible(False)
        strip.ax.tick_params(labelsize=9, colors=INK, length=3)


def draw_loyalty(axes: Axes, game: Game, loyalty: np.ndarray, colours: Sequence[str]) -> None:
    """Loyalty (N,) as bars; of many, sorted: what matters then is how it is spread, not who is who."""
    tidy(axes)
    n = game.n
    many = n > MOST
    order = np.argsort(-loyalty, kind="stable") if many else np.arange(n)
    axes.bar(np.arange(n), loyalty[order], width=0.75 if n <= 12 else 0.9, color=[colours[i] for i in order])
    cap = float(getattr(game.parameters, "loyalty_cap", 1.0))
    if cap < 1.0:
        axes.axhline(cap, color="#888888", linewidth=1.0, linestyle=(0, (1, 2)))
        axes.text(n - 0.4, cap + 0.01, "cap", fontsize=8.5, color=MUTED, va="bottom", ha="right")
    axes.set_xlim(-0.6, n - 0.4)
    axes.set_ylim(0.0, 1.04)
    axes.set_yticks([0.0, 0.5, 1.0])
    if many:
        axes.set_xticks([])
        axes.set_xlabel(f"{n} agents, most loyal first", fontsize=9, color=INK)
    else:
        axes.set_xticks(range(n), short(game.agents), fontsize=9, color=INK)
    axes.set_title("loyalty", fontsize=10, color=INK, loc="left")
