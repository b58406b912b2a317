"""Many parameter sets of one environment as arrays: what a kernel needs to play K variants in one call.

The variants have the same agents, state fields and stages, and differ in numbers. From a list of parameters each
becomes a game, and the games' arrays are stacked. From arrays nothing is built K times: domains are checked on whole
arrays, and what the class computes from its parameters is computed once if it reads none of the varied ones, else for
one set after another on one stand-in object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from coopetition.games import checks
from coopetition.games.declared import Domain
from coopetition.games.fields import StateField, value_of
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.kernels.machine import numbers
from coopetition.kernels.machine.numbers import Integer, Matrix, Scalar, Vector

#: Kinds of parameters that arrays may vary.
SHAPES = {"number": 0, "integer": 0, "agents": 1, "pairs": 2}


@dataclass(frozen=True)
class Variants:
    """K parameter sets.

    Attributes
    ----------
    game : Game
        The game of the first set, whose layout all share.
    parameters : ndarray (K, P) float64
        Parameter blocks.
    at : ndarray (K, A) int64
        Integers and field numbers.
    initial : ndarray (K, R) float64
        States at reset.
    observation_scales, joint_scales : ndarray (K, columns) float64
        Factors of what is seen.
    horizons : ndarray (K,) int64
        Steps until truncation.
    endowment : ndarray (K, N) float64
        Most that each agent can give.
    action_low, action_high : ndarray (K, N) float64
        Bounds of actions; (K, N, 2) where an action has two numbers.
    source : sequence of Parameters, or Columns
        Where the sets came from; `parameters_of` gives one of them.
    """

    game: Game
    parameters: np.ndarray
    at: np.ndarray
    initial: np.ndarray
    observation_scales: np.ndarray
    joint_scales: np.ndarray
    horizons: np.ndarray
    endowment: np.ndarray
    action_low: np.ndarray
    action_high: np.ndarray
    source: Any

    @property
    def count(self) -> int:
        """K."""
        return len(self.parameters)

    def parameters_of(self, k: int) -> Parameters:
        """Set k as an object."""
        if isinstance(self.source, Columns):
            return changed(self.source.base, self.source.set_of(k), self.source.chosen)
        found: Parameters = self.source[k]
        return found

    def drawn(self, name: str) -> np.ndarray:
        """Units or bounds of actions, (K, N[, 2]), from the parameter blocks, where kernels write drawn ones."""
        n = self.game.n
        block = self.parameters[:, numbers.SCALARS : numbers.SCALARS + numbers.VECTORS * n].reshape(self.count, -1, n)
        low: np.ndarray = block[:, Vector.ACTION_LOW]
        if name == "action_units":
            return self.game.levels_of(block[:, Vector.ENDOWMENT], 1.0)
        if name == "action_high":
            return self.game.levels_of(low + block[:, Vector.ACTION_SPAN], 1.0)
        return self.game.levels_of(low, self.game.action_low.flat[-1])

    def identity(self) -> np.ndarray:
        """All that tells a set from another, (K, width)."""
        high = self.action_high.reshape(self.count, -1)
        return np.concatenate([self.rows(), self.at, self.horizons[:, np.newaxis], high], axis=1)

    @property
    def action_units(self) -> np.ndarray:
        """Levels that rates of one stand for, (K, N) or (K, N, 2)."""
        return self.game.levels_of(self.endowment, 1.0)

    def rows(self) -> np.ndarray:
        """All numbers of a set side by side, (K, width): parameters, initial state and scales, as kernels copy them."""
        return np.concatenate([self.parameters, self.initial, self.observation_scales, self.joint_scales], axis=1)


def stacked(games: Sequence[Game]) -> Variants:
    """The variants of games of one structure.

    Raises
    ------
    ValueError
        A game that differs from the first in more than numbers, and in what.
    """
    if not games:
        raise ValueError("parameters: expected at least one set")
    first = games[0]
    for k, game in enumerate(games):
        for what, get in STRUCTURE.items():
            if not _equal(get(game), get(first)):
                raise ValueError(f"parameters[{k}] has other {what} than parameters[0]: one batch plays one structure")

    def stack(name: str) -> np.ndarray:
        return np.stack([np.asarray(getattr(game, name)) for game in games])

    return Variants(
        game=first,
        parameters=stack("parameter_block"),
        at=stack("at"),
        initial=stack("initial_state"),
        observation_scales=stack("observation_scales"),
        joint_scales=stack("joint_scales"),
        horizons=np.array([game.horizon for game in games]),
        endowment=stack("endowment"),
        action_low=stack("action_low"),
        action_high=stack("action_high"),
        source=[game.parameters for game in games],
    )


#: What games of one batch must share, by words of a message.
STRUCTURE: dict[str, Callable[[Game], Any]] = {
    "environment": lambda game: game.parameters.published_class(),
    "agents": lambda game: game.agents,
    "state fields": lambda game: [(field.name, field.first, field.shape) for field in game.layout.values()],
    "stages": lambda game: game.stages(),
    "views": lambda game: (game.observation_rows, game.joint_rows, game.noise_places),
    "drawn numbers": lambda game: game.random_gamma,
    "kernel numbers": lambda game: game.parameter_block.size,
}


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and one and isinstance(one[0], np.ndarray):
        return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


class Columns:
    """Attributes of K parameter sets: arrays that were given, and what the class computes from them.

    Parameters
    ----------
    base : Parameters
        The first set.
    arrays : dict of str to ndarray (K, ...)
        The varied parameters, checked and broadcast.
    chosen : iterable of str, optional
        Parameters of the base that somebody chose; all by default.
    """

    def __init__(self, base: Parameters, arrays: Mapping[str, np.ndarray], chosen: Iterable[str] | None = None) -> None:
        self.base = base
        self.chosen = None if chosen is None else tuple(chosen)
        self.arrays = dict(arrays)
        self.count = len(next(iter(arrays.values())))
        self._stand_in = object.__new__(type(base))
        self._stand_in.__dict__.update(base.__dict__)
        self._lists = {name: _as_kept(base.domain(name), array) for name, array in arrays.items()}

    def set_of(self, k: int) -> dict[str, Any]:
        """The varied parameters of set k, as its object keeps them."""
        return {name: values[k] for name, values in self._lists.items()}

    def each(self, read: Callable[[Any], Any]) -> list[Any] | None:
        """What `read` makes of each set; None if it reads nothing that varies, and so is the same for all."""
        cls: Any = type(self.base)
        noting: Any = object.__new__(_noting(cls))
        noting.__dict__.update(self.base.__dict__)
        noted: set[str] = set()
        noting.__dict__["_noted"] = noted
        read(noting)
        if not noted & (self.arrays.keys() | {"__dict__"}):
            return None
        found = []
        for k in range(self.count):
            self._stand_in.__dict__.update(self.set_of(k))
            try:
                found.append(read(self._stand_in))
            except (TypeError, ValueError) as error:
                raise type(error)(f"set {k}: {error}") from None
        return found

    def values(self, name: str) -> np.ndarray | None:
        """An attribute's numbers in each set, (K, ...); None if they are the same in all."""
        if name in self.arrays:
            return self.arrays[name]
        found = self.each(lambda p: _number(p, name))
        return None if found is None else np.array(found, dtype=np.float64)


def _number(p: Any, name: str) -> Any:
    value = getattr(p, name)
    if callable(value):
        value = value()
    return p.domain(name).choices.index(value) if isinstance(value, str) else value


@functools.cache
def _noting(cls: Any) -> type:
    """A subclass whose objects note what is read of them."""

    def note(self: Any, name: str) -> Any:
        noted = object.__getattribute__(self, "__dict__").get("_noted")
        if noted is not None:
            noted.add(name)
        return object.__getattribute__(self, name)

    return type(cls.__name__, (cls,), {"__getattribute__": note, "__module__": cls.__module__})


def _as_kept(domain: Domain, array: np.ndarray) -> list[Any]:
    listed = array.tolist()
    if domain.kind == "agents":
        return [tuple(row) for row in listed]
    if domain.kind == "pairs":
        return [tuple(tuple(row) for row in matrix) for matrix in listed]
    return [int(value) for value in listed] if domain.kind == "integer" else list(listed)


def checked_arrays(cls: type[Parameters], given: Mapping[str, Any], n: int) -> dict[str, np.ndarray]:
    """Arrays of K values, each checked against its parameter's domain as one array.

    Parameters
    ----------
    cls : type
        The environment's class.
    given : mapping of str to array_like
        (K,) for a number; (K,) or (K, N) for a number an agent; (K,) or (K, N, N) for a number an ordered pair.
    n : int
        Number of agents.

    Raises
    ------
    TypeError
        An unknown parameter, one that is no number, or values that are none.
    ValueError
        Arrays of different lengths or wrong shapes, or values out of the domain, with the first set that has one.
    """
    checks.arguments(cls.id, given, [field.name for field in fields(cls)])
    found: dict[str, np.ndarray] = {}
    if not given:
        raise ValueError("parameters: expected at least one array")
    for name, values in given.items():
        domain = cls.domain(name)
        if domain.kind not in SHAPES:
            raise TypeError(f"{cls.id}: {name} is the same in all sets of a batch; only numbers are given as arrays")
        array = checks.reals(name, values)
        if domain.kind == "integer" and np.asarray(values).dtype.kind not in "iu":
            raise TypeError(f"{cls.id}: {name} is an array of {np.asarray(values).dtype}, not of integers")
        shape = (n,) * SHAPES[domain.kind]
        if array.ndim == 1 and domain.kind == "agents":
            array = np.repeat(array[:, np.newaxis], n, axis=1)
        elif array.ndim == 1 and domain.kind == "pairs":
            array = np.where(np.eye(n, dtype=bool), 0.0, array[:, np.newaxis, np.newaxis])
        if array.ndim == 0 or array.shape[1:] != shape or not len(array):
            raise ValueError(f"{cls.id}: {name} has shape {array.shape}, expected {('K', *shape)} for K sets")
        bad = (
            ~np.isfinite(array)
            | (array > domain.high)
            | ((array <= domain.low) if domain.open_low else (array < domain.low))
        )
        if domain.kind == "pairs":
            bad |= np.eye(n, dtype=bool) & (array != 0.0)
        if bad.any():
            k = int(np.argwhere(bad)[0, 0])
            value = checks.shown(array[k].tolist())
            raise ValueError(f"{cls.id}: {name} = {value} of set {k} is out of its domain: {domain}")
        found[name] = array
    lengths = {name: len(array) for name, array in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{cls.id}: arrays of different lengths: {lengths}")
    return found


def from_arrays(game: Game, given: Mapping[str, Any], chosen: Iterable[str] | None = None) -> Variants:
    """The variants of a game whose parameters differ from it by arrays.

    Parameters
    ----------
    game : Game
        Everything that does not vary.
    given : mapping of str to array_like (K, ...)
        As for `checked_arrays`.
    chosen : iterable of str, optional
        Parameters of the game that somebody chose; the class resolves the others anew for each set. All by default.

    Raises
    ------
    TypeError, ValueError
        As `checked_arrays`; and for a set that breaks a condition which ties parameters together, or differs in
        agents, fields or stages.
    """
    cls = type(game.parameters)
    arrays = checked_arrays(cls, given, game.n)
    kept = tuple(field.name for field in fields(cls)) if chosen is None else tuple(chosen)
    firsts = {name: _as_kept(cls.domain(name), array[:1])[0] for name, array in arrays.items()}
    base = changed(game.parameters, firsts, kept)
    arrays.update(_resolved(base, arrays, kept))
    columns = Columns(base, arrays, kept)
    columns.each(lambda p: p.check())
    _check_range(base, arrays, columns)
    first = Game(base, game.mode, game.observation, game.action_scale)
    _check_structure(first, columns)
    return _filled(first, columns)


def _check_range(base: Parameters, arrays: Mapping[str, np.ndarray], columns: Columns) -> None:
    """Refuse a set whose payoffs no float32 holds; each is looked at only where the largest of all are too large."""
    largest = {name: np.take_along_axis(a, np.abs(a).argmax(axis=0)[np.newaxis], axis=0) for name, a in arrays.items()}
    try:
        Columns(base, largest).each(lambda p: p.check_range())
    except ValueError:
        columns.each(lambda p: p.check_range())


def drawn_variants(game: Game, copies: int, vary: Mapping[str, Any], chosen: Iterable[str] | None = None) -> Variants:
    """A set for each copy, whose numbers are drawn later from ranges.

    Raises
    ------
    TypeError, ValueError
        As `from_arrays`, for the ends of the ranges; a range that is none, or one over which integers change.
    """
    ends: dict[str, np.ndarray] = {}
    for name, bounds in vary.items():
        pair = checks.reals(f"vary[{name!r}]", bounds)
        if pair.shape != (2,) or not pair[0] <= pair[1]:
            raise ValueError(f"vary[{name!r}] = {checks.shown(bounds)}: expected (low, high)")
        ends[name] = pair
    checks.arguments(game.id, ends, [field.name for field in fields(type(game.parameters))])
    for name in ends:
        if type(game.parameters).domain(name).kind == "integer":
            raise TypeError(f"{game.id}: {name} is an integer and is not drawn")
    corners = np.array(np.meshgrid(*ends.values(), indexing="ij")).reshape(len(ends), -1)
    found = from_arrays(game, dict(zip(ends, corners, strict=True)), chosen)
    if (found.at != found.at[0]).any():
        raise ValueError(f"{game.id}: {', '.join(ends)} cannot be drawn from ranges that turn a rule on or off")
    middle = {name: np.full(copies, pair.mean()) for name, pair in ends.items()}
    return from_arrays(game, middle, chosen)


def _resolved(base: Parameters, arrays: Mapping[str, np.ndarray], chosen: Iterable[str]) -> dict[str, np.ndarray]:
    """What the class resolves from others where nobody chose it, if that differs between sets."""
    cls = type(base)
    left = object.__new__(cls)
    left.__dict__.update(base.__dict__)
    for field in fields(cls):
        if field.default is None and field.name not in chosen and field.name not in arrays:
            left.__dict__[field.name] = None
    found = Columns(left, arrays).each(lambda p: p.resolved())
    resolved: dict[str, np.ndarray] = {}
    for name in () if found is None else found[0]:
        domain = cls.domain(name)
        values = [domain.checked(f"{cls.id}: set {k}", name, one[name], base.n) for k, one in enumerate(found or ())]
        resolved[name] = np.array(values)
    return resolved


def changed(parameters: Parameters, values: Mapping[str, Any], chosen: Iterable[str] | None = None) -> Parameters:
    """The same parameters but for some values; what nobody chose is resolved anew (by default all was chosen)."""
    names = [f.name for f in fields(parameters)] if chosen is None else chosen
    return type(parameters).build({**{name: getattr(parameters, name) for name in names}, **values})


def _check_structure(game: Game, columns: Columns) -> None:
    lines = game.fields.values()
    same: dict[str, Callable[[Any], Any]] = {
        "agents": lambda p: tuple(p.agents),
        "state fields": lambda p: [[value_of(length, p, line) for length in line.shape] for line in lines],
        "stages": lambda p: p.stages(),
        "uncertainty": lambda p: (p.continuation < 1.0, p.tremble > 0.0, p.monitoring_noise > 0.0),
        "views": lambda p: (p.noise_deviation > 0.0, [bool(value_of(line.observed, p, line)) for line in lines]),
    }
    for what, read in same.items():
        found = columns.each(read)
        for k, one in enumerate(found or ()):
            if one != found[0]:  # type: ignore[index]
                raise ValueError(f"{game.id}: set {k} has other {what} than set 0: one batch plays one structure")


def _filled(game: Game, columns: Columns) -> Variants:
    """The game's arrays K times, with what varies written over."""
    count, n, family = columns.count, game.n, game.family

    def repeated(array: np.ndarray) -> np.ndarray:
        return np.repeat(array[np.newaxis], count, axis=0)

    def pairs_of(values: np.ndarray) -> np.ndarray:
        return values if values.ndim == 3 else np.where(np.eye(n, dtype=bool), 0.0, values.reshape(-1, 1, 1))

    block, at, initial = (repeated(array) for array in (game.parameter_block, game.at, game.initial_state))
    vectors = block[:, numbers.SCALARS : numbers.SCALARS + numbers.VECTORS * n].reshape(count, -1, n)
    end = numbers.SCALARS + numbers.VECTORS * n
    singles, matrices = block[:, : numbers.SCALARS], block[:, end:].reshape(count, -1, n, n)

    def put(space: str, number: int, values: np.ndarray | None) -> None:
        if values is None:
            return
        if space == "Vector":
            vectors[:, number] = values if values.ndim == 2 else values[:, np.newaxis]
        elif space == "Matrix":
            matrices[:, number] = pairs_of(values)
        elif space == "Integer":
            at[:, number] = values
        else:
            values = values.reshape(count, -1)
            singles[:, number : number + values.shape[1]] = values

    declared = (
        (Integer, family.integers),
        (Scalar, family.scalars),
        (Vector, family.vectors),
        (Matrix, family.matrices),
    )
    for space, names in declared:
        for name in names:
            put(space.__name__, space.numbers[name.upper()], columns.values(name))
    cls = type(columns.base)
    for name, (space_name, _) in cls._own_numbers.items():
        put(space_name, getattr(cls, space_name).numbers[name.upper()], columns.values(name))
    endowment = columns.values("endowment")
    endowment = repeated(game.endowment) if endowment is None else endowment
    low = repeated(game.action_low)
    high = game.levels_of(endowment, 1.0) if game.action_scale == "endowment" else repeated(game.action_high)
    vectors[:, Vector.ACTION_SPAN] = (high - low).reshape(count, n, -1)[..., 0]
    # A reshape of a slice may be a copy.
    block[:, numbers.SCALARS : end] = vectors.reshape(count, -1)
    block[:, end:] = matrices.reshape(count, -1)

    seen = repeated(game.observation_scales)
    joined = repeated(game.joint_scales)
    for name, line in game.fields.items():
        field = game.layout[name]
        start = columns.each(functools.partial(_entry, line, "initial"))
        if start is not None:
            values = np.array(start, dtype=np.float64)
            if field.shape == (n, n):
                values = np.where(np.eye(n, dtype=bool), 0.0, pairs_of(values))
            initial[:, field.rows] = np.broadcast_to(
                values.reshape(count, *values.shape[1:], *[1] * (len(field.shape) - values.ndim + 1)),
                (count, *field.shape),
            ).reshape(count, -1)
        scale = columns.each(functools.partial(_entry, line, "scale"))
        if scale is not None:
            _rescale(game, name, np.array(scale, dtype=np.float64), seen, joined)
    horizons = columns.values("horizon")
    if horizons is not None:
        _rescale(game, "time", 1.0 / horizons, seen, joined)
    return Variants(
        game=game,
        parameters=block,
        at=at,
        initial=initial,
        observation_scales=seen,
        joint_scales=joined,
        horizons=np.full(count, game.horizon) if horizons is None else horizons.astype(np.int64),
        endowment=endowment,
        action_low=low,
        action_high=high,
        source=columns,
    )


def _entry(line: StateField, what: str, p: Any) -> Any:
    return value_of(getattr(line, what), p, line)


def _rescale(game: Game, name: str, scale: np.ndarray, seen: np.ndarray, joined: np.ndarray) -> None:
    """Write one field's scales of each set, (K,) or (K, ...), where it is seen."""
    field, count = game.layout[name], len(scale)
    flat = np.broadcast_to(scale.reshape(count, -1), (count, field.size))
    for rows, table, where in (
        (game.observation_rows.reshape(game.n, -1), seen.reshape(count, game.n, -1), game.observation_layout),
        (game.joint_rows.reshape(1, -1), joined.reshape(count, 1, -1), game.joint_layout),
    ):
        if name in where:
            columns = where[name]
            table[:, :, columns] = flat[:, rows[:, columns] - field.first]
