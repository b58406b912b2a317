"""Threads of Python and forked processes under both of Numba's thread layers that everybody has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PLAY = """
import os, threading
import numba
import numpy as np
import coopetition

batches = [coopetition.batch("TrustDilemma-v0", num_envs=2048, threads=2) for _ in range(2)]
script = np.random.default_rng(0).uniform(size=(40, 2048, 2))


def play(copies, steps=40):
    copies.reset(seed=1)
    for t in range(steps):
        copies.step(script[t])
    return copies.rewards.tobytes()


one = coopetition.batch("TrustDilemma-v0", num_envs=2048)
wanted = play(one)
"""
PYTHON_THREADS = """
found = [None, None]
def thread(k):
    for _ in range(5):
        found[k] = play(batches[k])
threads = [threading.Thread(target=thread, args=(k,)) for k in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
print(numba.threading_layer(), found == [wanted, wanted])
"""
FORK = """
assert play(batches[0]) == wanted
if os.fork() == 0:
    made = coopetition.batch("TrustDilemma-v0", num_envs=2048, threads=2)
    print(numba.threading_layer(), play(batches[1]) == play(made) == wanted, flush=True)
    os._exit(0)
assert os.wait()[1] == 0
assert play(batches[0]) == wanted
"""
#: Numba's threads used by somebody else before the fork, this package's not yet.
FORK_AFTER_OTHERS = """
@numba.njit(parallel=True)
def others(x):
    for i in numba.prange(x.size):
        x[i] += 1.0
others(np.zeros(10))
""" + FORK.replace("assert play(batches[0]) == wanted\n", "", 1)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["workqueue", "omp"])
@pytest.mark.parametrize(
    "what", [PYTHON_THREADS, FORK, FORK_AFTER_OTHERS], ids=["threads", "fork", "fork after others"]
)
def test_threads_and_forks_do_not_end_the_process(layer, what):
    if what is not PYTHON_THREADS and not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    environment = {**os.environ, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"}
    command = [sys.executable, "-c", PLAY + what]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if "No threading layer could be loaded" in done.stderr:
        pytest.skip(f"Numba has no {layer} layer here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [layer, "True"], done.stderr
    assert done.stderr.count("it steps on one thread") == (what is not PYTHON_THREADS)
