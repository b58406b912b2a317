"""The shared parts, each against something that knows nothing of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from coopetition.baselines.learning.advantages import following_values, generalised_advantages
from coopetition.baselines.learning.distributions import DISTRIBUTIONS
from coopetition.baselines.learning.networks import apply_layers, init_layers, stack_trees
from coopetition.baselines.learning.optimiser import descend, init_optimiser
from coopetition.baselines.learning.scaling import init_scale, update_scale
from coopetition.baselines.learning.task import Task, Trajectory
from coopetition.baselines.learning.xla import jax, jnp

# --- distributions: densities of the rate, against SciPy

#: Head, and its two parameters: a mean or shape, a log standard deviation or shape.
CASES = [
    ("tanh", 0.0, 0.0), ("tanh", 1.2, -1.0), ("tanh", -2.0, 0.5), ("sigmoid", 0.3, -0.7), ("sigmoid", 2.5, 0.2),
    ("beta", 0.5, 2.0), ("beta", -1.0, 3.0),
]  # fmt: skip


def scipy_density(head, first, second):
    """The density of the rate, from SciPy's own distributions."""
    if head == "beta":
        return stats.beta(1 + np.logaddexp(0, first), 1 + np.logaddexp(0, second)).pdf
    slope = 2.0 if head == "tanh" else 1.0
    normal = stats.norm(first, np.exp(second))
    return lambda x: normal.pdf((np.log(x) - np.log1p(-x)) / slope) / (slope * x * (1 - x))


@pytest.mark.parametrize(("head", "first", "second"), CASES)
def test_log_probabilities_are_those_of_the_rate(head, first, second):
    distribution = DISTRIBUTIONS[head]
    density = scipy_density(head, first, second)
    rates = np.linspace(0.02, 0.98, 25)
    slope = {"tanh": 2.0, "sigmoid": 1.0, "beta": None}[head]
    latents = rates if slope is None else (np.log(rates) - np.log1p(-rates)) / slope
    ours = distribution.log_prob(jnp.array([first, second]), jnp.asarray(latents[:, None], dtype=jnp.float32))
    assert np.allclose(ours, np.log(density(rates)), atol=2e-4)
    assert np.allclose(distribution.rate(latents), rates, atol=1e-6)

    # Simpson's rule on our density against SciPy's quadrature of its own, over the same part of (0, 1).
    points = np.linspace(0, 1, 2001)[1:-1]
    latents = points if slope is None else (np.log(points) - np.log1p(-points)) / slope
    ours = np.exp(distribution.log_prob(jnp.array([first, second]), jnp.asarray(latents[:, None], dtype=jnp.float32)))
    total = integrate.quad(density, points[0], points[-1], limit=400)[0]
    assert integrate.simpson(np.asarray(ours), x=points) == pytest.approx(total, abs=2e-3)


@pytest.mark.parametrize(("head", "first", "second"), CASES)
def test_entropy_is_that_of_the_rate(head, first, second):
    density = scipy_density(head, first, second)

    def term(x):
        value = density(x)
        return -value * np.log(value) if value > 1e-300 else 0.0

    expected = integrate.quad(term, 1e-9, 1 - 1e-9, limit=800, points=[1e-4, 0.01, 0.5, 0.99, 1 - 1e-4])[0]
    assert DISTRIBUTIONS[head].entropy(jnp.array([first, second])) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize(("head", "first", "second"), CASES)
def test_samples_follow_the_density(head, first, second):
    parameters = jnp.broadcast_to(jnp.array([first, second]), (4000, 2))
    latents = DISTRIBUTIONS[head].sample(jax.random.key(3), parameters)
    rates = np.asarray(DISTRIBUTIONS[head].rate(latents), dtype=np.float64)[:, 0]
    if head == "beta":
        cumulative = stats.beta(1 + np.logaddexp(0, first), 1 + np.logaddexp(0, second)).cdf
    else:
        slope = 2.0 if head == "tanh" else 1.0
        normal = stats.norm(first, np.exp(second))

        def cumulative(x):
            x = np.clip(x, 1e-12, 1 - 1e-7)
            return normal.cdf((np.log(x) - np.log1p(-x)) / slope)

    assert stats.kstest(rates, cumulative).pvalue > 1e-3


# --- advantages: against a loop


def advantages_by_loop(rewards, values, last, final, terminated, truncated, discount, trace):
    steps, copies = rewards.shape
    advantages = np.zeros((steps, copies))
    for copy in range(copies):
        carried = 0.0
        for t in reversed(range(steps)):
            following = last[copy] if t == steps - 1 else values[t + 1, copy]
            if truncated[t, copy]:
                following, carried = final[t, copy], 0.0
            if terminated[t, copy]:
                following, carried = 0.0, 0.0
            delta = rewards[t, copy] + discount * following - values[t, copy]
            carried = delta + discount * trace * carried
            advantages[t, copy] = carried
    return advantages


def test_advantages_are_those_of_a_plain_loop():
    rng = np.random.default_rng(0)
    rewards, values, final = rng.normal(size=(3, 40, 6)).astype(np.float32)
    last = rng.normal(size=6).astype(np.float32)
    terminated = rng.uniform(size=(40, 6)) < 0.1
    truncated = (rng.uniform(size=(40, 6)) < 0.1) & ~terminated
    following = following_values(values, last, final, terminated, truncated)
    ours, targets = generalised_advantages(rewards, values, following, terminated | truncated, 0.9, 0.8)
    expected = advantages_by_loop(rewards, values, last, final, terminated, truncated, 0.9, 0.8)
    assert np.allclose(ours, expected, atol=1e-5)
    assert np.allclose(targets, expected + values, atol=1e-5)


def test_what_truncated_episodes_saw_last_comes_where_they_ended():
    truncated = np.zeros((6, 2), dtype=bool)
    truncated[[1, 4], 0] = True
    truncated[3, 1] = True
    final = np.arange(8.0).reshape(2, 2, 2)
    data = Trajectory(*[None] * 6, truncated, *[None] * 4)
    found = np.asarray(data.at_truncations(final))
    assert found[1, 0].tolist() == final[0, 0].tolist()
    assert found[4, 0].tolist() == final[1, 0].tolist()
    assert found[3, 1].tolist() == final[0, 1].tolist()


# --- scales, optimiser, networks, folding


def test_the_scale_is_the_deviation_of_discounted_returns():
    rng = np.random.default_rng(1)
    rewards = rng.normal(50.0, 3.0, size=(60, 4)).astype(np.float32)
    ended = rng.uniform(size=(60, 4)) < 0.1
    scale = init_scale(4)
    for part in range(0, 60, 15):
        scale = update_scale(scale, rewards[part : part + 15], ended[part : part + 15], 0.9)
    returns, running = [], np.zeros(4)
    for t in range(60):
        running = 0.9 * running + rewards[t]
        returns.append(running.copy())
        running[ended[t]] = 0.0
    assert scale.deviation == pytest.approx(np.std(returns), rel=1e-4)
    assert scale.mean == pytest.approx(np.mean(returns), rel=1e-4)


def test_constant_rewards_do_not_divide_by_rounding():
    scale = update_scale(init_scale(3), jnp.full((8, 3), 100.0), jnp.ones((8, 3), dtype=bool), 0.9)
    assert scale.deviation > 1.0


def test_clipping_is_by_each_network_alone():
    parameters = {"w": jnp.zeros((2, 3))}
    states = stack_trees([init_optimiser({"w": np.zeros(3, dtype=np.float32)})] * 2)
    small, large = jnp.array([[0.1, 0.0, 0.0], [30.0, 40.0, 0.0]]), jnp.array([[0.1, 0.0, 0.0], [0.1, 0.0, 0.0]])
    step = jax.vmap(lambda p, g, s: descend(p, g, s, 0.01, 1.0))
    beside_large, moments = step(parameters, {"w": small}, states)
    beside_small, _ = step(parameters, {"w": large}, states)
    assert beside_large["w"][0].tolist() == beside_small["w"][0].tolist()
    assert np.linalg.norm(moments.mu["w"][1]) == pytest.approx(0.1)  # the tenth of a gradient of norm one


def test_layers_are_orthogonal():
    layers = init_layers(np.random.default_rng(0), (5, 32, 16, 1))
    weight = np.asarray(layers[1]["weight"])
    assert np.allclose(weight.T @ weight, 2.0 * np.eye(16), atol=1e-5)
    assert apply_layers(layers, jnp.ones((7, 5))).shape == (7, 1)


@pytest.mark.parametrize("shared", [False, True])
def test_folding_is_undone_by_unfolding(shared):
    task = Task("x", ("a", "b", "c"), (0, 1, 2), 4, 0, 1, 10, 5, shared)
    x = np.random.default_rng(0).normal(size=(6, 5, 3, 4)).astype(np.float32)
    folded = task.fold(x)
    assert folded.shape == ((1, 6, 15, 4) if shared else (3, 6, 5, 4))
    assert np.array_equal(task.unfold(folded), x)
    inputs = task.unfold(task.inputs(x))
    assert inputs.shape[-1] == (7 if shared else 4)
    if shared:
        assert inputs[2, 1, 2, 4:].tolist() == [0, 0, 1]
