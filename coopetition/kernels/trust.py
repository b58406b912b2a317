"""TR-2: trust in two layers, fast trust under a ceiling of slow reputation damage (arXiv:2510.24909)."""

from __future__ import annotations

from typing import Any

from coopetition.kernels.fastmath import fma, tanh
from coopetition.kernels.machine.compiled import merged
from coopetition.kernels.machine.memory import parameter_matrix, parameter_vector, rows_of, stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Matrix, Outcome, Scalar, State, Vector, Work


@stage
def expected_levels(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """What others expect of each agent: its baseline, the same in every lane."""
    n = at[Integer.N]
    baselines = parameter_vector(parameters, Vector.BASELINE, n)
    rows = work_vector(work, Work.EXPECTED, n)
    for i in range(n):
        row = rows[i]
        baseline = baselines[i]
        for lane in range(row.size):
            row[lane] = baseline


# Dependence is the same in all copies and steps, but where an environment moves it: then `update_trust_moving` and
# `integrate_moving` read each lane's own. It is a third of the pairs' numbers, and reading them is what pairs cost.


@stage
def update_trust(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """One step of trust and damage from the signals s_j = tanh(kappa (a_j - expected_j) / sigma_j)."""
    move_trust(at, parameters, state, work, True)


@stage
def update_trust_moving(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """The same with each lane's own dependence."""
    move_trust(at, parameters, state, work, False)


@merged
def move_trust(at: Any, parameters: Any, state: Any, work: Any, fixed: bool) -> None:
    """What a signal of the other sign would do is multiplied by zero, which costs less than a choice."""
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    expected = work_vector(work, Work.EXPECTED, n)
    signals = work_vector(work, Work.SIGNAL, n)
    scales = parameter_vector(parameters, Vector.SIGMA, n)
    kappa = parameters[Scalar.KAPPA]
    for j in range(n):
        level = levels[j]
        usual = expected[j]
        signal = signals[j]
        steepness = kappa / scales[j]
        for lane in range(signal.size):
            signal[lane] = tanh(steepness * (level[lane] - usual[lane]))

    lambda_plus = parameters[Scalar.LAMBDA_PLUS]
    lambda_minus = parameters[Scalar.LAMBDA_MINUS]
    mu = parameters[Scalar.MU_R]
    delta = parameters[Scalar.DELTA_R]
    xi = parameters[Scalar.XI]
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = rows_of(state, at[State.DEPENDENCE], n * n)
    constants = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    for i in range(n):
        for j in range(n):
            if i != j:
                signal = signals[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                constant = constants[i * n + j]
                for lane in range(trust.size):
                    s = signal[lane]
                    praise = s if s > 0.0 else 0.0
                    blame = s if s < 0.0 else 0.0
                    cure = -delta if s >= 0.0 else 0.0
                    ceiling = 1.0 - damage[lane]
                    room = ceiling - trust[lane]
                    built = fma(lambda_plus * praise, room if room > 0.0 else 0.0, trust[lane])
                    depth = fma(xi, constant if fixed else dependence[lane], 1.0)
                    moved = fma(lambda_minus * blame * trust[lane], depth, built)
                    moved = moved if moved > 0.0 else 0.0
                    trust[lane] = moved if moved < ceiling else ceiling
                    # Rates and signals are parts of one, so damage stays in [0, 1] by itself.
                    damage[lane] = damage[lane] - mu * blame * ceiling + cure * damage[lane]


@stage
def integrate(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """U_i = pi_i + sum_j min(T_ij, 1 - R_ij) D_ij pi_j, with this step's trust and damage."""
    add_trusted_payoffs(at, parameters, state, work, True)


@stage
def integrate_moving(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """The same with each lane's own dependence."""
    add_trusted_payoffs(at, parameters, state, work, False)


@merged
def add_trusted_payoffs(at: Any, parameters: Any, state: Any, work: Any, fixed: bool) -> None:
    """Utilities out of payoffs and of what partners earn, as far as they are trusted."""
    n = at[Integer.N]
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    damages = rows_of(state, at[State.DAMAGE], n * n)
    dependences = rows_of(state, at[State.DEPENDENCE], n * n)
    constants = parameter_matrix(parameters, Matrix.DEPENDENCE, n)
    for i in range(n):
        utility = utilities[i]
        own = payoffs[i]
        for lane in range(utility.size):
            utility[lane] = own[lane]
        for j in range(n):
            if i != j:
                payoff = payoffs[j]
                trust = trusts[i * n + j]
                damage = damages[i * n + j]
                dependence = dependences[i * n + j]
                constant = constants[i * n + j]
                for lane in range(utility.size):
                    ceiling = 1.0 - damage[lane]
                    trusted = trust[lane] if trust[lane] < ceiling else ceiling
                    weight = trusted * (constant if fixed else dependence[lane])
                    utility[lane] = fma(weight, payoff[lane], utility[lane])


@stage
def end_by_trust(at: Any, parameters: Any, state: Any, work: Any) -> None:
    """End when the watched mean of trust falls below one threshold or reaches the other."""
    n = at[Integer.N]
    if at[Integer.WATCHES_TRUST] == 0:
        return
    weights = parameter_matrix(parameters, Matrix.WATCHED, n)
    trusts = rows_of(state, at[State.TRUST], n * n)
    mean = work[0]
    for lane in range(mean.size):
        mean[lane] = 0.0
    for pair in range(n * n):
        weight = weights[pair]
        if weight != 0.0:
            trust = trusts[pair]
            for lane in range(mean.size):
                mean[lane] += weight * trust[lane]
    ended = state[at[State.ENDED]]
    outcome = state[at[State.OUTCOME]]
    low = parameters[Scalar.COLLAPSE_THRESHOLD]
    high = parameters[Scalar.RECOVERY_TARGET]
    for lane in range(mean.size):
        result = Outcome.COLLAPSED if mean[lane] < low else 0.0
        outcome[lane] = Outcome.RECOVERED if mean[lane] >= high else result
    for lane in range(mean.size):
        ended[lane] = 1.0 if outcome[lane] > 0.0 else 0.0
