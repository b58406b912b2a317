"""What is at stake under each preset of an environment, as measured."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from coopetition.envs import environment_class
from coopetition.games.presets import preset_id, presets_of

MODES = ("private", "integrated", "cooperative")


@cache
def measured() -> dict[str, Any]:
    """What ``docs/strong_tables.py measure`` found, by the id of a game."""
    found: dict[str, Any] = json.loads(files("coopetition.oracles").joinpath("data/strong.json").read_text())["games"]
    return found


def stakes(environment_id: str) -> list[dict[str, Any]]:
    """What is at stake under each preset and mode that was measured, as shares; see `coopetition.oracles.stakes`."""
    cls = environment_class(environment_id).published_class()
    rows = []
    for preset in presets_of(cls):
        found = measured().get(preset_id(cls.id, preset))
        if found is None:
            continue
        for mode in (mode for mode in MODES if mode in found):
            rows.append({"preset": preset, "mode": mode, "margin": found["margin"], **found[mode]})
    return rows


def markdown(environment_id: str) -> str:
    """The section of a page; nothing where nothing was measured."""
    cls = environment_class(environment_id).published_class()
    if not (rows := stakes(cls.id)):
        return ""
    lines = [
        "## What is at stake", "",
        "Whole episodes, under each preset; percent. N/O: the worst open-loop nash found, of the optimum, in the "
        "mode's returns and in payoffs. H: what the optimum earns beyond the best constants. Greed, fear: gain of the "
        "best reply to the optimum, loss of one's part of it against the nash. T, R, P, S: private return of the "
        "worst-placed role when one plays low among high, all high, all low, one high among low.", "",
        "| preset | mode | optimum | N/O | N/O in payoffs | H | greed | fear | best constant | of payoffs |",
        "|" + "---|" * 10,
    ]  # fmt: skip
    for row in rows:
        cells = [row["preset"] if row["mode"] == MODES[0] else "", row["mode"], f"{row['optimum']:,.0f}"]
        cells += [_share(row["nash"]), _share(row["nash_payoffs"]), _share(row["headroom"])]
        cells += [_span(row["greed"]), _span(row["fear"]), f"{row['best_rate']:.2f}"]
        lines.append("| " + " | ".join([*cells, _share(row["efficiency_payoffs"]["best"])]) + " |")
    lines += ["", "| preset | kind | high / low | T | R | P | S | m | role |", "|" + "---|" * 9]
    for row in rows:
        if row["mode"] == MODES[0]:
            pair = row["margin"]
            paid = [f"{pair[name]:,.0f}" for name in ("temptation", "reward", "punishment", "sucker")]
            cells = [row["preset"], pair["kind"], f"{pair['high']:g} / {pair['low']:g}", *paid]
            lines.append("| " + " | ".join([*cells, _share(pair["value"]), pair["role"]]) + " |")
    return "\n".join(lines) + "\n"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:.1f}"


def _span(values: list[float | None]) -> str:
    low, high = (_share(value) for value in values)
    return low if low == high else f"{low}-{high}"
