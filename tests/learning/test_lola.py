"""LOLA's two gradients against finite differences on a game whose expected payoffs are sums over quadrature nodes.

The own gradient is linear in the rewards of one copy, the term in those of pairs of copies: with copies placed on the
nodes of a Gauss-Hermite rule, or pairs on those of its square, and weights of the nodes, both are exact sums over the
agents' noise. What is left is rounding of float32. A copy that met itself would show as a bias.
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from learning_faults import built, start

NODES = 12


def payoffs(rates):
    """A quadratic game, unlike for its agents: rates (..., 2) to payoffs (..., 2)."""
    mine, yours = rates[..., 0], rates[..., 1]
    first = 0.3 * mine - 0.8 * mine**2 + 1.7 * mine * yours + 0.4 * yours
    second = 0.9 * yours - 1.1 * yours**2 - 0.6 * mine * yours + 1.3 * mine
    return np.stack([first, second], axis=-1)


def rule(nodes):
    """Nodes and weights of an expectation over a standard normal draw."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, weights / np.sqrt(2.0 * np.pi)


def expected(centres):
    """Both agents' expected payoffs in float64; centres (2, 2) are each agent's mean and log deviation."""
    nodes, weights = rule(24)
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


class Nodes:
    """A learner whose actors see one constant observation, and the expectation of its gradients over draws."""

    def __init__(self, module, steps):
        one = start(module, "LOLA", horizon=steps)
        self.learner, self.jax, self.data, self.steps = one.learner, one.jax, one.data, steps
        jax, learner = one.jax, one.learner
        self.actors = jax.tree.map(np.array, one.state.actor)
        self.actors["layers"][-1]["bias"][:] = [[0.35], [-0.2]]
        self.actors["log_std"][:] = [[-0.6], [-0.9]]
        self.seen = one.data.observations[:1, :1]
        inputs = learner.task.inputs(self.seen)
        parameters = jax.vmap(learner.parameters)(self.actors, inputs)
        self.centres = np.asarray(parameters)[:, 0, 0].astype(np.float64)
        # How far mean and log deviation move with all parameters of the network together: what a step of them is worth.
        moves = jax.vmap(jax.jacrev(lambda actor, x: learner.parameters(actor, x)[0, 0]))
        slopes = jax.jit(moves)(self.actors, inputs)
        flat = np.concatenate([np.reshape(leaf, (2, 2, -1)) for leaf in jax.tree.leaves(slopes)], axis=-1)
        self.metric = np.einsum("akp,alp->akl", flat, flat).astype(np.float64)

    def means(self, drawn, weights, rewards, additive, discount):
        """Own gradient and term (2, 2 each) in mean and log deviation, expected over pairs of trajectories.

        Parameters
        ----------
        drawn : (K, steps, 2)
            Standard draws of one trajectory.
        weights : (K,)
        rewards, additive : functions of rates (K, steps, 2)
        discount : float
        """
        jax, data, steps = self.jax, self.data, self.steps
        latents = self.centres[:, 0] + np.exp(self.centres[:, 1]) * drawn
        rates = 1.0 / (1.0 + np.exp(-2.0 * latents))
        found = [np.swapaxes(x, 0, 1).astype(np.float32) for x in (latents, rewards(rates), additive(rates))]
        ends = np.repeat(np.arange(steps)[:, None] == steps - 1, 2, axis=1)
        seen = np.broadcast_to(self.seen, (steps, 2, *self.seen.shape[2:]))

        def of_pair(pair):
            drawn, paid, single = (x[:, pair] for x in map(jax.numpy.asarray, found))
            now = data._replace(
                observations=seen,
                latents=drawn[..., None],
                terminated=np.zeros_like(ends),
                truncated=ends,
            )
            parts = self.learner.shaping(self.actors, now, paid, discount, 0.0, single)
            return [jax.numpy.stack([p["layers"][-1]["bias"][:, 0], p["log_std"][:, 0]], axis=1) for p in parts]

        pairs = np.indices((len(weights), len(weights))).reshape(2, -1).T
        share = np.outer(weights, weights).ravel()
        parts = jax.jit(lambda all_of_them: jax.lax.map(of_pair, all_of_them, batch_size=512))(pairs)
        return tuple(np.einsum("p,pkl->kl", share, np.asarray(part, dtype=np.float64)) for part in parts)


@pytest.fixture(scope="module")
def exact():
    """Where the policies are, and the learner's expected gradients in each agent's mean and log deviation."""
    points, weights = rule(NODES)
    drawn = np.stack(np.meshgrid(points, points, indexing="ij"), axis=-1).reshape(-1, 1, 2)

    def additive(rates):
        """A sum of functions of single rates, which must not move the second derivative."""
        one, other = rates[..., 0], rates[..., 1]
        return np.stack([3.0 * one - 2.0 * other**2, other + one**2], axis=-1)

    with built() as module:
        nodes = Nodes(module, 1)
        own, shaped = nodes.means(drawn, np.outer(weights, weights).ravel(), payoffs, additive, 0.95)
    return nodes.centres, nodes.metric, own, shaped


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
    copies, discount = 2_000, 0.9
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
    discount = 0.8
    (first, likely), (second, also) = rule(7), rule(3)  # of the second step's draws there are but products of scores
    drawn = np.stack(np.meshgrid(first, first, second, second, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    weights = np.einsum("a,b,c,d->abcd", likely, likely, also, also).ravel()

    def rewards(rates):
        paid = payoffs(rates[:, 0])
        return np.stack([np.zeros_like(paid), paid], axis=1)

    with built() as module:
        nodes = Nodes(module, 2)
        own, shaped = nodes.means(drawn, weights, rewards, np.zeros_like, discount)
    centres, metric = nodes.centres, nodes.metric
    scale = discount / 2.0  # means are over two steps
    for i, j in ((0, 1), (1, 0)):

        def gain(at, k):
            return expected(at)[k]

        assert np.allclose(own[i], scale * slope(lambda at, i=i: gain(at, i), centres, i), rtol=2e-3, atol=2e-4)
        pays = scale * slope(lambda at, i=i: gain(at, i), centres, j)

        def step(at, j=j):
            return scale * slope(lambda where: gain(where, j), at, j)

        term = slope(lambda at, pays=pays, j=j, step=step: pays @ metric[j] @ step(at), centres, i)
        assert np.allclose(shaped[i], term, rtol=5e-3, atol=2e-4), (i, shaped[i], term)


def test_both_gradients_are_the_sums_that_the_module_states():
    """Four agents, episodes that end anywhere, horizons that come at other steps: with loops, from the docstring."""
    discount, rng = 0.9, np.random.default_rng(3)
    with built() as module:
        one = start(module, "LOLA", "TeamProduction-v0", horizon=4)
        learner, jax = one.learner, one.jax
        steps, copies = one.data.terminated.shape
        ends = rng.uniform(size=(steps, copies)) < 0.3
        data = one.data._replace(terminated=ends, truncated=np.zeros_like(ends))
        rewards, baseline, additive = rng.normal(size=(3, steps, copies, 4)).astype(np.float32)
        clock = rng.integers(4, size=copies).astype(np.int32)
        found = jax.jit(learner.shaping)(one.state.actor, data, rewards, discount, baseline, additive, clock)
        own, shaped = (np.asarray(jax.vmap(lambda t: jax.flatten_util.ravel_pytree(t)[0])(part)) for part in found)

        def log_probs(actor, inputs, latents):
            return learner.distribution.log_prob(learner.parameters(actor, inputs), latents)

        folded = learner.task.inputs(data.observations), learner.task.fold(data.latents)
        slopes = jax.jit(jax.vmap(jax.jacrev(log_probs)))(one.state.actor, *folded)
    scores = np.concatenate(
        [np.reshape(leaf, (4, steps, copies, -1)) for leaf in jax.tree.leaves(slopes)], axis=-1
    ).astype(np.float64)  # (agents, steps, copies, parameters)
    planned = (clock + 1 + np.arange(steps)[:, None]) % 4 == 0

    def before(values, rate, over, t, e):
        """Of a copy's values up to step t, those since the last end before it, discounted by their age."""
        total = 0.0
        for u in range(t, -1, -1):
            if u < t and over[u, e]:
                break
            total = total + rate ** (t - u) * values[u, e]
        return total

    size = steps * copies
    share = np.zeros((4, 4, copies, scores.shape[-1]))  # of j's step on i's reward
    for j, i, e, t in np.ndindex(4, 4, copies, steps):
        share[j, i, e] += rewards[t, e, i] * before(scores[j], discount, ends, t, e) / size
        share[j, i, e] -= baseline[t, e, i] * before(scores[j], discount, planned, t, e) / size
    wanted = np.zeros_like(shaped, dtype=np.float64)
    for i, j in np.ndindex(4, 4):
        if i == j:
            assert np.allclose(own[i], share[i, i].sum(axis=0), rtol=1e-4, atol=1e-5)
            continue
        other_copies = (share[j, i].sum(axis=0) - share[j, i]) * copies / (copies - 1)
        pays = np.einsum("tep,ep->te", scores[j], other_copies)
        for e, t in np.ndindex(copies, steps):
            late, soon = before(pays, discount, ends, t, e), before(pays, discount, planned, t, e)
            wanted[i] += rewards[t, e, j] * late * before(scores[i], 1.0, ends, t, e) / size
            wanted[i] -= baseline[t, e, j] * soon * before(scores[i], 1.0, planned, t, e) / size
            wanted[i] -= additive[t, e, j] * pays[t, e] * scores[i, t, e] / size
    assert np.abs(wanted).max() > 1e-2
    assert np.allclose(shaped, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_entropy_is_part_of_the_own_gradient():
    with built() as module:
        one = start(module, "LOLA", settings={"entropy": 0.5})
        plain = type(one.settings)(**{**vars(one.settings), "entropy": 0.0})
        update = one.jax.jit(one.learner.update)
        wide, narrow = (update(one.state, one.data, None, settings)[0].actor for settings in (one.settings, plain))
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
        after, _ = one.jax.jit(one.learner.update)(state, data, key, one.settings)
        clock = np.asarray(after.clock)
    steps = len(never)
    assert clock[0] == steps - 3
    assert (clock[1:] == np.asarray(one.state.clock)[1:] + 3 + steps).all()
