"""``coopetition evaluate``: what policies earn, over many episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from coopetition.commands.asking import (
    LONGEST,
    console,
    find_id,
    make_game,
    print_json,
    progress,
    read_policies,
    refusals,
    refuse,
)
from coopetition.commands.options import Ids, Json, Preset, RewardMode, Seed, Settings, complete_policies
from coopetition.commands.tables import BREAK, Column, Rows, print_rows, text

if TYPE_CHECKING:
    from coopetition.baselines import Evaluation
    from coopetition.baselines.players import Players
    from coopetition.games.game import Game

#: The range of behaviour without learning: nobody gives, chance, reciprocity from the baseline, everybody gives all.
DEFAULT_POLICIES = ("constant_000", "random", "tit_for_tat", "constant_100")
#: Steps of an episode for which replies and optima are searched for.
LONGEST_SEARCHED = 2_000
#: Steps times agents that one policy plays in all episodes: a minute or so.
MOST_MOVES = 1_000_000_000
#: What the columns from efficiency on are, and what a row's mark says.
MEANINGS = {
    "best constant": "of the 101 rates, the one that pays all together most if everybody plays it",
    "efficiency": "the total return over that of the open-loop optimum",
    "normalised": "0: the worst open-loop nash found, 1: the optimum; empty where they lie within 2 %, or no nash is "
    "certified",
    "exploitability": "what an agent gains at least by a better reply (NashConv over agents)",
    "equality": "1 less the Gini coefficient of gains over nobody giving",
    "least share": "the least of these gains over their mean",
    "sustainability": "the horizon survived, weighted by trust",
    "retaliation": "what one defection is answered by",
    "forgiveness": "what of that answer is gone later",
}
#: Names of policies up to this length stay on their line.
LONGEST_NAME = 32


def _outcomes(outcomes: dict[str, int]) -> str:
    if len(outcomes) == 1:
        return next(iter(outcomes))
    return ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items()))


def _mean(values: Sequence[float | None], form: str) -> str:
    """A mean, or a dash where there is none."""
    known = [value for value in values if value is not None]
    return format(float(np.mean(known)), form) if known else "-"


def _numbers(rows: Sequence[Evaluation]) -> tuple[str, ...]:
    """Means over the rows' agents."""
    length = rows[0].length
    payoff = float(np.mean([row.payoff for row in rows]))
    deviation = float(np.mean([row.return_deviation for row in rows]))
    return (
        f"{np.mean([row.mean_return for row in rows]):,.1f}",
        f"{deviation:,.1f}" if deviation > 1e-6 * abs(payoff) else "",
        f"{payoff:,.1f}",
        f"{payoff / length:.2f}",
        f"{np.mean([row.rate for row in rows]):.3f}",
        f"{length:.1f}",
        _mean([row.efficiency for row in rows], "z.3f"),
        _mean([row.normalised for row in rows], "z.3f"),
        _mean([row.exploitability for row in rows], ",.1f"),
        _mean([row.equality for row in rows], "z.3f"),
        _mean([row.least_share for row in rows], "z.3f"),
        _mean([row.sustainability for row in rows], "z.3f"),
        _mean([row.retaliation for row in rows], "z.3f"),
        _mean([row.forgiveness for row in rows], "z.3f"),
        _outcomes(rows[0].outcomes),
    )


#: Headings and importance: a narrow terminal does without those of the lowest, and a table has payoffs at least.
COLUMNS = (
    Column("return", 7),
    Column("sd", 2),
    Column("payoff"),
    Column("a step", 1),
    Column("rate", 6),
    Column("steps", 5),
    Column("effi-\nciency", 7),
    Column("normal-\nised", 8),
    Column("exploit-\nability", 8),
    Column("equal-\nity", 4),
    Column("least\nshare", 3),
    Column("sustain-\nability", 4),
    Column("retali-\nation", 3),
    Column("forgive-\nness", 3),
)


def rows_of(results: dict[tuple[str, str], list[Evaluation]], by_agent: bool, best: dict[str, str]) -> Rows:
    """The table: a section for each environment; `best` names each one's best constant."""
    first = next(iter(results.values()))[0]
    cells: list[tuple[str, ...]] = []
    sections = []
    before = None
    for (environment_id, names), rows in results.items():
        if before not in (None, environment_id):
            sections.append(len(cells))
        label = environment_id if before != environment_id else ""
        before = environment_id
        mark = f"{BREAK}(best constant)" if best.get(environment_id) == names else ""
        if by_agent:
            for row in rows:
                cells.append((label, f"{row.agent}: {row.policy}{mark}", *_numbers([row])))
                label = ""
        else:
            cells.append((label, f"{names}{mark}", *_numbers(rows)))
    least = min(max(len(line) for _, name, *_ in cells for line in name.split(BREAK)), LONGEST_NAME)
    columns = (
        text("environment"),
        text("agent: policy" if by_agent else "policies", least=least),
        *COLUMNS,
        text("end", 4),
    )
    title = f"{first.episodes} episodes each, reward mode {first.reward_mode}; means per agent"
    meanings = {name: said for name, said in MEANINGS.items() if name != "best constant" or best}
    return Rows(title, columns, cells, sections=sections, meanings=meanings)


def best_constant(game: Game) -> str:
    """The constant that pays all together most, in returns of the game's mode; with chance, on one draw."""
    from coopetition.oracles import constant_returns

    totals = constant_returns(game, game.asked_mode).sum(axis=1)
    return f"constant_{int(np.argmax(totals)):03d}"


def evaluate(
    environment_ids: Ids = None,
    preset: Preset = None,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policies",
            help="Policies to compare, separated by commas; one for all agents, or one each, joined by '+'.",
            autocompletion=complete_policies,
        ),
    ] = None,
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, max=1_000_000, help="Episodes per environment and policy.")
    ] = 100,
    seed: Seed = 0,
    reward_mode: RewardMode = "integrated",
    settings: Settings = None,
    agents: Annotated[bool, typer.Option("--agents", help="A row for each agent, not only their mean.")] = False,
    constant: Annotated[
        bool,
        typer.Option(
            "--best-constant/--no-best-constant", help="Set the best of the 101 constants beside the policies."
        ),
    ] = True,
    normalise: Annotated[
        bool,
        typer.Option(
            "--normalise/--no-normalise",
            help="Place returns between the worst open-loop nash found, 0, and the open-loop optimum, 1; takes seconds "
            "to minutes for other parameters than the defaults.",
        ),
    ] = True,
    exploitability: Annotated[
        bool,
        typer.Option("--exploitability/--no-exploitability", help="What an agent gains at least by a better reply."),
    ] = True,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Search longer for better replies: a second or so an agent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Play many episodes and tabulate what policies earn, how good that is, and how exploitable they are."""
    from coopetition.baselines import evaluate as play
    from coopetition.baselines.players import Players
    from coopetition.envs import EXTENSIONS
    from coopetition.envs import environment_ids as every_id

    every = [name for name in every_id() if name not in EXTENSIONS]
    ids = list(dict.fromkeys(find_id(asked) for asked in environment_ids or [])) or every
    texts = [named.strip() for group in policies or [] for named in group.split(",")]
    if "" in texts:
        raise refuse("--policies names no policy; `coopetition policies` lists them")
    texts = list(dict.fromkeys(texts)) or list(DEFAULT_POLICIES)
    longest = LONGEST_SEARCHED if normalise or exploitability else LONGEST
    games = [make_game(name, settings or [], longest, preset=preset, reward_mode=reward_mode) for name in ids]
    casts: list[tuple[Game, str, Players]] = []
    for asked in texts:
        names = read_policies(asked)
        for game in games:
            with refusals():
                casts.append((game, asked, Players(game, names)))
    for game in games:
        if episodes * game.horizon * game.n > MOST_MOVES:
            raise refuse(
                f"{game.id}: {episodes:,} episodes of {game.horizon:,} steps: the command line plays at most "
                f"{MOST_MOVES:,} moves a policy"
            )
    # Constants are searched for over whole episodes, of games with one number an action.
    best = {game.id: best_constant(game) for game in games if game.axes == 1} if constant else {}
    for game in games:
        name = best.get(game.id)
        if name is not None and name not in texts:
            casts.append((game, name, Players(game, name)))
    order = {game.id: k for k, game in enumerate(games)}
    results: dict[tuple[str, str], list[Evaluation]] = {}
    with progress("evaluate", len(casts), as_json) as done:
        for game, asked, players in sorted(casts, key=lambda item: order[item[0].id]):
            results[game.id, asked] = play(
                game,
                players.policies,
                episodes,
                seed,
                normalise=normalise,
                exploitability=exploitability,
                thorough=thorough,
            )
            done(game.id)
    if as_json:
        print_json(
            [
                {**row.to_dict(), "best_constant": best.get(environment_id) == asked}
                for (environment_id, asked), rows in results.items()
                for row in rows
            ]
        )
        return
    print_rows(console(), rows_of(results, agents, best))
