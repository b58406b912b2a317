"""Stability of an equilibrium under best replies, and Rosen's condition for uniqueness.

The best-response map is differentiated at the equilibrium; a spectral radius below one means that simultaneous best
replies come back to it. Rosen's diagonal strict concavity (Econometrica 33, 1965) holds when some positive weights r
make G + G' negative definite everywhere, with G the Jacobian of the weighted pseudo-gradient; then the equilibrium is
unique. "Everywhere" is looked at on samples: one that fails refutes the condition, any number that hold prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from coopetition.oracles.stage.game import Array, Objective, StageGame, gradients

#: Step of second differences, as a part of the endowment.
_STEP = 1e-3


def pseudo_gradient_jacobian(stage: StageGame, profiles: Array, objective: Objective) -> Array:
    """Derivatives d g_i / d a_j of the agents' own slopes, (P, N, N), by central differences in one call."""
    count, n = profiles.shape
    step = _STEP * stage.upper
    low = np.clip(profiles[:, None, :] - step * np.eye(n), 0.0, None)
    high = np.minimum(profiles[:, None, :] + step * np.eye(n), stage.upper)
    table = np.concatenate([low, high], axis=1).reshape(-1, n)
    slope = gradients(stage, table, objective).reshape(count, 2, n, n)
    index = np.arange(n)
    width = high[:, index, index] - low[:, index, index]
    change = (slope[:, 1] - slope[:, 0]) / width[:, :, None]
    return np.asarray(change.transpose(0, 2, 1))


def spectral_radius(stage: StageGame, profile: Array, objective: Objective) -> float:
    """Spectral radius of the best-response map at a profile.

    By the implicit function theorem its derivative is -g_ij / g_ii for i free, and zero for who sits at a bound or at
    a jump of its own objective and would stay there. Infinite where an own curvature vanishes.
    """
    jacobian = pseudo_gradient_jacobian(stage, profile[None], objective)[0]
    slope = gradients(stage, profile[None], objective)[0]
    edge = 1e-9 * stage.upper
    held = (profile <= edge) & (slope <= 0.0) | (profile >= stage.upper - edge) & (slope >= 0.0)
    held |= np.abs(slope) > 1e-4 * (1.0 + np.abs(slope).max())  # a kink or a jump holds it
    if stage.axes > 1:
        return _radius_of_blocks(stage, jacobian, held)
    own = np.diagonal(jacobian).copy()
    flat = ~held & (np.abs(own) < 1e-12)
    if flat.any():
        return float("inf")
    own[held] = 1.0
    reply = -jacobian / own[:, None]
    np.fill_diagonal(reply, 0.0)
    reply[held] = 0.0
    return float(np.abs(np.linalg.eigvals(reply)).max())


def _radius_of_blocks(stage: StageGame, jacobian: Array, held: Array) -> float:
    """The same where an agent replies in two coordinates together: -(G_ii)^(-1) G_ij, of those that are free."""
    together = stage.owner[:, None] == stage.owner[None, :]
    own = np.where(together, jacobian, 0.0)
    own[held] = 0.0
    own[:, held] = 0.0
    own[held, held] = 1.0
    if abs(np.linalg.det(own)) < 1e-12:
        return float("inf")
    across = np.where(together, 0.0, jacobian)
    across[held] = 0.0
    return float(np.abs(np.linalg.eigvals(np.linalg.solve(own, -across))).max())


@dataclass(frozen=True)
class RosenReport:
    """Samples of diagonal strict concavity.

    Attributes
    ----------
    holds : bool
        G + G' was negative definite at every sample, for the weights given. That proves nothing; see `uniqueness`.
    largest_eigenvalue : float
        The largest over samples: negative when it holds.
    weights : tuple of float
        Rosen's r, one per agent.
    samples : int
        Profiles looked at.
    """

    holds: bool
    largest_eigenvalue: float
    weights: tuple[float, ...]
    samples: int


def rosen_condition(stage: StageGame, objective: Objective, *, samples: int = 64, seed: int = 0) -> RosenReport:
    """Test Rosen's diagonal strict concavity on a Sobol sample of the interior.

    Weights one, and weights that balance the two sides of each agent's cross effects, are tried.
    """
    n = stage.n
    unit = qmc.Sobol(min(n, 64), seed=seed).random(samples)[:, np.arange(n) % 64]
    profiles = (0.02 + 0.96 * unit) * stage.upper
    jacobians = pseudo_gradient_jacobian(stage, profiles, objective)
    candidates = [np.ones(n)]
    sizes = np.abs(jacobians).mean(axis=0)
    np.fill_diagonal(sizes, 0.0)
    received, given = sizes.sum(axis=1), sizes.sum(axis=0)
    if stage.axes > 1:  # a weight belongs to an agent, not to one of its coordinates
        sizes[stage.owner[:, None] == stage.owner[None, :]] = 0.0
        received, given = (np.repeat(sizes.sum(axis=k).reshape(-1, stage.axes).sum(axis=1), stage.axes) for k in (1, 0))
    if (received > 0.0).all() and (given > 0.0).all():
        balanced = np.sqrt(given / received)
        candidates.append(balanced / balanced.mean())
    best, chosen = np.inf, candidates[0]
    for weights in candidates:
        weighted = jacobians * weights[None, :, None]
        largest = float(np.linalg.eigvalsh(weighted + weighted.transpose(0, 2, 1)).max())
        if largest < best:
            best, chosen = largest, weights
    return RosenReport(best < 0.0, best, tuple(float(w) for w in chosen[:: stage.axes]), samples)
