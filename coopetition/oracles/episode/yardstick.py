"""The two returns that normalise others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.episode.optimum import open_loop_optimum
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.episode.stored import stored_optimum
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The two returns that normalise others: 0 is stationary stage-nash play, 1 the open-loop optimum.

    Attributes
    ----------
    nash, optimum : float
        Total returns, summed over agents.
    """

    nash: float
    optimum: float

    def normalise(self, returns: Any) -> Any:
        """Total returns (...) as (total - nash) / (optimum - nash); NaN where the two are equal."""
        spread = self.optimum - self.nash
        total = np.asarray(returns, dtype=np.float64)
        if abs(spread) <= 1e-9 * (1.0 + abs(self.optimum)):
            return np.full_like(total, np.nan)[()]
        return ((total - self.nash) / spread)[()]


_YARDSTICKS: dict[Any, Yardstick] = {}


def yardstick(game_or_id: Any, objective: Any = "private", state: Mapping[str, Any] | None = None) -> Yardstick:
    """Returns of stationary stage-nash play and of the open-loop optimum; kept for the process.

    The optimum of an environment's defaults is a stored sequence, played in the kernel; that of other parameters,
    states and matrices of rewards is searched for, which takes seconds.

    Parameters
    ----------
    objective : str or array_like (N, N)
        Whose returns: payoffs by default, so that runs under different modes can be compared.
    """

    episode = Episode(game_or_id, objective, state)
    mode = str(objective) if isinstance(objective, str) else np.asarray(objective).tobytes()
    key = (episode.game.parameters, mode, repr(sorted(episode.start.items())))
    if key not in _YARDSTICKS:
        stage = episode.stage()
        nash = equilibrium(stage, Objective(stage, "private"), "nash").actions / episode.game.endowment
        repeated = np.tile(nash, (episode.horizon, 1))
        best = best_known_optimum(episode, repeated)
        total, most = episode.returns(np.array([repeated, best])).sum(axis=1)
        _YARDSTICKS[key] = Yardstick(float(total), float(most))
    return _YARDSTICKS[key]


def best_known_optimum(episode: Episode, start: Array) -> Array:
    """Rates (T, N) of the stored optimum, or else of the best that a search finds, rates `start` among its starts."""
    stored = stored_optimum(episode.game) if not episode.start else None
    if stored is not None:
        return episode.rates(stored)
    mode = episode.game.reward_mode if episode.game.mutuality is None else episode.game.mutuality
    found = open_loop_optimum(episode.game, mode, episode.start, starts=[episode.levels(start)])
    return found.actions / episode.game.endowment


def normalised_return(
    game_or_id: Any, returns: Any, objective: Any = "private", state: Mapping[str, Any] | None = None
) -> Any:
    """Place returns on the scale where 0 is stationary stage-nash play and 1 the open-loop optimum.

    Parameters
    ----------
    returns : array_like (..., N)
        Each agent's return of an episode in the mode of `objective`; for payoffs, ``Rollout.payoff_totals``.

    Returns
    -------
    float or ndarray (...)
        Of the sum over agents.
    """
    table = np.asarray(returns, dtype=np.float64)
    game = Episode(game_or_id, objective, state)
    if table.ndim == 0 or table.shape[-1] != game.n:
        raise ValueError(f"returns have shape {table.shape}, expected (..., {game.n})")
    return yardstick(game_or_id, objective, state).normalise(table.sum(axis=-1))
