"""Random games for the tests: parameters drawn from their domains, and actions that visit the edges.

Draws are continuous, so that no run balances on a threshold where a unit in the last place would decide.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.envs.apache_project import CHRONOLOGIES

Generator = np.random.Generator

#: Ranges that are worth drawing from; the domain's own bounds are drawn too, now and then.
NUMBERS = {
    "theta": (0.0, 40.0),
    "gamma": (0.0, 2.0),
    "beta": (0.2, 1.0),
    "lambda_plus": (0.0, 1.0),
    "lambda_minus": (0.0, 1.0),
    "mu_R": (0.0, 1.0),
    "delta_R": (0.0, 1.0),
    "xi": (0.0, 2.0),
    "kappa": (0.05, 3.0),
    "collapse_threshold": (0.0, 0.1),
    "recovery_target": (0.6, 1.0),
    "recovery_bonus": (0.0, 50.0),
    "rho_0": (0.0, 2.0),
    "eta": (0.0, 2.0),
    "kappa_r": (0.1, 3.0),
    "lambda_R": (0.0, 2.0),
    "omega": (0.2, 30.0),
    "cost": (0.0, 2.0),
    "phi_B": (0.0, 1.5),
    "phi_C": (0.0, 1.0),
    "loyalty_gain": (0.0, 0.3),
    "loyalty_loss": (0.0, 0.5),
    "loyalty_threshold": (0.2, 0.8),
    "loyalty_cap": (0.3, 1.0),
    "agreement_threshold": (2.0, 30.0),
    "breach_penalty": (0.0, 5.0),
    "reputation_weight": (0.0, 1.0),
    "reputation_rate": (0.0, 1.0),
    "reputation_neutral": (0.0, 1.0),
    "exit_threshold": (0.0, 0.6),
    "reentry_threshold": (0.0, 0.8),
    "stability_bonus": (0.0, 1.0),
    "outside_option": (0.0, 1.0),
    "multiplier": (0.5, 4.0),
    "image_rate": (0.0, 1.0),
    "image_weight": (0.0, 1.0),
}
INTEGERS = {
    "horizon": (15, 40),
    "n_agents": (2, 9),
    "n_developers": (1, 8),
    "memory": (1, 12),
    "phase_length": (3, 9),
    "min_coalition_size": (1, 4),
    "reentry_cooldown": (0, 6),
}
AGENTS = {"initial_reputation": 1.0, "initial_loyalty": 1.0}
#: What a hash disturbs or hides has tests of its own (test_uncertainty).
UNCERTAIN = {"continuation", "continuation_form", "observe_time", "tremble", "monitoring_noise"}
#: Derived from other parameters, or without effect on dynamics and pay.
NOT_DRAWN = {
    "PublicGoods-v0": {"omega", "beta", "cost"},
    "ApacheProject-v0": {"n_agents"},  # by phase
    "ReputationMarket-v0": {"reputation_visibility"},  # noise in views has tests of its own
}
NOT_DRAWN = {key: NOT_DRAWN.get(key, set()) | UNCERTAIN for key in ENVIRONMENTS}


def number_in(rng: Generator, name: str, domain: Any) -> float:
    """A number from its range; a bound of its domain in one draw of eight."""
    low, high = NUMBERS[name]
    if rng.uniform() < 0.125:
        bounds = [domain.high] if domain.open_low else [domain.low, domain.high]
        bounds = [bound for bound in bounds if np.isfinite(bound)]
        if bounds:
            return float(rng.choice(bounds))
    return float(rng.uniform(low, high))


def pairs_in(rng: Generator, n: int) -> Any:
    """One number for all ordered pairs, or a matrix with some zeros."""
    if rng.uniform() < 0.3:
        return float(rng.uniform())
    matrix = rng.uniform(size=(n, n)) * (rng.uniform(size=(n, n)) < 0.8)
    np.fill_diagonal(matrix, 0.0)
    return tuple(map(tuple, matrix.tolist()))


def random_parameters(environment_id: str, rng: Generator) -> dict[str, Any]:
    """Keyword arguments of an environment, every parameter drawn from its domain."""
    cls = environment_class(environment_id)
    names = {field.name for field in fields(cls)} - NOT_DRAWN.get(environment_id, set())
    given: dict[str, Any] = {}
    for name in sorted(names & set(INTEGERS)):
        low, high = INTEGERS[name]
        given[name] = int(rng.integers(low, high, endpoint=True))
    for name in sorted(names):
        domain = cls.domain(name)
        if domain.kind == "choice":
            given[name] = str(rng.choice(domain.choices))
        elif domain.kind == "flag":
            given[name] = bool(rng.integers(2))
        elif domain.kind == "number":
            given[name] = number_in(rng, name, domain)
    if environment_id == "SynergySearch-v0" and rng.uniform() < 0.5:
        given["gamma"] = None
    if "chronology" in given:  # each has phases of its own
        given["phase"] = str(rng.choice(list(CHRONOLOGIES[given["chronology"]])))
    sizes = ("chronology", "phase", "n_agents", "n_developers")
    n = cls.build({name: given[name] for name in sizes if name in given}).n
    for name in sorted(names & set(AGENTS)):
        top = given.get("loyalty_cap", 1.0) if name == "initial_loyalty" else AGENTS[name]
        given[name] = tuple((top * rng.uniform(size=n)).tolist())
    endowment = rng.uniform(20.0, 150.0, size=n)
    given["endowment"] = tuple(endowment.tolist())
    given["baseline"] = tuple((endowment * rng.uniform(0.02, 0.9, size=n)).tolist())
    if "shares" in names:
        given["shares"] = None if rng.uniform() < 0.2 else tuple(rng.dirichlet(np.ones(n)).tolist())
        if given["shares"] is None and environment_id == "PlatformEcosystem-v0":
            del given["shares"]  # there, None means the platform's own default
        for name in ("dependence", "initial_trust", "initial_damage"):
            given[name] = pairs_in(rng, n)
    if "gamma_range" in names:
        given["gamma_range"] = tuple(np.sort(rng.uniform(0.0, 2.0, size=2)).tolist())
    if "tier_thresholds" in names:
        given["tier_thresholds"] = tuple(np.sort(rng.uniform(size=3))[::-1].tolist())
        given["tier_multipliers"] = tuple(rng.uniform(0.0, 2.0, size=4).tolist())
    return given


def tempting_rates(rng: Generator, n: int, steps: int) -> np.ndarray:
    """Rates (steps, n) that visit the edges: low, high, still, jumping, together, and out of bounds."""
    kind = rng.integers(6)
    rates = rng.uniform(size=(steps, n))
    if kind == 1:
        return rates * 0.3
    if kind == 2:
        return 0.6 + 0.4 * rates
    if kind == 3:
        rates = np.repeat(rates[::7], 7, axis=0)[:steps]
        rates[rng.uniform(size=rates.shape) < 0.1] = 0.0
    elif kind == 4:  # close to one another for a while, then one breaks away
        shared = np.repeat(rng.uniform(size=(-(-steps // 6), 1)), 6, axis=0)[:steps]
        apart = rng.uniform(size=rates.shape) < 0.15
        rates = np.where(apart, rates, np.clip(shared + 0.03 * rates, 0.0, 1.0))
    elif kind == 5:
        rates = rates * 1.4 - 0.2
    return rates


def random_mode(rng: Generator, n: int) -> Any:
    """One of the three reward modes, or a matrix of weights on payoffs."""
    choice = rng.integers(4)
    return rng.normal(size=(n, n)) if choice == 3 else ("private", "integrated", "cooperative")[choice]
