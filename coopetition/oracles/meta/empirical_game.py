"""The normal-form game between named policies, and its equilibria.

All equilibria of a few policies come from nashpy (extra ``oracles``): it is pure Python over NumPy and SciPy, so it
installs wherever this package does. Its enumeration of supports grows fourfold with each policy, and its Lemke-Howson
paths may cycle without an end; beyond seven policies SciPy's mixed-integer solver finds the best equilibrium instead.
pygambit wants a compiler on some platforms, and quantecon brings sympy and numba pins of its own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from coopetition.games.checks import choose
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

    def equilibria(
        self, method: str = "support_enumeration", *, most_supports: int = 40_000
    ) -> list[tuple[Array, Array]]:
        """Nash equilibria of a two-player meta-game.

        Parameters
        ----------
        method : {"support_enumeration", "mixed_integer"}
            All equilibria of a nondegenerate game, by nashpy, in a time that grows fourfold with each policy; or the
            one with the greatest sum of payoffs, by SciPy's mixed-integer solver, which takes dozens of policies.
        most_supports : int
            Pairs of supports at most.

        Returns
        -------
        list of (ndarray (K,), ndarray (K,))
            Mixed strategies, checked: nobody gains 1e-7 of the payoffs' range.

        Raises
        ------
        ValueError
            More than two players, an unknown method, or more pairs of supports than `most_supports`.
        ImportError
            nashpy is missing.
        """
        choose("method", method, ("support_enumeration", "mixed_integer"))
        if len(self.payoffs) != 2:
            raise ValueError(f"equilibria of meta-games are for two players, not {len(self.payoffs)}; use alpha_rank")
        pairs = (2 ** self.payoffs.shape[1] - 1) * (2 ** self.payoffs.shape[2] - 1)
        if method == "support_enumeration" and pairs > most_supports:
            raise ValueError(
                f"{len(self.policies)} policies have {pairs:,} pairs of supports, more than most_supports = "
                f"{most_supports:,}: use method='mixed_integer', which finds one equilibrium of any number"
            )
        first, second = self.payoffs
        scale = float(np.ptp(self.payoffs)) or 1.0
        low = self.payoffs.min()
        if method == "mixed_integer":
            pair = best_equilibrium((first - low) / scale, (second - low) / scale)
            return [pair] if self.regret(pair) <= 1e-7 * scale else []
        try:
            import nashpy
        except ImportError as error:
            raise ImportError("equilibria of meta-games need nashpy: pip install 'coopetition[oracles]'") from error
        import warnings

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


def best_equilibrium(first: Array, second: Array) -> tuple[Array, Array]:
    """The equilibrium of a bimatrix game with the greatest sum of payoffs.

    A mixed-integer program (Sandholm, Gilpin and Conitzer, AAAI 2005): a policy is not played, or without regret.

    Parameters
    ----------
    first, second : ndarray (K, L)
        Payoffs of the row and of the column player, in [0, 1].

    Returns
    -------
    rows : ndarray (K,)
    columns : ndarray (L,)
        Mixed strategies.

    Raises
    ------
    RuntimeError
        The solver found none.
    """
    rows, columns = first.shape
    # Variables: mixtures x and y, values of both players, and for each policy whether it is left out.
    x, y = np.arange(rows), rows + np.arange(columns)
    own, theirs = rows + columns, rows + columns + 1
    out_x, out_y = theirs + 1 + np.arange(rows), theirs + 1 + rows + np.arange(columns)
    size = theirs + 1 + rows + columns
    table: list[Array] = []
    low: list[float] = []
    high: list[float] = []

    def constrain(entries: list[tuple[Any, Any]], least: float, most: float) -> None:
        line = np.zeros(size)
        for places, values in entries:
            line[places] += values
        table.append(line)
        low.append(least)
        high.append(most)

    constrain([(x, 1.0)], 1.0, 1.0)
    constrain([(y, 1.0)], 1.0, 1.0)
    for k in range(rows):
        constrain([(own, 1.0), (y, -first[k])], 0.0, np.inf)  # no policy has more than the value
        constrain([(own, 1.0), (y, -first[k]), (out_x[k], -1.0)], -np.inf, 0.0)  # one that is played has as much
        constrain([(x[k], 1.0), (out_x[k], 1.0)], 0.0, 1.0)
    for k in range(columns):
        constrain([(theirs, 1.0), (x, -second[:, k])], 0.0, np.inf)
        constrain([(theirs, 1.0), (x, -second[:, k]), (out_y[k], -1.0)], -np.inf, 0.0)
        constrain([(y[k], 1.0), (out_y[k], 1.0)], 0.0, 1.0)
    goal = np.zeros(size)
    goal[[own, theirs]] = -1.0
    whole = np.zeros(size)
    whole[out_x[0] :] = 1.0
    found = milp(
        goal,
        constraints=LinearConstraint(np.array(table), np.array(low), np.array(high)),
        integrality=whole,
        bounds=Bounds(0.0, 1.0),
        options={"mip_rel_gap": 1e-6},
    )
    if found.x is None:
        raise RuntimeError(f"no equilibrium was found: {found.message}")
    return _exact(first, second, np.flatnonzero(found.x[out_x] < 0.5), np.flatnonzero(found.x[out_y] < 0.5), found.x)


def _exact(first: Array, second: Array, rows: Any, columns: Any, rough: Array) -> tuple[Array, Array]:
    """The mixtures on the supports found, by linear programs for the least regret; solvers of integers round."""
    mixtures = []
    for payoffs, support, against in ((second.T, rows, columns), (first, columns, rows)):
        # Mix over `support` so that the other player's policies in `against` are best, all others no better.
        count, width = payoffs.shape
        others = np.concatenate([payoffs[:, support], -np.ones((count, 1)), -np.ones((count, 1))], axis=1)
        equal = np.concatenate([-payoffs[against][:, support], np.ones((len(against), 1))], axis=1)
        equal = np.concatenate([equal, -np.ones((len(against), 1))], axis=1)
        total = np.append(np.ones(len(support)), [0.0, 0.0])[None]
        cost = np.append(np.zeros(len(support) + 1), 1.0)
        bounds = [(0.0, 1.0)] * len(support) + [(None, None), (0.0, None)]
        found = linprog(
            cost,
            A_ub=np.concatenate([others, equal]),
            b_ub=np.zeros(count + len(against)),
            A_eq=total,
            b_eq=[1.0],
            bounds=bounds,
        )
        mixture = np.zeros(width)
        if found.x is None:
            mixture[support] = np.maximum(rough[: len(support)], 0.0)
        else:
            mixture[support] = np.maximum(found.x[: len(support)], 0.0)
        mixtures.append(mixture / mixture.sum())
    return mixtures[0], mixtures[1]


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
