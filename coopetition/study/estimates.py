"""What a study costs, before it is run: counted jobs, times measured seconds a job of their kind and size.

``costs.json`` holds what was measured, on one core: for each learner at three sizes of games, the seconds that a
population of 21 runs takes at no steps at all (compiling, for the most part) and for each step of each run; and the
seconds of an evaluation, an audit, a reference policy, a match and a scenario. Sizes between are interpolated on
logarithms. `measure_costs` measures anew.
"""

from __future__ import annotations

import datetime
import heapq
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.study.plan import ALGORITHMS, FROM_MEMORY, HERE, MODES, Job, fitting, left_out

COSTS = HERE / "costs.json"
#: Games whose costs are measured: two agents, five, and forty.
SIZES = ("TrustDilemma-v0", "PublicGoods-v0", "ApacheProject-v0")
#: Whose growth with the number of agents is taken for a learner, from memory or not, where its own was not measured.
TYPICAL = {False: "IPPO", True: "MADDPG"}
#: Iterations of a learner that are timed; the first of each phase compiles.
ITERATIONS = 8
#: Runs of the population that is timed, as in the full study.
SEEDS = 7


@cache
def costs(path: Path = COSTS) -> dict[str, Any]:
    """What was measured."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _agents(environment: str) -> int:
    from coopetition.api.make import make_game

    return make_game(environment).n


def _at(table: dict[str, float], agents: int) -> float:
    """A positive cost at a number of agents, between those that were measured; beyond them as agents are."""
    known = sorted((int(n), seconds) for n, seconds in table.items())
    if agents > known[-1][0]:
        return known[-1][1] * agents / known[-1][0]
    sizes, seconds = np.log([n for n, _ in known]), np.log([max(s, 1e-9) for _, s in known])
    return float(np.exp(np.interp(np.log(agents), sizes, seconds)))


@cache
def _learner(algorithm: str) -> dict[str, dict[str, float]]:
    """Costs of a learner by size: its own, and those of steps that a typical one's growth suggests.

    Compiling is taken to cost what it did: most of it does not grow, and what is on disk already costs less.
    A learner that was not measured, such as one's own, is taken for a typical one.
    """
    table = costs()["learners"]
    typical = table[TYPICAL[algorithm in FROM_MEMORY]]
    mine = table.get(algorithm) or typical
    (size, seconds), *_ = mine["step"].items()
    base = _at(typical["step"], int(size))
    steps = {n: other * seconds / base for n, other in typical["step"].items()}
    dearest = max(mine["fixed"].values())
    return {"fixed": {size: dearest}, "step": {**steps, **mine["step"]}}


def seconds_of(job: Job) -> float:
    """Processor seconds of a job on one core of the machine of ``costs.json``."""
    table, agents, modes = costs(), _agents(job.environment), len(job.modes)
    if job.kind in ("train", "longer", "settings"):
        mine = _learner(job.algorithm)
        runs = modes * len(job.seeds) * int(np.prod([len(values) for values in job.sweep.values()], dtype=np.int64))
        steps = runs * job.steps * _at(mine["step"], agents)
        climbed = len(set(job.audited) & set(job.climbed))
        audits = modes * climbed * _at(table["thorough audit"], agents)
        audits += modes * (len(job.audited) - climbed) * _at(table["audit"], agents)
        return max(mine["fixed"].values()) + steps + runs * _at(table["evaluation"], agents) + audits
    if job.kind == "reference":
        return modes * _at(table["reference"], agents)
    entrants = 14 + len(job.inputs)
    # Matches grow with the square of those who play; a scenario is played by each.
    share = (entrants / 16) ** (2 if job.kind == "crossplay" else 1)
    return modes * share * _at(table[job.kind], agents)


def makespan(jobs: Iterable[Job], cores: int) -> float:
    """Seconds until all are done, longest first on so many cores, each environment's last jobs after its first."""
    waiting = sorted(jobs, key=lambda job: -job.cost())
    free = [0.0] * cores
    ready: dict[str, float] = {}
    later = [job for job in waiting if job.kind in ("crossplay", "scenarios")]
    for job in (job for job in waiting if job.kind not in ("crossplay", "scenarios")):
        end = heapq.heappop(free) + job.cost()
        heapq.heappush(free, end)
        ready[job.environment] = max(ready.get(job.environment, 0.0), end)
    for job in sorted(later, key=lambda job: ready.get(job.environment, 0.0)):
        start = max(heapq.heappop(free), ready.get(job.environment, 0.0))
        heapq.heappush(free, start + job.cost())
    return max(free)


def summary(jobs: Sequence[Job], cores: Sequence[int] = (1, 16, 256, 4096)) -> dict[str, Any]:
    """Counts and core-hours of jobs.

    Returns
    -------
    dict
        ``jobs`` and ``hours`` by kind; ``halves``, hours of strong presets and of published numbers; ``learners`` and
        ``environments`` with their hours; ``longest`` jobs; ``makespan`` in hours by number of cores.
    """
    kinds: dict[str, list[float]] = {}
    learners: dict[str, float] = {}
    environments: dict[str, float] = {}
    halves = {"strong": 0.0, "published": 0.0}
    for job in jobs:
        hours = job.cost() / 3600.0
        kinds.setdefault(job.kind, []).append(hours)
        halves["strong" if job.strong else "published"] += hours
        environments[job.environment] = environments.get(job.environment, 0.0) + hours
        if job.algorithm:
            learners[job.algorithm] = learners.get(job.algorithm, 0.0) + hours
    trained = [job for job in jobs if job.kind == "train"]
    longest = sorted(jobs, key=lambda job: -job.cost())[:5]
    return {
        "jobs": {kind: len(hours) for kind, hours in kinds.items()},
        "runs": sum(len(job.modes) * len(job.seeds) for job in trained),
        "audited": sum(len(job.modes) * len(job.audited) for job in trained),
        "hours": {kind: sum(hours) for kind, hours in kinds.items()},
        "halves": halves,
        "learners": dict(sorted(learners.items(), key=lambda pair: -pair[1])),
        "environments": dict(sorted(environments.items(), key=lambda pair: -pair[1])),
        "longest": {job.label: job.cost() for job in longest},
        "makespan": {count: makespan(jobs, count) / 3600.0 for count in cores},
    }


def without_optimum(environments: Iterable[str], modes: Sequence[str] = MODES) -> list[str]:
    """Environments whose optimum is not stored, in some mode: every job of theirs searches for it, for minutes."""
    from coopetition.oracles.episode.stored import stored_entry
    from coopetition.oracles.stage.game import as_game

    return [
        name
        for name in environments
        if any(stored_entry(as_game(name, mode), "optimum") is None for mode in {*modes, "cooperative"})
    ]


# --- measuring


def _timed(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def measure_costs(path: str | Path = COSTS, *, told: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Measure what is missing of the costs, on one core, and write after each; remove the file to begin anew.

    Parameters
    ----------
    path : path
    told : callable, optional
        Called with a line about each measurement.
    """
    from coopetition.study.tables import hardware, versions

    target = Path(path)
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    found.setdefault("learners", {})

    def keep(where: dict[str, Any], agents: int, seconds: float, label: str) -> None:
        where[str(agents)] = float(f"{seconds:.3g}")
        found["measured"] = {
            "on": hardware(), "date": datetime.date.today().isoformat(), "versions": versions(),
        }  # fmt: skip
        temporary = target.with_suffix(".writing")
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, target)
        if told is not None:
            told(f"{label}, {agents} agents: {seconds:.3g} s")

    def learner(algorithm: str, environment: str) -> None:
        agents = _agents(environment)
        mine = found["learners"].get(algorithm, {"fixed": {}, "step": {}})
        if str(agents) not in mine["step"] and left_out(algorithm, environment) is None:
            found["learners"][algorithm] = mine
            fixed, step = learner_cost(algorithm, environment)
            keep(mine["fixed"], agents, fixed, f"{algorithm}, at no steps")
            keep(mine["step"], agents, step, f"{algorithm}, a step of a run")

    for environment in SIZES:
        for label, call, share in _other_work(environment):
            if str(_agents(environment)) not in found.setdefault(label, {}):
                keep(found[label], _agents(environment), _timed(call) * share, label)
    for algorithm in ALGORITHMS:
        learner(algorithm, SIZES[1] if left_out(algorithm, SIZES[0]) else SIZES[0])
    for environment in SIZES[1:]:
        for algorithm in TYPICAL.values():
            learner(algorithm, environment)
    for environment in SIZES:
        for algorithm in ALGORITHMS:
            learner(algorithm, environment)
    return found


def learner_cost(algorithm: str, environment: str) -> tuple[float, float]:
    """Seconds of a population of 21 runs at no steps, and for each step of each run."""
    from coopetition.baselines.learning.algorithm import find_algorithm
    from coopetition.baselines.learning.training import Training

    given = fitting(algorithm, environment, {})
    settings: Any = find_algorithm(algorithm).Settings(**given)
    per_iteration = settings.copies * settings.length
    # Learners from memory fill it first, and do not learn until then.
    iterations = ITERATIONS + (8 if algorithm in FROM_MEMORY else 0)
    began = time.process_time()
    training = Training(environment, algorithm, list(MODES), iterations * per_iteration, SEEDS, given)
    ends = [time.process_time()]
    iterate = training._iterate

    def timed(*arguments: Any) -> Any:
        found = iterate(*arguments)
        ends.append(time.process_time())
        return found

    training._iterate = timed  # type: ignore[assignment,method-assign]
    training.run()
    total = time.process_time() - began
    each = np.diff(ends)
    # Learning may have two phases, which compile and cost on their own; learners from memory begin late.
    parts = [each[-4:]] if algorithm in FROM_MEMORY else [each[1 : len(each) // 2], each[len(each) // 2 + 1 :]]
    typical = float(np.mean([np.median(part) for part in parts]))
    return max(total - typical * iterations, 0.01), typical / (per_iteration * len(MODES) * SEEDS)


def _other_work(environment: str) -> list[tuple[str, Callable[[], Any], float]]:
    """What is done beside training: label, a piece of it, and what to multiply its seconds by; warm."""
    from coopetition.study import audit, backgrounds, crossplay, measuring, reference, scenarios

    # A frozen learner, of which every agent is asked, as of those that are trained.
    mode = "private"
    maker = backgrounds.maker_of(environment, backgrounds.name_of(mode))
    game = measuring.game_of(environment, mode)
    gains = measuring.measure(environment, mode, maker, 1, 0)["gains"]
    one = Job("", environment, modes=(mode,), audited=(0,), episodes=8, drawn_seeds=7, teams=50)
    return [
        ("evaluation", lambda: measuring.measure(environment, mode, maker, 8, 0), 1.0),
        ("audit", lambda: audit.audit_policy(game, maker, 0, thorough=False, gains=gains), 1.0),
        ("thorough audit", lambda: audit.audit_policy(game, maker, 0, thorough=True, gains=gains), 1.0),
        ("reference", lambda: reference.evaluate_reference(one, ""), 1.0),
        # Of 14 reference policies alone, where 16 learners play as well.
        ("crossplay", lambda: crossplay.cross_play(one, "", {}), (16 / 14) ** 2),
        ("scenarios", lambda: scenarios.enter(one, "", {}), 16 / 14),
    ]
