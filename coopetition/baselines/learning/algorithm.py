"""What an algorithm is: five functions of one run, which the training loop maps over the runs of a population.

An algorithm is a class in a file of its own. It declares its hyper-parameters (a `hyperparameters` dataclass, whose
floats may differ between the runs of a population, so that they can be swept) and says how one run starts, acts and
learns. Nothing in it knows of other runs, of files or of the command line.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar, dataclass_transform

import numpy as np

from coopetition.baselines.learning.task import Task, Trajectory
from coopetition.baselines.learning.xla import jax
from coopetition.games.parameters import choose

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def hyperparameters(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass of hyper-parameters that JAX can map over.

    Its floats are traced, one value a run; everything else is fixed for the whole population.
    """
    made: Any = dataclass(frozen=True)(cls)
    names = {field.name: str(field.type) for field in fields(made)}
    floats = [name for name, kind in names.items() if kind == "float"]
    jax.tree_util.register_dataclass(made, floats, [name for name in names if name not in floats])
    return cls


def sweepable(cls: type) -> tuple[str, ...]:
    """Names of the hyper-parameters that may differ between runs."""
    return tuple(field.name for field in fields(cls) if str(field.type) == "float")


#: What `Settings.final_rate` shortens.
RATES = ("learning_rate", "critic_learning_rate")


def annealed(settings: Any, progress: Any) -> Any:
    """Settings with the learning rates of a part of the training.

    They fall linearly from what they are to `final_rate` times that, so that what is left of the noise of each step
    dies away, and independent learners find the others at rest (Robbins & Monro 1951; Schulman et al. 2017, sec. 6.1).

    Parameters
    ----------
    settings : Settings
        Of a run. Those without a `final_rate` stay.
    progress : float
        Share of the training's updates that are done, from 0 to nearly 1.
    """
    if not hasattr(settings, "final_rate"):
        return settings
    share = 1.0 - (1.0 - settings.final_rate) * progress
    return replace(settings, **{name: getattr(settings, name) * share for name in RATES if hasattr(settings, name)})


class Algorithm(ABC):
    """One learning algorithm on one task.

    Parameters
    ----------
    task : Task
        Shapes.
    settings : Settings
        Its hyper-parameters; the methods are given each run's own.
    swept : sequence of str
        Which of them the runs do not share.

    Attributes
    ----------
    name : str
        By which `learn` knows it.
    citation : str
        The paper.
    Settings : type
        Its hyper-parameters, with their defaults.
    needs_joint : bool
        Whether trajectories must carry the joint state.
    """

    name: ClassVar[str]
    citation: ClassVar[str]
    Settings: ClassVar[type]
    needs_joint: ClassVar[bool] = False

    def __init__(self, task: Task, settings: Any, swept: Sequence[str] = ()) -> None:
        self.task = task
        self.settings = settings
        self.swept = tuple(swept)
        self.check()

    def check(self) -> None:  # noqa: B027
        """Refuse a task or settings that it cannot learn with.

        Raises
        ------
        ValueError
            With the reason.
        """

    @classmethod
    def copies_multiple(cls, settings: Any, learners: int) -> int:  # noqa: ARG003
        """Of what the number of copies must be a multiple, with so many learners; a default is rounded up to one."""
        return 1

    def uses(self, name: str) -> bool:
        """Whether a hyper-parameter that weighs something is not zero in some run."""
        return name in self.swept or getattr(self.settings, name) != 0.0

    def phase(self, iteration: int, iterations: int) -> Algorithm:  # noqa: ARG002
        """Who acts and learns in an iteration: this algorithm, or, where learning has phases, one on the same state.

        Parameters
        ----------
        iteration, iterations : int
            Which, from 0, and of how many.
        """
        return self

    @abstractmethod
    def init(self, rng: np.random.Generator, settings: Any) -> Any:
        """A run's state before it learns: any tree of NumPy arrays."""

    @abstractmethod
    def acting(self, state: Any) -> Any:
        """The part of the state that `act` needs."""

    @abstractmethod
    def act(self, acting: Any, observations: Any, key: Any, settings: Any) -> tuple[Any, Any]:
        """Draw what to play.

        Parameters
        ----------
        acting : tree
            From `acting`.
        observations : (E, L, O)
        key : PRNG key
        settings : Settings
            The run's.

        Returns
        -------
        latents, rates : (E, L, A)
        """

    @abstractmethod
    def update(self, state: Any, data: Trajectory, key: Any, settings: Any) -> tuple[Any, dict[str, Any]]:
        """Learn from a trajectory.

        Returns
        -------
        state : tree
            Of the same shapes.
        metrics : dict of str to scalar
            For the log.
        """

    def settle(self, state: Any, settings: Any, progress: Any) -> Any:  # noqa: ARG002
        """The state after an update, with what falls as training goes on held down, such as exploration.

        Parameters
        ----------
        progress : float
            Share of the training's updates that are done, this one among them.
        """
        return state

    @abstractmethod
    def export(self, state: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """One run's trained policy.

        Parameters
        ----------
        state : tree
            Of one run, as NumPy arrays.

        Returns
        -------
        arrays : dict of str to ndarray
            As `coopetition.policies.trained.write_policy` writes them.
        about : dict
            At least ``head``.
        """


#: Name: where the algorithm is, imported when it is first asked for.
_HERE = "coopetition.baselines.learning"
_ALGORITHMS: dict[str, str | type[Algorithm]] = {
    "COMA": f"{_HERE}.coma:COMA",
    "FCP": f"{_HERE}.fcp:FCP",
    "IA2C": f"{_HERE}.ia2c:IA2C",
    "IPPO": f"{_HERE}.ippo:IPPO",
    "ISAC": f"{_HERE}.isac:ISAC",
    "LOLA": f"{_HERE}.lola:LOLA",
    "M3DDPG": f"{_HERE}.m3ddpg:M3DDPG",
    "MADDPG": f"{_HERE}.maddpg:MADDPG",
    "MAPPO": f"{_HERE}.mappo:MAPPO",
    "MASAC": f"{_HERE}.masac:MASAC",
    "MATD3": f"{_HERE}.matd3:MATD3",
    "MeanFieldAC": f"{_HERE}.mean_field:MeanFieldAC",
    "QMIX": f"{_HERE}.qmix:QMIX",
    "REINFORCE": f"{_HERE}.reinforce:REINFORCE",
    "SelfPlay_PPO": f"{_HERE}.selfplay:SelfPlayPPO",
    "VDN": f"{_HERE}.vdn:VDN",
}


def register_algorithm(name: str, algorithm: str | type[Algorithm]) -> None:
    """Add an algorithm under a new name.

    Parameters
    ----------
    algorithm : class, or str
        An `Algorithm`, or where it is, as ``"module:attribute"``.

    Raises
    ------
    ValueError
        The name is taken by another.
    """
    if _ALGORITHMS.get(name, algorithm) != algorithm:
        raise ValueError(f"there is an algorithm {name!r} already")
    _ALGORITHMS[name] = algorithm


def algorithms() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(_ALGORITHMS))


def find_algorithm(name: str) -> type[Algorithm]:
    """The algorithm of that name.

    Raises
    ------
    ValueError
        There is none, with the nearest match.
    """
    found = _ALGORITHMS[choose("algorithm", name, algorithms())]
    if isinstance(found, str):
        module, _, attribute = found.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, type)
    return found
