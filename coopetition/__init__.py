"""Coopetition: twenty closed-form mixed-motive multi-agent environments.

Importing the package registers the environments with Gymnasium, and with PettingZoo where it has a registry.
Everything else is imported when it is first used, so that the import stays cheap in every worker process.

Attributes
----------
ENVIRONMENT_IDS : tuple of str
    The twenty short ids, such as ``"SLCD-v0"``; Gymnasium's ids put ``coopetition/`` in front.
STRONG_IDS : tuple of str
    The same twenty under their preset "strong", such as ``"SLCDStrong-v0"``, in the same order.
EXTENSION_IDS : tuple of str
    What extends the suite and is not counted among the twenty: ``"SLCDBiaxial-v0"``, two numbers an action.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from coopetition.registration import ENVIRONMENT_IDS, EXTENSION_IDS, STRONG_IDS, register_environments

if TYPE_CHECKING:
    from coopetition.api.make import aec_env, batch, gymnasium_env, make_game, parallel_env, vector_env
    from coopetition.batching.batch import Batch
    from coopetition.envs import register
    from coopetition.games.game import Game
    from coopetition.games.inequity_averse import InequityAverse
    from coopetition.games.rewards import RewardMode, register_reward_mode
    from coopetition.study.recording import read_recording, record

__version__ = "0.1.0"

__all__ = [
    "ENVIRONMENT_IDS",
    "EXTENSION_IDS",
    "STRONG_IDS",
    "Batch",
    "Game",
    "InequityAverse",
    "RewardMode",
    "aec_env",
    "batch",
    "gymnasium_env",
    "make_game",
    "parallel_env",
    "read_recording",
    "record",
    "register",
    "register_environments",
    "register_reward_mode",
    "scenarios",
    "vector_env",
]

#: Public name: the module that has it.
_HOMES = {
    "Batch": "coopetition.batching.batch",
    "Game": "coopetition.games.game",
    "InequityAverse": "coopetition.games.inequity_averse",
    "RewardMode": "coopetition.games.rewards",
    "aec_env": "coopetition.api.make",
    "batch": "coopetition.api.make",
    "gymnasium_env": "coopetition.api.make",
    "make_game": "coopetition.api.make",
    "parallel_env": "coopetition.api.make",
    "read_recording": "coopetition.study.recording",
    "record": "coopetition.study.recording",
    "register": "coopetition.envs",
    "register_reward_mode": "coopetition.games.rewards",
    "scenarios": "coopetition.study.scenarios",
    "vector_env": "coopetition.api.make",
}

#: Sub-packages and modules that are imported when they are asked for.
_PARTS = ("api", "baselines", "calibration", "envs", "games", "oracles", "pages", "plot", "policies", "testing")

register_environments()


def __getattr__(name: str) -> Any:
    """Import a public name, or a sub-package, when it is first asked for."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _PARTS:
        value = importlib.import_module(f"coopetition.{name}")
    else:
        raise AttributeError(f"module 'coopetition' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_PARTS, *(name for name in globals() if name.startswith("__"))})


if os.environ.get("COOPETITION_LOAD"):  # what the command line's --load named, in a worker that it started
    importlib.import_module("coopetition.games.doors").load_named()
