"""Do games differ? Twenty games that rank policies alike are one game.

A game asks a policy one question in self-play, and one for each field that it meets. `suite_diversity` lets all
policies answer, ranks their answers to each question, and compares games by the correlation of these ranks (Spearman's
rho, over all questions together). The effective dimension of the suite is the participation ratio of the eigenvalues of
that correlation matrix: 1 if all games rank alike, the number of games if none tells anything about another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from coopetition.batching.batch import Batch
from coopetition.envs import environment_class
from coopetition.games.game import Game
from coopetition.oracles.stage.game import Array, Objective, StageGame, symmetry_groups
from coopetition.oracles.stage.solution import plain

#: Policies that look at what others do, and the constants between which they move: what a suite should tell apart.
REFERENCE_POLICIES = (
    "constant_000",
    "constant_025",
    "constant_050",
    "constant_075",
    "constant_100",
    "random",
    "tit_for_tat",
    "generous_tit_for_tat",
    "tit_for_two_tats",
    "grim_trigger",
    "pavlov",
    "raise_the_stakes",
    "conditional_cooperator",
    "graduated_reply",
)
MODES = ("private", "integrated", "cooperative")


@dataclass(frozen=True, eq=False)
class SuiteDiversity:
    """How differently games rank policies.

    Attributes
    ----------
    games : tuple of (str, str)
        Environment and mode of each of the G games.
    policies : tuple of str
        The K policies.
    self_play : ndarray (G, K)
        Summed return when all agents play one policy.
    against : ndarray (G, K, K)
        ``against[g, p, q]``: what an agent with policy p earns in a field of q, as a mean over seats.
    correlations : ndarray (G, G)
        Rank correlations between games: over self-play, and over each field's ranking of who meets it.
    eigenvalues : ndarray (G,)
        Of the correlations, falling.
    effective_dimension : float
        ``sum(l)^2 / sum(l^2)``, the participation ratio of the eigenvalues l.
    """

    games: tuple[tuple[str, str], ...]
    policies: tuple[str, ...]
    self_play: Array
    against: Array
    correlations: Array
    eigenvalues: Array
    effective_dimension: float

    def part(self, games: Sequence[int] | Array, *, self_play_only: bool = False) -> SuiteDiversity:
        """The diversity of some of the games, by index; nothing is played again."""
        chosen = np.asarray(games, dtype=np.int64)
        return _compared(
            tuple(self.games[k] for k in chosen),
            self.policies,
            self.self_play[chosen],
            self.against[chosen],
            self_play_only,
        )

    def explained(self, count: int) -> float:
        """The share of the variance of ranks that the largest `count` eigenvalues explain."""
        return float(self.eigenvalues[:count].sum() / self.eigenvalues.sum())

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def suite_diversity(
    ids: Sequence[Any],
    policies: Sequence[str] = REFERENCE_POLICIES,
    modes: Sequence[str] = MODES,
    *,
    episodes: int = 8,
    seed: int = 0,
    options: dict[str, Any] | None = None,
) -> SuiteDiversity:
    """How differently a suite of games ranks policies, in self-play and against each other.

    Parameters
    ----------
    ids : sequence of str or Parameters
        Environments, such as ``"SLCD-v0"``, ``"SLCDStrong-v0"``, ``"SLCD-v0:relational"``.
    policies : sequence of str
        At least three names of policies.
    modes : sequence of str
        Reward modes; each environment under each mode is a game.
    episodes : int
        Episodes of each pairing where something is drawn: by the game, or by a policy.
    seed : int
        Of the draws.
    options : dict, optional
        Arguments for every environment, such as ``{"tremble": 0.05}``.

    Raises
    ------
    ValueError
        Fewer than three policies or no games: there is nothing to correlate.

    Examples
    --------
    >>> from coopetition.oracles import suite_diversity
    >>> found = suite_diversity(["TrustDilemma-v0", "PublicGoods-v0"], ["constant_000", "constant_050", "constant_100"])
    >>> len(found.games), 1.0 <= found.effective_dimension <= 6.0
    (6, True)
    """
    if len(policies) < 3 or not ids or not modes:
        raise ValueError(f"{len(ids)} environments, {len(policies)} policies, {len(modes)} modes: expected 1, 3, 1")
    games: list[tuple[str, str]] = []
    alone, against = [], []
    for key in ids:
        given = options or {}
        cls = environment_class(key) if isinstance(key, str) else type(key)
        parameters = cls.build(given) if isinstance(key, str) else dataclasses.replace(key, **given)
        # One run of the integrated game gives all three modes: payoffs and utilities are counted side by side.
        tables = _tables(Game(parameters, "integrated"), tuple(policies), int(episodes), int(seed))
        for mode in modes:
            one, other = tables[mode] if mode in tables else _tables_of(parameters, mode, policies, episodes, seed)
            games.append((parameters.id, str(mode)))
            alone.append(one)
            against.append(other)
    return _compared(tuple(games), tuple(policies), np.array(alone), np.array(against), False)


def _tables_of(parameters: Any, mode: Any, policies: Sequence[str], episodes: int, seed: int) -> tuple[Array, Array]:
    return _tables(Game(parameters, mode), tuple(policies), int(episodes), int(seed))["integrated"]


def _compared(
    games: tuple[tuple[str, str], ...], policies: tuple[str, ...], alone: Array, against: Array, self_play_only: bool
) -> SuiteDiversity:
    rows = []
    for one, table in zip(alone, against, strict=True):
        columns = [one] if self_play_only else [one, *table.T]
        # Every question weighs the same: ranks about their mean, of length one where the policies differ at all.
        parts = []
        for column in columns:
            ranks = rankdata(_same(column)) - (len(policies) + 1) / 2
            length = np.linalg.norm(ranks)
            parts.append(ranks / length if length > 0.0 else ranks)
        rows.append(np.concatenate(parts))
    profiles = np.array(rows)
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles = np.divide(profiles, lengths, out=np.zeros_like(profiles), where=lengths > 0.0)
    correlations = profiles @ profiles.T
    eigenvalues = np.linalg.eigvalsh(correlations)[::-1]
    dimension = float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    return SuiteDiversity(games, policies, alone, against, correlations, eigenvalues, dimension)


def _same(values: Array) -> Array:
    """Values in which what differs by rounding alone is equal, so that ties are ties."""
    scale = float(np.abs(values).max()) or 1.0
    return np.round(values / scale, 9)


def _tables(game: Game, policies: tuple[str, ...], episodes: int, seed: int) -> dict[str, tuple[Array, Array]]:
    """For each mode, self-play (K,) and what p earns against q (K, K): all pairings in one batch."""
    from coopetition.policies.policy import whole_actions
    from coopetition.policies.registry import make_policy

    stage = StageGame(game, rates_only=True)
    groups = symmetry_groups(stage, Objective(stage, "private")) * game.n
    groups = groups + symmetry_groups(stage, Objective(stage, "integrated"))
    seats = np.unique(groups, return_index=True)[1]
    weights = np.array([(groups == groups[seat]).sum() for seat in seats]) / game.n
    count = len(policies)
    drawn = game.random_gamma or any(make_policy(name, game).classifier.stochastic for name in policies)
    repeats = episodes if drawn or _uncertain(game) else 1
    # Pairing (p, q) with p in a seat: every agent plays q, the one in the seat p.
    p, q, seat, _ = (
        axis.reshape(-1)
        for axis in np.meshgrid(
            np.arange(count), np.arange(count), np.arange(len(seats)), np.arange(repeats), indexing="ij"
        )
    )
    cast = np.repeat(q[:, None], game.n, axis=1)
    cast[np.arange(len(p)), seats[seat]] = p
    batch = Batch(game, len(p), autoreset="disabled")
    batch.reset(seed=seed)
    players = []
    for i in range(game.n):
        for k in range(count):
            copies = np.flatnonzero(cast[:, i] == k)
            policy = make_policy(policies[k], game)
            policy.reset(seed=seed + 7919 * (i + 1), num_envs=len(copies))
            players.append((i, copies, policy))
    actions = np.zeros((len(p), *game.action_shape))
    for _ in range(game.horizon):
        for i, copies, policy in players:
            actions[copies, i] = whole_actions(game, policy.act(batch.observations[copies, i], i))
        batch.step(actions)
        if (batch.terminated | batch.truncated).all():
            break
    state = batch.state()
    payoffs, rewards = state["payoff_total"], state["reward_total"]
    joint = np.repeat(payoffs.mean(axis=1, keepdims=True), game.n, axis=1)
    shape = (count, count, len(seats), repeats)
    tables = {}
    for mode, values in (("private", payoffs), ("integrated", rewards), ("cooperative", joint)):
        own = values[np.arange(len(p)), seats[seat]].reshape(shape).mean(axis=3) @ weights
        total = values.sum(axis=1).reshape(shape).mean(axis=(2, 3))
        tables[mode] = (np.diagonal(total).copy(), own)
    return tables


def _uncertain(game: Game) -> bool:
    """Whether anything but gamma is drawn."""
    return bool(game.noise_places.size) or game.uncertain
