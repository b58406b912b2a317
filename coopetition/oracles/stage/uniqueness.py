"""What is known of an equilibrium's uniqueness: proven, not refuted by so many samples, or refuted.

Two theorems are used, each for the whole box. Where an agent's own slope is the same negative or positive number
whatever anybody does, its corner is strictly dominant (public goods). And the payoffs of TR-1 under fixed non-negative
weights have best replies that are positive, rise with the others' levels, and rise by less than they do in proportion:
at (t x, t a_-i) the slope -1 + f'(t x) + c dg/da_i is less than at (x, a_-i) for t > 1, since f' falls and the
derivative of the geometric mean g only depends on proportions. Such a map has one fixed point (Yates, IEEE Journal on
Selected Areas in Communications 13, 1995). Everything else is samples of Rosen's condition, which prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.stage.game import Array, Objective, StageGame
from coopetition.oracles.stage.solution import scale_of
from coopetition.oracles.stage.stability import RosenReport

VERDICTS = ("proven", "not refuted", "refuted")


@dataclass(frozen=True)
class Uniqueness:
    """What is known.

    Attributes
    ----------
    verdict : {"proven", "not refuted", "refuted"}
        "refuted" where two equilibria were found, or a sample fails Rosen's condition, which would have implied it.
    why : str
        The theorem, the number of samples, or what was found.
    samples : int
        Profiles at which Rosen's condition was looked at; none are needed for a proof.
    """

    verdict: str
    why: str
    samples: int

    def __str__(self) -> str:
        return f"{self.verdict}: {self.why}"


def uniqueness(stage: StageGame, objective: Objective, found: Sequence[Array], rosen: RosenReport) -> Uniqueness:
    """The verdict on a game's equilibria.

    Parameters
    ----------
    found : sequence of ndarray (N,)
        Distinct certified equilibria.
    rosen : RosenReport
        Samples of Rosen's condition.
    """
    if len(found) > 1:
        return Uniqueness("refuted", f"{len(found)} equilibria were found", rosen.samples)
    theorem = None if stage.game.axes > 1 else dominance(stage, objective) or contraction(stage, objective)
    if theorem:
        return Uniqueness("proven", theorem, 0)
    if rosen.holds:
        return Uniqueness("not refuted", f"Rosen's condition held at {rosen.samples} samples", rosen.samples)
    return Uniqueness("refuted", f"Rosen's condition fails at one of {rosen.samples} samples", rosen.samples)


def _weights(stage: StageGame, objective: Objective) -> Array | None:
    """The fixed matrix of weights on payoffs, or None where weights move with the actions."""
    if objective.matrix is not None:
        return objective.matrix
    return np.eye(stage.n) if objective.name == "private" else None


def _profiles(stage: StageGame, count: int = 256) -> Array:
    corners = np.concatenate([np.zeros((1, stage.n)), np.ones((1, stage.n)), np.eye(stage.n), 1.0 - np.eye(stage.n)])
    inside = np.random.default_rng(0).uniform(size=(count, stage.n))
    return np.asarray(np.concatenate([corners, inside]) * stage.upper)


def dominance(stage: StageGame, objective: Objective) -> str | None:
    """The reason why every agent has a strictly dominant level, or None: public goods under fixed weights.

    There pi_i = kept_i + m / n sum_j a_j - c_i a_i; the kernel's payoffs are compared with that.
    """
    parameters: Any = stage.game.parameters
    weights = _weights(stage, objective)
    if weights is None or parameters.id != "PublicGoods-v0":
        return None
    n = stage.n
    profiles = _profiles(stage)
    share, cost = parameters.multiplier / n, np.broadcast_to(np.asarray(parameters.cost, dtype=np.float64), n)
    rest = stage.evaluate(profiles)[0] - share * profiles.sum(axis=1, keepdims=True) + cost * profiles
    slopes = weights.sum(axis=1) * share - np.diagonal(weights) * cost
    if np.ptp(rest, axis=0).max() > 1e-9 * (1.0 + np.abs(rest).max()) or np.abs(slopes).min() <= 1e-12:
        return None
    return "payoffs are linear, and every agent's own slope has one sign: a strictly dominant level"


def contraction(stage: StageGame, objective: Objective) -> str | None:
    """The reason why best replies have one fixed point, or None: TR-1's payoffs under fixed weights.

    There pi_i = a constant - a_i + f(a_i) + gamma alpha_i g(a), which the kernel's payoffs are compared with, and some
    own value must pay at the first unit: f'(0) > 1.
    """
    parameters: Any = stage.game.parameters
    weights = _weights(stage, objective)
    if weights is None or parameters.family not in ("trust", "reciprocity"):
        return None
    n = stage.n
    if weights.min() < 0.0 or np.diagonal(weights).min() <= 0.0:
        return None
    profiles = _profiles(stage)
    if parameters.value_form == "logarithmic":
        value, pays = parameters.theta * np.log1p(profiles), parameters.theta > 1.0
    else:
        value, pays = profiles**parameters.beta, parameters.beta < 1.0
    shares = np.broadcast_to(np.asarray(parameters.shares, dtype=np.float64), n)
    gamma = parameters.gamma
    if not pays or gamma is None or gamma < 0.0 or shares.min() < 0.0:
        return None
    geometric = np.prod(profiles ** (1.0 / n), axis=1, keepdims=True)
    rest = stage.evaluate(profiles)[0] + profiles - value - gamma * shares * geometric
    if np.ptp(rest, axis=0).max() > 1e-9 * scale_of(stage, objective):
        return None
    return "best replies are positive, rise with the others' levels, and less than in proportion (Yates 1995)"
