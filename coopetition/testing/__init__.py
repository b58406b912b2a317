"""Conformance: does an environment keep what its interface promises, over whole episodes?

`check_env` asks what the checks of Gymnasium and PettingZoo do not: that every observation lies in its space, to the
last step; that a seed fixes the whole episode, in this instance and in another; that snapshots and pickles go on
where they were taken; that bad actions change nothing; and that rewards, observations and ends are those of the game,
bit for bit, whatever the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coopetition.api.make import aec_env, batch, gymnasium_env, parallel_env, vector_env
from coopetition.testing.episode import check_bound, check_episode, check_spaces, script_for
from coopetition.testing.frames import ConformanceError, same
from coopetition.testing.players import player_of
from coopetition.testing.repeated import (
    check_determinism,
    check_foreign_snapshot,
    check_global_random,
    check_healing,
    check_instances,
    check_order,
    check_pickle,
    check_refusal,
    check_snapshot,
)

__all__ = ["CHECKS", "ConformanceError", "check_env", "check_episode", "makers", "player_of", "same", "script_for"]

COPIES = 3

#: Names of the checks, as `ConformanceError.check` has them.
CHECKS = (
    "spaces",
    "order",
    "observation_dtype",
    "observation_space",
    "state_space",
    "reward_type",
    "finite",
    "flag_type",
    "keys",
    "info_keys",
    "fresh",
    "aliasing",
    "detached",
    "actions",
    "end",
    "revealed",
    "hidden",
    "equality",
    "determinism",
    "instances",
    "global_random",
    "snapshot",
    "foreign_snapshot",
    "healing",
    "pickle",
    "refusal",
)


def check_env(env: Any, seed: int = 7) -> None:
    """Check that an environment keeps what its interface promises, over whole episodes.

    Parameters
    ----------
    env : environment or str
        Any of this package's: a `Batch`, a Gymnasium environment or vector, a PettingZoo environment, wrapped or
        not. It must be newly made. A str is an id, which is checked behind every interface.
    seed : int
        Seed of episodes and actions.

    Raises
    ------
    ConformanceError
        The first broken promise; its attribute `check` names the check, one of `CHECKS`.
    TypeError
        Not an environment of this package.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.testing import check_env
    >>> check_env(coopetition.parallel_env("SLCD-v0", horizon=20))
    """
    if isinstance(env, str):
        for maker in makers(env).values():
            check_env(maker(), seed)
        return
    player = player_of(env)
    script = script_for(player, seed)
    check_spaces(player)
    check_order(player, script, seed)
    check_episode(player, script, seed)
    check_bound(player, script, seed)
    frames = check_determinism(player, script, seed)
    check_instances(player, script, seed, frames)
    check_global_random(player, script, seed)
    check_snapshot(player, script, seed, frames)
    check_pickle(player, script, seed, frames)
    check_refusal(player, script, seed, frames)
    check_foreign_snapshot(player, seed)
    check_healing(player, seed)


def makers(environment_id: str, **options: Any) -> dict[str, Callable[[], Any]]:
    """Every interface to an id, by name, each as a function that makes it.

    Parameters
    ----------
    environment_id : str
        Such as ``"SLCD-v0"``.
    **options
        Passed on to each.
    """
    # A batch draws nothing and writes no infos, and refuses to be told how.
    bare = {name: value for name, value in options.items() if name not in ("render_mode", "info_level")}
    return {
        "batch": lambda: batch(environment_id, COPIES, **bare),
        "vector": lambda: vector_env(environment_id, COPIES, **options),
        "vector_same_step": lambda: vector_env(environment_id, COPIES, autoreset_mode="SameStep", **options),
        "joint": lambda: gymnasium_env(environment_id, **options),
        "agent": lambda: gymnasium_env(environment_id, control=0, **options),
        "parallel": lambda: parallel_env(environment_id, **options),
        "aec": lambda: aec_env(environment_id, **options),
        "sequential": lambda: aec_env(environment_id, sequential=True, **options),
    }
