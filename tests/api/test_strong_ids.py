"""The strong ids share the kernels of the published ones: short episodes through every check suffice."""

from __future__ import annotations

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from pettingzoo.test import api_test, parallel_api_test

import coopetition
from coopetition.testing import check_env


@pytest.mark.parametrize("name", coopetition.STRONG_IDS)
def test_strong_ids_conform(name: str) -> None:
    check_env(coopetition.parallel_env(name, horizon=6))
    parallel_api_test(coopetition.parallel_env(name, horizon=6), num_cycles=12)
    api_test(coopetition.aec_env(name, horizon=6), num_cycles=12)
    check_gymnasium(gymnasium.make(f"coopetition/{name}", horizon=6).unwrapped, skip_render_check=True)
