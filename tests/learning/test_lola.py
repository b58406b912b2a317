"""LOLA's two gradients against finite differences on a game whose expected payoffs are sums over quadrature nodes.

The estimator of the objectives is linear in rewards, so that copies placed on the nodes of a Gauss-Hermite rule, with
their weights in the rewards, make it an exact sum over the agents' noise: what is left is rounding of float32.
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from learning_faults import built, start

NODES = 24


def payoffs(rates):
    """A quadratic game, unlike for its agents: rates (..., 2) to payoffs (..., 2)."""
    mine, yours = rates[..., 0], rates[..., 1]
    first = 0.3 * mine - 0.8 * mine**2 + 1.7 * mine * yours + 0.4 * yours
    second = 0.9 * yours - 1.1 * yours**2 - 0.6 * mine * yours + 1.3 * mine
    return np.stack([first, second], axis=-1)


def expected(centres):
    """Both agents' expected payoffs in float64; centres (2, 2) are each agent's mean and log deviation."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / np.sqrt(2.0 * np.pi)
    latents = centres[:, :1] + np.exp(centres[:, 1:]) * nodes
    rates = 1.0 / (1.0 + np.exp(-2.0 * latents))
    grid = np.stack(np.meshgrid(rates[0], rates[1], indexing="ij"), axis=-1)
    return np.einsum("ab,abk->k", np.outer(weights, weights), payoffs(grid))


def slope(function, centres, agent, step=1e-4):
    """Central differences (2, ...) in one agent's mean and log deviation."""
    rows = []
    for place in range(2):
        moved = np.zeros((2, 2))
        moved[agent, place] = step
        rows.append((function(centres + moved) - function(centres - moved)) / (2.0 * step))
    return np.array(rows)


@pytest.fixture(scope="module")
def exact():
    """The learner's gradients, and those of finite differences, in each agent's mean and log deviation."""
    with built() as module:
        one = start(module, "LOLA", horizon=1)
        learner, jax = one.learner, one.jax
        actors = jax.tree.map(np.array, one.state.actor)
        actors["layers"][-1]["bias"][:] = [[0.35], [-0.2]]
        actors["log_std"][:] = [[-0.6], [-0.9]]
        seen = np.repeat(one.data.observations[:1, :1], NODES**2, axis=1)
        inputs = learner.task.inputs(seen)
        parameters = np.asarray(jax.vmap(learner.parameters)(actors, inputs))[:, 0, 0].astype(np.float64)
        # How far the mean moves with all parameters of its network together: what a step of them is worth.
        slopes = jax.jit(jax.vmap(jax.jacrev(lambda actor, x: learner.parameters(actor, x)[0, 0])))(actors, inputs)
        flat = np.concatenate([np.reshape(leaf, (2, 2, -1)) for leaf in jax.tree.leaves(slopes)], axis=-1)
        metric = np.einsum("akp,alp->akl", flat, flat).astype(np.float64)

        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / np.sqrt(2.0 * np.pi)
        drawn = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
        latents = parameters[:, 0] + np.exp(parameters[:, 1]) * drawn
        rates = 1.0 / (1.0 + np.exp(-2.0 * latents))
        paid = payoffs(rates)
        # A sum of functions of single rates, which must not move the second derivative.
        additive = np.stack([3.0 * rates[:, 0] - 2.0 * rates[:, 1] ** 2, rates[:, 1] + rates[:, 0] ** 2], axis=-1)
        share = np.outer(weights, weights).reshape(-1, 1) * NODES**2
        data = one.data._replace(
            observations=seen,
            latents=latents[None, :, :, None].astype(np.float32),
            terminated=np.zeros((1, NODES**2), dtype=bool),
            truncated=np.ones((1, NODES**2), dtype=bool),
        )
        weighted = [(part * share)[None].astype(np.float32) for part in (paid, additive)]
        found = jax.jit(learner.shaping)(actors, data, weighted[0], 0.95, 0.0, weighted[1])
        own, shaped = (
            np.stack([part["layers"][-1]["bias"][:, 0], part["log_std"][:, 0]], axis=1)
            for part in jax.tree.map(np.asarray, found)
        )
    return parameters, metric, own, shaped


def test_the_own_gradient_is_that_of_the_expected_payoff(exact):
    centres, _, own, _ = exact
    truth = np.stack([slope(lambda at, i=i: expected(at)[i], centres, i) for i in (0, 1)])
    assert np.allclose(own, truth, rtol=1e-4, atol=1e-5)


def test_the_term_is_what_the_opponents_step_pays(exact):
    """grad_i of (grad_j J_i, held fixed) . (the step of j's parameters, grad_j J_j), by differences of differences."""
    centres, metric, _, shaped = exact
    for i, j in ((0, 1), (1, 0)):
        paid = slope(lambda at, i=i: expected(at)[i], centres, j)

        def step(at, j=j):
            return slope(lambda where: expected(where)[j], at, j)

        # Means and log deviations move by the metric times their gradient when all parameters take their step.
        gained = slope(lambda at, paid=paid, j=j, step=step: paid @ metric[j] @ step(at), centres, i)
        assert np.abs(gained).max() > 1e-2
        assert np.allclose(shaped[i], gained, rtol=2e-4, atol=2e-5), (i, shaped[i], gained)


@pytest.mark.parametrize("window", [2, 3, 6])
@pytest.mark.parametrize("horizon", [1, 2])
def test_an_end_that_an_agent_brings_about_costs_what_it_would_have_earned(horizon, window):
    """Steps pay 1 each; the first agent's first rate decides whether the episode goes on, where it is longer."""
    copies, discount = 20_000, 0.9
    quantiles = scipy.stats.norm.ppf((np.arange(copies) + 0.5) / copies)
    with built() as module:
        one = start(module, "LOLA", horizon=horizon)
        learner, jax = one.learner, one.jax
        actors = jax.tree.map(np.array, one.state.actor)
        seen = np.repeat(np.repeat(one.data.observations[:1, :1], copies, axis=1), window, axis=0)
        parameters = np.asarray(jax.vmap(learner.parameters)(actors, learner.task.inputs(seen)))[:, 0, 0]
        (mean, other), (spread, wide) = parameters[:, 0], np.exp(parameters[:, 1])
        latents = np.stack([mean + spread * quantiles, np.full(copies, other + 0.3 * wide)], axis=-1)
        over = latents[:, 0] < mean - 0.4 * spread
        # Who ended at once begins anew, and reaches the horizon a step later than the others, if that is far.
        steps = np.arange(window)[:, None]
        terminated = (steps == 0) & over
        reached = np.where(over & (horizon > 1), steps % horizon == 0, (steps + 1) % horizon == 0)
        data = one.data._replace(
            observations=seen,
            # Later draws are in the middle, where nothing is to be learnt about the mean.
            latents=np.stack([latents, *[latents * 0.0 + [mean, other]] * (window - 1)])[..., None].astype(np.float32),
            terminated=terminated,
            truncated=reached & ~terminated,
        )
        # The episode that begins after an end pays the same, and is no merit of the step that ended the one before.
        paid = np.ones((window, copies, 2), dtype=np.float32)
        own, _ = jax.jit(learner.shaping)(actors, data, paid, discount, paid)
    found = float(np.asarray(own["layers"][-1]["bias"])[0, 0]) * window
    lost = discount if horizon > 1 else 0.0
    assert found == pytest.approx(lost * scipy.stats.norm.pdf(-0.4) / spread, rel=1e-3, abs=1e-4)


def test_the_term_looks_at_what_is_paid_later_as_the_opponents_step_does():
    """Rates of the first step decide the second's payoffs: each gradient is discounted once, and no more."""
    discount, nodes = 0.8, 9
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / np.sqrt(2.0 * np.pi)
    drawn = np.stack(np.meshgrid(*[points] * 4, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    share = np.multiply.outer(np.multiply.outer(weights, weights), np.multiply.outer(weights, weights)).reshape(-1, 1)
    with built() as module:
        one = start(module, "LOLA", horizon=2)
        learner, jax = one.learner, one.jax
        actors = jax.tree.map(np.array, one.state.actor)
        actors["layers"][-1]["bias"][:] = [[0.35], [-0.2]]
        actors["log_std"][:] = [[-0.6], [-0.9]]
        copies = len(drawn)
        seen = np.repeat(np.repeat(one.data.observations[:1, :1], copies, axis=1), 2, axis=0)
        inputs = learner.task.inputs(seen)
        parameters = np.asarray(jax.vmap(learner.parameters)(actors, inputs))[:, 0, 0].astype(np.float64)
        slopes = jax.jit(jax.vmap(jax.jacrev(lambda actor, x: learner.parameters(actor, x)[0, 0])))(actors, inputs)
        flat = np.concatenate([np.reshape(leaf, (2, 2, -1)) for leaf in jax.tree.leaves(slopes)], axis=-1)
        metric = np.einsum("akp,alp->akl", flat, flat).astype(np.float64)
        latents = parameters[:, 0] + np.exp(parameters[:, 1]) * drawn  # (copies, steps, agents)
        paid = payoffs(1.0 / (1.0 + np.exp(-2.0 * latents[:, 0])))
        rewards = np.stack([np.zeros_like(paid), paid * share * copies]).astype(np.float32)
        ends = np.repeat([[False], [True]], copies, axis=1)
        data = one.data._replace(
            observations=seen, latents=latents.transpose(1, 0, 2)[..., None].astype(np.float32),
            terminated=np.zeros_like(ends), truncated=ends,
        )  # fmt: skip
        own, shaped = (
            np.stack([part["layers"][-1]["bias"][:, 0], part["log_std"][:, 0]], axis=1)
            for part in jax.tree.map(np.asarray, jax.jit(learner.shaping)(actors, data, rewards, discount))
        )
    scale = discount / 2.0  # means are over two steps
    for i, j in ((0, 1), (1, 0)):

        def gain(at, k):
            return expected(at)[k]

        assert np.allclose(own[i], scale * slope(lambda at, i=i: gain(at, i), parameters, i), rtol=2e-3, atol=2e-4)
        pays = scale * slope(lambda at, i=i: gain(at, i), parameters, j)

        def step(at, j=j):
            return scale * slope(lambda where: gain(where, j), at, j)

        term = slope(lambda at, pays=pays, j=j, step=step: pays @ metric[j] @ step(at), parameters, i)
        assert np.allclose(shaped[i], term, rtol=5e-3, atol=2e-4), (i, shaped[i], term)


def test_entropy_is_part_of_the_own_gradient():
    with built() as module:
        one = start(module, "LOLA", settings={"entropy": 0.5})
        plain = type(one.settings)(**{**vars(one.settings), "entropy": 0.0})
        wide, narrow = (one.learner.update(one.state, one.data, None, s)[0].actor for s in (one.settings, plain))
    assert (np.asarray(wide["log_std"]) > np.asarray(narrow["log_std"])).all()


def test_a_sum_of_functions_of_single_rates_is_found():
    """Nearly all of it, and nothing of a product."""
    with built() as module:
        rates = np.random.default_rng(0).uniform(size=(4, 500, 2, 1)).astype(np.float32)
        one, other = rates[..., 0, 0] - 0.5, rates[..., 1, 0] - 0.5
        rewards = np.stack([2.0 * one - 3.0 * other**2, one * other], axis=-1)
        found = np.asarray(module("lola").additive_part(rates, rewards))
    assert np.abs(found - rewards)[..., 0].max() < 0.02
    assert np.abs(found[..., 1]).max() < 0.03


def test_the_clock_counts_an_episodes_steps_through_the_trajectorys_end():
    """By it the next update knows where horizons lie; where an episode ended it starts anew."""
    with built() as module:
        one = start(module, "LOLA")
        never = np.zeros_like(one.data.terminated)
        ended = never.copy()
        ended[2, 0] = True
        data = one.data._replace(terminated=ended, truncated=never)
        state = one.state._replace(clock=one.state.clock + 3)
        key = one.jax.random.key(0)
        after, _ = one.learner.update(state, data, key, one.settings)
        clock = np.asarray(after.clock)
    steps = len(never)
    assert clock[0] == steps - 3
    assert (clock[1:] == np.asarray(one.state.clock)[1:] + 3 + steps).all()
