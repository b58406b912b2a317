"""Interleaved timing: cases take turns, each turn long enough to be read, medians over the turns."""

from __future__ import annotations

import gc
import json
import os
import pathlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST_TURNS = 5
PACKAGE_HOME = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes
    ----------
    turns : int
        How often each case is timed; at least five.
    seconds : float
        Length of one turn.
    processes : int
        Fresh processes of each kind, for starts.
    """

    turns: int = 9
    seconds: float = 0.05
    processes: int = 5

    def __post_init__(self) -> None:
        if self.turns < LEAST_TURNS:
            raise ValueError(f"turns = {self.turns}: expected at least {LEAST_TURNS}")


QUICK = Effort(turns=5, seconds=0.005, processes=1)


@dataclass(frozen=True)
class Case:
    """Something to time.

    Attributes
    ----------
    name : str
    run : callable
        Takes a count, and does its work that many times.
    units : float
        Units of work (environment steps, mostly) in one count.
    """

    name: str
    run: Callable[[int], object]
    units: float = 1.0


@dataclass(frozen=True)
class Times:
    """Seconds a unit, one for each turn."""

    seconds: np.ndarray

    @property
    def median(self) -> float:
        """Median seconds a unit."""
        return float(np.median(self.seconds))

    @property
    def rate(self) -> float:
        """Units a second, at the median."""
        return 1.0 / self.median

    def faster_than(self, other: Times) -> float:
        """How many times faster than another case of the same run: the median over turns of the ratio."""
        return float(np.median(other.seconds / self.seconds))


def interleaved(
    cases: Sequence[Case], effort: Effort, clock: Callable[[], float] = time.process_time
) -> dict[str, Times]:
    """Time cases in turns.

    Parameters
    ----------
    cases : sequence of Case
    effort : Effort
    clock : callable
        The process's CPU time by default, all threads counted, which other load on the machine stretches least.

    Returns
    -------
    dict of str to Times
        By name.

    Examples
    --------
    >>> times = interleaved([Case("sum", lambda count: sum(range(1000 * count)), 1000)], QUICK)
    >>> len(times["sum"].seconds)
    5
    """
    counts = [_count_for(case, effort.seconds, clock) for case in cases]
    table = np.zeros((effort.turns, len(cases)))
    # As in `timeit`: a collection costs what the whole process holds, not what the case does.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(effort.turns):
            for k, (case, count) in enumerate(zip(cases, counts, strict=True)):
                start = clock()
                case.run(count)
                table[turn, k] = (clock() - start) / (count * case.units)
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return {case.name: Times(table[:, k]) for k, case in enumerate(cases)}


def _count_for(case: Case, seconds: float, clock: Callable[[], float]) -> int:
    """How many counts fill a turn; running them warms the case up."""
    case.run(1)
    count = 1
    while True:
        start = clock()
        case.run(count)
        took = clock() - start
        if took >= 0.2 * seconds:
            return max(1, round(count * seconds / took))
        count *= 2 if took > 0.02 * seconds else 8


def in_fresh_process(code: str, environment: dict[str, str] | None = None) -> Any:
    """Run code in a new interpreter; what it prints last, as JSON.

    Raises
    ------
    RuntimeError
        The code failed.
    """
    path = os.pathsep.join([str(PACKAGE_HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
    made = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(made.stderr.strip()[-800:])
    return json.loads(made.stdout.strip().splitlines()[-1])


def processor() -> str:
    """Name of the CPU."""
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """What the figures were measured on: CPU, cores, vector width, load, versions."""
    from importlib.metadata import PackageNotFoundError, version

    import llvmlite.binding

    features = llvmlite.binding.get_host_cpu_features()
    widths = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("neon", "NEON"))
    versions = {}
    for package in ("numpy", "numba", "gymnasium", "pettingzoo", "jax", "mpe2"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "cpu": processor(),
        "llvm_target": llvmlite.binding.get_host_cpu_name(),
        "vectors": next((name for key, name in widths if features.get(key)), "none known"),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        **versions,
    }
