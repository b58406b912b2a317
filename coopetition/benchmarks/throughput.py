"""Batches: steps a second, beside plain NumPy, C and JAX versions of the same game, and beside the machine's bounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from coopetition.api.make import batch as make_batch
from coopetition.api.make import make_game
from coopetition.benchmarks.bounds import bound_cases
from coopetition.benchmarks.references.constants import Constants
from coopetition.benchmarks.references.native import NativeTrust, compiler
from coopetition.benchmarks.references.plain import PlainTrust
from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import Case, Effort, Times, in_fresh_process, interleaved
from coopetition.kernels.machine.compiled import compiled
from coopetition.registration import ENVIRONMENT_IDS

SECTION = "Batches"
GAMES = "Batches, every game"
PAIR_GAME = "TrustDilemma-v0"
MILLION = 1e6
SIZES = (1024, 2048, 4096)
LARGE_SIZES = (128, 512, 2048)
JAX_SIZES = (1024, 4096, 16384)
SCAN = 100


def varied_actions(copies: int, n: int) -> np.ndarray:
    """Rates that keep most trust alive, and end some episodes early."""
    return np.random.default_rng(0).uniform(0.3, 1.0, size=(copies, n))


def batch_case(name: str, environment_id: str, copies: int, **options: Any) -> Case:
    """Steps of a batch with actions that are given."""
    copies_of = make_batch(environment_id, copies, **options)
    copies_of.reset(seed=0)
    actions = varied_actions(copies, copies_of.game.n)

    def run(count: int) -> None:
        step = copies_of.step
        for _ in range(count):
            step(actions)

    return Case(name, run, copies)


def own_actions_case(name: str, environment_id: str, copies: int, **options: Any) -> Case:
    """Steps of a batch with actions that lie where it reads them: nothing is copied outside of the kernel."""
    copies_of = make_batch(environment_id, copies, **options)
    copies_of.reset(seed=0)
    copies_of.actions[:] = varied_actions(copies, copies_of.game.n)

    def run(count: int) -> None:
        step, actions = copies_of.step, copies_of.actions
        for _ in range(count):
            step(actions)

    return Case(name, run, copies)


def acting_case(name: str, environment_id: str, copies: int) -> Case:
    """Steps of a batch whose actions NumPy computes from the observations, by the logistic map; both are timed."""
    copies_of = make_batch(environment_id, copies)
    copies_of.reset(seed=0)
    seen = copies_of.observations[:, :, 1]
    actions = np.zeros((copies, copies_of.game.n), dtype=np.float32)
    scale = np.float32(3.9)

    def run(count: int) -> None:
        for _ in range(count):
            np.subtract(1.0, seen, out=actions)
            np.multiply(actions, seen, out=actions)
            np.multiply(actions, scale, out=actions)
            copies_of.step(actions)

    return Case(name, run, copies)


@compiled
def logistic(observations: Any, actions: Any) -> None:
    """Actions (K,) from column 1 of the observations (K, O), by the logistic map."""
    for k in range(actions.size):
        seen = observations[k, 1]
        actions[k] = np.float32(3.9) * (seen * (np.float32(1.0) - seen))


def compiled_acting_case(name: str, environment_id: str, copies: int) -> Case:
    """The same with a policy that is compiled, as JAX's is, and writes where the batch reads."""
    copies_of = make_batch(environment_id, copies)
    copies_of.reset(seed=0)
    actions = copies_of.actions
    seen, acted = copies_of.observations.reshape(actions.size, -1), actions.reshape(-1)

    def run(count: int) -> None:
        for _ in range(count):
            logistic(seen, acted)
            copies_of.step(actions)

    return Case(name, run, copies)


def rollout_case(name: str, environment_id: str, copies: int, policy: str) -> Case:
    """Whole episodes played inside the kernel."""
    copies_of = make_batch(environment_id, copies, autoreset="disabled", collapse_threshold=0.0)

    def run(count: int) -> None:
        for _ in range(count):
            copies_of.reset()
            copies_of.rollout(policy)

    return Case(name, run, copies * copies_of.game.horizon)


def plain_case(name: str, constants: Constants) -> Case:
    """One copy in plain NumPy."""
    game = PlainTrust(constants)
    actions = np.array([0.55, 0.65])

    def run(count: int) -> None:
        for _ in range(count):
            game.step(actions)

    return Case(name, run)


def native_case(name: str, constants: Constants, copies: int) -> Case:
    """Steps of the C environment."""
    game = NativeTrust(constants, copies)
    actions = varied_actions(copies, 2)

    def run(count: int) -> None:
        for _ in range(count):
            game.step(actions)

    return Case(name, run, copies)


def jax_case(name: str, constants: Constants, dtype: str, layout: str, copies: int) -> Case:
    """Steps in JAX, acting on observations: "vmapped", a call a step, or "scanned", batch last."""
    import jax

    from coopetition.benchmarks.references.accelerated import JaxTrust

    game = JaxTrust(constants, dtype)
    if layout == "vmapped":
        start, play = game.vmapped()
        kept = list(start(copies))

        def run(count: int) -> None:
            state, seen = kept
            for _ in range(count):
                state, shown = play(state, seen)
                seen = shown.observations
            jax.block_until_ready((state, seen))
            kept[:] = state, seen

        return Case(name, run, copies)
    start, play = game.scanned(SCAN)
    carried = list(start(copies))

    def run_scan(count: int) -> None:
        for _ in range(count):
            carried[:] = play(*carried)
        jax.block_until_ready(carried)

    return Case(name, run_scan, copies * SCAN)


def largest_difference(constants: Constants, copies: int = 64, steps: int = 250) -> float:
    """How far the JAX and C versions are from ours, over episodes that end in both ways; views and payoffs.

    In units of one part in 1 + |value|. Float32 outputs are compared after the same rounding.
    """
    worst = 0.0
    ours = make_batch(PAIR_GAME, copies)
    ours.reset(seed=0)
    others: list[Callable[[np.ndarray], dict[str, np.ndarray]]] = []
    names = ("observations", "payoffs", "utilities", "terminated", "truncated")
    if compiler():
        native = NativeTrust(constants, copies)

        def in_c(actions: np.ndarray) -> dict[str, np.ndarray]:
            native.step(actions)
            return {name: getattr(native, name) for name in names}

        others.append(in_c)
    if has_jax():
        from coopetition.benchmarks.references.accelerated import JaxTrust

        game = JaxTrust(constants)
        step = game.stepped()
        block = game.stepped_block()
        states = [game.vmapped()[0](copies)[0], game.initial(copies)]

        def in_jax(actions: np.ndarray) -> dict[str, np.ndarray]:
            states[0], shown = step(states[0], actions)
            return {name: np.asarray(getattr(shown, name)) for name in names}

        def in_blocks(actions: np.ndarray) -> dict[str, np.ndarray]:
            states[1], shown = block(states[1], actions.T)
            found = {name: np.asarray(getattr(shown, name)).T for name in names}
            return {**found, "observations": found["observations"].reshape(copies, 2, 6)}

        others += [in_jax, in_blocks]
    rng = np.random.default_rng(1)
    for t in range(steps):
        low, high = (0.35, 1.0) if t % 60 < 40 else (-0.1, 1.1)
        actions = rng.uniform(low, high, size=(copies, 2))
        ours.step(actions)
        for other in others:
            for name, found in other(actions).items():
                wanted = np.asarray(getattr(ours, name), dtype=np.float64)
                worst = max(worst, float(np.max(np.abs(found - wanted) / (1.0 + np.abs(wanted)))))
    return worst


def has_jax() -> bool:
    """Whether JAX is installed."""
    import importlib.util

    return importlib.util.find_spec("jax") is not None


def best_of(make: Callable[[int], Case], sizes: tuple[int, ...], effort: Effort) -> int:
    """The batch size at which a case is fastest."""
    probe = Effort(5, effort.seconds / 2)
    times = interleaved([Case(str(size), (case := make(size)).run, case.units) for size in sizes], probe)
    return min(sizes, key=lambda size: times[str(size)].median)


def pair_rows(effort: Effort) -> list[Row]:
    """The two-agent trust game: the batch beside everything that plays the same game."""
    constants = Constants.of(make_game(PAIR_GAME))
    size = best_of(lambda b: batch_case("", PAIR_GAME, b), SIZES, effort)
    acting = best_of(lambda b: compiled_acting_case("", PAIR_GAME, b), SIZES, effort)
    cases = [
        batch_case("batch", PAIR_GAME, size),
        compiled_acting_case("acting", PAIR_GAME, acting),
        acting_case("acting in NumPy", PAIR_GAME, acting),
        batch_case("silent", PAIR_GAME, size, observe=False),
        rollout_case("constant", PAIR_GAME, size, "constant_050"),
        rollout_case("tit_for_tat", PAIR_GAME, size, "tit_for_tat"),
        plain_case("plain", constants),
        *bound_cases(size),
    ]
    difference = None
    if compiler():
        best = best_of(lambda b: native_case("", constants, b), SIZES, effort)
        cases.append(native_case("c", constants, best))
    jax_sizes = {}
    if has_jax():
        for layout in ("vmapped", "scanned"):
            for dtype in ("float64", "float32"):
                make = partial(jax_case, "", constants, dtype, layout)
                best = jax_sizes[layout, dtype] = best_of(make, JAX_SIZES, effort)
                cases.append(jax_case(f"{layout} {dtype}", constants, dtype, layout, best))
    if compiler() or has_jax():
        difference = largest_difference(constants)
        if not difference <= 1e-6:
            raise RuntimeError(f"the references play another game: they differ by {difference:g}")
    times = interleaved(cases, effort)
    times["bound: both"] = Times(times["bound: mathematics"].seconds + times["bound: observations"].seconds)

    def row(key: str, what: str, mine: str, other: str = "", named: str = "", **more: Any) -> Row:
        rate = times[mine].rate / MILLION
        if other and other not in times:
            reason = "not installed (extra `bench`)" if "JAX" in named else "no C compiler"
            return Row(key, SECTION, what, "M steps/s", rate, reference_name=named + ": " + reason, **more)
        reference = times[other].rate / MILLION if other else None
        ratio = times[mine].faster_than(times[other]) if other else None
        return Row(
            key, SECTION, what, "M steps/s", rate, reference_name=named, reference=reference, ratio=ratio, **more
        )

    rows = [
        row("batch", f"batch step, two agents, B = {size:,}", "batch", "plain", "plain NumPy, one copy", goal=50.0),
        row(
            "bound.mathematics",
            "the same, as a fraction of the mathematics alone",
            "batch",
            "bound: mathematics",
            "2 log1p, 2 tanh, 1 sqrt",
        ),
        row(
            "bound.observations",
            "the same, as a fraction of writing observations alone",
            "batch",
            "bound: observations",
            "12 float32 a step",
        ),
        row(
            "bound.both",
            "the same, as a fraction of both, one after the other",
            "batch",
            "bound: both",
            "mathematics, then observations",
        ),
        row("batch.silent", "batch step without observations", "silent", "plain", "plain NumPy, one copy"),
        row(
            "batch.acting",
            f"batch step, acting on observations in NumPy, B = {acting:,}",
            "acting in NumPy",
            "plain",
            "plain NumPy, one copy, actions given",
        ),
    ]
    for layout, goal, words in (("vmapped", 4.0, "vmapped JAX"), ("scanned", 1.5, "expert JAX in a scan")):
        for dtype in ("float64", "float32"):
            chosen = jax_sizes.get((layout, dtype))
            named = f"{words}, {dtype}" + (f", B = {chosen:,}" if chosen else "")
            what = f"batch step, acting on observations, both compiled, B = {acting:,}"
            key = f"jax.{layout}.{dtype}"
            rows.append(
                row(
                    key,
                    what,
                    "acting",
                    f"{layout} {dtype}",
                    named,
                    judged="ratio",
                    goal=goal if dtype == "float64" else None,
                )
            )
    named = "expert JAX in a scan, float64"
    rows += [
        row("c", f"batch step, B = {size:,}", "batch", "c", "C, -O3 -march=native", goal=4.5, judged="ratio"),
        row("rollout.constant", "rollout, constant policies", "constant", "scanned float64", named, goal=90.0),
        row("rollout.tit_for_tat", "rollout, tit for tat", "tit_for_tat", "scanned float64", named, goal=90.0),
    ]
    if difference is not None:
        rows.append(
            Row(
                "references.difference",
                SECTION,
                "largest difference of the C and JAX versions from ours",
                "",
                difference,
                goal=1e-6,
                at_least=False,
            )
        )
    return rows


def _sized_case(environment_id: str, options: dict[str, Any], copies: int) -> Case:
    return batch_case("", environment_id, copies, **options)


def game_rows(effort: Effort) -> list[Row]:
    """Every game at its best batch; and two trust games of ten agents."""
    listed: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ENVIRONMENT_IDS if name != PAIR_GAME]
    listed.append(("DynamicPartnerSelection-v0", {"n_agents": 10}))
    listed.append(("PlatformEcosystem-v0", {"n_developers": 9}))
    cases, goals = [], []
    for name, options in listed:
        n = make_game(name, **options).n
        label = f"{name.removesuffix('-v0')}, {n} agents"
        # Many agents' observations fill a cache sooner: their best batch is smaller.
        size = best_of(partial(_sized_case, name, options), LARGE_SIZES if n > 6 else SIZES, effort)
        cases.append(batch_case(label, name, size, **options))
        goals.append(80.0 / n if n <= 6 else (4.0 if n == 10 else 0.7))
    times = interleaved([*cases, batch_case("pair", PAIR_GAME, 2048)], effort)
    return [
        Row(
            f"game.{case.name.replace(', ', '.').replace(' agents', '')}",
            GAMES,
            case.name,
            "M steps/s",
            times[case.name].rate / MILLION,
            goal=goal,
            reference_name="TrustDilemma",
            reference=times["pair"].rate / MILLION,
            ratio=times[case.name].faster_than(times["pair"]),
        )
        for case, goal in zip(cases, goals, strict=True)
    ]


_THREADS = """
import json, time
from coopetition.benchmarks.throughput import own_actions_case, PAIR_GAME
from coopetition.benchmarks.timing import Effort, interleaved
cases = [own_actions_case(str(threads), PAIR_GAME, {copies}, threads=threads) for threads in (1, 2)]
times = interleaved(cases, Effort({turns}, {seconds}), clock=time.perf_counter)
print(json.dumps([times["2"].rate, times["1"].rate, times["2"].faster_than(times["1"])]))
"""


def thread_rows(effort: Effort) -> list[Row]:
    """Two threads beside one, in a process of its own, by the clock on the wall; actions where the batch reads them."""
    rows = []
    for copies in (4096, 65536):
        code = _THREADS.format(copies=copies, turns=effort.turns, seconds=effort.seconds)
        two, one, ratio = in_fresh_process(code, {"NUMBA_NUM_THREADS": "2"})
        rows.append(
            Row(
                f"threads.{copies}",
                SECTION,
                f"batch on two cores, B = {copies:,} (wall clock)",
                "M steps/s",
                two / MILLION,
                goal=1.8,
                judged="ratio",
                reference_name="one core",
                reference=one / MILLION,
                ratio=ratio,
            )
        )
    return rows


_MEMORY = """
import json, tracemalloc
from coopetition.benchmarks.throughput import varied_actions, PAIR_GAME
from coopetition.api.make import batch
copies = batch(PAIR_GAME, 1024)
copies.reset(seed=0)
actions = varied_actions(1024, 2)
for _ in range(200):
    copies.step(actions)
tracemalloc.start()
before = tracemalloc.get_traced_memory()[0]
for _ in range(1000):
    copies.step(actions)
after, peak = tracemalloc.get_traced_memory()
print(json.dumps([after - before, peak - before]))
"""


def memory_rows(effort: Effort) -> list[Row]:
    """What a thousand steps leave behind, and what a copy holds."""
    growth, _ = in_fresh_process(_MEMORY)
    copies = make_batch(PAIR_GAME, 1024)
    arrays = [value for value in vars(copies).values() if isinstance(value, np.ndarray)]
    held = sum(array.nbytes for array in arrays) / 1024
    return [
        Row(
            "memory.growth",
            SECTION,
            "memory that 1,000 steps leave behind (tracemalloc)",
            "bytes",
            float(growth),
            goal=1024.0,
            at_least=False,
            note="tracemalloc's own bookkeeping and Python's caches make a few hundred",
        ),
        Row("memory.held", SECTION, "memory of a batch, a copy (B = 1,024)", "bytes", held),
    ]


def rows(effort: Effort) -> list[Row]:
    """All rows about batches."""
    return [*pair_rows(effort), *thread_rows(effort), *memory_rows(effort)]
