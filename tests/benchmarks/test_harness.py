"""The harness measures what it says, and the table has its rows. No speed is asserted anywhere."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from coopetition.benchmarks import SECTIONS, Report, Row, compare, interleaved, measure
from coopetition.benchmarks.report import MET, OPEN, SHORT, SKIPPED, Curve, cells, figure, markdown
from coopetition.benchmarks.timing import QUICK, Case, Effort, Times, in_fresh_process, machine, processor
from coopetition.benchmarks.views import parallel_case, round_case

TINY = Effort(turns=5, seconds=1e-4, processes=1)


class Clock:
    """A clock that work moves by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def work(self, seconds):
        def run(count):
            self.now += seconds * count

        return run


def test_interleaved_times_a_unit():
    clock = Clock()
    cases = [Case("slow", clock.work(0.3)), Case("fast", clock.work(0.2), units=100)]
    times = interleaved(cases, Effort(turns=6, seconds=1.0), clock)
    np.testing.assert_allclose(times["slow"].seconds, 0.3)
    np.testing.assert_allclose(times["fast"].rate, 500.0)
    assert times["fast"].faster_than(times["slow"]) == pytest.approx(150.0)


def test_interleaved_takes_turns():
    order = []
    clock = Clock()

    def noted(name):
        def run(count):
            order.append(name)
            clock.now += count

        return run

    interleaved([Case("a", noted("a")), Case("b", noted("b"))], Effort(turns=5, seconds=1.0), clock)
    assert order[-10:] == ["a", "b"] * 5


def test_medians_are_of_at_least_five():
    with pytest.raises(ValueError, match="at least 5"):
        Effort(turns=4)
    assert QUICK.turns >= 5


@pytest.mark.parametrize(
    ("row", "verdict", "goal"),
    [
        (Row("a", "s", "w", "us", 2.0, goal=3.0, at_least=False), MET, "<= 3.00 us"),
        (Row("a", "s", "w", "us", 4.0, goal=3.0, at_least=False), SHORT, "<= 3.00 us"),
        (Row("a", "s", "w", "M steps/s", 60.0, goal=50.0), MET, ">= 50.0 M steps/s"),
        (Row("a", "s", "w", "M steps/s", 60.0, goal=4.0, judged="ratio", ratio=3.9), SHORT, ">= 4.00 x"),
        (Row("a", "s", "w", "M steps/s", 60.0, goal=4.0, judged="ratio"), SKIPPED, ">= 4.00 x"),
        (Row("a", "s", "w", "M steps/s", 60.0), OPEN, ""),
    ],
)
def test_verdicts(row, verdict, goal):
    assert (row.verdict, row.goal_text) == (verdict, goal)
    assert cells(row)[-1] == verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (1234.5, "1,234"),
        (12.345, "12.3"),
        (0.00123, "0.00123"),
        (1e-6, "1e-06"),
        (1e-9, "1e-09"),
    ],
)
def test_figures(value, text):
    assert figure(value) == text


def test_report_round_trip_and_comparison():
    rows = (
        Row("speed", "s", "steps", "M steps/s", 20.0, ratio=2.0, reference=10.0, reference_name="C"),
        Row("cost", "s", "a step", "us", 4.0, at_least=False),
        Row("new", "s", "new", "us", 4.0),
    )
    report = Report({"cpu": "x"}, rows, (Curve("c", "curve", "B", (1, 4), (2.0, 1.0), (2.0, 1.0), "a copy"),))
    before = json.loads(json.dumps(report.to_dict()))
    assert Report.from_dict(before) == report
    before["rows"][0].update(ours=10.0, ratio=1.0)
    before["rows"][1]["ours"] = 8.0
    del before["rows"][2]
    found = {change.key: (change.ours, change.ratio) for change in compare(report, before)}
    assert found == {"speed": (2.0, 2.0), "cost": (2.0, None)}
    text = markdown(report)
    assert "| steps |" in text
    assert "| B | 1 | 4 |" in text


def test_machine_is_named():
    assert processor()
    assert {"cpu", "vectors", "cores", "numba"} <= machine().keys()


def test_fresh_process():
    assert in_fresh_process("print(1 + 1)") == 2
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        in_fresh_process("1 / 0")


def test_times():
    times = Times(np.array([1.0, 3.0, 2.0]))
    assert (times.median, times.rate) == (2.0, 0.5)


@pytest.mark.slow
def test_game_rows_are_all_there():
    from coopetition.benchmarks.throughput import game_rows

    rows = game_rows(TINY)
    assert len(rows) == 21
    assert all(row.ours and row.goal for row in rows)
    goals = {row.what: row.goal for row in rows}
    assert goals["ApacheProject, 40 agents"] == 0.7
    assert goals["AppleAppStore, 3 agents"] == pytest.approx(80 / 3)
    assert goals["PlatformEcosystem, 10 agents"] == 4.0


def test_view_rows_are_all_there():
    from coopetition.benchmarks.views import rows

    keys = {row.key for row in rows(TINY)}
    assert keys == {"joint", "joint.multiple", "joint.bare", "parallel", "aec", "aec.last", "parallel.spread", "vector"}


def test_view_cases_play_on():
    from coopetition.api.make import aec_env, parallel_env

    parallel_case("parallel", parallel_env("TrustDilemma-v0", horizon=3), restart=True).run(10)
    env = aec_env("TrustDilemma-v0", horizon=50)
    round_case("round", env, looking=True).run(20)
    assert env.infos["agent_0"]["episode_payoff"] > 0.0


def test_command():
    from coopetition.cli import app

    run = CliRunner().invoke(app, ["bench", "--only", "nonsense"])
    assert run.exit_code == 2
    assert "unknown section" in run.output
    assert set(SECTIONS) == {"batches", "games", "views", "start", "solving", "learning", "growth", "profile"}


@pytest.mark.bench
def test_whole_table(tmp_path):
    report = measure(QUICK)
    keys = {row.key for row in report.rows}
    wanted = {
        "batch",
        "threads.4096",
        "jax.vmapped.float64",
        "jax.scanned.float64",
        "c",
        "rollout.constant",
        "joint.multiple",
    }
    wanted |= {
        "joint.multiple",
        "parallel",
        "aec",
        "import",
        "first.warm.TrustDilemma-v0",
        "first.cold.TrustDilemma-v0",
        "memory.growth",
    }
    wanted |= {"solve.TrustDilemma-v0.nash", "open_loop", "study.tr1", "study.tr2", "study.tr3", "study.tr4"}
    assert wanted <= keys
    assert {curve.key for curve in report.curves} == {"copies", "agents.trust", "agents.team", "agents.team.silent"}
    assert json.loads(json.dumps(report.to_dict()))["machine"]["cpu"]
