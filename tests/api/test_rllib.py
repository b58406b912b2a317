"""What RLlib's workers call by its name; run where RLlib is installed (examples/requirements/rllib.txt)."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from coopetition.api.rllib import make_env


def test_workers_get_it_by_name():
    """Sent as a name, not as code, so that a process that never imported us can make environments."""
    sent = pickle.dumps(make_env)
    assert b"coopetition.api.rllib" in sent
    assert len(sent) < 100


@pytest.mark.slow
def test_rewards_are_scaled_and_infos_are_not():
    pytest.importorskip("ray.rllib.env.wrappers.pettingzoo_env")
    plain, scaled = (make_env({"id": "TrustDilemma-v0", "reward_scale": scale}) for scale in (1.0, 0.01))
    for env in (plain, scaled):
        env.reset(seed=1)
    actions = {agent: np.array([0.5]) for agent in plain.par_env.possible_agents}
    (_, rewards, *_, infos), (_, small, *_, same) = plain.step(actions), scaled.step(actions)
    assert small == {agent: pytest.approx(0.01 * reward) for agent, reward in rewards.items()}
    assert {agent: info["episode_reward"] for agent, info in infos.items()} == {
        agent: info["episode_reward"] for agent, info in same.items()
    }
    with pytest.raises(ValueError, match="reward_scale"):
        make_env({"id": "TrustDilemma-v0", "reward_scale": 0.0})
