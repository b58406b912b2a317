"""S-LCD, the panel venture of Samsung and Sony, 2004-2011 (TR-1): a static coopetitive equilibrium."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.case import CaseData, Ranges, Run, quantities
from ...engine.games import Games, Points
from ...engine.measures import half_widths
from ...engine.rubric import score

Array = NDArray[np.float64]
DATA = CaseData("the case slcd", Path(__file__).parent)
Form = Literal["logarithmic", "power"]
FORMS: tuple[Form, ...] = ("logarithmic", "power")
#: The baseline's complementarity: 0 (published), or the case's own, so that only D is taken away.
Baseline = Literal["no_interdependence_no_synergy", "no_interdependence"]

QUANTITIES = quantities(
    ("converged", "the solver converged on equilibrium and baseline", "bool"),
    ("least_action", "smaller of the two actions", "action units"),
    ("greatest_action", "larger of the two actions", "action units"),
    ("payoffs_finite", "both payoffs are finite", "bool"),
    ("value_finite", "the value created is finite", "bool"),
    ("rise_of_cooperation", "mean action over mean baseline action - 1", "%"),
    ("both_above_baseline", "both actions exceed their own baseline", "bool"),
    ("rise_of_value", "V(a*) / V(baseline) - 1", "%"),
    ("value_gain", "V(a*) - V(baseline)", "payoff units"),
    ("least_payoff", "smaller of the two payoffs", "payoff units"),
    ("least_payoff_gain", "smaller of the two payoff gains over the baseline", "payoff units"),
    ("samsung_share", "Samsung's share of the two payoffs", "share"),
    ("asymmetry", "|a_0 - a_1| / mean action", "1"),
    ("value", "V(a*)", "payoff units"),
    ("baseline_value", "V(baseline)", "payoff units"),
    ("rise_distance", "distance of the rise from the middle of the record's band, in half-widths", "1"),
    (
        "share_distance",
        "distance of Samsung's share from the middle of the record's band, in half-widths",
        "1",
    ),
)


def case_games(form: Form = "logarithmic", transposed: bool = False, **changed: ArrayLike) -> Games:
    """The case's game, SLCD-v0 under its preset ``case``, with any of its numbers replaced.

    Parameters
    ----------
    form : {"logarithmic", "power"}
    transposed : bool
        Exchange D(samsung, sony) and D(sony, samsung): the slip behind the published percentages.
    **changed
        ``shape`` (theta or beta) and ``gamma``, scalars or (B,); ``dependence``, ``shares`` and ``endowments``, pairs
        or (B, 2), Samsung's first.

    Returns
    -------
    Games
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}: 'logarithmic' or 'power'")
    record, power = DATA.record, form == "power"
    numbers: dict[str, Any] = {
        "shape": record["beta"] if power else record["theta"],
        "gamma": record["gamma_power"] if power else record["gamma_logarithmic"],
        "dependence": (record["D_samsung_sony"], record["D_sony_samsung"]),
        "shares": record["ownership"],
        "endowments": (record["endowment"],) * 2,
        **changed,
    }
    arrays = {name: np.asarray(value, dtype=float) for name, value in numbers.items()}
    own = arrays.pop("dependence")
    own = own[..., ::-1] if transposed else own
    matrix = np.zeros((*own.shape[:-1], 2, 2))
    matrix[..., 0, 1], matrix[..., 1, 0] = own[..., 0], own[..., 1]
    given = {
        "beta" if power else "theta": arrays["shape"],
        "gamma": arrays["gamma"],
        "dependence": matrix,
        "shares": arrays["shares"],
        "endowment": arrays["endowments"],
    }
    dimensions = {"dependence": 2, "shares": 1, "endowment": 1}
    varied = {name: value for name, value in given.items() if value.ndim > dimensions.get(name, 0)}
    fixed = {name: value.tolist() for name, value in given.items() if name not in varied}
    return Games("SLCD-v0:case", {"value_form": form, **fixed}, varied)


def measure(solution: Points, base: Points, paid: Points) -> dict[str, Array]:
    """Every quantity of the case, shape (B,) each.

    Parameters
    ----------
    solution, base : Points
        Equilibrium and baseline.
    paid : Points
        What the baseline's levels earn with the case's own gamma, as in TR-1's validation.
    """
    record = DATA.record
    a, b = solution.levels, base.levels
    rise = 100.0 * (a.mean(axis=1) / b.mean(axis=1) - 1.0)
    share = solution.payoffs[:, 0] / solution.payoffs.sum(axis=1)
    out = {
        "converged": solution.converged & base.converged,
        "least_action": a.min(axis=1),
        "greatest_action": a.max(axis=1),
        "payoffs_finite": np.isfinite(solution.payoffs).all(axis=1),
        "value_finite": np.isfinite(solution.value),
        "rise_of_cooperation": rise,
        "both_above_baseline": (a > b).all(axis=1),
        "rise_of_value": 100.0 * (solution.value / paid.value - 1.0),
        "value_gain": solution.value - paid.value,
        "least_payoff": solution.payoffs.min(axis=1),
        "least_payoff_gain": (solution.payoffs - paid.payoffs).min(axis=1),
        "samsung_share": share,
        "asymmetry": np.abs(a[:, 0] - a[:, 1]) / a.mean(axis=1),
        "value": solution.value,
        "baseline_value": paid.value,
        "rise_distance": half_widths(rise, record["rise_of_cooperation"]),
        "share_distance": half_widths(share, record["samsung_share"]),
    }
    return {name: np.asarray(x, dtype=float) for name, x in out.items()}


def baseline_games(games: Games, baseline: Baseline = "no_interdependence_no_synergy") -> Games:
    """The games whose equilibrium is the baseline: D = 0 and, as published, gamma = 0 too.

    Where there is nothing to share, shares do not matter: made alike, thousands of draws have one baseline to solve.
    """
    alone: dict[str, Any] = {"dependence": 0.0}
    if baseline == "no_interdependence_no_synergy":
        alone |= {"gamma": 0.0, "shares": (0.5, 0.5)}
    return games.changed(alone)


def simulate(games: Games, label: str = "S-LCD", baseline: Baseline = "no_interdependence_no_synergy") -> Run:
    """Solve the games, measure every quantity.

    Parameters
    ----------
    games : Games
        B games.
    label : str
    baseline : {"no_interdependence_no_synergy", "no_interdependence"}

    Returns
    -------
    Run
        Values of shape (B,); series ``actions``, ``baseline``, ``payoffs`` of shape (B, 2) and the
        certificate ``regret``, ``residual``.
    """
    base = baseline_games(games, baseline).solve("coopetitive")
    solution = games.solve("coopetitive", start=base.levels)  # which lies above the baseline, and not far
    paid = games.pay(base.levels)
    series = {
        "actions": solution.levels,
        "baseline": base.levels,
        "payoffs": solution.payoffs,
        "baseline_payoffs": paid.payoffs,
        "regret": solution.epsilon,
        "residual": solution.residual,
    }
    return Run(label, measure(solution, base, paid), series)


def variants() -> tuple[Run, ...]:
    """The published runs and their variants; the first is the case's own."""
    forms: tuple[Form, ...] = ("logarithmic", "power")
    return (
        *(simulate(case_games(form), form) for form in forms),
        *(simulate(case_games(form, transposed=True), f"{form}, D transposed") for form in forms),
        *(simulate(case_games(form), f"{form}, baseline with only D = 0", "no_interdependence") for form in forms),
    )


def draw_games(rng: np.random.Generator, count: int, ranges: Ranges = "stated", form: Form = "logarithmic") -> Games:
    """Games with random parameters: D and alpha ("stated"), or theta (beta) and gamma as well ("wide")."""
    x = DATA.draws.sample(rng, count, ranges)
    shares = np.stack([x["alpha_samsung"], 1.0 - x["alpha_samsung"]], axis=1)
    changed: dict[str, Any] = {
        "dependence": np.stack([x["D_samsung_sony"], x["D_sony_samsung"]], axis=1),
        "shares": shares,
    }
    if ranges == "wide":
        changed["gamma"] = x["gamma"]
        changed["shape"] = x["beta"] if form == "power" else x["theta"]
    return case_games(form, **changed)


def draws(rng: np.random.Generator, count: int, ranges: Ranges) -> Run:
    """Random games of the logarithmic form."""
    return simulate(draw_games(rng, count, ranges), f"{count} {ranges} draws")


def perturbed(rng: np.random.Generator, count: int, form: Form, spread: float = 0.15) -> Games:
    """The case's game with e, alpha and D multiplied by uniform factors in 1 +- spread (TR-1).

    One factor for both endowments, one a player for alpha (shares are renormalised), one an entry for D
    (clipped to [0, 1]). How the factors are drawn is not published; these reproduce the published means,
    where a factor a player for e would cost about 1.6 points more.
    """
    record = DATA.record
    factor = rng.uniform(1.0 - spread, 1.0 + spread, (3, count, 2))
    shares = np.asarray(record["ownership"]) * factor[1]
    dependence = np.clip(np.array([record["D_samsung_sony"], record["D_sony_samsung"]]) * factor[2], 0.0, 1.0)
    return case_games(
        form,
        endowments=record["endowment"] * factor[0, :, :1] * np.ones(2),
        dependence=dependence,
        shares=shares / shares.sum(axis=1, keepdims=True),
    )


#: TR-1's five parameter sets, the case's own among them: (alpha of the first player, D01, D10).
PARAMETER_SETS = {
    "Samsung-Sony": (0.55, 0.64, 0.86),
    "symmetric high": (0.5, 0.9, 0.9),
    "symmetric medium": (0.5, 0.5, 0.5),
    "strong asymmetry": (0.6, 0.9, 0.2),
    "platform-developer": (0.833, 0.1, 0.84),
}


def parameter_set(name: str, form: Form) -> Run:
    """One of TR-1's further parameter sets."""
    share, d01, d10 = PARAMETER_SETS[name]
    return simulate(case_games(form, dependence=(d01, d10), shares=(share, 1.0 - share)), f"{name}, {form}")


def gamma_sweep(form: Form) -> Run:
    """The case with gamma = .1, .2 ... 1.0: B = 10."""
    return simulate(case_games(form, gamma=np.arange(1, 11) / 10.0), f"gamma sweep, {form}")


def nulls(rng: np.random.Generator, count: int) -> tuple[Run, ...]:
    """Named null models."""
    power = draw_games(rng, count, "stated", "power")
    wide = draw_games(rng, count, "wide")
    symmetric: dict[str, Any] = {"dependence": (0.75, 0.75), "shares": (0.5, 0.5)}
    # Any play at all: the two actions uniform in the box, measured as if they were an equilibrium.
    blind = draw_games(rng, count, "stated")
    played = blind.pay(rng.uniform(DATA.record["bounds"][0], DATA.record["bounds"][1], (count, 2)))
    base = baseline_games(blind).solve("coopetitive")
    return (
        Run("D and alpha uniform, power form", simulate(power).values),
        Run("D, alpha, theta, gamma uniform, logarithmic form", simulate(wide).values),
        Run("symmetric firms, D = .75, alpha = .5", simulate(case_games(**symmetric)).values),
        Run("uniform random actions, no equilibrium", measure(played, base, blind.pay(base.levels))),
    )


def ablations() -> tuple[Run, ...]:
    """Each mechanism off, logarithmic form."""
    return (
        simulate(case_games(dependence=(0.0, 0.0)), "no interdependence (D = 0)"),
        simulate(case_games(gamma=0.0), "no complementarity (gamma = 0)"),
        simulate(case_games(shares=(0.5, 0.5)), "equal bargaining shares (alpha = .5)"),
        simulate(case_games(dependence=(0.75, 0.75)), "equal dependence (D = .75)"),
    )


def history() -> Run:
    """The record in the place of the run: the middles of its two bands, NaN elsewhere."""
    record = DATA.record
    values: dict[str, ArrayLike] = dict.fromkeys(QUANTITIES, np.nan)
    values.update(
        rise_of_cooperation=np.mean(record["rise_of_cooperation"]),
        samsung_share=np.mean(record["samsung_share"]),
        rise_distance=0.0,
        share_distance=0.0,
    )
    return Run("the record: middles of the two documented bands", {k: np.atleast_1d(v) for k, v in values.items()})


def measures(runs: tuple[Run, ...]) -> dict[str, float]:
    """For the ledger: each run's rise, the scores along gamma, and those of TR-1's further parameter sets."""
    rubric = DATA.rubric("published", QUANTITIES)
    out = {f"{run.label}.rise": float(run.values["rise_of_cooperation"][0]) for run in runs}
    for form in FORMS:
        sweep = score(rubric, gamma_sweep(form).values).total
        for k, points in enumerate(sweep):
            out[f"sweep, {form}, gamma = {(k + 1) / 10:.1f}.percent"] = 100.0 * float(points) / rubric.total
        for label in PARAMETER_SETS:
            points = score(rubric, parameter_set(label, form).values).total[0]
            out[f"set, {label}, {form}.percent"] = 100.0 * float(points) / rubric.total
    return out
