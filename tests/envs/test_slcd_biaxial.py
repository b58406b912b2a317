"""SLCDBiaxial-v0, two numbers an action: S-LCD at k = 0 to the bit, the formulas, every interface, oracles, policies.

`plain_step` is written from the specification alone: plain Python, one copy, no code of the package.
"""

from __future__ import annotations

import math
import warnings

import gymnasium
import numpy as np
import pytest
from scipy.optimize import differential_evolution

import coopetition
from coopetition.baselines import evaluate, make_policy, record_episode
from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, EXTENSIONS, environment_class, environment_ids
from coopetition.games.game import Game
from coopetition.oracles import best_constant, certify, dilemma, equilibria, solve, suite_diversity
from coopetition.oracles.stage.game import Objective, StageGame, gradients
from coopetition.oracles.stage.many import solve_many
from coopetition.policies.trained import TrainedPolicy, describe_game, write_policy
from coopetition.testing import check_env

ID = "SLCDBiaxial-v0"
SCALES, MODES = ("unit", "endowment", "symmetric"), ("integrated", "private", "cooperative")


# --- the reference: mechanisms.md and the end of strong.md


def plain_step(state, c, k, *, e=(100.0, 100.0), b=(30.0, 30.0), alpha=(0.55, 0.45), D=((0.0, 0.64), (0.86, 0.0)),
               theta=20.0, gamma=0.65, lambda_plus=0.08, lambda_minus=0.28, mu=0.50, delta=0.02, xi=0.45, kappa=1.0,
               sigma=(1.0, 1.0), chi=1.0, r=1.0, kappa_k=0.1):  # fmt: skip
    """Payoffs and utilities of one step; `state` ((T, R), each 2 x 2) moves first, from old values."""
    T, R = state
    a = [c[i] * e[i] for i in range(2)]
    signal = [math.tanh(kappa * (a[j] - b[j] - k[j] * e[j]) / sigma[j]) for j in range(2)]
    for i, j in ((0, 1), (1, 0)):
        s, ceiling = signal[j], 1.0 - R[i][j]
        if s > 0.0:
            T[i][j] += lambda_plus * s * max(0.0, ceiling - T[i][j])
        elif s < 0.0:
            T[i][j] += lambda_minus * s * T[i][j] * (1.0 + xi * D[i][j])
        R[i][j] += mu * abs(s) * (1.0 - R[i][j]) if s < 0.0 else -delta * R[i][j]
        T[i][j] = min(max(T[i][j], 0.0), ceiling)
        R[i][j] = min(max(R[i][j], 0.0), 1.0)
    weights = [alpha[i] + chi * k[i] ** r for i in range(2)]
    shares = [weight / sum(weights) for weight in weights]
    joint = gamma * math.sqrt(a[0] * a[1])
    pi = [e[i] - a[i] + theta * math.log(1.0 + a[i]) + shares[i] * joint - kappa_k * k[i] ** 2 * e[i] for i in range(2)]
    U = [pi[i] + min(T[i][j], 1.0 - R[i][j]) * D[i][j] * pi[j] for i, j in ((0, 1), (1, 0))]
    return np.array(pi), np.array(U)


def fresh(trust=0.65):
    """T and R at reset."""
    return [[0.0, trust], [trust, 0.0]], [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ({}, {}),
        ({"contest_exponent": 2.5, "contest_weight": 0.4, "intensity_cost": 0.03, "signal_scale": "endowment"},
         {"r": 2.5, "chi": 0.4, "kappa_k": 0.03, "sigma": (100.0, 100.0)}),
        ({"endowment": (80.0, 120.0), "shares": (0.3, 0.7), "contest_exponent": 0.5, "gamma": 2.9, "theta": 2.0},
         {"e": (80.0, 120.0), "alpha": (0.3, 0.7), "r": 0.5, "gamma": 2.9, "theta": 2.0}),
    ],
)  # fmt: skip
def test_formulas(given, plain):
    """Whole episodes of random actions against the plain reference."""
    batch = coopetition.batch(ID, 1, collapse_threshold=0.0, autoreset="disabled", **given)
    batch.reset(seed=0)
    state, rng = fresh(), np.random.default_rng(3)
    for step in range(100):
        actions = rng.uniform(size=(1, 2, 2))
        actions[..., 1] *= 0.5 if step % 2 else 0.0
        batch.step(actions)
        pi, utility = plain_step(state, actions[0, :, 0], actions[0, :, 1], **plain)
        np.testing.assert_allclose(batch.payoffs[0], pi, rtol=1e-12)
        np.testing.assert_allclose(batch.utilities[0], utility, rtol=1e-12)
        np.testing.assert_allclose(batch.read("trust")[0], state[0], atol=1e-12)
        np.testing.assert_allclose(batch.read("damage")[0], state[1], atol=1e-12)
        np.testing.assert_array_equal(batch.read("intensity")[0], actions[0, :, 1])


# --- at k = 0 it is S-LCD


def whole(game, actions):
    """One-number actions (..., N) with no intensity, in the scale of the game."""
    both = np.empty((*np.shape(actions), 2))
    both[..., 0], both[..., 1] = actions, game.action_low[:, 1]
    return both


@pytest.mark.parametrize(
    ("mode", "scale"), [*((mode, "unit") for mode in MODES), *(("integrated", s) for s in SCALES[1:])]
)
def test_without_intensity_it_is_slcd(mode, scale):
    """Whole episodes to the bit: restarts, clipping and the float32 baseline rule included."""
    one, two = (
        Batch(Game(environment_class(name)(), mode, action_scale=scale), 24, observe_joint=True)
        for name in ("SLCD-v0", ID)
    )
    one.reset(seed=0), two.reset(seed=0)
    rng = np.random.default_rng(1)
    low, span = one.game.action_low, one.game.action_high - one.game.action_low
    for step in range(130):
        rates = rng.uniform(-0.2, 1.2, (24, 2)) if step % 3 else np.full((24, 2), np.float32(0.3))
        one.step(low + rates * span)
        two.step(whole(two.game, low + rates * span))
        for name in ("payoffs", "utilities", "rewards", "joint_rewards", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        for name in one.game.observation_layout:
            parts = (batch.observations[..., batch.game.observation_layout[name]] for batch in (one, two))
            np.testing.assert_array_equal(*parts)
        for name in ("trust", "damage", "payoff_total", "reward_total", "time"):
            np.testing.assert_array_equal(one.read(name), two.read(name))


def test_views_without_intensity_are_slcd():
    """The same behind every interface: what agents earn, whole episodes."""
    rng = np.random.default_rng(2)
    script = rng.uniform(0.2, 1.0, (100, 2)).astype(np.float32)
    zeros = np.zeros((100, 2), np.float32)
    both = np.stack([script, zeros], axis=-1)

    def parallel(name, rows):
        env = coopetition.parallel_env(name, collapse_threshold=0.0)
        env.reset(seed=0)
        return [list(env.step(dict(zip(env.possible_agents, row, strict=True)))[1].values()) for row in rows]

    def aec(name, rows, **options):
        env = coopetition.aec_env(name, collapse_threshold=0.0, **options)
        env.reset(seed=0)
        found = []
        for row in rows:
            for action in row:
                env.step(action)
            found.append(list(env.rewards.values()))
        return found

    def gym(name, rows, **options):
        env = gymnasium.make(f"coopetition/{name}", collapse_threshold=0.0, **options).unwrapped
        env.reset(seed=0)
        return [env.step(row)[1] for row in rows]

    def vector(name, rows):
        env = gymnasium.make_vec(f"coopetition/{name}", num_envs=1, collapse_threshold=0.0)
        env.reset(seed=0)
        return [env.step(row[None])[1].tolist() for row in rows]

    assert parallel("SLCD-v0", script[..., None]) == parallel(ID, both)
    assert aec("SLCD-v0", script[..., None]) == aec(ID, both) == aec(ID, both, sequential=True)
    assert gym("SLCD-v0", script) == gym(ID, both.reshape(100, 4))
    assert vector("SLCD-v0", script) == vector(ID, both.reshape(100, 4))
    assert gym("SLCD-v0", script[:, :1], control="samsung") == gym(ID, both[:, 0], control="samsung")


def test_gradients_without_intensity_are_those_of_slcd():
    """Differences of the kernel in the levels, at random profiles, to the bit."""
    one, two = StageGame("SLCD-v0"), StageGame(ID)
    levels = np.random.default_rng(4).uniform(0.0, 100.0, (16, 2))
    coordinates = np.stack([levels, np.zeros_like(levels)], axis=-1).reshape(16, 4)
    for what in ("private", "integrated", "cooperative", "interdependence"):
        mine = gradients(two, coordinates, Objective(two, what))[:, ::2]
        if what in ("private", "integrated"):
            np.testing.assert_array_equal(mine, gradients(one, levels, Objective(one, what)))
        else:  # a matrix adds payoffs up in another order
            np.testing.assert_allclose(mine, gradients(one, levels, Objective(one, what)), rtol=1e-7, atol=1e-8)


# --- oracles, against searches that share nothing with them


def plain_values(actions, which):
    """Payoffs or utilities of one step from reset at actions (N, 2) of levels and intensities."""
    return plain_step(fresh(), [action[0] / 100.0 for action in actions], [action[1] for action in actions])[which]


def plain_gain(actions, i, which):
    """The most that agent i gains by another level and intensity: a grid of both, then differential evolution."""

    def loss(mine):
        moved = [list(action) for action in actions]
        moved[i] = [float(mine[0]), float(mine[1])]
        return -plain_values(moved, which)[i]

    own = -loss(actions[i])
    grid = min(loss((a, k)) for a in np.linspace(0.0, 100.0, 101) for k in np.linspace(0.0, 1.0, 41))
    found = differential_evolution(loss, [(0.0, 100.0), (0.0, 1.0)], seed=i, popsize=8, maxiter=50, tol=1e-12)
    return max(-grid, -found.fun) - own


@pytest.mark.parametrize(("concept", "which"), [("nash", 0), ("coopetitive", 1)])
def test_equilibria_by_independent_searches(concept, which):
    """Nobody gains in both numbers together; somebody does next to it, and by what the certificate says."""
    found = solve(ID, concept)
    assert found.actions.shape == found.certificate.replies.shape == (2, 2)
    assert found.payoffs.shape == found.utilities.shape == found.certificate.gains.shape == (2,)
    assert found.epsilon < 1e-9
    np.testing.assert_allclose((found.payoffs, found.utilities)[which], plain_values(found.actions, which), rtol=1e-12)
    assert max(plain_gain(found.actions, i, which) for i in range(2)) < 1e-8
    elsewhere = np.array([[35.0, 0.02], [60.0, 0.6]])
    certificate = certify(ID, elsewhere, "private" if which == 0 else "integrated")
    plain = [plain_gain(elsewhere, i, which) for i in range(2)]
    np.testing.assert_allclose(certificate.gains, plain, rtol=1e-6)


def test_the_optimum_does_not_compete():
    """Intensity is a contest over what is there, so that together it only costs; found by differential evolution."""
    found = solve(ID, "social_optimum")
    search = differential_evolution(
        lambda x: -plain_values([x[:2], x[2:]], 0).sum(), [(0.0, 100.0), (0.0, 1.0)] * 2, seed=0, popsize=10, tol=1e-10
    )
    assert found.payoffs.sum() >= -search.fun - 1e-9
    np.testing.assert_allclose(found.payoffs.sum(), -search.fun, rtol=1e-9)
    np.testing.assert_array_equal(found.actions[:, 1], 0.0)
    assert found.values["welfare"] == pytest.approx(found.payoffs.sum(), abs=1e-9)
    np.testing.assert_allclose(found.actions, whole(Game(environment_class(ID)()), solve("SLCD-v0", "social_optimum")
                                                    .actions), atol=1e-5)  # fmt: skip


def test_other_concepts_by_agents():
    """Bargains, the frontier and Kant: shapes by agents, and nobody's loss."""
    nash = solve(ID, "nash")
    for solution in ("nash", "kalai_smorodinsky"):
        bargain = solve(ID, "bargaining", solution=solution)
        assert bargain.actions.shape == (2, 2)
        assert (bargain.payoffs >= nash.payoffs).all()
    fair = solve(ID, "social_optimum", welfare="egalitarian")
    assert np.ptp(fair.payoffs) < 1e-6
    frontier = solve(ID, "pareto_front", points=5)
    assert frontier.actions.shape[1:] == (2, 2)
    assert frontier.payoffs.shape[1:] == (2,)
    assert not (frontier.payoffs < nash.payoffs).all(axis=1).any()
    np.testing.assert_array_equal(solve(ID, "kantian").actions[:, 1], 0.0)
    with pytest.raises(ValueError, match="expected"):
        certify(ID, [30.0, 30.0])


def test_equilibria_are_stable():
    found = equilibria(ID, "nash", starts=2)
    assert len(found) == 1
    assert found[0].actions.shape == (2, 2)
    assert found[0].values["stable"]


@pytest.mark.slow
@pytest.mark.parametrize("leader", [0, 1])
def test_leaders_by_another_search(leader):
    """The leader's best commitment by differential evolution, the follower's reply by grids of the plain payoff."""
    found = solve(ID, "stackelberg", leader=leader)
    other = 1 - leader

    def reply(mine):
        low, high = np.zeros(2), np.array([100.0, 1.0])
        for _ in range(24):
            points = [
                np.array([a, k]) for a in np.linspace(low[0], high[0], 9) for k in np.linspace(low[1], high[1], 9)
            ]
            best = max(points, key=lambda theirs: plain_values(_cast(mine, theirs, leader), 0)[other])
            size = (high - low) / 4.0
            low, high = np.maximum(best - size, 0.0), np.minimum(best + size, [100.0, 1.0])
        return best

    value = plain_values(_cast(found.actions[leader], reply(found.actions[leader]), leader), 0)[leader]
    assert value == pytest.approx(found.payoffs[leader], abs=1e-4)
    rng = np.random.default_rng(0)
    for mine in rng.uniform(size=(25, 2)) * [40.0, 0.6]:
        assert plain_values(_cast(mine, reply(mine), leader), 0)[leader] <= found.payoffs[leader] + 1e-4


def _cast(mine, theirs, leader):
    return [mine, theirs] if leader == 0 else [theirs, mine]


@pytest.mark.slow
def test_security_levels_by_another_search():
    """The threat that gives nothing and competes fully holds everybody down; against it the best is solo play."""
    found = solve(ID, "maximin")
    for i in range(2):
        threat = found.values["threats"][i, 1 - i]
        search = differential_evolution(
            lambda x, i=i, threat=threat: -plain_values(_cast(x, threat, i), 0)[i], [(0.0, 100.0), (0.0, 1.0)], seed=i
        )
        assert found.values["security_levels"][i] == pytest.approx(-search.fun, abs=1e-7)
        hurt = differential_evolution(
            lambda x, i=i: plain_values(_cast(found.actions[i], x, i), 0)[i], [(0.0, 100.0), (0.0, 1.0)], seed=i
        )
        assert found.values["security_levels"][i] <= hurt.fun + 1e-9


# --- interfaces


def test_it_conforms():
    check_env(ID)
    for scale in ("endowment", "symmetric"):
        check_env(coopetition.parallel_env(ID, action_scale=scale, horizon=20))
        check_env(coopetition.aec_env(ID, sequential=True, action_scale=scale, horizon=20))


def test_other_packages_checks():
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from pettingzoo.test import api_test, parallel_api_test

    sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for options in ({}, {"control": "sony"}):
            env = gymnasium.make(f"coopetition/{ID}", action_scale="symmetric", **options).unwrapped
            gymnasium_check(env, skip_render_check=True)
            sb3.check_env(env)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names of roles, not of the form word_0
        parallel_api_test(coopetition.parallel_env(ID), num_cycles=40)
        api_test(coopetition.aec_env(ID), num_cycles=40)


def test_spaces():
    assert coopetition.parallel_env(ID).action_space("sony").shape == (2,)
    assert gymnasium.make(f"coopetition/{ID}").action_space.shape == (4,)
    assert coopetition.batch(ID, 3).actions.shape == (3, 2, 2)
    high = coopetition.parallel_env(ID, action_scale="endowment").action_space("sony").high
    np.testing.assert_array_equal(high, [100.0, 1.0])
    layout = coopetition.parallel_env(ID).observation_layout
    assert layout["intensity"].stop - layout["intensity"].start == 2


@pytest.mark.parametrize("action", [0.5, [0.5], [0.5, 0.1, 0.2], [0.5, math.nan], np.float32(0.5), [[0.5, 0.1]]])
def test_what_is_no_action_is_refused(action):
    good = np.array([0.5, 0.1], np.float32)
    parallel, aec, agent = coopetition.parallel_env(ID), coopetition.aec_env(ID), gymnasium.make(
        f"coopetition/{ID}", control=0).unwrapped  # fmt: skip
    for env in (parallel, aec, agent):
        env.reset(seed=0)
    with pytest.raises(ValueError, match=r"samsung|actions"):
        parallel.step({"samsung": np.array(action), "sony": good})
    with pytest.raises(ValueError, match="samsung"):
        aec.step(np.array(action))
    with pytest.raises(ValueError, match=r"samsung|action"):
        agent.step(np.array(action))


def test_strict_actions_name_the_agent():
    batch = coopetition.batch(ID, 2, strict_actions=True)
    batch.reset(seed=0)
    for place, agent in (((0, 1, 1), "sony"), ((1, 0, 0), "samsung")):
        actions = np.full((2, 2, 2), 0.5)
        actions[place] = 1.5
        with pytest.raises(ValueError, match=f"{agent}.*copy {place[0]}.*out of bounds"):
            batch.step(actions)


# --- policies


def test_whoever_speaks_of_a_rate_plays_no_intensity():
    for policy in ("constant_060", "tit_for_tat", "random", "grim_trigger", "best_reply"):
        record = record_episode(ID, policy, horizon=12)
        np.testing.assert_array_equal(record.states["intensity"], 0.0)
        np.testing.assert_array_equal(record.payoffs, record_episode("SLCD-v0", policy, horizon=12).payoffs)
    rows = evaluate(ID, "tit_for_tat", episodes=2)
    same = evaluate("SLCD-v0", "tit_for_tat", episodes=2, normalise=False, exploitability=False)
    assert [row.payoff for row in rows] == [row.payoff for row in same]
    assert (rows[0].efficiency, rows[0].exploitability) == (None, None)
    script = np.full((100, 2, 2), 0.5)
    one, two = coopetition.batch(ID, 1), coopetition.batch(ID, 1)
    one.reset(seed=0), two.reset(seed=0)
    script[:, 0, 1] = 0.2
    played = one.rollout(["actions", "constant_060"], 30, actions=script[:30])
    for row in script[:30]:
        two.step(np.array([[row[0], [0.6, 0.0]]]))
    np.testing.assert_array_equal(played.payoff_totals, two.read("payoff_total"))


def test_oracles_play_both_numbers():
    policy = make_policy("Oracle_Equilibrium", coopetition.batch(ID, 1).game)
    policy.reset(num_envs=2)
    seen = coopetition.batch(ID, 2).reset(seed=0)[:, 1]
    played = policy.act(seen, 1)
    expected = solve(ID, "coopetitive", objective="interdependence").actions[1] / [100.0, 1.0]
    np.testing.assert_allclose(played, [expected, expected], atol=1e-9)
    record = record_episode(ID, ["Oracle_TrustAware", "Oracle_Equilibrium"], horizon=4)
    assert (record.states["intensity"][1:] > 0.0).all()


@pytest.mark.parametrize(("head", "outputs"), [("tanh", 2), ("sigmoid", 2), ("beta", 4), ("bins", 49)])
def test_files_of_trained_policies_hold_both_numbers(tmp_path, head, outputs):
    game = coopetition.batch(ID, 1).game
    bias = np.random.default_rng(0).normal(size=(2, outputs)).astype(np.float32)
    arrays = {"layers/0/weight": np.zeros((2, game.observation_size, outputs), np.float32), "layers/0/bias": bias}
    about = {**describe_game(game), "learners": [0, 1], "shared": False, "head": head}
    policy = TrainedPolicy(game, write_policy(tmp_path / "p.safetensors", arrays, about))
    played = policy.act(coopetition.batch(ID, 3).reset(seed=0)[:, 0], 0)
    x = bias[0].astype(np.float64)
    up = 1.0 + np.log1p(np.exp(x))
    expected = {
        "tanh": 0.5 * (1 + np.tanh(x[:2])),
        "sigmoid": 1 / (1 + np.exp(-x[:2])),
        "beta": up[:2] / (up[:2] + up[2:4]) if head == "beta" else None,
        "bins": np.array(divmod(int(x.argmax()), 7)) / 6,
    }[head]
    np.testing.assert_allclose(played, np.tile(expected, (3, 1)), atol=1e-6)


# --- what it is, and what is refused


def test_it_is_an_extension():
    assert ID in EXTENSIONS
    assert ID not in ENVIRONMENTS
    assert environment_ids()[: len(ENVIRONMENTS) + 1] == (*ENVIRONMENTS, ID)
    assert tuple(EXTENSIONS) == coopetition.EXTENSION_IDS
    assert f"coopetition/{ID}" in gymnasium.registry


@pytest.mark.parametrize(
    "asked",
    [
        lambda: best_constant(ID),
        lambda: solve_many(ID, {"gamma": [0.5, 0.6]}),
        lambda: coopetition.parallel_env(ID, discrete=5),
        lambda: solve(ID, "nash", start=[20.0, 20.0]),
    ],
)
def test_what_it_cannot_is_refused_at_once(asked):
    with pytest.raises(ValueError, match=r"two numbers|rate|\(2, 2\)"):
        asked()


# --- its page, figures and place


def test_its_page():
    """Sections are there and say both numbers; the equilibria stand as they are solved."""
    pages = pytest.importorskip("coopetition.pages")
    found = {concept: solve(ID, concept) for concept in ("nash", "coopetitive", "social_optimum")}
    entry = {key: {"actions": one.actions, "payoffs": one.payoffs, "utilities": one.utilities}
             for key, one in found.items()}  # fmt: skip
    text = pages.page(ID, {**entry, "price_of_anarchy": 1.0})
    for said in ("`Box(0, 1, (2,), float32)`", "| intensities k |", "revealed_intensity", "## Where it stands",
                 "all rates and intensities 0.5", f"{found['nash'].actions[1, 1]:.5g}"):  # fmt: skip
        assert said in text
    batch = coopetition.batch(ID, 1)
    batch.reset(seed=0)
    batch.step(np.full((1, 2, 2), 0.5))
    assert f"payoffs {batch.payoffs[0, 0]:.3f}, {batch.payoffs[0, 1]:.3f}" in text


def test_its_place_among_games():
    """Under policies that speak of a rate it ranks as S-LCD does; one that competes tells them apart."""
    rates = ("constant_010", "constant_040", "constant_080", "tit_for_tat", "pavlov")
    found = suite_diversity(["SLCD-v0", ID], rates, modes=("private",))
    np.testing.assert_allclose(found.correlations, 1.0, atol=1e-12)
    np.testing.assert_array_equal(found.self_play[0], found.self_play[1])
    both = suite_diversity(["SLCD-v0", ID], (*rates, "Oracle_Equilibrium"), modes=("private",))
    assert both.self_play[0, -1] != both.self_play[1, -1]


def test_figures():
    plot = pytest.importorskip("coopetition.plot")
    pytest.importorskip("matplotlib")
    record = record_episode(ID, "Oracle_Equilibrium", horizon=3)
    names = [axes.get_ylabel() for axes in plot.episode(record).axes]
    assert names[:3] == ["rate", "intensity", "trust in it"]
    assert "intensities at zero" in plot.payoff_surface(ID, concepts=("nash",)).texts[1].get_text()


def test_dilemma():
    found = dilemma(ID, episode=False)
    assert found.optimum.shape == found.equilibrium.shape == (2, 2)
    assert found.price_of_anarchy > dilemma("SLCD-v0", episode=False).price_of_anarchy > 1.0
    assert found.greed > 0.0
    assert found.fear > 0.0
    with pytest.raises(ValueError, match="not searched"):
        dilemma(ID)


@pytest.mark.slow
def test_the_explorer_shows_both():
    """Both numbers of solutions, every figure, and no search for what cannot be searched."""
    pytest.importorskip("matplotlib")
    scene = pytest.importorskip("coopetition.explorer.scene")
    choice = scene.Choice(ID, policies=("constant_030",), settings={"horizon": 5})
    assert "k 0.2" in scene.as_table(scene.solutions(choice))[0]["nash"]
    assert scene.best_known(choice) is None
    for name in ("constants", "replies", "schelling"):
        assert scene.picture(choice, name, 40)
