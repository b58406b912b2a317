"""Measure what `coopetition study plan` estimates with, on one core, where it is missing; half an hour or so.

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 python benchmarks/study/costs.py [file]

Without a file it writes the package's own; remove that to measure everything anew.
"""

from __future__ import annotations

import sys

from coopetition.study.estimates import COSTS, measure_costs

if __name__ == "__main__":
    measure_costs(sys.argv[1] if len(sys.argv) > 1 else COSTS, told=lambda line: print(line, flush=True))
