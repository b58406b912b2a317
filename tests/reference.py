"""The twenty environments once more: plain NumPy, one copy, loop by loop, no cleverness.

The compiled kernels are compared with this file. It is written from the specification alone and shares
no code with the package, so a slip would have to be made twice to go unnoticed. Speed is no concern;
a reader should recognise each formula.

Symbols: n agents; ``e`` endowments; ``a`` cooperation levels in [0, e]; ``c = a / e`` rates; ``b`` baselines;
``D[i, j]`` how much i depends on j; ``T[i, j]`` i's trust in j; ``R[i, j]`` the damage i holds against j;
``pi`` private payoffs; ``U`` integrated utilities.

Order of the file: the formulas of the four reports as functions; what all games share; the three families
(trust, team, reciprocity); the environments, each with its numbers and what it adds.

>>> game = Reference("SLCD-v0", horizon=2)
>>> game.reset()
>>> out = game.step([30.0, 30.0])
>>> out["terminated"], out["truncated"]
(False, False)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Parts = list[tuple[str, Array]]


# ---------------------------------------------------------------------------------------------------
# Shapes
# ---------------------------------------------------------------------------------------------------


def vector(value: Any, n: int) -> Array:
    """One number for all agents, or one for each."""
    result: Array = np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))
    return result


def matrix(value: Any, n: int) -> Array:
    """One number for all ordered pairs, or an n x n matrix; the diagonal is set to 0."""
    result: Array = np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n, n)))
    for i in range(n):
        result[i, i] = 0.0
    return result


def others(i: int, n: int) -> list[int]:
    """All agents but i, in index order."""
    return [j for j in range(n) if j != i]


def pairs(n: int) -> list[tuple[int, int]]:
    """All ordered pairs i != j, row-major."""
    return [(i, j) for i in range(n) for j in range(n) if i != j]


#: Loyalties this far below a threshold count as on it: a sum of steps is rounded.
ON_THRESHOLD = 2.0**-40


def clip(x: float, low: float, high: float) -> float:
    """Hold x in [low, high]."""
    return min(max(x, low), high)


# ---------------------------------------------------------------------------------------------------
# TR-1: interdependence and complementarity
# ---------------------------------------------------------------------------------------------------


def individual_value(a: float, form: str, theta: float, beta: float) -> float:
    """f(a) = theta ln(1 + a), or a^beta."""
    if form == "logarithmic":
        return theta * math.log1p(a)
    if form == "power":
        return float(a**beta)
    raise ValueError(f"value_form must be 'logarithmic' or 'power', not {form!r}")


def synergy(a: Array) -> float:
    """g(a) = (prod_i a_i)^(1/N), 0 as soon as one a_i is 0.

    The root is taken factor by factor, so that many agents do not overflow the product.
    """
    n = len(a)
    g = 1.0
    for level in a:
        g *= float(level) ** (1.0 / n)
    return g


def interdependence_payoffs(
    a: Array, e: Array, shares: Array, gamma: float, form: str, theta: float, beta: float
) -> Array:
    """pi_i = e_i - a_i + f(a_i) + alpha_i gamma g(a)."""
    n = len(a)
    g = synergy(a)
    pi = np.zeros(n)
    for i in range(n):
        pi[i] = e[i] - a[i] + individual_value(float(a[i]), form, theta, beta) + shares[i] * gamma * g
    return pi


def integrated_utilities(pi: Array, w: Array) -> Array:
    """U_i = pi_i + sum_{j != i} w_ij pi_j."""
    n = len(pi)
    U = np.zeros(n)
    for i in range(n):
        U[i] = pi[i]
        for j in others(i, n):
            U[i] += w[i, j] * pi[j]
    return U


# ---------------------------------------------------------------------------------------------------
# TR-2: trust and reputation
# ---------------------------------------------------------------------------------------------------


def trust_signals(a: Array, judged: Array, sigma: Array, kappa: float) -> Array:
    """s_j = tanh(kappa (a_j - b_j) / sigma_j)."""
    n = len(a)
    s = np.zeros(n)
    for j in range(n):
        s[j] = math.tanh(kappa * (a[j] - judged[j]) / sigma[j])
    return s


def updated_trust(T: Array, R: Array, s: Array, D: Array, p: SimpleNamespace) -> tuple[Array, Array]:
    """One step of trust and damage; old values on the right of every formula."""
    n = len(s)
    new_T = np.zeros((n, n))
    new_R = np.zeros((n, n))
    for i, j in pairs(n):
        ceiling = 1.0 - R[i, j]
        trust = T[i, j]
        damage = R[i, j]
        if s[j] > 0:
            trust = T[i, j] + p.lambda_plus * s[j] * max(0.0, ceiling - T[i, j])
        if s[j] < 0:
            trust = T[i, j] + p.lambda_minus * s[j] * T[i, j] * (1.0 + p.xi * D[i, j])
            damage = R[i, j] + p.mu_R * abs(s[j]) * (1.0 - R[i, j])
        else:
            damage = R[i, j] - p.delta_R * R[i, j]
        new_T[i, j] = clip(trust, 0.0, ceiling)
        new_R[i, j] = clip(damage, 0.0, 1.0)
    return new_T, new_R


def trust_weights(T: Array, R: Array, D: Array) -> Array:
    """w_ij = min(T_ij, 1 - R_ij) D_ij."""
    n = len(T)
    w = np.zeros((n, n))
    for i, j in pairs(n):
        w[i, j] = min(T[i, j], 1.0 - R[i, j]) * D[i, j]
    return w


# ---------------------------------------------------------------------------------------------------
# TR-3: collective action and loyalty
# ---------------------------------------------------------------------------------------------------


def team_production(total: float, omega: float, beta: float) -> float:
    """Q = omega (sum_i a_i)^beta."""
    return float(omega * total**beta)


def updated_loyalty(loyalty: Array, c: Array, p: SimpleNamespace) -> Array:
    """theta_i += 0.02 c_i if c_i >= 0.5, else theta_i -= 0.05 (0.5 - c_i); clip to [0, cap]."""
    n = len(c)
    new = np.zeros(n)
    for i in range(n):
        if c[i] >= p.loyalty_threshold:
            moved = loyalty[i] + p.loyalty_gain * c[i]
        else:
            moved = loyalty[i] - p.loyalty_loss * (p.loyalty_threshold - c[i])
        new[i] = clip(moved, 0.0, p.loyalty_cap)
    return new


def teammates_payoff(pi: Array, mates: list[int], kind: str) -> float:
    """pibar_-i: the mean (or the sum) of the teammates' payoffs; 0 without teammates."""
    if kind not in ("mean", "sum"):
        raise ValueError(f"teammates must be 'mean' or 'sum', not {kind!r}")
    if not mates:
        return 0.0
    total = 0.0
    for j in mates:
        total += float(pi[j])
    return total / len(mates) if kind == "mean" else total


def loyalty_term(theta: float, pibar: float, effort_cost: float, phi_B: float, phi_C: float) -> float:
    """L_i = theta_i [phi_B pibar_-i + phi_C c a_i]."""
    return theta * (phi_B * pibar + phi_C * effort_cost)


# ---------------------------------------------------------------------------------------------------
# TR-4: sequential interaction and reciprocity
# ---------------------------------------------------------------------------------------------------


def memory_average(history: list[Array], k: int, b: Array, e: Array) -> Array:
    """cbar_j: mean rate over the last min(k, len(history)) steps; b_j / e_j before any step."""
    n = len(b)
    cbar = np.zeros(n)
    remembered = history[-k:]
    for j in range(n):
        if not remembered:
            cbar[j] = b[j] / e[j]
            continue
        total = 0.0
        for rates in remembered:
            total += rates[j]
        cbar[j] = total / len(remembered)
    return cbar


def reciprocity_term(phi: Array, T: Array, D: Array, h: Array, p: SimpleNamespace) -> Array:
    """U_recip,i = h_i lambda_R sum_{j != i} T_ij (1 + omega D_ij) rho_ij phi_ij, rho_ij = rho_0 D_ij^eta."""
    n = len(h)
    term = np.zeros(n)
    for i in range(n):
        total = 0.0
        for j in others(i, n):
            rho = p.rho_0 * D[i, j] ** p.eta
            total += T[i, j] * (1.0 + p.omega * D[i, j]) * rho * phi[i, j]
        term[i] = h[i] * p.lambda_R * total
    return term


# ---------------------------------------------------------------------------------------------------
# What all games share
# ---------------------------------------------------------------------------------------------------


class Reference:
    """One copy of the environment called ``env_id``.

    Everything that moves is in the dict ``state``, so ``copy.deepcopy(game.state)`` is a snapshot and
    assigning it back restores it. A new game is already reset.

    Parameters
    ----------
    env_id
        Such as ``"SLCD-v0"``.
    parameters
        Keyword arguments of the environment; what is left out has its default.
    """

    DEFAULTS: ClassVar[dict[str, Any]] = {}
    NAMES: ClassVar[tuple[str, ...]] = ()  # fixed agents ...
    ROLE: ClassVar[str] = "agent"  # ... or n_agents of one role

    env_id: str
    state: dict[str, Any]

    def __new__(cls, env_id: str, **parameters: Any) -> Reference:  # noqa: PYI034 (a sub-class, by id)
        if env_id not in GAMES:
            raise ValueError(f"unknown environment {env_id!r}; one of {sorted(GAMES)}")
        return object.__new__(GAMES[env_id])

    def __init__(self, env_id: str, **parameters: Any) -> None:
        defaults = self.defaults(parameters)
        for name in parameters:
            if name not in defaults:
                raise TypeError(f"{env_id} has no parameter {name!r}; it has {sorted(defaults)}")
        self.env_id = env_id
        self.parameters = SimpleNamespace(**{**defaults, **parameters})
        self.names = self.agent_names()
        self.n = len(self.names)
        self.horizon = int(self.parameters.horizon)
        self.endowment = vector(self.parameters.endowment, self.n)
        self.baseline = vector(self.parameters.baseline, self.n)
        self.prepare()
        self.reset()

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters' defaults; some depend on a parameter that was given (a phase, a size)."""
        return dict(cls.DEFAULTS)

    def agent_names(self) -> list[str]:
        """Names in index order."""
        if self.NAMES:
            return list(self.NAMES)
        return [f"{self.ROLE}_{k}" for k in range(self.parameters.n_agents)]

    def prepare(self) -> None:
        """Bring parameters into shape, once."""

    # -- dynamics ------------------------------------------------------------------------------------

    def reset(self, gamma: float | None = None) -> None:
        """Start an episode. Only SynergySearch listens to ``gamma``, the draw of this episode."""
        self.state = {"rates": self.baseline / self.endowment, "time": 0}
        self.start(gamma)

    def start(self, gamma: float | None) -> None:
        """Add the family's and the environment's own state to ``self.state``."""

    def step(self, levels: npt.ArrayLike) -> dict[str, Any]:
        """Play the levels (N,), each held in [0, e_i]."""
        given = vector(levels, self.n)
        a = np.zeros(self.n)
        for i in range(self.n):
            a[i] = clip(given[i], 0.0, self.endowment[i])
        # A rate of the baseline, but for what float32 rounds off, is the baseline's: no deviation.
        near = np.abs(a / self.endowment - self.baseline / self.endowment) <= 2.0**-21
        a = np.where(near, self.baseline, a)
        c = np.where(near, self.baseline / self.endowment, a / self.endowment)
        payoffs, utilities = self.play(a, c)
        self.state["rates"] = c
        self.state["time"] += 1
        terminated = self.ended()
        truncated = self.state["time"] >= self.horizon and not terminated
        self.after_step()
        return {
            "payoffs": payoffs,
            "utilities": utilities,
            "terminated": bool(terminated),
            "truncated": bool(truncated),
        }

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        """Move the state, then pay: (payoffs, utilities)."""
        raise NotImplementedError

    def ended(self) -> bool:
        """Whether the game ends by its own rule, after this step."""
        return False

    def after_step(self) -> None:
        """What happens between the end check and the observation."""

    # -- rewards -------------------------------------------------------------------------------------

    def rewards(self, mode: str | npt.ArrayLike, out: Mapping[str, Any]) -> Array:
        """Rewards (N,) of a step's result under a mode, or under a matrix M: M pi."""
        pi, U = out["payoffs"], out["utilities"]
        n = self.n
        if not isinstance(mode, str):
            M = np.asarray(mode, dtype=np.float64)
            result = np.zeros(n)
            for i in range(n):
                for j in range(n):
                    result[i] += M[i, j] * pi[j]
            return result
        if mode == "private":
            return np.array(pi)
        if mode == "integrated":
            return np.array(U)
        if mode == "cooperative":
            return np.full(n, sum(pi) / n)
        raise ValueError(f"unknown reward mode {mode!r}")

    # -- observations --------------------------------------------------------------------------------

    def observation(self, i: int, full: bool = False, noise: npt.ArrayLike | None = None) -> Array:
        """What agent i sees (O,). ``noise``: N-1 standard normals, for ReputationMarket alone."""
        return np.concatenate([values for _, values in self.observation_parts(i, full, noise)])

    def layout(self, full: bool = False) -> dict[str, slice]:
        """Where each named part of an observation lies; the same for all agents."""
        return slices(self.observation_parts(0, full, None))

    def joint_state(self) -> Array:
        """The joint normalised state (S,), for centralised critics."""
        return np.concatenate([values for _, values in self.joint_parts()])

    def joint_layout(self) -> dict[str, slice]:
        """Where each named part of the joint state lies."""
        return slices(self.joint_parts())

    def observation_parts(self, i: int, full: bool, noise: npt.ArrayLike | None) -> Parts:
        """The named parts of agent i's observation, in order."""
        c = self.state["rates"]
        parts: Parts = [("own_rate", c[[i]]), ("other_rates", c[others(i, self.n)])]
        parts += self.family_parts(i, full)
        parts += self.added_parts(i, noise)
        parts += [("time", self.elapsed())]
        return parts

    def joint_parts(self) -> Parts:
        """The named parts of the joint state, in order."""
        parts: Parts = [("rates", self.state["rates"])]
        parts += self.family_joint_parts()
        parts += self.added_joint_parts()
        parts += [("time", self.elapsed())]
        return parts

    def family_parts(self, i: int, full: bool) -> Parts:
        """Trust, damage and dependence; or loyalty; and the memory of reciprocity games."""
        raise NotImplementedError

    def family_joint_parts(self) -> Parts:
        """The same for the joint state."""
        raise NotImplementedError

    def added_parts(self, i: int, noise: npt.ArrayLike | None) -> Parts:
        """What the environment adds: mostly one number an agent, own first."""
        return [(name, own_first(values, i)) for name, values in self.added_joint_parts()]

    def added_joint_parts(self) -> Parts:
        """What the environment adds, in index order."""
        return []

    def elapsed(self) -> Array:
        """t / horizon."""
        return np.array([self.state["time"] / self.horizon])


def own_first(values: Array, i: int) -> Array:
    """Agent i's value, then the others' in index order."""
    return values[[i, *others(i, len(values))]]


def slices(parts: Parts) -> dict[str, slice]:
    """Where the parts lie when laid end to end."""
    result = {}
    at = 0
    for name, values in parts:
        result[name] = slice(at, at + len(values))
        at += len(values)
    return result


# ---------------------------------------------------------------------------------------------------
# Trust games (TR-1 + TR-2)
# ---------------------------------------------------------------------------------------------------


def trust_row(
    lambda_plus: float, lambda_minus: float, mu_R: float, delta_R: float, xi: float, kappa: float
) -> dict[str, float]:
    """The "trust row" of the tables."""
    return {
        "lambda_plus": lambda_plus,
        "lambda_minus": lambda_minus,
        "mu_R": mu_R,
        "delta_R": delta_R,
        "xi": xi,
        "kappa": kappa,
    }


class TrustGame(Reference):
    """Payoffs of TR-1 with the trust weights of TR-2; trust moves first, then the step is paid."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        "horizon": 100,
        "endowment": 100.0,
        "shares": None,  # None: equal shares
        "theta": 20.0,
        "value_form": "logarithmic",
        "beta": 0.75,
        "signal_scale": "raw",
        "initial_damage": 0.0,
        "collapse_threshold": 0.05,
    }

    def prepare(self) -> None:
        p, n = self.parameters, self.n
        self.shares = vector(1.0 / n if p.shares is None else p.shares, n)
        if p.signal_scale == "raw":
            self.signal_scale = np.ones(n)
        elif p.signal_scale == "endowment":
            self.signal_scale = self.endowment
        else:
            raise ValueError(f"signal_scale must be 'raw' or 'endowment', not {p.signal_scale!r}")

    def start(self, gamma: float | None) -> None:
        p, n = self.parameters, self.n
        self.state["trust"] = matrix(p.initial_trust, n)
        self.state["damage"] = matrix(p.initial_damage, n)
        self.state["dependence"] = matrix(p.dependence, n)

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        self.move_trust(a, self.baseline)
        pi = self.raw_payoffs(a)
        return pi, integrated_utilities(pi, self.weights())

    def move_trust(self, a: Array, judged: Array) -> None:
        """The step of trust and damage, each agent j judged against ``judged[j]``."""
        s = trust_signals(a, judged, self.signal_scale, self.parameters.kappa)
        T, R, D = self.state["trust"], self.state["damage"], self.state["dependence"]
        self.state["trust"], self.state["damage"] = updated_trust(T, R, s, D, self.parameters)

    def weights(self) -> Array:
        """w_ij at the present trust."""
        return trust_weights(self.state["trust"], self.state["damage"], self.state["dependence"])

    def raw_payoffs(self, a: Array, shares: Array | None = None) -> Array:
        """pi of TR-1."""
        p = self.parameters
        shares = self.shares if shares is None else shares
        return interdependence_payoffs(
            a, self.endowment, shares, self.synergy_coefficient(), p.value_form, p.theta, p.beta
        )

    def synergy_coefficient(self) -> float:
        """gamma."""
        return float(self.parameters.gamma)

    def watched_pairs(self) -> list[tuple[int, int]]:
        """The pairs whose mean trust decides the end."""
        return pairs(self.n)

    def watched_trust(self) -> float:
        """Mean trust over the watched pairs."""
        watched = self.watched_pairs()
        total = 0.0
        for i, j in watched:
            total += self.state["trust"][i, j]
        return total / len(watched)

    def ended(self) -> bool:
        return bool(self.watched_trust() < self.parameters.collapse_threshold)

    def family_parts(self, i: int, full: bool) -> Parts:
        T, R, D = self.state["trust"], self.state["damage"], self.state["dependence"]
        rest = others(i, self.n)
        elsewhere = [(j, k) for j in rest for k in rest if j != k]
        parts: Parts = [("trust_in", T[i, rest])]
        if full:
            parts += [("trust_from", T[rest, i])]
        parts += [("damage_held", R[i, rest])]
        if full:
            parts += [("damage_from", R[rest, i])]
        parts += [("dependence", D[i, rest])]
        if full and self.n > 2:
            parts += [("trust_others", np.array([T[pair] for pair in elsewhere]))]
            parts += [("damage_others", np.array([R[pair] for pair in elsewhere]))]
        return parts

    def family_joint_parts(self) -> Parts:
        return [
            (name, np.array([self.state[name][pair] for pair in pairs(self.n)]))
            for name in ("trust", "damage", "dependence")
        ]


class TrustDilemma(TrustGame):
    """Two equals, with more trust to gain and more to lose."""

    NAMES = ("agent_0", "agent_1")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "baseline": 40.0,
        "dependence": 0.60,
        "gamma": 0.70,
        "initial_trust": 0.50,
        **trust_row(0.15, 0.45, 0.50, 0.02, 0.60, 1.5),
    }


class PartnerHoldUp(TrustGame):
    """A strong and a weak partner; it ends when the weak one's trust in the strong one is gone."""

    NAMES = ("strong", "weak")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "endowment": (120.0, 80.0),
        "baseline": (42.0, 28.0),
        "shares": (0.6, 0.4),
        "dependence": ((0.0, 0.35), (0.85, 0.0)),
        "gamma": 0.60,
        "initial_trust": 0.55,
        "collapse_threshold": 0.10,
        **trust_row(0.10, 0.35, 0.55, 0.025, 0.70, 1.2),
    }

    def watched_pairs(self) -> list[tuple[int, int]]:
        strong, weak = 0, 1
        return [(weak, strong)]


class PlatformEcosystem(TrustGame):
    """A platform (agent 0) and its developers, who do not depend on one another."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "n_developers": 4,
        "theta": 25.0,
        "gamma": 0.75,
        "initial_trust": 0.60,
        "collapse_threshold": 0.15,
        **trust_row(0.08, 0.25, 0.45, 0.02, 0.40, 1.0),
    }

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        developers = given.get("n_developers", cls.DEFAULTS["n_developers"])
        D = np.zeros((1 + developers, 1 + developers))
        for k in range(1, 1 + developers):
            D[0, k] = 0.25
            D[k, 0] = 0.75
        endowment = given.get("endowment", [150.0] + [80.0] * developers)
        return {
            **cls.DEFAULTS,
            "endowment": endowment,
            "baseline": 0.30 * vector(endowment, 1 + developers),
            "shares": [0.30] + [0.70 / developers] * developers,
            "dependence": D,
        }

    def agent_names(self) -> list[str]:
        return ["platform"] + [f"developer_{k}" for k in range(self.parameters.n_developers)]

    def watched_pairs(self) -> list[tuple[int, int]]:
        return [(developer, 0) for developer in range(1, self.n)]


class DynamicPartnerSelection(TrustGame):
    """Partners are sought in proportion to their public reputation q."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "n_agents": 6,
        "horizon": 50,
        "baseline": 35.0,
        "dependence": 0.40,
        "theta": 18.0,
        "gamma": 0.55,
        "initial_trust": 0.50,
        "collapse_threshold": 0.0,  # never
        "reputation_weight": 0.5,
        "reputation_rate": 0.1,
        "initial_reputation": 0.5,
        **trust_row(0.12, 0.35, 0.60, 0.015, 0.45, 1.2),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["reputation"] = vector(self.parameters.initial_reputation, self.n)

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        rate = self.parameters.reputation_rate
        q = self.state["reputation"]
        self.state["reputation"] = np.array([(1.0 - rate) * q[i] + rate * c[i] for i in range(self.n)])
        self.move_trust(a, self.baseline)
        pi = self.raw_payoffs(a, self.sought_shares())
        return pi, integrated_utilities(pi, self.weights())

    def sought_shares(self) -> Array:
        """(1 - rho) alpha_i + rho q_i / sum_k q_k."""
        n, rho, q = self.n, self.parameters.reputation_weight, self.state["reputation"]
        total = sum(q)
        shares = np.zeros(n)
        for i in range(n):
            standing = q[i] / total if total > 0 else 1.0 / n
            shares[i] = (1.0 - rho) * self.shares[i] + rho * standing
        return shares

    def weights(self) -> Array:
        """w_ij m_ij, m_ij = (1 - rho) + rho (N-1) q_j / sum_{k != i} q_k."""
        n, rho, q = self.n, self.parameters.reputation_weight, self.state["reputation"]
        w = super().weights()
        for i in range(n):
            total = sum(q[k] for k in others(i, n))
            for j in others(i, n):
                standing = (n - 1) * q[j] / total if total > 0 else 1.0
                w[i, j] *= (1.0 - rho) + rho * standing
        return w

    def added_joint_parts(self) -> Parts:
        return [("reputation", self.state["reputation"])]


class RecoveryRace(TrustGame):
    """After a breach of trust: it ends recovered, or collapsed."""

    NAMES = ("agent_0", "agent_1")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "horizon": 200,
        "baseline": 35.0,
        "dependence": 0.55,
        "gamma": 0.60,
        "initial_trust": 0.25,
        "initial_damage": 0.50,
        "recovery_target": 0.90,
        "recovery_bonus": 0.0,
        **trust_row(0.08, 0.35, 0.70, 0.01, 0.40, 1.0),
    }

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        self.move_trust(a, self.baseline)
        pi = self.raw_payoffs(a)
        if self.outcome() == "recovered":
            steps_left = self.horizon - (self.state["time"] + 1)
            pi = pi + self.parameters.recovery_bonus * steps_left
        return pi, integrated_utilities(pi, self.weights())

    def ended(self) -> bool:
        return self.outcome() != ""

    def outcome(self) -> str:
        """What the end is: recovered, collapsed, or nothing yet ("")."""
        if self.watched_trust() >= self.parameters.recovery_target:
            return "recovered"
        if self.watched_trust() < self.parameters.collapse_threshold:
            return "collapsed"
        return ""


class SynergySearch(TrustGame):
    """The synergy coefficient gamma is drawn per episode, and hidden."""

    NAMES = ("agent_0", "agent_1")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "baseline": 40.0,
        "dependence": 0.50,
        "gamma": None,  # None: drawn outside, given to reset
        "gamma_range": (0.20, 0.90),
        "reveal_gamma": False,
        "observe_payoff": False,
        "initial_trust": 0.55,
        **trust_row(0.10, 0.30, 0.60, 0.03, 0.50, 1.0),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        if gamma is None:
            gamma = self.parameters.gamma
        self.state["gamma"] = math.nan if gamma is None else float(gamma)
        if self.parameters.observe_payoff:
            self.state["last_payoff"] = np.zeros(self.n)

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        payoffs, utilities = super().play(a, c)
        if self.parameters.observe_payoff:
            self.state["last_payoff"] = payoffs.copy()
        return payoffs, utilities

    def most_in_a_step(self) -> float:
        """Everything kept, everything earned alone and the largest synergy at once, for whom that is most."""
        p, together = self.parameters, 1.0
        for e in self.endowment:
            together *= e ** (1.0 / self.n)
        most = 0.0
        for i in range(self.n):
            e = self.endowment[i]
            alone = p.theta * math.log(1.0 + e) if p.value_form == "logarithmic" else e**p.beta
            gamma = max(p.gamma_range[1], p.gamma or 0.0)
            most = max(most, e + alone + self.shares[i] * gamma * together)
        return most

    def synergy_coefficient(self) -> float:
        gamma = self.state["gamma"]
        if math.isnan(gamma):
            raise ValueError("SynergySearch needs reset(gamma=...) or the parameter gamma")
        return float(gamma)

    def added_joint_parts(self) -> Parts:
        parts: Parts = []
        if self.parameters.reveal_gamma:
            highest = self.parameters.gamma_range[1]
            parts.append(("gamma", np.array([clip(self.state["gamma"] / highest, 0.0, 1.0)])))
        if self.parameters.observe_payoff:
            parts.append(("last_payoff", self.state["last_payoff"] / self.most_in_a_step()))
        return parts

    def added_parts(self, i: int, noise: npt.ArrayLike | None) -> Parts:
        return [(name, part if name == "gamma" else part[i : i + 1]) for name, part in self.added_joint_parts()]


class SLCD(TrustGame):
    """Samsung and Sony's panel joint venture."""

    NAMES = ("samsung", "sony")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "baseline": 30.0,
        "shares": (0.55, 0.45),
        "dependence": ((0.0, 0.64), (0.86, 0.0)),
        "gamma": 0.65,
        "initial_trust": 0.65,
        **trust_row(0.08, 0.28, 0.50, 0.02, 0.45, 1.0),
    }


class RenaultNissan(TrustGame):
    """The alliance, in one of its four phases, or all four in order."""

    NAMES = ("nissan", "renault")
    # phase: D nissan on renault, D renault on nissan, T0, R0
    PHASES: ClassVar[dict[str, tuple[float, float, float, float]]] = {
        "formation": (0.78, 0.66, 0.45, 0.05),
        "mature": (0.51, 0.66, 0.70, 0.02),
        "crisis": (0.35, 0.72, 0.30, 0.45),
        "strained": (0.28, 0.65, 0.40, 0.35),
    }
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "phase": "mature",
        "phase_length": 25,
        "endowment": (90.0, 100.0),
        "baseline": (27.0, 30.0),
        "shares": (0.48, 0.52),
        "theta": 22.0,
        "gamma": 0.58,
        **trust_row(0.08, 0.25, 0.55, 0.02, 0.50, 1.0),
    }

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        phase = given.get("phase", cls.DEFAULTS["phase"])
        first = "formation" if phase == "history" else phase
        nissan, renault, trust, damage = cls.PHASES[first]
        return {
            **cls.DEFAULTS,
            "dependence": ((0.0, nissan), (renault, 0.0)),
            "initial_trust": trust,
            "initial_damage": damage,
        }

    def after_step(self) -> None:
        """Under "history", the last step of a phase is followed by the next phase's start."""
        if self.parameters.phase != "history":
            return
        length = self.parameters.phase_length
        before = min((self.state["time"] - 1) // length, 3)
        now = min(self.state["time"] // length, 3)
        if now == before:
            return
        name = list(self.PHASES)[now]
        nissan, renault, trust, damage = self.PHASES[name]
        self.state["dependence"] = np.array([[0.0, nissan], [renault, 0.0]])
        for i, j in pairs(2):
            if name == "crisis":
                self.state["trust"][i, j] = min(self.state["trust"][i, j], trust)
            self.state["damage"][i, j] = max(self.state["damage"][i, j], damage)


class CooperativeNegotiation(TrustGame):
    """Levels close to each other become an agreement, which it costs to break."""

    NAMES = ("agent_0", "agent_1")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "baseline": 35.0,
        "dependence": 0.55,
        "gamma": 0.60,
        "initial_trust": 0.50,
        "agreement_threshold": 10.0,
        "breach_penalty": 3.0,
        **trust_row(0.12, 0.40, 0.65, 0.02, 0.55, 1.2),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["agreement"] = np.zeros(2)
        self.state["agreed"] = False
        self.state["agreements"] = 0
        self.state["breaches"] = 0

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        p = self.parameters
        g = self.state["agreement"]

        # (1) breach
        penalty = np.zeros(2)
        judged = self.baseline.copy()
        breached = False
        if self.state["agreed"]:
            for i in range(2):
                if abs(a[i] - g[i]) > p.agreement_threshold:
                    breached = True
                    penalty[i] = p.breach_penalty * abs(a[i] - g[i])
                    if a[i] < g[i]:
                        judged[i] = max(self.baseline[i], g[i])
        if breached:
            self.state["breaches"] += 1

        # (2) trust and payoff
        self.move_trust(a, judged)
        raw = self.raw_payoffs(a)
        U = integrated_utilities(raw, self.weights())

        # (3) agreement
        if abs(a[0] - a[1]) <= p.agreement_threshold:
            self.state["agreement"] = a.copy()
            self.state["agreed"] = True
            self.state["agreements"] += 1
        elif breached:
            self.state["agreement"] = np.zeros(2)
            self.state["agreed"] = False

        return raw - penalty, U - penalty

    def added_joint_parts(self) -> Parts:
        flag = 1.0 if self.state["agreed"] else 0.0
        return [("agreement", self.state["agreement"] / self.endowment), ("agreed", np.array([flag]))]

    def added_parts(self, i: int, noise: npt.ArrayLike | None) -> Parts:
        agreement, agreed = self.added_joint_parts()
        return [("agreement", own_first(agreement[1], i)), agreed]


class ReputationMarket(TrustGame):
    """A public reputation opens and closes tiers of the market."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "n_agents": 5,
        "baseline": 35.0,
        "dependence": 0.35,
        "theta": 18.0,
        "gamma": 0.50,
        "initial_trust": 0.50,
        "collapse_threshold": 0.0,  # never
        "initial_reputation": 0.5,
        "reputation_rate": 0.1,
        "reputation_neutral": 0.5,
        "reputation_visibility": 1.0,
        "tiers": True,
        "tier_thresholds": (0.80, 0.50, 0.25),
        "tier_multipliers": (1.30, 1.00, 0.70, 0.40),  # premium, standard, probation, excluded
        **trust_row(0.10, 0.30, 0.55, 0.015, 0.45, 1.0),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["reputation"] = vector(self.parameters.initial_reputation, self.n)

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        p, q = self.parameters, self.state["reputation"]
        self.state["reputation"] = np.array(
            [clip(q[i] + p.reputation_rate * (c[i] - p.reputation_neutral), 0.0, 1.0) for i in range(self.n)]
        )
        raw, U = super().play(a, c)
        m = np.array([self.tier_multiplier(q_i) for q_i in self.state["reputation"]])
        return m * raw, m * U

    def tier_multiplier(self, q: float) -> float:
        """The multiplier of the first tier whose threshold q reaches; the last if none."""
        p = self.parameters
        if not p.tiers:
            return 1.0
        for threshold, multiplier in zip(p.tier_thresholds, p.tier_multipliers[:-1], strict=True):
            if q >= threshold:
                return float(multiplier)
        return float(p.tier_multipliers[-1])

    def added_joint_parts(self) -> Parts:
        return [("reputation", self.state["reputation"])]

    def added_parts(self, i: int, noise: npt.ArrayLike | None) -> Parts:
        """Own reputation exactly, the others' with noise of standard deviation 1 - visibility."""
        q = self.state["reputation"]
        z = np.zeros(self.n - 1) if noise is None else vector(noise, self.n - 1)
        deviation = 1.0 - self.parameters.reputation_visibility
        seen = [q[i]]
        for place, j in enumerate(others(i, self.n)):
            seen.append(clip(q[j] + deviation * z[place], 0.0, 1.0))
        return [("reputation", np.array(seen))]


# ---------------------------------------------------------------------------------------------------
# Team games (TR-3)
# ---------------------------------------------------------------------------------------------------


class TeamGame(Reference):
    """Team production and loyalty; loyalty moves first, then the step is paid."""

    ROLE = "member"
    COMMON: ClassVar[dict[str, Any]] = {
        "horizon": 100,
        "endowment": 50.0,
        "baseline": 20.0,
        "initial_loyalty": 0.5,
        "loyalty_gain": 0.02,
        "loyalty_loss": 0.05,
        "loyalty_threshold": 0.5,
        "loyalty_cap": 1.0,
        "teammates": "mean",
    }
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **COMMON,
        "omega": 25.0,
        "beta": 0.70,
        "cost": 1.0,
    }

    def start(self, gamma: float | None) -> None:
        self.state["loyalty"] = vector(self.parameters.initial_loyalty, self.n)

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        self.state["loyalty"] = updated_loyalty(self.state["loyalty"], c, self.parameters)
        pi = self.team_payoffs(a)
        U = np.zeros(self.n)
        for i in range(self.n):
            U[i] = pi[i] + self.loyalty_bonus(i, a, pi, others(i, self.n))
        return pi, U

    def team_payoffs(self, a: Array) -> Array:
        """pi_i = Q(a)/n - c a_i."""
        p, n = self.parameters, self.n
        Q = team_production(sum(a), p.omega, p.beta)
        return np.array([Q / n - p.cost * a[i] for i in range(n)])

    def loyalty_bonus(self, i: int, a: Array, pi: Array, mates: list[int]) -> float:
        """L_i, for a member with these teammates."""
        p = self.parameters
        pibar = teammates_payoff(pi, mates, p.teammates)
        return loyalty_term(self.state["loyalty"][i], pibar, self.effort_cost(a[i]), p.phi_B, p.phi_C)

    def effort_cost(self, level: float) -> float:
        """c a_i."""
        return float(self.parameters.cost * level)

    def family_parts(self, i: int, full: bool) -> Parts:
        return [("loyalty", own_first(self.state["loyalty"], i))]

    def family_joint_parts(self) -> Parts:
        return [("loyalty", self.state["loyalty"])]


class TeamProduction(TeamGame):
    """The free-riding baseline: loyalty moves, and counts for nothing."""

    DEFAULTS: ClassVar[dict[str, Any]] = {**TeamGame.DEFAULTS, "n_agents": 4, "phi_B": 0.0, "phi_C": 0.0}


class LoyaltyTeam(TeamGame):
    """The same with loyalty."""

    DEFAULTS: ClassVar[dict[str, Any]] = {**TeamGame.DEFAULTS, "n_agents": 4, "phi_B": 0.8, "phi_C": 0.3}


class CoalitionFormation(TeamGame):
    """Members without loyalty leave; outsiders who have waited and are loyal come back."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TeamGame.DEFAULTS,
        "n_agents": 6,
        "horizon": 150,
        "phi_B": 0.7,
        "phi_C": 0.3,
        "exit_threshold": 0.15,
        "min_coalition_size": 3,
        "reentry_cooldown": 5,
        "reentry_threshold": 0.40,
        "stability_bonus": 0.10,
        "outside_option": 0.5,
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["members"] = np.ones(self.n, dtype=bool)
        self.state["wait"] = np.zeros(self.n, dtype=np.int64)
        self.state["thin_steps"] = 0

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        self.state["loyalty"] = updated_loyalty(self.state["loyalty"], c, self.parameters)
        self.move_members()
        pi, U = self.pay(a)
        self.count_thin_steps()
        return pi, U

    def move_members(self) -> None:
        """Waiting, exclusion, re-entry, in that order."""
        p, n = self.parameters, self.n
        loyalty, members, wait = self.state["loyalty"], self.state["members"], self.state["wait"]

        for i in range(n):
            if not members[i]:
                wait[i] = max(wait[i] - 1, 0)

        left_now = []
        while sum(members) > p.min_coalition_size:
            weakest = None  # lowest loyalty, ties to the lowest index
            for i in range(n):
                if members[i] and (weakest is None or loyalty[i] < loyalty[weakest]):
                    weakest = i
            if weakest is None or loyalty[weakest] >= p.exit_threshold - ON_THRESHOLD:
                break
            members[weakest] = False
            wait[weakest] = p.reentry_cooldown
            left_now.append(weakest)

        for i in range(n):
            ready = not members[i] and i not in left_now and wait[i] == 0
            if ready and loyalty[i] >= p.reentry_threshold - ON_THRESHOLD:
                members[i] = True

    def pay(self, a: Array) -> tuple[Array, Array]:
        """Members share what they make; outsiders have their outside option."""
        p, n = self.parameters, self.n
        inside = [i for i in range(n) if self.state["members"][i]]
        Q = team_production(sum(a[i] for i in inside), p.omega, p.beta)
        pi = np.zeros(n)
        for i in range(n):
            if i in inside:
                part = Q / len(inside)
                pi[i] = part - p.cost * a[i] + p.stability_bonus * part
            else:
                pi[i] = p.outside_option * (p.omega * a[i] ** p.beta - p.cost * a[i])
        U = pi.copy()
        for i in inside:
            U[i] = pi[i] + self.loyalty_bonus(i, a, pi, [j for j in inside if j != i])
        return pi, U

    def count_thin_steps(self) -> None:
        """How many steps in a row have left too few loyal members."""
        p = self.parameters
        loyal = 0
        for i in range(self.n):
            if self.state["members"][i] and self.state["loyalty"][i] >= p.exit_threshold - ON_THRESHOLD:
                loyal += 1
        self.state["thin_steps"] = self.state["thin_steps"] + 1 if loyal < p.min_coalition_size else 0

    def ended(self) -> bool:
        return bool(self.state["thin_steps"] >= 2)

    def added_joint_parts(self) -> Parts:
        return [("members", self.state["members"].astype(np.float64))]


class ApacheProject(TeamGame):
    """A project's phases: more committers, a lower cap on loyalty; or those of the case, with founders' loyalty."""

    ROLE = "committer"
    # phase: agents, loyalty cap, omega
    PHASES: ClassVar[dict[str, tuple[int, float, float]]] = {
        "emergence": (8, 1.00, 20.0),
        "growth": (15, 0.85, 25.0),
        "maturity": (40, 0.70, 30.0),
        "evolution": (35, 0.60, 28.0),
    }
    # phase of the case: agents, what the founders' loyalty is multiplied with
    CASE: ClassVar[dict[str, tuple[int, float]]] = {
        "formation": (8, 1.00),
        "growth": (25, 0.85),
        "maturation": (40, 0.70),
        "evolution": (35, 0.60),
    }
    FOUNDERS: ClassVar[list[float]] = [0.85, 0.90, 0.80, 0.75, 0.70, 0.78, 0.82, 0.76]
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TeamGame.DEFAULTS,
        "chronology": "published",
        "phase": "maturity",
        "horizon": 60,
        "phi_B": 0.75,
        "phi_C": 0.25,
    }

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        phase = given.get("phase", cls.DEFAULTS["phase"])
        if given.get("chronology") == "case":
            size, multiplier = cls.CASE[phase]
            founders = [multiplier * cls.FOUNDERS[k % 8] for k in range(size)]
            return {**cls.DEFAULTS, "loyalty_cap": 1.0, "omega": 30.0, "initial_loyalty": founders}
        _, cap, omega = cls.PHASES[phase]
        initial = 0.5 * given.get("loyalty_cap", cap)
        return {**cls.DEFAULTS, "loyalty_cap": cap, "omega": omega, "initial_loyalty": initial}

    def agent_names(self) -> list[str]:
        phases = self.CASE if self.parameters.chronology == "case" else self.PHASES
        return [f"committer_{k}" for k in range(phases[self.parameters.phase][0])]


class PublicGoods(TeamGame):
    """Each keeps what it does not give; what is given is multiplied and shared by all."""

    ROLE = "player"
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TeamGame.COMMON,
        "n_agents": 5,
        "multiplier": 2.0,
        "phi_B": 0.6,
        "phi_C": 0.2,
    }

    def team_payoffs(self, a: Array) -> Array:
        """pi_i = e_i - a_i + m sum_j a_j / n."""
        n, m = self.n, self.parameters.multiplier
        return np.array([self.endowment[i] - a[i] + m * sum(a) / n for i in range(n)])

    def effort_cost(self, level: float) -> float:
        """c a_i with c = 1."""
        return float(level)


# ---------------------------------------------------------------------------------------------------
# Reciprocity games (TR-4)
# ---------------------------------------------------------------------------------------------------


def reciprocity_row(
    rho_0: float, eta: float, kappa_r: float, memory: int, lambda_R: float, omega: float
) -> dict[str, float]:
    """The "recip row" of the table."""
    return {
        "rho_0": rho_0,
        "eta": eta,
        "kappa_r": kappa_r,
        "memory": memory,
        "lambda_R": lambda_R,
        "omega": omega,
    }


class ReciprocityGame(TrustGame):
    """A trust game whose agents also answer what the others do now, against what they used to do.

    ``state["memory"]`` is the list of all rates played so far, oldest first.
    """

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **TrustGame.DEFAULTS,
        "gamma": 0.65,
        "signal_scale": "endowment",
        "initial_trust": 0.50,
        "reciprocity_form": "gradient",
        **trust_row(0.10, 0.30, 0.60, 0.03, 0.50, 1.0),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["memory"] = []

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        pi, U = super().play(a, c)
        phi = self.responses(c)
        h = self.response_scale(a)
        U = U + reciprocity_term(phi, self.state["trust"], self.state["dependence"], h, self.parameters)
        self.state["memory"].append(c)
        return pi, U

    def response_scale(self, a: Array) -> Array:
        """h_i = a_i ("gradient") or the mean endowment ("additive")."""
        form = self.parameters.reciprocity_form
        if form == "gradient":
            return a
        if form == "additive":
            return np.full(self.n, sum(self.endowment) / self.n)
        raise ValueError(f"reciprocity_form must be 'gradient' or 'additive', not {form!r}")

    def responses(self, c: Array) -> Array:
        """phi_ij = tanh(kappa_r s_ij)."""
        phi = np.zeros((self.n, self.n))
        for i, j in pairs(self.n):
            phi[i, j] = math.tanh(self.parameters.kappa_r * self.cooperation_signal(i, j, c))
        return phi

    def cooperation_signal(self, i: int, j: int, c: Array) -> float:
        """s_ij = c_j - cbar_j."""
        return float(c[j] - self.memory_average()[j])

    def memory_average(self) -> Array:
        """cbar as the coming (or present) step uses it."""
        return memory_average(self.state["memory"], self.parameters.memory, self.baseline, self.endowment)

    def family_parts(self, i: int, full: bool) -> Parts:
        remembered = self.memory_average()[others(i, self.n)]
        return [*super().family_parts(i, full), ("memory", remembered)]

    def family_joint_parts(self) -> Parts:
        return [*super().family_joint_parts(), ("memory", self.memory_average())]


class ReciprocalDilemma(ReciprocityGame):
    """Two equals."""

    NAMES = ("agent_0", "agent_1")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **ReciprocityGame.DEFAULTS,
        "baseline": 30.0,
        "dependence": 0.50,
        **reciprocity_row(1.0, 1.0, 1.0, 5, 1.0, 0.6),
    }


class GiftExchange(ReciprocityGame):
    """An employer and a worker."""

    NAMES = ("employer", "worker")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **ReciprocityGame.DEFAULTS,
        "endowment": (100.0, 80.0),
        "baseline": (30.0, 24.0),
        "dependence": ((0.0, 0.40), (0.70, 0.0)),
        **reciprocity_row(1.2, 1.5, 1.0, 3, 1.2, 0.8),
    }


class IndirectReciprocity(ReciprocityGame):
    """Everybody sees what everybody gives, and keeps an image of it."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **ReciprocityGame.DEFAULTS,
        "n_agents": 4,
        "horizon": 150,
        "baseline": 30.0,
        "dependence": 0.40,
        "image_rate": 0.2,
        "image_weight": 0.5,
        **reciprocity_row(0.8, 1.0, 1.0, 7, 1.5, 0.5),
    }

    def start(self, gamma: float | None) -> None:
        super().start(gamma)
        self.state["image"] = self.baseline / self.endowment

    def play(self, a: Array, c: Array) -> tuple[Array, Array]:
        result = super().play(a, c)  # signals read the images of before this step
        rate, y = self.parameters.image_rate, self.state["image"]
        self.state["image"] = np.array([(1.0 - rate) * y[j] + rate * c[j] for j in range(self.n)])
        return result

    def cooperation_signal(self, i: int, j: int, c: Array) -> float:
        """s_ij = (c_j - cbar_j) + (y_j - ybar_-i) / 2."""
        y = self.state["image"]
        ybar = sum(y[k] for k in others(i, self.n)) / (self.n - 1)
        return super().cooperation_signal(i, j, c) + float(self.parameters.image_weight * (y[j] - ybar))

    def added_joint_parts(self) -> Parts:
        return [("image", self.state["image"])]


class GraduatedSanction(ReciprocityGame):
    """A norm that is not forgotten, and sanctions that grow with the violations."""

    DEFAULTS: ClassVar[dict[str, Any]] = {
        **ReciprocityGame.DEFAULTS,
        "n_agents": 6,
        "horizon": 200,
        "baseline": 40.0,
        "dependence": 0.35,
        **reciprocity_row(0.6, 1.5, 0.8, 10, 1.8, 1.0),
    }

    def responses(self, c: Array) -> Array:
        """Negative responses to j are multiplied by 1 + v_j / k."""
        phi = super().responses(c)
        v = self.violations()
        for i, j in pairs(self.n):
            if phi[i, j] < 0:
                phi[i, j] *= 1.0 + v[j] / self.parameters.memory
        return phi

    def cooperation_signal(self, i: int, j: int, c: Array) -> float:
        """s_ij = c_j - max(cbar_j, b_j / e_j)."""
        norm = max(self.memory_average()[j], self.baseline[j] / self.endowment[j])
        return float(c[j] - norm)

    def violations(self) -> Array:
        """v_j: how many of j's last k steps fell below its baseline."""
        v = np.zeros(self.n)
        for rates in self.state["memory"][-self.parameters.memory :]:
            for j in range(self.n):
                if rates[j] < self.baseline[j] / self.endowment[j]:
                    v[j] += 1
        return v

    def added_joint_parts(self) -> Parts:
        return [("violations", self.violations() / self.parameters.memory)]


class AppleAppStore(ReciprocityGame):
    """Apple, a major developer and the small ones: 66 quarters, 2008-2024."""

    NAMES = ("apple", "major", "small")
    DEFAULTS: ClassVar[dict[str, Any]] = {
        **ReciprocityGame.DEFAULTS,
        "horizon": 66,
        "endowment": (100.0, 80.0, 60.0),
        "baseline": (30.0, 24.0, 18.0),
        "dependence": ((0.0, 0.66, 0.71), (0.88, 0.0, 0.30), (0.92, 0.30, 0.0)),
        "initial_trust": ((0.0, 0.70, 0.70), (0.70, 0.0, 0.50), (0.70, 0.50, 0.0)),
        **reciprocity_row(0.85, 1.3, 1.2, 4, 1.0, 0.6),
    }


GAMES: dict[str, type[Reference]] = {
    f"{game.__name__}-v0": game
    for game in (
        TrustDilemma,
        PartnerHoldUp,
        PlatformEcosystem,
        DynamicPartnerSelection,
        RecoveryRace,
        SynergySearch,
        SLCD,
        RenaultNissan,
        CooperativeNegotiation,
        ReputationMarket,
        TeamProduction,
        LoyaltyTeam,
        CoalitionFormation,
        ApacheProject,
        PublicGoods,
        ReciprocalDilemma,
        GiftExchange,
        IndirectReciprocity,
        GraduatedSanction,
        AppleAppStore,
    )
}
