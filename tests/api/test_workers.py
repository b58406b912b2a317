"""Environments made in other processes by a lambda of `__main__`, which workers get by cloudpickle."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("cloudpickle")

ASYNC = """
import numpy as np
import coopetition
from gymnasium.vector import AsyncVectorEnv

if __name__ == "__main__":
    make = lambda: coopetition.gymnasium_env("SLCD-v0", control=0, horizon=5)
    env = AsyncVectorEnv([make, make], context={method!r})
    env.reset(seed=1)
    rewards = env.step(np.full((2, 1), 0.9, dtype=np.float32))[1]
    env.close()
    alone = make()
    alone.reset(seed=1)
    assert rewards[0] == alone.step(np.array([0.9], dtype=np.float32))[1]
    print("played")
"""
STABLE = """
import numpy as np
import coopetition
from stable_baselines3.common.vec_env import SubprocVecEnv

if __name__ == "__main__":
    env = SubprocVecEnv([lambda: coopetition.gymnasium_env("SLCD-v0", horizon=5)] * 2, start_method={method!r})
    env.reset()
    rewards = env.step(np.full((2, 2), 0.9, dtype=np.float32))[1]
    env.close()
    assert rewards.shape == (2,) and rewards[0] == rewards[1]
    print("played")
"""
REMOTE = """
import subprocess, sys, cloudpickle, coopetition

def made_of(module):
    return lambda seed: module.parallel_env("SLCD-v0").reset(seed=seed)[0]

calls = [
    lambda seed: coopetition.parallel_env("SLCD-v0").reset(seed=seed)[0],
    made_of(coopetition),
    lambda seed: coopetition.batch("SLCD-v0", 2).reset(seed=seed),
]
WORKER = '''
import pickle, sys
assert "coopetition" not in sys.modules
for call in pickle.loads(sys.stdin.buffer.read()):
    assert len(call(3)) == 2
print("played")
'''
done = subprocess.run([sys.executable, "-c", WORKER], input=cloudpickle.dumps(calls), capture_output=True)
print(done.stdout.decode(), done.stderr.decode(), end="")
"""


def run(code, tmp_path):
    script = tmp_path / "main.py"
    script.write_text(code)
    finished = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert finished.stdout.strip() == "played", finished.stderr


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_gymnasiums_async_vector(method, tmp_path):
    run(ASYNC.format(method=method), tmp_path)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_stable_baselines_subprocesses(method, tmp_path):
    pytest.importorskip("stable_baselines3")
    run(STABLE.format(method=method), tmp_path)


def test_a_worker_that_never_imported_us(tmp_path):
    """As Ray sends functions: the module by its name, imported where the function arrives."""
    run(REMOTE, tmp_path)
