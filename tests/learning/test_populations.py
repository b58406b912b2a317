"""What a population promises, on tiny ones: seeds, bits, checkpoints, files, and who knows of whom."""

from __future__ import annotations

import copy
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

import coopetition
from coopetition.baselines import evaluate, make_policy
from coopetition.baselines.learning import algorithms, learn, read_population
from coopetition.baselines.learning.algorithm import find_algorithm
from coopetition.baselines.learning.checkpoint import NAME
from coopetition.baselines.learning.training import Training
from coopetition.baselines.learning.xla import jax, jnp
from coopetition.games.inequity_averse import InequityAverse
from coopetition.games.rewards import restored_mode
from coopetition.oracles import exploitability
from coopetition.policies.tensors import BrokenFile, read_tensors, write_tensors

TINY = {"copies": 4, "length": 8}
QUIET = {"measure_efficiency": False, "settings": TINY}
EVERY = algorithms()


def parameters_of(population, run):
    return population.arrays[run]


def same(one, other, tolerance=0.0):
    return one.keys() == other.keys() and all(
        np.allclose(one[name], other[name], rtol=0, atol=tolerance) for name in one
    )


@pytest.fixture(scope="module")
def several():
    return learn("TrustDilemma-v0", "IPPO", reward_mode=["private", "integrated"], steps=192, seeds=[5, 9], **QUIET)


def test_runs_are_modes_by_seeds(several):
    assert [run.name for run in several.runs] == [
        "private-seed5", "private-seed9", "integrated-seed5", "integrated-seed9",
    ]  # fmt: skip
    assert several.find(seed=9, reward_mode="integrated") == [3]
    assert several.steps == 192
    assert not same(parameters_of(several, 0), parameters_of(several, 1))
    assert not same(parameters_of(several, 0), parameters_of(several, 2))


def test_a_run_depends_on_its_own_seed_alone(several):
    """To the rounding of batched products: 1e-5 in parameters after six updates."""
    alone = learn("TrustDilemma-v0", "IPPO", reward_mode="integrated", steps=192, seeds=[9], **QUIET)
    assert same(parameters_of(alone, 0), parameters_of(several, 3), 1e-5)


def test_modes_with_numbers_of_their_own(tmp_path):
    """Objects train beside names; what they pay, what files say of them, and what is the same mode twice."""
    kinds = [InequityAverse(alpha=a, beta=b) for a, b in ((0.8, 0.3), (0.4, 0.15), ((0.1, 0.9), 0.2))]
    modes = [kinds[0], "inequity_averse", InequityAverse(), *kinds[1:]]
    found = learn("GiftExchange-v0", reward_mode=modes, steps=64, horizon=8, folder=tmp_path, **QUIET)
    assert [run.reward_mode for run in found.runs] == [
        "inequity_averse(alpha=0.8, beta=0.3)",
        "inequity_averse",
        "inequity_averse(alpha=0.4, beta=0.15)",
        "inequity_averse(alpha=(0.1, 0.9), beta=0.2)",
    ]
    # In the first trajectory all runs of a seed play alike: half the aversion takes half as much.
    less = (found.curves.payoffs - found.curves.rewards)[0].sum(axis=1)
    assert less[0] > 0.0
    assert less[0] == pytest.approx(2.0 * less[2], rel=1e-4)
    about = found.describe(3)
    assert restored_mode(about["reward_mode"], json.loads(json.dumps(about["reward_numbers"]))) == found.games[3].mode
    assert len(list(tmp_path.glob("IPPO-inequity_averse*.safetensors"))) == 4
    assert Training("GiftExchange-v0", "IPPO", kinds[1], 64, 1, TINY).runs[0].reward_mode == str(kinds[1])
    game = found.games[2]
    rows = evaluate(game, [found.policy(run=2)] * 2, episodes=1, exploitability=False, normalise=False)
    assert np.isfinite([row.mean_return for row in rows]).all()


@pytest.mark.parametrize("environment", ["SynergySearch-v0", "ReputationMarket-v0"])
def test_draws_of_the_environment_depend_on_the_run_alone(environment):
    """Bit for bit: what differs in the test above is rounding in the networks."""

    def seen(seeds):
        collector = Training(environment, "IPPO", "integrated", 1, seeds, {**TINY, "length": 40}).collector()
        collector.reset()
        rates = np.random.default_rng(0).uniform(size=(40, 4, collector.task.size, 1)).astype(np.float32)
        data = collector.collect(lambda observations, step: (rates[step], rates[step]))  # noqa: ARG005
        return data.observations[:, -1].copy(), data.rewards[:, -1].copy()

    for alone, among in zip(seen([3]), seen([1, 3]), strict=True):
        assert alone.any()
        assert np.array_equal(alone, among)


def test_the_same_call_gives_the_same_bits(several):
    again = learn("TrustDilemma-v0", "IPPO", reward_mode=["private", "integrated"], steps=192, seeds=[5, 9], **QUIET)
    assert all(same(parameters_of(again, k), parameters_of(several, k)) for k in range(4))
    assert np.array_equal(again.curves.payoffs, several.curves.payoffs, equal_nan=True)


@pytest.mark.parametrize(
    ("partner", "before", "after"),
    [("grim_trigger", (1, 0, 1, 1), (1, 1, 1, 1)), ("tit_for_two_tats", (1, 1, 1, 0), (0, 0, 0, 0)),
     ("graduated_reply", (0.3, 0.3, 0.3, 0.3), (0.3, 0.3, 0.3, 0.3))],
)  # fmt: skip
def test_a_checkpoint_keeps_what_partners_remember(partner, before, after):
    """What was done before a snapshot is answered after it, though nobody sees it any more."""
    settings, options = {"copies": 4, "length": 4}, {"collapse_threshold": 0.0}
    training = Training(
        "TrustDilemma-v0", "IPPO", "private", 64, 1, settings, control="agent_0", partners=partner, options=options
    )
    played, gone_on, forgetful = (training.collector() for _ in range(3))

    def playing(rates):
        return lambda observations, step: (observations[..., :1] * 0.0, observations[..., :1] * 0.0 + rates[step])

    played.reset()
    played.collect(playing(before))
    kept = played.snapshot()
    # Memories are copies already; the rest, which a checkpoint writes at once, is copied here.
    kept = {**copy.deepcopy({**kept, "memories": None}), "memories": kept["memories"]}
    forgetful.restore({**kept, "memories": [{"1": {}}]})
    wanted = np.array(played.collect(playing(after)).observations)
    gone_on.restore(kept)
    assert np.array_equal(np.array(gone_on.collect(playing(after)).observations), wanted)
    assert not np.array_equal(np.array(forgetful.collect(playing(after)).observations), wanted)


@pytest.mark.parametrize(
    ("options", "slots"),
    [
        ({}, 1),
        ({"horizon": 3}, 3),
        ({"continuation": 0.9}, 8),
        ({"continuation": 0.9, "continuation_form": "expected"}, 1),
    ],
)
def test_last_observations_are_kept_for_as_many_episodes_as_can_end(options, slots):
    training = Training("TrustDilemma-v0", "IPPO", "private", 64, 1, TINY, options=options)
    assert len(training.collector()._data.final_observations) == slots


def test_a_spread_beyond_what_draws_are_bounded_by_comes_back():
    """It has no gradient there, and would stay."""
    learner = Training("TrustDilemma-v0", "IPPO", "private", 64, 1, TINY).learner
    actor = {"layers": [], "log_std": jnp.array([[1.7], [0.3]])}
    assert learner.narrowed(actor, learner.settings, 0.5)["log_std"].tolist() == [[1.0], [pytest.approx(0.3)]]


def test_the_final_efficiency_weighs_rows_by_their_episodes():
    settings = {"copies": 8, "length": 10}
    found = learn("TrustDilemma-v0", steps=6400, seeds=1, settings=settings, collapse_threshold=0.0)
    late = found.curves.steps > 0.5 * found.steps
    totals, counts = found.efficiency()[late, 0], found.curves.episodes[late, 0]
    assert found.curves.episodes.sum() == 64
    known = counts > 0
    assert np.array_equal(known, np.isfinite(totals))
    wanted = (totals[known] * counts[known]).sum() / counts.sum()
    assert found.final_efficiency(0, share=0.5) == pytest.approx(wanted)


@pytest.mark.parametrize("environment", ["TrustDilemma-v0", "SynergySearch-v0", "ReputationMarket-v0"])
def test_resumed_is_uninterrupted_bit_for_bit(environment, tmp_path, monkeypatch):
    whole = learn(environment, steps=8 * 32, seeds=2, **QUIET)
    folder = tmp_path / "run"
    # What Ctrl-C does: the loop ends after the trajectory that it was in.
    training = Training(environment, "IPPO", "integrated", 8 * 32, 2, TINY)
    iterate = training._iterate

    def interrupted(state, collector, iteration, spent):
        if iteration == 2:
            signal.raise_signal(signal.SIGINT)
        return iterate(state, collector, iteration, spent)

    monkeypatch.setattr(training, "_iterate", interrupted)
    part = training.run(folder)
    assert not part.finished
    assert part.steps == 3 * 32
    rest = learn(environment, steps=8 * 32, seeds=2, folder=folder, resume=True, **QUIET)
    assert rest.finished
    assert all(same(parameters_of(rest, k), parameters_of(whole, k)) for k in range(2))
    assert np.array_equal(rest.curves.payoffs, whole.curves.payoffs, equal_nan=True)


#: Smallest settings with which each algorithm can learn on two agents, and those that learn from memory.
SMALL = {"FCP": {"copies": 8, "teams": 1}, "SelfPlay_PPO": {"copies": 8, "pool": 2, "pool_every": 1}}
FROM_MEMORY = ("ISAC", "MADDPG", "MATD3", "M3DDPG", "MASAC", "QMIX", "VDN", "MeanFieldAC")
SMALL |= dict.fromkeys(FROM_MEMORY, {"updates": 2, "batch": 16, "replay": 64})
#: A game that an algorithm plays, where it refuses two agents.
PLAYS = {"MeanFieldAC": "PublicGoods-v0"}


def test_there_are_sixteen():
    """No more and no fewer are shipped; what `register_algorithm` adds comes on top."""
    assert len(EVERY) == 16
    assert set(FROM_MEMORY) < set(EVERY)


@pytest.mark.parametrize("algorithm", EVERY)
def test_every_algorithm_says_what_it_is(algorithm):
    """Its module names the paper, whose reward it learns from, what is seen in training and in play, and limits."""
    cls = find_algorithm(algorithm)
    text = sys.modules[cls.__module__].__doc__
    assert text.startswith(f"{algorithm}: ")
    for words in ("reward", "in play", "Hyper-parameters", "Limits", "References\n----------\n"):
        assert words.lower() in text.lower(), words
    assert any(character.isdigit() for character in cls.citation)


#: One of each kind of state that a checkpoint must keep; the others are as long to compile, and run with -m learn.
DEFAULT = ("COMA", "FCP", "ISAC", "QMIX")


@pytest.mark.parametrize(
    "algorithm",
    [pytest.param(name, marks=[] if name in DEFAULT else [pytest.mark.learn]) for name in EVERY if name != "IPPO"],
)
def test_every_algorithm_is_finite_repeats_and_resumes(algorithm, tmp_path, monkeypatch):
    settings = {**TINY, **SMALL.get(algorithm, {})}
    steps = 4 * 8 * settings["copies"]
    options = {"settings": settings, "measure_efficiency": False, "steps": steps, "seeds": [3]}
    environment = PLAYS.get(algorithm, "TrustDilemma-v0")
    whole = learn(environment, algorithm, **options)
    assert all(np.isfinite(array).all() for array in whole.arrays[0].values())
    policy = whole.policy(0)
    seen = np.random.default_rng(0).uniform(size=(5, policy.game.observation_size)).astype(np.float32)
    for agent in range(policy.game.n):
        rates = policy.act(seen, agent)
        assert rates.shape == (5,)
        assert 0.0 <= rates.min() <= rates.max() <= 1.0
    training = Training(environment, algorithm, "integrated", steps, [3], settings)
    iterate = training._iterate

    def interrupted(state, collector, iteration, spent):
        if iteration == 1:
            signal.raise_signal(signal.SIGINT)
        return iterate(state, collector, iteration, spent)

    monkeypatch.setattr(training, "_iterate", interrupted)
    part = training.run(tmp_path)
    assert (part.steps, part.finished) == (steps // 2, False)
    rest = learn(environment, algorithm, folder=tmp_path, resume=True, **options)
    assert same(parameters_of(rest, 0), parameters_of(whole, 0))
    start = Training(environment, algorithm, "integrated", 1, [3], settings)
    before, _ = start.learner.export(jax.tree.map(lambda leaf: np.asarray(leaf)[0], start.init()))
    assert not same(before, parameters_of(whole, 0))


TEAMS = [
    ("LOLA", "ApacheProject-v0", "LOLA differentiates"),
    ("MeanFieldAC", "TrustDilemma-v0", "no mean field"),
]


@pytest.mark.parametrize(("algorithm", "environment", "reason"), TEAMS)
def test_teams_that_cannot_be_are_refused_with_a_reason(algorithm, environment, reason):
    with pytest.raises(ValueError, match=reason):
        Training(environment, algorithm, "private", 1, 1)


@pytest.mark.parametrize("environment", ["TrustDilemma-v0", "PublicGoods-v0", "GraduatedSanction-v0"])
@pytest.mark.parametrize("algorithm", algorithms())
def test_defaults_fit_every_number_of_agents(algorithm, environment):
    """Two, five and six agents: default copies are rounded up, never fewer than the default."""
    if (algorithm, environment, "no mean field") in TEAMS:
        return
    training = Training(environment, algorithm, "private", 1, 1)
    own = find_algorithm(algorithm).Settings()
    whole = training.learner.copies_multiple(own, training.games[0].n)
    assert own.copies <= training.settings.copies < own.copies + whole
    assert training.task.copies == training.settings.copies


def test_copies_that_were_asked_for_stay():
    with pytest.raises(ValueError, match="copies = 64: expected a multiple of agents x minibatches = 20"):
        Training("PublicGoods-v0", "SelfPlay_PPO", "private", 1, 1, {"copies": 64})
    with pytest.raises(ValueError, match="agents and teams"):
        Training("PublicGoods-v0", "FCP", "private", 1, 1, {"copies": 40})


def test_a_sweep_is_a_population():
    swept = learn("TrustDilemma-v0", steps=64, seeds=[2], sweep={"learning_rate": [1e-4, 1e-2]}, **QUIET)
    assert [run.values for run in swept.runs] == [{"learning_rate": 1e-4}, {"learning_rate": 1e-2}]
    single = learn("TrustDilemma-v0", steps=64, seeds=[2], measure_efficiency=False,
                   settings={**TINY, "learning_rate": 1e-2})  # fmt: skip
    assert same(parameters_of(single, 0), parameters_of(swept, 1), 1e-5)


REFUSED = [
    ({"algorithm": "IPO"}, "did you mean 'IPPO'"),
    ({"settings": {"learning_rte": 1}}, "did you mean 'learning_rate'"),
    ({"settings": {"copies": 6}}, "expected a multiple of minibatches = 4"),
    ({"settings": {"head": "gauss"}}, "head"),
    ({"settings": {"learning_rate": float("nan")}}, "finite"),
    ({"sweep": {"copies": [4, 8]}}, "cannot sweep 'copies'"),
    ({"seeds": [1, 1]}, "seeds"),
    ({"seeds": [-1]}, "seeds"),
    ({"steps": 0}, "steps"),
    ({"control": "agent_9"}, "agent_9"),
    ({"reward_mode": "privat"}, "did you mean 'private'"),
    ({"resume": True}, "folder"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        learn("TrustDilemma-v0", **options)


# --- nothing leaks


def one_trajectory(training, rewards=None):
    """A trajectory of the only run, without the axis R."""
    collector = training.collector()
    collector.reset()
    state = training.init()
    learner, act, _ = training.programs(0)
    acting = learner.acting(state)
    data = collector.collect(
        lambda seen, step: act(acting, seen, training.keys, training.values, np.uint32(0), np.uint32(step))
    )
    if rewards is not None:
        data = data._replace(rewards=rewards(np.array(data.rewards)))
    return state, data


@pytest.mark.parametrize("algorithm", ["IPPO"])
def test_an_agents_update_does_not_move_with_anothers_reward(algorithm):
    training = Training("TrustDilemma-v0", algorithm, "private", 1, 1, TINY)

    def updated(change):
        state, data = one_trajectory(training, change)
        update = training.programs(0).update
        after, _ = update(state, data, training.keys, training.values, np.uint32(0), np.float32(1))
        return jax.tree.map(np.asarray, after.networks), jax.tree.map(np.asarray, after.scales)

    def perturb(rewards):
        rewards[..., 1] = 7.0 - 3.0 * rewards[..., 1]
        return rewards

    (before, scales), (after, other_scales) = updated(lambda rewards: rewards), updated(perturb)
    for one, other in zip(jax.tree.leaves((before, scales)), jax.tree.leaves((after, other_scales)), strict=True):
        assert np.array_equal(one[:, 0], other[:, 0])
    assert any(
        not np.array_equal(one[:, 1], other[:, 1])
        for one, other in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True)
    )


def test_rates_and_spread_fall_as_training_goes_on():
    """After all eight of its updates nothing moves; and the eighth leaves nobody drawing more widely than the limit."""

    def changes(done, **falls):
        training = Training("TrustDilemma-v0", "IPPO", "private", 1, 1, {**TINY, **falls})
        before = jax.tree.map(np.array, training.init().networks.actor)
        state, data = one_trajectory(training)
        update = training.programs(0).update
        after, _ = update(state, data, training.keys, training.values, np.uint32(done), np.float32(8))
        after = jax.tree.map(np.array, after.networks.actor)
        moved = [np.abs(x - y).max() for x, y in zip(jax.tree.leaves(after), jax.tree.leaves(before), strict=True)]
        return max(moved), after["log_std"].max()

    assert changes(0, final_rate=0.0)[0] > changes(4, final_rate=0.0)[0] > 0.0
    assert changes(8, final_rate=0.0)[0] == 0.0
    assert changes(8)[0] > 0.0
    assert changes(7)[1] > -1.0
    assert changes(7, final_log_std=-2.0)[1] == pytest.approx(-2.0)


def test_an_agents_loss_has_no_gradient_in_anothers_parameters():
    training = Training("TrustDilemma-v0", "IPPO", "private", 1, 1, TINY)
    state, data = one_trajectory(training)
    run = jax.tree.map(lambda x: x[0], state)
    data = jax.tree.map(lambda x, axis: np.take(x, 0, axis), data, type(data)(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1))
    learner, settings = training.learner, training.settings

    def loss(networks, agent):
        samples, _ = learner.samples(run._replace(networks=networks), data, settings)
        actors = jax.vmap(learner.actor_loss, in_axes=(0, 0, None))(networks.actor, samples, settings)
        critics = jax.vmap(learner.critic_loss)(networks.critic, samples)
        return actors[agent] + critics[agent]

    slope = jax.jit(jax.grad(loss, allow_int=True))
    for agent in (0, 1):
        gradient = slope(run.networks, agent)
        for part in (gradient.actor, gradient.critic):
            leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(part)]
            assert all(not leaf[1 - agent].any() for leaf in leaves)
            assert any(leaf[agent].any() for leaf in leaves)


def test_ends_are_bootstrapped_as_they_should_be():
    """A truncated step's target holds the value of its last observation, a terminated one's none."""
    training = Training("TrustDilemma-v0", "IPPO", "private", 1, 1, {**TINY, "trace": 0.0}, options={"horizon": 4})
    state, data = one_trajectory(training)
    assert data.truncated[3].all()
    run = jax.tree.map(lambda x: x[0], state)
    data = jax.tree.map(lambda x, axis: np.take(x, 0, axis), data, type(data)(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1))
    learner, settings = training.learner, training.settings

    samples_of = jax.jit(learner.samples)

    def targets(data):
        samples, scales = samples_of(run, data, settings)
        return np.asarray(samples.targets).swapaxes(1, 2) + np.asarray(scales.offset)[:, None, None], scales

    truncated, scales = targets(data)
    critics = run.networks.critic
    from coopetition.baselines.learning.networks import apply_layers

    last = jax.vmap(apply_layers)(critics, jnp.moveaxis(data.final_observations[0], 1, 0))[..., 0]
    own = np.moveaxis(data.rewards[3] / scales.deviation, 1, 0)
    value = np.asarray(last) + np.asarray(scales.offset)[:, None]
    assert np.allclose(truncated[:, 3], own + settings.discount * value, rtol=1e-5)
    ended, scales = targets(data._replace(terminated=data.truncated, truncated=data.terminated))
    assert np.allclose(ended[:, 3], np.moveaxis(data.rewards[3] / scales.deviation, 1, 0), rtol=1e-5)


# --- files, and play without JAX


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    population = learn("TrustDilemma-v0", steps=64, seeds=1, folder=folder, **QUIET)
    return population, folder / population.file_name(0)


SHARED = [("TrustDilemma-v0", None, "tanh"), ("PublicGoods-v0", True, "beta"), ("LoyaltyTeam-v0", None, "sigmoid")]


@pytest.mark.parametrize(("environment", "share", "head"), SHARED)
def test_numpy_plays_what_jax_learnt(environment, share, head):
    """Networks far from their start: learnt by accident, so that nothing has to be trained."""
    training = Training(environment, "IPPO", "integrated", 64, 1, {**TINY, "head": head}, share_parameters=share)
    rng = np.random.default_rng(1)
    moved = jax.tree.map(
        lambda leaf: leaf + rng.normal(0.0, 0.3, leaf.shape).astype(np.float32) if leaf.dtype == np.float32 else leaf,
        training.init(),
    )
    population = training._population(moved, [], 0, None, {})
    policy = population.policy(0)
    learner, task = training.learner, training.task
    seen = np.random.default_rng(0).uniform(size=(50, task.size, task.observation_size)).astype(np.float32)
    layers = [{name: population.arrays[0][f"layers/{k}/{name}"] for name in ("weight", "bias")} for k in range(3)]
    actor = {"layers": layers}
    if head != "beta":
        actor["log_std"] = population.arrays[0]["log_std"]
    parameters = jax.vmap(learner.parameters)(actor, task.inputs(seen, lead=0))
    expected = np.asarray(task.unfold(learner.distribution.middle(parameters), lead=0))[..., 0]
    ours = np.stack([policy.act(seen[:, i], i) for i in range(task.size)], axis=1)
    assert np.abs(ours - expected).max() < 1e-5
    assert ours.std() > 0.05


def test_a_file_is_a_policy_everywhere(saved):
    population, file = saved
    game = population.games[0]
    policy = make_policy(str(file), game)
    batch = coopetition.batch("TrustDilemma-v0", num_envs=3)
    seen = batch.reset(seed=0)
    assert np.array_equal(policy.act(seen[:, 1], 1), population.policy(0).act(seen[:, 1], 1))
    rows = evaluate("TrustDilemma-v0", [str(file), "tit_for_tat"], episodes=2, exploitability=False)
    assert [row.policy for row in rows] == [str(file), "tit_for_tat"]
    gains = exploitability(game, [policy, policy], seed=0, climb=False).gains
    assert np.isfinite(gains).all()
    env = coopetition.gymnasium_env("TrustDilemma-v0", control="agent_0", partners=str(file))
    env.reset(seed=0)
    assert np.isfinite(env.step(np.array([0.5], dtype=np.float32))[1])
    about = read_population(file.parent)
    assert about["runs"][0]["file"] == file.name
    assert (file.parent / "curves.csv").read_text().startswith("steps,run,seed,reward_mode,efficiency")


def test_play_needs_no_jax(saved):
    _, file = saved
    code = (
        "import sys\nsys.modules['jax'] = None\n"
        "from coopetition.baselines import evaluate\n"
        f"rows = evaluate('TrustDilemma-v0', {str(file)!r}, episodes=1, normalise=False, exploitability=False)\n"
        "print(rows[0].payoff)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(result.stdout) > 0


def test_our_files_are_those_of_the_safetensors_library(saved):
    library = pytest.importorskip("safetensors.numpy")
    _, file = saved
    arrays, metadata = read_tensors(file)
    theirs = library.load_file(str(file))
    assert same(arrays, theirs)
    library.save_file(theirs, str(file.with_name("again.safetensors")), metadata)
    again, kept = read_tensors(file.with_name("again.safetensors"))
    assert same(again, arrays)
    assert kept == metadata


def broken_files(file, folder):
    """Files that are not policies, by what is wrong with them."""
    data = file.read_bytes()
    arrays, metadata = read_tensors(file)
    made = {
        "empty": b"", "text": b"not a policy at all, but some text", "cut": data[: len(data) // 2],
        "longer": data + b"x", "header": data[:8] + b"\xff" + data[9:],
        "huge": (2**62).to_bytes(8, "little") + data[8:],
    }  # fmt: skip
    for name, content in made.items():
        (folder / f"{name}.safetensors").write_bytes(content)
    about = json.loads(metadata["policy"])
    changed = {
        "foreign": (arrays, {"format": "pt"}),
        "words": (arrays, {**metadata, "policy": "{"}),
        "head": (arrays, {**metadata, "policy": json.dumps({**about, "head": "softmax"})}),
        "learners": (arrays, {**metadata, "policy": json.dumps({**about, "learners": [0, 7]})}),
        "shape": ({**arrays, "layers/1/bias": np.zeros((2, 3))}, metadata),
        "nan": ({**arrays, "layers/1/bias": np.full((2, 32), np.nan)}, metadata),
        "none": ({}, metadata),
    }
    for name, (parts, words) in changed.items():
        write_tensors(folder / f"{name}.safetensors", parts, words)
    return sorted([*made, *changed])


def test_broken_files_are_refused_by_name(saved, tmp_path):
    population, file = saved
    for name in broken_files(file, tmp_path):
        path = tmp_path / f"{name}.safetensors"
        with pytest.raises(BrokenFile, match=f"{name}.safetensors"):
            make_policy(str(path), population.games[0])
    with pytest.raises(ValueError, match="no file"):
        make_policy("missing.safetensors", population.games[0])
    with pytest.raises(ValueError, match="trained on TrustDilemma-v0"):
        make_policy(str(file), coopetition.make_game("PublicGoods-v0"))


def test_a_foreign_checkpoint_is_refused(saved, tmp_path):
    _, file = saved
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        learn("TrustDilemma-v0", folder=tmp_path, resume=True, steps=64, seeds=1, **QUIET)
    with pytest.raises(ValueError, match="seed"):
        learn("TrustDilemma-v0", folder=file.parent, resume=True, steps=64, seeds=[4], **QUIET)
    with pytest.raises(ValueError, match="settings"):
        learn("TrustDilemma-v0", folder=file.parent, resume=True, steps=64, seeds=1, measure_efficiency=False)
    (tmp_path / NAME).write_bytes(file.read_bytes())
    with pytest.raises(BrokenFile, match=NAME):
        learn("TrustDilemma-v0", folder=tmp_path, resume=True, steps=64, seeds=1, **QUIET)


# --- one of several agents learns


def test_one_agent_learns_against_fixed_partners(saved):
    _, file = saved
    found = learn("TrustDilemma-v0", steps=64, seeds=1, control="agent_0", partners=str(file), **QUIET)
    assert found.learners == (0,)
    policy = found.policy(0)
    seen = np.zeros((2, 6), dtype=np.float32)
    assert policy.act(seen, 0).shape == (2,)
    with pytest.raises(ValueError, match="not agent_1"):
        policy.act(seen, 1)


# --- the command line


def test_train_and_play_from_the_command_line(tmp_path):
    from typer.testing import CliRunner

    from coopetition.cli import app

    runner = CliRunner()
    command = ["train", "TrustDilemma", "--steps", "64", "--seeds", "2", "--reward-mode", "private,integrated"]
    command += ["--hyper", "copies=4", "--hyper", "length=8", "--out", str(tmp_path / "out"), "--no-efficiency"]
    result = runner.invoke(app, [*command, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [row["run"] for row in report["runs"]][2] == "integrated-seed0"
    file = report["runs"][2]["file"]
    played = runner.invoke(app, ["run", "TrustDilemma", "--policy", f"{file}+tit_for_tat"], catch_exceptions=False)
    assert played.exit_code == 0, played.output
    assert "tit_for_tat" in played.output
    refused = runner.invoke(app, ["train", "TrustDilemma", "--algorithm", "PPO"])
    assert refused.exit_code == 2
