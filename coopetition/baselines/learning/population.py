"""Runs, and what a population has become."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.tensors import BrokenFile
from coopetition.policies.trained import SUFFIX, TrainedPolicy, describe_game, write_policy

FORMAT = "coopetition-population-1"
#: Columns of the log that are means over agents of what episodes had.
CURVES = ("payoff", "reward", "rate")


@dataclass(frozen=True)
class Run:
    """One run of a population.

    Attributes
    ----------
    seed : int
        Everything random in it follows from this.
    reward_mode : str
        The mode's name, with the numbers that are not its defaults; "matrix" for a matrix of weights.
    values : dict of str to float
        The hyper-parameters in which it differs from other runs.
    """

    seed: int
    reward_mode: str
    values: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For files and legends, such as ``private-seed3``."""
        parts = [self.reward_mode, *(f"{name}{value:g}" for name, value in self.values.items()), f"seed{self.seed}"]
        return "-".join(parts)


def make_runs(
    seeds: Sequence[int], reward_modes: Sequence[str], sweep: Mapping[str, Sequence[float]]
) -> tuple[Run, ...]:
    """Reward modes x values x seeds, the seeds moving fastest."""
    values: list[dict[str, float]] = [{}]
    for name, options in sweep.items():
        values = [{**before, name: float(value)} for before in values for value in options]
    return tuple(Run(int(seed), mode, chosen) for mode in reward_modes for chosen in values for seed in seeds)


@dataclass(frozen=True)
class Curves:
    """How a population learnt.

    Attributes
    ----------
    steps : ndarray (K,)
        Environment steps of each run so far, at each row.
    payoffs, rewards, rates : ndarray (K, R, N)
        Means over the episodes that ended since the row before: summed payoffs and rewards, and mean rates. NaN where
        none ended.
    episodes : ndarray (K, R)
        How many those were. Copies begin together and mostly end together, so that rows are means of very unlike
        numbers of episodes.
    metrics : dict of str to ndarray (K, R)
        What the algorithm reports.
    """

    steps: np.ndarray
    payoffs: np.ndarray
    rewards: np.ndarray
    rates: np.ndarray
    episodes: np.ndarray
    metrics: dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainedPopulation:
    """What `learn` returns.

    Attributes
    ----------
    games : tuple of Game
        Each run's, in its reward mode.
    algorithm : str
    settings : dict
        Its hyper-parameters.
    runs : tuple of Run
    learners : tuple of int
        The agents that learnt.
    shared : bool
        Whether they share one network (`share_parameters`).
    steps : int
        Environment steps of each run.
    curves : Curves
    arrays : tuple of dict of str to ndarray
        Each run's trained policy.
    about : tuple of dict
        What its file says besides.
    optimum : float or None
        The open-loop optimum of the summed payoffs, if it was asked for.
    finished : bool
        False after an interrupt.
    seconds : dict of str to float
        Processor time spent on ``collect`` (playing) and ``update``, and on everything, ``total``; compiling included.
    """

    games: tuple[Game, ...]
    algorithm: str
    settings: dict[str, Any]
    runs: tuple[Run, ...]
    learners: tuple[int, ...]
    shared: bool
    steps: int
    curves: Curves
    arrays: tuple[dict[str, np.ndarray], ...]
    about: tuple[dict[str, Any], ...]
    optimum: float | None
    finished: bool
    seconds: dict[str, float]

    def efficiency(self) -> np.ndarray:
        """Summed payoffs over the open-loop optimum, (K, R); NaN without an optimum."""
        optimum = np.nan if self.optimum is None else self.optimum
        ratio: np.ndarray = self.curves.payoffs.sum(axis=2) / optimum
        return ratio

    def final_efficiency(self, run: int, share: float = 0.1) -> float | None:
        """A run's mean efficiency over the episodes of its last steps; None where none ended, or without an optimum.

        Parameters
        ----------
        run : int
            Its index in `runs`.
        share : float
            Of the steps.
        """
        late = self.curves.steps > (1.0 - share) * self.steps
        weights, values = self.curves.episodes[late, run], self.efficiency()[late, run]
        known = np.isfinite(values)
        if not known.any():
            return None
        return float(np.average(values[known], weights=weights[known]))

    def find(self, seed: int | None = None, reward_mode: str | None = None, **values: float) -> list[int]:
        """Indices of the runs that have these properties."""
        return [
            k
            for k, run in enumerate(self.runs)
            if seed in (None, run.seed)
            and reward_mode in (None, run.reward_mode)
            and all(run.values.get(name, self.settings.get(name)) == value for name, value in values.items())
        ]

    def describe(self, run: int) -> dict[str, Any]:
        """What the file of a run's policy says of it."""
        game = self.games[run]
        return {
            **describe_game(game),
            "parameters": game.parameters.to_dict(),
            "reward_mode": game.reward_mode,
            "reward_numbers": game.mode.named_numbers,
            "algorithm": self.algorithm,
            "settings": {**self.settings, **self.runs[run].values},
            "seed": self.runs[run].seed,
            "steps": self.steps,
            "learners": list(self.learners),
            "shared": self.shared,
            **self.about[run],
        }

    def policy(self, run: int = 0, game: Game | None = None) -> TrainedPolicy:
        """A run's policy, as it is played from its file.

        Parameters
        ----------
        run : int
            Its index in `runs`.
        game : Game, optional
            What it will play; what it was trained on by default.
        """
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            path = write_policy(Path(folder) / self.file_name(run), self.arrays[run], self.describe(run))
            return TrainedPolicy(game or self.games[run], path)

    def file_name(self, run: int) -> str:
        """Of a run's policy, such as ``IPPO-private-seed3.safetensors``."""
        return f"{self.algorithm}-{self.runs[run].name}{SUFFIX}"

    def save(self, folder: str | Path) -> list[Path]:
        """Write every run's policy, the curves (``curves.csv``) and ``population.json`` into a folder.

        Returns
        -------
        list of Path
            The policies' files, in the order of `runs`.
        """
        home = Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        files = [
            write_policy(home / self.file_name(run), self.arrays[run], self.describe(run))
            for run in range(len(self.runs))
        ]
        write_curves(home / "curves.csv", self)
        about = {
            "format": FORMAT,
            "environment": self.games[0].id,
            "algorithm": self.algorithm,
            "settings": self.settings,
            "steps": self.steps,
            "finished": self.finished,
            "share_parameters": self.shared,
            "optimum": self.optimum,
            "processor_seconds": self.seconds,
            "runs": [
                {**asdict(run), "file": path.name, "efficiency": self.final_efficiency(k)}
                for k, (run, path) in enumerate(zip(self.runs, files, strict=True))
            ],
        }
        (home / "population.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        return files


def columns(population: TrainedPopulation) -> list[str]:
    """Of the CSV log: one row for each run at each logged step."""
    agents = population.games[0].agents
    own = [f"{name} {agent}" for name in CURVES for agent in agents]
    return ["steps", "run", "seed", "reward_mode", *population.runs[0].values, "efficiency", *own,
            "episodes", *population.curves.metrics]  # fmt: skip


def write_curves(path: Path, population: TrainedPopulation) -> None:
    """The curves as a table in CSV; empty cells where no episode ended."""
    curves, efficiency = population.curves, population.efficiency()

    def cell(value: float) -> str:
        return format(value, ".9g") if np.isfinite(value) else ""

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns(population))
        for row, steps in enumerate(curves.steps):
            for k, run in enumerate(population.runs):
                parts = (curves.payoffs[row, k], curves.rewards[row, k], curves.rates[row, k])
                numbers = [efficiency[row, k], *np.concatenate(parts)]
                numbers += [curves.episodes[row, k], *(metric[row, k] for metric in curves.metrics.values())]
                values = [format(value, "g") for value in run.values.values()]
                writer.writerow(
                    [int(steps), run.name, run.seed, run.reward_mode, *values, *(cell(float(x)) for x in numbers)]
                )


def read_population(folder: str | Path) -> dict[str, Any]:
    """What ``population.json`` in a folder says.

    Raises
    ------
    FileNotFoundError, BrokenFile
        There is none, or it is another's.
    """
    path = Path(folder) / "population.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise BrokenFile(f"{path}: not JSON") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise BrokenFile(f"{path}: not a population that coopetition wrote as {FORMAT}")
    return about
