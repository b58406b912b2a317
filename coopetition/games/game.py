"""A game: validated parameters, named state, observation layout, and the arrays that its kernel reads.

Batches, oracles and calibration all work on `Game`; nothing here speaks of an API or draws a random number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coopetition.games.parameters import Addition, Parameters, as_matrix, choose, nearest
from coopetition.kernels.machine import places

REWARD_MODES = {
    "private": places.PRIVATE,
    "integrated": places.INTEGRATED,
    "cooperative": places.COOPERATIVE,
}
OBSERVATION_KINDS = ("own", "full")
ACTION_SCALES = ("unit", "endowment", "symmetric")


@dataclass(frozen=True)
class Field:
    """One named part of the state: where it lies, its shape per copy, and what a reset may set it to."""

    name: str
    first: int
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = math.inf
    settable: bool = True

    @property
    def size(self) -> int:
        """Number of rows."""
        return math.prod(self.shape)

    @property
    def rows(self) -> slice:
        """Rows of the state block."""
        return slice(self.first, self.first + self.size)


#: The number by which kernels know each state field.
FIELD_NUMBERS = {
    "rates": places.RATES,
    "time": places.TIME,
    "ended": places.ENDED,
    "outcome": places.OUTCOME,
    "payoff_total": places.PAYOFF_TOTAL,
    "reward_total": places.REWARD_TOTAL,
    "trust": places.TRUST,
    "damage": places.DAMAGE,
    "dependence": places.DEPENDENCE,
    "gamma": places.GAMMA,
    "loyalty": places.LOYALTY,
    "memory": places.MEMORY,
    "memory_mean": places.MEMORY_MEAN,
    "reputation": places.REPUTATION,
    "agreement": places.AGREEMENT,
    "agreed": places.AGREED,
    "agreements": places.AGREEMENTS,
    "breaches": places.BREACHES,
    "members": places.MEMBERS,
    "wait": places.WAIT,
    "thin_steps": places.THIN_STEPS,
    "image": places.IMAGE,
    "violations": places.VIOLATIONS,
}

#: Numbered outcomes of games that can end in more than one way; 0 is "no outcome yet".
OUTCOMES = ("", "collapsed", "recovered", "dissolved")


class Game:
    """One environment's game: what every consumer of the kernels uses.

    Parameters
    ----------
    parameters : Parameters
        An instance of one of the twenty environments' classes.
    reward_mode : {"integrated", "private", "cooperative"} or array_like (N, N)
        The reward layer; a matrix M pays sum_j M_ij pi_j and nothing else.
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
        self.mutuality = self._read_mutuality(reward_mode)
        self.reward_mode = reward_mode if self.mutuality is None else "matrix"
        self.endowment = np.asarray(parameters.endowment, dtype=np.float64)  # type: ignore[attr-defined]
        self.baseline = np.asarray(parameters.baseline, dtype=np.float64)  # type: ignore[attr-defined]
        self.baseline_rate = self.baseline / self.endowment
        self.reciprocal = parameters.family == "reciprocity"
        self.additions: tuple[Addition, ...] = parameters.additions()
        self.random_gamma = getattr(parameters, "gamma", 0.0) is None
        self.noise_deviation = float(getattr(parameters, "noise_deviation", 0.0))

        self.action_low = np.full(self.n, -1.0 if action_scale == "symmetric" else 0.0)
        self.action_high = self.endowment.copy() if action_scale == "endowment" else np.ones(self.n)
        self._lay_state_out()
        self._lay_views_out()
        self.at = self._integers()
        self.parameter_block = self._floats()

    def _read_mutuality(self, reward_mode: Any) -> np.ndarray | None:
        if isinstance(reward_mode, str):
            choose("reward_mode", reward_mode, REWARD_MODES)
            return None
        matrix = np.asarray(reward_mode, dtype=np.float64)
        if matrix.shape != (self.n, self.n) or not np.all(np.isfinite(matrix)):
            raise ValueError(
                f"reward_mode = {reward_mode!r}: expected one of {', '.join(REWARD_MODES)}, or a finite "
                f"({self.n}, {self.n}) matrix of weights on payoffs"
            )
        return matrix

    # --- state

    def _lay_state_out(self) -> None:
        n, p = self.n, self.parameters
        self.layout: dict[str, Field] = {}
        initial: list[np.ndarray] = []

        def add(name: str, value: Any, high: float = math.inf, settable: bool = True) -> None:
            array = np.asarray(value, dtype=np.float64)
            first = sum(part.size for part in initial)
            self.layout[name] = Field(name, first, array.shape, 0.0, high, settable)
            initial.append(array.reshape(-1))

        add("rates", self.baseline_rate, 1.0)
        add("time", 0.0, self.horizon - 1)
        add("ended", 0.0, settable=False)
        add("outcome", 0.0, settable=False)
        add("payoff_total", np.zeros(n), settable=False)
        add("reward_total", np.zeros(n), settable=False)
        if p.family == "team":
            add("loyalty", p.initial_loyalty, p.loyalty_cap)  # type: ignore[attr-defined]
        else:
            add("trust", as_matrix(p.initial_trust, n), 1.0)  # type: ignore[attr-defined]
            add("damage", as_matrix(p.initial_damage, n), 1.0)  # type: ignore[attr-defined]
            add("dependence", as_matrix(p.dependence, n), settable=False)  # type: ignore[attr-defined]
            gamma = p.gamma  # type: ignore[attr-defined]
            add("gamma", 0.0 if gamma is None else gamma)
        if self.reciprocal:
            add("memory", np.zeros((n, p.memory)), settable=False)  # type: ignore[attr-defined]
            add("memory_mean", self.baseline_rate, 1.0)
        for addition in self.additions:
            known = self.layout.get(addition.name)
            if known is not None:  # shown, so held in what its scale takes to [0, 1]
                self.layout[addition.name] = replace(known, high=addition.high)
                continue
            add(addition.name, addition.initial, addition.high, addition.settable)
        self.initial_state = np.concatenate(initial)
        self.state_rows = self.initial_state.size

    # --- views: every column of an observation is one state row times a scale

    def _lay_views_out(self) -> None:
        n = self.n
        full = self.observation == "full"
        pairs = np.arange(n * n).reshape(n, n)
        self.observation_layout: dict[str, slice] = {}
        self.joint_layout: dict[str, slice] = {}
        agent_rows: list[list[int]] = [[] for _ in range(n)]
        agent_scales: list[list[float]] = [[] for _ in range(n)]
        joint_rows: list[int] = []
        joint_scales: list[float] = []
        noise_places: list[int] = []

        def rows_of(name: str, picked: Any = None) -> list[int]:
            field = self.layout[name]
            indices = range(field.size) if picked is None else np.ravel(picked)
            return [field.first + int(index) for index in indices]

        def show(
            name: str, rows: Callable[[int], list[int]], scales: Callable[[int], list[float]] | None = None
        ) -> None:
            start = len(agent_rows[0])
            for i in range(n):
                mine = rows(i)
                agent_rows[i] += mine
                agent_scales[i] += scales(i) if scales else [1.0] * len(mine)
            if len(agent_rows[0]) > start:
                self.observation_layout[name] = slice(start, len(agent_rows[0]))

        def join(name: str, rows: list[int], scales: Any = 1.0) -> None:
            start = len(joint_rows)
            joint_rows.extend(rows)
            joint_scales.extend(np.broadcast_to(scales, len(rows)).tolist())
            self.joint_layout[name] = slice(start, len(joint_rows))

        def others(i: int) -> list[int]:
            return [j for j in range(n) if j != i]

        off_diagonal = pairs[~np.eye(n, dtype=bool)]
        show("own_rate", lambda i: rows_of("rates", [i]))
        show("other_rates", lambda i: rows_of("rates", others(i)))
        join("rates", rows_of("rates"))
        if self.parameters.family == "team":
            show("loyalty", lambda i: rows_of("loyalty", [i, *others(i)]))
            join("loyalty", rows_of("loyalty"))
        else:
            show("trust_in", lambda i: rows_of("trust", pairs[i, others(i)]))
            if full:
                show("trust_from", lambda i: rows_of("trust", pairs[others(i), i]))
            show("damage_held", lambda i: rows_of("damage", pairs[i, others(i)]))
            if full:
                show("damage_from", lambda i: rows_of("damage", pairs[others(i), i]))
            show("dependence", lambda i: rows_of("dependence", pairs[i, others(i)]))
            if full and n > 2:

                def between_others(i: int) -> list[int]:
                    return [int(pairs[j, k]) for j in others(i) for k in others(i) if j != k]

                show("trust_others", lambda i: rows_of("trust", between_others(i)))
                show("damage_others", lambda i: rows_of("damage", between_others(i)))
            for name in ("trust", "damage", "dependence"):
                join(name, rows_of(name, off_diagonal))
        if self.reciprocal:
            show("memory", lambda i: rows_of("memory_mean", others(i)))
            join("memory", rows_of("memory_mean"))
        for addition in self.additions:
            if not addition.observed:
                continue
            name = addition.name
            scale = np.broadcast_to(addition.scale, self.layout[name].shape).reshape(-1)
            start = len(agent_rows[0])
            if self.layout[name].shape == (n,):
                show(
                    name,
                    lambda i, name=name: rows_of(name, [i, *others(i)]),  # type: ignore[misc]
                    lambda i, scale=scale: [float(scale[j]) for j in (i, *others(i))],  # type: ignore[misc]
                )
                if addition.noisy and self.noise_deviation > 0.0:
                    noise_places += range(start + 1, start + n)
            else:
                show(
                    name,
                    lambda i, name=name: rows_of(name),  # type: ignore[misc]
                    lambda i, scale=scale: scale.tolist(),  # type: ignore[misc]
                )
            join(name, rows_of(name), scale)
        show("time", lambda i: rows_of("time"), lambda i: [1.0 / self.horizon])
        join("time", rows_of("time"), 1.0 / self.horizon)

        self.observation_size = len(agent_rows[0])
        self.joint_size = len(joint_rows)
        self.observation_rows = np.array(agent_rows, dtype=np.int64).reshape(-1)
        self.observation_scales = np.array(agent_scales, dtype=np.float64).reshape(-1)
        self.joint_rows = np.array(joint_rows, dtype=np.int64)
        self.joint_scales = np.array(joint_scales, dtype=np.float64)
        self.noise_places = np.array(
            [i * self.observation_size + place for i in range(n) for place in noise_places], dtype=np.int64
        )

    # --- what the kernel reads

    def _integers(self) -> np.ndarray:
        p = self.parameters
        at = np.full(places.AT_SIZE, -1, dtype=np.int64)
        at[places.N] = self.n
        at[places.REWARD_MODE] = places.MATRIX if self.mutuality is not None else REWARD_MODES[self.reward_mode]
        at[places.VALUE_FORM] = int(getattr(p, "value_form", "logarithmic") == "power")
        at[places.MEMORY_LENGTH] = getattr(p, "memory", 0)
        at[places.TEAMMATES_SUM] = int(getattr(p, "teammates", "mean") == "sum")
        at[places.ADDITIVE] = int(getattr(p, "reciprocity_form", "gradient") == "additive")
        recovery = getattr(p, "recovery_target", None)
        at[places.WATCHES_TRUST] = int(getattr(p, "collapse_threshold", 0.0) > 0.0 or recovery is not None)
        at[places.OPTION] = int(getattr(p, "rule_option", 0))
        for name, field in self.layout.items():
            at[FIELD_NUMBERS[name]] = field.first
        return at

    def _floats(self) -> np.ndarray:
        p, n = self.parameters, self.n
        block = np.zeros(places.SCALARS + places.VECTORS * n + places.MATRICES * n * n)
        named = {
            "lambda_plus": places.LAMBDA_PLUS,
            "lambda_minus": places.LAMBDA_MINUS,
            "mu_R": places.MU_R,
            "delta_R": places.DELTA_R,
            "xi": places.XI,
            "kappa": places.KAPPA,
            "theta": places.THETA,
            "beta": places.BETA,
            "collapse_threshold": places.COLLAPSE,
            "omega": places.OMEGA,
            "lambda_R": places.LAMBDA_R,
            "kappa_r": places.KAPPA_R,
            "cost": places.COST,
            "phi_B": places.PHI_B,
            "phi_C": places.PHI_C,
            "loyalty_gain": places.LOYALTY_GAIN,
            "loyalty_loss": places.LOYALTY_LOSS,
            "loyalty_threshold": places.LOYALTY_THRESHOLD,
            "loyalty_cap": places.LOYALTY_CAP,
        }
        for name, place in named.items():
            block[place] = getattr(p, name, 0.0)
        block[places.HORIZON] = self.horizon
        recovery = getattr(p, "recovery_target", None)
        block[places.RECOVERY] = math.inf if recovery is None else recovery
        block[places.MEAN_ENDOWMENT] = self.endowment.mean()
        block[places.SYNERGY_SCALE] = math.exp(np.log(self.endowment).mean())
        block[places.NOISE_DEVIATION] = self.noise_deviation
        own = p.rule_numbers()
        block[places.OWN : places.OWN + len(own)] = own

        vectors = block[places.SCALARS : places.SCALARS + places.VECTORS * n].reshape(places.VECTORS, n)
        vectors[places.ENDOWMENT] = self.endowment
        vectors[places.BASELINE] = self.baseline
        vectors[places.SIGNAL_SCALE] = self.endowment if getattr(p, "signal_scale", "raw") == "endowment" else 1.0
        vectors[places.SHARES] = getattr(p, "shares", 0.0)
        vectors[places.ACTION_LOW] = self.action_low
        vectors[places.ACTION_SPAN] = self.action_high - self.action_low
        vectors[places.KEPT] = getattr(p, "kept", 0.0)
        vectors[places.BASELINE_RATE] = self.baseline_rate

        matrices = block[places.SCALARS + places.VECTORS * n :].reshape(places.MATRICES, n, n)
        if p.family != "team":
            matrices[places.WATCH] = p.watched()  # type: ignore[attr-defined]
            matrices[places.PAIR_DEPENDENCE] = as_matrix(p.dependence, n)  # type: ignore[attr-defined]
        if self.reciprocal:
            dependence = as_matrix(p.dependence, n)  # type: ignore[attr-defined]
            strength = p.rho_0 * np.where(dependence > 0.0, dependence, 0.0) ** p.eta  # type: ignore[attr-defined]
            matrices[places.SENSITIVITY] = np.where(np.eye(n, dtype=bool), 0.0, strength)
        if self.mutuality is not None:
            matrices[places.MUTUALITY] = self.mutuality
        return block

    # --- named state

    def read_state(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """State rows (rows, ...) as named arrays of each field's shape, lanes last."""
        return {name: rows[field.rows].reshape(field.shape + rows.shape[1:]) for name, field in self.layout.items()}

    def state_vector(self, state: dict[str, Any] | None = None) -> np.ndarray:
        """The initial state as one vector of rows, with some named parts replaced.

        Raises
        ------
        ValueError
            An unknown name, a wrong shape, or a value out of the field's range.
        """
        vector = self.initial_state.copy()
        for name, value in (state or {}).items():
            vector[self.layout[self._settable(name)].rows] = self.checked_state(name, value).reshape(-1)
        return vector

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
        array = np.asarray(value, dtype=np.float64)
        if field.shape == (self.n, self.n):
            array = as_matrix(array, self.n)
        elif array.ndim == 0:
            array = np.full(field.shape, array)
        if array.shape != field.shape:
            raise ValueError(f"state {name!r} has shape {array.shape}, expected {field.shape}")
        if not np.all(np.isfinite(array)) or np.any(array < field.low) or np.any(array > field.high):
            raise ValueError(f"state {name!r} = {value!r} is out of its range [{field.low:g}, {field.high:g}]")
        if field.shape == (self.n, self.n):
            array = np.where(np.eye(self.n, dtype=bool), 0.0, array)
        return array
