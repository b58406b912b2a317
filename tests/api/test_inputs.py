"""Every input that was tried, in every view: one rule, with the name in the message, and nothing moves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from test_bad_input import KINDS, MAKERS, NAME, Table

import coopetition
from coopetition.baselines import evaluate
from coopetition.testing import same

#: What an agent might hand in as its action, as a scalar; and words of the refusal.
NO_NUMBERS = [
    ("text", "0.5", "text"),
    ("bytes", b"0.5", "bytes"),
    ("nothing", None, "None"),
    ("a flag", True, "flag"),
    ("a NumPy flag", np.bool_(True), "bool"),
    ("a complex number", 0.5 + 0j, "complex"),
    ("a date", np.datetime64("2020-01-01"), "datetime"),
    ("a date in nanoseconds", np.datetime64(500, "ns"), "datetime"),
    ("a duration", np.timedelta64(1, "ns"), "timedelta"),
    ("a record", np.zeros((), dtype=[("rate", float)])[()], "number"),
    ("an object", object(), "number"),
    ("a mapping", {}, "number"),
    ("a masked number", np.ma.masked_array(0.5, True), "masked"),
]

#: The same as whole arrays, (N,), for the views that take one.
NO_ARRAYS = [
    ("text", np.array(["0.5", "0.5"]), "number"),
    ("flags", np.array([True, False]), "bool"),
    ("complex numbers", np.array([0.5, 0.5j]), "complex"),
    ("dates", np.array([500, 500], dtype="datetime64[ns]"), "datetime"),
    ("records", np.zeros(2, dtype=[("rate", float)]), "number"),
    ("a masked array", np.ma.masked_array([0.5, 0.5], [False, True]), "masked"),
    ("objects", np.array([0.5, None], dtype=object), "object"),
    ("ragged lists", [[0.5], [0.5, 0.5]], "number"),
]

NUMBERS = [1, 0.25, np.float32(0.25), np.float16(0.25), np.int8(1), Fraction(1, 4)]


def played(table):
    table.reset(seed=1)
    table.step([0.4, 0.6])
    return table.state()


def refused(table, step, error, word):
    before = played(table)
    with pytest.raises(error) as caught:
        step()
    assert "action" in str(caught.value)
    assert word in str(caught.value)
    assert same(before, table.state())
    table.step([0.5, 0.5])
    assert table.state()["time"][0] == 2


#: Views that take one array for everybody. NumPy makes no masked array of a list, so there is no such row for them.
ARRAYS = ("batch", "vector", "joint", "agent")
ROWS = [
    pytest.param(kind, value, word, id=f"{name}-{kind}")
    for name, value, word in NO_NUMBERS
    for kind in KINDS
    if not (word == "masked" and kind in ARRAYS)
]


@pytest.mark.parametrize(("kind", "value", "word"), ROWS)
def test_an_action_that_is_no_number(kind, value, word):
    table = Table(kind)
    if kind in ARRAYS:  # a list of it and a number: one array, whatever is in it
        word = "number"
    refused(table, lambda: table.step([value, 0.5]), TypeError, word)


@pytest.mark.parametrize("kind", ["parallel", "aec"])
@pytest.mark.parametrize(("value", "word"), [row[1:] for row in NO_NUMBERS], ids=[row[0] for row in NO_NUMBERS])
def test_an_action_that_is_an_array_of_no_number(kind, value, word):
    table = Table(kind)
    array = np.ma.masked_array([0.5], [True]) if word == "masked" else np.array([value])
    refused(table, lambda: table.step([array, 0.5]), TypeError, "masked" if word == "masked" else "'strong'")


@pytest.mark.parametrize("kind", ["batch", "vector", "joint", "agent"])
@pytest.mark.parametrize(("value", "word"), [row[1:] for row in NO_ARRAYS], ids=[row[0] for row in NO_ARRAYS])
def test_actions_that_are_no_array_of_numbers(kind, value, word):
    table = Table(kind)
    if kind == "agent":
        value = value[:1] if not isinstance(value, list) else value
        if word in ("object", "masked"):
            value = np.array([None], dtype=object) if word == "object" else np.ma.masked_array([0.5], [True])
    elif kind != "joint" and not isinstance(value, list):
        value = np.ma.stack([value, value]) if word == "masked" else np.stack([value, value])
    refused(table, lambda: table.env.step(value), TypeError, word)


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_beyond_float64(kind):
    table = Table(kind)
    refused(table, lambda: table.step([10**400, 0.5]), ValueError, "too large")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_numbers_of_every_kind_are_played(kind, value):
    one, other = Table(kind), Table(kind)
    for table, action in ((one, value), (other, np.float64(value))):
        table.reset(seed=1)
        table.step([action, 0.5])
    assert same(one.state(), other.state())


# --- construction

CONSTRUCTION = [
    # keywords, views that take them, words
    ({"gamma": "0.5"}, MAKERS, ["gamma", "0.5"]),
    ({"horizon": "3"}, MAKERS, ["horizon", "3"]),
    ({"theta": True}, MAKERS, ["theta", "True"]),
    ({"reward_mode": {}}, MAKERS, ["reward_mode", "{}"]),
    ({"theta": 10**400}, MAKERS, ["theta"]),
    ({"reward_mode": None}, MAKERS, ["reward_mode", "None"]),
    ({"strict_actions": 1}, ["batch", "vector", "joint", "agent", "parallel", "aec"], ["strict_actions", "1"]),
    ({"strict_actions": "no"}, ["batch", "vector", "joint", "agent", "parallel", "aec"], ["strict_actions", "no"]),
    ({"observe": "no"}, ["batch"], ["observe", "'no'"]),
    ({"observe_joint": 0}, ["batch"], ["observe_joint", "0"]),
    ({"threads": 2.7}, ["batch", "vector"], ["threads", "2.7", "integer"]),
    ({"threads": "2"}, ["batch", "vector"], ["threads", "'2'", "integer"]),
    ({"threads": True}, ["batch", "vector"], ["threads", "True"]),
    ({"render_mode": 3}, ["vector", "joint", "agent", "parallel", "aec"], ["render_mode", "3"]),
    ({"info_level": None}, ["vector", "joint", "agent", "parallel", "aec"], ["info_level", "None"]),
]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [(options, kind, words) for options, kinds, words in CONSTRUCTION for kind in kinds],
    ids=[f"{options}-{kind}"[:50] for options, kinds, _ in CONSTRUCTION for kind in kinds],
)
def test_an_option_of_the_wrong_kind(options, kind, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        MAKERS[kind](NAME, **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("make", [coopetition.batch, coopetition.vector_env])
@pytest.mark.parametrize("copies", ["3", 2.9, 3.0, True, None, [2]], ids=repr)
def test_num_envs_is_a_count(make, copies):
    if copies is None and make is coopetition.batch:  # as many as there are parameter sets, so one
        assert make(NAME, None).num_envs == 1
        return
    with pytest.raises(TypeError, match="num_envs = .*not an integer"):
        make(NAME, copies)
    assert make(NAME, np.int64(2)).num_envs == 2


UNKNOWN = [
    ("frameskip", MAKERS, ""),
    ("lambda_pluss", MAKERS, "did you mean 'lambda_plus'"),
    ("render_mode", ["game", "batch"], ""),
    ("info_level", ["game", "batch"], ""),
    ("strict_actions", ["game"], ""),
    ("threads", ["joint", "agent", "parallel", "aec"], ""),
    ("num_env", ["joint", "parallel", "aec"], ""),
]


@pytest.mark.parametrize(
    ("name", "kind", "hint"), [(name, kind, hint) for name, kinds, hint in UNKNOWN for kind in kinds]
)
def test_an_unknown_argument_is_refused_in_pythons_words(name, kind, hint):
    with pytest.raises(TypeError, match=f"got an unexpected keyword argument '{name}'.*allowed: ") as caught:
        MAKERS[kind](NAME, **{name: 1})
    assert hint in str(caught.value)


# --- resets

SEEDS = [
    ("text", "7", TypeError),
    ("a fraction", 1.5, TypeError),
    ("a flag", True, TypeError),
    ("less than 0", -1, ValueError),
]


@pytest.mark.parametrize("name", [NAME, "SynergySearch-v0"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("seed", "error"), [row[1:] for row in SEEDS], ids=[row[0] for row in SEEDS])
def test_a_seed_is_a_count_in_games_that_draw_nothing_too(kind, seed, error, name):
    env = MAKERS[kind](name)
    with pytest.raises(error, match="seed = "):
        env.reset(seed=seed)
    env.reset(seed=np.int64(3))


@pytest.mark.parametrize("kind", ["batch", "vector"])
@pytest.mark.parametrize(
    ("seeds", "error", "words"),
    [
        ([1, -1], ValueError, r"seed\[1\]"),
        (["a", 1], TypeError, r"seed\[0\]"),
        ([1], ValueError, "1 seeds for 2 copies"),
    ],
)
def test_seeds_of_copies(kind, seeds, error, words):
    env = MAKERS[kind](NAME)
    with pytest.raises(error, match=words):
        env.reset(seed=seeds)
    env.reset(seed=[4, None])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [[("trust", 0.5)], "trust", 3], ids=repr)
def test_options_of_a_reset_are_a_mapping(kind, options):
    with pytest.raises(TypeError, match="options must be a mapping"):
        MAKERS[kind](NAME).reset(options=options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["0.5", True, None, 0.5j, 10**400], ids=lambda value: repr(value)[:9])
def test_a_state_of_the_wrong_kind(kind, value):
    with pytest.raises((TypeError, ValueError), match="trust"):
        MAKERS[kind](NAME).reset(options={"trust": value})


# --- snapshots


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, 3, "x", {}], ids=repr)
def test_what_is_no_snapshot(kind, value):
    table = Table(kind)
    before = played(table)
    with pytest.raises(TypeError, match=r"expected what snapshot\(\) of"):
        table.env.restore(value)
    assert same(before, table.state())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_snapshot_of_another_kind_of_view(kind, other):
    """It is refused, or goes back to all that the view remembers."""
    table, another = Table(kind), Table(other)
    before = played(table)
    played(another)
    another.step([0.1, 0.9])
    try:
        table.env.restore(another.env.snapshot())
    except (TypeError, ValueError) as error:
        message = str(error)
        assert kind != other
        assert "snapshot" in message  # noqa: PT017 - either is right
        assert same(before, table.state())
    else:
        assert table.state()["time"][0] == 2
    table.step([0.5, 0.5])


@pytest.mark.parametrize("make", [coopetition.gymnasium_env, coopetition.vector_env])
def test_a_snapshot_of_another_agents_view(make):
    """Its partners are not this one's."""
    envs = [make(NAME, control=control) for control in (0, 1)]
    for env in envs:
        env.reset(seed=1)
    with pytest.raises(ValueError, match="others play along"):
        envs[0].restore(envs[1].snapshot())


def test_a_snapshot_of_one_agent_in_joint_control():
    joint, agent = coopetition.vector_env(NAME), coopetition.vector_env(NAME, control=0)
    joint.reset(seed=1)
    agent.reset(seed=1)
    with pytest.raises(ValueError, match="others play along"):
        joint.restore(agent.snapshot())
    joint.step(np.full((1, 2), 0.5))


# --- the batch's own doors

DOORS = [
    (lambda batch: batch.evaluate([["a", "b"], ["c", "d"]]), "levels"),
    (lambda batch: batch.evaluate(np.ones((2, 2), dtype=bool)), "levels"),
    (lambda batch: batch.evaluate(None), "levels"),
    (lambda batch: batch.evaluate(np.ones((2, 2)), state="x"), "state"),
    (lambda batch: batch.evaluate(np.ones((2, 2)), state=np.zeros(3)), "state has shape"),
    (lambda batch: batch.set_state("x"), "state must be a mapping"),
    (lambda batch: batch.set_state(None), "state must be a mapping"),
    (lambda batch: batch.rollout(3), "policies = 3"),
    (lambda batch: coopetition.batch(NAME, 2, buffers="x"), "buffers must be a mapping"),
    (lambda batch: coopetition.batch(NAME, 2, buffers=[1]), "buffers must be a mapping"),
    (lambda batch: evaluate(NAME, None, 2), "policies = None"),
    (lambda batch: evaluate(NAME, 3, 2), "policies = 3"),
]


@pytest.mark.parametrize("k", range(len(DOORS)))
def test_what_a_batch_is_handed(k):
    ask, words = DOORS[k]
    table = Table("batch")
    before = played(table)
    with pytest.raises((TypeError, ValueError), match=words):
        ask(table.env)
    assert same(before, table.state())
