"""Learners from memory: what is kept and sampled, and faults that such learners have had (see `test_faults`)."""

from __future__ import annotations

import numpy as np
import pytest
from learning_faults import built, perturbed, start

from coopetition.api.make import make_game
from coopetition.baselines.learning import learn
from coopetition.baselines.learning.task import Task
from coopetition.registration import ENVIRONMENT_IDS

SMALL = {"updates": 2, "batch": 16, "replay": 96}


@pytest.mark.parametrize("environment", ENVIRONMENT_IDS)
def test_observations_are_read_off_the_joint_state(environment):
    """To the rounding of float32, on states that random play leads to."""
    from coopetition.batching.batch import Batch

    game = make_game(environment)
    task = Task.of(game, tuple(range(game.n)), 4, None)
    assert task.columns is not None
    batch = Batch(game, 4, observe_joint=True)
    batch.reset(seed=1)
    rng = np.random.default_rng(0)
    for _ in range(7):
        batch.step(rng.uniform(size=(4, game.n)))
        np.testing.assert_allclose(task.observations_of(batch.joint), batch.observations, rtol=3e-7, atol=0)


def test_noisy_observations_are_kept_themselves():
    game = make_game("ReputationMarket-v0", reputation_visibility=0.5)
    assert Task.of(game, tuple(range(game.n)), 4, None).columns is None


def test_forty_agents_are_kept_once():
    """A replay of 50,000 steps of ApacheProject takes tens of megabytes a run, not gigabytes."""
    from coopetition.baselines.learning.memory import init_replay

    game = make_game("ApacheProject-v0")
    task = Task.of(game, tuple(range(game.n)), 16, None)
    small = init_replay(task, 16, 5_000)
    assert 10 * sum(array.nbytes for array in small) < 60e6


# --- what must hold


def nothing_across_a_reset(module):
    """What follows a truncated step is what the episode stopped in, what follows others is the next one's."""
    one = start(module, "ISAC", settings=SMALL, horizon=4)
    data = one.data
    assert data.truncated[3].all()
    replay = module("memory").store(one.state.replay, data, data.rewards)
    np.testing.assert_array_equal(replay.next_joint[2], data.joint[3])
    np.testing.assert_array_equal(replay.next_joint[3], data.final_joint[0])
    assert not np.array_equal(replay.next_joint[3], data.joint[4])


def the_oldest_makes_room(module):
    """The replay is a ring of whole trajectories."""
    one = start(module, "ISAC", settings={**SMALL, "replay": 96})
    store, data = module("memory").store, one.data
    replay = one.state.replay
    for k in range(3):
        replay = store(replay, data._replace(rewards=data.rewards * 0.0 + k), data.rewards * 0.0 + k)
    assert replay.filled == replay.terminated.shape[0] == 12
    assert replay.rewards[:6].max() == 2.0
    assert replay.rewards[6:].min() == 1.0


def memories_know_their_age(module):
    """0 for the step that was played last, more the longer ago, also after the ring has come round."""
    one = start(module, "ISAC", settings={**SMALL, "replay": 96})
    replay = one.state.replay
    for k in range(3):
        stamps = one.data.rewards * 0.0 + 6.0 * k + np.arange(6.0, dtype=np.float32)[:, None, None]
        replay = module("memory").store(replay, one.data, stamps)
        batch = module("memory").sample(one.learner.task, replay, one.jax.random.key(k), 64)
        last = 6.0 * k + 5.0
        np.testing.assert_allclose(np.asarray(batch.age) * 12.0, last - np.asarray(batch.rewards)[:, 0], atol=1e-5)


def taken_bins_are_valued(module):
    """The prediction is that of the bins that were played, in VDN to the last bit of a sum."""
    one = start(module, "VDN", settings=SMALL)
    jax, learner, settings = one.jax, one.learner, one.settings
    networks = one.state.networks
    rng = np.random.default_rng(3)
    size, bins = learner.task.size, settings.bins
    seen = rng.uniform(size=(16, size, learner.task.observation_size)).astype(np.float32)
    joint = rng.uniform(size=(16, learner.task.joint_size)).astype(np.float32)
    rates = (rng.integers(bins, size=(16, size, 1)) / (bins - 1)).astype(np.float32)
    # Utilities that differ between bins, at a target far above: the gradient reaches the bins that were taken alone.
    utilities = jax.tree.map(lambda x: x + 0.0, networks.utilities)
    batch = module("memory").Memories(
        seen,
        seen,
        joint,
        joint,
        rates,
        np.full((16, size), 5.0, np.float32),
        np.ones(16, dtype=bool),
        np.zeros(16, np.float32),
    )
    after = learner.learn_from(networks._replace(utilities=utilities), batch, np.zeros(size), None, settings, 0)
    moved = np.asarray(after.utilities[-1]["bias"] - utilities[-1]["bias"])
    taken = np.rint(rates[..., 0] * (bins - 1)).astype(int)
    for i in range(size):
        untouched = sorted(set(range(bins)) - set(taken[:, i]))
        assert np.all(moved[i, untouched] == 0.0)
        assert np.all(moved[i, sorted(set(taken[:, i]))] > 0.0)


def mixing_is_monotone(module):
    """The team's value rises in every utility, at any joint state and weights of any sign."""
    one = start(module, "QMIX", settings=SMALL)
    jax, learner = one.jax, one.learner
    rng = np.random.default_rng(4)
    mixer = jax.tree.map(lambda x: rng.normal(size=x.shape).astype(np.float32), one.state.networks.mixer)
    joint = rng.uniform(size=(64, learner.task.joint_size)).astype(np.float32)
    utilities = rng.normal(size=(64, learner.task.size)).astype(np.float32)
    slope = jax.grad(lambda q: learner.mix(mixer, q, joint).sum())(utilities)
    assert np.asarray(slope).min() >= 0.0


def critics_see_rates(module):
    """What critics are shown in targets is in [0, 1], like what was played, whatever the actors say."""
    one = start(module, "MATD3", settings={**SMALL, "smoothing": 3.0, "smoothing_clip": 2.0})
    jax, learner = one.jax, one.learner
    batch = module("memory").sample(
        learner.task, module("memory").store(one.state.replay, one.data, one.data.rewards), jax.random.key(0), 64
    )
    rates = np.asarray(learner.next_rates(one.state.networks, batch, jax.random.key(1), one.settings))
    assert rates.min() >= 0.0
    assert rates.max() <= 1.0
    assert rates.std() > 0.2


def values_are_not_squashed(module):
    """A critic can say any number: its last layer is linear."""
    one = start(module, "MADDPG", settings=SMALL)
    jax, learner = one.jax, one.learner
    critic = jax.tree.map(lambda x: x * 1.0, one.state.networks.critics[0])
    critic[-1]["bias"] = critic[-1]["bias"] + 7.0
    views = np.zeros((3, learner.task.size, learner.view_size), dtype=np.float32)
    assert np.asarray(learner.critic_values(critic, views)).min() > 3.0


def targets_follow(module):
    """Targets move towards the networks, by a part of the way."""
    one = start(module, "MADDPG", settings=SMALL)
    state, _ = one.learner.update(one.state, one.data, one.jax.random.key(0), one.settings)
    before = np.asarray(one.state.networks.critic_targets[0][0]["weight"])
    after = np.asarray(state.networks.critic_targets[0][0]["weight"])
    network = np.asarray(state.networks.critics[0][0]["weight"])
    assert not np.array_equal(before, after)
    assert np.abs(network - after).mean() > np.abs(before - after).mean()


def delayed_actors_wait(module):
    """At the second update of MATD3's period critics move, and neither actors nor any target."""
    one = start(module, "MATD3", settings=SMALL)
    jax, learner, networks = one.jax, one.learner, one.state.networks
    replay = module("memory").store(one.state.replay, one.data, one.data.rewards)
    batch = module("memory").sample(learner.task, replay, jax.random.key(0), 16)
    for turn, moves in ((0, True), (1, False)):
        after = learner.learn_from(networks, batch, np.zeros(2), jax.random.key(1), one.settings, turn)
        same = [
            all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(new), jax.tree.leaves(old), strict=True))
            for new, old in zip(after, networks, strict=True)
        ]
        assert same == [not moves, False, not moves, not moves, not moves, False]


def the_adversary_stays_in_the_box(module):
    """M3DDPG shows rates in [0, 1], the learner's own untouched, others' worse for it."""
    one = start(module, "M3DDPG", settings={**SMALL, "epsilon": 0.4})
    jax, learner = one.jax, one.learner
    rng = np.random.default_rng(5)
    count, size = 32, learner.task.size
    seen = rng.uniform(size=(count, size, learner.task.observation_size)).astype(np.float32)
    joint = rng.uniform(size=(count, learner.task.joint_size)).astype(np.float32)
    rates = rng.uniform(size=(count, size, 1)).astype(np.float32)
    critic = jax.tree.map(lambda x: x * 3.0, one.state.networks.critics[0])
    shown = np.asarray(learner.others_rates(critic, seen, joint, rates, rates, one.settings))
    assert shown.min() >= 0.0
    assert shown.max() <= 1.0
    plain = learner.critic_values(critic, learner.views(seen, joint, rates, rates))
    worse = learner.critic_values(critic, learner.views(seen, joint, rates, shown))
    assert np.mean(np.asarray(worse - plain)) < 0.0


def densities_carry_the_squashing(module):
    """The log-density that enters a target is that of the rate."""
    one = start(module, "ISAC", settings=SMALL)
    jax, learner = one.jax, one.learner
    rates, log_probs, latents = learner._drawn(one.state.networks.actor, one.data.observations[0], jax.random.key(0))
    inputs = learner.task.inputs(one.data.observations[0], lead=0)
    apply = module("networks").apply_layers
    parameters = learner.task.unfold(jax.vmap(apply)(one.state.networks.actor, inputs), lead=0)
    mean, log_std = np.split(np.asarray(parameters, dtype=np.float64), 2, axis=-1)
    log_std = np.clip(log_std, -5.0, 1.0)
    u = np.asarray(latents, dtype=np.float64)
    normal = -0.5 * ((u - mean) / np.exp(log_std)) ** 2 - log_std - 0.5 * np.log(2 * np.pi)
    slope = 2.0 * np.asarray(rates, dtype=np.float64) * (1.0 - np.asarray(rates, dtype=np.float64))
    np.testing.assert_allclose(np.asarray(log_probs), (normal - np.log(slope))[..., 0], rtol=1e-3, atol=1e-3)


def the_field_leaves_oneself_out(module):
    """The mean that an agent's critic sees does not move with its own rate."""
    one = start(module, "MeanFieldAC", "PublicGoods-v0", settings=SMALL)
    learner = one.learner
    rng = np.random.default_rng(6)
    seen = rng.uniform(size=(4, 5, learner.task.observation_size)).astype(np.float32)
    rates = rng.uniform(size=(4, 5, 1)).astype(np.float32)
    other = rates.copy()
    other[:, 2] = 0.123
    before, after = (np.asarray(learner.views(seen, None, r, r, None))[..., -1] for r in (rates, other))
    np.testing.assert_array_equal(before[:, 2], after[:, 2])
    assert np.all(before[:, 0] != after[:, 0])
    np.testing.assert_allclose(before[:, 0], rates[:, 1:, 0].mean(axis=1), rtol=1e-5)


def own_rewards_alone(module):
    """Agent 0's critics do not move when agent 1 is paid otherwise (centralised ones not in the same update)."""
    for algorithm, updates in (("ISAC", 2), ("MADDPG", 1)):
        one = start(module, algorithm, settings={**SMALL, "updates": updates})
        key = one.jax.random.key(0)
        before, _ = one.learner.update(one.state, one.data, key, one.settings)
        after, _ = one.learner.update(one.state, perturbed(one.data), key, one.settings)
        critic = before.networks.critics[0][0]["weight"], after.networks.critics[0][0]["weight"]
        assert np.array_equal(critic[0][0], critic[1][0])
        assert not np.array_equal(critic[0][1], critic[1][1])


def terminations_are_not_bootstrapped(module):
    """After a termination a target is the reward alone."""
    one = start(module, "ISAC", settings=SMALL)
    batch = SimpleBatch(np.array([[1.0, 2.0]] * 2), np.array([True, False]))
    target = np.asarray(one.learner.bootstrap(batch, np.full((2, 2), 10.0), np.zeros(2), 0.5))
    np.testing.assert_allclose(target, [[1.0, 2.0], [6.0, 7.0]])


def exploring_ends(module):
    """How much is explored goes by the share of the training that is done, not by how many updates there were."""
    for algorithm in ("VDN", "MADDPG", "M3DDPG"):
        one = start(module, algorithm, settings=SMALL)
        settings = one.settings
        state, _ = one.learner.update(one.state, one.data, one.jax.random.key(0), settings)
        seen = np.repeat(one.data.observations[:1, :1], 4000, axis=1)[0]
        found = []
        for progress in (0.0, 0.5 * settings.exploring, settings.exploring, 1.0):
            acting = one.learner.acting(one.learner.settle(state, settings, np.float32(progress)))
            latents, rates = (
                np.asarray(x)[..., 0] for x in one.learner.act(acting, seen, one.jax.random.key(1), settings)
            )
            if algorithm == "VDN":  # one bin in eleven is drawn by chance although it is the best
                best = np.asarray(one.learner.utilities(acting[0], seen)).argmax(axis=-1) / (settings.bins - 1)
                found.append((np.abs(rates - best) > 0.01).mean() * 11.0 / 10.0)
            else:
                found.append((rates - latents).std())
        if algorithm == "VDN":
            expected = [1.0, (1.0 + settings.exploration) / 2, settings.exploration, settings.exploration]
        else:
            last = max(settings.least_noise, getattr(settings, "epsilon", 0.0))
            expected = [settings.noise, (settings.noise + settings.least_noise) / 2, last, last]
        np.testing.assert_allclose(found, expected, rtol=0.1)


def temperatures_fall(module):
    """No temperature is above a line that falls to the least one, however few updates a training has."""
    one = start(module, "ISAC", settings=SMALL)
    settings = one.settings
    ratio = settings.least_temperature / settings.temperature
    for progress, most in ((0.0, 1.0), (0.5 * settings.cooling, ratio**0.5), (settings.cooling, ratio), (1.0, ratio)):
        state = one.learner.settle(one.state, settings, np.float32(progress))
        np.testing.assert_allclose(np.exp(state.networks.log_alpha), settings.temperature * most, rtol=1e-4)
    low = one.state.networks._replace(log_alpha=one.state.networks.log_alpha - 2.0)  # one that was learnt below it
    state = one.learner.settle(one.state._replace(networks=low), settings, np.float32(0.0))
    np.testing.assert_array_equal(state.networks.log_alpha, low.log_alpha)


def every_number_may_be_drawn_as_widely(module):
    """The entropy that is aimed at is of each number: two that are half-way below it let temperatures fall."""
    one = start(module, "ISAC", "SLCDBiaxial-v0", settings={**SMALL, "target_entropy": -1.0})
    networks = one.state.networks
    # About -.75 of each number, -1.5 together: above the target of both, -2, and below that of one.
    bias = np.broadcast_to(np.array([0.0, 0.0, -1.47, -1.47], dtype=np.float32), networks.actor[-1]["bias"].shape)
    last = {"weight": networks.actor[-1]["weight"] * 0.0, "bias": networks.actor[-1]["bias"] * 0.0 + bias}
    state = one.state._replace(networks=networks._replace(actor=[*networks.actor[:-1], last]))
    after, _ = one.learner.update(state, one.data, one.jax.random.key(0), one.settings)
    assert (np.asarray(after.networks.log_alpha) < np.asarray(networks.log_alpha)).all()


class SimpleBatch:
    """Rewards and ends, all that a target needs besides values."""

    def __init__(self, rewards, terminated):
        self.rewards, self.terminated = rewards, terminated


#: What went wrong, the file, the line, what it became, and what notices.
FAULTS = [
    ("value decomposition that ignores the action taken", "value_decomposition",
     "        taken = self.taken(batch.rates)\n", "        taken = jnp.zeros(batch.rates.shape[:2], dtype=jnp.int32)\n",
     taken_bins_are_valued),
    ("the best action's value in the prediction", "value_decomposition",
     "            chosen = _of(self.utilities(utilities, batch.observations), taken)\n",
     "            chosen = self.utilities(utilities, batch.observations).max(axis=-1)\n",
     taken_bins_are_valued),
    ("a mixer that is not monotone", "qmix",
     '        weights = jnp.abs(apply_layers(mixer["weights_1"], joint)).reshape(-1, self.task.size, width)\n',
     '        weights = apply_layers(mixer["weights_1"], joint).reshape(-1, self.task.size, width)\n',
     mixing_is_monotone),
    ("a critic on raw levels in the target", "matd3",
     "        return jnp.clip(rates + jnp.clip(noise, -limit, limit), 0.0, 1.0)\n",
     "        return 100.0 * jnp.clip(rates + jnp.clip(noise, -limit, limit), 0.0, 1.0)\n",
     critics_see_rates),
    ("target rates that leave the box", "matd3",
     "        return jnp.clip(rates + jnp.clip(noise, -limit, limit), 0.0, 1.0)\n",
     "        return rates + jnp.clip(noise, -limit, limit)\n",
     critics_see_rates),
    ("a critic squashed to [-1, 1]", "from_memory",
     "        return self.task.unfold(jax.vmap(apply_layers)(critics, folded)[..., 0], lead=0)\n",
     "        return jnp.tanh(self.task.unfold(jax.vmap(apply_layers)(critics, folded)[..., 0], lead=0))\n",
     values_are_not_squashed),
    ("replay across a reset", "memory",
     "    return jnp.where(truncated, data.at_truncations(final), following)\n", "    return following\n",
     nothing_across_a_reset),
    ("a target that never moves", "from_memory",
     "    return jax.tree.map(lambda target, network: target + rate * (network - target), targets, networks)\n",
     "    return targets\n",
     targets_follow),
    ("delayed actors that move at once", "deterministic",
     "        if turn > 0:\n", "        if turn > 1:\n",
     delayed_actors_wait),
    ("an adversarial step that leaves the box", "m3ddpg",
     "jnp.clip(shown - settings.epsilon * slope / length, 0.0, 1.0)", "shown - settings.epsilon * slope / length",
     the_adversary_stays_in_the_box),
    ("an adversary that helps", "m3ddpg",
     "shown - settings.epsilon", "shown + settings.epsilon",
     the_adversary_stays_in_the_box),
    ("an entropy term without the squashing's correction", "distributions",
     "        return jnp.sum(normal - self.log_slope(latent), axis=-1)\n", "        return jnp.sum(normal, axis=-1)\n",
     densities_carry_the_squashing),
    ("a mean field that includes oneself", "mean_field",
     "        weights = (1.0 - np.eye(size, dtype=np.float32)) / (size - 1)\n",
     "        weights = np.full((size, size), 1.0 / size, dtype=np.float32)\n",
     the_field_leaves_oneself_out),
    ("trained on the sum of rewards", "from_memory",
     "        return rewards\n", "        return rewards.sum(axis=-1, keepdims=True) + 0.0 * rewards\n",
     own_rewards_alone),
    ("a terminated step bootstrapped", "from_memory",
     "        alive = 1.0 - batch.terminated[:, None].astype(jnp.float32)\n", "        alive = 1.0\n",
     terminations_are_not_bootstrapped),
    ("new trajectories that overwrite the newest", "memory",
     "        position=(replay.position + length) % steps,\n", "        position=replay.position,\n",
     the_oldest_makes_room),
    ("old memories that look new", "memory",
     "(replay.position - 1 - step)", "(step - replay.position)",
     memories_know_their_age),
    ("exploring that nobody ends", "from_memory",
     "        return state._replace(progress=jnp.asarray(progress, dtype=jnp.float32))\n", "        return state\n",
     exploring_ends),
    ("temperatures that fall by updates alone", "soft_actor_critic",
     "log_alpha=jnp.minimum(networks.log_alpha, most)", "log_alpha=networks.log_alpha",
     temperatures_fall),
    ("the entropy of one number asked of two", "soft_actor_critic",
     "settings.target_entropy * self.task.action_size", "settings.target_entropy",
     every_number_may_be_drawn_as_widely),
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


def test_two_agents_are_no_field():
    with pytest.raises(ValueError, match="no mean field"):
        learn("TrustDilemma-v0", "MeanFieldAC", steps=1, measure_efficiency=False)


def test_both_ends_of_a_trained_policy_agree():
    """What NumPy plays from the file is what JAX would, for every kind of head from memory."""
    for algorithm in ("ISAC", "MADDPG", "VDN"):
        settings = {**SMALL, "copies": 4, "length": 8}
        found = learn("TrustDilemma-v0", algorithm, steps=64, settings=settings, measure_efficiency=False)
        policy = found.policy(0)
        seen = np.random.default_rng(0).uniform(size=(5, policy.game.observation_size)).astype(np.float32)
        rates = policy.act(seen, 0)
        assert rates.shape == (5,)
        assert rates.min() >= 0.0
        assert rates.max() <= 1.0
