"""What an environment's docstring still states of numbers is the code's.

Tables, ends and worked steps are written from the game (tests/pages). Here are the statements beside formulas, inline
code of the form ``name = value``, each name a parameter or a quantity computed here; and every numeral that is left in
prose and formulas must be one of the few that are listed.
"""

from __future__ import annotations

import importlib.util
import math
import re
from functools import cache

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters

HEADINGS = [
    "Payoff",
    "Dynamics",
    "Departures from the published code",
    "Version history",
    "References",
]
#: State that is the driver's own, and no page's matter.
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


def numbers(cell: str) -> list[float]:
    return [float(part) for part in cell.split(",")]


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
    "trust": {"theta", "signal_scale"} | TRUST_ROW,
    "reciprocity": {"theta", "signal_scale"} | TRUST_ROW | RECIPROCITY_ROW,
    "team": LOYALTY_ROW,
}


def prose(environment_id: str) -> str:
    """The page without tables and References."""
    page = page_of(environment_id)
    text = "\n".join(page[name] for name in ["", *HEADINGS] if name not in ("References", "Version history"))
    return re.sub(r"^\|.*$", "", text, flags=re.M)


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
    """No table escapes: three docstrings have one each."""
    for environment_id in ENVIRONMENTS:
        page = page_of(environment_id)
        have = {name for name in page if tables_in(page[name])}
        expected = {section for identity, section in MORE_TABLES if identity == environment_id}
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
