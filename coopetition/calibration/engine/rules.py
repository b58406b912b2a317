"""The rules by which a measured quantity becomes points: a small vocabulary, written as data.

========================= ======================================================================
rule                      points
========================= ======================================================================
``{"above": x}``          all if the quantity is > x, else ``otherwise`` (0 when absent)
``{"at_least": x}``       all if >= x
``{"below": x}``          all if < x
``{"at_most": x}``        all if <= x
``{"between": [x, y]}``   all if x <= quantity <= y
``{"inside": [x, y]}``    all if x < quantity < y
``{"equals": x}``         all if it is x exactly
``{"holds": true}``       all if it is true (or not, with ``false``)
``{"sign": "positive"}``  all if its sign is ``positive``, ``negative`` or ``zero``
``{"tiers": [...]}``      ``[[condition, points], ...]``: the first condition that holds gives its points
``{"per_unit": p}``       p points a unit, at most all of them
``{"ramp": [w, b]}``      none at w (worst) or beyond, all at b (best) or beyond, linear between
``{"constant": p}``       p points whatever the run does
========================= ======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import RubricError, finite_number, nearest, number_pair

Array = NDArray[np.float64]

CONDITIONS = ("above", "at_least", "below", "at_most", "between", "inside", "equals", "holds", "sign")
RULES = (*CONDITIONS, "tiers", "per_unit", "ramp", "constant")
SIGNS = ("positive", "negative", "zero")


@dataclass(frozen=True)
class Rule:
    """One rule of the vocabulary, bound to the points it can give.

    Attributes
    ----------
    kind : str
        One of :data:`RULES`.
    argument : object
        The rule's bound, pair of bounds, sign, tiers or points.
    full : float
        Points when the rule is met.
    otherwise : float
        Points when it is not.
    """

    kind: str
    argument: Any
    full: float
    otherwise: float = 0.0

    def points(self, value: Any) -> Array:
        """Points for an array of values; a NaN (undocumented, undefined) value earns NaN, "not scored".

        Parameters
        ----------
        value : array_like, shape (B,)
            The measured quantity over B runs.

        Returns
        -------
        ndarray, shape (B,)
        """
        x = np.atleast_1d(np.asarray(value, dtype=float))
        if self.kind == "constant":
            return np.full(x.shape, float(self.argument))
        if self.kind == "tiers":
            out = np.full(x.shape, self.otherwise)
            open_ = np.ones(x.shape, dtype=bool)
            for (kind, bound), points in self.argument:
                hit = open_ & _holds(kind, bound, x)
                out[hit] = points
                open_ &= ~hit
        elif self.kind == "per_unit":
            out = np.minimum(self.full, np.maximum(0.0, float(self.argument) * x))
        elif self.kind == "ramp":
            worst, best = self.argument
            out = self.full * np.clip((x - worst) / (best - worst), 0.0, 1.0)
        else:
            out = np.where(_holds(self.kind, self.argument, x), self.full, self.otherwise)
        return np.where(np.isnan(x), np.nan, out)

    @property
    def least(self) -> float:
        """The fewest points the rule can give, whatever the value."""
        if self.kind == "constant":
            return float(self.argument)
        if self.kind == "tiers":
            return min([self.otherwise, *(points for _, points in self.argument)])
        return 0.0 if self.kind in ("per_unit", "ramp") else min(self.full, self.otherwise)

    @property
    def most(self) -> float:
        """The most points the rule can give."""
        if self.kind == "constant":
            return float(self.argument)
        if self.kind == "tiers":
            return max([self.otherwise, *(points for _, points in self.argument)])
        return max(self.full, self.otherwise)

    def sentence(self) -> str:
        """The rule in words, for tables."""
        if self.kind == "tiers":
            tiers = ", ".join(f"{_words(kind, bound)}: {points:g}" for (kind, bound), points in self.argument)
            return f"{tiers}, else {self.otherwise:g}"
        if self.kind == "constant":
            return f"always {self.argument:g}"
        if self.kind == "per_unit":
            return f"{self.argument:g} a unit, at most {self.full:g}"
        if self.kind == "ramp":
            return f"{self.full:g} at {self.argument[1]:g}, falling to 0 at {self.argument[0]:g}"
        return f"{_words(self.kind, self.argument)}: {self.full:g}, else {self.otherwise:g}"


def _holds(kind: str, bound: Any, x: Array) -> NDArray[np.bool_]:
    if kind == "above":
        return x > bound
    if kind == "at_least":
        return x >= bound
    if kind == "below":
        return x < bound
    if kind == "at_most":
        return x <= bound
    if kind == "between":
        return (x >= bound[0]) & (x <= bound[1])
    if kind == "inside":
        return (x > bound[0]) & (x < bound[1])
    if kind == "equals":
        return x == bound
    if kind == "holds":
        return (x != 0) == bound
    return np.sign(x) == {"positive": 1.0, "negative": -1.0, "zero": 0.0}[bound]


def _words(kind: str, bound: Any) -> str:
    if kind == "between":
        return f"in [{bound[0]:g}, {bound[1]:g}]"
    if kind == "inside":
        return f"in ({bound[0]:g}, {bound[1]:g})"
    if kind == "holds":
        return "true" if bound else "false"
    if kind == "sign":
        return str(bound)
    symbol = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<=", "equals": "="}[kind]
    return f"{symbol} {bound:g}"


def _condition(where: str, kind: str, bound: Any) -> Any:
    if kind in ("between", "inside"):
        low, high = number_pair(where, bound)
        if low > high:
            raise RubricError(f"{where}: the bounds [{low:g}, {high:g}] are in the wrong order")
        return low, high
    if kind == "holds":
        if not isinstance(bound, bool):
            raise RubricError(f"{where}: 'holds' takes true or false, found {bound!r}")
        return bound
    if kind == "sign":
        if bound not in SIGNS:
            raise RubricError(f"{where}: unknown sign {bound!r}; {nearest(bound, SIGNS)}")
        return bound
    return finite_number(where, bound)


def read_rule(where: str, spec: Any, full: float) -> Rule:
    if not isinstance(spec, dict):
        raise RubricError(f"{where}: a rule is an object, found {spec!r}")
    for key in spec:
        if key not in RULES and key != "otherwise":
            raise RubricError(f"{where}: unknown rule {key!r}; {nearest(key, (*RULES, 'otherwise'))}")
    kinds = [key for key in spec if key != "otherwise"]
    if len(kinds) != 1:
        raise RubricError(f"{where}: a rule names exactly one of {', '.join(RULES)}; found {kinds}")
    kind = kinds[0]
    otherwise = finite_number(where, spec.get("otherwise", 0.0))
    if kind in ("constant", "ramp", "per_unit") and "otherwise" in spec:
        raise RubricError(f"{where}: {kind!r} takes no 'otherwise'")
    argument: Any
    if kind == "tiers":
        argument = []
        if not isinstance(spec[kind], list) or not spec[kind]:
            raise RubricError(f"{where}: 'tiers' is a list of [condition, points]")
        for tier in spec[kind]:
            if not isinstance(tier, list) or len(tier) != 2 or not isinstance(tier[0], dict) or len(tier[0]) != 1:
                raise RubricError(f"{where}: a tier is [condition, points], found {tier!r}")
            ((name, bound),) = tier[0].items()
            if name not in CONDITIONS:
                raise RubricError(f"{where}: unknown condition {name!r}; {nearest(name, CONDITIONS)}")
            argument.append(((name, _condition(where, name, bound)), finite_number(where, tier[1])))
        argument = tuple(argument)
    elif kind == "ramp":
        argument = number_pair(where, spec[kind])
        if argument[0] == argument[1]:
            raise RubricError(f"{where}: the two ends of a ramp must differ")
    elif kind in ("per_unit", "constant"):
        argument = finite_number(where, spec[kind])
    else:
        argument = _condition(where, kind, spec[kind])
    rule = Rule(kind, argument, full, otherwise)
    if rule.most > full + 1e-12 or rule.least < 0:
        raise RubricError(f"{where}: the rule gives {rule.least:g} to {rule.most:g} points, the criterion has {full:g}")
    return rule
