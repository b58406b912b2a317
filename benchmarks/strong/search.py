"""Search for strong parameter sets: many at once, each judged by what constant rates earn.

For every combination of a few round numbers around an environment's strong preset this plays constant profiles of whole
episodes in one batch of many parameter sets, and asks what docs/strong.md asks, conditions 1 and 3:

- nash: the constant profile that best replies settle in, from nothing, as a share of the best constants (.87; .78 for
  more than two agents);
- fear: what the best constants' own part loses against that nash (5 %);
- m: the widest margin of T > R > P > S between two rates, for the worst-placed role (3 %);
- half: what .5 for all earns (.85), and how much of the horizon it lasts (a tenth).

The best constants are at most the optimum, so shares of the optimum are never larger than these. What is kept is to be
measured by the oracles of whole episodes: ``python docs/strong_tables.py measure ID``. Condition 2 is asked by
``learning.py``. Sets are ranked by how many conditions they meet, then the fewest digits, then the largest slack.

Run ``python benchmarks/strong/search.py [--ids SLCD-v0 ...] [--vary gamma=2.8,2.9 ...] [--top 5]``: seconds a game.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import coopetition
from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.parameters import Parameters
from coopetition.oracles import Episode

Array = NDArray[np.float64]
#: Rates that are tried as levels of a dilemma, and as replies.
RATES = np.arange(21) / 20.0
LEVELS = np.arange(41) / 40.0
#: Rounds of replies, and what a reply may still gain, as a share of an agent's return, where they have settled.
ROUNDS, SETTLED = 40, 2e-3
#: Conditions: limits, those on the nash by two agents and by more.
NASH_TWO, NASH_MANY, FEAR, MARGIN, HALF, LASTS = 0.87, 0.78, 0.05, 0.03, 0.85, 0.1

_PAIR = {"gamma": (2.8, 2.9, 3.0, 3.1), "theta": (2.0, 5.0, 10.0)}
#: What is varied around the strong presets; within what the reports allow.
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "TrustDilemma-v0": _PAIR,
    "PartnerHoldUp-v0": _PAIR,
    "PlatformEcosystem-v0": {"gamma": (7.0, 8.0, 9.0, 10.0), "theta": (2.0, 5.0, 10.0)},
    "DynamicPartnerSelection-v0": {"gamma": (8.0, 10.0, 12.0), "reputation_weight": (0.2, 0.4), "theta": (2.0, 5.0)},
    "RecoveryRace-v0": {"gamma": (2.9, 3.0, 3.1), "delta_R": (0.02, 0.03), "recovery_bonus": (150.0, 200.0, 250.0)},
    "SynergySearch-v0": {"gamma": (2.0, 2.5, 3.0), "theta": (2.0, 5.0)},
    "SLCD-v0": {**_PAIR, "gamma": (2.7, 2.8, 2.9, 3.0)},
    "RenaultNissan-v0": _PAIR,
    "CooperativeNegotiation-v0": _PAIR,
    "ReputationMarket-v0": {"gamma": (8.0, 10.0, 12.0), "reputation_neutral": (0.2, 0.3, 0.5), "theta": (2.0, 5.0)},
    "TeamProduction-v0": {"omega": (6.0, 7.0, 8.0, 9.0, 10.0)},
    "LoyaltyTeam-v0": {"omega": (4.0, 4.5, 5.0, 6.0, 8.0)},
    "CoalitionFormation-v0": {"omega": (5.0, 6.0, 8.0), "exit_threshold": (0.2, 0.25, 0.3)},
    "ApacheProject-v0": {"omega": (8.0, 10.0, 12.0, 15.0)},
    "PublicGoods-v0": {"multiplier": (1.2, 1.5, 2.0, 3.0)},
    "ReciprocalDilemma-v0": _PAIR,
    "GiftExchange-v0": {**_PAIR, "shares": ((0.5, 0.5), (0.55, 0.45), (0.6, 0.4))},
    "IndirectReciprocity-v0": {"gamma": (6.0, 8.0, 10.0), "theta": (2.0, 5.0)},
    "GraduatedSanction-v0": {"gamma": (12.0, 15.0, 18.0), "theta": (2.0, 5.0), "baseline": (15.0, 20.0)},
    "AppleAppStore-v0": {"gamma": (4.0, 4.5, 5.0), "theta": (2.0, 5.0)},
}  # fmt: skip
DEFAULT = ("TrustDilemma-v0", "GiftExchange-v0", "PublicGoods-v0", "TeamProduction-v0")


@dataclass(frozen=True)
class Candidate:
    """One parameter set, and what was found.

    Attributes
    ----------
    values : dict
        What was varied.
    optimum : float
        Summed payoffs of the best constants, one for each role.
    nash, fear, margin, half, lasts : float
        What is asked of; nash and fear are NaN where replies did not settle.
    high, low : float
        The two rates of the margin.
    met : dict of str to bool
        The conditions.
    slack : float
        How far the condition that is met least, or missed most, lies from its limit.
    digits : int
        Significant digits of what was varied.
    """

    values: dict[str, Any]
    optimum: float
    nash: float
    fear: float
    margin: float
    high: float
    low: float
    half: float
    lasts: float
    met: dict[str, bool]
    slack: float
    digits: int

    @property
    def rank(self) -> tuple[float, ...]:
        """Smaller is better."""
        return (-sum(self.met.values()), self.digits, -self.slack)


class Trial:
    """K parameter sets, changes of the strong preset, under which constant profiles are played, P each in one batch."""

    def __init__(self, base: Parameters, sets: Sequence[Mapping[str, Any]]) -> None:
        self.id, self.sets = base.id, list(sets)
        self._batches: dict[int, Batch] = {}
        _, self.groups = np.unique(Episode(base, "private").groups(), return_inverse=True)
        self.kinds = int(self.groups.max()) + 1
        self.first = [int(np.flatnonzero(self.groups == kind)[0]) for kind in range(self.kinds)]
        self.sizes = np.bincount(self.groups)

    def play(self, profiles: Array) -> tuple[Array, Array]:
        """Payoffs (K, P, N) of whole episodes of constant rates (K, P, N), and how many steps they last (K, P)."""
        count, many, n = profiles.shape
        if many not in self._batches:
            self._batches[many] = coopetition.batch(
                self.id,
                count * many,
                parameters=self.sets,
                autoreset="disabled",
                observe=False,
                reward_mode="private",
            )
        batch = self._batches[many]
        batch.reset(seed=0)
        rates = np.ascontiguousarray(profiles.reshape(-1, n))
        for _ in range(batch.game.horizon):
            batch.step(rates)
            if batch.terminated.all():
                break
        state = batch.state()
        return state["payoff_total"].reshape(count, many, n), state["time"].reshape(count, many)

    def same(self, profiles: Array) -> Array:
        """Profiles (P, N) for each of the sets."""
        return np.repeat(profiles[None], len(self.sets), axis=0)

    def best_constants(self) -> tuple[Array, Array]:
        """The best rates (K, N), one a role, and their payoffs (K, N)."""
        roles = np.repeat(LEVELS[:, None], self.kinds, axis=1)
        if self.kinds > 1:
            coarse = np.array(
                list(itertools.product(LEVELS[::4] if self.kinds == 2 else LEVELS[::10], repeat=self.kinds))
            )
            roles = np.concatenate([roles, coarse])
        profiles = roles[:, self.groups]
        paid, _ = self.play(self.same(profiles))
        best = paid.sum(axis=2).argmax(axis=1)
        return profiles[best], paid[np.arange(len(best)), best]

    def nash(self) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Rates (K, N) that best replies among constants settle in from nothing, payoffs (K, N), and whether they do.

        A role of several moves towards its reply by its part, so that those who replace each other do not overshoot.
        """
        count, n = len(self.sets), len(self.groups)
        rates = np.zeros((count, n))
        every = np.arange(count)
        for _ in range(ROUNDS):
            gains = np.zeros(count)
            for kind, i in enumerate(self.first):
                tried = np.repeat(rates[:, None], len(LEVELS) + 1, axis=1)
                tried[:, 1:, i] = LEVELS
                paid, _ = self.play(tried)
                best = paid[:, :, i].argmax(axis=1)
                gain = (paid[every, best, i] - paid[:, 0, i]) / np.maximum(np.abs(paid[:, 0, i]), 1e-12)
                gains = np.maximum(gains, gain)
                moved = rates[:, i] + (tried[every, best, i] - rates[:, i]) / self.sizes[kind]
                rates = np.where(self.groups == kind, np.where(gain > SETTLED, moved, rates[:, i])[:, None], rates)
            if (gains <= SETTLED).all():
                break
        paid, _ = self.play(rates[:, None])
        return rates, paid[:, 0], gains <= SETTLED

    def margins(self, optimum: Array) -> tuple[Array, Array]:
        """Widest margins (K,) as those of `coopetition.oracles.margin`, and their two rates (K, 2)."""
        n, pairs = len(self.groups), np.array([(h, low) for h in RATES for low in RATES if h > low])
        even, _ = self.play(self.same(np.repeat(RATES[:, None], n, axis=1)))
        high, low = (np.rint(pairs[:, side] * 20).astype(int) for side in (0, 1))
        least = np.full((len(self.sets), len(pairs)), np.inf)
        for i in self.first:
            tempted, exposed = np.repeat(pairs[:, :1], n, axis=1), np.repeat(pairs[:, 1:], n, axis=1)
            tempted[:, i], exposed[:, i] = pairs[:, 1], pairs[:, 0]
            paid, _ = self.play(self.same(np.concatenate([tempted, exposed])))
            t, s = paid[:, : len(pairs), i], paid[:, len(pairs) :, i]
            r, p = even[:, high, i], even[:, low, i]
            least = np.minimum(least, np.minimum.reduce([t - r, r - p, p - s]) / np.maximum(np.abs(r), 1e-12))
        enough = even.sum(axis=2)[:, high] >= 0.9 * even.sum(axis=2).max(axis=1, keepdims=True)
        least = np.where(enough, least, -np.inf)
        best = least.argmax(axis=1)
        return least[np.arange(len(best)), best], pairs[best]


def digits(value: Any) -> int:
    """Significant digits of a number, or of several.

    >>> digits(3.0), digits(2.9), digits((0.55, 0.45)), digits(200.0)
    (1, 2, 4, 1)
    """
    if isinstance(value, tuple | list):
        return sum(digits(one) for one in value)
    if not isinstance(value, int | float):
        return 0
    return len(f"{value:.6g}".replace(".", "").strip("0-")) or 1


def search(environment_id: str, grid: Mapping[str, Sequence[Any]] | None = None) -> list[Candidate]:
    """Every combination of the grid that the environment allows, best first."""
    cls = environment_class(environment_id, "strong")
    grid = dict(GRIDS[environment_id] if grid is None else grid)
    if getattr(cls(), "gamma", 0.0) is None:  # drawn: taken at its mean
        grid.setdefault("gamma", (float(np.mean(cls().gamma_range)),))  # type: ignore[attr-defined]
    sets, allowed = [], []
    for combination in itertools.product(*grid.values()):
        given = dict(zip(grid, combination, strict=True))
        try:
            allowed.append(cls.build(given))
        except ValueError:
            continue  # what the environment refuses
        sets.append(given)
    if not sets:
        raise ValueError(f"{environment_id} allows no combination of {grid}")
    base = allowed[0]
    trial = Trial(base, sets)
    best, height = trial.best_constants()
    optimum = height.sum(axis=1)
    rates, safe, settled = trial.nash()
    margin, levels = trial.margins(optimum)
    half, lengths = trial.play(np.full((len(sets), 1, base.n), 0.5))
    fear = np.full(len(sets), np.inf)
    for i in trial.first:
        exposed = rates.copy()
        exposed[:, i] = best[:, i]
        lost = (safe[:, i] - trial.play(exposed[:, None])[0][:, 0, i]) / np.maximum(np.abs(safe[:, i]), 1e-12)
        fear = np.minimum(fear, lost)
    found = []
    for k, values in enumerate(sets):
        shares = {
            "nash": safe[k].sum() / optimum[k] if settled[k] else np.nan,
            "fear": fear[k] if settled[k] else np.nan,
            "margin": margin[k],
            "half": half[k, 0].sum() / optimum[k],
            "lasts": lengths[k, 0] / base.horizon,
        }
        limit = NASH_TWO if base.n == 2 else NASH_MANY
        slack = {
            "nash": limit - shares["nash"], "fear": shares["fear"] - FEAR, "margin": shares["margin"] - MARGIN,
            "half": HALF - shares["half"], "lasts": shares["lasts"] - LASTS,
        }  # fmt: skip
        met = {name: bool(value >= -1e-9) for name, value in slack.items()}  # NaN is not met
        found.append(
            Candidate(
                values, float(optimum[k]), **{name: float(value) for name, value in shares.items()},
                high=float(levels[k, 0]), low=float(levels[k, 1]), met=met,
                slack=float(np.nan_to_num(min(slack.values()), nan=-1.0)),
                digits=sum(digits(value) for value in values.values()),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.rank)


def table(environment_id: str, found: Sequence[Candidate]) -> str:
    """A table of candidates; what is missed has an asterisk."""
    preset = dict(environment_class(environment_id).presets["strong"])
    lines = [f"{environment_id} (preset: {', '.join(f'{name} {value}' for name, value in preset.items())})"]
    lines.append(f"  {'optimum':>9s} {'nash':>7s} {'fear':>7s} {'m':>6s}  high/low  {'half':>6s} {'lasts':>6s}  values")
    for one in found:
        cells = {name: f"{100 * getattr(one, name):.1f}{'' if one.met[name] else '*'}" for name in one.met}
        values = ", ".join(f"{name} {value}" for name, value in one.values.items())
        lines.append(
            f"  {one.optimum:9,.0f} {cells['nash']:>7s} {cells['fear']:>7s} {cells['margin']:>6s}  "
            f"{one.high:.2f}/{one.low:.2f} {cells['half']:>6s} {cells['lasts']:>6s}  {values}"
        )
    return "\n".join(lines)


def numbers(text: str) -> tuple[str, tuple[float, ...]]:
    """``gamma=2.8,2.9``."""
    name, _, values = text.partition("=")
    return name, tuple(float(value) for value in values.split(","))


def main() -> None:
    """Search and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ids", nargs="*", default=list(DEFAULT), choices=list(ENVIRONMENTS))
    arguments.add_argument("--vary", nargs="*", type=numbers, help="names and values, such as gamma=2.8,2.9")
    arguments.add_argument("--top", type=int, default=5, help="how many sets of each game to print")
    asked = arguments.parse_args()
    for key in asked.ids:
        began = time.process_time()
        found = search(key, dict(asked.vary) if asked.vary else None)
        print(table(key, found[: asked.top]))
        print(f"  {len(found)} sets, {sum(all(one.met.values()) for one in found)} meet all, "
              f"{time.process_time() - began:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
