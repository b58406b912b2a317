"""Renault-Nissan, 1999-2025 (TR-2): trust and reputation damage under the alliance's documented phases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.case import CaseData, Ranges, Run, quantities
from ...engine.sets import Sets
from .law import Alliance

Array = NDArray[np.float64]
DATA = CaseData("the case renault-nissan", Path(__file__).parent)
Start = Literal["corrected", "swapped"]
#: Which player trusts, which is trusted, for the two entries that move.
PAIRS = ((0, 1), (1, 0))
#: The environment's order of agents.
NISSAN, RENAULT = 0, 1
PARAMETERS = (
    "lambda_plus",
    "lambda_minus",
    "mu_R",
    "delta_R",
    "xi",
    "kappa",
    "D_renault_nissan",
    "D_nissan_renault",
)

QUANTITIES = quantities(
    ("direction_agrees", "mean signal and change of mean trust have the same strict sign", "bool", True),
    ("rate_ratio", "mean |change|/duration over phases of bad signal over that of good ones", "1"),
    ("lasting_loss", "after crisis and recovery, mean trust is below .9 of that before the crisis", "bool"),
    ("greatest_damage", "greatest reputation damage", "1"),
    ("final_mean", "mean of the four matrix entries at the end", "trust"),
    ("sharp_boundaries", "inner boundaries e with |m(e + 1) - m(e - 1)| > .05", "count"),
    ("level_error_renault", "|trust of Renault - documented level| at the phase's end", "trust", True),
    ("level_error_nissan", "|trust of Nissan - documented level| at the phase's end", "trust", True),
    ("order_agrees", "the side that trusts more is the documented one", "bool", True),
    ("change_error", "|change of mean trust - documented change| over the phase", "trust", True),
)


def published_parameters() -> dict[str, Any]:
    """The published trust row, D and actions."""
    record = DATA.record
    return {name: record[name] for name in PARAMETERS}


def initial_trust(start: Start = "corrected") -> Array:
    """T0 of the two moving entries, shape (2,): corrected, or with the swapped entry of the published run."""
    record = DATA.record
    trust = np.array(record["initial_trust"], dtype=float)
    if start == "swapped":
        trust[1] = record["initial_trust_swapped"]
    elif start != "corrected":
        raise ValueError(f"unknown start {start!r}: 'corrected' or 'swapped'")
    return trust


def schedule() -> Array:
    """The documented action of both players, period by period, shape (79,)."""
    record = DATA.record
    return np.concatenate([np.full(p.end - p.start, float(p.values["action"])) for p in record.phases])


def trajectory(
    parameters: Mapping[str, ArrayLike],
    trust: ArrayLike,
    actions: Array | None = None,
    building: Literal["gap", "product"] = "gap",
) -> tuple[Array, Array]:
    """Trust and damage of B alliances under a schedule of actions.

    TR-2's step with trust clipped to [0, 1] only, not to the ceiling, as in this report's model; T, R and the
    ceiling on the right-hand sides are the old ones.

    Parameters
    ----------
    parameters : mapping
        The entries of :data:`PARAMETERS`, scalars or shape (B,).
    trust : array_like, shape (2,) or (B, 2)
        T0 of Renault in Nissan and of Nissan in Renault.
    actions : ndarray, shape (periods,), optional
        The action of both; the documented schedule by default.
    building : {"gap", "product"}
        Trust builds by lambda+ s max(0, 1 - R - T), or by the variant law lambda+ s (1 - T)(1 - R).

    Returns
    -------
    trust, damage : ndarray, shape (B, periods + 1, 2)
    """
    actions = schedule() if actions is None else actions
    given = {name: np.atleast_1d(np.asarray(parameters[name], dtype=float)) for name in PARAMETERS}
    start = np.atleast_2d(np.asarray(trust, dtype=float))
    count = max(start.shape[0], *(x.shape[0] for x in given.values()))
    varied = {name: np.broadcast_to(given[name], (count,)) for name in PARAMETERS[:6]}
    varied["dependence"] = _pairs(count, given["D_renault_nissan"], given["D_nissan_renault"])
    varied["initial_trust"] = _pairs(count, start[:, 0], start[:, 1])
    sets = Sets(Alliance, count, {**Alliance.presets["case"], "building": building}, varied)
    trusts, damages = (np.empty((count, len(actions) + 1, 2)) for _ in range(2))
    for t in range(len(actions) + 1):
        if t > 0:
            sets.step(np.full((count, 2), actions[t - 1]))
        for series, name in ((trusts, "trust"), (damages, "damage")):
            series[:, t] = sets.read(name)[:, [RENAULT, NISSAN], [NISSAN, RENAULT]]
    return trusts, damages


def _pairs(count: int, renault: Array, nissan: Array) -> Array:
    """Matrices (B, 2, 2) in the environment's order of agents, from the entries of Renault and of Nissan."""
    out = np.zeros((count, 2, 2))
    out[:, RENAULT, NISSAN], out[:, NISSAN, RENAULT] = renault, nissan
    return out


def matrix_mean(trusts: Array) -> Array:
    """m(t): mean of the four matrix entries, constant self-entries included; shape (B, periods + 1)."""
    return (trusts.sum(axis=2) + sum(DATA.record["self_entries"])) / 4.0


def _documented() -> tuple[Array, Array]:
    """Documented levels at the phases' ends (NaN where none), and mean levels at all phase bounds."""
    record = DATA.record
    levels = np.array([record["trust_levels"].get(str(p.end), [np.nan, np.nan]) for p in record.phases], dtype=float)
    means = np.concatenate([[np.mean(record["initial_trust"])], levels.mean(axis=1)])
    return levels, means


def measure(trusts: Array, damages: Array, kappa: ArrayLike = 1.0, actions: Array | None = None) -> dict[str, Array]:
    """Every quantity of the case, (B,) or (B, 5) by phase."""
    record = DATA.record
    actions = schedule() if actions is None else actions
    bounds = [(p.start, p.end) for p in record.phases]
    m = matrix_mean(trusts)
    # The signal's sign and the thresholds -.3, .3 on its mean are all that the rubric reads.
    kappa = np.broadcast_to(np.atleast_1d(np.asarray(kappa, dtype=float)), (m.shape[0],))
    sigma = np.stack(
        [np.tanh(kappa[:, None] * (actions[s:e] - record["baseline"])[None]).mean(axis=1) for s, e in bounds],
        axis=1,
    )
    delta = np.stack([m[:, e] - m[:, s] for s, e in bounds], axis=1)
    duration = np.array([e - s for s, e in bounds], dtype=float)
    rate = np.abs(delta) / duration
    bad, good = sigma < 0, sigma > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (rate * bad).sum(1) / bad.sum(1) / ((rate * good).sum(1) / good.sum(1))
    lasting = np.zeros(m.shape[0], dtype=bool)
    for k in range(1, len(bounds) - 1):
        before, after = m[:, bounds[k][0] - 1], m[:, bounds[k + 1][1]]
        lasting |= (sigma[:, k] < -0.3) & (sigma[:, k + 1] > 0.3) & (after < 0.9 * before)
    sharp = sum((np.abs(m[:, e + 1] - m[:, e - 1]) > 0.05).astype(float) for _, e in bounds[:-1])
    levels, means = _documented()
    ends = [e for _, e in bounds]
    error = np.abs(trusts[:, ends] - levels)
    gap, known = trusts[:, ends, 0] - trusts[:, ends, 1], levels[:, 0] - levels[:, 1]
    moving = trusts.mean(axis=2)
    change = np.stack([moving[:, e] - moving[:, s] for s, e in bounds], axis=1)
    return {
        "direction_agrees": ((np.sign(sigma) == np.sign(delta)) & (delta != 0)).astype(float),
        "rate_ratio": ratio,
        "lasting_loss": lasting.astype(float),
        "greatest_damage": damages.max(axis=(1, 2)),
        "final_mean": m[:, -1],
        "sharp_boundaries": np.asarray(sharp, dtype=float),
        "level_error_renault": error[..., 0],
        "level_error_nissan": error[..., 1],
        "order_agrees": np.where(np.isnan(known), np.nan, np.sign(gap) == np.sign(known)),
        "change_error": np.abs(change - np.diff(means)),
    }


def simulate(label: str, start: Start = "corrected", trust: ArrayLike | None = None, **changed: ArrayLike) -> Run:
    """Run B alliances, measure every quantity.

    Parameters
    ----------
    label : str
    start : {"corrected", "swapped"}
    trust : array_like, optional
        T0 in the place of the published one, shape (2,) or (B, 2).
    **changed
        Parameters in the place of the published ones, scalars or shape (B,).

    Returns
    -------
    Run
        Series of the first of the runs: ``trust`` (80, 2, 2) with the self-entries, ``damage`` (80, 2, 2),
        ``mean`` (80,).
    """
    parameters = {**published_parameters(), **changed}
    trusts, damages = trajectory(parameters, initial_trust(start) if trust is None else trust)
    matrix = np.zeros((trusts.shape[1], 2, 2))
    damage = np.zeros_like(matrix)
    own = DATA.record["self_entries"]
    for k, (i, j) in enumerate(PAIRS):
        matrix[:, i, j], damage[:, i, j], matrix[:, k, k] = trusts[0, :, k], damages[0, :, k], own[k]
    return Run(
        label,
        measure(trusts, damages, parameters["kappa"]),
        {"trust": matrix, "damage": damage, "mean": matrix_mean(trusts)[0]},
    )


def fit(run: Run) -> tuple[float, float]:
    """Root mean square error and R^2 of a run against the six documented levels."""
    record = DATA.record
    levels = {int(t): x for t, x in record["trust_levels"].items()}
    known = np.array([levels[t] for t in sorted(levels)])
    modelled = np.array([[run.series["trust"][t, i, j] for i, j in PAIRS] for t in sorted(levels)])
    error = ((known - modelled) ** 2).sum()
    return float(np.sqrt(error / known.size)), float(1.0 - error / ((known - known.mean()) ** 2).sum())


def phase_anova(run: Run) -> tuple[float, float]:
    """F and p of TR-2's one-way ANOVA over phases, on all four matrix entries of every state in [start, end).

    The states of one deterministic trajectory are autocorrelated by construction, so the samples are not
    independent and p means nothing; F is here because it is published.
    """
    from scipy import stats

    trust = run.series["trust"]
    result = stats.f_oneway(*[trust[p.start : p.end].ravel() for p in DATA.record.phases])
    return float(result.statistic), float(result.pvalue)


def phase_regressions(run: Run) -> list[dict[str, Any]]:
    """Slope and R^2 of mean trust on time in each phase, without p-values, which would mean nothing."""
    from scipy import stats

    out = []
    for p in DATA.record.phases:
        t = np.arange(p.start, p.end + 1)
        line = stats.linregress(t, run.series["mean"][p.start : p.end + 1])
        out.append({"phase": p.name, "slope": float(line.slope), "r2": float(line.rvalue) ** 2})
    return out


def variants() -> tuple[Run, ...]:
    """The published run with the corrected and with the swapped start, and the variant building law."""
    trusts, damages = trajectory(published_parameters(), initial_trust(), building="product")
    product = Run("building law (1 - T)(1 - R)", measure(trusts, damages))
    return simulate("corrected start"), simulate("as published: swapped start", "swapped"), product


def draws(rng: np.random.Generator, count: int, ranges: Ranges) -> Run:
    """Random trust parameters ("stated"), with T0 and D as well ("wide")."""
    x: dict[str, Any] = DATA.draws.sample(rng, count, ranges)
    trust = None
    if ranges == "wide":
        trust = np.stack([x.pop("trust_renault"), x.pop("trust_nissan")], axis=1)
    return Run(f"{count} {ranges} draws", simulate("", trust=trust, **x).values)


def nulls(rng: np.random.Generator, count: int) -> tuple[Run, ...]:
    """Named null models."""
    walk = np.clip(np.cumsum(rng.normal(0.0, 0.05, (10_000, 80, 2)), axis=1) + 0.5, 0.0, 1.0)
    still = np.broadcast_to(np.array([0.5, 0.55]), (1, 80, 2))
    return (
        simulate("no negativity bias (lambda+ = lambda- = .25)", lambda_plus=0.25, lambda_minus=0.25),
        simulate("reversed bias (lambda+ = .25, lambda- = .08)", lambda_plus=0.25, lambda_minus=0.08),
        Run("random walk of trust, no damage", measure(walk, np.zeros_like(walk))),
        Run("trust never moves, no damage", measure(still, np.zeros_like(still))),
    )


def ablations() -> tuple[Run, ...]:
    """Each mechanism off."""
    return (
        simulate("no amplification by dependence (xi = 0)", xi=0.0),
        simulate("no reputation damage (mu_R = 0)", mu_R=0.0),
        simulate("no healing (delta_R = 0)", delta_R=0.0),
        simulate("no trust building (lambda+ = 0)", lambda_plus=0.0),
        simulate("no erosion (lambda- = 0)", lambda_minus=0.0),
    )


def history() -> Run:
    """The record in the place of the run: levels at three dates, T0 before them, NaN after 2019."""
    record = DATA.record
    values: dict[str, Any] = {name: np.full((1, 5) if q.by_phase else 1, np.nan) for name, q in QUANTITIES.items()}
    _, means = _documented()
    delta = np.diff(means)
    action = np.array([p.values["action"] for p in record.phases]) - record["baseline"]
    known = ~np.isnan(delta)
    duration = np.array([p.end - p.start for p in record.phases])
    rate = np.abs(delta) / duration
    values["direction_agrees"] = np.where(known, np.sign(delta) == np.sign(action), np.nan)[None]
    values["rate_ratio"] = np.array([rate[known & (action < 0)].mean() / rate[known & (action > 0)].mean()])
    for name in ("level_error_renault", "level_error_nissan", "change_error"):
        values[name] = np.where(known, 0.0, np.nan)[None]
    values["order_agrees"] = np.where(known, 1.0, np.nan)[None]
    return Run("the record: levels of 2002, 2018 and 2019", values)


def measures(runs: tuple[Run, ...]) -> dict[str, float]:
    """For the ledger: the published test's F, from either start."""
    return {"anova": phase_anova(runs[0])[0], "anova_swapped": phase_anova(runs[1])[0]}
