"""Every number that an environment's page states is the code's.

A page is read in three ways: its tables cell by cell; inline code of the form ``name = value``, each name a
parameter or a quantity computed here; and every numeral that is left in prose and formulas must be one of the
few that are listed. A number that is changed, added or forgotten fails.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import json
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.games.parameters import Domain, Parameters

HEADINGS = [
    "Payoff",
    "Dynamics",
    "Agents",
    "Action space",
    "Observation space",
    "Rewards",
    "Starting state",
    "Episode end",
    "Equilibria",
    "Arguments",
    "Departures from the published code",
    "Version history",
    "References",
]
#: State that is the driver's own, and no page's matter.
BOOKKEEPING = {"ended", "outcome", "payoff_total", "reward_total"}
#: Tables beside those that all pages have: id, section, and the function below that checks them.
MORE_TABLES = {
    ("RenaultNissan-v0", "Dynamics"),
    ("ApacheProject-v0", "Dynamics"),
    ("ReputationMarket-v0", "Dynamics"),
}
#: Numerals that are part of a formula or a name, not a parameter.
STRUCTURAL = {"0", "1", "2"}
#: The few others in prose, each with the value in the code that it must equal.
PROSE = {
    "PlatformEcosystem-v0": lambda p: {
        "150": p.endowment[0],
        "80": p.endowment[1],
        "0.3": set(np.round([p.shares[0], *np.divide(p.baseline, p.endowment)], 12)),
    },
    "GraduatedSanction-v0": lambda p: {"10": 10},
}
#: Years of the record, in prose.
YEARS = {
    "SLCD-v0": ["2004-2011"],
    "RenaultNissan-v0": ["1999"],
    "ApacheProject-v0": ["1995-2023"],
    "AppleAppStore-v0": ["2008-2024"],
}
REFERENCE_NUMBERS = {
    "interdependence": ["2510.18802", "2510.24909", "2605.02063"],
    "trust": ["2510.18802", "2510.24909", "2605.02063"],
    "team": ["2601.16237", "2605.02063"],
    "reciprocity": ["2510.18802", "2510.24909", "2604.01240", "2605.02063"],
}

every_id = pytest.mark.parametrize("environment_id", ENVIRONMENTS)


# --- reading a page


def module_of(environment_id: str):
    return importlib.import_module(f"coopetition.envs.{ENVIRONMENTS[environment_id][0]}")


@cache
def page_of(environment_id: str) -> dict[str, str]:
    """Section texts by heading; "" is what stands before the first."""
    parts = re.split(r"^## (.+)$", module_of(environment_id).__doc__, flags=re.M)
    return {"": parts[0], **{name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}}


def tables_in(text: str) -> list[list[dict[str, str]]]:
    """The tables of a text, each a list of rows, each a dict by column name."""
    found = []
    for block in re.findall(r"(?:^\|.*\n?)+", text, flags=re.M):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        head = rows[0]
        assert all(set(cell) == {"-"} for cell in rows[1]), f"no ruler under {head}"
        assert all(len(row) == len(head) for row in rows), f"a row of another length under {head}"
        found.append([dict(zip(head, row, strict=True)) for row in rows[2:]])
    return found


def one_table(environment_id: str, section: str) -> list[dict[str, str]]:
    tables = tables_in(page_of(environment_id)[section])
    assert len(tables) == 1, f"{section} has {len(tables)} tables"
    return tables[0]


def game_of(environment_id: str, **options) -> Game:
    return Game(environment_class(environment_id)(), **options)


def indices(cell: str) -> list[int]:
    """``3`` or ``1-4``."""
    first, _, last = cell.partition("-")
    return list(range(int(first), int(last or first) + 1))


def who(game: Game, cell: str) -> list[int]:
    """``samsung`` or ``developer_0 to developer_3``."""
    first, _, last = cell.partition(" to ")
    return list(range(game.agents.index(first), game.agents.index(last or first) + 1))


def numbers(cell: str) -> list[float]:
    return [float(part) for part in cell.split(",")]


def vector(cell: str, n: int) -> np.ndarray:
    """One number for all, ``1/N``, or one for each."""
    if cell == "1/N":
        return np.full(n, 1.0 / n)
    values = numbers(cell)
    return np.full(n, values[0]) if len(values) == 1 else np.array(values)


def named(game: Game, word: str) -> list[int]:
    """An agent, or the plural of a role."""
    return [k for k, agent in enumerate(game.agents) if agent == word or agent.startswith(word[:-1] + "_")]


def pairs(cell: str, game: Game) -> np.ndarray:
    """One number for all ordered pairs, a matrix in brackets, or ``a on b x, b on a y, else z``."""
    n = game.n
    if cell.startswith("("):
        rows = re.findall(r"\(([^()]+)\)", cell)
        return np.array([numbers(row) for row in rows])
    matrix = np.full((n, n), np.nan)
    if " on " not in cell:
        matrix[:] = float(cell)
    for part in cell.split(", ") if " on " in cell else []:
        *words, value = part.split()
        if words == ["else"]:
            matrix[np.isnan(matrix)] = float(value)
        else:
            first, second = named(game, words[0]), named(game, words[2])
            matrix[np.ix_(first, second)] = float(value)
    np.fill_diagonal(matrix, 0.0)
    return matrix


def close(stated, wanted) -> bool:
    """Equal to the six digits that a page prints."""
    first, second = np.asarray(stated, dtype=float), np.asarray(wanted, dtype=float)
    return first.shape == second.shape and np.allclose(first, second, rtol=1e-6, atol=1e-12)


def rounds_to(text: str, value: float) -> bool:
    """The decimal in the text is the value, rounded to the digits that it shows."""
    decimals = len(text.partition(".")[2])
    return abs(float(text) - float(value)) <= 0.5000001 * 10.0**-decimals


# --- the sections


@every_id
def test_headings_stand_in_order(environment_id):
    page = page_of(environment_id)
    assert [name for name in page if name] == HEADINGS
    first = page[""].splitlines()[0]
    assert first.startswith(f"{environment_id}: ")
    assert first.endswith(".")
    assert len(page[""].split("\n\n")[1]) > 150, "the page must say what it models"
    assert all(text for name, text in page.items()), "an empty section"


@every_id
def test_lines_fit(environment_id):
    assert max(map(len, module_of(environment_id).__doc__.splitlines())) <= 110


@every_id
def test_agents(environment_id):
    game = game_of(environment_id)
    seen = []
    for row in one_table(environment_id, "Agents"):
        rows = indices(row["index"])
        assert who(game, row["name"]) == rows
        seen += rows
        assert close(game.endowment[rows], np.full(len(rows), float(row["endowment e"])))
        assert close(game.baseline[rows], np.full(len(rows), float(row["baseline b"])))
        if game.parameters.family != "team":
            share = vector(row["share alpha"], game.n)[rows]
            assert close(np.array(game.parameters.shares)[rows], share)
        else:
            assert "share alpha" not in row
    assert seen == list(range(game.n))


@every_id
def test_action_space(environment_id):
    game = game_of(environment_id)
    seen = []
    for row in one_table(environment_id, "Action space"):
        rows = who(game, row["agent"])
        seen += rows
        assert (game.action_low[rows] == float(row["min"])).all()
        assert (game.action_high[rows] == float(row["max"])).all()
        value, unit = row["a at the maximum"].split()
        assert close(game.endowment[rows], np.full(len(rows), float(value)))
        assert unit == type(game.parameters).domain("endowment").unit
    assert seen == list(range(game.n))
    symmetric = game_of(environment_id, action_scale="symmetric")
    assert set(symmetric.action_low) == {-1.0}
    assert set(symmetric.action_high) == {1.0}


@every_id
def test_observation_space(environment_id):
    game = game_of(environment_id)
    rows = one_table(environment_id, "Observation space")
    stated = {row["name"]: slice(*map(int, row["columns"].split(":"))) for row in rows}
    assert stated == game.observation_layout
    assert list(stated) == list(game.observation_layout)
    batch = Batch(game, 1, autoreset="disabled")
    rng = np.random.default_rng(1)
    seen = [batch.reset(seed=1)[0].copy()]
    for _ in range(game.horizon):
        if batch.terminated[0] or batch.truncated[0]:
            break
        seen.append(batch.step(rng.uniform(size=(1, game.n)))[0][0].copy())
    for row in rows:
        assert (float(row["min"]), float(row["max"])) == (0.0, 1.0)
        values = np.stack(seen)[..., stated[row["name"]]]
        assert values.min() >= 0.0
        assert values.max() <= 1.0
    full = game_of(environment_id, observation="full")
    added = [name for name in full.observation_layout if name not in game.observation_layout]
    text = " ".join(page_of(environment_id)["Observation space"].split())
    sentence = re.search(r'`observation="full"` adds (.*?): `O_full', text)[1]
    assert sentence == (", ".join(added) or "nothing in a game without trust")


@every_id
def test_starting_state(environment_id):
    game = game_of(environment_id)
    rows = one_table(environment_id, "Starting state")
    assert [row["name"] for row in rows] == [name for name in game.layout if name not in BOOKKEEPING]
    batch = Batch(game, 1)
    batch.reset(seed=0)
    for row in rows:
        field = game.layout[row["name"]]
        symbol = {"": (), "N": (game.n,), "N x N": (game.n, game.n)}
        shape = symbol.get(row["shape"]) if row["shape"] != "N x k" else (game.n, game.parameters.memory)
        assert field.shape == shape
        actual = batch.state()[row["name"]][0]
        if row["at reset"] == "drawn":
            low, high = game.parameters.gamma_range
            assert game.random_gamma
            assert low <= actual <= high
        elif field.shape == (game.n, game.n):
            assert close(pairs(row["at reset"], game), actual)
        else:
            assert close(vector(row["at reset"], field.size), actual.reshape(-1))
        if row["range for `options=`"] == "fixed":
            assert not field.settable
        else:
            low, high = numbers(row["range for `options=`"][1:-1])
            assert field.settable
            assert (low, high) == (field.low, field.high)


def stated_domain(domain: Domain) -> str:
    """A domain as the pages write it."""
    if domain.kind == "choice":
        return ", ".join(domain.choices)
    if domain.kind == "flag":
        return "True, False"
    left = "(" if domain.open_low else "["
    right = ")" if math.isinf(domain.high) else "]"
    interval = f"{left}{domain.low:g}, {domain.high:g}{right}"
    words = {"agents": "{} per agent", "pairs": "{} per pair", "integer": "integer {}", "numbers": "{} each"}
    return words.get(domain.kind, "{}").format(interval)


@every_id
def test_arguments(environment_id):
    game = game_of(environment_id)
    parameters = game.parameters
    cls = type(parameters)
    rows = one_table(environment_id, "Arguments")
    stated = [row["name"].strip("*") for row in rows]
    assert sorted(stated) == sorted(field.name for field in dataclasses.fields(cls))
    bold = {row["name"].strip("*") for row in rows if row["name"].startswith("**")}
    assert bold == {name for name in stated if name in cls.__dict__["__annotations__"]}
    for row, name in zip(rows, stated, strict=True):
        domain, cell, value = cls.domain(name), row["default"], getattr(parameters, name)
        assert row["unit"] == domain.unit, name
        assert row["domain"] == stated_domain(domain), name
        assert row["meaning"], name
        if value is None:
            assert cell == "None", name
        elif domain.kind in ("choice", "flag"):
            assert cell == str(value), name
        elif domain.kind == "pairs":
            assert close(pairs(cell, game), value), name
        elif domain.kind == "numbers":
            assert close(numbers(cell), value), name
        else:
            assert close(vector(cell, np.size(value)), np.atleast_1d(value)), name
        for number in re.findall(r"(?<![\w.])\d*\.?\d+", row["meaning"]):
            assert number in STRUCTURAL or meaning_number(parameters, name) == float(number), name


def meaning_number(parameters: Parameters, name: str) -> float:
    """The one number that a meaning may state: the platform's share, and baselines relative to endowments."""
    if parameters.id == "PlatformEcosystem-v0" and name == "shares":
        return parameters.shares[0]
    if parameters.id == "PlatformEcosystem-v0" and name == "baseline":
        return parameters.baseline[0] / parameters.endowment[0]
    return math.nan


WORKED = re.compile(
    r"Worked, first step, all rates ([\d.]+)(?: and gamma ([\d.]+))?: "
    r"payoffs ([^;]+); utilities (.+?)\.(?: |$)"
)


@every_id
def test_worked_example(environment_id):
    text = " ".join(page_of(environment_id)["Payoff"].split())
    rate, gamma, payoffs, utilities = WORKED.search(text).groups()
    game = game_of(environment_id)
    batch = Batch(game, 1, autoreset="disabled")
    assert (gamma is not None) == game.random_gamma
    batch.reset(seed=0, options={"gamma": float(gamma)} if gamma else None)
    batch.step(np.full((1, game.n), float(rate)))
    for cell, actual in ((payoffs, batch.payoffs[0]), (utilities, batch.utilities[0])):
        stated = [cell.removesuffix(" each")] * game.n if cell.endswith(" each") else cell.split(", ")
        assert len(stated) == game.n
        assert all(rounds_to(one, value) for one, value in zip(stated, actual, strict=True))


@every_id
def test_episode_end(environment_id):
    """What the page says about ends is what whole episodes show."""
    text = page_of(environment_id)["Episode end"]
    game = game_of(environment_id)
    p = game.parameters
    named = set(re.findall(r"outcome `(\w+)`", text))
    seen = set()
    starts = [{}]
    if p.family == "team" and "members" in game.layout:
        starts.append({"loyalty": p.exit_threshold})
    for rate, start in itertools.product((0.0, 1.0), starts):
        batch = Batch(game, 1, autoreset="disabled")
        batch.reset(seed=0, options=start)
        for _ in range(game.horizon):
            batch.step(np.full((1, game.n), rate))
            if batch.terminated[0] or batch.truncated[0]:
                break
        assert bool(batch.truncated[0]) == (not batch.terminated[0])
        seen |= set(batch.outcomes()) - {""}
        if batch.truncated[0]:
            assert batch.state()["time"][0] == p.horizon
        elif p.family != "team":
            mean = (batch.state()["trust"][0] * p.watched()).sum()
            assert mean < p.collapse_threshold or mean >= p.recovery_target
    assert seen == named
    assert ("Never terminates" in text) == (not named)


# --- equilibria


def expand(cell: str, n: int) -> np.ndarray:
    """``23.2 each``, or ``212.02, 139.71 x4``."""
    if cell.endswith(" each"):
        return np.full(n, float(cell.removesuffix(" each")))
    parts = [part.split(" x") for part in cell.split(", ")]
    return np.array([float(part[0]) for part in parts for _ in range(int(part[1]) if len(part) > 1 else 1)])


def five_digits(stated: np.ndarray, actual: np.ndarray) -> bool:
    """Equal but for the rounding of the page's five digits, in the levels too."""
    return np.allclose(stated, actual, rtol=1e-4, atol=1e-9)


def stage_of(environment_id: str) -> tuple[Game, np.ndarray]:
    """The stage game of a page's table: at reset, where gamma is drawn at its mean."""
    game = game_of(environment_id)
    start = {"gamma": sum(game.parameters.gamma_range) / 2.0} if game.random_gamma else {}
    return game, game.state_vector(start)


def deviations(game: Game, levels: np.ndarray, i: int, points: int = 201) -> np.ndarray:
    """Profiles in which one agent plays anything between nothing and everything."""
    profiles = np.tile(levels, (points, 1))
    profiles[:, i] = np.linspace(0.0, game.endowment[i], points)
    return profiles


@every_id
def test_equilibria(environment_id):
    """Payoffs and utilities are those of the stated levels, and nobody gains by leaving them."""
    game, state = stage_of(environment_id)
    section = page_of(environment_id)["Equilibria"]
    rows = {row["concept"]: row for row in one_table(environment_id, "Equilibria")}
    assert list(rows) == ["Nash", "coopetitive", "optimum"]
    sums = {}
    for concept, row in rows.items():
        levels = expand(row["levels a"], game.n)
        payoffs, utilities = Batch(game, 1, autoreset="disabled").evaluate(levels[np.newaxis], state)
        assert five_digits(expand(row["payoffs pi"], game.n), payoffs[0]), concept
        assert five_digits(expand(row["utilities U"], game.n), utilities[0]), concept
        sums[concept] = payoffs.sum()
        firsts = sorted({(levels[i], game.endowment[i]): i for i in reversed(range(game.n))}.values())
        for i in firsts:
            profiles = deviations(game, levels, i)
            others = Batch(game, len(profiles), autoreset="disabled").evaluate(profiles, state)
            paid = {"Nash": others[0][:, i], "coopetitive": others[1][:, i], "optimum": others[0].sum(axis=1)}
            now = {"Nash": payoffs[0, i], "coopetitive": utilities[0, i], "optimum": payoffs.sum()}
            slack = 1e-3 * (1.0 if concept != "optimum" else game.n)
            assert paid[concept].max() <= now[concept] + slack, f"{concept}: agent {i} would leave"
    price = float(re.search(r"^Price of anarchy: (\S+)\.$", section, flags=re.M)[1])
    assert np.isclose(price, sums["optimum"] / sums["Nash"], rtol=2e-3 if price > 10 else 1e-4)


@every_id
def test_equilibria_are_those_of_the_oracles(environment_id):
    """The section is what docs/fill_equilibria.py makes of the solved table."""
    script = load_script("fill_equilibria")
    entries = json.loads(script.SOURCE.read_text(encoding="utf-8"))
    text = module_of(environment_id).__doc__
    assert script.filled(environment_id, text, entries) == text


def load_script(name: str):
    """A script of docs/, which is no package."""
    path = Path(__file__).parents[2] / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"docs_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- numbers in prose


def best_case_damage(p: Parameters, steps: int) -> float:
    """RecoveryRace: damage after so many cooperative steps."""
    batch = Batch(Game(p), 1, autoreset="disabled")
    batch.reset()
    for _ in range(steps):
        batch.step(np.ones((1, 2)))
    return float(batch.state()["damage"][0, 0, 1])


def first_win(p: Parameters) -> int:
    """RecoveryRace: the step at which full cooperation wins."""
    batch = Batch(Game(p), 1, autoreset="disabled")
    batch.reset()
    for t in range(1, p.horizon + 1):
        batch.step(np.ones((1, 2)))
        if batch.outcomes() == ["recovered"]:
            return t
    return 0


def signal_one_above(p: Parameters) -> float:
    return math.tanh(p.kappa)


def nash_effort(p: Parameters) -> float:
    n, e = p.n, p.endowment[0]
    if p.beta == 1.0:
        return 0.0 if p.omega / n < p.cost else e
    return min((p.omega * p.beta / (p.cost * n ** (2.0 - p.beta))) ** (1.0 / (1.0 - p.beta)), e)


def optimal_effort(p: Parameters) -> float:
    e = p.endowment[0]
    if p.beta == 1.0:
        return e if p.omega > p.cost else 0.0
    return min((p.omega * p.beta / p.cost) ** (1.0 / (1.0 - p.beta)) / p.n, e)


#: Name in inline code ``name = value``, beside parameters: what it must equal.
FACTS = {
    "O": lambda p: Game(p).observation_size,
    "O_full": lambda p: Game(p, observation="full").observation_size,
    "S": lambda p: Game(p).joint_size,
    "lambda_minus / lambda_plus": lambda p: p.lambda_minus / p.lambda_plus,
    "s(b + 1)": signal_one_above,
    "tanh(kappa)": signal_one_above,
    "m / n": lambda p: p.multiplier / p.n,
    "R after 150 steps": lambda p: best_case_damage(p, 150),
    "1 - R after 150 steps": lambda p: 1.0 - best_case_damage(p, 150),
    "first win": first_win,
    "mean gamma": lambda p: sum(p.gamma_range) / 2.0,
    "a_nash": nash_effort,
    "a_optimum": optimal_effort,
}
SPAN = re.compile(r"`([^`]+)`")
#: Which statements every page of a family must make.
TRUST_ROW = {"lambda_plus", "lambda_minus", "mu_R", "delta_R", "xi", "kappa"}
RECIPROCITY_ROW = {"rho_0", "eta", "kappa_r", "memory", "lambda_R", "omega"}
LOYALTY_ROW = {"loyalty_gain", "loyalty_loss", "loyalty_threshold", "loyalty_cap", "phi_B", "phi_C"}
STATED_BY_ALL = {
    "trust": {"horizon", "theta", "collapse_threshold", "signal_scale"} | TRUST_ROW,
    "reciprocity": {"horizon", "theta", "collapse_threshold", "signal_scale"} | TRUST_ROW | RECIPROCITY_ROW,
    "team": {"horizon"} | LOYALTY_ROW,
}


def prose(environment_id: str) -> str:
    """The page without tables, its Equilibria table, References and the worked example."""
    page = page_of(environment_id)
    text = "\n".join(page[name] for name in ["", *HEADINGS] if name not in ("References", "Version history"))
    text = re.sub(r"<!-- equilibria.*?<!-- end of equilibria -->", "", text, flags=re.S)
    text = re.sub(r"^\|.*$", "", text, flags=re.M)
    return re.sub(r"^Worked, .*?\.$", "", text, flags=re.M | re.S)


def statements_in(text: str) -> list[tuple[str, str]]:
    """Names and values of the inline code of the form ``name = value``."""
    spans = [span.split(" = ") for span in SPAN.findall(FENCE.sub("", text)) if " = " in span]
    return [(name, value) for name, value in spans]


#: What RecoveryRace's page says of two constant rates.
RECOVERY_PAYS = re.compile(
    r"both at (\.\d+) for ever never recovers and earns ([\d,]+);\s+"
    r"(\.\d+)\s+recovers at step (\d+) and\s+earns ([\d,]+),"
)
FENCE = re.compile(r"^```$.*?^```$", flags=re.M | re.S)


@every_id
def test_statements_in_prose(environment_id):
    p = environment_class(environment_id)()
    statements = statements_in(prose(environment_id))
    assert {name for name, _ in statements} >= STATED_BY_ALL[p.family]
    for name, stated in statements:
        wanted = FACTS[name](p) if name in FACTS else getattr(p, name)
        if isinstance(wanted, str):
            assert stated == wanted, name
        elif isinstance(wanted, tuple):
            assert close(numbers(stated), wanted), name
        elif name in FACTS:
            assert rounds_to(stated, wanted), name
        else:
            assert close(float(stated), wanted), name


@every_id
def test_no_other_numbers_in_prose(environment_id):
    p = environment_class(environment_id)()
    text = prose(environment_id)
    plain = SPAN.sub(lambda span: "" if " = " in span[1] else span[0], FENCE.sub("", text))
    text = plain + "\n".join(FENCE.findall(text))
    text = re.sub(r"\b(?:TR-\d|\w+-v0|float(?:32|64))\b", "", text)
    years = r"\b(?:19|20)\d\d(?:-(?:19|20)\d\d)?\b"
    assert re.findall(years, text) == YEARS.get(environment_id, [])
    text = re.sub(years, "", text)
    text = re.sub(r"Box\(0, 1, \(1,\), float32\)", "", text)
    if environment_id == "RecoveryRace-v0":
        assert "published horizon is 150 steps" in text
        assert first_win(p) > 150
        text = text.replace("published horizon is 150 steps", "")
        text = RECOVERY_PAYS.sub("", text)  # test_as_published_recovery_does_not_pay
    listed = PROSE.get(environment_id, lambda p: {})(p)
    for number in re.findall(r"(?<![\w.])\d*\.?\d+(?![\w])", text):
        if number not in STRUCTURAL:
            assert number in listed, f"the page says {number}, and no test knows why"
            wanted = listed[number] if isinstance(listed[number], set) else {listed[number]}
            assert wanted == {float(number)}, number


@every_id
def test_signal_scale_is_explained(environment_id):
    p = environment_class(environment_id)()
    text = " ".join(page_of(environment_id)["Dynamics"].split())
    if p.family == "team":
        assert "no trust layer" in text
        return
    other = {"raw": "endowment", "endowment": "raw"}[p.signal_scale]
    assert f"`signal_scale = {p.signal_scale}`" in text
    assert f'`signal_scale="{other}"`' in text
    assert "as published" in text
    assert "all but the sign of the deviation" in text


@every_id
def test_references(environment_id):
    p = environment_class(environment_id)()
    section = page_of(environment_id)["References"]
    assert re.findall(r"arXiv:(\d+\.\d+)", section) == REFERENCE_NUMBERS[p.mechanism]
    assert environment_id.endswith(re.match(r"- (v\d+): ", page_of(environment_id)["Version history"])[1])


# --- tables of one environment


def test_the_tables_are_known():
    """No table escapes: six on every page, and one more on three pages."""
    for environment_id in ENVIRONMENTS:
        page = page_of(environment_id)
        have = {name for name in page if tables_in(page[name])}
        expected = {"Agents", "Action space", "Observation space", "Starting state", "Equilibria", "Arguments"}
        expected |= {section for identity, section in MORE_TABLES if identity == environment_id}
        assert have == expected, environment_id


def test_renault_nissan_phases():
    module = module_of("RenaultNissan-v0")
    rows = one_table("RenaultNissan-v0", "Dynamics")
    assert [row["phase"] for row in rows] == list(module.PHASES)
    for row in rows:
        p = module.RenaultNissan(phase=row["phase"])
        assert close(float(row["D nissan on renault"]), p.dependence[0][1])
        assert close(float(row["D renault on nissan"]), p.dependence[1][0])
        assert close(float(row["T at reset"]), p.initial_trust[0][1])
        assert close(float(row["R at reset"]), p.initial_damage[0][1])
    years = [tuple(map(int, row["years"].split("-"))) for row in rows]
    assert years == [(1999, 2002), (2002, 2018), (2018, 2020), (2020, 2025)]


def test_apache_phases():
    module = module_of("ApacheProject-v0")
    rows = one_table("ApacheProject-v0", "Dynamics")
    assert [row["phase"] for row in rows] == list(module.PHASES)
    for row in rows:
        p = module.ApacheProject(phase=row["phase"])
        assert int(row["n_agents"]) == p.n
        assert close(float(row["loyalty_cap"]), p.loyalty_cap)
        assert close(float(row["omega"]), p.omega)
        assert close(float(row["historical effort"]), p.historical_effort)
        assert close(p.initial_loyalty, np.full(p.n, 0.5 * p.loyalty_cap))
    years = [tuple(map(int, row["years"].split("-"))) for row in rows]
    assert years == [(1995, 1999), (2000, 2005), (2006, 2015), (2016, 2023)]


def test_reputation_tiers():
    p = environment_class("ReputationMarket-v0")()
    rows = one_table("ReputationMarket-v0", "Dynamics")
    assert [row["tier"] for row in rows] == ["premium", "standard", "probation", "excluded"]
    assert close([float(row["from q"]) for row in rows], [*p.tier_thresholds, 0.0])
    assert close([float(row["multiplier m"]) for row in rows], p.tier_multipliers)


def test_as_published_recovery_does_not_pay():
    """Both numbers of RecoveryRace's page: what constant rates earn, together, and whether they recover."""
    said = RECOVERY_PAYS.search(module_of("RecoveryRace-v0").__doc__)
    assert said is not None
    low, least, high, step, most = (float(number.replace(",", "")) for number in said.groups())
    for rate, steps, outcome, earned in ((low, 200, "", least), (high, step, "recovered", most)):
        batch = Batch(Game(environment_class("RecoveryRace-v0")()), 1, autoreset="disabled")
        batch.reset()
        batch.rollout(actions=np.full((200, 2), rate))
        state = batch.state()
        assert (state["time"][0], batch.outcomes()) == (steps, [outcome])
        assert round(state["payoff_total"].sum()) == earned
