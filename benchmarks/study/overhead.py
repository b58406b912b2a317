"""What Ray costs a task of the study: jobs whose shard is there already, sent through Ray and called by hand.

    python benchmarks/study/overhead.py [tasks] [address]

Each such job only looks at its shard, so that what is left is Ray's: sending, scheduling, the worker's turn, and the
report's way back.
"""

from __future__ import annotations

import sys
import tempfile
import time

from coopetition.study import engine
from coopetition.study.plan import Job
from coopetition.study.shards import Shard, ShardStore


class Again(engine.Agenda):
    """An agenda of one job, many times over."""

    def __init__(self, pair: tuple[Job, str], times: int) -> None:
        self.waiting = [pair] * times

    def take(self) -> tuple[Job, str] | None:
        """The job, as long as it is to be sent."""
        return self.waiting.pop() if self.waiting else None


def main(tasks: int = 1000, address: str | None = None) -> None:
    """Print milliseconds a task."""
    job = Job("reference", "TrustDilemma-v0")
    name = engine.shard_name(job)
    with tempfile.TemporaryDirectory() as folder:
        ShardStore(folder).write(Shard(name, job.to_dict(), "done", {}, {}))
        began = time.perf_counter()
        for _ in range(tasks):
            engine.work(job, name, folder)
        alone = (time.perf_counter() - began) / tasks
        began = time.perf_counter()
        with engine._workers(address, None) as send:
            list(send(Again((job, name), 16), folder))  # the workers start, and import what they need
            started = time.perf_counter() - began
            began, busy = time.perf_counter(), time.process_time()
            list(send(Again((job, name), tasks), folder))
            wall, busy = (time.perf_counter() - began) / tasks, (time.process_time() - busy) / tasks
    print(f"Ray starts, and its workers import, in {started:.1f} s")
    print(f"{1000 * alone:.2f} ms a task by hand, {1000 * wall:.2f} ms through Ray")
    print(f"{1000 * busy:.2f} ms a task of the driver's core")


if __name__ == "__main__":
    main(*(int(x) if x.isdigit() else x for x in sys.argv[1:]))
