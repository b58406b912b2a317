"""Stable-Baselines3: many agents as slots of a `VecEnv`, and models as policies.

Only this module and `coopetition.api.sb3_seats` need the extra ``sb3``; nothing else imports them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from coopetition.api.options import (
    EPISODE_TOTALS,
    action_box,
    agent_index,
    checked_reset_options,
    observation_box,
    split_options,
)
from coopetition.api.partners import DEFAULT_PARTNER, reset_policies, to_actions
from coopetition.batching.batch import Batch
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.registry import as_policy

#: What `MultiAgentVecEnv` takes besides the options of a game.
_OWN = ("num_envs", "agents", "partners", "indicator", "threads")


class MultiAgentVecEnv(VecEnv):
    """B copies of a game, every learning agent of each a slot of Stable-Baselines3's `VecEnv`.

    One model learns for all slots (shared parameters), each from its own observations and its own reward. Slot
    ``k * M + j`` is the j-th of M learning agents in copy k. One kernel call steps all copies.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"TrustDilemma-v0"``.
    num_envs : int
        Number of copies B; the VecEnv's own ``num_envs`` is B * M.
    agents : sequence of str or int, optional
        The agents that learn; all by default.
    partners : str, policy, or mapping of str to either, optional
        Who plays the agents that do not learn; "tit_for_tat" by default.
    indicator : bool
        Whether to append to each observation which agent it is of (one-hot over all N), which a shared model needs
        where agents differ.
    threads : int
        Cores to use.
    **options
        ``preset``, ``reward_mode``, ``observation``, ``action_scale``, ``strict_actions`` and any parameter of the
        environment. ``action_scale="symmetric"`` suits Stable-Baselines3's Gaussian policies best.

    Raises
    ------
    TypeError, ValueError
        As for `coopetition.make_game`; an agent that there is not; levels, whose spaces differ between agents.

    Notes
    -----
    An end at the horizon is a truncation: infos have ``TimeLimit.truncated`` and ``terminal_observation``, so that
    learners bootstrap from it. Infos also have ``payoff``, ``utility`` and ``cooperation``; at an episode's end
    ``episode``, as `Monitor` writes it (``r``, ``l``, ``t``), and ``episode_totals``. `seed` seeds copy k with
    ``seed + k``: its agents play what a single copy with that seed would.

    Examples
    --------
    >>> from coopetition.api.sb3 import MultiAgentVecEnv
    >>> envs = MultiAgentVecEnv("TrustDilemma-v0", 8, preset="strong", action_scale="symmetric")
    >>> envs.num_envs, envs.reset().shape
    (16, (16, 6))
    """

    def __init__(
        self,
        environment_id: str | Parameters,
        num_envs: int = 1,
        *,
        agents: Sequence[str | int] | None = None,
        partners: Any = None,
        indicator: bool = False,
        threads: int = 1,
        **options: Any,
    ) -> None:
        game, view = split_options(environment_id, options, _OWN, ("strict_actions",))
        self.game: Game = game
        self.copies = checks.count("num_envs", num_envs)
        self.indicator = checks.flag("indicator", indicator)
        self._learning = _learning(game, agents)
        self.agents = tuple(game.agents[i] for i in self._learning)
        self._policies = _partners(game, self._learning, partners)
        spaces = [action_box(game, [i]) for i in self._learning]
        if any(space != spaces[0] for space in spaces):
            raise ValueError(
                f"the agents of {game.id} have different endowments: slots of one VecEnv share one action space; "
                "use action_scale='unit' or 'symmetric'"
            )
        self._batch = Batch(game, self.copies, strict_actions=view.strict_actions, threads=threads)
        self._identities = np.eye(game.n, dtype=np.float32)[list(self._learning)]
        self._returns = np.zeros((self.copies, game.n))
        self._lengths = np.zeros(self.copies, dtype=np.int64)
        self._waiting: np.ndarray | None = None
        self._has_reset = False
        self._began = time.time()
        self.render_mode: str | None = None
        size = game.observation_size + (game.n if self.indicator else 0)
        super().__init__(self.copies * len(self._learning), observation_box(size), spaces[0])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.copies} x {', '.join(self.agents)} in {self.game!r}>"

    # --- seeds, reset and step

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed copy k with ``seed + k`` at the next reset; the seeds, one for each slot."""
        first = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)
        self._seeds = [first + slot // len(self.agents) for slot in range(self.num_envs)]
        return self._seeds

    def reset(self) -> np.ndarray:
        """Start new episodes in all copies, with the seeds and options that were set; observations (B * M, O)."""
        each = len(self.agents)
        seeds = self._seeds[::each]
        given = self._options[::each]
        seeded = any(seed is not None for seed in seeds)
        self._batch.reset(seed=seeds if seeded else None)
        for values in given:
            checked_reset_options(self.game, values)
        for copy, values in enumerate(given):
            if values:
                one = np.arange(self.copies) == copy
                self._batch.reset(seed=[seeds[copy]], options=values, mask=one)
        reset_policies(self._policies, seeds if seeded else None, self.copies)
        self._returns[:] = 0.0
        self._lengths[:] = 0
        self._has_reset = True
        self._reset_seeds()
        self._reset_options()
        return self._slots(self._batch.observations)

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions (B * M, 1) that `step_wait` plays; (B * M, 2) where an action has two numbers."""
        if not self._has_reset:
            raise RuntimeError("call reset() before step()")
        given = np.asarray(actions, dtype=np.float64)
        axes = self.game.axes
        if given.size != self.num_envs * axes:
            raise ValueError(f"actions have shape {given.shape}, expected {(self.num_envs, axes)}")
        self._waiting = given.reshape(self.copies, -1, *self.game.action_shape[1:])

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Play one step in all copies; those that end start over at once.

        Returns
        -------
        observations : ndarray (B * M, O) float32
            Of the next episode, where one ended.
        rewards : ndarray (B * M,) float32
            Each agent's own.
        dones : ndarray (B * M,) bool
        infos : list of dict
        """
        if self._waiting is None:
            raise RuntimeError("call step_async(actions) before step_wait()")
        batch, learning = self._batch, list(self._learning)
        actions = batch.actions
        actions[:, learning] = self._waiting
        self._waiting = None
        for i, policy in self._policies:
            actions[:, i] = to_actions(self.game, i, policy.act(batch.observations[:, i], i))
        observations, rewards, terminated, truncated = batch.step(actions)
        self._returns += rewards
        self._lengths += 1
        infos = self._infos(terminated, truncated)
        ended = terminated | truncated
        self._returns[ended] = 0.0
        self._lengths[ended] = 0
        dones = np.repeat(ended, len(learning))
        return self._slots(observations), rewards[:, learning].reshape(-1), dones, infos

    def _slots(self, observations: np.ndarray) -> np.ndarray:
        """Observations (B, N, O) of the agents that learn, by slot: fresh."""
        seen = observations[:, list(self._learning)]
        if self.indicator:
            identities = np.broadcast_to(self._identities, (*seen.shape[:2], self.game.n))
            seen = np.concatenate([seen, identities], axis=2)
        return seen.reshape(-1, seen.shape[2])

    def _infos(self, terminated: np.ndarray, truncated: np.ndarray) -> list[dict[str, Any]]:
        batch, game = self._batch, self.game
        low, high = game.action_low, game.action_high
        played = ((batch.actions - low) / (high - low)).clip(0.0, 1.0)
        rates = (played if game.axes == 1 else played[..., 0]).tolist()
        payoffs, utilities = batch.payoffs.tolist(), batch.utilities.tolist()
        infos: list[dict[str, Any]] = [
            {
                "payoff": payoffs[copy][i],
                "utility": utilities[copy][i],
                "cooperation": rates[copy][i],
                "TimeLimit.truncated": False,
            }
            for copy in range(self.copies)
            for i in self._learning
        ]
        ended = np.flatnonzero(terminated | truncated)
        if ended.size:
            last = self._slots(batch.final_observations[ended])
            seconds = round(time.time() - self._began, 6)
            each = len(self.agents)
            for row, copy in enumerate(ended.tolist()):
                for j, i in enumerate(self._learning):
                    earned, length = float(self._returns[copy, i]), int(self._lengths[copy])
                    infos[copy * each + j].update(
                        {
                            "TimeLimit.truncated": bool(truncated[copy] and not terminated[copy]),
                            "terminal_observation": last[row * each + j],
                            "episode": {"r": earned, "l": length, "t": seconds},
                            EPISODE_TOTALS: {"reward": earned, "length": length},
                        }
                    )
        return infos

    # --- what else a VecEnv has

    def close(self) -> None:
        """Nothing is open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute for each slot: ``agent`` its name, ``copy`` its copy, any other the VecEnv's own."""
        slots = list(self._get_indices(indices))
        if attr_name == "agent":
            return [self.agents[slot % len(self.agents)] for slot in slots]
        if attr_name == "copy":
            return [slot // len(self.agents) for slot in slots]
        value = getattr(self, attr_name)
        return [value for _ in slots]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: the slots are agents of one batch, and have no attributes of their own."""
        raise AttributeError(f"{self!r} has no attribute {attr_name!r} of its own in each slot to set")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Refused: the slots are agents of one batch, and have no methods of their own."""
        raise AttributeError(f"{self!r} has no method {method_name!r} of its own in each slot to call")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """True for `Monitor`, whose ``episode`` infos are written here; nothing else is wrapped."""
        return [wrapper_class is Monitor for _ in self._get_indices(indices)]


def _learning(game: Game, agents: Sequence[str | int] | None) -> tuple[int, ...]:
    """Indices of the agents that learn."""
    if agents is None:
        return tuple(range(game.n))
    if isinstance(agents, str | bytes) or not isinstance(agents, Sequence) or not agents:
        raise TypeError(f"agents = {checks.shown(agents)}: expected a list of agents, such as [{game.agents[0]!r}]")
    found = tuple(agent_index(game, agent) for agent in agents)
    if len(set(found)) != len(found):
        raise ValueError(f"agents = {checks.shown(agents)}: one is named twice")
    return found


def _partners(game: Game, learning: Sequence[int], partners: Any) -> list[tuple[int, Policy]]:
    """The policies of the agents that do not learn."""
    others = [i for i in range(game.n) if i not in learning]
    if not others and partners is not None:
        raise ValueError("partners play the agents that do not learn, and all of them do: name agents=[...]")
    if isinstance(partners, Mapping):
        names = {game.agents[i] for i in others}
        if set(partners) != names:
            raise ValueError(f"partners are for {sorted(partners)}; those who do not learn are {sorted(names)}")
        return [(i, as_policy(partners[game.agents[i]], game)) for i in others]
    shared = as_policy(DEFAULT_PARTNER if partners is None else partners, game)
    return [(i, shared) for i in others]


class ModelPolicy(Policy):
    """A model of Stable-Baselines3 as a policy, wherever one is asked for: `partners=`, `evaluate`, the oracles.

    Parameters
    ----------
    game : Game
        What is played.
    model : BaseAlgorithm or BasePolicy
        What has ``predict`` and ``action_space``, trained on one agent's observations.
    indicator : bool
        As it was trained.
    deterministic : bool
        Whether to play the mode of its distribution, or to draw from PyTorch's generator.
    normalise : callable, optional
        What its observations went through, such as `VecNormalize.normalize_obs`.
    """

    name = "stable_baselines3"
    citation = "A. Raffin et al., Stable-Baselines3, Journal of Machine Learning Research 22 (2021)."

    def __init__(
        self,
        game: Game,
        model: Any,
        *,
        indicator: bool = False,
        deterministic: bool = True,
        normalise: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        super().__init__(game)
        space = model.action_space
        if not isinstance(space, Box) or space.shape != (game.axes,):
            raise ValueError(f"the model plays {space}; a policy of one agent plays Box({game.axes},)")
        self.classifier = Classifier(stochastic=not deterministic)
        self.model, self.indicator, self.deterministic, self.normalise = model, indicator, deterministic, normalise
        self._low, self._span = space.low.astype(np.float64), (space.high - space.low).astype(np.float64)

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """Rates (B,) in [0, 1], or rates and intensities (B, 2), whatever the scale of the model's actions."""
        seen = observations
        if self.indicator:
            identity = np.zeros((len(seen), self.game.n), dtype=seen.dtype)
            identity[:, agent] = 1.0
            seen = np.concatenate([seen, identity], axis=1)
        if self.normalise is not None:
            seen = self.normalise(seen)
        actions, _ = self.model.predict(seen, deterministic=self.deterministic)
        played = actions.reshape(len(seen), -1).astype(np.float64)
        rates: np.ndarray = ((played - self._low) / self._span).clip(0.0, 1.0)
        return rates[:, 0] if self.game.axes == 1 else rates
