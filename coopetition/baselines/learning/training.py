"""`learn`: a population of runs, from an environment's id to trained policies."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.baselines.learning.algorithm import Algorithm, find_algorithm, sweepable
from coopetition.baselines.learning.checkpoint import read_checkpoint, write_checkpoint
from coopetition.baselines.learning.collector import Collector
from coopetition.baselines.learning.networks import stack_trees
from coopetition.baselines.learning.population import Curves, Run, TrainedPopulation, make_runs
from coopetition.baselines.learning.programs import Programs, phases
from coopetition.baselines.learning.progress import progress_bar, tensorboard
from coopetition.baselines.learning.task import Task
from coopetition.baselines.learning.xla import jax, jnp
from coopetition.baselines.players import as_game
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters, nearest
from coopetition.games.rewards import RewardMode

#: Rows of a training's curves, about.
ROWS = 200
#: Seconds between checkpoints.
CHECKPOINT_SECONDS = 60.0


def learn(
    environment: str | Parameters,
    algorithm: str = "IPPO",
    *,
    reward_mode: Any = "integrated",
    steps: int = 200_000,
    seeds: int | Sequence[int] = 1,
    settings: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Sequence[float]] | None = None,
    share_parameters: bool | None = None,
    control: str | Sequence[str] | None = None,
    partners: str | Mapping[str, str] = "tit_for_tat",
    folder: str | Path | None = None,
    resume: bool = False,
    progress: bool = False,
    tensorboard_folder: str | Path | None = None,
    measure_efficiency: bool = True,
    **options: Any,
) -> TrainedPopulation:
    """Train a population: seeds x reward modes x values of hyper-parameters, at once.

    Each run depends on its own seed alone. The same call gives the same bits on one machine.

    Parameters
    ----------
    environment : str or Parameters
        Such as ``"TrustDilemma-v0"``.
    algorithm : str
        One of `coopetition.baselines.learning.algorithms()`.
    reward_mode : str or RewardMode, a sequence of these, or array_like (N, N)
        Which reward layers to train under: names, or modes with numbers of their own, such as
        ``InequityAverse(alpha=0.8, beta=0.3)``; of a matrix, one. What is given twice is trained once.
    steps : int
        Environment steps of each run, rounded up to whole trajectories of all its copies.
    seeds : int or sequence of int
        How many runs, seeded 0, 1, ..., or their seeds.
    settings : dict, optional
        Hyper-parameters, instead of the algorithm's defaults.
    sweep : dict of str to sequence of float, optional
        Hyper-parameters that take several values, in all combinations.
    share_parameters : bool, optional
        Whether all agents share one network, which sees the agent's index; by default from eleven agents on.
    control : str or sequence of str, optional
        The agents that learn; all by default.
    partners : str, or dict of str to str
        Who plays the others: a policy's name or file, or one for each agent.
    folder : path, optional
        Where checkpoints (once a minute, and when interrupted), curves and policies are written.
    resume : bool
        Go on from the checkpoint in `folder`, bit for bit as if there had been no interruption.
    progress : bool
        Show a bar, on a terminal.
    tensorboard_folder : path, optional
        Where to write event files.
    measure_efficiency : bool
        Relate payoffs to the open-loop optimum, which takes seconds for other parameters than the defaults.
    **options
        ``observation``, and any parameter of the environment.

    Returns
    -------
    TrainedPopulation
        After Ctrl-C too: it ends the trajectory, writes a checkpoint, and returns what there is (`finished` is False).

    Raises
    ------
    ValueError, TypeError
        Unknown names, with the nearest match; numbers out of their domain; an algorithm that cannot play the game.
    ImportError
        The extra ``learn`` is not installed.

    Examples
    --------
    >>> from coopetition.baselines.learning import learn
    >>> found = learn("TrustDilemma-v0", "IPPO", steps=2048, seeds=2, measure_efficiency=False)
    >>> len(found.runs), found.policy(run=0)
    (2, <TrainedPolicy IPPO-integrated-seed0 for TrustDilemma-v0>)
    """
    training = Training(
        environment, algorithm, reward_mode, steps, seeds, settings, sweep, share_parameters, control, partners, options
    )
    optimum = _optimum(training.games[0]) if measure_efficiency else None
    return training.run(None if folder is None else Path(folder), resume, progress, tensorboard_folder, optimum)


def _optimum(game: Game) -> float | None:
    """The open-loop optimum of summed payoffs."""
    from coopetition.oracles import NotConverged, yardstick

    if game.axes > 1:  # sequences of two numbers are not searched
        return None
    try:
        return float(yardstick(game, "private").optimum)
    except NotConverged:
        return None


def make_settings(cls: type, given: Mapping[str, Any]) -> Any:
    """Hyper-parameters from values by name.

    Raises
    ------
    ValueError, TypeError
        An unknown name, with the nearest match; a value of another kind; a number that is not finite.
    """
    known = {field.name: field for field in fields(cls)}
    chosen: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"unknown hyper-parameter {name!r}; allowed: {', '.join(known)}{nearest(name, known)}")
        kind = str(known[name].type)
        if kind == "float":
            chosen[name] = float(value)
            if not math.isfinite(chosen[name]):
                raise ValueError(f"{name} = {value!r}: expected a finite number")
        elif kind == "int":
            if isinstance(value, bool) or int(value) != value or int(value) < 1:
                raise ValueError(f"{name} = {value!r}: expected a positive integer")
            chosen[name] = int(value)
        elif kind.startswith("tuple"):
            chosen[name] = tuple(int(width) for width in value)
            if not chosen[name] or min(chosen[name]) < 1:
                raise ValueError(f"{name} = {value!r}: expected positive integers")
        else:
            chosen[name] = str(value) if kind == "str" else value
    return cls(**chosen)


def _seed_list(seeds: int | Sequence[int]) -> list[int]:
    listed = list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not listed or min(listed) < 0 or max(listed) >= 2**32 or len(set(listed)) < len(listed):
        raise ValueError(f"seeds = {seeds!r}: expected a number of seeds, or different integers from 0 to 2**32 - 1")
    return listed


class Training:
    """One call of `learn`: what was asked for, checked, and the loop that does it.

    Parameters
    ----------
    environment, algorithm, ..., options
        As for `learn`.

    Attributes
    ----------
    runs : tuple of Run
    games : list of Game
        Each run's.
    task : Task
    learner : Algorithm
    """

    def __init__(
        self,
        environment: str | Parameters,
        algorithm: str,
        reward_mode: Any,
        steps: int,
        seeds: int | Sequence[int],
        settings: Mapping[str, Any] | None = None,
        sweep: Mapping[str, Sequence[float]] | None = None,
        share_parameters: bool | None = None,
        control: str | Sequence[str] | None = None,
        partners: str | Mapping[str, str] = "tit_for_tat",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        cls = find_algorithm(algorithm)
        one = isinstance(reward_mode, str | RewardMode)
        several = not one and all(isinstance(mode, str | RewardMode) for mode in reward_mode)
        modes = list(dict.fromkeys(reward_mode)) if several else [reward_mode]
        distinct: dict[RewardMode, Game] = {}
        for mode in modes:
            game = as_game(environment, {**(options or {}), "reward_mode": mode})
            distinct.setdefault(game.mode, game)
        by_mode = list(distinct.values())
        labels = [str(game.mode) for game in by_mode]
        self._read_sweep(cls, sweep or {})
        self.settings = make_settings(cls.Settings, settings or {})
        self.runs: tuple[Run, ...] = make_runs(_seed_list(seeds), labels, self.sweep)
        self.games = [by_mode[labels.index(run.reward_mode)] for run in self.runs]
        game = self.games[0]
        learners = self._read_learners(game, control)
        self.partners = self._read_partners(game, learners, partners)
        if "copies" not in (settings or {}):
            whole = cls.copies_multiple(self.settings, len(learners))
            self.settings = replace(self.settings, copies=-(-self.settings.copies // whole) * whole)
        self.task = Task.of(game, learners, self.settings.copies, share_parameters)
        self._phases = phases(cls, self.task, self.settings, tuple(self.sweep))
        self.learner: Algorithm = self._phases.learner
        if int(steps) < 1:
            raise ValueError(f"steps = {steps!r}: expected at least 1")
        self.per_iteration = self.settings.copies * self.settings.length
        self.iterations = -(-int(steps) // self.per_iteration)
        self.log_every = max(1, self.iterations // ROWS)
        #: Every hyper-parameter that is a float, one value a run.
        self.values = replace(
            self.settings,
            **{
                name: jnp.array([run.values.get(name, getattr(self.settings, name)) for run in self.runs], jnp.float32)
                for name in sweepable(cls.Settings)
            },
        )
        self.keys = jax.vmap(jax.random.key)(jnp.array([run.seed for run in self.runs], dtype=jnp.uint32))

    def _read_sweep(self, cls: type[Algorithm], sweep: Mapping[str, Sequence[float]]) -> None:
        allowed = sweepable(cls.Settings)
        self.sweep: dict[str, list[float]] = {}
        for name, values in sweep.items():
            if name not in allowed:
                raise ValueError(f"cannot sweep {name!r}; allowed: {', '.join(allowed)}{nearest(name, allowed)}")
            self.sweep[name] = [float(value) for value in values]
            if not self.sweep[name] or not np.isfinite(self.sweep[name]).all():
                raise ValueError(f"sweep of {name}: expected finite numbers, not {values!r}")

    @staticmethod
    def _read_learners(game: Game, control: str | Sequence[str] | None) -> tuple[int, ...]:
        if control is None:
            return tuple(range(game.n))
        names = [control] if isinstance(control, str) else list(control)
        for name in names:
            if name not in game.agents:
                raise ValueError(
                    f"control names {name!r}, which is not an agent of {game.id}: {', '.join(game.agents)}"
                    f"{nearest(name, game.agents)}"
                )
        if not names:
            raise ValueError("control: expected at least one agent")
        return tuple(sorted({game.agents.index(name) for name in names}))

    @staticmethod
    def _read_partners(game: Game, learners: tuple[int, ...], partners: str | Mapping[str, str]) -> dict[int, str]:
        others = {i: game.agents[i] for i in range(game.n) if i not in learners}
        if isinstance(partners, str):
            return dict.fromkeys(others, partners)
        missing = [name for name in others.values() if name not in partners]
        unknown = [name for name in partners if name not in others.values()]
        if missing or unknown:
            raise ValueError(f"partners must name the agents that do not learn: {', '.join(others.values())}")
        return {i: partners[name] for i, name in others.items()}

    def programs(self, iteration: int) -> Programs:
        """Who learns in an iteration, how everybody acts, and how everybody is updated."""
        return self._phases.programs(iteration, self.iterations)

    def init(self) -> Any:
        """States of all runs before they learn, each from its own seed."""
        states = []
        for run in self.runs:
            values = replace(self.settings, **{name: run.values[name] for name in run.values})
            states.append(self.learner.init(np.random.default_rng([run.seed, 0]), values))
        return jax.tree.map(jnp.asarray, stack_trees(states))

    def collector(self) -> Collector:
        """Fresh environments."""
        return Collector(
            self.games,
            [run.seed for run in self.runs],
            self.task,
            self.settings.length,
            self.partners,
            self.learner.needs_joint,
        )

    @property
    def request(self) -> dict[str, Any]:
        """What is trained, in JSON: what a checkpoint must agree with."""
        game = self.games[0]
        return {
            "environment": game.id,
            "parameters": game.parameters.to_dict(),
            "observation": game.observation,
            "algorithm": self.learner.name,
            "settings": asdict(self.settings),
            "runs": [asdict(run) for run in self.runs],
            "weights": None if game.mutuality is None else game.mutuality.tolist(),
            "learners": list(self.task.learners),
            "partners": {game.agents[i]: name for i, name in self.partners.items()},
            "shared": self.task.shared,
            "steps": self.iterations * self.per_iteration,
        }

    # --- the loop

    def run(
        self,
        folder: Path | None = None,
        resume: bool = False,
        progress: bool = False,
        tensorboard_folder: str | Path | None = None,
        optimum: float | None = None,
    ) -> TrainedPopulation:
        """Train, and return what came of it; the parameters are those of `learn`."""
        if resume and folder is None:
            raise ValueError("resume=True needs the folder of a checkpoint")
        started = time.process_time()
        spent = {"collect": 0.0, "update": 0.0}
        state, collector = self.init(), self.collector()
        rows: list[dict[str, np.ndarray]] = []
        done = 0
        if resume:
            assert folder is not None
            state, host = read_checkpoint(folder, self.request, state)
            collector.restore(host["collector"])
            done, rows, self.log_every = host["iteration"], host["rows"], host["log_every"]
        else:
            collector.reset()
        saved = time.monotonic()
        with ExitStack() as stack:
            what = f"{self.learner.name} on {self.games[0].id}"
            bar = stack.enter_context(progress_bar(what, self.runs, self.iterations * self.per_iteration, progress))
            board = stack.enter_context(tensorboard(tensorboard_folder, self.runs))
            interrupted = stack.enter_context(_interrupts())
            while done < self.iterations and not interrupted.is_set():
                state, metrics = self._iterate(state, collector, done, spent)
                done += 1
                if done % self.log_every == 0 or done == self.iterations:
                    row = self._row(collector, metrics, done, optimum)
                    rows.append(row)
                    told = {name: value for name, value in row.items() if name != "steps"}
                    bar(int(row["steps"]), told)
                    board(int(row["steps"]), told)
                if folder is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._keep(folder, state, collector, done, rows)
                    saved = time.monotonic()
            if folder is not None:
                self._keep(folder, state, collector, done, rows)
        spent["total"] = time.process_time() - started
        population = self._population(state, rows, done, optimum, spent)
        if folder is not None:
            population.save(folder)
        return population

    def _iterate(
        self, state: Any, collector: Collector, iteration: int, spent: dict[str, float]
    ) -> tuple[Any, dict[str, np.ndarray]]:
        """One trajectory, and one update."""
        number = np.uint32(iteration)
        learner, act, update = self.programs(iteration)
        acting = learner.acting(state)
        before = time.process_time()
        data = collector.collect(
            lambda observations, step: act(acting, observations, self.keys, self.values, number, np.uint32(step))
        )
        between = time.process_time()
        state, metrics = update(state, data, self.keys, self.values, number, np.float32(self.iterations))
        # The arrays of the trajectory may be read in place: nothing is played before the update is through.
        jax.block_until_ready(state)
        spent["collect"] += between - before
        spent["update"] += time.process_time() - between
        return state, metrics

    def _row(
        self, collector: Collector, metrics: Mapping[str, Any], done: int, optimum: float | None
    ) -> dict[str, np.ndarray]:
        """One row of the curves: means over the episodes that ended since the last."""
        episodes = collector.episodes
        with np.errstate(invalid="ignore", divide="ignore"):
            count = np.where(episodes["count"] > 0, episodes["count"], np.nan)[:, np.newaxis]
            payoffs = episodes["payoffs"] / count
            row = {
                "steps": np.array(done * self.per_iteration),
                "payoffs": payoffs,
                "rewards": episodes["rewards"] / count,
                "rates": episodes["rates"] / episodes["length"][:, np.newaxis],
                "efficiency": payoffs.sum(axis=1) / (np.nan if optimum is None else optimum),
                "episodes": episodes["count"].copy(),
                **{name: np.asarray(value, dtype=np.float64) for name, value in metrics.items()},
            }
        collector.forget()
        return row

    def _keep(
        self, folder: Path, state: Any, collector: Collector, done: int, rows: list[dict[str, np.ndarray]]
    ) -> None:
        host = {"iteration": done, "rows": rows, "log_every": self.log_every, "collector": collector.snapshot()}
        write_checkpoint(folder, self.request, state, host)

    def _population(
        self, state: Any, rows: list[dict[str, np.ndarray]], done: int, optimum: float | None, spent: dict[str, float]
    ) -> TrainedPopulation:
        own = ("steps", "payoffs", "rewards", "rates", "efficiency", "episodes")
        n = self.games[0].n

        def stack(name: str, *agents: int) -> np.ndarray:
            return np.stack([row[name] for row in rows]) if rows else np.zeros((0, len(self.runs), *agents))

        curves = Curves(
            np.array([int(row["steps"]) for row in rows], dtype=np.int64),
            stack("payoffs", n),
            stack("rewards", n),
            stack("rates", n),
            stack("episodes"),
            {name: stack(name) for name in (rows[0] if rows else {}) if name not in own},
        )
        host_state = jax.tree.map(np.asarray, state)
        exported = [self.learner.export(jax.tree.map(partial(_pick, k), host_state)) for k in range(len(self.runs))]
        return TrainedPopulation(
            tuple(self.games),
            self.learner.name,
            asdict(self.settings),
            self.runs,
            self.task.learners,
            self.task.shared,
            done * self.per_iteration,
            curves,
            tuple(arrays for arrays, _ in exported),
            tuple(about for _, about in exported),
            optimum,
            done == self.iterations,
            spent,
        )


def _pick(k: int, leaf: np.ndarray) -> np.ndarray:
    return leaf[k]


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; a second one interrupts at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
