"""Recordings: whole episodes of policies as Parquet files with Croissant metadata, for offline learning and sharing.

A recording is a folder of three tables and a description. ``steps`` has a row for each episode, step and agent: what
the agent saw, what it played, what it got, what it saw then. ``states`` has the game's named state at reset and after
each step; ``episodes`` has a row for each. The game, the policies and the seed stand in every file's own metadata, so
that a file says what it is by itself. Needs Polars: the extra ``record``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import coopetition
from coopetition.baselines import EpisodeRecord
from coopetition.baselines.players import Players, Policies, as_game
from coopetition.baselines.record import NOT_RECORDED
from coopetition.batching.batch import Batch
from coopetition.envs import environment_class
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.games.rewards import reward_mode_class

if TYPE_CHECKING:
    import polars as pl

TABLES = ("episodes", "states", "steps")
#: The key of what we say in a Parquet file's metadata, and the version of how it is said.
KEY = "coopetition"
FORMAT = 1
#: Copies that are played at once.
MOST_COPIES = 1024

EPISODE = {
    "episode": "number of the episode, from 0",
    "seed": "seed of the episode's draws and of its policies': the recording's, plus the number",
    "steps": "how many steps it had",
    "terminated": "it ended by the game's own rule, before the horizon",
    "truncated": "it ended at the horizon",
    "outcome": "collapsed, recovered, dissolved, another end that the game names, or empty",
    "returns": "summed rewards of the mode, an agent",
    "payoffs": "summed private payoffs, an agent",
}
STEP = {
    "episode": "number of the episode, from 0",
    "step": "number of the step, from 1",
    "agent": "name of the agent",
    "observation": "what the agent saw before it moved, each in [0, 1]; the file's metadata names the parts",
    "rate": "the cooperation rate that was played, in [0, 1], after any tremble",
    "reward": "reward of the mode",
    "payoff": "private payoff pi_i",
    "utility": "integrated utility U_i",
    "terminated": "the step ended the episode by the game's own rule",
    "truncated": "the step was the last one of the horizon",
    "next_observation": "what the agent saw after the step",
}


def _polars() -> Any:
    try:
        import polars
    except ImportError as error:
        raise ImportError(
            "recordings need polars, which is not installed: pip install 'coopetition[record]'"
        ) from error
    return polars


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """Recorded episodes, as they were read from their files.

    Attributes
    ----------
    path : Path
        The folder.
    game : Game
        What was played.
    policies : tuple of str
        Who played each agent.
    seed : int
        Of the first episode; episode k has ``seed + k``.
    steps, states, episodes : polars.DataFrame
        The tables.
    """

    path: Path
    game: Game
    policies: tuple[str, ...]
    seed: int
    steps: pl.DataFrame
    states: pl.DataFrame
    episodes: pl.DataFrame

    def __len__(self) -> int:
        """How many episodes there are."""
        return self.episodes.height

    def __repr__(self) -> str:
        return f"<Recording {self.path}: {len(self)} episodes of {self.game.id}, {self.steps.height:,} rows>"

    def episode(self, number: int) -> EpisodeRecord:
        """One episode as `coopetition.baselines.record_episode` gives it: the same numbers, bit for bit.

        Raises
        ------
        IndexError
            There is no such episode.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"episode {number} of {len(self)}")
        pl, game = _polars(), self.game
        about = self.episodes.row(number, named=True)
        rows = self.steps.filter(pl.col("episode") == number)
        shape = (about["steps"], game.n)
        columns = {
            name: rows[column].to_numpy().astype(np.float64).reshape(shape)
            for name, column in (
                ("rates", "rate"),
                ("payoffs", "payoff"),
                ("utilities", "utility"),
                ("rewards", "reward"),
            )
        }
        kept = self.states.filter(pl.col("episode") == number)
        states = {}
        for name in kept.columns[2:]:
            kind = game.layout[name]
            values = (
                np.stack([np.asarray(row) for row in kept[name].to_list()]) if kind.shape else kept[name].to_numpy()
            )
            states[name] = values.reshape(about["steps"] + 1, *kind.shape)
        return EpisodeRecord(
            game=game,
            policies=self.policies,
            seed=about["seed"],
            states=states,
            terminated=about["terminated"],
            truncated=about["truncated"],
            outcome=about["outcome"],
            **columns,
        )


def record(
    game: Game | Parameters | str,
    policies: Policies = "tit_for_tat",
    episodes: int = 100,
    path: str | Path = "recording",
    *,
    seed: int = 0,
    creator: str | None = None,
    **options: Any,
) -> Recording:
    """Play episodes and write them to a folder: Parquet files with metadata, and Croissant 1.0.

    Parameters
    ----------
    game : Game, Parameters or str
        What to play; ids take `options`.
    policies : str, policy, or sequence of either
        For all agents, or one for each.
    episodes : int
        How many. Episode k is the one that a single environment with seed ``seed + k`` plays.
    path : str or Path
        The folder, which is made; nothing in it is overwritten.
    seed : int
        Seed of the first episode.
    creator : str, optional
        Who publishes it, for the Croissant metadata.
    **options
        ``reward_mode``, ``observation``, ``preset``, and any parameter of the environment.

    Returns
    -------
    Recording
        Read back from the files.

    Raises
    ------
    ImportError
        Without Polars, with how to install it.
    FileExistsError
        The folder has something in it.
    ValueError, TypeError
        Unknown names, with the nearest match; numbers out of their domain.

    Examples
    --------
    >>> import coopetition
    >>> from tempfile import mkdtemp
    >>> found = coopetition.record("SLCD-v0", ["random", "tit_for_tat"], episodes=3, path=mkdtemp(), seed=5)
    >>> len(found), found.steps.columns[:5]
    (3, ['episode', 'step', 'agent', 'observation', 'rate'])
    >>> found.episode(2).seed
    7
    """
    _polars()
    played = as_game(game, options)
    episodes = checks.count("episodes", episodes)
    seed = checks.count("seed", seed, low=0)
    players = Players(played, policies)
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already, and a recording overwrites nothing")
    parts = []
    for first in range(0, episodes, MOST_COPIES):
        parts.append(_play(played, players, first, min(MOST_COPIES, episodes - first), seed))
    folder.mkdir(parents=True, exist_ok=True)
    about = _about(played, players.names, seed, episodes)
    for table in TABLES:
        frame = _polars().concat([part[table] for part in parts])
        frame.write_parquet(folder / f"{table}.parquet", metadata={KEY: json.dumps(about)})
    _write_croissant(folder, played, about, creator)
    return read_recording(folder)


def read_recording(path: str | Path) -> Recording:
    """Read a recording's folder.

    Raises
    ------
    ImportError
        Without Polars, with how to install it.
    FileNotFoundError
        A table is missing.
    ValueError
        A file that is no part of a recording, or of another one.
    """
    pl, folder = _polars(), Path(path)
    told = []
    for table in TABLES:
        file = folder / f"{table}.parquet"
        if not file.is_file():
            raise FileNotFoundError(f"{folder} has no {table}.parquet, so it is no recording")
        try:
            told.append(json.loads(pl.read_parquet_metadata(file)[KEY]))
        except (KeyError, json.JSONDecodeError, pl.exceptions.ComputeError) as error:
            raise ValueError(f"{file} is no part of a recording: {type(error).__name__} {error}") from None
    about = told[0]
    if any(other != about for other in told):
        raise ValueError(f"the tables in {folder} belong to different recordings")
    if about["format"] != FORMAT:
        raise ValueError(f"{folder} is a recording of format {about['format']}; this version reads {FORMAT}")
    parameters = {name: value for name, value in about["parameters"].items() if name != "id"}
    mode = about["reward_mode"]
    game = Game(
        environment_class(about["environment"]).build(parameters),
        mode["weights"] if "weights" in mode else reward_mode_class(mode["name"])(**mode["numbers"]),
        about["observation"],
    )
    return Recording(
        folder,
        game,
        tuple(about["policies"]),
        about["seed"],
        **{table: pl.read_parquet(folder / f"{table}.parquet") for table in ("steps", "states", "episodes")},
    )


def _play(game: Game, players: Players, first: int, copies: int, seed: int) -> dict[str, pl.DataFrame]:
    """The three tables of some episodes, all played at once."""
    batch = Batch(game, copies, autoreset="disabled")
    observations = batch.reset(seed=seed + first).copy()
    players.reset(seed + first, copies)
    names = [name for name in game.layout if name not in NOT_RECORDED]
    seen, kept = [observations], [_state(batch, names)]
    rows: dict[str, list[np.ndarray]] = {"rates": [], "rewards": [], "payoffs": [], "utilities": []}
    playing, flags = [], []
    while True:
        going = ~(batch.terminated | batch.truncated)
        if not going.any():
            break
        batch.step(players.act(batch.observations))
        playing.append(going)
        flags.append(np.stack([batch.terminated, batch.truncated]).copy())
        seen.append(batch.observations.copy())
        state = batch.state()
        kept.append({name: state[name].copy() for name in names})
        rows["rates"].append(state["rates"].copy())
        for name in ("rewards", "payoffs", "utilities"):
            rows[name].append(getattr(batch, name).copy())
    length = np.sum(playing, axis=0)
    made = {name: np.stack(values, axis=1) for name, values in rows.items()}  # (B, T, N)
    numbers = first + np.arange(copies)
    return {
        "steps": _steps(game, numbers, length, np.stack(seen, axis=1), np.stack(flags, axis=2), made),
        "states": _states(
            game, numbers, length, {name: np.stack([one[name] for one in kept], axis=1) for name in names}
        ),
        "episodes": _episodes(batch, numbers, length, seed, made),
    }


def _state(batch: Batch, names: Sequence[str]) -> dict[str, np.ndarray]:
    state = batch.state()
    return {name: state[name].copy() for name in names}


def _steps(
    game: Game,
    numbers: np.ndarray,
    length: np.ndarray,
    seen: np.ndarray,
    flags: np.ndarray,
    made: dict[str, np.ndarray],
) -> pl.DataFrame:
    """A row for each episode, step and agent; steps after an episode's end are left out."""
    pl = _polars()
    copies, steps, n = made["rates"].shape
    lasts = np.arange(steps)[np.newaxis] < length[:, np.newaxis]  # (B, T)

    def column(values: np.ndarray) -> np.ndarray:
        """Values (B, T, N, ...) of the steps that were played."""
        chosen: np.ndarray = values[lasts]
        return chosen.reshape(-1, *values.shape[3:])

    def each(values: np.ndarray) -> np.ndarray:
        """Values (B, T) for every agent."""
        return column(np.broadcast_to(values[..., np.newaxis], (copies, steps, n)))

    wide = pl.Array(pl.Float32, game.observation_size)
    narrow = pl.List(pl.Float32)
    agents = np.broadcast_to(np.array(game.agents, dtype=object), (copies, steps, n))
    return pl.DataFrame(
        {
            "episode": each(np.broadcast_to(numbers[:, np.newaxis], (copies, steps)).astype(np.int64)),
            "step": each(np.broadcast_to(np.arange(1, steps + 1), (copies, steps)).astype(np.int64)),
            "agent": pl.Series(column(agents).tolist(), dtype=pl.String),
            "observation": pl.Series(column(seen[:, :-1]), dtype=wide).cast(narrow),
            "rate": column(made["rates"]),
            "reward": column(made["rewards"]),
            "payoff": column(made["payoffs"]),
            "utility": column(made["utilities"]),
            "terminated": each(flags[0]),
            "truncated": each(flags[1]),
            "next_observation": pl.Series(column(seen[:, 1:]), dtype=wide).cast(narrow),
        }
    )


def _states(game: Game, numbers: np.ndarray, length: np.ndarray, kept: dict[str, np.ndarray]) -> pl.DataFrame:
    """A row for each episode and step, from 0: named state, matrices row by row."""
    pl = _polars()
    copies, steps = len(numbers), next(iter(kept.values())).shape[1]
    lasts = np.arange(steps)[np.newaxis] <= length[:, np.newaxis]
    columns: dict[str, Any] = {
        "episode": np.broadcast_to(numbers[:, np.newaxis], (copies, steps))[lasts].astype(np.int64),
        "step": np.broadcast_to(np.arange(steps), (copies, steps))[lasts].astype(np.int64),
    }
    for name, values in kept.items():
        flat = values[lasts].astype(np.float64)
        size = int(np.prod(game.layout[name].shape, dtype=int))
        if game.layout[name].shape:
            listed = pl.Series(flat.reshape(-1, size), dtype=pl.Array(pl.Float64, size))
            columns[name] = listed.cast(pl.List(pl.Float64))
        else:
            columns[name] = flat.reshape(-1)
    return pl.DataFrame(columns)


def _episodes(
    batch: Batch, numbers: np.ndarray, length: np.ndarray, seed: int, made: dict[str, np.ndarray]
) -> pl.DataFrame:
    pl = _polars()
    lasts = np.arange(made["rates"].shape[1])[np.newaxis, :, np.newaxis] < length[:, np.newaxis, np.newaxis]
    numbers_of = pl.List(pl.Float64)
    return pl.DataFrame(
        {
            "episode": numbers.astype(np.int64),
            "seed": (seed + numbers).astype(np.int64),
            "steps": length.astype(np.int64),
            "terminated": batch.terminated.astype(bool),
            "truncated": batch.truncated.astype(bool),
            "outcome": pl.Series(batch.outcomes(), dtype=pl.String),
            **{
                name: pl.Series((made[key] * lasts).sum(axis=1, dtype=np.float64).tolist(), dtype=numbers_of)
                for name, key in (("returns", "rewards"), ("payoffs", "payoffs"))
            },
        }
    )


def _about(game: Game, names: Sequence[str], seed: int, episodes: int) -> dict[str, Any]:
    """What stands in every file's metadata."""
    mode: dict[str, Any] = {"name": game.mode.name}
    if game.mode.name == "matrix":
        mode["weights"] = np.asarray(game.mutuality).tolist()
    else:
        mode["numbers"] = dataclasses.asdict(game.mode) if dataclasses.is_dataclass(game.mode) else {}
    return {
        "format": FORMAT,
        "version": coopetition.__version__,
        "environment": game.id,
        "parameters": game.parameters.to_dict(),
        "reward_mode": mode,
        "observation": game.observation,
        "observation_layout": {name: [part.start, part.stop] for name, part in game.observation_layout.items()},
        "state_shapes": {name: list(f.shape) for name, f in game.layout.items() if name not in NOT_RECORDED},
        "agents": list(game.agents),
        "policies": list(names),
        "seed": seed,
        "episodes": episodes,
    }


def _write_croissant(folder: Path, game: Game, about: dict[str, Any], creator: str | None) -> None:
    from coopetition.study.croissant import describe

    states = {"episode": EPISODE["episode"], "step": "steps played so far: 0 is the state at reset"}
    for name, shape in about["state_shapes"].items():
        what = "" if not shape else ", an agent" if len(shape) == 1 else ", row by row over ordered pairs (i, j)"
        states[name] = f"the game's {name}{what}"
    players = ", ".join(f"{agent}: {name}" for agent, name in zip(game.agents, about["policies"], strict=True))
    made = describe(
        folder,
        f"coopetition-recording-{game.id}",
        f"{about['episodes']} episodes of {game.id} under {game.reward_mode} rewards, seeds from {about['seed']}; "
        f"who played: {players}. The game's parameters stand in the metadata of each Parquet file, key {KEY!r}.",
        {"episodes": EPISODE, "states": states, "steps": STEP},
        {
            "keywords": [
                "multi-agent reinforcement learning",
                "offline reinforcement learning",
                "game theory",
                game.id,
            ],
            "rai:dataCollection": "Computed by `coopetition.record`: policies that played simulated games.",
            "rai:dataCollectionType": "Simulations",
            "rai:personalSensitiveInformation": "None: no person took part.",
        },
    )
    # Whose data they are is not ours to say.
    made.pop("creator")
    if creator is not None:
        made["creator"] = {"@type": "sc:Organization", "name": creator}
    (folder / "croissant.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
