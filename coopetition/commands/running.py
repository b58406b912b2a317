"""``coopetition run``: one episode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from coopetition.commands.asking import (
    console,
    figure_path,
    make_game,
    print_json,
    read_policies,
    refusals,
    say_written,
)
from coopetition.commands.options import Cast, Id, Json, MovingPlot, Preset, RewardMode, Seed, Settings
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from coopetition.baselines import EpisodeRecord

#: Rows of the table of steps, unless --every says otherwise.
ROWS = 10
#: State that is shown even if nothing moves it, and state that only repeats what the rates say.
ALWAYS = ("trust", "damage", "loyalty")
SEEN_IN_RATES = ("memory_mean", "agreement")
#: Up to so many agents have a column of their own.
MOST_COLUMNS = 4


def totals(record: EpisodeRecord) -> Rows:
    """What each agent did and earned in the whole episode."""
    game = record.game
    columns = (
        text("agent"),
        text("policy"),
        Column("mean rate", 7),
        Column("last rate", 2),
        Column("payoff", 8),
        Column("utility", 3),
        Column(f"return ({game.reward_mode})"),
    )
    cells = [
        (
            agent,
            record.policies[i],
            f"{record.rates[:, i].mean():.3f}",
            f"{record.rates[-1, i]:.3f}",
            f"{record.payoffs[:, i].sum():,.1f}",
            f"{record.utilities[:, i].sum():,.1f}",
            f"{record.rewards[:, i].sum():,.1f}",
        )
        for i, agent in enumerate(game.agents)
    ]
    return Rows("the episode", columns, cells)


def shown_steps(steps: int, every: int | None) -> list[int]:
    """Which steps, counted from 1, to print: the first and the last always."""
    if every is None:
        return sorted({int(round(step)) for step in np.linspace(1, steps, min(ROWS, steps))})
    return sorted({1, steps, *range(every, steps + 1, every)})


def progress_of(record: EpisodeRecord, every: int | None) -> Rows:
    """Some of the steps: rates, payoffs, and the state in means."""
    game = record.game
    separate = game.n <= MOST_COLUMNS
    names = [f"rate {agent}" for agent in game.agents] if separate else ["mean rate", "lowest", "highest"]
    names += [f"payoff {agent}" for agent in game.agents] if separate else ["mean payoff"]
    states = [name for name, values in record.states.items() if name in ALWAYS or np.ptp(values, axis=0).any()]
    states = [name for name in states if name not in SEEN_IN_RATES]
    columns = [Column("step")]
    # Rates and payoffs are what an episode is about; of the state, what comes first.
    columns += [
        Column(name.replace(" ", "\n", 1), 8 if name.startswith(("rate", "mean rate")) else 7) for name in names
    ]
    for k, name in enumerate(states):
        columns.append(Column(f"mean\n{name}" if record.states[name].ndim > 1 else name, max(6 - k, 1)))
    rows = []
    for step in shown_steps(record.steps, every):
        rates, payoffs = record.rates[step - 1], record.payoffs[step - 1]
        cells = [f"{x:.3f}" for x in (rates if separate else (rates.mean(), rates.min(), rates.max()))]
        cells += [f"{x:.2f}" for x in (payoffs if separate else [payoffs.mean()])]
        for name in states:
            values = record.states[name][step]
            if values.shape == (game.n, game.n):
                values = values[~np.eye(game.n, dtype=bool)]
            cells.append(f"{values.mean():.3g}")
        rows.append((str(step), *cells))
    return Rows("step by step", columns, rows)


def run(
    environment_id: Id,
    preset: Preset = None,
    policy: Cast = "tit_for_tat",
    seed: Seed = 0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Stop after so many steps; the horizon by default.")
    ] = None,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    every: Annotated[
        int | None,
        typer.Option("--every", min=1, help="Print every so many steps; about ten rows by default."),
    ] = None,
    plot: MovingPlot = None,
    as_json: Json = False,
) -> None:
    """Play one episode and print it, step by step and in total."""
    from coopetition.baselines import record_episode
    from coopetition.baselines.players import Players

    game = make_game(environment_id, settings or [], preset=preset, reward_mode=reward_mode)
    names = read_policies(policy)
    with refusals():
        players = Players(game, names)
    # Before the episode is played: a missing library or folder should not cost anybody's time.
    path = figure_path(plot, moving=True)
    record = record_episode(game, players.policies, seed=seed, steps=steps)
    if path is not None:
        from coopetition.plot import animate, episode

        with refusals():
            (animate if path.suffix.lower() == ".gif" else episode)(record, path)
    if as_json:
        print_json(record.to_dict())
    else:
        out = console()
        told = f"{record.steps} of {game.horizon} steps, end: {record.end}, seed {seed}"
        out.print(f"\n[bold]{game.id}[/bold]  {told}\n")
        print_rows(out, progress_of(record, every))
        print_rows(out, totals(record))
    if path is not None:
        say_written(path, as_json=as_json)
