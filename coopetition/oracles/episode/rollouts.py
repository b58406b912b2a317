"""Whole episodes as functions of action sequences, evaluated by batched rollouts in the kernel.

A sequence is open-loop: levels (T, N), played whatever happens. Values are sums over the episode of what the reward
mode pays; an episode that ends early pays nothing from then on, so values jump where a sequence lets trust collapse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from coopetition.batching.batch import Batch, Snapshot
from coopetition.games.game import Game
from coopetition.games.rewards import RewardMode
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective, StageGame, as_game, symmetry_groups
from coopetition.oracles.stage.social_optimum import social_optimum

#: Copies a rollout at most.
MOST_COPIES = 4096
#: Stage solutions of a game that was asked about before, by name: searches of replies begin at them every time.
_SOLVED: WeakKeyDictionary[Game, dict[str, Array]] = WeakKeyDictionary()


class Episode:
    """Episodes of one game from one starting state.

    Parameters
    ----------
    game_or_id : str, Parameters, Game or environment
        See `coopetition.oracles.stage.as_game`.
    objective : str or array_like (N, N), optional
        The reward mode whose returns count: "private", "integrated", "cooperative" or a matrix; the game's own by
        default.
    state : mapping, optional
        Named parts of the starting state, as the option of ``reset``.

    Attributes
    ----------
    horizon, n : int
        Steps T and agents N.
    rollouts : int
        Episodes played so far.
    """

    def __init__(self, game_or_id: Any, objective: Any = None, state: Mapping[str, Any] | None = None) -> None:
        self.game: Game = as_game(game_or_id, objective)
        if self.game.action_scale != "unit":
            mode = self.game.asked_mode
            self.game = Game(self.game.parameters, mode, self.game.observation)
        if self.game.axes > 1:
            raise ValueError(
                f"{self.game.id}: sequences of rates and intensities are not searched: optima, equilibria and best "
                "responses of whole episodes are of games with one number an action; `solve` takes both, in a step"
            )
        self.horizon, self.n = self.game.horizon, self.game.n
        self.start = dict(state or {})
        self.game.state_vector(self.start)  # refuses what is not a state before any work is done
        self.rollouts = 0
        self._batches: dict[tuple[int, bool], tuple[Batch, Snapshot]] = {}
        # Of the stage at the default start; another start has solutions of its own.
        self._solved: dict[str, Array] = {} if self.start else _SOLVED.setdefault(self.game, {})

    def batch(self, copies: int, observe: bool = False) -> Batch:
        """A batch of so many copies at the start of their episodes."""
        key = (copies, observe)
        if key not in self._batches:
            if len(self._batches) >= 8:
                self._batches.pop(next(iter(self._batches)))
            fresh = Batch(self.game, copies, autoreset="disabled", observe=observe)
            fresh.reset(seed=0, options=self.start)
            self._batches[key] = (fresh, fresh.snapshot())
        batch, snapshot = self._batches[key]
        batch.restore(snapshot)
        return batch

    def returns(self, rates: Array) -> Array:
        """Returns (K, N) of sequences of rates (K, T, N)."""
        return self.against(["actions"] * self.n, rates)

    def against(self, names: Sequence[str], rates: Array) -> Array:
        """The same, where agents whose name is not "actions" play a compiled policy."""
        count = len(rates)
        result = np.empty((count, self.n))
        for first in range(0, count, MOST_COPIES):
            part = rates[first : first + MOST_COPIES]
            size = len(part)
            script = part.transpose(1, 0, 2) if "actions" in names else None
            played = self.batch(size).rollout(list(names), self.horizon, actions=script)
            result[first : first + size] = played.returns
        self.rollouts += count
        return result

    def stage(self) -> StageGame:
        """The stage game at the start."""
        return StageGame(self.game, self.start)

    def key_rates(self, agents: Sequence[int], optimum: bool = True) -> list[float]:
        """Rates at which something changes for these agents: none, what is expected, the stage solutions, all.

        Parameters
        ----------
        agents : sequence of int
            Whose.
        optimum : bool
            Whether the stage optimum is among them, whose global search takes ten times as long as the equilibria do.
        """
        stage = self.stage()
        own = Objective(stage, "private")
        if "nash" not in self._solved:
            self._solved["nash"] = equilibrium(stage, own, "nash", strict=False).actions
            utilities = Objective(stage, "integrated")
            self._solved["coopetitive"] = equilibrium(stage, utilities, "coopetitive", strict=False).actions
        if optimum and "optimum" not in self._solved:
            self._solved["optimum"] = social_optimum(stage, own, strict=False).actions
        names = ("nash", "coopetitive", "optimum") if optimum else ("nash", "coopetitive")
        rates = [self.game.baseline_rate, *[self._solved[name] / self.game.endowment for name in names]]
        found = np.array(rates)[:, list(agents)].reshape(-1)
        return sorted({0.0, 0.5, 1.0, *(round(float(rate), 12) for rate in found)})

    def groups(self) -> NDArray[np.int64]:
        """Agents that may be exchanged, from the stage game at the start (numbers from 0)."""
        stage = self.stage()
        by_payoff = symmetry_groups(stage, Objective(stage, "private"))
        by_utility = symmetry_groups(stage, Objective(stage, "integrated"))
        found = np.unique(by_payoff * self.n + by_utility, return_inverse=True)[1]
        if isinstance(self.game.asked_mode, RewardMode):  # whose numbers may differ from agent to agent
            by_reward = symmetry_groups(stage, Objective(stage, self.game.mode))
            found = np.unique(found * self.n + by_reward, return_inverse=True)[1]
        return found.astype(np.int64)

    def levels(self, rates: Array) -> Array:
        """Rates as levels."""
        return np.asarray(rates * self.game.endowment)

    def rates(self, levels: Any, name: str = "actions") -> Array:
        """A sequence of levels (T, N), checked, as rates.

        Raises
        ------
        ValueError
            A wrong shape, or a level that is not finite or out of the box.
        """
        table = np.asarray(levels, dtype=np.float64)
        if table.shape != (self.horizon, self.n):
            raise ValueError(f"{name} have shape {table.shape}, expected {(self.horizon, self.n)}")
        rates = table / self.game.endowment
        if not np.all(np.isfinite(rates)) or rates.min() < 0.0 or rates.max() > 1.0 + 1e-12:
            raise ValueError(f"{name} must be finite levels in [0, e_i]")
        return np.minimum(rates, 1.0)
