"""CooperativeNegotiation-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.games import trust_game
from coopetition.kernels.memory import stage, work_vector
from coopetition.kernels.places import (
    AGREED,
    AGREEMENT,
    AGREEMENTS,
    BREACHES,
    CHARGE,
    EXPECTED,
    LEVEL,
    OWN,
    PAYOFF,
    UTILITY,
)
from coopetition.parameters import Addition, TrustParameters, parameter


@dataclass(frozen=True, kw_only=True)
class CooperativeNegotiation(TrustParameters):
    """Parameters of CooperativeNegotiation-v0."""

    id: ClassVar[str] = "CooperativeNegotiation-v0"
    mechanism: ClassVar[str] = "trust"
    roles: ClassVar[tuple[str, ...]] = ("agent_0", "agent_1")

    baseline: Any = 35.0
    dependence: Any = 0.55
    gamma: float = 0.60
    lambda_plus: float = 0.12
    lambda_minus: float = 0.40
    mu_R: float = 0.65
    delta_R: float = 0.02
    xi: float = 0.55
    kappa: float = 1.2
    agreement_threshold: float = parameter(
        10.0,
        low=0.0,
        unit="level",
        about="how close levels must be to agree, and how far they may drift from it",
    )
    breach_penalty: float = parameter(3.0, low=0.0, unit="payoff/level", about="charge per level of a breach")

    def additions(self) -> tuple[Addition, ...]:
        """The agreed levels and whether they stand; counts of agreements and breaches are not shown."""
        endowment = np.broadcast_to(np.asarray(self.endowment, dtype=float), 2)
        return (
            Addition("agreement", np.zeros(2), float(endowment.max()), scale=1.0 / endowment),
            Addition("agreed", 0.0),
            Addition("agreements", 0.0, float(self.horizon), observed=False),
            Addition("breaches", 0.0, float(self.horizon), observed=False),
        )

    def rule_numbers(self) -> tuple[float, ...]:
        """Threshold and penalty."""
        return (self.agreement_threshold, self.breach_penalty)

    def stages(self) -> list[Stage]:
        """Breach, pay, agree."""
        return trust_game(expectations=expectations, settle=settle)


@stage
def expectations(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Find breaches of a standing agreement: what each costs, and what those who fell short are judged against."""
    threshold = parameters[OWN]
    penalty = parameters[OWN + 1]
    levels = work_vector(work, LEVEL, 2)
    expected = work_vector(work, EXPECTED, 2)
    charges = work_vector(work, CHARGE, 2)
    agreed = state[at[AGREED]]
    breaches = state[at[BREACHES]]
    breached = work[0]
    for lane in range(breached.size):
        breached[lane] = 0.0
    for i in range(2):
        level = levels[i]
        usual = expected[i]
        charge = charges[i]
        agreement = state[at[AGREEMENT] + i]
        for lane in range(charge.size):
            gap = abs(level[lane] - agreement[lane])
            charge[lane] = penalty * gap if agreed[lane] != 0.0 and gap > threshold else 0.0
            breached[lane] = 1.0 if agreed[lane] != 0.0 and gap > threshold else breached[lane]
        for lane in range(charge.size):
            short = agreed[lane] != 0.0 and agreement[lane] - level[lane] > threshold
            usual[lane] = agreement[lane] if short and agreement[lane] > usual[lane] else usual[lane]
    for lane in range(breached.size):
        breaches[lane] += breached[lane]
        agreed[lane] = 0.0 if breached[lane] != 0.0 else agreed[lane]


@stage
def settle(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Charge breaches; levels within the threshold of each other become the agreement."""
    threshold = parameters[OWN]
    levels = work_vector(work, LEVEL, 2)
    charges = work_vector(work, CHARGE, 2)
    payoffs = work_vector(work, PAYOFF, 2)
    utilities = work_vector(work, UTILITY, 2)
    for i in range(2):
        charge = charges[i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(charge.size):
            payoff[lane] -= charge[lane]
            utility[lane] -= charge[lane]
    first = levels[0]
    second = levels[1]
    agreed = state[at[AGREED]]
    agreements = state[at[AGREEMENTS]]
    close = work[0]
    for lane in range(close.size):
        close[lane] = 1.0 if abs(first[lane] - second[lane]) <= threshold else 0.0
    for lane in range(close.size):
        agreed[lane] = 1.0 if close[lane] != 0.0 else agreed[lane]
        agreements[lane] += close[lane]
    for i in range(2):
        level = levels[i]
        agreement = state[at[AGREEMENT] + i]
        for lane in range(close.size):
            standing = agreement[lane] if agreed[lane] != 0.0 else 0.0
            agreement[lane] = level[lane] if close[lane] != 0.0 else standing
