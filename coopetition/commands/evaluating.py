"""``coopetition evaluate``: what policies earn, over many episodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coopetition.baselines import Evaluation
from coopetition.baselines import evaluate as play
from coopetition.baselines.players import Players
from coopetition.commands.asking import (
    console,
    find_id,
    make_game,
    print_json,
    progress,
    read_policies,
    refusals,
)
from coopetition.commands.tables import Column, Rows, print_rows
from coopetition.envs import environment_ids as every_id

#: The range of behaviour without learning: nobody gives, chance, reciprocity from the baseline, everybody gives all.
DEFAULT_POLICIES = ("constant_000", "random", "tit_for_tat", "constant_100")
#: What the numbers from efficiency on are.
CAPTION = (
    "efficiency: the total return over that of the open-loop optimum; "
    "normalised: 0 is the worst open-loop nash found, 1 the optimum, "
    "empty where they lie within 2 % or no nash is certified; "
    "exploitability: what an agent gains at least by a better reply (NashConv / agents); "
    "equality and least share: of gains over nobody giving; sustainability: the horizon survived, weighted by trust; "
    "retaliation and forgiveness: what one defection is answered by, and what of that is gone later"
)


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


#: Headings and importance: what a narrow terminal does without comes last.
COLUMNS = (
    Column("return", 7),
    Column("sd", 2),
    Column("payoff", 8),
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


def rows_of(results: dict[tuple[str, str], list[Evaluation]], by_agent: bool) -> Rows:
    """The table: a section for each environment."""
    first = next(iter(results.values()))[0]
    cells: list[tuple[str, ...]] = []
    sections = []
    before = None
    for (environment_id, names), rows in results.items():
        if before not in (None, environment_id):
            sections.append(len(cells))
        label = environment_id if before != environment_id else ""
        before = environment_id
        if by_agent:
            for row in rows:
                cells.append((label, f"{row.agent}: {row.policy}", *_numbers([row])))
                label = ""
        else:
            cells.append((label, names, *_numbers(rows)))
    columns = (
        Column("environment", justify="left"),
        Column("agent: policy" if by_agent else "policies", justify="left"),
        *COLUMNS,
        Column("end", 4, "left"),
    )
    title = f"{first.episodes} episodes each, reward mode {first.reward_mode}; means per agent"
    return Rows(title, columns, cells, CAPTION, sections)


def run(
    environment_ids: Sequence[str],
    preset: str | None,
    policies: Sequence[str],
    episodes: int,
    seed: int,
    reward_mode: str,
    settings: Sequence[str],
    by_agent: bool,
    as_json: bool,
    normalise: bool = True,
    exploitability: bool = True,
    thorough: bool = False,
) -> None:
    """Play everything that was asked for, after checking all of it."""
    ids = list(dict.fromkeys(find_id(asked) for asked in environment_ids)) or list(every_id())
    texts = [text.strip() for group in policies for text in group.split(",") if text.strip()]
    texts = list(dict.fromkeys(texts)) or list(DEFAULT_POLICIES)
    games = [make_game(name, settings, preset=preset, reward_mode=reward_mode) for name in ids]
    ids = [game.id for game in games]
    casts = []
    for text in texts:
        names = read_policies(text)
        for game in games:
            with refusals():
                casts.append((game, text, Players(game, names)))
    results: dict[tuple[str, str], list[Evaluation]] = {}
    with progress("evaluate", len(casts), as_json) as done:
        for game, text, players in sorted(casts, key=lambda item: ids.index(item[0].id)):
            results[game.id, text] = play(
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
        print_json([row.to_dict() for rows in results.values() for row in rows])
        return
    print_rows(console(), rows_of(results, by_agent))
