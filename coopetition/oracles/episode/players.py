"""Who plays the others while one agent's sequence is searched for: names, objects, sequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from coopetition.batching.rollout import compiled_policy
from coopetition.batching.streams import RateStreams, Seeds
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.stage.game import Array


class Table:
    """What the other agents do while one agent's sequence is searched for.

    Parameters
    ----------
    episode : Episode
        The game.
    policies : str or sequence
        For all agents, or for each: a name that the kernel plays ("constant_050", "tit_for_tat", "random"), a policy
        object with ``reset(seed, num_envs)`` and ``act(observations, i)``, or a level sequence (T,). None leaves an
        agent to be scripted. An object with a name in ``compiled``, or a ``script(steps, i)`` of rates (steps, B), is
        played by the kernel too.
    seed : int
        Seeds what draws, the same for all candidates (common random numbers).

    Attributes
    ----------
    draws : bool
        Whether what the others do hangs on a seed: somebody draws, or looks at what is observed with noise.

    Raises
    ------
    ValueError
        A wrong number of policies, an unknown name, or a sequence of a wrong shape.
    """

    def __init__(self, episode: Episode, policies: Any, seed: int = 0) -> None:
        self.episode, self.seed = episode, seed
        n, horizon = episode.n, episode.horizon
        entries = [policies] * n if isinstance(policies, str) or hasattr(policies, "act") else list(policies)
        if len(entries) != n:
            raise ValueError(f"{len(entries)} policies for {n} agents")
        self.names = ["actions"] * n
        self.objects: dict[int, Any] = {}
        self.script = np.zeros((horizon, n))
        self._drawn: dict[int, Any] = {}
        self._own: dict[tuple[int, ...] | None, tuple[Array, Array]] = {}
        #: What tells policies apart: of exchangeable agents with one policy, only one need be looked at. An object may
        #: play every seat in its own way, as trained networks do, unless it says that it does not.
        self.kinds: list[Any] = [entry if isinstance(entry, str) else (id(entry), i) for i, entry in enumerate(entries)]
        _reset_once((entry for entry in entries if hasattr(entry, "act")), seed, 1)
        for i, entry in enumerate(entries):
            if entry is None:
                continue
            if isinstance(entry, str):
                name = checked_name(entry)
                if name == "random":
                    self._drawn[i] = None
                    self.script[:, i] = RateStreams(seed, 1, i).draws(horizon)[:, 0]
                else:
                    self.names[i] = name
            elif hasattr(entry, "act"):
                self._take(i, entry)
            else:
                sequence = np.asarray(entry, dtype=np.float64)
                high = episode.game.endowment[i]
                fits = sequence.shape == (horizon,) and np.all(np.isfinite(sequence))
                if not fits or sequence.min() < 0.0 or sequence.max() > high * (1.0 + 1e-12):
                    raise ValueError(f"policy of {episode.game.agents[i]!r} must be {horizon} levels in [0, {high:g}]")
                self.script[:, i] = np.minimum(sequence / high, 1.0)
                self.kinds[i] = self.script[:, i].tobytes()

    def _take(self, i: int, policy: Any) -> None:
        """Let the kernel play a policy that looks at nothing, or that it knows."""
        name = getattr(policy, "compiled", None)
        if name is not None:
            self.names[i] = checked_name(name)
            self.kinds[i] = name
            return
        if getattr(getattr(policy, "classifier", None), "alike", False):
            self.kinds[i] = id(policy)
        script = policy.script(self.episode.horizon, i) if callable(getattr(policy, "script", None)) else None
        if script is None:
            self.objects[i] = policy
            return
        if _is_stochastic(policy):
            self._drawn[i] = policy
        rates = np.asarray(script, dtype=np.float64)
        if rates.shape != (self.episode.horizon, 1) or not np.all(np.isfinite(rates)):
            raise ValueError(
                f"the policy of {self.episode.game.agents[i]!r} has a script of shape {rates.shape}: "
                f"expected {self.episode.horizon} x 1 finite rates"
            )
        self.script[:, i] = np.clip(rates[:, 0], 0.0, 1.0)
        self.kinds[i] = id(policy) if _is_stochastic(policy) else self.script[:, i].tobytes()

    @property
    def draws(self) -> bool:
        """See the class."""
        noisy = bool(self.objects) and self.episode.game.noise_places.size > 0
        return bool(self._drawn) or noisy or any(_is_stochastic(policy) for policy in self.objects.values())

    def returns(
        self, agent: int | None = None, sequences: Array | None = None, seeds: Sequence[int] | None = None
    ) -> tuple[Array, Array]:
        """Returns (K, N), and the rates (K, T, N) of the scripted and the playing agents.

        Parameters
        ----------
        agent : int, optional
            Who plays the rate sequences (K, T) instead of its policy.
        seeds : sequence of int, optional
            Returns are means over the draws of these seeds, the same for all sequences; rates are those of the first.
            By default the seed of the table.
        """
        episode = self.episode
        count = 1 if sequences is None else len(sequences)
        chosen = [self.seed] if seeds is None else [int(seed) for seed in seeds]
        scripts = np.repeat(self.script[None], len(chosen), axis=0)
        if seeds is not None:
            for i, policy in self._drawn.items():
                scripts[:, :, i] = self._draw(i, policy, chosen)
        rates = np.tile(scripts, (count, 1, 1))
        names, objects = list(self.names), dict(self.objects)
        if agent is not None and sequences is not None:
            rates[:, :, agent] = np.repeat(sequences, len(chosen), axis=0)
            names[agent] = "actions"
            objects.pop(agent, None)
        if not objects and agent is not None:
            returns = episode.against(names, rates)
        else:
            returns, rates = self._stepped(names, objects, rates, None if seeds is None else chosen * count)
        return returns.reshape(count, len(chosen), -1).mean(axis=1), rates[:: len(chosen)]

    def names_with(self, agent: int) -> list[str]:
        """What the kernel plays for each agent where this one plays a sequence."""
        return [*self.names[:agent], "actions", *self.names[agent + 1 :]]

    def own(self, seeds: Sequence[int] | None = None) -> tuple[Array, Array]:
        """`returns` of the policies themselves, (N,), and their rates (T, N); played once."""
        key = None if seeds is None else tuple(seeds)
        if key not in self._own:
            returns, rates = self.returns(seeds=seeds)
            self._own[key] = returns[0], rates[0]
        return self._own[key]

    def _draw(self, i: int, policy: Any, seeds: list[int]) -> Array:
        """What an agent that draws and looks at nothing plays at each seed: rates (S, T)."""
        if policy is None:
            return np.asarray(RateStreams(seeds, len(seeds), i).draws(self.episode.horizon).T)
        policy.reset(seed=seeds, num_envs=len(seeds))
        return np.clip(np.asarray(policy.script(self.episode.horizon, i), dtype=np.float64).T, 0.0, 1.0)

    def _stepped(
        self, names: list[str], objects: dict[int, Any], rates: Array, seeds: list[int] | None
    ) -> tuple[Array, Array]:
        """Step by step: for policy objects, and to see what was played."""
        episode, count = self.episode, len(rates)
        batch = episode.batch(count, observe=True)
        if seeds is not None and episode.game.noise_places.size:
            batch.reset(seed=seeds, options=episode.start)
        _reset_once(objects.values(), self.seed if seeds is None else seeds, count)
        rates_field = episode.game.layout["rates"]
        # Where the kernel plays nobody, one step is one call; a rollout of one step looks at all state besides.
        scripted = all(name == "actions" for name in names) and batch.draws is None
        for t in range(episode.horizon):
            if np.all(batch.terminated):
                rates[:, t:] = rates[:, t - 1 : t]
                break
            for i, policy in objects.items():
                acted = np.asarray(policy.act(batch.observations[:, i].copy(), i), dtype=np.float64)
                if acted.shape != (count,) or not np.all(np.isfinite(acted)):
                    raise ValueError(
                        f"the policy of {episode.game.agents[i]!r} returned {acted!r} at step {t}: "
                        f"expected {count} finite rates"
                    )
                rates[:, t, i] = np.clip(acted, 0.0, 1.0)
            if scripted:
                batch.step(rates[:, t])
                continue
            batch.rollout(names, 1, actions=rates[None, :, t] if "actions" in names else None)
            for i, name in enumerate(names):
                if name != "actions":
                    rates[:, t, i] = batch.rows()[rates_field.first + i]
        episode.rollouts += count
        return np.ascontiguousarray(batch.rows()[episode.game.layout["reward_total"].rows].T), rates


def _is_stochastic(policy: Any) -> bool:
    return bool(getattr(getattr(policy, "classifier", None), "stochastic", False))


def _reset_once(policies: Iterable[Any], seed: Seeds, copies: int) -> None:
    """Start episodes; one object may play several agents."""
    for policy in {id(policy): policy for policy in policies}.values():
        policy.reset(seed=seed, num_envs=copies)


def checked_name(name: str) -> str:
    """A name that the kernel plays, or a ValueError that names those it does."""
    compiled_policy(name)
    return name
