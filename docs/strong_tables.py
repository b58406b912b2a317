"""Write coopetition/oracles/data/strong.json and the tables of docs/strong.md from the code.

Run ``python docs/strong_tables.py measure [IDS]`` (a minute a game whose sequences are stored), then ``learning FILE``
and ``feedback FILE`` with what ``learning.py`` and ``feedback.py`` of benchmarks/strong wrote (``--out FILE``),
``diversity`` (some minutes), and ``page``. What was measured before stays until it is measured again. Tests compare
the file with what is solved, and the page with it.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

from coopetition.envs import ENVIRONMENTS, STRONG_IDS, environment_class
from coopetition.games.presets import preset_id, presets_of
from coopetition.oracles import Episode, margin, stakes, suite_diversity
from coopetition.oracles.episode.stored import stored_sequence

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE.parent / "coopetition" / "oracles" / "data" / "strong.json"
PAGE = HERE / "strong.md"
MODES = ("private", "integrated", "cooperative")
#: Uncertainty under which diversity is measured; ends in expectation, since drawn ones part policies by luck.
UNCERTAINTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "tremble 0.05, monitoring noise 0.05": {"tremble": 0.05, "monitoring_noise": 0.05},
    "tremble 0.1, monitoring noise 0.1, continuation 0.98": {
        "tremble": 0.1, "monitoring_noise": 0.1, "continuation": 0.98, "continuation_form": "expected",
    },
}  # fmt: skip


def read() -> dict[str, Any]:
    """What has been measured."""
    found: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def write(table: dict[str, Any]) -> None:
    """Keep it, rounded to what is certain."""
    FILE.write_text(json.dumps(rounded(table), indent=1) + "\n")


def rounded(value: Any) -> Any:
    """Six significant digits; what is not a number is null."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value and abs(value) != float("inf") else None
    return value


def measure(ids: list[str]) -> None:
    """Margins of games, and stakes in the modes whose optimum is stored."""
    for key in ids:
        modes = [mode for mode in MODES if stored_sequence(Episode(key, mode).game, "optimum") is not None]
        row = {"margin": margin(key).to_dict(), **{mode: stakes(key, mode).to_dict() for mode in modes}}
        table = read()
        games = {**table.get("games", {}), key: row}
        order = [preset_id(name, preset) for name in ENVIRONMENTS for preset in presets_of(environment_class(name))]
        table["games"] = {name: games[name] for name in sorted(games, key=order.index)}
        write(table)
        print(key, flush=True)


def take(what: str, file: str) -> None:
    """What scripts of benchmarks/strong wrote: "learning", "feedback"."""
    table = read()
    found = {**table.get(what, {}), **json.loads(pathlib.Path(file).read_text())}
    order = [preset_id(name, preset) for name in ENVIRONMENTS for preset in presets_of(environment_class(name))]
    table[what] = {name: found[name] for name in sorted(found, key=order.index)}
    write(table)


def relational() -> list[str]:
    """Games of the preset "relational"."""
    return [f"{key}:relational" for key in ENVIRONMENTS if "relational" in presets_of(environment_class(key))]


def diversity() -> None:
    """Effective dimensions before and after."""
    suites = {"published": list(ENVIRONMENTS), "strong": list(STRONG_IDS)}
    suites["strong and relational"] = [*STRONG_IDS, *relational()]
    found: list[dict[str, Any]] = []
    for name, options in UNCERTAINTIES.items():
        every = suite_diversity([*suites["published"], *suites["strong and relational"]], options=options, episodes=4)
        for suite, ids in suites.items():
            for modes in ((mode,) for mode in MODES):
                games = [k for k, (key, mode) in enumerate(every.games) if key in ids and mode in modes]
                found.append(_dimensions(every, games, name, suite, modes[0]))
            games = [k for k, (key, _) in enumerate(every.games) if key in ids]
            found.append(_dimensions(every, games, name, suite, "all three"))
    table = read()
    table["diversity"] = found
    write(table)


def _dimensions(every: Any, games: list[int], uncertainty: str, suite: str, mode: str) -> dict[str, Any]:
    alone, both = every.part(games, self_play_only=True), every.part(games)
    return {
        "uncertainty": uncertainty, "suite": suite, "mode": mode, "games": len(games),
        "self_play": alone.effective_dimension, "self_play_two": alone.explained(2),
        "against": both.effective_dimension, "against_two": both.explained(2),
    }  # fmt: skip


def share(value: float | None) -> str:
    """A share in percent."""
    return "" if value is None else f"{100.0 * value:.1f}"


def span(values: list[float | None]) -> str:
    """Two shares in percent, or one where they are the same."""
    low, high = (share(value) for value in values)
    return low if low == high else f"{low}-{high}"


def tables(found: dict[str, Any]) -> dict[str, str]:
    """The page's tables, by name."""
    made = {}
    lines = ["| game | kind | m | high / low | mode | optimum | N/O | N/O in payoffs | H | greed | fear |"]
    lines.append("|" + "---|" * 11)
    for key, row in found.get("games", {}).items():
        pair = row["margin"]
        for mode in (mode for mode in MODES if mode in row):
            one = row[mode]
            first = mode == MODES[0]
            about = [key, pair["kind"], share(pair["value"]), f"{pair['high']:g} / {pair['low']:g}"]
            cells = [*(about if first else [""] * 4), mode, f"{one['optimum']:,.0f}", share(one["nash"])]
            cells += [share(one["nash_payoffs"]), share(one["headroom"]), span(one["greed"]), span(one["fear"])]
            lines.append("| " + " | ".join(cells) + " |")
    made["stakes"] = "\n".join(lines)
    names = {"0": "0", "b": "b", "0.5": ".5", "1": "1", "best": "best", "tit_for_tat": "tit for tat"}
    lines = ["| game | shares of | " + " | ".join(names.values()) + " | best rate | .5 lasts |"]
    lines.append("|" + "---|" * (len(names) + 4))
    for key, row in found.get("games", {}).items():
        rows = [("payoffs", row["private"]["efficiency_payoffs"], row["private"])]
        rows += [(mode, row[mode]["efficiency"], row[mode]) for mode in ("integrated",) if mode in row]
        for k, (what, shares, one) in enumerate(rows):
            cells = [key if k == 0 else "", what, *(share(shares[name]) for name in names)]
            cells += [f"{one['best_rate']:.2f}", share(one["half_length"])]
            lines.append("| " + " | ".join(cells) + " |")
    made["simple"] = "\n".join(lines)
    lines = ["| game | private | integrated | cooperative | apart | largest drift |", "|---|---|---|---|---|---|"]
    for key, row in found.get("learning", {}).items():
        cells = [key, *(f"{100 * row[mode]['share']:.1f} ({_range(row[mode]['seeds'])})" for mode in MODES)]
        cells += [share(row["separation"]), share(max(row[mode]["drift"] for mode in MODES))]
        lines.append("| " + " | ".join(cells) + " |")
    made["learning"] = "\n".join(lines)
    heads = ["game", "mode", "best constants", "best sequence", "beyond them", "rule on state", "with clock"]
    lines = ["| " + " | ".join([*heads, "build hold lower upper"]) + " |"]
    lines.append("|" + "---|" * 8)
    for key, row in found.get("feedback", {}).items():
        constants, room = row["constants"], row["optimum"] - row["constants"]
        cells = [key, row["mode"], f"{constants:,.0f}", f"{row['optimum']:,.0f}", share(room / constants)]
        cells += [share((one["value"] - constants) / room) for one in row["rules"].values()]
        cells.append("; ".join(" ".join(f"{x:g}" for x in role) for role in row["rules"]["state"]["numbers"]))
        lines.append("| " + " | ".join(cells) + " |")
    made["feedback"] = "\n".join(lines)
    lines = ["| uncertainty | suite | mode | games | self-play | first two | and against each other | first two |"]
    lines.append("|" + "---|" * 8)
    for row in found.get("diversity", []):
        cells = [row["uncertainty"], row["suite"], row["mode"], str(row["games"]), f"{row['self_play']:.2f}"]
        cells += [share(row["self_play_two"]), f"{row['against']:.2f}", share(row["against_two"])]
        lines.append("| " + " | ".join(cells) + " |")
    made["diversity"] = "\n".join(lines)
    lines = ["| environment | strong | relational |", "|---|---|---|"]
    for key in ENVIRONMENTS:
        presets = environment_class(key).presets
        lines.append(f"| {key} | {_numbers(presets['strong'])} | {_numbers(presets.get('relational', {}))} |")
    made["numbers"] = "\n".join(lines)
    return made


def _range(values: list[float]) -> str:
    return f"{100 * min(values):.0f}-{100 * max(values):.0f}"


def _numbers(numbers: Any) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in numbers.items())


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{x:g}" for x in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def page() -> None:
    """Put the tables between their marks."""
    text = PAGE.read_text()
    for name, table in tables(read()).items():
        head, mark, rest = text.partition(f"<!-- {name}: docs/strong_tables.py -->")
        _, end, tail = rest.partition(f"<!-- end of {name} -->")
        text = f"{head}{mark}\n\n{table}\n\n{end}{tail}" if mark and end else text
    PAGE.write_text(text)


def main() -> None:
    """What was asked for."""
    what, *rest = sys.argv[1:] or ["page"]
    if what == "measure":
        measure(rest or list(STRONG_IDS))
    elif what in ("learning", "feedback"):
        take(what, rest[0])
    elif what == "diversity":
        diversity()
    page()


if __name__ == "__main__":
    main()
