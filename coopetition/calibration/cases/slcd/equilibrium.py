"""Coopetitive equilibria of TR-1's two-player game on a box, with a certificate.

For two players the integrated utility of i is concave in its own action, and its first-order condition is
exact:

    F_i(a) = f'(a_i) - 1 + k_i sqrt(a_j / a_i),      k_i = (gamma / 2) (alpha_i + D_ij alpha_j).

In x = log a the clipped best response is a contraction in the sup norm (its slope is
(k r / 2) / (k r / 2 - f''(a_i) a_i) < 1 with r = sqrt(a_j / a_i), and clipping is non-expansive), so on a box
bounded away from zero the equilibrium exists and is unique: what the solvers below find is all there is to
find.

:func:`coopetitive_equilibrium` solves one game with SciPy and certifies it globally on the payoffs
themselves. :func:`coopetitive_equilibria` solves thousands at once by Newton's method on the same conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Form = Literal["logarithmic", "power"]
FORMS: tuple[Form, ...] = ("logarithmic", "power")
LOWER, UPPER = 0.01, 100.0


@dataclass(frozen=True)
class CoopetitionGame:
    """B two-player games of TR-1, all of one form of individual value.

    Attributes
    ----------
    form : {"logarithmic", "power"}
        f(a) = theta ln(1 + a), or f(a) = a^beta.
    shape : ndarray, shape (B,)
        theta, or beta.
    gamma : ndarray, shape (B,)
        Complementarity.
    dependence : ndarray, shape (B, 2)
        D_01 and D_10.
    shares : ndarray, shape (B, 2)
        Bargaining shares alpha.
    endowments : ndarray, shape (B, 2)
        They shift payoffs, never the equilibrium: the box is [0.01, 100] whatever they are.
    """

    form: Form
    shape: Array
    gamma: Array
    dependence: Array
    shares: Array
    endowments: Array

    def value(self, a: Array) -> Array:
        """Individual values f(a_i), shape of `a`: (B, 2)."""
        shape = self.shape[:, None]
        return shape * np.log1p(a) if self.form == "logarithmic" else np.power(a, shape)

    def marginal(self, a: Array) -> Array:
        """f'(a_i)."""
        shape = self.shape[:, None]
        return shape / (1.0 + a) if self.form == "logarithmic" else shape * np.power(a, shape - 1.0)

    def curvature(self, a: Array) -> Array:
        """f''(a_i), negative."""
        shape = self.shape[:, None]
        if self.form == "logarithmic":
            return -shape / (1.0 + a) ** 2
        return shape * (shape - 1.0) * np.power(a, shape - 2.0)

    def value_created(self, a: Array) -> Array:
        """V(a) = sum_i f(a_i) + gamma g(a), shape (B,)."""
        return self.value(a).sum(axis=1) + self.gamma * np.sqrt(a.prod(axis=1))

    def payoffs(self, a: Array) -> Array:
        """Private payoffs pi_i = e_i - a_i + f(a_i) + alpha_i gamma g(a), shape (B, 2)."""
        synergy = (self.gamma * np.sqrt(a.prod(axis=1)))[:, None]
        return self.endowments - a + self.value(a) + self.shares * synergy

    def utilities(self, a: Array) -> Array:
        """Integrated utilities U_i = pi_i + D_ij pi_j, shape (B, 2)."""
        payoffs = self.payoffs(a)
        return payoffs + self.dependence * payoffs[:, ::-1]

    @property
    def weights(self) -> Array:
        """k_i of the first-order condition, shape (B, 2)."""
        return 0.5 * self.gamma[:, None] * (self.shares + self.dependence * self.shares[:, ::-1])

    def first_order_condition(self, a: Array) -> Array:
        """dU_i/da_i, shape (B, 2): zero at an interior equilibrium."""
        return self.marginal(a) - 1.0 + self.weights * np.sqrt(a[:, ::-1] / a)

    def __len__(self) -> int:
        return int(self.gamma.shape[0])


@dataclass(frozen=True)
class Equilibrium:
    """Solutions of B games.

    Attributes
    ----------
    actions : ndarray, shape (B, 2)
    residual : ndarray, shape (B,)
        Largest absolute natural residual |a - clip(a + F(a))| over both players.
    regret : ndarray, shape (B,)
        Largest gain in U that a player could make by another action in the box: the certificate.
    converged : ndarray of bool, shape (B,)
    """

    actions: Array
    residual: Array
    regret: Array
    converged: NDArray[np.bool_]


def game(
    form: Form,
    shape: ArrayLike,
    gamma: ArrayLike,
    dependence: ArrayLike,
    shares: ArrayLike,
    endowments: ArrayLike = (100.0, 100.0),
) -> CoopetitionGame:
    """Build games from scalars or arrays; everything is broadcast to B games.

    Parameters
    ----------
    form : {"logarithmic", "power"}
    shape, gamma : array_like, shape () or (B,)
    dependence, shares, endowments : array_like, shape (2,) or (B, 2)

    Raises
    ------
    ValueError
        An unknown form, or a value outside its domain.
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}: 'logarithmic' or 'power'")
    arrays = [np.asarray(x, dtype=float) for x in (shape, gamma, dependence, shares, endowments)]
    count = max(
        [x.shape[0] if x.ndim else 1 for x in arrays[:2]] + [x.shape[0] if x.ndim == 2 else 1 for x in arrays[2:]]
    )
    one = [np.ascontiguousarray(np.broadcast_to(x, (count,))) for x in arrays[:2]]
    two = [np.ascontiguousarray(np.broadcast_to(x, (count, 2))) for x in arrays[2:]]
    if (one[0] <= 0).any() or (form == "power" and (one[0] >= 1).any()):
        raise ValueError(
            "theta must be positive, beta in (0, 1): without strict concavity the equilibrium is not unique"
        )
    if (one[1] < 0).any() or (two[0] < 0).any() or (two[1] < 0).any():
        raise ValueError("gamma, D and alpha must not be negative")
    return CoopetitionGame(form, one[0], one[1], two[0], two[1], two[2])


def _residual(games: CoopetitionGame, a: Array, lower: float, upper: float) -> Array:
    return np.abs(a - np.clip(a + games.first_order_condition(a), lower, upper)).max(axis=1)


def best_responses(games: CoopetitionGame, a: Array, lower: float = LOWER, upper: float = UPPER) -> Array:
    """Each player's best response to the other's action in `a`, shape (B, 2).

    By safeguarded Newton in log a on the first-order condition, whose left side falls strictly in a_i: the
    root (or the bound) is the unique maximiser.
    """
    other = a[:, ::-1]
    weights = games.weights
    low, high = np.full_like(a, np.log(lower)), np.full_like(a, np.log(upper))
    x = np.log(np.clip(a, lower, upper))
    for _ in range(80):
        own = np.exp(x)
        pull = weights * np.sqrt(other / own)
        slope = games.marginal(own) - 1.0 + pull
        low = np.where(slope > 0, x, low)
        high = np.where(slope > 0, high, x)
        newton = x - slope / (games.curvature(own) * own - 0.5 * pull)
        inside = (newton > low) & (newton < high)
        step = np.where(inside, newton, 0.5 * (low + high))
        done = np.abs(step - x).max(initial=0.0) < 1e-15
        x = step
        if done:
            break
    best = np.exp(x)
    # A root outside the box shows as a slope of one sign over the whole of it.
    for bound in (lower, upper):
        edge = np.full_like(a, bound)
        slope = games.marginal(edge) - 1.0 + weights * np.sqrt(other / edge)
        best = np.where(slope <= 0 if bound == lower else slope >= 0, bound, best)
    return best


def regrets(games: CoopetitionGame, a: Array, lower: float = LOWER, upper: float = UPPER) -> Array:
    """Largest gain of a unilateral deviation, shape (B,): exact, because U_i is concave in a_i."""
    best = best_responses(games, a, lower, upper)
    here = games.utilities(a)
    gain = np.zeros(len(games))
    for i in (0, 1):
        moved = a.copy()
        moved[:, i] = best[:, i]
        gain = np.maximum(gain, games.utilities(moved)[:, i] - here[:, i])
    return gain


def coopetitive_equilibria(
    games: CoopetitionGame, lower: float = LOWER, upper: float = UPPER, tolerance: float = 1e-10
) -> Equilibrium:
    """Solve B games at once, with a certificate each.

    Newton's method in log a on the box-constrained conditions (players at a bound that push against it are
    held there), safeguarded by the best-response map, which is a contraction.

    Parameters
    ----------
    games : CoopetitionGame
    lower, upper : float
        The box, in action units.
    tolerance : float
        A game counts as converged when residual and regret are below it.

    Returns
    -------
    Equilibrium
    """
    lo, hi = float(np.log(lower)), float(np.log(upper))
    x = np.full((len(games), 2), np.log(1.0))
    if games.form == "logarithmic":
        x[:] = np.log(np.clip(games.shape - 1.0, lower, upper))[:, None]
    else:
        x[:] = np.log(np.clip(games.shape ** (1.0 / (1.0 - games.shape)), lower, upper))[:, None]
    weights = games.weights
    for _ in range(60):
        a = np.exp(x)
        pull = weights * np.sqrt(a[:, ::-1] / a)
        slope = games.marginal(a) - 1.0 + pull
        held = ((x <= lo) & (slope < 0)) | ((x >= hi) & (slope > 0))
        # -dF/dx is an M-matrix: positive diagonal, non-positive off it, strictly dominant rows.
        diagonal = np.where(held, 1.0, -games.curvature(a) * a + 0.5 * pull)
        off = np.where(held, 0.0, -0.5 * pull)
        right = np.where(held, 0.0, slope)
        determinant = diagonal[:, 0] * diagonal[:, 1] - off[:, 0] * off[:, 1]
        step = np.stack(
            [
                (right[:, 0] * diagonal[:, 1] - off[:, 0] * right[:, 1]) / determinant,
                (right[:, 1] * diagonal[:, 0] - off[:, 1] * right[:, 0]) / determinant,
            ],
            axis=1,
        )
        moved = np.clip(x + np.clip(step, -2.0, 2.0), lo, hi)
        change = np.abs(moved - x).max(initial=0.0)
        x = moved
        if change < 1e-14:
            break
    a = np.clip(np.exp(x), lower, upper)
    residual = _residual(games, a, lower, upper)
    stubborn = residual > tolerance
    if stubborn.any():  # the contraction settles what Newton left
        rest = CoopetitionGame(
            games.form,
            games.shape[stubborn],
            games.gamma[stubborn],
            games.dependence[stubborn],
            games.shares[stubborn],
            games.endowments[stubborn],
        )
        b = a[stubborn]
        for _ in range(500):
            new = best_responses(rest, b, lower, upper)
            if np.abs(new - b).max() < 1e-14 * upper:
                break
            b = new
        a[stubborn] = b
        residual = _residual(games, a, lower, upper)
    regret = regrets(games, a, lower, upper)
    return Equilibrium(a, residual, regret, (residual < tolerance) & (regret < tolerance))


def coopetitive_equilibrium(
    games: CoopetitionGame,
    lower: float = LOWER,
    upper: float = UPPER,
    tolerance: float = 1e-8,
    grid: int = 20_001,
) -> Equilibrium:
    """Solve one game with SciPy and certify it on the utilities, independently of the first-order condition.

    The box-constrained conditions are posed as the natural residual a - clip(a + F(a)) = 0 and given to
    `scipy.optimize.root`. The certificate then compares U_i at the solution with the best of a dense grid
    over the whole box, refined by `scipy.optimize.minimize_scalar` around the best grid point.

    Parameters
    ----------
    games : CoopetitionGame
        Exactly one game.
    lower, upper : float
        The box.
    tolerance : float
        Largest residual and regret that count as converged.
    grid : int
        Grid points a player for the certificate.

    Returns
    -------
    Equilibrium
        With B = 1.

    Raises
    ------
    ValueError
        More than one game.
    """
    from scipy import optimize

    if len(games) != 1:
        raise ValueError(f"one game at a time, found {len(games)}; coopetitive_equilibria solves many")

    def natural(x: Array) -> Array:
        a = np.clip(np.exp(x), lower, upper)[None]
        return np.asarray((a - np.clip(a + games.first_order_condition(a), lower, upper))[0])

    best_residual, actions = np.inf, np.full((1, 2), np.sqrt(lower * upper))
    for start in (1.0, lower, upper, 10.0):
        found = optimize.root(natural, np.log(np.full(2, start)), method="hybr", options={"xtol": 1e-14})
        candidate = np.clip(np.exp(found.x), lower, upper)[None]
        residual = float(_residual(games, candidate, lower, upper)[0])
        if residual < best_residual:
            best_residual, actions = residual, candidate
        if best_residual < tolerance:
            break

    here = games.utilities(actions)[0]
    regret = 0.0
    points = np.geomspace(lower, upper, grid)
    many = game(
        games.form,
        np.full(grid, games.shape[0]),
        games.gamma[0],
        games.dependence[0],
        games.shares[0],
        games.endowments[0],
    )
    for i in (0, 1):
        profile = np.repeat(actions, grid, axis=0)
        profile[:, i] = points
        utilities = many.utilities(profile)[:, i]
        k = int(utilities.argmax())

        def loss(own: float, i: int = i) -> float:
            moved = actions.copy()
            moved[0, i] = own
            return -float(games.utilities(moved)[0, i])

        refined = optimize.minimize_scalar(
            loss,
            bounds=(points[max(k - 1, 0)], points[min(k + 1, grid - 1)]),
            method="bounded",
            options={"xatol": 1e-10},
        )
        regret = max(regret, float(utilities[k]) - here[i], -float(refined.fun) - here[i])
    ok = np.array([best_residual < tolerance and regret < tolerance])
    return Equilibrium(actions, np.array([best_residual]), np.array([regret]), ok)
