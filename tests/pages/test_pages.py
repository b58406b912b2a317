"""Pages from the game state what the pages that were written by hand stated.

``stated.json`` has the tables of those twenty pages as they stood in the docstrings of commit 51af5d8: agents, spaces,
starting states, equilibria, arguments, the worked step, the ends.
"""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import coopetition
from coopetition.envs import ENVIRONMENTS, STRONG_IDS, environment_class
from coopetition.games.game import Game
from coopetition.pages import SECTIONS, page, sections

HERE = Path(__file__).parent
STATED = json.loads((HERE / "stated.json").read_text(encoding="utf-8"))
DOCS = HERE.parents[1] / "docs"
#: What has changed since, of purpose: id, section, name of the row.
CHANGED = {("ApacheProject-v0", "Arguments", "phase")}  # the phases of the validated case came in

every_id = pytest.mark.parametrize("environment_id", ENVIRONMENTS)


@cache
def written(environment_id: str) -> dict[str, str]:
    return sections(environment_id)


def rows_of(text: str) -> list[dict[str, str]]:
    """The table of a section, each row by column."""
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")]
    rows = [row for row in rows if set("".join(row)) != {"-"}]
    assert all(len(row) == len(rows[0]) for row in rows)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def stated(environment_id: str, section: str) -> list[dict[str, str]]:
    head, *rows = STATED[environment_id][section]
    return [dict(zip(head, row, strict=True)) for row in rows]


def values(cell: str, game: Game, size: int) -> np.ndarray:
    """A cell of numbers: one for all, each, rows in brackets, or ``a on b x, b on a y, else z``."""
    n = game.n
    if cell == "1/N":
        return np.full(size, 1.0 / n)
    if cell.startswith("("):
        return np.array([[float(x) for x in row.split(",")] for row in re.findall(r"\(([^()]+)\)", cell)]).reshape(-1)
    if " on " in cell:
        matrix = np.full((n, n), np.nan)
        for part in cell.split(", "):
            *words, value = part.split()
            if words == ["else"]:
                matrix[np.isnan(matrix)] = float(value)
            else:
                first, second = (
                    [k for k, agent in enumerate(game.agents) if agent == word or agent.startswith(word[:-1] + "_")]
                    for word in (words[0], words[2])
                )
                matrix[np.ix_(first, second)] = float(value)
        np.fill_diagonal(matrix, 0.0)
        return matrix.reshape(-1)
    numbers = np.array([float(part) for part in cell.split(",")])
    return np.full(size, numbers[0]) if numbers.size == 1 else numbers


def same(one: str, other: str, game: Game, size: int) -> bool:
    """Two cells say the same: alike, or the same numbers to six digits; the diagonal of pairs is no matter."""
    if one == other:
        return True
    try:
        first, second = values(one, game, size), values(other, game, size)
    except ValueError:
        return False
    if size == game.n**2 and size > game.n:
        first, second = (part.reshape(game.n, game.n) * (1.0 - np.eye(game.n)) for part in (first, second))
    return first.shape == second.shape and np.allclose(first, second, rtol=1e-5, atol=1e-12)


def without_changes(environment_id: str, section: str, rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    named = {row["name"].strip("*"): row for row in rows}
    return {name: row for name, row in named.items() if (environment_id, section, name) not in CHANGED}


@every_id
def test_agents_and_actions(environment_id):
    game = coopetition.make_game(environment_id)
    for section in ("Agents", "Action space"):
        old, new = stated(environment_id, section), rows_of(written(environment_id)[section])
        assert len(old) == len(new)
        for before, now in zip(old, new, strict=True):
            assert set(before) <= set(now)
            assert all(same(cell, now[column], game, 1) or cell == "1/N" for column, cell in before.items())
            if before.get("share alpha") == "1/N":
                assert float(now["share alpha"]) == pytest.approx(1.0 / game.n, rel=1e-5)


@every_id
def test_observations(environment_id):
    text = written(environment_id)["Observation space"]
    old, new = stated(environment_id, "Observation space"), rows_of(text)
    assert [(row["name"], row["columns"], row["min"], row["max"]) for row in old] == [
        (row["name"], row["columns"], row["min"], row["max"]) for row in new
    ]
    assert all(row["meaning"] for row in new)
    sizes = re.search(r"`O = (\d+)`.*`O_full = (\d+)`.*`S = (\d+)`", text)
    assert [int(size) for size in sizes.groups()] == STATED[environment_id]["sizes"]
    added = re.search(r"adds (.*?): `O_full", text)[1]
    assert STATED[environment_id]["added"].startswith(added)


@every_id
def test_starting_state(environment_id):
    game = coopetition.make_game(environment_id)
    old = without_changes(environment_id, "Starting state", stated(environment_id, "Starting state"))
    new = without_changes(environment_id, "Starting state", rows_of(written(environment_id)["Starting state"]))
    assert list(old) == list(new)
    for name, row in old.items():
        assert row["range for `options=`"] == new[name]["range for `options=`"], name
        assert same(row["at reset"], new[name]["at reset"], game, game.layout[name].size), name
        assert (row["shape"], bool(new[name]["meaning"])) == (new[name]["shape"], True), name


@every_id
def test_arguments(environment_id):
    """Every argument that was stated, with default, unit and domain; and today's, all of them."""
    game = coopetition.make_game(environment_id)
    old = without_changes(environment_id, "Arguments", stated(environment_id, "Arguments"))
    new = {row["name"].strip("*"): row for row in rows_of(written(environment_id)["Arguments"])}
    assert set(old) <= set(new)
    assert set(new) == {field.name for field in dataclasses.fields(game.parameters)}
    for name, row in old.items():
        kind = type(game.parameters).domain(name).kind
        size = {"agents": game.n, "pairs": game.n**2}.get(kind, 1)
        assert (row["unit"], row["domain"]) == (new[name]["unit"], new[name]["domain"]), name
        default = "drawn at reset" if row["default"] == "None" else row["default"]
        assert same(default, new[name]["default"], game, size), name
    bold = {row["name"].strip("*") for row in stated(environment_id, "Arguments") if row["name"].startswith("*")}
    assert {name for name in bold if name in new} <= {name for name, row in new.items() if row["name"].startswith("**")}


@every_id
def test_worked_step(environment_id):
    def expanded(text: str) -> list[list[str]]:
        rates, *cells = re.split(r": payoffs |; utilities ", text.rstrip("."))
        out = [[rates]]
        for cell in cells:
            parts = [part.partition(" x") for part in cell.split(", ")]
            out.append([value for value, _, count in parts for _ in range(int(count or 1))])
        return out

    assert expanded(written(environment_id)["Worked step"]) == expanded(STATED[environment_id]["worked"])


@every_id
def test_ends(environment_id):
    """The same outcomes, at the same thresholds."""
    old, new = STATED[environment_id]["ends"], written(environment_id)["Episode end"]
    assert re.findall(r"outcome `(\w+)`", old) == re.findall(r"outcome `(\w+)`", new)
    numbers = {
        pair for pair in re.findall(r"`(\w+) = ([\d.]+)`", old) if pair[0] != "collapse_threshold" or pair[1] != "0"
    }
    assert numbers <= set(re.findall(r"`(\w+) = ([\d.]+)`", new))
    assert ("Never terminates" in old) == ("Never terminates" in new)


@every_id
def test_equilibria(environment_id):
    """The solved table, which tests of the oracles hold against `solve`; as it was stated, to four digits."""
    game = coopetition.make_game(environment_id)

    def expanded(cell: str) -> np.ndarray:
        if cell.endswith(" each"):
            return np.full(game.n, float(cell.removesuffix(" each")))
        parts = [part.partition(" x") for part in cell.split(", ")]
        return np.array([float(value) for value, _, count in parts for _ in range(int(count or 1))])

    text = written(environment_id)["Equilibria"]
    for before, now in zip(stated(environment_id, "Equilibria"), rows_of(text), strict=True):
        assert before["concept"] == now["concept"]
        for column in ("levels a", "payoffs pi", "utilities U"):
            np.testing.assert_allclose(expanded(now[column]), expanded(before[column]), rtol=1e-4, atol=1e-9)
    price = re.search(r"Price of anarchy: (\S+)\.\n", text)
    assert price is not None
    assert float(price[1]) == pytest.approx(float(STATED[environment_id]["price of anarchy"]), rel=1e-4)


# --- the pages themselves


@pytest.mark.parametrize("environment_id", [*ENVIRONMENTS, *STRONG_IDS])
def test_a_page_has_every_section_and_its_presets_numbers(environment_id):
    parameters = environment_class(environment_id)()
    text = page(environment_id)
    headings = re.findall(r"^## (.+)$", text, flags=re.M)
    assert headings == [
        "Payoff", "Dynamics", *SECTIONS, "Departures from the published code", "Version history", "References",
    ]  # fmt: skip
    assert f"`horizon = {parameters.horizon}`" in text
    for preset, changes in parameters.presets.items():
        assert all(f"`{name} = {value}`" in text for name, value in changes.items()), preset
