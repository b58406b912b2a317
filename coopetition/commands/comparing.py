"""An environment's presets side by side: the numbers that differ, and what is at stake under each, as measured."""

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


def numbers(environment_id: str) -> list[dict[str, Any]]:
    """The parameters in which presets differ: a dict by preset, and ``name``."""
    cls = environment_class(environment_id).published_class()
    names = presets_of(cls)
    differing = dict.fromkeys(name for preset in names[1:] for name in cls.presets[preset])
    games = {preset: environment_class(environment_id, preset)() for preset in names}
    return [{"name": name, **{p: getattr(game, name) for p, game in games.items()}} for name in differing]


def stakes(environment_id: str) -> list[dict[str, Any]]:
    """What is at stake under each preset and mode that was measured, as shares; see `coopetition.oracles.stakes`."""
    cls = environment_class(environment_id).published_class()
    rows = []
    for preset in presets_of(cls):
        found = measured().get(preset_id(cls.id, preset))
        if found is None:
            continue
        for mode in MODES:
            rows.append({"preset": preset, "mode": mode, "margin": found["margin"], **found[mode]})
    return rows


def markdown(environment_id: str) -> str:
    """The section of a page: the numbers, and what is at stake where that was measured."""
    cls = environment_class(environment_id).published_class()
    names = presets_of(cls)
    lines = [
        "## Presets side by side",
        "",
        "| parameter | " + " | ".join(names) + " |",
        "|" + "---|" * (len(names) + 1),
    ]
    for row in numbers(cls.id):
        lines.append(f"| {row['name']} | " + " | ".join(_value(row[name]) for name in names) + " |")
    lines += ["", f"The preset `strong` has an id of its own: `{preset_id(cls.id, 'strong')}`."]
    if not (rows := stakes(cls.id)):
        return "\n".join(lines) + "\n"
    lines += [
        "", "Whole episodes; percent. N/O: the worst open-loop nash found, of the optimum, in the mode's returns and "
        "in payoffs. H: what the optimum earns beyond the best constants. Greed, fear: gain of the best reply to the "
        "optimum, loss of one's part of it against the nash. T, R, P, S: private return of the worst-placed role when "
        "one plays low among high, all high, all low, one high among low.", "",
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


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        pairs = isinstance(value[0], tuple)
        flat = [x for i, row in enumerate(value) for j, x in enumerate(row) if i != j] if pairs else list(value)
        return f"{flat[0]:g}" if len(set(flat)) == 1 else ", ".join(f"{x:g}" for x in flat)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _share(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:.1f}"


def _span(values: list[float | None]) -> str:
    low, high = (_share(value) for value in values)
    return low if low == high else f"{low}-{high}"
