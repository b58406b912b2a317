"""A figure for each environment's page: what rates pay over a whole episode, and what becomes of trust or loyalty.

Drawn before each build of the site, into files that are not in the repository.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import coopetition
from coopetition.envs import ENVIRONMENTS
from coopetition.games.game import Game
from coopetition.games.presets import preset_id
from coopetition.plot import COLOURS, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATES = np.linspace(0.0, 1.0, 101)
#: Steps of the right panel at most; in `STOPS`, the first agent gives nothing.
LONGEST = 60
STOPS = range(10, 15)
WORDS = (
    "Left and middle: payoffs of whole episodes over the rate, as a share of the highest: all play it (solid; the mean "
    "of all), or the first agent alone while the others keep to their baseline (dashed). Where a curve drops to the "
    "ground, the episode ends early. Right: {what} over the first steps while all keep to a rate (published numbers), "
    "and while the first agent, where all give 80 %, gives nothing for five steps."
)


def episodes(game: Game, alone: bool) -> np.ndarray:
    """Payoffs of episodes over `RATES`: the mean of all, or of the first agent."""
    batch = coopetition.batch(game.parameters, num_envs=len(RATES), autoreset="disabled")
    others = game.baseline_rate if alone else RATES[:, np.newaxis]
    rates = np.broadcast_to(others, (len(RATES), game.n)).copy()
    rates[:, 0] = RATES
    batch.reset(seed=[0] * len(RATES))  # where something is drawn, all rates meet the same draw
    totals = batch.rollout("actions", actions=np.broadcast_to(rates, (game.horizon, *rates.shape))).payoff_totals
    return totals[:, 0] if alone else totals.mean(axis=1)


def courses(game: Game) -> tuple[str, dict[str, np.ndarray]]:
    """What moves, and its mean over agents or pairs from step to step, by what is played."""
    steps = min(game.horizon, LONGEST)
    baseline = float(game.baseline_rate.mean())
    at_baseline = f"baseline, {100 * baseline:.0f} %"
    plays = {"all give 80 %": 0.8, at_baseline: baseline, "all give 10 %": 0.1, "the first stops": 0.8}
    rates = np.array(list(plays.values()))[:, np.newaxis].repeat(game.n, axis=1)
    batch = coopetition.batch(game.parameters, num_envs=len(plays), autoreset="disabled")
    batch.reset(seed=[0] * len(plays))
    what = _moving(game)
    held = np.full((steps, len(plays)), np.nan)
    for step in range(steps):
        going = ~batch.terminated
        now = rates.copy()
        now[3, 0] = 0.0 if step in STOPS else rates[3, 0]
        batch.step(now)
        state = batch.payoffs if what == "payoff" else batch.state()[what]
        mean = state.sum(axis=(1, 2)) / (game.n * (game.n - 1)) if what == "trust" else state.mean(axis=1)
        held[step, going] = mean[going]
    return what, {name: held[:, k] for k, name in enumerate(plays)}


def caption(environment_id: str) -> str:
    """What a figure shows."""
    return WORDS.format(what="mean " + _moving(coopetition.make_game(environment_id)))


def _moving(game: Game) -> str:
    """What of the state moves and is paid for; else the payoff of a step."""
    if "trust" in game.layout:
        return "trust"
    weights = (getattr(game.parameters, name, 0.0) for name in ("phi_B", "phi_C"))
    return "loyalty" if "loyalty" in game.layout and any(weights) else "payoff"


def draw(environment_id: str, path: Path) -> None:
    """Draw one."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    published, strong = (
        coopetition.make_game(environment_id),
        coopetition.make_game(preset_id(environment_id, "strong")),
    )
    figure = Figure(figsize=(9.2, 2.9))
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.35))
    figure.subplots_adjust(left=0.055, right=0.985, bottom=0.17, top=0.88, wspace=0.24)
    for axes, game, title in ((left, published, "published numbers"), (middle, strong, "strong numbers")):
        together, alone = episodes(game, False), episodes(game, True)
        most = max(together.max(), alone.max())
        axes.axvline(float(game.baseline_rate[0]), color="#AAAAAA", linewidth=1.0, linestyle=(0, (1, 2)))
        axes.plot(RATES, together / most, color=COLOURS[0], linewidth=2.0)
        axes.plot(RATES, alone / most, color=COLOURS[1], linewidth=2.0, linestyle=(0, (5, 2)))
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(min(-0.03, float(min(together.min(), alone.min()) / most) - 0.03), 1.05)
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        _tidy(axes, f"payoff, {title}", "cooperation rate")
    what, found = courses(published)
    styles = ((COLOURS[2], "-"), (COLOURS[4], "-"), (COLOURS[6], (0, (1, 1))), (COLOURS[3], (0, (4, 1))))
    for (name, values), (colour, dashes) in zip(found.items(), styles, strict=True):
        right.plot(np.arange(1, len(values) + 1), values, color=colour, linestyle=dashes, linewidth=2.0, label=name)
    right.legend(fontsize=8, frameon=False, loc="best")
    if what != "payoff":
        right.set_ylim(-0.03, 1.05)
    _tidy(right, {"trust": "mean trust", "loyalty": "mean loyalty", "payoff": "mean payoff of a step"}[what], "step")
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": environment_id}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _tidy(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(below, fontsize=9, color=INK)
    axes.tick_params(labelsize=8.5, length=3, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")


def write(folder: Path) -> None:
    """Draw all, a file for each page in a folder."""
    for environment_id, (module, _) in ENVIRONMENTS.items():
        draw(environment_id, folder / f"{module}.svg")


if __name__ == "__main__":
    write(Path(__file__).parent / "environments")
