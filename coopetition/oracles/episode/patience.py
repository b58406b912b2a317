"""How likely must a next step be for cooperation to pay? The folk theorem of one game, in numbers.

An agent that leaves a profile gains now and loses later, if the others answer. `critical_continuation` finds the least
probability delta of going on at which no deviation that it tries pays, against two answers: *grim* (whoever was left
plays its part of a punishment for ever; Friedman, 1971) and *tit for tat* (everybody plays what the others played last
on average; Axelrod, 1984).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.games.parameters import choose
from coopetition.oracles.episode.constants import best_constant
from coopetition.oracles.episode.rollouts import Episode
from coopetition.oracles.stage.equilibrium import equilibrium
from coopetition.oracles.stage.game import Array, Objective
from coopetition.oracles.stage.solution import plain

#: Steps that are played; what the last one pays goes on for ever. Steps at which a deviation begins.
STEPS, STARTS = 300, (0, 1, 5, 20)
#: How long somebody who is answered by tit for tat stays away, in steps (0: for ever).
STAYS = (1, 2, 5, 0)
#: Gains below this part of the return are none.
NONE = 1e-9


@dataclass(frozen=True, eq=False)
class CriticalContinuation:
    """The least probability of going on at which a profile sustains itself.

    Attributes
    ----------
    environment, mode, reply : str
        Of what, under which rewards, by which answer.
    delta : float
        The least continuation probability at which no deviation that was tried pays: a lower bound, since another
        might. 0 where none pays even in the last step; NaN where some pays up to .999.
    profile, punishment : ndarray (N,)
        Rates that are sustained, and those that grim players fall back to.
    deviator : str
        Who is tempted longest.
    rate : float
        The rate of that deviation.
    """

    environment: str
    mode: str
    reply: str
    delta: float
    profile: Array
    punishment: Array
    deviator: str
    rate: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def critical_continuation(
    game_or_id: Any,
    mode: str = "private",
    reply: str = "grim",
    state: Mapping[str, Any] | None = None,
    *,
    profile: Sequence[float] | None = None,
) -> CriticalContinuation:
    """The least probability of going on at which the best constant profile is sustained by the others' replies.

    The game's own `continuation` and `horizon` do not matter here: episodes have no end but chance and the game's rule.

    Parameters
    ----------
    mode : {"private", "integrated"}
        Whose rewards agents are after; under cooperative ones nobody is tempted.
    reply : {"grim", "tit_for_tat"}
        How a deviation is answered. Grim players punish by the stage equilibrium of the mode's rewards.
    profile : sequence of float (N,), optional
        Rates to sustain; the best constant for all by default.

    Examples
    --------
    >>> from coopetition.oracles import critical_continuation
    >>> found = critical_continuation("PublicGoodsStrong-v0")
    >>> round(found.delta, 3)  # (T - R) / (T - P): 35 more once, against 25 less ever after
    0.583
    """
    choose("mode", mode, ("private", "integrated"))
    choose("reply", reply, ("grim", "tit_for_tat"))
    given = Episode(game_or_id, mode, state)
    episode = Episode(dataclasses.replace(given.game.parameters.without_chance(), horizon=STEPS), mode, state)
    n = episode.n
    if profile is None:
        best = best_constant(None, episode=Episode(given.game.parameters.without_chance(), mode, state))
        kept = best.actions[0] / given.game.endowment
    else:
        kept = np.asarray(profile, dtype=np.float64)
        if kept.shape != (n,) or not np.all((kept >= 0.0) & (kept <= 1.0)):
            raise ValueError(f"profile = {profile!r}: expected {n} rates in [0, 1]")
    stage = episode.stage()
    punishment = equilibrium(stage, Objective(stage, mode), "nash", strict=False).actions / episode.game.endowment
    rates = np.unique(np.concatenate([np.arange(21) / 20.0, punishment, kept]))
    agents = [int(i) for i in np.unique(episode.groups(), return_index=True)[1]]
    base = np.repeat(kept[None], STEPS, axis=0)
    own = _rewards(episode, base[None])[0]
    worst: tuple[float, int, float] = (0.0, agents[0], float(kept[agents[0]]))
    for i in agents:
        if reply == "grim":
            tables, tried = _against_grim(base, punishment, rates, i)
        else:
            tables, tried = _against_tit_for_tat(base, episode.game.baseline_rate, rates, i)
        gains = _rewards(episode, tables)[:, :, i] - own[None, :, i]
        for gain, rate in zip(gains, tried, strict=True):
            delta = _least(gain, float(np.abs(own[:, i]).mean()))
            if not delta <= worst[0]:
                worst = (delta, i, float(rate))
            if np.isnan(delta):
                break
    return CriticalContinuation(
        given.game.id, mode, reply, worst[0], kept, punishment, episode.game.agents[worst[1]], worst[2]
    )


def _rewards(episode: Episode, tables: Array) -> Array:
    """What each step pays, (K, T, N), for rates (K, T, N)."""
    parts = []
    for first in range(0, len(tables), 512):
        part = tables[first : first + 512]
        batch = episode.batch(len(part))
        played = batch.rollout("actions", STEPS, actions=part.transpose(1, 0, 2), record=True)
        assert played.payoffs is not None
        assert played.utilities is not None
        paid = played.utilities if episode.game.reward_mode == "integrated" else played.payoffs
        parts.append(paid.transpose(1, 0, 2))
    return np.concatenate(parts)


def _against_grim(base: Array, punishment: Array, rates: Array, i: int) -> tuple[Array, list[float]]:
    """Leave at a step for one rate, then play another for ever; the others punish from the next step on."""
    tables, tried = [], []
    others = np.arange(base.shape[1]) != i
    for start in STARTS:
        for rate in rates:
            if rate == base[0, i]:
                continue
            for after in rates:
                table = base.copy()
                table[start, i] = rate
                table[start + 1 :, others] = punishment[others]
                table[start + 1 :, i] = after
                tables.append(table)
                tried.append(float(rate))
    return np.array(tables), tried


def _against_tit_for_tat(base: Array, usual: Array, rates: Array, i: int) -> tuple[Array, list[float]]:
    """Leave at a step for some steps or for ever; the others play the mean of what the others played last."""
    tables, tried = [], []
    n = base.shape[1]
    for start in STARTS:
        for rate in rates:
            if rate == base[0, i]:
                continue
            for stay in STAYS:
                table = base.copy()
                end = start + stay if stay else len(base)
                table[start:end, i] = rate
                for t in range(start + 1, len(base)):
                    total = table[t - 1].sum()
                    for j in range(n):
                        if j != i:
                            # Who is answered by its own kind is not dragged down by roles that give less anyway.
                            moved = (total - table[t - 1, j]) - (base[t - 1].sum() - base[t - 1, j])
                            table[t, j] = min(max(base[t, j] + moved / (n - 1), 0.0), 1.0)
                tables.append(table)
                tried.append(float(rate))
    return np.array(tables), tried


def _least(gain: Array, scale: float) -> float:
    """The least delta from which on the discounted gains (T,) sum to nothing; NaN if they never do."""

    def pays(delta: float) -> bool:
        weights = delta ** np.arange(len(gain))
        tail = gain[-1] * weights[-1] * delta / (1.0 - delta)
        return bool(gain @ weights + tail > NONE * scale)

    first = int(np.argmax(gain != 0.0)) if np.any(gain != 0.0) else 0
    gain = gain[first:]  # until it leaves, it has what it had
    grid = np.concatenate([np.arange(0.0, 0.99, 0.01), [0.99, 0.995, 0.999]])
    paying = [delta for delta in grid if pays(float(delta))]
    if not paying:
        return 0.0
    low = max(paying)
    if low >= 0.999:
        return float("nan")
    high = float(grid[np.searchsorted(grid, low) + 1])
    low = float(low)
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if pays(middle) else (low, middle)
    return high
