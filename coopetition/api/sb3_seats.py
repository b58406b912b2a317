"""Stable-Baselines3: a model for each agent, of any algorithm, all learning at once in the same episodes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from coopetition.api.sb3 import MultiAgentVecEnv
from coopetition.games.parameters import Parameters


class Seats(Mapping[str, VecEnv]):
    """A `VecEnv` for each agent of one batch, so that every agent has a model of its own, of any algorithm.

    `learn` lets all models learn at once in the same episodes, unmodified: they take turns in a fixed order, and the
    batch steps when all have moved. Runs with the same seeds are therefore the same.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"TrustDilemma-v0"``.
    num_envs : int
        Number of copies B, the ``num_envs`` of each seat.
    **options
        As for `MultiAgentVecEnv`; agents that are not named in ``agents`` are played by ``partners``.

    Examples
    --------
    >>> from stable_baselines3 import A2C
    >>> from coopetition.api.sb3_seats import Seats
    >>> seats = Seats("GiftExchange-v0", 4, action_scale="symmetric", horizon=10)
    >>> models = {agent: A2C("MlpPolicy", seat, seed=1, device="cpu") for agent, seat in seats.items()}
    >>> seats.learn(models, 80)
    >>> [model.num_timesteps for model in models.values()]
    [80, 80]
    """

    def __init__(self, environment_id: str | Parameters, num_envs: int = 1, **options: Any) -> None:
        self.envs = MultiAgentVecEnv(environment_id, num_envs, **options)
        self._seats = {agent: _Seat(self, j) for j, agent in enumerate(self.envs.agents)}
        self._models: Mapping[str, Any] = {}
        self._active: list[int] = []
        self._moves: dict[int, np.ndarray] = {}
        self._results: Any = None
        self._seen: np.ndarray | None = None
        self._turns = [threading.Event() for _ in self._seats]
        self._error: BaseException | None = None

    def __getitem__(self, agent: str) -> VecEnv:
        return self._seats[agent]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seats)

    def __len__(self) -> int:
        return len(self._seats)

    def learn(self, models: Mapping[str, Any], total_timesteps: int, **options: Any) -> None:
        """Let a model for each agent learn, all in the same episodes.

        Parameters
        ----------
        models : mapping of str to BaseAlgorithm
            One for each agent, made on its seat, wrapped or not.
        total_timesteps : int
            Of each model: steps of a copy times copies. A model that is done before the others (by the length of its
            rollouts) goes on playing as it is.
        **options
            Of each model's `learn`.

        Raises
        ------
        ValueError
            Not one model for each agent.
        """
        if set(models) != set(self._seats):
            raise ValueError(f"models are for {sorted(models)}, the agents are {sorted(self._seats)}")
        for agent, model in models.items():
            if model.get_env() is None or model.get_env().unwrapped is not self._seats[agent]:
                raise ValueError(f"the model of {agent!r} was made on another environment: use seats[{agent!r}]")
        self._models, self._active = models, list(range(len(self)))
        self._moves, self._results, self._seen, self._error = {}, None, None, None
        for turn in self._turns:
            turn.clear()
        threads = [
            threading.Thread(target=self._run, args=(j, agent, total_timesteps, options), name=f"seat {agent}")
            for j, agent in enumerate(self._seats)
        ]
        for thread in threads:
            thread.start()
        self._turns[0].set()
        try:
            for thread in threads:
                thread.join()
        except BaseException as error:
            self._stop(error)
            raise
        finally:
            self._models = {}
        if self._error is not None:
            raise self._error

    # --- one model runs at a time: whoever has the turn

    def _run(self, j: int, agent: str, total_timesteps: int, options: dict[str, Any]) -> None:
        try:
            self._await(j)
            self._models[agent].learn(total_timesteps, **options)
            self._active.remove(j)
            self._pass()
        except _Stopped:
            pass
        except BaseException as error:
            self._stop(error)

    def _stop(self, error: BaseException) -> None:
        self._error = self._error or error
        for turn in self._turns:
            turn.set()

    def _await(self, j: int) -> None:
        self._turns[j].wait()
        self._turns[j].clear()
        if self._error is not None:
            raise _Stopped

    def _pass(self) -> None:
        """Give the turn to the next who has not moved; when all have, step the batch first."""
        if not self._active:
            return
        if all(j in self._moves for j in self._active):
            self._step()
        self._turns[next(j for j in self._active if j not in self._moves)].set()

    def _step(self) -> None:
        envs = self.envs
        actions = np.empty((envs.copies, len(self), envs.game.axes))
        for j, agent in enumerate(self._seats):
            if j in self._moves:
                actions[:, j] = self._moves[j].reshape(envs.copies, -1)
            else:  # done with learning
                model = self._models[agent]
                seen = self._last(j)
                if (normaliser := model.get_vec_normalize_env()) is not None:
                    seen = normaliser.normalize_obs(seen)
                actions[:, j] = model.predict(seen)[0].reshape(envs.copies, -1)
        self._moves = {}
        self._results = envs.step(actions)
        self._seen = self._results[0]

    def _last(self, j: int) -> np.ndarray:
        assert self._seen is not None
        return self._seen[j :: len(self)]

    def _reset(self, j: int) -> np.ndarray:
        if self._results is not None:
            raise RuntimeError("a seat cannot reset alone in the middle of the others' episodes")
        if self._seen is None:
            self._seen = self.envs.reset()
        return self._last(j).copy()

    def _play(self, j: int, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        if not self._models:
            raise RuntimeError(
                "a seat moves while all learn (Seats.learn); to play one agent among others that do not learn, "
                "use MultiAgentVecEnv(agents=[...], partners=...)"
            )
        self._moves[j] = np.array(actions, dtype=np.float64)
        self._pass()
        self._await(j)
        observations, rewards, dones, infos = self._results
        mine = slice(j, None, len(self))
        return observations[mine].copy(), rewards[mine].copy(), dones[mine].copy(), infos[mine]


class _Stopped(Exception):
    """Another model failed."""


class _Seat(VecEnv):
    """One agent's slots."""

    def __init__(self, seats: Seats, index: int) -> None:
        self._seats, self._index = seats, index
        envs = seats.envs
        self.agent = envs.agents[index]
        self.render_mode: str | None = None
        self._actions: np.ndarray | None = None
        super().__init__(envs.copies, envs.observation_space, envs.action_space)

    def __repr__(self) -> str:
        return f"<seat of {self.agent} in {self._seats.envs!r}>"

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        return self._seats.envs.seed(seed)[self._index :: len(self._seats)]

    def reset(self) -> np.ndarray:
        return self._seats._reset(self._index)

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        if self._actions is None:
            raise RuntimeError("call step_async(actions) before step_wait()")
        return self._seats._play(self._index, self._actions)

    def close(self) -> None:
        """Nothing is open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        value = getattr(self, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        self._seats.envs.set_attr(attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        return self._seats.envs.env_method(method_name, *method_args, indices=indices, **method_kwargs)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [wrapper_class is Monitor for _ in self._get_indices(indices)]
