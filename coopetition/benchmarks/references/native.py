"""The two-agent trust game in C, compiled by the system's compiler to a temporary folder."""

from __future__ import annotations

import ctypes
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

import numpy as np

from coopetition.benchmarks.references.constants import Constants

SOURCE = pathlib.Path(__file__).with_name("trust.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


def compiler() -> str | None:
    """The C compiler: what ``CC`` names, or the system's ``cc`` or ``gcc``; None without one."""
    named = os.environ.get("CC")
    return next((found for name in (named, "cc", "gcc", "clang") if name and (found := shutil.which(name))), None)


def build(source: pathlib.Path = SOURCE) -> ctypes.CDLL:
    """Compile and load a C file.

    Raises
    ------
    RuntimeError
        No compiler, or it refused.
    """
    cc = compiler()
    if cc is None:
        raise RuntimeError("no C compiler found")
    with tempfile.TemporaryDirectory(prefix="coopetition-bench-") as folder:
        library = pathlib.Path(folder) / "trust.so"
        made = subprocess.run(
            [cc, *FLAGS, str(source), "-o", str(library), "-lm"], capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f"{cc} failed: {made.stderr.strip()[:400]}")
        return ctypes.CDLL(str(library))


class NativeTrust:
    """B copies of the game in C.

    Parameters
    ----------
    constants : Constants
        The game's numbers.
    num_envs : int
        Number of copies B.

    Attributes
    ----------
    observations, final_observations : ndarray (B, 2, 6) float32
    rewards : ndarray (B, 2) float32
    payoffs, utilities : ndarray (B, 2) float64
    terminated, truncated : ndarray (B,) bool
    """

    def __init__(self, constants: Constants, num_envs: int) -> None:
        library = build()
        library.env_bytes.restype = ctypes.c_long
        self._constants = np.array(constants.flat())
        self._envs = np.zeros(num_envs * library.env_bytes(), dtype=np.uint8)
        self.observations = np.zeros((num_envs, 2, 6), dtype=np.float32)
        self.final_observations = np.zeros((num_envs, 2, 6), dtype=np.float32)
        self.rewards = np.zeros((num_envs, 2), dtype=np.float32)
        self.payoffs = np.zeros((num_envs, 2))
        self.utilities = np.zeros((num_envs, 2))
        self.terminated = np.zeros(num_envs, dtype=np.bool_)
        self.truncated = np.zeros(num_envs, dtype=np.bool_)
        arrays = (self.observations, self.final_observations, self.rewards, self.payoffs, self.utilities)
        self._outputs = (ctypes.c_void_p * 7)(
            *[array.ctypes.data for array in (*arrays, self.terminated, self.truncated)]
        )
        self._address = ctypes.c_void_p(self._envs.ctypes.data), ctypes.c_void_p(self._constants.ctypes.data)
        self._count = ctypes.c_long(num_envs)
        self._step: Any = library.step_all
        library.reset_all(*self._address, self._outputs, self._count)

    def step(self, actions: np.ndarray) -> None:
        """Play C-contiguous float64 rates (B, 2); the attributes hold what the step shows."""
        self._step(*self._address, ctypes.c_void_p(actions.ctypes.data), self._outputs, self._count)
