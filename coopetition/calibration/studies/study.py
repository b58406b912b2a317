"""The four parameter studies: one frame for grids, targets, main effects and Sobol indices."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..engine.files import nearest

Array = NDArray[np.float64]
Grid = Literal["standard", "fine"]
STUDIES = ("tr1", "tr2", "tr3", "tr4")


@dataclass(frozen=True)
class Target:
    """One line of a study's table of targets.

    Attributes
    ----------
    name, test : str
    ours : float
    published : float or None
        None where nothing is published.
    unit : str
        ``"%"``, or empty for a pure number.
    digits : int
        Decimals of the published figure: agreement is to half a unit of the last one.
    cannot_fail : bool
        No parameter of the grid could fail it.
    note : str
    sampling_error : float
        Standard error of ours where it rests on random draws; agreement is then to three standard errors of
        the difference of two such samples.
    """

    name: str
    test: str
    ours: float
    published: float | None = None
    unit: str = ""
    digits: int = 2
    cannot_fail: bool = False
    note: str = ""
    sampling_error: float = 0.0

    @property
    def agrees(self) -> bool | None:
        """Whether ours agrees with the published figure; None where nothing is published."""
        if self.published is None:
            return None
        return bool(
            abs(self.ours - self.published) <= 0.5 * 10.0**-self.digits + 3.0 * 2.0**0.5 * self.sampling_error + 1e-9
        )

    @property
    def published_text(self) -> str:
        """The published figure as text."""
        return "" if self.published is None else f"{self.published:.{self.digits}f}{self._suffix}"

    @property
    def ours_text(self) -> str:
        """Our figure as text."""
        return f"{self.ours:.{max(self.digits, 2)}f}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True)
class Effect:
    """Main effect of one parameter on one metric: its mean over the grid at each level of the parameter."""

    parameter: str
    metric: str
    levels: tuple[float, ...]
    means: tuple[float, ...]


@dataclass(frozen=True)
class SobolIndices:
    """First-order and total Sobol indices of one metric, with their 95 % half-widths."""

    metric: str
    parameters: tuple[str, ...]
    first: tuple[float, ...]
    first_half_width: tuple[float, ...]
    total: tuple[float, ...]
    total_half_width: tuple[float, ...]
    evaluations: int

    def sentence(self) -> str:
        """The total indices in one line."""
        parts = ", ".join(
            f"{name} {s:.2f} / {t:.2f} +- {h:.2f}"
            for name, s, t, h in zip(self.parameters, self.first, self.total, self.total_half_width, strict=True)
        )
        return f"Sobol indices of {self.metric} (first / total, {self.evaluations:,} runs): {parts}"


@dataclass(frozen=True)
class Study:
    """A parameter study's result.

    Attributes
    ----------
    name, title, note, grid : str
    runs : int
        Model evaluations or solves.
    seconds : float
        Processor time of the grid, without Sobol indices.
    levels : mapping of str to tuple of float
        The grid.
    metrics : mapping of str to ndarray, shape (runs,)
        The metrics behind the targets.
    targets : tuple of Target
    effects : tuple of Effect
    audits : tuple of str
        What the targets do not say, in sentences made from numbers.
    sobol : tuple of SobolIndices
    """

    name: str
    title: str
    note: str
    grid: str
    runs: int
    seconds: float
    levels: Mapping[str, tuple[float, ...]]
    metrics: Mapping[str, Array]
    targets: tuple[Target, ...]
    effects: tuple[Effect, ...]
    audits: tuple[str, ...]
    sobol: tuple[SobolIndices, ...] = ()

    def __getitem__(self, name: str) -> Target:
        """A target by name."""
        for target in self.targets:
            if target.name == name:
                return target
        raise KeyError(f"{self.name}: no target {name!r}; {nearest(name, [t.name for t in self.targets])}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for `json.dumps`; metrics as quantiles."""
        return {
            "study": self.name,
            "title": self.title,
            "note": self.note,
            "grid": self.grid,
            "runs": self.runs,
            "seconds": self.seconds,
            "levels": {k: list(v) for k, v in self.levels.items()},
            "targets": [{**vars(t), "agrees": t.agrees} for t in self.targets],
            "metrics": {
                k: {
                    "mean": float(x.mean()),
                    "sd": float(x.std()),
                    "least": float(x.min()),
                    "median": float(np.median(x)),
                    "most": float(x.max()),
                }
                for k, x in self.metrics.items()
            },
            "effects": [vars(e) for e in self.effects],
            "audits": list(self.audits),
            "sobol": [vars(s) for s in self.sobol],
        }


class Design(Protocol):
    """What a study's module offers."""

    TITLE: str
    NOTE: str
    SOBOL: tuple[str, ...]

    def levels(self, grid: Grid) -> dict[str, tuple[float, ...]]:
        """Levels of each parameter."""

    def metrics(self, parameters: Mapping[str, Array]) -> dict[str, Array]:
        """Metrics of each parameter set."""

    def targets(self, parameters: Mapping[str, Array], metrics: Mapping[str, Array]) -> tuple[Target, ...]:
        """The table of targets."""

    def audits(self, parameters: Mapping[str, Array], metrics: Mapping[str, Array]) -> tuple[str, ...]:
        """Sentences on what the targets are worth."""


def full_factorial(levels: Mapping[str, tuple[float, ...]]) -> dict[str, Array]:
    """Every combination of the levels, last parameter fastest: arrays of shape (runs,)."""
    mesh = np.meshgrid(*[np.asarray(x, dtype=float) for x in levels.values()], indexing="ij")
    return {name: x.ravel() for name, x in zip(levels, mesh, strict=True)}


def refined(levels: tuple[float, ...], count: int) -> tuple[float, ...]:
    """`count` equally spaced levels over the same range."""
    return tuple(float(x) for x in np.linspace(min(levels), max(levels), count))


def main_effects(
    levels: Mapping[str, tuple[float, ...]], parameters: Mapping[str, Array], metrics: Mapping[str, Array]
) -> tuple[Effect, ...]:
    """Mean of each metric at each level of each parameter."""
    out = []
    for name, values in levels.items():
        which = np.searchsorted(np.sort(values), parameters[name])
        count = np.bincount(which, minlength=len(values))
        for metric, x in metrics.items():
            means = np.bincount(which, weights=x, minlength=len(values)) / count
            out.append(Effect(name, metric, tuple(sorted(values)), tuple(map(float, means))))
    return tuple(out)


def sobol_indices(design: Design, grid: Grid = "standard", size: int = 1024, seed: int = 1) -> tuple[SobolIndices, ...]:
    """Sobol indices of a study's metrics over the ranges of its grid.

    Parameters
    ----------
    design : Design
    grid : {"standard", "fine"}
    size : int
        Base sample, a power of two; (parameters + 2) x size runs.
    seed : int

    Returns
    -------
    tuple of SobolIndices

    Raises
    ------
    ImportError
        SALib is not installed.
    """
    try:
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as sampling
    except ImportError as error:
        raise ImportError("Sobol indices need SALib: pip install 'coopetition[calibration]'") from error
    ranges = {name: (min(x), max(x)) for name, x in design.levels(grid).items()}
    problem = {"num_vars": len(ranges), "names": list(ranges), "bounds": [list(x) for x in ranges.values()]}
    points = sampling.sample(problem, size, calc_second_order=False, seed=seed)
    metrics = design.metrics({name: points[:, k].copy() for k, name in enumerate(ranges)})
    out = []
    for metric in design.SOBOL:
        found = analysis.analyze(problem, metrics[metric].astype(float), calc_second_order=False, seed=seed)
        first, first_half, whole, whole_half = (
            tuple(float(x) for x in found[key]) for key in ("S1", "S1_conf", "ST", "ST_conf")
        )
        out.append(SobolIndices(metric, tuple(ranges), first, first_half, whole, whole_half, len(points)))
    return tuple(out)


def experiment(
    name: str, grid: Grid = "standard", sobol: bool = False, report: Callable[[str], None] | None = None
) -> Study:
    """Run a technical report's parameter study.

    Parameters
    ----------
    name : {"tr1", "tr2", "tr3", "tr4"}
    grid : {"standard", "fine"}
        The published grid (TR-1: ours), or a finer one over the same ranges.
    sobol : bool
        Add Sobol indices (needs SALib).
    report : callable, optional
        Told each step before it starts.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        An unknown study or grid.
    ImportError
        Sobol indices without SALib.

    Examples
    --------
    >>> from coopetition import calibration
    >>> study = calibration.experiment("tr3")
    >>> study.runs
    3125
    """
    if name not in STUDIES:
        raise ValueError(f"unknown study {name!r}; {nearest(name, STUDIES)}")
    if grid not in ("standard", "fine"):
        raise ValueError(f"unknown grid {grid!r}; {nearest(grid, ('standard', 'fine'))}")
    tell = report or (lambda step: None)
    design: Design = import_module(f"{__package__}.{name}")
    tell("grid")
    start = time.process_time()
    levels = design.levels(grid)
    parameters = full_factorial(levels)
    metrics = design.metrics(parameters)
    targets = design.targets(parameters, metrics)
    seconds = time.process_time() - start
    tell("effects and audit")
    effects = main_effects(levels, parameters, metrics)
    audits = design.audits(parameters, metrics)
    tell("Sobol indices" if sobol else "done")
    indices = sobol_indices(design, grid) if sobol else ()
    # TR-1 solves both forms of value at every point of its grid.
    runs = len(next(iter(parameters.values()))) * getattr(design, "SOLVES", 1)
    return Study(
        name,
        design.TITLE,
        design.NOTE,
        grid,
        runs,
        seconds,
        levels,
        metrics,
        targets,
        effects,
        audits,
        indices,
    )
