"""B copies of a game: bit for bit one copy B times, whatever the autoreset, the buffers and the driver."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from random_games import random_mode, random_parameters, tempting_rates

import coopetition
from coopetition.batching.batch import Batch
from coopetition.batching.memory import AUTORESETS, PUBLIC
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

IDS = list(ENVIRONMENTS)
VIEWS = (
    "observations",
    "joint",
    "rewards",
    "joint_rewards",
    "payoffs",
    "utilities",
    "terminated",
    "truncated",
)
FINAL_VIEWS = ("final_observations", "final_joint")


def build(environment_id: str, reward_mode: Any = "integrated", observation: str = "own", **given: Any) -> Game:
    return Game(environment_class(environment_id).build(given), reward_mode, observation)


def random_game(environment_id: str, seed: int, horizon: int) -> tuple[Game, np.random.Generator]:
    """A game of random parameters whose short episodes do not all end at once."""
    rng = np.random.default_rng([seed, *map(ord, environment_id)])
    given = {**random_parameters(environment_id, rng), "horizon": horizon}
    if environment_id == "SynergySearch-v0":
        given["gamma"] = None
    if environment_id == "ReputationMarket-v0":
        given["reputation_visibility"] = 0.6
    mode = random_mode(rng, environment_class(environment_id).build(given).n)
    return build(environment_id, mode, str(rng.choice(["own", "full"])), **given), rng


def random_script(rng: np.random.Generator, game: Game, steps: int, copies: int) -> np.ndarray:
    """Rates (steps, copies, n), of another kind in each copy."""
    return np.stack([tempting_rates(rng, game.n, steps) for _ in range(copies)], axis=1)


def shown(batch: Batch, copy: int, names: tuple[str, ...] = VIEWS) -> dict[str, np.ndarray]:
    """A copy of everything that a batch shows of one of its copies, state included."""
    state = {f"state {name}": value[copy] for name, value in batch.state().items()}
    return {**{name: getattr(batch, name)[copy].copy() for name in names}, **state}


def assert_same_bits(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray], where: str = "") -> None:
    assert got.keys() == wanted.keys()
    for name, value in got.items():
        assert value.dtype == wanted[name].dtype, f"{name} {where}"
        if value.tobytes() != wanted[name].tobytes():
            np.testing.assert_array_equal(value, wanted[name], err_msg=f"{name} {where}")
            raise AssertionError(f"{name} {where}: signs of zeros differ")


def some_copies(copies: int) -> list[int]:
    """All of a few; of many, both ends of both chunks and some between."""
    return list(range(copies)) if copies <= 3 else [0, 1, 63, copies - 3, copies - 2, copies - 1]


# --- many copies are one copy, many times


@pytest.mark.parametrize("autoreset", AUTORESETS)
@pytest.mark.parametrize("copies", [1, 3, 130])
@pytest.mark.parametrize("environment_id", IDS)
def test_copy_k_is_the_single_copy_bit_for_bit(environment_id, copies, autoreset):
    """Lanes, chunks, shadow lanes and the variant for one copy do the same arithmetic; seeds are s + k."""
    game, rng = random_game(environment_id, copies, horizon=5)
    script = random_script(rng, game, 13, copies)
    many = Batch(game, copies, autoreset=autoreset, observe_joint=True)
    many.reset(seed=40)
    singles = {k: Batch(game, 1, autoreset=autoreset, observe_joint=True) for k in some_copies(copies)}
    names = (*VIEWS, *FINAL_VIEWS) if autoreset == "same_step" else VIEWS
    for k, single in singles.items():
        single.reset(seed=40 + k)
        assert_same_bits(shown(many, k, names), shown(single, 0, names), f"copy {k} at reset")
    for t, rates in enumerate(script):
        actions = game.action_low + rates * (game.action_high - game.action_low)
        many.step(actions)
        for k, single in singles.items():
            single.step(actions[k : k + 1])
        if t in (0, 1, 4, 5, 6, 12):
            for k, single in singles.items():
                assert_same_bits(shown(many, k, names), shown(single, 0, names), f"copy {k}, step {t + 1}")


@pytest.mark.parametrize("environment_id", ["SynergySearch-v0", "GraduatedSanction-v0", "ApacheProject-v0"])
def test_threads_change_nothing(environment_id):
    game, rng = random_game(environment_id, 1, horizon=4)
    script = random_script(rng, game, 9, 300)
    one, two = (Batch(game, 300, threads=threads, observe_joint=True) for threads in (1, 2))
    for batch in (one, two):
        batch.reset(seed=5)
    for rates in script:
        for batch in (one, two):
            batch.step(rates)
        for name in (*VIEWS, *FINAL_VIEWS):
            assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name


# --- autoreset


def played_by_hand(game: Game, script: np.ndarray, start: float, autoreset: str) -> list[dict[str, Any]]:
    """What one copy must show at each step: a batch without autoreset, reset by hand."""
    batch = Batch(game, 1, autoreset="disabled", observe_joint=True)
    batch.reset()
    batch.set_state({"time": start})
    over = False
    steps = []
    for rates in script:
        if over and autoreset == "next_step":
            batch.reset()
            row = shown(batch, 0, ("observations", "joint"))
            nothing = {"payoffs": np.zeros(game.n), "utilities": np.zeros(game.n)}
            row |= {**nothing, "rewards": np.zeros(game.n, np.float32), "joint_rewards": np.float32(0.0)}
            steps.append(row | {"terminated": np.False_, "truncated": np.False_})
            over = False
            continue
        before = shown(batch, 0)
        batch.step(rates[np.newaxis])
        row = shown(batch, 0)
        if over:  # disabled: frozen, and paid nothing
            row = before | {
                "payoffs": np.zeros(game.n),
                "utilities": np.zeros(game.n),
                "rewards": np.zeros(game.n, np.float32),
                "joint_rewards": np.float32(0.0),
            }
        over = bool(row["terminated"] or row["truncated"])
        if over and autoreset == "same_step":
            row |= {f"final_{name}": row[name] for name in ("observations", "joint")}
            batch.reset()
            row |= shown(batch, 0, ("observations", "joint"))
            over = False
        steps.append(row)
    return steps


@pytest.mark.parametrize("autoreset", AUTORESETS)
@pytest.mark.parametrize("environment_id", IDS)
def test_autoreset(environment_id, autoreset):
    """Copies that end at different steps restart, or wait, as Gymnasium's modes say, each by itself."""
    given = {"horizon": 6}
    if environment_id == "SynergySearch-v0":
        given["gamma"] = 0.5
    game = build(environment_id, **given)
    starts = np.array([0.0, 3.0, 5.0])
    script = random_script(np.random.default_rng(1), game, 15, 3)
    batch = Batch(game, 3, autoreset=autoreset, observe_joint=True)
    batch.reset()
    batch.set_state({"time": starts})
    wanted = [played_by_hand(game, script[:, k], starts[k], autoreset) for k in range(3)]
    ends = 0
    for t, rates in enumerate(script):
        batch.step(rates)
        for k in range(3):
            row = wanted[k][t]
            ends += bool(row["terminated"] or row["truncated"])
            finals = tuple(name for name in row if name.startswith("final"))
            assert_same_bits(shown(batch, k, (*VIEWS, *finals)), row, f"copy {k}, step {t + 1}")
    assert ends >= 6


def test_a_copy_that_ended_waits_for_its_reset():
    game = build("LoyaltyTeam-v0", horizon=2)
    batch = Batch(game, 2, autoreset="disabled")
    batch.reset()
    for _ in range(3):
        batch.step(np.full((2, 4), 0.7))
    assert batch.truncated.tolist() == [True, True]
    assert not batch.payoffs.any()
    batch.reset(mask=np.array([False, True]))
    assert batch.truncated.tolist() == [True, False]
    assert batch.state()["time"].tolist() == [2.0, 0.0]
    batch.step(np.full((2, 4), 0.7))
    assert batch.state()["time"].tolist() == [2.0, 1.0]
    assert not batch.payoffs[0].any()
    assert batch.payoffs[1].all()


# --- randomness: one stream a copy


def test_gamma_is_drawn_per_episode_from_the_copys_own_seed():
    game = build("SynergySearch-v0", horizon=2)

    def gammas(batch: Batch, by_hand: bool) -> np.ndarray:
        seen = [batch.state()["gamma"]]
        while len(seen) < 5:
            batch.step(np.full((batch.num_envs, 2), 0.5))
            over = batch.terminated | batch.truncated
            if over.all() and by_hand:
                batch.reset()
            if batch.state()["time"][0] == 0.0:
                seen.append(batch.state()["gamma"])
        return np.array(seen)

    wanted = []
    for k in range(4):
        single = Batch(game, 1, autoreset="disabled")
        single.reset(seed=70 + k)
        wanted.append(gammas(single, by_hand=True)[:, 0])
    wanted = np.array(wanted).T
    assert np.unique(wanted).size == wanted.size
    assert wanted.min() >= 0.20
    assert wanted.max() <= 0.90
    for autoreset in AUTORESETS:
        for seed in (70, [70, 71, 72, 73]):
            batch = Batch(game, 4, autoreset=autoreset)
            batch.reset(seed=seed)
            np.testing.assert_array_equal(gammas(batch, autoreset == "disabled"), wanted)


def test_gamma_covers_its_range():
    batch = Batch(build("SynergySearch-v0"), 2000)
    batch.reset(seed=0)
    gammas = batch.state()["gamma"]
    np.testing.assert_allclose([gammas.min(), gammas.mean(), gammas.max()], [0.2, 0.55, 0.9], atol=0.01)


def test_noise_comes_from_the_copys_own_seed():
    """Whoever restarts an episode, kernel or caller, the same draws are seen in the same order."""
    game = build("ReputationMarket-v0", reputation_visibility=0.7, horizon=3)

    def views(batch: Batch, script: np.ndarray) -> np.ndarray:
        seen = [batch.observations.copy()]
        for rates in script:
            batch.step(rates)
            over = bool((batch.terminated | batch.truncated).all())
            if over and batch.autoreset == "same_step":
                seen.append(batch.final_observations.copy())
            seen.append(batch.observations.copy())
            if over and batch.autoreset == "disabled":
                seen.append(batch.reset().copy())
            if over and batch.autoreset == "next_step":
                batch.step(rates)
                seen.append(batch.observations.copy())
        return np.array(seen)

    script = np.random.default_rng(0).uniform(size=(80, 3, 5))  # more than one block of draws
    wanted = []
    for k in range(3):
        single = Batch(game, 1, autoreset="disabled")
        single.reset(seed=9 + k)
        wanted.append(views(single, script[:, k : k + 1])[:, 0])
    wanted = np.array(wanted).swapaxes(0, 1)
    columns = game.observation_layout["reputation"]
    others = wanted[..., columns][..., 1:]
    assert np.unique(others[(others > 0) & (others < 1)]).size > 0.99 * ((others > 0) & (others < 1)).sum()
    for autoreset in AUTORESETS:
        batch = Batch(game, 3, autoreset=autoreset)
        batch.reset(seed=9)
        np.testing.assert_array_equal(views(batch, script), wanted)


def test_noise_has_the_stated_deviation_and_spares_the_own_reputation():
    game = build("ReputationMarket-v0", reputation_visibility=0.95)
    batch = Batch(game, 1500)
    batch.reset(seed=0)
    rates = np.full((1500, 5), 0.62)
    batch.step(rates)
    seen = batch.observations[..., game.observation_layout["reputation"]].astype(float)
    q = batch.state()["reputation"]
    np.testing.assert_allclose(seen[..., 0], q, atol=1e-7)
    errors = seen[..., 1:] - q[0, 0]
    assert abs(errors.mean()) < 0.002
    assert abs(errors.std() - 0.05) < 0.001
    assert batch.observations.min() >= 0.0
    assert batch.observations.max() <= 1.0


def test_full_visibility_draws_nothing():
    batch = Batch(build("ReputationMarket-v0"), 2)
    batch.reset(seed=0)
    assert batch.memory.noise.size == 0
    assert not batch.stochastic


# --- snapshots


@pytest.mark.parametrize("environment_id", IDS)
def test_a_restored_snapshot_plays_on_bit_for_bit(environment_id):
    game, rng = random_game(environment_id, 11, horizon=7)
    script = random_script(rng, game, 20, 3)
    batch = Batch(game, 3, observe_joint=True)
    batch.reset(seed=3)
    for rates in script[:5]:
        batch.step(rates)
    kept = batch.snapshot()
    state = batch.state()
    views = {name: getattr(batch, name).copy() for name in ("observations", "joint", "terminated", "truncated")}

    def play(batch: Batch) -> list[dict[str, np.ndarray]]:
        rows = []
        for rates in script[5:]:
            batch.step(rates)
            rows += [shown(batch, k, (*VIEWS, *FINAL_VIEWS)) for k in range(3)]
        return rows

    first = play(batch)
    other = Batch(game, 3, observe_joint=True)
    other.reset(seed=99)
    for target in (batch, other):
        target.restore(kept)
        for name, value in target.state().items():
            np.testing.assert_array_equal(value, state[name], err_msg=name)
        for name, value in views.items():
            np.testing.assert_array_equal(getattr(target, name), value, err_msg=name)
        for got, wanted in zip(play(target), first, strict=True):
            finals = {name: got.pop(name) for name in FINAL_VIEWS}
            olds = {name: wanted[name] for name in FINAL_VIEWS}
            assert_same_bits(got, {name: wanted[name] for name in got})
            if got["terminated"] or got["truncated"]:
                assert_same_bits(finals, olds)


def test_a_snapshot_does_not_change_later():
    batch = Batch(build("SLCD-v0"), 2)
    batch.reset()
    kept = batch.snapshot()
    before = kept.state.copy()
    batch.step(np.full((2, 2), 0.1))
    np.testing.assert_array_equal(kept.state, before)
    assert not np.array_equal(batch.snapshot().state, before)


@pytest.mark.parametrize(("other", "copies"), [("TrustDilemma-v0", 3), ("PlatformEcosystem-v0", 2)])
def test_a_snapshot_of_another_shape_is_refused(other, copies):
    batch = Batch(build("SLCD-v0"), 2)
    batch.reset()
    foreign = Batch(build(other), copies)
    foreign.reset()
    with pytest.raises(ValueError, match=f"belongs to {other}, this is SLCD-v0"):
        batch.restore(foreign.snapshot())


@pytest.mark.parametrize("environment_id", IDS)
def test_a_pickled_batch_plays_on(environment_id):
    game, rng = random_game(environment_id, 12, horizon=7)
    script = random_script(rng, game, 12, 2)
    batch = Batch(game, 2, observe_joint=True)
    batch.reset(seed=3)
    for rates in script[:4]:
        batch.step(rates)
    twin = pickle.loads(pickle.dumps(batch))
    for rates in script[4:]:
        for each in (batch, twin):
            each.step(rates)
        for k in range(2):
            assert_same_bits(shown(batch, k), shown(twin, k))


# --- whole episodes inside the kernel


def stepped(batch: Batch, policies: list[str], script: np.ndarray, steps: int) -> dict[str, list[np.ndarray]]:
    """The compiled policies once more, in Python, and one call a step."""
    game = batch.game
    seen: dict[str, list[np.ndarray]] = {"payoffs": [], "utilities": [], "rewards": []}
    for t in range(steps):
        state = batch.state()
        rates = script[t].copy()
        for i, policy in enumerate(policies):
            if policy.startswith("constant"):
                rates[:, i] = int(policy[-3:]) / 100.0
            elif policy == "tit_for_tat":
                total = np.zeros(batch.num_envs)
                for j in range(game.n):
                    if j != i:
                        total += state["rates"][:, j].astype(np.float32)  # as agents see them
                rates[:, i] = np.where(state["time"] == 0.0, game.baseline_rate[i], total / (game.n - 1))
        batch.step(rates)
        for name, rows in seen.items():
            rows.append(getattr(batch, name).copy())
    return seen


@pytest.mark.parametrize("autoreset", AUTORESETS)
@pytest.mark.parametrize("environment_id", IDS)
def test_rollout_is_stepping_bit_for_bit(environment_id, autoreset):
    given: dict[str, Any] = {"horizon": 5}
    if environment_id == "SynergySearch-v0":
        given["gamma"] = 0.4
    game = build(environment_id, "integrated", **given)
    policies = [("tit_for_tat", "actions", "constant_073")[i % 3] for i in range(game.n)]
    for copies in (1, 3):
        script = random_script(np.random.default_rng(2), game, 12, copies)
        played, by_steps = (Batch(game, copies, autoreset=autoreset) for _ in range(2))
        for batch in (played, by_steps):
            batch.reset()
        seen = stepped(by_steps, policies, script, 12)
        rollout = played.rollout(policies, 12, actions=script, record=True)
        for name, rows in seen.items():
            np.testing.assert_array_equal(getattr(rollout, name), np.array(rows), err_msg=name)
        state = by_steps.state()
        np.testing.assert_array_equal(rollout.returns, state["reward_total"])
        np.testing.assert_array_equal(rollout.payoff_totals, state["payoff_total"])
        np.testing.assert_array_equal(rollout.lengths, state["time"])
        for k in range(copies):
            names = ("observations", "terminated", "truncated")
            assert_same_bits(shown(played, k, names), shown(by_steps, k, names), f"after {autoreset}")


def test_rollout_without_record_returns_the_same_totals():
    game = build("GiftExchange-v0")
    totals = []
    for record in (False, True):
        batch = Batch(game, 3, autoreset="disabled")
        batch.reset()
        totals.append(batch.rollout("random", seed=4, record=record))
    assert totals[0].payoffs is None
    np.testing.assert_array_equal(totals[0].returns, totals[1].returns)
    np.testing.assert_allclose(totals[1].payoffs.sum(axis=0), totals[1].payoff_totals, rtol=1e-13)
    assert np.unique(totals[0].returns).size == 6


def test_rollout_until_everybody_defects_to_the_end():
    batch = Batch(build("TrustDilemma-v0"), 2, autoreset="disabled")
    batch.reset()
    rollout = batch.rollout("constant_000", record=True)
    assert batch.outcomes() == ["collapsed", "collapsed"]
    assert rollout.terminated.all()
    length = rollout.lengths[0]
    assert 0 < length < 10
    assert rollout.payoffs[:length].all()
    assert not rollout.payoffs[length:].any()


ROLLOUT_REFUSALS = [
    ({"policies": "constant_101"}, "no compiled policy 'constant_101'"),
    ({"policies": "tit_for_tit"}, "no compiled policy 'tit_for_tit'"),
    ({"policies": ["tit_for_tat"]}, "1 policies for 2 agents"),
    ({"policies": "actions"}, "needs the argument actions"),
    ({"policies": "actions", "steps": 3, "actions": np.zeros((2, 2, 2))}, "actions have shape"),
    ({"steps": 0}, "steps = 0"),
    ({"policies": "actions", "steps": 1, "actions": np.array([[[0.5, np.nan], [0.5, 0.5]]])}, "agent 'sony'"),
]


@pytest.mark.parametrize(("arguments", "words"), ROLLOUT_REFUSALS)
def test_rollout_refuses(arguments, words):
    batch = Batch(build("SLCD-v0"), 2)
    with pytest.raises(RuntimeError, match="reset"):
        batch.rollout()
    batch.reset()
    before = batch.snapshot().state
    with pytest.raises(ValueError, match=words):
        batch.rollout(**arguments)
    np.testing.assert_array_equal(batch.snapshot().state, before)


# --- the stage game


@pytest.mark.parametrize("environment_id", IDS)
def test_evaluate_pays_what_the_first_step_pays(environment_id):
    rng = np.random.default_rng(6)
    given = random_parameters(environment_id, rng)
    if environment_id == "SynergySearch-v0":
        given["gamma"] = 0.7
    game = build(environment_id, **given)
    for copies in (1, 40):
        levels = rng.uniform(size=(copies, game.n)) * game.endowment
        for scale in ("unit", "endowment", "symmetric"):
            played = Game(game.parameters, action_scale=scale)
            batch = Batch(played, copies, autoreset="disabled")
            payoffs, utilities = (part.copy() for part in batch.evaluate(levels))
            batch.reset()
            batch.step(played.action_low + levels / played.endowment * (played.action_high - played.action_low))
            np.testing.assert_array_equal(payoffs, batch.payoffs)
            np.testing.assert_array_equal(utilities, batch.utilities)


def test_evaluate_from_a_state_that_is_given():
    game = build("TrustDilemma-v0")
    state = game.state_vector({"trust": 0.9, "damage": 0.05})
    batch = Batch(game, 2)
    levels = np.array([[60.0, 70.0], [20.0, 90.0]])
    payoffs, utilities = (part.copy() for part in batch.evaluate(levels, state))
    batch.reset(options={"trust": 0.9, "damage": 0.05})
    batch.step(levels / 100.0)
    np.testing.assert_array_equal(payoffs, batch.payoffs)
    np.testing.assert_array_equal(utilities, batch.utilities)
    batch.evaluate(levels)
    assert not np.array_equal(batch.utilities, utilities)
    np.testing.assert_array_equal(batch.payoffs, payoffs)


# --- memory that the caller owns


def test_callers_buffers_are_written_in_place():
    game = build("ReputationMarket-v0", horizon=4)
    plain = Batch(game, 3, observe_joint=True)
    buffers = {name: np.full_like(getattr(plain, name), 1) for name in (*VIEWS, *FINAL_VIEWS)}
    own = Batch(game, 3, observe_joint=True, buffers=buffers)
    for name, buffer in buffers.items():
        assert getattr(own, name) is buffer
    script = random_script(np.random.default_rng(3), game, 6, 3)
    for batch in (plain, own):
        batch.reset()
    for rates in script:
        returned = own.step(rates)
        plain.step(rates)
        assert returned[0] is buffers["observations"]
        assert returned[1] is buffers["rewards"]
        for name in VIEWS:
            np.testing.assert_array_equal(buffers[name], getattr(plain, name), err_msg=name)
    np.testing.assert_array_equal(buffers["final_observations"], plain.final_observations)


def readonly(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


BAD_BUFFERS = [
    ({"rewards": np.zeros((3, 2))}, "rewards.*float32"),
    ({"rewards": np.zeros((2, 3), np.float32)}, "rewards"),
    ({"rewards": np.zeros((2, 3), np.float32).T}, "rewards"),
    ({"payoffs": np.zeros((3, 4))[:, ::2]}, "payoffs.*C-contiguous"),
    ({"payoffs": readonly(np.zeros((3, 2)))}, "payoffs.*writeable"),
    ({"terminated": [False, False, False]}, "terminated.*bool"),
    ({"reward": np.zeros((3, 2), np.float32)}, "unknown buffers: reward"),
]


@pytest.mark.parametrize(("buffers", "words"), BAD_BUFFERS)
def test_bad_buffers_are_refused(buffers, words):
    with pytest.raises(ValueError, match=words):
        Batch(build("SLCD-v0"), 3, buffers=buffers)


# --- bad input: a clear error, and nothing lost


BAD_ACTIONS = [
    (np.array([[0.1, 0.2], [0.3, np.nan], [0.5, 0.6]]), {}, r"nan of agent 'sony' of copy 1 is not finite"),
    (
        np.array([[0.1, 0.2], [0.3, 0.2], [-np.inf, 0.6]]),
        {},
        r"-inf of agent 'samsung' of copy 2 is not finite",
    ),
    (np.array([[0.1, 0.2], [0.3, 0.2]]), {}, r"shape \(2, 2\), expected \(3, 2\)"),
    (np.zeros((3, 2, 1)), {}, r"shape \(3, 2, 1\), expected \(3, 2\)"),
    (
        np.array([[0.1, 1.2], [0.3, 0.2], [0.1, 0.6]]),
        {"strict_actions": True},
        r"1.2 of agent 'sony' of copy 0",
    ),
    (
        np.array([[0.1, 0.2], [0.3, 0.2], [-0.1, 0.6]]),
        {"strict_actions": True},
        r"-0.1 of agent 'samsung' of copy 2",
    ),
]


@pytest.mark.parametrize(("actions", "options", "words"), BAD_ACTIONS)
def test_bad_actions_leave_the_batch_as_it_was(actions, options, words):
    batch = Batch(build("SLCD-v0"), 3, observe_joint=True, **options)
    batch.reset()
    batch.step(np.full((3, 2), 0.4))
    before = [shown(batch, k) for k in range(3)]
    with pytest.raises(ValueError, match=words):
        batch.step(actions)
    for k in range(3):
        assert_same_bits(shown(batch, k), before[k])


def test_bounds_are_clipped_unless_strict():
    for scale, low, high in (("unit", 0.0, 1.0), ("endowment", 0.0, 100.0), ("symmetric", -1.0, 1.0)):
        game = Game(environment_class("SLCD-v0")(), action_scale=scale)
        batch = Batch(game, 2)
        batch.reset()
        batch.step(np.array([[low - 0.5, high + 7.0], [low, high]]))
        np.testing.assert_array_equal(batch.payoffs[0], batch.payoffs[1])
        np.testing.assert_array_equal(batch.state()["rates"], [[0.0, 1.0], [0.0, 1.0]])


CONSTRUCTION = [
    ({"num_envs": 0}, "num_envs = 0"),
    ({"threads": 0}, "threads = 0"),
    ({"autoreset": "same_steps"}, "autoreset 'same_steps'.*did you mean 'same_step'"),
]


@pytest.mark.parametrize(("options", "words"), CONSTRUCTION)
def test_construction_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        Batch(build("SLCD-v0"), **options)


def test_step_before_reset_is_refused():
    batch = Batch(build("SLCD-v0"))
    with pytest.raises(RuntimeError, match="reset"):
        batch.step(np.zeros((1, 2)))


RESETS = [
    ({"seed": -1}, "seed = -1"),
    ({"seed": [1, 2]}, "2 seeds for 3 copies"),
    ({"options": {"trsut": 0.5}}, "no state 'trsut' to set.*did you mean 'trust'"),
    ({"options": {"trust": 1.5}}, r"'trust' = 1.5 is out of its range \[0, 1\]"),
    ({"options": {"trust": np.zeros(3)}}, r"'trust' has shape \(3,\), expected \(2, 2\)"),
    ({"options": {"rates": [0.5, np.nan]}}, "'rates'"),
    ({"options": {"payoff_total": 1.0}}, "no state 'payoff_total' to set"),
    ({"mask": np.array([1, 0, 1])}, "mask must be boolean"),
    ({"mask": np.array([True])}, "mask must be boolean of shape"),
]


@pytest.mark.parametrize("environment_id", ["SLCD-v0", "SynergySearch-v0"])
@pytest.mark.parametrize(("arguments", "words"), RESETS)
def test_a_bad_reset_leaves_the_batch_as_it_was(environment_id, arguments, words):
    batch = Batch(build(environment_id), 3, observe_joint=True)
    batch.reset(seed=1)
    batch.step(np.full((3, 2), 0.4))
    before = [shown(batch, k) for k in range(3)]
    with pytest.raises(ValueError, match=words):
        batch.reset(**arguments)
    for k in range(3):
        assert_same_bits(shown(batch, k), before[k])


def test_options_set_the_state_of_the_masked_copies_for_one_episode():
    batch = Batch(build("SLCD-v0", horizon=3), 3, autoreset="next_step")
    batch.reset(options={"trust": 0.9})
    assert batch.state()["trust"][:, 0, 1].tolist() == [0.9, 0.9, 0.9]
    assert batch.state()["trust"][:, 0, 0].tolist() == [0.0, 0.0, 0.0]
    trust_in = batch.game.observation_layout["trust_in"]
    np.testing.assert_allclose(batch.observations[..., trust_in], 0.9, rtol=1e-7)
    batch.reset(mask=np.array([False, True, False]), options={"trust": [[0.0, 0.2], [0.3, 0.0]]})
    assert batch.state()["trust"][:, 1, 0].tolist() == [0.9, 0.3, 0.9]
    for _ in range(4):
        batch.step(np.full((3, 2), 0.4))
    assert batch.state()["trust"][:, 0, 1].tolist() == [0.65, 0.65, 0.65]


def test_state_is_set_for_each_copy_or_for_all():
    batch = Batch(build("LoyaltyTeam-v0"), 2)
    batch.reset()
    batch.set_state({"loyalty": np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]), "time": 7.0})
    state = batch.state()
    assert state["loyalty"].tolist() == [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]
    assert state["time"].tolist() == [7.0, 7.0]
    own = batch.observations[:, :, batch.game.observation_layout["loyalty"]][:, :, 0]
    np.testing.assert_allclose(own, state["loyalty"], rtol=1e-7)
    with pytest.raises(ValueError, match="loyalty"):
        batch.set_state({"loyalty": np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 1.8]])})
    assert batch.state()["loyalty"][1, 3] == 0.8


@pytest.mark.parametrize("environment_id", ["TrustDilemma-v0", "SynergySearch-v0", "CoalitionFormation-v0"])
def test_actions_that_lie_where_they_are_read(environment_id):
    """Stepping with the batch's own actions is stepping with a copy of them."""
    ours, theirs = (Batch(build(environment_id), 11) for _ in range(2))
    rng = np.random.default_rng(0)
    for batch in (ours, theirs):
        batch.reset(seed=2)
    for _ in range(30):
        given = rng.uniform(size=ours.actions.shape)
        ours.actions[:] = given
        ours.step(ours.actions)
        theirs.step(given)
        np.testing.assert_array_equal(ours.observations, theirs.observations)
        np.testing.assert_array_equal(ours.utilities, theirs.utilities)


@pytest.mark.parametrize("copies", [2, 7, 8, 100, 128, 300])
def test_rows_of_lanes_start_on_cache_lines(copies):
    batch = Batch(build("PlatformEcosystem-v0"), copies)
    assert batch.lanes % 8 == 0
    assert batch.memory.state.ctypes.data % 64 == 0
    assert batch.memory.work.ctypes.data % 64 == 0


# --- what callers see is what the kernel reads and writes


@pytest.mark.parametrize("name", list(PUBLIC))
def test_a_public_array_is_not_replaced(name):
    batch = Batch(build("TrustDilemma-v0"), 2, observe_joint=True)
    before = getattr(batch, name)
    with pytest.raises(AttributeError, match=rf"batch\.{name}\[:\] = "):
        setattr(batch, name, before.copy())
    with pytest.raises(AttributeError, match=rf"batch\.{name} "):
        delattr(batch, name)
    assert getattr(batch, name) is before
    setattr(batch, name, before)  # what ``batch.actions += 1`` ends with


def test_actions_that_are_written_in_place_are_played():
    batch = Batch(build("TrustDilemma-v0"), 2)
    batch.reset(seed=1)
    batch.actions += 0.25
    batch.actions[0] = 0.75
    batch.step(batch.actions)
    np.testing.assert_array_equal(batch.state()["rates"], [[0.75, 0.75], [0.25, 0.25]])


def overlapping() -> dict[str, np.ndarray]:
    block = np.zeros(6)
    return {"payoffs": block[:4].reshape(2, 2), "utilities": block[2:].reshape(2, 2)}


def misaligned() -> dict[str, np.ndarray]:
    return {"payoffs": np.zeros(33, dtype=np.uint8)[1:].view(np.float64).reshape(2, 2)}


def read_only() -> dict[str, np.ndarray]:
    array = np.zeros((2, 2))
    array.flags.writeable = False
    return {"payoffs": array}


@pytest.mark.parametrize(
    ("buffers", "words"),
    [
        (overlapping(), "'payoffs' and 'utilities' overlap"),
        (misaligned(), "'payoffs' must be a writeable, aligned"),
        (read_only(), "'payoffs' must be a writeable"),
        ({"payoffs": np.zeros((2, 4))[:, ::2]}, "'payoffs' must be .* C-contiguous"),
        ({"payoffs": np.ma.zeros((2, 2))}, "'payoffs' must be"),
        ({"payoffs": np.zeros((2, 2), dtype=">f8")}, "'payoffs' must be .* float64"),
        ({"payoff": np.zeros((2, 2))}, "unknown buffers: payoff"),
    ],
)
def test_buffers_that_the_kernel_cannot_write_to_are_refused(buffers, words):
    with pytest.raises(ValueError, match=words):
        Batch(build("TrustDilemma-v0"), 2, buffers=buffers)


def test_a_buffer_in_use_is_not_resized():
    payoffs = np.zeros((2, 2))
    batch = Batch(build("TrustDilemma-v0"), 2, buffers={"payoffs": payoffs})
    with pytest.raises(ValueError, match="resize"):
        payoffs.resize((4, 4))
    assert batch.payoffs is payoffs


def test_a_script_that_nobody_plays_is_refused():
    copies = coopetition.batch("TrustDilemma-v0", 2, autoreset="disabled")
    copies.reset(seed=0)
    with pytest.raises(ValueError, match="no agent plays them: the policies are tit_for_tat, tit_for_tat"):
        copies.rollout("tit_for_tat", 3, actions=np.zeros((3, 2)))
    assert copies.rollout(["actions", "tit_for_tat"], 3, actions=np.zeros((3, 2))).lengths.tolist() == [3, 3]


def test_one_draw_of_a_trembling_hand_is_no_payoff():
    with pytest.raises(ValueError, match=r"tremble = 0\.1"):
        coopetition.batch("TrustDilemma-v0", 2, tremble=0.1).evaluate(np.full((2, 2), 30.0))


def test_a_matrix_is_no_buffer():
    with pytest.raises(ValueError, match="buffer 'actions'"):
        coopetition.batch("TrustDilemma-v0", 2, buffers={"actions": np.matrix(np.zeros((2, 2)))})
