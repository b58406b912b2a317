"""Copies of a game that follow what an agent sees: for policies that know the model, but are not shown the state."""

from __future__ import annotations

import dataclasses

import numpy as np

from coopetition.batching.batch import Batch
from coopetition.games.game import Game
from coopetition.policies.sight import Sight

#: How far an observation (float32) may be from the replica's own before it counts as another.
_SEEN = 1e-6
#: Candidate rates in each round of a search; a round leaves the two intervals around the best.
_CANDIDATES, _ROUNDS = 33, 4


class Replica:
    """B copies of a game, stepped with the rates that everybody was seen to play.

    The dynamics are deterministic and everybody's last rates are in every observation, so the state can be told, to
    the precision of float32. What a game draws and hides (the complementarity of SynergySearch) is taken at the middle
    of its range; what trembles, is misread or ends by chance is followed as if it did not.

    Parameters
    ----------
    game : Game
        What is played.
    copies : int
        Number of copies B.
    """

    def __init__(self, game: Game, copies: int) -> None:
        parameters = game.parameters
        if game.random_gamma:
            middle = float(np.mean(parameters.gamma_range))  # type: ignore[attr-defined]
            parameters = dataclasses.replace(parameters, gamma=middle)  # type: ignore[call-arg]
        if not parameters.observe_time:
            raise ValueError(f"a policy that follows the state of {game.id} needs the clock: observe_time=True")
        parameters = parameters.without_chance()
        mode = game.asked_mode
        self.game = Game(parameters, mode, observation=game.observation)
        self.batch = Batch(self.game, copies, autoreset="disabled", observe=False)
        self.batch.reset(seed=0)
        self._steps = np.zeros(copies, dtype=np.int64)
        self._tried: Batch | None = None

    def follow(self, seen: Sight) -> None:
        """Bring the copies to the state that the agent looks at.

        Raises
        ------
        RuntimeError
            Steps are missing since the last call: the state cannot be told any more.
        """
        game, batch = self.game, self.batch
        time = np.rint(seen["time"][:, 0] * game.horizon).astype(np.int64)
        fresh = seen.first | (time < self._steps)
        if fresh.any():
            batch.reset(mask=fresh)
            self._read_start(seen, fresh)
            self._steps[fresh] = time[fresh]
        behind = time - self._steps
        if (behind > 1).any():
            raise RuntimeError("a policy that follows the state must be asked at every step: steps are missing")
        moved = behind == 1
        if moved.any():
            rates = np.empty((seen.copies, game.n))
            rates[:, seen.agent] = seen.own_rate
            rates[:, [j for j in range(game.n) if j != seen.agent]] = seen.other_rates
            before = batch.rows()
            batch.step(rates if game.axes == 1 else np.stack([rates, self._intensities(seen)], axis=-1))
            if not moved.all():  # what is done to a copy that has not moved is undone
                after = batch.rows()
                after[:, ~moved] = before[:, ~moved]
                batch.memory.write_rows(after)
            self._steps = time

    def _read_start(self, seen: Sight, fresh: np.ndarray) -> None:
        """Take over what the agent sees of a start that differs from the game's own."""
        game, i = self.game, seen.agent
        size = game.observation_size
        rows = game.observation_rows[i * size : (i + 1) * size]
        scales = game.observation_scales[i * size : (i + 1) * size]
        noisy = game.noise_places[(game.noise_places >= i * size) & (game.noise_places < (i + 1) * size)] - i * size
        state = self.batch.rows()
        shown = np.concatenate([seen[name] for name in game.observation_layout], axis=1)
        differs = (np.abs((state[rows] * scales[:, np.newaxis]).T - shown) > _SEEN) & fresh[:, np.newaxis]
        differs[:, noisy] = False
        if differs.any():
            copies, columns = np.nonzero(differs)
            state[rows[columns], copies] = shown[copies, columns] / scales[columns]
            self.batch.memory.write_rows(state)

    def payoffs(self, agent: int) -> np.ndarray:
        """What the agent was paid in the step that was followed last, pi_i (B,)."""
        paid: np.ndarray = self.batch.payoffs[:, agent].copy()
        return paid

    def _intensities(self, seen: Sight) -> np.ndarray:
        """Everybody's intensities of the last step, (B, N); agents see their own first."""
        found = np.empty((seen.copies, self.game.n))
        found[:, [seen.agent, *(j for j in range(self.game.n) if j != seen.agent)]] = seen["intensity"]
        return found

    def best_rates(self, agent: int, others: np.ndarray) -> np.ndarray:
        """The agent's rates (B,) that pay it best in one step from here, by its reward, if the others play `others`.

        Parameters
        ----------
        agent : int
            Index of the agent.
        others : ndarray (B, N - 1)
            Rates of the others, in index order.

        Notes
        -----
        A grid that closes in on its best point, to 2e-6; of equal ones the lowest. Where an action has an intensity,
        the others keep theirs, and the agent's is zero.
        """
        copies, n = self.batch.num_envs, self.game.n
        if self._tried is None:
            self._tried = Batch(self.game, copies * _CANDIDATES, autoreset="disabled", observe=False)
            self._tried.reset(seed=0)
        tried = self._tried
        state = np.repeat(self.batch.rows(), _CANDIDATES, axis=1)
        actions = np.empty((copies, _CANDIDATES, n))
        actions[:, :, [j for j in range(n) if j != agent]] = others[:, np.newaxis]
        kept = np.zeros((copies, n)) if self.game.axes == 1 else self.batch.read("intensity")
        kept[:, agent] = 0.0
        kept = np.repeat(kept, _CANDIDATES, axis=0)
        low, high = np.zeros(copies), np.ones(copies)
        for _ in range(_ROUNDS):
            rates = np.linspace(low, high, _CANDIDATES, axis=1)
            actions[:, :, agent] = rates
            tried.memory.write_rows(state)
            played = actions.reshape(-1, n)
            tried.step(played if self.game.axes == 1 else np.stack([played, kept], axis=-1))
            rewards = tried.rewards[:, agent].reshape(copies, _CANDIDATES)
            best = rewards.argmax(axis=1)
            every = np.arange(copies)
            low = rates[every, np.maximum(best - 1, 0)]
            high = rates[every, np.minimum(best + 1, _CANDIDATES - 1)]
        found: np.ndarray = rates[every, best]
        return found
