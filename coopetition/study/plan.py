"""What a study runs: jobs, and scales of them.

Scales are data (``scales.json``): which games, learners and seeds, and how many steps. So are the hyper-parameters that
the search of `search` chose (``settings.json``), which every training job carries, and is named by.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from coopetition.games.parameters import choose, nearest
from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS

HERE = Path(__file__).parent

MODES = ("private", "integrated", "cooperative")
#: In the order in which they are run; the later ones need the networks of the first.
KINDS = ("train", "reference", "crossplay", "scenarios")
#: The names that `learn` knows, as the platform's paper counts them.
ALGORITHMS = (
    "IPPO",
    "IA2C",
    "ISAC",
    "REINFORCE",
    "LOLA",
    "SelfPlay_PPO",
    "FCP",
    "MAPPO",
    "MADDPG",
    "MATD3",
    "M3DDPG",
    "MASAC",
    "COMA",
    "QMIX",
    "VDN",
    "MeanFieldAC",
)
#: Those that keep a replay make many more updates a step.
FROM_MEMORY = ("ISAC", "MADDPG", "MATD3", "M3DDPG", "MASAC", "QMIX", "VDN", "MeanFieldAC")


@cache
def chosen_settings(path: Path = HERE / "settings.json") -> dict[str, dict[str, Any]]:
    """Hyper-parameters by learner, as a search chose them; learners that are not named keep their own.

    Raises
    ------
    ValueError
        The file is no such table, or names a learner that there is not.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        chosen = {name: dict(values) for name, values in found["chosen"].items()}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        raise ValueError(f'{path}: not a table of settings: {{"chosen": {{"IPPO": {{...}}}}}}') from None
    for name in chosen:
        choose("algorithm", name, ALGORITHMS)
    return chosen


@dataclass(frozen=True)
class Scale:
    """How much of the study is run.

    Attributes
    ----------
    name : str
    environments : tuple of str
        Ids; those of the strong presets are ids of their own, and come first where both are asked for.
    algorithms, modes : tuple of str
    seeds, audited : tuple of int
        Training seeds, and those whose policies are audited and play each other.
    steps : dict of str to int
        Environment steps of a run, by ``learner`` or ``learner/environment``, with ``*``; the first that fits counts.
        ``memory`` fits all learners from memory.
    episodes : int
        Played to evaluate one policy.
    drawn_seeds : int
        Evaluations of a reference policy that draws, or in a game that does; a learner is evaluated there on as many
        episodes as these have together.
    climbed : tuple of int
        Audited seeds whose best deviations are searched for by climbing too, which takes ten times as long.
    teams : int
        Mixed teams that are drawn for cross-play, an environment and mode.
    settings : dict
        Hyper-parameters that all learners get, whatever was chosen, such as widths of networks.
    chosen : dict of str to dict
        Hyper-parameters by learner.
    """

    name: str
    environments: tuple[str, ...] = ENVIRONMENT_IDS
    algorithms: tuple[str, ...] = ALGORITHMS
    modes: tuple[str, ...] = MODES
    seeds: tuple[int, ...] = tuple(range(7))
    audited: tuple[int, ...] = (0, 1, 2)
    steps: Mapping[str, int] = field(default_factory=lambda: {"memory": 30_000, "*": 100_000})
    episodes: int = 8
    drawn_seeds: int = 7
    climbed: tuple[int, ...] = (0, 1, 2)
    teams: int = 50
    settings: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=chosen_settings)

    def steps_of(self, algorithm: str, environment: str) -> int:
        """Environment steps of a run.

        Raises
        ------
        ValueError
            No pattern fits.
        """
        for pattern, steps in self.steps.items():
            learner, _, game = pattern.partition("/")
            fits = algorithm in FROM_MEMORY if learner == "memory" else fnmatch.fnmatch(algorithm, learner)
            if fits and fnmatch.fnmatch(environment, game or "*"):
                return int(steps)
        raise ValueError(f"scale {self.name!r} does not say how many steps {algorithm} takes on {environment}")

    def settings_of(self, algorithm: str, environment: str) -> dict[str, Any]:
        """Hyper-parameters of a learner on an environment that differ from its own."""
        return fitting(algorithm, environment, {**self.chosen.get(algorithm, {}), **self.settings})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scale:
        """A scale from plain values; of environments, ``strong`` and ``published`` name twenty each.

        Raises
        ------
        ValueError
            A name that a scale does not have, with the nearest.
        """
        known = [one.name for one in fields(cls)]
        groups = {"strong": STRONG_IDS, "published": ENVIRONMENT_IDS}
        given: dict[str, Any] = {}
        for name, value in values.items():
            choose("field of a scale", name, known)
            if name in ("seeds", "audited", "climbed") and isinstance(value, int):
                value = range(value)
            if name == "environments":
                value = [one for part in value for one in groups.get(part, (part,))]
            given[name] = value if isinstance(value, Mapping | str) or not isinstance(value, Iterable) else tuple(value)
        return cls(**given)


@cache
def scales() -> dict[str, Scale]:
    """The scales by name: of minutes, of hours, and the whole."""
    found = json.loads((HERE / "scales.json").read_text(encoding="utf-8"))
    return {name: Scale.from_dict({"name": name, **values}) for name, values in found.items()}


@dataclass(frozen=True)
class Job:
    """One unit of work, which writes one shard.

    Attributes
    ----------
    kind : {"train", "reference", "crossplay", "scenarios", "settings", "longer"}
    environment : str
        An id.
    algorithm : str
        Of a job that trains, else empty.
    modes, seeds, audited, climbed, episodes, drawn_seeds, teams
        As for `Scale`.
    steps : int
        Environment steps of a run.
    settings : dict
        Hyper-parameters that were asked for.
    sweep : dict of str to tuple of float
        Hyper-parameters that take several values, of a search for settings.
    inputs : tuple of str
        Names of the shards whose networks it reads.
    """

    kind: str
    environment: str
    algorithm: str = ""
    modes: tuple[str, ...] = MODES
    seeds: tuple[int, ...] = ()
    audited: tuple[int, ...] = ()
    steps: int = 0
    episodes: int = 1
    drawn_seeds: int = 1
    climbed: tuple[int, ...] = ()
    teams: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, tuple[float, ...]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """For people and file names, such as ``train-IPPO-SLCD-v0``."""
        return "-".join(part for part in (self.kind, self.algorithm, self.environment) if part)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Job:
        """The inverse, after JSON."""
        tuples: dict[str, Any] = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        sweep = {name: tuple(options) for name, options in values.get("sweep", {}).items()}
        return cls(**{**values, **tuples, "sweep": sweep})

    @property
    def strong(self) -> bool:
        """Whether its environment is a strong preset's."""
        return self.environment.endswith("Strong-v0")

    def cost(self) -> float:
        """What it takes, in processor seconds as `estimates` has it: jobs are sent longest first."""
        from coopetition.study.estimates import seconds_of

        return seconds_of(self)


def fitting(algorithm: str, environment: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters with which a learner fits an environment's number of agents.

    Self-play gives every seat the same number of copies, and FCP every team: copies are rounded up to a multiple.
    """
    made = dict(settings)
    from coopetition.api.make import make_game
    from coopetition.baselines.learning.algorithm import find_algorithm

    found = find_algorithm(algorithm)
    own: Any = replace(found.Settings(), **made)
    whole = found.copies_multiple(own, make_game(environment).n)
    copies = -(-own.copies // whole) * whole
    return made if copies == own.copies else {**made, "copies": copies}


@cache
def left_out(algorithm: str, environment: str) -> str | None:
    """Why an algorithm does not train on an environment; None if it does."""
    from coopetition.api.make import make_game
    from coopetition.baselines.learning.algorithm import find_algorithm
    from coopetition.baselines.learning.task import Task

    game = make_game(environment)
    found = find_algorithm(algorithm)
    settings: Any = found.Settings(**fitting(algorithm, environment, {}))
    try:
        found(Task.of(game, tuple(range(game.n)), settings.copies, None), settings)
    except ValueError as reason:
        return str(reason)
    return None


def restrict(scale: Scale, only: Sequence[str]) -> Scale:
    """Part of a scale.

    Parameters
    ----------
    scale : Scale
    only : sequence of str
        Names of algorithms, environments or modes, with ``*`` and ``?``; of several of one sort any counts.

    Raises
    ------
    ValueError
        A name that fits nothing, with the nearest.
    """
    sorts = {"algorithms": scale.algorithms, "environments": scale.environments, "modes": scale.modes}
    chosen: dict[str, list[str]] = {}
    for pattern in only:
        hits = {sort: fnmatch.filter(names, pattern) for sort, names in sorts.items()}
        if not any(hits.values()):
            names = [name for group in sorts.values() for name in group]
            raise ValueError(f"--only {pattern!r} fits no algorithm, environment or mode{nearest(pattern, names)}")
        for sort, found in hits.items():
            if found:
                chosen.setdefault(sort, []).extend(found)
    kept = {sort: tuple(name for name in sorts[sort] if name in found) for sort, found in chosen.items()}
    return replace(scale, **kept)  # type: ignore[arg-type]


def find_scale(name: str) -> Scale:
    """A scale by name.

    Raises
    ------
    ValueError
        There is none, with the nearest.
    """
    known = scales()
    return known[choose("scale", name, known)]


def first_jobs(scale: Scale) -> list[Job]:
    """Training and reference jobs: those that need no other."""
    jobs = []
    for environment in scale.environments:
        for algorithm in scale.algorithms:
            if left_out(algorithm, environment) is None:
                jobs.append(
                    Job(
                        "train",
                        environment,
                        algorithm,
                        scale.modes,
                        scale.seeds,
                        scale.audited,
                        scale.steps_of(algorithm, environment),
                        scale.episodes,
                        scale.drawn_seeds,
                        climbed=scale.climbed,
                        settings=scale.settings_of(algorithm, environment),
                    )
                )
        jobs.append(
            Job("reference", environment, modes=scale.modes, episodes=scale.episodes, drawn_seeds=scale.drawn_seeds)
        )
    return jobs


def second_jobs(scale: Scale, trained: dict[str, tuple[str, ...]]) -> list[Job]:
    """Cross-play and scenarios, which read the networks of training jobs.

    Parameters
    ----------
    scale : Scale
    trained : dict of str to tuple of str
        Environment: names of its training shards that there are.
    """
    return [job for environment in scale.environments for job in jobs_after(scale, environment, trained)]


def jobs_after(scale: Scale, environment: str, trained: Mapping[str, tuple[str, ...]]) -> list[Job]:
    """Cross-play and scenarios of one environment."""
    return [
        Job(
            kind,
            environment,
            modes=scale.modes,
            audited=scale.audited,
            episodes=scale.episodes,
            teams=scale.teams if kind == "crossplay" else 0,
            inputs=tuple(sorted(trained.get(environment, ()))),
        )
        for kind in ("crossplay", "scenarios")
    ]


def exclusions(scale: Scale) -> Iterable[tuple[str, str, str]]:
    """(algorithm, environment, reason) of the cells that do not exist."""
    for environment in scale.environments:
        for algorithm in scale.algorithms:
            reason = left_out(algorithm, environment)
            if reason is not None:
                yield algorithm, environment, reason
