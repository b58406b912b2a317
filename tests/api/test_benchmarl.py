"""BenchMARL's tasks; run where BenchMARL is installed (examples/requirements/benchmarl.txt)."""

from __future__ import annotations

import pytest

from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS

pytestmark = pytest.mark.slow
pytest.importorskip("benchmarl")


@pytest.mark.parametrize("environment_id", [*ENVIRONMENT_IDS, *STRONG_IDS])
@pytest.mark.parametrize("continuous", [True, False])
def test_every_id_is_a_task(environment_id, continuous):
    from torchrl.envs.utils import check_env_specs

    from coopetition.api.benchmarl import CoopetitionTask, member_name, task

    game = task(environment_id, action_scale="symmetric") if continuous else task(environment_id, discrete=5)
    assert CoopetitionTask[member_name(environment_id)].get_task().config == {"id": environment_id}
    env = game.get_env_fun(num_envs=1, continuous_actions=continuous, seed=1, device="cpu")()
    check_env_specs(env)
    groups = game.group_map(env)
    assert set(game.observation_spec(env).keys()) == set(game.info_spec(env).keys()) == set(groups)
    assert {agent for members in groups.values() for agent in members} == set(env.possible_agents)
    assert game.state_spec(env)["state"].shape == env.state_space.shape
    assert game.max_steps(env) > 1


def test_groups():
    from coopetition.api.benchmarl import task

    def groups(**options):
        game = task("GiftExchange-v0", **options)
        return game.group_map(game.get_env_fun(1, True, 0, "cpu")())

    assert groups() == {"employer": ["employer"], "worker": ["worker"]}
    assert groups(groups="all") == {"agents": ["employer", "worker"]}


def test_rewards_are_scaled():
    import torch
    from torchrl.envs import Compose, TransformedEnv

    from coopetition.api.benchmarl import task

    def rewards(**options):
        game = task("TrustDilemma-v0", **options)
        env = game.get_env_fun(1, True, 0, "cpu")()
        env = TransformedEnv(env, Compose(*game.get_env_transforms(env)))
        torch.manual_seed(0)
        return env.rollout(3)["next", "agent", "reward"]

    torch.testing.assert_close(rewards(reward_scale=0.01), 0.01 * rewards())


@pytest.mark.parametrize(
    ("options", "named"),
    [({"reward_scale": 0.0}, "reward_scale"), ({"groups": "some"}, "groups"), ({"horizn": 3}, "horizon")],
)
def test_bad_options_are_refused_at_once(options, named):
    from coopetition.api.benchmarl import task

    with pytest.raises((TypeError, ValueError), match=named):
        task("TrustDilemma-v0", **options)
