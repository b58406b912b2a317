"""Write the stored sequences and equilibria (coopetition/oracles/data), docs/dilemmas.json, docs/along.json, the tables
of docs/oracles.md, and its figures.

Run ``python docs/oracles_tables.py sequences`` (an hour), ``equilibria`` (seconds), ``dilemmas``, ``along`` (minutes),
``collapse``, ``schelling`` (figures) or ``page``; everything by default; ``dilemmas ID...`` renews these alone. Tests
compare the files with what is solved.
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from coopetition.envs import ENVIRONMENTS
from coopetition.oracles import STATUS, Episode, dilemma, dilemma_along_each, solve
from coopetition.oracles.episode import storing
from coopetition.oracles.episode.stored import stored_optimum
from coopetition.oracles.stage import solved
from coopetition.oracles.stage.indices import prices
from coopetition.oracles.status import CLASSES

HERE = pathlib.Path(__file__).resolve().parent
COLLAPSING = ("TrustDilemma-v0", "PartnerHoldUp-v0", "PlatformEcosystem-v0")


def rounded(values: Any) -> Any:
    """Ten significant digits: what is certain, and no more."""
    if isinstance(values, dict):
        return {key: rounded(value) for key, value in values.items()}
    if isinstance(values, list):
        return [rounded(value) for value in values]
    return float(f"{values:.10g}") if isinstance(values, float) else values


def sequences() -> None:
    """The open-loop optimum and the worst open-loop nash of all twenty in three modes, where better ones are found."""
    storing.main([])


def along() -> None:
    """The stage dilemma of all twenty with a quarter less and a quarter more of each number: docs/along.json."""
    table: dict[str, Any] = {}
    for key in ENVIRONMENTS:
        table[key] = {}
        for name, ends in dilemma_along_each(key).items():
            kept = {"values": [value for value, _ in ends], "greed": [row.greed for _, row in ends]}
            table[key][name] = rounded(kept | {"price_of_anarchy": [row.price_of_anarchy for _, row in ends]})
        print(key, len(table[key]), flush=True)
    (HERE / "along.json").write_text(json.dumps(table, indent=1) + "\n")


def equilibria() -> None:
    """Nash, coopetitive equilibrium, optimum and price of anarchy of all twenty at the defaults, at reset."""
    table = {}
    for key in ENVIRONMENTS:
        entry: dict[str, Any] = {}
        for concept in ("nash", "coopetitive", "social_optimum"):
            found = solve(key, concept).to_dict()
            entry["agents"] = found["agents"]
            kept = {name: found[name] for name in ("actions", "payoffs", "utilities")}
            entry[concept] = {**kept, "epsilon_at_most": 1e-6}
        entry["price_of_anarchy"] = prices(key, starts=1).anarchy
        table[key] = rounded(entry)
        print(key, entry["price_of_anarchy"], flush=True)
    solved.FILE.write_text(json.dumps(table, indent=1) + "\n")


def dilemmas(ids: Sequence[str] = ()) -> None:
    """The dilemma of all twenty in three modes, static and per episode; with ids, these anew and the others as kept."""
    path = HERE / "dilemmas.json"
    kept = {(row["environment"], row["mode"]): row for row in json.loads(path.read_text())} if ids else {}
    rows: list[Any] = []
    for key in ENVIRONMENTS:
        for mode in ("private", "integrated", "cooperative"):
            known = None if key in ids else kept.get((key, mode))
            rows.append(known or rounded(dilemma(key, mode).to_dict()))
            if known is None:
                print(key, mode, rows[-1]["episode"], flush=True)
    path.write_text(json.dumps(rows, indent=1) + "\n")


def collapse() -> None:
    """Stage nash against the open-loop optimum, in the three games that it ends."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    drawing, axes = plt.subplots(2, 3, figsize=(10.5, 5.4), sharex="col", constrained_layout=True)
    for column, key in enumerate(COLLAPSING):
        episode = Episode(key, "private")
        endowment, horizon = episode.game.endowment, episode.horizon
        weights = episode.game.parameters.watched()  # type: ignore[attr-defined]
        threshold = episode.game.parameters.collapse_threshold  # type: ignore[attr-defined]
        nash = np.tile(solve(key, "nash").actions, (horizon, 1))
        best = stored_optimum(episode.game)
        assert best is not None
        plays = (("stage nash, repeated", nash, "#c0392b"), ("open-loop optimum", best, "#2471a3"))
        for label, levels, colour in plays:
            batch = episode.batch(1)
            trust, total = [float((weights * batch.state()["trust"][0]).sum())], [0.0]
            for step in range(horizon):
                batch.step(levels[step][None] / endowment)
                trust.append(float((weights * batch.state()["trust"][0]).sum()))
                total.append(total[-1] + float(batch.payoffs[0].sum()))
                if batch.terminated[0] or batch.truncated[0]:
                    break
            ended = len(trust) - 1
            axes[0, column].plot(range(ended + 1), trust, color=colour, label=label, lw=1.8)
            axes[1, column].plot(range(ended + 1), np.array(total) / 1e3, color=colour, lw=1.8)
            if ended < horizon:
                for row, height in ((0, trust[-1]), (1, total[-1] / 1e3)):
                    axes[row, column].plot([ended], [height], "x", color=colour, ms=8, mew=2.2)
                axes[0, column].annotate(
                    f"collapsed after\n{ended} steps", (ended, trust[-1]), xytext=(36, 0.6 * max(trust)), color=colour,
                    va="center", arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.8},
                )  # fmt: skip
                axes[1, column].annotate(
                    f"{total[-1]:,.0f} in all", (ended, total[-1] / 1e3), xytext=(16, total[-1] / 1e3), color=colour,
                    va="center", arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.8},
                )  # fmt: skip
        axes[0, column].axhline(threshold, color="0.45", ls=":", lw=1.0)
        axes[0, column].text(
            0.5 * horizon, 0.9 * threshold, "threshold", ha="center", va="top", color="0.35", fontsize=8
        )
        axes[0, column].set_title(key)
        axes[0, column].set_ylim(0.0, None)
        axes[1, column].set_xlabel("step")
        axes[1, column].set_ylim(0.0, None)
    axes[0, 0].set_ylabel("watched trust")
    axes[1, 0].set_ylabel("total payoff so far, thousands")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawing.legend(handles[:2], labels[:2], loc="outside upper center", ncols=2, frameon=False)
    folder = HERE / "figures" / "oracles"
    folder.mkdir(parents=True, exist_ok=True)
    drawing.savefig(folder / "collapse.png", dpi=130)
    plt.close(drawing)


def schelling() -> None:
    """Schelling curves of all twenty, from docs/dilemmas.json."""
    from coopetition import plot

    rows = [row for row in json.loads((HERE / "dilemmas.json").read_text()) if row["mode"] == "private"]
    plot.schelling(rows, HERE / "figures" / "oracles" / "schelling.png")


def levels(actions: list[float]) -> str:
    """Levels in short: one number where all are equal."""
    shown = [f"{x:.3g}" if x < 1.0 else f"{x:.2f}" for x in actions]
    if len(set(shown)) == 1:
        return shown[0]
    return ", ".join(shown) if len(shown) <= 3 or len(set(shown[1:])) > 1 else f"{shown[0]}, then {shown[1]}"


def ends(values: list[Any]) -> str:
    """The two values that a parameter has, or that its entries have if they are equal."""
    shown = []
    for value in values:
        entries = np.unique(np.asarray(value, dtype=np.float64).round(10))
        entries = entries[entries > 0.0] if np.ndim(value) == 2 else entries  # a matrix of pairs has a zero diagonal
        shown.append(f"{entries[0]:.4g}" if len(entries) == 1 else f"{entries[0]:.4g}...{entries[-1]:.4g}")
    return " to ".join(shown)


def ratio(value: float | None) -> str:
    """A price, or a dash where it is not defined."""
    return "-" if value is None else f"{value:.4f}" if value < 10.0 else f"{value:.1f}"


def parts() -> dict[str, str]:
    """The generated parts of docs/oracles.md, by the name between their markers."""
    rows = json.loads((HERE / "dilemmas.json").read_text())
    by_mode = {(row["environment"], row["mode"]): row for row in rows}
    lines = ["| environment | nash | coopetitive | optimum | price of anarchy |", "|---|---|---|---|---|"]
    for key, entry in solved.solved_table().items():
        cells = [levels(entry[concept]["actions"]) for concept in ("nash", "coopetitive", "social_optimum")]
        lines.append(f"| {key} | {' | '.join(cells)} | {ratio(entry['price_of_anarchy'])} |")
    found = {"equilibria": "\n".join(lines)}
    for mode in ("private", "integrated", "cooperative"):
        lines = [
            "| environment | price of anarchy | greed | fear | stage nash repeated lasts "
            "| episode: worst nash lasts | price of anarchy | greed | fear |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for key in ENVIRONMENTS:
            row = by_mode[key, mode]
            whole = row["episode"]
            worst = [None if whole["nash"] is None else f"{whole['nash_length']:.0f}", ratio(whole["price_of_anarchy"])]
            fear = "-" if whole["fear"] is None else f"{whole['fear']:.4g}"
            lines.append(
                f"| {key} | {ratio(row['price_of_anarchy'])} | {row['greed']:.3g} | {row['fear']:.3g} "
                f"| {whole['repeated_length']:.0f} of {whole['horizon']:.0f} | {worst[0] or 'none certified'} "
                f"| {worst[1]} | {whole['greed']:.4g} | {fear} |"
            )
        found[f"dilemmas-{mode}"] = "\n".join(lines)
    lines = ["| environment | parameter | from, to | greed | price of anarchy |", "|---|---|---|---|---|"]
    for key, numbers in json.loads((HERE / "along.json").read_text()).items():
        movers = sorted(numbers, key=lambda name: -abs(np.subtract(*numbers[name]["greed"])))
        for name in movers[:2]:
            entry = numbers[name]
            if entry["greed"][0] == entry["greed"][1]:
                continue
            greed = [f"{value:.3g}" for value in entry["greed"]]
            prices_there = [ratio(value) for value in entry["price_of_anarchy"]]
            lines.append(
                f"| {key} | `{name}` | {ends(entry['values'])} | {greed[0]} to {greed[1]} "
                f"| {prices_there[0]} to {prices_there[1]} |"
            )
    found["along"] = "\n".join(lines)
    lines = ["| concept | " + " | ".join(CLASSES) + " |", "|---|" + "---|" * len(CLASSES)]
    for concept, classes in STATUS.items():
        cells = [f"{classes[name].level}: `{classes[name].test.split('::')[1]}`" for name in CLASSES]
        lines.append(f"| `{concept}` | " + " | ".join(cells) + " |")
    found["status"] = "\n".join(lines)
    return found


def page() -> None:
    """Fill the generated parts of docs/oracles.md."""
    path = HERE / "oracles.md"
    text = path.read_text()
    for name, content in parts().items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n" + content + "\n" + end + rest.split(end)[1]
    path.write_text(text)


PARTS = {
    "sequences": sequences, "equilibria": equilibria, "dilemmas": dilemmas, "along": along,
    "collapse": collapse, "schelling": schelling, "page": page,
}  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:2] == ["dilemmas"] and len(sys.argv) > 2:  # of some environments
        dilemmas(sys.argv[2:])
    else:
        for name in sys.argv[1:] or PARTS:
            PARTS[name]()
