"""The implementations that the suite is timed against play the same game."""

import importlib.util

import numpy as np
import pytest

from coopetition.api.make import batch, make_game
from coopetition.benchmarks.references.constants import Constants
from coopetition.benchmarks.references.empty import EmptyParallelEnv, make_empty
from coopetition.benchmarks.references.native import NativeTrust, compiler
from coopetition.benchmarks.references.plain import PlainTrust

GAMES = [
    ("TrustDilemma-v0", {}),
    ("SLCD-v0", {}),
    ("RenaultNissan-v0", {"horizon": 7, "endowment": (80.0, 120.0), "dependence": [[0.0, 0.3], [0.9, 0.0]]}),
]
VIEWS = ("observations", "rewards")
NUMBERS = ("payoffs", "utilities")
ENDS = ("terminated", "truncated")


def play(rng, t, copies):
    """Actions that end episodes in both ways, and that leave the bounds."""
    low, high = (0.35, 1.0) if t % 60 < 40 else (-0.1, 1.1)
    return rng.uniform(low, high, size=(copies, 2))


def same(found, wanted, name, t):
    found = np.asarray(found)
    # What leaves as float32 may be rounded to the other side.
    tolerance = 1e-6 if found.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=f"{name}, step {t}")


@pytest.mark.parametrize(("environment_id", "given"), GAMES)
def test_plain_numpy(environment_id, given):
    game = make_game(environment_id, **given)
    ours = batch(environment_id, 1, **given)
    plain = PlainTrust(Constants.of(game))
    same(plain.reset().astype(np.float32), ours.reset()[0], "reset", 0)
    rng = np.random.default_rng(0)
    ends = set()
    for t in range(250):
        actions = play(rng, t, 1)
        ours.step(actions)
        step = plain.step(actions[0])
        same(step.payoffs, ours.payoffs[0], "payoffs", t)
        same(step.rewards, ours.utilities[0], "utilities", t)
        same(step.observations, ours.observations[0], "observations", t)
        assert (step.terminated, step.truncated) == (ours.terminated[0], ours.truncated[0])
        ends.add((step.terminated, step.truncated))
    assert len(ends) > 1


@pytest.mark.parametrize("environment_id", ["PlatformEcosystem-v0", "TeamProduction-v0", "ReciprocalDilemma-v0"])
def test_constants_refuse_other_games(environment_id):
    with pytest.raises(ValueError, match="plain two-agent trust game"):
        Constants.of(make_game(environment_id))


def test_constants_refuse_smooth_signals():
    with pytest.raises(ValueError, match="raw signals"):
        Constants.of(make_game("TrustDilemma-v0", signal_scale="endowment"))


@pytest.mark.filterwarnings("ignore")  # Gymnasium warns that it returns the same array at every step
def test_empty_environments():
    env = make_empty()
    env.reset(seed=0)
    assert env.step(env.action_space.sample())[1:] == (0.0, False, False, {})
    empty = EmptyParallelEnv()
    observations, _ = empty.reset()
    assert observations.keys() == empty.step({})[0].keys() == set(empty.possible_agents)


@pytest.mark.bench
@pytest.mark.skipif(compiler() is None, reason="no C compiler")
@pytest.mark.parametrize(("environment_id", "given"), GAMES)
def test_c(environment_id, given):
    copies = 16
    ours = batch(environment_id, copies, **given)
    native = NativeTrust(Constants.of(make_game(environment_id, **given)), copies)
    same(native.observations, ours.reset(), "reset", 0)
    rng = np.random.default_rng(1)
    for t in range(250):
        actions = play(rng, t, copies)
        ours.step(actions)
        native.step(actions)
        over = ours.terminated | ours.truncated
        for name in VIEWS + NUMBERS + ENDS:
            same(getattr(native, name), getattr(ours, name), name, t)
        same(native.final_observations[over], ours.final_observations[over], "final_observations", t)


@pytest.mark.bench
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed (extra bench)")
@pytest.mark.parametrize(("environment_id", "given"), GAMES)
def test_jax(environment_id, given):
    from coopetition.benchmarks.references.accelerated import JaxTrust

    copies = 16
    ours = batch(environment_id, copies, **given)
    ours.reset()
    game = JaxTrust(Constants.of(make_game(environment_id, **given)))
    step, block = game.stepped(), game.stepped_block()
    state, blocks = game.vmapped()[0](copies)[0], game.initial(copies)
    rng = np.random.default_rng(2)
    for t in range(250):
        actions = play(rng, t, copies)
        ours.step(actions)
        state, shown = step(state, actions)
        blocks, laid_out = block(blocks, actions.T)
        over = ours.terminated | ours.truncated
        for name in VIEWS + NUMBERS + ENDS:
            same(getattr(shown, name), getattr(ours, name), name, t)
            turned = np.asarray(getattr(laid_out, name)).T
            same(turned.reshape(getattr(ours, name).shape), getattr(ours, name), name, t)
        same(np.asarray(shown.final_observations)[over], ours.final_observations[over], "final_observations", t)


@pytest.mark.bench
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed (extra bench)")
def test_jax_acts_on_observations():
    from coopetition.benchmarks.references.accelerated import JaxTrust, policy

    game = JaxTrust(Constants.of(make_game("TrustDilemma-v0")))
    start, play_vmapped = game.vmapped()
    state, seen = start(4)
    ours = batch("TrustDilemma-v0", 4)
    observations = ours.reset()
    for _ in range(5):
        np.testing.assert_allclose(np.asarray(seen), observations, atol=1e-5)
        state, shown = play_vmapped(state, seen)
        ours.step(policy(observations[:, :, 1]))
        seen = shown.observations
    start, play_scanned = game.scanned(5)
    _, shown = play_scanned(*start(4))
    np.testing.assert_allclose(np.asarray(shown.observations).T.reshape(4, 2, 6), observations, atol=1e-5)
