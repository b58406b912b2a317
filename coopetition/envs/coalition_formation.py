"""CoalitionFormation-v0: who is in the team is part of the game.

The team of LoyaltyTeam-v0 with a door. Members whose loyalty fades leave, wait, and may come back once they are
loyal again; those outside work alone for less. The coalition dissolves when too few loyal members are left. Beside
LoyaltyTeam-v0: membership as state, a bonus for members and an outside option.

## Payoff
```
member:    pi_i = (1 + stability_bonus) Q / |C| - c a_i,   Q = omega (sum_(j in C) a_j)^beta
           U_i  = pi_i + theta_i (phi_B mean_(j in C, j != i) pi_j + phi_C c a_i)
outsider:  pi_i = U_i = outside_option (omega a_i^beta - c a_i)
```

C is the coalition after this step's moves, c is `cost`. `teammates` "sum" puts the sum in the place of the mean.

## Dynamics
```
theta_i += loyalty_gain c_i                             if c_i >= loyalty_threshold
theta_i -= loyalty_loss (loyalty_threshold - c_i)       otherwise
```

Loyalty moves first, from this step's rates, clipped to [0, loyalty_cap]; then the step is paid. There is no trust
layer and no pair matrix: a step costs O(N).

After loyalty and before pay membership moves, in order:

- Waiting outsiders come one step nearer to their return.
- Exclusion, lowest loyalty first, ties by lowest index: a member with loyalty under `exit_threshold` leaves while
  more than `min_coalition_size` remain.
- Return: an outsider whose wait is over and whose loyalty is at least `reentry_threshold` comes back; nobody in the
  step in which it left.

Who leaves at step t is paid outside at least at steps t to t + `reentry_cooldown` - 1, and can return at the next.

## Departures from the published code
- Pays team production and loyalty, the report's equations; the published code pays the TR-1 payoff times hand-set
  modifiers, and computes team production for `info` only.
- Membership, waits and the outside option are state of the game and paid through every interface.
- As in all twenty: one kernel under every interface, where published PettingZoo wrappers skip what an environment
  adds; `"cooperative"` shares the mean payoff, not the mean U_i; bounded observations of one shape; scalar
  Gymnasium rewards; every draw seeded.

## Version history
- v0: first version. A change of a number or a formula makes a new version.

## References
- Pant and Yu: TR-3, collective action and loyalty, arXiv:2601.16237; Coopetition-Gym v1, arXiv:2605.02063.
- Ray, A Game-Theoretic Perspective on Coalition Formation (2007).
- Holmström, Moral hazard in teams, Bell Journal of Economics 13 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coopetition.games.families import team_game
from coopetition.games.fields import StateField
from coopetition.games.parameters import Sized, TeamParameters, parameter
from coopetition.kernels.fastmath import power
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.memory import rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import ON_THRESHOLD, Integer, Work


@dataclass(frozen=True, kw_only=True)
class CoalitionFormation(Sized, TeamParameters):
    """Parameters of CoalitionFormation-v0."""

    id: ClassVar[str] = "CoalitionFormation-v0"
    roles: ClassVar[tuple[str, ...]] = ("member_{}",)
    outcomes: ClassVar[tuple[str, ...]] = ("dissolved",)
    ends: ClassVar[Any] = {
        "dissolved": "when two consecutive steps leave fewer than `min_coalition_size` members with loyalty of at "
        "least `exit_threshold`",
    }
    adds: ClassVar[tuple[StateField, ...]] = (
        StateField("members", ("n",), 1.0, high=1.0, integer=True, meaning="set inside the coalition"),
        StateField(
            "wait", ("n",), high="reentry_cooldown", integer=True, observed=False, meaning="steps left to sit out"
        ),
        StateField(
            "thin_steps", high=1.0, integer=True, observed=False, meaning="steps in a row with too few loyal members"
        ),
    )
    presets: ClassVar[Any] = {
        "strong": {"omega": 6.0, "exit_threshold": 0.25},
    }

    n_agents: int = parameter(6, "integer", 2, 1000, about="number of agents, all members at reset")
    horizon: int = 150
    phi_B: float = 0.7
    phi_C: float = 0.3
    exit_threshold: float = parameter(
        0.15, low=0.0, high=1.0, kernel=True, about="a member less loyal than this leaves"
    )
    min_coalition_size: int = parameter(3, "integer", 1, kernel=True, about="nobody leaves a coalition of this size")
    reentry_cooldown: int = parameter(
        5, "integer", 0, unit="steps", kernel=True, about="steps that an outsider sits out"
    )
    reentry_threshold: float = parameter(
        0.40, low=0.0, high=1.0, kernel=True, about="loyalty from which an outsider returns"
    )
    stability_bonus: float = parameter(
        0.10, low=0.0, kernel=True, about="members' bonus, as a part of their share of output"
    )
    outside_option: float = parameter(
        0.5, low=0.0, kernel=True, about="what working alone pays, as a part of its product"
    )

    def largest_payoff(self) -> float:
        """With the bonus, or outside."""
        return super().largest_payoff() * (1.0 + self.stability_bonus + self.outside_option)

    def complete_state(self, state: dict[str, np.ndarray], given: frozenset[str]) -> None:
        """Who is in the coalition waits for nothing."""
        both = (state["members"] == 1.0) & (state["wait"] > 0.0)
        if "wait" in given and both.any():
            raise ValueError(f"{self.id}: state 'wait' is set for an agent whose state 'members' says that it is in")
        state["wait"][both] = 0.0

    def stages(self) -> list[Stage]:
        """Membership, pay inside and outside, dissolution."""
        return team_game(assemble=assemble, payoffs=team_payoffs, utilities=loyal_utilities, turn=turn)


State, Scalar, Outcome = CoalitionFormation.State, CoalitionFormation.Scalar, CoalitionFormation.Outcome


@stage
def assemble(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Waits run down, disloyal members leave (lowest loyalty first), loyal outsiders come back."""
    n = at[Integer.N]
    exit_threshold = parameters[Scalar.EXIT_THRESHOLD] - ON_THRESHOLD
    smallest = parameters[Scalar.MIN_COALITION_SIZE]
    cooldown = parameters[Scalar.REENTRY_COOLDOWN]
    reentry_threshold = parameters[Scalar.REENTRY_THRESHOLD] - ON_THRESHOLD
    members = rows_of(state, at[State.MEMBERS], n)
    waits = rows_of(state, at[State.WAIT], n)
    loyalties = rows_of(state, at[State.LOYALTY], n)
    sizes = work[0]
    restless = work[1]
    for lane in range(sizes.size):
        sizes[lane] = 0.0
        restless[lane] = 0.0
    for i in range(n):
        member = members[i]
        wait = waits[i]
        loyalty = loyalties[i]
        for lane in range(sizes.size):
            left = wait[lane] - 1.0 if wait[lane] > 0.0 else wait[lane]
            wait[lane] = left if member[lane] == 0.0 else wait[lane]
        for lane in range(sizes.size):
            sizes[lane] += member[lane]
            restless[lane] += member[lane] if loyalty[lane] < exit_threshold else 0.0
    # Who leaves is decided one after the other, in code that does not vectorise: only where somebody wants to.
    for lane in range(sizes.size):
        size = sizes[lane]
        if restless[lane] == 0.0 or size <= smallest:
            continue
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
        member = members[i]
        wait = waits[i]
        loyalty = loyalties[i]
        for lane in range(sizes.size):
            back = 1.0 if wait[lane] == 0.0 else 0.0
            back = back if loyalty[lane] >= reentry_threshold else 0.0
            outside = back if member[lane] == 0.0 else 0.0
            member[lane] = 1.0 if member[lane] == 1.0 else outside


@stage
def team_payoffs(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Members share their own output and a bonus on it; outsiders work alone."""
    n = at[Integer.N]
    omega = parameters[Scalar.OMEGA]
    beta = parameters[Scalar.BETA]
    cost = parameters[Scalar.COST]
    bonus = 1.0 + parameters[Scalar.STABILITY_BONUS]
    outside = parameters[Scalar.OUTSIDE_OPTION]
    members = rows_of(state, at[State.MEMBERS], n)
    levels = work_vector(work, Work.LEVEL, n)
    payoffs = work_vector(work, Work.PAYOFF, n)
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
            payoff[lane] = share[lane] - cost * level[lane]
        somebody_outside = False
        for lane in range(payoff.size):
            somebody_outside |= member[lane] != 1.0
        if somebody_outside:  # a power for every lane is most of what this stage costs
            for lane in range(payoff.size):
                alone = outside * (omega * power(level[lane], beta) - cost * level[lane])
                payoff[lane] = member[lane] * payoff[lane] + (1.0 - member[lane]) * alone


@stage
def loyal_utilities(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """Members care for fellow members and for contributing; outsiders for their payoff."""
    n = at[Integer.N]
    phi_b = parameters[Scalar.PHI_B]
    warmth = parameters[Scalar.PHI_C] * parameters[Scalar.COST]
    by_sum = at[Integer.TEAMMATES] == 1
    members = rows_of(state, at[State.MEMBERS], n)
    loyalties = rows_of(state, at[State.LOYALTY], n)
    levels = work_vector(work, Work.LEVEL, n)
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
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
    n = at[Integer.N]
    exit_threshold = parameters[Scalar.EXIT_THRESHOLD] - ON_THRESHOLD
    smallest = parameters[Scalar.MIN_COALITION_SIZE]
    loyal = work[0]
    for lane in range(loyal.size):
        loyal[lane] = 0.0
    for i in range(n):
        member = state[at[State.MEMBERS] + i]
        loyalty = state[at[State.LOYALTY] + i]
        for lane in range(loyal.size):
            loyal[lane] += member[lane] if loyalty[lane] >= exit_threshold else 0.0
    thin = state[at[State.THIN_STEPS]]
    ended = state[at[State.ENDED]]
    outcome = state[at[State.OUTCOME]]
    for lane in range(loyal.size):
        thin[lane] = thin[lane] + 1.0 if loyal[lane] < smallest else 0.0
    for lane in range(loyal.size):
        ended[lane] = 1.0 if thin[lane] >= 2.0 else 0.0
        outcome[lane] = Outcome.DISSOLVED if thin[lane] >= 2.0 else 0.0
