"""What a study runs: jobs, and three scales of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from coopetition.games.parameters import choose, nearest
from coopetition.registration import ENVIRONMENT_IDS

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


@dataclass(frozen=True)
class Scale:
    """How much of the study is run.

    Attributes
    ----------
    name : str
    environments : tuple of str
        Ids; those of the strong presets are ids of their own.
    algorithms, modes : tuple of str
    seeds, audited : tuple of int
        Training seeds, and those whose policies are audited and play each other.
    steps, memory_steps : int
        Environment steps of a run, for learners from what they play and for learners from memory.
    episodes : int
        Played to evaluate one policy.
    drawn_seeds : int
        Evaluations of a reference policy that draws.
    thorough : bool
        Whether best deviations are searched for by climbing.
    teams : int
        Mixed teams that are drawn for cross-play, an environment and mode.
    settings : dict
        Hyper-parameters that differ from the learners' own, such as widths of networks.
    """

    name: str
    environments: tuple[str, ...] = ENVIRONMENT_IDS
    algorithms: tuple[str, ...] = ALGORITHMS
    modes: tuple[str, ...] = MODES
    seeds: tuple[int, ...] = tuple(range(7))
    audited: tuple[int, ...] = (0, 1, 2)
    steps: int = 100_000
    memory_steps: int = 30_000
    episodes: int = 8
    drawn_seeds: int = 7
    thorough: bool = True
    teams: int = 50
    settings: dict[str, Any] = field(default_factory=dict)


def strong_ids() -> tuple[str, ...]:
    """The ids of the strong presets, as far as they are registered."""
    from coopetition.envs import ENVIRONMENTS

    known = [name for name in ENVIRONMENTS if name not in ENVIRONMENT_IDS]
    return tuple(name for name in known if name.removesuffix("-v0").endswith("Strong"))


def scales() -> dict[str, Scale]:
    """The scales by name: of minutes, of an hour or so, and the whole."""
    return {
        "smoke": Scale(
            "smoke",
            environments=("TrustDilemma-v0", "PublicGoods-v0"),
            algorithms=("IPPO", "REINFORCE"),
            seeds=(0, 1),
            audited=(0,),
            steps=4_096,
            memory_steps=4_096,
            episodes=2,
            drawn_seeds=2,
            thorough=False,
            teams=4,
        ),
        "standard": Scale("standard", seeds=(0, 1, 2), audited=(0,), steps=50_000, memory_steps=15_000, thorough=False),
        "full": Scale("full", environments=(*strong_ids(), *ENVIRONMENT_IDS)),
    }


@dataclass(frozen=True)
class Job:
    """One unit of work, which writes one shard.

    Attributes
    ----------
    kind : {"train", "reference", "crossplay", "scenarios"}
    environment : str
        An id.
    algorithm : str
        Of a training job, else empty.
    modes, seeds, audited, steps, episodes, drawn_seeds, thorough, teams
        As for `Scale`.
    settings : dict
        Hyper-parameters that were asked for.
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
    thorough: bool = False
    teams: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
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
        tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **tuples})

    def cost(self) -> float:
        """A rough guess of what it costs, in environment steps of a two-agent learner: jobs are sent longest first."""
        from coopetition.api.make import make_game

        agents = make_game(self.environment).n
        if self.kind == "train":
            weight = 8.0 if self.algorithm in FROM_MEMORY else 1.0
            runs = len(self.seeds) * len(self.modes)
            return weight * runs * self.steps * agents / 2.0 + (2e5 if self.thorough else 2e4) * agents
        return 1e5 * agents * len(self.modes)


def left_out(algorithm: str, environment: str) -> str | None:
    """Why an algorithm does not train on an environment; None if it does."""
    from coopetition.api.make import make_game
    from coopetition.baselines.learning.algorithm import find_algorithm
    from coopetition.baselines.learning.task import Task

    game = make_game(environment)
    found = find_algorithm(algorithm)
    settings = found.Settings()
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
                steps = scale.memory_steps if algorithm in FROM_MEMORY else scale.steps
                jobs.append(
                    Job(
                        "train",
                        environment,
                        algorithm,
                        scale.modes,
                        scale.seeds,
                        scale.audited,
                        steps,
                        scale.episodes,
                        thorough=scale.thorough,
                        settings=dict(scale.settings),
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
        for environment in scale.environments
        for kind in ("crossplay", "scenarios")
    ]


def exclusions(scale: Scale) -> Iterable[tuple[str, str, str]]:
    """(algorithm, environment, reason) of the cells that do not exist."""
    for environment in scale.environments:
        for algorithm in scale.algorithms:
            reason = left_out(algorithm, environment)
            if reason is not None:
                yield algorithm, environment, reason
