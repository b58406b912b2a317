"""Text traces of all games: a change of behaviour shows as a diff of tests/golden.

``python tests/test_traces.py --update`` writes them anew. Numbers have nine significant digits; the comparison
allows for the last of them, so that a rounding elsewhere is no change of behaviour.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.envs import ENVIRONMENTS, environment_class
from coopetition.games.game import Game

GOLDEN = Path(__file__).parent / "golden"

#: Rates of the first, second, third and last quarter of the agents; two agents play columns one and three.
SCRIPT = (
    ("cooperation", (0.6, 0.6, 0.6, 0.6)),
    ("cooperation", (0.6, 0.6, 0.6, 0.6)),
    ("cooperation", (0.65, 0.7, 0.6, 0.75)),
    ("the first defect", (0.05, 0.6, 0.6, 0.6)),
    ("the first defect", (0.0, 0.6, 0.6, 0.6)),
    ("all defect", (0.1, 0.2, 0.15, 0.25)),
    ("all defect", (0.1, 0.2, 0.15, 0.25)),
    ("recovery", (0.5, 0.45, 0.55, 0.4)),
    ("recovery", (0.7, 0.65, 0.75, 0.6)),
    ("recovery", (0.9, 0.9, 0.9, 0.9)),
    ("recovery", (1.0, 1.0, 1.0, 1.0)),
    ("mixed", (0.8, 0.3, 0.5, 0.0)),
    ("mixed", (0.2, 0.9, 0.4, 1.0)),
    ("mixed", (0.35, 0.3, 0.45, 0.6)),
)
#: Not printed: the driver's own, what other lines say already, and what only changes with them.
HIDDEN = {"ended", "outcome", "payoff_total", "reward_total", "rates", "time", "memory"}


@dataclass(frozen=True)
class Scenario:
    """One trace: a game, where it starts, and what is played."""

    id: str
    suffix: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    start: dict[str, Any] = field(default_factory=dict)
    script: tuple[tuple[str, tuple[float, ...]], ...] = SCRIPT

    @property
    def path(self) -> Path:
        """Where the trace is kept."""
        return GOLDEN / f"{self.id}{self.suffix}.txt"


def constant(word: str, rates: tuple[float, ...], steps: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """A script of one profile."""
    return ((word, rates),) * steps


SCENARIOS = [Scenario(environment_id) for environment_id in ENVIRONMENTS]
SCENARIOS += [
    Scenario("TrustDilemma-v0", "-collapse", script=constant("all defect", (0.0, 0.1, 0.1, 0.1), 12)),
    Scenario("TrustDilemma-v0", "-smooth", {"signal_scale": "endowment"}),
    Scenario(
        "RecoveryRace-v0",
        "-recovered",
        start={"trust": 0.8, "damage": 0.02},
        script=constant("full cooperation", (1.0, 1.0, 1.0, 1.0), 12),
    ),
    Scenario("PartnerHoldUp-v0", "-long", {"collapse_threshold": 0.0}),
    Scenario("RecoveryRace-v0", "-long", {"collapse_threshold": 0.0}),
    Scenario("PlatformEcosystem-v0", "-long", {"collapse_threshold": 0.0}),
    Scenario("RenaultNissan-v0", "-history", {"phase": "history", "phase_length": 4}),
    Scenario("ReputationMarket-v0", "-noisy", {"reputation_visibility": 0.7}),
    Scenario(
        "CoalitionFormation-v0",
        "-exits",
        {"reentry_cooldown": 2, "reentry_threshold": 0.16},
        {"loyalty": (0.16, 0.15, 0.3, 0.2, 0.5, 0.6)},
        (
            *constant("the first two give little", (0.1, 0.6, 0.6, 0.6), 3),
            *constant("and come back", (1.0, 0.6, 0.6, 0.6), 5),
            *constant("all defect", (0.0, 0.0, 0.0, 0.0), 2),
        ),
    ),
    Scenario(
        "CoalitionFormation-v0",
        "-dissolved",
        start={"loyalty": (0.2, 0.3, 0.17, 0.19, 0.16, 0.18)},
        script=constant("all defect", (0.0, 0.0, 0.0, 0.0), 12),
    ),
    Scenario("ReciprocalDilemma-v0", "-additive", {"reciprocity_form": "additive"}),
    Scenario("LoyaltyTeam-v0", "-sum", {"teammates": "sum"}),
]


# --- printing


def number(value: float) -> str:
    """Nine significant digits; rounding noise about zero is zero."""
    return f"{0.0 if abs(value) < 1e-12 else value:.9g}"


def runs(values: Any) -> str:
    """Numbers in a row, equal neighbours counted: ``0.5 x3 0.7``."""
    texts = [(text, len(list(group))) for text, group in groupby(map(number, np.ravel(values)))]
    return " ".join(text if count == 1 else f"{text} x{count}" for text, count in texts)


def lines(name: str, value: np.ndarray, agents: tuple[str, ...]) -> list[str]:
    """A quantity: one line, or one for each agent's row of a matrix of pairs."""
    n = len(agents)
    if value.shape != (n, n) or n == 1:
        return [f"  {name:<12} {runs(value)}"]
    rows = [runs(np.delete(value[i], i)) for i in range(n)]
    if n == 2:
        return [f"  {name:<12} {rows[0]} | {rows[1]}"]
    return [f"  {name if i == 0 else '':<12} {agents[i]}: {row}" for i, row in enumerate(rows)]


def trace(scenario: Scenario) -> str:
    """Play a scenario and print it."""
    steps = len(scenario.script)
    parameters = environment_class(scenario.id).build({"horizon": steps, **scenario.parameters})
    game = Game(parameters)
    batch = Batch(game, 1, autoreset="disabled", observe_joint=True)
    batch.reset(seed=0, options=scenario.start)
    n, agents = game.n, game.agents
    given = {"horizon": steps, **scenario.parameters}
    out = [
        f"{scenario.id}  " + ", ".join(f"{name} = {value}" for name, value in given.items()),
        f"agents: {', '.join(agents)}",
        "observation: " + ", ".join(f"{k} {s.start}:{s.stop}" for k, s in game.observation_layout.items()),
        "state: " + ", ".join(f"{k} {s.start}:{s.stop}" for k, s in game.joint_layout.items()),
        "A pair's row is one agent's, without itself; x3 is three times.",
        "",
        "reset, seed 0" + "".join(f", {name} = {value}" for name, value in scenario.start.items()),
    ]
    shown: dict[str, list[str]] = {}

    def show_state(always: bool) -> None:
        for name, value in batch.state().items():
            if name in HIDDEN:
                continue
            text = lines(name, value[0], agents)
            # What rarely changes is printed when it does.
            if always or name not in ("dependence", "gamma") or shown[name] != text:
                out.extend(text)
            shown[name] = text

    out.extend(lines("rates", batch.state()["rates"][0], agents))
    show_state(True)
    for t, (word, profile) in enumerate(scenario.script, 1):
        rates = np.array([profile[i * 4 // n] for i in range(n)])
        batch.step(rates[np.newaxis])
        out += ["", f"step {t}, {word}"]
        out += lines("rates", batch.state()["rates"][0], agents)
        out += lines("payoffs", batch.payoffs[0], agents)
        out += lines("utilities", batch.utilities[0], agents)
        show_state(False)
        if batch.terminated[0] or batch.truncated[0]:
            break
    state = batch.state()
    how = "terminated" if batch.terminated[0] else "truncated" if batch.truncated[0] else "still running"
    out += ["", f"end: {how} after {t} steps, outcome {batch.outcomes()[0] or 'none'}"]
    out += lines("payoff sums", state["payoff_total"][0], agents)
    out += [f"  {agents[0]} sees {runs(batch.observations[0, 0].astype(float))}"]
    return "\n".join(out) + "\n"


# --- comparing

NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")


def same(first: str, second: str) -> bool:
    """Equal words, and numbers equal but for their ninth digit."""
    if NUMBER.sub("#", first) != NUMBER.sub("#", second):
        return False
    one, other = (np.array([float(x) for x in NUMBER.findall(text)]) for text in (first, second))
    return bool(np.allclose(one, other, rtol=2e-8, atol=1e-11))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.path.stem)
def test_trace(scenario):
    kept, now = scenario.path.read_text(encoding="utf-8").splitlines(), trace(scenario).splitlines()
    changed = [f"- {a}\n+ {b}" for a, b in zip(kept, now, strict=False) if not same(a, b)]
    remedy = "if it should have: python tests/test_traces.py --update"
    assert not changed, f"behaviour changed; {remedy}\n" + "\n".join(changed[:12])
    assert len(kept) == len(now)


def test_every_trace_belongs_to_a_scenario():
    assert sorted(GOLDEN.glob("*.txt")) == sorted(scenario.path for scenario in SCENARIOS)
    assert {scenario.id for scenario in SCENARIOS} == set(ENVIRONMENTS)


def test_traces_visit_what_environments_add():
    """Agreements and breaches, tiers, exits and returns, violations, every outcome and a change of phase."""
    text = {scenario.path.stem: scenario.path.read_text(encoding="utf-8") for scenario in SCENARIOS}
    assert re.search(r"^  breaches +1$", text["CooperativeNegotiation-v0"], re.M)
    assert re.search(r"^  agreed +1$", text["CooperativeNegotiation-v0"], re.M)
    members = re.findall(r"^  members +(.*)$", text["CoalitionFormation-v0-exits"], re.M)
    out = [k for k, row in enumerate(members) if "0" in row.split()]
    assert members[0] == "1 x6"
    assert "1 x6" in members[out[0] :], "nobody returns"
    assert "outcome dissolved" in text["CoalitionFormation-v0-dissolved"]
    assert "outcome collapsed" in text["TrustDilemma-v0-collapse"]
    assert "outcome recovered" in text["RecoveryRace-v0-recovered"]
    assert len(set(re.findall(r"^  dependence +(.*)$", text["RenaultNissan-v0-history"], re.M))) == 4
    assert len(set(re.findall(r"^  violations +(.*)$", text["GraduatedSanction-v0"], re.M))) > 3


def test_the_comparison_can_fail():
    assert same("  trust 0.123456789 | 0.5", "  trust 0.12345679 | 0.5")
    assert not same("  trust 0.123456789 | 0.5", "  trust 0.123457789 | 0.5")
    assert not same("  trust 0.5 | 0.5", "  damage 0.5 | 0.5")


def main() -> None:
    """Write the traces."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--update", action="store_true", help="write tests/golden anew")
    if not reader.parse_args().update:
        reader.error("nothing to do without --update")
    for old in set(GOLDEN.glob("*.txt")) - {scenario.path for scenario in SCENARIOS}:
        old.unlink()
    for scenario in SCENARIOS:
        scenario.path.write_text(trace(scenario), encoding="utf-8")


if __name__ == "__main__":
    main()
