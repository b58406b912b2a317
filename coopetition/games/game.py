"""A game: validated parameters, named state, observation layout, and the arrays that its kernel reads.

Batches, oracles and calibration all work on `Game`; nothing here speaks of an API or draws a random number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from coopetition.games import checks, fields
from coopetition.games.checks import choose, nearest
from coopetition.games.declared import as_matrix
from coopetition.games.families import family_of
from coopetition.games.fields import Field as Field
from coopetition.games.fields import StateField
from coopetition.games.guards import check_stages, check_used, needs_pairs
from coopetition.games.parameters import Parameters
from coopetition.games.rewards import REWARD_MODES as REWARD_MODES
from coopetition.games.rewards import Cooperative, Integrated, Private, read_reward_mode
from coopetition.kernels.machine import numbers
from coopetition.kernels.machine.numbers import Integer, Matrix, Scalar, Vector

OBSERVATION_KINDS = ("own", "full")
ACTION_SCALES = ("unit", "endowment", "symmetric")


class Game:
    """One environment's game: what every consumer of the kernels uses.

    Parameters
    ----------
    parameters : Parameters
        An instance of one of the twenty environments' classes.
    reward_mode : str, RewardMode or array_like (N, N)
        The reward layer: "integrated", "private", "cooperative" or another registered name; a mode with numbers of
        its own; a matrix M, which pays sum_j M_ij pi_j and nothing else.
    observation : {"own", "full"}
        What agents see.
    action_scale : {"unit", "endowment", "symmetric"}
        What an action means: a rate in [0, 1], a level in [0, e_i], or [-1, 1] mapped to rates.

    Attributes
    ----------
    layout : dict of str to Field
        Where each named part of the state lies.
    observation_layout : dict of str to slice
        Names of an agent's observation, in order; the same slices for every agent.
    joint_layout : dict of str to slice
        The same for the joint state.
    additions : tuple of StateField
        The lines of the field table that the environment adds.
    mode : RewardMode
        The reward layer; another game takes it as its ``reward_mode``.
    axes : int
        Numbers in an agent's action: 1, a rate; 2, a rate and an intensity, where the state has a field `intensity`.
    action_shape : tuple of int
        Of all agents' actions: (N,), or (N, 2).
    action_low, action_high, action_units : ndarray of that shape
        Bounds of actions in the action scale, and the levels that rates of one stand for: the endowment, and 1.
    outcomes : tuple of str
        Names of the ends by the game's own rule, by the number that the state has; "" is none yet.

    Raises
    ------
    ValueError
        Unknown mode, view or scale, naming what is allowed.
    """

    def __init__(
        self,
        parameters: Parameters,
        reward_mode: Any = "integrated",
        observation: str = "own",
        action_scale: str = "unit",
    ) -> None:
        self.parameters = parameters
        self.id = parameters.id
        self.agents = parameters.agents
        self.n = len(self.agents)
        self.horizon = parameters.horizon
        self.observation = choose("observation", observation, OBSERVATION_KINDS)
        self.action_scale = choose("action_scale", action_scale, ACTION_SCALES)
        self.mode = read_reward_mode(reward_mode, self.n)
        self.reward_mode = self.mode.name
        self.mutuality = self.mode.matrix(self.n)
        self.family = family_of(parameters)
        self.endowment = np.asarray(parameters.endowment, dtype=np.float64)  # type: ignore[attr-defined]
        self.baseline = np.asarray(parameters.baseline, dtype=np.float64)  # type: ignore[attr-defined]
        self.baseline_rate = self.baseline / self.endowment
        self.outcomes = parameters.outcome_names()
        self.random_gamma = getattr(parameters, "gamma", 0.0) is None
        self.uncertain = parameters.uncertain
        self.noise_deviation = float(parameters.noise_deviation)

        self._stages: list[Any] | None = None
        self._lay_state_out()
        self._bound_actions()
        self._lay_views_out()
        self.at = self._integers()
        self.parameter_block = self._floats()

    # --- state

    def _lay_state_out(self) -> None:
        p = self.parameters
        self.fields: dict[str, StateField] = p.state_fields()
        self.additions = tuple(
            replace(line, observed=bool(fields.value_of(line.observed, p, line)))
            for line in p.added_fields()
            if line.name in self.fields
        )
        self.layout, self.initial_state = fields.lay_out(self.fields, self.parameters)
        self.state_rows = self.initial_state.size

    def _bound_actions(self) -> None:
        """Bounds and units of actions: of rates, and of intensities where the state has any."""
        self.axes = 2 if "intensity" in self.layout else 1
        self.action_shape = (self.n,) if self.axes == 1 else (self.n, self.axes)
        self.action_low = np.full(self.action_shape, -1.0 if self.action_scale == "symmetric" else 0.0)
        self.action_high = np.ones(self.action_shape)
        self.action_units = self.levels_of(self.endowment, 1.0)
        if self.action_scale == "endowment":
            self.action_high = self.action_units.copy()

    def levels_of(self, levels: np.ndarray, intensity: float = 0.0) -> np.ndarray:
        """Cooperation levels (..., N) as the levels of whole actions, (..., N) or (..., N, 2): all of one intensity."""
        if self.axes == 1:
            return np.array(levels, dtype=np.float64)
        return np.stack([levels, np.full_like(levels, intensity)], axis=-1)

    def __repr__(self) -> str:
        agents = ", ".join(self.agents) if self.n <= 6 else f"{self.agents[0]} ... {self.agents[-1]} ({self.n})"
        return f"<Game {self.id}: {agents}; {self.reward_mode} rewards, {self.horizon} steps>"

    # --- views: every column of an observation is one state row times a scale

    def _lay_views_out(self) -> None:
        views = Views(self)
        n = self.n
        views.show("own_rate", "rates", lambda i, n: [i])
        if "seen" in self.layout:
            views.show("other_rates", "seen", fields.towards_others)
        else:
            views.show("other_rates", "rates", fields.others)
        views.join("rates", "rates")
        for column in self.family.columns:
            if self.observation == "full" or not column.full:
                views.show(column.name, column.field, column.pick)
        for name, field in self.family.joint:
            views.join(name, field)
        for line in self.additions:
            if line.observed:
                views.add(line)
        if self.parameters.observe_time:
            views.show("time", "time", lambda i, n: [0], 1.0 / self.horizon)
            views.join("time", "time", 1.0 / self.horizon)
        else:
            views.show("begun", "begun", lambda i, n: [0])
            views.join("begun", "begun")

        self.observation_layout, self.joint_layout = views.layout, views.joint_layout
        self.observation_size = views.width
        self.joint_size = len(views.joint_rows)
        self.observation_rows = np.concatenate([part for parts in views.rows for part in parts])
        self.observation_scales = np.concatenate([part for parts in views.scales for part in parts])
        self.joint_rows = np.array(views.joint_rows, dtype=np.int64)
        self.joint_scales = np.array(views.joint_scales, dtype=np.float64)
        self.noise_places = np.array(
            [i * self.observation_size + place for i in range(n) for place in views.noisy], dtype=np.int64
        )

    # --- what the kernel reads

    def stages(self) -> list[Any]:
        """The stages of one step, the reward mode's last; every name that they read is one that the game has.

        Raises
        ------
        StageError
            Naming the stage, what it reads, and the game.
        TypeError
            Parameters whose `stages` returns no list.
        """
        if self._stages is None:
            stages = self.parameters.stages()
            if not isinstance(stages, list):
                raise TypeError(f"{self.id}: stages() returned {stages!r}: return a list, such as team_game(...)")
            stages = self._with_uncertainty([*stages, self.mode.stage()])
            check_stages(self, stages)
            check_used(self, stages)
            self._stages = stages
        return self._stages

    def _with_uncertainty(self, stages: list[Any]) -> list[Any]:
        """The stages, and those of the uncertainty that the game has; a game without any has none."""
        p = self.parameters
        if not p.uncertain and p.continuation == 1.0 and p.observe_time:
            return stages
        from coopetition.kernels import chance

        before = [chance.tremble] if p.tremble > 0.0 else []
        after = [] if p.observe_time else [chance.begin]
        after += [chance.misread] if p.monitoring_noise > 0.0 else []
        if p.continuation < 1.0:
            after.append(chance.stop if p.continuation_form == "drawn" else chance.expect)
        return [*before, *stages, *after]

    @property
    def asked_mode(self) -> Any:
        """The reward mode as another game, or an oracle's objective, takes it: a name, a matrix, or a mode."""
        if self.mutuality is not None:
            return self.mutuality
        return self.reward_mode if type(self.mode) in (Private, Integrated, Cooperative) else self.mode

    @property
    def scratch_rows(self) -> int:
        """Rows of scratch that a step needs."""
        return numbers.work_rows(self.n, needs_pairs(self.stages()))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but compiled code."""
        return {**self.__dict__, "_stages": None}

    def declared_numbers(self) -> dict[str, list[numbers.Number]]:
        """What the family, the reward mode and the environment's class declare of parameters, by namespace."""
        own: dict[str, list[numbers.Number]] = {"Integer": [], "Scalar": [], "Vector": [], "Matrix": []}
        names = (self.family.integers, self.family.scalars, self.family.vectors, self.family.matrices)
        for (space, held), declared in zip(own.items(), names, strict=True):
            shared: Any = getattr(numbers, space)
            held += [shared.numbers[name.upper()] for name in declared]
        if self.mutuality is not None:
            own["Matrix"].append(Matrix.numbers["MUTUALITY"])
        for declaring in (self.mode, self.parameters):
            for name, (space, _) in declaring._own_numbers.items():
                own[space].append(getattr(type(declaring), space).numbers[name.upper()])
        return own

    def _read(self, name: str) -> Any:
        """A parameter that the family's kernels read, by the name that the family declares."""
        p = self.parameters
        try:
            value = getattr(p, name)
        except AttributeError:
            raise TypeError(
                f"{self.id}: kernels of the {self.family.name} family read {name!r}, which {type(p).__name__} does "
                f"not have{nearest(name, dir(p))}"
            ) from None
        if callable(value):
            value = value()
        if isinstance(value, str):
            value = p.domain(name).choices.index(value)
        return value

    def _integers(self) -> np.ndarray:
        at = np.full(numbers.AT_SIZE, -1, dtype=np.int64)
        at[Integer.N] = self.n
        for name in self.family.integers:
            at[Integer.numbers[name.upper()]] = int(self._read(name))
        known = type(self.parameters).State.numbers
        for name, field in self.layout.items():
            at[known[name.upper()]] = field.first
        return at

    def _floats(self) -> np.ndarray:
        n = self.n
        own = [*self.mode.own_numbers(), *self.parameters.own_numbers()]
        matrices = Matrix.size + max((int(at) - Matrix.size + 1 for at, _ in own if at.space == "Matrix"), default=0)
        # What nobody declares is no number, so that a kernel which reads it says so in what it pays.
        block = np.full(numbers.parameter_count(n, matrices), math.nan)
        vectors = block[numbers.SCALARS : numbers.SCALARS + numbers.VECTORS * n].reshape(-1, n)
        pairs = block[numbers.SCALARS + numbers.VECTORS * n :].reshape(-1, n, n)
        for name in self.family.scalars:
            block[Scalar.numbers[name.upper()]] = checks.real(f"{self.id}: {name}", self._read(name))
        for name in self.family.vectors:
            vectors[Vector.numbers[name.upper()]] = self._read(name)
        for name in self.family.matrices:
            pairs[Matrix.numbers[name.upper()]] = as_matrix(self._read(name), n)
        vectors[Vector.ACTION_LOW] = self.action_low.reshape(n, -1)[:, 0]
        vectors[Vector.ACTION_SPAN] = (self.action_high - self.action_low).reshape(n, -1)[:, 0]
        if self.mutuality is not None:
            pairs[Matrix.MUTUALITY] = self.mutuality
        for number, values in own:
            if number.space == "Vector":
                vectors[number] = values
            elif number.space == "Matrix":
                pairs[number] = as_matrix(values, n)
            else:
                block[number : number + values.size] = values.reshape(-1)
        return block

    # --- named state

    def read_state(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """State rows (rows, ...) as named arrays of each field's shape, lanes last."""
        return {name: rows[field.rows].reshape(field.shape + rows.shape[1:]) for name, field in self.layout.items()}

    def state_vector(self, state: dict[str, Any] | None = None) -> np.ndarray:
        """The initial state as one vector of rows, with some named parts replaced.

        What is drawn at reset and not given here is NaN.

        Raises
        ------
        ValueError
            An unknown name, a wrong shape, or a value out of the field's range.
        """
        rows = self.initial_state[:, np.newaxis].copy()
        self.put_state(rows, state or {})
        return rows[:, 0]

    def put_state(self, rows: np.ndarray, state: Mapping[str, Any]) -> None:
        """Replace named parts of a state, and what they imply; the copies are under way from then on.

        Parameters
        ----------
        rows : ndarray (rows, K) float64
            State rows of K copies, written in place.
        state : mapping of str to array_like
            A value for all copies, or (K, ...) with one for each.

        Notes
        -----
        What is given stands; what follows from it is completed. A time in the middle of an episode fills the memory as
        if everybody had played its mean (`memory_mean`, or the one that stood there) in every remembered step; an
        environment completes its own state (`Parameters.complete_state`): phases that have begun, violations, a
        standing agreement. A copy that had ended lives again, at the last step of its horizon at the latest.

        Raises
        ------
        TypeError, ValueError
            What no state can be; `rows` are as before.
        """
        copies = rows.shape[1]
        written = rows.copy()
        for name, value in state.items():
            field = self.layout[self._settable(name)]
            array = self._numbers_of(field, value)
            if array.shape == (copies, *field.shape) and (array.ndim > len(field.shape)):
                each = np.stack([self.checked_state(name, one) for one in array])
                written[field.rows] = each.reshape(copies, -1).T
            else:
                written[field.rows] = self.checked_state(name, value).reshape(-1, 1)
        if state:
            parts = self.read_state(written)
            parts["ended"][...] = parts["outcome"][...] = 0.0
            parts["time"][...] = np.minimum(parts["time"], self.horizon - 1)
            if "memory" in parts and {"time", "memory_mean"} & set(state):
                memory = parts["memory"]
                slots = np.arange(memory.shape[1])[:, np.newaxis]
                memory[...] = np.where(slots < parts["time"], parts["memory_mean"][:, np.newaxis], 0.0)
            self.parameters.complete_state(parts, frozenset(state))
        rows[...] = written

    def _numbers_of(self, field: Field, value: Any) -> np.ndarray:
        """What is given for a field as float64; one of flags takes flags too."""
        if field.integer and field.high == 1.0 and np.asarray(value).dtype == np.bool_:
            return np.asarray(value).astype(np.float64)
        return checks.reals(f"state {field.name!r}", value)

    def refuse_of_another_game(self, parameters: Any, mode: Any) -> None:
        """Refuse what was taken of a game of other parameters or another reward mode, saying what it belongs to."""
        if parameters == self.parameters and mode == self.mode:
            return
        own = getattr(parameters, "id", None)
        if own != self.id:
            raise ValueError(f"the snapshot belongs to {own}, this is {self.id}")
        mine, other = self.parameters.to_dict(), parameters.to_dict()
        differing = [f"{name} = {checks.shown(other[name])}" for name in mine if other.get(name) != mine[name]]
        if mode != self.mode:
            differing.append(f"reward_mode = {mode.name!r}")
        raise ValueError(f"the snapshot belongs to {self.id} with {', '.join(differing)}")

    @property
    def drawn(self) -> list[str]:
        """Fields that have no value of their own at reset: it is drawn for each episode."""
        return [name for name, field in self.layout.items() if not np.isfinite(self.initial_state[field.rows]).all()]

    def _settable(self, name: str) -> str:
        allowed = [field.name for field in self.layout.values() if field.settable]
        if name not in allowed:
            raise ValueError(
                f"{self.id} has no state {name!r} to set; allowed: {', '.join(allowed)}{nearest(name, allowed)}"
            )
        return name

    def checked_state(self, name: str, value: Any) -> np.ndarray:
        """One named part of the state for one copy, broadcast and checked."""
        field = self.layout[self._settable(name)]
        array = self._numbers_of(field, value)
        if field.shape == (self.n, self.n):
            array = as_matrix(array, self.n)
        elif array.ndim == 0:
            array = np.full(field.shape, array)
        if array.shape != field.shape:
            raise ValueError(f"state {name!r} has shape {array.shape}, expected {field.shape}")
        if not np.all(np.isfinite(array)) or np.any(array < field.low) or np.any(array > field.high):
            raise ValueError(
                f"state {name!r} = {checks.shown(value)} is out of its range [{field.low:g}, {field.high:g}]"
            )
        if field.integer and np.any(array != np.rint(array)):
            raise ValueError(f"state {name!r} = {checks.shown(value)} is not a whole number")
        if field.shape == (self.n, self.n):
            array = np.where(np.eye(self.n, dtype=bool), 0.0, array)
        return array


class Views:
    """What agents see and the joint state, gathered column by column: each is one state row times a scale."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.layout: dict[str, slice] = {}
        self.joint_layout: dict[str, slice] = {}
        #: Columns of an agent's observation so far; state rows and scales of each agent's, part by part.
        self.width = 0
        self.rows: list[list[np.ndarray]] = [[] for _ in range(game.n)]
        self.scales: list[list[np.ndarray]] = [[] for _ in range(game.n)]
        self.joint_rows: list[int] = []
        self.joint_scales: list[float] = []
        #: Columns that are seen with noise.
        self.noisy: list[int] = []

    def _scales(self, field: Field, scale: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(scale, dtype=np.float64), field.shape).reshape(-1)

    def show(self, name: str, field_name: str, pick: fields.Pick, scale: Any = 1.0) -> None:
        """Add a part to every agent's observation."""
        field, n = self.game.layout[field_name], self.game.n
        scales = self._scales(field, scale)
        size = 0
        for i in range(n):
            picked = np.asarray(pick(i, n), dtype=np.int64)
            size = picked.size
            self.rows[i].append(field.first + picked)
            self.scales[i].append(scales[picked])
        if size > 0:
            self.layout[name] = slice(self.width, self.width + size)
            self.width += size

    def join(self, name: str, field_name: str, scale: Any = 1.0) -> None:
        """Add a part to the joint state; of pairs all but the diagonal."""
        field, n = self.game.layout[field_name], self.game.n
        picked = fields.off_diagonal(n) if field.shape == (n, n) else range(field.size)
        scales = self._scales(field, scale)
        start = len(self.joint_rows)
        self.joint_rows += [field.first + index for index in picked]
        self.joint_scales += [float(scales[index]) for index in picked]
        self.joint_layout[name] = slice(start, len(self.joint_rows))

    def add(self, line: StateField) -> None:
        """Add a field of the environment's own to both."""
        game, n = self.game, self.game.n
        field = game.layout[line.name]
        scale = fields.value_of(line.scale, game.parameters, line)
        start = self.width
        if line.own_only:
            self.show(line.name, line.name, lambda i, n: [i], scale)
        elif line.shape == ("n",):
            self.show(line.name, line.name, fields.own_first, scale)
            if line.noisy and game.noise_deviation > 0.0:
                self.noisy += range(start + 1, start + n)
        elif line.shape == ("n", "n"):
            self.show(line.name, line.name, fields.towards_others, scale)
        else:
            self.show(line.name, line.name, lambda i, n: list(range(field.size)), scale)
        self.join(line.name, line.name, scale)
