"""Evolution strategies on `coopetition.batch`: every copy tries other weights, NumPy is all it takes.

Each player of the public goods game improves its own linear policy by its own reward (Salimans et al., 2017, with
antithetic pairs and ranks). What they learn depends on what they are rewarded for: under ``private`` they learn to
keep everything, under ``cooperative`` to give everything, and under ``integrated`` too, since giving makes them loyal.
Run with ``python examples/evolution_strategy.py``.
"""

from __future__ import annotations

import numpy as np

import coopetition

SIGMA = 0.3
LEARNING_RATE = 0.3


def learn(reward_mode: str, generations: int = 60, copies: int = 256, seed: int = 0) -> float:
    """Train all players; the mean cooperation rate that they end with."""
    rng = np.random.default_rng(seed)
    batch = coopetition.batch(
        "PublicGoods-v0", num_envs=copies, reward_mode=reward_mode, autoreset="disabled", horizon=25
    )
    game = batch.game
    weights = np.zeros((game.n, game.observation_size + 1))  # the last is the intercept; zeros play 1/2
    rate = 0.5
    for _ in range(generations):
        half = rng.standard_normal((copies // 2, *weights.shape))
        noise = np.concatenate([half, -half])
        tried = weights + SIGMA * noise
        observations = batch.reset()
        for _ in range(game.horizon):
            scores = np.einsum("bno,bno->bn", observations, tried[..., :-1]) + tried[..., -1]
            batch.step(1.0 / (1.0 + np.exp(-scores)))
        returns = batch.state()["reward_total"]
        ranks = returns.argsort(axis=0).argsort(axis=0) / (copies - 1) - 0.5
        weights += LEARNING_RATE / SIGMA * np.einsum("bn,bno->no", ranks, noise) / copies
        rate = float(observations[:, :, game.observation_layout["own_rate"]].mean())
    return rate


def main(generations: int = 60) -> dict[str, float]:
    """Train under each reward mode; the rates that they end with."""
    rates = {}
    for reward_mode in ("private", "integrated", "cooperative"):
        rates[reward_mode] = learn(reward_mode, generations)
        print(f"PublicGoods-v0, {reward_mode:12s}: the players end up giving {rates[reward_mode]:.0%}")
    return rates


if __name__ == "__main__":
    main()
