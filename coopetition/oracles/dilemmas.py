"""How much of a dilemma an environment is: static, and over a whole episode.

Greed is the best gain of undercutting when the others play the optimum, fear the loss of playing the optimum when
the others play the equilibrium (Macy and Flache, PNAS 99, 2002, in continuous form); Schelling curves show the
payoff of high and low players by the number of high ones (Schelling 1973).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.envs import EXTENSIONS, environment_ids
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.oracles.episode.replies import best_response
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.yardstick import best_known_optimum, worst_known_nash
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective, StageGame, as_game
from coopetition.oracles.stage.indices import _ratio
from coopetition.oracles.stage.replies import best_replies
from coopetition.oracles.stage.social_optimum import social_optimum
from coopetition.oracles.stage.solution import plain

MODES = ("private", "integrated", "cooperative")


@dataclass(frozen=True, eq=False)
class Dilemma:
    """One environment's dilemma in one mode.

    Attributes
    ----------
    environment, mode : str
        Of what; agents maximise the mode's rewards, and welfare is the sum of the mode's rewards too.
    equilibrium, optimum : ndarray (N,)
        Levels of the stage game's equilibrium and of its optimum.
    converged : bool
        Whether the equilibrium is certified.
    price_of_anarchy : float
        Optimal welfare over the equilibrium's; NaN unless both are positive.
    cooperation_gap : float
        Their difference.
    greed : float
        The best gain of any agent by undercutting the optimum: playing less, when the others play it.
    fear : float
        The largest loss of any agent that plays its part of the optimum when the others play the equilibrium.
    schelling : ndarray (N + 1, 2)
        Row k: mean value of the high and of the low players when k agents play high, their part of the optimum, and the
        others low, their part of the equilibrium; NaN where there is none. Every k neighbours in the ring of agents are
        high in turn, so that each agent counts as often as any other.
    episode : dict
        ``nash`` and ``optimum`` (the total returns of the worst open-loop nash found and of the open-loop optimum: the
        ends of `yardstick`), ``nash_length`` (steps until the episode of that nash ends), ``price_of_anarchy`` (optimum
        over nash), ``greed`` (the best gain of any agent against the others' optimal sequences), ``fear`` (the largest
        loss by its optimal sequence against the others' nash), ``repeated`` and ``repeated_length`` (total and steps of
        repeating the stage equilibrium, which is no equilibrium of the episode), ``horizon``. What needs a nash is NaN
        where none could be certified. Empty when only the stage game was asked for.
    """

    environment: str
    mode: str
    equilibrium: Array
    optimum: Array
    converged: bool
    price_of_anarchy: float
    cooperation_gap: float
    greed: float
    fear: float
    schelling: Array
    episode: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def dilemma(
    game_or_id: Any,
    mode: str = "private",
    state: Mapping[str, Any] | None = None,
    *,
    episode: bool = True,
    iterations: int = 30,
) -> Dilemma:
    """How much of a dilemma a game is.

    Parameters
    ----------
    mode : str or RewardMode
        Whose rewards are at stake: "private", "integrated", "cooperative", or another mode.
    episode : bool
        Whether to look at whole episodes too, of games with one number an action: seconds where optimum and nash
        are stored, minutes where both have to be
        searched for (see `yardstick`).
    iterations : int
        Effort of the search for best responses to the optimum.
    """
    stage = StageGame(game_or_id, state)
    objective = Objective(stage, mode)
    nash = equilibrium(stage, objective, "nash", strict=False)
    best = social_optimum(stage, objective, strict=False)

    def values(profiles: Array) -> Array:
        return objective(*stage.evaluate(profiles))

    at_nash, at_best = values(np.array([nash.actions, best.actions]))
    n, first = stage.n, np.arange(0, stage.n, stage.axes)  # an agent's first coordinate has its values
    greed = _undercutting(stage, best.actions, objective)
    alone = np.where(stage.owner[first][:, None] == stage.owner, best.actions, nash.actions)
    agents = np.arange(n // stage.axes)
    fear = float((at_nash[first] - values(alone)[agents, first]).max())
    totals = at_best[first].sum(), at_nash[first].sum()
    return Dilemma(
        stage.game.id,
        str(mode),
        stage.actions_of(nash.actions),
        stage.actions_of(best.actions),
        nash.converged,
        _ratio(*map(float, totals)),
        float(totals[0] - totals[1]),
        greed,
        max(fear, 0.0),
        _schelling(stage, nash.actions, best.actions, objective),
        _over_episode(stage, mode, nash.actions, state, iterations) if episode else {},
    )


def _undercutting(stage: StageGame, optimum: Array, objective: Objective) -> float:
    """The largest gain of playing less than one's part of the optimum."""
    replies, found, own = best_replies(stage, optimum, objective)
    if stage.axes > 1:
        return _undercutting_in_both(stage, optimum, objective, replies, found - own)
    gains = np.where(replies <= optimum, found - own, 0.0)
    above = np.flatnonzero(replies > optimum)
    if above.size:  # whose best reply is to give more may still gain by giving less
        shares = np.linspace(0.0, 1.0, 257)
        for i in above:
            table = np.repeat(optimum[None], len(shares), axis=0)
            table[:, i] = shares * optimum[i]
            gains[i] = float((objective(*stage.evaluate(table))[:, i] - own[i]).max())
    return float(max(gains.max(), 0.0))


def _undercutting_in_both(stage: StageGame, optimum: Array, objective: Objective, replies: Array, won: Array) -> float:
    """The same where an action has an intensity too: a level of no more than one's part, and any intensity."""
    greed = 0.0
    here = objective(*stage.evaluate(optimum[None]))[0]
    grid = np.stack(np.meshgrid(np.linspace(0.0, 1.0, 129), np.linspace(0.0, 1.0, 65), indexing="ij"), axis=-1)
    for agent in range(stage.game.n):
        own = stage.block(agent)
        if replies[own.start] <= optimum[own.start]:
            greed = max(greed, float(won[own.start]))
            continue
        table = np.repeat(optimum[None], grid.size // 2, axis=0)
        table[:, own] = grid.reshape(-1, 2) * [optimum[own.start], stage.upper[own.start + 1]]
        greed = max(greed, float(objective(*stage.evaluate(table))[:, own.start].max() - here[own.start]))
    return greed


def _schelling(stage: StageGame, low: Array, high: Array, objective: Objective) -> Array:
    """Rows of mean values of high and low players; see `Dilemma.schelling`."""
    n, axes = stage.n // stage.axes, stage.axes
    ring = (np.arange(n) - np.arange(n)[:, None]) % n  # row r: places counted from agent r on
    masks = ring[None] < np.arange(n + 1)[:, None, None]
    whole = np.where(np.repeat(masks, axes, axis=2), high, low).reshape(-1, stage.n)
    values = objective(*stage.evaluate(whole))[:, ::axes].reshape(masks.shape)
    curves = np.full((n + 1, 2), np.nan)
    for k in range(n + 1):
        if k > 0:
            curves[k, 0] = values[k][masks[k]].mean()
        if k < n:
            curves[k, 1] = values[k][~masks[k]].mean()
    return curves


def _over_episode(
    stage: StageGame, mode: str, nash: Array, state: Mapping[str, Any] | None, iterations: int
) -> dict[str, float]:
    episode = Episode(stage.game, mode, state)
    repeated = episode.rates(np.tile(nash, (episode.horizon, 1)))
    best = best_known_optimum(episode)
    worst = worst_known_nash(episode, best)
    tables = np.array([repeated, best, repeated if worst is None else worst])
    returns = episode.returns(tables)
    totals = returns.sum(axis=1)
    lengths = [int(episode.batch(1).rollout("actions", episode.horizon, actions=one).lengths[0]) for one in tables]
    groups = episode.groups()
    greed, fear = 0.0, 0.0
    for i in (int(np.argmax(groups == k)) for k in range(int(groups.max()) + 1)):
        reply = best_response(None, list(episode.levels(best).T), i, episode=episode, iterations=iterations)
        greed = max(greed, reply.value - float(returns[1, i]))
    for i in range(episode.n):  # exchangeable agents may play different parts of a nash
        alone = tables[2].copy()
        alone[:, i] = best[:, i]
        fear = max(fear, float(returns[2, i] - episode.returns(alone[None])[0, i]))
    certified = worst is not None
    return {
        "nash": float(totals[2]) if certified else math.nan,
        "nash_length": float(lengths[2]) if certified else math.nan,
        "horizon": float(episode.horizon),
        "optimum": float(totals[1]),
        "price_of_anarchy": _ratio(float(totals[1]), float(totals[2])) if certified else math.nan,
        "greed": greed,
        "fear": fear if certified else math.nan,
        "repeated": float(totals[0]),
        "repeated_length": float(lengths[0]),
    }


def _stated(given: Parameters) -> dict[str, Any]:
    """The parameters that make this game, less those that follow from others (a phase's team size, equal shares)."""
    kind = type(given)
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    own = {name: getattr(given, name) for name, default in defaults.items() if default is not None}
    for name, value in own.items():
        if isinstance(value, tuple) and kind.domain(name).kind == "agents" and len(set(value)) == 1:
            own[name] = value[0]  # the same for all, however many there are
    derived = kind.build(own)
    rest = [name for name, default in defaults.items() if default is None]
    return own | {name: getattr(given, name) for name in rest if getattr(given, name) != getattr(derived, name)}


def dilemma_along(
    game_or_id: Any, parameter: str, values: Sequence[Any], mode: str = "private", *, episode: bool = False
) -> list[Dilemma]:
    """The dilemma along one parameter of the environment, such as ``"gamma"`` or ``"theta"``.

    Raises
    ------
    TypeError
        An unknown parameter, with the nearest one.
    ValueError
        A value out of its domain.
    """
    return [dilemma(game, mode, episode=episode) for game in games_along(game_or_id, parameter, values)]


def games_along(game_or_id: Any, parameter: str, values: Sequence[Any]) -> list[Game]:
    """The same game with other values of one parameter; what follows from it (a phase's team size) follows.

    Raises
    ------
    TypeError, ValueError
        As `dilemma_along`.
    """
    given = as_game(game_or_id).parameters
    kept = _stated(given)
    return [Game(type(given).build({**kept, parameter: value})) for value in values]


def dilemma_along_each(
    game_or_id: Any, mode: str = "private", share: float = 0.25
) -> dict[str, tuple[tuple[Any, Dilemma], tuple[Any, Dilemma]]]:
    """The stage dilemma along each number among the parameters, a part less and a part more of it than the game has.

    Numbers for each agent or pair are all moved together, and held in their domain. What cannot be moved, or only to
    where the game would refuse it, is left out: shares that must sum to one, numbers that are zero.

    Parameters
    ----------
    share : float
        By which part, in (0, 1).

    Returns
    -------
    dict of str to ((value, Dilemma), (value, Dilemma))
        For each parameter, with less of it and with more.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share = {share!r}: expected a number in (0, 1)")
    given = as_game(game_or_id).parameters
    kind, kept = type(given), _stated(given)
    found = {}
    for field in dataclasses.fields(kind):
        domain, now = kind.domain(field.name), getattr(given, field.name)
        if domain.kind in ("flag", "choice") or now is None:
            continue
        ends = []
        for factor in (1.0 - share, 1.0 + share):
            moved: Any = np.clip(factor * np.asarray(now, dtype=np.float64), domain.low, domain.high)
            moved = int(np.rint(moved)) if domain.kind == "integer" else moved.tolist()
            try:
                parameters = kind.build({**kept, field.name: moved})
            except ValueError:
                break
            if getattr(parameters, field.name) == now:
                break
            ends.append((moved, dilemma(Game(parameters), mode, episode=False)))
        if len(ends) == 2:
            found[field.name] = (ends[0], ends[1])
    return found


def dilemma_table(
    ids: Sequence[str] | None = None, modes: Sequence[str] = MODES, *, episode: bool = True, iterations: int = 30
) -> list[Dilemma]:
    """`dilemma` for many environments and modes: by default three modes, and all but extensions of the twenty."""
    every = [key for key in environment_ids() if key not in EXTENSIONS]
    return [dilemma(key, mode, episode=episode, iterations=iterations) for key in ids or every for mode in modes]
