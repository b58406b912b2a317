"""RLlib: what a worker needs to make an environment, by name.

Ray's workers are processes that have imported nothing of ours, and do not see the files of whoever started them. A
function of an installed package is sent by its name, and imported where it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def make_env(config: Mapping[str, Any]) -> Any:
    """An environment for RLlib, in whichever process asks for it.

    Parameters
    ----------
    config : mapping
        RLlib's ``env_config``: ``id``, and the options of `coopetition.parallel_env`.

    Returns
    -------
    ray.rllib.env.wrappers.pettingzoo_env.ParallelPettingZooEnv

    Examples
    --------
    ``ray.tune.registry.register_env("coopetition", make_env)``, then
    ``PPOConfig().environment("coopetition", env_config={"id": "SLCDStrong-v0", "reward_mode": "private"})``.
    """
    from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv

    from coopetition.api.make import parallel_env

    options = dict(config)
    return ParallelPettingZooEnv(parallel_env(options.pop("id"), **options))
