"""Interdependence from i* dependencies (TR-1's equation)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Dependency:
    """One row of an i* dependency table.

    Attributes
    ----------
    depender, dependee : str
        Who depends on whom.
    dependum : str
        For what.
    importance : float
        Weight of the dependum among the depender's, w > 0.
    criticality : float
        How hard the dependee is to replace, in [0, 1]: 1 for no alternative, 1/n for n alternatives.
    """

    depender: str
    dependee: str
    dependum: str
    importance: float
    criticality: float

    def __post_init__(self) -> None:
        if not self.importance > 0:
            raise ValueError(f"{self.dependum!r}: importance must be positive, found {self.importance}")
        if not 0 <= self.criticality <= 1:
            raise ValueError(f"{self.dependum!r}: criticality must lie in [0, 1], found {self.criticality}")
        if self.depender == self.dependee:
            raise ValueError(f"{self.dependum!r}: {self.depender!r} cannot depend on itself")


def interdependence(
    dependencies: Iterable[Dependency], players: Sequence[str] | None = None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The interdependence matrix of a table of i* dependencies.

    D_ij = sum_d w_d Dep(i, j, d) crit(i, j, d) / sum_d w_d, the sums over all dependums d of i (TR-1,
    arXiv:2510.18802). A dependum that i can get from several dependees counts once in the denominator.

    Parameters
    ----------
    dependencies : iterable of Dependency
    players : sequence of str, optional
        Order of the rows and columns; by default the order of first mention, dependers before dependees.

    Returns
    -------
    players : tuple of str, length N
    D : ndarray, shape (N, N)
        Zero diagonal, entries in [0, 1].

    Raises
    ------
    ValueError
        A player missing from `players`, a pair given twice for one dependum, or one dependum with two
        importances.

    Examples
    --------
    Major developers' dependence on Apple (TR-4): .40 x .95 + .35 x .85 + .25 x .80 = .8775, printed as .88.
    The names of the dependums are ours; weights and criticalities are the report's.

    >>> from coopetition.calibration import Dependency, interdependence
    >>> table = [Dependency("major", "apple", "first dependum", .40, .95),
    ...          Dependency("major", "apple", "second dependum", .35, .85),
    ...          Dependency("major", "apple", "third dependum", .25, .80)]
    >>> players, D = interdependence(table, players=("apple", "major"))
    >>> round(float(D[1, 0]), 4)
    0.8775
    """
    rows = list(dependencies)
    if players is None:
        players = tuple(dict.fromkeys([d.depender for d in rows] + [d.dependee for d in rows]))
    index = {name: k for k, name in enumerate(players)}
    for row in rows:
        for name in (row.depender, row.dependee):
            if name not in index:
                raise ValueError(f"{name!r} is not among the players {', '.join(map(repr, players))}")
    weights: dict[tuple[str, str], float] = {}
    seen: set[tuple[str, str, str]] = set()
    matrix = np.zeros((len(index), len(index)))
    for row in rows:
        if (row.depender, row.dependee, row.dependum) in seen:
            raise ValueError(f"{row.depender!r} on {row.dependee!r} for {row.dependum!r} is given twice")
        seen.add((row.depender, row.dependee, row.dependum))
        key = row.depender, row.dependum
        if weights.setdefault(key, row.importance) != row.importance:
            raise ValueError(
                f"{row.dependum!r} of {row.depender!r} has two importances, {weights[key]} and {row.importance}"
            )
        matrix[index[row.depender], index[row.dependee]] += row.importance * row.criticality
    for name, k in index.items():
        total = sum(w for (depender, _), w in weights.items() if depender == name)
        if total > 0:
            matrix[k] /= total
    return tuple(players), matrix
