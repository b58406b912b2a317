"""Social outcomes beside returns: how gains are shared, how long they last, how a defection is answered.

Efficiency is the total return over that of the open-loop optimum (`coopetition.oracles.yardstick`). The rest is here:

- *Gains* are payoffs over the disagreement payoff: what an agent has in a step in which nobody gives anything, times
  the steps played. Of raw payoffs equality hardly moves, since most of a payoff is the endowment that was kept. (The
  stage nash would be the other disagreement point; in the published TR-1 games full giving pays less than it does.)
- *Equality* is 1 minus the Gini coefficient of gains, sum_ij |g_i - g_j| / (2 N sum_i g_i), as in Perolat et al. (A
  multi-agent reinforcement learning model of common-pool resource appropriation, NeurIPS 2017); losses count as no
  gain. The *least share* is N min_i g_i / sum_i g_i: 1 if all gain alike, below 0 if somebody loses.
- *Sustainability* is the share of the horizon that the episode lasted, each step weighted by the mean trust between
  agents then, or by mean loyalty; steps after a recovery count with the trust of that moment. (Perolat et al. measure
  when rewards are collected; here what wears out is trust.)
- *Retaliation* of an agent: somebody else gives nothing in one step of an otherwise undisturbed episode; the largest
  drop of the agent's rate below the undisturbed one in the next five steps, averaged over who defects. *Forgiveness* is
  the part of that drop that is gone 11 to 20 steps after the defection. Both after Axelrod (The Evolution of
  Cooperation, 1984, chapters 2 and 6), who used the words for rules; here they are measured.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from coopetition.baselines.players import Players
from coopetition.batching.batch import Batch
from coopetition.games.game import Game

#: Step of the defection at the latest, steps in which it is answered, and the window in which it may be forgiven.
DEFECTION, ANSWERED, FORGIVEN = 10, 5, (11, 20)
#: A drop, in rates, that counts as none.
NO_DROP = 1e-6


@dataclass(frozen=True)
class Outcomes:
    """Social outcomes of one agent's episodes; see the module for definitions and sources.

    Attributes
    ----------
    equality, least_share : float or None
        In [0, 1], and at most 1; the same for all agents. None where nobody gains anything.
    sustainability : float
        In [0, 1]; the same for all agents.
    retaliation : float or None
        Drop of the agent's rate. 0 for policies that look at nothing; None where there was nobody who could defect, and
        where somebody solves the game at each step, which is not measured.
    forgiveness : float or None
        In [0, 1]: 0 for what is never forgiven. None where there was no retaliation.
    """

    equality: float | None
    least_share: float | None
    sustainability: float
    retaliation: float | None = None
    forgiveness: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """As plain values."""
        return asdict(self)


def disagreement(game: Game) -> np.ndarray:
    """What each agent is paid in the first step when nobody gives anything and no hand trembles, (N,)."""
    if game.parameters.tremble > 0.0:
        game = Game(game.parameters.without_chance("expected"))
    batch = Batch(game, 1, autoreset="disabled", observe=False)
    # Nobody gives anything, so that a synergy whose weight is drawn pays nothing, whatever it is.
    state = game.state_vector({"gamma": 0.0}) if game.random_gamma else None
    payoffs, _ = batch.evaluate(np.zeros((1, *game.action_shape)), state)
    return np.array(payoffs[0])


def gains(game: Game, payoffs: np.ndarray, steps: float) -> np.ndarray:
    """Summed payoffs (N,) of so many steps over the disagreement payoff."""
    return np.asarray(payoffs - steps * disagreement(game))


def equality(values: np.ndarray) -> float | None:
    """1 minus the Gini coefficient of gains (N,), losses counted as no gain; None where nobody gains.

    Examples
    --------
    >>> import numpy as np
    >>> equality(np.array([1.0, 1.0])), equality(np.array([1.0, 0.0])), equality(np.array([-1.0, 0.0]))
    (1.0, 0.5, None)
    """
    kept = np.maximum(np.asarray(values, dtype=np.float64), 0.0)
    total = float(kept.sum())
    if total <= 1e-9:
        return None
    return 1.0 - float(np.abs(kept[:, None] - kept[None]).sum()) / (2.0 * len(kept) * total)


def least_share(values: np.ndarray) -> float | None:
    """The least gain over the mean gain; None where they add up to nothing.

    Examples
    --------
    >>> import numpy as np
    >>> least_share(np.array([1.0, 3.0]))
    0.5
    """
    total = float(np.sum(values))
    return None if total <= 1e-9 else float(len(values) * np.min(values)) / total


def bond(game: Game, state: dict[str, np.ndarray]) -> np.ndarray:
    """Mean trust between agents, or mean loyalty, of named states with leading axes (B, ...); 1 without either."""
    if "trust" in state:
        apart = ~np.eye(game.n, dtype=np.bool_)
        means: np.ndarray = state["trust"][..., apart].mean(axis=-1)
        return means
    if "loyalty" in state:
        loyal: np.ndarray = state["loyalty"].mean(axis=-1)
        return loyal
    return np.ones(next(iter(state.values())).shape[0])


class Lasting:
    """Adds up, step by step, what `Outcomes.sustainability` is made of.

    Parameters
    ----------
    batch : Batch
        What is played; call `see` after every step.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch, self._game = batch, batch.game
        self._named = next((name for name in ("trust", "loyalty") if name in self._game.layout), None)
        self.sums = np.zeros(batch.num_envs)
        self._bond = np.ones(batch.num_envs)

    def see(self, playing: np.ndarray) -> None:
        """Count a step for the copies (B,) that were playing."""
        if self._named is not None:
            self._bond = bond(self._game, {self._named: self._batch.read(self._named)})
        self.sums += playing * self._bond

    def shares(self, lengths: np.ndarray, recovered: np.ndarray) -> np.ndarray:
        """Sustainability (B,), from the steps of each copy and whether it ended by recovering."""
        left = np.where(recovered, self._game.horizon - lengths, 0.0)
        return np.asarray((self.sums + left * self._bond) / self._game.horizon)


def responses(game: Game, players: Players, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """How each agent answers one defection of another: retaliation and forgiveness, (N,) each.

    NaN where there is none to tell: nobody gave anything that could be withheld, or, for forgiveness, nothing was
    answered. Policies that solve the game at each step are not asked, and have NaN.
    """
    n = game.n
    classifiers = [getattr(policy, "classifier", None) for policy in players.policies]
    solves = np.array([bool(getattr(one, "uses_oracle", False)) for one in classifiers])
    looks = np.array([one is None or bool(getattr(one, "memory", 1)) for one in classifiers])
    retaliation = np.where(solves, np.nan, 0.0)
    forgiveness = np.full(n, np.nan)
    when = min(DEFECTION, max(game.horizon // 3, 1))
    steps = min(game.horizon, when + FORGIVEN[1] + 1)
    if not (looks & ~solves).any() or solves.any() or steps <= when + 1:
        return retaliation, forgiveness
    batch = Batch(game, n + 1, autoreset="disabled")
    seeds = [seed] * (n + 1)
    batch.reset(seed=seeds)
    players.reset(seeds, n + 1)
    rates = np.zeros((steps, n + 1, n))
    low, span = game.action_low, game.action_high - game.action_low
    who = np.arange(n)
    for step in range(steps):
        actions = players.act(batch.observations)
        if step == when:
            actions[who, who] = low  # copy j is disturbed by agent j; the last by nobody
        played = (actions - low) / span
        rates[step] = played if game.axes == 1 else played[..., 0]
        batch.step(actions)
    # An undisturbed agent is compared with itself in the last copy.
    drops = rates[:, n:, :] - rates[:, :n, :]
    could = rates[when, n] > NO_DROP
    apart = ~np.eye(n, dtype=np.bool_) & could[:, None]
    if not could.any():
        retaliation[looks] = np.nan
        return retaliation, forgiveness
    # What the game's end leaves of the windows; drops[t, defector, agent].
    answered = drops[when + 1 : when + 1 + ANSWERED].max(axis=0)
    late = drops[when + FORGIVEN[0] : when + FORGIVEN[1] + 1]
    for i in np.flatnonzero(looks):
        mine = answered[apart[:, i], i]
        retaliation[i] = max(float(mine.mean()), 0.0) if mine.size else np.nan
        if late.size and mine.size and retaliation[i] > NO_DROP:
            kept = float(late[:, apart[:, i], i].mean())
            forgiveness[i] = float(np.clip(1.0 - kept / retaliation[i], 0.0, 1.0))
    return retaliation, forgiveness


def known(value: float) -> float | None:
    """A number, or None for one that is not."""
    return float(value) if np.isfinite(value) else None


def of_record(game: Game, payoffs: np.ndarray, states: dict[str, Any], outcome: str) -> Outcomes:
    """The outcomes of one recorded episode: payoffs (T, N), states (T + 1, ...) by name."""
    steps = len(payoffs)
    after: dict[str, np.ndarray] = {
        name: np.asarray(value)[1:] for name, value in states.items() if name in ("trust", "loyalty")
    }
    bonds = bond(game, after) if after else np.ones(steps)
    left = game.horizon - steps if outcome == "recovered" else 0
    found = gains(game, payoffs.sum(axis=0), steps)
    lasting = (float(bonds.sum()) + left * float(bonds[-1])) / game.horizon
    return Outcomes(equality(found), least_share(found), lasting)
