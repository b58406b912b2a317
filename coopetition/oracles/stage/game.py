"""The stage game: one step of an environment from a given state, as a continuous game on the box prod [0, e_i].

Where an action is a rate and an intensity, each is a coordinate: solvers see 2 N of them, agent by agent, and payoffs
once for each, so that everything that is said of an agent here and in the solvers is said of a coordinate, with its
agent's payoff. What an agent can gain is searched in both together (`coopetition.oracles.stage.blocks`), and results
leave by agents again (`StageGame.by_agent`).

Every number comes from the environment's own kernel (`Batch.evaluate`), many candidate profiles a call; nothing
here re-states a payoff. Derivatives are finite differences, all of them evaluated in one call as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch
from coopetition.batching.paying import Paying
from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters, choose
from coopetition.games.rewards import RewardMode, reward_mode_class, reward_mode_names

Array = NDArray[np.float64]
#: What agents may be taken to maximise in the stage game, beside other reward modes and a matrix of weights on payoffs.
OBJECTIVES = ("private", "integrated", "cooperative", "interdependence")

#: Offsets, in steps h, and weights of the fourth-order first derivative: central, forward, backward.
_CENTRAL = (np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / 12.0)
_FORWARD = (np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([-25.0, 48.0, -36.0, 16.0, -3.0]) / 12.0)
#: Difference step as a part of the endowment, and of the distance to zero, since synergy goes with a root of a; below
#: the least step differences are one-sided, with a step of their own.
_STEP, _RELATIVE_STEP, _LEAST_STEP, _SIDE_STEP = 5e-4, 0.02, 1e-10, 5e-6


class Kernel:
    """One environment's stage payoffs at any number of profiles; keeps batches of a few sizes for reuse."""

    def __init__(self, parameters: Parameters) -> None:
        self.game = Game(parameters)
        self._batches: dict[int, Batch] = {}

    def evaluate(self, levels: Array, state: Array) -> tuple[Array, Array]:
        """Payoffs and utilities (B, N) at levels (B, N) from the state vector (rows,)."""
        count = len(levels)
        size = max(8, 1 << (count - 1).bit_length()) if count <= 128 else -(-count // 128) * 128
        batch = self._batches.get(size)
        if batch is None:
            if len(self._batches) >= 24:  # a session that asks for ever new sizes must not hoard memory
                self._batches.pop(next(iter(self._batches)))
            batch = Batch(self.game, size, autoreset="disabled", observe=False)
            self._batches[size] = batch
        if count == size:
            padded = levels
        else:
            padded = np.empty((size, *levels.shape[1:]))
            padded[:count] = levels
            padded[count:] = levels[-1]
        payoffs, utilities = batch.evaluate(padded, state)
        return payoffs[:count].copy(), utilities[:count].copy()


@lru_cache(maxsize=64)
def _kernel_of(parameters: Parameters) -> Kernel:
    return Kernel(parameters)


@lru_cache(maxsize=32)
def _default_game(environment_id: str) -> Game:
    return Game(environment_class(environment_id)())


def given_game(game_or_id: Any) -> Game:
    """The game behind an id, parameters, a `Game`, a `Batch`, or any environment with a ``game``, as it is.

    Raises
    ------
    ValueError
        An unknown id.
    TypeError
        Something that has no game.
    """
    if isinstance(game_or_id, Game):
        game = game_or_id
    elif isinstance(game_or_id, Parameters):
        game = Game(game_or_id)
    elif isinstance(game_or_id, str):
        game = _default_game(game_or_id)
    else:
        found = getattr(game_or_id, "game", None)
        if found is None:
            found = getattr(getattr(game_or_id, "unwrapped", None), "game", None)
        if not isinstance(found, Game):
            raise TypeError(
                f"expected an environment's id, parameters, Game or environment, not {type(game_or_id).__name__}"
            )
        game = found
    return game


def as_game(game_or_id: Any, reward_mode: Any = None) -> Game:
    """The game behind an id, parameters, a `Game`, a `Batch`, or any environment with a ``game``.

    A game whose complementarity is drawn at random (SynergySearch) is taken at its expected value: payoffs are
    linear in gamma, so that is the game of somebody who has not seen the draw. An end by chance is taken in
    expectation: step t pays delta^(t-1) times what it pays. Hands that tremble and eyes that misread are taken at
    their mean: oracles solve the game without either.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or object with attribute ``game``
        For a wrapped environment its ``unwrapped`` is asked too.
    reward_mode : str or array_like (N, N), optional
        Replaces the game's own mode.

    Raises
    ------
    ValueError
        An unknown id.
    TypeError
        Something that has no game.
    """
    game = given_game(game_or_id)
    parameters = game.parameters
    if game.random_gamma:
        expected = float(np.mean(parameters.gamma_range))  # type: ignore[attr-defined]
        parameters = dataclasses.replace(parameters, gamma=expected)  # type: ignore[call-arg]
    parameters = parameters.without_chance("expected")
    mode = reward_mode if reward_mode is not None else _mode_of(game)
    if parameters is game.parameters and reward_mode is None:
        return game
    return Game(parameters, reward_mode=mode, observation=game.observation, action_scale=game.action_scale)


def _mode_of(game: Game) -> Any:
    return game.asked_mode


class StageGame:
    """One step of an environment from one state, ready for solvers.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or environment
        See `as_game`.
    state : mapping or ndarray (rows,), optional
        Named parts of the state that replace those at reset, such as ``{"trust": 0.9}``, or a whole state vector;
        the reset state by default.
    rates_only : bool
        Where an action has an intensity too: whether it is held at zero, so that the game is one of levels alone.

    Attributes
    ----------
    axes : int
        Coordinates of an agent: one, its level; two, with its intensity.
    n : int
        Number of agents, or of coordinates where an agent has two.
    owner : ndarray (N,) of int
        The agent of each coordinate.
    upper : ndarray (N,)
        Endowments; levels lie in [0, upper]. Of intensities 1.
    baseline : ndarray (N,)
        What others expect: baselines, and no intensity.
    state : ndarray (rows,)
        The state vector.
    evaluations : int
        Profiles evaluated so far.
    kept : dict
        What solvers keep for the next question about the same game and state.

    Raises
    ------
    ValueError
        A state that the game does not have, or out of its domain.
    """

    def __init__(
        self, game_or_id: Any, state: Mapping[str, Any] | NDArray[Any] | None = None, *, rates_only: bool = False
    ) -> None:
        self.game = as_game(game_or_id)
        self._kernel = _kernel_of(self.game.parameters.without_chance())
        self.axes = 1 if rates_only else self.game.axes
        self.n = self.game.n * self.axes
        self.owner = np.repeat(np.arange(self.game.n), self.axes)
        self.upper: Array = self.game.endowment
        self.baseline: Array = self.game.baseline
        if self.axes > 1:
            self.upper = self.game.action_units.reshape(-1)
            self.baseline = self.game.levels_of(self.game.baseline).reshape(-1)
        self.state = self._state_vector(state)
        self.evaluations = 0
        self._groups: dict[Any, NDArray[np.int64]] = {}
        self.kept: dict[Any, Any] = {}

    def _state_vector(self, state: Mapping[str, Any] | NDArray[Any] | None) -> Array:
        if state is None or isinstance(state, Mapping):
            return self.game.state_vector(dict(state) if state else None)
        vector = np.asarray(state, dtype=np.float64)
        if vector.shape != (self.game.state_rows,) or not np.all(np.isfinite(vector)):
            raise ValueError(
                f"state must be a mapping by name, or a finite vector of shape ({self.game.state_rows},), "
                f"not an array of shape {vector.shape}"
            )
        for field in self.game.layout.values():
            rows = vector[field.rows]
            if np.any(rows < field.low) or np.any(rows > field.high):
                raise ValueError(f"state {field.name!r} is out of its range [{field.low:g}, {field.high:g}]")
            fixed = field.name == "dependence" and not self.game.parameters.dependence_moves  # type: ignore[attr-defined]
            if fixed and np.any(rows != self.game.initial_state[field.rows]):
                raise ValueError("state 'dependence' is fixed by the parameter of that name: build another game")
        return vector

    def evaluate(self, levels: Any) -> tuple[Array, Array]:
        """Payoffs pi and utilities U (B, N) at levels (B, N) in [0, e_i], in one kernel call."""
        table = np.ascontiguousarray(levels, dtype=np.float64)
        self.evaluations += len(table)
        if self.game.axes == 1:
            return self._kernel.evaluate(table, self.state)
        if self.axes == 1:
            return self._kernel.evaluate(self.game.levels_of(table), self.state)
        payoffs, utilities = self._kernel.evaluate(table.reshape(len(table), *self.game.action_shape), self.state)
        return np.repeat(payoffs, self.axes, axis=1), np.repeat(utilities, self.axes, axis=1)

    def block(self, agent: int) -> slice:
        """The coordinates of an agent."""
        return slice(int(agent) * self.axes, (int(agent) + 1) * self.axes)

    def each(self, values: Any) -> Array:
        """Numbers of agents, the last axis (N,), for each of their coordinates; those of coordinates stay."""
        array = np.asarray(values, dtype=np.float64)
        return np.repeat(array, self.axes, axis=-1) if array.shape[-1:] == (self.game.n,) != (self.n,) else array

    def actions_of(self, coordinates: Array) -> Array:
        """Coordinates (..., N) as actions of agents: the same, or (..., N, 2)."""
        if self.game.axes == 1:
            return coordinates
        if self.axes == 1:
            return self.game.levels_of(coordinates)
        return coordinates.reshape(*coordinates.shape[:-1], *self.game.action_shape)

    def by_agent(self, found: Any) -> Any:
        """A dataclass of results by coordinates as one by agents: actions (N, 2), everything else (N,)."""
        if self.game.axes == 1:
            return found
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(found):
            value = getattr(found, field.name)
            if field.name in ("actions", "replies"):
                changed[field.name] = self.actions_of(value) if np.shape(value)[-1:] == (self.n,) else value
            elif dataclasses.is_dataclass(value):
                changed[field.name] = self.by_agent(value)
            elif isinstance(value, dict):
                changed[field.name] = {name: self._of_agents(entry) for name, entry in value.items()}
            else:
                changed[field.name] = self._of_agents(value)
        return dataclasses.replace(found, **changed)

    def _of_agents(self, value: Any) -> Any:
        wide = isinstance(value, np.ndarray) and value.shape[-1:] == (self.n,)
        return value[..., :: self.axes] if wide else value

    def checked_levels(self, levels: Any) -> Array:
        """One profile (N,), finite and in the box; of actions (N, 2) the coordinates (2 N,).

        Raises
        ------
        ValueError
            Naming the agent and the value.
        """
        profile = np.asarray(levels, dtype=np.float64)
        expected = (self.n,) if self.axes == 1 else self.game.action_shape
        if profile.shape != expected:
            raise ValueError(f"actions have shape {profile.shape}, expected {expected}")
        profile = profile.reshape(-1)
        names = [self.game.agents[i] for i in self.owner]
        for agent, value, high in zip(names, profile, self.upper, strict=True):
            if not np.isfinite(value) or value < 0.0 or value > high * (1.0 + 1e-12):
                raise ValueError(f"action {value} of agent {agent!r} is not a level in [0, {high:g}]")
        return np.minimum(profile, self.upper)


def objective_names() -> tuple[str, ...]:
    """Names of what agents may be taken to maximise: every registered reward mode, and interdependence."""
    return (*reward_mode_names(), "interdependence")


class Objective:
    """What each agent maximises: a column per agent out of payoffs and utilities.

    Parameters
    ----------
    stage : StageGame
        Gives the number of agents, and the dependence that "interdependence" reads.
    what : str, RewardMode or array_like (N, N)
        "private", pi_i; "integrated", U_i; "cooperative", the mean payoff; "interdependence", pi_i + sum_j D_ij pi_j,
        that is U_i with w = D (TR-1, no trust); another reward mode, by name or with numbers of its own; or a matrix,
        sum_j M_ij pi_j.

    Raises
    ------
    ValueError
        An unknown name, a matrix of a wrong shape, "interdependence" in a game that has none, or a reward mode whose
        rewards are no function of payoffs and utilities.
    """

    def __init__(self, stage: StageGame, what: Any) -> None:
        n = stage.n
        self.matrix: Array | None = None
        self._paying: Paying | None = None
        if isinstance(what, RewardMode) and what.name in OBJECTIVES:
            what = what.name
        if isinstance(what, str) and what not in OBJECTIVES:
            what = reward_mode_class(what if ":" in what else choose("objective", what, objective_names()))()
        if isinstance(what, str):
            self.name = what
            if what == "cooperative":
                self.matrix = np.full((n, n), 1.0 / n)
            elif what == "interdependence":
                field = stage.game.layout.get("dependence")
                if field is None:
                    raise ValueError(f"{stage.game.id} has no interdependence: use another objective")
                agents = stage.game.n
                self.matrix = np.eye(agents) + stage.state[field.rows].reshape(agents, agents)
        elif isinstance(what, RewardMode):
            self.name = what.name
            self.matrix = what.of_size(stage.game.n).matrix(stage.game.n)
            if self.matrix is None:
                self._paying = Paying(Game(stage.game.parameters, what))
        else:
            self.name = "matrix"
            self.matrix = np.asarray(what, dtype=np.float64)
            agents = stage.game.n
            if self.matrix.shape != (agents, agents) or not np.all(np.isfinite(self.matrix)):
                raise ValueError(
                    f"objective must be one of {', '.join(objective_names())}, "
                    f"or a finite ({agents}, {agents}) matrix of weights on payoffs"
                )
        self._axes = stage.axes
        if self.matrix is not None and self.matrix.shape != (n, n):  # each payoff is there once for each coordinate
            self.matrix = np.kron(self.matrix, np.full((stage.axes, stage.axes), 1.0 / stage.axes))
        self.key: Any = self.name if self.matrix is None else self.matrix.tobytes()
        if self._paying is not None:
            self.key = self._paying.game.mode

    def __call__(self, payoffs: Array, utilities: Array) -> Array:
        """Values (B, N), a column per agent."""
        if self.matrix is not None:
            return np.asarray(payoffs @ self.matrix.T)
        if self._paying is not None:
            if self._axes > 1:
                own = self._paying(payoffs[:, :: self._axes], utilities[:, :: self._axes])
                return np.repeat(own, self._axes, axis=1)
            return self._paying(payoffs, utilities)
        return payoffs if self.name == "private" else utilities


def difference_table(points: Array, upper: Array) -> tuple[Array, Array]:
    """Five places and weights per coordinate for the first derivative: sum_k weights_k f(places_k).

    Parameters
    ----------
    points : ndarray (..., M)
        Where the derivative is wanted, each in [0, upper].
    upper : ndarray (M,)
        Upper ends of the box.

    Returns
    -------
    places, weights : ndarray (..., M, 5)
        Central and of fourth order inside; one-sided at a bound.
    """
    step = np.minimum(_STEP * upper, _RELATIVE_STEP * points)
    step = np.minimum(step, 0.5 * (upper - points))
    central = step >= _LEAST_STEP * upper
    if central.all():
        step = step[..., None]
        return points[..., None] + _CENTRAL[0] * step, _CENTRAL[1] / step
    step = np.where(central, step, _SIDE_STEP * upper)
    side = np.where(points < 0.5 * upper, 1.0, -1.0)
    offsets = np.where(central[..., None], _CENTRAL[0], side[..., None] * _FORWARD[0])
    weights = np.where(central[..., None], _CENTRAL[1], side[..., None] * _FORWARD[1]) / step[..., None]
    return points[..., None] + offsets * step[..., None], weights


def gradients(stage: StageGame, profiles: Array, objective: Objective) -> Array:
    """Each agent's derivative of its objective in its own level.

    Parameters
    ----------
    profiles : ndarray (P, N)
        Levels in the box.

    Returns
    -------
    ndarray (P, N)
        d objective_i / d a_i, in payoff per level.
    """
    count, n = profiles.shape
    places, weights = difference_table(profiles, stage.upper)
    table = np.repeat(profiles, 5 * n, axis=0).reshape(count, n, 5, n)
    agents = np.arange(n)
    table[:, agents, :, agents] = places.swapaxes(0, 1)
    values = objective(*stage.evaluate(table.reshape(-1, n))).reshape(count, n, 5, n)
    own = values[:, agents, :, agents].swapaxes(0, 1)
    return np.asarray((own * weights).sum(axis=2))


def slopes(stage: StageGame, profile: Array, objective: Objective) -> Array:
    """All first derivatives at one profile: entry [i, j] is d objective_i / d a_j, (N, N)."""
    n = stage.n
    places, weights = difference_table(profile, stage.upper)
    table = np.repeat(profile[None], 5 * n, axis=0).reshape(n, 5, n)
    agents = np.arange(n)
    table[agents, :, agents] = places
    values = objective(*stage.evaluate(table.reshape(-1, n))).reshape(n, 5, n)
    return np.asarray(np.einsum("jki,jk->ij", values, weights))


def symmetry_groups(stage: StageGame, objective: Objective) -> NDArray[np.int64]:
    """Which agents may be exchanged without changing anybody's objective, found by exchanging them.

    Two agents belong together when swapping their levels, at profiles without any symmetry, swaps their own values
    and leaves all others'. Solvers use it to look first where the symmetric solutions are; no certificate rests on it.

    Returns
    -------
    ndarray (N,) int
        Group number of each agent, from 0.
    """
    if objective.key in stage._groups:
        return stage._groups[objective.key]
    n = stage.n
    groups = np.arange(n)
    fractions = (np.sqrt(2.0) * (1.0 + np.arange(n))) % 1.0
    upper = stage.upper.tolist()
    pairs = [(i, j) for i in range(n) for j in range(i) if upper[i] == upper[j]]
    if pairs:
        first, second = np.array(pairs).T
        rows = np.arange(len(pairs))
        same = np.ones(len(pairs), dtype=bool)
        # High levels and low ones: a loyalty that high levels lift to its cap hides where it came from.
        for profile in (stage.upper * (0.1 + 0.8 * fractions), stage.upper * (0.02 + 0.2 * fractions)):
            table = np.repeat(profile[None], len(pairs) + 1, axis=0)
            table[rows, first], table[rows, second] = profile[second], profile[first]
            values = objective(*stage.evaluate(table))
            expected = np.repeat(values[-1:], len(pairs), axis=0)
            expected[rows, first], expected[rows, second] = values[-1, second], values[-1, first]
            scale = 1e-9 * (1.0 + np.abs(expected).max())
            same &= np.abs(values[:-1] - expected).max(axis=1) <= scale
        for (i, j), equal in zip(pairs, same, strict=True):
            if equal and groups[i] == i:
                groups[i] = groups[j]
    if np.any(groups != np.arange(n)):
        groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    stage._groups[objective.key] = groups
    return groups
