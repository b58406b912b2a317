"""Apple iOS App Store, 2008-2024 (TR-4): reciprocity among three actors, with trust, shocks and noise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.case import CaseData, Ranges, Run, quantities
from ...engine.sets import Sets
from .law import Store, drifted

Array = NDArray[np.float64]
DATA = CaseData("the case apple", Path(__file__).parent)
PARAMETERS = (
    "rho_0",
    "eta",
    "kappa",
    "lambda_R",
    "omega",
    "lambda_plus",
    "lambda_minus",
    "mu_R",
    "delta_R",
    "psi",
    "ceiling",
    "ceiling_slope",
    "adjustment",
    "decay",
    "noise_sd",
    "baseline_adaptation",
)
ACTORS = ("apple", "major", "small")
#: Arguments of the game, and what the case calls them.
KERNEL_NAMES = {
    **{name: name for name in ("rho_0", "eta", "lambda_R", "omega", "ceiling", "ceiling_slope")},
    **{name: name for name in ("lambda_plus", "lambda_minus", "mu_R", "delta_R")},
    "kappa_r": "kappa",
    "xi": "psi",
    "adaptation": "baseline_adaptation",
}

QUANTITIES = quantities(
    ("trend", "mean over actors of the change from first to last quarter", "action", True),
    ("relative_error", "mean over actors of |phase mean - reference| / reference", "1", True),
    ("mean_sd", "mean over actors of the standard deviation", "action", True),
    ("largest_step", "largest change of an action in one quarter", "action", True),
    ("developer_sd", "larger standard deviation of the two developers' series", "action", True),
    ("major_change", "change of the major developers from first to last quarter", "action", True),
    ("steady_share", "share of the quarters whose mean change is above -.01", "share", True),
    ("mean_variance", "mean over actors of the variance", "1", True),
    *((f"level_error_{a}", f"|phase mean of {a} - reference|", "action", True) for a in ACTORS),
    *(
        (
            f"direction_agrees_{a}",
            f"the phase mean of {a} moves as the reference does (NaN in the first)",
            "bool",
            True,
        )
        for a in ACTORS
    ),
    *((f"curve_error_{a}", f"root mean square distance of {a} from the reference points", "action") for a in ACTORS),
    ("ordered_pairs", "pairs of actors in the order of the reference, of 3", "pairs", True),
)


def published_parameters() -> dict[str, Any]:
    """The published parameters, among them ``trust`` (T0 of all pairs) and the matrix ``D``."""
    record = DATA.record
    a, d = record["initial_trust"]
    trust = np.array([[0.0, a, a], [a, 0.0, d], [a, d, 0.0]])
    return {
        **{name: record[name] for name in PARAMETERS},
        "D": np.array(record["D"], dtype=float),
        "trust": trust,
    }


def legacy_noise(seed: int | None = None, count: int = 1) -> Array:
    """Standard normals of NumPy's legacy generator, in actor order a step; shape (count, 66, 3).

    Parameters
    ----------
    seed : int, optional
        The first seed; the published 42 by default.
    count : int
        Seeds `seed`, `seed` + 1, ...
    """
    record = DATA.record
    first = record["noise_seed"] if seed is None else seed
    steps = record.phases[-1].end
    return np.stack([np.random.RandomState(first + k).standard_normal((steps, 3)) for k in range(count)])  # noqa: NPY002


def trajectory(parameters: Mapping[str, Any], noise: Array, shocked: bool = True) -> tuple[Array, Array]:
    """Actions and trust of B histories.

    Signals, effects and trust updates all read the values at t, after the shocks of t (TR-4,
    arXiv:2604.01240, the released validation's order).

    Parameters
    ----------
    parameters : mapping
        The entries of :data:`PARAMETERS`, scalars or shape (B,); ``D`` (3, 3) or (B, 3, 3); ``trust``
        likewise.
    noise : ndarray, shape (1 or B, 66, 3)
        Standard normals.
    shocked : bool
        Whether the shocks of quarters 36, 48 and 54 are put in.

    Returns
    -------
    actions : ndarray, shape (B, 67, 3)
    trust : ndarray, shape (B, 67, 3, 3)
    """
    record = DATA.record
    given = {name: np.atleast_1d(np.asarray(parameters[name], dtype=float)) for name in PARAMETERS}
    D, start = (np.asarray(parameters[name], dtype=float) for name in ("D", "trust"))
    D, start = (x[None] if x.ndim == 2 else x for x in (D, start))
    count = max(noise.shape[0], D.shape[0], start.shape[0], *(x.shape[0] for x in given.values()))
    varied = {name: np.broadcast_to(given[own], (count,)) for name, own in KERNEL_NAMES.items()}
    varied["dependence"], varied["initial_trust"] = (np.broadcast_to(x, (count, 3, 3)) for x in (D, start))
    sets = Sets(Store, count, Store.presets["case"], varied)
    steps = record.phases[-1].end
    shocks = (
        {int(t): np.array(x) for phase in record.phases for t, x in phase.values["shocks"].items()} if shocked else {}
    )
    adjustment, decay, sd = (given[name][:, None] for name in ("adjustment", "decay", "noise_sd"))
    a = np.broadcast_to(np.array(record["initial_actions"]), (count, 3)).copy()
    actions, trusts = np.empty((count, steps + 1, 3)), np.empty((count, steps + 1, 3, 3))
    for t in range(steps + 1):
        if t in shocks:
            a = np.clip(a + shocks[t], 0.0, 1.0)
        actions[:, t], trusts[:, t] = a, sets.read("trust")
        if t == steps:
            break
        expected = sets.read("memory_mean").copy()
        sets.step(a)
        # What a game of `law` reports as utility is the response.
        a = drifted(a, sets.utilities, expected, adjustment, decay, sd * noise[:, t])
    return actions, trusts


def phase_means(actions: Array) -> Array:
    """Mean action of each actor in each phase, both ends included; shape (B, 5, 3)."""
    return np.stack([actions[:, p.start : p.end + 1].mean(axis=1) for p in DATA.record.phases], axis=1)


def reference_curve() -> Array:
    """The reference points joined by straight lines, quarter by quarter; shape (67, 3)."""
    record = DATA.record
    quarters = np.arange(record.phases[-1].end + 1)
    return np.stack(
        [np.interp(quarters, record["reference_quarters"], record["reference_points"][p]) for p in record.players],
        axis=1,
    )


def measure(actions: Array) -> dict[str, Array]:
    """Every quantity of the case from actions, shape (B, 67, 3)."""
    record = DATA.record
    reference = np.array([p.values["reference_means"] for p in record.phases])
    means = phase_means(actions)
    out: dict[str, Array] = {}

    def by_phase(name: str, values: list[Array]) -> None:
        out[name] = np.stack(values, axis=1)

    slices = [actions[:, p.start : p.end + 1] for p in record.phases]
    steps = [np.diff(x, axis=1) for x in slices]
    by_phase("trend", [(x[:, -1] - x[:, 0]).mean(axis=1) for x in slices])
    out["relative_error"] = (np.abs(means - reference) / reference).mean(axis=2)
    by_phase("mean_sd", [x.std(axis=1).mean(axis=1) for x in slices])
    by_phase("largest_step", [np.abs(d).max(axis=(1, 2)) for d in steps])
    # A frozen series has no spread: rounding must not count as variation.
    by_phase(
        "developer_sd",
        [np.where(np.ptp(x, axis=1) > 0, x.std(axis=1), 0.0)[:, 1:].max(axis=1) for x in slices],
    )
    by_phase("major_change", [x[:, -1, 1] - x[:, 0, 1] for x in slices])
    by_phase("steady_share", [(d.mean(axis=2) > -0.01).mean(axis=1) for d in steps])
    by_phase("mean_variance", [x.var(axis=1).mean(axis=1) for x in slices])
    error = np.abs(means - reference)
    moved, known = np.sign(np.diff(means, axis=1)), np.sign(np.diff(reference, axis=0))
    points = np.array([record["reference_points"][player] for player in record.players]).T
    distance = np.sqrt(((actions[:, record["reference_quarters"]] - points) ** 2).mean(axis=1))
    for i, actor in enumerate(ACTORS):
        out[f"level_error_{actor}"] = error[:, :, i]
        agrees = (moved[:, :, i] == known[:, i]).astype(float)
        out[f"direction_agrees_{actor}"] = np.concatenate([np.full((len(agrees), 1), np.nan), agrees], axis=1)
        out[f"curve_error_{actor}"] = distance[:, i]
    pairs = [(0, 1), (0, 2), (1, 2)]
    gaps = np.stack([means[:, :, i] - means[:, :, j] for i, j in pairs], axis=2)
    known_gaps = np.stack([reference[:, i] - reference[:, j] for i, j in pairs], axis=1)
    out["ordered_pairs"] = (np.sign(gaps) == np.sign(known_gaps)).sum(axis=2).astype(float)
    return out


def simulate(label: str, noise: Array | None = None, shocked: bool = True, **changed: ArrayLike) -> Run:
    """Run B histories, measure every quantity.

    Parameters
    ----------
    label : str
    noise : ndarray, optional
        Standard normals, shape (1 or B, 66, 3); the published legacy stream by default.
    shocked : bool
    **changed
        Parameters in the place of the published ones.

    Returns
    -------
    Run
        Series of the first of the runs: ``actions`` (67, 3), ``trust`` (67, 3, 3), ``phase_means`` (5, 3).
    """
    actions, trust = trajectory(
        {**published_parameters(), **changed}, legacy_noise() if noise is None else noise, shocked
    )
    return Run(
        label,
        measure(actions),
        {"actions": actions[0], "trust": trust[0], "phase_means": phase_means(actions)[0]},
    )


def variants() -> tuple[Run, ...]:
    """The published run; without noise; without the shocks."""
    return (
        simulate("as published, legacy seed 42"),
        simulate("no noise", noise_sd=0.0),
        simulate("no shocks put in by hand", shocked=False),
    )


def draws(rng: np.random.Generator, count: int, ranges: Ranges) -> Run:
    """Random parameters, noise of its own a draw."""
    x: dict[str, Any] = DATA.draws.sample(rng, count, ranges)
    x["trust"] = x["trust"][:, None, None] * ~np.eye(3, dtype=bool)
    normals = rng.standard_normal((count, DATA.record.phases[-1].end, 3))
    # The null distribution stays one of trajectories: batches keep the peak memory small.
    parts = []
    for start in range(0, count, 2500):
        part = slice(start, min(start + 2500, count))
        parts.append(simulate("", normals[part], **{name: v[part] for name, v in x.items()}).values)
    return Run(
        f"{count} {ranges} draws",
        {name: np.concatenate([np.asarray(v[name]) for v in parts]) for name in parts[0]},
    )


def nulls(rng: np.random.Generator, count: int) -> tuple[Run, ...]:
    """Named null models."""
    start = np.array(DATA.record["initial_actions"])
    return (
        Run("random actions, uniform and independent", measure(rng.uniform(0.0, 1.0, (2000, 67, 3)))),
        Run("constant actions, the starting ones", measure(np.broadcast_to(start, (1, 67, 3)))),
        Run("constant actions, .8 for all", measure(np.full((1, 67, 3), 0.8))),
        simulate("shocks only, nothing else moves", noise_sd=0.0, rho_0=0.0, decay=0.0),
    )


def ablations() -> tuple[Run, ...]:
    """Each mechanism off."""
    return (
        simulate("no noise", noise_sd=0.0),
        simulate("no shocks put in by hand", shocked=False),
        simulate("no reciprocity (rho_0 = 0)", rho_0=0.0),
        simulate("trust does not move", lambda_plus=0.0, lambda_minus=0.0, mu_R=0.0),
        simulate("no amplification by dependence (omega = 0)", omega=0.0),
        simulate("the baseline does not adapt", baseline_adaptation=0.0),
        simulate("no decay to the baseline", decay=0.0),
    )


def seeds() -> Run:
    """The published run under the legacy seeds 0-199."""
    return Run("legacy seeds 0-199", simulate("", legacy_noise(0, 200)).values)


def history() -> Run:
    """The reference curve in the place of the run."""
    return Run("the reference curve, the authors' own figure", measure(reference_curve()[None]))
