"""Bad input: a clear error that names what is wrong and what is allowed, and a state that is as it was."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import coopetition
from coopetition.testing import same

NAME = "PartnerHoldUp-v0"

MAKERS = {
    "game": coopetition.make_game,
    "batch": lambda name, **options: coopetition.batch(name, 2, **options),
    "vector": lambda name, **options: coopetition.vector_env(name, 2, **options),
    "joint": coopetition.gymnasium_env,
    "agent": lambda name, **options: coopetition.gymnasium_env(name, control=0, partners=Still(), **options),
    "parallel": coopetition.parallel_env,
    "aec": coopetition.aec_env,
}


class Still:
    """A policy that always plays one half, and counts how often it was asked."""

    asked = 0

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        self.asked += 1
        return np.full(len(observations), 0.5)


# --- at construction

CONSTRUCTION = [
    # what, keywords, error, words of the message
    ("unknown id", "PartnerHoldup-v0", {}, ValueError, ["PartnerHoldup-v0", "PartnerHoldUp-v0", "did you mean"]),
    ("unknown keyword", NAME, {"lambda_pluss": 0.1}, TypeError, ["lambda_pluss", "did you mean 'lambda_plus'"]),
    ("another game's keyword", "TeamProduction-v0", {"signal_scale": "raw"}, TypeError, ["signal_scale", "allowed"]),
    ("unknown reward mode", NAME, {"reward_mode": "privat"}, ValueError, ["privat", "'private'", "integrated"]),
    ("unknown observation", NAME, {"observation": "ful"}, ValueError, ["'ful'", "'own'", "'full'", "did you mean"]),
    ("unknown action scale", NAME, {"action_scale": "units"}, ValueError, ["'units'", "symmetric", "'unit'"]),
    ("unknown signal scale", NAME, {"signal_scale": "rwa"}, ValueError, ["signal_scale", "rwa", "raw"]),
    ("shares", NAME, {"shares": (0.5, 0.4)}, ValueError, ["shares", "0.4", "sum to 1"]),
    ("dependence out of [0, 1]", NAME, {"dependence": 1.5}, ValueError, ["dependence", "1.5", "[0, 1]"]),
    ("dependence's diagonal", NAME, {"dependence": [[0.5, 0.2], [0.1, 0]]}, ValueError, ["dependence", "diagonal"]),
    ("dependence's shape", NAME, {"dependence": [[0, 0.2]]}, ValueError, ["dependence", "shape"]),
    ("a negative rate", NAME, {"lambda_plus": -0.1}, ValueError, ["lambda_plus", "-0.1", "[0, 1]"]),
    ("NaN", NAME, {"theta": float("nan")}, ValueError, ["theta", "nan"]),
    ("no steps", NAME, {"horizon": 0}, ValueError, ["horizon", "0", "[1"]),
    ("half a step", NAME, {"horizon": 2.5}, TypeError, ["horizon", "2.5", "integer"]),
    ("a word for a number", NAME, {"theta": "much"}, TypeError, ["theta", "much", "number"]),
    ("a weight matrix of the wrong shape", NAME, {"reward_mode": [[1.0]]}, ValueError, ["reward_mode", "(2, 2)"]),
]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(
    ("name", "options", "error", "words"), [row[1:] for row in CONSTRUCTION], ids=[r[0] for r in CONSTRUCTION]
)
def test_construction(kind, name, options, error, words):
    with pytest.raises(error) as caught:
        MAKERS[kind](name, **options)
    for word in words:
        assert word in str(caught.value)


VIEW_OPTIONS = [
    ({"render_mode": "asni"}, ValueError, ["render_mode", "asni", "ansi", "did you mean"]),
    ({"info_level": "all"}, ValueError, ["info_level", "all", "basic", "full"]),
    ({"strict_actions": "yes"}, TypeError, ["strict_actions", "yes", "True or False"]),
]


@pytest.mark.parametrize("kind", ["vector", "joint", "agent", "parallel", "aec"])
@pytest.mark.parametrize(("options", "error", "words"), VIEW_OPTIONS)
def test_view_options(kind, options, error, words):
    with pytest.raises(error) as caught:
        MAKERS[kind](NAME, **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("make", "options", "error", "words"),
    [
        (coopetition.gymnasium_env, {"control": "weka"}, ValueError, ["weka", "'weak'", "joint", "did you mean"]),
        (coopetition.gymnasium_env, {"control": 2}, ValueError, ["control", "2", "0 to 1"]),
        (coopetition.gymnasium_env, {"control": True}, ValueError, ["control", "True"]),
        (coopetition.gymnasium_env, {"partners": "random"}, ValueError, ["partners", "joint"]),
        (coopetition.gymnasium_env, {"control": 0, "partners": {"wek": Still()}}, ValueError, ["wek", "weak"]),
        (coopetition.gymnasium_env, {"control": 0, "partners": {}}, ValueError, ["leave out weak"]),
        (coopetition.gymnasium_env, {"control": 0, "partners": [Still(), Still()]}, ValueError, ["2 partners for 1"]),
        (coopetition.gymnasium_env, {"control": 0, "partners": 3}, TypeError, ["3", "act"]),
        (coopetition.vector_env, {"control": "weka"}, ValueError, ["weka", "'weak'"]),
        (coopetition.vector_env, {"partners": Still()}, ValueError, ["partners", "joint"]),
        (coopetition.vector_env, {"autoreset_mode": "NextStp"}, ValueError, ["NextStp", "NextStep", "did you mean"]),
        (coopetition.vector_env, {"num_envs": 0}, ValueError, ["num_envs", "0"]),
        (coopetition.batch, {"autoreset": "next"}, ValueError, ["autoreset", "next", "next_step"]),
        (coopetition.aec_env, {"turn_order": ["weak"]}, ValueError, ["turn_order", "strong, weak", "once"]),
        (coopetition.aec_env, {"turn_order": ["weak", "strongg"]}, ValueError, ["strongg", "'strong'"]),
        (coopetition.aec_env, {"turn_order": "randm"}, ValueError, ["randm", "random"]),
        (coopetition.aec_env, {"turn_order": 3}, ValueError, ["turn_order", "3"]),
        (coopetition.aec_env, {"turn_order": "random", "sequential": False}, ValueError, ["turn_order", "sequential"]),
        (coopetition.aec_env, {"sequential": "yes"}, TypeError, ["sequential", "yes", "True or False"]),
        (coopetition.parallel_env, {"max_cycles": 3, "horizon": 4}, ValueError, ["max_cycles", "horizon"]),
        (coopetition.parallel_env, {"turn_order": "random"}, TypeError, ["turn_order", "allowed"]),
    ],
)
def test_options_of_one_view(make, options, error, words):
    with pytest.raises(error) as caught:
        make(NAME, **options)
    for word in words:
        assert word in str(caught.value)


# --- while playing: for each view, a step with given actions, and its state


class Table:
    """One view of the game, played by a list of two actions."""

    def __init__(self, kind: str, **options: object) -> None:
        self.kind = kind
        self.env = MAKERS[kind](NAME, **options)

    def reset(self, **arguments: object) -> object:
        return self.env.reset(**arguments)

    def step(self, actions: list[object]) -> object:
        if self.kind == "batch":
            return self.env.step([actions, [0.5, 0.5]])
        if self.kind == "vector":
            return self.env.step([actions, [0.5, 0.5]])
        if self.kind == "joint":
            return self.env.step(actions)
        if self.kind == "agent":
            return self.env.step([actions[0]])
        if self.kind == "parallel":
            return self.env.step({"strong": actions[0], "weak": actions[1]})
        self.env.step(actions[0])
        return self.env.step(actions[1])

    def state(self) -> dict[str, np.ndarray]:
        batch = self.env if self.kind == "batch" else self.env._batch
        return batch.state()


KINDS = ["batch", "vector", "joint", "agent", "parallel", "aec"]
BAD_ACTIONS = [
    ("NaN", [np.float32("nan"), 0.5], ["nan", "strong"]),
    ("infinite", [np.float32("inf"), 0.5], ["inf", "strong"]),
    ("minus infinite", [-np.inf, 0.5], ["inf", "strong"]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("actions", "words"), [row[1:] for row in BAD_ACTIONS], ids=[row[0] for row in BAD_ACTIONS])
def test_bad_action(kind, actions, words):
    table = Table(kind)
    table.reset(seed=1)
    table.step([0.4, 0.6])
    before = table.state()
    with pytest.raises((TypeError, ValueError)) as caught:
        table.step(actions)
    for word in words:
        assert word in str(caught.value)
    assert same(before, table.state())
    table.step([0.5, 0.5])
    assert table.state()["time"][0] == 2


@pytest.mark.parametrize("kind", ["joint", "parallel", "batch", "vector"])
def test_the_second_agents_action_is_named(kind):
    table = Table(kind)
    table.reset(seed=1)
    before = table.state()
    with pytest.raises(ValueError, match="'weak'"):
        table.step([0.5, np.nan])
    assert same(before, table.state())


def test_the_second_movers_action_is_named():
    env = coopetition.aec_env(NAME, sequential=True)
    env.reset(seed=1)
    env.step(np.array([0.5]))
    with pytest.raises(ValueError, match="'weak'"):
        env.step(np.array([np.nan]))
    assert env.agent_selection == "weak"
    assert env.last()[0][-4:].tolist() == [0.5, 0.0, 1.0, 0.0]
    env.step(np.array([0.5]))
    assert env.infos["weak"]["cooperation"] == 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_bounds_is_clipped(kind):
    inside, outside = Table(kind), Table(kind)
    for table, actions in ((inside, [1.0, 0.0]), (outside, [1.7, -0.3])):
        table.reset(seed=1)
        table.step(actions)
    assert same(inside.state(), outside.state())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [1.01, -0.01])
def test_out_of_bounds_is_refused_when_strict(kind, value):
    table = Table(kind, strict_actions=True)
    table.reset(seed=1)
    before = table.state()
    with pytest.raises(ValueError) as caught:
        table.step([value, 0.5])
    for word in (f"{value:g}", "strong", "[0, 1]", "strict_actions"):
        assert word in str(caught.value)
    assert same(before, table.state())
    table.step([1.0, 0.0])


WRONG_SHAPES = {
    "batch": [np.zeros(2), np.zeros((2, 3)), np.zeros((3, 2)), 0.5],
    "vector": [np.zeros(2), np.zeros((2, 3)), np.zeros((3, 2)), 0.5],
    "joint": [np.zeros(1), np.zeros(3), np.zeros((1, 2)), 0.5, [0.5]],
    "agent": [np.zeros(2), np.zeros(0), [0.5, 0.5]],
    "aec": [np.zeros(2), np.zeros(0), [0.5, 0.5]],
}


@pytest.mark.parametrize(("kind", "actions"), [(kind, given) for kind, rows in WRONG_SHAPES.items() for given in rows])
def test_wrong_shape(kind, actions):
    table = Table(kind)
    table.reset(seed=1)
    before = table.state()
    with pytest.raises(ValueError, match="shape"):
        table.env.step(actions)
    assert same(before, table.state())


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ({"strong": [0.5]}, ["no action", "'weak'"]),
        ({}, ["no action", "'strong'", "'weak'"]),
        ({"strong": [0.5], "weka": [0.5]}, ["weka", "unknown", "did you mean 'weak'"]),
        ({"strong": np.array([0.5]), "weak": np.array([0.5]), "third": np.array([0.5])}, ["third", "unknown"]),
        ({"strong": np.zeros(2), "weak": [0.5]}, ["strong", "shape (2,)"]),
        ([0.5, 0.5], ["map agents", "list"]),
    ],
)
def test_agents_of_a_parallel_step(actions, words):
    env = coopetition.parallel_env(NAME)
    env.reset(seed=1)
    before = env.named_state()
    with pytest.raises(ValueError) as caught:
        env.step(actions)
    for word in words:
        assert word in str(caught.value)
    assert same(before, env.named_state())


def test_partners_are_not_asked_before_a_bad_action_is_refused():
    partner = Still()
    single = coopetition.gymnasium_env(NAME, control=1, partners=partner, strict_actions=True)
    vector = coopetition.vector_env(NAME, 2, control=1, partners=partner, strict_actions=True)
    single.reset(seed=1)
    vector.reset(seed=1)
    for bad in (np.nan, 1.5):
        with pytest.raises(ValueError, match="weak"):
            single.step(np.array([bad]))
        with pytest.raises(ValueError, match="weak.*copy 1"):
            vector.step(np.array([[0.5], [bad]]))
    assert partner.asked == 0


def test_a_partner_that_gives_too_much():
    class Many:
        def act(self, observations: np.ndarray, i: int) -> np.ndarray:
            return np.zeros(7)

    for env in (
        coopetition.gymnasium_env(NAME, control=0, partners=Many()),
        coopetition.vector_env(NAME, 2, control=0, partners=Many()),
    ):
        env.reset(seed=1)
        with pytest.raises(ValueError, match=r"policy of 'weak' gave 7"):
            env.step(np.zeros(env.action_space.shape))


# --- resets

BAD_OPTIONS = [
    ({"trsut": 0.5}, ValueError, ["trsut", "did you mean 'trust'"]),
    ({"loyalty": 0.5}, ValueError, ["loyalty", "allowed"]),
    ({"trust": 1.5}, ValueError, ["trust", "1.5", "[0, 1]"]),
    ({"trust": float("nan")}, ValueError, ["trust", "nan"]),
    ({"rates": [0.5, 0.5, 0.5]}, ValueError, ["rates", "(3,)"]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("options", "error", "words"), BAD_OPTIONS)
def test_reset_options(kind, options, error, words):
    table = Table(kind)
    table.reset(seed=1)
    table.step([0.4, 0.6])
    before = table.state()
    with pytest.raises(error) as caught:
        table.reset(options=options)
    for word in words:
        assert word in str(caught.value)
    assert same(before, table.state())


@pytest.mark.parametrize("kind", KINDS)
def test_reset_options_must_be_a_mapping(kind):
    with pytest.raises(TypeError, match="options must be a mapping"):
        Table(kind).reset(options=3)


@pytest.mark.parametrize("mask", [np.array([True]), [True, False], np.array([1, 0]), np.array([False, False]), "all"])
def test_reset_masks(mask):
    env = coopetition.vector_env(NAME, 2)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="reset_mask"):
        env.reset(options={"reset_mask": mask})


def test_the_first_reset_resets_all():
    with pytest.raises(gymnasium.error.ResetNeeded, match="every copy"):
        coopetition.vector_env(NAME, 2).reset(options={"reset_mask": np.array([True, False])})


def test_seeds():
    vector = coopetition.vector_env("SynergySearch-v0", 2)
    with pytest.raises(ValueError, match="3 seeds"):
        vector.reset(seed=[1, 2, 3])
    for env in (coopetition.parallel_env("SynergySearch-v0"), coopetition.aec_env("SynergySearch-v0")):
        with pytest.raises(ValueError, match="-1"):
            env.reset(seed=-1)


# --- order


@pytest.mark.parametrize("kind", ["vector", "joint", "agent"])
def test_gymnasium_needs_a_reset(kind):
    table = Table(kind)
    with pytest.raises(gymnasium.error.ResetNeeded):
        table.step([0.5, 0.5])
    with pytest.raises(gymnasium.error.ResetNeeded):
        table.env.render()
    with pytest.raises(gymnasium.error.ResetNeeded):
        table.env.state()


@pytest.mark.parametrize("kind", ["joint", "agent"])
def test_gymnasium_needs_a_reset_after_the_end(kind):
    table = Table(kind, horizon=1)
    table.reset(seed=1)
    table.step([0.5, 0.5])
    before = table.state()
    with pytest.raises(gymnasium.error.ResetNeeded, match="over"):
        table.step([0.5, 0.5])
    assert same(before, table.state())


@pytest.mark.parametrize("kind", ["parallel", "aec"])
def test_pettingzoo_needs_a_reset(kind):
    table = Table(kind)
    for call in (lambda: table.step([0.5, 0.5]), table.env.render, table.env.state):
        with pytest.raises(AssertionError, match=r"reset\(\) needs to be called before"):
            call()
    assert table.env.agents == []


def test_aec_needs_a_reset_to_be_looked_at():
    env = coopetition.aec_env(NAME)
    with pytest.raises(AssertionError, match="before observe"):
        env.observe("weak")
    with pytest.raises(AssertionError, match="before agent_iter"):
        env.agent_iter()


def test_pettingzoo_after_the_end():
    parallel = coopetition.parallel_env(NAME, horizon=1)
    parallel.reset(seed=1)
    parallel.step({"strong": [0.5], "weak": [0.5]})
    with pytest.raises(AssertionError, match="before step"):
        parallel.step({"strong": [0.5], "weak": [0.5]})
    aec = coopetition.aec_env(NAME, horizon=1)
    aec.reset(seed=1)
    aec.step(np.array([0.5]))
    aec.step(np.array([0.5]))
    with pytest.raises(ValueError, match="the only valid action is None"):
        aec.step(np.array([0.5]))
    aec.step(None)
    aec.step(None)
    assert aec.agents == []
    with pytest.raises(AssertionError, match="before step"):
        aec.step(None)


def test_batch_needs_a_reset():
    with pytest.raises(RuntimeError, match="reset"):
        coopetition.batch(NAME).step([[0.5, 0.5]])
