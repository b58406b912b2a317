"""The published laws in plain NumPy, as the reports write them: what the compiled laws are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coopetition.calibration.cases.apple import model as apple
from coopetition.calibration.cases.renault_nissan import model as renault_nissan

Array = NDArray[np.float64]
DEPENDENCE = (0.8, 0.4)
BASELINE, START, ADJUSTMENT, DECAY, OMEGA = 0.3, 0.5, 0.15, 0.01, 0.6
LAMBDA_PLUS, LAMBDA_MINUS, MU_R, DELTA_R, PSI, CEILING, SLOPE = 0.10, 0.30, 0.60, 0.03, 0.50, 0.90, 0.60
DEFECTION = 10


def alliance(
    parameters: Mapping[str, ArrayLike],
    trust: ArrayLike,
    actions: Array | None = None,
    building: Literal["gap", "product"] = "gap",
) -> tuple[Array, Array]:
    """TR-2's trust and damage under a schedule of actions, (B, periods + 1, 2)."""
    actions = renault_nissan.schedule() if actions is None else actions
    p = {name: np.atleast_1d(np.asarray(parameters[name], dtype=float)) for name in renault_nissan.PARAMETERS}
    start = np.atleast_2d(np.asarray(trust, dtype=float))
    count = max(start.shape[0], *(x.shape[0] for x in p.values()))
    baseline = renault_nissan.DATA.record["baseline"]
    dependence = np.stack(np.broadcast_arrays(p["D_renault_nissan"], p["D_nissan_renault"]), axis=1)
    plus, minus, mu, delta, xi = (p[name][:, None] for name in renault_nissan.PARAMETERS[:5])
    T = np.broadcast_to(start, (count, 2)).copy()
    R = np.zeros((count, 2))
    trusts, damages = np.empty((count, len(actions) + 1, 2)), np.empty((count, len(actions) + 1, 2))
    trusts[:, 0], damages[:, 0] = T, R
    for t, action in enumerate(actions):
        s = np.tanh(p["kappa"] * (action - baseline))[:, None]
        if action > baseline:
            gain = np.maximum(0.0, 1.0 - R - T) if building == "gap" else (1.0 - T) * (1.0 - R)
            T, R = T + plus * s * gain, R - delta * R
        elif action < baseline:
            T, R = T + minus * s * T * (1.0 + xi * dependence), R + mu * np.abs(s) * (1.0 - R)
        else:
            R = R - delta * R
        T, R = np.clip(T, 0.0, 1.0), np.clip(R, 0.0, 1.0)
        trusts[:, t + 1], damages[:, t + 1] = T, R
    return trusts, damages


def store(parameters: Mapping[str, Any], noise: Array, shocked: bool = True) -> tuple[Array, Array]:
    """TR-4's App Store: actions (B, 67, 3) and trust (B, 67, 3, 3)."""
    record = apple.DATA.record
    p = {name: np.atleast_1d(np.asarray(parameters[name], dtype=float))[:, None, None] for name in apple.PARAMETERS}
    D, trust = (np.asarray(parameters[name], dtype=float) for name in ("D", "trust"))
    D, trust = (x[None] if x.ndim == 2 else x for x in (D, trust))
    count = max(noise.shape[0], D.shape[0], trust.shape[0], *(x.shape[0] for x in p.values()))
    steps = record.phases[-1].end
    shocks = (
        {int(t): np.array(x) for phase in record.phases for t, x in phase.values["shocks"].items()} if shocked else {}
    )
    off = ~np.eye(3, dtype=bool)
    weight = np.where(
        off, p["lambda_R"] * (1.0 + p["omega"] * D) * p["rho_0"] * np.where(D > 0, D, 0.0) ** p["eta"], 0.0
    )
    a = np.broadcast_to(np.array(record["initial_actions"]), (count, 3)).copy()
    b = np.full((count, 3), float(record["baseline"]))
    T = np.broadcast_to(trust, (count, 3, 3)).copy()
    R = np.zeros((count, 3, 3))
    actions, trusts = np.empty((count, steps + 1, 3)), np.empty((count, steps + 1, 3, 3))
    adjustment, decay, sd, adaptation = (p[n][:, 0] for n in ("adjustment", "decay", "noise_sd", "baseline_adaptation"))
    for t in range(steps + 1):
        if t in shocks:
            a = np.clip(a + shocks[t], 0.0, 1.0)
        actions[:, t], trusts[:, t] = a, T
        if t == steps:
            break
        s = np.broadcast_to((a - b)[:, None, :], (count, 3, 3))  # s_ij = a_j - b_j
        drift = (weight * T * np.tanh(p["kappa"] * s)).sum(axis=2)
        ahead = np.clip(a + adjustment * drift - decay * (a - b) + sd * noise[:, t], 0.0, 1.0)
        limit = np.minimum(p["ceiling"], 1.0 - p["ceiling_slope"] * R)
        grown = T + p["lambda_plus"] * s * np.maximum(0.0, limit - T)
        eroded = T + p["lambda_minus"] * s * T * (1.0 + p["psi"] * D)
        damaged = R + p["mu_R"] * np.abs(s) * (1.0 - R)
        T = np.where(off, np.clip(np.where(s > 0, grown, np.where(s < 0, eroded, T)), 0.0, limit), 0.0)
        R = np.where(off, np.clip(np.where(s < 0, damaged, R - p["delta_R"] * R), 0.0, 1.0), 0.0)
        b = (1.0 - adaptation) * b + adaptation * a
        a = ahead
    return actions, trusts


def pair(
    parameters: Mapping[str, Array], trust: Array, steps: int, defects: bool = False, memory: bool = False
) -> tuple[Array, Array]:
    """TR-4's two actors: actions (steps + 1, 2, B) and the first's trust in the second."""
    p = parameters
    B = len(trust)
    a = np.full((2, B), START)
    T, R = np.stack([trust, trust]).astype(float), np.zeros((2, B))
    pull = np.stack([p["lambda_R"] * (1.0 + OMEGA * d) * p["rho_0"] * d ** p["eta"] for d in DEPENDENCE])
    actions, trusts = np.empty((steps + 1, 2, B)), np.empty((steps + 1, B))
    window = np.rint(p["k"]).astype(int) if memory else None
    past = np.zeros((steps + 2, 2, B))  # past[t] = sum of the actions before t
    runs = np.arange(B)
    for t in range(steps + 1):
        if defects and t == DEFECTION:
            a = a.copy()
            a[1] = 0.10
        actions[t], trusts[t] = a, T[0]
        if t == steps:
            break
        expected: float | Array = BASELINE
        if window is not None and t > 0:
            length = np.minimum(window, t)
            expected = (past[t] - past[t - length, :, runs].T) / length
        past[t + 1] = past[t] + a
        s = (a - expected)[::-1]  # s[i]: what the other did against what was expected of it
        a_next = np.clip(a + ADJUSTMENT * pull * T * np.tanh(p["kappa"] * s) - DECAY * (a - BASELINE), 0.0, 1.0)
        limit = np.minimum(CEILING, 1.0 - SLOPE * R)
        d = np.array(DEPENDENCE)[:, None]
        up = T + LAMBDA_PLUS * s * np.maximum(0.0, limit - T)
        down = T + LAMBDA_MINUS * s * T * (1.0 + PSI * d)
        T = np.clip(np.where(s > 0, up, np.where(s < 0, down, T)), 0.0, limit)
        R = np.clip(np.where(s < 0, R + MU_R * np.abs(s) * (1.0 - R), R * (1.0 - DELTA_R)), 0.0, 1.0)
        a = a_next
    return actions, trusts
