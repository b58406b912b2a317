"""Many parameter sets of one environment, solved by the oracles and paid by the environment's own kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.envs import environment_class
from coopetition.games.parameters import Parameters

from .files import RubricError, nearest
from .sets import Sets, distinct
from .smooth import sharpened, stencil_size

Array = NDArray[np.float64]
#: Concepts whose last digits are sought, and what agents maximise in each; in games of at most so many agents.
OBJECTIVES, MOST_AGENTS = {"nash": "private", "coopetitive": "integrated"}, 2


@dataclass(frozen=True)
class Points:
    """A profile of levels in each of B games, and what it pays there.

    Attributes
    ----------
    levels, payoffs, utilities : ndarray, shape (B, N)
    value : ndarray, shape (B,)
        What is created: the sum of payoffs and levels less the sum of endowments, V(a) of TR-1.
    converged : ndarray of bool, shape (B,)
        Whether the oracle certified the profile; true where a profile was given.
    epsilon : ndarray, shape (B,)
        The certificate: the most that an agent gains by another level; 0 where a profile was given.
    residual : ndarray, shape (B,)
        Of the first-order conditions, in levels; 0 where a profile was given.
    """

    levels: Array
    payoffs: Array
    utilities: Array
    value: Array
    converged: NDArray[np.bool_]
    epsilon: Array
    residual: Array


class Games:
    """B games of one environment that differ in numbers.

    Parameters
    ----------
    environment : str
        An id, such as ``"SLCD-v0"``.
    fixed : mapping of str to object
        Arguments of the environment that all games share.
    varied : mapping of str to ndarray, shape (B, ...)
        Arguments that differ, game by game along the first axis.

    Raises
    ------
    ValueError, TypeError
        What the environment refuses; arrays of different lengths.
    """

    def __init__(
        self, environment: str, fixed: Mapping[str, Any] | None = None, varied: Mapping[str, Any] | None = None
    ) -> None:
        self.environment = environment
        self.fixed = dict(fixed or {})
        self.varied = {name: np.asarray(value) for name, value in (varied or {}).items()}
        sizes = {value.shape[0] for value in self.varied.values()}
        if len(sizes) > 1:
            raise ValueError(f"{environment}: the varied arguments have different lengths, {sorted(sizes)}")
        self.count = sizes.pop() if sizes else 1
        #: The first of the games, for its agents and their endowments.
        self.first = self[0]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, k: int) -> Parameters:
        """The parameters of one game."""
        own = {name: _plain(value[k]) for name, value in self.varied.items()}
        return environment_class(self.environment).build({**self.fixed, **own})

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents, in order."""
        return self.first.agents

    def of(self, which: NDArray[np.int64]) -> Games:
        """Some of the games, by their places."""
        return Games(self.environment, self.fixed, {name: value[which] for name, value in self.varied.items()})

    def changed(self, changes: Mapping[str, Any]) -> Games:
        """The same games with some arguments given anew, for all alike."""
        kept = {name: value for name, value in self.varied.items() if name not in changes}
        if self.varied and not kept:
            kept = {name: np.repeat(np.asarray(value)[None], self.count, axis=0) for name, value in changes.items()}
            return Games(self.environment, self.fixed, kept)
        return Games(self.environment, {**self.fixed, **changes}, kept)

    def drawn(self, draws: Mapping[str, Array]) -> Games:
        """One game a draw: each name is an argument, or an entry of one.

        Parameters
        ----------
        draws : mapping of str to ndarray, shape (B,)
            ``gamma`` is the argument itself, ``shares.samsung`` an agent's number, ``dependence.samsung.sony`` a pair's
            (of samsung on sony). The other agents' shares keep their proportions and make up the rest to one.

        Raises
        ------
        RubricError
            An unknown argument or agent, or an entry of an argument that has none.
        """
        varied: dict[str, Any] = {}
        for path, values in draws.items():
            name, *who = path.split(".")
            varied[name] = _entered(self.first, path, name, who, values, varied.get(name))
        return Games(self.environment, self.fixed, varied)

    def solve(self, concept: str, objective: str | None = None, start: Array | None = None) -> Points:
        """Solve every game, by the oracles.

        What `coopetition.oracles.solve_many` solves is solved side by side, and equilibria of two agents get the last
        digits that published tables have (`smooth`); another concept is solved game by game. Certificates are the
        oracles'.

        Parameters
        ----------
        concept : str
            A concept of `coopetition.oracles.solve`.
        objective : str, optional
            What agents maximise, if not what the concept says.
        start : ndarray, shape (B, N), optional
            Levels to start from, where the games are solved side by side.

        Returns
        -------
        Points
        """
        from coopetition.oracles.stage.many import MANY, solve_many

        aim = objective or MANY.get(concept)
        if concept not in MANY or aim not in ("private", "integrated", "interdependence"):
            return self._solved_one_by_one(concept, objective)
        if self.count > 1:
            first, kind = distinct(self.varied)
            if len(first) < self.count:  # what is equal is solved once
                points = self.of(first).solve(concept, objective, None if start is None else start[first])
                return Points(**{name: values[kind] for name, values in vars(points).items()})
        sets: Any = self.sets.variants or [{}]
        found = solve_many(self.first, sets, concept, objective=aim, start=start, strict=False)
        levels, residual = found.actions, found.residual
        if concept in OBJECTIVES and len(self.agents) <= MOST_AGENTS:
            levels, residual = self._sharpened(found.actions, aim)
        paid = self.pay(levels)
        return Points(levels, paid.payoffs, paid.utilities, paid.value, found.converged, found.epsilon, residual)

    def _sharpened(self, levels: Array, aim: str) -> tuple[Array, Array]:
        sets, weights = self.sets, np.eye(len(self.agents)) + self._dependence() if aim == "interdependence" else None

        def values(levels: Array) -> Array:
            payoffs, utilities = sets.evaluate(levels)
            if weights is not None:
                return np.matmul(payoffs, weights.swapaxes(1, 2))
            return payoffs if aim == "private" else utilities

        return sharpened(values, levels, self.endowments)

    def _solved_one_by_one(self, concept: str, objective: str | None) -> Points:
        from coopetition.oracles import solve

        found = [solve(self[k], concept, objective=objective, strict=False) for k in range(self.count)]
        levels, payoffs, utilities = (
            np.array([getattr(solution, name) for solution in found]) for name in ("actions", "payoffs", "utilities")
        )
        return Points(
            levels,
            payoffs,
            utilities,
            self._value(levels, payoffs),
            np.array([solution.converged for solution in found]),
            np.array([solution.certificate.epsilon for solution in found]),
            np.array([solution.residual for solution in found]),
        )

    def pay(self, levels: Array) -> Points:
        """What the kernel pays at given levels, shape (B, N)."""
        table = np.repeat(np.asarray(levels, dtype=float)[:, None], self.sets.copies, axis=1)
        payoffs, utilities = (x[:, 0].copy() for x in self.sets.evaluate(table))
        certain = np.ones(self.count, dtype=bool)
        value = self._value(levels, payoffs)
        return Points(levels, payoffs, utilities, value, certain, np.zeros(self.count), np.zeros(self.count))

    @cached_property
    def sets(self) -> Sets:
        """The games' kernel, a stencil of copies each: built once, whatever is asked of it."""
        copies = stencil_size(len(self.agents)) if len(self.agents) <= MOST_AGENTS else 1
        return Sets(environment_class(self.environment), self.count, self.fixed, self.varied, copies)

    def _dependence(self) -> Array:
        """D of every game, (B, N, N)."""
        n = len(self.agents)
        given = np.asarray(self.varied.get("dependence", self.first.dependence), dtype=float)  # type: ignore[attr-defined]
        if given.ndim == 1:
            given = given[:, None, None] * (1.0 - np.eye(n))
        return np.broadcast_to(given, (self.count, n, n))

    @property
    def endowments(self) -> Array:
        """Endowments, shape (B, N)."""
        given = self.varied.get("endowment")
        own = np.asarray(self.first.endowment if given is None else given, dtype=float)  # type: ignore[attr-defined]
        if given is not None and own.ndim == 1:
            own = own[:, None]
        return np.broadcast_to(own, (self.count, len(self.agents)))

    def _value(self, levels: Array, payoffs: Array) -> Array:
        return np.asarray((payoffs + levels - self.endowments).sum(axis=1))


def _plain(value: Any) -> Any:
    """A number, text or nested tuple of an array's entry."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _entered(first: Parameters, path: str, name: str, who: Sequence[str], values: Array, so_far: Any) -> Any:
    """An argument's values, (B,), (B, N) or (B, N, N), with one entry set."""
    known = sorted(first.to_dict())
    if name not in known:
        raise RubricError(f"{path!r}: {first.id} has no argument {name!r}; {nearest(name, known)}")
    kind = type(first).domain(name).kind
    depth = {"agents": 1, "pairs": 2}.get(kind, 0)
    if len(who) not in (0, depth) or (depth == 0 and who):
        meant = {0: name, 1: f"{name}.<agent>", 2: f"{name}.<agent>.<agent>"}[depth]
        raise RubricError(f"{path!r}: write {meant!r}")
    values = np.asarray(values)
    if not who:
        return values
    for agent in who:
        if agent not in first.agents:
            raise RubricError(f"{path!r}: {first.id} has no agent {agent!r}; {nearest(agent, first.agents)}")
    if so_far is None:
        so_far = np.repeat(np.asarray(getattr(first, name), dtype=float)[None], len(values), axis=0)
    index = tuple(first.agents.index(agent) for agent in who)
    if name == "shares":
        others = [i for i in range(len(first.agents)) if i != index[0]]
        part = so_far[:, others] / so_far[:, others].sum(axis=1, keepdims=True)
        so_far[:, others] = part * (1.0 - values)[:, None]
    so_far[(slice(None), *index)] = values
    return so_far
