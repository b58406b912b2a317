"""What the explorer shows, without a page: choices, knobs, what follows from them, and the code that says the same."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.api.make import make_game
from coopetition.baselines import available, record_episode
from coopetition.baselines.players import Players
from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.games.presets import presets_of
from coopetition.oracles.stage.solution import NotConverged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from coopetition.baselines import EpisodeRecord
    from coopetition.oracles import Dilemma

CONCEPTS = ("nash", "coopetitive", "social_optimum")
#: Up to so many agents have a seat each; of more, groups are named.
SEATS = 8
#: Parameters that come first, where a game has them: what is at stake, and how trust and loyalty move.
FIRST = (
    "multiplier", "gamma", "theta", "omega", "beta", "cost", "phi_B", "phi_C", "dependence", "initial_trust",
    "initial_loyalty", "lambda_plus", "lambda_minus", "mu_R", "kappa", "rho_0", "lambda_R", "phase", "horizon",
)  # fmt: skip
#: How many of them are shown at once.
SHOWN = 8
#: Policies that solve the game at each step: an episode of theirs may take seconds.
SLOW = ("Oracle_TrustAware", "Oracle_Loyalty", "best_reply")
#: Steps that the explorer plays at most.
LONGEST = 1000


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes
    ----------
    environment, preset, reward_mode : str
    settings : dict
        Parameters that differ from the preset's, as `coopetition.make_game` takes them.
    policies : tuple of str
        One for all agents, or one for each.
    seed : int
    """

    environment: str = "TrustDilemma-v0"
    preset: str = "published"
    reward_mode: str = "private"
    settings: Mapping[str, Any] = field(default_factory=dict)
    policies: tuple[str, ...] = ("tit_for_tat",)
    seed: int = 0

    def key(self) -> str:
        """The same as text, to remember what follows by."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_key(cls, key: str) -> Choice:
        """The inverse of `key`."""
        values = json.loads(key)
        return cls(**{**values, "policies": tuple(values["policies"])})

    def game(self) -> Game:
        """What is played.

        Raises
        ------
        ValueError, TypeError
            A number out of its domain, an unknown name: what `coopetition.make_game` refuses; and more steps than
            somebody waits for.
        """
        made = make_game(self.environment, preset=self.preset, reward_mode=self.reward_mode, **self.settings)
        if made.horizon > LONGEST:
            raise ValueError(f"{made.id}: horizon = {made.horizon:,}: the explorer plays at most {LONGEST:,} steps")
        return made

    @property
    def cast(self) -> str | list[str]:
        """Who plays, as `coopetition.baselines.record_episode` takes it."""
        return self.policies[0] if len(set(self.policies)) == 1 else list(self.policies)


@dataclass(frozen=True)
class Knob:
    """One parameter as it is moved.

    Attributes
    ----------
    name, about : str
        The parameter's, and its sentence with unit and domain.
    kind : {"slider", "integer", "choice", "flag", "text"}
        "text" is JSON: numbers that differ between agents or pairs, and what has no default.
    value : object
        Its default under the preset.
    low, high, step : float
        Of a slider.
    choices : tuple of str
    """

    name: str
    about: str
    kind: str
    value: Any
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    choices: tuple[str, ...] = ()


def knobs(environment: str, preset: str) -> tuple[list[Knob], list[Knob]]:
    """Parameters of an environment under a preset: the first ones, and the others."""
    cls = environment_class(environment, preset)
    defaults = cls()
    made = {one.name: _knob(cls, defaults, one.name) for one in dataclasses.fields(defaults)}
    first = [name for name in FIRST if name in made and made[name].kind != "text"][:SHOWN]
    return [made[name] for name in first], [knob for name, knob in made.items() if name not in first]


def _knob(cls: Any, defaults: Any, name: str) -> Knob:
    domain, value = cls.domain(name), getattr(defaults, name)
    about = f"{cls.about(name)} ({domain}{', ' + domain.unit if domain.unit else ''})"
    if domain.kind == "flag":
        return Knob(name, about, "flag", bool(value))
    if domain.kind == "choice":
        return Knob(name, about, "choice", value, choices=tuple(domain.choices))
    common = _common(value)
    if common is None:
        return Knob(name, about, "text", None if value is None else json.dumps(value))
    if domain.kind == "integer":
        return Knob(name, about, "integer", int(common))
    low = domain.low if math.isfinite(domain.low) else 0.0
    high = domain.high if math.isfinite(domain.high) else _round_up(3.0 * max(abs(common), 1.0 / 3.0))
    step = 10.0 ** math.floor(math.log10((high - low) / 50.0))
    if common and common < 5 * step:  # small numbers need fine steps
        step = 10.0 ** math.floor(math.log10(common / 2.0))
    return Knob(name, about, "slider", float(common), low + (step if domain.open_low else 0.0), high, step)


def _common(value: Any) -> float | None:
    """The one number that a parameter is, or that all agents or pairs have; None where they differ."""
    if value is None or isinstance(value, str | bool):
        return None
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 2:
        array = array[~np.eye(len(array), dtype=bool)]
    return float(array.flat[0]) if array.size and np.ptp(array) == 0.0 else None


def _round_up(value: float) -> float:
    """To one digit, or to a digit and a half."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(unit * times for times in (1.0, 1.5, 2.0, 3.0, 5.0, 10.0) if unit * times >= value * (1 - 1e-12))


def read_text(name: str, text: str) -> Any:
    """A value that was written: JSON.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} = {text!r} is not JSON, such as 0.5 or [0.5, 0.7]: {error}") from None


def read_cast(text: str, n: int) -> tuple[str, ...]:
    """Who plays, from groups such as ``"random x 10 + tit_for_tat"``: the last one without a number takes what is left.

    Raises
    ------
    ValueError
        Groups that are not n agents in all, or none.

    Examples
    --------
    >>> read_cast("random x 2 + tit_for_tat", 4)
    ('random', 'random', 'tit_for_tat', 'tit_for_tat')
    """
    cast: list[str] = []
    groups = [group.strip() for group in text.split("+")]
    for k, group in enumerate(groups):
        name, times, count = group.rpartition(" x ")
        if not times and k < len(groups) - 1:
            count, name = "1", group
        if not times and k == len(groups) - 1:
            count, name = str(max(n - len(cast), 0)), group
        if not name.strip() or not count.strip().isdigit():
            raise ValueError(f"{group!r}: expected a policy's name, or a name and how many, such as 'random x 10'")
        cast += [name.strip()] * int(count)
    if len(cast) != n:
        raise ValueError(f"{text!r} names {len(cast)} players; the game has {n}")
    return tuple(cast)


def preset_names(environment: str) -> tuple[str, ...]:
    """Presets of an environment."""
    return presets_of(environment_class(environment))


def policy_names() -> list[str]:
    """Policies in the order of a menu: constants in steps of a tenth, strategies, oracles, and all other constants."""
    known = available()
    tenths = [f"constant_{percent:03d}" for percent in range(0, 101, 10)]
    rest = [name for name in known if not name.startswith("constant_")]
    strategies = sorted(
        (name for name in rest if not name.startswith("Oracle_")), key=lambda name: name != "tit_for_tat"
    )
    oracles = [name for name in rest if name.startswith("Oracle_")]
    return [*strategies, *tenths, *oracles, *(name for name in known if name not in {*rest, *tenths})]


def is_slow(choice: Choice) -> bool:
    """Whether an episode may take seconds, since somebody solves the game at each step."""
    return any(name in SLOW for name in choice.policies)


# --- what follows


def play(choice: Choice) -> EpisodeRecord:
    """The episode.

    Raises
    ------
    ValueError, TypeError
        A policy that does not exist or cannot play here, a file that is none; and what `Choice.game` refuses.
    """
    game = choice.game()
    players = Players(game, choice.cast)  # who cannot play is refused before anybody does
    return record_episode(game, players.policies if len(set(choice.policies)) > 1 else choice.cast, seed=choice.seed)


def solutions(choice: Choice) -> list[dict[str, Any]]:
    """A row for each concept and agent: its level, rate and payoff, and whether the solver's certificate holds."""
    from coopetition.oracles import solve

    game = choice.game()
    rows = []
    for concept in CONCEPTS:
        try:
            found, converged = solve(game, concept), True
        except NotConverged as error:
            found, converged = error.best, False
        actions = found.actions.reshape(game.n, -1)  # a level, and an intensity where an action has two numbers
        for i, agent in enumerate(game.agents):
            rows.append(
                {
                    "concept": concept.replace("_", " "),
                    "agent": agent,
                    "level": float(actions[i, 0]),
                    **({"intensity": float(actions[i, 1])} if game.axes > 1 else {}),
                    "rate": float(actions[i, 0] / game.endowment[i]),
                    "payoff": float(found.payoffs[i]),
                    "certified": converged,
                }
            )
    return rows


def as_table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Solutions a line an agent, the concepts across; agents that do alike everywhere share one."""
    table: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = table.setdefault(row["agent"], {"agent": row["agent"]})
        mark = "" if row["certified"] else " (not certified)"
        both = f", k {row['intensity']:.2f}" if "intensity" in row else ""
        line[row["concept"]] = f"{row['level']:.2f}{both}{mark}"
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in table.values():
        key = tuple(value for name, value in line.items() if name != "agent")
        if key in merged:
            first = merged[key]["agent"].partition(" to ")[0]
            merged[key]["agent"] = f"{first} to {line['agent']}"
        else:
            merged[key] = dict(line)
    return list(merged.values())


def stakes(choice: Choice) -> Dilemma:
    """How much of a dilemma a step is, in the reward mode."""
    from coopetition.oracles import dilemma

    return dilemma(choice.game(), choice.reward_mode, episode=False)


def best_known(choice: Choice) -> float | None:
    """The total of the stored open-loop optimum of the mode; None where the numbers are not an id's own.

    None, too, where an action has two numbers: sequences of both are not searched.
    """
    from coopetition.oracles import Episode
    from coopetition.oracles.episode.stored import stored_sequence

    if choice.game().axes > 1:
        return None
    episode = Episode(choice.game())
    sequence = stored_sequence(episode.game, "optimum")
    if sequence is None:
        return None
    return float(episode.returns(episode.rates(sequence)[None])[0].sum())


def search_optimum(choice: Choice) -> float:
    """The total of an open-loop optimum that is searched for: seconds to minutes."""
    from coopetition.oracles import open_loop_optimum

    return float(np.sum(open_loop_optimum(choice.game()).returns))


FIGURES: dict[str, Callable[[Choice], Figure]] = {}


def _figure(name: str) -> Callable[[Callable[[Choice], Figure]], Callable[[Choice], Figure]]:
    def keep(draw: Callable[[Choice], Figure]) -> Callable[[Choice], Figure]:
        FIGURES[name] = draw
        return draw

    return keep


@_figure("episode")
def _episode(choice: Choice) -> Figure:
    from coopetition import plot

    return plot.episode(play(choice))


@_figure("bonds")
def _bonds(choice: Choice) -> Figure:
    from coopetition import plot

    return plot.bonds(play(choice))


@_figure("step")
def _step(choice: Choice) -> Figure:
    from coopetition import plot

    return plot.payoff_surface(choice.game(), objective=choice.reward_mode)


@_figure("constants")
def _constants(choice: Choice) -> Figure:
    from coopetition import plot

    game = choice.game()
    return plot.response_surface(game, objective=choice.reward_mode, grid=41 if game.n <= SEATS else 21)


@_figure("replies")
def _replies(choice: Choice) -> Figure:
    from coopetition import plot

    game = choice.game()
    return plot.response_curves(plot.measured_responses(game, choice.cast, seed=choice.seed), title=game.id)


@_figure("schelling")
def _schelling(choice: Choice) -> Figure:
    from coopetition import plot

    return plot.schelling(stakes(choice))


def picture(choice: Choice, name: str, dpi: int = 150) -> bytes:
    """One of `FIGURES` as PNG."""
    file = io.BytesIO()
    FIGURES[name](choice).savefig(file, format="png", dpi=dpi)
    return file.getvalue()


# --- the same in Python


def code(choice: Choice) -> str:
    """Python that comes to what is seen, and writes its figures."""
    given = [f"preset={choice.preset!r}"] if choice.preset != "published" else []
    given += [f"reward_mode={choice.reward_mode!r}"]
    given += [f"{name}={value!r}" for name, value in choice.settings.items()]
    arguments = ", ".join([repr(choice.environment), *given])
    lines = [
        "import coopetition",
        "from coopetition import plot",
        "from coopetition.baselines import record_episode",
        "from coopetition.oracles import dilemma, solve",
        "",
        f"game = coopetition.make_game({arguments})",
        f"record = record_episode(game, {_cast_code(choice)}, seed={choice.seed})",
        "print(record.end, record.steps, record.rewards.sum(axis=0))",
        f"for concept in {CONCEPTS!r}:",
        "    print(concept, solve(game, concept, strict=False).actions)",
        f"stakes = dilemma(game, {choice.reward_mode!r}, episode=False)",
        "print(stakes.price_of_anarchy, stakes.greed, stakes.fear)",
        "",
        'plot.episode(record, "episode.png")',
        'plot.bonds(record, "bonds.png")',
        f'plot.payoff_surface(game, "step.png", objective={choice.reward_mode!r})',
        f'plot.response_surface(game, "constants.png", objective={choice.reward_mode!r})',
        f'plot.response_curves(plot.measured_responses(game, {_cast_code(choice)}, seed={choice.seed}), "replies.png")',
        'plot.schelling(stakes, "schelling.png")',
    ]
    return "\n".join(lines) + "\n"


def _cast_code(choice: Choice) -> str:
    """The cast as it is written: runs of the same name as products."""
    if isinstance(choice.cast, str):
        return repr(choice.cast)
    runs: list[list[Any]] = []
    for name in choice.policies:
        if runs and runs[-1][0] == name:
            runs[-1][1] += 1
        else:
            runs.append([name, 1])
    if len(runs) * 2 > len(choice.policies):
        return repr(list(choice.policies))
    return " + ".join(f"[{name!r}] * {count}" for name, count in runs)
