"""What policies earn: batched evaluation against single episodes, and records of episodes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import coopetition
from coopetition.baselines import Policy, evaluate, make_policy, record_episode
from coopetition.baselines import evaluation as module
from coopetition.oracles import exploitability, yardstick
from coopetition.oracles.episode.stored import stored_sequence

#: For those who look at returns alone.
RETURNS_ONLY = {"normalise": False, "exploitability": False}


class Eyes(Policy):
    """Another policy, of which the kernel knows nothing."""

    def __init__(self, game, name):
        super().__init__(game)
        self.inner = make_policy(name, game)
        self.name = name

    def reset(self, seed=None, num_envs=1):
        self.inner.reset(seed, num_envs)

    def act(self, observations, agent):
        return self.inner.act(observations, agent)


GAMES = [
    ("TrustDilemma-v0", {}),
    ("SynergySearch-v0", {}),
    ("CoalitionFormation-v0", {}),
    ("GraduatedSanction-v0", {"reward_mode": "private"}),
    ("ReputationMarket-v0", {"reputation_visibility": 0.8, "reward_mode": "cooperative"}),
]


def assert_same(rows, others):
    for row, other in zip(rows, others, strict=True):
        for name in ("mean_return", "payoff", "rate", "length"):
            assert getattr(row, name) == pytest.approx(getattr(other, name), rel=1e-5), name
        assert row.return_deviation == pytest.approx(other.return_deviation, rel=1e-4, abs=1e-5 * abs(row.mean_return))
        assert row.outcomes == other.outcomes
        assert (row.environment, row.agent, row.policy) == (other.environment, other.agent, other.policy)


@pytest.mark.parametrize(("environment_id", "options"), GAMES)
def test_rows_are_means_over_single_episodes(environment_id, options):
    names = ("random", "tit_for_tat")
    env = coopetition.parallel_env(environment_id, **options)
    agents = env.possible_agents
    rows = evaluate(
        environment_id, [names[i % 2] for i in range(len(agents))], episodes=3, seed=4, **options, **RETURNS_ONLY
    )
    returns, payoffs, rates, lengths = np.zeros((3, len(agents))), np.zeros((3, len(agents))), [], []
    for k in range(3):
        observations, _ = env.reset(seed=4 + k)
        policies = [make_policy(names[i % 2], env.game) for i in range(len(agents))]
        for policy in policies:
            policy.reset(seed=4 + k)
        lengths.append(0)
        while env.agents:
            actions = {
                agent: policies[i].act(observations[agent][None], i).astype(np.float64)
                for i, agent in enumerate(agents)
            }
            observations, rewards, _, _, infos = env.step(actions)
            returns[k] += [rewards[agent] for agent in agents]
            payoffs[k] += [infos[agent]["payoff"] for agent in agents]
            rates.append([infos[agent]["cooperation"] for agent in agents])
            lengths[k] += 1
    for i, row in enumerate(rows):
        assert row.agent == agents[i]
        assert row.policy == names[i % 2]
        assert row.episodes == 3
        assert row.mean_return == pytest.approx(returns[:, i].mean(), rel=1e-5)
        assert row.return_deviation == pytest.approx(returns[:, i].std(), rel=1e-3, abs=0.1)
        assert row.payoff == pytest.approx(payoffs[:, i].mean(), rel=1e-5)
        assert row.rate == pytest.approx(np.mean(rates, axis=0)[i], rel=1e-5)
        assert row.length == pytest.approx(np.mean(lengths))
        assert sum(row.outcomes.values()) == 3


@pytest.mark.parametrize(("environment_id", "options"), GAMES)
def test_policies_that_look_are_evaluated_alike(environment_id, options):
    game = coopetition.make_game(environment_id, **options)
    names = ["tit_for_tat" if i % 2 else "random" for i in range(game.n)]
    looking = [Eyes(game, name) for name in names]
    blind = evaluate(game, names, episodes=5, seed=2, **RETURNS_ONLY)
    assert_same(blind, evaluate(game, looking, episodes=5, seed=2, **RETURNS_ONLY))


def test_parts_do_not_change_the_rows(monkeypatch):
    whole = evaluate("SynergySearch-v0", ["random", "constant_070"], episodes=7, seed=3, **RETURNS_ONLY)
    monkeypatch.setattr(module, "MOST_COPIES", 3)
    assert_same(evaluate("SynergySearch-v0", ["random", "constant_070"], episodes=7, seed=3, **RETURNS_ONLY), whole)


@pytest.mark.parametrize(
    ("environment_id", "policy", "outcomes"),
    [
        ("TrustDilemma-v0", "constant_000", {"collapsed": 2}),
        ("RecoveryRace-v0", "constant_100", {"recovered": 2}),
        ("CoalitionFormation-v0", "constant_000", {"dissolved": 2}),
        ("PublicGoods-v0", "constant_050", {"horizon": 2}),
    ],
)
def test_outcomes_are_counted(environment_id, policy, outcomes):
    assert evaluate(environment_id, policy, episodes=2, **RETURNS_ONLY)[0].outcomes == outcomes


def test_public_goods_by_hand():
    rows = evaluate("PublicGoods-v0", ["constant_100"] + ["constant_000"] * 4, episodes=1, reward_mode="private")
    assert [row.mean_return for row in rows] == pytest.approx([2000.0, *[7000.0] * 4])
    assert [row.rate for row in rows] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert json.loads(json.dumps([row.to_dict() for row in rows]))[0]["agent"] == "player_0"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: evaluate("SLCD-v1"), ValueError, "did you mean 'SLCD-v0'"),
        (lambda: evaluate("SLCD-v0", horizn=5), TypeError, "did you mean 'horizon'"),
        (lambda: evaluate("SLCD-v0", "tit_for_tta"), ValueError, "did you mean 'tit_for_tat'"),
        (lambda: evaluate("SLCD-v0", episodes=0), ValueError, "episodes = 0"),
        (lambda: evaluate("SLCD-v0", seed=-1), ValueError, "seed = -1"),
        (lambda: evaluate(coopetition.make_game("SLCD-v0"), horizon=5), TypeError, "horizon cannot be set here"),
        (lambda: record_episode("SLCD-v0", steps=0), ValueError, "steps = 0"),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("environment_id", coopetition.ENVIRONMENT_IDS)
def test_records_keep_everything(environment_id):
    record = record_episode(environment_id, "random", seed=8, steps=30)
    n, steps = record.game.n, record.steps
    for name in ("rates", "payoffs", "utilities", "rewards"):
        assert getattr(record, name).shape == (steps, n)
    for name, values in record.states.items():
        assert values.shape == (steps + 1, *record.game.layout[name].shape)
    assert record.policies == ("random",) * n
    assert record.end in ("stopped", "horizon", "collapsed")
    assert json.loads(json.dumps(record.to_dict(), allow_nan=False))["steps"] == steps
    again = record_episode(environment_id, "random", seed=8, steps=30)
    np.testing.assert_array_equal(again.rewards, record.rewards)


def test_a_record_is_an_evaluated_episode():
    record = record_episode("RenaultNissan-v0", ["random", "tit_for_tat"], seed=6, phase="crisis")
    rows = evaluate("RenaultNissan-v0", ["random", "tit_for_tat"], episodes=1, seed=6, phase="crisis", **RETURNS_ONLY)
    assert record.rewards.sum(axis=0) == pytest.approx([row.mean_return for row in rows], rel=1e-5)
    assert record.rates.mean(axis=0) == pytest.approx([row.rate for row in rows], rel=1e-5)
    assert record.steps == rows[0].length
    parameters = record.game.parameters
    assert record_episode(parameters, "constant_100", horizon=3).steps == 3


# --- how good that is

EVERY = coopetition.ENVIRONMENT_IDS


class Fixed(Policy):
    """Plays a sequence of levels (T, N)."""

    name = "fixed"

    def __init__(self, game, levels):
        super().__init__(game)
        self.rates = np.asarray(levels) / game.endowment

    def reset(self, seed=None, num_envs=1):
        self.copies = num_envs
        self.steps = [0] * self.game.n

    def act(self, observations, agent):
        self.steps[agent] += 1
        return np.full(len(observations), self.rates[self.steps[agent] - 1, agent])

    def script(self, steps, agent):
        return np.repeat(self.rates[:steps, agent, None], self.copies, axis=1)


@pytest.mark.parametrize("reward_mode", ["private", "integrated", "cooperative"])
@pytest.mark.parametrize("environment_id", EVERY)
def test_zero_is_the_worst_nash_and_one_the_optimum(environment_id, reward_mode):
    game = coopetition.make_game(environment_id, reward_mode=reward_mode)
    if game.random_gamma:
        game = coopetition.make_game(environment_id, reward_mode=reward_mode, gamma=0.55)
    scale = yardstick(game, reward_mode)
    best = evaluate(game, Fixed(game, stored_sequence(game, "optimum")), episodes=1, exploitability=False)[0]
    assert best.efficiency == pytest.approx(1.0, abs=1e-9)
    assert best.exploitability is None
    assert best.nash_conv is None
    nash = stored_sequence(game, "nash")
    if nash is None:  # no equilibrium was found: there is no scale either
        assert math.isnan(scale.nash)
        assert best.normalised is None
        return
    worst = evaluate(game, Fixed(game, nash), episodes=1, exploitability=False)[0]
    assert worst.efficiency == pytest.approx(scale.nash / scale.optimum)
    if worst.efficiency < 0.98:
        assert worst.normalised == pytest.approx(0.0, abs=1e-6)
        assert best.normalised == pytest.approx(1.0, abs=1e-6)
    else:  # there is nothing between them
        assert worst.normalised is None
        assert best.normalised is None


@pytest.mark.parametrize("environment_id", EVERY)
def test_all_twenty_at_half_effort(environment_id):
    """Efficiency is at most 1, and the quick bound is below the one that climbs in two of them."""
    rows = evaluate(environment_id, "constant_050", episodes=2, reward_mode="private")
    assert rows[0].efficiency <= 1.0 + 1e-9
    assert rows[0].normalised is None or rows[0].normalised <= rows[0].efficiency + 1e-9
    assert rows[0].nash_conv == pytest.approx(sum(row.exploitability for row in rows))
    assert min(row.exploitability for row in rows) >= 0.0
    if environment_id in ("SLCD-v0", "PublicGoods-v0"):
        searched = exploitability(environment_id, "constant_050", "private")
        assert np.all(searched.gains >= np.array([row.exploitability for row in rows]) - 1e-9)


def test_gains_by_hand():
    """Half of 50 is kept a step, of which m/n = 0.4 came back: 100 x 25 x 0.6 each. Nobody leaves a dominant nash."""
    half = evaluate("PublicGoods-v0", "constant_050", episodes=1, reward_mode="private")
    assert [row.exploitability for row in half] == pytest.approx([1500.0] * 5)
    assert half[0].nash_conv == pytest.approx(7500.0)
    nash = evaluate("PublicGoods-v0", "Oracle_Nash", episodes=1, reward_mode="private")
    assert [row.exploitability for row in nash] == [0.0] * 5
    # Somebody who is alone in giving all gains the same; the others have nothing to gain, and are searched apart.
    mixed = evaluate("PublicGoods-v0", ["constant_100", *["constant_000"] * 4], episodes=1, reward_mode="private")
    assert [row.exploitability for row in mixed] == pytest.approx([3000.0, 0.0, 0.0, 0.0, 0.0])


def test_a_longer_search_gains_more():
    quick = evaluate("ReciprocalDilemma-v0", "constant_040", episodes=1, horizon=30, normalise=False)
    longer = evaluate("ReciprocalDilemma-v0", "constant_040", episodes=1, horizon=30, normalise=False, thorough=True)
    assert longer[0].exploitability > quick[0].exploitability > 0.0


def test_modes_and_matrices():
    """Gains are of the mode's returns; a matrix has a yardstick of its own, and one that pays nothing has none."""
    shared = evaluate("PublicGoods-v0", "constant_100", episodes=1, reward_mode="cooperative")
    assert [row.exploitability for row in shared] == [0.0] * 5
    selfish = evaluate("PublicGoods-v0", "constant_000", episodes=1, reward_mode=np.eye(5), horizon=5)
    assert selfish[0].normalised == pytest.approx(0.0, abs=1e-12)
    worthless = evaluate("PublicGoods-v0", "constant_000", episodes=1, reward_mode=np.zeros((5, 5)), horizon=5)
    assert worthless[0].normalised is None
    assert worthless[0].efficiency is None
    assert worthless[0].nash_conv == 0.0
    assert json.loads(json.dumps(worthless[0].to_dict(), allow_nan=False))["normalised"] is None


def test_draws_are_common():
    """The same seed gives the same gains; a hidden complementarity is taken at its expected value."""
    rows = [evaluate("SynergySearch-v0", ["random", "constant_060"], episodes=2, seed=5) for _ in range(2)]
    assert [row.exploitability for row in rows[0]] == [row.exploitability for row in rows[1]]
    assert all(row.exploitability > 0.0 for row in rows[0])
    expected = exploitability("SynergySearch-v0", ["random", "constant_060"], seed=5, climb=False)
    assert [row.exploitability for row in rows[0]] == pytest.approx(expected.gains)


def test_oracles_that_follow_the_state_are_exploited():
    """Against a policy that has to look, each candidate is an episode that it sees."""
    rows = evaluate("SLCD-v0", "Oracle_TrustAware", episodes=2, horizon=6, normalise=False)
    assert all(math.isfinite(row.exploitability) for row in rows)
    mixed = evaluate("SLCD-v0", [Eyes(coopetition.make_game("SLCD-v0", horizon=6), "tit_for_tat"), "constant_010"],
                     episodes=1, horizon=6, normalise=False)  # fmt: skip
    assert mixed[1].exploitability > 0.0


class Broken(Policy):
    """Returns NaN from the third step on."""

    name = "broken"

    def reset(self, seed=None, num_envs=1):
        self.steps = 0

    def act(self, observations, agent):
        self.steps += 1
        return np.full(len(observations), np.nan if self.steps > 2 else 0.5)


def test_a_policy_that_returns_nan_is_named():
    game = coopetition.make_game("SLCD-v0")
    with pytest.raises(ValueError, match="action nan of agent 'samsung'.*not finite"):
        evaluate(game, [Broken(game), "constant_050"], episodes=1)


def test_the_disagreement_payoff_is_no_draw_of_a_trembling_hand():
    from coopetition.api.make import make_game
    from coopetition.baselines.outcomes import disagreement

    steady, trembling = make_game("PublicGoods-v0"), make_game("PublicGoods-v0", tremble=0.2)
    assert disagreement(trembling).tolist() == disagreement(steady).tolist() == [50.0] * 5
