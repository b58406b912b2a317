"""Axelrod's round-robin of policies, with a ranked table."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.oracles.episode.players import Table
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.meta.empirical_game import label
from coopetition.oracles.stage.game import Array
from coopetition.oracles.stage.solution import plain


@dataclass(frozen=True, eq=False)
class Tournament:
    """A round-robin of policies.

    Attributes
    ----------
    environment, objective : str
        Of what, and the reward mode.
    ranking : tuple of dict
        Best first: ``rank``, ``policy``, ``score`` (mean return a step over matches and seats), ``against_itself``,
        ``best`` and ``worst`` match, ``wins`` (matches in which it had more than its opponents' mean), ``matches``.
    scores : ndarray (K, K)
        Mean return of the row policy when the other agents all play the column policy.
    """

    environment: str
    objective: str
    ranking: tuple[dict[str, Any], ...]
    scores: Array

    def table(self) -> str:
        """The ranking as text."""
        lines = [f"{'':>3} {'policy':<32} {'score':>10} {'itself':>10} {'wins':>7}"]
        lines += [
            f"{row['rank']:>3} {row['policy']:<32} {row['score']:>10.3f} {row['against_itself']:>10.3f} "
            f"{row['wins']:>3}/{row['matches']}"
            for row in self.ranking
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def tournament(
    game_or_id: Any,
    policies: Sequence[Any],
    objective: Any = "private",
    state: Mapping[str, Any] | None = None,
    *,
    seeds: int = 1,
) -> Tournament:
    """Axelrod's round-robin: each policy in each seat against every policy in the others, itself included.

    Parameters
    ----------
    policies : sequence
        Names that the kernel plays, policy objects, or level sequences (T,).
    objective : str or array_like (N, N)
        Whose returns score: payoffs by default.
    """
    episode = Episode(game_or_id, objective, state)
    count, n = len(policies), episode.n
    if count == 0:
        raise ValueError("no policies are given")
    scores = np.zeros((count, count))
    rivals = np.zeros((count, count))
    for mine, theirs in itertools.product(range(count), repeat=2):
        for i in range(n):
            chosen = [policies[theirs]] * n
            chosen[i] = policies[mine]
            for seed in range(seeds):
                table = Table(episode, chosen, seed)
                returns = (
                    table.returns()[0][0] if table.objects else episode.against(table.names, table.script[None])[0]
                )
                share = 1.0 / (n * seeds * episode.horizon)
                scores[mine, theirs] += returns[i] * share
                rivals[mine, theirs] += np.delete(returns, i).mean() * share
    totals = scores.mean(axis=1)
    ranking = []
    for rank, k in enumerate(np.argsort(-totals, kind="stable"), start=1):
        others = [j for j in range(count) if j != k]
        wins = sum(bool(scores[k, j] > rivals[k, j] + 1e-9) for j in others)
        ranking.append(
            {
                "rank": rank,
                "policy": label(policies[k]),
                "score": float(totals[k]),
                "against_itself": float(scores[k, k]),
                "best": float(scores[k].max()),
                "worst": float(scores[k].min()),
                "wins": wins,
                "matches": len(others),
            }
        )
    return Tournament(episode.game.id, str(episode.game.reward_mode), tuple(ranking), scores)
