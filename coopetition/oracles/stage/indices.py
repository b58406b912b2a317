"""Derived from solutions: prices of anarchy and stability, the cooperation gap, added value, dependence power."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.stage.game import Array, StageGame, as_game
from coopetition.oracles.stage.solution import Solution
from coopetition.oracles.stage.solving import equilibria, solve


@dataclass(frozen=True)
class Prices:
    """How much selfishness costs, in sums of payoffs.

    Attributes
    ----------
    anarchy : float
        Optimum over the worst equilibrium found (Koutsoupias and Papadimitriou 1999); NaN unless both are positive.
    stability : float
        Optimum over the best equilibrium found (Anshelevich et al. 2004).
    gap : float
        Cooperation gap: optimum minus worst equilibrium, in payoff.
    optimum, worst, best : float
        The sums.
    equilibria : int
        How many equilibria were found.
    """

    anarchy: float
    stability: float
    gap: float
    optimum: float
    worst: float
    best: float
    equilibria: int


def _ratio(optimum: float, equilibrium: float) -> float:
    return optimum / equilibrium if optimum > 0.0 and equilibrium > 0.0 else float("nan")


def prices(env_or_id: Any, state: Mapping[str, Any] | Array | None = None, *, starts: int = 24) -> Prices:
    """Price of anarchy, price of stability and cooperation gap of the stage game's payoffs.

    Parameters
    ----------
    starts : int
        Starts of the search for equilibria; with one, the equilibrium of `solve` alone is compared.
    """
    optimum = float(solve(env_or_id, "social_optimum", state).payoffs.sum())
    found: list[Solution] = (
        [solve(env_or_id, "nash", state)] if starts <= 1 else list(equilibria(env_or_id, "nash", state, starts=starts))
    )
    sums = [float(solution.payoffs.sum()) for solution in found]
    worst, best = min(sums), max(sums)
    return Prices(_ratio(optimum, worst), _ratio(optimum, best), optimum - worst, optimum, worst, best, len(found))


def value_created(env_or_id: Any, actions: Any, state: Mapping[str, Any] | Array | None = None) -> float:
    """What a profile creates beyond what agents came with: sum_i (pi_i + a_i - e_i) in the TR-1 games.

    That is V(a) = sum_i f(a_i) + gamma g(a) there. In team games it is the sum of payoffs and of the efforts' costs,
    less what is merely kept: the product of the team.
    """
    stage = StageGame(env_or_id, state)
    profile = stage.checked_levels(actions)
    payoffs, _ = stage.evaluate(profile[None])
    parameters: Any = stage.game.parameters
    if stage.axes > 1:  # what competing costs is created by nobody
        payoffs, profile = payoffs[:, :: stage.axes], profile[:: stage.axes]
        return float(payoffs.sum() + profile.sum() - stage.game.endowment.sum())
    if parameters.family == "team":
        kept = np.broadcast_to(np.asarray(getattr(parameters, "kept", 0.0)), stage.n).sum()
        return float(payoffs.sum() + parameters.cost * profile.sum() - kept)
    return float(payoffs.sum() + profile.sum() - stage.upper.sum())


def added_value(env_or_id: Any, actions: Any, state: Mapping[str, Any] | Array | None = None) -> Array:
    """Added values V(all) - V(all without i), (N,) (Brandenburger and Nalebuff 1996).

    Without i its level is zero: it creates nothing, and neither does a synergy that needs it.
    """
    stage = StageGame(env_or_id, state)
    profile = stage.checked_levels(actions)
    whole = value_created(stage.game, stage.actions_of(profile), stage.state)
    without = []
    for i in range(stage.game.n):
        rest = profile.copy()
        rest[stage.block(i)] = 0.0
        without.append(value_created(stage.game, stage.actions_of(rest), stage.state))
    return whole - np.array(without)


@dataclass(frozen=True, eq=False)
class PowerIndices:
    """Who depends on whom (Emerson 1962; Pfeffer and Salancik 1978).

    Attributes
    ----------
    net : ndarray (N, N)
        D_ji - D_ij: how much more j depends on i than i on j; positive is i's power over j.
    power : ndarray (N,)
        Mean of an agent's row of `net`.
    dependence : ndarray (N,)
        Mean D_ij over the others: how dependent an agent is.
    relied_on : ndarray (N,)
        Mean D_ji: how much the others depend on it.
    mutual : ndarray (N, N)
        D_ij + D_ji, Casciaro and Piskorski's joint dependence.
    """

    net: Array
    power: Array
    dependence: Array
    relied_on: Array
    mutual: Array


def dependence_power(env_or_id: Any, state: Mapping[str, Any] | Array | None = None) -> PowerIndices:
    """Dependence and power indices of an environment with interdependence.

    Raises
    ------
    ValueError
        A team game: it has no interdependence matrix.
    """
    game = as_game(env_or_id)
    field = game.layout.get("dependence")
    if field is None:
        raise ValueError(f"{game.id} has no interdependence, so nobody has power by it")
    matrix = StageGame(game, state).state[field.rows].reshape(game.n, game.n)
    net = matrix.T - matrix
    others = max(game.n - 1, 1)
    return PowerIndices(
        net, net.sum(axis=1) / others, matrix.sum(axis=1) / others, matrix.sum(axis=0) / others, matrix + matrix.T
    )


def to_dict(value: Any) -> dict[str, Any]:
    """A result dataclass of this module, for JSON."""
    from coopetition.oracles.stage.solution import plain

    return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
