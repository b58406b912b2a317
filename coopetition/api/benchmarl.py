"""BenchMARL: every registered environment as a task.

Only this module needs BenchMARL (``pip install benchmarl``); nothing else imports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from benchmarl.environments import Task, TaskClass
from torchrl.data import Composite
from torchrl.envs import EnvBase, MarlGroupMapType, PettingZooWrapper, RewardScaling, Transform

from coopetition.api.make import make_game, parallel_env
from coopetition.games import checks
from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS

#: Levels of an action for algorithms of choices (QMIX, VDN, IQL), where ``discrete`` says nothing else.
LEVELS = 11
#: What `CoopetitionClass` reads of a task's config; the rest are options of `coopetition.parallel_env`.
_OWN = ("id", "discrete", "groups", "reward_scale")
_GROUPS = {
    "by_name": None,  # TorchRL's own way: by the name before _k
    "all": MarlGroupMapType.ALL_IN_ONE_GROUP,
    "each": MarlGroupMapType.ONE_GROUP_PER_AGENT,
}


class CoopetitionClass(TaskClass):
    """An environment of this package for BenchMARL, over its PettingZoo parallel view; made by `task`."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__(name, dict(config))
        self._options = {key: value for key, value in self.config.items() if key not in _OWN}
        checks.choose("groups", self.config.get("groups", "by_name"), tuple(_GROUPS))
        if checks.real("reward_scale", self.config.get("reward_scale", 1.0)) <= 0.0:
            raise ValueError(f"reward_scale = {self.config['reward_scale']!r}: expected a positive number")
        make_game(self.config["id"], **_of_the_game(self._options))  # refuses here what it would refuse in a worker

    def get_env_fun(
        self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any
    ) -> Callable[[], EnvBase]:
        """A function that makes one copy; BenchMARL makes ``num_envs`` of them."""
        options = dict(self._options)
        if not continuous_actions:
            options["discrete"] = self.config.get("discrete", LEVELS)
        identifier, groups = self.config["id"], _GROUPS[self.config.get("groups", "by_name")]
        return lambda: PettingZooWrapper(
            parallel_env(identifier, **options),
            return_state=True,
            group_map=groups,
            categorical_actions=True,
            seed=seed,
            device=device,
        )

    def supports_continuous_actions(self) -> bool:
        """Rates are continuous."""
        return True

    def supports_discrete_actions(self) -> bool:
        """Rates can be levels, too: ``discrete``, 11 by default."""
        return True

    def max_steps(self, env: EnvBase) -> int:
        """The horizon."""
        return int(make_game(self.config["id"], **_of_the_game(self._options)).horizon)

    def has_render(self, env: EnvBase) -> bool:
        """Whether ``render_mode="rgb_array"`` was asked for."""
        return bool(self._options.get("render_mode") == "rgb_array")

    def group_map(self, env: EnvBase) -> dict[str, list[str]]:
        """Names of groups, and the agents of each."""
        return dict(env.group_map)

    def observation_spec(self, env: EnvBase) -> Composite:
        """What each agent sees, by group."""
        return self._part(env, "observation")

    def info_spec(self, env: EnvBase) -> Composite | None:
        """The numbers of ``infos``, by group."""
        return self._part(env, "info")

    def state_spec(self, env: EnvBase) -> Composite:
        """The joint state, for central critics and mixers."""
        return Composite({"state": env.observation_spec["state"].clone()})

    def action_spec(self, env: EnvBase) -> Composite:
        """An action for each agent, by group."""
        return env.full_action_spec_unbatched if hasattr(env, "full_action_spec_unbatched") else env.full_action_spec

    def action_mask_spec(self, env: EnvBase) -> None:
        """All actions are always allowed."""
        return

    def get_env_transforms(self, env: EnvBase) -> list[Transform]:
        """Rewards times ``reward_scale``."""
        scale = float(self.config.get("reward_scale", 1.0))
        if scale == 1.0:
            return []
        return [RewardScaling(loc=0.0, scale=scale, in_keys=[(group, "reward") for group in self.group_map(env)])]

    @staticmethod
    def env_name() -> str:
        """The name under which BenchMARL's reports put all tasks of this package."""
        return "coopetition"

    def _part(self, env: EnvBase, kept: str) -> Composite:
        """The spec of one entry of each group."""
        spec = env.observation_spec
        parts = {}
        for group in self.group_map(env):
            parts[group] = Composite({kept: spec[group, kept].clone()}, shape=spec[group].shape)
        return Composite(parts)


def task(environment_id: str, **options: Any) -> CoopetitionClass:
    """A task for `benchmarl.experiment.Experiment`.

    Parameters
    ----------
    environment_id : str
        Such as ``"TrustDilemmaStrong-v0"``; also one that you registered.
    **options
        ``reward_scale`` : float, a factor on every reward, which BenchMARL's algorithms need near .001 (its logs are in
        scaled units then); ``groups`` : "by_name" (the default: agents whose names differ in ``_k`` only share a
        group), "all" or "each"; ``discrete`` : levels for algorithms of choices, 11 by default; and the options of
        `coopetition.parallel_env`.

    Raises
    ------
    TypeError, ValueError
        As for `coopetition.parallel_env`.

    Examples
    --------
    >>> from coopetition.api.benchmarl import task
    >>> task("TrustDilemmaStrong-v0", reward_mode="cooperative", reward_scale=0.001).name
    'TRUST_DILEMMA_STRONG_V0'
    """
    return CoopetitionClass(member_name(environment_id), {"id": environment_id, **options})


def member_name(environment_id: str) -> str:
    """An id as the name of an enum's member: "SLCDStrong-v0" is SLCD_STRONG_V0."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", environment_id)
    return re.sub(r"\W+", "_", words).upper()


def _of_the_game(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that belong to the game, and not to how it is shown."""
    renamed = {"max_cycles": "horizon"}
    shown = ("render_mode", "info_level", "strict_actions")
    return {renamed.get(name, name): value for name, value in options.items() if name not in shown}


class _Tasks(Task):
    """What the members of `CoopetitionTask` can do."""

    @staticmethod
    def associated_class() -> type[TaskClass]:
        """The class of their tasks."""
        return CoopetitionClass

    def get_task(self, config: Mapping[str, Any] | None = None) -> CoopetitionClass:
        """The task, with options as for `task`; as the environment is by default if there are none."""
        return task(_IDS[self.name], **(config or {}))

    def get_from_yaml(self, path: str | None = None) -> CoopetitionClass:
        """The task with options from a file; as the environment is by default if there is none."""
        from benchmarl.utils import _read_yaml_config

        return self.get_task(None if path is None else _read_yaml_config(path))


_IDS = {member_name(one): one for one in (*ENVIRONMENT_IDS, *STRONG_IDS)}
#: BenchMARL's enumeration of tasks: a member for each of the forty ids.
CoopetitionTask = _Tasks("CoopetitionTask", dict.fromkeys(_IDS), module=__name__)
