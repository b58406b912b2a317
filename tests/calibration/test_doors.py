"""The doors for cases: one file and one registration, or a file of data alone; what is forgotten is named."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from coopetition import calibration
from coopetition.calibration import CaseData, RubricError
from coopetition.calibration.engine import registry
from coopetition.calibration.engine.measures import measure_names, register_measure
from coopetition.commands import validating

HERE = Path(__file__).parent
WRITTEN = HERE.parents[1] / "examples" / "cases" / "slcd.toml"
app = typer.Typer()
app.command()(validating.validate)
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def fifth():
    """The case of `fifth_case.py`, registered as its import does."""
    spec = importlib.util.spec_from_file_location("fifth_case", HERE / "fifth_case.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module.CASE
    calibration.unregister_case("fifth")


# --- one file, one registration


def test_every_list_report_and_command_takes_it_up(fifth, tmp_path):
    assert calibration.case_names()[-1] == "fifth"
    assert calibration.load_case("fifth") is fifth
    report = calibration.validate("fifth", count=40)
    assert (report.score, report.total) == (2.0, 2.0)
    assert [variant.score for variant in report.variants] == [2.0, 0.0]
    assert len(report.comparison()[1]) == 2
    json.dumps(report.to_dict(), allow_nan=False)
    assert calibration.load_rubric("fifth", "ours").total == 2
    assert calibration.load_record("fifth")["mean_rate"] == 0.5
    printed = RUNNER.invoke(app, ["fifth", "--draws", "20"])
    assert printed.exit_code == 0, printed.output
    assert "Trust after ten meetings" in printed.output
    pytest.importorskip("matplotlib")
    assert RUNNER.invoke(app, ["fifth", "--draws", "20", "--json", "--plot", str(tmp_path / "f.png")]).exit_code == 0
    assert (tmp_path / "f.png").stat().st_size > 10_000


def test_the_ledger_may_rest_on_it(fifth, monkeypatch):
    monkeypatch.setattr(registry, "BUILT_IN", {})
    monkeypatch.setattr("coopetition.calibration.studies.STUDIES", ("tr2",))
    from coopetition.calibration import claims

    assert claims.measures()["fifth.both give half.score"] == 2.0


def test_an_installed_package_is_found_by_its_entry_point(tmp_path):
    (tmp_path / "fifth_case.py").write_text((HERE / "fifth_case.py").read_text())
    about = tmp_path / "fifth-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fifth\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[coopetition.cases]\nfifth = fifth_case:CASE\nslcd = fifth_case:CASE\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(HERE.parents[1])])}
    command = [sys.executable, "-m", "coopetition.cli", "validate", "fifth", "--json", "--draws", "20"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(finished.stdout)["score"] == 2.0
    assert "'slcd' = 'fifth_case:CASE' is refused: the name belongs to this package" in finished.stderr
    (about / "entry_points.txt").write_text("")
    command = [*command[:3], "--load", "fifth_case", *command[3:]]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(finished.stdout)["score"] == 2.0


@pytest.mark.parametrize("piece", registry.REQUIRED)
def test_a_forgotten_piece_is_named(fifth, piece):
    given = {field.name: getattr(fifth, field.name) for field in dataclasses.fields(fifth)}
    del given[piece]
    with pytest.raises(TypeError, match=piece):
        calibration.Case(**given)
    with pytest.raises(RubricError, match=f"'fifth': '{piece}'"):
        calibration.register_case(calibration.Case(**given, **{piece: None}))


@pytest.mark.parametrize("table", ["record", "draws", "rubric", "rubric-ours"])
def test_a_forgotten_table_is_named(fifth, table):
    tables = {name: value for name, value in fifth.data.tables.items() if name != table}
    with pytest.raises(RubricError, match=f"the table '{table}' is missing"):
        calibration.register_case(dataclasses.replace(fifth, data=CaseData("fifth_case.py", tables)))


def test_a_forgotten_measurement_is_named(fifth):
    def variants():
        return tuple(
            dataclasses.replace(run, values={"mean_rate": run.values["mean_rate"]}) for run in fifth.variants()
        )

    with pytest.raises(RubricError, match="does not measure 'final_trust'.*'trusting'"):
        calibration.validate(dataclasses.replace(fifth, variants=variants), count=5)


@pytest.mark.parametrize("name", ["slcd", "fifth", "all", ""])
def test_taken_names_are_refused(fifth, name):
    renamed = copy.deepcopy(fifth.data.tables)
    for table in ("record", "rubric", "rubric-ours"):
        renamed[table]["case"] = name
    other = dataclasses.replace(fifth, name=name, data=CaseData("other.py", renamed))
    with pytest.raises(RubricError, match="taken"):
        calibration.register_case(other)
    assert calibration.register_case(fifth) is fifth


def test_names_that_disagree_are_refused(fifth):
    with pytest.raises(RubricError, match="'case' is 'fifth', the case's name is 'sixth'"):
        calibration.register_case(dataclasses.replace(fifth, name="sixth"))


def test_unknown_cases():
    with pytest.raises(ValueError, match="did you mean 'apple'"):
        calibration.load_case("aple")
    with pytest.raises(ValueError, match="no case 'slcd' was registered"):
        calibration.unregister_case("slcd")
    with pytest.raises(TypeError, match="Case"):
        calibration.register_case("slcd")


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_a_forgotten_value_of_this_package_is_named(name, monkeypatch):
    registry._built_in.cache_clear()
    module = importlib.import_module(registry.BUILT_IN[name])
    monkeypatch.delattr(module, "CASE")
    with pytest.raises(RubricError, match="the value 'CASE' is missing"):
        calibration.load_case(name)
    monkeypatch.undo()
    assert calibration.load_case(name).name == name


# --- a case written as data alone


@pytest.fixture(scope="module")
def content():
    return tomllib.loads(WRITTEN.read_text())


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_s_lcd_as_data_scores_what_the_report_published():
    case = calibration.load_case(WRITTEN)
    runs = case.variants()
    totals = {run.label: float(calibration.score(case.rubric(), run.values).total[0]) for run in runs}
    assert totals == {"logarithmic": 58.0, "power": 46.0}
    built_in = calibration.load_case("slcd")
    for run, own in zip(runs, built_in.variants(), strict=False):
        assert run.label == own.label
        for name, value in run.values.items():
            np.testing.assert_allclose(value, own.values[name], rtol=1e-6, err_msg=name)
    assert runs[0].series["epsilon"].max() < 1e-9


def test_validate_takes_its_path():
    result = RUNNER.invoke(app, [str(WRITTEN), "--json", "--draws", "20"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [variant["score"] for variant in found["variants"]] == [58.0, 46.0]
    assert found["total"] == 60.0


def test_a_written_case_may_be_registered():
    case = calibration.register_case(calibration.load_case(WRITTEN))
    assert case.name in calibration.case_names()
    calibration.unregister_case(case.name)


def wrong(path, value):
    """Spoil one place of the file; None takes it out."""

    def spoil(content):
        place = content
        for key in path[:-1]:
            place = place[key]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return spoil


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (("model", "environment"), "SLDC-v0", "model: unknown environment 'SLDC-v0'.*'SLCD-v0'"),
        (("model", "concept"), "coopetive", "model: unknown concept 'coopetive'; did you mean 'coopetitive'"),
        (("model", "concept"), None, "model: field 'concept' is missing"),
        (("model", "parameters", "gama"), 0.6, "parameters: .*gama"),
        (("reference", "parameters", "dependence"), 2.0, "reference: parameters: .*dependence"),
        (("runs", 1, "parameters", "value_form"), "cubic", "runs: 'power': .*value_form"),
        (("runs", 0, "label"), None, "runs: 1: field 'label' is missing"),
        (("runs",), [], "runs: expected at least one table"),
        (("nulls",), None, "field 'nulls' is missing"),
        (("rubric",), None, "field 'rubric' is missing"),
        (("history",), {}, "unknown field 'history'"),
        (("measures", "value"), "valeu", "value: unknown measure 'valeu'; did you mean 'value'"),
        (("measures", "samsung_share", "agent"), None, "samsung_share: measure 'share of payoffs' needs 'agent'"),
        (("measures", "samsung_share", "agnet"), "sony", "takes no 'agnet'; did you mean 'agent'"),
        (("measures", "converged"), None, "unknown quantity 'converged'"),
        (("nulls", 0, "run"), "powr", "no run 'powr'; did you mean 'power'"),
        (("nulls", 0, "draws"), "wild", "unknown draws 'wild'; did you mean 'wide'"),
        (("draws", "stated", "dependence.samsung.sonny"), [0, 1], "no agent 'sonny'; did you mean 'sony'"),
        (("draws", "stated", "dependence.samsung"), [0, 1], "write 'dependence.<agent>.<agent>'"),
        (("draws", "wide", "gamma"), [1, 0], "wide: gamma: expected"),
        (("draws", "wide", "gamma"), [-1, 0], "draws: wide: .*gamma"),
        (("draws", "wide", "gama"), [0, 1], "no argument 'gama'; did you mean 'gamma'"),
        (("record", "figures", 0, "source"), None, "field 'source' is missing"),
        (("rubric", "criteria", 0, "rule"), {"hold": True}, "unknown rule 'hold'; did you mean 'holds'"),
        (("name",), "all", "a case needs a name of its own"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(content, tmp_path, path, value, match):
    spoiled = copy.deepcopy(content)
    wrong(path, value)(spoiled)
    with pytest.raises(RubricError, match=match):
        calibration.load_case(write(tmp_path / "case.json", spoiled))


def test_what_can_only_be_seen_when_it_runs_is_named_too(content, tmp_path):
    spoiled = copy.deepcopy(content)
    spoiled["measures"]["samsung_share"]["agent"] = "samsun"
    case = calibration.load_case(write(tmp_path / "case.json", spoiled))
    with pytest.raises(RubricError, match="measures: samsung_share: no agent 'samsun'; did you mean 'samsung'"):
        case.variants()
    spoiled = copy.deepcopy(content)
    del spoiled["reference"]
    case = calibration.load_case(write(tmp_path / "case.json", spoiled))
    with pytest.raises(RubricError, match="the file has no table 'reference'"):
        case.variants()


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("none.toml", None, "no such file"),
        ("case.toml", "name = ", "not valid TOML"),
        ("case.json", "[1]", "expected an object"),
        ("case.json", "{", "not valid JSON, line 1"),
    ],
)
def test_files_that_are_no_case(tmp_path, name, text, match):
    if text is not None:
        (tmp_path / name).write_text(text)
    result = RUNNER.invoke(app, [str(tmp_path / name)])
    assert result.exit_code == 2
    assert match in result.output


def test_the_page_lists_all_measures():
    page = (HERE.parents[1] / "docs" / "calibration.md").read_text()
    assert "Measures: " + ", ".join(f"`{name}`" for name in measure_names()) + "." in page


def test_measures_have_one_door():
    assert "rise of levels" in measure_names()
    with pytest.raises(RubricError, match="'value' is taken"):
        register_measure("value")(len)
    with pytest.raises(RubricError, match="no docstring"):
        register_measure("silent")(lambda solved: 0.0)
