"""Where time goes: a batch's step, stage by stage; a view's; a solve's and a study's, by shares."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from typing import Any

import numpy as np

from coopetition.api.make import aec_env, gymnasium_env, parallel_env
from coopetition.api.make import batch as make_batch
from coopetition.batching.batch import Batch
from coopetition.benchmarks.report import Row
from coopetition.benchmarks.throughput import PAIR_GAME, varied_actions
from coopetition.benchmarks.timing import Case, Effort, interleaved
from coopetition.kernels.machine.numbers import Descriptor

SECTION = "Where a step goes"
COPIES = 1024
REPEATED = 16
GAMES = (PAIR_GAME, "GraduatedSanction-v0", "ApacheProject-v0")
ENDLESS = 10**9


def repeated(function: Callable[..., Any], *arguments: Any) -> Callable[[int], None]:
    """A case's run: the same call again and again."""

    def run(count: int) -> None:
        for _ in range(count):
            function(*arguments)

    return run


def stage_case(name: str, copies: Batch, address: int | None) -> Case:
    """One stage alone: a step that is this stage, many times over; no stage for the driver itself.

    Each stage starts from the same state and is run a few times only: trust that is moved by this stage alone would
    soon be subnormal, which costs a hundred times as much.
    """
    descriptor = copies.memory.descriptor.copy()
    stages = np.full(REPEATED, address or 0, dtype=np.int64)
    descriptor[Descriptor.STAGES] = stages.ctypes.data
    descriptor[Descriptor.STAGE_COUNT] = 0 if address is None else REPEATED
    kernel, address = copies.memory.kernel, descriptor.ctypes.data
    state = copies.memory.state
    before = state.copy()

    def run(count: int) -> None:
        kept = descriptor, stages  # the kernel has their addresses only
        for k in range(count):
            if k % 4 == 0:
                state[...] = before
            kernel(address)
        del kept

    return Case(name, run, COPIES * (1 if address is None else REPEATED))


def stage_rows(environment_id: str, effort: Effort) -> list[Row]:
    """Each stage of a game's batch step, in nanoseconds an environment step."""
    copies = make_batch(environment_id, COPIES)
    copies.reset(seed=0)
    actions = varied_actions(COPIES, copies.game.n)
    copies.step(actions)
    whole = make_batch(environment_id, COPIES)
    whole.reset(seed=0)
    own = whole.actions
    parts = copies.memory.stages()
    names = [part.body.__name__ for part in parts]
    cases = [stage_case("driver", copies, None)]
    cases += [
        stage_case(f"{k} {name}", copies, part.address())
        for k, (name, part) in enumerate(zip(names, parts, strict=True))
    ]
    cases.append(Case("whole", repeated(whole.step, actions), COPIES))
    cases.append(Case("copy", repeated(own.__setitem__, ..., actions), COPIES))
    times = interleaved(cases, effort)
    found = [("copy of the actions", times["copy"]), ("driver, check of the actions", times["driver"])]
    found += [(name, times[f"{k} {name}"]) for k, name in enumerate(names)]
    found.append(("whole step", times["whole"]))
    short = environment_id.removesuffix("-v0")
    return [
        Row(
            f"profile.{short}.{name.replace(' ', '_')}",
            SECTION,
            f"{short}: {name}",
            "ns",
            1e9 * took.median,
            at_least=False,
        )
        for name, took in found
    ]


def view_rows(effort: Effort) -> list[Row]:
    """The parts of a single copy's step behind each API, in microseconds."""
    half = np.full(2, 0.5, dtype=np.float32)
    joint = gymnasium_env(PAIR_GAME, horizon=ENDLESS)
    parallel = parallel_env(PAIR_GAME, horizon=ENDLESS)
    rounds = aec_env(PAIR_GAME, horizon=ENDLESS)
    for env in (joint, parallel, rounds):
        env.reset(seed=0)
        env._batch.actions[...] = 0.5
    moves = dict.fromkeys(parallel.possible_agents, half[:1])

    def one_round() -> None:
        rounds.step(half[:1])
        rounds.step(half[:1])

    cases = {
        "joint: compiled call": repeated(joint._play),
        "joint: outputs to fresh memory": repeated(joint._fresh_outputs),
        "joint: whole step": repeated(joint.step, half),
        "parallel: compiled call": repeated(parallel._play),
        "parallel: outputs to fresh memory": repeated(parallel._fresh_outputs),
        "parallel: infos": repeated(parallel._infos),
        "parallel: whole step": repeated(parallel.step, moves),
        "AEC: compiled call": repeated(rounds._play),
        "AEC: infos": repeated(rounds._infos),
        "AEC: whole round": repeated(one_round),
    }
    times = interleaved([Case(name, run) for name, run in cases.items()], effort)
    return [
        Row(f"profile.{name.replace(' ', '_')}", SECTION, name, "us", 1e6 * times[name].median, at_least=False)
        for name in cases
    ]


def shares(work: Callable[[], object], parts: dict[str, Callable[..., Any]]) -> dict[str, float]:
    """Per cent of a work's time that is spent in each function, what it calls included, by Python's own profiler.

    Parts may hold each other, so shares need not add up to a hundred.
    """
    profiler = cProfile.Profile()
    profiler.runcall(work)
    found: dict[tuple[str, int, str], Any] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    whole = sum(entry[2] for entry in found.values())
    result = {}
    for label, function in parts.items():
        code = getattr(function, "py_func", function).__code__
        took = found.get((code.co_filename, code.co_firstlineno, code.co_name))
        result[label] = 100.0 * took[3] / whole if took else 0.0
    return result


def solving_rows() -> list[Row]:
    """Where a `solve` and the studies that take longest spend their time."""
    from coopetition.calibration import experiment
    from coopetition.calibration.engine import rubric, smooth
    from coopetition.calibration.studies import study, tr4
    from coopetition.oracles import solve
    from coopetition.oracles.stage import first_order, game, many, replies

    def many_solves() -> None:
        for _ in range(200):
            solve(PAIR_GAME, "nash")

    solve(PAIR_GAME, "nash")
    works: dict[str, tuple[Callable[[], object], dict[str, Callable[..., Any]]]] = {
        "solve": (
            many_solves,
            {
                "first-order conditions": first_order.first_order_point,
                "certificate": replies.deviation_certificate,
                "which agents are exchangeable": game.symmetry_groups,
                "kernel calls, inside those": game.Kernel.evaluate,
            },
        ),
        "study TR-1": (
            lambda: experiment("tr1"),
            {
                "equilibria": many.solve_many,
                "certificates, inside those": many._deviations,
                "last digits": smooth.sharpened,
                "scores": rubric.score,
                "main effects": study.main_effects,
            },
        ),
        "study TR-4": (
            lambda: experiment("tr4"),
            {
                "trajectories": tr4.trajectory,
                "targets": tr4.targets,
                "main effects": study.main_effects,
            },
        ),
    }
    return [
        Row(f"profile.{name}.{label}".replace(" ", "_"), SECTION, f"{name}: {label}", "%", share)
        for name, (work, parts) in works.items()
        for label, share in shares(work, parts).items()
    ]


def rows(effort: Effort) -> list[Row]:
    """All of it."""
    found = [row for name in GAMES for row in stage_rows(name, effort)]
    return [*found, *view_rows(effort), *solving_rows()]
