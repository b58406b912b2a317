"""Frozen learners: trained policies that play the other seats of held-out scenarios, and never learn again.

They are part of the package, one file each, in half precision, in ``backgrounds/<environment>/``. Their training seeds
are used in no other training, neither the study's nor the search's for settings. Made by `make_backgrounds`; what is
there is not made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from coopetition.policies.tensors import read_tensors, write_tensors
from coopetition.policies.trained import SUFFIX, TrainedPolicy
from coopetition.study.arena import Maker

FOLDER = Path(__file__).parent / "backgrounds"
ALGORITHM = "IPPO"
SEED = 9001
#: Split: the reward modes under which its frozen learners were trained.
TRAINED_UNDER = {"train": ("integrated",), "test": ("private", "cooperative")}
STEPS = 60_000
SETTINGS = {"hidden": (16, 16)}


def name_of(mode: str) -> str:
    """By which a scenario names it, such as ``IPPO-private-seed9001``."""
    return f"{ALGORITHM}-{mode}-seed{SEED}"


def file_of(environment: str, name: str) -> Path:
    """Where a frozen learner of an environment lies, if there is one."""
    return FOLDER / environment / f"{name}{SUFFIX}"


def learners_of(environment: str, split: str) -> tuple[str, ...]:
    """Names of the frozen learners that an environment has; none where nobody trained them, as on one's own games."""
    names = [name_of(mode) for mode in TRAINED_UNDER[split]]
    return tuple(name for name in names if file_of(environment, name).is_file())


def maker_of(environment: str, name: str) -> Maker:
    """Makes a background policy of an environment: a frozen learner, or a policy by name."""
    from coopetition.study import reference

    path = file_of(environment, name)
    return (lambda game: TrainedPolicy(game, path)) if path.is_file() else reference.maker_of(name)


@cache
def checksums(environment: str) -> dict[str, str]:
    """SHA-256 of an environment's frozen learners, by name."""
    files = sorted((FOLDER / environment).glob(f"*{SUFFIX}"))
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def half(array: np.ndarray) -> np.ndarray:
    """In half precision where nothing overflows."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        made = array.astype(np.float16)
    return made if np.isfinite(made).all() else array


def make_backgrounds(
    environments: Sequence[str], *, steps: int = STEPS, told: Callable[[Path], None] | None = None
) -> list[Path]:
    """Train and freeze what is missing.

    Parameters
    ----------
    environments : sequence of str
    steps : int
        Environment steps of each.
    told : callable, optional
        Called with each file that was written.

    Returns
    -------
    list of Path
        Of the files that were written.
    """
    from tempfile import TemporaryDirectory

    from coopetition.baselines.learning import learn

    written = []
    for environment in environments:
        modes = [mode for split in TRAINED_UNDER.values() for mode in split]
        if all(file_of(environment, name_of(mode)).is_file() for mode in modes):
            continue
        population = learn(
            environment,
            ALGORITHM,
            reward_mode=modes,
            seeds=[SEED],
            steps=steps,
            settings=SETTINGS,
            measure_efficiency=False,
        )
        with TemporaryDirectory() as folder:
            for trained in population.save(folder):
                arrays, metadata = read_tensors(trained)
                path = FOLDER / environment / trained.name
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = path.with_suffix(".writing")
                write_tensors(temporary, {key: half(value) for key, value in arrays.items()}, metadata)
                temporary.rename(path)
                written.append(path)
                if told is not None:
                    told(path)
    return written
