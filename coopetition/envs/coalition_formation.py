"""CoalitionFormation-v0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.kernels.compiled import Stage
from coopetition.kernels.fastmath import power
from coopetition.kernels.games import team_game
from coopetition.kernels.memory import rows_of, stage, work_vector
from coopetition.kernels.places import (
    BETA,
    COST,
    ENDED,
    LEVEL,
    LOYALTY,
    MEMBERS,
    OMEGA,
    OUTCOME,
    OWN,
    PAYOFF,
    PHI_B,
    PHI_C,
    TEAMMATES_SUM,
    THIN_STEPS,
    UTILITY,
    WAIT,
    N,
)
from coopetition.parameters import Addition, Sized, TeamParameters, parameter

DISSOLVED = 3.0


@dataclass(frozen=True, kw_only=True)
class CoalitionFormation(Sized, TeamParameters):
    """Parameters of CoalitionFormation-v0."""

    id: ClassVar[str] = "CoalitionFormation-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents, all members at reset")
    horizon: int = 150
    phi_B: float = 0.7
    phi_C: float = 0.3
    exit_threshold: float = parameter(0.15, low=0.0, high=1.0, about="a member less loyal than this leaves")
    min_coalition_size: int = parameter(3, "integer", 1, about="nobody leaves a coalition of this size")
    reentry_cooldown: int = parameter(5, "integer", 0, unit="steps", about="steps that an outsider sits out")
    reentry_threshold: float = parameter(
        0.40, low=0.0, high=1.0, about="loyalty from which an outsider returns"
    )
    stability_bonus: float = parameter(
        0.10, low=0.0, about="members' bonus, as a part of their share of output"
    )
    outside_option: float = parameter(0.5, low=0.0, about="what working alone pays, as a part of its product")

    def additions(self) -> tuple[Addition, ...]:
        """Membership is seen; waits and the count of thin steps are not."""
        return (
            Addition("members", np.ones(self.n)),
            Addition("wait", np.zeros(self.n), float(self.reentry_cooldown), observed=False),
            Addition("thin_steps", 0.0, 1.0, observed=False),
        )

    def rule_numbers(self) -> tuple[float, ...]:
        """The environment's own numbers, in the order of the fields."""
        return (
            self.exit_threshold,
            self.min_coalition_size,
            self.reentry_cooldown,
            self.reentry_threshold,
            self.stability_bonus,
            self.outside_option,
        )

    def stages(self) -> list[Stage]:
        """Membership, pay inside and outside, dissolution."""
        return team_game(assemble=assemble, payoffs=team_payoffs, utilities=loyal_utilities, turn=turn)


@stage
def assemble(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Waits run down, disloyal members leave (lowest loyalty first), loyal outsiders come back."""
    n = at[N]
    exit_threshold = parameters[OWN]
    smallest = parameters[OWN + 1]
    cooldown = parameters[OWN + 2]
    reentry_threshold = parameters[OWN + 3]
    members = rows_of(state, at[MEMBERS], n)
    waits = rows_of(state, at[WAIT], n)
    loyalties = rows_of(state, at[LOYALTY], n)
    for lane in range(members.shape[1]):
        size = 0.0
        for i in range(n):
            size += members[i, lane]
            if members[i, lane] == 0.0 and waits[i, lane] > 0.0:
                waits[i, lane] -= 1.0
        # -1 marks who leaves in this very step, so that it cannot come back at once.
        while size > smallest:
            leaver = -1
            for i in range(n):
                disloyal = members[i, lane] == 1.0 and loyalties[i, lane] < exit_threshold
                if disloyal and (leaver < 0 or loyalties[i, lane] < loyalties[leaver, lane]):
                    leaver = i
            if leaver < 0:
                break
            members[leaver, lane] = -1.0
            waits[leaver, lane] = cooldown
            size -= 1.0
        for i in range(n):
            ready = members[i, lane] == 0.0 and waits[i, lane] == 0.0
            if ready and loyalties[i, lane] >= reentry_threshold:
                members[i, lane] = 1.0
            elif members[i, lane] < 0.0:
                members[i, lane] = 0.0


@stage
def team_payoffs(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Members share their own output and a bonus on it; outsiders work alone."""
    n = at[N]
    omega = parameters[OMEGA]
    beta = parameters[BETA]
    cost = parameters[COST]
    bonus = 1.0 + parameters[OWN + 4]
    outside = parameters[OWN + 5]
    members = rows_of(state, at[MEMBERS], n)
    levels = work_vector(work, LEVEL, n)
    payoffs = work_vector(work, PAYOFF, n)
    share = work[0]
    size = work[1]
    for lane in range(share.size):
        share[lane] = 0.0
        size[lane] = 0.0
    for i in range(n):
        level = levels[i]
        member = members[i]
        for lane in range(share.size):
            share[lane] += member[lane] * level[lane]
        for lane in range(share.size):
            size[lane] += member[lane]
    for lane in range(share.size):
        output = omega * power(share[lane], beta)
        share[lane] = bonus * output / size[lane] if size[lane] > 0.0 else 0.0
    for i in range(n):
        level = levels[i]
        member = members[i]
        payoff = payoffs[i]
        for lane in range(payoff.size):
            alone = outside * (omega * power(level[lane], beta) - cost * level[lane])
            payoff[lane] = share[lane] - cost * level[lane] if member[lane] == 1.0 else alone


@stage
def loyal_utilities(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Members care for fellow members and for contributing; outsiders for their payoff."""
    n = at[N]
    phi_b = parameters[PHI_B]
    warmth = parameters[PHI_C] * parameters[COST]
    by_sum = at[TEAMMATES_SUM] == 1
    members = rows_of(state, at[MEMBERS], n)
    loyalties = rows_of(state, at[LOYALTY], n)
    levels = work_vector(work, LEVEL, n)
    payoffs = work_vector(work, PAYOFF, n)
    utilities = work_vector(work, UTILITY, n)
    total = work[0]
    fellows = work[1]
    for lane in range(total.size):
        total[lane] = 0.0
        fellows[lane] = -1.0
    for i in range(n):
        member = members[i]
        payoff = payoffs[i]
        for lane in range(total.size):
            total[lane] += member[lane] * payoff[lane]
        for lane in range(total.size):
            fellows[lane] += member[lane]
    for lane in range(total.size):
        fellows[lane] = 1.0 if by_sum or fellows[lane] < 1.0 else fellows[lane]
    for i in range(n):
        member = members[i]
        loyalty = loyalties[i]
        level = levels[i]
        payoff = payoffs[i]
        utility = utilities[i]
        for lane in range(total.size):
            care = phi_b * (total[lane] - payoff[lane]) / fellows[lane] + warmth * level[lane]
            utility[lane] = payoff[lane] + member[lane] * loyalty[lane] * care


@stage
def turn(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """The coalition dissolves when two steps in a row leave too few loyal members."""
    n = at[N]
    exit_threshold = parameters[OWN]
    smallest = parameters[OWN + 1]
    loyal = work[0]
    for lane in range(loyal.size):
        loyal[lane] = 0.0
    for i in range(n):
        member = state[at[MEMBERS] + i]
        loyalty = state[at[LOYALTY] + i]
        for lane in range(loyal.size):
            loyal[lane] += member[lane] if loyalty[lane] >= exit_threshold else 0.0
    thin = state[at[THIN_STEPS]]
    ended = state[at[ENDED]]
    outcome = state[at[OUTCOME]]
    for lane in range(loyal.size):
        thin[lane] = thin[lane] + 1.0 if loyal[lane] < smallest else 0.0
    for lane in range(loyal.size):
        ended[lane] = 1.0 if thin[lane] >= 2.0 else 0.0
        outcome[lane] = DISSOLVED if thin[lane] >= 2.0 else 0.0
