"""Train an example with three seeds, and see that each learns: what `check.sh` runs in the trainer's environment.

An example has `main(seed)`, which trains and says the returns before and after, and `best()`, what our oracles' search
finds: a best reply to the partners, or the optimum. Learning means that every seed closes at least 80 % of the gap
from its own start to that. ``python examples/check.py NAME [--record]``; ``--table`` writes the docs' table anew.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RECORD = HERE.parent / "docs" / "trainers.json"
PAGE = HERE.parent / "docs" / "howto" / "trainers" / "index.md"
BEGIN, END = "<!-- measured: examples/check.py -->", "<!-- end of measured -->"
SEEDS = (0, 1, 2)
LEARNT = 0.8
#: Example: the distribution whose version counts, the interface, and the trap that its page explains.
EXAMPLES = {
    "sb3_joint": ("stable-baselines3", "`gymnasium.make`, joint", "rewards in the hundreds: `VecNormalize`"),
    "sb3_single_agent": ("stable-baselines3", "`gymnasium.make`, `control=0`", "[0, 1] is off a Gaussian's centre"),
    "cleanrl_ppo": ("torch", "`gymnasium.make_vec`", "the last observation under SameStep"),
    "sb3_multi_agent": ("stable-baselines3", "`Seats`, a model an agent", "terminal observations and truncation"),
    "torchrl_mappo": ("torchrl", "`PettingZooWrapper`", "numeric infos, the same from reset on"),
    "torchrl_single_agent": ("torchrl", "`GymWrapper`, `control=0`", "`TanhNormal` stays short of the ends"),
    "benchmarl_mappo": ("benchmarl", "`coopetition.api.benchmarl.task`", "advantages are not normalised"),
    "rllib_ppo": ("ray", "`make_env`, a policy an agent", "squared errors of values are clipped at 10"),
    "skrl_ppo": ("skrl", "`gymnasium.make_vec`", "advantages flow over the horizon"),
    "supersuit_sb3": ("supersuit", "`parallel_env`, shared parameters", "truncation is lost, and there is no `seed`"),
}


def best_constant(example: Any) -> float:
    """The most that one constant rate earns in the example's place."""
    import coopetition

    partners = getattr(example, "PARTNERS", None)
    if partners is None:
        from coopetition.oracles import best_constant

        return best_constant(example.ID, example.MODE).value
    env = coopetition.gymnasium_env(example.ID, control=0, partners=partners, reward_mode=example.MODE)
    totals = []
    for rate in np.linspace(0.0, 1.0, 101, dtype=np.float32):
        env.reset(seed=0)
        total, over = 0.0, False
        while not over:
            _, reward, terminated, truncated, _ = env.step(np.array([rate]))
            total, over = total + reward, terminated or truncated
        totals.append(total)
    return max(totals)


def check(name: str) -> dict[str, Any]:
    """Train and compare; what was measured."""
    distribution, _, _ = EXAMPLES[name]
    sys.path.insert(0, str(HERE))
    example = importlib.import_module(name)
    best, constant = example.best(), best_constant(example)
    version = importlib.metadata.version(distribution)
    print(f"{name}: {distribution} {version}, {example.ID}, {example.MODE}", flush=True)
    print(f"  best {best:,.0f}, best constant {constant:,.0f}", flush=True)
    runs = []
    for seed in SEEDS:
        began = time.process_time()
        before, after = example.main(seed)
        share = (after - before) / (best - before)
        runs.append((before, after, share))
        seconds = time.process_time() - began
        print(f"  seed {seed}: {before:,.0f} -> {after:,.0f}, {share:.0%} of the gap, {seconds:.0f} s", flush=True)
    return {
        "version": version,
        "id": example.ID,
        "mode": example.MODE,
        "start": [round(before, 1) for before, _, _ in runs],
        "after": [round(after, 1) for _, after, _ in runs],
        "share": [round(share, 3) for _, _, share in runs],
        "constant": round(constant, 1),
        "best": round(best, 1),
    }


def table() -> str:
    """Markdown, of what has been measured."""
    kept = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    lines = [
        "| example | trainer | interface | game | start | after | least share | best constant | best | trap |",
        "|---" * 10 + "|",
    ]
    for name, (distribution, interface, trap) in EXAMPLES.items():
        if name not in kept:
            continue
        row = kept[name]
        start, after = (f"{np.mean(row[key]):,.0f}" for key in ("start", "after"))
        cells = [f"`{name}.py`", f"{distribution} {row['version']}", interface, f"{row['id']}, {row['mode']}"]
        cells += [start, after, f"{min(row['share']):.0%}", f"{row['constant']:,.0f}", f"{row['best']:,.0f}", trap]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_table() -> None:
    """Write the table into the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}")


def main() -> None:
    """Check one example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(EXAMPLES))
    parser.add_argument("--record", action="store_true", help="keep what was measured for the docs")
    parser.add_argument("--table", action="store_true", help="only write the docs' table anew")
    asked = parser.parse_args()
    if asked.table or asked.name is None:
        write_table()
        return
    row = check(asked.name)
    if min(row["share"]) < LEARNT:
        raise SystemExit(f"{asked.name} did not learn: {min(row['share']):.0%} of the gap, asked {LEARNT:.0%}")
    if asked.record:
        kept = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.write_text(json.dumps({**kept, asked.name: row}, indent=1, sort_keys=True) + "\n")
        write_table()
    print(f"{asked.name} learns")


if __name__ == "__main__":
    main()
