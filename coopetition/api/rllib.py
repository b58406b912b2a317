"""RLlib: what a worker needs to make an environment, by name.

Ray's workers are processes that have imported nothing of ours, and do not see the files of whoever started them. A
function of an installed package is sent by its name, and imported where it runs. Nothing else imports this module,
which needs Ray only when it makes an environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coopetition.games import checks


def make_env(config: Mapping[str, Any]) -> Any:
    """An environment for RLlib, in whichever process asks for it.

    Parameters
    ----------
    config : mapping
        RLlib's ``env_config``: ``id``; ``reward_scale``, a factor on every reward (1 by default), which RLlib's own
        settings need near .001 for most games; and the options of `coopetition.parallel_env`.

    Returns
    -------
    ray.rllib.env.wrappers.pettingzoo_env.ParallelPettingZooEnv

    Raises
    ------
    TypeError, ValueError
        As for `coopetition.parallel_env`; and for a scale that is not positive.

    Examples
    --------
    ``ray.tune.registry.register_env("coopetition", make_env)``, then
    ``PPOConfig().environment("coopetition", env_config={"id": "SLCDStrong-v0", "reward_mode": "private"})``.
    """
    from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv

    from coopetition.api.make import parallel_env

    class Scaled(ParallelPettingZooEnv):
        """The same with rewards times a factor; infos keep the game's units."""

        def step(self, action_dict: Any) -> Any:
            observations, rewards, terminated, truncated, infos = super().step(action_dict)
            return observations, {agent: scale * one for agent, one in rewards.items()}, terminated, truncated, infos

    options = dict(config)
    scale = checks.real("reward_scale", options.pop("reward_scale", 1.0))
    if scale <= 0.0:
        raise ValueError(f"reward_scale = {scale!r}: expected a positive number")
    return Scaled(parallel_env(options.pop("id"), **options))
