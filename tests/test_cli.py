"""The command line: every command, for people and for machines, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import coopetition
from coopetition import cli
from coopetition.baselines import evaluate, record_episode

IDS = coopetition.ENVIRONMENT_IDS


def call(*arguments, code=0):
    """Run the command line; its stdout, and its stderr."""
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout, result.stderr


def ask(*arguments):
    """The JSON of a command."""
    return json.loads(call(*arguments, "--json")[0])


# --- the frame


def test_help_names_every_command():
    text = call("--help")[0]
    for name in (*cli.COMMANDS, *cli.GROUPS):
        assert f" {name} " in text, name


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_help(name):
    text, _ = call(name, "--help")
    assert name in text
    assert "--json" in text or name == "explore"  # which serves a page and prints nothing


def test_version():
    assert call("--version")[0].strip() == f"coopetition {coopetition.__version__}"


def test_unknown_commands_and_options_are_usage_errors():
    assert "sho" in call("sho", code=2)[1]
    assert "--polici" in call("evaluate", "--polici", "random", code=2)[1]


def test_help_imports_no_sub_package_and_no_compiler():
    code = (
        "import sys\n"
        "from coopetition import cli\n"
        "try:\n    cli.app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('numba', 'scipy', 'matplotlib', 'coopetition.calibration', 'coopetition.oracles',\n"
        "         'coopetition.benchmarks', 'coopetition.envs', 'coopetition.baselines')\n"
        "found = [name for name in heavy if name in sys.modules]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)


def test_registered_commands_get_their_arguments():
    _, message = call("validate", "slcdd", "--json", code=2)
    assert "slcd" in message
    report = ask("validate", "slcd", "--draws", "50")
    assert json.dumps(report)


# --- list and show


def test_list():
    rows = ask("list")
    assert [row["id"] for row in rows] == [*IDS, *coopetition.EXTENSION_IDS]
    assert {row["mechanism"] for row in rows} == {"interdependence", "trust", "team", "reciprocity"}
    assert all(row["models"] and row["horizon"] >= 1 and len(row["agents"]) >= 2 for row in rows)
    text = call("list")[0]
    for name in IDS:
        assert name in text
    assert "committer_0..39" in text


@pytest.mark.parametrize("environment_id", IDS)
def test_show(environment_id):
    sheet = ask("show", environment_id)
    game = coopetition.make_game(environment_id)
    assert sheet["agents"] == list(game.agents)
    assert {row["name"] for row in sheet["parameters"]} == set(game.parameters.to_dict()) - {"id"}
    assert all(row["about"] and row["domain"] for row in sheet["parameters"])
    assert sheet["spaces"]["observation"]["shape"] == [game.observation_size]
    assert list(sheet["observation_layout"]) == list(game.observation_layout)
    assert sheet["observation_layout"]["time"] == [game.observation_size - 1, game.observation_size]
    assert sheet["page"].startswith(environment_id)
    text = call("show", environment_id)[0]
    for word in (environment_id, "horizon", "own_rate", "time", "Payoff", "Agents"):
        assert word in text
    assert "]]" not in text


def test_show_takes_settings():
    assert ask("show", "ApacheProject-v0", "--set", "phase=emergence")["spaces"]["observation"]["shape"] == [17]
    sheet = ask("show", "slcd", "--set", "dependence=0.5", "--set", "horizon=7")
    assert sheet["horizon"] == 7


# --- run


def test_run_is_the_recorded_episode():
    played = ask("run", "SLCD-v0", "--policy", "random+tit_for_tat", "--seed", 3, "--reward-mode", "private")
    record = record_episode("SLCD-v0", ["random", "tit_for_tat"], seed=3, reward_mode="private")
    assert played == json.loads(json.dumps(record.to_dict()))
    text = call("run", "SLCD-v0", "--policy", "random+tit_for_tat", "--seed", 3, "--reward-mode", "private")[0]
    for word in ("samsung", "sony", "tit_for_tat", "return (private)", "mean trust", "collapsed", str(record.steps)):
        assert word in text
    assert f"{record.rewards[:, 1].sum():,.1f}" in text


def test_run_prints_the_steps_that_were_asked_for():
    text = call("run", "ApacheProject-v0", "--steps", 9, "--every", 4)[0]
    steps = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
    assert steps[:4] == ["1", "4", "8", "9"]
    assert "9 of 60 steps, end: stopped" in text


def test_run_draws(tmp_path):
    figure = tmp_path / "episode.png"
    text = call("run", "LoyaltyTeam-v0", "--steps", 5, "--plot", figure)[0]
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "episode.png" in text.replace("\n", "")


def test_the_file_that_was_written_is_named(tmp_path, monkeypatch):
    """Its suffix too, where none was given; beside JSON on stderr."""
    monkeypatch.chdir(tmp_path)
    assert call("run", "SLCD-v0", "--steps", 2, "--plot", "x")[0].splitlines()[-1] == "figure: x.png"
    out, beside = call("experiment", "tr3", "--plot", "y.svg", "--json")
    assert json.loads(out)
    assert beside.splitlines()[-1] == "figure: y.svg"
    out, _ = call("validate", "slcd", "--draws", 20, "--plot", "z")
    assert out.splitlines()[-1] == "figure: z.png"
    assert {path.name for path in tmp_path.iterdir()} == {"x.png", "y.svg", "z.png"}


# --- evaluate


def test_evaluate_all_twenty():
    rows = ask("evaluate", "--episodes", 2, "--policies", "constant_040", "--policies", "random,tit_for_tat")
    assert list(dict.fromkeys(row["environment"] for row in rows)) == list(IDS)
    assert {row["policy"] for row in rows if not row["best_constant"]} <= {"constant_040", "random", "tit_for_tat"}
    for environment_id in ("SLCD-v0", "ApacheProject-v0"):
        own = [row for row in rows if row["environment"] == environment_id and row["policy"] == "random"]
        assert own == [
            {**row.to_dict(), "best_constant": False} for row in evaluate(environment_id, "random", episodes=2)
        ]
    for environment_id in IDS:
        own = [row for row in rows if row["environment"] == environment_id]
        best = [row for row in own if row["best_constant"]]
        assert len(best) == len(coopetition.make_game(environment_id).agents)
        assert sum(row["mean_return"] for row in best) >= sum(
            row["mean_return"] for row in own if row["policy"] == "constant_040"
        )


def test_evaluate_tables():
    text = call("evaluate", "PublicGoods", "TrustDilemma-v0", "--episodes", 1)[0]
    for word in ("PublicGoods-v0", "TrustDilemma-v0", "constant_000", "tit_for_tat", "collapsed", "10,000.0"):
        assert word in text
    text = call("evaluate", "GiftExchange-v0", "--policies", "constant_100+tit_for_tat", "--agents", "--episodes", 1)[0]
    assert "employer: constant_100" in text
    assert "worker: tit_for_tat" in text


# --- refusals: exit code 2, one line with the nearest match, no traceback

REFUSED = {
    "environment": (("show", "SLCDD-v0"), "did you mean 'SLCD-v0'"),
    "environment of many": (("evaluate", "SLCD-v0", "TrustDilema"), "did you mean 'TrustDilemma-v0'"),
    "policy": (("run", "SLCD-v0", "--policy", "tit_for_tt"), "did you mean 'tit_for_tat'"),
    "one of two policies": (("run", "SLCD-v0", "--policy", "random+rando"), "did you mean 'random'"),
    "policies of evaluate": (("evaluate", "SLCD-v0", "--policies", "constant_1"), "did you mean 'constant_1"),
    "too many policies": (("run", "SLCD-v0", "--policy", "random+random+random"), "3 policies for the 2 agents"),
    "policies for all": (("evaluate", "--policies", "random+random"), "2 policies for the 5 agents"),
    "mode": (("run", "SLCD-v0", "--reward-mode", "privat"), "did you mean 'private'"),
    "parameter": (("run", "SLCD-v0", "--set", "horizn=5"), "did you mean 'horizon'"),
    "domain": (("run", "SLCD-v0", "--set", "horizon=0"), "horizon"),
    "setting": (("show", "SLCD-v0", "--set", "horizon"), "expected NAME=VALUE"),
    "folder": (("run", "SLCD-v0", "--plot", "no/such/folder/x.png"), "no folder"),
    "format": (("run", "SLCD-v0", "--steps", "2", "--plot", "x.abc"), "abc"),
    "no policies": (("evaluate", "SLCD-v0", "--policies", ""), "names no policy"),
    "an empty one among policies": (("evaluate", "SLCD-v0", "--policies", "random,"), "names no policy"),
    "no policy": (("run", "SLCD-v0", "--policy", " "), "no policy is named"),
    "an empty one in a cast": (("run", "SLCD-v0", "--policy", "random+"), "unknown policy ''"),
    "horizon": (("run", "SLCD-v0", "--set", "horizon=1000000000"), "at most 100,000 steps"),
    "horizon of a search": (("evaluate", "SLCD-v0", "--set", "horizon=5000"), "at most 2,000 steps"),
    "horizon of dilemmas": (("dilemma", "SLCD-v0", "--episode", "--set", "horizon=5000"), "at most 2,000 steps"),
    "horizon of a learner": (("train", "SLCD-v0", "--set", "horizon=1e9"), "horizon"),
    "episodes without end": (("evaluate", "SLCD-v0", "--episodes", "2000000"), "episodes"),
    "moves without end": (("evaluate", "ApacheProject-v0", "--episodes", "900000"), "the command line plays at most"),
    "a parameter that one game lacks": (("evaluate", "--set", "gamma=0.5"), "'gamma'"),
    "a parameter that a dilemma lacks": (("dilemma", "SLCD-v0", "PublicGoods-v0", "--along", "gamma=0.1"), "'gamma'"),
    "a parameter that a learner lacks": (("train", "PublicGoods-v0", "--set", "gamma=0.1"), "'gamma'"),
    "a parameter to solve": (("solve", "PublicGoods-v0", "--set", "theta=0.1"), "'theta'"),
    "a parameter to show": (("show", "PublicGoods-v0", "--set", "theta=0.1"), "'theta'"),
    "a preset": (("solve", "SLCD-v0", "--preset", "stron"), "did you mean 'strong'"),
    "a preset of a learner": (("train", "SLCD-v0", "--preset", "stron"), "did you mean 'strong'"),
    "a mode of a dilemma": (("dilemma", "SLCD-v0", "--reward-mode", "privat"), "did you mean 'private'"),
    "a mode of a learner": (("train", "SLCD-v0", "--reward-mode", "private,coop"), "did you mean 'cooperative'"),
    "a mode of a solver": (("solve", "SLCD-v0", "--reward-mode", "privat"), "private"),
    "a scale of studies": (("study", "status", "--scale", "smok"), "smok"),
    "a hyper-parameter": (("train", "SLCD-v0", "--hyper", "learning_rate"), "expected NAME=VALUE"),
    "a sweep": (("train", "SLCD-v0", "--sweep", "learning_rate=fast"), "expected numbers"),
    "a folder of a case": (("validate", "slcd", "--plot", "no/such/x.png"), "no folder"),
    "a format of a study": (("experiment", "tr3", "--plot", "x.abc"), "abc"),
    "seed": (("run", "SLCD-v0", "--seed", "-1"), "seed"),
    "episodes": (("evaluate", "SLCD-v0", "--episodes", "0"), "episodes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments, words = REFUSED[case]
    out, message = call(*arguments, code=2)
    assert words in message
    assert "Traceback" not in message
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_plot_without_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    _, message = call("run", "SLCD-v0", "--plot", "x.png", code=2)
    assert "coopetition[plot]" in message


def test_the_installed_script():
    script = subprocess.run(
        [sys.executable, "-m", "coopetition.cli", "run", "slcdd"], capture_output=True, text=True, timeout=120
    )
    assert script.returncode == 2
    assert script.stderr.startswith("error: unknown environment 'slcdd'; did you mean 'SLCD-v0'?")
    assert script.stdout == ""
