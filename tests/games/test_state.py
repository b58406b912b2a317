"""A state is consistent: what is given stands, what follows from it is completed, what no state can be is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game


def batch_of(environment_id: str, copies: int = 2, **given: Any) -> Batch:
    return Batch(Game(environment_class(environment_id)(**given)), copies, autoreset="disabled")


NO_STATE = [
    ("CoalitionFormation-v0", {"members": 0.5}, "members.*0.5.*not a whole number"),
    ("CoalitionFormation-v0", {"wait": 2.5}, "wait.*not a whole number"),
    ("CoalitionFormation-v0", {"wait": 2}, "wait.*members"),
    ("CoalitionFormation-v0", {"thin_steps": 0.2}, "thin_steps.*not a whole number"),
    ("CooperativeNegotiation-v0", {"agreed": 0.4}, "agreed.*not a whole number"),
    ("CooperativeNegotiation-v0", {"breaches": 1.5}, "breaches.*not a whole number"),
    ("CooperativeNegotiation-v0", {"agreed": 0, "agreement": 50.0}, "agreement.*agreed"),
    ("SLCD-v0", {"time": 3.5}, "time.*not a whole number"),
    ("SLCD-v0", {"time": 100}, r"time.*out of its range \[0, 99\]"),
    ("SLCD-v0", {"trust": np.nan}, "trust.*out of its range"),
    ("ReciprocalDilemma-v0", {"memory": 0.5}, "no state 'memory' to set"),
    ("GraduatedSanction-v0", {"violations": 1}, "no state 'violations' to set"),
]
NO_NUMBERS = ["0.5", True, 0.5j, None, np.datetime64("2020-01-01"), np.ma.masked_array([0.5], [True]), [[0.1], [1, 2]]]


@pytest.mark.parametrize(("environment_id", "state", "words"), NO_STATE, ids=lambda value: str(value))
def test_no_state(environment_id, state, words):
    batch = batch_of(environment_id)
    batch.reset(seed=0)
    before = batch.rows()
    for put in (batch.set_state, lambda state: batch.reset(options=state), batch.game.state_vector):
        with pytest.raises(ValueError, match=words):
            put(state)
    np.testing.assert_array_equal(batch.rows(), before)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
def test_no_number_in_a_state(value):
    batch = batch_of("SLCD-v0")
    batch.reset()
    for put in (batch.set_state, lambda state: batch.reset(options=state), batch.game.state_vector):
        with pytest.raises(TypeError, match="trust"):
            put({"trust": value})


def test_flags_are_taken_for_fields_of_flags():
    batch = batch_of("CoalitionFormation-v0")
    batch.reset(options={"members": np.array([True] * 4 + [False] * 2)})
    np.testing.assert_array_equal(batch.read("members")[1], [1, 1, 1, 1, 0, 0])


RECIPROCAL = [name for name in ENVIRONMENTS if environment_class(name).family == "reciprocity"]


@pytest.mark.parametrize("time", [0, 2, 40])
@pytest.mark.parametrize("environment_id", RECIPROCAL)
def test_a_time_in_the_middle_has_a_memory(environment_id, time):
    """As if everybody had held the mean: nobody is surprised by a step at it, and the mean stays."""
    batch = batch_of(environment_id)
    game = batch.game
    for given in ({}, {"memory_mean": np.linspace(0.5, 0.9, game.n)}):
        batch.reset(options={"time": time, **given})
        mean = given.get("memory_mean", game.baseline_rate)
        batch.step(np.tile(mean, (2, 1)))
        np.testing.assert_allclose(batch.read("memory_mean"), np.tile(mean, (2, 1)), rtol=1e-14)
        assert batch.read("time")[0] == time + 1


def test_violations_follow_from_the_memory():
    batch = batch_of("GraduatedSanction-v0")
    batch.reset(options={"time": 4, "memory_mean": [0.1, 0.4, 0.3, 0.5, 0.6, 0.39]})
    np.testing.assert_array_equal(batch.read("violations")[0], [4, 0, 4, 0, 0, 4])


@pytest.mark.parametrize("time", [0, 10, 25, 49, 50, 74, 75, 99])
def test_phases_that_have_begun(time):
    """Dependence is the phase's, and what its start does to trust and damage is done, unless they are given."""
    played = batch_of("RenaultNissan-v0", phase="history", collapse_threshold=0.0)
    jumped = batch_of("RenaultNissan-v0", phase="history", collapse_threshold=0.0)
    played.reset()
    for _ in range(time):
        played.step(np.full((2, 2), 0.3))
    jumped.reset(options={"time": time})
    np.testing.assert_array_equal(jumped.read("dependence"), played.read("dependence"))
    if time >= 50:
        assert jumped.read("trust").max() <= 0.30
        assert jumped.read("damage")[0, 0, 1] == 0.45
    jumped.reset(options={"time": time, "trust": 0.8, "damage": 0.01})
    assert jumped.read("trust")[0, 0, 1] == 0.8
    assert jumped.read("damage")[0, 0, 1] == 0.01


def test_given_levels_are_an_agreement():
    batch = batch_of("CooperativeNegotiation-v0")
    batch.reset(options={"agreement": [60.0, 60.0]})
    assert batch.read("agreed")[0] == 1.0
    batch.step(np.full((2, 2), 0.2))
    assert batch.read("breaches")[0] == 1.0


@pytest.mark.parametrize("environment_id", list(ENVIRONMENTS))
def test_a_copy_that_had_ended_lives_again(environment_id):
    batch = batch_of(environment_id, horizon=3)
    batch.reset(seed=0)
    for _ in range(5):
        batch.step(np.full((2, batch.game.n), 0.6))
    assert (batch.terminated | batch.truncated).all()
    batch.set_state({"time": 1})
    assert not (batch.terminated | batch.truncated).any()
    _, _, terminated, truncated = batch.step(np.full((2, batch.game.n), 0.6))
    assert batch.payoffs.any()
    assert not (terminated | truncated).any()
    batch.step(np.full((2, batch.game.n), 0.6))
    batch.set_state({"rates": 0.5})  # its time is up: the last step is played again
    batch.step(np.full((2, batch.game.n), 0.6))
    assert batch.payoffs.any()
    assert batch.truncated.all()


@pytest.mark.parametrize("environment_id", list(ENVIRONMENTS))
def test_a_state_as_the_first_call(environment_id):
    """Streams are set: what is drawn is drawn, and steps are played."""
    given = {"reputation_visibility": 0.5} if environment_id == "ReputationMarket-v0" else {}
    first, second = batch_of(environment_id, **given), batch_of(environment_id, **given)
    first.set_state({"rates": 0.5})
    first.step(np.full((2, first.game.n), 0.6))
    second.restore(first.snapshot())
    for batch in (first, second):
        batch.step(np.full((2, first.game.n), 0.6))
        assert np.isfinite(batch.payoffs).all()
    np.testing.assert_array_equal(first.payoffs, second.payoffs)
    np.testing.assert_array_equal(first.observations, second.observations)


def test_a_drawn_gamma_is_no_zero():
    batch = batch_of("SynergySearch-v0")
    batch.reset(seed=1)
    assert (batch.read("gamma") > 0.19).all()
    with pytest.raises(ValueError, match=r"SynergySearch-v0 draws gamma at each reset.*state_vector"):
        batch.evaluate(np.full((2, 2), 50.0))
    with pytest.raises(ValueError, match="draws gamma"):
        batch.evaluate(np.full((2, 2), 50.0), batch.game.state_vector({"trust": 0.5}))
    payoffs, _ = batch.evaluate(np.full((2, 2), 50.0), batch.game.state_vector({"gamma": 0.6}))
    assert np.isfinite(payoffs).all()


def test_a_snapshot_knows_its_game():
    batch = batch_of("SLCD-v0")
    batch.reset()
    taken = batch.snapshot()
    other = batch_of("PartnerHoldUp-v0")
    with pytest.raises(ValueError, match="belongs to SLCD-v0, this is PartnerHoldUp-v0"):
        other.restore(taken)
    other = batch_of("SLCD-v0", gamma=0.5)
    with pytest.raises(ValueError, match=r"belongs to SLCD-v0 with gamma = 0\.65"):
        other.restore(taken)
    other = Batch(Game(batch.game.parameters, reward_mode="private"), 2, autoreset="disabled")
    with pytest.raises(ValueError, match="reward_mode = 'integrated'"):
        other.restore(taken)
    other = batch_of("SLCD-v0", copies=3)
    with pytest.raises(ValueError, match="number of copies"):
        other.restore(taken)
    batch.step(np.full((2, 2), 0.9))
    before = batch.rows()
    broken = taken.state.copy()
    broken[0, 3, 0] = np.inf
    with pytest.raises(ValueError, match="SLCD-v0 is not finite"):
        batch.restore(dataclasses.replace(taken, state=broken))
    np.testing.assert_array_equal(batch.rows(), before)
    batch.restore(taken)


OVERFLOWS = [
    ("SLCD-v0", {"theta": 1e38}, "theta"),
    ("SLCD-v0", {"gamma": 1e300}, "gamma"),
    ("SLCD-v0", {"endowment": 1e39, "baseline": 1.0}, "endowment"),
    ("ReciprocalDilemma-v0", {"lambda_R": 1e40}, "lambda_R"),
    ("LoyaltyTeam-v0", {"omega": 1e38}, "omega"),
    ("LoyaltyTeam-v0", {"phi_B": 1e37}, "phi_B"),
    ("PublicGoods-v0", {"multiplier": 1e38}, "multiplier|omega"),
    ("SynergySearch-v0", {"gamma_range": (0.0, 1e38)}, "gamma_range"),
    ("ReputationMarket-v0", {"tier_multipliers": (1e36, 1.0, 1.0, 1.0)}, "tier_multipliers"),
    ("CooperativeNegotiation-v0", {"breach_penalty": 1e38}, "breach_penalty"),
    ("CoalitionFormation-v0", {"stability_bonus": 1e36}, "stability_bonus"),
    ("RecoveryRace-v0", {"recovery_bonus": 1e37}, "recovery_bonus"),
]


@pytest.mark.parametrize(("environment_id", "given", "name"), OVERFLOWS, ids=lambda value: str(value))
def test_payoffs_that_no_float32_holds(environment_id, given, name):
    with pytest.raises(ValueError, match=rf"{environment_id}: ({name}) = .*float32"):
        environment_class(environment_id)(**given)
