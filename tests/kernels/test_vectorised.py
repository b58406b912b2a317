"""The loops over lanes are vector code: what the compiler made of each stage is read, not timed.

Held for each stage: every loop over lanes in its source has become a vector loop (or a memset), no one-block loop over
doubles was left scalar, but for the remainders of vector loops, no function is called for a number, and the machine
code holds packed arithmetic in registers as wide as the processor has.
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import re
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import pytest
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from coopetition.envs import (
    ENVIRONMENTS,
    coalition_formation,
    cooperative_negotiation,
    dynamic_partner_selection,
    environment_class,
    graduated_sanction,
    indirect_reciprocity,
    reputation_market,
)
from coopetition.kernels import loyalty, reciprocity, rewards, trust, value
from coopetition.kernels.fastmath import tanh
from coopetition.kernels.machine import driver as driver
from coopetition.kernels.machine.compiled import SETTINGS, Stage
from coopetition.kernels.machine.memory import stage, work_vector
from coopetition.kernels.machine.numbers import Integer, Work

HOT = {
    "begin": driver.begin,
    "account": driver.account,
    "update_trust": trust.update_trust,
    "update_trust_moving": trust.update_trust_moving,
    "integrate": trust.integrate,
    "integrate_moving": trust.integrate_moving,
    "end_by_trust": trust.end_by_trust,
    "private_payoffs": value.private_payoffs,
    "update_loyalty": loyalty.update_loyalty,
    "team_payoffs": loyalty.team_payoffs,
    "loyal_utilities": loyalty.loyal_utilities,
    "cooperative_rewards": rewards.cooperative_rewards,
    "weighted_rewards": rewards.weighted_rewards,
    "responses": reciprocity.responses,
    "reciprocate": reciprocity.reciprocate,
}
#: Formulas that a stage merges into itself, whose loops count as its own.
MERGED = {
    "begin": (driver.read_actions, driver.part_pairs, driver.to_levels),
    "account": (driver.copy_rows, driver.add_rows),
    "update_trust": (trust.move_trust,),
    "update_trust_moving": (trust.move_trust,),
    "integrate": (trust.add_trusted_payoffs,),
    "integrate_moving": (trust.add_trusted_payoffs,),
    "private_rewards": (rewards.copy_work,),
    "integrated_rewards": (rewards.copy_work,),
    "private_payoffs": (value.individual_values, value.synergy),
    "reciprocate": (reciprocity.add_responses,),
    "reciprocate_each": (reciprocity.add_responses,),
}
ADDED = {
    "private_rewards": rewards.private_rewards,
    "integrated_rewards": rewards.integrated_rewards,
    "expected_levels": trust.expected_levels,
    "equal_terms": value.equal_terms,
    "remember": reciprocity.remember,
    "reciprocate_each": reciprocity.reciprocate_each,
    "coalition assemble": coalition_formation.assemble,
    "coalition payoffs": coalition_formation.team_payoffs,
    "coalition utilities": coalition_formation.loyal_utilities,
    "coalition turn": coalition_formation.turn,
    "negotiation expectations": cooperative_negotiation.expectations,
    "negotiation settle": cooperative_negotiation.settle,
    "partner standings": dynamic_partner_selection.standings,
    "partner integrate": dynamic_partner_selection.integrate,
    "sanction responses": graduated_sanction.responses,
    "sanction turn": graduated_sanction.turn,
    "image responses": indirect_reciprocity.responses,
    "image turn": indirect_reciprocity.turn,
    "market standings": reputation_market.standings,
    "market settle": reputation_market.settle,
}
#: Functions that processors have an instruction for. LLVM writes vectors of others too, and calls libm lane by lane.
INSTRUCTIONS = {"sqrt"}


class Compiled(NamedTuple):
    """A stage as optimised LLVM text and as assembly."""

    llvm: str
    assembly: str


@functools.cache
def compiled(part: Stage) -> Compiled:
    """Compile a stage anew: Numba shows no code that it took from its cache."""
    signature = normalize_signature("void(int64, int64, int64, int64, int64)")
    kernel = CFunc(part._framed(), signature, locals={}, options={**SETTINGS, "no_cfunc_wrapper": False})
    kernel.compile()
    return Compiled(kernel._library.get_llvm_str(), kernel._library.get_asm_str())


def source_of(function: Any) -> str:
    python = getattr(function, "py_func", getattr(function, "body", function))
    return textwrap.dedent(inspect.getsource(python))


def lane_loops(*functions: Any) -> int:
    """Loops over lanes in the source."""
    return sum(
        isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == "lane"
        for function in functions
        for node in ast.walk(ast.parse(source_of(function)))
    )


def vector_loops(text: str) -> int:
    """Vector loops, and loops that became a memset."""
    bodies = re.findall(r"^vector\.body\S*:", text, re.MULTILINE)
    return len(bodies) + len(re.findall(r"call void @llvm\.memset", text))


def scalar_loops(text: str) -> list[str]:
    """Labels of one-block loops over doubles that are neither vector loops nor their remainders."""
    vectorised = set(re.findall(r'^(![0-9]+) = !\{!"llvm\.loop\.isvectorized"', text, re.MULTILINE))
    loops = {
        name
        for name, parts in re.findall(r"^(![0-9]+) = distinct !\{(.*)\}$", text, re.MULTILINE)
        if vectorised & set(re.findall(r"![0-9]+", parts))
    }
    found = []
    for label, block in re.findall(r"^([\w.$-]+):[^\n]*\n((?:[ \t].*\n)+)", text, re.MULTILINE):
        last = block.rstrip().splitlines()[-1]
        if re.search(r"\.(prol|epil)", label):  # what unrolling left over of a loop that is judged itself
            continue
        if not re.search(rf"label %{re.escape(label)}\b(?![\w.])", last) or "double" not in block:
            continue
        name = re.search(r"!llvm\.loop (![0-9]+)", last)
        if name is None or name.group(1) not in loops:
            found.append(label)
    return found


def packed(assembly: str) -> int:
    """Packed double arithmetic, in ymm or zmm registers where the processor has AVX."""
    lines = re.findall(
        r"^\s+(v?(?:add|sub|mul|div|max|min|sqrt|cmp\w*|fn?m(?:add|sub)\d*)pd\s.*)$", assembly, re.MULTILINE
    )
    wide = llvm.get_host_cpu_features().get("avx", False)
    return sum("ymm" in line or "zmm" in line for line in lines) if wide else len(lines)


def complaints(part: Stage, *merged: Callable[..., None]) -> list[str]:
    """Why a stage is not vector code: nothing, if it is."""
    code = compiled(part)
    wanted = lane_loops(part, *merged)
    assert wanted > 0, "no loop over lanes in the source"
    calls = set(re.findall(r"call [\w ]*double @((?!llvm\.)\w+)", code.llvm)) - INSTRUCTIONS
    found = [f"scalar loop {label}" for label in scalar_loops(code.llvm)]
    found += [f"call of {name}" for name in sorted(calls)]
    if vector_loops(code.llvm) < wanted:
        found.append(f"{vector_loops(code.llvm)} vector loops of {wanted}")
    return found


@pytest.mark.parametrize("name", HOT)
def test_hot_stages_vectorise(name):
    assert complaints(HOT[name], *MERGED.get(name, ())) == []
    assert packed(compiled(HOT[name]).assembly) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ADDED)
def test_stages_of_environments_vectorise(name):
    assert complaints(ADDED[name], *MERGED.get(name, ())) == []


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_every_stage_of_every_game_is_judged(environment_id):
    """No environment brings a stage that the two tests above do not know."""
    judged = {*HOT.values(), *ADDED.values()}
    assert [part.body.__name__ for part in environment_class(environment_id)().stages() if part not in judged] == []


def test_tables_are_written_in_vectors():
    """Observations leave in transposed blocks, and two agents' numbers in pairs."""
    shown = compiled(driver.show).llvm
    assert shown.count("shufflevector <8 x float>") >= 24
    assert len(re.findall(r"store <8 x float>", shown)) >= 8
    assert re.search(r"store <(\d+) x double>", compiled(driver.write_outcomes).llvm)


# --- the check can fail


def vector_signals(at: Any, parameters: Any, state: Any, work: Any) -> None:
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    signals = work_vector(work, Work.SIGNAL, n)
    for j in range(n):
        level = levels[j]
        signal = signals[j]
        for lane in range(signal.size):
            signal[lane] = tanh(level[lane])


def libm_signals(at: Any, parameters: Any, state: Any, work: Any) -> None:
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    signals = work_vector(work, Work.SIGNAL, n)
    for j in range(n):
        level = levels[j]
        signal = signals[j]
        for lane in range(signal.size):
            signal[lane] = math.tanh(level[lane])


def chained_signals(at: Any, parameters: Any, state: Any, work: Any) -> None:
    n = at[Integer.N]
    levels = work_vector(work, Work.LEVEL, n)
    signals = work_vector(work, Work.SIGNAL, n)
    for j in range(n):
        level = levels[j]
        signal = signals[j]
        last = 0.0
        for lane in range(signal.size):
            last = last * 0.5 + level[lane]
            signal[lane] = last


def test_a_vector_loop_passes():
    part = stage(vector_signals)
    assert complaints(part) == []
    assert packed(compiled(part).assembly) >= 5


@pytest.mark.parametrize(("body", "word"), [(libm_signals, "call of tanh"), (chained_signals, "scalar loop")])
def test_a_scalar_loop_is_noticed(body, word):
    """A libm call, or one lane that waits for the one before."""
    part = stage(body)
    assert any(word in complaint for complaint in complaints(part)), complaints(part)
    assert packed(compiled(part).assembly) == 0
