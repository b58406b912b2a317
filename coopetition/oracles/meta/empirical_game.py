"""The normal-form game between named policies, and its equilibria.

Equilibria come from nashpy (extra ``oracles``): it is pure Python over NumPy and SciPy, so it installs wherever this
package does; support enumeration and Lemke-Howson are all that two-player meta-games of a dozen policies need.
pygambit wants a compiler on some platforms, and quantecon brings sympy and numba pins of its own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.episode.players import Table
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.solution import plain


def label(policy: Any) -> str:
    """How a policy is called in tables."""
    return policy if isinstance(policy, str) else str(getattr(policy, "name", type(policy).__name__))


@dataclass(frozen=True, eq=False)
class EmpiricalGame:
    """Payoffs between named policies.

    Attributes
    ----------
    environment, objective : str
        Of what, and the reward mode.
    policies : tuple of str
        Labels of the K policies.
    payoffs : ndarray (N, K, ..., K)
        ``payoffs[i, k_0, ..., k_(N-1)]`` is agent i's mean return when agent j plays policy k_j.
    """

    environment: str
    objective: str
    policies: tuple[str, ...]
    payoffs: Array

    def equilibria(self) -> list[tuple[Array, Array]]:
        """Nash equilibria of a two-player meta-game, by nashpy's support enumeration.

        Returns
        -------
        list of (ndarray (K,), ndarray (K,))
            Mixed strategies, checked: nobody gains 1e-7 of the payoffs' range.

        Raises
        ------
        ValueError
            More than two players.
        ImportError
            nashpy is missing.
        """
        if len(self.payoffs) != 2:
            raise ValueError(f"equilibria of meta-games are for two players, not {len(self.payoffs)}; use alpha_rank")
        try:
            import nashpy
        except ImportError as error:
            raise ImportError("equilibria of meta-games need nashpy: pip install 'coopetition[oracles]'") from error
        import warnings

        first, second = self.payoffs
        scale = float(np.ptp(self.payoffs)) or 1.0
        low = self.payoffs.min()
        game = nashpy.Game((first - low) / scale, (second - low) / scale)
        found: list[tuple[Array, Array]] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nashpy warns of degenerate games, which the check below settles
            candidates = list(game.support_enumeration())
            if not candidates:
                candidates = list(game.lemke_howson_enumeration())
        for row, column in candidates:
            x, y = np.asarray(row, dtype=float), np.asarray(column, dtype=float)
            if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
                continue
            if self.regret([x, y]) > 1e-7 * scale:
                continue
            if not any(np.allclose(x, a, atol=1e-6) and np.allclose(y, b, atol=1e-6) for a, b in found):
                found.append((x, y))
        return found

    def regret(self, mixture: Sequence[Array]) -> float:
        """Largest gain of a player by a pure policy against mixed strategies, in payoff."""
        n = len(self.payoffs)
        largest = 0.0
        for i in range(n):
            values = self.payoffs[i]
            for j in reversed([j for j in range(n) if j != i]):
                values = np.tensordot(values, mixture[j], axes=([j], [0]))
            largest = max(largest, float(values.max() - values @ mixture[i]))
        return largest

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def _cell(tensor: Array, profile: Sequence[int]) -> Array:
    """View of all agents' payoffs at one profile."""
    return np.moveaxis(tensor, 0, -1)[tuple(profile)]


def empirical_game(
    game_or_id: Any,
    policies: Sequence[Any],
    objective: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    seeds: int = 1,
    most_profiles: int = 20_000,
) -> EmpiricalGame:
    """The payoff tensor between policies, by rollouts.

    Parameters
    ----------
    policies : sequence
        Names that the kernel plays, policy objects, or level sequences (T,).
    seeds : int
        Episodes a profile, averaged; one suffices for deterministic policies.

    Raises
    ------
    ValueError
        No policies, or more profiles than `most_profiles`.
    """
    episode = Episode(game_or_id, objective, state)
    n, count = episode.n, len(policies)
    if count == 0:
        raise ValueError("no policies are given")
    if count**n > most_profiles:
        raise ValueError(f"{count} policies for {n} agents are {count**n} profiles; most_profiles = {most_profiles}")
    tensor = np.zeros((n, *[count] * n))
    # Profiles of constants and sequences alone are one rollout; the others are played one by one.
    scripts: list[Array] = []
    places: list[tuple[int, ...]] = []
    for profile in itertools.product(range(count), repeat=n):
        chosen = [policies[k] for k in profile]
        table = Table(episode, chosen)
        constant = all(name == "actions" or name.startswith("constant") for name in table.names)
        random = any(isinstance(policy, str) and policy == "random" for policy in chosen)
        if not table.objects and constant and not random:
            script = table.script.copy()
            for i, name in enumerate(table.names):
                if name != "actions":
                    script[:, i] = int(name.removeprefix("constant_")) / 100.0
            scripts.append(script)
            places.append(profile)
            continue
        total = np.zeros(n)
        for seed in range(seeds):
            table = Table(episode, chosen, seed)
            if table.objects:
                total += table.returns()[0][0]
            else:
                total += episode.against(table.names, table.script[None])[0]
        _cell(tensor, profile)[:] = total / seeds
    if scripts:
        for profile, returns in zip(places, episode.returns(np.array(scripts)), strict=True):
            _cell(tensor, profile)[:] = returns
    labels = tuple(label(policy) for policy in policies)
    return EmpiricalGame(episode.game.id, str(episode.game.reward_mode), labels, tensor)


def symmetric_payoffs(game: EmpiricalGame) -> Array:
    """The population game of a meta-game (K, K): a policy's mean payoff over seats when all others play another.

    For two exchangeable agents this is the payoff matrix of the row player.
    """
    n, count = len(game.payoffs), len(game.policies)
    matrix = np.zeros((count, count))
    for mine in range(count):
        for theirs in range(count):
            for i in range(n):
                profile = [theirs] * n
                profile[i] = mine
                matrix[mine, theirs] += game.payoffs[(i, *profile)] / n
    return matrix
