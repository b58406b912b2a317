"""The two-agent trust game in plain NumPy: one copy, written as the formulas stand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coopetition.benchmarks.references.constants import Constants

OTHER = [1, 0]


class Step(NamedTuple):
    """What one step shows."""

    observations: np.ndarray
    rewards: np.ndarray
    payoffs: np.ndarray
    terminated: bool
    truncated: bool


class PlainTrust:
    """One copy of the game.

    Parameters
    ----------
    constants : Constants
        The game's numbers.
    """

    def __init__(self, constants: Constants) -> None:
        c = self.constants = constants
        self.endowment = np.array(c.endowment)
        self.baseline = np.array(c.baseline)
        self.shares = np.array(c.shares)
        self.dependence = np.array(c.dependence)
        self.reset()

    def reset(self) -> np.ndarray:
        """Start an episode; the observations (2, 6)."""
        self.rates = self.baseline / self.endowment
        self.trust = np.array(self.constants.trust)
        self.damage = np.array(self.constants.damage)
        self.time = 0
        return self.observations()

    def observations(self) -> np.ndarray:
        """Own rate, the other's, trust in it, damage held, dependence on it, time; (2, 6) float32."""
        time = np.full(2, self.time / self.constants.horizon)
        columns = (self.rates, self.rates[OTHER], self.trust, self.damage, self.dependence, time)
        return np.column_stack(columns).astype(np.float32)

    def step(self, actions: np.ndarray) -> Step:
        """Play rates (2,), starting over at an end."""
        c = self.constants
        self.rates = np.clip(actions, 0.0, 1.0)
        levels = self.rates * self.endowment
        self.time += 1

        signal = np.tanh(c.kappa * (levels - self.baseline))[OTHER]
        ceiling = 1.0 - self.damage
        gain = c.lambda_plus * signal * np.maximum(0.0, ceiling - self.trust)
        loss = c.lambda_minus * signal * self.trust * (1.0 + c.xi * self.dependence)
        self.trust = np.clip(self.trust + np.where(signal > 0.0, gain, loss), 0.0, ceiling)
        harm = np.where(signal < 0.0, -c.mu * signal * (1.0 - self.damage), -c.delta * self.damage)
        self.damage = np.clip(self.damage + harm, 0.0, 1.0)

        synergy = np.sqrt(levels.prod())
        payoffs = self.endowment - levels + c.theta * np.log1p(levels) + self.shares * c.gamma * synergy
        weights = np.minimum(self.trust, 1.0 - self.damage) * self.dependence
        rewards = payoffs + weights * payoffs[OTHER]

        terminated = bool(self.trust.mean() < c.collapse)
        truncated = not terminated and self.time >= c.horizon
        if terminated or truncated:
            self.reset()
        return Step(self.observations(), rewards, payoffs, terminated, truncated)
