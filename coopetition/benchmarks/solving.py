"""Oracles and parameter studies."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import QUICK, Case, Effort, interleaved

SECTION = "Oracles and studies"
PAIR_GAMES = ("TrustDilemma-v0", "SLCD-v0")
#: Goal in seconds, and what the published suites take.
STUDIES = {
    "tr1": (10.0, "published: 16 s for 4,196 solves"),
    "tr2": (2.0, "published: 247 s"),
    "tr3": (2.0, "published: 5,605 s"),
    "tr4": (3.0, "published: 110-130 s"),
}


def _seconds(work: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return statistics.median(took)


def rows(effort: Effort) -> list[Row]:
    """All rows about solutions; CPU time, once compiled."""
    from coopetition.calibration import experiment
    from coopetition.oracles import open_loop_optimum, solve

    concepts = ("nash", "coopetitive", "social_optimum")

    def solver(name: str, concept: str) -> Callable[[int], None]:
        def run(count: int) -> None:
            for _ in range(count):
                solve(name, concept, strict=False)

        return run

    asked = [(name, concept) for name in PAIR_GAMES for concept in concepts]
    # One thread's time: threads of the linear algebra library wait in a spin for a while after a larger product, which
    # would be counted for whichever case comes next.
    cases = [Case(f"{name} {concept}", solver(name, concept)) for name, concept in asked]
    times = interleaved(cases, effort, clock=time.thread_time)
    found = [
        Row(
            f"solve.{name}.{concept}", SECTION, f"`solve`, {name}, {concept}, with certificate", "ms",
            1e3 * times[f"{name} {concept}"].median, goal=2.0 if concept != "social_optimum" else None, at_least=False,
        )
        for name, concept in asked
    ]  # fmt: skip
    repeats = 1 if effort is QUICK else 5
    open_loop_optimum(PAIR_GAMES[0])
    found.append(
        Row(
            "open_loop", SECTION, "open-loop optimum, TrustDilemma-v0, 100 steps", "s",
            _seconds(lambda: open_loop_optimum(PAIR_GAMES[0]), repeats), goal=2.0, at_least=False,
        )
    )  # fmt: skip
    for name, (goal, published) in STUDIES.items():
        runs = [experiment(name) for _ in range(repeats)]
        found.append(
            Row(
                f"study.{name}", SECTION, f"study {name.upper().replace('TR', 'TR-')}, {runs[0].runs:,} runs", "s",
                statistics.median(run.seconds for run in runs), goal=goal, at_least=False, reference_name=published,
            )
        )  # fmt: skip
    return found
