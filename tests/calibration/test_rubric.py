"""The rubric engine: bad files are refused with a message that names the file, the entry and the remedy;
rules."""

import copy
import json

import numpy as np
import pytest

from coopetition import calibration
from coopetition.calibration import RubricError, case_names, load_case, load_rubric
from coopetition.calibration.engine.record import read_record
from coopetition.calibration.engine.rubric import read_rubric, score
from coopetition.calibration.engine.rules import Rule

APPLE, SLCD = load_case("apple"), load_case("slcd")


def criterion(content, name):
    return next(c for c in content["criteria"] if c["id"] == name)


def typo_in_field(c):
    criterion(c, "forgiveness")["sentense"] = criterion(c, "forgiveness").pop("sentence")


def typo_in_top_field(c):
    c["totl"] = c.pop("total")


def typo_in_quantity(c):
    criterion(c, "overall_fit")["quantity"] = "relative_eror"


def typo_in_rule(c):
    criterion(c, "forgiveness")["cells"]["adjustment"]["rule"] = {"abov": 0.05}


def typo_in_condition(c):
    criterion(c, "response_magnitude")["rule"]["tiers"][0][0] = {"belw": 0.15}


def typo_in_phase(c):
    criterion(c, "forgiveness")["cells"] = {"ajustment": criterion(c, "forgiveness")["cells"]["adjustment"]}


def missing_cell(c):
    del criterion(c, "overall_fit")["cells"]["crisis"]


def missing_phase(c):
    c["phases"].remove("crisis")


def unknown_phase(c):
    c["phases"].append("aftermath")


def reordered_phases(c):
    c["phases"] = c["phases"][::-1]


def wrong_total(c):
    c["total"] = 52


def wrong_category(c):
    c["categories"][0]["points"] = 6


def unknown_category(c):
    criterion(c, "asymmetry")["category"] = "asymetry"


def no_source(c):
    del criterion(c, "asymmetry")["source"]


def empty_source(c):
    criterion(c, "asymmetry")["source"] = " "


def twice(c):
    c["criteria"].append(copy.deepcopy(c["criteria"][0]))


def too_many_points(c):
    criterion(c, "phase_timing")["cells"]["crisis"]["rule"] = {"constant": 2}


def unmarked_constant(c):
    criterion(c, "phase_timing")["cells"]["crisis"]["constant"] = False


def two_rules(c):
    criterion(c, "forgiveness")["cells"]["adjustment"]["rule"] = {"above": 0, "below": 1}


def no_number(c):
    criterion(c, "forgiveness")["cells"]["adjustment"]["rule"] = {"above": "0.05"}


def both_scored_and_not(c):
    criterion(c, "forgiveness")["not_scored"].append("adjustment")


@pytest.mark.parametrize(
    ("spoil", "where", "hint"),
    [
        (typo_in_field, "forgiveness", "did you mean 'sentence'"),
        (typo_in_top_field, "rubric.json", "did you mean 'total'"),
        (typo_in_quantity, "overall_fit", "did you mean 'relative_error'"),
        (typo_in_rule, "forgiveness", "did you mean 'above'"),
        (typo_in_condition, "response_magnitude", "did you mean 'below'"),
        (typo_in_phase, "forgiveness", "did you mean 'adjustment'"),
        (missing_cell, "overall_fit", "crisis"),
        (missing_phase, "rubric.json", "'crisis' of the record is missing"),
        (unknown_phase, "rubric.json", "unknown phase 'aftermath'"),
        (reordered_phases, "rubric.json", "record's order"),
        (wrong_total, "rubric.json", "add up to 51"),
        (wrong_category, "cooperation trend", "add up to 5"),
        (unknown_category, "asymmetry", "did you mean 'asymmetry'"),
        (no_source, "asymmetry", "'source' is missing"),
        (empty_source, "asymmetry", "'source' is empty"),
        (twice, "cooperation_trend", "used twice"),
        (too_many_points, "phase_timing", "2 points"),
        (unmarked_constant, "phase_timing", "cannot be lost"),
        (two_rules, "forgiveness", "exactly one"),
        (no_number, "forgiveness", "finite number"),
        (both_scored_and_not, "forgiveness", "both scored"),
    ],
)
def test_bad_rubrics_are_refused(tmp_path, spoil, where, hint):
    content = json.loads((APPLE.data.tables / "rubric.json").read_text())
    spoil(content)
    path = tmp_path / "rubric.json"
    path.write_text(json.dumps(content))
    with pytest.raises(RubricError) as error:
        read_rubric(path, APPLE.quantities, APPLE.record.phase_names)
    for part in ("rubric.json", where, hint):
        assert part in str(error.value)


@pytest.mark.parametrize(("text", "hint"), [("{", "line 1"), ("[]", "expected an object"), (None, "no such file")])
def test_files_that_are_no_rubric(tmp_path, text, hint):
    path = tmp_path / "rubric.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RubricError, match=hint):
        read_rubric(path, SLCD.quantities)


def figure_without_source(c):
    del c["figures"][0]["source"]


def figure_typo(c):
    c["figures"][0]["vlaue"] = c["figures"][0].pop("value")


def unknown_status(c):
    c["figures"][0]["status"] = "documentd"


def phase_without_source(c):
    del c["phases"][1]["source"]


def gap_between_phases(c):
    c["phases"][1]["start"] += 1


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (figure_without_source, "'source' is missing"),
        (figure_typo, "did you mean 'value'"),
        (unknown_status, "did you mean 'documented'"),
        (phase_without_source, "'source' is missing"),
        (gap_between_phases, "does not join"),
    ],
)
def test_bad_records_are_refused(tmp_path, spoil, hint):
    content = json.loads((APPLE.data.tables / "record.json").read_text())
    spoil(content)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(content))
    with pytest.raises(RubricError, match=hint) as error:
        read_record(path)
    assert "record.json" in str(error.value)


@pytest.mark.parametrize("case", case_names())
@pytest.mark.parametrize("kind", ["published", "ours"])
def test_shipped_rubrics(case, kind):
    rubric = load_rubric(case, kind)
    assert rubric.case == case
    assert rubric.kind == kind
    assert all(cell.source and cell.sentence and cell.evidence for cell in rubric.cells)
    if kind == "ours":
        assert rubric.constant_points == 0
        assert rubric.floor == 0
        assert rubric.ceiling == rubric.total


@pytest.mark.parametrize("case", case_names())
def test_every_figure_has_a_source(case):
    record = calibration.load_record(case)
    assert all(figure.source for figure in record.figures.values())


def test_the_apple_curve_says_what_it_is():
    record = calibration.load_record("apple")
    assert "not a data set" in record.figures["reference_points"].source
    assert record.figures["reference_points"].status == "authors"


@pytest.mark.parametrize(
    ("kind", "argument", "values", "points"),
    [
        ("above", 1.0, [0.5, 1.0, 1.5], [0, 0, 4]),
        ("at_least", 1.0, [0.5, 1.0, 1.5], [0, 4, 4]),
        ("below", 1.0, [0.5, 1.0, 1.5], [4, 0, 0]),
        ("at_most", 1.0, [0.5, 1.0, 1.5], [4, 4, 0]),
        ("between", (0.0, 1.0), [-1, 0, 1, 2], [0, 4, 4, 0]),
        ("inside", (0.0, 1.0), [0, 0.5, 1], [0, 4, 0]),
        ("equals", 2.0, [1, 2], [0, 4]),
        ("holds", True, [0, 1], [0, 4]),
        ("holds", False, [0, 1], [4, 0]),
        ("sign", "negative", [-2, 0, 2], [4, 0, 0]),
        ("sign", "zero", [-2, 0, 2], [0, 4, 0]),
        ("per_unit", 1.5, [0, 1, 2, 3], [0, 1.5, 3, 4]),
        ("ramp", (2.0, 0.0), [-1, 0, 1, 2, 3], [4, 4, 2, 0, 0]),
        ("constant", 3.0, [0, 1], [3, 3]),
        ("tiers", ((("above", 0.6), 4.0), (("above", 0.4), 3.0)), [0.7, 0.5, 0.1], [4, 3, 0]),
    ],
)
def test_rules(kind, argument, values, points):
    rule = Rule(kind, argument, 4.0)
    np.testing.assert_allclose(rule.points(values), points)
    assert rule.sentence()
    assert rule.least <= min(points) <= max(points) <= rule.most
    if kind != "constant":
        assert np.isnan(rule.points([np.nan]))[0]


def test_a_missing_quantity_is_a_key_error():
    with pytest.raises(KeyError):
        score(load_rubric("slcd"), {})
