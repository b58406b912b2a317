"""Many parameter sets in one batch: each copy equals a batch of its own variant, bit for bit."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from random_games import random_parameters

import coopetition
from coopetition.games.game import Game
from coopetition.games.variants import SHAPES, Variants, from_arrays, stacked
from coopetition.registration import ENVIRONMENT_IDS

SETS = 5
STEPS = 12
VIEWS = ("observations", "joint", "rewards", "joint_rewards", "payoffs", "utilities", "terminated", "truncated",
         "final_observations", "final_joint")  # fmt: skip
NUMBERS = ("parameters", "at", "initial", "observation_scales", "joint_scales", "horizons", "endowment", "action_low",
           "action_high")  # fmt: skip


def random_sets(environment_id: str, seed: int) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What all sets have in common, and random values of each number that may vary."""
    rng = np.random.default_rng(seed)
    common = random_parameters(environment_id, rng)
    first = coopetition.make_game(environment_id, **common).parameters
    varied: dict[str, list[Any]] = {}
    laid_out = {"memory", "n_agents", "n_developers"}  # they decide how many rows there are
    for field in fields(first):
        domain, value = first.domain(field.name), getattr(first, field.name)
        if domain.kind not in SHAPES or field.name in laid_out or value is None or field.name == "shares":
            continue
        if field.name not in common and field.name != "horizon":
            continue
        if domain.kind == "integer":
            values = [value + int(k) for k in range(SETS)] if domain.high > value + SETS else [value] * SETS
        else:
            # Towards the inside of its domain, and in conditions that tie it to others, downwards.
            factors = rng.uniform(0.7, 1.0, size=SETS)
            if field.name in ("baseline", "initial_loyalty"):
                factors *= 0.7
            values = [(np.asarray(value) * factor).tolist() for factor in factors]
        varied[field.name] = values
    return common, varied


def consistent(environment_id: str, seed: int) -> tuple[dict[str, Any], dict[str, list[Any]], list[dict[str, Any]]]:
    """Random sets of which every one is a game by itself; what clashes with another number is dropped."""
    common, varied = random_sets(environment_id, seed)
    while True:
        sets = [{name: values[k] for name, values in varied.items()} for k in range(SETS)]
        try:
            for one in sets:
                coopetition.make_game(environment_id, **{**common, **one})
        except ValueError as error:
            name = next(name for name in varied if f" {name} " in str(error))
            del varied[name]
        else:
            break
    common = {name: value for name, value in common.items() if name not in varied}
    return common, varied, sets


@pytest.mark.parametrize("environment_id", ENVIRONMENT_IDS)
@pytest.mark.parametrize(("copies", "autoreset", "scale"), [(1, "same_step", "unit"), (11, "next_step", "endowment")])
def test_each_copy_is_a_batch_of_its_own_variant(environment_id, copies, autoreset, scale):
    common, varied, sets = consistent(environment_id, copies)
    common = {**common, "action_scale": scale}
    how = {"autoreset": autoreset, "observe_joint": True}
    arrays = {name: np.array(values) for name, values in varied.items()}
    assert len(arrays) >= 3
    many = coopetition.batch(environment_id, SETS * copies, parameters=arrays, **how, **common)
    listed = coopetition.batch(environment_id, SETS * copies, parameters=sets, **how, **common)
    alone = [coopetition.batch(environment_id, copies, **how, **{**common, **one}) for one in sets]
    shared, apart = many.variants, listed.variants
    assert isinstance(shared, Variants)
    assert isinstance(apart, Variants)
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(shared, name), getattr(apart, name), err_msg=name)
    rng = np.random.default_rng(3)
    for batch in (many, listed):
        batch.reset(seed=100)
    for k, batch in enumerate(alone):
        assert batch.game.parameters == many.parameters_of(k * copies) == listed.parameters_of(k * copies)
        batch.reset(seed=[100 + k * copies + one for one in range(copies)])
    for _ in range(STEPS):
        rates = rng.uniform(size=(SETS, copies, many.game.n))
        played = np.concatenate([b.game.action_low + r * (b.game.action_high - b.game.action_low)
                                 for r, b in zip(rates, alone, strict=True)])  # fmt: skip
        for batch, actions in [(many, played), (listed, played), *zip(alone, np.split(played, SETS), strict=True)]:
            batch.step(actions)
        for name in VIEWS:
            wanted = np.concatenate([getattr(batch, name) for batch in alone])
            assert getattr(many, name).tobytes() == getattr(listed, name).tobytes() == wanted.tobytes(), name
    state, wanted_state = many.state(), [batch.state() for batch in alone]
    for name, value in state.items():
        np.testing.assert_array_equal(value, np.concatenate([one[name] for one in wanted_state]), err_msg=name)
    levels = rng.uniform(size=many.actions.shape) * 10.0
    if many.game.drawn:  # an evaluation needs what an episode draws
        with pytest.raises(ValueError, match="draws gamma at each reset"):
            many.evaluate(levels)
        return
    paid = many.evaluate(levels)[0].copy()
    for k, batch in enumerate(alone):
        mine = slice(k * copies, (k + 1) * copies)
        np.testing.assert_array_equal(batch.evaluate(levels[mine])[0], paid[mine])


def test_rollouts_threads_snapshots_and_pickles_of_many_sets():
    gammas = np.linspace(0.4, 0.9, 7)
    horizons = np.arange(7) + 3
    arrays = {"gamma": gammas, "horizon": horizons}
    how = {"autoreset": "disabled", "parameters": arrays}
    one = coopetition.batch("TrustDilemma-v0", 7 * 130, **how)
    two = coopetition.batch("TrustDilemma-v0", 7 * 130, threads=2, **how)
    for batch in (one, two):
        batch.reset(seed=1)
    kept = one.snapshot()
    played, same = one.rollout("constant_060"), two.rollout("constant_060")
    np.testing.assert_array_equal(played.lengths, np.repeat(horizons, 130))
    np.testing.assert_array_equal(played.returns, same.returns)
    for k in range(7):
        alone = coopetition.batch("TrustDilemma-v0", gamma=gammas[k], horizon=int(horizons[k]), autoreset="disabled")
        alone.reset(seed=1)
        np.testing.assert_array_equal(alone.rollout("constant_060").returns[0], played.returns[k * 130 + 129])
    copy = pickle.loads(pickle.dumps(one))
    for batch in (one, copy):
        batch.restore(kept)
        np.testing.assert_array_equal(batch.rollout("constant_060").returns, played.returns)


def test_bounds_are_each_sets_own():
    batch = coopetition.batch(
        "TrustDilemma-v0", parameters={"endowment": [60.0, 90.0]}, action_scale="endowment", strict_actions=True
    )
    batch.reset(seed=1)
    batch.step([[50.0, 60.0], [80.0, 90.0]])
    with pytest.raises(ValueError, match=r"70 of agent 'agent_1' of copy 0 is out of bounds \[0, 60\]"):
        batch.step([[50.0, 70.0], [80.0, 90.0]])
    with pytest.raises(ValueError, match=r"of copy 1 is out of bounds \[0, 90\]"):
        batch.step([[50.0, 60.0], [80.0, 95.0]])


REFUSED = [
    ({"gama": [0.5]}, TypeError, "unexpected keyword argument 'gama'.*gamma"),
    ({"gamma": ["0.5", "0.6"]}, TypeError, "gamma"),
    ({"gamma": 0.5}, ValueError, r"gamma has shape \(\), expected \('K',\)"),
    ({"gamma": [0.5, 0.6], "theta": [1.0]}, ValueError, "different lengths"),
    ({"mu_R": [0.5, 1.5]}, ValueError, r"mu_R = 1.5 of set 1 is out of its domain"),
    ({"gamma": [0.5, np.nan]}, ValueError, "gamma = nan of set 1"),
    ({"horizon": [10.0, 20.0]}, TypeError, "horizon is an array of float64"),
    ({"value_form": ["power"]}, TypeError, "value_form is the same in all sets"),
    ({"shares": [[0.5, 0.5], [0.5, 0.6]]}, ValueError, "set 1.*shares.*sum to 1"),
    ({"baseline": [40.0, 140.0]}, ValueError, "set 1.*baseline"),
    ({"dependence": np.ones((2, 2, 2))}, ValueError, "dependence.*of set 0"),
    ({}, ValueError, "at least one array"),
    ([], ValueError, "at least one set"),
    ([{"gamma": 0.5}, {"gama": 0.5}], TypeError, r"parameters\[1\].*'gama'"),
    ([{"gamma": 0.5}, 0.5], TypeError, r"parameters\[1\]"),
    ("gamma", TypeError, "a list of dicts"),
    (
        [coopetition.make_game("SLCD-v0").parameters, {"gamma": 0.5}],
        TypeError,
        r"parameters\[0\] = SLCD.*Parameters of TrustDilemma-v0",
    ),
]


@pytest.mark.parametrize(("parameters", "error", "words"), REFUSED, ids=lambda row: str(row)[:30])
def test_what_is_no_parameter_set_is_refused_by_name(parameters, error, words):
    with pytest.raises(error, match=words):
        coopetition.batch("TrustDilemma-v0", parameters=parameters)


def test_sets_of_other_structure_are_refused():
    with pytest.raises(ValueError, match="has other agents"):
        coopetition.batch("PublicGoods-v0", parameters=[{"n_agents": 3}, {"n_agents": 4}])
    with pytest.raises(ValueError, match="set 1 has other state fields"):
        coopetition.batch("GiftExchange-v0", parameters={"memory": [3, 4]})
    with pytest.raises(ValueError, match="multiple of the 2 parameter sets"):
        coopetition.batch("TrustDilemma-v0", 3, parameters={"gamma": [0.5, 0.6]})


def test_what_depends_on_what_varies_is_resolved_for_each_set():
    caps = [0.5, 0.8]
    many = coopetition.batch("ApacheProject-v0", parameters={"loyalty_cap": caps})
    many.reset(seed=1)
    for k, cap in enumerate(caps):
        alone = coopetition.batch("ApacheProject-v0", loyalty_cap=cap)
        alone.reset(seed=1)
        np.testing.assert_array_equal(many.read("loyalty")[k], alone.read("loyalty")[0])


def test_a_study_of_many_sets_is_built_without_an_object_a_set(monkeypatch):
    made = []
    game = coopetition.make_game("TrustDilemma-v0")
    plain = Game.__init__
    monkeypatch.setattr(
        Game, "__init__", lambda self, *given, **named: (made.append(1), plain(self, *given, **named))[1]
    )
    levels = np.array(np.meshgrid(*[np.linspace(0.2, 0.8, 5)] * 6)).reshape(6, -1)
    names = ("gamma", "mu_R", "lambda_plus", "lambda_minus", "delta_R", "xi")
    found = from_arrays(game, dict(zip(names, levels, strict=True)))
    assert found.count == 15_625
    assert len(made) == 1
    some = [0, 7, 15_624]
    alone = stacked([Game(found.parameters_of(k)) for k in some])
    np.testing.assert_array_equal(found.parameters[some], alone.parameters)


# --- numbers drawn for each copy and episode


@pytest.mark.parametrize("autoreset", ["same_step", "next_step", "disabled"])
def test_drawn_numbers_follow_the_copys_seed_and_change_with_the_episode(autoreset):
    vary = {"gamma": (0.4, 0.9), "theta": (10.0, 30.0), "initial_trust": (0.3, 0.7)}
    how = {"vary": vary, "autoreset": autoreset, "horizon": 4}
    many = coopetition.batch("TrustDilemma-v0", 20, **how)
    alone = {k: coopetition.batch("TrustDilemma-v0", 1, **how) for k in (0, 3, 19)}
    many.reset(seed=50)
    for k, one in alone.items():
        one.reset(seed=50 + k)
    seen = []
    rng = np.random.default_rng(0)
    for t in range(13):
        actions = rng.uniform(size=(20, 2))
        many.step(actions)
        for k, one in alone.items():
            one.step(actions[k : k + 1])
            for name in ("observations", "rewards", "payoffs", "utilities", "terminated", "truncated"):
                assert getattr(many, name)[k].tobytes() == getattr(one, name)[0].tobytes(), (t, name)
        if autoreset == "disabled" and (many.terminated | many.truncated).all():
            many.reset()
            for one in alone.values():
                one.reset()
        seen.append(many.read("gamma").copy())
    gammas = np.unique(np.array(seen).reshape(-1))
    assert len(gammas) >= 60
    assert gammas.min() >= 0.4
    assert gammas.max() <= 0.9


def test_a_drawn_episode_pays_what_a_game_of_those_numbers_pays():
    drawn = coopetition.batch("TrustDilemma-v0", 6, vary={"gamma": (0.4, 0.9)}, autoreset="disabled")
    drawn.reset(seed=4)
    gammas = drawn.read("gamma")
    fixed = coopetition.batch("TrustDilemma-v0", parameters={"gamma": gammas}, autoreset="disabled")
    fixed.reset(seed=4)
    kept = drawn.snapshot()
    script = np.random.default_rng(0).uniform(size=(20, 6, 2))
    for rates in script:
        np.testing.assert_array_equal(drawn.step(rates)[1], fixed.step(rates)[1])
    drawn.reset()
    second = drawn.read("gamma").copy()
    assert (second != gammas).all()
    drawn.restore(kept)
    np.testing.assert_array_equal(drawn.read("gamma"), gammas)
    for rates in script:
        drawn.step(rates)
    drawn.reset()
    np.testing.assert_array_equal(drawn.read("gamma"), second)


@pytest.mark.parametrize(
    ("vary", "error", "words"),
    [
        ({"gama": (0.4, 0.9)}, TypeError, "'gama'"),
        ({"gamma": (0.9, 0.4)}, ValueError, r"vary\['gamma'\].*\(low, high\)"),
        ({"gamma": 0.5}, ValueError, r"\(low, high\)"),
        ({"gamma": (-1.0, 0.4)}, ValueError, "gamma = -1"),
        ({"horizon": (10, 20)}, TypeError, "horizon is an integer"),
        ({"collapse_threshold": (0.0, 0.1)}, ValueError, "turn a rule on or off"),
        ({"baseline": (40.0, 120.0)}, ValueError, "baseline"),
    ],
)
def test_ranges_that_hold_no_game_are_refused(vary, error, words):
    with pytest.raises(error, match=words):
        coopetition.batch("TrustDilemma-v0", 4, vary=vary)
    with pytest.raises(ValueError, match="do not go together"):
        coopetition.batch("TrustDilemma-v0", parameters={"gamma": [0.5]}, vary={"gamma": (0.4, 0.5)})


# --- snapshots


def batch_of(**options):
    made = coopetition.batch("TrustDilemma-v0", **options)
    made.reset(seed=1)
    return made


OTHERS = [
    ({"parameters": {"gamma": [0.4, 0.6]}}, {"parameters": {"gamma": [0.4, 0.7]}}, "set 1"),
    ({"parameters": [{}, {"theta": 9.0}]}, {"parameters": [{}, {"theta": 8.0}]}, "set 1"),
    ({"parameters": {"horizon": [50, 60]}}, {"parameters": {"horizon": [50, 70]}}, "set 1"),
    (
        {"parameters": {"gamma": [0.4, 0.6]}, "num_envs": 4},
        {"parameters": {"gamma": [0.4, 0.6, 0.4, 0.6]}},
        "parameter sets",
    ),
    ({"num_envs": 2, "gamma": 0.4}, {"parameters": {"gamma": [0.4, 0.6]}}, "one parameter set"),
    ({"parameters": {"gamma": [0.4, 0.6]}}, {"num_envs": 2, "gamma": 0.4}, "many parameter sets"),
    ({"vary": {"gamma": (0.4, 0.6)}, "num_envs": 2}, {"vary": {"gamma": (0.3, 0.7)}, "num_envs": 2}, "vary"),
    ({"vary": {"gamma": (0.4, 0.6)}, "num_envs": 2}, {"vary": {"theta": (4.0, 6.0)}, "num_envs": 2}, "belongs to"),
]


@pytest.mark.parametrize(("options", "other", "words"), OTHERS)
def test_a_snapshot_of_other_parameter_sets_is_refused(options, other, words):
    """Any set's numbers, not the first's alone; what was taken of equal sets goes back."""
    batch = batch_of(**options)
    snapshot = batch.snapshot()
    twin = batch_of(**options)
    twin.step(np.full((twin.num_envs, 2), 0.3))
    twin.restore(snapshot)
    assert all(np.array_equal(value, twin.state()[name]) for name, value in batch.state().items())
    with pytest.raises(ValueError, match=words):
        batch_of(**other).restore(snapshot)


# --- what was tried


@pytest.mark.parametrize("parameters", [{"theta": [1.0, 1e300]}, [{}, {"theta": 1e300}]])
def test_payoffs_beyond_float32_in_any_set(parameters):
    with pytest.raises(ValueError, match="theta = .*payoffs can reach"):
        coopetition.batch("TrustDilemma-v0", parameters=parameters)


def test_parameters_of_another_environment_are_refused():
    with pytest.raises(TypeError, match=r"parameters\[1\].*expected a dict, or Parameters of TrustDilemma-v0"):
        coopetition.batch("TrustDilemma-v0", parameters=[{}, coopetition.make_game("SLCD-v0").parameters])


@pytest.mark.parametrize("vary", ["gamma", [("gamma", (0.0, 1.0))], 3])
def test_vary_is_a_mapping(vary):
    with pytest.raises(TypeError, match="vary = "):
        coopetition.batch("TrustDilemma-v0", vary=vary)


def test_drawn_endowments_are_those_of_bounds_and_evaluations():
    """Each copy's own, and not the middle of the range."""
    options = {"vary": {"endowment": (50.0, 100.0)}, "action_scale": "endowment", "strict_actions": True}
    batch = coopetition.batch("TrustDilemma-v0", 3, **options)
    batch.reset(seed=1)
    high = batch.action_high
    assert len(np.unique(high[:, 0])) == 3
    batch.step(np.nextafter(high, 0.0))
    with pytest.raises(ValueError, match=f"of copy 1 is out of bounds .0, {high[1, 0]:g}"):
        batch.step(np.where(np.arange(3)[:, None] == 1, high + 1e-6, 1.0))
    payoffs = batch.evaluate(np.full((3, 2), 30.0))[0]
    for k in range(3):
        own = coopetition.batch("TrustDilemma-v0", endowment=high[k, 0])
        np.testing.assert_allclose(own.evaluate(np.full((1, 2), 30.0))[0][0], payoffs[k], rtol=1e-12)
