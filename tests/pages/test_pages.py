"""Pages from the game state what the pages that were written by hand stated.

``stated.json`` has what the docstrings of those twenty pages stated: of commit 51af5d8 the tables, that is agents,
spaces, starting states, equilibria, arguments, the worked step and the ends; of commit c79757f what they stated
beside formulas.
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
from coopetition.pages import SECTIONS, beside, page, sections

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


#: Names of numbers that follow from parameters, then and now; what a page states elsewhere than beside its formulas.
RENAMED = {
    "lambda_minus / lambda_plus": "negativity_bias",
    "s(b + 1)": "signal_of_one_level",
    "tanh(kappa)": "signal_of_one_level",
    "m / n": "marginal_return",
    "1 - R after 150 steps": "best_ceiling",
}


@every_id
def test_numbers_beside_formulas(environment_id):
    """Every ``name = value`` that the docstring had in its prose."""
    text = page(environment_id)
    now = dict(re.findall(r"`(\w+) = ([^`]+)`", text))
    table_of = {row["name"].strip("*"): row["default"] for row in rows_of(written(environment_id)["Arguments"])}
    rates = rows_of(written(environment_id)["Constant rates"])
    for name, value in STATED[environment_id]["statements"]:
        if name == "first win":
            assert rates[-1]["steps"] == value
        elif name == "R after 150 steps":
            assert 1.0 - float(now["best_ceiling"]) == pytest.approx(float(value), abs=1e-9)
        else:
            found = now.get(RENAMED.get(name, name), table_of.get(name))
            assert found is not None, name
            assert found == value or same(found, value, coopetition.make_game(environment_id), 1), name


@pytest.mark.parametrize("environment_id", ["RenaultNissan-v0", "ApacheProject-v0", "ReputationMarket-v0"])
def test_phases_and_tiers(environment_id):
    """The tables that three docstrings had, but for years, which stay with the story."""
    text = page(environment_id).partition("## Dynamics")[2].partition("\n## ")[0]
    old = stated(environment_id, "Dynamics")
    if environment_id == "ReputationMarket-v0":
        said = dict(re.findall(r"`(tier_\w+) = \(([^`]+)\)`", page(environment_id)))
        assert said["tier_thresholds"].split(", ") + ["0"] == [row["from q"] for row in old]
        assert said["tier_multipliers"].split(", ") == [row["multiplier m"] for row in old]
        return
    names = {
        "D nissan on renault": "dependence, nissan on renault",
        "D renault on nissan": "dependence, renault on nissan",
        "T at reset": "initial_trust",
        "R at reset": "initial_damage",
    }
    new = {row["phase"]: row for row in rows_of(text)}
    for row in old:
        assert f"{row['phase']} ({row.pop('years')})" in " ".join(text.split())
        assert row == {name: new[row["phase"]][names.get(name, name)] for name in row}


def test_as_published_recovery_does_not_pay():
    low, earned_low, high, step, earned_high = STATED["RecoveryRace-v0"]["constant rates"]
    rows = {float(row["rate"]): row for row in rows_of(written("RecoveryRace-v0")["Constant rates"])}
    assert list(rows[float(low)].values())[1:] == ["200", "horizon", earned_low]
    assert list(rows[float(high)].values())[1:] == [step, "recovered", earned_high]


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
    assert len(parameters.presets) == 0 or f"| parameter | published | {' | '.join(parameters.presets)} |" in text


@every_id
def test_presets_side_by_side(environment_id):
    cls = environment_class(environment_id)
    rows = {row["parameter"]: row for row in rows_of(written(environment_id)["Presets"])}
    for preset, changes in cls.presets.items():
        game = Game(environment_class(environment_id, preset)())
        for name in changes:
            value = getattr(game.parameters, name)
            if isinstance(value, str | bool):
                assert rows[name][preset] == str(value)
            else:
                flat = np.asarray(value, dtype=float).reshape(-1)
                assert np.allclose(values(rows[name][preset], game, flat.size) * (flat != 0), flat, rtol=1e-5), name


@pytest.mark.parametrize("environment_id", STRONG_IDS)
def test_a_presets_page_states_its_own_numbers(environment_id):
    parameters = environment_class(environment_id)()
    said = dict(re.findall(r"`(\w+) = ([^`]+)`", page(environment_id)))
    for name, value in parameters.presets["strong"].items():
        if name in said and isinstance(value, float):
            assert float(said[name]) == value


def test_help_of_a_class_has_the_story_and_the_formulas():
    for environment_id in (*ENVIRONMENTS, *STRONG_IDS):
        text = environment_class(environment_id).__doc__
        assert text.startswith("Parameters of ")
        assert {"## Payoff", "## Dynamics", "U_i"} <= set(re.findall(r"^## \w+|U_i", text, flags=re.M))
        assert f"`coopetition show {environment_id}`" in text


def test_values_beside_formulas_are_those_that_the_text_names():
    game = coopetition.make_game("TrustDilemma-v0", theta=7.0)
    text = "Words on gamma.\n\n```\npi = theta x\n```\n\n`kappa` counts, xi does not."
    said = {"kappa"}
    assert beside.values(text, game.parameters, said) == "Here `theta = 7`."
    assert said == {"kappa", "theta"}
