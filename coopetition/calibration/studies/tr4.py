"""TR-4's parameter study: emergence, punishment, forgiveness, trust and reciprocity between two actors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cases.apple.law import Pair, drifted
from ..engine.sets import Sets, distinct
from .study import Grid, Target, refined

Array = NDArray[np.float64]
TITLE = "TR-4: sequential interaction and reciprocity"
NOTE = (
    "5^6 = 15,625 parameter sets. The memory window k is inert in the published model (it only moves the "
    "horizon of one test): its signal "
    "is the deviation from a fixed baseline, not from the moving average of the report's equation."
)
SOBOL = ("final cooperation", "action at the horizon", "trust gap")
_WIDE = (0.5, 0.875, 1.25, 1.625, 2.0)
LEVELS: dict[str, tuple[float, ...]] = {
    "rho_0": _WIDE,
    "eta": (0.8, 1.1, 1.4, 1.7, 2.0),
    "kappa": _WIDE,
    "k": (1, 5, 10, 15, 20),
    "lambda_R": _WIDE,
    "trust": (0.3, 0.45, 0.6, 0.75, 0.9),
}
DEPENDENCE = (0.8, 0.4)
BASELINE, START, ADJUSTMENT, DECAY = 0.3, 0.5, 0.15, 0.01
#: Arguments of the game that the study varies, and what the study calls them.
KERNEL_NAMES = {"rho_0": "rho_0", "eta": "eta", "kappa_r": "kappa", "lambda_R": "lambda_R"}
#: Those that it does not vary; rates of trust and its ceiling are those of the law.
FIXED = {
    "endowment": 1.0,
    "baseline": BASELINE,
    "dependence": ((0.0, DEPENDENCE[0]), (DEPENDENCE[1], 0.0)),
    "omega": 0.6,
    "collapse_threshold": 0.0,
    "horizon": 1000,
}
DEFECTION = 10
CHUNK = 15_625


def levels(grid: Grid) -> dict[str, tuple[float, ...]]:
    """The published levels, or seven a parameter (k in whole steps) over the same ranges."""
    if grid == "standard":
        return dict(LEVELS)
    return {name: (1, 4, 7, 10, 13, 16, 20) if name == "k" else refined(x, 7) for name, x in LEVELS.items()}


def trajectory(
    parameters: Mapping[str, Array], trust: Array, steps: int, defects: bool = False, memory: bool = False
) -> tuple[Array, Array]:
    """Actions of both actors and the trust of the first in the second.

    Parameters
    ----------
    parameters : mapping
        rho_0, eta, kappa, lambda_R and, with `memory`, k; shape (B,).
    trust : ndarray, shape (B,)
        T0 of both pairs.
    steps : int
    defects : bool
        The second actor is set once, at t = 10, to .10.
    memory : bool
        The signal is the deviation from the mean of the other's last k actions (the report's equation),
        instead of from the fixed baseline (the published study).

    Returns
    -------
    actions : ndarray, shape (steps + 1, 2, B)
    trust : ndarray, shape (steps + 1, B)
    """
    count = len(trust)
    if memory:  # the window is a size of the game's memory: one batch a window
        windows = np.rint(parameters["k"]).astype(int)
        actions, trusts = np.empty((steps + 1, 2, count)), np.empty((steps + 1, count))
        for k in np.unique(windows):
            own = windows == k
            chosen = {name: x[own] for name, x in parameters.items()}
            game = {"expectations": "average", "memory": int(k)}
            actions[:, :, own], trusts[:, own] = _played(chosen, trust[own], steps, defects, game)
        return actions, trusts
    return _played(parameters, trust, steps, defects, {"expectations": "adapting", "memory": 1})


def _played(
    parameters: Mapping[str, Array], trust: Array, steps: int, defects: bool, game: Mapping[str, Any]
) -> tuple[Array, Array]:
    varied = {name: parameters[own] for name, own in KERNEL_NAMES.items()} | {"initial_trust": trust}
    # The window k is not among them but where it is a size of the memory: what is equal is played once.
    first, kind = distinct(varied)
    varied, count = {name: x[first] for name, x in varied.items()}, len(first)
    sets = Sets(Pair, count, {**FIXED, **game}, varied)
    a = np.full((count, 2), START)
    actions, trusts = np.empty((steps + 1, 2, count)), np.empty((steps + 1, count))
    for t in range(steps + 1):
        if defects and t == DEFECTION:
            a = a.copy()
            a[:, 1] = 0.10
        actions[t], trusts[t] = a.T, sets.read("trust")[:, 0, 1]
        if t == steps:
            break
        sets.step(a)
        # What a game of `law` reports as utility is the response.
        a = drifted(a, sets.utilities, BASELINE, ADJUSTMENT, DECAY)
    return actions[:, :, kind], trusts[:, kind]


def _metrics(p: Mapping[str, Array], memory: bool) -> dict[str, Array]:
    trust = p["trust"]
    runs = np.arange(len(trust))
    coop, coop_trust = trajectory(p, trust, 30, memory=memory)
    defect, defect_trust = trajectory(p, trust, 100, defects=True, memory=memory)
    high, _ = trajectory(p, np.full_like(trust, 0.9), 20, memory=memory)
    low, _ = trajectory(p, np.full_like(trust, 0.3), 20, memory=memory)
    horizon = np.minimum(20 + 2 * np.rint(p["k"]).astype(int), 90)
    lost = np.zeros_like(trust)
    for t in range(11, 60):
        lost += np.maximum(0.0, coop[min(t, 30), 0] - defect[t, 0])
    at, before = defect[horizon, 0, runs], defect[np.maximum(horizon - 10, 15), 0, runs]
    least = np.minimum.accumulate(defect[11:40, 0], axis=0)  # least[m]: over t = 11 .. 11 + m
    trough = least[np.minimum(40, horizon) - 12, runs]
    reference = coop[np.minimum(horizon, 30), 0, runs]
    sensitivity = [p["rho_0"] * d ** p["eta"] * np.tanh(p["kappa"] * (START - BASELINE)) for d in DEPENDENCE]
    return {
        "final cooperation": coop[-1].mean(axis=0),
        "cooperation lost": lost,
        "trust lost": coop_trust[15] - defect_trust[15],
        "action at the horizon": at,
        "forgiven": ((at > 0.5 * reference) | ((at - before > 0.001) & (at > 0.35)) | (at > trough + 0.02)).astype(
            float
        ),
        "ratio": np.abs(sensitivity[0]) / np.abs(sensitivity[1]),
        "trust gap": high[3:21].mean(axis=(0, 1)) - low[3:21].mean(axis=(0, 1)),
        "reciprocity margin": p["rho_0"] * DEPENDENCE[0] ** p["eta"]
        - np.maximum(np.abs(sensitivity[0]), np.abs(sensitivity[1])),
    }


def metrics(parameters: Mapping[str, Array], memory: bool = False) -> dict[str, Array]:
    """The quantities behind the published tests, at every point."""
    count = len(parameters["rho_0"])
    parts = [
        _metrics({name: x[start : start + CHUNK] for name, x in parameters.items()}, memory)
        for start in range(0, count, CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _percent(x: ArrayLike) -> float:
    return 100.0 * float(np.mean(np.asarray(x, dtype=float)))


def targets(parameters: Mapping[str, Array], metrics: Mapping[str, Array]) -> tuple[Target, ...]:
    """The published targets."""
    m = metrics
    ratio = m["ratio"]
    return (
        Target(
            "cooperation emergence",
            "mean action after 30 steps above .53",
            _percent(m["final cooperation"] > 0.53),
            97.5,
            "%",
            1,
        ),
        Target(
            "defection punishment",
            "cooperation lost above .005, or trust lost above .01",
            _percent((m["cooperation lost"] > 0.005) | (m["trust lost"] > 0.01)),
            100.0,
            "%",
            0,
        ),
        Target(
            "forgiveness",
            "at the horizon: half of the cooperative action, or rising, or off the trough",
            _percent(m["forgiven"]),
            87.9,
            "%",
            1,
        ),
        Target(
            "asymmetric differentiation",
            "|R01| / |R10| above 1.5: always 2^eta",
            _percent(ratio > 1.5),
            100.0,
            "%",
            0,
            cannot_fail=True,
        ),
        Target(
            "trust-reciprocity",
            "mean action under high trust above that under low trust + .005",
            _percent(m["trust gap"] > 0.005),
            100.0,
            "%",
            0,
        ),
        Target(
            "bounded",
            "|R| at most rho_0 .8^eta",
            _percent(m["reciprocity margin"] >= 0),
            100.0,
            "%",
            0,
            cannot_fail=True,
        ),
        Target(
            "effect size of the ratio",
            "(mean - 1.5) / sample sd of 2^eta: a property of the grid of eta",
            float((ratio.mean() - 1.5) / ratio.std(ddof=1)),
            1.57,
            "",
            2,
            cannot_fail=True,
        ),
    )


def audits(parameters: Mapping[str, Array], measured: Mapping[str, Array]) -> tuple[str, ...]:
    """The same study with the report's moving average in the signal."""
    k = parameters["k"]
    kinds = np.unique(k)
    inert = all(
        np.ptp(np.stack([measured[name][k == x] for x in kinds]), axis=0).max() == 0.0
        for name in ("final cooperation", "cooperation lost", "trust gap")
    )
    named = {t.name: t.ours for t in targets(parameters, measured)}
    remembered = metrics(parameters, memory=True)
    again = {t.name: t.ours for t in targets(parameters, remembered)}
    changed = "; ".join(
        f"{name} {named[name]:.1f} -> {again[name]:.1f} %"
        for name in ("cooperation emergence", "defection punishment", "forgiveness", "trust-reciprocity")
    )
    by_k = ", ".join(
        f"k = {x:g}: {100 * float((remembered['final cooperation'][k == x] > 0.53).mean()):.1f} %" for x in kinds
    )
    return (
        f"The memory window k {'changes no action of the published model' if inert else 'is not inert'}: a "
        "fifth of its runs are distinct.",
        f"With the moving average of the report's equation in the signal: {changed}. Emergence by window: {by_k}.",
    )
