"""Views of one copy, beside empty environments behind the same API; and the vector view."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import gymnasium
import numpy as np
from pettingzoo.utils.conversions import parallel_to_aec

from coopetition.api.make import aec_env, make_game, parallel_env
from coopetition.benchmarks.references.constants import Constants
from coopetition.benchmarks.references.empty import EmptyParallelEnv, make_empty
from coopetition.benchmarks.references.plain import PlainTrust
from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import Case, Effort, interleaved

SECTION = "One copy behind an API"
PAIR_GAME = "TrustDilemma-v0"
MICRO = 1e6
COPIES = 1024
#: Episodes that outlast every turn: steps alone are timed.
ENDLESS = 10**9


def joint_case(name: str, env: Any) -> Case:
    """Steps of a Gymnasium environment."""
    env.reset(seed=0)
    action = np.full(2, 0.5, dtype=np.float32)

    def run(count: int) -> None:
        step = env.step
        for _ in range(count):
            step(action)

    return Case(name, run)


def parallel_case(name: str, env: Any, actions: dict[str, Any] | None = None, restart: bool = False) -> Case:
    """Steps of a ParallelEnv, with its resets where it ends."""
    env.reset(seed=0)
    given = actions or {agent: np.array([0.5], dtype=np.float32) for agent in env.possible_agents}

    def run(count: int) -> None:
        step = env.step
        for _ in range(count):
            step(given)
            if restart and not env.agents:
                env.reset()

    return Case(name, run)


def round_case(name: str, env: Any, looking: bool) -> Case:
    """Rounds of a two-agent AEC environment: two moves, each after `last` if looking."""
    env.reset(seed=0)
    action = np.array([0.5], dtype=np.float32)

    def run(count: int) -> None:
        step, last = env.step, env.last
        for _ in range(count):
            if looking:
                last()
            step(action)
            if looking:
                last()
            step(action)

    return Case(name, run)


def plain_case(name: str) -> Case:
    """Steps of the plain NumPy version, without any API."""
    game = PlainTrust(Constants.of(make_game(PAIR_GAME, horizon=ENDLESS)))
    actions = np.array([0.5, 0.5])

    def run(count: int) -> None:
        for _ in range(count):
            game.step(actions)

    return Case(name, run)


def spread_case(name: str) -> Case:
    """Steps of MPE2's simple_spread with two agents, its resets included."""
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.parallel_env(N=2, max_cycles=1000)
    env.reset(seed=0)
    return parallel_case(name, env, dict.fromkeys(env.possible_agents, 1), restart=True)


def vector_case(name: str, env: Any, actions: np.ndarray) -> Case:
    """Steps of a vector environment."""
    env.reset(seed=0)

    def run(count: int) -> None:
        step = env.step
        for _ in range(count):
            step(actions)

    return Case(name, run, COPIES)


def rows(effort: Effort) -> list[Row]:
    """All rows about views."""
    warnings.filterwarnings("ignore", module="gymnasium")
    pair = f"coopetition/{PAIR_GAME}"
    cases = [
        joint_case("joint", gymnasium.make(pair, horizon=ENDLESS)),
        joint_case("joint, bare", gymnasium.make(pair, horizon=ENDLESS).unwrapped),
        joint_case("empty", make_empty()),
        plain_case("plain"),
        parallel_case("parallel", parallel_env(PAIR_GAME, horizon=ENDLESS)),
        parallel_case("empty parallel", EmptyParallelEnv()),
        round_case("round", aec_env(PAIR_GAME, horizon=ENDLESS), False),
        round_case("round, looking", aec_env(PAIR_GAME, horizon=ENDLESS), True),
        round_case("empty round", parallel_to_aec(EmptyParallelEnv()), False),
        round_case("empty round, looking", parallel_to_aec(EmptyParallelEnv()), True),
    ]
    if importlib.util.find_spec("mpe2"):
        cases.append(spread_case("spread"))
    times = interleaved(cases, effort)

    def row(key: str, what: str, mine: str, other: str, named: str, goal: float | None = None) -> Row:
        found = times.get(other)
        return Row(
            key,
            SECTION,
            what,
            "us",
            MICRO * times[mine].median,
            goal=goal,
            at_least=False,
            reference_name=named,
            reference=MICRO * found.median if found else None,
            ratio=times[mine].faster_than(found) if found else None,
        )

    joint = row("joint", "`gymnasium.make` step, joint", "joint", "empty", "empty environment through `make`")
    multiple = Row(
        "joint.multiple",
        SECTION,
        "the same in steps of that empty environment",
        "steps",
        times["empty"].faster_than(times["joint"]),
        goal=3.0,
        at_least=False,
    )
    found = [
        joint,
        multiple,
        row("joint.bare", "the same without `make`'s wrappers", "joint, bare", "plain", "plain NumPy, no API"),
        row("parallel", "Parallel step", "parallel", "empty parallel", "empty ParallelEnv", 3.0),
        row("aec", "AEC round, two `step`", "round", "empty round", "`parallel_to_aec` around it", 3.5),
        row(
            "aec.last",
            "AEC round, two `last` and two `step`",
            "round, looking",
            "empty round, looking",
            "`parallel_to_aec` around it",
        ),
    ]
    named = "MPE2 simple_spread" if "spread" in times else "MPE2 not installed (extra `bench`)"
    found.append(row("parallel.spread", "Parallel step", "parallel", "spread", named))
    return [*found, *vector_rows(effort)]


def vector_rows(effort: Effort) -> list[Row]:
    """The vector view beside Gymnasium's own native vector environment."""
    rng = np.random.default_rng(0)
    ours = gymnasium.make_vec(f"coopetition/{PAIR_GAME}", num_envs=COPIES)
    cart = gymnasium.make_vec("CartPole-v1", num_envs=COPIES, vectorization_mode="vector_entry_point")
    times = interleaved(
        [
            vector_case("ours", ours, rng.uniform(0.3, 1.0, size=(COPIES, 2)).astype(np.float32)),
            vector_case("cart", cart, rng.integers(2, size=COPIES)),
        ],
        effort,
    )
    return [
        Row(
            "vector",
            SECTION,
            f"vector view, {COPIES:,} copies",
            "M steps/s",
            times["ours"].rate / MICRO,
            reference_name="CartPole, native vector",
            reference=times["cart"].rate / MICRO,
            ratio=times["ours"].faster_than(times["cart"]),
        )
    ]
