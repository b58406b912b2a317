"""The seven oracles as baselines: by name, in every interface, on every scale."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import pytest

import coopetition
from coopetition.baselines import available, evaluate, make_policy, record_episode
from coopetition.baselines.players import Players
from coopetition.batching.batch import Batch
from coopetition.oracles import ORACLES, solve
from coopetition.policies.registry import ORACLE_NAMES

FOLLOWING = {"Oracle_TrustAware", "Oracle_Loyalty"}
#: What each plays where it is the reference: environment, concept, and what agents maximise.
REFERENCES = {
    "Oracle_Equilibrium": ("SLCD-v0", "coopetitive", "interdependence"),
    "Oracle_TrustAware": ("TrustDilemma-v0", "coopetitive", None),
    "Oracle_Nash": ("TeamProduction-v0", "nash", None),
    "Oracle_Loyalty": ("LoyaltyTeam-v0", "coopetitive", None),
    "Oracle_SocialOptimum": ("TeamProduction-v0", "social_optimum", None),
    "Oracle_ReciprocityEquilibrium": ("GiftExchange-v0", "coopetitive", None),
}


def test_the_seven_are_there():
    assert set(ORACLE_NAMES) == set(ORACLES)
    assert set(ORACLE_NAMES) <= set(available())


@pytest.mark.parametrize("name", ORACLE_NAMES)
def test_each_says_what_it_is(name):
    policy = make_policy(name, coopetition.make_game("SLCD-v0"))
    assert policy.name == name
    assert policy.classifier.needs_model
    assert policy.classifier.uses_oracle
    assert not policy.classifier.stochastic
    assert policy.classifier.memory == (math.inf if name in FOLLOWING else 0)
    assert "2605.02063" in policy.citation


@pytest.mark.parametrize("name", REFERENCES)
def test_first_steps_are_the_solutions(name):
    environment_id, concept, objective = REFERENCES[name]
    record = record_episode(environment_id, name, steps=2)
    expected = solve(environment_id, concept, objective=objective).actions / record.game.endowment
    np.testing.assert_allclose(record.rates[0], expected, atol=1e-6)
    assert (name in FOLLOWING) or np.array_equal(record.rates[0], record.rates[1])


@pytest.mark.parametrize("scale", ["unit", "endowment", "symmetric"])
@pytest.mark.parametrize("name", ORACLE_NAMES)
def test_kernel_and_steps_agree_on_every_scale(name, scale):
    """Oracles that do not condition on the state are played by the kernel, which pays the same, seen in full or not."""
    returns = []
    for observation in ("own", "full"):
        game = coopetition.make_game("GiftExchange-v0", action_scale=scale, observation=observation, horizon=12)
        players = Players(game, [name, "random"])
        players.reset(3, 2)
        script = players.script(game.horizon)
        assert (script is None) == (name in FOLLOWING)
        batch = Batch(game, 2, autoreset="disabled")
        if script is not None:
            batch.reset(seed=3)
            returns.append(batch.rollout(script[0], actions=script[1]).returns)
        observations = batch.reset(seed=3)
        players.reset(3, 2)
        for _ in range(game.horizon):
            observations = batch.step(players.act(observations))[0]
        returns.append(batch.state()["reward_total"])
    for other in returns[1:]:
        np.testing.assert_allclose(other, returns[0], rtol=1e-6)


@pytest.mark.parametrize("environment_id", coopetition.ENVIRONMENT_IDS)
def test_nash_is_evaluated_everywhere(environment_id):
    """`Oracle_Nash` earns each step what the nash profile pays at reset, where payoffs do not depend on the state."""
    rows = evaluate(
        environment_id, "Oracle_Nash", episodes=2, normalise=False, exploitability=False, reward_mode="private"
    )
    found = solve(environment_id, "nash")
    assert [row.rate for row in rows] == pytest.approx(found.actions / coopetition.make_game(environment_id).endowment)
    # Membership and tiers change in an episode, and synergy is drawn.
    if environment_id not in ("CoalitionFormation-v0", "ReputationMarket-v0", "SynergySearch-v0"):
        assert [row.payoff / row.length for row in rows] == pytest.approx(found.payoffs, rel=1e-6)


def test_partners_are_oracles():
    """A single-agent environment asks its partner at every step, episode after episode."""
    env = gymnasium.make("coopetition/SLCD-v0", control="sony", partners="Oracle_TrustAware", horizon=5)
    expected = solve("SLCD-v0", "coopetitive").actions[0] / 100.0
    for seed in (1, 2):
        env.reset(seed=seed)
        rates, ended = [], False
        while not ended:
            observation, _, terminated, truncated, _ = env.step(np.array([0.9], dtype=np.float32))
            ended = terminated or truncated
            rates.append(float(observation[env.unwrapped.game.observation_layout["other_rates"]][0]))
        assert rates[0] == pytest.approx(expected, abs=1e-6)
        assert abs(rates[-1] - rates[0]) > 1e-4  # trust has moved, and the oracle with it


def test_unknown_oracles_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'Oracle_TrustAware'"):
        make_policy("Oracle_TrustAwre", coopetition.make_game("SLCD-v0"))
