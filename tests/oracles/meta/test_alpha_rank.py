"""alpha-Rank against exact arithmetic, the published examples, and games whose ranking is known by hand."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest

from coopetition.oracles import EmpiricalGame, alpha_rank
from coopetition.oracles.meta.alpha_rank import log_fixation, stationary_masses


def matrix_game(row: object, column: object = None) -> EmpiricalGame:
    first = np.asarray(row, dtype=float)
    second = first.T if column is None else np.asarray(column, dtype=float)
    labels = tuple(f"policy_{k}" for k in range(len(first)))
    return EmpiricalGame("by hand", "private", labels, np.stack([first, second]))


def exact_masses(rates: mpmath.matrix) -> np.ndarray:
    """The null vector of the generator with these rates, by Gaussian elimination with thousands of digits."""
    count = rates.rows
    system = mpmath.matrix(count, count)
    for k in range(count):
        for j in range(count):
            if k != j:
                system[j, k] += rates[k, j]
                system[k, k] -= rates[k, j]
    for j in range(count):
        system[count - 1, j] = 1
    right = mpmath.matrix(count, 1)
    right[count - 1] = 1
    return np.array([float(x) for x in mpmath.lu_solve(system, right)])


def exact_joint(game: EmpiricalGame, alpha: float, population: int) -> np.ndarray:
    count = len(game.policies)
    states = list(itertools.product(range(count), repeat=2))
    scale = mpmath.mpf(float(np.ptp(game.payoffs)))
    rates = mpmath.matrix(len(states), len(states))
    for k, j in itertools.permutations(range(len(states)), 2):
        moved = [i for i in range(2) if states[k][i] != states[j][i]]
        if len(moved) == 1:
            values = game.payoffs[moved[0]]
            gain = alpha * (mpmath.mpf(float(values[states[j]])) - mpmath.mpf(float(values[states[k]]))) / scale
            rates[k, j] = (
                mpmath.mpf(1) / population if gain == 0 else mpmath.expm1(-gain) / mpmath.expm1(-population * gain)
            )
    return exact_masses(rates)


GAMES = [
    pytest.param([[2.0, 0.0], [0.0, 1.0]], [1.0, 0.0], id="coordination"),
    pytest.param([[4.0, 0.0], [3.0, 2.0]], [0.0, 1.0], id="stag hunt"),
    pytest.param([[3.0, 0.0], [5.0, 1.0]], [0.0, 1.0], id="prisoner's dilemma"),
    pytest.param([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], id="pure coordination"),
]


@pytest.mark.parametrize(("matrix", "masses"), GAMES)
def test_games_by_hand(matrix: list[list[float]], masses: list[float]) -> None:
    """At the defaults, alpha 100 and m 50, the chain of the first two leaves an equilibrium with exp(-2450) or less."""
    np.testing.assert_allclose(alpha_rank(matrix_game(matrix)).policy_masses, masses, atol=1e-12)


def test_published_examples() -> None:
    """Omidshafiei et al. 2019: rock-paper-scissors, its biased form, and the battle of the sexes."""
    rock = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    biased = [[0.0, -0.5, 1.0], [0.5, 0.0, -0.1], [-1.0, 0.1, 0.0]]
    for matrix in (rock, biased):  # the limit of intense ranking
        np.testing.assert_allclose(alpha_rank(matrix, alpha=2000.0).masses, 1.0 / 3.0, atol=1e-9)
    np.testing.assert_allclose(alpha_rank(matrix_game(rock)).policy_masses, 1.0 / 3.0, atol=1e-9)
    sexes = alpha_rank(matrix_game([[3.0, 0.0], [0.0, 2.0]], [[2.0, 0.0], [0.0, 3.0]]))
    np.testing.assert_allclose(sexes.masses, [0.5, 0.0, 0.0, 0.5], atol=1e-12)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_against_exact_arithmetic(count: int) -> None:
    """Random games, the payoffs of some on a coarse grid, so that they have ties and several strict equilibria."""
    rng = np.random.default_rng(count)
    most = 50 if count == 2 else 10  # exp(-4900), and exp(-990), which no float holds either
    for alpha, population, grid in ((100.0, most, True), (100.0, 8, False), (0.7, 10, False)):
        matrices = rng.uniform(-1.0, 1.0, size=(2, count, count))
        if grid:
            matrices = np.round(2.0 * matrices)
        game = matrix_game(*matrices)
        with mpmath.workdps(60 * population + 400 if alpha > 1.0 else 100):
            expected = exact_joint(game, alpha, population)
        found = alpha_rank(game, alpha=alpha, population=population).masses
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


def test_one_population_against_exact_arithmetic() -> None:
    """Fixation in one population of residents and mutants who also meet their own kind (Traulsen et al. 2006)."""
    matrix = np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 3.0], [0.5, 0.25, 0.0]])
    alpha, population = 40.0, 12
    with mpmath.workdps(3000):
        rates = mpmath.matrix(3, 3)
        for old, new in itertools.permutations(range(3), 2):
            total, product = mpmath.mpf(1), mpmath.mpf(1)
            for k in range(1, population):
                mutant = (k - 1) * matrix[new, new] + (population - k) * matrix[new, old]
                resident = k * matrix[old, new] + (population - k - 1) * matrix[old, old]
                product *= mpmath.exp(-alpha / 3.0 * mpmath.mpf(mutant - resident) / (population - 1))
                total += product
            rates[old, new] = 1 / total
        expected = exact_masses(rates)
    found = alpha_rank(matrix, alpha=alpha, population=population).masses
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


def test_fixation() -> None:
    """The textbook's formula in logarithms, from neutral to hopeless."""
    for exponent, population in [(0.0, 50), (1e-15, 50), (0.06, 20), (-0.06, 20), (30.0, 50), (-100.0, 50)]:
        with mpmath.workdps(3000):
            gain = mpmath.mpf(exponent)
            exact = -mpmath.log(population)
            if exponent:
                exact = mpmath.log(mpmath.expm1(-gain) / mpmath.expm1(-population * gain))
        assert log_fixation(exponent, 1.0, population) == pytest.approx(float(exact), rel=1e-13, abs=1e-13)


def test_two_state_chain() -> None:
    """Masses are in proportion to the rates into the states."""
    logs = np.array([[-np.inf, -5000.0], [-5001.0, -np.inf]])
    np.testing.assert_allclose(stationary_masses(logs), [1.0 / (1.0 + np.e), np.e / (1.0 + np.e)], rtol=1e-12)


BAD = [
    ({"alpha": -1.0}, "alpha"),
    ({"alpha": float("nan")}, "alpha"),
    ({"population": 1}, "population"),
    ({"population": 2.5}, "population"),
    ({"most_states": 3}, "4 joint profiles"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alpha_rank(matrix_game([[2.0, 0.0], [0.0, 1.0]]), **options)


def test_bad_matrix() -> None:
    with pytest.raises(ValueError, match="square"):
        alpha_rank(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        alpha_rank([[0.0, np.nan], [0.0, 0.0]])
