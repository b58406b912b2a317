"""What the learners from memory cost: each beside IPPO, in one run, and where one of them spends its time.

What is compared is a run with as many environment steps as the study gives each by default (`study.plan.Scale`). All
figures are processor time once compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import Case, Effort, interleaved

SECTION = "Learning"
#: MeanFieldAC needs three agents; it is compared with IPPO on its own game.
GAMES = {"TrustDilemma-v0": ("ISAC", "MASAC", "MADDPG", "MATD3", "M3DDPG", "VDN", "QMIX"),
         "PublicGoods-v0": ("MeanFieldAC",)}  # fmt: skip
PROFILED = "ISAC"
FORTY = "ApacheProject-v0"


def sampling(population: Any) -> Callable[[int], None]:
    """A round's samples, drawn from the memory that lies there and summed, as a case's run."""
    from coopetition.baselines.learning.memory import sample
    from coopetition.baselines.learning.xla import jax, jnp

    learner, training = population.learner, population.training

    def drawn(state: Any, key: Any) -> Any:
        def once(total: Any, key: Any) -> tuple[Any, None]:
            batch = sample(learner.task, state.replay, key, learner.samples)
            return total + sum(part.astype(jnp.float32).sum() for part in batch), None

        keys = jax.random.split(key, training.settings.updates)
        return jax.lax.scan(once, jnp.float32(0.0), keys)[0]

    program = jax.jit(jax.vmap(drawn))

    def run(count: int) -> None:
        for _ in range(count):
            jax.block_until_ready(program(population.state, training.keys))

    return run


def replay_megabytes(environment: str, algorithm: str) -> float:
    """Of one run's memory with the defaults, without training."""
    from coopetition.api.make import make_game
    from coopetition.baselines.learning.algorithm import find_algorithm
    from coopetition.baselines.learning.memory import init_replay
    from coopetition.baselines.learning.task import Task

    game = make_game(environment)
    settings: Any = find_algorithm(algorithm).Settings()
    task = Task.of(game, tuple(range(game.n)), settings.copies, None)
    return sum(array.nbytes for array in init_replay(task, settings.length, settings.replay)) / 1e6


def rows(effort: Effort, population: Callable[..., Any], seeds: int, modes: tuple[str, ...]) -> list[Row]:
    """All rows about learners from memory.

    Parameters
    ----------
    effort : Effort
    population : callable
        `learning.Population`.
    seeds : int
    modes : tuple of str
    """
    from coopetition.study.plan import Scale

    scale = Scale("")
    found: list[Row] = []
    for environment, algorithms in GAMES.items():
        others = {name: population(environment, seeds, modes, {}, name) for name in algorithms}
        peer = population(environment, seeds, modes, {})
        cases = [Case(name, one.iterate, one.steps) for name, one in others.items()]
        cases.append(Case("IPPO", peer.iterate, peer.steps))
        if PROFILED in others:
            profiled = others[PROFILED]
            cases += [
                Case("updating", profiled.improve, profiled.steps),
                Case("sampling", sampling(profiled), profiled.steps),
                Case("collecting", profiled.play, profiled.steps),
            ]
        times = interleaved(cases, effort)
        most = scale.steps_of("IPPO", environment)
        beside = most * times["IPPO"].median
        for name, one in others.items():
            steps = scale.steps_of(name, environment)
            seconds = steps * times[name].median
            size = sum(one.megabytes)
            found.append(
                Row(
                    f"learn.run.{name}",
                    SECTION,
                    f"{name} on {environment}, {steps:,} steps: a run",
                    "s",
                    seconds,
                    reference_name=f"IPPO's {most:,} steps",
                    reference=beside,
                    ratio=beside / seconds,
                    note=f"population of {seeds * len(modes)}, {size:.0f} MB in all",
                )
            )
        if PROFILED in others:
            whole = times[PROFILED].median
            parts = {
                "sampling": times["sampling"].median,
                "learning": times["updating"].median - times["sampling"].median,
                "collecting": times["collecting"].median,
            }
            found += [
                Row(f"learn.share.{PROFILED}.{key}", SECTION, f"of {PROFILED}'s, {key}", "%", 100.0 * part / whole)
                for key, part in parts.items()
            ]
    found += [
        Row(f"learn.replay.{name}", SECTION, f"{name}'s memory of {FORTY}, forty agents: a run", "MB",
            replay_megabytes(FORTY, name),
            note="joint states and actions once, not once an agent")
        for name in (PROFILED, "QMIX")
    ]  # fmt: skip
    return found
