"""Rendering: a compact table of a step as text; figures are drawn by `coopetition.plot` when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from coopetition.games.game import Game

#: Pairs are shown as means over an agent's others.
PAIRS = ("trust", "damage")


def table(
    game: Game,
    state: dict[str, np.ndarray],
    payoffs: Sequence[float],
    utilities: Sequence[float],
    rewards: Sequence[float],
) -> str:
    """One step as a table: a line about the game, then a row an agent.

    Parameters
    ----------
    game : Game
        What is played.
    state : dict of str to ndarray
        One copy's state by name, after the step.
    payoffs, utilities, rewards : sequence of float (N,)
        Of the step; zero after a reset.

    Returns
    -------
    str
        Columns: agent, rate, level, payoff, utility, reward, mean trust in and damage held against others or
        loyalty, then what the environment adds for each agent.
    """
    n = game.n
    columns: dict[str, list[str]] = {
        "agent": list(game.agents),
        "rate": [f"{rate:.3f}" for rate in state["rates"]],
        "level": [f"{level:.1f}" for level in state["rates"] * game.endowment],
        "payoff": [f"{value:.2f}" for value in payoffs],
        "utility": [f"{value:.2f}" for value in utilities],
        "reward": [f"{value:.2f}" for value in rewards],
    }
    for name in PAIRS:
        if name in state:
            columns[name] = [f"{value:.3f}" for value in state[name].sum(axis=1) / (n - 1)]
    if "loyalty" in state:
        columns["loyalty"] = [f"{value:.3f}" for value in state["loyalty"]]
    header = [f"{game.id}  step {int(state['time'])}/{game.horizon}  {game.reward_mode}"]
    for addition in game.additions:
        if not addition.observed:
            continue
        values = state[addition.name]
        if values.shape == (n,):
            columns[addition.name] = [f"{value:.3g}" for value in values]
        elif values.shape == ():
            header.append(f"{addition.name} {float(values):.3g}")
    lines = ["  ".join(header)]
    widths = {name: max(len(name), *map(len, cells)) for name, cells in columns.items()}

    def line(cells: list[str]) -> str:
        first, *rest = zip(cells, widths.values(), strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])

    lines.append(line(list(columns)))
    lines += [line([cells[i] for cells in columns.values()]) for i in range(n)]
    return "\n".join(lines)


def history(game: Game, recorded: dict[str, list[Any]], state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Recorded rates and payoffs as arrays (T, N), and the latest trust or loyalty."""
    arrays = {name: np.array(rows, dtype=np.float64).reshape(-1, game.n) for name, rows in recorded.items()}
    for name in ("trust", "loyalty", "time"):
        if name in state:
            arrays[name] = state[name]
    return arrays


def frame(game: Game, recorded: dict[str, np.ndarray]) -> np.ndarray:
    """A figure of the episode so far, uint8 (height, width, 3).

    Raises
    ------
    gymnasium.error.DependencyNotInstalled
        Without matplotlib, which is the extra ``plot``.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise gymnasium.error.DependencyNotInstalled(
            'matplotlib is not installed, run `pip install "coopetition[plot]"`'
        ) from error
    from coopetition.plot import frame

    drawn: np.ndarray = frame(game, recorded)
    return drawn


def show(image: np.ndarray, window: Any, title: str) -> Any:
    """Put a frame into a window, opened at the first call; without a display nothing is seen, and nothing fails."""
    import matplotlib.pyplot as plt

    if window is None:
        figure = plt.figure(num=None, figsize=(image.shape[1] / 100, image.shape[0] / 100), dpi=100)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        window = (figure, axes.imshow(image))
        if figure.canvas.manager is not None:
            figure.canvas.manager.set_window_title(title)
        if getattr(figure.canvas, "required_interactive_framework", None) is not None:
            figure.show()
    figure, picture = window
    picture.set_data(image)
    figure.canvas.draw_idle()
    figure.canvas.flush_events()
    return window


def close(window: Any) -> None:
    """Close a window that `show` opened."""
    import matplotlib.pyplot as plt

    plt.close(window[0])


def warn_without_mode(game: Game) -> None:
    """Gymnasium's warning about `render` without a render mode."""
    gymnasium.logger.warn(
        f"You are calling render without a render mode. Pass one when you make the environment, such as "
        f'gymnasium.make("coopetition/{game.id}", render_mode="ansi").'
    )
