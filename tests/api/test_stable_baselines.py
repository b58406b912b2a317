"""Stable-Baselines3's own check accepts joint and single-agent control, unwrapped."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env as check_stable_baselines

import coopetition

IDS = coopetition.ENVIRONMENT_IDS


@pytest.mark.parametrize("control", ["joint", 0])
@pytest.mark.parametrize("name", IDS)
def test_stable_baselines_accepts(name, control, mirror):
    partners = {} if control == "joint" else {"partners": mirror}
    env = coopetition.gymnasium_env(name, control=control, action_scale="symmetric", **partners)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_stable_baselines(env)


def test_it_learns_a_little(mirror):
    env = coopetition.gymnasium_env("SLCD-v0", control=0, partners=mirror)
    PPO("MlpPolicy", env, n_steps=64, batch_size=32, n_epochs=1, device="cpu", seed=1).learn(128)
    assert np.isfinite(env.state()).all()
