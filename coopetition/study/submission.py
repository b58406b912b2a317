"""Results from outside: a checked file, or a trained policy, that joins the corpus and stands in the report's tables.

A submission is a table, CSV or Parquet, with a row for each training run on one environment in one reward mode; in CSV
lists are JSON, such as ``"[812.5, 790.1]"``. Only what was observed is submitted. Efficiencies and whatever else needs
a yardstick are computed here, so that all are measured by the same one. `COLUMNS` is the schema.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from coopetition.games.game import Game
from coopetition.games.parameters import nearest
from coopetition.policies.trained import TrainedPolicy, is_policy_file
from coopetition.study.arena import draws
from coopetition.study.measuring import DRAWN, EVALUATION_SEED, best_total, derived, game_of, measure
from coopetition.study.plan import ALGORITHMS, MODES
from coopetition.study.tables import SCHEMAS, frame
from coopetition.study.training import maker_of

#: How far sums of float32 rewards may be from sums of payoffs.
SLACK = 1e-4
#: Problems that are named before the rest is only counted.
MOST_PROBLEMS = 20


class Wanted(NamedTuple):
    """A column of a submission: what is in it, whether it must be there, and what it means."""

    kind: str
    required: bool
    about: str


COLUMNS: dict[str, Wanted] = {
    "algorithm": Wanted("text", True, "name of the entrant; not one of the study's own learners"),
    "environment": Wanted("text", True, "id, such as SLCD-v0 or SLCDStrong-v0, with its own numbers"),
    "reward_mode": Wanted("text", True, "private, integrated or cooperative: under which it was trained and is scored"),
    "seed": Wanted("whole", True, "training seed, 0 and more; one row a seed"),
    "environment_steps": Wanted("whole", True, "steps the run was trained for"),
    "episodes": Wanted("whole", True, "episodes that were played to evaluate, from fresh seeds, without learning"),
    "returns": Wanted("list", True, "mean over episodes of the summed rewards of the mode, an agent"),
    "payoffs": Wanted("list", True, "mean over episodes of the summed private payoffs pi, an agent"),
    "rates": Wanted("list", True, "mean cooperation rate, an agent, in [0, 1]"),
    "length": Wanted("number", True, "mean number of steps of an episode"),
    "submitter": Wanted("text", True, "who submits it"),
    "link": Wanted("text", False, "paper or code"),
    "bond_end": Wanted("number", False, "mean trust over ordered pairs, or mean loyalty, at the end, in [0, 1]"),
    "outcome": Wanted("text", False, "the most frequent end: horizon, collapsed, recovered or dissolved"),
}
KEY = ("algorithm", "environment", "reward_mode", "seed")


class SubmissionError(ValueError):
    """A submission that cannot be taken.

    Attributes
    ----------
    problems : tuple of str
        Each names its row, from 1 below the header, and its column.
    """

    def __init__(self, path: str | Path, problems: list[str]) -> None:
        self.problems = tuple(problems)
        shown = problems[:MOST_PROBLEMS]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        super().__init__(f"{path} cannot be taken:\n" + "\n".join(f"  {problem}" for problem in shown))


def json_schema() -> dict[str, Any]:
    """The schema of one row, as JSON Schema (2020-12)."""
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1},
        "whole": {"type": "integer", "minimum": 0},
        "number": {"type": "number"},
        "list": {"type": "array", "items": {"type": "number"}},
    }
    properties = {name: {**kinds[wanted.kind], "description": wanted.about} for name, wanted in COLUMNS.items()}
    properties["reward_mode"]["enum"] = list(MODES)
    properties["rates"]["items"] = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A row of a submission to the reference study of coopetition",
        "type": "object",
        "properties": properties,
        "required": [name for name, wanted in COLUMNS.items() if wanted.required],
        "additionalProperties": False,
    }


def read_rows(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a CSV or Parquet file, as they stand.

    Raises
    ------
    SubmissionError
        It is no such table, or has other columns, with the nearest.
    """
    file = Path(path)
    try:
        if file.suffix == ".parquet":
            table = pl.read_parquet(file)
        elif file.suffix == ".csv":
            table = pl.read_csv(file, infer_schema=False)
        else:
            raise SubmissionError(path, ["it is neither .csv nor .parquet, nor a policy's .safetensors"])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SubmissionError(path, [f"it cannot be read: {error}"]) from None
    problems = [
        f"column {name!r} is not known{nearest(name, COLUMNS)}" for name in table.columns if name not in COLUMNS
    ]
    problems += [
        f"column {name!r} is missing: {wanted.about}"
        for name, wanted in COLUMNS.items()
        if wanted.required and name not in table.columns
    ]
    if not table.height:
        problems.append("it has no rows")
    if problems:
        raise SubmissionError(path, problems)
    return table.to_dicts()


def _read_cell(kind: str, value: Any) -> Any:
    """A cell as its kind; raises ValueError with what is wrong."""
    if isinstance(value, str) and kind != "text":
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError(f"{value!r} is no {'list of numbers' if kind == 'list' else 'number'}") from None
    if kind == "text":
        if not isinstance(value, str) or not value.strip():
            raise ValueError("it is empty")
        return value.strip()
    if kind == "list":
        if not isinstance(value, list) or not all(_is_number(x) for x in value):
            raise ValueError(f"{value!r} is no list of finite numbers")
        return [float(x) for x in value]
    if not _is_number(value):
        raise ValueError(f"{value!r} is no finite number")
    if kind == "whole":
        if value != int(value) or value < 0:
            raise ValueError(f"{value!r} is no whole number of 0 or more")
        return int(value)
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _game(row: Mapping[str, Any], problems: list[str], where: str) -> Game | None:
    """The game of a row, or None, with what is wrong."""
    if row["reward_mode"] not in MODES:
        problems.append(f"{where}, column 'reward_mode': {row['reward_mode']!r} is none of {', '.join(MODES)}")
        return None
    try:
        return game_of(row["environment"], row["reward_mode"])
    except (ValueError, LookupError) as error:
        problems.append(f"{where}, column 'environment': {error}")
        return None


def _check(row: dict[str, Any], game: Game, where: str) -> list[str]:
    """What is wrong with a row whose cells are of the right kinds."""
    problems = []
    for name in ("returns", "payoffs", "rates"):
        if len(row[name]) != game.n:
            problems.append(f"{where}, column {name!r}: {len(row[name])} numbers; {game.id} has {game.n} agents")
    if problems:
        return problems
    if not all(0.0 <= rate <= 1.0 for rate in row["rates"]):
        problems.append(f"{where}, column 'rates': {row['rates']} are not in [0, 1]")
    if not 1.0 <= row["length"] <= game.horizon:
        problems.append(f"{where}, column 'length': {row['length']:g} is not in [1, {game.horizon}]")
    if row["episodes"] < 1:
        problems.append(f"{where}, column 'episodes': at least one")
    bond = row.get("bond_end")
    if bond is not None and not 0.0 <= bond <= 1.0:
        problems.append(f"{where}, column 'bond_end': {bond:g} is not in [0, 1]")
    payoffs = np.array(row["payoffs"])
    expected = {"private": payoffs, "cooperative": np.full(game.n, payoffs.mean())}.get(game.reward_mode)
    if expected is not None:
        apart = np.abs(np.array(row["returns"]) - expected).max()
        if apart > SLACK * max(1.0, float(np.abs(payoffs).max())):
            said = "the payoffs" if game.reward_mode == "private" else "the mean payoff, for every agent"
            problems.append(f"{where}, column 'returns': under {game.reward_mode} rewards they are {said}")
    return problems


def check_submission(path: str | Path, taken: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[str]]:
    """Read a submission, and complete it by what follows from it.

    Parameters
    ----------
    path : path
    taken : polars.DataFrame, optional
        Submissions that there are already; a row of the same entrant, environment, mode and seed is refused.

    Returns
    -------
    table : polars.DataFrame
        As the table ``submitted``.
    notes : list of str
        What is not wrong, but should be looked at.

    Raises
    ------
    SubmissionError
        With every problem by row and column.
    """
    problems: list[str] = []
    notes: list[str] = []
    rows = []
    known = set() if taken is None else set(taken.select(KEY).iter_rows())
    for k, raw in enumerate(read_rows(path), start=1):
        where = f"row {k}"
        row: dict[str, Any] = {}
        wrong = len(problems)
        for name, wanted in COLUMNS.items():
            if raw.get(name) in (None, "") and not wanted.required:
                continue
            try:
                row[name] = _read_cell(wanted.kind, raw[name])
            except ValueError as error:
                problems.append(f"{where}, column {name!r}: {error}")
        if len(problems) > wrong:
            continue
        if row["algorithm"] in ALGORITHMS:
            problems.append(f"{where}, column 'algorithm': {row['algorithm']!r} is the study's own; give another name")
        key = tuple(row[name] for name in KEY)
        if key in known:
            problems.append(f"{where}, column 'seed': there is a row of {', '.join(map(str, key))} already")
        known.add(key)
        game = _game(row, problems, where)
        if game is None:
            continue
        found = _check(row, game, where)
        problems += found
        if not found:
            rows.append(complete(row, game))
            if rows[-1]["efficiency"] > 1.0 + 1e-6:
                notes.append(
                    f"{where}: {row['algorithm']} earns {rows[-1]['payoff_total']:,.1f} on {game.id}, more than the "
                    f"best known ({best_total(game.id):,.1f}): submit the policy, so that it can be played"
                )
    if problems:
        raise SubmissionError(path, problems)
    return frame("submitted", rows), notes


def complete(row: Mapping[str, Any], game: Game) -> dict[str, Any]:
    """A checked row with what follows from it: the same columns as the study's own runs."""
    returns, payoffs = np.array(row["returns"]), np.array(row["payoffs"])
    given = {name: value for name, value in row.items() if name in SCHEMAS["submitted"]}
    return {
        **given,
        "agents": list(game.agents),
        "rate_mean": float(np.mean(row["rates"])),
        **derived(game.id, game.reward_mode, returns, payoffs),
    }


def measured_policy(path: str | Path, *, name: str, submitter: str, link: str = "", episodes: int = 8) -> pl.DataFrame:
    """Play a trained policy of another's making, as the study plays its own: the table ``submitted``, of one row.

    Raises
    ------
    SubmissionError
        The file does not say on which environment, in which mode and from which seed it was trained.
    """
    from coopetition.policies.tensors import read_tensors
    from coopetition.policies.trained import FORMAT, read_about

    _, metadata = read_tensors(path)
    about = read_about(path, metadata, FORMAT, "policy")
    lacking = [key for key in ("environment", "reward_mode", "seed", "steps") if key not in about]
    if lacking:
        raise SubmissionError(path, [f"it does not say its {', '.join(lacking)}"])
    problems: list[str] = []
    game = _game(about, problems, "the policy")
    if name in ALGORITHMS:
        problems.append(f"{name!r} is the study's own; give another name")
    if game is None or problems:
        raise SubmissionError(path, problems)
    TrainedPolicy(game, path)  # it fits the game, or says why not
    played = DRAWN if draws(game) else episodes  # the draws of the study's own
    found = measure(game.id, game.reward_mode, maker_of(Path(path)), played, EVALUATION_SEED, gains=False)
    known = {key: value for key, value in found.items() if key in SCHEMAS["submitted"]}
    row = {
        "algorithm": name,
        "environment": game.id,
        "reward_mode": game.reward_mode,
        "seed": int(about["seed"]),
        "environment_steps": int(about["steps"]),
        "submitter": submitter,
        "link": link or None,
        **known,
    }
    return frame("submitted", [row])


def submit(
    path: str | Path,
    corpus: str | Path,
    *,
    name: str = "",
    submitter: str = "",
    link: str = "",
) -> tuple[pl.DataFrame, list[str]]:
    """Check a submission and add it to a corpus, whose metadata are written anew.

    Parameters
    ----------
    path : path
        A table, or a trained policy's file.
    corpus : path
    name, submitter, link : str
        Of a policy's file; a table has them in its columns.

    Returns
    -------
    table, notes
        As for `check_submission`.
    """
    from coopetition.study.corpus import describe_corpus

    home = Path(corpus)
    place = home / "submitted.parquet"
    taken = pl.read_parquet(place) if place.exists() else frame("submitted", [])
    notes: list[str] = []
    if is_policy_file(str(path)):
        if not name or not submitter:
            raise SubmissionError(path, ["a policy's file needs the entrant's name and the submitter's"])
        table = measured_policy(path, name=name, submitter=submitter, link=link)
        if table.join(taken, on=KEY, how="semi").height:
            raise SubmissionError(path, ["this entrant has a run on this environment, mode and seed already"])
    else:
        table, notes = check_submission(path, taken)
    temporary = home / ".submitted.writing"
    pl.concat([taken, table]).sort(["environment", "reward_mode", "algorithm", "seed"]).write_parquet(temporary)
    os.replace(temporary, place)
    describe_corpus(home)
    return table, notes
