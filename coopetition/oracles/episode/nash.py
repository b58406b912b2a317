"""Open-loop Nash equilibria: sequences that are mutual best replies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coopetition.oracles.episode.constants import best_constant
from coopetition.oracles.episode.replies import best_response
from coopetition.oracles.episode.results import Sequences, result
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective
from coopetition.oracles.stage.solution import NotConverged


def open_loop_nash(
    game_or_id: Any,
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    starts: Sequence[Any] = (),
    sweeps: int = 12,
    tolerance: float = 1e-3,
    strict: bool = True,
) -> Sequences:
    """Sequences that are mutual best replies, found by best responses one agent after the other.

    Parameters
    ----------
    starts : sequence of array_like (T, N), optional
        Level sequences to start from, before the repeated stage equilibrium, the best constant and the optimum.
    sweeps : int
        Rounds of best responses a start at most.
    tolerance : float
        Largest gain of a best response, in payoff of a whole episode per step of the horizon.

    Raises
    ------
    NotConverged
        Best responses go on gaining from every start, unless `strict` is False.
    """

    began = time.perf_counter()
    episode = Episode(game_or_id, objective, state)
    stage = episode.stage()
    mode = episode.game.mutuality if episode.game.mutuality is not None else episode.game.reward_mode
    repeated = equilibrium(stage, Objective(stage, mode), "nash", strict=False).actions / episode.game.endowment
    shape = (episode.horizon, 1)
    candidates = [episode.rates(start, "starts") for start in starts]
    candidates.append(np.tile(repeated, shape))
    candidates.append(np.tile(episode.game.baseline_rate, shape))
    candidates.append(best_constant(None, episode=episode).actions / episode.game.endowment)
    allowed = tolerance * episode.horizon
    groups = episode.groups()
    best: tuple[Array, float] | None = None
    for first in candidates:
        rates = first.copy()
        for sweep in range(sweeps):
            largest = 0.0
            alike: dict[tuple[int, bytes], float] = {}
            for i in range(episode.n):
                key = (int(groups[i]), rates[:, i].tobytes())
                if key in alike and alike[key] <= allowed:
                    continue  # its twin has nothing to gain, neither has it
                columns = list(episode.levels(rates).T)
                reply = best_response(None, columns, i, episode=episode, thorough=sweep < 2)
                gain = reply.value - float(reply.solver["own"])
                alike[key] = gain
                largest = max(largest, gain)
                if gain > 0.1 * allowed:
                    rates[:, i] = reply.actions[:, i] / episode.game.endowment[i]
            if largest <= allowed:
                break
        if best is None or largest < best[1]:
            best = (rates.copy(), largest)
        if largest <= allowed:
            break
    assert best is not None
    converged = best[1] <= allowed
    found = result(episode, "open_loop_nash", best[0], began, best[1], converged)
    if strict and not converged:
        raise NotConverged(found, best[1], "best responses go on gaining")
    return found
