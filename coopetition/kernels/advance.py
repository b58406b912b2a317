"""Advance B copies of a game: the one entry point of the compiled code.

Copies lie in chunks of lanes, [chunk, row, lane]. All steps of a call are played chunk by chunk, so that a chunk
stays in the first-level cache. Nothing is random in here: drawn values come in through the descriptor.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from coopetition.kernels import places
from coopetition.kernels.compiled import compiled, specialise
from coopetition.kernels.games import play_trust_game
from coopetition.kernels.memory import (
    parameter_vector,
    view_bool,
    view_float32,
    view_float64,
    view_int64,
    work_vector,
)
from coopetition.kernels.rewards import reward_rows

play = play_trust_game  # the rule that an entry point is specialised by

TERMINATED = 1.0
TRUNCATED = 2.0
LARGEST = 1.7976931348623157e308


@compiled
def first_bad_action(d: Any, at: Any, parameters: Any) -> int:
    """One more than the flat index of the first action that is not finite; negative if it is out of bounds."""
    n = d[places.AGENTS]
    size = d[places.STEPS] * d[places.COPIES] * n
    actions = view_float64(d[places.ACTIONS], size)
    bad = 0
    for index in range(size):
        bad |= not abs(actions[index]) <= LARGEST
    if bad:
        for index in range(size):
            if not abs(actions[index]) <= LARGEST:
                return index + 1
    if d[places.STRICT]:
        low = parameter_vector(parameters, places.ACTION_LOW, n)
        span = parameter_vector(parameters, places.ACTION_SPAN, n)
        for index in range(size):
            i = index % n
            if actions[index] < low[i] or actions[index] > low[i] + span[i]:
                return -(index + 1)
    return 0


@compiled
def read_actions(d: Any, parameters: Any, work: Any, step: int, first: int, used: int) -> None:
    """Rates c_i = (action - low) / span, clipped to [0, 1], from row-major actions."""
    n = d[places.AGENTS]
    copies = d[places.COPIES]
    actions = view_float64(d[places.ACTIONS], d[places.STEPS] * copies * n)
    mine = actions[(step * copies + first) * n : (step * copies + first + used) * n].reshape(used, n)
    low = parameter_vector(parameters, places.ACTION_LOW, n)
    span = parameter_vector(parameters, places.ACTION_SPAN, n)
    rates = work_vector(work, places.RATE, n)
    for i in range(n):
        rate = rates[i]
        bottom = low[i]
        width = span[i]
        for lane in range(used):
            c = (mine[lane, i] - bottom) / width
            c = c if c > 0.0 else 0.0
            rate[lane] = c if c < 1.0 else 1.0


@compiled
def choose_actions(
    d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int
) -> None:
    """Rates by the compiled policies, an external script, or both."""
    n = d[places.AGENTS]
    if d[places.ACTIONS] != 0:
        read_actions(d, parameters, work, step, first, used)
    if d[places.POLICIES] == 0:
        return
    policies = view_int64(d[places.POLICIES], n)
    constants = view_float64(d[places.POLICY_RATES], n)
    usual = parameter_vector(parameters, places.BASELINE_RATE, n)
    rates = work_vector(work, places.RATE, n)
    before = state[at[places.RATES] : at[places.RATES] + n]
    time = state[at[places.TIME]]
    for i in range(n):
        rate = rates[i]
        if policies[i] == places.CONSTANT:
            for lane in range(rate.size):
                rate[lane] = constants[i]
        elif policies[i] == places.TIT_FOR_TAT:
            for lane in range(rate.size):
                rate[lane] = 0.0
            for j in range(n):
                if j != i:
                    other = before[j]
                    for lane in range(rate.size):
                        rate[lane] += other[lane]
            for lane in range(rate.size):
                rate[lane] = usual[i] if time[lane] == 0.0 else rate[lane] / (n - 1)


@compiled
def to_levels(n: int, parameters: Any, work: Any) -> None:
    """Levels a_i = c_i e_i."""
    endowments = parameter_vector(parameters, places.ENDOWMENT, n)
    rates = work_vector(work, places.RATE, n)
    levels = work_vector(work, places.LEVEL, n)
    for i in range(n):
        rate = rates[i]
        level = levels[i]
        endowment = endowments[i]
        for lane in range(level.size):
            level[lane] = rate[lane] * endowment


@compiled
def write_rows(table: Any, n: int, first: int, used: int, rows: Any) -> None:
    """Transpose rows (n, lanes) into the row-major table, from copy `first` on."""
    mine = table[first * n : (first + used) * n].reshape(used, n)
    for i in range(n):
        row = rows[i]
        for lane in range(used):
            mine[lane, i] = row[lane]


@compiled
def write_view(table: Any, rows: Any, scales: Any, state: Any, first: int, used: int) -> None:
    """Write observation columns: each is a state row times its scale."""
    columns = rows.size
    mine = table[first * columns : (first + used) * columns].reshape(used, columns)
    for column in range(columns):
        source = state[rows[column]]
        scale = scales[column]
        for lane in range(used):
            mine[lane, column] = np.float32(source[lane] * scale)


@compiled
def write_observations(d: Any, parameters: Any, state: Any, first: int, used: int) -> None:
    """Write the agents' observations and the joint state, where the caller wants them."""
    columns = d[places.OBSERVATION_COLUMNS]
    copies = d[places.COPIES]
    if d[places.OBSERVATIONS] != 0:
        table = view_float32(d[places.OBSERVATIONS], copies * columns)
        rows = view_int64(d[places.OBSERVATION_ROWS], columns)
        scales = view_float64(d[places.OBSERVATION_SCALES], columns)
        write_view(table, rows, scales, state, first, used)
        noisy = d[places.NOISE_COLUMNS]
        if noisy > 0:
            noise = view_float64(d[places.NOISE], 2 * copies * noisy)
            where = view_int64(d[places.NOISE_PLACES], noisy)
            deviation = parameters[places.NOISE_DEVIATION]
            for k in range(noisy):
                source = state[rows[where[k]]]
                for lane in range(used):
                    seen = source[lane] + deviation * noise[(first + lane) * noisy + k]
                    seen = seen if seen > 0.0 else 0.0
                    seen = seen if seen < 1.0 else 1.0
                    table[(first + lane) * columns + where[k]] = np.float32(seen)
    if d[places.JOINT] != 0:
        columns = d[places.JOINT_COLUMNS]
        table = view_float32(d[places.JOINT], copies * columns)
        rows = view_int64(d[places.JOINT_ROWS], columns)
        scales = view_float64(d[places.JOINT_SCALES], columns)
        write_view(table, rows, scales, state, first, used)


@compiled
def restart_lane(d: Any, at: Any, state: Any, lane: int, copy: int) -> None:
    """Put one lane into the initial state."""
    initial = view_float64(d[places.INITIAL], d[places.STATE_ROWS])
    for row in range(initial.size):
        state[row, lane] = initial[row]
    if d[places.RANDOM_GAMMA] == 1:
        gamma = view_float64(d[places.NEXT_GAMMA], d[places.COPIES])
        state[at[places.GAMMA], lane] = gamma[copy]


@compiled
def keep_final_view(source: int, target: int, columns: int, copies: int, copy: int) -> None:
    """Copy one copy's view from the table at address `source` to the one at `target`."""
    if source != 0 and target != 0:
        seen = view_float32(source, copies * columns)
        kept = view_float32(target, copies * columns)
        for column in range(copy * columns, (copy + 1) * columns):
            kept[column] = seen[column]


@compiled
def restart_ended(d: Any, at: Any, parameters: Any, state: Any, first: int, used: int) -> None:
    """SAME_STEP autoreset: keep the last view of the lanes that ended, restart them, show their first view."""
    ended = state[at[places.ENDED]]
    any_ended = False
    for lane in range(used):
        any_ended |= ended[lane] != 0.0
    if not any_ended:
        return
    copies = d[places.COPIES]
    noisy = d[places.NOISE_COLUMNS]
    for lane in range(used):
        if ended[lane] != 0.0:
            copy = first + lane
            keep_final_view(
                d[places.OBSERVATIONS],
                d[places.FINAL_OBSERVATIONS],
                d[places.OBSERVATION_COLUMNS],
                copies,
                copy,
            )
            keep_final_view(d[places.JOINT], d[places.FINAL_JOINT], d[places.JOINT_COLUMNS], copies, copy)
            restart_lane(d, at, state, lane, copy)
            if noisy > 0:
                # A restart shows a second view in one step, which has a draw of its own.
                noise = view_float64(d[places.NOISE], 2 * copies * noisy)
                for k in range(copy * noisy, (copy + 1) * noisy):
                    noise[k] = noise[copies * noisy + k]
    write_observations(d, parameters, state, first, used)


@compiled
def write_outcomes(
    d: Any, at: Any, state: Any, work: Any, rewards: Any, step: int, first: int, used: int
) -> None:
    """Write rewards, payoffs, utilities and ends, where the caller wants them."""
    n = d[places.AGENTS]
    copies = d[places.COPIES]
    slot = step if d[places.RECORD] == 1 else 0
    size = copies * n
    if d[places.REWARDS] != 0:
        table = view_float32(d[places.REWARDS], (slot + 1) * size)[slot * size :]
        write_rows(table, n, first, used, rewards)
    if d[places.PAYOFFS] != 0:
        table = view_float64(d[places.PAYOFFS], (slot + 1) * size)[slot * size :]
        write_rows(table, n, first, used, work_vector(work, places.PAYOFF, n))
    if d[places.UTILITIES] != 0:
        table = view_float64(d[places.UTILITIES], (slot + 1) * size)[slot * size :]
        write_rows(table, n, first, used, work_vector(work, places.UTILITY, n))
    if d[places.JOINT_REWARDS] != 0:
        mean = view_float32(d[places.JOINT_REWARDS], (slot + 1) * copies)[slot * copies + first :]
        for lane in range(used):
            total = 0.0
            for i in range(n):
                total += rewards[i, lane]
            mean[lane] = np.float32(total / n)
    if d[places.TERMINATED] != 0:
        ended = state[at[places.ENDED]]
        terminated = view_bool(d[places.TERMINATED], (slot + 1) * copies)[slot * copies + first :]
        truncated = view_bool(d[places.TRUNCATED], (slot + 1) * copies)[slot * copies + first :]
        for lane in range(used):
            terminated[lane] = ended[lane] == TERMINATED
            truncated[lane] = ended[lane] == TRUNCATED


@compiled
def play_step(
    d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int
) -> None:
    """One step of one chunk, from the choice of actions to the views of the next state."""
    n = d[places.AGENTS]
    ended = state[at[places.ENDED]]
    some_wait = False
    if d[places.AUTORESET] != places.SAME_STEP:
        for lane in range(used):
            some_wait |= ended[lane] != 0.0
    before = state.copy() if some_wait else state[:0]

    choose_actions(d, at, parameters, state, work, step, first, used)
    to_levels(n, parameters, work)
    time = state[at[places.TIME]]
    for lane in range(time.size):
        time[lane] += 1.0
    for lane in range(ended.size):
        ended[lane] = 0.0
    play(at, parameters, state, work)
    horizon = parameters[places.HORIZON]
    for lane in range(ended.size):
        over = TRUNCATED if time[lane] >= horizon else 0.0
        ended[lane] = ended[lane] if ended[lane] > 0.0 else over

    played = work_vector(work, places.RATE, n)
    rates = state[at[places.RATES] : at[places.RATES] + n]
    payoffs = work_vector(work, places.PAYOFF, n)
    rewards = reward_rows(at, parameters, work)
    payoff_totals = state[at[places.PAYOFF_TOTAL] : at[places.PAYOFF_TOTAL] + n]
    reward_totals = state[at[places.REWARD_TOTAL] : at[places.REWARD_TOTAL] + n]
    for i in range(n):
        source = played[i]
        target = rates[i]
        for lane in range(target.size):
            target[lane] = source[lane]
        source = payoffs[i]
        target = payoff_totals[i]
        for lane in range(target.size):
            target[lane] += source[lane]
        source = rewards[i]
        target = reward_totals[i]
        for lane in range(target.size):
            target[lane] += source[lane]

    if some_wait:
        # A copy whose episode is over plays nothing: it restarts (NEXT_STEP) or stays as it was (DISABLED).
        ended_before = before[at[places.ENDED]]
        utilities = work_vector(work, places.UTILITY, n)
        for lane in range(used):
            if ended_before[lane] != 0.0:
                if d[places.AUTORESET] == places.NEXT_STEP:
                    restart_lane(d, at, state, lane, first + lane)
                else:
                    for row in range(d[places.STATE_ROWS]):
                        state[row, lane] = before[row, lane]
                for i in range(n):
                    payoffs[i, lane] = 0.0
                    utilities[i, lane] = 0.0
                    rewards[i, lane] = 0.0

    write_outcomes(d, at, state, work, rewards, step, first, used)
    if d[places.RECORD] == 1 or step == d[places.STEPS] - 1:
        write_observations(d, parameters, state, first, used)
    if d[places.AUTORESET] == places.SAME_STEP:
        restart_ended(d, at, parameters, state, first, used)


@compiled
def advance_chunks(d: Any, at: Any, parameters: Any, start: int, stop: int, worker: int) -> None:
    """Carry the operation out for the chunks from `start` to `stop`, with one worker's scratch."""
    lanes = d[places.LANES]
    copies = d[places.COPIES]
    rows = d[places.STATE_ROWS]
    scratch = d[places.WORK_ROWS] * lanes
    states = view_float64(d[places.STATE], stop * rows * lanes)
    work = view_float64(d[places.WORK], (worker + 1) * scratch)[worker * scratch :].reshape(-1, lanes)
    for chunk in range(start, stop):
        first = chunk * lanes
        used = min(lanes, copies - first)
        state = states[chunk * rows * lanes : (chunk + 1) * rows * lanes].reshape(rows, lanes)
        if d[places.OPERATION] == places.RESET:
            mask = view_bool(d[places.RESET_MASK], copies)
            for lane in range(lanes):
                copy = first + min(lane, used - 1)  # lanes without a copy shadow the last one
                if mask[copy]:
                    restart_lane(d, at, state, lane, copy)
            write_observations(d, parameters, state, first, used)
        elif d[places.OPERATION] == places.OBSERVE:
            write_observations(d, parameters, state, first, used)
        else:
            if d[places.OPERATION] == places.EVALUATE:
                initial = view_float64(d[places.INITIAL], rows)
                for row in range(rows):
                    target = state[row]
                    value = initial[row]
                    for lane in range(lanes):
                        target[lane] = value
            for step in range(d[places.STEPS]):
                play_step(d, at, parameters, state, work, step, first, used)


@compiled
def advance(d: Any) -> int:
    """Carry out the descriptor's operation; 0, or which action was refused before any state moved."""
    n = d[places.AGENTS]
    at = view_int64(d[places.AT], places.AT_SIZE)
    size = places.SCALARS + places.VECTORS * n + places.MATRICES * n * n
    parameters = view_float64(d[places.PARAMETERS], size)
    if d[places.ACTIONS] != 0:
        bad = first_bad_action(d, at, parameters)
        if bad != 0:
            return bad
    chunks = (d[places.COPIES] + d[places.LANES] - 1) // d[places.LANES]
    advance_chunks(d, at, parameters, 0, chunks, 0)
    return 0


def advance_on_threads(d: Any) -> int:
    """`advance`, its chunks dealt to ``WORKERS`` threads; compiled only when somebody asks for threads."""
    n = d[places.AGENTS]
    at = view_int64(d[places.AT], places.AT_SIZE)
    size = places.SCALARS + places.VECTORS * n + places.MATRICES * n * n
    parameters = view_float64(d[places.PARAMETERS], size)
    if d[places.ACTIONS] != 0:
        bad = first_bad_action(d, at, parameters)
        if bad != 0:
            return bad
    chunks = (d[places.COPIES] + d[places.LANES] - 1) // d[places.LANES]
    workers = d[places.WORKERS]
    for worker in numba.prange(workers):
        start = chunks * worker // workers
        stop = chunks * (worker + 1) // workers
        advance_chunks(d, at, parameters, start, stop, worker)
    return 0


def entry_point(name: str, rule: Any, threads: bool = False) -> Any:
    """`advance` with this step of a game in it, under a name of its own.

    Parameters
    ----------
    name : str
        Suffix of the compiled functions' names, unique to `rule`.
    rule : compiled kernel
        Takes the place of `play`.
    threads : bool
        The variant that deals chunks to threads. It takes longer to compile and to call.
    """
    chunks = specialise(advance_chunks, name, play_step=specialise(play_step, name, play=rule))
    if threads:
        return specialise(advance_on_threads, name, options={"parallel": True}, advance_chunks=chunks)
    return specialise(advance, name, advance_chunks=chunks)
