"""Tables of every command fit the terminal that there is, and what is piped is as wide as it likes."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from commands.terminals import on_terminals
from rich.console import Console
from typer.testing import CliRunner

import coopetition
from coopetition import cli
from coopetition.commands import tables

#: A command that prints each table, and words that must stand in it whole, however narrow it is.
TABLES = {
    "list": (["list"], ["DynamicPartnerSelection-v0", "horizon"]),
    "show": (["show", "SLCD-v0"], ["collapse_threshold", "damage_held", "initial_trust", "samsung", "strong"]),
    "show many": (["show", "ApacheProject-v0"], ["loyalty_threshold", "committer_0", "emergence"]),
    "policies": (["policies"], ["Oracle_ReciprocityEquilibrium", "tit_for_two_tats"]),
    "run": (["run", "GiftExchange-v0", "--steps", "3"], ["employer", "worker", "tit_for_tat"]),
    "run many": (["run", "AppleAppStore-v0", "--steps", "3"], ["apple", "major", "small"]),
    "evaluate": (
        ["evaluate", "PublicGoods-v0", "--policies", "constant_000,tit_for_tat", "--episodes", "1"],
        ["PublicGoods-v0", "tit_for_tat", "payoff", "(best constant)"],
    ),
    "evaluate agents": (
        ["evaluate", "GiftExchange-v0", "--policies", "constant_060", "--episodes", "1", "--agents"],
        ["employer: constant_060", "worker: constant_060"],
    ),
    "solve": (["solve", "SLCD-v0", "--concept", "coopetitive"], ["samsung", "level", "converged"]),
    "frontier": (["solve", "SLCD-v0", "--concept", "pareto_front"], ["payoff 0", "levels"]),
    "dilemma": (["dilemma", "SLCD-v0", "--along", "gamma=0.5,0.65"], ["SLCD-v0", "greed", "fear"]),
    "validate": (["validate", "slcd", "--draws", "20"], ["samsung_share", "converged_again", "asymmetry"]),
    "experiment": (["experiment", "tr3"], ["free-riding error", "differentiation, mean"]),
    "study": (["study", "status"], ["done", "missing"]),
}
COMMANDS = [command for command, _ in TABLES.values()]
WIDTHS = (80, 120)
#: One of them on terminals that are very narrow and very wide.
EXTREMES = (40, 240)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What every command prints, by its name and the width of the terminal."""
    keys = [(name, width) for name in TABLES for width in WIDTHS] + [("evaluate", width) for width in EXTREMES]
    texts = on_terminals([(width, TABLES[name][0]) for name, width in keys], tmp_path_factory.mktemp("terminal"))
    return dict(zip(keys, texts, strict=True))


def test_every_command_with_a_table_is_here():
    """`demo` prints one of these tables and a story; `train` and `bench` take longer, and are tested below;
    `explore` opens a browser.
    """
    assert {command[0] for command in COMMANDS} | {"demo", "train", "bench", "record", "explore"} >= {
        *cli.COMMANDS,
        *cli.GROUPS,
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_cut_off(printed, name, width):
    text = printed[name, width]
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    for words in TABLES[name][1]:
        assert words in text, words


def test_a_wider_terminal_shows_more(printed):
    narrow, wide = (printed["evaluate", width] for width in EXTREMES)
    assert max(len(line) for line in narrow.splitlines()) <= 40
    assert "a step" in wide
    assert "left out" not in wide


def test_a_narrow_table_has_numbers_and_explains_what_it_shows(printed):
    text = printed["evaluate", 80]
    head = next(line for line in text.splitlines() if line.startswith("┃") and "policies" in line)
    assert "payoff" in head
    assert "environment" not in head  # its one name begins the title
    assert "PublicGoods-v0: " in text
    explained = {line.partition("  ")[0] for line in text.splitlines()}
    assert {"normalised", "exploitability"} <= explained
    assert not {"forgiveness", "sustainability"} & explained
    assert "left out for want of width" in text


def rows_of_width(kind: str, count: int) -> tables.Rows:
    columns = (tables.text("game"), tables.text("who"), *(tables.Column(f"number {k}", 7 + k) for k in range(3)))
    first = {"one": ["G"] * count, "blank": ["G", *[""] * (count - 1)], "two": [f"G{k}" for k in range(count)]}[kind]
    return tables.Rows("title", columns, [(name, f"w{k}", *["1" * 12] * 3) for k, name in enumerate(first)])


@pytest.mark.parametrize(("kind", "lifted"), [("one", True), ("blank", True), ("two", False)])
def test_a_first_column_of_one_word_begins_the_title(kind, lifted):
    def shown(width: int) -> str:
        out = Console(width=width, force_terminal=True, no_color=True, file=io.StringIO())
        tables.print_rows(out, rows_of_width(kind, 2))
        return out.file.getvalue()

    assert ("G: title" in shown(50)) == lifted
    assert "G: title" not in shown(120)
    assert "number 0" in shown(18)  # a block a row: nothing fits beside the names


@pytest.mark.parametrize("name", TABLES)
def test_piped_output_is_whole(name, monkeypatch, tmp_path):
    """Nothing is wrapped or left out, whatever the environment says of a terminal's width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    command, needed = TABLES[name]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 0, result.output
    assert "left out" not in result.stdout
    assert "…" not in result.stdout
    for words in needed:
        assert words in result.stdout, words
    for table in re.findall(r"(?:^[┏┃┡│├└].*\n)+", result.stdout, flags=re.MULTILINE):
        assert len({len(line) for line in table.splitlines()}) == 1
        # A cell that was folded would go on in a row that has nothing else,
        # as only matrices do; headings stand alone.
        rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in table.splitlines() if line[0] == "│"]
        assert all(sum(bool(cell) for cell in row) > 1 or name in ("show", "validate") for row in rows)


def test_tables_are_made_in_one_place():
    home = Path(coopetition.__file__).parent
    users = [path for path in home.rglob("*.py") if "rich.table" in path.read_text(encoding="utf-8")]
    assert [path.name for path in users] == ["tables.py"]


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 120])
def test_long_commands_fit_too(width, tmp_path):
    pytest.importorskip("jax")
    commands = [
        ["train", "TrustDilemma-v0", "--steps", "64", "--no-efficiency"],
        ["bench", "--quick", "--only", "games"],
    ]
    for text in on_terminals([(width, command) for command in (*commands, ["demo"])], tmp_path):
        assert "…" not in text
        assert max(len(line) for line in text.splitlines()) <= width
