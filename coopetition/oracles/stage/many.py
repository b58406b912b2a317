"""`solve_many`: the equilibria, or optima, of one environment under many sets of parameters at once.

The sets are solved side by side: one Newton step on everybody's first-order conditions for all of them, one table of
deviations for all of them. A set that this does not settle, because somebody sits at a jump or in a cycle, goes on by
best replies, and what is left is handed to `solve`. Every set has its own certificate, the same as `solve` gives:
the gain of a unilateral deviation, searched on a grid of the whole range and then in shrinking grids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.games.checks import choose
from coopetition.games.variants import Variants
from coopetition.oracles.stage.game import Array, as_game, difference_table
from coopetition.oracles.stage.many_games import MOST_PROFILES, Indices, ManyGames, many_games
from coopetition.oracles.stage.replies import CELLS, INNER, POINTS, ROUNDS
from coopetition.oracles.stage.solution import RELATIVE

#: Concepts, and what agents maximise in each unless told otherwise; in an optimum everybody the sum of payoffs.
MANY = {"nash": "private", "coopetitive": "integrated", "social_optimum": "private"}
#: Newton steps at most a start, parts of a step that are tried, and the residual that ends them, in levels.
STEPS, PARTS, CLOSE = 25, np.array([1.0, 0.5, 0.1, 0.01]), 1e-10
#: Parts of the endowments that searches start from, in turn.
STARTS = (0.25, 0.6, 0.05, 1.0, 0.0)
#: Rounds of best replies for what Newton's method does not settle.
REPLIES = 12
#: Difference step of second derivatives, as a part of the endowment.
_STEP = 2e-4


@dataclass(frozen=True, eq=False)
class ManySolutions:
    """Solutions of K parameter sets.

    Attributes
    ----------
    environment, concept : str
        Of what.
    agents : tuple of str
        Names, in index order.
    actions, payoffs, utilities : ndarray (K, N)
        Levels, and what they pay.
    gains, replies : ndarray (K, N)
        Each agent's gain by its best deviation, and the level at which it has it; of an optimum, in the sum of payoffs.
    epsilon : ndarray (K,)
        The largest gain.
    tolerance : ndarray (K,)
        The gain that counts as none, in payoff: a part of each game's scale, or what was asked for.
    converged : ndarray (K,) of bool
        Whether the certificate holds. What did not converge is no solution.
    residual : ndarray (K,)
        Natural residual of the first-order conditions, in levels; it stays positive at jumps and kinks.
    method : ndarray (K,) of str
        What settled the set: "newton", "replies" or "solve".
    solver : dict
        Evaluations of the kernel, seconds.
    """

    environment: str
    concept: str
    agents: tuple[str, ...]
    actions: Array
    payoffs: Array
    utilities: Array
    gains: Array
    replies: Array
    epsilon: Array
    tolerance: Array
    converged: NDArray[np.bool_]
    residual: Array
    method: NDArray[np.str_]
    solver: dict[str, Any]

    def __len__(self) -> int:
        return len(self.actions)


Values = Callable[[Indices, Array], Array]


def solve_many(
    env_or_id: Any,
    parameters: Sequence[Any] | Mapping[str, Any] | Variants,
    concept: str = "nash",
    *,
    objective: str | None = None,
    start: Any = None,
    tolerance: float | None = None,
    strict: bool = True,
) -> ManySolutions:
    """Solve the stage game of an environment at reset, under many sets of parameters.

    Parameters
    ----------
    env_or_id : str, Parameters, Game or environment
        Which environment; parameters that a set does not name are this object's.
    parameters : sequence of mappings or Parameters, or mapping of str to array_like (K, ...), or Variants
        The sets: one by one, or an array of K values a parameter; or those of a batch, which are complete.
    concept : {"nash", "coopetitive", "social_optimum"}
        What is solved, for payoffs, utilities, and the sum of payoffs.
    objective : {"private", "integrated", "interdependence"}, optional
        What agents maximise in an equilibrium, if not what the concept says: payoffs, utilities, or pi_i + sum_j D_ij
        pi_j, as in `solve`.
    start : array_like (N,) or (K, N), optional
        Levels to start from, before others.
    tolerance : float, optional
        Largest gain of a deviation, in payoff; by default a part of each game's scale, as in `solve`.
    strict : bool
        Raise when a set has no certified solution.

    Returns
    -------
    ManySolutions
        Arrays over the sets, in their order.

    Raises
    ------
    ValueError
        No sets, arrays of different lengths, sets with different numbers of agents, an unknown concept or objective,
        "interdependence" in a game that has none.
    TypeError
        An unknown parameter, with the nearest.
    RuntimeError
        Sets without a certified solution, named by their places, unless `strict` is False.

    Examples
    --------
    >>> found = solve_many("TrustDilemma-v0", {"gamma": [0.0, 0.5, 1.0]})
    >>> found.actions.shape, bool(found.converged.all()), float(found.actions[0, 0])
    ((3, 2), True, 19.0)
    """
    began = time.perf_counter()
    choose("concept", concept, MANY)
    aim = choose("objective", objective or MANY[concept], ("private", "integrated", "interdependence"))
    if as_game(env_or_id).axes > 1:
        raise ValueError(
            f"{as_game(env_or_id).id}: sets of games whose actions have two numbers are not solved side by side: call "
            "`solve` for each"
        )
    many = many_games(env_or_id, parameters)
    count, n = len(many), many.n
    weights = np.eye(n) + many.dependence() if aim == "interdependence" else np.empty(0)

    def values(which: Indices, levels: Array) -> Array:
        payoffs, utilities = many.evaluate(which, levels)
        own = utilities if aim == "integrated" else payoffs
        if aim == "interdependence":
            own = np.matmul(payoffs, weights[which].swapaxes(1, 2))
        return np.repeat(own.sum(axis=2, keepdims=True), n, axis=2) if concept == "social_optimum" else own

    everyone = np.arange(count)
    allowed = RELATIVE * _scales(many, values) if tolerance is None else np.full(count, float(tolerance))
    actions = np.empty((count, n))
    gains, replies = np.full((count, n), np.inf), np.zeros((count, n))
    method = np.full(count, "solve", dtype="<U8")
    firsts = [] if start is None else [np.broadcast_to(np.asarray(start, dtype=np.float64), (count, n))]
    if concept == "social_optimum":
        firsts.append(_best_of_screen(many, values))
    firsts += [fraction * many.upper for fraction in STARTS]

    def consider(which: Indices, profiles: Array, name: str) -> Indices:
        """Keep what is better than before; the sets that are still open."""
        for part in _parts(which, n * (POINTS + 2 + CELLS * INNER)):
            found_gains, found_replies = _deviations(many, values, which[part], profiles[part])
            better = found_gains.max(axis=1) < gains[which[part]].max(axis=1)
            mine = which[part][better]
            actions[mine], gains[mine], replies[mine] = (
                profiles[part][better],
                found_gains[better],
                found_replies[better],
            )
            method[mine] = name
        return which[gains[which].max(axis=1) > allowed[which]]

    open_sets = everyone
    for first in firsts[:3]:
        if len(open_sets):
            open_sets = consider(open_sets, _newton(many, values, open_sets, first[open_sets]), "newton")
    for _ in range(REPLIES):
        if len(open_sets) == 0:
            break
        moved = replies[open_sets].copy()
        if concept == "social_optimum":  # all of them together may lose what each gains alone
            agent = gains[open_sets].argmax(axis=1)
            moved = actions[open_sets].copy()
            rows = np.arange(len(open_sets))
            moved[rows, agent] = replies[open_sets][rows, agent]
        open_sets = consider(open_sets, moved, "replies")
        if len(open_sets):
            open_sets = consider(open_sets, _newton(many, values, open_sets, actions[open_sets]), "newton")
    for first in firsts[3:]:
        if len(open_sets):
            open_sets = consider(open_sets, _newton(many, values, open_sets, first[open_sets]), "newton")
    _solve_the_rest(many, values, (concept, aim), open_sets, actions, gains, replies, method)
    payoffs, utilities = many.evaluate(everyone, actions[:, None, :])
    epsilon = gains.max(axis=1)
    slope = _own_slopes(many, values, everyone, actions[:, None, :])[:, 0]
    residual = np.abs(actions - np.clip(actions + slope, 0.0, many.upper)).max(axis=1)
    solutions = ManySolutions(
        many.id,
        concept,
        many.agents,
        actions,
        payoffs[:, 0],
        utilities[:, 0],
        gains,
        replies,
        epsilon,
        allowed,
        epsilon <= allowed,
        residual,
        method,
        {"evaluations": many.evaluations, "seconds": time.perf_counter() - began},
    )
    if strict and not solutions.converged.all():
        bad = np.flatnonzero(~solutions.converged)
        listed = ", ".join(str(k) for k in bad[:10]) + (", ..." if len(bad) > 10 else "")
        raise RuntimeError(
            f"{len(bad)} of {count} sets have no certified {concept} (sets {listed}; the largest gain is "
            f"{epsilon.max():.3g}); strict=False returns the others too"
        )
    return solutions


def _parts(which: Indices, profiles_each: int) -> Iterator[slice]:
    """Slices of the sets that keep a kernel call's table in bounds."""
    most = max(1, MOST_PROFILES // max(profiles_each, 1))
    for first in range(0, len(which), most):
        yield slice(first, min(first + most, len(which)))


def _scales(many: ManyGames, values: Values) -> Array:
    """How much is at stake in each game, as `scale_of`: the largest range over corners and middles."""
    n = many.n
    common = np.array([0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 1.0])[:, None] * np.ones(n)
    rates = np.concatenate([common, np.eye(n), 1.0 - np.eye(n)])
    levels = np.concatenate([rates * many.upper[:, None, :], many.baseline[:, None, :]], axis=1)
    spread = np.ptp(values(np.arange(len(many)), levels), axis=1).max(axis=1)
    return np.asarray(np.where(spread > 0.0, spread, 1.0))


def _best_of_screen(many: ManyGames, values: Values) -> Array:
    """The best profile of a table, for each set: common levels, corners, what is expected and random ones."""
    n = many.n
    rates = [np.linspace(0.0, 1.0, 33)[:, None] * np.ones(n), np.random.default_rng(0).uniform(size=(64, n))]
    if n <= 6:
        rates.append(np.array(np.meshgrid(*[[0.0, 1.0]] * n)).reshape(n, -1).T)
    table = np.concatenate(rates)
    levels = np.concatenate([table * many.upper[:, None, :], many.baseline[:, None, :]], axis=1)
    best = values(np.arange(len(many)), levels)[:, :, 0].argmax(axis=1)
    return np.asarray(levels[np.arange(len(many)), best])


def _own_slopes(many: ManyGames, values: Values, which: Indices, profiles: Array) -> Array:
    """d value_i / d a_i of the sets at profiles (S, P, N): (S, P, N)."""
    sets, count, n = profiles.shape
    places, weights = difference_table(profiles, many.upper[which][:, None, :] * np.ones((1, count, 1)))
    table = np.repeat(profiles, 5 * n, axis=1).reshape(sets, count, n, 5, n)
    agents = np.arange(n)
    table[:, :, agents, :, agents] = places.transpose(2, 0, 1, 3)
    found = values(which, table.reshape(sets, -1, n)).reshape(sets, count, n, 5, n)
    own = found[:, :, agents, :, agents].transpose(1, 2, 0, 3)
    return np.asarray((own * weights).sum(axis=3))


def _newton(many: ManyGames, values: Values, which: Indices, start: Array) -> Array:
    """Solve the first-order conditions of each set from its start (S, N), by Newton's method on who is free."""
    profiles = np.clip(start, 0.0, many.upper[which]).copy()
    for part in _parts(which, 5 * many.n * (2 * many.n + 1)):
        profiles[part] = _newton_part(many, values, which[part], profiles[part])
    return profiles


def _newton_part(many: ManyGames, values: Values, which: Indices, profiles: Array) -> Array:
    n = many.n
    active = np.arange(len(which))
    identity = np.eye(n)
    for _ in range(STEPS):
        sets, here = which[active], profiles[active]
        upper = many.upper[sets]
        step = np.minimum(_STEP * upper, np.maximum(0.02 * here, 1e-8 * upper))
        forward = np.where(here + step > upper, -step, step)
        backward = np.where((here - step < 0.0) | (here + step > upper), 0.0, -step)
        moved = np.concatenate(
            [
                here[:, None, :],
                here[:, None, :] + forward[:, None, :] * identity,
                here[:, None, :] + backward[:, None, :] * identity,
            ],
            axis=1,
        )
        slope = _own_slopes(many, values, sets, moved)
        residual = np.abs(here - np.clip(here + slope[:, 0], 0.0, upper)).max(axis=1)
        going = residual > CLOSE
        if not going.any():
            break
        active, sets, here, upper, slope = active[going], sets[going], here[going], upper[going], slope[going]
        forward, backward, residual = forward[going], backward[going], residual[going]
        change = (slope[:, 1 : n + 1] - slope[:, n + 1 :]) / (forward - backward)[:, :, None]
        jacobian = change.transpose(0, 2, 1)  # [set, i, j] = d g_i / d a_j
        gradient = slope[:, 0]
        held = ((here <= 0.0) & (gradient <= 0.0)) | ((here >= upper) & (gradient >= 0.0))
        matrix = np.where(held[:, :, None] | held[:, None, :], identity, jacobian)
        right = np.where(held, 0.0, -gradient)
        # Where own curvature does not fall, Newton would run to a minimum: climb instead.
        own = np.diagonal(matrix, axis1=1, axis2=2)
        bad = ~held & (own >= 0.0)
        matrix = np.where(bad.any(axis=1)[:, None, None], -identity * np.maximum(1.0, np.abs(matrix)), matrix)
        singular = np.abs(np.linalg.det(matrix)) < 1e-300
        matrix[singular] = -identity
        direction = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
        direction = np.clip(direction, -0.5 * upper, 0.5 * upper)
        ended, left = _step(many, values, sets, here, direction, PARTS[:1])
        short = left > 0.5 * residual  # where the whole step does not do, parts of it may
        if short.any():
            ended[short], left[short] = _step(many, values, sets[short], here[short], direction[short], PARTS)
        closer = left < residual
        profiles[active[closer]] = ended[closer]
        active = active[closer & (left > CLOSE)]  # who no longer comes closer stays where it is
        if len(active) == 0:
            break
    return profiles


def _step(
    many: ManyGames, values: Values, which: Indices, here: Array, direction: Array, parts: Array
) -> tuple[Array, Array]:
    """The best of some parts of a step from profiles (S, N), and the residual there (S,)."""
    upper = many.upper[which][:, None, :]
    trials = np.clip(here[:, None, :] + parts[None, :, None] * direction[:, None, :], 0.0, upper)
    slope = _own_slopes(many, values, which, trials)
    left = np.abs(trials - np.clip(trials + slope, 0.0, upper)).max(axis=2)
    best = left.argmin(axis=1)
    rows = np.arange(len(which))
    return trials[rows, best], left[rows, best]


def _deviations(many: ManyGames, values: Values, which: Indices, profiles: Array) -> tuple[Array, Array]:
    """Each agent's gain by its best deviation, and its level there, (S, N) each: a grid, then shrinking grids."""
    sets, n = profiles.shape
    upper = many.upper[which]
    own_levels = np.concatenate(
        [
            np.linspace(0.0, 1.0, POINTS) * upper[:, :, None],
            many.baseline[which][:, :, None],
            profiles[:, :, None],
        ],
        axis=2,
    )
    own_levels.sort(axis=2)
    agents = np.arange(n)

    def own_values(levels: Array) -> Array:
        """Values (S, N, M) of agent i where it alone plays levels[s, i, m]."""
        count = levels.shape[2]
        table = np.repeat(profiles[:, None, :], n * count, axis=1).reshape(sets, n, count, n)
        table[:, agents, :, agents] = levels.transpose(1, 0, 2)
        found = values(which, table.reshape(sets, -1, n)).reshape(sets, n, count, n)
        return np.asarray(found[:, agents, :, agents].transpose(1, 0, 2))

    found = own_values(own_levels)
    place = np.argmax(own_levels == profiles[:, :, None], axis=2)[:, :, None]
    here = np.take_along_axis(found, place, axis=2)[:, :, 0]
    top = found.argmax(axis=2)[:, :, None]
    best = np.take_along_axis(found, top, axis=2)[:, :, 0]
    level = np.where(best > here, np.take_along_axis(own_levels, top, axis=2)[:, :, 0], profiles)
    # Cells around the best local maxima.
    padded = np.pad(found, ((0, 0), (0, 0), (1, 1)), constant_values=-np.inf)
    peak = np.where((found >= padded[:, :, :-2]) & (found > padded[:, :, 2:]), found, -np.inf)
    np.put_along_axis(peak, top, np.inf, axis=2)
    cells = min(CELLS, int((peak > -np.inf).sum(axis=2).max()))
    chosen = np.argsort(-peak, axis=2, kind="stable")[:, :, :cells]
    last = own_levels.shape[2] - 1
    low = np.take_along_axis(own_levels, np.maximum(chosen - 1, 0), axis=2)
    high = np.take_along_axis(own_levels, np.minimum(chosen + 1, last), axis=2)
    small = 1e-13 * (1.0 + np.abs(found).max())
    grid = np.linspace(0.0, 1.0, INNER)
    for _ in range(ROUNDS):
        fine = low[..., None] + (high - low)[..., None] * grid
        heights = own_values(fine.reshape(sets, n, -1)).reshape(fine.shape)
        middle = heights.argmax(axis=3)[..., None]
        height = np.take_along_axis(heights, middle, axis=3)[..., 0]
        where = np.take_along_axis(fine, middle, axis=3)[..., 0]
        for k in range(cells):
            better = height[:, :, k] > best
            best, level = np.where(better, height[:, :, k], best), np.where(better, where[:, :, k], level)
        left, right = np.maximum(middle - 1, 0), np.minimum(middle + 1, INNER - 1)
        lowest = np.minimum(
            np.take_along_axis(heights, left, axis=3)[..., 0], np.take_along_axis(heights, right, axis=3)[..., 0]
        )
        if (height - lowest).max() <= small:
            break
        low = np.take_along_axis(fine, left, axis=3)[..., 0]
        high = np.take_along_axis(fine, right, axis=3)[..., 0]
    return np.maximum(best - here, 0.0), level


def _solve_the_rest(
    many: ManyGames,
    values: Values,
    asked: tuple[str, str],
    which: Indices,
    actions: Array,
    gains: Array,
    replies: Array,
    method: NDArray[np.str_],
) -> None:
    """What is still open, one by one by `solve`."""
    for k in which.tolist():
        from coopetition.oracles.stage.solving import solve  # seconds of imports, which few need

        found = solve(many.game(k), asked[0], objective=asked[1], strict=False)
        one = np.array([k])
        found_gains, found_replies = _deviations(many, values, one, found.actions[None])
        if found_gains.max() < gains[k].max():
            actions[k], gains[k], replies[k], method[k] = found.actions, found_gains[0], found_replies[0], "solve"
