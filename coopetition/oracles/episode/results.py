"""What the searches of episodes return: one frozen `Sequences`."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.solution import plain


@dataclass(frozen=True, eq=False)
class Sequences:
    """A solution of an episode.

    Attributes
    ----------
    environment, concept, objective : str
        Of what, which, and the reward mode whose returns count.
    agents : tuple of str
        Names, in index order.
    actions : ndarray (T, N)
        Levels; an episode may end before the last of them.
    returns : ndarray (N,)
        Each agent's return in the mode.
    value : float
        What was maximised: the sum of returns, or one agent's.
    length : int
        Steps until the episode ends.
    converged : bool
        For optima, that no move of the `neighbourhood` gains, which is a local statement: the optimum is the best
        found, a lower bound of the true one. For equilibria, that no reply found gains more than was allowed.
    epsilon : float
        For equilibria, the largest gain of a best response found (a lower bound); for optima, the largest gain of a
        move of the neighbourhood, or of an agent that improves its own sequence with the others' held.
    solver : dict
        Episodes played, seconds.
    neighbourhood : dict of str to float
        What was tried around an optimum, and what the best move of each family gained: "single steps", "pairs of
        steps", "blocks", "shifts" (`coopetition.oracles.episode.moves`), "one agent". Empty for what is no optimum.
    """

    environment: str
    concept: str
    objective: str
    agents: tuple[str, ...]
    actions: Array
    returns: Array
    value: float
    length: int
    converged: bool
    epsilon: float
    solver: dict[str, Any]
    neighbourhood: dict[str, float] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def result(
    episode: Episode,
    concept: str,
    rates: Array,
    began: float,
    epsilon: float = 0.0,
    converged: bool = True,
    value: float | None = None,
    neighbourhood: dict[str, float] | None = None,
    **solver: Any,
) -> Sequences:
    """Rates (T, N), played once, as `Sequences`."""
    played = episode.batch(1).rollout("actions", episode.horizon, actions=rates)
    returns = played.returns[0]
    return Sequences(
        episode.game.id,
        concept,
        str(episode.game.reward_mode),
        episode.game.agents,
        episode.levels(rates),
        returns,
        float(returns.sum()) if value is None else value,
        int(played.lengths[0]),
        converged,
        float(epsilon),
        {"rollouts": episode.rollouts, "seconds": time.perf_counter() - began, **solver},
        neighbourhood or {},
    )
