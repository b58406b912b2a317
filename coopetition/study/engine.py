"""Runs what is missing of a study, with Ray, on this machine or on a cluster.

One job is one task on one core. Jobs are sent longest first, strong presets before published numbers, a few more
than there are cores; an environment's cross-play and scenarios follow as soon as its learners are trained. A job checks
again whether its shard has been written meanwhile, so that drivers may share a folder; a worker that dies is replaced
and its job tried again, and a job that fails leaves a shard with its traceback: a row, and never silence.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coopetition.study.fingerprint import shard_name
from coopetition.study.plan import Job, Scale, exclusions, first_jobs, jobs_after, second_jobs
from coopetition.study.shards import Shard, ShardStore, write_table
from coopetition.study.tables import SCHEMAS, frame, hardware, versions

#: Before any of them is imported: one thread a task.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
#: How often a job is tried when its worker dies.
TRIES = 3
#: For tests: a folder; a job for whose label there is a file in it removes the file, and its worker dies.
KILL = "COOPETITION_STUDY_KILL"


@dataclass(frozen=True)
class Report:
    """How one job ended: its name, whether it is done, failed, was there already, or could not be written, and why.

    `seconds` are of the processor; `node` is the Ray node that did it.
    """

    name: str
    label: str
    status: str
    seconds: float = 0.0
    error: str = ""
    node: str = ""


@dataclass
class Summary:
    """What a call of `run` has done; `unsent` jobs were beyond the budget."""

    reports: list[Report] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unsent: int = 0

    def count(self, status: str) -> int:
        """How many jobs ended so."""
        return sum(report.status == status for report in self.reports)


def work(job: Job, name: str, folder: str) -> Report:
    """Carry one job out and write its shard."""
    store = ShardStore(folder)
    if store.has(name):
        return Report(name, job.label, "there")
    began = time.process_time()
    status, error = "done", ""
    networks: dict[str, bytes] = {}
    try:
        rows, networks = _carry_out(job, name, store)
    except Exception:  # noqa: BLE001 - a failure is a row with its traceback
        status, error = "failed", traceback.format_exc()
        rows = failed_rows(job, name, error)
    seconds = time.process_time() - began
    circumstances = {"versions": _json(versions()), "hardware": hardware()}
    for table in rows:
        for row in rows[table] if "versions" in SCHEMAS[table] else ():
            row.update({"status": status, "error": error, **circumstances})
    try:
        tables = {table: frame(table, list(found)) for table, found in rows.items()}
        written = store.write(Shard(name, job.to_dict(), status, tables, networks))
    except OSError as problem:
        return Report(name, job.label, "unwritten", seconds, str(problem))
    return Report(name, job.label, status if written else "there", seconds, error)


def _json(value: Any) -> str:
    import json

    return json.dumps(value, sort_keys=True)


def _carry_out(job: Job, name: str, store: ShardStore) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    _die_if_told(job)
    if job.kind == "train":
        from coopetition.study.training import train

        return train(job, name)
    if job.kind == "longer":
        from coopetition.study.training import train_longer

        return train_longer(job, name)
    if job.kind == "settings":
        from coopetition.study.search import try_settings

        return try_settings(job, name)
    if job.kind == "reference":
        from coopetition.study.reference import evaluate_reference

        return evaluate_reference(job, name)
    networks = {shard: dict(store.read(shard).networks) for shard in job.inputs}
    if job.kind == "crossplay":
        from coopetition.study.crossplay import cross_play

        return cross_play(job, name, networks)
    if job.kind == "scenarios":
        from coopetition.study.scenarios import enter

        return enter(job, name, networks)
    raise ValueError(f"unknown kind of job {job.kind!r}")


def _die_if_told(job: Job) -> None:
    """Only for tests of what a dead worker leaves behind."""
    folder = os.environ.get(KILL)
    if folder and (Path(folder) / job.label).exists():
        (Path(folder) / job.label).unlink()
        os._exit(1)


def failed_rows(job: Job, name: str, error: str) -> dict[str, list[dict[str, Any]]]:
    """The rows that a failed job leaves: one a run, or one a mode."""
    who = {"shard": name, "environment": job.environment, "status": "failed", "error": error}
    table = {"train": "runs", "longer": "longer", "settings": "settings"}.get(job.kind)
    if table is not None:
        return {
            table: [
                {**who, "reward_mode": mode, "algorithm": job.algorithm, "seed": seed}
                for mode in job.modes
                for seed in job.seeds
            ]
        }
    return {"reference": [{**who, "reward_mode": mode, "policy": job.kind} for mode in job.modes]}


def missing(store: ShardStore, jobs: Sequence[Job], *, retry: bool) -> tuple[list[tuple[Job, str]], list[str]]:
    """Jobs without a sound shard, with their shards' names; and shards that were broken and set aside.

    Strong presets come first, and of each half the longest.

    Parameters
    ----------
    store : ShardStore
    jobs : sequence of Job
    retry : bool
        Whether failed jobs are run again.
    """
    wanted, broken = [], []
    for job in jobs:
        name = shard_name(job)
        if store.path(name).is_dir():
            if not store.has(name):
                store.set_aside(name)
                broken.append(name)
            elif not (retry and store.about(name)["status"] == "failed"):
                continue
            else:
                store.set_aside(name)
        wanted.append((job, name))
    wanted.sort(key=lambda pair: (not pair[0].strong, -pair[0].cost()))
    return wanted, broken


class Agenda:
    """What is left to send, in order; what follows an environment's last training job is added when that has ended.

    Parameters
    ----------
    store : ShardStore
    scale : Scale
    summary : Summary
        To which broken shards are added.
    retry : bool
    budget : float, optional
        Processor seconds. With one, environments are finished one after the other, so that what there is in the end is
        whole environments; a job is not sent when its estimate, with those of the jobs under way, goes beyond it.
    extra : sequence of Job
        Jobs beside the scale's, which come first.
    """

    def __init__(
        self, store: ShardStore, scale: Scale, summary: Summary, retry: bool, budget: float | None, extra: Sequence[Job]
    ) -> None:
        self.store, self.scale, self.summary, self.retry, self.budget = store, scale, summary, retry, budget
        self.first = first_jobs(scale)
        alone, broken = missing(store, extra, retry=retry)
        wanted, also = missing(store, self.first, retry=retry)
        summary.broken += broken + also
        if budget is not None:
            place = {name: k for k, name in enumerate(scale.environments)}
            wanted.sort(key=lambda pair: (place[pair[0].environment], -pair[0].cost()))
        self.waiting = alone + wanted
        self.spent = self.promised = 0.0
        self.training = dict.fromkeys(scale.environments, 0)
        for job, _ in wanted:
            self.training[job.environment] += job.kind == "train"
        for environment in reversed(scale.environments):
            if not self.training[environment]:
                self._follow(environment)

    def _follow(self, environment: str) -> None:
        """Put what needs an environment's networks in front."""
        jobs = jobs_after(self.scale, environment, trained_shards(self.store, self.first))
        wanted, broken = missing(self.store, jobs, retry=self.retry)
        self.summary.broken += broken
        self.waiting[:0] = wanted

    def take(self) -> tuple[Job, str] | None:
        """The next job; None where there is none now, or none within the budget."""
        if not self.waiting:
            return None
        cost = self.waiting[0][0].cost()
        if self.budget is not None and self.spent + self.promised + cost > self.budget:
            return None
        self.promised += cost
        return self.waiting.pop(0)

    def ended(self, job: Job, report: Report) -> None:
        """Note how a job ended."""
        self.promised -= job.cost()
        self.spent += report.seconds
        if job.kind == "train":
            self.training[job.environment] -= 1
            if not self.training[job.environment]:
                self._follow(job.environment)


def trained_shards(store: ShardStore, jobs: Sequence[Job]) -> dict[str, tuple[str, ...]]:
    """Environment: names of the done training shards of these jobs."""
    found: dict[str, list[str]] = {}
    for job in jobs:
        if job.kind == "train":
            name = shard_name(job)
            if store.path(name).is_dir() and store.about(name)["status"] == "done":
                found.setdefault(job.environment, []).append(name)
    return {environment: tuple(names) for environment, names in found.items()}


def all_jobs(store: ShardStore, scale: Scale) -> list[Job]:
    """The jobs of both rounds, as far as the second is known."""
    first = first_jobs(scale)
    return [*first, *second_jobs(scale, trained_shards(store, first))]


def run(
    folder: str | Path,
    scale: Scale,
    *,
    address: str | None = None,
    cores: int | None = None,
    retry: bool = False,
    budget: float | None = None,
    extra: Sequence[Job] = (),
    told: Callable[[Report, int], None] | None = None,
) -> Summary:
    """Run what is missing of a study.

    Parameters
    ----------
    folder : path
        Of its shards.
    scale : Scale
    address : str, optional
        Of a running Ray cluster; by default Ray is started on this machine. "here" runs in this process, without Ray.
    cores : int, optional
        Of this machine; all by default.
    retry : bool
        Whether failed jobs are run again.
    budget : float, optional
        Processor seconds after which no more jobs are sent; environments are then finished one after the other.
    extra : sequence of Job
        Jobs beside the scale's.
    told : callable, optional
        Called with the report of each job, and how many are left.

    Raises
    ------
    ImportError
        The extra is not installed.
    """
    store = ShardStore(folder)
    store.sweep()
    if scale.environments:
        write_exclusions(store, scale)
    summary = Summary()
    agenda = Agenda(store, scale, summary, retry, budget, extra)
    os.environ.update({name: value for name, value in ONE_THREAD.items() if name not in os.environ})
    if not agenda.waiting:
        return summary
    with _workers(address, cores) as send:
        for job, report in send(agenda, str(store.folder.resolve())):
            agenda.ended(job, report)
            summary.reports.append(report)
            if told is not None:
                told(report, len(agenda.waiting))
    summary.unsent = len(agenda.waiting)
    return summary


def write_exclusions(store: ShardStore, scale: Scale) -> None:
    """Keep the cells that do not exist, with their reasons, beside the shards."""
    rows = [
        {"environment": environment, "algorithm": algorithm, "kind": "impossible", "reason": reason}
        for algorithm, environment, reason in exclusions(scale)
    ]
    temporary = store.folder / f".excluded-{os.getpid()}.parquet"
    write_table(frame("excluded", rows), temporary)
    os.replace(temporary, store.folder / "excluded.parquet")


class _workers:  # noqa: N801 - used as a function
    """A context that sends jobs: with Ray, or one after the other in this process."""

    def __init__(self, address: str | None, cores: int | None) -> None:
        self.address = address
        self.cores = cores

    def __enter__(self) -> Callable[[Agenda, str], Iterator[tuple[Job, Report]]]:
        if self.address == "here":
            return self._here
        try:
            import ray
        except ImportError:
            raise ImportError("the study needs Ray: pip install 'coopetition[study]'") from None
        if self.address is None:
            ray.init(num_cpus=self.cores, include_dashboard=False, log_to_driver=False)
        else:
            ray.init(address=self.address, log_to_driver=False)
        return self._with_ray

    def __exit__(self, *_: object) -> None:
        if self.address != "here":
            import ray

            ray.shutdown()

    @staticmethod
    def _here(agenda: Agenda, folder: str) -> Iterator[tuple[Job, Report]]:
        while (taken := agenda.take()) is not None:
            yield taken[0], work(*taken, folder)

    @staticmethod
    def _with_ray(agenda: Agenda, folder: str) -> Iterator[tuple[Job, Report]]:
        import ray

        # Workers are forked from no process of ours, so threads are set before anything is imported.
        task = ray.remote(
            num_cpus=1, max_retries=TRIES - 1, retry_exceptions=False, runtime_env={"env_vars": ONE_THREAD}
        )(_work_on_a_node)
        running: dict[Any, tuple[Job, str]] = {}
        while True:
            # Nodes may come and go while it runs.
            room = int(ray.cluster_resources().get("CPU", 1)) + 2
            while len(running) < room and (taken := agenda.take()) is not None:
                running[task.remote(*taken, folder)] = taken
            if not running:
                return
            done, _ = ray.wait(list(running), num_returns=1)
            job, name = running.pop(done[0])
            try:
                yield job, ray.get(done[0])
            except ray.exceptions.RayError as error:  # the worker died, every time
                yield job, _lost(job, name, folder, f"{type(error).__name__}: {error}")


def _work_on_a_node(job: Job, name: str, folder: str) -> Report:
    """`work`, and where."""
    import ray

    return replace(work(job, name, folder), node=ray.get_runtime_context().get_node_id())


def _lost(job: Job, name: str, folder: str, error: str) -> Report:
    """A shard for a job whose workers died."""
    rows = failed_rows(job, name, error)
    tables = {table: frame(table, found) for table, found in rows.items()}
    try:
        ShardStore(folder).write(Shard(name, job.to_dict(), "failed", tables, {}))
    except OSError as problem:
        return Report(name, job.label, "unwritten", 0.0, str(problem))
    return Report(name, job.label, "failed", 0.0, error)
