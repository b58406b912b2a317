"""TR-2's parameter study: negativity, hysteresis, amplification over the trust parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..cases.renault_nissan.law import Alliance
from ..engine.sets import Sets, distinct
from .study import Grid, Target, refined

Array = NDArray[np.float64]
Building = Literal["gap", "product"]
TITLE = "TR-2: trust and reputation"
NOTE = (
    "5^6 = 15,625 parameter sets. kappa is inert in every metric (the signals are given); the abstract's "
    "78,125 = 5^7 counts a seventh, "
    "inert parameter."
)
SOBOL = (
    "hysteresis recovery",
    "cumulative amplification",
    "dependency amplification",
    "hysteresis recovery, product law",
)
#: What the law reads; kappa is inert, because the signals are given.
VARIED = ("lambda_plus", "lambda_minus", "mu_R", "delta_R", "xi")
LEVELS = {
    "lambda_plus": (0.05, 0.08, 0.10, 0.12, 0.15),
    "lambda_minus": (0.15, 0.23, 0.30, 0.38, 0.45),
    "mu_R": (0.50, 0.55, 0.60, 0.65, 0.70),
    "delta_R": (0.01, 0.02, 0.03, 0.04, 0.05),
    "xi": (0.30, 0.40, 0.50, 0.60, 0.70),
    "kappa": (0.50, 0.75, 1.00, 1.25, 1.50),
}


def levels(grid: Grid) -> dict[str, tuple[float, ...]]:
    """The published levels, or seven a parameter over the same ranges."""
    return dict(LEVELS) if grid == "standard" else {name: refined(x, 7) for name, x in LEVELS.items()}


def trusts(
    parameters: Mapping[str, Array],
    start: float,
    actions: Sequence[float],
    dependence: float = 0.5,
    building: Building = "gap",
) -> Array:
    """Trust of one directed pair under a sequence of actions, trust before damage (TR-2, arXiv:2510.24909).

    Parameters
    ----------
    parameters : mapping
        lambda_plus, lambda_minus, mu_R, delta_R, xi; shape (B,).
    start : float
        Trust before the first; there is no damage.
    actions : sequence of float
        Deviations from the baseline; the signal is their hyperbolic tangent, kappa = 1.
    dependence : float
    building : {"gap", "product"}
        lambda+ s max(0, 1 - R - T), or lambda+ s (1 - T)(1 - R), the law behind the published hysteresis of
        1.11.

    Returns
    -------
    ndarray, shape (len(actions) + 1, B)

    Raises
    ------
    ValueError
        An unknown building law.
    """
    if building not in ("gap", "product"):
        raise ValueError(f"unknown building law {building!r}: 'gap' or 'product'")
    varied = {name: parameters[name] for name in VARIED}
    first, kind = distinct(varied)  # kappa is not among them: what is equal is played once
    varied, count = {name: x[first] for name, x in varied.items()}, len(first)
    fixed = {**Alliance.presets["case"], "dependence": dependence, "initial_trust": start, "building": building}
    sets = Sets(Alliance, count, fixed, varied)
    baseline = Alliance.presets["case"]["baseline"]
    out = np.empty((len(actions) + 1, count))
    out[0] = start
    for t, action in enumerate(actions):
        sets.step(np.full((count, 2), baseline + action))
        out[t + 1] = sets.read("trust")[:, 0, 1]
    return out[:, kind]


def recovery(parameters: Mapping[str, Array], building: Building = "gap", periods: int = 35) -> Array:
    """Greatest trust in `periods` steps of tanh(2) after one violation tanh(-3), over the .85 before it."""
    after = trusts(parameters, 0.85, [-3.0] + [2.0] * periods, building=building)[2:]
    return np.asarray(after.max(axis=0) / 0.85)


def loss(parameters: Mapping[str, Array], action: float, times: int, dependence: float = 0.5) -> Array:
    """Trust lost from .8 by `times` steps of tanh(action)."""
    return np.asarray(0.8 - trusts(parameters, 0.8, [action] * times, dependence)[-1])


def metrics(parameters: Mapping[str, Array]) -> dict[str, Array]:
    """The four published metrics, hysteresis under both building laws."""
    return {
        "negativity ratio": parameters["lambda_minus"] / parameters["lambda_plus"],
        "hysteresis recovery": recovery(parameters),
        "cumulative amplification": loss(parameters, -1.0, 4) / loss(parameters, -4.0, 1),
        "dependency amplification": loss(parameters, -2.0, 1, 0.8) / loss(parameters, -2.0, 1, 0.2),
        "hysteresis recovery, product law": recovery(parameters, "product"),
    }


#: What TR-2 publishes: median and range; the gap law's hysteresis is not its figure.
PUBLISHED: dict[str, tuple[tuple[float, int], tuple[float, float, int]]] = {
    "negativity ratio": ((3.0, 1), (1.0, 9.0, 0)),
    "hysteresis recovery": ((1.11, 2), (0.79, 1.17, 2)),
    "hysteresis recovery, product law": ((1.11, 2), (0.79, 1.17, 2)),
}


def targets(parameters: Mapping[str, Array], metrics: Mapping[str, Array]) -> tuple[Target, ...]:
    """Median and range of each metric."""
    tests = {
        "negativity ratio": "lambda- / lambda+: no model in it",
        "hysteresis recovery": "max trust in 35 steps after a violation / trust before",
        "cumulative amplification": "loss of 4 small violations / loss of one big one",
        "dependency amplification": "loss at D = .8 / loss at D = .2",
        "hysteresis recovery, product law": "the same with the law lambda+ s (1 - T)(1 - R)",
    }
    out = []
    for name, x in metrics.items():
        median, ends = PUBLISHED.get(name, (None, None))
        known = name == "negativity ratio"
        out.append(
            Target(
                f"{name}: median",
                tests[name],
                float(np.median(x)),
                median[0] if median else None,
                "",
                median[1] if median else 4,
                known,
            )
        )
        for k, end in enumerate(("least", "most")):
            out.append(
                Target(
                    f"{name}: {end}",
                    "",
                    float(x.min() if k == 0 else x.max()),
                    ends[k] if ends else None,
                    "",
                    ends[2] if ends else 4,
                    known,
                )
            )
    ratio = metrics["negativity ratio"]
    out.append(Target("negativity ratio: mean", "", float(ratio.mean()), None, "", 3, True))
    out.append(Target("negativity ratio: sd", "", float(ratio.std()), None, "", 3, True))
    return tuple(out)


def audits(parameters: Mapping[str, Array], metrics: Mapping[str, Array]) -> tuple[str, ...]:
    """The 78,125 sets, and what the published law says."""
    seven = {name: np.repeat(x, 5) for name, x in parameters.items()}
    again = recovery(seven, "product")
    same = float(np.median(again)) == float(np.median(metrics["hysteresis recovery, product law"]))
    whole = 100.0 * float(np.mean(metrics["hysteresis recovery, product law"] > 1.0))
    gap = 100.0 * float(np.mean(metrics["hysteresis recovery"] > 1.0))
    return (
        f"Run as the abstract counts, with a seventh, inert parameter: {len(again):,} sets, median "
        f"{np.median(again):.4f}, "
        f"{'the same' if same else 'another'} median: the extra factor adds runs, no information.",
        f"Under the product law, trust ends higher than before the violation in {whole:.1f} % of the sets: "
        "'hysteresis' of 1.11 is a recovery in excess. "
        f"Under the report's own equation (the gap law) it does in {gap:.1f} %.",
    )
