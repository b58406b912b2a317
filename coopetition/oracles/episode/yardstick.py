"""The two returns that others are measured by: the worst open-loop nash found, and the open-loop optimum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.episode.nash import open_loop_nash
from coopetition.oracles.episode.optimum import open_loop_optimum
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.stored import stored_entry, stored_sequence
from coopetition.oracles.stage.game import Array

#: Where nash and optimum lie closer to each other than this part of the optimum, there is no scale between them.
NO_SCALE = 0.02


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The totals of the worst open-loop nash found and of the open-loop optimum, in one reward mode.

    Attributes
    ----------
    nash, optimum : float
        Total returns, summed over agents; `nash` is NaN where no equilibrium was found.
    """

    nash: float
    optimum: float

    @property
    def has_scale(self) -> bool:
        """Whether nash and optimum lie more than 2 % of the optimum apart."""
        return math.isfinite(self.nash) and self.optimum - self.nash > NO_SCALE * abs(self.optimum)

    @property
    def no_scale(self) -> str:
        """Why there is no scale between the two; empty where there is one."""
        if not math.isfinite(self.nash):
            return "no open-loop nash could be certified"
        return "" if self.has_scale else f"nash and optimum lie within {NO_SCALE:.0%} of each other"

    def normalise(self, returns: Any) -> Any:
        """Total returns (...) as (total - nash) / (optimum - nash); NaN where the game has no such scale.

        That is where the two lie within 2 % of each other, or no equilibrium was found.
        """
        total = np.asarray(returns, dtype=np.float64)
        if not self.has_scale:
            return np.full_like(total, np.nan)[()]
        return ((total - self.nash) / (self.optimum - self.nash))[()]

    def efficiency(self, returns: Any) -> Any:
        """Total returns (...) as parts of the optimum; NaN where the optimum pays nothing."""
        total = np.asarray(returns, dtype=np.float64)
        if self.optimum <= 0.0:
            return np.full_like(total, np.nan)[()]
        return (total / self.optimum)[()]


_YARDSTICKS: dict[Any, Yardstick] = {}


def yardstick(game_or_id: Any, objective: Any = "private", state: Mapping[str, Any] | None = None) -> Yardstick:
    """Totals of the worst open-loop nash found and of the open-loop optimum; kept for the process.

    Those of an environment's defaults and presets are stored sequences, played in the kernel; those of other
    parameters, states and matrices of rewards are searched for, which takes seconds and more.

    Parameters
    ----------
    objective : str or array_like (N, N)
        Whose returns: payoffs by default, so that runs under different modes can be compared.
    """
    episode = Episode(game_or_id, objective, state)
    mode = str(objective) if isinstance(objective, str) else np.asarray(objective).tobytes()
    key = (episode.game.parameters, mode, repr(sorted(episode.start.items())))
    if key not in _YARDSTICKS:
        best = best_known_optimum(episode)
        worst = worst_known_nash(episode, best)
        total, most = episode.returns(np.array([best if worst is None else worst, best])).sum(axis=1)
        _YARDSTICKS[key] = Yardstick(float(total) if worst is not None else math.nan, float(most))
    return _YARDSTICKS[key]


def best_known_optimum(episode: Episode) -> Array:
    """Rates (T, N) of the stored optimum, or else of the best that a search finds."""
    stored = stored_sequence(episode.game, "optimum") if not episode.start else None
    if stored is None:
        stored = open_loop_optimum(episode.game, _mode(episode), episode.start).actions
    return episode.rates(stored)


def worst_known_nash(episode: Episode, optimum: Array) -> Array | None:
    """Rates (T, N) of the stored worst nash, or else of the worst that a search finds; None where it finds none.

    Parameters
    ----------
    optimum : ndarray (T, N)
        Rates of the optimum, one of the beginnings.
    """
    if not episode.start and stored_entry(episode.game, "optimum") is not None:
        stored = stored_sequence(episode.game, "nash")
        return None if stored is None else episode.rates(stored)
    found = open_loop_nash(
        episode.game, _mode(episode), episode.start, starts=[episode.levels(optimum)], select="worst", strict=False
    )
    return found.actions / episode.game.endowment if found.converged else None


def _mode(episode: Episode) -> Any:
    return episode.game.asked_mode


def normalised_return(
    game_or_id: Any, returns: Any, objective: Any = "private", state: Mapping[str, Any] | None = None
) -> Any:
    """Place returns on the scale where 0 is the worst open-loop nash found and 1 the open-loop optimum.

    Parameters
    ----------
    returns : array_like (..., N)
        Each agent's return of an episode in the mode of `objective`; for payoffs, ``Rollout.payoff_totals``.

    Returns
    -------
    float or ndarray (...)
        Of the sum over agents; NaN where the game has no such scale, see `Yardstick.normalise`.
    """
    return yardstick(game_or_id, objective, state).normalise(_totals(game_or_id, returns, objective, state))


def efficiency(
    game_or_id: Any, returns: Any, objective: Any = "private", state: Mapping[str, Any] | None = None
) -> Any:
    """Returns as parts of the open-loop optimum's total; see `normalised_return` for the parameters."""
    return yardstick(game_or_id, objective, state).efficiency(_totals(game_or_id, returns, objective, state))


def _totals(game_or_id: Any, returns: Any, objective: Any, state: Mapping[str, Any] | None) -> Array:
    table = np.asarray(returns, dtype=np.float64)
    game = Episode(game_or_id, objective, state)
    if table.ndim == 0 or table.shape[-1] != game.n:
        raise ValueError(f"returns have shape {table.shape}, expected (..., {game.n})")
    return np.asarray(table.sum(axis=-1))
