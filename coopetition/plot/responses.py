"""What constants earn over whole episodes: against policies, and against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.plot.style import (
    INK,
    MAP,
    agent_colour,
    blank,
    inches,
    label,
    least_span,
    plain_numbers,
    short,
    tidy,
    write,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from coopetition.games.game import Game

#: Constants that are tried, and agents that are drawn at most.
LEVELS = np.linspace(0.0, 1.0, 21)
MOST, ACROSS = 8, 4
#: Constants a side of the surface.
GRID = 41


def measured_responses(
    game_or_id: Any, policies: Any = "tit_for_tat", *, seed: int = 0, levels: Sequence[float] | None = None
) -> list[dict[str, Any]]:
    """What each agent earns over an episode by each of some constants, the others playing their policies.

    Parameters
    ----------
    game_or_id : str, Parameters or Game
        What is played.
    policies : str, policy, or sequence of either
        Who plays: for all agents, or one for each.
    seed : int
        Of the draws, the same for every constant.
    levels : sequence of float, optional
        Rates; 21 by default.

    Returns
    -------
    list of dict
        ``agent``, ``seat`` (its number), ``level``, ``value`` (its return in the game's mode) and ``reference`` (its
        return by its own policy), as in the study's table ``audit``; of at most eight agents, the first of those alike
        in name and policy where there are more.
    """
    from coopetition.baselines.players import Players, as_game
    from coopetition.batching.batch import Batch
    from coopetition.policies.policy import scale_rates, whole_actions

    game = as_game(game_or_id, {})
    players = Players(game, policies)
    rates = LEVELS if levels is None else np.asarray(levels, dtype=np.float64)
    agents = list(range(game.n))
    if game.n > MOST:
        kinds = {(name.rpartition("_")[0] or name, who): i for i, (name, who) in
                 reversed(list(enumerate(zip(game.agents, players.names, strict=True))))}  # fmt: skip
        agents = sorted(kinds.values())[:MOST]
    copies = 1 + len(agents) * len(rates)
    batch = Batch(game, copies, autoreset="disabled")
    observations = batch.reset(seed=[seed] * copies)
    players.reset([seed] * copies, copies)
    returns, alive = np.zeros((copies, game.n)), np.ones(copies, dtype=bool)
    for _ in range(game.horizon):
        actions = players.act(observations)
        for k, i in enumerate(agents):
            part = slice(1 + k * len(rates), 1 + (k + 1) * len(rates))
            actions[part, i] = scale_rates(game, whole_actions(game, rates), i)  # of no intensity, where there is one
        batch.step(actions)
        returns[alive] += batch.rewards[alive]
        alive &= ~(batch.terminated | batch.truncated)
        if not alive.any():
            break
    return [
        {
            "agent": game.agents[i],
            "seat": i,
            "level": float(level),
            "value": float(returns[1 + k * len(rates) + c, i]),
            "reference": float(returns[0, i]),
        }
        for k, i in enumerate(agents)
        for c, level in enumerate(rates)
    ]


def response_curves(rows: Any, path: str | Path | None = None, *, title: str = "Responses") -> Figure:
    """Draw what each agent would earn by a constant rate against the others' policies.

    Parameters
    ----------
    rows : sequence of mappings, or table with ``iter_rows``
        With ``agent``, ``level``, ``value`` and ``reference``: from `measured_responses`, or the rows of the study's
        table ``audit`` whose ``audit`` is "surface".
    path : str or Path, optional
        Where to write it, in the format of the suffix.
    title : str
        What is played.

    Returns
    -------
    matplotlib.figure.Figure
        A panel an agent, in its colour; dashed, what its own policy earns: a curve above it is a reason to leave it.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        No rows.

    Examples
    --------
    >>> from coopetition import plot
    >>> rows = plot.measured_responses("SLCD-v0", "tit_for_tat")
    >>> figure = plot.response_curves(rows, title="SLCD-v0")
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['samsung', 'sony']
    """
    table: list[Mapping[str, Any]] = list(rows.iter_rows(named=True)) if hasattr(rows, "iter_rows") else list(rows)
    table = [row for row in table if row.get("audit", "surface") == "surface"]
    if not table:
        raise ValueError("there are no rows to draw")
    agents = list(dict.fromkeys(row["agent"] for row in table))[:MOST]
    across = 3 if len(agents) in (3, 5, 6) else min(ACROSS, len(agents))
    down = -(-len(agents) // across)
    said = "return of a constant rate, the others playing their policies; dashed: of the own policy"
    figure = blank(title, said, 1.5 + 1.9 * down)
    spec: Any = inches(figure, 0.8, 0.55, 0.25, 0.95)
    grid = figure.add_gridspec(down, across, hspace=0.45, wspace=0.3, **spec)
    for k, agent in enumerate(agents):
        axes = figure.add_subplot(grid[k // across, k % across])
        tidy(axes)
        own = sorted((row["level"], row["value"], row["reference"]) for row in table if row["agent"] == agent)
        levels, values, references = np.array(own, dtype=np.float64).T
        seat = next((row["seat"] for row in table if row["agent"] == agent and "seat" in row), k)
        axes.plot(levels, values, color=agent_colour(seat), linewidth=2.0)
        axes.axhline(references.mean(), color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        least_span(axes, np.append(values, references))
        plain_numbers(axes)
        axes.set_xlim(0.0, 1.0)
        name = agent if len(agents) <= 3 else short([agent])[0]
        axes.set_title(name, fontsize=10, color=INK, loc="left")
        label(axes, "own rate" if k + across >= len(agents) else "", "return" if k % across == 0 else "")
    return write(figure, path)


def response_surface(
    game_or_id: Any, path: str | Path | None = None, *, objective: Any = "private", grid: int = GRID
) -> Figure:
    """Draw what constant rates earn over a whole episode, and how long it lasts.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or environment
        What is played.
    path : str or Path, optional
        Where to write it, in the format of the suffix.
    objective : str, RewardMode or array_like (N, N)
        Whose returns: "private", "integrated", "cooperative", ...
    grid : int
        Constants a side.

    Returns
    -------
    matplotlib.figure.Figure
        Maps over the first agent's rate and that of all others: its own return, the sum of all returns, and the steps
        that the episode lasts. Where trust collapses is an edge in all three.

    Raises
    ------
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> from coopetition import plot
    >>> figure = plot.response_surface("TrustDilemma-v0", grid=5)
    >>> [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    ["agent_0's return", 'sum of returns', 'steps']
    """
    from coopetition.oracles.stage.game import as_game

    game = as_game(game_or_id, objective)
    sides = np.linspace(0.0, 1.0, grid)
    x, y = np.meshgrid(sides, sides)
    rates = np.repeat(y[..., None], game.n, axis=-1)
    rates[..., 0] = x
    returns, lengths = constants_played(game, rates.reshape(-1, game.n))
    figure = blank(f"{game.id}: constant rates for a whole episode", f"{game.reward_mode} rewards", 4.15)
    spec: Any = inches(figure, 0.65, 0.6, 0.35, 0.95)
    panels = figure.add_gridspec(1, 3, wspace=0.38, **spec)
    first = game.agents[0]
    shown = ((f"{first}'s return", returns[:, 0]), ("sum of returns", returns.sum(axis=1)), ("steps", lengths))
    for k, (title, values) in enumerate(shown):
        axes = figure.add_subplot(panels[0, k])
        low, high = float(values.min()), float(values.max())
        span = max(high - low, 0.1 * max(abs(low), abs(high)), 1e-9)
        low = 0.0 if title == "steps" else high - span
        picture = axes.imshow(
            values.reshape(x.shape), origin="lower", extent=(0, 1, 0, 1), cmap=MAP, vmin=low, vmax=high, aspect="equal"
        )
        bar = figure.colorbar(picture, ax=axes, fraction=0.046, pad=0.04)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8.5, colors=INK, length=3)
        plain_numbers(bar.ax)
        axes.set_title(title, fontsize=10, color=INK, loc="left")
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        axes.set_yticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        axes.tick_params(colors=INK, labelsize=9, length=3)
        others = game.agents[1] if game.n == 2 else f"all {game.n - 1} others"
        label(axes, f"rate of {first}", f"rate of {others}" if k == 0 else "")
    return write(figure, path)


def constants_played(game: Game, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (B, N) and lengths (B,) of whole episodes of constant rates (B, N); intensities, if any, are zero."""
    from coopetition.batching.batch import Batch
    from coopetition.games.game import Game
    from coopetition.policies.policy import scale_rates

    batch = Batch(Game(game.parameters, game.mode), len(rates), autoreset="disabled", observe=False)
    batch.reset(seed=0)
    scripts = np.repeat(scale_rates(batch.game, batch.game.levels_of(rates))[None], game.horizon, axis=0)
    played = batch.rollout("actions", game.horizon, actions=scripts)
    return played.returns.copy(), played.lengths.copy()
