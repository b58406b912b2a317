"""Advance B copies of a game: the one entry point of the compiled code.

Copies lie in chunks of lanes, [chunk, row, lane]. All steps of a call are played chunk by chunk, so that a chunk
stays in the first-level cache. Nothing is random in here: drawn values come in through the descriptor.

Longer than 500 lines, for the stages that every game shares are compiled in the order in which they stand here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from coopetition.kernels.machine.compiled import compiled, entry_point, merged
from coopetition.kernels.machine.memory import (
    call_stage,
    driver_stage,
    parameter_vector,
    rows_of,
    table_float32,
    table_float64,
    view_bool,
    view_float32,
    view_float64,
    view_int64,
    work_vector,
)
from coopetition.kernels.machine.numbers import (
    AT_SIZE,
    DESCRIPTOR_SIZE,
    SOME_WAIT,
    Autoreset,
    Descriptor,
    Operation,
    Policy,
    Scalar,
    State,
    Vector,
    Work,
)
from coopetition.kernels.machine.sight import blur as blur
from coopetition.kernels.machine.sight import call_part, keep_final_view
from coopetition.kernels.machine.sight import show as show
from coopetition.kernels.machine.threads import in_turn

TERMINATED = 1.0
TRUNCATED = 2.0
#: A rate this close to the baseline's b/e is read as b/e: float32(.35) is less than .35, and holding at the baseline is
#: no deviation from it. ROUNDING is the same for levels that come in float64.
BASELINE_MARGIN = 2.0**-21
ROUNDING = 2.0**-50
LARGEST = 1.7976931348623157e308


@merged
def first_bad_action(d: Any) -> int:
    """One more than the flat index of the first action that is not finite; negative if it is out of bounds."""
    n = d[Descriptor.AGENTS]
    axes = d[Descriptor.AXES]
    size = d[Descriptor.STEPS] * d[Descriptor.COPIES] * n * axes
    actions = view_float64(d[Descriptor.ACTIONS], size)
    bad = 0
    for index in range(size):
        bad |= not abs(actions[index]) <= LARGEST
    if bad:
        for index in range(size):
            if not abs(actions[index]) <= LARGEST:
                return index + 1
    if d[Descriptor.STRICT]:
        count = d[Descriptor.PARAMETER_COUNT]
        index = 0
        for _ in range(d[Descriptor.STEPS]):
            for which in range(max(1, d[Descriptor.SETS])):
                block = view_float64(d[Descriptor.PARAMETERS] + 8 * count * which, count)
                low = parameter_vector(block, Vector.ACTION_LOW, n)
                span = parameter_vector(block, Vector.ACTION_SPAN, n)
                for _ in range(d[Descriptor.COPIES_OF_SET]):
                    for i in range(n):
                        if actions[index] < low[i] or actions[index] > low[i] + span[i]:
                            return -(index + 1)
                        index += 1
                        for _ in range(1, axes):  # intensities reach from the rates' 0 or -1 to 1, on every scale
                            if actions[index] < low[i] or actions[index] > 1.0:
                                return -(index + 1)
                            index += 1
    return 0


# Two agents' numbers lie in pairs, a step of two that the compiler knows: it reads and writes whole vectors of them.


@merged
def part_pairs(pairs: Any, rows: Any, used: int) -> None:
    """Two rows out of the pairs of each lane."""
    first_row = rows[0]
    second_row = rows[1]
    for lane in range(used):
        first_row[lane] = pairs[2 * lane]
        second_row[lane] = pairs[2 * lane + 1]


@merged
def join_pairs(rows: Any, pairs: Any, used: int) -> None:
    """Pairs for each lane out of two rows, in the precision of `pairs`."""
    first_row = rows[0]
    second_row = rows[1]
    for lane in range(used):
        pairs[2 * lane] = first_row[lane]
        pairs[2 * lane + 1] = second_row[lane]


@merged
def read_actions(d: Any, parameters: Any, work: Any, step: int, first: int, used: int) -> None:
    """Rates c_i = (action - low) / span, clipped to [0, 1], from row-major actions."""
    n = d[Descriptor.AGENTS]
    copies = d[Descriptor.COPIES]
    address = d[Descriptor.ACTIONS] + 8 * (step * copies + first) * n
    low = parameter_vector(parameters, Vector.ACTION_LOW, n)
    span = parameter_vector(parameters, Vector.ACTION_SPAN, n)
    rates = work_vector(work, Work.RATE, n)
    if n == 2:
        part_pairs(view_float64(address, 2 * used), rates, used)
    else:
        mine = table_float64(address, used, n)
        for i in range(n):
            rate = rates[i]
            for lane in range(used):
                rate[lane] = mine[lane, i]
    for i in range(n):
        rate = rates[i]
        bottom = low[i]
        width = span[i]
        if bottom != 0.0 or width != 1.0:
            for lane in range(used):
                rate[lane] = (rate[lane] - bottom) / width
        for lane in range(used):
            c = rate[lane] if rate[lane] > 0.0 else 0.0
            rate[lane] = c if c < 1.0 else 1.0


@merged
def read_axes(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Rates and intensities, both clipped to [0, 1], from row-major actions of two numbers."""
    n = d[Descriptor.AGENTS]
    copies = d[Descriptor.COPIES]
    mine = table_float64(d[Descriptor.ACTIONS] + 16 * (step * copies + first) * n, used, 2 * n)
    low = parameter_vector(parameters, Vector.ACTION_LOW, n)
    span = parameter_vector(parameters, Vector.ACTION_SPAN, n)
    rates = work_vector(work, Work.RATE, n)
    intensities = rows_of(state, at[State.INTENSITY], n)
    for i in range(n):
        rate = rates[i]
        intensity = intensities[i]
        bottom = low[i]
        width = span[i]
        for lane in range(used):
            rate[lane] = mine[lane, 2 * i]
            intensity[lane] = mine[lane, 2 * i + 1]
        if bottom != 0.0 or width != 1.0:
            for lane in range(used):
                rate[lane] = (rate[lane] - bottom) / width
        if bottom != 0.0:  # the symmetric scale; on the others an intensity is a number in [0, 1]
            for lane in range(used):
                intensity[lane] = (intensity[lane] - bottom) / (1.0 - bottom)
        for lane in range(used):
            c = rate[lane] if rate[lane] > 0.0 else 0.0
            rate[lane] = c if c < 1.0 else 1.0
        for lane in range(used):
            k = intensity[lane] if intensity[lane] > 0.0 else 0.0
            intensity[lane] = k if k < 1.0 else 1.0


@driver_stage
def play(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Rates of the agents that a compiled policy plays: what a policy makes of an observation, bit for bit.

    Rates are read as agents see them, in float32; and where actions are no rates, a rate goes through its action.
    """
    n = d[Descriptor.AGENTS]
    policies = view_int64(d[Descriptor.POLICIES], n)
    constants = view_float64(d[Descriptor.POLICY_RATES], n)
    usual = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    low = parameter_vector(parameters, Vector.ACTION_LOW, n)
    span = parameter_vector(parameters, Vector.ACTION_SPAN, n)
    rates = work_vector(work, Work.RATE, n)
    before = rows_of(state, at[State.RATES], n)
    time = state[at[State.TIME]]
    for i in range(n):
        if policies[i] == Policy.EXTERNAL:
            continue
        rate = rates[i]
        if policies[i] == Policy.CONSTANT:
            for lane in range(rate.size):
                rate[lane] = constants[i]
        elif policies[i] == Policy.TIT_FOR_TAT:
            # Where others are seen through noise, what was seen is a field of its own.
            misread = at[State.SEEN] >= 0
            views = rows_of(state, at[State.SEEN] + i * n, n) if misread else before
            first_other = views[1 if i == 0 else 0]
            for lane in range(rate.size):
                rate[lane] = np.float64(np.float32(first_other[lane]))
            if n > 2:
                for j in range(1, n):
                    if j != i and (i > 0 or j > 1):
                        other = views[j]
                        for lane in range(rate.size):
                            rate[lane] += np.float64(np.float32(other[lane]))
                for lane in range(rate.size):
                    rate[lane] /= n - 1
            for lane in range(rate.size):
                rate[lane] = usual[i] if time[lane] == 0.0 else rate[lane]
        bottom = low[i]
        width = span[i]
        if bottom != 0.0 or width != 1.0:
            for lane in range(rate.size):
                c = (bottom + rate[lane] * width - bottom) / width
                c = c if c > 0.0 else 0.0
                rate[lane] = c if c < 1.0 else 1.0


@merged
def to_levels(d: Any, parameters: Any, work: Any) -> None:
    """Levels a_i = c_i e_i; a rate that is the baseline's, but for what a float32 rounds off, plays the baseline.

    Where levels are evaluated, no float32 lies in between: there only the rounding of float64 is taken off.
    """
    n = d[Descriptor.AGENTS]
    margin = BASELINE_MARGIN if d[Descriptor.OPERATION] == Operation.STEP else ROUNDING
    endowments = parameter_vector(parameters, Vector.ENDOWMENT, n)
    baselines = parameter_vector(parameters, Vector.BASELINE, n)
    usual_rates = parameter_vector(parameters, Vector.BASELINE_RATE, n)
    rates = work_vector(work, Work.RATE, n)
    levels = work_vector(work, Work.LEVEL, n)
    for i in range(n):
        rate = rates[i]
        level = levels[i]
        endowment = endowments[i]
        baseline = baselines[i]
        usual = usual_rates[i]
        for lane in range(level.size):
            rate[lane] = usual if abs(rate[lane] - usual) <= margin else rate[lane]
        for lane in range(level.size):
            level[lane] = baseline if rate[lane] == usual else rate[lane] * endowment


@merged
def take_next_numbers(d: Any) -> None:
    """Make the numbers that were drawn for a copy's next episode those of its parameter set, which is its own."""
    source = d[Descriptor.NEXT]
    for part in range(4):
        if part == 0:
            target, size = d[Descriptor.PARAMETERS], d[Descriptor.PARAMETER_COUNT]
        elif part == 1:
            target, size = d[Descriptor.INITIAL], d[Descriptor.STATE_ROWS]
        elif part == 2:
            target, size = d[Descriptor.OBSERVATION_SCALES], d[Descriptor.OBSERVATION_COLUMNS]
        else:
            target, size = d[Descriptor.JOINT_SCALES], d[Descriptor.JOINT_COLUMNS]
        drawn = view_float64(source, size)
        used = view_float64(target, size)
        for k in range(size):
            used[k] = drawn[k]
        source += 8 * size


@merged
def restart_lane(d: Any, at: Any, state: Any, lane: int, copy: int) -> None:
    """Put one lane into the initial state; where numbers are drawn, with those of the next episode."""
    if d[Descriptor.NEXT] != 0:
        take_next_numbers(d)
    initial = view_float64(d[Descriptor.INITIAL], d[Descriptor.STATE_ROWS])
    for row in range(initial.size):
        state[row, lane] = initial[row]
    if d[Descriptor.RANDOM_GAMMA] == 1:
        gamma = view_float64(d[Descriptor.NEXT_GAMMA], d[Descriptor.COPIES])
        state[at[State.GAMMA], lane] = gamma[copy]
    if d[Descriptor.NEXT_CHANCE] != 0:
        chance = view_float64(d[Descriptor.NEXT_CHANCE], d[Descriptor.COPIES])
        state[at[State.CHANCE], lane] = chance[copy]


@merged
def copy_rows(sources: Any, targets: Any) -> None:
    """Copy rows of lanes."""
    for i in range(sources.shape[0]):
        source = sources[i]
        target = targets[i]
        for lane in range(target.size):
            target[lane] = source[lane]


@merged
def add_rows(sources: Any, targets: Any) -> None:
    """Add rows of lanes to others."""
    for i in range(sources.shape[0]):
        source = sources[i]
        target = targets[i]
        for lane in range(target.size):
            target[lane] += source[lane]


@merged
def keep_waiting(d: Any, at: Any, state: Any, work: Any, used: int) -> None:
    """Keep a copy of the state if some lanes' episodes are over."""
    ended = state[at[State.ENDED]]
    some_wait = False
    if d[Descriptor.AUTORESET] != Autoreset.SAME_STEP:
        for lane in range(used):
            some_wait |= ended[lane] != 0.0
    work[SOME_WAIT][0] = 1.0 if some_wait else 0.0
    if some_wait:
        copy_rows(state, work[d[Descriptor.WORK_ROWS] :])


@merged
def count_step(at: Any, state: Any) -> None:
    """One step more; nobody's episode is over yet."""
    ended = state[at[State.ENDED]]
    time = state[at[State.TIME]]
    for lane in range(time.size):
        time[lane] += 1.0
    for lane in range(ended.size):
        ended[lane] = 0.0


@driver_stage
def begin(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Choose the actions and count the step; keep a copy of the state if some lanes' episodes are over."""
    keep_waiting(d, at, state, work, used)
    if d[Descriptor.ACTIONS] != 0:
        read_actions(d, parameters, work, step, first, used)
    if d[Descriptor.POLICIES] != 0:
        call_part(d[Descriptor.PLAY], d, state, work, step, first)
    to_levels(d, parameters, work)
    count_step(at, state)


@driver_stage
def begin_axes(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """The same where an action is a rate and an intensity; a policy that the kernel plays speaks of a rate: k = 0."""
    n = d[Descriptor.AGENTS]
    keep_waiting(d, at, state, work, used)
    if d[Descriptor.ACTIONS] != 0:
        read_axes(d, at, parameters, state, work, step, first, used)
    if d[Descriptor.POLICIES] != 0:
        call_part(d[Descriptor.PLAY], d, state, work, step, first)
        policies = view_int64(d[Descriptor.POLICIES], n)
        intensities = rows_of(state, at[State.INTENSITY], n)
        for i in range(n):
            intensity = intensities[i]
            if policies[i] != Policy.EXTERNAL:
                for lane in range(intensity.size):
                    intensity[lane] = 0.0
    to_levels(d, parameters, work)
    count_step(at, state)


@driver_stage
def account(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Judge the horizon, add up."""
    n = d[Descriptor.AGENTS]
    ended = state[at[State.ENDED]]
    time = state[at[State.TIME]]
    horizon = parameters[Scalar.HORIZON]
    for lane in range(ended.size):
        over = TRUNCATED if time[lane] >= horizon else 0.0
        ended[lane] = ended[lane] if ended[lane] > 0.0 else over
    copy_rows(work_vector(work, Work.RATE, n), rows_of(state, at[State.RATES], n))
    payoff_totals = rows_of(state, at[State.PAYOFF_TOTAL], n)
    reward_totals = rows_of(state, at[State.REWARD_TOTAL], n)
    add_rows(work_vector(work, Work.PAYOFF, n), payoff_totals)
    add_rows(work_vector(work, Work.REWARD, n), reward_totals)


@driver_stage
def hold(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """A copy whose episode was over plays nothing: it restarts (NEXT_STEP) or stays as it was (DISABLED)."""
    if work[SOME_WAIT][0] == 0.0:
        return
    n = d[Descriptor.AGENTS]
    before = work[d[Descriptor.WORK_ROWS] :]
    ended_before = before[at[State.ENDED]]
    payoffs = work_vector(work, Work.PAYOFF, n)
    utilities = work_vector(work, Work.UTILITY, n)
    rewards = work_vector(work, Work.REWARD, n)
    for lane in range(used):
        if ended_before[lane] != 0.0:
            if d[Descriptor.AUTORESET] == Autoreset.NEXT_STEP:
                restart_lane(d, at, state, lane, first + lane)
            else:
                for row in range(d[Descriptor.STATE_ROWS]):
                    state[row, lane] = before[row, lane]
            for i in range(n):
                payoffs[i, lane] = 0.0
                utilities[i, lane] = 0.0
                rewards[i, lane] = 0.0


@merged
def write_rows(rows: Any, pairs: Any, table: Any, used: int) -> None:
    """Rows of lanes to a row-major table (used, n), in its precision; `pairs` is the same memory, for two agents."""
    if rows.shape[0] == 2:
        join_pairs(rows, pairs, used)
    else:
        for i in range(rows.shape[0]):
            row = rows[i]
            for lane in range(used):
                table[lane, i] = row[lane]


@driver_stage
def write_outcomes(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """Write rewards, payoffs, utilities and ends, where the caller wants them."""
    n = d[Descriptor.AGENTS]
    copies = d[Descriptor.COPIES]
    rewards = work_vector(work, Work.REWARD, n)
    slot = step if d[Descriptor.RECORD] == 1 else 0
    cells = (slot * copies + first) * n
    if d[Descriptor.REWARDS] != 0:
        address = d[Descriptor.REWARDS] + 4 * cells
        write_rows(rewards, view_float32(address, 2 * used), table_float32(address, used, n), used)
    for output in range(Descriptor.PAYOFFS, Descriptor.UTILITIES + 1):
        if d[output] != 0:
            field = Work.PAYOFF if output == Descriptor.PAYOFFS else Work.UTILITY
            address = d[output] + 8 * cells
            rows = work_vector(work, field, n)
            write_rows(rows, view_float64(address, 2 * used), table_float64(address, used, n), used)
    if d[Descriptor.JOINT_REWARDS] != 0:
        mean = view_float32(d[Descriptor.JOINT_REWARDS] + 4 * (slot * copies + first), used)
        for lane in range(used):
            total = 0.0
            for i in range(n):
                total += rewards[i, lane]
            mean[lane] = np.float32(total / n)
    if d[Descriptor.TERMINATED] != 0:
        ended = state[at[State.ENDED]]
        terminated = view_bool(d[Descriptor.TERMINATED] + slot * copies + first, used)
        truncated = view_bool(d[Descriptor.TRUNCATED] + slot * copies + first, used)
        for lane in range(used):
            terminated[lane] = ended[lane] == TERMINATED
            truncated[lane] = ended[lane] == TRUNCATED


@driver_stage
def restart_ended(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """SAME_STEP autoreset: keep the last view of lanes that ended, restart them, and show the chunk again."""
    if d[Descriptor.AUTORESET] != Autoreset.SAME_STEP:  # a stage game is evaluated in any batch
        return
    ended = state[at[State.ENDED]]
    any_ended = False
    for lane in range(used):
        any_ended |= ended[lane] != 0.0
    if not any_ended:
        return
    copies = d[Descriptor.COPIES]
    noisy = d[Descriptor.NOISE_COLUMNS]
    for lane in range(used):
        if ended[lane] != 0.0:
            copy = first + lane
            for view in range(2):
                keep_final_view(
                    d[Descriptor.OBSERVATIONS + view],
                    d[Descriptor.FINAL_OBSERVATIONS + view],
                    d[Descriptor.OBSERVATION_COLUMNS + view],
                    copies,
                    copy,
                )
            restart_lane(d, at, state, lane, copy)
            if noisy > 0:
                # A restart shows a second view in one step, which has a draw of its own.
                noise = view_float64(d[Descriptor.NOISE], 2 * copies * noisy)
                for k in range(copy * noisy, (copy + 1) * noisy):
                    noise[k] = noise[copies * noisy + k]
    call_part(d[Descriptor.SHOW], d, state, work, step, first)


@driver_stage
def prepare(d: Any, at: Any, parameters: Any, state: Any, work: Any, step: int, first: int, used: int) -> None:
    """What an operation other than a step does to a chunk: restart lanes, fill in a state, show the views."""
    lanes = d[Descriptor.LANES]
    if d[Descriptor.OPERATION] == Operation.RESET:
        mask = view_bool(d[Descriptor.RESET_MASK], d[Descriptor.COPIES])
        for lane in range(lanes):
            copy = first + min(lane, used - 1)  # lanes without a copy shadow the last one
            if mask[copy]:
                restart_lane(d, at, state, lane, copy)
    if d[Descriptor.OPERATION] == Operation.EVALUATE:
        initial = view_float64(d[Descriptor.INITIAL], d[Descriptor.STATE_ROWS])
        for row in range(initial.size):
            target = state[row]
            value = initial[row]
            for lane in range(lanes):
                target[lane] = value
    else:
        call_part(d[Descriptor.SHOW], d, state, work, step, first)


@merged
def choose_set(d: Any, own: Any, chunk: int) -> int:
    """Let `own` say where the numbers of a chunk's parameter set lie; the chunk's first copy."""
    which = chunk // d[Descriptor.CHUNKS_OF_SET]
    seen, joined = d[Descriptor.OBSERVATION_COLUMNS], d[Descriptor.JOINT_COLUMNS]
    numbers, rows = d[Descriptor.PARAMETER_COUNT], d[Descriptor.STATE_ROWS]
    own[Descriptor.AT] = d[Descriptor.AT] + 8 * which * AT_SIZE
    own[Descriptor.PARAMETERS] = d[Descriptor.PARAMETERS] + 8 * which * numbers
    own[Descriptor.INITIAL] = d[Descriptor.INITIAL] + 8 * which * rows
    own[Descriptor.OBSERVATION_SCALES] = d[Descriptor.OBSERVATION_SCALES] + 8 * which * seen
    own[Descriptor.JOINT_SCALES] = d[Descriptor.JOINT_SCALES] + 8 * which * joined
    if d[Descriptor.NEXT] != 0:
        own[Descriptor.NEXT] = d[Descriptor.NEXT] + 8 * which * (numbers + rows + seen + joined)
    start = which * d[Descriptor.COPIES_OF_SET]
    own[Descriptor.END] = start + d[Descriptor.COPIES_OF_SET]
    return start + (chunk - which * d[Descriptor.CHUNKS_OF_SET]) * d[Descriptor.LANES]


@merged
def advance_chunks(d: Any, descriptor: int, start: int, stop: int, worker: int) -> None:
    """Carry the operation out for the chunks from `start` to `stop`, with one worker's scratch."""
    lanes = d[Descriptor.LANES]
    rows = d[Descriptor.STATE_ROWS]
    work = d[Descriptor.WORK] + 8 * worker * (d[Descriptor.WORK_ROWS] + rows) * lanes
    stages = view_int64(d[Descriptor.STAGES], d[Descriptor.STAGE_COUNT])
    operation = d[Descriptor.OPERATION]
    steps = d[Descriptor.STEPS] if operation == Operation.STEP or operation == Operation.EVALUATE else 0
    mine = descriptor
    if d[Descriptor.SETS] != 0:
        mine = d[Descriptor.OWN] + 8 * DESCRIPTOR_SIZE * worker
        own = view_int64(mine, DESCRIPTOR_SIZE)
        for place in range(DESCRIPTOR_SIZE):
            own[place] = d[place]
    for chunk in range(start, stop):
        first = chunk * lanes
        if d[Descriptor.SETS] != 0:
            first = choose_set(d, view_int64(mine, DESCRIPTOR_SIZE), chunk)
        state = d[Descriptor.STATE] + 8 * chunk * rows * lanes
        if operation != Operation.STEP:
            call_stage(d[Descriptor.PREPARE], mine, state, work, 0, first)
        for step in range(steps):
            for index in range(stages.size):
                call_stage(stages[index], mine, state, work, step, first)


@compiled
def advance(descriptor: int) -> int:
    """Carry out the operation of the descriptor at this address; 0, or which action was refused.

    If one was refused, no state has moved.
    """
    d = view_int64(descriptor, DESCRIPTOR_SIZE)
    refused = first_bad_action(d) if d[Descriptor.ACTIONS] != 0 else 0
    if refused == 0:
        advance_chunks(d, descriptor, 0, d[Descriptor.CHUNKS], 0)
    return refused


def _advance_on_threads(descriptor: int) -> int:
    """`advance`, its chunks dealt to ``WORKERS`` threads."""
    d = view_int64(descriptor, DESCRIPTOR_SIZE)
    refused = first_bad_action(d) if d[Descriptor.ACTIONS] != 0 else 0
    if refused == 0:
        chunks = d[Descriptor.CHUNKS]
        workers = d[Descriptor.WORKERS]
        for worker in numba.prange(workers):
            start = chunks * worker // workers
            stop = chunks * (worker + 1) // workers
            advance_chunks(d, descriptor, start, stop, worker)
    return refused


advance_on_threads = compiled(_advance_on_threads, parallel=True, _nrt=True)


def kernel(threads: int) -> Callable[[int], int]:
    """The entry point for so many threads, compiled or loaded: ``kernel(threads)(descriptor's address)``."""
    if threads == 1:
        return entry_point(advance)
    return in_turn(entry_point(advance_on_threads), lambda: entry_point(advance))
