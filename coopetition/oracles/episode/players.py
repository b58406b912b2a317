"""Who plays the others while one agent's sequence is searched for: names, objects, sequences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from coopetition.batching.rollout import compiled_policy
from coopetition.batching.streams import RateStreams
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
        Seeds "random", once for all candidates (common random numbers), and policy objects.

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
        #: What tells policies apart: of exchangeable agents with one policy, only one need be looked at.
        self.kinds: list[Any] = [entry if isinstance(entry, str) else id(entry) for entry in entries]
        _reset_once((entry for entry in entries if hasattr(entry, "act")), seed, 1)
        for i, entry in enumerate(entries):
            if entry is None:
                continue
            if isinstance(entry, str):
                name = checked_name(entry)
                if name == "random":
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
            return
        script = policy.script(self.episode.horizon, i) if callable(getattr(policy, "script", None)) else None
        if script is None:
            self.objects[i] = policy
            return
        rates = np.asarray(script, dtype=np.float64)
        if rates.shape != (self.episode.horizon, 1) or not np.all(np.isfinite(rates)):
            raise ValueError(
                f"the policy of {self.episode.game.agents[i]!r} has a script of shape {rates.shape}: "
                f"expected {self.episode.horizon} x 1 finite rates"
            )
        self.script[:, i] = np.clip(rates[:, 0], 0.0, 1.0)

    def returns(self, agent: int | None = None, sequences: Array | None = None) -> tuple[Array, Array]:
        """Returns (K, N), and the rates (K, T, N) of the scripted and the playing agents.

        Parameters
        ----------
        agent : int, optional
            Who plays the rate sequences (K, T) instead of its policy.
        """
        episode = self.episode
        count = 1 if sequences is None else len(sequences)
        rates = np.repeat(self.script[None], count, axis=0)
        names, objects = list(self.names), dict(self.objects)
        if agent is not None and sequences is not None:
            rates[:, :, agent] = sequences
            names[agent] = "actions"
            objects.pop(agent, None)
        if not objects and agent is not None:
            return episode.against(names, rates), rates
        return self._stepped(names, objects, rates)

    def _stepped(self, names: list[str], objects: dict[int, Any], rates: Array) -> tuple[Array, Array]:
        """Step by step: for policy objects, and to see what was played."""
        episode, count = self.episode, len(rates)
        batch = episode.batch(count, observe=True)
        _reset_once(objects.values(), self.seed, count)
        returns = np.zeros((count, episode.n))
        rates_field = episode.game.layout["rates"]
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
            played = batch.rollout(names, 1, actions=rates[None, :, t])
            returns = played.returns
            for i, name in enumerate(names):
                if name != "actions":
                    rates[:, t, i] = batch.rows()[rates_field.first + i]
        episode.rollouts += count
        return returns, rates


def _reset_once(policies: Iterable[Any], seed: int, copies: int) -> None:
    """Start episodes; one object may play several agents."""
    for policy in {id(policy): policy for policy in policies}.values():
        policy.reset(seed=seed, num_envs=copies)


def checked_name(name: str) -> str:
    """A name that the kernel plays, or a ValueError that names those it does."""
    compiled_policy(name)
    return name
