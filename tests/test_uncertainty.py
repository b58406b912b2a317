"""Ends by chance, hidden clocks, hands that tremble and eyes that misread: options of every environment."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest

import coopetition
from coopetition.baselines import evaluate, make_policy
from coopetition.envs import ENVIRONMENTS
from coopetition.games.game import Game
from coopetition.kernels import chance
from coopetition.oracles import Episode, StageGame, open_loop_optimum, solve
from coopetition.policies.replica import Replica
from coopetition.testing import check_env

#: One of each family, and the one that draws its complementarity too.
KINDS = ("TrustDilemma-v0", "LoyaltyTeam-v0", "AppleAppStore-v0", "SynergySearch-v0")
ALL: dict[str, Any] = {"continuation": 0.95, "observe_time": False, "tremble": 0.05, "monitoring_noise": 0.1}
MASK = 2**32 - 1


def scrambled(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
    x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
    return x ^ (x >> 16)


def uniform(number: int, place: int) -> float:
    """The definition, in unbounded integers."""
    x = scrambled((number % 2**32 + place * 0x9E3779B9) % 2**32)
    return (scrambled((x + number // 2**32) % 2**32) + 0.5) / 2**32


def normal(number: int, place: int) -> float:
    return math.sqrt(-2 * math.log(uniform(number, place))) * math.cos(2 * math.pi * uniform(number, place + 1))


@pytest.mark.parametrize("key", ENVIRONMENTS)
def test_the_default_game_pays_nothing_for_it(key: str) -> None:
    game = coopetition.make_game(key)
    own = {id(stage) for stage in vars(chance).values()}
    assert not any(id(stage) in own for stage in game.stages())
    assert not {"chance", "seen", "begun"} & set(game.layout)
    assert not game.uncertain


@pytest.mark.parametrize("key", KINDS)
def test_a_step_is_what_the_hash_says(key: str) -> None:
    batch = coopetition.batch(key, 3, autoreset="disabled", **ALL)
    n = batch.game.n
    batch.reset(seed=5)
    rates = np.random.default_rng(0).uniform(size=(8, 3, n))
    for t in range(1, 9):
        before = batch.state()
        batch.step(rates[t - 1])
        after = batch.state()
        for k in range(3):
            if before["ended"][k]:
                continue
            number = int(before["chance"][k])
            assert after["chance"][k] == number
            first = t * (1 + 2 * n + 2 * n * n)
            hands = [normal(number, first + 1 + 2 * i) for i in range(n)]
            played = np.clip(rates[t - 1, k] + ALL["tremble"] * np.array(hands), 0.0, 1.0)
            np.testing.assert_allclose(after["rates"][k], played, atol=1e-12)
            for i in range(n):
                for j in range(n):
                    if i != j:
                        noise = ALL["monitoring_noise"] * normal(number, first + 1 + 2 * n + 2 * (i * n + j))
                        assert after["seen"][k, i, j] == pytest.approx(min(max(played[j] + noise, 0.0), 1.0), abs=1e-12)
            if after["ended"][k] != 1.0:
                assert (after["ended"][k] == 2.0) == (uniform(number, first) >= ALL["continuation"])


def test_normal_numbers_are_normal() -> None:
    batch = coopetition.batch("PublicGoods-v0", 20_000, tremble=0.05, monitoring_noise=0.05, autoreset="disabled")
    batch.reset(seed=0)
    batch.step(np.full((20_000, 5), 0.5))
    state = batch.state()
    draws = (state["rates"] - 0.5) / 0.05
    eyes = (state["seen"][:, 0, 1:] - state["rates"][:, 1:]) / 0.05
    both = np.concatenate([draws, eyes], axis=1)
    assert np.abs(both.mean(axis=0)).max() < 4 / math.sqrt(20_000)
    assert np.abs(both.std(axis=0) - 1.0).max() < 4 / math.sqrt(40_000)
    correlations = np.corrcoef(both.T) - np.eye(both.shape[1])
    assert np.abs(correlations).max() < 4.5 / math.sqrt(20_000)
    tails = (np.abs(both) > 2.0).mean()
    assert tails == pytest.approx(math.erfc(2 / math.sqrt(2)), abs=0.002)


def test_ends_come_with_their_probability_and_truncate() -> None:
    batch = coopetition.batch("PublicGoods-v0", 20_000, continuation=0.9, horizon=60, autoreset="disabled")
    batch.reset(seed=0)
    played = batch.rollout("constant_050")
    assert played.truncated.all()
    assert not played.terminated.any()
    expected = [(0.9**t) * 0.1 for t in range(59)]
    counts = np.bincount(played.lengths, minlength=61)[1:60] / 20_000
    assert np.abs(counts - expected).max() < 4 * math.sqrt(0.1 * 0.9 / 20_000)


@pytest.mark.parametrize("key", ["TrustDilemma-v0", "CoalitionFormation-v0", "GraduatedSanction-v0"])
@pytest.mark.parametrize("mode", ["private", "integrated"])
def test_expectation_is_the_discounted_sum(key: str, mode: str) -> None:
    delta = 0.93
    plain = coopetition.batch(key, 1, autoreset="disabled", reward_mode=mode)
    plain.reset(seed=0)
    rates = np.random.default_rng(1).uniform(0.3, 0.9, size=(plain.game.horizon, plain.game.n))
    played = plain.rollout("actions", actions=rates, record=True)
    paid = played.utilities if mode == "integrated" else played.payoffs
    assert paid is not None
    weights = delta ** np.arange(len(paid))
    episode = Episode(coopetition.make_game(key, reward_mode=mode, continuation=delta))
    np.testing.assert_allclose(episode.returns(rates[None])[0], weights @ paid[:, 0], rtol=1e-12)


def test_expectation_is_what_is_drawn_on_average() -> None:
    drawn = coopetition.batch("RecoveryRace-v0", 20_000, continuation=0.97, autoreset="disabled")
    drawn.reset(seed=0)
    returns = drawn.rollout("constant_080").returns[:, 0]
    expected = Episode("RecoveryRace-v0", None).game.parameters
    episode = Episode(Game(type(expected)(continuation=0.97)))
    exact = episode.returns(np.full((1, 200, 2), 0.8))[0, 0]
    assert abs(returns.mean() - exact) < 4 * returns.std() / math.sqrt(20_000)


def test_oracles_take_uncertainty_as_they_say() -> None:
    plain = solve("TrustDilemma-v0", "nash")
    unsure = solve(coopetition.make_game("TrustDilemma-v0", **ALL), "nash")
    np.testing.assert_array_equal(plain.actions, unsure.actions)
    np.testing.assert_array_equal(plain.payoffs, unsure.payoffs)
    stage = StageGame(coopetition.make_game("TrustDilemma-v0", continuation=0.5), {"time": 7})
    np.testing.assert_array_equal(
        stage.evaluate([[20.0, 30.0]])[0], StageGame("TrustDilemma-v0", {"time": 7}).evaluate([[20.0, 30.0]])[0]
    )
    shorter = open_loop_optimum(
        coopetition.make_game("PublicGoods-v0", reward_mode="private", continuation=0.9, horizon=30)
    )
    assert shorter.value == pytest.approx(500.0 * (1 - 0.9**30) / 0.1, rel=1e-9)


@pytest.mark.parametrize("key", KINDS)
def test_all_views_draw_alike(key: str) -> None:
    options: dict[str, Any] = {**ALL, "reward_mode": "private"}
    batch = coopetition.batch(key, 3, autoreset="disabled", **options)
    batch.reset(seed=11)
    copies = coopetition.batch(key, 1, autoreset="disabled", **options)
    copies.reset(seed=12)
    parallel = coopetition.parallel_env(key, **options)
    observations, _ = parallel.reset(seed=12)
    single = gymnasium.make(f"coopetition/{key}", **options)
    single.reset(seed=12)
    rates = np.random.default_rng(2).uniform(size=(6, batch.game.n))
    for row in rates:
        batch.step(np.tile(row, (3, 1)))
        copies.step(row[None])
        observations, rewards, ended, cut, _ = parallel.step(
            {agent: np.array([rate], dtype=np.float64) for agent, rate in zip(batch.game.agents, row, strict=True)}
        )
        np.testing.assert_array_equal(batch.observations[1], copies.observations[0])
        np.testing.assert_array_equal(
            np.stack([observations[agent] for agent in batch.game.agents]), batch.observations[1]
        )
        assert list(rewards.values()) == batch.rewards[1].tolist()
        assert set(ended.values()) == {bool(batch.terminated[1])}
        assert set(cut.values()) == {bool(batch.truncated[1])}
        if batch.terminated[1] or batch.truncated[1]:
            break


@pytest.mark.parametrize("key", KINDS)
def test_rollouts_and_snapshots_replay(key: str) -> None:
    batch = coopetition.batch(key, 5, autoreset="disabled", **ALL)
    batch.reset(seed=3)
    start = batch.snapshot()
    inside = batch.rollout("tit_for_tat")
    policy = make_policy("tit_for_tat", batch.game)
    batch.restore(start)
    policy.reset(num_envs=5)
    for _ in range(batch.game.horizon):
        actions = [policy.act(batch.observations[:, i], i) for i in range(batch.game.n)]
        batch.step(np.stack(actions, axis=1))
    state = batch.state()
    np.testing.assert_array_equal(state["reward_total"], inside.returns)
    np.testing.assert_array_equal(state["time"], inside.lengths)


@pytest.mark.parametrize("autoreset", ["same_step", "next_step"])
def test_every_episode_has_its_own_chance(autoreset: str) -> None:
    batch = coopetition.batch("TrustDilemma-v0", 2, autoreset=autoreset, continuation=0.5)
    batch.reset(seed=0)
    seen = set()
    for _ in range(60):
        seen.add(float(batch.state()["chance"][0]))
        batch.step(np.full((2, 2), 0.6))
    assert len(seen) > 15
    again = coopetition.batch("TrustDilemma-v0", 1, autoreset=autoreset, continuation=0.5)
    again.reset(seed=1)
    other = batch.reset(seed=0)
    assert other.shape[0] == 2
    assert again.state()["chance"][0] == batch.state()["chance"][1]


@pytest.mark.parametrize("key", ["TrustDilemma-v0", "LoyaltyTeam-v0", "ReciprocalDilemma-v0"])
def test_the_clock_is_hidden(key: str) -> None:
    game = coopetition.make_game(key, observe_time=False)
    assert "time" not in game.observation_layout
    assert "time" not in game.joint_layout
    assert game.observation_size == coopetition.make_game(key).observation_size
    batch = coopetition.batch(key, 1, observe_time=False, autoreset="disabled")
    before = batch.reset(seed=0)[0, 0].copy()
    begun = game.observation_layout["begun"].start
    assert before[begun] == 0.0
    rates = batch.game.baseline_rate[None]
    assert batch.step(rates)[0][0, 0, begun] == 1.0
    with pytest.raises(ValueError, match="observe_time"):
        make_policy("Oracle_TrustAware", game).reset(num_envs=1)
    with pytest.raises(ValueError, match="observe_time"):
        Replica(game, 1)


@pytest.mark.parametrize("key", KINDS)
def test_uncertain_environments_conform(key: str) -> None:
    check_env(coopetition.parallel_env(key, horizon=12, **ALL))
    check_env(gymnasium.make(f"coopetition/{key}", horizon=12, **ALL))


def test_policies_play_uncertain_games() -> None:
    for name in ("generous_tit_for_tat", "grim_trigger", "best_reply"):
        rows = evaluate("TrustDilemma-v0", name, episodes=4, normalise=False, exploitability=False, tremble=0.05)
        assert np.isfinite(rows[0].payoff)


@pytest.mark.parametrize(
    "wrong", [{"continuation": 0.0}, {"continuation": 1.1}, {"tremble": -0.1}, {"monitoring_noise": 2.0}]
)
def test_out_of_domain(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        coopetition.make_game("SLCD-v0", **wrong)


def test_plain_python_draws_the_same() -> None:
    program = (
        "import coopetition, numpy as np\n"
        f"b = coopetition.batch('AppleAppStore-v0', 2, autoreset='disabled', **{ALL!r})\n"
        "b.reset(seed=4)\n"
        "for _ in range(5): b.step(np.full((2, 3), 0.5))\n"
        "print(repr(b.state()['payoff_total'].tolist()), repr(b.state()['seen'].tolist()))\n"
    )
    outputs = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        outputs.append(np.concatenate([np.ravel(part) for part in eval(done.stdout.replace("] [", "], ["))]))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-12)
