"""Imports and first steps, each in fresh processes."""

from __future__ import annotations

import statistics
import tempfile

from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import Effort, in_fresh_process

SECTION = "Start"
FOLDER = "COOPETITION_CACHE_DIR"

_IMPORT = """
import json, time
import numpy, gymnasium, pettingzoo
start = time.process_time()
import coopetition
print(json.dumps(time.process_time() - start))
"""

_FIRST_STEP = """
import json, time
import numpy, gymnasium, pettingzoo
start, wall = time.process_time(), time.perf_counter()
import coopetition
env = gymnasium.make("coopetition/{name}")
env.reset(seed=0)
env.step(env.action_space.sample())
print(json.dumps([time.process_time() - start, time.process_time(), time.perf_counter() - wall]))
"""


def rows(effort: Effort) -> list[Row]:
    """All rows about starts; CPU time."""
    imports = [in_fresh_process(_IMPORT) for _ in range(max(5, effort.processes))]
    found = [
        Row(
            "import",
            SECTION,
            "`import coopetition`, over numpy, gymnasium and pettingzoo",
            "s",
            statistics.median(imports),
            goal=0.2,
            at_least=False,
        )
    ]
    for name, processes in (("TrustDilemma-v0", effort.processes), ("GraduatedSanction-v0", 1)):
        code = _FIRST_STEP.format(name=name)
        cold, warm = [], []
        for _ in range(processes):
            with tempfile.TemporaryDirectory(prefix="coopetition-bench-") as folder:
                cold.append(in_fresh_process(code, {FOLDER: folder}))
                warm += [in_fresh_process(code, {FOLDER: folder}) for _ in range(-(-5 // processes))]
        for kind, runs, goal in (("warm", warm, 1.0), ("cold", cold, 10.0)):
            own, whole, wall = (statistics.median(column) for column in zip(*runs, strict=True))
            whole_text = f"with interpreter, numpy, gymnasium and pettingzoo {whole:.2f} s; wall clock {wall:.2f} s"
            found.append(
                Row(
                    f"first.{kind}.{name}",
                    SECTION,
                    f"first step of {name}, cache {kind}",
                    "s",
                    own,
                    goal=goal,
                    at_least=False,
                    note=f"median of {len(runs)}; {whole_text}",
                )
            )
    return found
