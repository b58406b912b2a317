"""Apache HTTP Server, 1995-2023 (TR-3): team effort with loyalty, in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.case import CaseData, Ranges, Run, quantities
from ...engine.rubric import score

Array = NDArray[np.float64]
DATA = CaseData("the case apache", Path(__file__).parent)
#: Whether loyalty weighs the mean of the teammates' payoffs (the released code) or their sum (the abstract's
#: figures).
Teammates = Literal["mean", "sum"]
TEAMMATES: tuple[Teammates, ...] = ("mean", "sum")

QUANTITIES = quantities(
    ("effort", "mean effort", "effort", True),
    ("effort_sane", "mean effort is positive, below 100 and finite", "bool", True),
    ("rank_gap", "|rank of the phase's effort - its order in time|", "ranks", True),
    ("intensity", "mean effort / 50", "1", True),
    ("over_max", "mean effort over that of the phase of greatest effort", "1", True),
    ("over_previous", "mean effort over that of the phase before (NaN in the first)", "1", True),
    ("ratio_error", "|effort over the first phase's - the same of the record|", "1", True),
    ("log_level_error", "|log10 of effort over the historical effort|", "factors of ten", True),
    ("ordered_pairs", "pairs of phases in the historical order of effort, of 6", "pairs"),
    (
        "core_log_error",
        "|log10 of the core's share of the members over the documented share|, growth phase",
        "factors of ten",
    ),
)


def target_total(
    omega: ArrayLike,
    beta: ArrayLike,
    c: ArrayLike,
    n: ArrayLike,
    theta: ArrayLike,
    phi_B: ArrayLike,
    phi_C: ArrayLike,
    teammates: Teammates = "sum",
) -> Array:
    """The total effort at which a member of loyalty theta wants to stop.

    S* = [omega beta (1 + theta phi_B k) / (n c (1 - theta phi_C))]^(1 / (1 - beta)), k = 1 for the mean of
    the teammates' payoffs, n - 1 for their sum: the first-order condition of TR-3's utility
    (arXiv:2601.16237).

    Parameters
    ----------
    omega, beta, c, n, theta, phi_B, phi_C : array_like
        Broadcast together.
    teammates : {"mean", "sum"}

    Returns
    -------
    ndarray
    """
    if teammates not in TEAMMATES:
        raise ValueError(f"unknown reading {teammates!r}: 'mean' or 'sum'")
    omega, beta, c, n, theta, phi_B, phi_C = (
        np.asarray(x, dtype=float) for x in (omega, beta, c, n, theta, phi_B, phi_C)
    )
    k = 1.0 if teammates == "mean" else n - 1.0
    base = omega * beta * (1.0 + theta * phi_B * k) / (n * c * (1.0 - theta * phi_C))
    return np.asarray(base ** (1.0 / (1.0 - beta)))


def team_efforts(targets: Array, lower: float, upper: float) -> Array:
    """Nash efforts of n members with targets S_i* for the total, on the box [lower, upper].

    The member with the highest target works until the total reaches it or the bound is met; then the next;
    the rest stay at the lower bound. Members with equal targets share equally (they are indifferent how).

    Parameters
    ----------
    targets : ndarray, shape (..., n)
        NaN marks a place without a member.
    lower, upper : float

    Returns
    -------
    ndarray, shape (..., n)
        NaN where there is no member.
    """
    there = ~np.isnan(targets)
    wanted = np.where(there, targets, -np.inf)
    total = lower * there.sum(axis=-1)
    room = upper - lower
    for k in (
        np.argsort(-wanted, axis=-1).swapaxes(0, -1)
        if wanted.ndim == 1
        else np.moveaxis(np.argsort(-wanted, axis=-1), -1, 0)
    ):
        want = np.take_along_axis(wanted, np.asarray(k)[..., None], axis=-1)[..., 0]
        total = np.where(np.isfinite(want), np.maximum(total, np.minimum(want, total + room)), total)
    same = there & np.isclose(wanted, total[..., None], rtol=1e-12, atol=0.0)
    above = there & ~same & (wanted > total[..., None])
    below = there & ~same & ~above
    left = total - upper * above.sum(axis=-1) - lower * below.sum(axis=-1)
    share = left / np.maximum(1, same.sum(axis=-1))
    efforts = np.where(above, upper, np.where(same, share[..., None], lower))
    return np.where(there, efforts, np.nan)


def simulate(label: str, teammates: Teammates = "sum", **changed: Any) -> Run:
    """Solve B histories of four phases, measure every quantity.

    Parameters
    ----------
    label : str
    teammates : {"mean", "sum"}
    **changed
        ``omega``, ``beta``, ``c``, ``phi_B``, ``phi_C`` (scalars or shape (B,)), ``loyalty`` (the eight
        founders', (8,) or (B, 8)),
        ``multipliers`` ((4,) or (B, 4)) in the place of the published ones.

    Returns
    -------
    Run
        Series of the first of the runs: ``members`` (4, 40), NaN beyond the phase's members.
    """
    record = DATA.record
    p = {
        name: np.atleast_1d(np.asarray(changed.get(name, record[name]), dtype=float))
        for name in ("omega", "beta", "c", "phi_B", "phi_C")
    }
    loyalty = np.atleast_2d(np.asarray(changed.get("loyalty", record["founder_loyalty"]), dtype=float))
    own = [phase.values["multiplier"] for phase in record.phases]
    multipliers = np.atleast_2d(np.asarray(changed.get("multipliers", own), dtype=float))
    count = max(loyalty.shape[0], multipliers.shape[0], *(x.shape[0] for x in p.values()))
    sizes = [int(phase.values["members"]) for phase in record.phases]
    efforts = np.full((count, len(sizes), max(sizes)), np.nan)
    for k, n in enumerate(sizes):
        theta = loyalty[:, np.arange(n) % loyalty.shape[1]] * multipliers[:, k, None]
        targets = target_total(
            p["omega"][:, None],
            p["beta"][:, None],
            p["c"][:, None],
            n,
            theta,
            p["phi_B"][:, None],
            p["phi_C"][:, None],
            teammates,
        )
        targets = np.broadcast_to(targets, (count, n))
        efforts[:, k, :n] = team_efforts(targets, record["a_min"], record["a_max"])
    means = np.nanmean(efforts, axis=2)
    return Run(label, measure(means, efforts), {"members": efforts[0], "effort": means[0]})


def measure(effort: Array, members: Array | None = None) -> dict[str, Array]:
    """Every quantity of the case, from mean efforts (B, 4) and, for the core, members' efforts (B, 4, n)."""
    record = DATA.record
    known = np.array([p.values["effort"] for p in record.phases], dtype=float)
    ranks = np.argsort(np.argsort(-effort, axis=1, kind="stable"), axis=1, kind="stable")
    with np.errstate(divide="ignore", invalid="ignore"):
        previous = np.concatenate([np.full((effort.shape[0], 1), np.nan), effort[:, 1:] / effort[:, :-1]], axis=1)
        ratio = effort / effort[:, :1]
        level = np.abs(np.log10(effort / known))
    pairs = sum(
        ((effort[:, i] > effort[:, j]) == (known[i] > known[j])) & (effort[:, i] != effort[:, j])
        for i in range(4)
        for j in range(i + 1, 4)
    )
    core = np.full(effort.shape[0], np.nan)
    if members is not None:
        fact = record["core"]
        k = record.phase_names.index(fact["phase"])
        there = members[:, k, ~np.isnan(members[0, k])]
        work = np.cumsum(-np.sort(-there, axis=1), axis=1)
        size = (work < fact["share"] * work[:, -1:] * (1.0 - 1e-12)).sum(axis=1) + 1
        core = np.abs(np.log10(size / there.shape[1] / (fact["members"] / fact["contributors"])))
    return {
        "effort": effort,
        "effort_sane": ((effort > 0) & (effort < 100) & np.isfinite(effort)).astype(float),
        "rank_gap": np.abs(ranks - np.arange(4)).astype(float),
        "intensity": effort / record["a_max"],
        "over_max": effort / effort.max(axis=1, keepdims=True),
        "over_previous": previous,
        "ratio_error": np.abs(ratio - known / known[0]),
        "log_level_error": level,
        "ordered_pairs": np.asarray(pairs, dtype=float),
        "core_log_error": core,
    }


def variants() -> tuple[Run, ...]:
    """The report's reading (sum of the teammates' payoffs), and the released code's (mean)."""
    return simulate("teammates = sum (the abstract's)"), simulate("teammates = mean (the released code's)", "mean")


def draw(rng: np.random.Generator, count: int, ranges: Ranges, teammates: Teammates = "sum") -> Run:
    """Random parameters under either reading."""
    x: dict[str, Any] = DATA.draws.sample(rng, count, ranges)
    if ranges == "wide":
        x["loyalty"] = np.stack([x.pop(f"loyalty_{k}") for k in range(8)], axis=1)
        x["multipliers"] = np.stack([x.pop(f"multiplier_{k}") for k in range(4)], axis=1)
    return Run(f"{count} {ranges} draws", simulate("", teammates, **x).values)


def draws(rng: np.random.Generator, count: int, ranges: Ranges) -> Run:
    """Random parameters, the report's reading."""
    return draw(rng, count, ranges)


def nulls(rng: np.random.Generator, count: int) -> tuple[Run, ...]:
    """Named null models."""
    record = DATA.record
    logs = rng.uniform(np.log(record["a_min"]), np.log(record["a_max"]), (10_000, 4))
    falling = -np.sort(-rng.uniform(record["a_min"], record["a_max"], (10_000, 4)), axis=1)
    return (
        Run(
            "efforts uniform on the box, phase by phase",
            measure(rng.uniform(record["a_min"], record["a_max"], (10_000, 4))),
        ),
        Run("efforts log-uniform on the box, phase by phase", measure(np.exp(logs))),
        Run("efforts uniform on the box, sorted to fall", measure(falling)),
        Run("a constant effort of 20 in all phases", measure(np.full((1, 4), 20.0))),
        Run(
            "random parameters, reading 'mean'",
            draw(rng, count, "stated", "mean").values,
        ),
    )


def ablations() -> tuple[Run, ...]:
    """Each mechanism off, the report's reading."""
    return (
        simulate("no loyalty (theta = 0)", loyalty=np.zeros(8)),
        simulate("no loyalty benefit (phi_B = 0)", phi_B=0.0),
        simulate("no cost relief (phi_C = 0)", phi_C=0.0),
        simulate("no decline of loyalty (multipliers 1)", multipliers=np.ones(4)),
        simulate("equal loyalty (.795 for all)", loyalty=np.full(8, 0.795)),
    )


def history() -> Run:
    """The historical efforts in the place of the run's."""
    efforts = np.array([[p.values["effort"] for p in DATA.record.phases]], dtype=float)
    values = measure(efforts)
    values["core_log_error"] = np.zeros(1)
    return Run("the record: the historical efforts", values)


def measures(runs: tuple[Run, ...]) -> dict[str, float]:
    """For the ledger: the scores of both readings, by name."""
    rubric = DATA.rubric("published", QUANTITIES)
    out: dict[str, float] = {}
    for reading, run in zip(("sum", "mean"), runs, strict=True):
        total = float(score(rubric, run.values).total[0])
        out |= {f"{reading}.score": total, f"{reading}.percent": 100.0 * total / rubric.total}
    return out
