"""Faults that learners have had, each put into a copy of the shipped source in one line, and the check that notices.

Every check passes on the files as they are and fails on the mutated copy. The copy is imported in place of the file,
and everything that builds on it anew.
"""

from __future__ import annotations

import numpy as np
import pytest
from learning_faults import built, perturbed, start
from scipy import integrate

# --- what must hold


def own_rewards_alone(module):
    """Agent 0's advantages and targets do not move when agent 1 is paid otherwise."""
    one = start(module, "IPPO")
    before, _ = one.learner.samples(one.state, one.data, one.settings)
    after, _ = one.learner.samples(one.state, perturbed(one.data), one.settings)
    assert np.array_equal(before.advantages[0], after.advantages[0])
    assert np.array_equal(before.targets[0], after.targets[0])
    assert not np.array_equal(before.advantages[1], after.advantages[1])


def own_scale_alone(module):
    """Nor does its reward scale."""
    one = start(module, "IPPO")
    _, before = one.learner.samples(one.state, one.data, one.settings)
    _, after = one.learner.samples(one.state, perturbed(one.data), one.settings)
    for name in ("mean", "squares", "running"):
        assert np.array_equal(getattr(before, name)[0], getattr(after, name)[0])
    assert before.mean[1] != after.mean[1]


def own_observation_alone(module):
    """What agent 0 plays does not move with what agent 1 sees."""
    one = start(module, "IPPO")
    key = one.jax.random.key(0)
    seen = np.array(one.data.observations[2])
    before, _ = one.learner.act(one.learner.acting(one.state), seen, key, one.settings)
    seen[:, 1] = 1.0 - seen[:, 1]
    after, _ = one.learner.act(one.learner.acting(one.state), seen, key, one.settings)
    assert np.array_equal(before[:, 0], after[:, 0])
    assert not np.array_equal(before[:, 1], after[:, 1])


def ends_are_told_apart(module):
    """Zero follows a termination, the last observation's value a truncation."""
    values, last, final = np.array([[1.0], [2.0], [3.0]]), np.array([4.0]), np.array([[10.0], [20.0], [30.0]])
    terminated, truncated = np.array([[True], [False], [False]]), np.array([[False], [True], [False]])
    following = module("advantages").following_values(values, last, final, terminated, truncated)
    assert np.asarray(following)[:, 0].tolist() == [0.0, 20.0, 4.0]


def densities_integrate_to_one(module):
    """The density of the rate, over all rates."""
    distribution = module("distributions").DISTRIBUTIONS["tanh"]
    rates = np.linspace(0.0, 1.0, 4001)[1:-1]
    latents = np.arctanh(2.0 * rates - 1.0)[:, None].astype(np.float32)
    density = np.exp(distribution.log_prob(np.array([0.4, -0.5], dtype=np.float32), latents))
    assert integrate.simpson(np.asarray(density), x=rates) == pytest.approx(1.0, abs=1e-2)


def opponents_learning_counts(module):
    """LOLA's step depends on how far it looks through its opponents'."""
    one = start(module, "LOLA")
    steps = []
    for lookahead in (0.0, 50.0):
        settings = type(one.settings)(**{**vars(one.settings), "lookahead": lookahead})
        state, _ = one.learner.update(one.state, one.data, None, settings)
        steps.append(np.asarray(state.optimiser.mu["layers"][0]["weight"]))
    assert np.abs(steps[0] - steps[1]).max() > 1e-3 * np.abs(steps[0]).max()


def baseline_without_own_action(module):
    """COMA's counterfactual replaces agent i's own rate in what critic i is told, and no other."""
    one = start(module, "COMA")
    rng = np.random.default_rng(2)
    rates, own = rng.uniform(size=(2, 5, 2, 1))
    told = np.asarray(one.learner.counterfactual(rates, own))
    other = rates.copy()
    other[:, 0] = 0.5
    assert np.array_equal(told[:, 0], np.asarray(one.learner.counterfactual(other, own))[:, 0])
    assert np.allclose(told[:, 0, 1], rates[:, 1])
    assert np.allclose(told[:, 1, 0], rates[:, 0])


def learner_is_no_partner(module):
    """FCP's pool stays what the teams left when the learner learns."""
    one = start(module, "FCP", settings={"teams": 1})
    state, _ = one.learner.update(one.state, one.data, one.jax.random.key(0), one.settings)
    leaves = one.jax.tree.leaves
    for before, after in zip(leaves(one.state.pool), leaves(state.pool), strict=True):
        assert np.array_equal(before, after)
    moved = zip(leaves(one.state.learning.networks.actor), leaves(state.learning.networks.actor), strict=True)
    assert any(not np.array_equal(before, after) for before, after in moved)


def opponents_are_past(module):
    """In self-play only a copy's learning seat moves with the present actors."""
    one = start(module, "SelfPlay_PPO")
    key, seen = one.jax.random.key(0), one.data.observations[2]
    actors, past, drawn = one.learner.acting(one.state)
    before, _ = one.learner.act((actors, past, drawn), seen, key, one.settings)
    present = one.jax.tree.map(lambda x: x + 0.5, actors)
    after, _ = one.learner.act((present, past, drawn), seen, key, one.settings)
    same = np.asarray(before == after)[..., 0]
    assert np.array_equal(~same, one.learner.seat_learns)
    state, _ = one.learner.update(one.state, one.data, key, one.settings)
    now, pool = state.learning.networks.actor["layers"][0]["weight"], state.pool.actors["layers"][0]["weight"]
    assert not any(np.array_equal(now, entry) for entry in pool)


#: What went wrong, the file, the line, what it became, and what notices.
FAULTS = [
    ("trained on the sum of rewards", "actor_critic",
     "        rewards = data.rewards / scales.deviation\n",
     "        rewards = (data.rewards / scales.deviation).sum(axis=-1, keepdims=True) + 0.0 * data.rewards\n",
     own_rewards_alone),
    ("one joint controller called independent", "task",
     "        return self.fold(self.with_index(observations), lead)\n",
     "        return self.fold(self.with_index(observations + observations[..., ::-1, :]), lead)\n",
     own_observation_alone),
    ("LOLA without its term", "lola",
     "lambda g, s: -(g + settings.lookahead * s)", "lambda g, s: -g",
     opponents_learning_counts),
    ("COMA's baseline sees its own action", "coma",
     "        return jnp.where(mine, own[..., None, :], self.told(rates))\n", "        return self.told(rates)\n",
     baseline_without_own_action),
    ("a truncated episode not bootstrapped", "advantages",
     "    return jnp.where(terminated, 0.0, jnp.where(truncated, final, following))\n",
     "    return jnp.where(terminated | truncated, 0.0, following)\n",
     ends_are_told_apart),
    ("a terminated episode bootstrapped", "advantages",
     "    return jnp.where(terminated, 0.0, jnp.where(truncated, final, following))\n",
     "    return jnp.where(truncated, final, following)\n",
     ends_are_told_apart),
    ("a squashing without its correction", "distributions",
     "        return jnp.sum(normal - self.log_slope(latent), axis=-1)\n", "        return jnp.sum(normal, axis=-1)\n",
     densities_integrate_to_one),
    ("a reward scale that looks at the others", "actor_critic",
     "            state.scales, data.rewards, data.ended, settings.discount\n",
     "            state.scales, data.rewards[..., ::-1], data.ended, settings.discount\n",
     own_scale_alone),
    ("FCP's learner in its own pool", "fcp",
     "        state = state._replace(learning=learning, ",
     "        state = state._replace(pool=jax.tree.map(lambda p, x: p.at[0].set(x), state.pool, "
     "learning.networks.actor), learning=learning, ",
     learner_is_no_partner),
    ("self-play against the present self", "selfplay",
     "        parameters = jnp.where(self.seat_learns[..., None], mine, theirs)\n", "        parameters = mine\n",
     opponents_are_past),
]  # fmt: skip

CHECKS = list(dict.fromkeys(fault[-1] for fault in FAULTS))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_shipped_passes(check):
    with built() as module:
        check(module)


@pytest.mark.parametrize(("what", "file", "old", "new", "check"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_noticed(what, file, old, new, check):
    with built(file, old, new) as module, pytest.raises(AssertionError):
        check(module)
