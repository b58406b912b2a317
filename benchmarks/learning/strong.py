"""Do reward modes come apart under IPPO? Strong games, three modes, the same settings for all.

Every game is one population, three modes by the seeds asked for, with the defaults of IPPO and nothing tuned. What
counts is the summed payoff of the agents as they learn, the same quantity in every mode, as a share of the open-loop
optimum of payoffs. The modes have *come apart* if cooperative rewards end above private ones by more than the spread
(highest less lowest) of the seeds of either. A curve has *flattened* if its last fifth lies within .01 of the fifth
before.

Run ``python benchmarks/learning/strong.py train [--ids TrustDilemmaStrong-v0 ...]`` (processor time is printed), which
adds to docs/learning_strong.json after each game, then ``page`` for the table and the figure of docs/learning.md.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

HOME = Path(__file__).resolve().parents[2] / "docs"
FILE, PAGE, FIGURE = HOME / "learning_strong.json", HOME / "learning.md", HOME / "figures" / "learning" / "strong.png"
MODES = ("private", "integrated", "cooperative")
#: Ten games of all three families.
IDS = (
    "TrustDilemmaStrong-v0", "SLCDStrong-v0", "RenaultNissanStrong-v0", "PartnerHoldUpStrong-v0",
    "CooperativeNegotiationStrong-v0", "ReciprocalDilemmaStrong-v0", "GiftExchangeStrong-v0", "AppleAppStoreStrong-v0",
    "TeamProductionStrong-v0", "PublicGoodsStrong-v0",
)  # fmt: skip
#: Points of a curve that are kept, and how close the last two fifths of a flat one lie.
POINTS, FLAT = 40, 0.01
BEGIN, END = "<!-- strong: benchmarks/learning/strong.py -->", "<!-- end of strong -->"
COLOURS = {"private": "#b2182b", "integrated": "#7570b3", "cooperative": "#1b7837"}


def measure(key: str, steps: int, seeds: int) -> dict[str, Any]:
    """One game: curves (mode: seed: point) as shares of the optimum, and what they say."""
    from coopetition.baselines.learning import learn

    began = time.process_time()
    found = learn(key, "IPPO", reward_mode=list(MODES), steps=steps, seeds=seeds)
    shares = found.efficiency()
    known = np.isfinite(shares).all(axis=1)
    at, shares = found.curves.steps[known], shares[known]
    blocks = np.array_split(np.arange(len(at)), min(POINTS, len(at)))
    row: dict[str, Any] = {
        "steps": found.steps, "seeds": seeds, "optimum": found.optimum, "seconds": time.process_time() - began,
        "at": [int(at[block[-1]]) for block in blocks], "modes": {},
    }  # fmt: skip
    fifth = max(len(at) // 5, 1)
    for mode in MODES:
        mine = shares[:, found.find(reward_mode=mode)]
        last, before = mine[-fifth:].mean(axis=0), mine[-2 * fifth : -fifth].mean(axis=0)
        row["modes"][mode] = {
            "share": float(last.mean()), "seeds": last.tolist(), "drift": float(abs(last.mean() - before.mean())),
            "curves": [[float(mine[block, k].mean()) for block in blocks] for k in range(seeds)],
        }  # fmt: skip
    return row


def apart(row: dict[str, Any]) -> tuple[float, float]:
    """Cooperative less private, and the larger spread of their seeds."""
    ends = [row["modes"][mode]["seeds"] for mode in ("private", "cooperative")]
    return float(np.mean(ends[1]) - np.mean(ends[0])), float(max(max(end) - min(end) for end in ends))


def read() -> dict[str, Any]:
    """What has been measured."""
    kept: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return kept


def rounded(value: Any) -> Any:
    """Five significant digits."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def train(ids: list[str], steps: int, seeds: int) -> None:
    """Measure games, and keep them."""
    for key in ids:
        row = measure(key, steps, seeds)
        FILE.write_text(json.dumps({**read(), key: rounded(row)}) + "\n")
        ends = "  ".join(f"{mode} {one['share']:.3f} (drift {one['drift']:.3f})" for mode, one in row["modes"].items())
        print(f"{key:28s} {ends}  apart {apart(row)[0]:.3f}  {row['seconds']:.0f} s", flush=True)


def table(kept: dict[str, Any]) -> str:
    """Markdown."""
    lines = ["| game | private | integrated | cooperative | apart | spread of seeds | flat |", "|---" * 7 + "|"]
    for key, row in kept.items():
        modes = row["modes"]
        gap, spread = apart(row)
        moving = [mode for mode in MODES if modes[mode]["drift"] > FLAT]
        cells = [key, *(f"{100 * modes[mode]['share']:.1f}" for mode in MODES), f"{100 * gap:.1f}"]
        cells += [f"{100 * spread:.1f}", f"not {', '.join(moving)}" if moving else "all"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page() -> None:
    """Fill the table in, and draw the curves."""
    import matplotlib.pyplot as plt

    kept = read()
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(kept)}\n\n{END}{after}")
    columns = min(4, len(kept))
    lines = -(-len(kept) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(3.2 * columns, 2.5 * lines), squeeze=False, sharey=True)
    for axis in axes.flat[len(kept) :]:
        axis.set_axis_off()
    for axis, (key, row) in zip(axes.flat, kept.items(), strict=False):
        for mode in MODES:
            for k, curve in enumerate(row["modes"][mode]["curves"]):
                steps = np.array(row["at"]) / 1000
                axis.plot(steps, curve, color=COLOURS[mode], linewidth=1.0, label=mode if k == 0 else None)
        axis.set_title(key.replace("Strong-v0", ""), fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=7)
    for axis in axes[:, 0]:
        axis.set_ylabel("share of the optimum", fontsize=8)
    axes.flat[0].set_xlabel("thousand steps", fontsize=8)
    axes.flat[0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(FIGURE, dpi=110)


def main() -> None:
    """What was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=("train", "page"))
    asked.add_argument("--ids", nargs="*", default=list(IDS))
    asked.add_argument("--steps", type=int, default=200_000)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    if given.what == "train":
        train(given.ids, given.steps, given.seeds)
    else:
        page()


if __name__ == "__main__":
    main()
