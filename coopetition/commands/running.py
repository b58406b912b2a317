"""``coopetition run``: one episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from coopetition.baselines import record_episode
from coopetition.baselines.players import Players
from coopetition.commands.asking import console, make_game, print_json, read_policies, refusals, refuse

if TYPE_CHECKING:
    from coopetition.baselines import EpisodeRecord

#: Rows of the table of steps, unless --every says otherwise.
ROWS = 10
#: State that is shown even if nothing moves it, and state that only repeats what the rates say.
ALWAYS = ("trust", "damage", "loyalty")
SEEN_IN_RATES = ("memory_mean", "agreement")
#: Up to so many agents have a column of their own.
MOST_COLUMNS = 4


def totals(record: EpisodeRecord) -> Table:
    """What each agent did and earned in the whole episode."""
    game = record.game
    table = Table(title="the episode", title_justify="left")
    table.add_column("agent")
    table.add_column("policy")
    for name in ("mean rate", "last rate", "payoff", "utility", f"return ({game.reward_mode})"):
        table.add_column(name, justify="right")
    for i, agent in enumerate(game.agents):
        table.add_row(
            agent,
            record.policies[i],
            f"{record.rates[:, i].mean():.3f}",
            f"{record.rates[-1, i]:.3f}",
            f"{record.payoffs[:, i].sum():,.1f}",
            f"{record.utilities[:, i].sum():,.1f}",
            f"{record.rewards[:, i].sum():,.1f}",
        )
    return table


def shown_steps(steps: int, every: int | None) -> list[int]:
    """Which steps, counted from 1, to print: the first and the last always."""
    if every is None:
        return sorted({int(round(step)) for step in np.linspace(1, steps, min(ROWS, steps))})
    return sorted({1, steps, *range(every, steps + 1, every)})


def progress_of(record: EpisodeRecord, every: int | None) -> Table:
    """Some of the steps: rates, payoffs, and the state in means."""
    game = record.game
    table = Table(title="step by step", title_justify="left")
    table.add_column("step", justify="right")
    separate = game.n <= MOST_COLUMNS
    names = [f"rate {agent}" for agent in game.agents] if separate else ["mean rate", "lowest", "highest"]
    names += [f"payoff {agent}" for agent in game.agents] if separate else ["mean payoff"]
    states = [name for name, values in record.states.items() if name in ALWAYS or np.ptp(values, axis=0).any()]
    states = [name for name in states if name not in SEEN_IN_RATES]
    for name in [*names, *(f"mean {name}" if record.states[name].ndim > 1 else name for name in states)]:
        table.add_column(name, justify="right")
    for step in shown_steps(record.steps, every):
        rates, payoffs = record.rates[step - 1], record.payoffs[step - 1]
        cells = [f"{x:.3f}" for x in (rates if separate else (rates.mean(), rates.min(), rates.max()))]
        cells += [f"{x:.2f}" for x in (payoffs if separate else [payoffs.mean()])]
        for name in states:
            values = record.states[name][step]
            if values.shape == (game.n, game.n):
                values = values[~np.eye(game.n, dtype=bool)]
            cells.append(f"{values.mean():.3g}")
        table.add_row(str(step), *cells)
    return table


def run(
    environment_id: str,
    preset: str | None,
    policy: str,
    seed: int,
    steps: int | None,
    reward_mode: str,
    settings: Sequence[str],
    every: int | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Play, and print or draw."""
    game = make_game(environment_id, settings, preset=preset, reward_mode=reward_mode)
    names = read_policies(policy)
    with refusals():
        players = Players(game, names)
    if plot is not None:
        # Before the episode is played: a missing library or folder should not cost anybody's time.
        from coopetition.plot import require_matplotlib

        with refusals():
            require_matplotlib()
        if not plot.parent.is_dir():
            raise refuse(f"--plot {plot}: there is no folder {str(plot.parent)!r}")
    record = record_episode(game, players.policies, seed=seed, steps=steps)
    if plot is not None:
        from coopetition.plot import episode

        with refusals():
            episode(record, plot)
    if as_json:
        print_json(record.to_dict())
        return
    out = console()
    out.print(f"\n[bold]{game.id}[/bold]  {record.steps} of {game.horizon} steps, end: {record.end}, seed {seed}\n")
    out.print(progress_of(record, every))
    out.print(totals(record))
    if plot is not None:
        out.print(f"figure: {plot}")
