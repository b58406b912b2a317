"""What each view shows besides numbers that all share: infos, options, totals, rendering, partners, turns."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import RecordEpisodeStatistics

import coopetition
from coopetition.api.options import EPISODE_TOTALS
from coopetition.api.view import PAGE_BYTES
from coopetition.testing import same

IDS = coopetition.ENVIRONMENT_IDS


def play_parallel(env, rate=0.6, steps=None):
    result = None
    while env.agents and steps != 0:
        result = env.step(dict.fromkeys(env.agents, np.array([rate], dtype=np.float32)))
        steps = None if steps is None else steps - 1
    return result


# --- infos


def test_joint_info():
    env = coopetition.gymnasium_env("PartnerHoldUp-v0", horizon=2)
    _, info = env.reset(seed=1)
    assert {name: value.tolist() for name, value in info.items()} == {
        "rewards": [0, 0],
        "payoff": [0, 0],
        "utility": [0, 0],
        "cooperation": [0.35, 0.35],
    }
    _, reward, _, _, first = env.step([0.5, 1.7])
    assert type(reward) is float
    assert first["cooperation"].tolist() == [0.5, 1.0]
    assert reward == pytest.approx(first["rewards"].mean())
    _, reward, terminated, truncated, last = env.step(np.array([0.5, 0.7]))
    assert (terminated, truncated) == (False, True)
    totals = last[EPISODE_TOTALS]
    assert totals["length"] == 2
    assert totals["payoff"].tolist() == (first["payoff"] + last["payoff"]).tolist()
    np.testing.assert_allclose(totals["rewards"], first["rewards"] + last["rewards"], rtol=1e-6)
    assert totals["reward"] == totals["rewards"].mean()
    assert last["outcome"] == ""


def test_agent_info(mirror):
    env = coopetition.gymnasium_env("PartnerHoldUp-v0", control="weak", partners=mirror, horizon=2)
    observation, info = env.reset(seed=1)
    assert observation.shape == env.observation_space.shape == (env.game.observation_size,)
    assert info == {"payoff": 0.0, "utility": 0.0, "cooperation": 0.35}
    _, reward, _, _, first = env.step(np.array([0.5], dtype=np.float32))
    assert all(type(value) is float for value in (reward, *first.values()))
    _, _, _, _, last = env.step([0.5])
    assert last[EPISODE_TOTALS]["payoff"] == first["payoff"] + last["payoff"]
    assert last[EPISODE_TOTALS]["length"] == 2


def test_outcomes():
    env = coopetition.gymnasium_env("RecoveryRace-v0", recovery_target=0.3)
    env.reset(seed=1)
    over = False
    while not over:
        *_, terminated, truncated, info = env.step([1.0, 1.0])
        over = terminated or truncated
    assert terminated
    assert info["outcome"] == env.outcome == "recovered"
    parallel = coopetition.parallel_env("RecoveryRace-v0")
    parallel.reset(seed=1)
    infos = play_parallel(parallel, 0.0)[4]
    assert parallel.outcome == "collapsed"
    assert infos["agent_0"]["outcome"] == 1


@pytest.mark.parametrize("name", IDS)
def test_parallel_totals(name):
    env = coopetition.parallel_env(name, horizon=4)
    env.reset(seed=1)
    rewards = dict.fromkeys(env.agents, 0.0)
    payoffs = dict.fromkeys(env.agents, 0.0)
    while env.agents:
        _, paid, _, _, infos = play_parallel(env, 0.7, 1)
        for agent, reward in paid.items():
            rewards[agent] += reward
            payoffs[agent] += infos[agent]["payoff"]
    for agent, info in infos.items():
        assert info["episode_reward"] == pytest.approx(rewards[agent], rel=1e-6)
        assert info["episode_payoff"] == payoffs[agent]


@pytest.mark.parametrize("name", IDS)
def test_full_infos_name_the_state(name, mirror):
    every = {
        "joint": coopetition.gymnasium_env(name, info_level="full"),
        "agent": coopetition.gymnasium_env(name, control=0, partners=mirror, info_level="full"),
        "vector": coopetition.vector_env(name, 2, info_level="full"),
        "parallel": coopetition.parallel_env(name, info_level="full"),
        "aec": coopetition.aec_env(name, info_level="full"),
    }
    infos = {}
    for kind, env in every.items():
        found = env.reset(seed=1)
        infos[kind] = env.infos if kind == "aec" else found[1]
    expected = every["parallel"].named_state()
    for name_, value in expected.items():
        if name_ in ("ended", "outcome"):
            continue
        for kind, info in infos.items():
            shown = info[env.possible_agents[0]] if kind in ("parallel", "aec") else info
            assert same(shown[name_][0] if kind == "vector" else shown[name_], value), (kind, name_)


def test_infos_are_numbers_for_torchrl():
    """TorchRL makes its specs from the infos of a reset, and writes every later key into them."""
    for make in (coopetition.parallel_env, coopetition.aec_env):
        env = make("CooperativeNegotiation-v0", info_level="full")
        env.reset(seed=1)
        infos = env.infos if make is coopetition.aec_env else env.reset(seed=1)[1]
        for info in infos.values():
            for value in info.values():
                np.asarray(value, dtype=np.float32)


# --- options


@pytest.mark.parametrize("make", [coopetition.parallel_env, coopetition.aec_env, coopetition.gymnasium_env])
def test_reset_options_set_the_state(make):
    env = make("SLCD-v0")
    env.reset(seed=1, options={"trust": 0.9, "damage": [[0.0, 0.2], [0.1, 0.0]], "time": 95})
    state = env.named_state()
    assert state["trust"].tolist() == [[0.0, 0.9], [0.9, 0.0]]
    assert state["damage"].tolist() == [[0.0, 0.2], [0.1, 0.0]]
    assert env.state()[env.state_layout["trust"]] == pytest.approx([0.9, 0.9])
    assert env.state()[env.state_layout["time"]] == pytest.approx(0.95)
    env.reset(seed=1)
    assert env.named_state()["trust"][0, 1] == 0.65


def test_parameters_instead_of_an_id():
    from coopetition.envs.trust_dilemma import TrustDilemma

    env = coopetition.parallel_env(TrustDilemma(theta=10.0), horizon=7)
    assert env.game.parameters == TrustDilemma(theta=10.0, horizon=7)


def test_spaces_follow_the_action_scale():
    for scale, low, high in (
        ("unit", [0, 0], [1, 1]),
        ("endowment", [0, 0], [120, 80]),
        ("symmetric", [-1, -1], [1, 1]),
    ):
        env = coopetition.gymnasium_env("PartnerHoldUp-v0", action_scale=scale)
        assert env.action_space.low.tolist() == low
        assert env.action_space.high.tolist() == high
    # Rounded to float32, this endowment would lie above itself.
    env = coopetition.parallel_env(
        "PartnerHoldUp-v0", endowment=(100.1, 80), action_scale="endowment", strict_actions=True
    )
    env.reset(seed=1)
    env.step({agent: env.action_space(agent).high for agent in env.agents})


def test_max_cycles_is_the_horizon():
    assert coopetition.parallel_env("SLCD-v0", max_cycles=3).game.horizon == 3
    assert coopetition.aec_env("SLCD-v0", max_cycles=3, horizon=3).game.horizon == 3


@pytest.mark.parametrize("name", IDS)
def test_a_policy_of_the_parallel_view_plays_the_aec_view(name):
    """By default the same observations, whoever has moved; metadata says that nothing is revealed."""
    parallel, aec = coopetition.parallel_env(name, horizon=4), coopetition.aec_env(name, horizon=4)
    assert aec.metadata["sequential"] is False
    assert aec.metadata["turn_order"] == tuple(aec.possible_agents)
    assert aec.observation_layout == parallel.observation_layout
    seen, _ = parallel.reset(seed=3)
    aec.reset(seed=3)
    stream = np.random.default_rng(1)
    while parallel.agents:
        actions = {agent: stream.uniform(0.4, 1.0, 1).astype(np.float32) for agent in parallel.agents}
        for agent in parallel.possible_agents:
            assert aec.agent_selection == agent
            assert same(aec.last()[0], seen[agent])
            aec.step(actions[agent])
        seen, rewards, *_ = parallel.step(actions)
        assert aec.rewards == rewards
    for options in ({"sequential": True}, {"turn_order": "random"}):
        view = coopetition.aec_env(name, **options)
        assert view.metadata["sequential"] is True
        assert view.metadata["turn_order"] == (view.turn_order or tuple(view.possible_agents))


def test_layouts_name_every_column():
    env = coopetition.aec_env("ReputationMarket-v0", sequential=True)
    layout = env.observation_layout
    assert list(layout)[:2] == ["own_rate", "other_rates"]
    assert list(layout)[-2:] == ["revealed", "moved"]
    columns = np.concatenate([np.arange(part.start, part.stop) for part in layout.values()])
    assert columns.tolist() == list(range(env.observation_space("agent_0").shape[0]))
    assert "revealed" not in coopetition.parallel_env("ReputationMarket-v0").observation_layout


# --- Gymnasium's wrappers


def test_gymnasiums_statistics_wrapper_works():
    env = RecordEpisodeStatistics(gymnasium.make("coopetition/SLCD-v0", horizon=3))
    env.reset(seed=1)
    rewards = 0.0
    for _ in range(3):
        *_, info = (step := env.step(np.array([0.5, 0.5], dtype=np.float32)))
        rewards += step[1]
    assert info["episode"]["l"] == 3
    assert info["episode"]["r"] == pytest.approx(rewards)
    assert info[EPISODE_TOTALS]["length"] == 3
    vector = gymnasium.make_vec("coopetition/SLCD-v0", num_envs=2, horizon=3)
    vector = gymnasium.wrappers.vector.RecordEpisodeStatistics(vector)
    vector.reset(seed=1)
    for _ in range(3):
        *_, info = vector.step(np.full((2, 2), 0.5, dtype=np.float32))
    assert info["episode"]["l"].tolist() == [3, 3]


def test_made_environments_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("coopetition/TrustDilemma-v0")
        env.reset(seed=1)
        env.action_space.seed(1)
        for _ in range(5):
            env.step(env.action_space.sample())


# --- memory


def joint_steps(name):
    env = coopetition.gymnasium_env(name, horizon=1000)
    env.reset(seed=1)
    for step in range(600):
        yield env.step(np.full(env.game.n, 0.5 + step / 2000))


def agent_steps(name):
    """The learner's, and what its partner was shown."""
    partner = _Watching()
    env = coopetition.gymnasium_env(name, control=0, partners=partner, horizon=1000)
    env.reset(seed=1)
    for step in range(600):
        yield env.step([0.5 + step / 2000]), partner.seen


def parallel_steps(name):
    env = coopetition.parallel_env(name, horizon=1000)
    env.reset(seed=1)
    for step in range(600):
        yield play_parallel(env, 0.5 + step / 2000, 1)


def aec_steps(name):
    env = coopetition.aec_env(name, horizon=1000)
    env.reset(seed=1)
    for step in range(600):
        for _ in env.possible_agents:
            before = env.last(), env.observe(env.possible_agents[0])
            env.step(np.array([0.5 + step / 2000]))
            yield before, env.rewards, env.terminations, env.infos, env.observe(env.agent_selection)


def vector_steps(name, mode):
    env = coopetition.vector_env(name, 8, horizon=9, autoreset_mode=mode)
    env.reset(seed=1)
    stream = np.random.default_rng(0)
    for _ in range(60):
        yield env.step(stream.uniform(0.2, 1.0, env.action_space.shape).astype(np.float32))


@pytest.mark.parametrize("name", ["TrustDilemma-v0", "LoyaltyTeam-v0"])
@pytest.mark.parametrize(
    "steps",
    [
        joint_steps,
        agent_steps,
        parallel_steps,
        aec_steps,
        lambda name: vector_steps(name, "NextStep"),
        lambda name: vector_steps(name, "SameStep"),
    ],
    ids=["joint", "agent", "parallel", "aec", "next_step", "same_step"],
)
def test_what_was_returned_stays(name, steps):
    """Longer than a page of outputs. AEC's rewards and infos stay, too, for the dicts are made anew."""
    kept, copies = [], []
    for found in steps(name):
        kept.append(found)
        copies.append(copy.deepcopy(found))
    assert same(kept, copies)


@pytest.mark.parametrize("name", IDS)
def test_what_is_kept_holds_little_else(name):
    """An observation in a replay buffer holds the page that it lies on: 4 KiB at most, or what it is itself."""
    joint = coopetition.gymnasium_env(name)
    agent = coopetition.gymnasium_env(name, control=0)
    parallel = coopetition.parallel_env(name)
    aec = coopetition.aec_env(name)
    aec.reset(seed=1)
    shown = [joint.reset(seed=1)[0], agent.reset(seed=1)[0], *parallel.reset(seed=1)[0].values(), aec.last()[0]]
    shown += play_parallel(parallel, steps=1)[0].values()
    for array in shown:
        held = array if array.base is None else array.base
        assert held.nbytes <= max(PAGE_BYTES, array.nbytes)
    assert PAGE_BYTES <= 4096


def test_a_million_steps_keep_what_was_kept():
    """One observation in 256 kept: as much memory as 4 KiB each, at most."""
    env = coopetition.parallel_env("TrustDilemma-v0", horizon=20_000)
    env.reset(seed=1)
    actions = dict.fromkeys(env.agents, np.array([0.5]))
    kept = []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for step in range(20_000):
        observations = env.step(actions)[0]
        if step % 256 == 0:
            kept.append(observations["agent_0"])
    del observations
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < (4096 + 512) * (len(kept) + 2)


@pytest.mark.parametrize("name", ["TrustDilemma-v0", "PlatformEcosystem-v0"])
def test_actions_of_any_kind_are_read_alike(name):
    """Arrays, lists and arrays of Python objects; two agents' are read in another way than many's."""
    rewards = []
    for kind in (np.float64, np.float32, np.int64, object, list, tuple):
        env = coopetition.gymnasium_env(name)
        env.reset(seed=1)
        rates = [1, *[0] * (env.game.n - 1)]
        rewards.append(env.step(kind(rates) if kind in (list, tuple) else np.array(rates, dtype=kind))[1])
    assert len(set(rewards)) == 1


def test_snapshots_keep_partners(mirror):
    env = coopetition.gymnasium_env("SLCD-v0", control=0, partners=_Counting())
    env.reset(seed=1)
    env.step([0.5])
    snapshot = env.snapshot()
    first = [env.step([0.5])[1] for _ in range(5)]
    for _ in range(2):
        observation = env.restore(snapshot)
        assert observation.shape == env.observation_space.shape
        assert [env.step([0.5])[1] for _ in range(5)] == first


class _Watching:
    """A partner that keeps what it was shown."""

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        self.seen = observations
        return observations[:, 0]


class _Counting:
    """A partner that gives a little more every time."""

    count = 0

    def act(self, observations: np.ndarray, i: int) -> np.ndarray:
        self.count += 1
        return np.full(len(observations), self.count / 100)


def test_pickles_in_the_middle_of_a_round():
    env = coopetition.aec_env("PlatformEcosystem-v0", turn_order="random")
    env.reset(seed=1)
    for _ in range(7):
        env.step(np.array([0.3], dtype=np.float32))
    for other in (pickle.loads(pickle.dumps(env)), copy.deepcopy(env)):
        assert other.agent_selection == env.agent_selection
        assert same(other.last(), env.last())
    snapshot = env.snapshot()
    seen = env.last()
    for _ in range(9):
        env.step(np.array([0.8], dtype=np.float32))
    assert same(env.restore(snapshot), seen[0])
    assert same(env.last(), seen)


# --- turns


def test_leader_and_follower():
    env = coopetition.aec_env("GiftExchange-v0", turn_order=["worker", "employer"], action_scale="endowment")
    env.reset(seed=1)
    revealed, moved = env.observation_layout["revealed"], env.observation_layout["moved"]
    assert env.agent_selection == "worker"
    assert env.last()[0][moved].tolist() == [0, 0]
    env.step(np.array([60.0], dtype=np.float32))
    assert env.agent_selection == "employer"
    assert env.last()[0][revealed].tolist() == [0, 0.75]
    assert env.last()[0][moved].tolist() == [0, 1]
    assert env.observe("worker")[revealed].tolist() == [0, 0.75]
    assert env.rewards == {"employer": 0.0, "worker": 0.0}
    env.step(np.array([500.0], dtype=np.float32))
    assert env.infos["employer"]["cooperation"] == 1.0
    assert env.last()[0][moved].tolist() == [0, 0]
    assert all(type(reward) is float for reward in env.rewards.values())


def test_random_order_is_seeded():
    def orders(seed):
        env = coopetition.aec_env("DynamicPartnerSelection-v0", turn_order="random")
        env.reset(seed=seed)
        movers = []
        for _ in range(5 * 6):
            movers.append(env.agent_selection)
            env.step(np.array([0.5]))
        return movers

    one = orders(3)
    assert one == orders(3)
    assert one != orders(4)
    rounds = [tuple(one[k : k + 6]) for k in range(0, 30, 6)]
    assert all(sorted(movers) == sorted(rounds[0]) for movers in rounds)
    assert len(set(rounds)) > 1


# --- partners


def test_partners_by_name_and_by_agent(mirror):
    env = coopetition.gymnasium_env("SLCD-v0", control="sony", info_level="full")
    env.reset(seed=1)
    env.step([0.9])
    *_, info = env.step([0.2])
    assert info["rates"][0] == pytest.approx(0.9)  # tit for tat
    other = coopetition.gymnasium_env("SLCD-v0", control=np.int64(1), partners="constant_025", info_level="full")
    other.reset(seed=1)
    assert other.step([0.9])[4]["rates"].tolist() == [0.25, pytest.approx(0.9)]
    mixed = coopetition.gymnasium_env(
        "AppleAppStore-v0",
        control="major",
        partners={"small": "constant_100", "apple": mirror},
        action_scale="endowment",
        info_level="full",
    )
    mixed.reset(seed=1)
    assert mixed.step([40.0])[4]["rates"].tolist() == [pytest.approx(0.3), 0.5, 1.0]
    listed = coopetition.gymnasium_env(
        "AppleAppStore-v0", control="major", partners=[mirror, "constant_100"], info_level="full"
    )
    listed.reset(seed=1)
    assert listed.step([0.5])[4]["rates"].tolist() == [pytest.approx(0.3), 0.5, 1.0]


def test_random_partners_are_seeded():
    def rewards(seed):
        env = coopetition.gymnasium_env("SLCD-v0", control=0, partners="random")
        env.reset(seed=seed)
        first = [env.step([0.5])[1] for _ in range(5)]
        env.reset()
        return first + [env.step([0.5])[1] for _ in range(5)]

    one = rewards(5)
    assert one == rewards(5)
    assert one[:5] != one[5:]
    assert one != rewards(6)


# --- rendering


def test_the_table():
    env = coopetition.parallel_env("CooperativeNegotiation-v0", render_mode="ansi")
    env.reset(seed=1)
    assert "step 0/100" in env.render()
    play_parallel(env, 0.5, 1)
    header, columns, *rows = env.render().splitlines()
    assert header == "CooperativeNegotiation-v0  step 1/100  integrated  agreed 1"
    assert columns.split() == ["agent", "rate", "level", "payoff", "utility", "reward", "trust", "damage", "agreement"]
    assert rows[0].split()[:3] == ["agent_0", "0.500", "50.0"]
    assert rows[0].split()[-1] == "50"
    joint = coopetition.gymnasium_env("CooperativeNegotiation-v0", render_mode="ansi")
    joint.reset(seed=1)
    joint.step([0.5, 0.5])
    assert joint.render() == env.render()
    vector = coopetition.vector_env("CooperativeNegotiation-v0", 2, render_mode="ansi")
    vector.reset(seed=1)
    vector.step(np.full((2, 2), 0.5))
    assert vector.render() == (env.render(),) * 2


@pytest.mark.parametrize("name", IDS)
def test_every_table_has_a_row_for_each_agent(name):
    env = coopetition.parallel_env(name, render_mode="ansi")
    env.reset(seed=1)
    table = env.render().splitlines()
    assert [row.split()[0] for row in table[2:]] == env.possible_agents
    assert len({len(row) for row in table[1:]}) == 1


@pytest.mark.parametrize("name", ["SLCD-v0", "LoyaltyTeam-v0"])
def test_figures_get_the_history(name, figures, mirror):
    every = [
        coopetition.gymnasium_env(name, render_mode="rgb_array"),
        coopetition.gymnasium_env(name, control=0, partners=mirror, render_mode="rgb_array"),
        coopetition.vector_env(name, 1, render_mode="rgb_array"),
        coopetition.parallel_env(name, render_mode="rgb_array"),
        coopetition.aec_env(name, render_mode="rgb_array"),
    ]
    for env in every:
        env.reset(seed=1)
        env.render()
        assert figures[-1]["rates"].shape == (0, env.game.n)
        for _ in range(3):
            if hasattr(env, "agent_selection"):
                for _ in env.agents:
                    env.step(np.array([0.5]))
            elif hasattr(env, "agents"):
                play_parallel(env, 0.5, 1)
            else:
                env.step(np.full(env.action_space.shape, 0.5))
        frame = env.render()
        frame = frame[0] if isinstance(frame, tuple) else frame
        assert frame.dtype == np.uint8
        history = figures[-1]
        assert history["rates"].shape == history["payoffs"].shape == (3, env.game.n)
        assert history["time"] == 3
        assert ("trust" in history) == (name == "SLCD-v0")
        assert ("loyalty" in history) == (name == "LoyaltyTeam-v0")
        env.close()


def test_human_rendering_needs_no_display(figures):
    import matplotlib

    matplotlib.use("Agg")
    for env in (
        coopetition.gymnasium_env("SLCD-v0", render_mode="human"),
        coopetition.parallel_env("SLCD-v0", render_mode="human"),
        coopetition.vector_env("SLCD-v0", 1, render_mode="human"),
    ):
        env.reset(seed=1)
        drawn = len(figures)
        assert env.render() is None
        assert len(figures) == drawn + 1
        pickle.dumps(env)
        env.close()
        env.close()


def test_rendering_without_a_mode_warns():
    for env in (coopetition.parallel_env("SLCD-v0"), coopetition.vector_env("SLCD-v0", 1)):
        env.reset(seed=1)
        with pytest.warns(UserWarning, match="without a render mode"):
            assert env.render() is None


def test_autoreset_modes_by_name():
    for given in ("SameStep", "same_step", "SAME_STEP", AutoresetMode.SAME_STEP):
        assert (
            coopetition.vector_env("SLCD-v0", 1, autoreset_mode=given).metadata["autoreset_mode"]
            is AutoresetMode.SAME_STEP
        )
