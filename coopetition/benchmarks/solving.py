"""Oracles and parameter studies."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

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


#: Numbers under which good play pulses, and the policies of the row about `evaluate`.
PULSING = {"gamma": 0.5, "theta": 20.0, "dependence": 1.0, "initial_trust": 0.1, "lambda_R": 5.0}
EVALUATED = ("constant_000", "random", "tit_for_tat", "constant_100")
#: Open-loop equilibria that once did not end, or took as long: seconds to be below.
NASH_GOALS = {"CoalitionFormation-v0": 240.0, "IndirectReciprocity-v0": 64.0, "ApacheProject-v0": 240.0}


def _seconds(work: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        # One thread's time: see below.
        start = time.thread_time()
        work()
        took.append(time.thread_time() - start)
    return statistics.median(took)


def _long_rows() -> list[Row]:
    """What takes long where many agents meet for many steps: each is run once."""
    from coopetition.oracles import exploitability, open_loop_nash, solve_many

    gamma, theta = np.meshgrid(np.linspace(0.05, 1.2, 125), np.linspace(5.0, 40.0, 125))
    sets = {"gamma": gamma.ravel(), "theta": theta.ravel()}
    solve_many(PAIR_GAMES[0], {name: column[:300] for name, column in sets.items()})
    cases: list[tuple[str, str, float, Callable[[], object]]] = [
        ("solve_many", "`solve_many`, TrustDilemma-v0, 15,625 sets", 2.0, lambda: solve_many(PAIR_GAMES[0], sets)),
        (
            "exploitability.thorough",
            "thorough exploitability of tit_for_tat, GraduatedSanction-v0",
            20.0,
            lambda: exploitability("GraduatedSanction-v0", "tit_for_tat"),
        ),
    ]
    for key, goal in NASH_GOALS.items():
        cases.append(
            (
                f"open_loop_nash.{key}",
                f"open-loop nash, {key}",
                goal,
                lambda key=key: open_loop_nash(key, "private", strict=False),  # type: ignore[misc]
            )
        )
    return [
        Row(name, SECTION, about, "s", _seconds(work, 1), goal=goal, at_least=False)
        for name, about, goal, work in cases
    ]


def rows(effort: Effort) -> list[Row]:
    """All rows about solutions; CPU time, once compiled."""
    from coopetition import make_game
    from coopetition.baselines import evaluate, make_policy
    from coopetition.calibration import experiment
    from coopetition.envs import environment_class
    from coopetition.oracles import exploitability, open_loop_nash, open_loop_optimum, solve
    from coopetition.registration import ENVIRONMENT_IDS

    pulsing = environment_class("ReciprocalDilemma-v0").build(PULSING)
    grim = make_policy("grim_trigger", make_game(PAIR_GAMES[0]))

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
            f"solve.{name}.{concept}",
            SECTION,
            f"`solve`, {name}, {concept}, with certificate",
            "ms",
            1e3 * times[f"{name} {concept}"].median,
            goal=2.0 if concept != "social_optimum" else None,
            at_least=False,
        )
        for name, concept in asked
    ]
    repeats = 1 if effort is QUICK else 5
    episodes = [
        ("open_loop", "open-loop optimum, TrustDilemma-v0, 100 steps", 5.0, lambda: open_loop_optimum(PAIR_GAMES[0])),
        ("open_loop.quick", "the same, quick", 1.0, lambda: open_loop_optimum(PAIR_GAMES[0], effort="quick")),
        (
            "open_loop.pulses",
            "open-loop optimum that pulses, ReciprocalDilemma-v0, 100 steps",
            5.0,
            lambda: open_loop_optimum(pulsing, "integrated"),
        ),
        (
            "open_loop_nash",
            "worst open-loop nash, TrustDilemma-v0, 100 steps",
            None,
            lambda: open_loop_nash(PAIR_GAMES[0], select="worst", strict=False),
        ),
        (
            "exploitability",
            "quick exploitability of tit_for_tat, TrustDilemma-v0",
            None,
            lambda: exploitability(PAIR_GAMES[0], "tit_for_tat", climb=False),
        ),
        (
            "exploitability.looking",
            "the same of grim_trigger, which has to look",
            None,
            lambda: exploitability(PAIR_GAMES[0], grim, climb=False),
        ),
        (
            "evaluate",
            "evaluate, twenty games, four policies, ten episodes",
            None,
            lambda: [evaluate(name, policy, 10) for name in ENVIRONMENT_IDS for policy in EVALUATED],
        ),
    ]
    for name, about, goal, work in episodes:
        work()
        found.append(Row(name, SECTION, about, "s", _seconds(work, repeats), goal=goal, at_least=False))
    if effort is not QUICK:
        found += _long_rows()
    for name, (goal, published) in STUDIES.items():
        runs = [experiment(name) for _ in range(repeats)]
        found.append(
            Row(
                f"study.{name}",
                SECTION,
                f"study {name.upper().replace('TR', 'TR-')}, {runs[0].runs:,} runs",
                "s",
                statistics.median(run.seconds for run in runs),
                goal=goal,
                at_least=False,
                reference_name=published,
            )
        )
    return found
