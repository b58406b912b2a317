"""The state of a game: one table of the fields that games share, and how a line of it becomes rows of a state.

A line says everything about a field: what it is called, its shape, where it starts, its range, and who sees it. Kernels
know it by the number of that name (`coopetition.kernels.machine.numbers.State`); layouts, snapshots, ``options=`` of
reset, infos and pages follow from it. An environment declares its own fields by lines of the same kind, in its class
(`coopetition.games.parameters.Parameters.adds`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.kernels.machine.numbers import State


@dataclass(frozen=True)
class StateField:
    """One line of the table.

    Attributes
    ----------
    name : str
        What the field is called; kernels read ``State.NAME``.
    shape : tuple of int or str
        Its shape in one copy. Text is an attribute of the parameters: ``("n",)`` is a number an agent, ``("n", "n")``
        one an ordered pair (with a diagonal of zeros), ``()`` a single one.
    initial, low, high : float, or str
        The value at reset, broadcast to the shape, and the range of what a reset may set it to: numbers, or
        attributes of the parameters.
    integer : bool
        Whether only whole numbers make sense.
    settable : bool
        Whether ``options=`` of reset may set it.
    observed : bool, or str
        Whether agents see a field of an environment's own: one of shape ("n",) as own, then others; of ("n", "n") as
        what the agent holds towards the others; any other as it is. Families say what is seen of shared fields.
    scale : float, or str
        Factor that takes it to [0, 1] where it is seen.
    own_only : bool
        Of a seen field of shape ("n",), an agent sees its own number alone.
    noisy : bool
        Others' values are seen with noise of the parameters' ``noise_deviation``.
    meaning : str
        What it is, for docs.
    """

    name: str
    shape: tuple[int | str, ...] = ()
    initial: Any = 0.0
    low: Any = 0.0
    high: Any = math.inf
    integer: bool = False
    settable: bool = True
    observed: Any = True
    scale: Any = 1.0
    own_only: bool = False
    noisy: bool = False
    meaning: str = ""


# fmt: off
#: What games share. `families` says which of them a family has.
FIELDS = {field.name: field for field in (
    StateField("rates", ("n",), "baseline_rate", high=1.0, meaning="c_i of the last step"),
    StateField("time", (), high="last_start", integer=True, meaning="steps played"),
    StateField("ended", (), high=2.0, integer=True, settable=False, meaning="0 under way, 1 terminated, 2 truncated"),
    StateField("outcome", (), integer=True, settable=False, meaning="how it ended by the game's own rule; 0 not yet"),
    StateField("payoff_total", ("n",), low=-math.inf, settable=False, meaning="sum of pi_i over the episode"),
    StateField("reward_total", ("n",), low=-math.inf, settable=False, meaning="sum of the mode's rewards"),
    StateField("trust", ("n", "n"), "initial_trust", high=1.0, meaning="T_ij"),
    StateField("damage", ("n", "n"), "initial_damage", high=1.0, meaning="R_ij"),
    StateField("dependence", ("n", "n"), "dependence", high=1.0, settable=False, meaning="D_ij"),
    StateField("gamma", (), "initial_gamma", meaning="weight of the synergy"),
    StateField("loyalty", ("n",), "initial_loyalty", high="loyalty_cap", meaning="theta_i"),
    StateField("memory", ("n", "memory_length"), high=1.0, settable=False, meaning="last k rates, newest first"),
    StateField("memory_mean", ("n",), "baseline_rate", high=1.0, meaning="cbar_j"),
    StateField("chance", (), integer=True, settable=False, meaning="what the episode's uncertainty follows from"),
    StateField("seen", ("n", "n"), "baseline_rates", high=1.0, meaning="what i saw of c_j, through noise"),
    StateField("begun", (), high=1.0, settable=False, meaning="0 before the first step, then 1"),
    StateField("intensity", ("n",), high=1.0, meaning="k_i of the last step, the second number of an action"),
)}
# fmt: on

if [name.upper() for name in FIELDS] != list(State.numbers):  # pragma: no cover - one of the two lists was edited alone
    raise TypeError(f"the fields {list(FIELDS)} and the kernels' numbers {list(State.numbers)} differ")


@dataclass(frozen=True)
class Field:
    """One named part of a game's state: where it lies, its shape in a copy, and what a reset may set it to.

    Attributes
    ----------
    name, meaning : str
        As in the table.
    first : int
        Its first row of the state block.
    shape : tuple of int
        Its shape in one copy.
    low, high : float
        Its range.
    settable, integer : bool
        Whether a reset may set it, and whether to whole numbers only.
    """

    name: str
    first: int
    shape: tuple[int, ...]
    low: float = 0.0
    high: float = math.inf
    settable: bool = True
    integer: bool = False
    meaning: str = ""

    @property
    def size(self) -> int:
        """Number of rows."""
        return math.prod(self.shape)

    @property
    def rows(self) -> slice:
        """Rows of the state block."""
        return slice(self.first, self.first + self.size)


def lay_out(lines: dict[str, StateField], parameters: Any) -> tuple[dict[str, Field], np.ndarray]:
    """Where each field lies, and the state at reset, as one vector of rows.

    Parameters
    ----------
    lines : dict of str to StateField
        The game's fields, in the order in which they lie.
    parameters : Parameters
        Whose attributes lines name.
    """
    layout: dict[str, Field] = {}
    initial: list[np.ndarray] = []
    first = 0
    for name, line in lines.items():
        shape = tuple(int(value_of(length, parameters, line)) for length in line.shape)
        low, high = (float(value_of(bound, parameters, line)) for bound in (line.low, line.high))
        layout[name] = Field(name, first, shape, low, high, line.settable, line.integer, line.meaning)
        start = value_of(line.initial, parameters, line)
        initial.append(broadcast(start, shape, square=len(shape) == 2 and shape[0] == shape[1] == parameters.n))
        first += layout[name].size
    return layout, np.concatenate([part.reshape(-1) for part in initial])


def value_of(entry: Any, parameters: Any, line: StateField) -> Any:
    """An entry of a line: itself, or the attribute of the parameters that it names."""
    if not isinstance(entry, str):
        return entry
    try:
        return getattr(parameters, entry)
    except AttributeError:
        raise TypeError(
            f"{parameters.id}: the state field {line.name!r} is declared by the parameters' {entry!r}, which "
            f"{type(parameters).__name__} does not have"
        ) from None


def broadcast(value: Any, shape: tuple[int, ...], square: bool) -> np.ndarray:
    """A number for all, or an array of the shape, as float64; the diagonal of a matrix of pairs is zero."""
    array = np.broadcast_to(np.asarray(value, dtype=np.float64), shape).copy()
    if square:
        np.fill_diagonal(array, 0.0)
    return array


Pick = Callable[[int, int], "list[int] | np.ndarray"]


@dataclass(frozen=True)
class Column:
    """A named part of what agents observe: which entries of a field an agent sees.

    Attributes
    ----------
    name, field : str
        Its name in the observation, and the field's.
    pick : callable
        ``pick(i, n)``: indices of the flattened field that agent i of n sees.
    full : bool
        Only with ``observation="full"``.
    """

    name: str
    field: str
    pick: Pick
    full: bool = False


def others(i: int, n: int) -> list[int]:
    """Everybody but i, in index order."""
    return [j for j in range(n) if j != i]


def own_first(i: int, n: int) -> list[int]:
    """I, then the others."""
    return [i, *others(i, n)]


def towards_others(i: int, n: int) -> list[int]:
    """Pairs (i, j): what i holds towards the others."""
    return [i * n + j for j in others(i, n)]


def from_others(i: int, n: int) -> list[int]:
    """Pairs (j, i): what the others hold towards i."""
    return [j * n + i for j in others(i, n)]


def between_others(i: int, n: int) -> np.ndarray:
    """Pairs (j, k) without i; of two hundred agents, eight million in all."""
    pairs = np.arange(n * n).reshape(n, n)
    wanted = ~np.eye(n, dtype=bool)
    wanted[i] = wanted[:, i] = False
    return pairs[wanted]


def off_diagonal(n: int) -> list[int]:
    """All ordered pairs."""
    return [i * n + j for i in range(n) for j in range(n) if i != j]
