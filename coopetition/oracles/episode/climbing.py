"""Maximise a function of rate vectors: many starts, L-BFGS-B, and replacements of single actions.

All finite differences are evaluated in one rollout. Where values jump no gradient helps, so single places are replaced
by other rates as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

from coopetition.oracles.stage.game import Array

#: Difference step, in rates; shortest improvement that a search goes on for, relative.
STEP, ENOUGH = 2e-5, 1e-9


def search(
    value: Callable[[Array], Array],
    starts: Array,
    replacements: Sequence[float],
    *,
    climbs: int = 3,
    rounds: int = 4,
    iterations: int = 60,
) -> tuple[Array, float]:
    """Maximise a function of rate vectors (K, M) -> (K,) over [0, 1]^M.

    Parameters
    ----------
    value : callable
        Many vectors at once.
    starts : ndarray (S, M)
        All are evaluated; the best `climbs` that differ are climbed.
    replacements : sequence of float
        Rates that are tried in every single place.
    rounds : int
        Rounds of climbing and replacing, for the best.
    iterations : int
        Of L-BFGS-B a round.

    Returns
    -------
    point : ndarray (M,)
    height : float
        Never less than the best start's.
    """
    heights = value(starts)
    if not np.all(np.isfinite(heights)):
        raise ValueError("an episode's value is not finite")
    order = np.argsort(-heights, kind="stable")
    chosen: list[int] = []
    for k in order[: 50 * climbs]:
        if all(np.abs(starts[k] - starts[other]).max() > 1e-3 for other in chosen):
            chosen.append(int(k))
        if len(chosen) >= climbs:
            break
    best, height = starts[order[0]].copy(), float(heights[order[0]])
    for place, k in enumerate(chosen):
        point, reached, _ = climb(value, starts[k], float(heights[k]), iterations)
        if reached > height or place == 0:
            best, height = (point, reached) if reached >= height else (best, height)
    for _ in range(rounds):
        before = height
        best, height = replace(value, best, height, replacements)
        if height <= before + ENOUGH * (1.0 + abs(before)):
            break
        point, reached, _ = climb(value, best, height, iterations)
        if reached > height:
            best, height = point, reached
    return best, height


def climb(value: Callable[[Array], Array], start: Array, height: float, iterations: int) -> tuple[Array, float, Array]:
    """L-BFGS-B from rates of any shape, all differences of a step in one call, keeping the best point ever evaluated.

    Returns
    -------
    point : ndarray
        Of the start's shape.
    height : float
        Never less than the start's.
    slope : ndarray
        The differences at the last point that was the best.
    """
    shape, size = start.shape, start.size
    index = np.arange(size)
    best: tuple[Array, float, Array] = (start.reshape(-1).copy(), height, np.zeros(size))
    scale = 1.0 + abs(height)

    def negative(x: Array) -> tuple[float, Array]:
        nonlocal best
        x = np.clip(x, 0.0, 1.0)
        high, low = np.minimum(x + STEP, 1.0), np.maximum(x - STEP, 0.0)
        table = np.repeat(x[None], 2 * size + 1, axis=0)
        table[index, index] = high
        table[size + index, index] = low
        values = value(table.reshape(-1, *shape))
        slope = (values[:size] - values[size:-1]) / (high - low)
        # Next to a collapse a difference is a jump, not a slope: leave such an action to the replacements.
        slope[np.abs(slope) > 0.01 * scale / STEP] = 0.0
        if values[-1] >= best[1]:
            best = (x.copy(), float(values[-1]), slope)
        return -float(values[-1]) / scale, -slope / scale

    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": 1e-13, "gtol": 1e-10, "maxcor": 20}
    flat = start.reshape(-1)
    minimize(negative, flat, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * size, options=options)
    return best[0].reshape(shape), best[1], best[2].reshape(shape)


def replace(
    value: Callable[[Array], Array], start: Array, height: float, replacements: Sequence[float], passes: int = 6
) -> tuple[Array, float]:
    """Replace single actions by other rates or shift them, best first, as long as that helps."""
    size = len(start)
    shifts = (-0.05, -0.005, -0.0005, 0.0005, 0.005, 0.05)
    options = len(replacements) + len(shifts)
    best = start.copy()
    for _ in range(passes):
        table = np.repeat(best[None], size * options, axis=0).reshape(size, options, size)
        index = np.arange(size)
        table[index, : len(replacements), index] = np.asarray(replacements)
        table[index, len(replacements) :, index] = np.clip(best[:, None] + np.array(shifts), 0.0, 1.0)
        flat = table.reshape(-1, size)
        gains = (value(flat) - height).reshape(size, options)
        top = gains.max(axis=1)
        if top.max() <= ENOUGH * (1.0 + abs(height)):
            break
        # The best replacements together, then fewer of them: singly they help, jointly they may not.
        order = np.argsort(-top)
        helpful = int((top > ENOUGH * (1.0 + abs(height))).sum())
        trials = []
        for count in sorted({1, 2, 4, 8, 16, 32, 64, helpful}):
            if count <= helpful:
                trial = best.copy()
                places = order[:count]
                trial[places] = table[places, gains[places].argmax(axis=1), places]
                trials.append(trial)
        found = value(np.array(trials))
        best, height = trials[int(found.argmax())], float(found.max())
    return best, height
