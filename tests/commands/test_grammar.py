"""One grammar for all commands: the same options by the same names, help with examples that run, completion."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from coopetition import cli
from coopetition.baselines import available
from coopetition.commands import options
from coopetition.commands.examples import EXAMPLES

ROOT = typer.main.get_command(cli.app)


def leaves():
    """Every command by its full name."""
    found = {}
    for name, command in ROOT.commands.items():
        if hasattr(command, "commands"):
            found |= {f"{name} {part}": one for part, one in command.commands.items()}
        else:
            found[name] = command
    return found


LEAVES = leaves()
#: What commands that take an environment have in common.
PLAYING = ("show", "run", "evaluate", "solve", "dilemma", "train", "record")


def names_of(command):
    return {option for one in command.params for option in one.opts}


@pytest.mark.parametrize("name", LEAVES)
def test_options_have_one_grammar(name):
    found = names_of(LEAVES[name])
    if name in PLAYING:
        assert {"--set", "--preset", "--reward-mode"} <= found
    assert "--json" in found or name in ("study run", "study publish", "study report", "explore")
    # Other words for the same would be another grammar.
    assert not found & {"--mode", "--objective", "--parameter", "--param", "--format", "--output"}
    for one in LEAVES[name].params:
        if one.param_type_name == "option" and "--help" not in one.opts:
            assert one.help, one.name
            assert one.help.endswith("."), one.help


@pytest.mark.parametrize("name", LEAVES)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_examples(name, flag, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    result = CliRunner().invoke(cli.app, [*name.split(), flag])
    assert result.exit_code == 0
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        assert example in result.stdout
        assert len(example) <= 79


def test_every_command_has_examples_and_the_other_way_round():
    assert set(EXAMPLES) == set(LEAVES)


@pytest.mark.parametrize("example", [example for examples in EXAMPLES.values() for example in examples])
def test_examples_are_understood(example):
    """Their options exist and take these values; what they then do is tested where their commands are."""
    _, *arguments = shlex.split(example)
    command, context = ROOT, ROOT.make_context("coopetition", list(arguments), resilient_parsing=True)
    while hasattr(command, "commands"):
        name, command, arguments = command.resolve_command(context, arguments)
        context = command.make_context(name, list(arguments), parent=context)
    assert not context.args


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith(("study", "bench", "explore"))])
def test_examples_run(name, monkeypatch, tmp_path):
    if name == "train":
        pytest.importorskip("jax")
    monkeypatch.chdir(tmp_path)
    for example in EXAMPLES[name]:
        result = CliRunner().invoke(cli.app, shlex.split(example)[1:])
        assert result.exit_code == 0, (example, result.output)


COMPLETED = {
    "ids": (options.complete_ids, "slcd", ["SLCD-v0", "SLCDStrong-v0"]),
    "modes": (options.complete_modes, "private,co", ["private,cooperative"]),
    "presets": (options.complete_presets, "st", ["strong"]),
    "policies": (options.complete_policies, "random+tit_for_tw", ["random+tit_for_two_tats"]),
    "casts": (options.complete_policies, "random,pavlov+grim", ["random,pavlov+grim_trigger"]),
    "concepts": (options.complete_concepts, "coop", ["coopetitive"]),
    "cases": (options.complete_cases, "a", ["apache", "apple", "all"]),
    "algorithms": (options.complete_algorithms, "mapp", ["MAPPO"]),
}


@pytest.mark.parametrize("kind", COMPLETED)
def test_values_are_completed(kind):
    complete, begun, found = COMPLETED[kind]
    if kind == "algorithms":
        pytest.importorskip("jax")
    assert complete(begun) == found


@pytest.mark.parametrize(("typed", "offered"), [("coopetition sol", "solve"), ("coopetition show SLC", "SLCD-v0")])
def test_a_shell_completes(typed, offered):
    """As bash asks for it."""
    words = typed.split()
    environment = {
        **os.environ,
        "_COOPETITION_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    code = "from coopetition.cli import app; app(prog_name='coopetition')"
    asked = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert offered in asked.stdout.split()


def test_policies_are_all_listed():
    rows = json.loads(CliRunner().invoke(cli.app, ["policies", "--json"]).stdout)
    assert [row["name"] for row in rows] == sorted(available())
    assert all(row["about"] and row["citation"] for row in rows)


def test_settings_change_what_is_solved_and_measured():
    ask = lambda *words: json.loads(CliRunner().invoke(cli.app, [*words, "--json"]).stdout)  # noqa: E731
    given, by_preset = (ask("solve", "TrustDilemma-v0", *more) for more in ([], ["--preset", "strong"]))
    assert given["actions"] != by_preset["actions"]
    assert ask("solve", "TrustDilemmaStrong-v0")["actions"] == by_preset["actions"]
    weak, strong = (ask("dilemma", "PublicGoods-v0", "--set", f"multiplier={m}")[0] for m in (1.5, 3))
    assert (weak["price_of_anarchy"], strong["price_of_anarchy"]) == pytest.approx((1.5, 3.0))
    assert ask("show", "SLCD-v0", "--reward-mode", "private")["reward_mode"] == "private"
